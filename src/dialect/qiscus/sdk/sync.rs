//! The polled changes: messages, marks, deletions and cleared rooms; and profile changes of the user and of its contacts,
//! as comments. The vendor's API has no event for them: the unmodified SDK passes a comment of type `custom` to its app
//! (`newMessagesCallback`), which recognises it by its payload: `{"type": "profile_changed", "content": {..}}`.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    super::{
        comment::CommentView,
        event::EventView,
        reply::{self, QiscusError, QiscusReply},
        view::{AvatarView, PublicUserView},
    },
    callers::QiscusUser,
};
use crate::{
    domain::{App, MessageId, Notification, ProfileField, User},
    http::{
        addresses::Addresses,
        form::{Call, read_from},
    },
    service::conversations::reads::SinceOrder,
};

read_from!(Query: SyncRequest, SyncEventRequest);

/// The most messages of one response: the newest, because the SDK repeats its request until the other user answers.
const MESSAGES_MAX: u32 = 100;

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
            Self::Profile(comment) => comment.id,
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

/// A comment about a changed profile, with every field that the SDKs read. It is in no room. Its id is the number of
/// its event.
#[derive(Serialize, ToSchema)]
struct SyncComment<'a> {
    comment_before_id: i64,
    comment_before_id_str: &'static str,
    disable_link_preview: bool,
    /// The user id.
    email: &'a str,
    #[schema(value_type = Object)]
    extras: Map<String, Value>,
    id: i64,
    id_str: String,
    is_deleted: bool,
    is_public_channel: bool,
    #[schema(example = "Profile changed")]
    message: &'static str,
    payload: CommentPayload<'a>,
    #[schema(format = "uri")]
    room_avatar: &'a str,
    room_id: i64,
    room_id_str: &'static str,
    room_name: &'a str,
    #[schema(example = "single")]
    room_type: &'static str,
    #[schema(example = "sent")]
    status: &'static str,
    #[schema(format = DateTime)]
    timestamp: String,
    topic_id: i64,
    topic_id_str: &'static str,
    #[serde(rename = "type")]
    #[schema(example = "custom")]
    kind: &'static str,
    /// Different in each comment, because the SDK drops a comment that repeats the previous value.
    #[schema(example = "profile-changed-5")]
    unique_temp_id: String,
    unix_nano_timestamp: i64,
    unix_timestamp: i64,
    user_avatar: AvatarView,
    #[schema(format = "uri")]
    user_avatar_url: &'a str,
    #[schema(value_type = Object)]
    user_extras: &'a Map<String, Value>,
    user_id: i64,
    user_id_str: String,
    username: &'a str,
}

/// What an app recognises such a comment by.
#[derive(Serialize, ToSchema)]
struct CommentPayload<'a> {
    #[serde(rename = "type")]
    #[schema(example = "profile_changed")]
    kind: &'static str,
    content: &'a CommentContent<'a>,
}

/// The user, the changed fields, and the user's profile as it is now.
#[derive(Serialize, ToSchema)]
struct CommentContent<'a> {
    /// Any of `username`, `avatar_url`, `extras`.
    #[schema(min_items = 1, max_items = 3, example = json!(["username"]))]
    changed: Vec<&'static str>,
    user: PublicUserView<'a>,
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
/// A client that has received none starts where its login would start. Messages of the user itself are there too, for
/// its other clients; of more than 100 messages the newest 100. A changed profile of the user or of a contact is a
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
    // Read first: a message that is committed meanwhile is above `seen_to` and left for the next request.
    let missed = service.missed(tenant, caller.user().key, received).await?;
    let changes: Vec<ProfileComment> = match missed.is_anew {
        true => vec![ProfileComment::read_anew(&tenant.app, &addresses, caller.user(), missed.seen_to)],
        false => missed
            .notifications
            .iter()
            .filter_map(|notification| ProfileComment::of(&tenant.app, &addresses, notification))
            .collect(),
    };
    let after = MessageId(received);
    let mut messages =
        service.messages_since(tenant, reader.by, &owner, after, SinceOrder::Newest, MESSAGES_MAX).await?;
    messages.retain(|view| view.message.id.0 <= missed.seen_to);
    let messages = reader.comments(&messages).await?.into_iter().map(Box::new).map(MissedComment::Message);
    let changes = changes.iter().map(|change| MissedComment::Profile(Box::new(change.as_comment())));
    let mut comments: Vec<MissedComment> = messages.chain(changes).collect();
    comments.sort_by_key(MissedComment::id);
    let last_received_comment_id = comments.last().map_or(missed.seen_to, MissedComment::id);
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

struct ProfileComment<'a> {
    kind: CommentKind,
    seq: i64,
    user: &'a User,
    avatar_url: String,
    content: CommentContent<'a>,
}

#[derive(Debug, Clone, Copy)]
enum CommentKind {
    ProfileChanged,
    /// Some changes are no longer stored.
    ReadAnew,
}

impl CommentKind {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ProfileChanged => ("profile_changed", "Profile changed", "profile-changed"),
            Self::ReadAnew => ("read_anew", "Read profiles anew", "read-anew"),
        }
    }
}

impl<'a> ProfileComment<'a> {
    /// Tells a client to read all profiles again; contains its own profile.
    fn read_anew(app: &App, addresses: &Addresses, user: &'a User, seq: i64) -> Self {
        let content = CommentContent {
            changed: vec!["avatar_url", "extras", "username"],
            user: PublicUserView::of(app, addresses, user),
        };
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        Self { kind: CommentKind::ReadAnew, seq, user, avatar_url, content }
    }

    /// Converts a notice; `None` if no field that this API shows has changed.
    fn of(app: &App, addresses: &Addresses, notification: &'a Notification) -> Option<Self> {
        let Notification::ProfileChanged { seq, user, fields } = notification else { return None };
        let mut changed: Vec<&str> = fields.iter().filter_map(field_name).collect();
        changed.sort_unstable();
        changed.dedup();
        let content = CommentContent { changed, user: PublicUserView::of(app, addresses, user) };
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        (!content.changed.is_empty()).then_some(Self {
            kind: CommentKind::ProfileChanged,
            seq: *seq,
            user,
            avatar_url,
            content,
        })
    }

    fn as_comment(&self) -> SyncComment<'_> {
        let Self { kind, seq, user, avatar_url, content } = self;
        let (kind, message, unique) = kind.words();
        let at = user.updated_at;
        SyncComment {
            comment_before_id: 0,
            comment_before_id_str: "0",
            disable_link_preview: true,
            email: user.id.as_str(),
            extras: Map::new(),
            id: *seq,
            id_str: seq.to_string(),
            is_deleted: false,
            is_public_channel: false,
            message,
            payload: CommentPayload { kind, content },
            room_avatar: avatar_url,
            room_id: 0,
            room_id_str: "0",
            room_name: user.display_name_or_id(),
            room_type: "single",
            status: "sent",
            timestamp: at.to_string(),
            topic_id: 0,
            topic_id_str: "0",
            kind: "custom",
            unique_temp_id: format!("{unique}-{seq}"),
            unix_nano_timestamp: at.micros() * 1000,
            unix_timestamp: at.unix_s(),
            user_avatar: AvatarView::of(avatar_url),
            user_avatar_url: avatar_url,
            user_extras: user.profile.extras.as_object(),
            user_id: user.key.0,
            user_id_str: user.key.0.to_string(),
            username: user.display_name_or_id(),
        }
    }
}

fn field_name(field: &ProfileField) -> Option<&'static str> {
    match field {
        ProfileField::DisplayName => Some("username"),
        ProfileField::Avatar => Some("avatar_url"),
        ProfileField::Extras => Some("extras"),
        ProfileField::Status
        | ProfileField::Mobile
        | ProfileField::Email
        | ProfileField::Metadata
        | ProfileField::TencentProfile(_)
        | ProfileField::Custom(_) => None,
    }
}
