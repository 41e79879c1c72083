//! The memory that this process may use: the minimum of the machine's and the limits of its control groups.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::raw::SettingSources;

/// For decoding pictures, at most 256 MiB; 64 MiB, enough for a common photo, if the system does not say how much there
/// is.
const DECODE_BUDGET_SHARE: u64 = 4;
const DECODE_BUDGET_BYTES_MAX: u64 = 256 << 20;
const DECODE_BUDGET_BYTES_BLIND: u64 = 64 << 20;

/// For requests being read: from 8 MiB (a few of the largest requests) to 24 MiB.
const READ_BUDGET_SHARE: u64 = 16;
const READ_BUDGET_BYTES_MIN: u64 = 8 << 20;
const READ_BUDGET_BYTES_MAX: u64 = 24 << 20;

pub type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// Controller, mount point and name of the limit: cgroups version 2, and the memory hierarchy of version 1.
const HIERARCHIES: [(&str, &str, &str); 2] =
    [("", "/sys/fs/cgroup", "memory.max"), ("memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes")];

pub(super) fn decode_budget_bytes(sources: &SettingSources<'_>) -> u64 {
    let share = usable_bytes(sources.read).map(|bytes| bytes / DECODE_BUDGET_SHARE);
    share.unwrap_or(DECODE_BUDGET_BYTES_BLIND).min(DECODE_BUDGET_BYTES_MAX)
}

pub(super) fn read_budget_bytes(sources: &SettingSources<'_>) -> u64 {
    let share = usable_bytes(sources.read).map(|bytes| bytes / READ_BUDGET_SHARE);
    share.unwrap_or_default().clamp(READ_BUDGET_BYTES_MIN, READ_BUDGET_BYTES_MAX)
}

/// A group's limit also holds for the groups below it, so every group up to the root is read.
fn usable_bytes(read: ReadFile<'_>) -> Option<u64> {
    let text = |path: &Path| read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let mut limits: Vec<u64> = text(Path::new("/proc/meminfo")).as_deref().and_then(total_bytes).into_iter().collect();
    let groups = text(Path::new("/proc/self/cgroup")).unwrap_or_default();
    for (controller, mount, file) in HIERARCHIES {
        let Some(group) = group_of(&groups, controller) else { continue };
        let own = PathBuf::from(format!("{mount}{group}"));
        let up_to_root = own.ancestors().take_while(|folder| folder.starts_with(mount));
        limits.extend(up_to_root.filter_map(|folder| text(&folder.join(file))?.trim().parse::<u64>().ok()));
    }
    limits.into_iter().min()
}

fn group_of<'a>(groups: &'a str, controller: &str) -> Option<&'a str> {
    groups.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, group) = rest.split_once(':')?;
        controllers.split(',').any(|one| one == controller).then_some(group.trim_end_matches('/'))
    })
}

fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
