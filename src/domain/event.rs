//! Events: what happened to a user, as a row written in the transaction of the change.

use super::{
    AccountChange, AppKey, ConversationChange, ConversationKey, Mark, MessageId, Moment, ProfileField, UserId, UserKey,
    Vendor,
};

/// Bytes of a stored kind: a page of a thousand events takes at most 4 MiB. Rows of older versions may be longer.
pub const EVENT_BYTES_MAX: usize = 4096;

/// Users that one event names; a larger change appends several. Stays below [`EVENT_BYTES_MAX`] (20 digits and a comma
/// each).
pub const EVENT_USERS_MAX: usize = 150;

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Rises with each event. Does not depend on the clock.
    pub seq: i64,
    pub app: AppKey,
    /// The user's row may be deleted by now.
    pub user: UserKey,
    pub id: UserId,
    pub kind: EventKind,
    pub at: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    Created,
    ProfileChanged {
        fields: Vec<ProfileField>,
    },
    /// The user has a new token, and the former one is invalid.
    TokenReset,
    /// The chosen or the issued password changed, and the user's session tickets are invalid.
    PasswordChanged,
    Suspended,
    Reactivated,
    /// The user is deleted, and its id is free.
    Deleted,
    /// The user's own contact list changed. `changed`: the row has a new name, remark or list of groups.
    ContactsChanged {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added: Vec<UserKey>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<UserKey>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<UserKey>,
    },
    /// The user blocked another user.
    Blocked {
        whom: UserKey,
    },
    Unblocked {
        whom: UserKey,
    },
    /// A friend request `with` the other user was sent, answered or withdrawn.
    RequestChanged {
        with: UserKey,
        is_incoming: bool,
        is_waiting: bool,
    },
    /// The user follows another user now, or no longer.
    FollowChanged {
        whom: UserKey,
        is_following: bool,
    },
    /// The back end ended the user's sessions in Tencent's dialect.
    Kicked,
    /// The user sent a message; the number of the event is the message's id.
    MessageSent {
        conversation: ConversationKey,
        /// The recipient, if it may see the message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<UserKey>,
    },
    /// The user changed a message of the conversation.
    MessageEdited {
        conversation: ConversationKey,
        message: MessageId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<UserKey>,
    },
    /// The user recalled messages: their texts are gone for both users.
    MessagesRecalled {
        conversation: ConversationKey,
        messages: Vec<MessageId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<UserKey>,
    },
    /// The user deleted messages for itself.
    MessagesHidden {
        conversation: ConversationKey,
        messages: Vec<MessageId>,
    },
    /// A mark of the user moved from one message to a later one.
    MarkMoved {
        conversation: ConversationKey,
        mark: Mark,
        from: MessageId,
        upto: MessageId,
        /// The other user, if it may know.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<UserKey>,
    },
    /// The user confirmed that it has read messages whose sender had asked.
    ReceiptsSent {
        conversation: ConversationKey,
        messages: Vec<MessageId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<UserKey>,
    },
    /// The user changed a conversation for itself.
    ConversationChanged {
        conversation: ConversationKey,
        change: ConversationChange,
    },
    /// The database was restored from a backup: later changes are undone, and clients read everything again. Concerns
    /// no user.
    Restored,
}

/// What an event says, sorted by what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventNews<'a> {
    Profile(&'a [ProfileField]),
    Contacts {
        added: &'a [UserKey],
        removed: &'a [UserKey],
        changed: &'a [UserKey],
    },
    Block {
        whom: UserKey,
        is_blocked: bool,
    },
    Request {
        with: UserKey,
        is_incoming: bool,
        is_waiting: bool,
    },
    Follow {
        whom: UserKey,
        is_following: bool,
    },
    Conversation {
        key: ConversationKey,
        to: Option<UserKey>,
        news: ConversationNews<'a>,
    },
    /// The user's sessions end: those of one vendor, or all.
    SessionsEnd(Option<Vendor>),
    /// No client is notified.
    Silent,
}

/// What an event of a conversation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationNews<'a> {
    Sent,
    Edited(MessageId),
    Recalled(&'a [MessageId]),
    Hidden(&'a [MessageId]),
    MarkMoved { mark: Mark, from: MessageId, upto: MessageId },
    ReceiptsSent(&'a [MessageId]),
    Changed(ConversationChange),
}

impl EventKind {
    /// Sorts the event by what it is about.
    pub fn news(&self) -> EventNews<'_> {
        use ConversationNews as News;
        let of = |key: &ConversationKey, to: Option<UserKey>, news| EventNews::Conversation { key: *key, to, news };
        match self {
            Self::ProfileChanged { fields } => EventNews::Profile(fields),
            Self::ContactsChanged { added, removed, changed } => EventNews::Contacts { added, removed, changed },
            Self::Blocked { whom } => EventNews::Block { whom: *whom, is_blocked: true },
            Self::Unblocked { whom } => EventNews::Block { whom: *whom, is_blocked: false },
            Self::RequestChanged { with, is_incoming, is_waiting } => {
                EventNews::Request { with: *with, is_incoming: *is_incoming, is_waiting: *is_waiting }
            }
            Self::FollowChanged { whom, is_following } => {
                EventNews::Follow { whom: *whom, is_following: *is_following }
            }
            Self::MessageSent { conversation, to } => of(conversation, *to, News::Sent),
            Self::MessageEdited { conversation, message, to } => of(conversation, *to, News::Edited(*message)),
            Self::MessagesRecalled { conversation, messages, to } => of(conversation, *to, News::Recalled(messages)),
            Self::MessagesHidden { conversation, messages } => of(conversation, None, News::Hidden(messages)),
            Self::MarkMoved { conversation, mark, from, upto, to } => {
                of(conversation, *to, News::MarkMoved { mark: *mark, from: *from, upto: *upto })
            }
            Self::ReceiptsSent { conversation, messages, to } => of(conversation, *to, News::ReceiptsSent(messages)),
            Self::ConversationChanged { conversation, change } => of(conversation, None, News::Changed(*change)),
            Self::Suspended | Self::Deleted | Self::PasswordChanged => EventNews::SessionsEnd(None),
            Self::Kicked => EventNews::SessionsEnd(Some(Vendor::Tencent)),
            Self::TokenReset => EventNews::SessionsEnd(Some(Vendor::Qiscus)),
            Self::Created | Self::Reactivated | Self::Restored => EventNews::Silent,
        }
    }

    /// Returns what became of the user's account, for its contacts and conversation partners.
    pub fn account_change(&self) -> Option<AccountChange> {
        match self {
            Self::Suspended => Some(AccountChange::Suspended),
            Self::Reactivated => Some(AccountChange::Reactivated),
            Self::Deleted => Some(AccountChange::Deleted),
            Self::Created
            | Self::ProfileChanged { .. }
            | Self::TokenReset
            | Self::PasswordChanged
            | Self::ContactsChanged { .. }
            | Self::Blocked { .. }
            | Self::Unblocked { .. }
            | Self::RequestChanged { .. }
            | Self::FollowChanged { .. }
            | Self::Kicked
            | Self::MessageSent { .. }
            | Self::MessageEdited { .. }
            | Self::MessagesRecalled { .. }
            | Self::MessagesHidden { .. }
            | Self::MarkMoved { .. }
            | Self::ReceiptsSent { .. }
            | Self::ConversationChanged { .. }
            | Self::Restored => None,
        }
    }

    /// Returns the second user to notify, if there is one.
    pub fn other(&self) -> Option<UserKey> {
        match self.news() {
            EventNews::Block { whom, .. } | EventNews::Follow { whom, .. } => Some(whom),
            EventNews::Conversation { to, .. } => to,
            EventNews::Profile(_)
            | EventNews::Contacts { .. }
            | EventNews::Request { .. }
            | EventNews::SessionsEnd(_)
            | EventNews::Silent => None,
        }
    }
}
