//! What hangs on one user: its sessions, its picture, its contacts.

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    web::{self, Data, Path, Payload},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    body, call,
    query::Query,
    reply::{Refusal, UserView, wire_word},
    users::{answer, place},
};
use crate::{
    domain::{
        avatar::AvatarChange,
        error::{Error, Fault},
        id::UserId,
        listening::Wire,
        page::Page,
        profile::ProfileChange,
        text::{ContactName, LockReason},
        time::Moment,
        upload::Format,
    },
    http::{
        addresses::Addresses,
        form::{Form, FormLimits},
        spool::Spool,
    },
    service::{Service, accounts::UpdateUser, profiles::UserSetting},
};

/// Kinds of pictures that are taken, by their bytes.
const FORMATS: &[Format] = &[Format::Png, Format::Jpeg, Format::WebP, Format::Gif];

/// Contacts on a page where the caller names no number.
const CONTACTS_DEFAULT: u32 = 100;

/// Below `/apps/{app_id}/users/{id}`.
pub(super) fn resources() -> [Resource; 5] {
    [
        call("/{id}/sessions", [web::get().to(sessions), web::delete().to(revoke)]),
        call("/{id}/picture", [web::put().to(put_picture), web::delete().to(remove_picture)]),
        call("/{id}/picture-lock", [web::put().to(lock_picture)]),
        call("/{id}/contacts", [web::get().to(contacts)]),
        call("/{id}/contacts/{other}", [web::put().to(list_contact), web::delete().to(unlist_contact)]),
    ]
}

async fn sessions(service: Data<Service>, path: Path<(String, String)>) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    let (held, open) = service.held_by(&tenant, service.user(&tenant, &id)?.key)?;
    let sockets = open.map(|(wire, count)| json!({ "wire": wire_word(wire), "open": count }));
    let ticket = |(wire, began_at, ends_at): &(Wire, Moment, Moment)| json!({ "wire": wire_word(*wire), "began_at": began_at.to_string(), "ends_at": ends_at.to_string() });
    let session = |(renewed_at, ends_at): &(Moment, Moment)| json!({ "wire": "qiscus", "renewed_at": renewed_at.to_string(), "ends_at": ends_at.to_string() });
    Ok(HttpResponse::Ok().json(json!({
        "sockets": sockets,
        "tickets": held.tickets.iter().map(ticket).collect::<Vec<_>>(),
        "sessions": held.sessions.iter().map(session).collect::<Vec<_>>(),
    })))
}

async fn revoke(service: Data<Service>, path: Path<(String, String)>) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    service.revoke(&tenant, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn put_picture(
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    // Asked before a file is taken in for nobody.
    service.user(&tenant, &id)?;
    let limits = FormLimits { file_bytes_max: service.picture_file_bytes_max(), ..FormLimits::default() };
    let mut form = Form::read_with_file(&request, payload, &limits, &spool, "picture").await?;
    let picture = form.picture("picture", FORMATS)?.ok_or_else(|| Fault::Missing.at("picture"))?;
    let call = UpdateUser { id, change: ProfileChange::default(), picture: Some(picture), device: None };
    let user = service.update_user(&tenant, call).await?;
    Ok(answer(&tenant, &addresses, &user))
}

async fn remove_picture(
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    let profile = ProfileChange { avatar: Some(AvatarChange::Tile), ..ProfileChange::default() };
    let user = service.set_user(&tenant, id, UserSetting { profile, ..UserSetting::default() }).await?;
    Ok(answer(&tenant, &addresses, &user))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockBody {
    locked: bool,
    reason: Option<String>,
}

async fn lock_picture(
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    let given: LockBody = body(&request, payload).await?;
    let reason = match given.locked {
        true => {
            let reason = LockReason::parse(given.reason.as_deref().unwrap_or_default());
            Some(reason.map_err(|fault| fault.at("reason"))?)
        }
        false => None,
    };
    let user = service.lock_picture(&tenant, id, reason).await?;
    Ok(answer(&tenant, &addresses, &user))
}

async fn contacts(
    service: Data<Service>,
    addresses: Data<Addresses>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let (tenant, id) = place(&service, &path)?;
    let query = Query::of(&request)?;
    let after = query.number("after", 0..=u32::MAX)?.unwrap_or_default();
    let limit = query.number("limit", 1..=Page::STRETCH_MAX)?.unwrap_or(CONTACTS_DEFAULT);
    let owner = service.user(&tenant, &id)?.key;
    let listed = service.contacts(&tenant, owner, None, Page::behind(after, limit)).await?;
    let passed = u64::from(after) + listed.items.len() as u64;
    let contact = |contact: &crate::domain::contact::Contact| {
        json!({
            "user": UserView::of(&tenant.app, &addresses, &contact.user),
            "name": contact.name.as_ref().map(ContactName::as_str),
        })
    };
    Ok(HttpResponse::Ok().json(json!({
        "contacts": listed.items.iter().map(contact).collect::<Vec<_>>(),
        "next": (passed < listed.total && !listed.items.is_empty()).then_some(passed),
        "total": listed.total,
    })))
}

async fn list_contact(service: Data<Service>, path: Path<(String, String, String)>) -> Result<HttpResponse, Refusal> {
    let (app, id, other) = path.into_inner();
    let (tenant, id) = place(&service, &(app, id))?;
    let owner = service.user(&tenant, &id)?.key;
    let other = UserId::parse(&other).map_err(|fault| fault.at("other"))?;
    service.list_contact(&tenant, owner, &other).await.map_err(suspended)?;
    Ok(HttpResponse::NoContent().finish())
}

async fn unlist_contact(service: Data<Service>, path: Path<(String, String, String)>) -> Result<HttpResponse, Refusal> {
    let (app, id, other) = path.into_inner();
    let (tenant, id) = place(&service, &(app, id))?;
    let owner = service.user(&tenant, &id)?.key;
    let other = UserId::parse(&other).map_err(|fault| fault.at("other"))?;
    service.unlist_contact(&tenant, owner, &other).await.map_err(suspended)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Whoever calls is known here: it is the owner of the list who may not act.
fn suspended(error: Error) -> Error {
    match error {
        Error::Unauthenticated(_) => Error::Forbidden("A suspended user's contacts stay as they are"),
        Error::Invalid { .. }
        | Error::Forbidden(_)
        | Error::NotFound(_)
        | Error::Conflict(_)
        | Error::TooMany { .. }
        | Error::Busy
        | Error::StorageFull
        | Error::Internal(_) => error,
    }
}
