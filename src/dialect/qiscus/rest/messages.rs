//! Messages, for back ends: in the name of users, and without the limits of users.

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;
use serde_json::{Map, json};
use utoipa::ToSchema;

use super::{
    super::{
        caller::QiscusBackEnd,
        comment::{BackEndComment, CommentView, SYSTEM_EVENT},
        content,
        fields::Paging,
        reply::{self, QiscusError, QiscusReply},
        room_fields::{MessageNames, at_room},
        sdk::{Comments, OneComment, SearchRequest, at_name, matches},
        version::Version,
    },
    bodies::{
        BackEndSearch, DeleteMessagesRequest, LoadCommentsRequest, PostRequest, PostV21, RoomQuery, SystemEventRequest,
    },
    rooms::{by, reader, room_of, user},
};
use crate::{
    domain::{
        ConversationKey, ConversationRef, Error, Fault, MessageData, MessageFlags, MessageId, MessageOrigin,
        MessageRef, MessageView, Owner, User,
    },
    http::{
        addresses::Addresses,
        form::{Call, Required},
    },
    service::{
        Service, Tenant,
        conversations::{
            changes::RecallRequest,
            sending::{NewMessage, SendPolicy},
        },
    },
};

/// A message.
#[derive(Serialize, ToSchema)]
struct BackEndCommentResult {
    comment: BackEndComment,
}

/// Messages.
#[derive(Serialize, ToSchema)]
struct BackEndComments {
    comments: Vec<BackEndComment>,
}

const ROOM: &str = "room_id";
const NAMES: &str = "unique_ids";

/// Sends a message in the name of a user, which is delivered as if the user had sent it.
///
/// In v2.0 the user is in `sender_email`, and the answer has the message as the SDKs read it.
#[utoipa::path(
    post, path = "/post_comment", tag = "Messages",
    request_body = PostV21,
    responses((status = 200, description = "The message", body = QiscusReply<BackEndCommentResult>)),
)]
pub(super) async fn post_comment(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, PostRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller: QiscusBackEnd { version, tenant }, form, .. } = call;
    let PostRequest { sender, room, draft } = form;
    let sender = user(&service, &tenant, &sender, PostRequest::sender_field(version)).await?;
    let room = room_of(&service, &tenant, &room).await.map_err(at_room(ROOM))?;
    let new = draft.message(&service, &tenant, &Owner::Itself(sender.key), room).await?;
    send(&service, version, &tenant, &addresses, (&sender, room), new).await
}

async fn send(
    service: &Service,
    version: Version,
    tenant: &Tenant,
    addresses: &Addresses,
    (sender, room): (&User, ConversationKey),
    new: NewMessage,
) -> Result<HttpResponse, QiscusError> {
    let sent = service.send_message(tenant, &Owner::Itself(sender.key), &ConversationRef::Key(room), new).await;
    let sent = sent.map_err(|error| at_name(at_room(ROOM)(error)))?;
    if version == Version::V20 {
        let comment = reader(service, tenant, addresses, sender).message(sent.message.id).await?;
        return Ok(reply::results(OneComment { comment }));
    }
    let comment = BackEndComment::of(&tenant.app, addresses, &sent.message, sender);
    Ok(reply::results(BackEndCommentResult { comment }))
}

/// Sends a message of the type `system_event`, which says what happened to a room.
///
/// Each message has a sender: that is the active user with the lower number.
#[utoipa::path(
    post, path = "/post_system_event_message", tag = "Messages",
    request_body = SystemEventRequest,
    responses((status = 200, description = "The message", body = QiscusReply<BackEndCommentResult>)),
)]
pub(super) async fn post_system_event_message(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, SystemEventRequest>,
) -> Result<HttpResponse, QiscusError> {
    const TEXT: &str = "message";
    let Call { service, caller: QiscusBackEnd { version, tenant }, form, .. } = call;
    let SystemEventRequest { system_event_type: Required(kind), room_id, message, payload } = form;
    let room = room_id.ok_or_else(|| Fault::Missing.at(ROOM))?;
    let room = room_of(&service, &tenant, &room).await.map_err(at_room(ROOM))?;
    let [first, second] = service.users_of_conversation(&tenant, room).await.map_err(at_room(ROOM))?;
    let sender = if first.is_active() { first } else { second };
    let text = match message.filter(|text| !text.is_empty()) {
        Some(text) => text,
        None if version == Version::V20 => kind.as_str().to_owned(),
        None => return Err(Fault::Missing.at(TEXT).into()),
    };
    let given = payload.0.map(|payload| Map::clone(payload.as_object())).unwrap_or_default();
    let payload = Map::from_iter([("type".to_owned(), json!(kind.as_str())), ("content".to_owned(), json!(given))]);
    let new = NewMessage {
        name: None,
        origin: MessageOrigin::Qiscus,
        body: content::stored(SYSTEM_EVENT, &text, TEXT, &payload)?,
        data: MessageData::default(),
        reply_to: None,
        numbers: None,
        flags: MessageFlags::default(),
        policy: SendPolicy { ignores_blocks: true, ..SendPolicy::default() },
    };
    send(&service, version, &tenant, &addresses, (&sender, room), new).await
}

/// Returns a page of a room, newest first, without deleted messages.
#[utoipa::path(
    get, path = "/load_comments", tag = "Messages",
    params(RoomQuery, Paging),
    responses((status = 200, description = "The messages, newest first", body = QiscusReply<BackEndComments>)),
)]
pub(super) async fn load_comments(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, LoadCommentsRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller: QiscusBackEnd { version, tenant }, form, .. } = call;
    let LoadCommentsRequest { room, page } = form;
    let room = room_of(&service, &tenant, &room).await.map_err(at_room(ROOM))?;
    let views = service.page_of_conversation(&tenant, by(&tenant), room, page).await.map_err(at_room(ROOM))?;
    comments(&service, version, &tenant, &addresses, &views).await
}

/// Answers with messages of any rooms. In v2.0 each is as its sender sees it.
async fn comments(
    service: &Service,
    version: Version,
    tenant: &Tenant,
    addresses: &Addresses,
    views: &[MessageView],
) -> Result<HttpResponse, QiscusError> {
    if version == Version::V20 {
        let mut comments: Vec<CommentView> = Vec::with_capacity(views.len());
        for view in views {
            let one = std::slice::from_ref(view);
            comments.extend(reader(service, tenant, addresses, &view.sender).comments(one).await?);
        }
        return Ok(reply::results(Comments { comments }));
    }
    let comment = |view: &MessageView| BackEndComment::of(&tenant.app, addresses, &view.message, &view.sender);
    Ok(reply::results(BackEndComments { comments: views.iter().map(comment).collect() }))
}

/// Deletes messages of any users, for both users of each.
///
/// The ids may also be in the body. An id that messages of several rooms have is refused without the room.
#[utoipa::path(
    delete, path = "/delete_messages", tag = "Messages",
    params(
        ("unique_ids[]" = Option<MessageNames>, Query, description = "At least one in total; `unique_ids` works too"),
        ("room_id" = Option<String>, Query, description = "The id or the unique id of the room of all of them"),
    ),
    request_body = Option<DeleteMessagesRequest>,
    responses((status = 200, description = "The deleted messages", body = QiscusReply<BackEndComments>)),
)]
pub(super) async fn delete_messages(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, DeleteMessagesRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller: QiscusBackEnd { version, tenant }, form, .. } = call;
    let only = match form.room_id {
        Some(room) => Some(room_of(&service, &tenant, &room).await.map_err(at_room(ROOM))?),
        None => None,
    };
    let mut named = Vec::new();
    for name in form.unique_ids.0 {
        let found = service.messages_of_app(&tenant, &name).await?.into_iter();
        let found: Vec<_> = found.filter(|message| only.is_none_or(|room| message.conversation == room)).collect();
        let room = found.first().map(|message| message.conversation);
        if found.iter().any(|message| Some(message.conversation) != room) {
            return Err(Fault::Malformed("that of a message of one room: give its room_id").at(NAMES).into());
        }
        named.push(found);
    }
    let mut deleted: Vec<(MessageId, Owner)> = Vec::new();
    for found in named {
        for message in found {
            let (sender, room) = (Owner::Itself(message.sender), ConversationRef::Key(message.conversation));
            let messages = vec![MessageRef::Id(message.id)];
            let request =
                RecallRequest { messages, reason: String::new(), others_too: true, unseen_too: false, within: None };
            match service.recall_messages(&tenant, &sender, &room, request).await {
                // Its user was deleted a moment ago.
                Err(Error::NotFound(_) | Error::Unauthenticated(_)) => {}
                recalled => {
                    recalled?;
                    deleted.push((message.id, sender));
                }
            }
        }
    }
    if deleted.is_empty() {
        return Err(Fault::Malformed("that of a message of the app").at(NAMES).into());
    }
    let mut views = Vec::with_capacity(deleted.len());
    for (id, sender) in deleted {
        match service.message(&tenant, &sender, id).await {
            // Its sender has deleted it for itself.
            Err(Error::NotFound(_)) => {}
            found => views.push(found?.0),
        }
    }
    comments(&service, version, &tenant, &addresses, &views).await
}

/// As `DELETE delete_messages`.
#[utoipa::path(
    post, path = "/delete_messages", tag = "Messages", operation_id = "post_delete_messages",
    request_body = DeleteMessagesRequest,
    responses((status = 200, description = "The deleted messages", body = QiscusReply<BackEndComments>)),
)]
pub(super) async fn post_delete_messages(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, DeleteMessagesRequest>,
) -> Result<HttpResponse, QiscusError> {
    delete_messages(addresses, call).await
}

/// Searches a user's messages by their text, newest first. The user is in `user_id`; in v2.0, in `user_email`.
#[utoipa::path(
    post, path = "/search_messages", tag = "Messages",
    request_body = SearchRequest,
    responses((status = 200, description = "The messages, as the SDKs read them", body = QiscusReply<Comments>)),
)]
pub(super) async fn search_messages(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, BackEndSearch>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller: QiscusBackEnd { version, tenant }, form, .. } = call;
    let viewer = user(&service, &tenant, &form.user, version.user_field()).await?;
    let comments = matches(reader(&service, &tenant, &addresses, &viewer), form.search).await?;
    Ok(reply::results(Comments { comments }))
}
