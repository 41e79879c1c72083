//! One-to-one messages and conversations.
//!
//! A conversation is an unordered pair of two users of one app. A message belongs to one conversation. Its id is the
//! number of the event that announced it, so ids rise over all conversations; marks and cursors are ids.

use serde_json::{Map, Value};

use super::{
    error::Fault,
    free_data::{Extras, Metadata, depth},
    id::{AppKey, UserId, UserKey},
    profile::User,
    text,
    time::Moment,
};

/// How long a repeated send with the same Tencent numbers and content counts as the same message.
/// Source: Tencent's sendmsg, "MsgRandom ... de-duplicated within 120 s".
pub const REPEAT_WITHIN_S: i64 = 120;

/// The most messages that one call hides, recalls or acknowledges. One event names them all.
pub const MESSAGES_A_CALL_MAX: usize = 100;

/// The most messages that one notice about a moved mark lists.
pub const TURNED_MAX: u32 = 100;

/// The most conversations that a user may pin.
pub const PINS_MAX: u32 = 200;

/// The id of a message: the number of its event, below 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct MessageId(pub i64);

impl MessageId {
    /// Below every message: a mark at the beginning.
    pub const NONE: Self = Self(0);
    /// Above every message.
    pub const MAX: Self = Self(i64::MAX);
}

/// The primary key of a conversation, never reused. Qiscus shows it as the room's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ConversationKey(pub i64);

/// The id that a client gave its message, unique in its conversation: 1 to 191 characters without controls.
///
/// Sources: Qiscus `unique_temp_id`; MirrorFly's stanza id, by which the SDK encrypts the body.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageName(String);

impl MessageName {
    pub const CHARS_MAX: usize = 191;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.chars().count() {
            0 => Err(Fault::Missing),
            n if n > Self::CHARS_MAX => Err(Fault::TooManyCharacters { chars_max: Self::CHARS_MAX }),
            _ if raw.chars().any(text::is_unsafe) => {
                Err(Fault::Malformed("free of control characters and of characters that change the direction of text"))
            }
            _ => Ok(Self(raw.to_owned())),
        }
    }

    /// Returns the name of a message whose client gave none.
    pub fn of(id: MessageId) -> Self {
        Self(id.0.to_string())
    }
}

/// The text of a message: any characters but U+0000, at most 48 KiB, kept byte for byte. Dialects narrow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    pub const BYTES_MAX: usize = 48 * 1024;

    pub fn parse(raw: impl Into<String>) -> Result<Self, Fault> {
        let raw = raw.into();
        match raw.len() {
            0 => Err(Fault::Missing),
            n if n > Self::BYTES_MAX => Err(Fault::TooManyBytes { bytes_max: Self::BYTES_MAX as u64 }),
            _ if raw.contains('\0') => Err(Fault::Malformed("free of U+0000")),
            _ => Ok(Self(raw)),
        }
    }

    /// Returns the text of a stored message: empty once it is recalled.
    pub fn stored(raw: &str) -> Result<Self, Fault> {
        match raw {
            "" => Ok(Self(String::new())),
            _ => Self::parse(raw),
        }
    }
}

/// Free text of a vendor that is stored with a message, at most 12,288 bytes: Tencent's `CloudCustomData`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloudData(String);

impl CloudData {
    pub const BYTES_MAX: usize = 12_288;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.len() > Self::BYTES_MAX {
            true => Err(Fault::TooManyBytes { bytes_max: Self::BYTES_MAX as u64 }),
            false => Ok(Self(raw.to_owned())),
        }
    }
}

/// The id of a topic that a message belongs to, at most 191 characters: MirrorFly's `topic_id`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topic(String);

impl Topic {
    pub const CHARS_MAX: usize = 191;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.chars().count() {
            n if n > Self::CHARS_MAX => Err(Fault::TooManyCharacters { chars_max: Self::CHARS_MAX }),
            _ if raw.chars().any(text::is_unsafe) => Err(Fault::Malformed("free of control characters")),
            _ => Ok(Self(raw.to_owned())),
        }
    }
}

text::impl_as_str! { MessageName MessageText CloudData Topic }

/// The API that a message came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageOrigin {
    Qiscus,
    MirrorFly,
    Tencent,
    Native,
}

text::string_enum! {
    MessageOrigin: Qiscus "qiscus", MirrorFly "mirrorfly", Tencent "tencent", Native "native";
}

/// The content of a message that is more than text, as the vendor's API has it. The other vendors' clients see the
/// text, which then says what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomBody {
    pub format: MessageOrigin,
    json: Value,
}

impl CustomBody {
    /// Of the compact JSON text.
    pub const BYTES_MAX: usize = 48 * 1024;
    pub const DEPTH_MAX: usize = Extras::DEPTH_MAX;

    pub fn parse(format: MessageOrigin, json: Value) -> Result<Self, Fault> {
        if depth(&json) > Self::DEPTH_MAX {
            return Err(Fault::Malformed("JSON nested at most 64 deep"));
        }
        match json.to_string().len() > Self::BYTES_MAX {
            true => Err(Fault::TooManyBytes { bytes_max: Self::BYTES_MAX as u64 }),
            false => Ok(Self { format, json }),
        }
    }

    pub fn json(&self) -> &Value {
        &self.json
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct MessageBody {
    /// What every vendor's client can show. Of a custom message, a line that says so.
    pub text: MessageText,
    pub custom: Option<CustomBody>,
}

/// Free data of a message. Each vendor's kind is separate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MessageData {
    /// Qiscus `extras`.
    pub extras: Extras,
    /// Qiscus `payload` of a message that is not custom: the parts of a reply.
    pub payload: Extras,
    /// MirrorFly `meta_data`.
    pub metadata: Metadata,
    pub topic: Topic,
    /// Tencent `CloudCustomData`.
    pub cloud: CloudData,
}

impl MessageData {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Tencent's three numbers of a message, which its SDKs identify it by. Drawn for messages of other vendors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageNumbers {
    pub seq: u32,
    pub random: u32,
    pub client_time_s: u32,
}

/// Sequence numbers that the server gives a message before it draws one.
const OTHER_SEQS_MAX: u32 = 8;

impl MessageNumbers {
    /// Returns other sequence numbers for a message of this body whose own numbers another message of the same second
    /// has: at most eight, none of them 0. They follow from the body, so that a repeated send has the same.
    pub fn other_seqs(self, body: &MessageBody) -> impl Iterator<Item = u32> {
        let custom = body.custom.as_ref().map(|custom| custom.json().to_string()).unwrap_or_default();
        // FNV-1a, 32 bits.
        let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let bytes = body.text.as_str().bytes().chain([0]).chain(custom.bytes());
        let hash = bytes.fold(0x811c_9dc5, mix);
        (1..=OTHER_SEQS_MAX).map(move |n| (self.seq ^ hash).wrapping_add(n.wrapping_mul(0x9e37_79b9)).max(1))
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageFlags {
    /// The sender wants to know when the recipient has read it (Tencent).
    pub wants_receipt: bool,
    /// It does not count as unread.
    pub is_uncounted: bool,
    /// It is not shown as the last message in a list of conversations.
    pub is_unlisted: bool,
    /// A block withholds it from its recipient for ever. Set when it is stored.
    pub is_withheld: bool,
}

impl MessageFlags {
    pub fn bits(self) -> u8 {
        u8::from(self.wants_receipt)
            | u8::from(self.is_uncounted) << 1
            | u8::from(self.is_unlisted) << 2
            | u8::from(self.is_withheld) << 3
    }

    pub fn of_bits(bits: u8) -> Self {
        Self {
            wants_receipt: bits & 1 != 0,
            is_uncounted: bits & 2 != 0,
            is_unlisted: bits & 4 != 0,
            is_withheld: bits & 8 != 0,
        }
    }
}

/// Which of the two users of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The user with the lower key.
    First,
    Second,
}

impl Side {
    /// The bit of `Message::shown`.
    pub fn bit(self) -> u8 {
        match self {
            Self::First => 1,
            Self::Second => 2,
        }
    }

    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// The bit of [`Message::shown`] that says that it is recalled.
pub const RECALLED_BIT: u8 = 4;

#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    pub key: ConversationKey,
    pub app: AppKey,
    /// The lower key first.
    pub users: [UserKey; 2],
    /// 32 hexadecimal digits: Qiscus `unique_id`.
    pub unique_id: String,
    /// Qiscus `options`: a JSON object as text.
    pub options: String,
    /// The number of the last message.
    pub last_seq: i64,
    pub last_at: Moment,
    pub created_at: Moment,
}

impl Conversation {
    /// Returns which side a user is, if it is one of the two.
    pub fn side_of(&self, user: UserKey) -> Option<Side> {
        match self.users {
            [first, _] if first == user => Some(Side::First),
            [_, second] if second == user => Some(Side::Second),
            [_, _] => None,
        }
    }

    pub fn user(&self, side: Side) -> UserKey {
        let [first, second] = self.users;
        match side {
            Side::First => first,
            Side::Second => second,
        }
    }

    /// Returns the other user of a message's sender.
    pub fn recipient_of(&self, message: &Message) -> UserKey {
        let [first, second] = self.users;
        if message.sender == first { second } else { first }
    }
}

/// One user's state in a conversation. Marks cover every message up to theirs.
#[derive(Debug, Clone, PartialEq)]
pub struct Participant {
    pub user: UserKey,
    pub conversation: ConversationKey,
    pub peer: UserKey,
    /// The newest message of the list; [`MessageId::NONE`] before the first one.
    pub listed: MessageId,
    /// The newest message of the peer that this user sees.
    pub incoming: MessageId,
    pub delivered: MessageId,
    pub read: MessageId,
    /// The time of the newest message that was read.
    pub read_at: Option<Moment>,
    /// Messages up to this one do not count as unread, though they may not be read.
    pub unread_reset: MessageId,
    pub unread: u32,
    /// Messages up to this one are not shown to this user any more.
    pub cleared: MessageId,
    /// Whether the conversation is left out of lists until its next message.
    pub is_hidden: bool,
    pub is_archived: bool,
    pub pinned_at: Option<Moment>,
}

impl Participant {
    /// Returns the state of a user in a new conversation.
    pub fn new(user: UserKey, peer: UserKey, conversation: ConversationKey) -> Self {
        Self {
            user,
            conversation,
            peer,
            listed: MessageId::NONE,
            incoming: MessageId::NONE,
            delivered: MessageId::NONE,
            read: MessageId::NONE,
            read_at: None,
            unread_reset: MessageId::NONE,
            unread: 0,
            cleared: MessageId::NONE,
            is_hidden: false,
            is_archived: false,
            pinned_at: None,
        }
    }

    /// Returns which of the two users this is.
    pub fn side(&self) -> Side {
        if self.user < self.peer { Side::First } else { Side::Second }
    }

    /// Returns the mark above which messages of the peer count as unread.
    pub fn counted_from(&self) -> MessageId {
        self.read.max(self.unread_reset).max(self.cleared)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: MessageId,
    pub conversation: ConversationKey,
    /// The place in the conversation, from 1 without gaps.
    pub seq: i64,
    pub sender: UserKey,
    /// Never earlier than that of the message before it.
    pub at: Moment,
    pub name: MessageName,
    pub origin: MessageOrigin,
    pub body: MessageBody,
    pub data: MessageData,
    /// The name of the message that this one answers.
    pub reply_to: Option<MessageName>,
    pub numbers: MessageNumbers,
    pub flags: MessageFlags,
    /// When the recipient confirmed that it has read it, if it was asked to.
    pub receipt_at: Option<Moment>,
    pub edit: Option<MessageEdit>,
    /// Tencent's version: the number of changes.
    pub version: u32,
    pub recall: Option<MessageRecall>,
    /// Bits of the [`Side`]s that see it, and [`RECALLED_BIT`].
    pub shown: u8,
}

impl Message {
    pub fn is_shown_to(&self, side: Side) -> bool {
        self.shown & side.bit() != 0
    }

    pub fn is_recalled(&self) -> bool {
        self.shown & RECALLED_BIT != 0
    }

    /// Returns the approximate memory in bytes, texts included.
    pub fn bytes(&self) -> usize {
        let custom = self.body.custom.as_ref().map_or(0, |custom| super::free_data::bytes_of_value(custom.json()));
        let data = self.data.extras.bytes() + self.data.payload.bytes() + self.data.metadata.bytes();
        size_of::<Self>() + self.body.text.as_str().len() + custom + data + self.data.cloud.as_str().len()
    }

    /// Returns whether the recipient has read the message, has only received it, or neither. Marks do not cover a
    /// withheld message.
    pub fn state(&self, recipient: &Participant) -> DeliveryState {
        if self.flags.is_withheld {
            DeliveryState::Sent
        } else if self.id <= recipient.read {
            DeliveryState::Read
        } else if self.id <= recipient.delivered {
            DeliveryState::Delivered
        } else {
            DeliveryState::Sent
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryState {
    Sent,
    Delivered,
    Read,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MessageEdit {
    pub at: Moment,
    /// The id that the client gave the change (MirrorFly).
    pub name: Option<MessageName>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MessageRecall {
    pub at: Moment,
    pub by: UserKey,
    pub reason: String,
}

/// One of the two marks of a user in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Delivered,
    /// Everything read is delivered too.
    Read,
}

/// A change of a conversation that only its user sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationChange {
    /// Its messages up to this one are gone for the user.
    Cleared {
        upto: MessageId,
    },
    /// It is off the list until its next message.
    Hidden {
        /// Whether its messages are gone too.
        is_cleared: bool,
    },
    Pinned,
    Unpinned,
    Archived,
    Unarchived,
    UnreadReset,
}

/// A conversation as one of its users sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationView {
    pub conversation: Conversation,
    pub own: Participant,
    pub theirs: Participant,
    pub peer: User,
    /// The newest message that the user sees.
    pub last: Option<Message>,
    /// When the message was sent that gives the conversation its place in the list.
    pub listed_at: Moment,
}

/// A message with the conversation and the users that its rendering needs.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageView {
    pub message: Message,
    pub conversation: Conversation,
    pub sender: User,
    pub recipient: User,
}

impl MessageView {
    pub fn bytes(&self) -> usize {
        self.message.bytes() + self.sender.bytes() + self.recipient.bytes() + size_of::<Conversation>()
    }

    /// Returns the side of the sender.
    pub fn sender_side(&self) -> Side {
        match self.conversation.users {
            [first, _] if first == self.message.sender => Side::First,
            [_, _] => Side::Second,
        }
    }
}

/// How a client refers to a message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageRef {
    Id(MessageId),
    Name(MessageName),
    /// By Tencent's key: two numbers and the second of its time.
    Numbers {
        seq: u32,
        random: u32,
        at_s: i64,
    },
}

/// Which conversations a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationFilter {
    /// Those with a message.
    Written,
    /// Those without messages too.
    All,
    Pinned,
    /// Those with a message that are not pinned.
    Unpinned,
    Archived,
    Unread,
    /// Those with a message of the other user that was not delivered.
    Undelivered,
    /// Those off the list too.
    HiddenToo,
}

/// Names a conversation of a user: by the other user, or by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationRef {
    With(UserId),
    Key(ConversationKey),
}

/// Parses Qiscus' `options` of a room: the text of a JSON object of at most 16 KiB.
pub fn room_options(raw: &str) -> Result<String, Fault> {
    let value = serde_json::from_str(raw).map_err(|_| Fault::Malformed("the text of a JSON object"))?;
    Extras::parse(value).map(|options| Value::Object(Map::clone(options.as_object())).to_string())
}
