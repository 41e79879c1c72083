//! Messages as the SDKs and the back ends read them: "comments".

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::view::AvatarView;
use crate::{
    domain::{App, Conversation, DeliveryState, Message, MessageId, MessageOrigin, MessageView, Moment, User},
    http::addresses::Addresses,
    service::conversations::places::MessagePlace,
};

/// The type of a message that has no other.
pub(super) const TEXT: &str = "text";
pub(super) const REPLY: &str = "reply";
pub(super) const CUSTOM: &str = "custom";
pub(super) const SYSTEM_EVENT: &str = "system_event";

/// The type of rooms of two users, in the field that says how many users a room is for.
pub(super) const SINGLE: &str = "single";

/// Keys of a reply's payload without which the JavaScript SDK fails.
pub(super) const REPLY_TEXT: &str = "text";
pub(super) const REPLIED_MESSAGE: &str = "replied_comment_message";

/// Keys of the stored JSON of a message that is more than text.
pub(super) const STORED_TYPE: &str = "type";
pub(super) const STORED_PAYLOAD: &str = "payload";
/// Only if the client sent an empty text.
pub(super) const STORED_MESSAGE: &str = "message";

/// A message. Each number called `id` or `.._id` is also there as text.
#[derive(Serialize, ToSchema)]
pub(super) struct CommentView {
    #[schema(example = "single")]
    chat_type: &'static str,
    /// The previous message of the room that the user sees; 0 if there is none.
    comment_before_id: i64,
    comment_before_id_str: String,
    #[schema(format = DateTime)]
    created_at: String,
    disable_link_preview: bool,
    /// The sender.
    #[schema(example = "guest@qiscus.com")]
    email: String,
    #[schema(value_type = Object)]
    extras: Map<String, Value>,
    id: i64,
    id_str: String,
    /// The text of a deleted message is empty.
    is_deleted: bool,
    is_public_channel: bool,
    message: String,
    #[schema(value_type = Object)]
    payload: Value,
    /// The ids of the two users.
    #[schema(example = "alice bob")]
    raw_room_name: String,
    #[schema(format = "uri")]
    room_avatar: String,
    room_id: i64,
    room_id_str: String,
    /// The name of the other user.
    room_name: String,
    /// A JSON object as text.
    #[schema(example = "{}")]
    room_options: String,
    #[schema(example = "single")]
    room_type: &'static str,
    /// `sent`, `delivered` or `read`, by the recipient's marks.
    #[schema(example = "sent")]
    status: &'static str,
    #[schema(format = DateTime)]
    timestamp: String,
    topic_id: i64,
    topic_id_str: String,
    /// `text`, `reply`, `custom`, or what the client sent. A custom message of another vendor's client is `custom`.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    kind: String,
    /// The client's own id of the message.
    unique_temp_id: String,
    unix_nano_timestamp: i64,
    unix_timestamp: i64,
    user_avatar: SenderAvatar,
    #[schema(format = "uri")]
    user_avatar_url: String,
    #[schema(value_type = Object)]
    user_extras: Map<String, Value>,
    /// The sender's number.
    user_id: i64,
    user_id_str: String,
    username: String,
}

/// The sender's picture: an object over HTTP, a text over MQTT, because Android drops other messages there.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum SenderAvatar {
    Http(AvatarView),
    Mqtt(String),
}

/// What a room is called, and how it looks, to one of its users.
pub(super) struct RoomFace {
    pub(super) name: String,
    pub(super) avatar_url: String,
    /// The ids of both users.
    pub(super) raw_name: String,
}

impl RoomFace {
    /// Returns the face of a room whose other user is `peer`.
    pub(super) fn of(app: &App, addresses: &Addresses, viewer: &User, peer: &User) -> Self {
        let (first, second) = if viewer.key < peer.key { (viewer, peer) } else { (peer, viewer) };
        Self {
            name: peer.display_name_or_id().to_owned(),
            avatar_url: addresses.avatar(peer, app.settings.public_pictures),
            raw_name: format!("{} {}", first.id.as_str(), second.id.as_str()),
        }
    }
}

/// What a message says, in this API's terms.
struct Content {
    kind: String,
    payload: Value,
    text: String,
}

impl Content {
    fn of(message: &Message) -> Self {
        let text = message.body.text.as_str().to_owned();
        let Some(custom) = &message.body.custom else {
            let payload = message.data.payload.as_object();
            let has_text = |key: &str| payload.get(key).is_some_and(Value::is_string);
            let kind = if has_text(REPLY_TEXT) && has_text(REPLIED_MESSAGE) { REPLY } else { TEXT };
            return Self { kind: kind.to_owned(), payload: Value::Object(payload.clone()), text };
        };
        let json = custom.json();
        if custom.format != MessageOrigin::Qiscus {
            let payload = json!({ "type": custom.format.as_str(), "content": json });
            return Self { kind: CUSTOM.to_owned(), payload, text };
        }
        let text_at = |key: &str| json.get(key).and_then(Value::as_str);
        Self {
            kind: text_at(STORED_TYPE).unwrap_or(CUSTOM).to_owned(),
            payload: json.get(STORED_PAYLOAD).cloned().unwrap_or_else(|| json!({})),
            text: text_at(STORED_MESSAGE).map_or(text, str::to_owned),
        }
    }
}

fn status(message: &Message, place: &MessagePlace) -> &'static str {
    match message.state(&place.recipient) {
        DeliveryState::Sent => "sent",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Read => "read",
    }
}

/// Without fractions of a second.
fn whole_second(at: Moment) -> String {
    at.second_begin().to_string()
}

impl CommentView {
    /// Returns the message as `viewer`, one of the two users, sees it.
    pub(super) fn of(
        app: &App,
        addresses: &Addresses,
        viewer: &User,
        view: &MessageView,
        place: &MessagePlace,
    ) -> Self {
        let MessageView { message, conversation, sender, recipient } = view;
        let peer = if sender.key == viewer.key { recipient } else { sender };
        let face = RoomFace::of(app, addresses, viewer, peer);
        let avatar_url = addresses.avatar(sender, app.settings.public_pictures);
        let Content { kind, payload, text } = Content::of(message);
        Self {
            disable_link_preview: false,
            email: sender.id.as_str().to_owned(),
            extras: message.data.extras.as_object().clone(),
            is_deleted: message.is_recalled(),
            message: text,
            payload,
            status: status(message, place),
            kind,
            unique_temp_id: message.name.as_str().to_owned(),
            user_avatar: SenderAvatar::Http(AvatarView::of(&avatar_url)),
            user_avatar_url: avatar_url,
            user_extras: sender.profile.extras.as_object().clone(),
            user_id: sender.key.0,
            user_id_str: sender.key.0.to_string(),
            username: sender.display_name_or_id().to_owned(),
            ..Self::none(conversation, face).at(message.id, place.before, message.at)
        }
    }

    /// Returns the last message of a room without messages: the SDKs fail on null. It has no sender; the picture is the
    /// room's, because the field is an address.
    pub(super) fn none(conversation: &Conversation, face: RoomFace) -> Self {
        let (room, at) = (conversation.key.0, conversation.created_at);
        let RoomFace { name, avatar_url, raw_name } = face;
        let (user_avatar, user_avatar_url) = (AvatarView::of(&avatar_url), avatar_url.clone());
        let none = Self {
            chat_type: SINGLE,
            comment_before_id: 0,
            comment_before_id_str: String::new(),
            created_at: String::new(),
            disable_link_preview: false,
            email: String::new(),
            extras: Map::new(),
            id: 0,
            id_str: String::new(),
            is_deleted: false,
            is_public_channel: false,
            message: String::new(),
            payload: json!({}),
            raw_room_name: raw_name,
            room_avatar: avatar_url,
            room_id: room,
            room_id_str: room.to_string(),
            room_name: name,
            room_options: conversation.options.clone(),
            room_type: SINGLE,
            status: "sent",
            timestamp: String::new(),
            topic_id: room,
            topic_id_str: room.to_string(),
            kind: "unknown".to_owned(),
            unique_temp_id: String::new(),
            unix_nano_timestamp: 0,
            unix_timestamp: 0,
            user_avatar: SenderAvatar::Http(user_avatar),
            user_avatar_url,
            user_extras: Map::new(),
            user_id: 0,
            user_id_str: "0".to_owned(),
            username: String::new(),
        };
        none.at(MessageId::NONE, MessageId::NONE, at)
    }

    fn at(self, id: MessageId, before: MessageId, at: Moment) -> Self {
        Self {
            comment_before_id: before.0,
            comment_before_id_str: before.0.to_string(),
            created_at: at.to_string(),
            id: id.0,
            id_str: id.0.to_string(),
            timestamp: whole_second(at),
            unix_nano_timestamp: at.micros() * 1000,
            unix_timestamp: at.unix_s(),
            ..self
        }
    }

    /// Returns the form that is sent over MQTT.
    pub(super) fn over_mqtt(self) -> Self {
        Self { user_avatar: SenderAvatar::Mqtt(self.user_avatar_url.clone()), ..self }
    }

    pub(super) fn id(&self) -> i64 {
        self.id
    }

    pub(super) fn into_timestamp(self) -> String {
        self.timestamp
    }

    pub(super) fn text(&self) -> &str {
        &self.message
    }
}

/// A message as back ends of v2.1 read it.
#[derive(Serialize, ToSchema)]
pub(super) struct BackEndComment {
    #[schema(value_type = Object)]
    extras: Map<String, Value>,
    id: i64,
    message: String,
    #[schema(value_type = Object)]
    payload: Value,
    #[schema(format = DateTime)]
    timestamp: String,
    #[serde(rename = "type")]
    #[schema(example = "text")]
    kind: String,
    unique_temp_id: String,
    user: BackEndUser,
}

/// A user beside a message or in a room, as back ends of v2.1 read it.
#[derive(Serialize, ToSchema)]
pub(super) struct BackEndUser {
    /// False for a suspended user.
    active: bool,
    #[schema(format = "uri")]
    avatar_url: String,
    #[schema(value_type = Object)]
    extras: Map<String, Value>,
    #[schema(example = "guest@qiscus.com")]
    user_id: String,
    username: String,
}

impl BackEndUser {
    pub(super) fn of(app: &App, addresses: &Addresses, user: &User) -> Self {
        Self {
            active: user.is_active(),
            avatar_url: addresses.avatar(user, app.settings.public_pictures),
            extras: user.profile.extras.as_object().clone(),
            user_id: user.id.as_str().to_owned(),
            username: user.display_name_or_id().to_owned(),
        }
    }
}

impl BackEndComment {
    pub(super) fn of(app: &App, addresses: &Addresses, message: &Message, sender: &User) -> Self {
        let Content { kind, payload, text } = Content::of(message);
        Self {
            extras: message.data.extras.as_object().clone(),
            id: message.id.0,
            message: text,
            payload,
            timestamp: whole_second(message.at),
            kind,
            unique_temp_id: message.name.as_str().to_owned(),
            user: BackEndUser::of(app, addresses, sender),
        }
    }
}
