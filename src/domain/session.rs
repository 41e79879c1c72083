//! Sessions: their notifications, why they end, where a client resumes, and the status of users.

use std::time::Duration;

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
    /// A contact or conversation partner of the subscriber was suspended, reactivated or deleted.
    AccountChanged { seq: i64, user: UserId, change: AccountChange },
    /// Something happened in a conversation of the subscriber.
    Chat { seq: i64, news: Box<ChatNews> },
    /// The subscriber changed its chat settings. Not stored.
    ChatSettingsChanged { change: Box<ChatSettingsChange> },
}

/// What became of a user's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountChange {
    Suspended,
    Reactivated,
    Deleted,
}

/// What happened in a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatNews {
    pub conversation: Conversation,
    /// The user that did it.
    pub actor: User,
    /// The other user of the conversation.
    pub other: User,
    /// The time of the event, else when it was announced.
    pub at: Moment,
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
            | Self::AccountChanged { seq, .. }
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
            | Self::AccountChanged { user: one, .. }
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
    /// Set once a client without a token has resumed here.
    pub claim: Option<Claim>,
}

/// The use of a position by a client that cannot say whether the position is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The client resumed after this event.
    pub after: i64,
    pub at: Moment,
}

/// How long a claimed position may be used by another client: two pages of one computer reconnect within this time.
pub const CLAIM_REST: Duration = Duration::from_secs(120);

/// Returns the event after which a client must catch up.
///
/// A client with a token resumes at its own position. Without one it may be any of the user's clients: it resumes at
/// the oldest position of a session that has ended or has unconfirmed notifications, because a vanished client
/// reconnects before the server notices. It claims these positions. A claimed position counts only for a client that
/// returns within [`CLAIM_REST`] while another session of the user is open: it may be a second client that was away.
pub fn resume(stored: &[StoredPosition], siblings: &[Sibling], shown: Option<Digest>, now: Moment) -> Option<Resumed> {
    let places = places(stored, siblings);
    if let Some(shown) = shown {
        let own = places.iter().filter(|place| place.shown == Some(shown)).min_by_key(|place| place.confirmed)?;
        return Some(Resumed { after: own.confirmed, own: Some(own.row) });
    }
    let after = places.iter().filter(|place| place.may_be_resumed(&places, now)).map(Place::after).min()?;
    Some(Resumed { after, own: None })
}

/// What becomes of the user's positions when a client without a token resumes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The positions that have served their purpose.
    pub taken: Vec<i64>,
    /// The positions that the client claims, each with the event that its own client has confirmed.
    pub claimed: Vec<(i64, i64, Claim)>,
}

/// Decides which positions a client without a token uses up and which it claims.
///
/// It uses up one position of an ended session: the oldest, a claimed one first. So of several clients that were away,
/// each receives what it missed, and a single one receives it once. Of more than `claims_max` claimed positions of ended
/// sessions the others are used up too.
pub fn claims(stored: &[StoredPosition], siblings: &[Sibling], claims_max: usize, now: Moment) -> Claims {
    let places = places(stored, siblings);
    let is_used = |place: &&Place| place.shown.is_none() && place.may_be_resumed(&places, now);
    let mut ended: Vec<&Place> = places.iter().filter(is_used).filter(|place| !place.is_open).collect();
    ended.sort_by_key(|place| (place.claim.is_none(), place.after(), place.row));
    let spent = places.iter().filter(|place| place.claim.is_some() && !place.is_open && !is_used(place));
    let mut taken: Vec<i64> = spent.chain(ended.first().copied()).map(|place| place.row).collect();
    taken.extend(ended.iter().skip(1 + claims_max).map(|place| place.row));
    let open = places.iter().filter(is_used).filter(|place| place.is_open);
    let new: Vec<&Place> = open.chain(ended.iter().skip(1).take(claims_max).copied()).collect();
    // A client that reconnects often must not hand an old position on for ever.
    let unclaimed = places.iter().filter(is_used).filter(|place| place.claim.is_none());
    let after = unclaimed.map(|place| place.confirmed).min();
    let new = new.iter().filter(|place| place.claim.is_none());
    let claimed = after.map(|after| new.map(|place| (place.row, place.confirmed, Claim { after, at: now })).collect());
    Claims { taken, claimed: claimed.unwrap_or_default() }
}

/// A stored position with what is known of its session.
struct Place {
    row: i64,
    shown: Option<Digest>,
    confirmed: i64,
    is_open: bool,
    /// Whether something was sent to an open session that its client has not confirmed.
    is_outstanding: bool,
    claim: Option<Claim>,
}

impl Place {
    /// The event after which a client resumes here.
    fn after(&self) -> i64 {
        self.claim.map_or(self.confirmed, |claim| claim.after)
    }

    fn may_be_resumed(&self, places: &[Self], now: Moment) -> bool {
        let is_left = !self.is_open || self.is_outstanding;
        let is_another_open = || places.iter().any(|place| place.is_open && place.claim.is_none());
        is_left && self.claim.is_none_or(|claim| now < claim.at.after(CLAIM_REST) && is_another_open())
    }
}

fn places(stored: &[StoredPosition], siblings: &[Sibling]) -> Vec<Place> {
    let place = |position: &StoredPosition| {
        let sibling = siblings.iter().find(|sibling| sibling.row == position.row);
        let confirmed = position.confirmed.max(sibling.map_or(0, |sibling| sibling.confirmed));
        let state = sibling.map_or(SiblingState::Ended, |sibling| sibling.state);
        let (is_open, is_outstanding) = match state {
            SiblingState::Open { is_outstanding } => (true, is_outstanding),
            SiblingState::Ended => (false, false),
        };
        // Its client has confirmed something since, so it was not the client that resumed here.
        let claim = position.claim.filter(|_| confirmed == position.confirmed);
        Place { row: position.row, shown: position.shown, confirmed, is_open, is_outstanding, claim }
    };
    stored.iter().map(place).collect()
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
