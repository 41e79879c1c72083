//! Sending over HTTP. Source: the vendor's page on sending messages, for back ends.

use std::time::Duration;

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    callers::MirrorFlyUser,
    chat_history::SingleChat,
    chats::user_of,
    message as body,
    reply::{self, MirrorFlyReply, SdkError},
};
use crate::{
    domain::{ConversationRef, Error, Fault, MessageName, MessageRef, Owner, Resource, Topic},
    http::form::{Call, Optional, Parse, Required, read_from},
    service::conversations::changes::{EditOutcome, MessageChange},
};

read_from!(Form: SentMessageForm);

/// How long after it was sent a message may be changed over HTTP. Source: the vendor's page on sending messages.
const EDITABLE_FOR: Duration = Duration::from_secs(15 * 60);

/// A message to send, or a change of one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SentMessageForm {
    /// Groups are not supported.
    #[schema(rename = "chatType", value_type = Option<String>, pattern = "^(single[cC]|c)hat$", example = "chat")]
    #[serde(rename = "chatType")]
    _chat_type: Optional<SingleChat>,
    /// The recipient: an id, or a JID.
    #[schema(value_type = String, example = "user2")]
    to_user: Required<String>,
    /// Other types are not supported.
    #[schema(rename = "messageType", value_type = Option<String>, pattern = "^text$", example = "text")]
    #[serde(rename = "messageType")]
    _message_type: Optional<TextType>,
    /// At most 10,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 10000, example = "Hello")]
    message: Required<String>,
    /// The id of the message that it answers.
    #[schema(value_type = Option<String>)]
    reply_to: Optional<String>,
    /// The id of a message of the last 15 minutes whose text this one replaces.
    #[schema(value_type = Option<String>)]
    message_id: Optional<String>,
}

struct TextType;

impl Parse for TextType {
    fn parse(raw: &str) -> Result<Self, Fault> {
        match raw == body::TEXT {
            true => Ok(Self),
            false => Err(Fault::NotOneOf(body::TEXT)),
        }
    }
}

/// The id of a message that was sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SentMessageId {
    message_id: String,
}

/// Sends a message, or changes its text
///
/// As a client of the SDK would: in the caller's name, to all sessions of both users.
#[utoipa::path(
    post, path = "/chat/sendmessage", tag = "Chats", operation_id = "send_message",
    security(("user" = [])),
    request_body(content = SentMessageForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Sent", body = MirrorFlyReply<SentMessageId>), SdkError)
)]
pub(super) async fn send(call: Call<MirrorFlyUser, SentMessageForm, SdkError>) -> Result<HttpResponse, SdkError> {
    let (tenant, owner, form) = (&call.caller.tenant, Owner::Itself(call.caller.key), &call.form);
    let to = ConversationRef::With(user_of(&call.service, tenant, &form.to_user.0).await?);
    let parsed = |id: &str, field: &'static str| MessageName::parse(id).map_err(|fault| fault.at(field));
    let text = body::text(&form.message.0).map_err(|fault| fault.at("message"))?;
    let reply_to = form.reply_to.0.as_deref().map(|id| parsed(id, "replyTo")).transpose()?;
    let sent = body::SentText { text, reply_to, metadata: None, topic: Topic::default() };
    let message_id = match form.message_id.0.as_deref() {
        None => {
            let sent = call.service.send_message(tenant, &owner, &to, sent.into_message(None)).await?;
            sent.message.name.as_str().to_owned()
        }
        Some(id) => {
            let wanted = MessageRef::Name(parsed(id, "messageId")?);
            let body = Some(sent.body());
            let change = MessageChange { body, within: Some(EDITABLE_FOR), ..MessageChange::default() };
            match call.service.edit_message(tenant, &owner, &to, wanted, change).await? {
                EditOutcome::Edited(message, _) => message.name.as_str().to_owned(),
                EditOutcome::TooLate => {
                    return Err(Fault::Malformed("the id of a message of the last 15 minutes").at("messageId").into());
                }
                EditOutcome::NoSuchMessage
                | EditOutcome::NotOwn
                | EditOutcome::Recalled
                | EditOutcome::OtherVersion(_) => return Err(Error::NotFound(Resource::Message).into()),
            }
        }
    };
    Ok(reply::success(SentMessageId { message_id }, "Message sent successfully"))
}
