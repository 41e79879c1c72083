//! Sending: `openim.sendmsg` on both doors, and `batchsendmsg`.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    actor,
    elements::{self, Door},
    fields::{Actor, Controls, LifeTime, MessageKey, MessageRandom, RawElements, Recipient, SyncOtherMachine},
    item::tiny_id,
    pair_error,
};
use crate::{
    dialect::tencent::{
        body::{Accounts, Text, body},
        call::{CommandCall, CommandResult, OwnEvent, TencentCaller},
        reply::{self, ErrorCode, Family, ResponseFields, TencentError},
    },
    domain::{
        ConversationRef, Error, MessageBody, MessageData, MessageFlags, MessageNumbers, MessageOrigin, Owner, Resource,
        UserId,
    },
    service::conversations::sending::{BLOCKED, NewMessage, SendPolicy, SentMessage},
};

body! {
    /// A message to send.
    struct SendRequest<'a> as "SendMessage" {
        /// 1: the sender's own clients get the message too, as without it; 2: they do not, and their history lacks it.
        sync: Option<SyncOtherMachine> = "SyncOtherMachine" eg 1,
        /// The sender. The vendor also sends for the administrator; here it must be named.
        from: Option<Actor> = "From_Account" eg "user1",
        to: Recipient = "To_Account",
        /// Drawn if it is not given. The same numbers and content within 120 seconds are the same message.
        seq: Option<u32> = "MsgSeq" eg 48374,
        random: MessageRandom = "MsgRandom" eg 12345,
        elements: Option<RawElements<'a>> = "MsgBody",
        /// By the client's clock, in seconds of Unix time.
        client_time: Option<u32> = "MsgClientTime" eg 1700000000,
        /// 0: only sessions that are open now get the message. Otherwise it is kept without a limit.
        life_time: Option<LifeTime> = "MsgLifeTime" eg 604800,
        controls: Option<Controls> = "SendMsgControl",
        /// 1: the sender asks for a confirmation that the recipient has read it.
        wants_receipt: Option<u32> = "IsNeedReadReceipt" eg 0,
        cloud: Option<Text<'a, { elements::BYTES_MAX }>> = "CloudCustomData" eg "",
    }

    /// A message to send to several users.
    struct BatchSendRequest<'a> as "BatchSendMessage" {
        /// As in `sendmsg`.
        sync: Option<SyncOtherMachine> = "SyncOtherMachine" eg 1,
        /// The sender.
        from: Option<Actor> = "From_Account" eg "user1",
        /// The recipients, at most 500.
        to: Recipients<'a> = "To_Account" eg ["user2", "guest@qiscus.com"],
        /// Drawn if it is not given.
        seq: Option<u32> = "MsgSeq" eg 48374,
        random: MessageRandom = "MsgRandom" eg 12345,
        elements: Option<RawElements<'a>> = "MsgBody",
        life_time: Option<LifeTime> = "MsgLifeTime" eg 604800,
        controls: Option<Controls> = "SendMsgControl",
        wants_receipt: Option<u32> = "IsNeedReadReceipt" eg 0,
        cloud: Option<Text<'a, { elements::BYTES_MAX }>> = "CloudCustomData" eg "",
    }
}

/// "At most 500 accounts."
const RECIPIENTS_MAX: usize = 500;

/// The recipients of a batch. More than 500 are 90011.
pub(in crate::dialect::tencent) struct Recipients<'a>(Accounts<'a, RECIPIENTS_MAX>);

mod recipients {
    use serde_json::Value;
    use utoipa::openapi::{RefOr, Schema};

    use super::{Accounts, ErrorCode, RECIPIENTS_MAX, Recipients, TencentError};
    use crate::dialect::tencent::body::{BodyField, FieldType, Schemas};

    impl<'a> FieldType<'a> for Recipients<'a> {
        fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
            match at.given().and_then(Value::as_array).map(Vec::len) {
                None | Some(0) => {
                    let info = "To_Account must be a list of accounts".to_owned();
                    Err(TencentError::Coded(ErrorCode::NoRecipient, info))
                }
                Some(found) if found > RECIPIENTS_MAX => {
                    let info = format!("To_Account must be at most {RECIPIENTS_MAX} accounts, and has {found}");
                    Err(TencentError::Coded(ErrorCode::TooManyRecipients, info))
                }
                Some(_) => Ok(Accounts::at(at)?.map(Self)),
            }
        }

        fn schema(others: &mut Schemas) -> RefOr<Schema> {
            Accounts::<RECIPIENTS_MAX>::schema(others)
        }
    }
}

/// What a message is sent with, beside its users.
struct Draft {
    new: NewMessage,
    is_passing: bool,
}

/// The parts of a request that make a draft.
struct DraftParts<'a> {
    sync: Option<SyncOtherMachine>,
    seq: Option<u32>,
    random: MessageRandom,
    elements: Option<RawElements<'a>>,
    client_time: Option<u32>,
    life_time: Option<LifeTime>,
    controls: Option<Controls>,
    wants_receipt: Option<u32>,
    cloud: Option<&'a str>,
}

fn door(call: CommandCall<'_>) -> Door {
    match call.caller {
        TencentCaller::BackEnd => Door::RestApi,
        TencentCaller::User(_) => Door::Socket,
    }
}

fn draft(call: CommandCall<'_>, parts: &DraftParts<'_>) -> Result<Draft, TencentError> {
    let door = door(call);
    let body: MessageBody = elements::parse(parts.elements.as_ref().map(|elements| elements.0), door)?;
    let cloud = elements::cloud(parts.cloud, door)?;
    let is_passing = LifeTime::is_passing(parts.life_time)?;
    let now = call.context.service.now();
    let micros = now.micros();
    let numbers = MessageNumbers {
        // A back end may leave the number out. The time distinguishes its messages, beside their random numbers.
        seq: parts.seq.unwrap_or_else(|| u32::try_from(micros % (1 << 32)).unwrap_or_default()),
        random: parts.random.0,
        client_time_s: parts.client_time.unwrap_or_else(|| u32::try_from(now.unix_s()).unwrap_or_default()),
    };
    let flags = MessageFlags {
        wants_receipt: parts.wants_receipt == Some(1),
        is_uncounted: parts.controls.as_ref().is_some_and(|controls| controls.is_uncounted),
        is_unlisted: parts.controls.as_ref().is_some_and(|controls| controls.is_unlisted),
        is_withheld: false,
    };
    let is_back_end = door == Door::RestApi;
    let policy = SendPolicy {
        is_hidden_from_sender: is_back_end && parts.sync == Some(SyncOtherMachine(2)),
        ignores_blocks: is_back_end,
        refuses_blocks: call.context.tenant.app.settings.refuses_blocked_senders,
        reads: false,
    };
    let new = NewMessage {
        name: None,
        origin: MessageOrigin::Tencent,
        body,
        data: MessageData { cloud, ..MessageData::default() },
        reply_to: None,
        numbers: Some(numbers),
        flags,
        policy,
    };
    Ok(Draft { new, is_passing })
}

async fn deliver(call: CommandCall<'_>, from: &Owner, to: &UserId, draft: &Draft) -> Result<SentMessage, TencentError> {
    let (service, tenant) = (call.context.service, call.context.tenant);
    let to = ConversationRef::With(to.clone());
    let refused = |error: Error| match error {
        error if error == BLOCKED => {
            let info = "The recipient has blocked the sender, or the sender the recipient".to_owned();
            TencentError::Coded(ErrorCode::Blocked, info)
        }
        error => pair_error(error),
    };
    match draft.is_passing {
        true => {
            let sent = service.pass_message(tenant, from, &to, &draft.new).await.map_err(refused)?;
            call.context.own_events.add(OwnEvent::Passed(sent.message.numbers));
            Ok(sent)
        }
        false => {
            let sent = service.send_message(tenant, from, &to, draft.new.clone()).await.map_err(refused)?;
            if !sent.is_repeat {
                call.context.own_events.add(OwnEvent::Stored(sent.message.id.0));
            }
            Ok(sent)
        }
    }
}

pub(in crate::dialect::tencent) async fn send(call: CommandCall<'_>, request: SendRequest<'_>) -> CommandResult<Sent> {
    let from = actor(call, request.from)?;
    let to = request.to.0;
    if call.context.service.find_user(call.context.tenant, &to).await?.is_none() {
        return Err(Error::NotFound(Resource::User).into());
    }
    let parts = DraftParts {
        sync: request.sync,
        seq: request.seq,
        random: request.random,
        elements: request.elements,
        client_time: request.client_time,
        life_time: request.life_time,
        controls: request.controls,
        wants_receipt: request.wants_receipt,
        cloud: request.cloud.map(|cloud| cloud.0),
    };
    let draft = draft(call, &parts)?;
    let message = deliver(call, &from, &to, &draft).await?.message;
    let numbers = message.numbers;
    Ok(Sent {
        msg_time: message.at.unix_s(),
        msg_key: MessageKey::of(&message).to_string(),
        msg_seq: numbers.seq,
        msg_id: format!("{}-{}-{}", tiny_id(message.sender), numbers.client_time_s, numbers.random),
    })
}

/// A message that was sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = MessageSent)]
pub(in crate::dialect::tencent) struct Sent {
    /// In seconds of Unix time.
    msg_time: i64,
    /// How other commands name the message.
    msg_key: String,
    msg_seq: u32,
    /// The message's id in the SDK.
    msg_id: String,
}

impl ResponseFields for Sent {}

pub(in crate::dialect::tencent) async fn send_to_many(
    call: CommandCall<'_>,
    request: BatchSendRequest<'_>,
) -> CommandResult<SentToMany> {
    let from = actor(call, request.from)?;
    let parts = DraftParts {
        sync: request.sync,
        seq: request.seq,
        random: request.random,
        elements: request.elements,
        client_time: None,
        life_time: request.life_time,
        controls: request.controls,
        wants_receipt: request.wants_receipt,
        cloud: request.cloud.map(|cloud| cloud.0),
    };
    let draft = draft(call, &parts)?;
    let (mut msg_key, mut error_list) = (None, Vec::new());
    for (account, to) in request.to.0.0 {
        let sent = match to {
            Ok(to) => deliver(call, &from, &to, &draft).await,
            Err(refused) => Err(refused),
        };
        match sent {
            Ok(sent) => drop(msg_key.get_or_insert_with(|| MessageKey::of(&sent.message).to_string())),
            // An unknown recipient fails alone; an unknown sender, or a busy server, fails the call.
            Err(refused) if refused.may_succeed_later() => return Err(refused),
            Err(refused) => {
                let (error_code, _) = reply::result(Family::Account, Err(refused));
                error_list.push(NotSentTo { to_account: account.to_owned(), error_code });
            }
        }
    }
    let is_sender_known = match &from {
        Owner::Named(id) => call.context.service.find_user(call.context.tenant, id).await?.is_some(),
        Owner::Itself(_) => true,
    };
    match is_sender_known {
        true => Ok(SentToMany { msg_key: msg_key.unwrap_or_default(), error_list }),
        false => Err(Error::NotFound(Resource::User).into()),
    }
}

/// A message that was sent to several users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = MessageSentToMany)]
pub(in crate::dialect::tencent) struct SentToMany {
    /// The key of the first of the messages; empty if all failed.
    msg_key: String,
    /// The accounts that failed; absent if none did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    error_list: Vec<NotSentTo>,
}

impl ResponseFields for SentToMany {}

/// An account that a message was not sent to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct NotSentTo {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// A number of `ErrorCode`: 70107 for an account that does not exist.
    #[schema(example = 70107)]
    error_code: u32,
}
