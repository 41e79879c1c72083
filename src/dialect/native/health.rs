//! Figures of the server: its state now, its load over the last hour, and the data folder for `standin doctor`.

use actix_web::{HttpResponse, Resource, web::Data};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    call,
    reply::{NativeError, SocketCountView},
};
use crate::{
    http::{meter::Minute, methods, middleware::RequestMiddleware},
    service::{FolderInspection, PictureTally, Service},
};

pub(super) fn resource() -> Resource {
    call("/health", [methods::get(show)])
}

/// The state of the server.
#[derive(Serialize, ToSchema)]
struct HealthView {
    version: &'static str,
    uptime_s: u64,
    /// Writes that wait in the queue of the database writer.
    writes_waiting: usize,
    sockets: Vec<SocketCountView>,
    database_bytes: u64,
    /// Free bytes on the disk that holds the pictures.
    disk_free_bytes: u64,
    pictures: u64,
    picture_bytes: u64,
    /// The last hour, the newest minute first; minutes without a request are left out.
    minutes: Vec<MinuteView>,
}

/// One minute of the last hour.
#[derive(Serialize, ToSchema)]
struct MinuteView {
    /// How many minutes ago.
    ago: u64,
    requests: u64,
    /// Null if no call was answered in this minute.
    p50_us: Option<u64>,
    p95_us: Option<u64>,
    commits: u64,
}

impl From<&Minute> for MinuteView {
    fn from(minute: &Minute) -> Self {
        let Minute { ago, requests, p50_us, p95_us, commits } = *minute;
        Self { ago, requests, p50_us, p95_us, commits }
    }
}

/// Shows the state of the server and its load over the last hour.
#[utoipa::path(get, path = "/health", operation_id = "show_health", tag = "Server", responses((status = 200, body = HealthView)))]
pub(super) async fn show(service: Data<Service>, guard: Data<RequestMiddleware>) -> Result<HttpResponse, NativeError> {
    let facts = service.figures().await?;
    let meter = guard.meter();
    Ok(HttpResponse::Ok().json(HealthView {
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: meter.age().as_secs(),
        writes_waiting: facts.writes.waiting,
        sockets: facts.sockets.map(SocketCountView::of).into(),
        database_bytes: facts.database_bytes,
        disk_free_bytes: facts.disk_free_bytes,
        pictures: facts.pictures.count,
        picture_bytes: facts.pictures.bytes,
        minutes: meter.minutes().iter().map(MinuteView::from).collect(),
    }))
}

pub(super) fn folder() -> Resource {
    call("/folder", [methods::get(inspect)])
}

async fn inspect(service: Data<Service>) -> Result<HttpResponse, NativeError> {
    let FolderInspection { schema, schema_known, is_sound, wrong, pictures, clock_behind_s } =
        service.inspect().await?;
    Ok(HttpResponse::Ok().json(json!({
        "schema": schema,
        "schema_known": schema_known,
        "sound": is_sound,
        "wrong": wrong,
        "pictures": pictures.map(|PictureTally { count, orphans, missing }| [count, orphans, missing]),
        "clock_behind_s": clock_behind_s,
    })))
}
