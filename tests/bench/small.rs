//! What a machine of 512 MiB bears at once: the server in a control group that has no more memory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use actix_web::rt::System;
use reqwest::Client;
use standin::domain::storage::Durability;

use crate::{
    Failure,
    chat::{self, vendors::VARIABLES},
    people,
    process::{self, Serving},
    sockets, table, uploads,
};

const MEMORY_MIB: u64 = 512;

const USERS: u32 = 100_000;

const SOCKETS: usize = 10_000;

/// Users, idle sockets, uploads and messages, one after the other on one server: `small [MIB]`. Needs root on Linux.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let memory_mib = words.first().map_or(Ok(MEMORY_MIB), |word| word.parse())?;
    rlimit::increase_nofile_limit(u64::MAX)?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    // The first start makes the app.
    drop(Serving::standin(&data, "info", &VARIABLES)?);
    fill(&data.join("standin.db"))?;
    let group = ControlGroup::new(memory_mib << 20)?;
    let server = Serving::standin_in(&group.folder, &data, "warn", &VARIABLES)?;
    let mut rows = vec![row(format!("{USERS} users, nothing to do"), &server, &group)?];
    let opened = sockets::sessions(server.address, SOCKETS)?;
    rows.push(row(format!("{SOCKETS} idle WebSockets"), &server, &group)?);
    let refused = upload(&server)?;
    rows.push(row(format!("32 photos of 24 megapixels at once, {refused} refused"), &server, &group)?);
    let per_second = chat::tencent_sends(&server, &data, folder.path())?;
    rows.push(row(format!("{per_second:.0} messages a second for 5 s"), &server, &group)?);
    drop(opened);
    let head = format!("in {memory_mib} MiB, one after the other");
    println!("{}", table::aligned([head.as_str(), "resident", "most so far"], &rows));
    Ok(())
}

fn fill(database: &Path) -> Result<(), Failure> {
    let store = people::open(database, Durability::Normal)?;
    System::new().block_on(async {
        let apps = store.feed_reader()?.read(async |db| db.apps().await).await?;
        let app = apps.first().ok_or("the first start made no app")?.key;
        people::register(&store, app, 0..USERS, people::TASKS).await?;
        store.close().await;
        Ok(())
    })
}

fn upload(server: &Serving) -> Result<usize, Failure> {
    let photos = uploads::photos()?;
    let (client, base) = (Client::new(), format!("http://{}/api/v1", server.address));
    let answers = System::new().block_on(uploads::all(&client, &base, &photos))?;
    Ok(answers.iter().flatten().count())
}

/// Fails if the server has ended: the system kills a process that needs more than its group has.
fn row(after: String, server: &Serving, group: &ControlGroup) -> Result<[String; 3], Failure> {
    let resident_mib = process::memory_kib(server.id(), "VmRSS")? >> 10;
    Ok([after, format!("{resident_mib} MiB"), format!("{} MiB", group.most_bytes()? >> 20)])
}

/// A control group of Linux below our own, deleted when this value is dropped. Its server must have ended by then.
struct ControlGroup {
    folder: PathBuf,
    most: &'static str,
}

impl ControlGroup {
    fn new(bytes: u64) -> Result<Self, Failure> {
        let ours = fs::read_to_string("/proc/self/cgroup")?;
        let path_of = |controller: &str| {
            let found = ours.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
            found.into_iter().find(|(name, _)| *name == controller).map(|(_, path)| path.trim_start_matches('/'))
        };
        // The second version of control groups, else the first.
        let (root, path, limit, most) = match Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
            true => ("/sys/fs/cgroup", path_of(""), "memory.max", "memory.peak"),
            false => ("/sys/fs/cgroup/memory", path_of("memory"), "memory.limit_in_bytes", "memory.max_usage_in_bytes"),
        };
        let path = path.ok_or("this system has no control groups of memory")?;
        let folder = Path::new(root).join(path).join(format!("standin-bench-{}", std::process::id()));
        fs::create_dir(&folder).map_err(|error| format!("{}: {error}: run this as root", folder.display()))?;
        let group = Self { folder, most };
        fs::write(group.folder.join(limit), bytes.to_string())?;
        Ok(group)
    }

    /// What the group has used at most: memory of the process, and pages of its files, which the system can take back.
    fn most_bytes(&self) -> Result<u64, Failure> {
        Ok(fs::read_to_string(self.folder.join(self.most))?.trim().parse()?)
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}
