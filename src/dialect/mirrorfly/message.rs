//! Message bodies: JSON that is encrypted with the message's id. Source: what the vendor's SDK sends and reads.

use serde_json::{Map, Value, json};

use super::codec::Codec;
use crate::{
    domain::{
        DeliveryState, Error, Fault, Message, MessageBody, MessageData, MessageName, MessageOrigin, MessageText,
        Metadata, Moment, Participant, Topic, User,
    },
    service::conversations::sending::{NewMessage, SendPolicy},
};

/// The longest text that this dialect sends, in characters. Longer texts of other vendors are shown whole.
pub(super) const TEXT_CHARS_MAX: usize = 10_000;

/// The type of every message: others are not served.
pub(super) const TEXT: &str = "text";

/// A text that a client sends or changes.
#[derive(Debug, Clone, PartialEq)]
pub struct SentText {
    pub text: MessageText,
    /// The id of the message that it answers.
    pub reply_to: Option<MessageName>,
    /// None: a change leaves the stored ones.
    pub metadata: Option<Metadata>,
    /// A change leaves the stored one.
    pub topic: Topic,
}

impl SentText {
    pub(super) fn body(&self) -> MessageBody {
        MessageBody { text: self.text.clone(), custom: None }
    }

    /// `name` is the client's id of it.
    pub(super) fn into_message(self, name: Option<MessageName>) -> NewMessage {
        NewMessage {
            name,
            origin: MessageOrigin::MirrorFly,
            body: self.body(),
            data: MessageData {
                metadata: self.metadata.unwrap_or_default(),
                topic: self.topic,
                ..MessageData::default()
            },
            reply_to: self.reply_to,
            numbers: None,
            flags: crate::domain::MessageFlags::default(),
            policy: SendPolicy::default(),
        }
    }
}

/// Reads a text of 1 to [`TEXT_CHARS_MAX`] characters.
pub(super) fn text(raw: &str) -> Result<MessageText, Fault> {
    match raw.chars().count() > TEXT_CHARS_MAX {
        true => Err(Fault::TooManyCharacters { chars_max: TEXT_CHARS_MAX }),
        false => MessageText::parse(raw),
    }
}

/// Reads the id of a message. The SDK joins ids by commas, and takes apostrophes out.
pub(super) fn name(raw: &str) -> Result<MessageName, Fault> {
    match raw.contains([',', '\'']) {
        true => Err(Fault::Malformed("free of commas and apostrophes")),
        false => MessageName::parse(raw),
    }
}

/// Decrypts a body. `meta_data` is JSON text; the SDK sends `null` for none.
///
/// # Errors
/// `Invalid` at the field of the body or of the stanza.
pub(super) fn decrypt(name: &MessageName, body: &str, meta_data: &str, topic_id: &str) -> Result<SentText, Error> {
    let json = Codec::of_message(name.as_str()).decrypt(body);
    let json = json.map_err(|_| Fault::Malformed("encrypted with the message's id").at("body"))?;
    let Ok(Value::Object(body)) = serde_json::from_str(&json) else {
        return Err(Fault::Malformed("the text of a JSON object").at("body"));
    };
    let field = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if field("message_type") != TEXT {
        return Err(Fault::NotOneOf(TEXT).at("message_type"));
    }
    let reply_to = Some(field("replyTo")).filter(|id| !id.is_empty()).map(MessageName::parse).transpose();
    Ok(SentText {
        text: text(field("message")).map_err(|fault| fault.at("message"))?,
        reply_to: reply_to.map_err(|fault| fault.at("replyTo"))?,
        metadata: metadata(meta_data).map_err(|fault| fault.at("meta_data"))?,
        topic: Topic::parse(topic_id).map_err(|fault| fault.at("topic_id"))?,
    })
}

fn metadata(raw: &str) -> Result<Option<Metadata>, Fault> {
    match serde_json::from_str(if raw.is_empty() { "null" } else { raw }) {
        Ok(Value::Object(pairs)) => Metadata::parse(pairs).map(Some),
        Ok(Value::Null) => Ok(None),
        Ok(_) | Err(_) => Err(Fault::Malformed("the text of a JSON object")),
    }
}

/// Encrypts a message's body. That of a recalled message has an empty text: the SDK fails on a list with a body that it
/// cannot decrypt.
pub(super) fn encrypted(message: &Message, sender: &User) -> String {
    let reply_to = message.reply_to.as_ref().map(MessageName::as_str);
    encrypted_text(message.name.as_str(), message.body.text.as_str(), sender, reply_to)
}

/// Encrypts a body without a message: that of a conversation whose messages are all gone.
pub(super) fn encrypted_text(id: &str, text: &str, sender: &User, reply_to: Option<&str>) -> String {
    let nickname = sender.profile.display_name.as_ref().map_or("", |name| name.as_str());
    let mut body = json!({ "message": text, "message_type": TEXT, "mentionedUsersIds": [], "nickName": nickname });
    if let (Some(reply_to), Value::Object(body)) = (reply_to, &mut body) {
        body.insert("replyTo".to_owned(), json!(reply_to));
    }
    Codec::of_message(id).encrypt(&body.to_string())
}

/// The free data of a message, as JSON text.
pub(super) fn metadata_text(message: &Message) -> String {
    Value::Object(Map::clone(message.data.metadata.as_object())).to_string()
}

/// The id of a message's last change, which differs from the message's own. Clients of other vendors give none.
pub(super) fn edit_id(message: &Message) -> Option<String> {
    let edit = message.edit.as_ref()?;
    Some(
        edit.name
            .as_ref()
            .map_or_else(|| format!("{}-{}", message.name.as_str(), message.version), |name| name.as_str().to_owned()),
    )
}

/// How far the recipient has a message: 0 not yet, 1 delivered, 2 seen.
pub(super) fn status(message: &Message, own: &Participant, theirs: &Participant) -> u8 {
    status_of(message, if message.sender == own.user { theirs } else { own })
}

pub(super) fn status_of(message: &Message, recipient: &Participant) -> u8 {
    match message.state(recipient) {
        DeliveryState::Sent => 0,
        DeliveryState::Delivered => 1,
        DeliveryState::Read => 2,
    }
}

/// A time as the vendor writes it: UTC without zone, `2017-10-12 04:07:10.926973`.
pub(super) fn time_text(at: Moment) -> String {
    let second = at.second_begin().to_string().replace('T', " ").replace('Z', "");
    format!("{second}.{:06}", at.micros() % 1_000_000)
}
