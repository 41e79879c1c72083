//! Changes of messages: recalls and edits for both users, deletions for one.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    actor,
    elements::{self, Door},
    fields::{Actor, MessageKey, RawElements, Recipient, Whole},
    pair_error,
};
use crate::{
    dialect::tencent::{
        body::{BodyField, BoundedList, FieldType, RequestBody as _, Schemas, Text, body, schema_ref},
        call::{CommandCall, CommandResult, OwnEvent, TencentCaller},
        reply::{ErrorCode, NoFields, ResponseFields, TencentError},
    },
    domain::{ConversationRef, Error, Message, MessageOrigin, Owner, REPEAT_WITHIN_S, Resource},
    service::conversations::changes::{EditOutcome, MessageChange, OthersMessages, RecallOutcome, RecallRequest},
};

/// How long after it was sent a client may recall a message. Source: "within two minutes by default".
const RECALL_WITHIN: Duration = Duration::from_secs(REPEAT_WITHIN_S.unsigned_abs());

/// "At most 30 messages."
const DELETED_MAX: usize = 30;

body! {
    /// A message that the client recalls.
    struct WithdrawRequest as "Withdraw" {
        message: WithdrawMessage = "MsgInfo",
    }

    /// A message by the numbers of the SDK.
    struct WithdrawMessageRequest as "WithdrawMessage" {
        from: Option<Actor> = "From_Account",
        to: Recipient = "To_Account",
        seq: u32 = "MsgSeq" eg 48374,
        random: u32 = "MsgRandom" eg 12345,
        time: Whole = "MsgTimeStamp" eg 1700000000,
    }

    /// Messages that the client deletes for itself.
    struct DeleteMessagesRequest as "DeleteMessages" {
        from: Option<Actor> = "From_Account",
        peer: Recipient = "To_Account",
        keys: BoundedList<MessageKey, DELETED_MAX> = "MsgKeyList",
    }

    /// A message to recall.
    struct AdminWithdrawRequest as "AdminWithdraw" {
        /// The sender.
        from: Actor = "From_Account" eg "user1",
        to: Recipient = "To_Account",
        key: MessageKey = "MsgKey",
    }

    /// A message to change. Back ends name it by `MsgKey`.
    struct ModifyRequest<'a> as "ModifyMessage" {
        /// The sender.
        from: Option<ModifySender> = "From_Account" eg "user1",
        to: Recipient = "To_Account",
        key: Option<MessageKey> = "MsgKey",
        /// On the socket, in place of `MsgKey`.
        seq: Option<u32> = "MsgSeq" eg 48374,
        random: Option<u32> = "MsgRandom" eg 12345,
        time: Option<Whole> = "MsgTime" eg 1700000000,
        /// The version that the change is based on: any if it is not given.
        version: Option<u32> = "MsgVersion" eg 0,
        elements: Option<RawElements<'a>> = "MsgBody",
        cloud: Option<Text<'a, { elements::BYTES_MAX }>> = "CloudCustomData" eg "",
    }
}

/// `MsgInfo` of a recall.
pub(in crate::dialect::tencent) struct WithdrawMessage(WithdrawMessageRequest);

impl<'a> FieldType<'a> for WithdrawMessage {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        at.given().map(|given| WithdrawMessageRequest::read(at.call, given).map(Self)).transpose()
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        schema_ref::<WithdrawMessageRequest>(others)
    }
}

/// The sender of a message that either user may change.
pub(in crate::dialect::tencent) struct ModifySender(crate::domain::UserId);

impl<'a> FieldType<'a> for ModifySender {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        Recipient::at(at).map(|sender| sender.map(|sender| Self(sender.0)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        Recipient::schema(others)
    }
}

fn no_such_message() -> TencentError {
    TencentError::Coded(ErrorCode::NoSuchMessage, Error::NotFound(Resource::Message).to_string())
}

async fn recall(
    call: CommandCall<'_>,
    by: &Owner,
    with: Recipient,
    key: MessageKey,
    within: Option<Duration>,
) -> CommandResult<NoFields> {
    let (service, tenant) = (call.context.service, call.context.tenant);
    // A back end may have hidden the message from its sender.
    let unseen_too = matches!(call.caller, TencentCaller::BackEnd);
    let messages = vec![key.reference()];
    let request = RecallRequest { messages, reason: String::new(), others_too: false, unseen_too, within };
    let recalled = service.recall_messages(tenant, by, &ConversationRef::With(with.0), request).await;
    let (outcomes, seq) = recalled.map_err(pair_error)?;
    seq.into_iter().for_each(|seq| call.context.own_events.add(OwnEvent::Stored(seq)));
    match outcomes.first() {
        Some(RecallOutcome::Recalled(_)) => Ok(NoFields {}),
        Some(RecallOutcome::TooLate) => {
            let info = format!("A message can be recalled within {} seconds", RECALL_WITHIN.as_secs());
            Err(TencentError::Coded(ErrorCode::RecallTooLate, info))
        }
        Some(RecallOutcome::Already(_)) => {
            Err(TencentError::Coded(ErrorCode::RecalledBefore, "This message was recalled before".to_owned()))
        }
        Some(RecallOutcome::NotOwn | RecallOutcome::NoSuchMessage) | None => Err(no_such_message()),
    }
}

pub(in crate::dialect::tencent) async fn withdraw(
    call: CommandCall<'_>,
    request: WithdrawRequest,
) -> CommandResult<NoFields> {
    let WithdrawMessageRequest { from, to, seq, random, time } = request.message.0;
    let by = actor(call, from)?;
    recall(call, &by, to, MessageKey { seq, random, at_s: time.0 }, Some(RECALL_WITHIN)).await
}

pub(in crate::dialect::tencent) async fn withdraw_for_back_end(
    call: CommandCall<'_>,
    request: AdminWithdrawRequest,
) -> CommandResult<NoFields> {
    recall(call, &request.from.0, request.to, request.key, None).await
}

pub(in crate::dialect::tencent) async fn delete(
    call: CommandCall<'_>,
    request: DeleteMessagesRequest,
) -> CommandResult<NoFields> {
    let owner = actor(call, request.from)?;
    let (service, tenant) = (call.context.service, call.context.tenant);
    let messages = request.keys.0.into_iter().map(MessageKey::reference).collect();
    let peer = ConversationRef::With(request.peer.0);
    let seq = service.hide_messages(tenant, &owner, &peer, messages).await.map_err(pair_error)?;
    seq.into_iter().for_each(|seq| call.context.own_events.add(OwnEvent::Stored(seq)));
    Ok(NoFields {})
}

pub(in crate::dialect::tencent) async fn modify(
    call: CommandCall<'_>,
    request: ModifyRequest<'_>,
) -> CommandResult<Modified> {
    let door = match call.caller {
        TencentCaller::BackEnd => Door::RestApi,
        TencentCaller::User(_) => Door::Socket,
    };
    let key = request
        .key
        .or_else(|| Some(MessageKey { seq: request.seq?, random: request.random?, at_s: request.time.as_ref()?.0 }));
    let key = key.ok_or_else(|| TencentError::BadParameter("MsgKey must name the message".to_owned()))?;
    let change = MessageChange {
        body: request.elements.map(|given| elements::parse(Some(given.0), door)).transpose()?,
        cloud: request.cloud.map(|cloud| elements::cloud(Some(cloud.0), door)).transpose()?,
        of_version: request.version,
        others: match door {
            Door::RestApi => OthersMessages::All,
            Door::Socket => OthersMessages::SentThrough(MessageOrigin::Tencent),
        },
        unseen_too: door == Door::RestApi,
        ..MessageChange::default()
    };
    // Either user may change a message of this API, so the caller is one of the two that the call names.
    let (by, with) = match (call.caller, request.from) {
        (TencentCaller::User(user), Some(from)) if from.0 == user.id => (Owner::Itself(user.key), request.to.0),
        (TencentCaller::User(user), Some(from)) if request.to.0 == user.id => (Owner::Itself(user.key), from.0),
        (TencentCaller::User(_), Some(_)) => {
            let info = "From_Account or To_Account must be the account that has signed in".to_owned();
            return Err(TencentError::Coded(ErrorCode::ProfileRights, info));
        }
        (TencentCaller::User(user), None) => (Owner::Itself(user.key), request.to.0),
        (TencentCaller::BackEnd, Some(from)) => (Owner::Named(from.0), request.to.0),
        (TencentCaller::BackEnd, None) => return Err(no_such_message()),
    };
    let (service, tenant) = (call.context.service, call.context.tenant);
    let edited = service.edit_message(tenant, &by, &ConversationRef::With(with), key.reference(), change).await;
    match edited.map_err(pair_error)? {
        EditOutcome::Edited(message, seq) => {
            if seq != 0 {
                call.context.own_events.add(OwnEvent::Stored(seq));
            }
            Ok(Modified::of(&message))
        }
        EditOutcome::OtherVersion(message) => {
            let info = "The message has another MsgVersion: base the change on the message as it is".to_owned();
            let present = Modified::of(&message);
            let fields = json!({
                "MsgBody": present.msg_body,
                "MsgVersion": present.msg_version,
                "CloudCustomData": present.cloud_custom_data,
            });
            Err(TencentError::WithFields(ErrorCode::OtherVersion, info, fields))
        }
        EditOutcome::Recalled | EditOutcome::NoSuchMessage | EditOutcome::NotOwn | EditOutcome::TooLate => {
            Err(no_such_message())
        }
    }
}

/// A message after a change.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = MessageModified)]
pub(in crate::dialect::tencent) struct Modified {
    #[schema(value_type = Vec<Object>)]
    msg_body: Value,
    msg_version: u32,
    cloud_custom_data: String,
}

impl ResponseFields for Modified {}

impl Modified {
    fn of(message: &Message) -> Self {
        Self {
            msg_body: elements::elements(message),
            msg_version: message.version,
            cloud_custom_data: message.data.cloud.as_str().to_owned(),
        }
    }
}
