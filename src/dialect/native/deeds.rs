//! The record of what was done by this API: who changed what, and which fields; never what they were changed to.

use std::convert::Infallible;

use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, Resource, body::BoxBody, dev::ServiceResponse, web::Data,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    call,
    extractors::{Query, of_head},
    reply::{DeedView, Refusal},
};
use crate::{
    domain::{
        admin::{Authority, Deed},
        id::AppId,
    },
    http::methods,
    service::{Service, admins::DEEDS_MAX},
};

/// What each changing call is on record as.
const ACTIONS: [(&str, &str, &str); 19] = [
    ("POST", "/admins", "admin.create"),
    ("DELETE", "/admins/{name}", "admin.delete"),
    ("PUT", "/admins/{name}/password", "admin.set_password"),
    ("POST", "/apps", "app.create"),
    ("PATCH", "/apps/{app_id}", "app.change"),
    ("POST", "/apps/{app_id}/rotate-secret", "app.rotate_secret"),
    ("POST", "/apps/{app_id}/usersig", "app.sign"),
    ("PUT", "/apps/{app_id}/fields/{name}", "app.declare_field"),
    ("POST", "/backup", "house.back_up"),
    ("POST", "/apps/{app_id}/users", "user.create"),
    ("PATCH", "/apps/{app_id}/users/{id}", "user.change"),
    ("DELETE", "/apps/{app_id}/users/{id}", "user.delete"),
    ("POST", "/apps/{app_id}/users/{id}/reset-token", "user.reset_token"),
    ("DELETE", "/apps/{app_id}/users/{id}/sessions", "user.revoke"),
    ("PUT", "/apps/{app_id}/users/{id}/picture", "user.set_picture"),
    ("DELETE", "/apps/{app_id}/users/{id}/picture", "user.remove_picture"),
    ("PUT", "/apps/{app_id}/users/{id}/picture-lock", "user.lock_picture"),
    ("PUT", "/apps/{app_id}/users/{id}/contacts/{other}", "user.list_contact"),
    ("DELETE", "/apps/{app_id}/users/{id}/contacts/{other}", "user.unlist_contact"),
];

/// What a handler tells of its call for the record.
#[derive(Debug, Clone, Default)]
struct Told {
    target: Option<String>,
    fields: Vec<String>,
}

/// The entry in the record that a call will have.
pub(super) struct Entry(HttpRequest);

of_head! { Entry: Infallible = |request: &HttpRequest| Ok(Self(request.clone())); }

impl Entry {
    /// Names what the call is about, where its path does not.
    pub(super) fn is_about(&self, target: &str) {
        with(&self.0, |told| told.target = Some(target.to_owned()));
    }
}

/// Names the fields that a call gives.
pub(super) fn tell_fields<'a>(request: &HttpRequest, fields: impl Iterator<Item = &'a String>) {
    with(request, |told| told.fields.extend(fields.cloned()));
}

fn with(request: &HttpRequest, tell: impl FnOnce(&mut Told)) {
    let mut extensions = request.extensions_mut();
    let mut told = extensions.remove::<Told>().unwrap_or_default();
    tell(&mut told);
    extensions.insert(told);
}

/// Puts a call that went well on record. Where that fails the log has it: the change is made by then.
pub(super) async fn keep(answer: &ServiceResponse<BoxBody>, authority: Authority) {
    let request = answer.request();
    let told = request.extensions().get::<Told>().cloned().unwrap_or_default();
    let path = request.match_info();
    let deed = Deed {
        authority,
        action: action(request),
        app: path.get("app_id").and_then(|id| AppId::parse(id).ok()),
        target: told.target.or_else(|| path.get("id").or(path.get("name")).map(str::to_owned)),
        detail: told.fields.join(", "),
    };
    if let Some(service) = request.app_data::<Data<Service>>() {
        keep_deed(service, deed).await;
    }
}

/// As [`keep`], of what a handler has put into words itself.
pub(super) async fn keep_deed(service: &Service, deed: Deed) {
    if let Err(error) = service.keep_deed(deed.clone()).await {
        log::error!("not on record: {deed:?}: {error:?}");
    }
}

fn action(request: &HttpRequest) -> String {
    let pattern = request.match_pattern().unwrap_or_default();
    let pattern = pattern.strip_prefix(super::BASE).unwrap_or(&pattern);
    let method = request.method().as_str();
    let known = ACTIONS.iter().find(|(of, at, _)| (*of, *at) == (method, pattern));
    known.map_or_else(|| format!("{method} {pattern}"), |(_, _, action)| (*action).to_owned())
}

/// `/audit`.
pub(super) fn resource() -> Resource {
    call("/audit", [methods::get(list)])
}

/// A page of the record.
#[derive(Serialize, ToSchema)]
struct DeedsView<'a> {
    deeds: Vec<DeedView<'a>>,
    /// Leads on to older ones, as `after`; null on the last page.
    next: Option<i64>,
}

/// Lists who changed what, the newest first.
#[utoipa::path(get, path = "/audit", operation_id = "list_deeds", tag = "The house", params(("after" = Option<i64>, Query, minimum = 1), ("limit" = Option<u32>, Query, minimum = 1, maximum = 500)), responses((status = 200, body = DeedsView)))]
pub(super) async fn list(service: Data<Service>, query: Query) -> Result<HttpResponse, Refusal> {
    let (after, limit) = (query.number("after", 1..=i64::MAX)?, query.number("limit", 1..=DEEDS_MAX)?);
    let limit = limit.unwrap_or(DEEDS_MAX);
    let deeds = service.deeds(after, limit).await?;
    let is_full = deeds.len() == limit as usize;
    let next = deeds.last().filter(|deed| is_full && deed.seq > 1).map(|deed| deed.seq);
    Ok(HttpResponse::Ok().json(DeedsView { deeds: deeds.iter().map(DeedView::from).collect(), next }))
}
