//! Where log lines go: standard output, one line each, for people or for programs.
//!
//! A thread of their own writes them, all that gathered within some milliseconds at once: a write for each request cost a fifth of
//! serving it. What was not written yet is lost with a process that is killed, and only then.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use env_logger::{Builder, Target, fmt::Formatter};
use log::{LevelFilter, Record};
use serde_json::json;
use standin::settings::LogFormat;

/// Lines that may wait to be written; whoever logs then waits for a place.
const LINES_WAITING_MAX: usize = 4096;

/// How long lines gather before they are written.
const GATHERING: Duration = Duration::from_millis(5);

/// How long the end of the process waits for the last lines: standard output may be a pipe that nobody reads.
const LAST_LINES_WAIT: Duration = Duration::from_secs(1);

/// The log, until the process ends: dropping it writes what waits.
pub(super) struct Log(SyncSender<Entry>);

enum Entry {
    Line(Vec<u8>),
    /// Answered when everything before it is written.
    Written(SyncSender<()>),
}

/// Starts the log. Libraries speak from `warn` on only: their everyday lines would drown ours.
pub(super) fn start(level: LevelFilter, format: LogFormat) -> Log {
    let (entries, waiting) = sync_channel(LINES_WAITING_MAX);
    thread::spawn(move || write_all(&waiting));
    let mut builder = Builder::new();
    builder.filter_level(level.min(LevelFilter::Warn)).filter_module("standin", level);
    builder.target(Target::Pipe(Box::new(Lines(entries.clone()))));
    match format {
        LogFormat::Text => builder.format(write_text),
        LogFormat::Json => builder.format(write_json),
    };
    builder.init();
    Log(entries)
}

impl Drop for Log {
    fn drop(&mut self) {
        let (written, all_written) = sync_channel(1);
        if self.0.try_send(Entry::Written(written)).is_ok() {
            let _ = all_written.recv_timeout(LAST_LINES_WAIT);
        }
    }
}

/// Sends each line to the thread that writes them. Where that thread has ended, nobody reads standard output any more.
struct Lines(SyncSender<Entry>);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(Entry::Line(line.to_vec()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(waiting: &Receiver<Entry>) {
    let mut out = io::stdout();
    while let Ok(first) = waiting.recv() {
        if matches!(first, Entry::Line(_)) {
            thread::sleep(GATHERING);
        }
        let (mut lines, mut written) = (Vec::new(), None);
        for entry in [first].into_iter().chain(waiting.try_iter().take(LINES_WAITING_MAX)) {
            match entry {
                Entry::Line(line) => lines.extend_from_slice(&line),
                Entry::Written(answer) => written = Some(answer),
            }
        }
        if out.write_all(&lines).and_then(|()| out.flush()).is_err() {
            return;
        }
        if let Some(answer) = written {
            let _ = answer.send(());
        }
    }
}

fn write_text(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let (time, level) = (out.timestamp_millis(), record.level());
    writeln!(out, "{time} {level:5} {}", one_line(record.args().to_string()))
}

fn write_json(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let time = out.timestamp_millis().to_string();
    let level = record.level().as_str().to_ascii_lowercase();
    let line = json!({ "time": time, "level": level, "message": record.args().to_string(), "module": record.target() });
    writeln!(out, "{line}")
}

/// Control characters escaped: what a client sent must not look like a line of our own.
fn one_line(text: String) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    match text.contains(char::is_control) {
        true => text.chars().map(escape).collect(),
        false => text,
    }
}
