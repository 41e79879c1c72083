//! What happened, as rows written in the same transaction as the change.

use super::{
    id::{AppKey, UserId, UserKey},
    profile::ProfileField,
    time::Moment,
};

/// Bytes of an event's kind as it is stored, at most: whoever reads a thousand of them holds no more than 4 MiB.
///
/// Versions before this bound stored up to 10,000 keys in one event: those are read all the same.
pub const EVENT_BYTES_MAX: usize = 4096;

/// Users that one event names, at most: a longer change of a list is told by several events. With 20 digits and a comma each they stay
/// below [`EVENT_BYTES_MAX`].
pub const EVENT_USERS_MAX: usize = 150;

/// One thing that happened to one user.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Rising, without regard to the clock.
    pub seq: i64,
    /// Whose user.
    pub app: AppKey,
    /// Which user; its row may be gone by now.
    pub user: UserKey,
    /// That user's id.
    pub id: UserId,
    /// What happened.
    pub kind: EventKind,
    /// When it was stored.
    pub at: Moment,
}

/// What can happen to a user.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A user came to be.
    Created,
    /// Fields of its profile differ from before.
    ProfileChanged {
        /// Which ones.
        fields: Vec<ProfileField>,
    },
    /// Its token was drawn anew: the former one is dead.
    TokenReset,
    /// A password of it changed, the chosen or the issued one: its tickets are dead.
    PasswordChanged,
    /// It may no longer act.
    Suspended,
    /// It may act again.
    Reactivated,
    /// It is gone, and its id is free.
    Deleted,
    /// Its own contact list differs from before.
    ContactsChanged {
        /// Who is listed from now on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added: Vec<UserKey>,
        /// Who is listed no longer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<UserKey>,
        /// Whose row says something else: the name the owner has for them, the groups they are in.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<UserKey>,
    },
    /// It blocked another user.
    Blocked {
        /// Whom.
        whom: UserKey,
    },
    /// It no longer blocks another user.
    Unblocked {
        /// Whom.
        whom: UserKey,
    },
    /// A request to be friends waits from now on, or waits no longer: it was answered or taken back.
    RequestChanged {
        /// The other of the two.
        with: UserKey,
        /// Whether it came from the other.
        is_incoming: bool,
        /// Whether it waits.
        is_waiting: bool,
    },
    /// It follows another user from now on, or no longer.
    FollowChanged {
        /// The other user.
        whom: UserKey,
        /// Whether it follows that user from now on.
        is_following: bool,
    },
    /// Its back end has ended its sessions on Tencent's wire.
    Kicked,
    /// The database is from a backup: what was announced after that was made is undone, and clients read anew. No user is meant.
    Restored,
}

impl EventKind {
    /// The second user that is told of it. An event of which the first alone is told has none.
    pub fn other(&self) -> Option<UserKey> {
        match self {
            Self::FollowChanged { whom, .. } | Self::Blocked { whom } | Self::Unblocked { whom } => Some(*whom),
            Self::Created
            | Self::ProfileChanged { .. }
            | Self::TokenReset
            | Self::PasswordChanged
            | Self::Suspended
            | Self::Reactivated
            | Self::Deleted
            | Self::ContactsChanged { .. }
            | Self::RequestChanged { .. }
            | Self::Kicked
            | Self::Restored => None,
        }
    }
}
