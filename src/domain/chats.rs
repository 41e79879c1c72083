//! A user's settings for its own chats, and reports from users to the operator.

use super::{Moment, Title, UserId, text};

/// How a user's clients treat the messages of a muted chat. The server delivers them all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MuteLevel {
    /// Shown without a notification.
    #[default]
    Silent,
    /// Not shown as received (Tencent's `Discard`).
    Discarded,
}

impl MuteLevel {
    /// Returns the number in the row.
    pub fn number(self) -> u8 {
        match self {
            Self::Silent => 1,
            Self::Discarded => 2,
        }
    }

    /// Returns the level of a row; numbers of later versions count as [`MuteLevel::Silent`].
    pub fn of_number(number: u8) -> Self {
        match number {
            2 => Self::Discarded,
            _ => Self::Silent,
        }
    }
}

/// Chats that one user may mute: as many as it may have contacts.
pub const MUTES_MAX: u64 = 10_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatSettings {
    pub mutes_all: bool,
    /// Whether an archived chat stays archived when a message arrives.
    pub keeps_archived: bool,
    pub muted: Vec<UserId>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChatSettingsChange {
    pub mutes_all: Option<bool>,
    pub keeps_archived: Option<bool>,
    pub mute: Vec<UserId>,
    pub unmute: Vec<UserId>,
}

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
    pub key: i64,
    pub by: UserId,
    pub subject: ReportSubject,
    pub text: ReportText,
    pub at: Moment,
}
