//! Storms of hostile clients, and what an honest client notices of them: refusals, and how long it waits; and what they cost in memory.
//!
//! The honest client is one thread that asks over two connections, one request after the other, at a fixed pace; storms are made of
//! prepared bytes over plain sockets. All of it shares the processors with the server, so its own cost is kept low.

mod honest;
mod sockets;
mod storms;

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use self::{
    honest::{Honest, Kinds, Seen},
    storms::Storm,
};
use crate::{
    Failure,
    process::{self, Serving},
    table,
};

const APP_ID: &str = "bench";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const LICENSE_KEY: &str = "benchlicense";
const PASSWORD: &str = "bench password";
const VARIABLES: [(&str, &str); 6] = [
    ("STANDIN_APP_ID", APP_ID),
    ("STANDIN_APP_SECRET", SECRET),
    ("STANDIN_LICENSE_KEY", LICENSE_KEY),
    ("STANDIN_APP_PASSWORD", PASSWORD),
    ("STANDIN_APP_REGISTRATION", "open"),
    ("STANDIN_UPLOADS_PER_MINUTE", "1000000"),
];

/// How long the honest client asks without a storm, and in it.
const QUIET: Duration = Duration::from_secs(4);
const STORMY: Duration = Duration::from_secs(10);

/// How long a storm has been raging when the honest client begins to count.
const RISING: Duration = Duration::from_secs(1);

/// What an honest client may wait in a storm, where ten times the quiet wait is less.
const P99_MS_MAX: f64 = 100.0;
const P99_TIMES_MAX: f64 = 10.0;

/// What memory may grow by.
const GROWN_MIB_MAX: f64 = 128.0;

/// All storms, each against a server of its own, or those whose names begin with a word: `hostile [STORM]`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let word = words.first().map_or("", String::as_str);
    let asked: Vec<&Storm> = storms::ALL.iter().filter(|storm| storm.name.starts_with(word)).collect();
    if asked.is_empty() {
        let names: Vec<&str> = storms::ALL.iter().map(|storm| storm.name).collect();
        return Err(format!("there is no storm {word}: name one of {}", names.join(", ")).into());
    }
    let (mut rows, mut missed) = (Vec::new(), Vec::new());
    for storm in asked {
        let figures = figures_of(storm).map_err(|failure| format!("storm {}: {failure}", storm.name))?;
        rows.push(figures.row(storm));
        missed.extend(figures.missed().into_iter().map(|target| format!("storm {}: {target}", storm.name)));
    }
    let head = ["storm", "quiet p50", "p99", "in it p50", "p99", "asked", "refused", "memory", "what it did"];
    println!("{}", table::aligned(head, &rows));
    match missed.is_empty() {
        true => Ok(()),
        false => Err(format!("Targets were missed: {}.", missed.join("; ")).into()),
    }
}

/// What was seen of one storm.
struct Figures {
    quiet: Seen,
    stormy: Seen,
    grown_mib: f64,
    did: String,
}

impl Figures {
    fn row(&self, storm: &Storm) -> [String; 9] {
        let Self { quiet, stormy, grown_mib, did } = self;
        let ms = |ms: f64| format!("{ms:.1} ms");
        [
            format!("{}: {}", storm.name, storm.shows),
            ms(quiet.percentile_ms(50)),
            ms(quiet.percentile_ms(99)),
            ms(stormy.percentile_ms(50)),
            ms(stormy.percentile_ms(99)),
            (quiet.asked() + stormy.asked()).to_string(),
            (quiet.refused.len() + stormy.refused.len()).to_string(),
            format!("{grown_mib:.0} MiB"),
            did.clone(),
        ]
    }

    fn missed(&self) -> Vec<String> {
        let Self { quiet, stormy, grown_mib, .. } = self;
        let mut missed = Vec::new();
        let p99_ms_max = (P99_TIMES_MAX * quiet.percentile_ms(99)).max(P99_MS_MAX);
        let p99_ms = stormy.percentile_ms(99);
        if p99_ms > p99_ms_max {
            missed.push(format!("the honest client's p99 is {p99_ms:.0} ms, above {p99_ms_max:.0} ms"));
        }
        let refused: Vec<&String> = quiet.refused.iter().chain(&stormy.refused).collect();
        if let Some(first) = refused.first() {
            missed
                .push(format!("{} requests of the honest client were refused, the first with: {first}", refused.len()));
        }
        if *grown_mib > GROWN_MIB_MAX {
            missed.push(format!("memory grew by {grown_mib:.0} MiB, above {GROWN_MIB_MAX:.0} MiB"));
        }
        missed
    }
}

fn figures_of(storm: &Storm) -> Result<Figures, Failure> {
    let folder = tempfile::tempdir()?;
    let server = serving(&folder.path().join("data"), storm.open_files)?;
    let prepared = (storm.prepare)(server.address)?;
    let mut honest = Honest::new(server.address, Kinds { sign_in: storm.with_sign_in, upload: storm.with_upload })?;
    let quiet = honest.ask(QUIET, &mut || Ok(()))?;
    let before_kib = process::memory_kib(server.id(), "VmRSS")?;
    let is_over = Arc::new(AtomicBool::new(false));
    let raging = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || prepared(&is_over).map_err(|failure| failure.to_string())
    });
    thread::sleep(RISING);
    let mut peak_kib = before_kib;
    let stormy = honest.ask(STORMY, &mut || {
        peak_kib = peak_kib.max(process::memory_kib(server.id(), "VmRSS")?);
        Ok(())
    });
    is_over.store(true, Ordering::Relaxed);
    let did = raging.join().map_err(|_| "the storm broke down")??;
    let grown_mib = peak_kib.saturating_sub(before_kib) as f64 / 1024.0;
    Ok(Figures { quiet, stormy: stormy?, grown_mib, did })
}

/// A server, which may open so many files where a number is given.
fn serving(data: &Path, open_files: Option<u32>) -> Result<Serving, Failure> {
    let Some(open_files) = open_files else { return Serving::standin(data, "error", &VARIABLES) };
    let address = process::free_address()?;
    let mut shell = Command::new("sh");
    let orders = format!("ulimit -n {open_files} && exec \"$0\" serve --log error --listen {address} --data \"$1\"");
    shell.args(["-c", &orders, process::BINARY]).arg(data).envs(VARIABLES);
    Serving::start(shell.stdout(std::process::Stdio::null()), address)
}
