//! `openim.getmsg`: unread counts, and what a client missed.
//!
//! Counts, missed messages and the cookie are as of one event: the last one that the session was sent. Messages after
//! it are pushed and counted by the SDK.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    actor,
    fields::{Actor, Whole},
    history::bytes_of,
    item::{MessageItem, Reader, Users, item},
};
use crate::{
    dialect::tencent::{
        body::body,
        call::{CommandCall, CommandResult},
        relations::is_shown,
        reply::{ResponseFields, TencentError},
    },
    domain::{MessageId, MessageView},
};

/// Missed messages in one answer: the newest. The SDK reads older ones as history.
const MISSED_MAX: u32 = 100;

body! {
    /// What the client knows already.
    struct SyncRequest as "GetMessages" {
        from: Option<Actor> = "From_Account",
        /// The cookie of the last answer; empty at first.
        cookie: Option<Whole> = "Cookie" eg "",
    }
}

/// Unread counts, and what the client missed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(in crate::dialect::tencent) struct Synced {
    msg_list: Vec<MessageItem>,
    /// 2: this is all.
    sync_flag: u8,
    /// A number in decimal digits, never empty: the SDK drops an answer with an empty cookie.
    cookie: String,
    #[serde(rename = "C2CPairUnreadCount")]
    unread: Vec<UnreadPair>,
    #[serde(rename = "C2CRemainingUnreadCount")]
    remaining: Vec<UnreadPair>,
}

impl ResponseFields for Synced {
    fn bytes(&self) -> usize {
        bytes_of(&self.msg_list) + 64 * self.unread.len()
    }
}

/// The unread messages of one conversation.
#[derive(Serialize, ToSchema)]
struct UnreadPair {
    #[serde(rename = "From_Account")]
    peer: String,
    #[serde(rename = "UnreadCount")]
    count: u32,
}

pub(in crate::dialect::tencent) async fn get(call: CommandCall<'_>, request: SyncRequest) -> CommandResult<Synced> {
    let owner = actor(call, request.from)?;
    let (service, tenant) = (call.context.service, call.context.tenant);
    let sent = call.context.position.map(|position| MessageId(position.sent));
    let counts = service.unread_by_peer(tenant, call.key(), &owner, sent).await?;
    let upto = sent.unwrap_or(MessageId(counts.seq));
    let mut missed = Vec::new();
    if let Some(Whole(cookie)) = request.cookie {
        let after = MessageId(cookie);
        missed = service.messages_since(tenant, call.key(), &owner, after, MISSED_MAX).await?;
    }
    missed.retain(|view: &MessageView| {
        view.message.id <= upto && is_shown(&view.sender.id) && is_shown(&view.recipient.id)
    });
    let unread = counts.pairs.iter().filter(|(peer, _)| is_shown(peer));
    let unread = unread.map(|(peer, count)| UnreadPair { peer: peer.as_str().to_owned(), count: *count });
    let msg_list = missed.iter().map(|view| {
        let users = Users { one: &view.sender, other: &view.recipient };
        item(call.context, &view.message, users, Reader::Client)
    });
    Ok(Synced {
        msg_list: msg_list.collect(),
        sync_flag: 2,
        cookie: upto.0.to_string(),
        unread: unread.collect(),
        remaining: Vec::new(),
    })
}
