//! The audit log of this API: who changed what, the names of the fields, and who read messages. It never holds values.

use std::convert::Infallible;

use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, Resource, body::BoxBody, dev::ServiceResponse, web::Data,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    call,
    extractors::{QueryParams, of_head},
    reply::{AuditEntryView, NativeError},
};
use crate::{
    domain::{AppId, AuditEntry, Authority, Error},
    http::methods,
    service::{AUDIT_ENTRIES_MAX, Service},
};

/// The method and path of each call with an audit entry, and the name of its action.
const ACTIONS: [(&str, &str, &str); 22] = [
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
    ("POST", "/apps/{app_id}/users/{id}/vendor-changes", "user.change_through_vendor"),
    ("PUT", "/apps/{app_id}/users/{id}/contacts/{other}", "user.list_contact"),
    ("DELETE", "/apps/{app_id}/users/{id}/contacts/{other}", "user.unlist_contact"),
    ("POST", "/apps/{app_id}/users/{id}/conversations/{other}/texts", "user.read_messages"),
    ("DELETE", "/apps/{app_id}/users/{id}/conversations/{other}/messages/{message}", "user.recall_message"),
];

/// What a handler adds to the audit entry of its call.
#[derive(Debug, Clone, Default)]
struct AuditDetails {
    target: Option<String>,
    fields: Vec<String>,
    /// Whether the handler stores the entry itself.
    is_stored: bool,
}

pub(super) struct AuditTarget(HttpRequest);

of_head! { AuditTarget: Infallible = |request: &HttpRequest| Ok(Self(request.clone())); }

impl AuditTarget {
    pub(super) fn set(&self, target: &str) {
        with(&self.0, |details| details.target = Some(target.to_owned()));
    }

    /// Describes the change in words, in place of the names of the fields that the request body has.
    pub(super) fn describe(&self, change: String) {
        with(&self.0, |details| details.fields = vec![change]);
    }

    /// Returns the entry of this call for a service call that stores it. No other entry is stored then.
    /// # Errors
    /// `Internal` if the caller was not admitted.
    pub(super) fn take_entry(&self) -> Result<AuditEntry, Error> {
        let authority = self.0.extensions().get::<Authority>().cloned();
        let authority = authority.ok_or_else(|| Error::internal("a call was not admitted"))?;
        with(&self.0, |details| details.is_stored = true);
        Ok(entry(&self.0, authority))
    }
}

/// Adds the names of the fields that the request body has.
pub(super) fn add_fields<'a>(request: &HttpRequest, fields: impl Iterator<Item = &'a String>) {
    with(request, |details| details.fields.extend(fields.cloned()));
}

fn with(request: &HttpRequest, set: impl FnOnce(&mut AuditDetails)) {
    let mut extensions = request.extensions_mut();
    let mut details = extensions.remove::<AuditDetails>().unwrap_or_default();
    set(&mut details);
    extensions.insert(details);
}

/// Records a successful call. The change is already committed, so a failure is only logged.
pub(super) async fn record(answer: &ServiceResponse<BoxBody>, authority: Authority) {
    let request = answer.request();
    if request.extensions().get::<AuditDetails>().is_some_and(|details| details.is_stored) {
        return;
    }
    if let Some(service) = request.app_data::<Data<Service>>() {
        record_entry(service, entry(request, authority)).await;
    }
}

fn entry(request: &HttpRequest, authority: Authority) -> AuditEntry {
    let details = request.extensions().get::<AuditDetails>().cloned().unwrap_or_default();
    let path = request.match_info();
    AuditEntry {
        authority,
        action: action(request),
        app: path.get("app_id").and_then(|id| AppId::parse(id).ok()),
        target: details.target.or_else(|| path.get("id").or(path.get("name")).map(str::to_owned)),
        detail: details.fields.join(", "),
    }
}

pub(super) async fn record_entry(service: &Service, entry: AuditEntry) {
    if let Err(error) = service.record_audit_entry(entry.clone()).await {
        log::error!("an audit entry could not be stored: {entry:?}: {error:?}");
    }
}

fn action(request: &HttpRequest) -> String {
    let pattern = request.match_pattern().unwrap_or_default();
    let pattern = pattern.strip_prefix(super::BASE).unwrap_or(&pattern);
    let method = request.method().as_str();
    let known = ACTIONS.iter().find(|(of, at, _)| (*of, *at) == (method, pattern));
    known.map_or_else(|| format!("{method} {pattern}"), |(_, _, action)| (*action).to_owned())
}

pub(super) fn resource() -> Resource {
    call("/audit", [methods::get(list)])
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditPageView)]
struct AuditPageView<'a> {
    entries: Vec<AuditEntryView<'a>>,
    /// Pass it as `after` to get older entries; null on the last page.
    next: Option<i64>,
}

/// Lists who changed what, newest first.
#[utoipa::path(get, path = "/audit", operation_id = "list_audit_entries", tag = "Server", params(("after" = Option<i64>, Query, minimum = 1), ("limit" = Option<u32>, Query, minimum = 1, maximum = 500)), responses((status = 200, body = AuditPageView)))]
pub(super) async fn list(service: Data<Service>, query: QueryParams) -> Result<HttpResponse, NativeError> {
    let (after, limit) = (query.number("after", 1..=i64::MAX)?, query.number("limit", 1..=AUDIT_ENTRIES_MAX)?);
    let limit = limit.unwrap_or(AUDIT_ENTRIES_MAX);
    let entries = service.audit_entries(after, limit).await?;
    let is_full = entries.len() == limit as usize;
    let next = entries.last().filter(|entry| is_full && entry.seq > 1).map(|entry| entry.seq);
    Ok(HttpResponse::Ok().json(AuditPageView { entries: entries.iter().map(AuditEntryView::from).collect(), next }))
}
