//! What a client hears: profile changes of its user and of that user's contacts, as comments.
//!
//! This wire has no word for a changed profile. A comment of type `custom` is what an unmodified SDK hands to its app
//! (`newMessagesCallback`); an app tells it by its payload: `{"type": "profile_changed", "content": {..}}`.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde_json::{Value, json};

use super::{
    super::{
        reply::{self, Refusal},
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
    http::{addresses::Addresses, form::Form},
    service::Service,
};

/// `GET sync`: what happened behind the comment a client has received last. One who has received none begins now.
pub(super) async fn sync(
    member: Member,
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let form = Form::query(request.query_string())?;
    let received = form.text("last_received_comment_id")?.and_then(|id| id.parse().ok()).filter(|id| *id > 0);
    let Some(received) = received else { return Ok(told(&[], service.last_event_seq()?)) };
    let missed = service.missed(&member.tenant, member.user().key, received)?;
    let app = &member.tenant.app;
    let comments: Vec<Value> = missed.notices.iter().filter_map(|notice| comment(app, &addresses, notice)).collect();
    Ok(told(&comments, missed.seen_to))
}

fn told(comments: &[Value], seen_to: i64) -> HttpResponse {
    reply::results(json!({ "comments": comments, "meta": { "last_received_comment_id": seen_to } }))
}

/// `GET sync_event`: deleted messages and cleared rooms, of which there are none. The lists stand at the top, not in `results`.
pub(super) async fn sync_event(_: Member) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "events": [], "status": 200 }))
}

/// Sent by the SDK after each comment it has received. The comments are in no room, so nobody is told.
pub(super) async fn update_comment_status(_: Member) -> HttpResponse {
    reply::results(json!({}))
}

/// The comment that tells of a notice, with every field that the SDKs read; none where nothing changed that this wire shows.
///
/// It is in no room, numbered as its event. `unique_temp_id` is its own, because the SDK drops a comment that has the one's before.
fn comment(app: &App, addresses: &Addresses, notice: &Notice) -> Option<Value> {
    let Notice::ProfileChanged { seq, user, fields } = notice else { return None };
    let payload = json!({ "type": "profile_changed", "content": content(app, addresses, user, fields)? });
    let avatar_url = addresses.avatar(user, app.settings.public_pictures);
    let at = user.updated_at;
    Some(json!({
        "comment_before_id": 0,
        "comment_before_id_str": "0",
        "disable_link_preview": true,
        "email": user.id.as_str(),
        "extras": {},
        "id": seq,
        "id_str": seq.to_string(),
        "is_deleted": false,
        "is_public_channel": false,
        "message": "Profile changed",
        "payload": payload,
        "room_avatar": avatar_url,
        "room_id": 0,
        "room_id_str": "0",
        "room_name": user.shown_name(),
        "room_type": "single",
        "status": "sent",
        "timestamp": at.to_string(),
        "topic_id": 0,
        "topic_id_str": "0",
        "type": "custom",
        "unique_temp_id": format!("profile-changed-{seq}"),
        "unix_nano_timestamp": at.micros() * 1000,
        "unix_timestamp": at.unix_s(),
        "user_avatar": AvatarView::of(&avatar_url),
        "user_avatar_url": avatar_url,
        "user_extras": user.profile.extras.as_object(),
        "user_id": user.key.0,
        "user_id_str": user.key.0.to_string(),
        "username": user.shown_name(),
    }))
}

/// Whose profile, what of it changed, and all that this wire shows of it as it is by now.
fn content(app: &App, addresses: &Addresses, user: &User, fields: &[ProfileField]) -> Option<Value> {
    let mut changed: Vec<&str> = fields.iter().filter_map(name).collect();
    changed.sort_unstable();
    changed.dedup();
    (!changed.is_empty()).then(|| json!({ "changed": changed, "user": PublicView::of(app, addresses, user) }))
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
