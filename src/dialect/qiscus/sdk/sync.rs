//! The polled changes: profile changes of the user and of its contacts, as comments. The vendor's API has no event for
//! them: the unmodified SDK passes a comment of type `custom` to its app (`newMessagesCallback`), which recognises it
//! by its payload: `{"type": "profile_changed", "content": {..}}`.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    super::{
        reply::{self, EmptyResult, QiscusError, QiscusReply},
        view::{AvatarView, PublicUserView},
    },
    callers::QiscusUser,
};
use crate::{
    domain::{App, Notification, ProfileField, User},
    http::{
        addresses::Addresses,
        form::{Call, read_from},
    },
};

read_from!(Query: SyncRequest);

/// The last comment that the client received.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SyncRequest {
    /// The value from the previous response
    #[param(value_type = Option<i64>, example = 1)]
    last_received_comment_id: Option<String>,
}

/// The comments that a client has missed.
#[derive(Serialize, ToSchema)]
struct SyncResult<'a> {
    comments: Vec<SyncComment<'a>>,
    meta: SyncMeta,
}

/// The value for the next request.
#[derive(Serialize, ToSchema)]
struct SyncMeta {
    last_received_comment_id: i64,
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

/// Changes of messages: none, because there are no messages.
#[derive(Serialize, ToSchema)]
struct SyncEventReply {
    #[schema(max_items = 0)]
    events: Vec<String>,
    #[schema(example = 200)]
    status: u16,
}

/// `GET sync`: returns what happened after the last comment that the client received.
///
/// A client that has received none starts now. A changed profile of the user or of a contact is a comment of type
/// `custom`, which the SDK passes to its app (`newMessagesCallback`). Changes are available for seven days. After a
/// longer absence, or after a backup was restored, the client gets one comment whose payload has the type `read_anew`,
/// with its own profile. It must then read the profiles of its contacts again.
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
    let received = received.and_then(|id| id.parse().ok()).filter(|id| *id > 0);
    let Some(received) = received else { return Ok(sync_result(&[], service.last_event_seq().await?)) };
    let missed = service.missed(&caller.tenant, caller.user().key, received).await?;
    let app = &caller.tenant.app;
    let changes: Vec<ProfileComment> = match missed.is_anew {
        true => vec![ProfileComment::read_anew(app, &addresses, caller.user(), missed.seen_to)],
        false => missed
            .notifications
            .iter()
            .filter_map(|notification| ProfileComment::of(app, &addresses, notification))
            .collect(),
    };
    Ok(sync_result(&changes, missed.seen_to))
}

fn sync_result(changes: &[ProfileComment], seen_to: i64) -> HttpResponse {
    let comments = changes.iter().map(ProfileComment::as_comment).collect();
    reply::results(SyncResult { comments, meta: SyncMeta { last_received_comment_id: seen_to } })
}

/// `GET sync_event`: returns deleted messages and cleared rooms. There are none.
///
/// The list is at the top level, not in `results`. `start_event_id` is ignored.
#[utoipa::path(
    get, path = "/sync_event", tag = "Sync",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = SyncEventReply)),
)]
pub(super) async fn sync_event(_: Call<QiscusUser>) -> HttpResponse {
    HttpResponse::Ok().json(SyncEventReply { events: Vec::new(), status: 200 })
}

/// Acknowledges a comment: the SDK sends this after each comment that it has received.
///
/// The comments are in no room, so no other user is notified. All fields are ignored.
#[utoipa::path(
    post, path = "/update_comment_status", tag = "Sync",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "Received", body = QiscusReply<EmptyResult>)),
)]
pub(super) async fn update_comment_status(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(EmptyResult {})
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
