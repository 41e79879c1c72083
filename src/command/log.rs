//! Where log lines go: standard output, one line each, for people or for programs.

use std::io::{self, Write};

use env_logger::{Builder, Target, fmt::Formatter};
use log::{LevelFilter, Record};
use serde_json::json;
use standin::settings::LogFormat;

/// Starts the log. Libraries speak from `warn` on only: their everyday lines would drown ours.
pub(super) fn start(level: LevelFilter, format: LogFormat) {
    let mut builder = Builder::new();
    builder.filter_level(level.min(LevelFilter::Warn)).filter_module("standin", level).target(Target::Stdout);
    match format {
        LogFormat::Text => builder.format(write_text),
        LogFormat::Json => builder.format(write_json),
    };
    builder.init();
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
