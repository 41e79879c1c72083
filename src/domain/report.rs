//! What users report to the operator: chats, and feedback about the app.

use super::{
    id::UserId,
    text::{self, Title},
    time::Moment,
};

/// Reports that are kept of one app: the oldest go first. At the most 64 MiB.
pub const REPORTS_KEPT_MAX: u32 = 1000;

/// Reports that one user may make in a day, so that no single user can drive out the others'.
pub const REPORTS_PER_DAY: u32 = 50;

text::texts! {
    /// The text of a report: the messages that a client encloses, or a description. 1 to 65,536 bytes of UTF-8; lines and tabs may stand in it.
    ///
    /// The vendor names no bound. The SDK encloses the last messages of a chat.
    ReportText, 64 * 1024, is_unsafe_in_prose;
}

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportSubject {
    /// The chat with this user.
    Chat(UserId),
    /// The app, under a title.
    Feedback(Title),
}

/// A report that a user makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// What it is about.
    pub subject: ReportSubject,
    /// What the user says, or encloses.
    pub text: ReportText,
}

/// A report as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Rising with each report.
    pub key: i64,
    /// The user who made it.
    pub by: UserId,
    /// What it is about.
    pub subject: ReportSubject,
    /// What the user said, or enclosed.
    pub text: ReportText,
    /// When it was made.
    pub at: Moment,
}
