use std::{fmt, process::ExitCode};

use standin::settings::SettingsError;

/// The exit code of a failure, as `standin --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureCode {
    /// The server refused the call.
    Refused = 1,
    /// Wrong words or settings, or an address in use.
    Usage = 2,
    /// The data folder cannot be used.
    Folder = 3,
    /// The server failed or did not answer.
    Server = 4,
}

impl From<FailureCode> for ExitCode {
    fn from(code: FailureCode) -> Self {
        Self::from(code as u8)
    }
}

/// Why a command failed: its exit code, and one sentence that says what to do.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: FailureCode,
    sentence: String,
}

impl Failure {
    /// Control characters become spaces, because a sentence may hold text of another program, which must not control the terminal.
    pub(super) fn new(code: FailureCode, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into().replace(char::is_control, " ") }
    }
}

impl From<SettingsError> for Failure {
    fn from(wrong: SettingsError) -> Self {
        Self::new(FailureCode::Usage, wrong.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}
