//! Listening, as words: what a session hears, by which wire, and why it ends.

use super::{
    id::{UserId, UserKey},
    profile::{ProfileField, User},
    secret::Digest,
    time::Moment,
};

/// What a session hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A profile differs: the listener's own, or that of somebody it shares a contact row with.
    ProfileChanged {
        /// The number of the event.
        seq: i64,
        /// Whose, as it is by now.
        user: Box<User>,
        /// Which fields this event tells of.
        fields: Vec<ProfileField>,
    },
    /// The listener's own contacts differ.
    ContactsChanged {
        /// The number of the event.
        seq: i64,
        /// Who is listed from now on.
        added: Vec<UserId>,
        /// Who is listed no longer.
        removed: Vec<UserId>,
        /// Whose row says something else.
        changed: Vec<UserId>,
    },
    /// Whom the listener itself blocks differs.
    BlocksChanged {
        /// The number of the event.
        seq: i64,
        /// Of whom it tells.
        whom: UserId,
        /// Whether that user is blocked from now on.
        is_blocked: bool,
    },
    /// Another user blocks the listener from now on, or no longer.
    BlockedBy {
        /// The number of the event.
        seq: i64,
        /// The other user.
        by: UserId,
        /// Whether it blocks the listener from now on.
        is_blocked: bool,
    },
    /// The listener follows a user, or a user follows the listener, from now on or no longer.
    FollowChanged {
        /// The number of the event.
        seq: i64,
        /// The other of the two.
        with: UserId,
        /// Whether the listener is the one that follows.
        is_own: bool,
        /// Whether it follows from now on.
        is_following: bool,
    },
    /// The status of users that the listener subscribes to, or of the listener itself, may differ from what was last sent. No event row
    /// announces it: a status is about now, so the present one is looked up when it is sent.
    StatusChanged {
        /// Whose.
        users: Vec<UserKey>,
    },
    /// A request to be friends, to the listener or of it, waits from now on or waits no longer.
    RequestChanged {
        /// The number of the event.
        seq: i64,
        /// The other of the two.
        with: UserId,
        /// Whether it came from the other.
        is_incoming: bool,
        /// Whether it waits.
        is_waiting: bool,
    },
}

impl Notice {
    /// The number of the event it tells of; 0 where no event row announces it.
    pub fn seq(&self) -> i64 {
        match self {
            Self::StatusChanged { .. } => 0,
            Self::ProfileChanged { seq, .. }
            | Self::ContactsChanged { seq, .. }
            | Self::BlocksChanged { seq, .. }
            | Self::BlockedBy { seq, .. }
            | Self::FollowChanged { seq, .. }
            | Self::RequestChanged { seq, .. } => *seq,
        }
    }
}

impl Notice {
    /// What it takes in memory, in bytes, about: the texts it holds, and a little more.
    pub fn bytes(&self) -> usize {
        let ids = |users: &[UserId]| users.iter().map(|id| size_of::<UserId>() + id.as_str().len()).sum::<usize>();
        let more = match self {
            Self::ProfileChanged { user, fields, .. } => user.bytes() + size_of_val(fields.as_slice()),
            Self::ContactsChanged { added, removed, changed, .. } => ids(added) + ids(removed) + ids(changed),
            Self::BlocksChanged { whom: one, .. }
            | Self::BlockedBy { by: one, .. }
            | Self::FollowChanged { with: one, .. }
            | Self::RequestChanged { with: one, .. } => one.as_str().len(),
            Self::StatusChanged { users } => size_of_val(users.as_slice()),
        };
        size_of::<Self>() + more
    }
}

/// By which wire a session listens. Limits of sessions hold for each wire alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// MirrorFly's XMPP socket.
    MirrorFly,
    /// Tencent's socket.
    Tencent,
}

/// Why a session is over before its client said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Its queue was full: the client reads too slowly.
    Slow,
    /// A newer session took its place: the user has no more of them.
    Replaced,
    /// The user was suspended or deleted, its password changed, or its back end ends its sessions.
    Refused,
    /// The app no longer serves the client: its dialect was switched off, or the page's origin left its `allowed_origins`.
    Withdrawn,
    /// The server stops.
    Closing,
}

/// Whether a user is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// By an open session, or a call of the last seconds.
    pub is_online: bool,
    /// When it was last seen, where that is remembered.
    pub seen_at: Option<Moment>,
}

/// Where another session of the same user on the same wire stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sibling {
    /// The row that keeps its place; 0 while there is none.
    pub row: i64,
    /// Its client has had everything up to this event.
    pub heard: i64,
    /// Whether it goes on.
    pub state: SiblingState,
}

impl Sibling {
    /// Whether it goes on, as far as the server knows.
    pub fn is_open(&self) -> bool {
        matches!(self.state, SiblingState::Open { .. })
    }
}

/// Whether another session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiblingState {
    /// It is open, as far as the server knows: its client may have vanished without a word.
    Open {
        /// Whether something was sent that is not confirmed.
        is_outstanding: bool,
    },
    /// It has ended.
    Ended,
}

/// A session's place that has moved since it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedPlace {
    /// The row that keeps it.
    pub row: i64,
    /// The client has had everything up to this event.
    pub heard: i64,
    /// Whether the session is over.
    pub has_ended: bool,
}

/// A session's place as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPlace {
    /// Its row.
    pub row: i64,
    /// What the client showed at that session, where its wire has something that it shows again when it comes back.
    pub shown: Option<Digest>,
    /// The client had had everything up to this event.
    pub heard: i64,
    /// When it was written.
    pub at: Moment,
}

/// Behind which event a client must be told what it missed, and whether the place it goes on from is its own.
///
/// A client that shows what it showed before goes on from its own place. One whose wire has nothing of that kind may be any of the
/// user's clients: it goes on from the oldest place of a session that has ended, or that is open with something unconfirmed, because a
/// client that vanished comes back before the server notices. A place may so be used twice; none is passed over.
pub fn resume(stored: &[StoredPlace], siblings: &[Sibling], shown: Option<Digest>) -> Option<Resumed> {
    let standing = |place: &StoredPlace| siblings.iter().find(|sibling| sibling.row == place.row);
    let heard = |place: &StoredPlace| place.heard.max(standing(place).map_or(0, |sibling| sibling.heard));
    if let Some(shown) = shown {
        let own = stored.iter().filter(|place| place.shown == Some(shown)).min_by_key(|place| heard(place))?;
        return Some(Resumed { behind: heard(own), own: Some(own.row) });
    }
    let may_be_it = stored.iter().filter(|place| match standing(place).map(|sibling| sibling.state) {
        Some(SiblingState::Open { is_outstanding }) => is_outstanding,
        Some(SiblingState::Ended) | None => true,
    });
    may_be_it.map(heard).min().map(|behind| Resumed { behind, own: None })
}

/// Where a client goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// The event behind which it is told what it missed.
    pub behind: i64,
    /// The row of its own former place, which the new session's takes over.
    pub own: Option<i64>,
}
