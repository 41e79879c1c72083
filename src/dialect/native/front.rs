//! The front door: who calls without a vendor's path learns what this is.

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::{Uri, header::VARY},
    web,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{nearby, reply::Refusal};
use crate::{
    domain::{avatar::TileSeed, error::Error, id::UserId},
    http::{addresses::Addresses, console, crowd::Crowd, guard::Guard, methods},
};

/// Whose tile shows that pictures come through. No user need be called so.
const TILE_OF: &str = "doctor";

/// `GET /`.
pub fn front() -> Resource {
    super::call("/", [methods::get(welcome)])
}

/// What this is.
#[derive(Serialize, ToSchema)]
struct Welcome<'a> {
    name: &'a str,
    what: &'a str,
    /// Tells this server from every other one, and from itself before a restart.
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

/// The front door: a browser gets the console, a program a few facts.
///
/// The version is none of them: it would tell a stranger which faults to try.
#[utoipa::path(get, path = "/", operation_id = "front_door", tag = "The house", responses((status = 200, content((Welcome = "application/json"), (String = "text/html")))))]
pub(super) async fn welcome(
    addresses: web::Data<Addresses>,
    guard: web::Data<Guard>,
    request: HttpRequest,
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

/// `GET /standin/v1/server`: what `standin doctor` looks for from outside.
pub(super) fn server() -> Resource {
    super::call("/server", [methods::get(describe)])
}

/// The data folder, as the setting names it: commands on another one must name it.
#[derive(Debug, Clone)]
pub struct DataFolder(pub String);

/// How clients reach this server, and commands its data.
#[derive(Serialize, ToSchema)]
struct ServerView<'a> {
    start: &'a str,
    public_url: &'a str,
    socket_host: &'a str,
    socket_port: u16,
    /// The data folder, as the setting names it.
    data: &'a str,
    /// A picture that is always there.
    tile: String,
    /// Connections of clients that may be open at one time, as the limit of open files allows; to whoever has the machine.
    connections_max: Option<usize>,
    /// Those of one address, as the setting says.
    connections_per_address: Option<usize>,
}

/// Shows how clients reach this server.
#[utoipa::path(get, path = "/server", operation_id = "show_server", tag = "The house", responses((status = 200, body = ServerView)))]
pub(super) async fn describe(
    addresses: web::Data<Addresses>,
    guard: web::Data<Guard>,
    data: web::Data<DataFolder>,
    crowd: Option<web::Data<Crowd>>,
) -> Result<HttpResponse, Refusal> {
    let limits = crowd.map(|crowd| crowd.limits());
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

/// Any path that is nobody's.
///
/// # Errors
/// Always: there is nothing there.
pub async fn unknown_path(uri: Uri) -> Result<HttpResponse, Refusal> {
    Err(Refusal::UnknownPath { nearest: nearby::nearest(uri.path()) })
}
