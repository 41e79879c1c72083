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
use log::{
    LevelFilter, Record,
    kv::{self, Key, Value, VisitSource, VisitValue},
};
use serde_json::{Map, json};
use standin::{server, settings::LogFormat};

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
    // Which level holds is the log's own switch, which can be moved while the process runs; the filter here only tells libraries from us.
    builder.filter_level(LevelFilter::Warn).filter_module("standin", LevelFilter::Trace);
    // It calls a body that was ended an error of its own, without the id of the request, whose line says so already.
    builder.filter_module("actix_http", LevelFilter::Off);
    builder.target(Target::Pipe(Box::new(Lines(entries.clone()))));
    match format {
        LogFormat::Text => builder.format(write_text),
        LogFormat::Json => builder.format(write_json),
    };
    builder.init();
    ::log::set_max_level(level);
    Log(entries)
}

impl Log {
    /// Changes the least important level that is written, and says so in a line that is written either way.
    pub(super) fn set_level(&self, level: LevelFilter) {
        let former = ::log::max_level();
        ::log::set_max_level(former.max(level).max(LevelFilter::Info));
        let (level_word, former_word) = (word(level), word(former));
        match former == level {
            true => ::log::info!("the settings were read again: the log level stays {level_word}"),
            false => ::log::info!("the settings were read again: the log level is {level_word}, it was {former_word}"),
        }
        ::log::set_max_level(level);
    }
}

/// A level as the setting spells it.
fn word(level: LevelFilter) -> String {
    level.as_str().to_ascii_lowercase()
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
    let request = server::request_id().map(|id| format!(" (request {id})")).unwrap_or_default();
    writeln!(out, "{time} {level:5} {}{request}", one_line(record.args().to_string()))
}

fn write_json(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let time = out.timestamp_millis().to_string();
    let level = record.level().as_str().to_ascii_lowercase();
    let mut line = Map::new();
    line.insert("time".to_owned(), time.into());
    line.insert("level".to_owned(), level.into());
    line.insert("message".to_owned(), record.args().to_string().into());
    line.insert("module".to_owned(), record.target().into());
    line.extend(server::request_id().map(|id| ("request".to_owned(), id.into())));
    // An access line has its parts beside its text; a map of them fails never.
    let _ = record.key_values().visit(&mut Parts(&mut line));
    writeln!(out, "{}", ascii_breaks(serde_json::Value::Object(line).to_string()))
}

/// The parts of a line that programs read by name.
struct Parts<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Parts<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let mut shown = Shown(json!(null));
        value.visit(&mut shown)?;
        self.0.insert(key.as_str().to_owned(), shown.0);
        Ok(())
    }
}

/// Numbers as numbers, what is not there as null, the rest as text.
struct Shown(serde_json::Value);

impl<'v> VisitValue<'v> for Shown {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), kv::Error> {
        self.0 = value.to_string().into();
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        self.0 = json!(null);
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }
}

/// Whether some program or other begins a new line here, or gives what follows another look.
fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// JSON escapes the control characters of ASCII; what else breaks lines can only stand inside a text, and is escaped there as well.
fn ascii_breaks(line: String) -> String {
    match line.contains(breaks) {
        true => {
            line.chars().map(|c| if breaks(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
        }
        false => line,
    }
}

/// What breaks lines is escaped: what a client sent must not look like a line of our own.
fn one_line(text: String) -> String {
    let escape = |c: char| if breaks(c) { c.escape_default().to_string() } else { c.to_string() };
    match text.contains(breaks) {
        true => text.chars().map(escape).collect(),
        false => text,
    }
}
