//! The server with nothing to do.

use std::{fs, thread, time::Duration};

use crate::{
    Failure,
    process::{self, BINARY, Serving},
    table,
};

/// Starts on a folder of its own each time.
const STARTS: usize = 5;

/// What the server does after its start (it sweeps) is done by then.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Medians over some starts on empty folders.
pub(crate) fn run(_: &[String]) -> Result<(), Failure> {
    let (mut ready_ms, mut resident_mib) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let folder = tempfile::tempdir()?;
        let server = Serving::standin(&folder.path().join("data"), "info", &[])?;
        ready_ms.push(server.ready_after.as_secs_f64() * 1e3);
        thread::sleep(SETTLED_AFTER);
        resident_mib.push(process::memory_kib(server.id(), "VmRSS")? as f64 / 1024.0);
    }
    let binary_mb = fs::metadata(BINARY)?.len() as f64 / 1e6;
    let figures = [
        ["first answer on an empty folder".into(), format!("{:.0} ms", table::median(ready_ms))],
        ["resident when idle".into(), format!("{:.1} MiB", table::median(resident_mib))],
        ["stripped binary".into(), format!("{binary_mb:.1} MB")],
    ];
    println!("{}", table::aligned(["idle, median of 5 starts", "figure"], &figures));
    Ok(())
}
