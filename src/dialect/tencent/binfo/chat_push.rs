//! Pushes about messages and conversations.
//!
//! One event of one kind a frame, with one element in each list of notices: the SDK handles the whole list once for
//! each element. Source: wire/tencent-messages.md section 3.

use serde_json::{Value, json};

use super::protocol::SocketUser;
use crate::{
    dialect::tencent::{
        call::CommandContext,
        messages::item::{self, Reader, Users, tiny_id},
        relations::is_shown,
    },
    domain::{ChatEvent, ChatNews, ConversationChange, Mark, Message, Moment, UserId},
};

/// The vendor's numbers of events.
const MESSAGE: u32 = 9;
const NOTIFICATION: u32 = 10;
const MODIFIED: u32 = 15;
const RECEIPT: u32 = 16;

/// Whether sessions of this vendor are sent this news.
pub(super) fn is_pushed(news: &ChatNews) -> bool {
    match &news.event {
        ChatEvent::Sent(_)
        | ChatEvent::Passing(_)
        | ChatEvent::Edited(_)
        | ChatEvent::Recalled(_)
        | ChatEvent::ReceiptsSent(_) => true,
        ChatEvent::MarkMoved { mark, .. } => *mark == Mark::Read,
        ChatEvent::Changed { change, .. } => match change {
            ConversationChange::Hidden { .. }
            | ConversationChange::Pinned
            | ConversationChange::Unpinned
            | ConversationChange::UnreadReset => true,
            ConversationChange::Cleared { .. } | ConversationChange::Archived | ConversationChange::Unarchived => false,
        },
        ChatEvent::Hidden { .. } | ChatEvent::Typing { .. } => false,
    }
}

/// Returns the pushes to a session of one of the two users.
pub(super) fn pushes(own: &SocketUser, news: &ChatNews, context: &CommandContext<'_>) -> Vec<Value> {
    let is_actor = news.actor.key == own.key;
    let peer = if is_actor { &news.other } else { &news.actor };
    let Some(side) = news.conversation.side_of(own.key).filter(|_| is_shown(&peer.id)) else { return Vec::new() };
    let users = Users { one: &news.actor, other: &news.other };
    let item = |message| item::item(context, message, users, Reader::Client);
    match &news.event {
        ChatEvent::Sent(message) if message.is_shown_to(side) => vec![messages(&json!(item(message)))],
        ChatEvent::Passing(message) if message.is_shown_to(side) => vec![messages(&json!(item(message).passing()))],
        ChatEvent::Edited(message) if message.is_shown_to(side) => vec![modified(message, users)],
        ChatEvent::Sent(_) | ChatEvent::Passing(_) | ChatEvent::Edited(_) => Vec::new(),
        ChatEvent::Recalled(recalled) => {
            let shown = recalled.iter().filter(|message| message.is_shown_to(side));
            shown.map(|message| withdrawn(message, users)).collect()
        }
        ChatEvent::MarkMoved { mark: Mark::Delivered, .. } => Vec::new(),
        ChatEvent::MarkMoved { mark: Mark::Read, turned, .. } => {
            let newest = turned.first().map(|message| message.at);
            match is_actor {
                true => vec![read_elsewhere(&peer.id, newest.unwrap_or(news.conversation.last_at))],
                false => newest.map(|newest| read_by_peer(&peer.id, newest)).into_iter().collect(),
            }
        }
        ChatEvent::ReceiptsSent(confirmed) if !is_actor => receipt(&peer.id, confirmed, users).into_iter().collect(),
        ChatEvent::Changed { change, .. } if is_actor => match change {
            ConversationChange::Hidden { .. } => vec![contact(1, "RecentContactDeleteItem", &peer.id)],
            ConversationChange::Pinned => vec![contact(2, "RecentContactTopItem", &peer.id)],
            ConversationChange::Unpinned => vec![contact(3, "RecentContactTopItem", &peer.id)],
            ConversationChange::UnreadReset => vec![read_elsewhere(&peer.id, news.conversation.last_at)],
            ConversationChange::Cleared { .. } | ConversationChange::Archived | ConversationChange::Unarchived => {
                Vec::new()
            }
        },
        ChatEvent::ReceiptsSent(_)
        | ChatEvent::Changed { .. }
        | ChatEvent::Hidden { .. }
        | ChatEvent::Typing { .. } => Vec::new(),
    }
}

fn messages(item: &Value) -> Value {
    json!({ "Event": MESSAGE, "C2cMsgArray": [item] })
}

fn notification(notice: &Value) -> Value {
    json!({ "Event": NOTIFICATION, "C2cNotifyMsgArray": [notice] })
}

/// The reader is in `To_Account`.
fn read_by_peer(reader: &UserId, upto: Moment) -> Value {
    notification(&json!({ "C2cReadedReceipt": {
        "To_Account": reader.as_str(),
        "UinPairReadArray": [{ "LastReadTime": upto.unix_s() }],
    } }))
}

/// Another session of the user has read what the other user wrote.
fn read_elsewhere(peer: &UserId, upto: Moment) -> Value {
    let read = json!({ "From_Account": peer.as_str(), "LastReadTime": upto.unix_s() });
    notification(&json!({ "ReadC2cMsgNotify": { "UinPairReadArray": [read] } }))
}

/// The keys differ from those of messages: `MsgRand`, `MsgTime`. lite-chat needs `RevokerInfo`.
fn withdrawn(message: &Message, users: Users<'_>) -> Value {
    let (sender, recipient) = users.of(message);
    notification(&json!({ "WithdrawC2cMsgNotify": { "C2cWithdrawInfoArray": [{
        "From_Account": sender.id.as_str(),
        "To_Account": recipient.id.as_str(),
        "MsgSeq": message.numbers.seq,
        "MsgRand": message.numbers.random,
        "MsgTime": message.at.unix_s(),
        "MsgClientTime": message.numbers.client_time_s,
        "TinyId": tiny_id(sender.key),
        "RevokerInfo": item::revoker(message, users),
    }] } }))
}

fn modified(message: &Message, users: Users<'_>) -> Value {
    let (sender, recipient) = users.of(message);
    json!({ "Event": MODIFIED, "C2cMsgModNotifys": [{
        "From_Account": sender.id.as_str(),
        "To_Account": recipient.id.as_str(),
        "MsgSeq": message.numbers.seq,
        "MsgRandom": message.numbers.random,
        "MsgTimeStamp": message.at.unix_s(),
        "MsgVersion": message.version,
        "MsgBody": item::body(message),
        "CloudCustomData": message.data.cloud.as_str(),
    }] })
}

/// None if no message is left.
fn receipt(reader: &UserId, confirmed: &[Message], users: Users<'_>) -> Option<Value> {
    let at = confirmed.iter().filter_map(|message| message.receipt_at).max()?;
    let info = |message: &Message| {
        let (sender, recipient) = users.of(message);
        json!({
            "From_Account": sender.id.as_str(),
            "To_Account": recipient.id.as_str(),
            "MsgSeq": message.numbers.seq,
            "MsgRandom": message.numbers.random,
            "MsgTime": message.at.unix_s(),
            "MsgClientTime": message.numbers.client_time_s,
            "TinyId": tiny_id(sender.key),
        })
    };
    let messages: Vec<Value> = confirmed.iter().map(info).collect();
    Some(json!({
        "Event": RECEIPT, "Peer_Account": reader.as_str(), "PeerReadTime": at.unix_s(), "C2cMsgInfo": messages,
    }))
}

/// Both names of the other user: the two SDKs read different ones.
fn contact(push_type: u32, key: &str, peer: &UserId) -> Value {
    let contact = json!({ "Type": 1, "Peer_Account": peer.as_str(), "To_Account": peer.as_str() });
    json!({ "RecentContactMod": [{ "PushType": push_type, key: { "RecentContactList": [contact] } }] })
}
