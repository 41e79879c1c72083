//! History: `openim.getroammsg` of the SDK and `admin_getroammsg` of back ends.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    actor,
    fields::{Actor, MessageKey, Recipient, Whole},
    is_no_pair,
    item::{MessageItem, Reader, Users, item},
};
use crate::{
    dialect::tencent::{
        body::body,
        call::{CommandCall, CommandResult},
        relations::is_shown,
        reply::{ErrorCode, ResponseFields, TencentError},
    },
    domain::{ConversationRef, Error, Message, Moment, Owner, Resource, UserId},
    service::conversations::reads::{History, HistoryRequest, HistoryStart},
};

/// Messages on one page, however many are asked for.
const PAGE_MAX: u32 = 100;

/// Messages on one page if no number is given.
const PAGE: u32 = 15;

body! {
    /// A page of a conversation, as the SDK asks for it.
    struct HistoryOfPeerRequest as "RoamMessages" {
        from: Option<Actor> = "From_Account",
        /// The other user.
        peer: Recipient = "Peer_Account",
        limit: Option<u32> = "MaxCnt" eg 15,
        /// In seconds of Unix time; 0 or none: now, or the beginning.
        time: Option<Whole> = "LastMsgTime" eg 0,
        key: Option<MessageKey> = "MsgKey",
        with_recalled: Option<u32> = "WithRecalledMsg" eg 1,
        /// 0: towards older messages; 1: towards newer ones.
        direction: Option<u32> = "GetDirection" eg 0,
    }

    /// A page of the conversation of two users, newest page first.
    struct HistoryRequestOfBackEnd as "AdminRoamMessages" {
        /// The user whose history it is.
        operator: Actor = "Operator_Account" eg "user1",
        /// The other user.
        peer: Recipient = "Peer_Account",
        /// Messages at most; 100 if it is greater.
        limit: Option<u32> = "MaxCnt" eg 100,
        /// Only messages from this second of Unix time on.
        from: Option<Whole> = "MinTime" eg 1700000000,
        /// Only messages up to this second of Unix time.
        to: Option<Whole> = "MaxTime" eg 1800000000,
        /// The `LastMsgKey` of the page before.
        key: Option<MessageKey> = "LastMsgKey" eg "",
    }
}

/// A page, oldest message first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = MessagePage)]
pub(in crate::dialect::tencent) struct Page {
    complete: u8,
    msg_cnt: usize,
    last_msg_time: i64,
    msg_key: String,
    msg_list: Vec<MessageItem>,
}

impl ResponseFields for Page {
    fn bytes(&self) -> usize {
        bytes_of(&self.msg_list)
    }
}

pub(super) fn bytes_of(items: &[MessageItem]) -> usize {
    512 + items.iter().map(MessageItem::bytes).sum::<usize>()
}

/// Reads a page; none if the two users have no conversation, or this dialect does not show the other one.
async fn read(
    call: CommandCall<'_>,
    owner: &Owner,
    peer: &UserId,
    request: HistoryRequest,
) -> Result<Option<History>, Error> {
    if !is_shown(peer) {
        return Ok(None);
    }
    let of = ConversationRef::With(peer.clone());
    let found = call.context.service.history(call.context.tenant, call.key(), owner, &of, request).await;
    match found {
        Err(error) if is_no_pair(&error) => Ok(None),
        found => found.map(Some),
    }
}

/// Direction 1 includes the second that it begins with, because the SDK resumes by time.
fn start(is_forward: bool, time: Option<&Whole>, key: Option<MessageKey>) -> HistoryStart {
    let time = time.filter(|time| time.0 > 0);
    match (is_forward, key) {
        (true, _) => HistoryStart::FromTime(time.map_or(Moment::from_micros(0), Whole::second)),
        (false, Some(key)) => {
            let at = Moment::from_micros(key.at_s.saturating_mul(1_000_000));
            HistoryStart::BeforeNumbered { seq: key.seq, random: key.random, at }
        }
        (false, None) => time.map_or(HistoryStart::Newest, |time| HistoryStart::BeforeTime(time.second())),
    }
}

pub(in crate::dialect::tencent) async fn get(
    call: CommandCall<'_>,
    request: HistoryOfPeerRequest,
) -> CommandResult<Page> {
    let owner = actor(call, request.from)?;
    let is_forward = request.direction == Some(1);
    let history = HistoryRequest {
        from: start(is_forward, request.time.as_ref(), request.key),
        limit: request.limit.filter(|limit| *limit > 0).unwrap_or(PAGE).min(PAGE_MAX),
        with_recalled: request.with_recalled == Some(1),
    };
    let Some(found) = read(call, &owner, &request.peer.0, history).await? else { return Ok(Page::empty()) };
    let History { me, peer, mut messages, is_complete, .. } = found;
    if !is_forward {
        messages.reverse();
    }
    let end = if is_forward { messages.last() } else { messages.first() };
    let (last_msg_time, msg_key) = end.map_or((0, String::new()), time_and_key);
    let users = Users { one: &me, other: &peer };
    let msg_list: Vec<MessageItem> =
        messages.iter().map(|message| item(call.context, message, users, Reader::Client)).collect();
    Ok(Page { complete: is_complete.into(), msg_cnt: msg_list.len(), last_msg_time, msg_key, msg_list })
}

fn time_and_key(message: &Message) -> (i64, String) {
    (message.at.unix_s(), MessageKey::of(message).to_string())
}

impl Page {
    fn empty() -> Self {
        Self { complete: 1, msg_cnt: 0, last_msg_time: 0, msg_key: String::new(), msg_list: Vec::new() }
    }
}

/// A page of the conversation of two users, oldest message first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = AdminMessagePage)]
pub(in crate::dialect::tencent) struct PageForBackEnd {
    /// 1: there are no older messages in the range.
    complete: u8,
    /// The messages on this page.
    msg_cnt: usize,
    /// The time of the oldest message on this page.
    last_msg_time: i64,
    /// The key of the oldest message on this page: give it for the next one.
    last_msg_key: String,
    msg_list: Vec<MessageItem>,
}

impl ResponseFields for PageForBackEnd {
    fn bytes(&self) -> usize {
        bytes_of(&self.msg_list)
    }
}

pub(in crate::dialect::tencent) async fn get_for_back_end(
    call: CommandCall<'_>,
    request: HistoryRequestOfBackEnd,
) -> CommandResult<PageForBackEnd> {
    let (owner, peer) = (request.operator.0, request.peer.0);
    known(call, &owner, &peer).await?;
    let history = HistoryRequest {
        from: start(false, request.to.as_ref(), request.key),
        limit: request.limit.filter(|limit| *limit > 0).unwrap_or(PAGE_MAX).min(PAGE_MAX),
        with_recalled: true,
    };
    let found = read(call, &owner, &peer, history).await?;
    let Some(History { me, peer, mut messages, is_complete, .. }) = found else {
        let (last_msg_key, msg_list) = (String::new(), Vec::new());
        return Ok(PageForBackEnd { complete: 1, msg_cnt: 0, last_msg_time: 0, last_msg_key, msg_list });
    };
    let from = request.from.map_or(0, |from| from.0);
    let in_range = messages.iter().take_while(|message| message.at.unix_s() >= from).count();
    let is_complete = is_complete || in_range < messages.len();
    messages.truncate(in_range);
    messages.reverse();
    let (last_msg_time, last_msg_key) = messages.first().map_or((0, String::new()), time_and_key);
    let users = Users { one: &me, other: &peer };
    let msg_list: Vec<MessageItem> =
        messages.iter().map(|message| item(call.context, message, users, Reader::BackEnd)).collect();
    Ok(PageForBackEnd { complete: is_complete.into(), msg_cnt: msg_list.len(), last_msg_time, last_msg_key, msg_list })
}

/// Requires both users of a call of a back end.
/// # Errors
/// 90048.
pub(super) async fn known(call: CommandCall<'_>, owner: &Owner, peer: &UserId) -> Result<(), TencentError> {
    let exists = async |id: &UserId| call.context.service.find_user(call.context.tenant, id).await;
    let is_owner_known = match owner {
        Owner::Named(id) => exists(id).await?.is_some(),
        Owner::Itself(_) => true,
    };
    match is_owner_known && exists(peer).await?.is_some() {
        true => Ok(()),
        false => Err(no_such_account()),
    }
}

pub(super) fn no_such_account() -> TencentError {
    TencentError::Coded(ErrorCode::NoSuchOperator, Error::NotFound(Resource::User).to_string())
}
