//! The start page at `/`, facts about this server, and the answer to unknown paths.

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::{Uri, header::VARY},
    web,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{nearby, reply::NativeError};
use crate::{
    domain::{Error, TileSeed, UserId},
    http::{addresses::Addresses, console, limiter::ConnectionLimiter, methods, middleware::RequestMiddleware},
};

/// `standin doctor` fetches this user's tile to check that pictures can be served. The user need not exist.
const TILE_OF: &str = "doctor";

pub fn start_page() -> Resource {
    super::call("/", [methods::get(welcome)])
}

/// What this server is and where its APIs are.
#[derive(Serialize, ToSchema)]
struct Welcome<'a> {
    name: &'a str,
    what: &'a str,
    /// Identifies this run of the server; another server, or the same one after a restart, has another value.
    start: &'a str,
    links: Links,
}

#[derive(Serialize, ToSchema)]
struct Links {
    qiscus: String,
    mirrorfly: String,
    tencent: String,
    console: String,
    documents: String,
    openapi: String,
    health: String,
    ready: String,
    metrics: String,
}

/// Shows what this server is: the console to a browser, a few facts to a program.
///
/// The response has no version, because that would tell a stranger which known bugs to try.
#[utoipa::path(get, path = "/", operation_id = "show_welcome", tag = "Server", responses((status = 200, content((Welcome = "application/json"), (String = "text/html")))))]
pub(super) async fn welcome(
    addresses: web::Data<Addresses>,
    guard: web::Data<RequestMiddleware>,
    request: HttpRequest, // whether it wants a page, and has it already
) -> HttpResponse {
    if console::wants_page(&request)
        && let Some(page) = console::index(&request)
    {
        return page;
    }
    let base = addresses.base();
    HttpResponse::Ok().insert_header((VARY, "Accept")).json(Welcome {
        name: "standin",
        what: "stands in for the user side of Qiscus Chat, MirrorFly and Tencent Cloud Chat",
        start: guard.start(),
        links: Links {
            qiscus: format!("{base}/api/v2.1/rest"),
            mirrorfly: format!("{base}/api/v1"),
            tencent: format!("{base}/v4"),
            console: format!("{base}/"),
            documents: format!("{base}/docs/"),
            openapi: format!("{base}/openapi.json"),
            health: format!("{base}/healthz"),
            ready: format!("{base}/readyz"),
            metrics: format!("{base}/metrics"),
        },
    })
}

pub(super) fn server() -> Resource {
    super::call("/server", [methods::get(describe)])
}

/// The data folder as the setting gives it. Commands that use another folder must name it.
#[derive(Debug, Clone)]
pub struct DataFolder(pub String);

/// How clients reach this server, and where its data is.
#[derive(Serialize, ToSchema)]
struct ServerView<'a> {
    start: &'a str,
    public_url: &'a str,
    socket_host: &'a str,
    socket_port: u16,
    /// The data folder, as the setting gives it.
    data: &'a str,
    /// The address of a picture that always exists.
    tile: String,
    /// Client connections that may be open at one time, from the limit of open files. Shown on the control socket only.
    connections_max: Option<usize>,
    /// Client connections of one address that may be open at one time, from the settings.
    connections_per_address: Option<usize>,
}

/// Shows how clients reach this server.
#[utoipa::path(get, path = "/server", operation_id = "show_server", tag = "Server", responses((status = 200, body = ServerView)))]
pub(super) async fn describe(
    addresses: web::Data<Addresses>,
    guard: web::Data<RequestMiddleware>,
    data: web::Data<DataFolder>,
    limiter: Option<web::Data<ConnectionLimiter>>,
) -> Result<HttpResponse, NativeError> {
    let limits = limiter.map(|limiter| limiter.limits());
    let seed = TileSeed::of(&UserId::parse(TILE_OF).map_err(Error::internal)?).to_string();
    Ok(HttpResponse::Ok().json(ServerView {
        start: guard.start(),
        public_url: addresses.base(),
        socket_host: addresses.socket_host(),
        socket_port: addresses.socket_port(),
        data: &data.0,
        tile: addresses.tile(&seed),
        connections_max: limits.map(|limits| limits.in_all),
        connections_per_address: limits.map(|limits| limits.per_address),
    }))
}

/// # Errors
/// Always: 404, with the nearest known path.
pub async fn unknown_path(uri: Uri) -> Result<HttpResponse, NativeError> {
    Err(NativeError::UnknownPath { nearest: nearby::nearest(uri.path()) })
}
