//! Lists of conversations, and what a user changes of a conversation for itself.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    actor, elements,
    fields::{Actor, Recipient, Whole},
    is_no_pair,
    item::{RevokerInfo, Users, flag_bits, nick_and_picture, revoker},
    pair_error,
};
use crate::{
    dialect::tencent::{
        body::{AccountItems, PerAccount, body},
        call::{CommandCall, CommandResult, OwnEvent, TencentCaller},
        relations::is_shown,
        reply::{Family, NoFields, ResponseFields, TencentError, result},
    },
    domain::{
        ContactName, ConversationChange, ConversationFilter, ConversationRef, ConversationView, Error, Fault, Message,
        MessageId, Moment, Owner, PINS_MAX, UserId,
    },
    service::conversations::reads::ConversationPage,
};

/// Conversations on one page, beside the pinned ones.
const PAGE: u32 = 100;

/// The vendor's number of a conversation of two users.
const PAIR: u32 = 1;

body! {
    /// A page of the conversations of a user, as the SDK asks for it.
    struct PageRequest as "RecentContacts" {
        from: Option<Actor> = "From_Account",
        /// From the answer before; 0 at first.
        start: Option<Whole> = "StartIndex" eg 0,
    }

    /// A page of the conversations of a user. The numbers of the answer before come back in the next call; 0 at first.
    struct ListRequest as "RecentContactList" {
        owner: Owner = "From_Account" eg "user1",
        /// Not read: `StartIndex` names the place.
        _time: Option<Whole> = "TimeStamp" eg 0,
        start: Option<Whole> = "StartIndex" eg 0,
        /// Conversations at most, beside pinned ones; 100 if it is greater or not given.
        limit: Option<u32> = "Count" eg 100,
        /// Not read.
        _top_time: Option<Whole> = "TopTimeStamp" eg 0,
        /// Not read.
        _top_start: Option<Whole> = "TopStartIndex" eg 0,
        /// Not read.
        _assist: Option<u32> = "AssistFlags" eg 0,
    }

    /// Conversations to pin or to unpin.
    struct TopRequest<'a> as "PinContacts" {
        from: Option<Actor> = "From_Account",
        /// 1: pin; 2: unpin.
        operation: u32 = "OperationType" eg 1,
        contacts: AccountItems<'a, ContactItem> = "RecentContactItem",
    }

    /// Conversations to delete from the list.
    struct BatchDeleteRequest<'a> as "DeleteContacts" {
        from: Option<Actor> = "From_Account",
        contacts: AccountItems<'a, ContactItem> = "ContactItem",
        /// 1: their messages are gone for the user too.
        clear: Option<u32> = "ClearRamble" eg 0,
    }

    /// A conversation.
    struct ContactItem as "ContactItem" {
        /// 1: of two users.
        kind: Option<u32> = "Type" eg 1,
        with: UserId = "To_Account",
    }

    /// A conversation whose messages the client deletes for itself.
    struct ClearRequest as "ClearMessages" {
        from: Option<Actor> = "From_Account",
        kind: Option<u32> = "Type" eg 1,
        with: Recipient = "To_Account",
    }

    /// A conversation to delete from the list of a user.
    struct DeleteRequest as "RecentContactDelete" {
        owner: Owner = "From_Account" eg "user1",
        /// 1: a conversation of two users. Groups are not served.
        kind: u32 = "Type" eg 1,
        with: Recipient = "To_Account",
        /// 1: its messages are gone for the user too.
        clear: Option<u32> = "ClearRamble" eg 0,
    }
}

/// One page of conversations, and where the next one begins.
struct Contacts {
    items: Vec<ConversationView>,
    /// None after the last page.
    next: Option<MessageId>,
    next_at: Moment,
}

impl Contacts {
    /// Reads the page below `start`: the pinned conversations come with the first one. After a reconnect (`since`), the
    /// list is of the conversations with a message above that event alone.
    async fn read(
        call: CommandCall<'_>,
        owner: &Owner,
        start: Option<&Whole>,
        limit: u32,
        since: Option<i64>,
    ) -> Result<Self, TencentError> {
        let (service, tenant) = (call.context.service, call.context.tenant);
        let start = start.filter(|start| start.0 > 0).map(|start| MessageId(start.0));
        let list = async |filter, before: Option<MessageId>, limit| {
            let page = ConversationPage::first(filter, limit);
            let page = ConversationPage { before: before.unwrap_or(MessageId::MAX), ..page };
            Ok::<_, Error>(service.conversations(tenant, call.key(), owner, page).await?.items)
        };
        let mut items = match (since, start) {
            (None, None) => list(ConversationFilter::Pinned, None, PINS_MAX).await?,
            (Some(_), _) | (None, Some(_)) => Vec::new(),
        };
        let filter = if since.is_some() { ConversationFilter::Written } else { ConversationFilter::Unpinned };
        let mut rest = list(filter, start, limit).await?;
        let is_full = rest.len() >= limit as usize;
        let is_new = |view: &ConversationView| since.is_none_or(|since| view.own.listed.0 > since);
        let last = rest.last().filter(|last| is_full && is_new(last));
        let next = last.map(|last| last.own.listed);
        let next_at = last.map_or(Moment::from_micros(0), at);
        rest.retain(is_new);
        items.extend(rest);
        items.retain(|view| is_shown(&view.peer.id));
        Ok(Self { items, next, next_at })
    }

    fn place(&self) -> Place {
        Place {
            complete_flag: self.next.is_none().into(),
            time_stamp: self.next_at.unix_s(),
            start_index: self.next.map_or(0, |next| next.0),
            top_time_stamp: 0,
            top_start_index: 0,
        }
    }
}

/// When the last message of a conversation was sent.
fn at(view: &ConversationView) -> Moment {
    view.last.as_ref().map_or(view.conversation.last_at, |last| last.at)
}

/// Where the next page begins.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ContactPlace)]
struct Place {
    /// 1: this is the last page.
    complete_flag: u8,
    time_stamp: i64,
    start_index: i64,
    /// 0: pinned conversations come with the first page.
    top_time_stamp: i64,
    top_start_index: i64,
}

/// A page of conversations.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactPage)]
pub(in crate::dialect::tencent) struct Page {
    #[serde(rename = "SessionItem")]
    items: Vec<Contact>,
    #[serde(flatten)]
    place: Place,
}

impl ResponseFields for Page {
    fn bytes(&self) -> usize {
        512 + 1024 * self.items.len()
    }
}

/// A conversation as the SDK lists it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Contact {
    r#type: u32,
    #[serde(rename = "To_Account")]
    peer: String,
    msg_time_stamp: i64,
    msg_seq: u32,
    msg_random: u32,
    unread_msg_count: u32,
    #[serde(rename = "LastC2cMsgFrom_Account")]
    last_from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_msg: Option<LastMessage>,
    last_msg_flags: u32,
    #[serde(rename = "C2cPeerReadTime")]
    peer_read_time: i64,
    top_flags: u8,
    #[serde(rename = "C2cNick")]
    nick: String,
    #[serde(rename = "C2cImage")]
    image: String,
    #[serde(rename = "C2cRemark")]
    remark: String,
    msg_recv_option: u32,
    standard_mark: &'static str,
    custom_mark: &'static str,
    contact_group_id: [u32; 0],
}

/// The last message of a conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct LastMessage {
    #[schema(value_type = Vec<Object>)]
    msg_body: Value,
    cloud_custom_data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoker_info: Option<RevokerInfo>,
}

pub(in crate::dialect::tencent) async fn page(call: CommandCall<'_>, request: PageRequest) -> CommandResult<Page> {
    let owner = actor(call, request.from)?;
    let since = call.context.position.and_then(|position| position.resumed_behind);
    let contacts = Contacts::read(call, &owner, request.start.as_ref(), PAGE, since).await?;
    let peers = contacts.items.iter().map(|view| view.peer.id.clone()).collect();
    let friends = call.lists(&owner).friends_among(peers).await?;
    let items = contacts.items.iter().zip(friends).map(|(view, friend)| {
        let remark = friend.and_then(|friend| friend.remark);
        contact(call, view, remark.as_ref().map_or("", ContactName::as_str))
    });
    Ok(Page { items: items.collect(), place: contacts.place() })
}

fn contact(call: CommandCall<'_>, view: &ConversationView, remark: &str) -> Contact {
    let (nick, image) = nick_and_picture(call.context, &view.peer);
    let last = view.last.as_ref();
    let last_from = last.map_or("", |last| match call.caller {
        TencentCaller::User(user) if last.sender == user.key => user.id.as_str(),
        TencentCaller::User(_) | TencentCaller::BackEnd => view.peer.id.as_str(),
    });
    let last_msg = |last: &Message| LastMessage {
        msg_body: elements::elements(last),
        cloud_custom_data: last.data.cloud.as_str().to_owned(),
        revoker_info: match call.caller {
            TencentCaller::User(user) => revoker(last, Users { one: user, other: &view.peer }),
            TencentCaller::BackEnd => None,
        },
    };
    Contact {
        r#type: PAIR,
        peer: view.peer.id.as_str().to_owned(),
        msg_time_stamp: at(view).unix_s(),
        msg_seq: last.map_or(0, |last| last.numbers.seq),
        msg_random: last.map_or(0, |last| last.numbers.random),
        unread_msg_count: view.own.unread,
        last_from: last_from.to_owned(),
        last_msg: last.map(last_msg),
        last_msg_flags: last.map_or(0, flag_bits),
        peer_read_time: view.theirs.read_at.map_or(0, Moment::unix_s),
        top_flags: view.own.pinned_at.is_some().into(),
        nick,
        image,
        remark: remark.to_owned(),
        msg_recv_option: 0,
        standard_mark: "",
        custom_mark: "",
        contact_group_id: [],
    }
}

/// A page of conversations.
#[derive(Serialize, ToSchema)]
#[schema(as = RecentContactPage)]
pub(in crate::dialect::tencent) struct List {
    #[serde(rename = "SessionItem")]
    items: Vec<ListedContact>,
    #[serde(flatten)]
    place: Place,
}

impl ResponseFields for List {}

/// A conversation of a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = RecentContactItem)]
struct ListedContact {
    /// 1: of two users.
    r#type: u32,
    #[serde(rename = "To_Account")]
    peer: String,
    /// When the last message was sent, in seconds of Unix time.
    msg_time: i64,
    /// 1: pinned.
    top_flag: u8,
}

pub(in crate::dialect::tencent) async fn list(call: CommandCall<'_>, request: ListRequest) -> CommandResult<List> {
    let limit = request.limit.filter(|limit| *limit > 0).unwrap_or(PAGE).min(PAGE);
    let contacts = Contacts::read(call, &request.owner, request.start.as_ref(), limit, None).await?;
    let item = |view: &ConversationView| ListedContact {
        r#type: PAIR,
        peer: view.peer.id.as_str().to_owned(),
        msg_time: at(view).unix_s(),
        top_flag: view.own.pinned_at.is_some().into(),
    };
    Ok(List { items: contacts.items.iter().map(item).collect(), place: contacts.place() })
}

/// Changes a conversation of a user. Without a conversation, nothing is to change.
async fn change(
    call: CommandCall<'_>,
    owner: &Owner,
    with: &UserId,
    change: ConversationChange,
) -> Result<(), TencentError> {
    let (service, tenant) = (call.context.service, call.context.tenant);
    let with = ConversationRef::With(with.clone());
    let seq = service.change_conversation(tenant, owner, &with, change).await.map_err(pair_error)?;
    seq.into_iter().for_each(|seq| call.context.own_events.add(OwnEvent::Stored(seq)));
    Ok(())
}

/// Refuses conversations of groups.
fn pair(kind: Option<u32>) -> Result<(), TencentError> {
    match kind {
        None | Some(PAIR) => Ok(()),
        Some(_) => {
            let info = format!("Type {}: groups are not served", Fault::NotOneOf("1"));
            Err(TencentError::BadParameter(info))
        }
    }
}

async fn change_each(
    call: CommandCall<'_>,
    owner: &Owner,
    contacts: PerAccount<'_, ContactItem>,
    how: ConversationChange,
) -> Result<Vec<ContactOutcome>, TencentError> {
    let mut outcomes = Vec::with_capacity(contacts.len());
    for (account, contact) in contacts {
        let changed = match contact.and_then(|contact| pair(contact.kind).map(|()| contact.with)) {
            Ok(with) => change(call, owner, &with, how).await,
            Err(refused) => Err(refused),
        };
        if let Err(refused) = &changed
            && refused.may_succeed_later()
        {
            return changed.map(|()| outcomes);
        }
        let (result_code, result_info) = result(Family::Messages, changed);
        outcomes.push(ContactOutcome { r#type: PAIR, account: account.to_owned(), result_code, result_info });
    }
    Ok(outcomes)
}

pub(in crate::dialect::tencent) async fn top(
    call: CommandCall<'_>,
    request: TopRequest<'_>,
) -> CommandResult<NoFields> {
    let owner = actor(call, request.from)?;
    let how = match request.operation {
        1 => ConversationChange::Pinned,
        2 => ConversationChange::Unpinned,
        _ => {
            let info = format!("OperationType {}", Fault::NotOneOf("1, 2"));
            return Err(TencentError::BadParameter(info));
        }
    };
    for (_, contact) in request.contacts.0 {
        let contact = contact?;
        pair(contact.kind)?;
        change(call, &owner, &contact.with, how).await?;
    }
    Ok(NoFields {})
}

/// The result for each conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(in crate::dialect::tencent) struct ContactOutcomes {
    result_item: Vec<ContactOutcome>,
}

impl ResponseFields for ContactOutcomes {}

/// The result for one conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct ContactOutcome {
    r#type: u32,
    #[serde(rename = "To_Account")]
    account: String,
    result_code: u32,
    result_info: String,
}

fn deletion(clear: Option<u32>) -> ConversationChange {
    ConversationChange::Hidden { is_cleared: clear == Some(1) }
}

pub(in crate::dialect::tencent) async fn delete_many(
    call: CommandCall<'_>,
    request: BatchDeleteRequest<'_>,
) -> CommandResult<ContactOutcomes> {
    let owner = actor(call, request.from)?;
    let result_item = change_each(call, &owner, request.contacts.0, deletion(request.clear)).await?;
    Ok(ContactOutcomes { result_item })
}

pub(in crate::dialect::tencent) async fn delete(
    call: CommandCall<'_>,
    request: DeleteRequest,
) -> CommandResult<NoFields> {
    pair(Some(request.kind))?;
    change(call, &request.owner, &request.with.0, deletion(request.clear)).await?;
    Ok(NoFields {})
}

pub(in crate::dialect::tencent) async fn clear(
    call: CommandCall<'_>,
    request: ClearRequest,
) -> CommandResult<NoFields> {
    let owner = actor(call, request.from)?;
    pair(request.kind)?;
    let (service, tenant) = (call.context.service, call.context.tenant);
    let with = ConversationRef::With(request.with.0);
    // Names the newest message, because a later one stays.
    let view = match service.conversation(tenant, &owner, &with, true).await {
        Err(error) if is_no_pair(&error) => None,
        view => view?,
    };
    let Some(view) = view else { return Ok(NoFields {}) };
    let upto = view.own.listed.max(view.own.incoming);
    let how = ConversationChange::Cleared { upto };
    let seq = service.change_conversation(tenant, &owner, &with, how).await.map_err(pair_error)?;
    seq.into_iter().for_each(|seq| call.context.own_events.add(OwnEvent::Stored(seq)));
    Ok(NoFields {})
}
