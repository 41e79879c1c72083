//! How a command ends when it does not end well.

use std::{fmt, process::ExitCode};

use standin::settings::SettingsError;

/// The exit code of a failure, as `standin --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// The house refused.
    Refused = 1,
    /// SettingsError words or settings, or an address in use.
    Usage = 2,
    /// The data folder cannot be used.
    Folder = 3,
    /// The server failed or did not answer.
    Server = 4,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why a command ends: its exit code, and one sentence that says what to do.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: Code,
    sentence: String,
}

impl Failure {
    /// A failure in our own words, or in words that came over the wire: those keep to one line, and control no terminal.
    pub(super) fn new(code: Code, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into().replace(char::is_control, " ") }
    }
}

impl From<SettingsError> for Failure {
    fn from(wrong: SettingsError) -> Self {
        Self::new(Code::Usage, wrong.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}
