//! What a client hears: profile changes of its user and of that user's contacts, as comments.
//!
//! This wire has no word for a changed profile. A comment of type `custom` is what an unmodified SDK hands to its app
//! (`newMessagesCallback`); an app tells it by its payload: `{"type": "profile_changed", "content": {..}}`.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    super::{
        reply::{self, Answer, Refusal},
        view::{AvatarView, PublicView},
    },
    door::Member,
};
use crate::{
    domain::{
        app::App,
        listening::Notice,
        profile::{ProfileField, User},
    },
    http::{
        addresses::Addresses,
        form::{Call, read_from},
    },
};

read_from!(Query: Received);

/// Which comment a client has received last.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Received {
    /// The one of the answer before
    #[param(value_type = Option<i64>, example = 1)]
    last_received_comment_id: Option<String>,
}

/// What a client has missed.
#[derive(Serialize, ToSchema)]
struct Told<'a> {
    comments: Vec<Comment<'a>>,
    meta: SeenTo,
}

/// Where to go on.
#[derive(Serialize, ToSchema)]
struct SeenTo {
    last_received_comment_id: i64,
}

/// A comment that tells of a changed profile, with every field that the SDKs read. It is in no room, and numbered as its event.
#[derive(Serialize, ToSchema)]
struct Comment<'a> {
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
    payload: Payload<'a>,
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
    /// Its own, because the SDK drops a comment that has the one's before.
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

/// What an app tells such a comment by.
#[derive(Serialize, ToSchema)]
struct Payload<'a> {
    #[serde(rename = "type")]
    #[schema(example = "profile_changed")]
    kind: &'static str,
    content: &'a Content<'a>,
}

/// Whose profile, what of it changed, and all that this wire shows of it as it is by now.
#[derive(Serialize, ToSchema)]
struct Content<'a> {
    /// Of `username`, `avatar_url`, `extras`.
    #[schema(min_items = 1, max_items = 3, example = json!(["username"]))]
    changed: Vec<&'static str>,
    user: PublicView<'a>,
}

/// What happened to messages: nothing, for there are none.
#[derive(Serialize, ToSchema)]
struct Events {
    #[schema(max_items = 0)]
    events: Vec<String>,
    #[schema(example = 200)]
    status: u16,
}

/// Nothing.
#[derive(Serialize, ToSchema)]
struct Nothing {}

/// `GET sync`: what happened behind the comment a client has received last.
///
/// One who has received none begins now. A changed profile, the user's own or a contact's, comes as a comment of type `custom`, which an
/// SDK hands to its app (`newMessagesCallback`). Changes can be asked for during seven days. A client that was away longer, or over a
/// restored backup, is sent one comment whose payload has the type `read_anew` and its own profile: it must read those of its contacts.
#[utoipa::path(
    get,
    path = "/sync",
    tag = "Sync",
    params(Received),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "What was missed", body = Answer<Told>)),
)]
pub(super) async fn sync(addresses: Data<Addresses>, call: Call<Member, Received>) -> Result<HttpResponse, Refusal> {
    let Call { service, caller: member, form: Received { last_received_comment_id: received }, .. } = call;
    let received = received.and_then(|id| id.parse().ok()).filter(|id| *id > 0);
    let Some(received) = received else { return Ok(told(&[], service.last_event_seq().await?)) };
    let missed = service.missed(&member.tenant, member.user().key, received).await?;
    let app = &member.tenant.app;
    let changes: Vec<Change> = match missed.is_anew {
        true => vec![Change::anew(app, &addresses, member.user(), missed.seen_to)],
        false => missed.notices.iter().filter_map(|notice| Change::of(app, &addresses, notice)).collect(),
    };
    Ok(told(&changes, missed.seen_to))
}

fn told(changes: &[Change], seen_to: i64) -> HttpResponse {
    let comments = changes.iter().map(Change::as_comment).collect();
    reply::results(Told { comments, meta: SeenTo { last_received_comment_id: seen_to } })
}

/// `GET sync_event`: deleted messages and cleared rooms, of which there are none.
///
/// The list stands at the top, not in `results`. `start_event_id` is not looked at.
#[utoipa::path(
    get,
    path = "/sync_event",
    tag = "Sync",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Events)),
)]
pub(super) async fn sync_event(_: Call<Member>) -> HttpResponse {
    HttpResponse::Ok().json(Events { events: Vec::new(), status: 200 })
}

/// Sent by the SDK after each comment it has received.
///
/// The comments are in no room, so nobody is told, and no field is looked at.
#[utoipa::path(
    post,
    path = "/update_comment_status",
    tag = "Sync",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "Heard", body = Answer<Nothing>)),
)]
pub(super) async fn update_comment_status(_: Call<Member>) -> HttpResponse {
    reply::results(Nothing {})
}

/// A changed profile that a client is told of.
struct Change<'a> {
    kind: Kind,
    seq: i64,
    user: &'a User,
    avatar_url: String,
    content: Content<'a>,
}

/// What a comment of type `custom` tells.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A profile has changed.
    ProfileChanged,
    /// Not every change can be told any more.
    ReadAnew,
}

impl Kind {
    /// In the payload, as the message, and in front of the number of the unique id.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ProfileChanged => ("profile_changed", "Profile changed", "profile-changed"),
            Self::ReadAnew => ("read_anew", "Read profiles anew", "read-anew"),
        }
    }
}

impl<'a> Change<'a> {
    /// Tells a client to read anew, beside its own profile as it is by now.
    fn anew(app: &App, addresses: &Addresses, user: &'a User, seq: i64) -> Self {
        let content =
            Content { changed: vec!["avatar_url", "extras", "username"], user: PublicView::of(app, addresses, user) };
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        Self { kind: Kind::ReadAnew, seq, user, avatar_url, content }
    }

    /// What a notice tells; none where nothing changed that this wire shows.
    fn of(app: &App, addresses: &Addresses, notice: &'a Notice) -> Option<Self> {
        let Notice::ProfileChanged { seq, user, fields } = notice else { return None };
        let mut changed: Vec<&str> = fields.iter().filter_map(name).collect();
        changed.sort_unstable();
        changed.dedup();
        let content = Content { changed, user: PublicView::of(app, addresses, user) };
        let avatar_url = addresses.avatar(user, app.settings.public_pictures);
        (!content.changed.is_empty()).then_some(Self {
            kind: Kind::ProfileChanged,
            seq: *seq,
            user,
            avatar_url,
            content,
        })
    }

    fn as_comment(&self) -> Comment<'_> {
        let Self { kind, seq, user, avatar_url, content } = self;
        let (kind, message, unique) = kind.words();
        let at = user.updated_at;
        Comment {
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
            payload: Payload { kind, content },
            room_avatar: avatar_url,
            room_id: 0,
            room_id_str: "0",
            room_name: user.shown_name(),
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
            username: user.shown_name(),
        }
    }
}

/// A field by this wire's name.
fn name(field: &ProfileField) -> Option<&'static str> {
    match field {
        ProfileField::DisplayName => Some("username"),
        ProfileField::Avatar => Some("avatar_url"),
        ProfileField::Extras => Some("extras"),
        ProfileField::Status
        | ProfileField::Mobile
        | ProfileField::Email
        | ProfileField::Metadata
        | ProfileField::Particular(_)
        | ProfileField::Custom(_) => None,
    }
}
