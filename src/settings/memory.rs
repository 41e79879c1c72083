//! How much memory this process may use: the least of what the machine has and what its control groups allow.

use std::{
    io,
    path::{Path, PathBuf},
};

/// How a file is read: from the disk by the program, from wherever it likes by a test.
pub type Read<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// Where Linux mounts the one hierarchy of version 2, and the memory hierarchy of version 1, with the name of the limit in each.
const HIERARCHIES: [(&str, &str, &str); 2] =
    [("", "/sys/fs/cgroup", "memory.max"), ("memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes")];

/// Bytes of memory this process may use; none where the system does not say.
///
/// A group's limit holds for the groups below it too, so every group from the process's own up to the root is asked.
pub(super) fn usable_bytes(read: Read<'_>) -> Option<u64> {
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

/// The process's group in the hierarchy of `controller`, from lines such as `4:memory:/x` and `0::/x`.
fn group_of<'a>(groups: &'a str, controller: &str) -> Option<&'a str> {
    groups.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, group) = rest.split_once(':')?;
        controllers.split(',').any(|one| one == controller).then_some(group.trim_end_matches('/'))
    })
}

/// The machine's memory, from the line `MemTotal: 24684084 kB`.
fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
