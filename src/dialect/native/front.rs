//! The front door: who calls without a vendor's path learns what this is.

use actix_web::{HttpRequest, HttpResponse, Resource, http::header::VARY, web};
use serde_json::json;

use super::{
    nearby,
    reply::{self, Refusal},
};
use crate::{
    domain::{avatar::TileSeed, error::Error, id::UserId},
    http::{addresses::Addresses, console, guard::Guard},
};

/// Whose tile shows that pictures come through. No user need be called so.
const TILE_OF: &str = "doctor";

/// `GET /`.
pub fn front() -> Resource {
    web::resource("/").route(web::get().to(welcome)).default_service(web::to(reply::wrong_method))
}

/// A browser gets the console, a program a few facts, of which the version is none: it tells a stranger which faults to try. `start` tells this server from every other one, and from itself before a restart.
async fn welcome(addresses: web::Data<Addresses>, guard: web::Data<Guard>, request: HttpRequest) -> HttpResponse {
    if console::wants_page(&request)
        && let Some(page) = console::index(&request)
    {
        return page;
    }
    let base = addresses.base();
    HttpResponse::Ok().insert_header((VARY, "Accept")).json(json!({
        "name": "standin",
        "what": "stands in for the user side of Qiscus Chat, MirrorFly and Tencent Cloud Chat",
        "start": guard.start(),
        "links": {
            "qiscus": format!("{base}/api/v2.1/rest"),
            "mirrorfly": format!("{base}/api/v1"),
            "tencent": format!("{base}/v4"),
            "console": format!("{base}/"),
        },
    }))
}

/// `GET /standin/v1/server`: what `standin doctor` looks for from outside.
pub(super) fn server() -> Resource {
    web::resource("/server").route(web::get().to(describe)).default_service(web::to(reply::wrong_method))
}

async fn describe(addresses: web::Data<Addresses>, guard: web::Data<Guard>) -> Result<HttpResponse, Refusal> {
    let seed = TileSeed::of(&UserId::parse(TILE_OF).map_err(Error::internal)?).to_string();
    Ok(HttpResponse::Ok().json(json!({
        "start": guard.start(),
        "public_url": addresses.base(),
        "socket_host": addresses.socket_host(),
        "socket_port": addresses.socket_port(),
        "tile": addresses.tile(&seed),
    })))
}

/// Any path that is nobody's.
///
/// # Errors
/// Always: there is nothing there.
pub async fn unknown_path(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    Err(Refusal::UnknownPath { nearest: nearby::nearest(request.path()) })
}
