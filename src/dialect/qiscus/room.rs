//! Conversations as the SDKs and the back ends read them: "rooms".

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::comment::{CommentView, RoomFace, SINGLE};
use crate::{
    domain::{App, Conversation, Participant, User},
    http::addresses::Addresses,
};

/// A room of two users, as one of them sees it. Each number called `id` or `.._id` is also there as text.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomView {
    /// That of the other user.
    #[schema(format = "uri")]
    avatar_url: String,
    #[schema(example = "single")]
    chat_type: &'static str,
    id: i64,
    id_str: String,
    is_public_channel: bool,
    is_removed: bool,
    /// In an empty room a message with the id 0; null only where a room was cleared.
    #[schema(required)]
    last_comment: Option<CommentView>,
    last_comment_id: i64,
    last_comment_id_str: String,
    last_comment_message: String,
    last_topic_id: i64,
    last_topic_id_str: String,
    /// A JSON object as text.
    #[schema(example = "{}")]
    options: String,
    /// Empty where they were not asked for.
    participants: Vec<ParticipantView>,
    /// The ids of the two users.
    #[schema(example = "alice bob")]
    raw_room_name: String,
    /// The name of the other user.
    room_name: String,
    #[schema(example = 2)]
    room_total_participants: u32,
    /// 32 hexadecimal digits.
    unique_id: String,
    /// The messages that the user has not read.
    unread_count: u32,
}

/// A user in a room, with its marks: everything up to these messages was received and read.
#[derive(Serialize, ToSchema)]
pub(super) struct ParticipantView {
    /// False for a suspended user.
    active: bool,
    #[schema(format = "uri")]
    avatar_url: String,
    /// The user id.
    #[schema(example = "guest@qiscus.com")]
    email: String,
    #[schema(value_type = Object)]
    extras: Map<String, Value>,
    id: i64,
    id_str: String,
    last_comment_read_id: i64,
    last_comment_read_id_str: String,
    last_comment_received_id: i64,
    last_comment_received_id_str: String,
    username: String,
}

impl ParticipantView {
    pub(super) fn of(app: &App, addresses: &Addresses, user: &User, state: &Participant) -> Self {
        let (read, received) = (state.read.0, state.delivered.0);
        Self {
            active: user.is_active(),
            avatar_url: addresses.avatar(user, app.settings.public_pictures),
            email: user.id.as_str().to_owned(),
            extras: user.profile.extras.as_object().clone(),
            id: user.key.0,
            id_str: user.key.0.to_string(),
            last_comment_read_id: read,
            last_comment_read_id_str: read.to_string(),
            last_comment_received_id: received,
            last_comment_received_id_str: received.to_string(),
            username: user.display_name_or_id().to_owned(),
        }
    }
}

impl RoomView {
    pub(super) fn of(
        conversation: &Conversation,
        face: RoomFace,
        last: Option<CommentView>,
        participants: Vec<ParticipantView>,
        unread_count: u32,
    ) -> Self {
        let key = conversation.key.0;
        let last_id = last.as_ref().map_or(0, CommentView::id);
        Self {
            avatar_url: face.avatar_url,
            chat_type: SINGLE,
            id: key,
            id_str: key.to_string(),
            is_public_channel: false,
            is_removed: false,
            last_comment_id: last_id,
            last_comment_id_str: last_id.to_string(),
            last_comment_message: last.as_ref().map_or("", CommentView::text).to_owned(),
            last_comment: last,
            last_topic_id: key,
            last_topic_id_str: key.to_string(),
            options: conversation.options.clone(),
            participants,
            raw_room_name: face.raw_name,
            room_name: face.name,
            room_total_participants: 2,
            unique_id: conversation.unique_id.clone(),
            unread_count,
        }
    }

    pub(super) fn into_participants(self) -> Vec<ParticipantView> {
        self.participants
    }

    /// Returns the room as events about cleared rooms have it.
    pub(super) fn cleared(self) -> Self {
        Self {
            last_comment: None,
            last_comment_id: 0,
            last_comment_id_str: "0".to_owned(),
            last_comment_message: String::new(),
            ..self
        }
    }
}

/// A room as back ends of v2.1 read it: all values are text.
#[derive(Serialize, ToSchema)]
pub(super) struct BackEndRoom {
    #[schema(format = "uri")]
    room_avatar_url: String,
    /// 32 hexadecimal digits.
    room_channel_id: String,
    #[schema(example = "11")]
    room_id: String,
    /// The name of the other user where the request names a user, else the ids of both.
    room_name: String,
    /// A JSON object as text.
    #[schema(example = "{}")]
    room_options: String,
    #[schema(example = "single")]
    room_type: &'static str,
}

impl BackEndRoom {
    /// Returns the room as `viewer` sees it.
    pub(super) fn seen(conversation: &Conversation, face: RoomFace) -> Self {
        Self {
            room_avatar_url: face.avatar_url,
            room_channel_id: conversation.unique_id.clone(),
            room_id: conversation.key.0.to_string(),
            room_name: face.name,
            room_options: conversation.options.clone(),
            room_type: SINGLE,
        }
    }

    /// Returns the room as neither user sees it. Its picture is that of the user with the lower key.
    pub(super) fn of(app: &App, addresses: &Addresses, conversation: &Conversation, users: &[User; 2]) -> Self {
        let [first, second] = users;
        let face = RoomFace::of(app, addresses, second, first);
        Self::seen(conversation, RoomFace { name: face.raw_name.clone(), ..face })
    }
}

/// A room in a list of v2.0, as its user sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedRoomV2_0)]
pub(super) struct ListedRoomV20 {
    last_comment_id: i64,
    last_comment_message: String,
    #[schema(format = DateTime)]
    last_comment_timestamp: String,
    participants: Vec<ParticipantView>,
    #[schema(format = "uri")]
    room_avatar_url: String,
    room_id: i64,
    room_name: String,
    #[schema(example = "single")]
    room_type: &'static str,
    unread_count: u32,
}

impl From<RoomView> for ListedRoomV20 {
    fn from(room: RoomView) -> Self {
        Self {
            last_comment_id: room.last_comment_id,
            last_comment_message: room.last_comment_message,
            last_comment_timestamp: room.last_comment.map(CommentView::into_timestamp).unwrap_or_default(),
            participants: room.participants,
            room_avatar_url: room.avatar_url,
            room_id: room.id,
            room_name: room.room_name,
            room_type: SINGLE,
            unread_count: room.unread_count,
        }
    }
}
