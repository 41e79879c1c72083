//! Events about messages that are no messages: marks, deletions and cleared rooms.

use serde::Serialize;
use utoipa::ToSchema;

use super::{reader::Reader, room::RoomView};
use crate::{
    domain::{ConversationKey, Error, Mark, Message, MessageName, Moment, User},
    service::conversations::log::{LogEntry, LoggedChange},
};

/// An event.
#[derive(Serialize, ToSchema)]
pub(super) struct EventView {
    /// `read`, `delivered`, `delete_message` or `clear_room`.
    #[schema(example = "read")]
    action_topic: &'static str,
    id: i64,
    payload: EventPayload,
    /// In nanoseconds since 1970.
    timestamp: i64,
}

/// The user that did it, and what was done.
#[derive(Serialize, ToSchema)]
struct EventPayload {
    actor: ActorView,
    data: EventData,
}

/// The user that did it.
#[derive(Serialize, ToSchema)]
struct ActorView {
    /// The user id.
    #[schema(example = "guest@qiscus.com")]
    email: String,
    id: i64,
    name: String,
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum EventData {
    Receipt(ReceiptEvent),
    Deletion(DeletionEvent),
    Clearance(ClearanceEvent),
}

/// A user has received or read this message of the client's user, and all before it.
#[derive(Serialize, ToSchema)]
struct ReceiptEvent {
    comment_id: i64,
    /// The value of `unique_temp_id`.
    comment_unique_id: String,
    /// The user that has received or read it.
    email: String,
    room_id: i64,
}

/// Messages were deleted for both users.
#[derive(Serialize, ToSchema)]
struct DeletionEvent {
    deleted_messages: Vec<DeletedMessages>,
    #[schema(example = true)]
    is_hard_delete: bool,
}

/// The deleted messages of a room.
#[derive(Serialize, ToSchema)]
struct DeletedMessages {
    /// Values of `unique_temp_id`.
    message_unique_ids: Vec<String>,
    #[schema(example = "11")]
    room_id: String,
}

/// The client's user has cleared rooms for itself.
#[derive(Serialize, ToSchema)]
struct ClearanceEvent {
    deleted_rooms: Vec<RoomView>,
}

impl EventView {
    fn of(topic: &'static str, id: i64, at: Moment, actor: &User, data: EventData) -> Self {
        let actor = ActorView {
            email: actor.id.as_str().to_owned(),
            id: actor.key.0,
            name: actor.display_name_or_id().to_owned(),
        };
        Self { action_topic: topic, id, payload: EventPayload { actor, data }, timestamp: at.micros() * 1000 }
    }

    fn receipt(id: i64, at: Moment, actor: &User, mark: Mark, newest: &Message) -> Self {
        let topic = match mark {
            Mark::Delivered => "delivered",
            Mark::Read => "read",
        };
        let receipt = ReceiptEvent {
            comment_id: newest.id.0,
            comment_unique_id: newest.name.as_str().to_owned(),
            email: actor.id.as_str().to_owned(),
            room_id: newest.conversation.0,
        };
        Self::of(topic, id, at, actor, EventData::Receipt(receipt))
    }

    pub(super) fn deletion(id: i64, at: Moment, actor: &User, room: ConversationKey, names: &[MessageName]) -> Self {
        let message_unique_ids = names.iter().map(|name| name.as_str().to_owned()).collect();
        let deleted_messages = vec![DeletedMessages { message_unique_ids, room_id: room.0.to_string() }];
        let deletion = DeletionEvent { deleted_messages, is_hard_delete: true };
        Self::of("delete_message", id, at, actor, EventData::Deletion(deletion))
    }

    pub(super) fn clearance(id: i64, at: Moment, actor: &User, room: RoomView) -> Self {
        let clearance = ClearanceEvent { deleted_rooms: vec![room.cleared()] };
        Self::of("clear_room", id, at, actor, EventData::Clearance(clearance))
    }

    /// Returns the event of an entry. None if its room is gone by now.
    pub(super) async fn of_entry(reader: Reader<'_>, entry: LogEntry) -> Result<Option<Self>, Error> {
        let LogEntry { seq, at, actor, conversation, what } = entry;
        Ok(Some(match what {
            LoggedChange::Marked(mark, newest) => Self::receipt(seq, at, &actor, mark, &newest),
            LoggedChange::Deleted(names) => Self::deletion(seq, at, &actor, conversation.key, &names),
            LoggedChange::Cleared => match reader.room(conversation.key).await {
                Err(Error::NotFound(_)) => return Ok(None),
                room => Self::clearance(seq, at, &actor, room?),
            },
        }))
    }
}
