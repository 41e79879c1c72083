//! How the house is: what it does now, and what it did over the last hour.

use actix_web::{
    HttpResponse, Resource,
    web::{self, Data},
};
use serde_json::{Value, json};

use super::{
    call,
    reply::{Refusal, wire_word},
};
use crate::{
    http::{guard::Guard, meter::Minute},
    service::Service,
};

/// `/health`.
pub(super) fn resource() -> Resource {
    call("/health", [web::get().to(show)])
}

async fn show(service: Data<Service>, guard: Data<Guard>) -> Result<HttpResponse, Refusal> {
    let facts = service.facts().await?;
    let meter = guard.meter();
    let minute = |minute: &Minute| {
        let Minute { ago, requests, p50_us, p95_us, commits } = minute;
        json!({ "ago": ago, "requests": requests, "p50_us": p50_us, "p95_us": p95_us, "commits": commits })
    };
    let sockets = facts.sockets.map(|(wire, open)| json!({ "wire": wire_word(wire), "open": open }));
    Ok(HttpResponse::Ok().json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": meter.age().as_secs(),
        "writes_waiting": facts.writes.waiting,
        "sockets": sockets,
        "database_bytes": facts.database_bytes,
        "disk_free_bytes": facts.disk_free_bytes,
        "pictures": facts.pictures.count,
        "picture_bytes": facts.pictures.bytes,
        "minutes": meter.minutes().iter().map(minute).collect::<Vec<Value>>(),
    })))
}
