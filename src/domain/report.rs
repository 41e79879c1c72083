//! Reports from users to the operator: reported chats, and feedback about the app.

use super::{
    id::UserId,
    text::{self, Title},
    time::Moment,
};

/// Reports stored per app; the oldest are deleted first. At most 64 MiB.
pub const REPORTS_KEPT_MAX: u32 = 1000;

/// Reports of one user per day, so that one user cannot displace the reports of others.
pub const REPORTS_PER_DAY: u32 = 50;

text::bounded_texts! {
    /// The text of a report: a description, or the last messages of a chat, which the SDK encloses. 1 to 65,536 bytes
    /// of UTF-8. The vendor names no bound.
    ReportText, 64 * 1024, is_unsafe_in_prose;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportSubject {
    /// The chat with this user.
    Chat(UserId),
    Feedback(Title),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    pub subject: ReportSubject,
    pub text: ReportText,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Rises with each report.
    pub key: i64,
    pub by: UserId,
    pub subject: ReportSubject,
    pub text: ReportText,
    pub at: Moment,
}
