//! The content of a message to send or to change: its text, type, payload and extras.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::comment::{
    CUSTOM, REPLIED_MESSAGE, REPLY, REPLY_TEXT, STORED_MESSAGE, STORED_PAYLOAD, STORED_TYPE, SYSTEM_EVENT, TEXT,
};
use crate::{
    domain::{
        ConversationKey, CustomBody, Error, Extras, Fault, Message, MessageBody, MessageData, MessageFlags, MessageId,
        MessageName, MessageOrigin, MessageText, Owner, text::at_most,
    },
    http::form::{self, Object, Optional, Parse},
    service::{
        Service, Tenant,
        conversations::sending::{NewMessage, SendPolicy},
    },
};

/// The longest text of a message, in characters.
pub(super) const TEXT_CHARS_MAX: usize = 4000;

const TYPE_CHARS_MAX: usize = 64;

/// Characters of a replied message that a reply repeats, so that the payload of a reply stays within its bound.
const REPLIED_CHARS_MAX: usize = 1000;

/// The text that other vendors' clients show of a message with an empty text.
const NO_TEXT: &str = "Message without text";

/// The type of a message: `text`, `reply`, `custom`, `file_attachment` or another word of the client.
#[derive(Debug)]
pub(super) struct CommentType(String);

impl CommentType {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parse for CommentType {
    fn parse(raw: &str) -> Result<Self, Fault> {
        if raw.is_empty() {
            return Err(Fault::Missing);
        }
        match at_most(raw, TYPE_CHARS_MAX)?.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            true if raw == SYSTEM_EVENT => Err(Fault::Malformed("a type that clients may send")),
            true => Ok(Self(raw.to_owned())),
            false => Err(Fault::Malformed("made of letters, digits and _ only")),
        }
    }
}

/// The fields of a message to send.
pub(super) struct Draft {
    pub(super) text_field: &'static str,
    pub(super) text: Option<String>,
    pub(super) kind: Optional<CommentType>,
    pub(super) payload: Option<Extras>,
    pub(super) extras: Option<Extras>,
    pub(super) name: Option<MessageName>,
}

/// An object of JSON that a message carries, as an object or as JSON text. Empty text and null: not given.
pub(super) struct FreeObject(pub(super) Option<Extras>);

impl<'de> Deserialize<'de> for FreeObject {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        let given = Object::deserialize(field)?.0;
        given.map(Extras::parse).transpose().map(Self).map_err(form::raised)
    }
}

/// # Errors
/// `Invalid` at `field` for an empty text and above [`TEXT_CHARS_MAX`].
pub(super) fn text(raw: &str, field: &'static str) -> Result<MessageText, Error> {
    at_most(raw, TEXT_CHARS_MAX).and_then(MessageText::parse).map_err(|fault| fault.at(field))
}

impl Draft {
    /// # Errors
    /// `Invalid` at the field.
    pub(super) async fn message(
        self,
        service: &Service,
        tenant: &Tenant,
        sender: &Owner,
        room: ConversationKey,
    ) -> Result<NewMessage, Error> {
        let Self { text_field, text: raw, kind, payload, extras, name } = self;
        let (raw, kind) = (raw.unwrap_or_default(), kind.0.map_or_else(|| TEXT.to_owned(), |CommentType(kind)| kind));
        let extras = extras.unwrap_or_default();
        let (body, payload, reply_to) = match kind.as_str() {
            TEXT => (plain(text(&raw, text_field)?), payload.unwrap_or_default(), None),
            REPLY => {
                let words = text(&raw, text_field)?;
                let (payload, reply_to) = reply(service, tenant, sender, room, &words, payload).await?;
                (plain(words), payload, reply_to)
            }
            _ => (custom(&kind, &raw, text_field, payload)?, Extras::default(), None),
        };
        Ok(NewMessage {
            name,
            origin: MessageOrigin::Qiscus,
            body,
            data: MessageData { extras, payload, ..MessageData::default() },
            reply_to,
            numbers: None,
            flags: MessageFlags::default(),
            policy: SendPolicy { reads: true, ..SendPolicy::default() },
        })
    }
}

fn plain(text: MessageText) -> MessageBody {
    MessageBody { text, custom: None }
}

/// # Errors
/// `Invalid` for a text that is too long, and for a custom message whose payload has no type: the SDK needs it.
fn custom(kind: &str, raw: &str, text_field: &'static str, payload: Option<Extras>) -> Result<MessageBody, Error> {
    let payload = payload.unwrap_or_default();
    if kind == CUSTOM && !payload.as_object().get(STORED_TYPE).is_some_and(Value::is_string) {
        return Err(Fault::Malformed("an object with the text `type`").at(STORED_PAYLOAD));
    }
    stored(kind, raw, text_field, payload.as_object())
}

/// Returns the body of a message that is more than text.
/// # Errors
/// `Invalid` at `text_field`, or at `payload` for one that is too large.
pub(super) fn stored(
    kind: &str,
    raw: &str,
    text_field: &'static str,
    payload: &Map<String, Value>,
) -> Result<MessageBody, Error> {
    let (text, json) = match raw.is_empty() {
        false => (text(raw, text_field)?, json!({ STORED_TYPE: kind, STORED_PAYLOAD: payload })),
        true => (
            MessageText::parse(NO_TEXT).map_err(Error::internal)?,
            json!({ STORED_TYPE: kind, STORED_PAYLOAD: payload, STORED_MESSAGE: "" }),
        ),
    };
    let custom = CustomBody::parse(MessageOrigin::Qiscus, json).map_err(|fault| fault.at(STORED_PAYLOAD))?;
    Ok(MessageBody { text, custom: Some(custom) })
}

/// Completes the payload of a reply from the message that it names, if the sender sees that in the same room.
async fn reply(
    service: &Service,
    tenant: &Tenant,
    sender: &Owner,
    room: ConversationKey,
    words: &MessageText,
    payload: Option<Extras>,
) -> Result<(Extras, Option<MessageName>), Error> {
    let mut payload = payload.map(|payload| Map::clone(payload.as_object())).unwrap_or_default();
    let replied = match replied_id(&payload) {
        Some(id) => match service.message(tenant, sender, id).await {
            Ok((view, _)) => Some(view).filter(|view| view.conversation.key == room && !view.message.is_recalled()),
            Err(Error::NotFound(_)) => None,
            Err(error) => return Err(error),
        },
        None => None,
    };
    for (key, value) in [(REPLY_TEXT, words.as_str()), (REPLIED_MESSAGE, "")] {
        if !payload.get(key).is_some_and(Value::is_string) {
            payload.insert(key.to_owned(), json!(value));
        }
    }
    // The server ignores what a client says of the quoted message: the client could forge another user's words.
    if let Some(view) = &replied {
        let text: String = view.message.body.text.as_str().chars().take(REPLIED_CHARS_MAX).collect();
        let kind = if view.message.body.custom.is_some() { CUSTOM } else { TEXT };
        for (key, value) in [
            (REPLIED_MESSAGE, text.as_str()),
            ("replied_comment_sender_email", view.sender.id.as_str()),
            ("replied_comment_sender_username", view.sender.display_name_or_id()),
            ("replied_comment_type", kind),
        ] {
            payload.insert(key.to_owned(), json!(value));
        }
    }
    let payload = Extras::parse(Value::Object(payload)).map_err(|fault| fault.at(STORED_PAYLOAD))?;
    Ok((payload, replied.map(|view| view.message.name)))
}

fn replied_id(payload: &Map<String, Value>) -> Option<MessageId> {
    let given = payload.get("replied_comment_id")?;
    given.as_i64().or_else(|| given.as_str()?.parse().ok()).map(MessageId)
}

/// Returns the content of a message after a change; what is not given stays.
/// # Errors
/// `Invalid` at the field.
pub(super) fn changed(
    message: &Message,
    raw: &str,
    text_field: &'static str,
    payload: Option<Extras>,
    extras: Option<Extras>,
) -> Result<(MessageBody, MessageData), Error> {
    let mut data = message.data.clone();
    if let Some(extras) = extras {
        data.extras = extras;
    }
    let own = message.body.custom.as_ref().filter(|custom| custom.format == MessageOrigin::Qiscus);
    let Some(own) = own else {
        if let Some(mut payload) = payload.map(|payload| Map::clone(payload.as_object()))
            && !data.payload.as_object().is_empty()
        {
            // A reply stays one.
            for key in [REPLY_TEXT, REPLIED_MESSAGE] {
                if let Some(former) = data.payload.as_object().get(key) {
                    payload.entry(key).or_insert_with(|| former.clone());
                }
            }
            data.payload = Extras::parse(Value::Object(payload)).map_err(|fault| fault.at(STORED_PAYLOAD))?;
        }
        return Ok((MessageBody { text: text(raw, text_field)?, custom: message.body.custom.clone() }, data));
    };
    let kind = own.json().get(STORED_TYPE).and_then(Value::as_str).unwrap_or(CUSTOM);
    let former = own.json().get(STORED_PAYLOAD).and_then(Value::as_object).cloned().unwrap_or_default();
    let body = match payload {
        Some(payload) => custom(kind, raw, text_field, Some(payload))?,
        None => stored(kind, raw, text_field, &former)?,
    };
    Ok((body, data))
}
