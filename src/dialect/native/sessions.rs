//! Signing in and out of the house, by a page.

use actix_web::{
    HttpResponse, Resource, Scope,
    http::header::SET_COOKIE,
    web::{self, Data},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    call, deeds,
    extractors::{Body, FirstBody},
    front::unknown_path,
    gate::{COOKIE_NAME, Door, OurPage, Session},
    reply::{Problem, Refusal, SessionView, SignedOutProblem},
};
use crate::{
    domain::{
        admin::{AdminName, Authority, Deed},
        error::Error,
        secret::Secret,
    },
    http::{addresses::Addresses, methods},
    service::{
        Service,
        admins::{Begun, LONGEST},
    },
};

/// `/session`.
pub(super) fn scope(door: Door) -> Scope {
    let demo: Option<Resource> = match door {
        Door::Public { is_demo: true } => Some(call("/demo", [methods::post(begin_in_demo)])),
        Door::Public { is_demo: false } | Door::Control => None,
    };
    let scope = web::scope("/session")
        .service(call("", [methods::get(show), methods::post(begin), methods::delete(end)]))
        .service(call("/setup", [methods::post(set_up)]))
        .default_service(web::to(unknown_path));
    demo.into_iter().fold(scope, Scope::service)
}

/// Shows who is signed in.
///
/// Whoever is not learns whether anybody could be.
#[utoipa::path(get, path = "/session", operation_id = "show_session", tag = "Sign-in", responses((status = 200, body = SessionView), (status = 401, description = "Nobody is signed in", body = SignedOutProblem, content_type = "application/problem+json")))]
pub(super) async fn show(
    service: Data<Service>,
    door: Door,
    session: Result<Session, Refusal>,
) -> Result<HttpResponse, Refusal> {
    match session {
        Ok(session) => Ok(HttpResponse::Ok().json(SessionView::from(&session.signed_in))),
        Err(Refusal::Domain(Error::Unauthenticated(why))) => Err(Refusal::SignedOut {
            why,
            has_admin: !service.admins().await?.is_empty(),
            is_demo: matches!(door, Door::Public { is_demo: true }),
        }),
        Err(refusal) => Err(refusal),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    name: String,
    password: String,
}

/// Signs an administrator in.
#[utoipa::path(post, path = "/session", operation_id = "sign_in", tag = "Sign-in", request_body = SignIn, responses((status = 200, body = SessionView, headers(("Set-Cookie" = String, description = "The session, for browsers"))), (status = 401, description = "A wrong name or password", body = Problem, content_type = "application/problem+json"), (status = 403, description = "A page of another origin calls", body = Problem, content_type = "application/problem+json"), (status = 429, description = "Too many tries: wait", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn begin(
    service: Data<Service>,
    addresses: Data<Addresses>,
    page: OurPage,
    Body(given): FirstBody<SignIn>,
) -> Result<HttpResponse, Refusal> {
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

/// Makes the first administrator, with the one-time code of the start, and signs it in.
#[utoipa::path(post, path = "/session/setup", operation_id = "set_up", tag = "Sign-in", request_body = SetUp, responses((status = 200, body = SessionView, headers(("Set-Cookie" = String, description = "The session, for browsers"))), (status = 401, description = "A wrong name or password", body = Problem, content_type = "application/problem+json"), (status = 403, description = "A page of another origin calls", body = Problem, content_type = "application/problem+json"), (status = 429, description = "Too many tries: wait", body = Problem, content_type = "application/problem+json"), (status = 409, description = "There is an administrator already", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn set_up(
    service: Data<Service>,
    addresses: Data<Addresses>,
    page: OurPage,
    Body(given): FirstBody<SetUp>,
) -> Result<HttpResponse, Refusal> {
    let name = AdminName::parse(&given.name).map_err(|fault| fault.at("name"))?;
    let begun = service.set_up(&given.code, name, &Secret::new(given.password), page.from).await?;
    Ok(signed_in(&service, &addresses, &begun, "admin.set_up").await)
}

/// Signs anybody in, without a password: in a demo alone.
#[utoipa::path(post, path = "/session/demo", operation_id = "sign_in_to_demo", tag = "Sign-in", responses((status = 200, body = SessionView, headers(("Set-Cookie" = String, description = "The session, for browsers"))), (status = 403, description = "A page of another origin calls", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn begin_in_demo(
    service: Data<Service>,
    addresses: Data<Addresses>,
    _page: OurPage,
) -> Result<HttpResponse, Refusal> {
    let begun = service.sign_in_to_demo().await?;
    Ok(signed_in(&service, &addresses, &begun, "session.begin").await)
}

async fn signed_in(service: &Service, addresses: &Addresses, begun: &Begun, action: &str) -> HttpResponse {
    keep(service, begun.session.admin.clone(), action).await;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((SET_COOKIE, cookie(addresses, begun.ticket.expose(), LONGEST.as_secs())));
    answer.json(SessionView::from(&begun.session))
}

/// Puts what an administrator did with its own session on record.
async fn keep(service: &Service, admin: AdminName, action: &str) {
    let target = Some(admin.as_str().to_owned());
    let authority = Authority::Admin(admin);
    let deed = Deed { authority, action: action.to_owned(), app: None, target, detail: String::new() };
    deeds::keep_deed(service, deed).await;
}

/// Signs out.
#[utoipa::path(delete, path = "/session", operation_id = "sign_out", tag = "Sign-in", responses((status = 200, description = "Done", body = serde_json::Value), (status = 401, description = "Nobody is signed in", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn end(
    service: Data<Service>,
    addresses: Data<Addresses>,
    session: Session,
) -> Result<HttpResponse, Refusal> {
    service.end_admin_session(&session.ticket).await?;
    keep(&service, session.signed_in.admin, "session.end").await;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((SET_COOKIE, cookie(&addresses, "", 0)));
    Ok(answer.json(json!({})))
}

/// Browsers keep it from scripts, and from pages of others; over TLS alone where our own address is.
fn cookie(addresses: &Addresses, ticket: &str, life_s: u64) -> String {
    let secure = if addresses.base().starts_with("https:") { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={ticket}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Strict{secure}")
}
