//! The polled changes: messages, marks, deletions and cleared rooms; and profile changes of the user and of its contacts,
//! as comments.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        comment::CommentView,
        event::EventView,
        profile_comment::{self, ProfileComment, SyncComment},
        reply::{self, QiscusError, QiscusReply},
    },
    callers::QiscusUser,
};
use crate::{
    http::{
        addresses::Addresses,
        form::{Call, read_from},
    },
    service::conversations::backlog::BacklogPage,
};

read_from!(Query: SyncRequest, SyncEventRequest);

/// The most comments of one response.
const COMMENTS_MAX: usize = 100;

/// The last comment that the client received.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SyncRequest {
    /// The value from the previous response
    #[param(value_type = Option<i64>, example = 1)]
    last_received_comment_id: Option<String>,
}

/// The comments that a client has missed, oldest first.
#[derive(Serialize, ToSchema)]
struct SyncResult<'a> {
    comments: Vec<MissedComment<'a>>,
    meta: SyncMeta,
}

/// A message, or a comment about a changed profile.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum MissedComment<'a> {
    Message(Box<CommentView>),
    Profile(Box<SyncComment<'a>>),
}

impl MissedComment<'_> {
    fn id(&self) -> i64 {
        match self {
            Self::Message(comment) => comment.id(),
            Self::Profile(comment) => comment.id(),
        }
    }
}

/// The value for the next request.
#[derive(Serialize, ToSchema)]
struct SyncMeta {
    last_received_comment_id: i64,
    /// Always false: the client keeps what it has.
    need_clear: bool,
}

/// The last event that the client received.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SyncEventRequest {
    /// The id of the last event; 0 for those of the last minute
    #[param(value_type = Option<i64>, example = 1)]
    start_event_id: Option<String>,
}

/// Events, oldest first. Not in `results`.
#[derive(Serialize, ToSchema)]
struct SyncEventReply {
    #[schema(max_items = 100)]
    events: Vec<EventView>,
    #[schema(example = true)]
    is_start_event_id_found: bool,
    #[schema(example = 200)]
    status: u16,
}

/// `GET sync`: returns what happened after the last comment that the client received.
///
/// A client that has received none starts where its login would start. At most 100 comments, the oldest first; the next
/// request has those that follow. Messages of the user itself are there too, for its other clients; if they would fill
/// the response, and another user has written since, the response has the last 50 of them and what follows. A changed
/// profile of the user or of a contact is a
/// comment of type `custom`, which the SDK passes to its app (`newMessagesCallback`). Changes of profiles are available
/// for seven days. After a longer absence, or after a backup was restored, the client gets one comment whose payload has
/// the type `read_anew`, with its own profile. It must then read the profiles of its contacts again.
#[utoipa::path(
    get, path = "/sync", tag = "Sync",
    params(SyncRequest),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The missed comments", body = QiscusReply<SyncResult>)),
)]
pub(super) async fn sync(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, SyncRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: SyncRequest { last_received_comment_id: received }, .. } = call;
    let reader = caller.reader(&service, &addresses);
    let (tenant, owner) = (&*caller.tenant, reader.owner());
    let received = received.and_then(|id| id.parse().ok()).filter(|id| *id > 0);
    let received = match received {
        Some(received) => received,
        None => service.received_upto(tenant, reader.by, &owner).await?.0,
    };
    let page = service.backlog(tenant, reader.by, &owner, received, COMMENTS_MAX, profile_comment::is_shown).await?;
    let BacklogPage { messages, changes, anew, seen_to } = page;
    let changes = changes.iter().filter_map(|change| ProfileComment::of(&tenant.app, &addresses, change));
    let anew = anew.map(|seq| ProfileComment::read_anew(&tenant.app, &addresses, caller.user(), seq));
    let changes: Vec<ProfileComment> = changes.chain(anew).collect();
    let messages = reader.comments(&messages).await?.into_iter().map(Box::new).map(MissedComment::Message);
    let changes = changes.iter().map(|change| MissedComment::Profile(Box::new(change.as_comment())));
    let mut comments: Vec<MissedComment> = messages.chain(changes).collect();
    comments.sort_by_key(MissedComment::id);
    let last_received_comment_id = comments.last().map_or(seen_to, MissedComment::id);
    Ok(reply::results(SyncResult { comments, meta: SyncMeta { last_received_comment_id, need_clear: false } }))
}

/// `GET sync_event`: returns what happened to messages: marks of the other user, deletions, and rooms that the user has
/// cleared.
///
/// The list is at the top level, not in `results`.
#[utoipa::path(
    get, path = "/sync_event", tag = "Sync",
    params(SyncEventRequest),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The events", body = SyncEventReply)),
)]
pub(super) async fn sync_event(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, SyncEventRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: SyncEventRequest { start_event_id }, .. } = call;
    let reader = caller.reader(&service, &addresses);
    let after = start_event_id.and_then(|id| id.parse().ok()).unwrap_or_default();
    let mut events = Vec::new();
    for entry in service.chat_log(&caller.tenant, caller.user().key, after).await? {
        events.extend(EventView::of_entry(reader, entry).await?);
    }
    Ok(HttpResponse::Ok().json(SyncEventReply { events, is_start_event_id_found: true, status: 200 }))
}
