//! Administrators' sessions: sign in, sign out, set up the first administrator.

use actix_web::{
    HttpResponse, Resource, Scope,
    http::header::SET_COOKIE,
    web::{self, Data},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    audit,
    authorization::{AdminCall, ApiListener, COOKIE_NAME, OwnPageCall},
    call,
    extractors::{JsonBody, SignedOutBody},
    front::unknown_path,
    reply::{NativeError, Problem, SessionView, SignedOutProblem},
};
use crate::{
    domain::{AdminName, AuditEntry, Authority, Error, Secret},
    http::{addresses::Addresses, methods},
    service::{NewAdminSession, Service, admins},
};

pub(super) fn scope(listener: ApiListener) -> Scope {
    let demo: Option<Resource> = match listener {
        ApiListener::Public { is_demo: true } => Some(call("/demo", [methods::post(begin_in_demo)])),
        ApiListener::Public { is_demo: false } | ApiListener::Control => None,
    };
    let scope = web::scope("/session")
        .service(call("", [methods::get(show), methods::post(begin), methods::delete(end)]))
        .service(call("/status", [methods::get(status)]))
        .service(call("/setup", [methods::post(set_up)]))
        .default_service(web::to(unknown_path));
    demo.into_iter().fold(scope, Scope::service)
}

/// Shows who is signed in.
///
/// A caller without a session learns whether there is an administrator and whether this is a demo.
#[utoipa::path(get, path = "/session", operation_id = "show_session", tag = "Sign-in", responses((status = 200, body = SessionView), (status = 401, description = "The caller is not signed in", body = SignedOutProblem, content_type = "application/problem+json")))]
pub(super) async fn show(
    service: Data<Service>,
    listener: ApiListener,
    session: Result<AdminCall, NativeError>,
) -> Result<HttpResponse, NativeError> {
    match session {
        Ok(session) => Ok(HttpResponse::Ok().json(SessionView::from(&session.signed_in))),
        Err(NativeError::Domain(Error::Unauthenticated(why))) => Err(NativeError::SignedOut {
            why,
            has_admin: !service.admins().await?.is_empty(),
            is_demo: matches!(listener, ApiListener::Public { is_demo: true }),
        }),
        Err(refusal) => Err(refusal),
    }
}

/// The administrator of the session, and how an administrator can sign in.
#[derive(Serialize, ToSchema)]
struct SessionStatusView<'a> {
    /// The signed-in administrator; null without a session.
    session: Option<SessionView<'a>>,
    /// Whether there is an administrator who can sign in.
    setup: bool,
    /// Whether this is a demo, where everybody may sign in without a password.
    demo: bool,
}

/// Shows whether an administrator is signed in.
///
/// Answers 200 either way: a browser reports each 401 as an error, and a page asks this first of all.
#[utoipa::path(get, path = "/session/status", operation_id = "show_session_status", tag = "Sign-in", responses((status = 200, body = SessionStatusView)))]
pub(super) async fn status(
    service: Data<Service>,
    listener: ApiListener,
    session: Result<AdminCall, NativeError>,
) -> Result<HttpResponse, NativeError> {
    let session = match session {
        Ok(session) => Some(session),
        Err(NativeError::Domain(Error::Unauthenticated(_))) => None,
        Err(refusal) => return Err(refusal),
    };
    Ok(HttpResponse::Ok().json(SessionStatusView {
        session: session.as_ref().map(|session| SessionView::from(&session.signed_in)),
        setup: !service.admins().await?.is_empty(),
        demo: matches!(listener, ApiListener::Public { is_demo: true }),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    name: String,
    password: String,
}

/// Signs an administrator in.
#[utoipa::path(post, path = "/session", operation_id = "sign_in", tag = "Sign-in", request_body = SignIn, responses((status = 200, body = SessionView, headers(("Set-Cookie" = String, description = "The session, for browsers"))), (status = 401, description = "A wrong name or password", body = Problem, content_type = "application/problem+json"), (status = 403, description = "A page of another origin calls", body = Problem, content_type = "application/problem+json"), (status = 429, description = "Too many attempts: wait", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn begin(
    service: Data<Service>,
    addresses: Data<Addresses>,
    page: OwnPageCall,
    JsonBody(given): SignedOutBody<SignIn>,
) -> Result<HttpResponse, NativeError> {
    let begun = service.sign_in_admin(&given.name, &Secret::new(given.password), page.from).await?;
    Ok(signed_in(&service, &addresses, &begun, "session.begin").await)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetUp {
    code: String,
    name: String,
    password: String,
}

/// Creates the first administrator with the one-time code that the server prints at its start, and signs it in.
#[utoipa::path(post, path = "/session/setup", operation_id = "set_up", tag = "Sign-in", request_body = SetUp, responses((status = 200, body = SessionView, headers(("Set-Cookie" = String, description = "The session, for browsers"))), (status = 401, description = "A wrong name or password", body = Problem, content_type = "application/problem+json"), (status = 403, description = "A page of another origin calls", body = Problem, content_type = "application/problem+json"), (status = 429, description = "Too many attempts: wait", body = Problem, content_type = "application/problem+json"), (status = 409, description = "An administrator exists already", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn set_up(
    service: Data<Service>,
    addresses: Data<Addresses>,
    page: OwnPageCall,
    JsonBody(given): SignedOutBody<SetUp>,
) -> Result<HttpResponse, NativeError> {
    let name = AdminName::parse(&given.name).map_err(|fault| fault.at("name"))?;
    let begun = service.set_up(&given.code, name, &Secret::new(given.password), page.from).await?;
    Ok(signed_in(&service, &addresses, &begun, "admin.set_up").await)
}

/// Signs the caller in without a password. Served in a demo only.
#[utoipa::path(post, path = "/session/demo", operation_id = "sign_in_to_demo", tag = "Sign-in", responses((status = 200, body = SessionView, headers(("Set-Cookie" = String, description = "The session, for browsers"))), (status = 403, description = "A page of another origin calls", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn begin_in_demo(
    service: Data<Service>,
    addresses: Data<Addresses>,
    _page: OwnPageCall,
) -> Result<HttpResponse, NativeError> {
    let begun = service.sign_in_to_demo().await?;
    Ok(signed_in(&service, &addresses, &begun, "session.begin").await)
}

async fn signed_in(service: &Service, addresses: &Addresses, begun: &NewAdminSession, action: &str) -> HttpResponse {
    record(service, begun.session.admin.clone(), action).await;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((SET_COOKIE, cookie(addresses, begun.ticket.expose(), admins::LONGEST.as_secs())));
    answer.json(SessionView::from(&begun.session))
}

/// Writes an audit entry about an administrator's own session.
async fn record(service: &Service, admin: AdminName, action: &str) {
    let target = Some(admin.as_str().to_owned());
    let authority = Authority::Admin(admin);
    let entry = AuditEntry { authority, action: action.to_owned(), app: None, target, detail: String::new() };
    audit::record_entry(service, entry).await;
}

/// Signs out.
#[utoipa::path(delete, path = "/session", operation_id = "sign_out", tag = "Sign-in", responses((status = 200, description = "Done", body = serde_json::Value), (status = 401, description = "The caller is not signed in", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn end(
    service: Data<Service>,
    addresses: Data<Addresses>,
    session: AdminCall,
) -> Result<HttpResponse, NativeError> {
    service.end_admin_session(&session.ticket).await?;
    record(&service, session.signed_in.admin, "session.end").await;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((SET_COOKIE, cookie(&addresses, "", 0)));
    Ok(answer.json(json!({})))
}

/// Returns the session cookie: hidden from scripts and from other sites, and limited to TLS if our public URL uses it.
fn cookie(addresses: &Addresses, ticket: &str, life_s: u64) -> String {
    let secure = if addresses.base().starts_with("https:") { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={ticket}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Strict{secure}")
}
