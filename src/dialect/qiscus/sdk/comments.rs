//! Messages: sending, history, marks, changes, deletion, search.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        comment::CommentView,
        content::{self, CommentType, Draft, FreeObject},
        fields::limit,
        reader::Reader,
        reply::{self, QiscusError, QiscusReply},
        room::{ParticipantView, RoomView},
        room_fields::{self, MessageNameText, MessageNames, RoomId, RoomIds, RoomUniqueIds, at_room, message_id},
    },
    callers::{QiscusUser, session_error},
};
use crate::{
    domain::{
        ConversationChange, ConversationKey, ConversationRef, DeliveryState, Error, Fault, Mark, Message, MessageId,
        MessageName, MessageRef, Resource,
    },
    http::{
        addresses::Addresses,
        form::{Call, Optional, Required, read_from},
    },
    service::conversations::{
        changes::{EditOutcome, MessageChange, RecallRequest},
        marks::{MarkRequest, UpTo},
        reads::HistoryStart,
    },
};

read_from!(Query: LoadCommentsRequest, ReceiptRequest);
read_from!(Form: PostCommentRequest, StatusRequest, UpdateMessageRequest, SearchRequest);
read_from!(QueryThenBody: DeleteMessagesRequest, ClearRoomsRequest);

/// A message.
#[derive(Serialize, ToSchema)]
pub(in crate::dialect::qiscus) struct OneComment {
    pub(in crate::dialect::qiscus) comment: CommentView,
}

/// Messages.
#[derive(Serialize, ToSchema)]
pub(in crate::dialect::qiscus) struct Comments {
    pub(in crate::dialect::qiscus) comments: Vec<CommentView>,
}

/// The message to send.
#[derive(Deserialize, ToSchema)]
#[schema(as = PostComment)]
pub(super) struct PostCommentRequest {
    /// The text. Required for the types `text` and `reply`.
    #[schema(max_length = 4000, example = "hello")]
    comment: Option<String>,
    topic_id: RoomId,
    /// The client's own id of the message: a repeat with the same id returns the stored message. Drawn if it is not
    /// given.
    #[schema(value_type = Option<String>, max_length = 191, example = "javascript-1")]
    unique_temp_id: Optional<MessageNameText>,
    /// `text` if it is not given; `reply`, `custom`, `file_attachment`, or another word.
    #[serde(rename = "type")]
    #[schema(value_type = Option<String>, max_length = 64, example = "text")]
    kind: Optional<CommentType>,
    /// An object of at most 16 KiB. Of a custom message it has a `type`; a reply names the other message in
    /// `replied_comment_id`, and the server adds its text, type and sender.
    #[schema(value_type = Option<Object>)]
    payload: FreeObject,
    /// Free data, an object of at most 16 KiB.
    #[schema(value_type = Option<Object>)]
    extras: FreeObject,
}

/// `sendComment`: sends a message.
///
/// The sender has thereby read the messages before it.
#[utoipa::path(
    post, path = "/post_comment", tag = "Messages",
    request_body = PostCommentRequest,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The message", body = QiscusReply<OneComment>)),
)]
pub(super) async fn post_comment(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, PostCommentRequest>,
) -> Result<HttpResponse, QiscusError> {
    const ROOM: &str = "topic_id";
    let Call { service, caller, form, .. } = call;
    let PostCommentRequest { comment, topic_id: RoomId(room), unique_temp_id, kind, payload, extras } = form;
    let reader = caller.reader(&service, &addresses);
    let name = unique_temp_id.0.map(|MessageNameText(name)| name);
    let draft = Draft { text_field: "comment", text: comment, kind, payload: payload.0, extras: extras.0, name };
    let new = draft.message(&service, &caller.tenant, &reader.owner(), room).await.map_err(session_error)?;
    let sent = service.send_message(&caller.tenant, &reader.owner(), &ConversationRef::Key(room), new).await;
    let sent = sent.map_err(|error| session_error(at_name(at_room(ROOM)(error))))?;
    let comment = reader.message(sent.message.id).await.map_err(at_gone_message)?;
    Ok(reply::results(OneComment { comment }))
}

/// A repeat of a message that its sender has cleared or hidden since.
fn at_gone_message(error: Error) -> Error {
    match error == Error::NotFound(Resource::Message) {
        true => Fault::Malformed("a new id: its message was sent before and is gone").at("unique_temp_id"),
        false => error,
    }
}

pub(in crate::dialect::qiscus) fn at_name(error: Error) -> Error {
    match error == Error::Conflict(Resource::Message) {
        true => Fault::Malformed("an id that no message of the other user has").at("unique_temp_id"),
        false => error,
    }
}

/// A page of a room.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LoadCommentsRequest {
    /// The id of a room of the caller
    #[param(value_type = i64, example = 11)]
    topic_id: RoomId,
    /// The message that the page begins with, or that it ends before. The newest if it is not given
    #[serde(deserialize_with = "message_id")]
    #[param(value_type = Option<i64>, example = 42)]
    last_comment_id: Option<MessageId>,
    /// Whether to return the given message and those after it, instead of those before it
    #[serde(deserialize_with = "room_fields::flag")]
    #[param(value_type = Option<bool>)]
    after: bool,
    /// 20 if not given, or above 100
    #[serde(deserialize_with = "limit")]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 20)]
    limit: u32,
}

/// `loadComments`: returns a page of a room, newest first.
#[utoipa::path(
    get, path = "/load_comments", tag = "Messages",
    params(LoadCommentsRequest),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The messages, newest first", body = QiscusReply<Comments>)),
)]
pub(super) async fn load_comments(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, LoadCommentsRequest>,
) -> Result<HttpResponse, QiscusError> {
    let LoadCommentsRequest { topic_id: RoomId(room), last_comment_id, after, limit } = call.form;
    let from = match (last_comment_id, after) {
        (Some(first), true) => HistoryStart::From(first),
        (None, true) => HistoryStart::From(MessageId::NONE),
        (Some(before), false) => HistoryStart::Before(before),
        (None, false) => HistoryStart::Newest,
    };
    let reader = call.caller.reader(&call.service, &addresses);
    let comments = reader.page(room, from, limit).await.map_err(at_room("topic_id"))?;
    Ok(reply::results(Comments { comments }))
}

/// How far the user has received and read a room.
#[derive(Deserialize, ToSchema)]
#[schema(as = CommentStatus)]
pub(super) struct StatusRequest {
    room_id: RoomId,
    /// A message that was received, with all before it.
    #[serde(deserialize_with = "message_id")]
    #[schema(value_type = Option<i64>, example = 42)]
    last_comment_received_id: Option<MessageId>,
    /// A message that was read, with all before it.
    #[serde(deserialize_with = "message_id")]
    #[schema(value_type = Option<i64>, example = 42)]
    last_comment_read_id: Option<MessageId>,
}

/// The user's marks in a room after the call.
#[derive(Serialize, ToSchema)]
pub(super) struct CommentStatusResult {
    /// Whether a mark covers more messages of the other user now.
    changed: bool,
    last_comment_read_id: i64,
    last_comment_read_id_str: String,
    last_comment_received_id: i64,
    last_comment_received_id_str: String,
    user_id: i64,
    user_id_str: String,
}

/// `receiveComment`, `readComment`: says how far the user has received and read a room. The SDK sends this after each
/// message that it has received.
///
/// Marks only rise. An id above the newest message counts as the newest one. The room 0 is that of comments about
/// changed profiles: nothing is stored for it.
#[utoipa::path(
    post, path = "/update_comment_status", tag = "Messages",
    request_body = StatusRequest,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The marks", body = QiscusReply<CommentStatusResult>)),
)]
pub(super) async fn update_comment_status(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, StatusRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form, .. } = call;
    let StatusRequest { room_id: RoomId(room), last_comment_received_id, last_comment_read_id } = form;
    let reader = caller.reader(&service, &addresses);
    let (mut changed, mut read, mut received) = (false, 0, 0);
    if room.0 != 0 {
        let marks = [(Mark::Delivered, last_comment_received_id), (Mark::Read, last_comment_read_id)];
        for (mark, upto) in marks {
            let request = MarkRequest { mark, upto: UpTo::Message(upto.unwrap_or(MessageId::NONE)) };
            let moved =
                service.mark_messages(&caller.tenant, &reader.owner(), &ConversationRef::Key(room), request).await;
            let moved = moved.map_err(|error| session_error(at_room("room_id")(error)))?;
            changed |= moved.seq.is_some();
            (read, received) = moved.own.map_or((0, 0), |own| (own.read.0, own.delivered.0));
        }
    }
    let user_id = caller.user().key.0;
    Ok(reply::results(CommentStatusResult {
        changed,
        last_comment_read_id: read,
        last_comment_read_id_str: read.to_string(),
        last_comment_received_id: received,
        last_comment_received_id_str: received.to_string(),
        user_id,
        user_id_str: user_id.to_string(),
    }))
}

/// A new text of a message.
#[derive(Deserialize, ToSchema)]
#[schema(as = UpdateMessage)]
pub(super) struct UpdateMessageRequest {
    #[schema(value_type = String, max_length = 4000, example = "hello!")]
    comment: Option<String>,
    /// The value of `unique_temp_id`.
    #[schema(value_type = String, max_length = 191, example = "javascript-1")]
    unique_id: Required<MessageNameText>,
    /// Replaces the former one, if it is given.
    #[schema(value_type = Option<Object>)]
    payload: FreeObject,
    /// Replaces the former ones, if they are given.
    #[schema(value_type = Option<Object>)]
    extras: FreeObject,
}

/// `updateMessage`: changes a message that the user sent. Its type stays.
#[utoipa::path(
    post, path = "/update_message", tag = "Messages",
    request_body = UpdateMessageRequest,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The message as it is now", body = QiscusReply<OneComment>)),
)]
pub(super) async fn update_message(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, UpdateMessageRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form, .. } = call;
    let UpdateMessageRequest { comment, unique_id: Required(MessageNameText(name)), payload, extras } = form;
    let reader = caller.reader(&service, &addresses);
    let found = own_messages(reader, vec![name]).await?;
    let message = found.into_iter().rfind(|message| !message.is_recalled()).ok_or_else(|| not_own("unique_id"))?;
    let raw = comment.unwrap_or_default();
    let (body, data) = content::changed(&message, &raw, "comment", payload.0, extras.0)?;
    let change = MessageChange { body: Some(body), data: Some(data), ..MessageChange::default() };
    let (room, wanted) = (ConversationRef::Key(message.conversation), MessageRef::Id(message.id));
    let edited = service.edit_message(&caller.tenant, &reader.owner(), &room, wanted, change).await;
    match edited.map_err(session_error)? {
        EditOutcome::Edited(..) => {}
        EditOutcome::NoSuchMessage
        | EditOutcome::NotOwn
        | EditOutcome::TooLate
        | EditOutcome::Recalled
        | EditOutcome::OtherVersion(_) => return Err(not_own("unique_id").into()),
    }
    Ok(reply::results(OneComment { comment: reader.message(message.id).await? }))
}

fn not_own(field: &'static str) -> Error {
    Fault::Malformed("that of a message that the caller sent").at(field)
}

/// Returns the messages of these names that the viewer sent, oldest first.
async fn own_messages(reader: Reader<'_>, names: Vec<MessageName>) -> Result<Vec<Message>, Error> {
    let mut found = reader.service.messages_named(reader.tenant, reader.by, &reader.owner(), names).await?;
    found.retain(|message| message.sender == reader.viewer.key);
    found.sort_unstable_by_key(|message| message.id);
    found.dedup_by_key(|message| message.id);
    Ok(found)
}

/// The messages to delete.
#[derive(Deserialize, ToSchema)]
#[schema(as = DeleteMessages)]
pub(super) struct DeleteMessagesRequest {
    unique_ids: MessageNames,
}

/// `deleteComment`: deletes messages that the user sent, for both users.
///
/// Proxies drop the body of a DELETE, so the ids may also be in the query. `is_hard_delete` and
/// `is_delete_for_everyone` are ignored: both are true.
#[utoipa::path(
    delete, path = "/delete_messages", tag = "Messages",
    params((
        "unique_ids[]" = Option<MessageNames>, Query,
        description = "In addition to those in the body; at least one in total. `unique_ids` works too",
    )),
    request_body = Option<DeleteMessagesRequest>,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The deleted messages", body = QiscusReply<Comments>)),
)]
pub(super) async fn delete_messages(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, DeleteMessagesRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: DeleteMessagesRequest { unique_ids: MessageNames(names) }, .. } = call;
    let reader = caller.reader(&service, &addresses);
    let found = own_messages(reader, names).await?;
    if found.is_empty() {
        return Err(not_own("unique_ids").into());
    }
    let mut rooms: BTreeMap<i64, Vec<MessageRef>> = BTreeMap::new();
    for message in &found {
        rooms.entry(message.conversation.0).or_default().push(MessageRef::Id(message.id));
    }
    for (room, messages) in rooms {
        let request =
            RecallRequest { messages, reason: String::new(), others_too: false, unseen_too: false, within: None };
        let room = ConversationRef::Key(ConversationKey(room));
        service.recall_messages(&caller.tenant, &reader.owner(), &room, request).await.map_err(session_error)?;
    }
    let mut comments = Vec::with_capacity(found.len());
    for message in found {
        match reader.message(message.id).await {
            Err(Error::NotFound(_)) => {}
            comment => comments.push(comment?),
        }
    }
    Ok(reply::results(Comments { comments }))
}

/// The rooms to clear.
#[derive(Deserialize, ToSchema)]
#[schema(as = ClearRooms)]
pub(super) struct ClearRoomsRequest {
    room_channel_ids: RoomUniqueIds,
}

/// Rooms.
#[derive(Serialize, ToSchema)]
pub(super) struct ClearedRooms {
    rooms: Vec<RoomView>,
}

/// `clearRoomMessages`: clears rooms for the user alone.
#[utoipa::path(
    delete, path = "/clear_room_messages", tag = "Messages",
    params((
        "room_channel_ids[]" = Option<RoomUniqueIds>, Query,
        description = "In addition to those in the body; at least one in total. `room_channel_ids` works too",
    )),
    request_body = Option<ClearRoomsRequest>,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The rooms, without a last message", body = QiscusReply<ClearedRooms>)),
)]
pub(super) async fn clear_room_messages(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, ClearRoomsRequest>,
) -> Result<HttpResponse, QiscusError> {
    const ROOMS: &str = "room_channel_ids";
    let Call { service, caller, form: ClearRoomsRequest { room_channel_ids: RoomUniqueIds(wanted) }, .. } = call;
    let reader = caller.reader(&service, &addresses);
    if wanted.is_empty() {
        return Err(Fault::Missing.at(ROOMS).into());
    }
    let found = room_fields::own_rooms(&service, &caller.tenant, &reader.owner(), &wanted).await?;
    if found.len() < wanted.len() {
        return Err(at_room(ROOMS)(Error::NotFound(Resource::Conversation)).into());
    }
    let mut rooms = Vec::with_capacity(found.len());
    for room in found {
        let of = ConversationRef::Key(room);
        let view = service.conversation(&caller.tenant, &reader.owner(), &of, false).await?;
        let upto = view.map_or(MessageId::NONE, |view| view.own.listed.max(view.own.incoming));
        let change = ConversationChange::Cleared { upto };
        let cleared = service.change_conversation(&caller.tenant, &reader.owner(), &of, change).await;
        cleared.map_err(|error| session_error(at_room(ROOMS)(error)))?;
        rooms.push(reader.room(room).await.map_err(at_room(ROOMS))?.cleared());
    }
    Ok(reply::results(ClearedRooms { rooms }))
}

/// A message.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReceiptRequest {
    /// The id of a message that the caller sees
    #[serde(deserialize_with = "message_id")]
    #[param(value_type = i64, example = 42)]
    comment_id: Option<MessageId>,
}

/// The recipient of a message, in the list of its state.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Receipts {
    delivered_to: Vec<ReceiptOf>,
    pending: Vec<ReceiptOf>,
    read_by: Vec<ReceiptOf>,
}

/// A user that a message was sent to.
#[derive(Serialize, ToSchema)]
struct ReceiptOf {
    user: ParticipantView,
}

/// `getCommentReceiptStatus`: tells whether the recipient of a message has received and read it.
#[utoipa::path(
    get, path = "/comment_receipt", tag = "Messages",
    params(ReceiptRequest),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The recipient, in one of the lists", body = QiscusReply<Receipts>)),
)]
pub(super) async fn comment_receipt(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, ReceiptRequest>,
) -> Result<HttpResponse, QiscusError> {
    const MESSAGE: &str = "comment_id";
    let Call { service, caller, form: ReceiptRequest { comment_id }, .. } = call;
    let reader = caller.reader(&service, &addresses);
    let id = comment_id.ok_or_else(|| Fault::Missing.at(MESSAGE))?;
    let found = service.message(&caller.tenant, &reader.owner(), id).await;
    let (view, state) = found.map_err(|error| match error == Error::NotFound(Resource::Message) {
        true => Fault::Malformed("the id of a message of the caller's rooms").at(MESSAGE),
        false => error,
    })?;
    let user = ParticipantView::of(&caller.tenant.app, &addresses, &view.recipient, &state);
    let (recipient, none) = (vec![ReceiptOf { user }], Receipts::default());
    Ok(reply::results(match view.message.state(&state) {
        DeliveryState::Sent => Receipts { pending: recipient, ..none },
        DeliveryState::Delivered => Receipts { delivered_to: recipient, ..none },
        DeliveryState::Read => Receipts { read_by: recipient, ..none },
    }))
}

/// The text to search for.
#[derive(Deserialize, ToSchema)]
#[schema(as = SearchMessages)]
pub(in crate::dialect::qiscus) struct SearchRequest {
    /// A part of a message's text; case does not matter. Without it nothing is found.
    #[schema(example = "hello")]
    query: Option<String>,
    /// Rooms of the caller. All of them if none are given.
    #[schema(value_type = Option<RoomIds>)]
    room_ids: RoomIds,
    #[schema(value_type = Option<RoomIds>)]
    room_id: RoomIds,
    /// Only messages before this one.
    #[serde(deserialize_with = "message_id")]
    #[schema(value_type = Option<i64>, example = 42)]
    last_comment_id: Option<MessageId>,
    /// 20 if not given, or above 100.
    #[serde(deserialize_with = "limit")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100, example = 20)]
    limit: u32,
}

/// The most messages that a search in several rooms, or before a message, looks through.
const MATCHES_MAX: u32 = 1000;

pub(in crate::dialect::qiscus) async fn matches(
    reader: Reader<'_>,
    request: SearchRequest,
) -> Result<Vec<CommentView>, Error> {
    let SearchRequest { query, room_ids: RoomIds(mut rooms), room_id: RoomIds(room), last_comment_id, limit } = request;
    let Some(query) = query.filter(|query| !query.is_empty()) else { return Ok(Vec::new()) };
    rooms.extend(room);
    let (only, looked_at) = match (rooms.as_slice(), last_comment_id) {
        ([], None) => (None, limit),
        ([room], None) => (Some(*room), limit),
        ([room], Some(_)) => (Some(*room), MATCHES_MAX),
        ([], Some(_)) | ([..], _) => (None, MATCHES_MAX),
    };
    let owner = reader.owner();
    let found = reader.service.search_messages(reader.tenant, &owner, reader.by, &query, only, looked_at).await?;
    let is_wanted = |room, id| {
        (rooms.is_empty() || rooms.contains(&room)) && last_comment_id.is_none_or(|before: MessageId| id < before)
    };
    let wanted = found.into_iter().filter(|view| is_wanted(view.message.conversation, view.message.id));
    reader.comments(&wanted.take(limit as usize).collect::<Vec<_>>()).await
}

/// `searchMessage`: searches the user's messages by their text, newest first.
#[utoipa::path(
    post, path = "/search", tag = "Messages",
    request_body = SearchRequest,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The messages", body = QiscusReply<Comments>)),
)]
pub(super) async fn search(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, SearchRequest>,
) -> Result<HttpResponse, QiscusError> {
    let reader = call.caller.reader(&call.service, &addresses);
    Ok(reply::results(Comments { comments: matches(reader, call.form).await? }))
}

/// `searchMessages`: as `search`, for older SDKs.
#[utoipa::path(
    post, path = "/search_messages", tag = "Messages",
    request_body = SearchRequest,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The messages", body = QiscusReply<Comments>)),
)]
pub(super) async fn search_messages(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, SearchRequest>,
) -> Result<HttpResponse, QiscusError> {
    search(addresses, call).await
}
