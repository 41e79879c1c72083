//! Sessions: their notifications, why they end, where a client resumes, and the status of users.

use super::{
    ChatSettingsChange, Conversation, ConversationChange, CustomStatus, Digest, Mark, Message, MessageId, MessageName,
    Moment, ProfileField, User, UserId, UserKey,
};

/// A notification to a session of a user, the subscriber. `seq` is the number of the event that caused it.
#[derive(Debug, Clone, PartialEq)]
pub enum Notification {
    /// The subscriber's own profile changed, or that of a user with whom it shares a contact row.
    ProfileChanged { seq: i64, user: Box<User>, fields: Vec<ProfileField> },
    /// The subscriber's own contacts changed. `changed`: their row has a new name, remark or list of groups.
    ContactsChanged { seq: i64, added: Vec<UserId>, removed: Vec<UserId>, changed: Vec<UserId> },
    /// The subscriber blocked or unblocked another user.
    BlocksChanged { seq: i64, whom: UserId, is_blocked: bool },
    /// Another user blocked or unblocked the subscriber.
    BlockedBy { seq: i64, by: UserId, is_blocked: bool },
    /// The subscriber follows another user (`is_own`), or is followed by it, now or no longer.
    FollowChanged { seq: i64, with: UserId, is_own: bool, is_following: bool },
    /// The status of the subscriber, or of users it watches, may have changed. No event: the status is read when this
    /// is sent.
    StatusChanged { users: Vec<UserKey> },
    /// A friend request to or from the subscriber was sent, answered or withdrawn.
    RequestChanged { seq: i64, with: UserId, is_incoming: bool, is_waiting: bool },
    /// Something happened in a conversation of the subscriber.
    Chat { seq: i64, news: Box<ChatNews> },
    /// The subscriber changed its chat settings. Not stored.
    ChatSettingsChanged { change: Box<ChatSettingsChange> },
}

/// What happened in a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatNews {
    pub conversation: Conversation,
    /// The user that did it.
    pub actor: User,
    /// The other user of the conversation.
    pub other: User,
    pub event: ChatEvent,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ChatEvent {
    /// The actor sent a message. Its `shown` says which of the two users see it.
    Sent(Message),
    Edited(Message),
    /// The actor recalled these messages.
    Recalled(Vec<Message>),
    /// The actor deleted these messages for itself. `last` is the newest message that it still sees.
    Hidden {
        messages: Vec<Message>,
        last: Option<MessageName>,
    },
    /// A mark of the actor moved.
    MarkMoved {
        mark: Mark,
        upto: MessageId,
        /// The messages of the other user that this mark covers now: the newest
        /// [`TURNED_MAX`](super::message::TURNED_MAX), newest first.
        turned: Vec<Message>,
    },
    /// The actor confirmed that it has read these messages of the other user.
    ReceiptsSent(Vec<Message>),
    /// The actor changed the conversation for itself. `last` is the newest message that it sees; of cleared ones, the
    /// last that was cleared.
    Changed {
        change: ConversationChange,
        last: Option<MessageName>,
    },
    /// The actor writes, or writes no more. Not stored.
    Typing {
        is_typing: bool,
    },
    /// A message for open sessions alone. Not stored.
    Passing(Message),
}

impl ChatNews {
    fn bytes(&self) -> usize {
        let messages = match &self.event {
            ChatEvent::Sent(message) | ChatEvent::Edited(message) | ChatEvent::Passing(message) => message.bytes(),
            ChatEvent::Recalled(messages)
            | ChatEvent::Hidden { messages, .. }
            | ChatEvent::MarkMoved { turned: messages, .. }
            | ChatEvent::ReceiptsSent(messages) => messages.iter().map(Message::bytes).sum(),
            ChatEvent::Changed { .. } | ChatEvent::Typing { .. } => 0,
        };
        size_of::<Self>() + self.actor.bytes() + self.other.bytes() + messages
    }
}

impl Notification {
    pub fn seq(&self) -> i64 {
        match self {
            Self::StatusChanged { .. } | Self::ChatSettingsChanged { .. } => 0,
            Self::ProfileChanged { seq, .. }
            | Self::ContactsChanged { seq, .. }
            | Self::BlocksChanged { seq, .. }
            | Self::BlockedBy { seq, .. }
            | Self::FollowChanged { seq, .. }
            | Self::Chat { seq, .. }
            | Self::RequestChanged { seq, .. } => *seq,
        }
    }
}

impl Notification {
    /// Returns the approximate memory in bytes, texts included.
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
            Self::Chat { news, .. } => news.bytes(),
            Self::ChatSettingsChanged { change } => {
                size_of::<ChatSettingsChange>() + ids(&change.mute) + ids(&change.unmute)
            }
        };
        size_of::<Self>() + more
    }
}

/// The dialect of a session. Limits of sessions hold for each dialect separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    Qiscus,
    MirrorFly,
    Tencent,
}

impl Vendor {
    pub const ALL: [Self; 3] = [Self::Qiscus, Self::MirrorFly, Self::Tencent];
}

/// Why the server ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The queue was full: the client reads too slowly.
    Slow,
    /// The user opened more sessions than allowed, and this was the oldest.
    Replaced,
    /// The user was suspended or deleted, its password changed, or its back end ended its sessions.
    Refused,
    /// The dialect was switched off, or the page's origin was removed from `allowed_origins`.
    Withdrawn,
    Closing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// Whether a session is open, or the user called within the last seconds.
    pub is_online: bool,
    /// When the user was last online, if known.
    pub seen_at: Option<Moment>,
}

/// The position of another session of the same user in the same dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sibling {
    /// The row that stores the position; 0 if there is none.
    pub row: i64,
    /// The client has confirmed every event up to this one.
    pub confirmed: i64,
    pub state: SiblingState,
}

impl Sibling {
    pub fn is_open(&self) -> bool {
        matches!(self.state, SiblingState::Open { .. })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiblingState {
    /// As far as the server knows: the client may have vanished without closing.
    Open {
        /// Whether something was sent that the client has not confirmed.
        is_outstanding: bool,
    },
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedPosition {
    pub row: i64,
    /// The client has confirmed every event up to this one.
    pub confirmed: i64,
    pub has_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPosition {
    pub row: i64,
    /// A token that this client sends again when it reconnects, in dialects that have one.
    pub shown: Option<Digest>,
    /// The client has confirmed every event up to this one.
    pub confirmed: i64,
    pub at: Moment,
}

/// Returns the event after which a client must catch up.
///
/// A client with a token resumes at its own position. Without one it may be any of the user's clients: it resumes at
/// the oldest position of a session that has ended or has unconfirmed notifications, because a vanished client
/// reconnects before the server notices. So a position may be used twice, but none is skipped.
pub fn resume(stored: &[StoredPosition], siblings: &[Sibling], shown: Option<Digest>) -> Option<Resumed> {
    let sibling_of = |position: &StoredPosition| siblings.iter().find(|sibling| sibling.row == position.row);
    let confirmed =
        |position: &StoredPosition| position.confirmed.max(sibling_of(position).map_or(0, |sibling| sibling.confirmed));
    if let Some(shown) = shown {
        let own = stored
            .iter()
            .filter(|position| position.shown == Some(shown))
            .min_by_key(|position| confirmed(position))?;
        return Some(Resumed { after: confirmed(own), own: Some(own.row) });
    }
    let may_be_it = stored.iter().filter(|position| match sibling_of(position).map(|sibling| sibling.state) {
        Some(SiblingState::Open { is_outstanding }) => is_outstanding,
        Some(SiblingState::Ended) | None => true,
    });
    may_be_it.map(confirmed).min().map(|after| Resumed { after, own: None })
}

/// Where a client resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// The client gets what happened after this event.
    pub after: i64,
    /// The row of the client's own former position, which the new session takes over.
    pub own: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// A session is open, or the user called within the last seconds.
    Online,
    /// The user has logged in before and is not connected.
    Offline,
    NeverLoggedIn,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStatus {
    pub id: UserId,
    pub availability: Availability,
    pub custom: Option<CustomStatus>,
}
