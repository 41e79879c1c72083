//! A message as this dialect shows it: one form in pushes, history and synchronization.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{elements, fields::MessageKey};
use crate::{
    dialect::tencent::{call::CommandContext, tags::Tag},
    domain::{Message, User, UserKey},
};

/// The vendor's user numbers have 18 digits, so ours start here.
const TINY_ID_BASE: i64 = 1 << 57;

/// Returns the number of a user in the SDK.
pub(in crate::dialect::tencent) fn tiny_id(user: UserKey) -> String {
    (TINY_ID_BASE + user.0).to_string()
}

/// `MsgFlagBits` and `LastMsgFlags` of a recalled message.
pub(super) const RECALLED: u32 = 8;

/// A message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = MessageItem)]
pub(in crate::dialect::tencent) struct MessageItem {
    /// The sender.
    #[serde(rename = "From_Account")]
    from: String,
    /// The recipient.
    #[serde(rename = "To_Account")]
    to: String,
    /// The client's own number; it counts nothing.
    msg_seq: u32,
    msg_random: u32,
    /// In seconds of Unix time.
    msg_time_stamp: i64,
    /// The time by the client's clock, in seconds of Unix time.
    msg_client_time: u32,
    /// The sender's number in the SDK. Only on the socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tiny_id: Option<String>,
    #[serde(rename = "From_AccountNick")]
    nick: String,
    #[serde(rename = "From_AccountHeadurl")]
    picture: String,
    /// Elements; of a recalled message, one empty text.
    #[schema(value_type = Vec<Object>)]
    msg_body: Value,
    cloud_custom_data: String,
    is_need_read_receipt: u8,
    /// 1: the recipient has confirmed that it has read it.
    is_peer_read: u8,
    /// 8: recalled; else 0.
    msg_flag_bits: u32,
    /// Of a recalled message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    revoker_info: Option<RevokerInfo>,
    /// The number of changes, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    msg_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    send_msg_control: Option<SendControl>,
    /// 0 on a message that is not stored; else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    msg_life_time: Option<u32>,
    /// `MsgSeq_MsgRandom_MsgTimeStamp`.
    msg_key: String,
}

/// The user that recalled a message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(in crate::dialect::tencent) struct RevokerInfo {
    #[serde(rename = "Revoker_Account")]
    account: String,
    reason: String,
}

/// What the sender asked for.
#[derive(Serialize, ToSchema)]
struct SendControl {
    #[serde(rename = "NoUnread", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    no_unread: Option<u8>,
    #[serde(rename = "NoLastMsg", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    no_last_msg: Option<u8>,
}

/// The two users of a message.
#[derive(Clone, Copy)]
pub(in crate::dialect::tencent) struct Users<'a> {
    pub(in crate::dialect::tencent) one: &'a User,
    pub(in crate::dialect::tencent) other: &'a User,
}

impl<'a> Users<'a> {
    /// Returns the sender and the recipient of a message.
    pub(in crate::dialect::tencent) fn of(self, message: &Message) -> (&'a User, &'a User) {
        if message.sender == self.one.key { (self.one, self.other) } else { (self.other, self.one) }
    }

    fn by_key(self, key: UserKey) -> Option<&'a User> {
        [self.one, self.other].into_iter().find(|user| user.key == key)
    }
}

/// Who reads a message: only the SDK knows users by numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dialect::tencent) enum Reader {
    Client,
    BackEnd,
}

pub(in crate::dialect::tencent) fn item(
    context: &CommandContext<'_>,
    message: &Message,
    users: Users<'_>,
    reader: Reader,
) -> MessageItem {
    let (sender, recipient) = users.of(message);
    let (nick, picture) = nick_and_picture(context, sender);
    let yes = |flag: bool| flag.then_some(1);
    let flags = message.flags;
    let control = SendControl { no_unread: yes(flags.is_uncounted), no_last_msg: yes(flags.is_unlisted) };
    MessageItem {
        from: sender.id.as_str().to_owned(),
        to: recipient.id.as_str().to_owned(),
        msg_seq: message.numbers.seq,
        msg_random: message.numbers.random,
        msg_time_stamp: message.at.unix_s(),
        msg_client_time: message.numbers.client_time_s,
        tiny_id: (reader == Reader::Client).then(|| tiny_id(sender.key)),
        nick,
        picture,
        msg_body: elements::elements(message),
        cloud_custom_data: message.data.cloud.as_str().to_owned(),
        is_need_read_receipt: flags.wants_receipt.into(),
        is_peer_read: message.receipt_at.is_some().into(),
        msg_flag_bits: flag_bits(message),
        revoker_info: revoker(message, users),
        msg_version: Some(message.version).filter(|version| *version > 0),
        send_msg_control: Some(control).filter(|_| flags.is_uncounted || flags.is_unlisted),
        msg_life_time: None,
        msg_key: MessageKey::of(message).to_string(),
    }
}

impl MessageItem {
    /// Returns the item of a message that is not stored.
    pub(in crate::dialect::tencent) fn passing(self) -> Self {
        Self { msg_life_time: Some(0), ..self }
    }

    /// Returns the rough size in a response.
    pub(super) fn bytes(&self) -> usize {
        let text = self.msg_body.as_array().map_or(0, |elements| elements.len() * 200);
        600 + text + self.cloud_custom_data.len()
    }
}

pub(in crate::dialect::tencent) fn revoker(message: &Message, users: Users<'_>) -> Option<RevokerInfo> {
    message.recall.as_ref().map(|recall| RevokerInfo {
        account: users.by_key(recall.by).map_or("", |user| user.id.as_str()).to_owned(),
        reason: recall.reason.clone(),
    })
}

/// Returns the `MsgBody` of a message.
pub(in crate::dialect::tencent) fn body(message: &Message) -> Value {
    elements::elements(message)
}

pub(super) fn flag_bits(message: &Message) -> u32 {
    if message.is_recalled() { RECALLED } else { 0 }
}

pub(super) fn nick_and_picture(context: &CommandContext<'_>, user: &User) -> (String, String) {
    let shown = |tag: &Tag| tag.value(context, user).and_then(|value| value.as_str().map(str::to_owned));
    (shown(&Tag::Nick).unwrap_or_default(), shown(&Tag::Image).unwrap_or_default())
}
