//! How far users have read, and confirmations that they have.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    actor,
    fields::{Actor, MessageKey, Recipient, Whole},
    history, is_no_pair, pair_error,
};
use crate::{
    dialect::tencent::{
        account::USER_ID_BYTES_MAX,
        body::{
            Accounts, BodyField, BoundedList, FieldType, ListItem, PerAccount, RequestBody as _, Schemas, body,
            schema_ref,
        },
        call::{CommandCall, CommandResult, OwnEvent},
        reply::{NoFields, ResponseFields, TencentError},
        status::StatusMissing,
    },
    domain::{ConversationRef, Error, Mark, MessageRef, Moment, Owner, UserId},
    service::conversations::{
        marks::{MarkRequest, UpTo},
        reads::CONVERSATIONS_MAX,
    },
};

/// Conversations in one call.
const PAIRS_MAX: usize = 100;

/// How often the call that reads all reads the latest 1,000 conversations with unread messages.
const READ_ALL_ROUNDS_MAX: usize = 10;

/// Messages in one call.
const RECEIPTS_MAX: usize = 100;

/// Accounts in one call of a back end about unread messages. "At most 10."
const UNREAD_PEERS_MAX: usize = 10;

body! {
    /// Conversations that the client has read.
    struct ReadRequest<'a> as "MessagesRead" {
        from: Option<Actor> = "From_Account",
        read: ReadPairs<'a> = "C2CMsgReaded",
    }

    /// Conversations that the client has read.
    struct ReadPairsRequest<'a> as "MessagesReadPairs" {
        items: BoundedList<ReadPair<'a>, PAIRS_MAX> = "C2CMsgReadedItem",
    }

    /// Up to when a conversation was read.
    struct ReadPairRequest as "MessagesReadPair" {
        to: Recipient = "To_Account",
        /// In seconds of Unix time.
        time: Whole = "LastedMsgTime" eg 1700000000,
    }

    /// Users whose read times to return.
    struct ReadTimesRequest<'a> as "PeerReadTimes" {
        from: Option<Actor> = "From_Account",
        peers: Accounts<'a, PAIRS_MAX> = "To_Account",
    }

    /// Messages that the client has read.
    struct ReceiptRequest<'a> as "ReadReceipts" {
        from: Option<Actor> = "From_Account",
        peer: Recipient = "Peer_Account",
        messages: BoundedList<ReceiptItem<'a>, RECEIPTS_MAX> = "C2CMsgInfo",
    }

    /// A message that the client has read.
    struct ReceiptItemRequest as "ReadReceipt" {
        seq: u32 = "MsgSeq" eg 48374,
        random: u32 = "MsgRandom" eg 12345,
        time: Whole = "MsgTime" eg 1700000000,
    }

    /// Reads all conversations.
    struct ReadAllRequest as "ReadAll" {
        from: Option<Actor> = "From_Account",
        /// 1: all conversations of two users.
        pairs: Option<u32> = "C2CReadAllMsg" eg 1,
    }

    /// A conversation that a user has read.
    struct SetReadRequest as "AdminSetMessageRead" {
        /// The user that has read it.
        reader: Actor = "Report_Account" eg "user1",
        /// The other user.
        peer: Recipient = "Peer_Account",
        /// Up to this second of Unix time; all if it is not given.
        time: Option<Whole> = "MsgReadTime" eg 1700000000,
    }

    /// A user whose unread messages to count.
    struct UnreadRequest<'a> as "UnreadMessages" {
        owner: Owner = "To_Account",
        /// Counts the messages of each of these users; without it, those of all users.
        peers: Option<Accounts<'a, UNREAD_PEERS_MAX>> = "Peer_Account" eg ["user2"],
    }
}

/// The list in `C2CMsgReaded`.
pub(in crate::dialect::tencent) struct ReadPairs<'a>(ReadPairsRequest<'a>);

impl<'a> FieldType<'a> for ReadPairs<'a> {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        at.given().map(|given| ReadPairsRequest::read(at.call, given).map(Self)).transpose()
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        schema_ref::<ReadPairsRequest<'_>>(others)
    }
}

/// Items of lists that are read like bodies.
macro_rules! items {
    ($($name:ident of $request:ident;)*) => {$(
        pub(in crate::dialect::tencent) struct $name<'a>($request, std::marker::PhantomData<&'a ()>);

        impl<'a> ListItem<'a> for $name<'a> {
            fn read_item(at: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
                $request::read(at.call, item).map(|read| Self(read, std::marker::PhantomData))
            }

            fn schema(others: &mut Schemas) -> RefOr<Schema> {
                schema_ref::<$request>(others)
            }
        }
    )*};
}

items! {
    ReadPair of ReadPairRequest;
    ReceiptItem of ReceiptItemRequest;
}

/// Returns the last moment of a second: what is read up to a second includes the messages in it.
fn through(second: &Whole) -> Moment {
    Moment::from_micros(second.second().second_end().micros() - 1)
}

async fn mark_read(call: CommandCall<'_>, owner: &Owner, with: &UserId, upto: UpTo) -> Result<(), Error> {
    let (service, tenant) = (call.context.service, call.context.tenant);
    let with = ConversationRef::With(with.clone());
    let moved = service.mark_messages(tenant, owner, &with, MarkRequest { mark: Mark::Read, upto }).await?;
    moved.seq.into_iter().for_each(|seq| call.context.own_events.add(OwnEvent::Stored(seq)));
    Ok(())
}

/// A conversation with a user that does not exist any more is skipped: the SDK calls this by itself.
pub(in crate::dialect::tencent) async fn read(
    call: CommandCall<'_>,
    request: ReadRequest<'_>,
) -> CommandResult<NoFields> {
    let owner = actor(call, request.from)?;
    for ReadPair(pair, _) in request.read.0.items.0 {
        match mark_read(call, &owner, &pair.to.0, UpTo::Time(through(&pair.time))).await {
            Err(error) if !is_no_pair(&error) => return Err(error.into()),
            Err(_) | Ok(()) => {}
        }
    }
    Ok(NoFields {})
}

pub(in crate::dialect::tencent) async fn read_times(
    call: CommandCall<'_>,
    request: ReadTimesRequest<'_>,
) -> CommandResult<ReadTimes> {
    let owner = actor(call, request.from)?;
    let accounts = request.peers.0;
    let ids: Vec<UserId> = accounts.iter().filter_map(|(_, id)| id.as_ref().ok().cloned()).collect();
    let found = call.context.service.peers_read_at(call.context.tenant, call.key(), &owner, ids).await?;
    let mut found = found.into_iter();
    let time = |(_, id): (&str, Result<UserId, TencentError>)| {
        id.ok().and_then(|_| found.next().flatten()).map_or(0, Moment::unix_s)
    };
    Ok(ReadTimes { read_time: accounts.into_iter().map(time).collect() })
}

/// The times of the newest messages that these users have read, in the order of the call; 0 for none.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(in crate::dialect::tencent) struct ReadTimes {
    read_time: Vec<i64>,
}

impl ResponseFields for ReadTimes {}

pub(in crate::dialect::tencent) async fn send_receipts(
    call: CommandCall<'_>,
    request: ReceiptRequest<'_>,
) -> CommandResult<NoFields> {
    let owner = actor(call, request.from)?;
    let (service, tenant) = (call.context.service, call.context.tenant);
    let key = |ReceiptItem(item, _): ReceiptItem<'_>| -> MessageRef {
        MessageKey { seq: item.seq, random: item.random, at_s: item.time.0 }.reference()
    };
    let messages = request.messages.0.into_iter().map(key).collect();
    service
        .send_receipts(tenant, &owner, &ConversationRef::With(request.peer.0), messages)
        .await
        .map_err(pair_error)?;
    Ok(NoFields {})
}

pub(in crate::dialect::tencent) async fn read_all(
    call: CommandCall<'_>,
    request: ReadAllRequest,
) -> CommandResult<ReadAll> {
    let owner = actor(call, request.from)?;
    let (service, tenant) = (call.context.service, call.context.tenant);
    let rounds = if request.pairs == Some(1) { READ_ALL_ROUNDS_MAX } else { 0 };
    for _ in 0..rounds {
        let pairs = service.unread_by_peer(tenant, call.key(), &owner, None).await?.pairs;
        for (peer, _) in &pairs {
            match mark_read(call, &owner, peer, UpTo::Newest).await {
                Err(error) if !is_no_pair(&error) => return Err(error.into()),
                Err(_) | Ok(()) => {}
            }
        }
        if pairs.len() < CONVERSATIONS_MAX as usize {
            break;
        }
    }
    Ok(ReadAll { pairs: 1, groups: Vec::new() })
}

/// All conversations of two users are read.
#[derive(Serialize, ToSchema)]
pub(in crate::dialect::tencent) struct ReadAll {
    #[serde(rename = "C2CReadAllMsg")]
    pairs: u32,
    /// Empty: there are no groups.
    #[serde(rename = "GroupReadInfoArray")]
    groups: Vec<u32>,
}

impl ResponseFields for ReadAll {}

pub(in crate::dialect::tencent) async fn set_read(
    call: CommandCall<'_>,
    request: SetReadRequest,
) -> CommandResult<NoFields> {
    let (reader, peer) = (request.reader.0, request.peer.0);
    history::known(call, &reader, &peer).await?;
    let upto = request.time.as_ref().filter(|time| time.0 > 0).map_or(UpTo::Newest, |time| UpTo::Time(through(time)));
    mark_read(call, &reader, &peer, upto).await.map_err(pair_error)?;
    Ok(NoFields {})
}

pub(in crate::dialect::tencent) async fn unread(
    call: CommandCall<'_>,
    request: UnreadRequest<'_>,
) -> CommandResult<Unread> {
    let (service, tenant) = (call.context.service, call.context.tenant);
    let Some(peers) = request.peers else {
        let id_bytes_max = u32::try_from(USER_ID_BYTES_MAX).unwrap_or(u32::MAX);
        let all = service.unread_from(tenant, call.key(), &request.owner, id_bytes_max).await?;
        return Ok(Unread { all: Some(all), by_peer: None, error_list: Vec::new() });
    };
    let accounts: PerAccount<'_, UserId> = peers.0;
    let ids: Vec<UserId> = accounts.iter().filter_map(|(_, id)| id.as_ref().ok().cloned()).collect();
    let mut found = service.unread_of_peers(tenant, call.key(), &request.owner, ids).await?.into_iter();
    let (mut by_peer, mut error_list) = (Vec::new(), Vec::new());
    for (account, id) in accounts {
        match id.ok().and_then(|_| found.next().flatten()) {
            Some(count) => by_peer.push(UnreadOfPeer { peer: account.to_owned(), count }),
            None => error_list.push(StatusMissing::of(account)),
        }
    }
    Ok(Unread { all: None, by_peer: Some(by_peer), error_list })
}

/// The unread messages of a user.
#[derive(Serialize, ToSchema)]
#[schema(as = UnreadCounts)]
pub(in crate::dialect::tencent) struct Unread {
    /// Of all users, if the call names none.
    #[serde(rename = "AllC2CUnreadMsgNum", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    all: Option<u64>,
    /// Of each named user.
    #[serde(rename = "C2CUnreadMsgNumList", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    by_peer: Option<Vec<UnreadOfPeer>>,
    /// The accounts that do not exist; absent if all exist.
    #[serde(rename = "ErrorList", skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    error_list: Vec<StatusMissing>,
}

impl ResponseFields for Unread {}

/// The unread messages of one other user.
#[derive(Serialize, ToSchema)]
#[schema(as = UnreadCount)]
struct UnreadOfPeer {
    #[serde(rename = "Peer_Account")]
    peer: String,
    #[serde(rename = "C2CUnreadMsgNum")]
    count: u32,
}
