//! A user's settings for its own chats. Other users do not see them.

use super::id::UserId;

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
