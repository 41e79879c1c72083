//! All renditions of an upload against one of a well-known tool, a whole process each.

use std::{
    env, fs,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use standin::{
    domain::avatar::{Format, PictureLimits},
    picture,
};

use crate::{Failure, process, table};

/// Processes of each kind, in turns. Their time is counted in ticks of 10 ms, so it is the sum that is divided.
const ROUNDS: u32 = 20;

/// How often a process is looked at while it runs: its peak is lost with it.
const LOOK_EVERY: Duration = Duration::from_micros(500);

/// `pictures FILE`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let [file] = words else { return Err("pictures FILE".into()) };
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("square.jpg");
    let mut ours = Command::new(env::current_exe()?);
    ours.args(["prepare", file]);
    let mut theirs = Command::new("vipsthumbnail");
    theirs.env("VIPS_CONCURRENCY", "1").args([file, "--size", "512x512", "--smartcrop", "centre", "-o"]).arg(output);
    let (mut of_ours, mut of_theirs) = (Cost::default(), Cost::default());
    for _ in 0..ROUNDS {
        of_ours.add(&mut ours)?;
        of_theirs.add(&mut theirs)?;
    }
    let row = |name: &str, cost: &Cost| {
        let cpu_ms = cost.cpu.as_secs_f64() * 1e3 / f64::from(ROUNDS);
        let of_theirs = cost.cpu.as_secs_f64() / of_theirs.cpu.as_secs_f64();
        [
            name.into(),
            format!("{cpu_ms:.0} ms"),
            format!("{of_theirs:.2}"),
            format!("{:.0} MiB", cost.peak_kib as f64 / 1024.0),
        ]
    };
    let rows = [row("Standin, 6 renditions", &of_ours), row("vipsthumbnail, 1 of 512 px", &of_theirs)];
    println!("{}", table::aligned(["whole processes, mean of 20", "CPU", "of vips", "peak"], &rows));
    Ok(())
}

/// The child's part: `prepare FILE`.
pub(crate) fn prepare(words: &[String]) -> Result<(), Failure> {
    let [file] = words else { return Err("prepare FILE".into()) };
    let (upload, limits) = (fs::read(file)?, PictureLimits { file_bytes_max: u64::MAX, ..PictureLimits::default() });
    let fault = |fault| format!("{file} {fault}");
    let facts = picture::inspect(&upload, &Format::ALL, &limits).map_err(fault)?;
    let prepared = picture::prepare(&upload, &facts, &limits).map_err(fault)?;
    if prepared.renditions.is_empty() { Err("no renditions".into()) } else { Ok(()) }
}

#[derive(Default)]
struct Cost {
    cpu: Duration,
    peak_kib: u64,
}

impl Cost {
    fn add(&mut self, command: &mut Command) -> Result<(), Failure> {
        let before = process::ended_children_cpu_time()?;
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let mut child =
            child.map_err(|error| format!("{name} cannot be started ({error}): apt-get install libvips-tools"))?;
        let status = loop {
            // Gone between the look and the wait: then the last look stands.
            self.peak_kib = self.peak_kib.max(process::memory_kib(child.id(), "VmHWM").unwrap_or_default());
            match child.try_wait()? {
                Some(status) => break status,
                None => thread::sleep(LOOK_EVERY),
            }
        };
        self.cpu += process::ended_children_cpu_time()?.saturating_sub(before);
        if status.success() { Ok(()) } else { Err(format!("{name} failed: {status}").into()) }
    }
}
