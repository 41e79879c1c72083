//! What a user sets for its own chats. Nobody else sees it.

use super::id::UserId;

/// Chats that one user may have muted: as many as a list of contacts holds.
pub const MUTES_MAX: u64 = 10_000;

/// A user's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatSettings {
    /// Whether all chats are muted.
    pub mutes_all: bool,
    /// Whether an archived chat stays archived when a message comes.
    pub keeps_archived: bool,
    /// The users whose chats are muted, in creation order.
    pub muted: Vec<UserId>,
}

/// What of it changes; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChatSettingsChange {
    /// Mutes all chats, or no longer.
    pub mutes_all: Option<bool>,
    /// Keeps archived chats archived, or no longer.
    pub keeps_archived: Option<bool>,
    /// Users whose chats are muted from now on.
    pub mute: Vec<UserId>,
    /// Users whose chats are muted no longer.
    pub unmute: Vec<UserId>,
}
