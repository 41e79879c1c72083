//! Fields that calls about rooms and messages read, and the errors about them.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type},
    },
};

use super::fields::text_or_number;
use crate::{
    domain::{
        ConversationKey, ConversationRef, Error, Fault, MESSAGES_A_CALL_MAX, MessageId, MessageName, Owner, Resource,
        UserId,
    },
    http::form::{self, Parse, Words},
    service::{Service, Tenant},
};

/// The most rooms that one call names.
pub(super) const ROOMS_MAX: usize = 100;

const NO_ROOM: Fault = Fault::Malformed("the id of a room of the user");

/// Standin has rooms of two users alone: the answer to orders about other rooms.
pub(super) fn only_pairs() -> Error {
    Fault::Malformed("single: Standin has rooms of two users alone").at("room_type")
}

/// Gives a room that does not exist, and one of other users, the same error. Native clients log out after a 403.
pub(super) fn at_room(field: &'static str) -> impl Fn(Error) -> Error {
    move |error| match matches!(error, Error::NotFound(Resource::Conversation | Resource::User)) {
        true => NO_ROOM.at(field),
        false => error,
    }
}

/// The id of a room, as a number or as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoomId(pub(super) ConversationKey);

impl Parse for RoomId {
    fn parse(raw: &str) -> Result<Self, Fault> {
        raw.trim().parse().map(ConversationKey).map(Self).map_err(|_| NO_ROOM)
    }
}

impl<'de> Deserialize<'de> for RoomId {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        let given = text_or_number(field)?;
        given.ok_or(Fault::Missing).and_then(|raw| Self::parse(&raw)).map_err(form::raised)
    }
}

impl PartialSchema for RoomId {
    fn schema() -> RefOr<Schema> {
        number_or_text("The id of a room of the caller", 11)
    }
}

impl ToSchema for RoomId {}

fn number_or_text(what: &'static str, example: i64) -> RefOr<Schema> {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]+$"));
    OneOfBuilder::new().item(number).item(text).description(Some(what)).examples([json!(example)]).into()
}

/// The ids of rooms; texts that are no numbers are left out, as unknown ids are.
#[derive(Debug, Default)]
pub(super) struct RoomIds(pub(super) Vec<ConversationKey>);

impl<'de> Deserialize<'de> for RoomIds {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        let words = words(field, ROOMS_MAX, "rooms")?;
        Ok(Self(words.iter().filter_map(|raw| RoomId::parse(raw).ok()).map(|RoomId(room)| room).collect()))
    }
}

impl PartialSchema for RoomIds {
    fn schema() -> RefOr<Schema> {
        let ids = ArrayBuilder::new().items(RoomId::schema()).max_items(Some(ROOMS_MAX));
        ids.description(Some("Ids of rooms")).examples([json!([11, "12"])]).into()
    }
}

impl ToSchema for RoomIds {}

/// The unique ids of rooms.
#[derive(Debug, Default)]
pub(super) struct RoomUniqueIds(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for RoomUniqueIds {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        words(field, ROOMS_MAX, "rooms").map(Self)
    }
}

impl PartialSchema for RoomUniqueIds {
    fn schema() -> RefOr<Schema> {
        let id = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-f]{32}$"));
        let ids = ArrayBuilder::new().items(id).max_items(Some(ROOMS_MAX));
        ids.description(Some("Unique ids of rooms")).examples([json!(["0123456789abcdef0123456789abcdef"])]).into()
    }
}

impl ToSchema for RoomUniqueIds {}

/// The clients' own ids of messages: one at least.
#[derive(Debug)]
pub(super) struct MessageNames(pub(super) Vec<MessageName>);

impl<'de> Deserialize<'de> for MessageNames {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        let words = words(field, MESSAGES_A_CALL_MAX, "messages")?;
        if words.is_empty() {
            return Err(form::raised(Fault::Missing));
        }
        words.iter().map(|raw| MessageName::parse(raw)).collect::<Result<_, _>>().map(Self).map_err(form::raised)
    }
}

impl PartialSchema for MessageNames {
    fn schema() -> RefOr<Schema> {
        let id = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MessageName::CHARS_MAX));
        let ids = ArrayBuilder::new().items(id).min_items(Some(1)).max_items(Some(MESSAGES_A_CALL_MAX));
        ids.description(Some("Values of `unique_temp_id`")).examples([json!(["javascript-1"])]).into()
    }
}

impl ToSchema for MessageNames {}

fn words<'de, D: Deserializer<'de>>(field: D, most: usize, unit: &'static str) -> Result<Vec<String>, D::Error> {
    let Words(words) = Words::deserialize(field)?;
    Fault::if_above(most, unit, words.len()).map_err(form::raised).map(|()| words)
}

/// A client's own id of a message.
#[derive(Debug, Clone)]
pub(super) struct MessageNameText(pub(super) MessageName);

impl Parse for MessageNameText {
    fn parse(raw: &str) -> Result<Self, Fault> {
        MessageName::parse(raw).map(Self)
    }
}

/// Reads the id of a message; anything but a positive number counts as not given, as the SDKs send `undefined`.
pub(super) fn message_id<'de, D: Deserializer<'de>>(field: D) -> Result<Option<MessageId>, D::Error> {
    let given = text_or_number(field)?.and_then(|raw| raw.trim().parse().ok());
    Ok(given.filter(|id: &i64| *id > 0).map(MessageId))
}

/// Reads a flag: a JSON value or text. Anything but true counts as false.
pub(super) fn flag<'de, D: Deserializer<'de>>(field: D) -> Result<bool, D::Error> {
    form::value(field, |given| {
        Ok(match given {
            Some(Value::Bool(given)) => given,
            Some(Value::String(text)) => text.trim().eq_ignore_ascii_case("true") || text.trim() == "1",
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
        })
    })
}

/// Reads the options of a new room: a JSON object, or its text. Empty text and null: none.
pub(super) fn room_options<'de, D: Deserializer<'de>>(field: D) -> Result<String, D::Error> {
    form::value(field, |given| {
        Ok(match given {
            None => "{}".to_owned(),
            Some(Value::String(text)) if text.is_empty() => "{}".to_owned(),
            Some(Value::String(text)) => text,
            Some(object) => object.to_string(),
        })
    })
}

/// Opens the room of two users.
/// # Errors
/// `Invalid` at `field` for an unknown user, and for the owner itself; at `options_field` for options that are none.
pub(super) async fn open(
    service: &Service,
    tenant: &Tenant,
    owner: &Owner,
    with: &UserId,
    (field, options_field): (&'static str, &'static str),
    options: &str,
) -> Result<ConversationKey, Error> {
    let opened = service.open_conversation(tenant, owner, with, options).await;
    opened.map(|conversation| conversation.key).map_err(|error| {
        if error == Error::NotFound(Resource::User) {
            Fault::NoSuchUser(with.clone()).at(field)
        } else if let Error::Invalid { fault, .. } = error {
            let field = if fault == Fault::Oneself { field } else { options_field };
            fault.at(field)
        } else {
            error
        }
    })
}

/// Returns those of the unique ids that are rooms of the owner, in their order.
pub(super) async fn own_rooms(
    service: &Service,
    tenant: &Tenant,
    owner: &Owner,
    unique_ids: &[String],
) -> Result<Vec<ConversationKey>, Error> {
    let mut rooms = Vec::with_capacity(unique_ids.len());
    for unique_id in unique_ids {
        let room = match service.conversation_key(tenant, unique_id).await {
            Err(Error::NotFound(_)) => continue,
            found => found?,
        };
        match service.conversation(tenant, owner, &ConversationRef::Key(room), false).await {
            Err(Error::NotFound(_)) => {}
            found => rooms.extend(found?.map(|_| room)),
        }
    }
    Ok(rooms)
}
