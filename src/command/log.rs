//! The log: lines on standard output, as text or as JSON. A thread writes all lines of some milliseconds at once,
//! because a write for each request cost a fifth of the time of serving it. Only a process that is killed loses lines.

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

/// The most lines that wait to be written. When they are that many, a thread that logs waits.
const LINES_WAITING_MAX: usize = 4096;

/// How long lines are gathered before they are written.
const GATHERING: Duration = Duration::from_millis(5);

/// At the end of the process: standard output may be a pipe without a reader.
const LAST_LINES_WAIT: Duration = Duration::from_secs(1);

/// The log. Dropping it writes the lines that wait.
pub(super) struct Log(SyncSender<LogEntry>);

enum LogEntry {
    Line(Vec<u8>),
    /// Asks for a message once everything before it is written.
    Written(SyncSender<()>),
}

/// Starts the log. Of libraries, only warnings and errors are logged.
pub(super) fn start(level: LevelFilter, format: LogFormat) -> Log {
    let (entries, waiting) = sync_channel(LINES_WAITING_MAX);
    thread::spawn(move || write_all(&waiting));
    let mut builder = Builder::new();
    // `log::set_max_level` sets the level of our own lines, also while the process runs. This filter is for libraries.
    builder.filter_level(LevelFilter::Warn).filter_module("standin", LevelFilter::Trace);
    // It logs each body that was cut short, without the id of the request; our line of the request says it already.
    builder.filter_module("actix_http", LevelFilter::Off);
    builder.target(Target::Pipe(Box::new(LineSender(entries.clone()))));
    match format {
        LogFormat::Text => builder.format(write_text),
        LogFormat::Json => builder.format(write_json),
    };
    builder.init();
    ::log::set_max_level(level);
    Log(entries)
}

impl Log {
    /// Changes the level, and logs that at any level.
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

fn word(level: LevelFilter) -> String {
    level.as_str().to_ascii_lowercase()
}

impl Drop for Log {
    fn drop(&mut self) {
        let (written, all_written) = sync_channel(1);
        if self.0.try_send(LogEntry::Written(written)).is_ok() {
            let _ = all_written.recv_timeout(LAST_LINES_WAIT);
        }
    }
}

/// Sends each line to the thread that writes. If that thread has ended, standard output has no reader any more.
struct LineSender(SyncSender<LogEntry>);

impl Write for LineSender {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(LogEntry::Line(line.to_vec()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(waiting: &Receiver<LogEntry>) {
    let mut out = io::stdout();
    while let Ok(first) = waiting.recv() {
        if matches!(first, LogEntry::Line(_)) {
            thread::sleep(GATHERING);
        }
        let (mut lines, mut written) = (Vec::new(), None);
        for entry in [first].into_iter().chain(waiting.try_iter().take(LINES_WAITING_MAX)) {
            match entry {
                LogEntry::Line(line) => lines.extend_from_slice(&line),
                LogEntry::Written(answer) => written = Some(answer),
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
    // An access line has key-value pairs beside its text. Visiting them never fails.
    let _ = record.key_values().visit(&mut KeyValues(&mut line));
    writeln!(out, "{}", ascii_breaks(serde_json::Value::Object(line).to_string()))
}

/// Collects the key-value pairs of a line.
struct KeyValues<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for KeyValues<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let mut shown = JsonValue(json!(null));
        value.visit(&mut shown)?;
        self.0.insert(key.as_str().to_owned(), shown.0);
        Ok(())
    }
}

/// Keeps numbers as numbers and a missing value as null; the rest becomes text.
struct JsonValue(serde_json::Value);

impl<'v> VisitValue<'v> for JsonValue {
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

/// Whether some program begins a new line at this character, or treats it as a command.
fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Escapes line breaks that are not ASCII. JSON already escapes those of ASCII, and the others can only stand inside a text.
fn ascii_breaks(line: String) -> String {
    match line.contains(breaks) {
        true => {
            line.chars().map(|c| if breaks(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
        }
        false => line,
    }
}

/// Escapes line breaks, so that a text of a client cannot look like a line of ours.
fn one_line(text: String) -> String {
    let escape = |c: char| if breaks(c) { c.escape_default().to_string() } else { c.to_string() };
    match text.contains(breaks) {
        true => text.chars().map(escape).collect(),
        false => text,
    }
}
