//! The front door: who calls without a vendor's path learns what this is.

use actix_web::{HttpResponse, Resource, web};
use serde_json::json;

use super::reply::{self, Refusal};
use crate::http::addresses::Addresses;

/// `GET /`.
pub fn front() -> Resource {
    web::resource("/").route(web::get().to(welcome)).default_service(web::to(reply::wrong_method))
}

async fn welcome(addresses: web::Data<Addresses>) -> HttpResponse {
    let base = addresses.base();
    HttpResponse::Ok().json(json!({
        "name": "standin",
        "what": "stands in for the user side of Qiscus Chat and MirrorFly",
        "links": { "qiscus": format!("{base}/api/v2.1/rest"), "mirrorfly": format!("{base}/api/v1") },
    }))
}

/// Any path that is nobody's.
///
/// # Errors
/// Always: there is nothing there.
pub async fn unknown_path() -> Result<HttpResponse, Refusal> {
    Err(Refusal::UnknownPath)
}
