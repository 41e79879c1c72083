//! How the data folder is, for `standin doctor`.

use actix_web::{
    HttpResponse, Resource,
    web::{self, Data},
};
use serde_json::json;

use super::{call, reply::Refusal};
use crate::service::{
    Service,
    health::{Checkup, Inspection, Soundness},
};

/// `/folder`.
pub(super) fn resource() -> Resource {
    call("/folder", [web::get().to(inspect)])
}

async fn inspect(service: Data<Service>) -> Result<HttpResponse, Refusal> {
    let found = service.inspect().await?;
    let clock_behind_s = found.clock_behind_s();
    let Inspection { database, pictures, orphans, missing, .. } = found;
    let Checkup { schema, schema_known, soundness, .. } = database;
    let (is_sound, wrong) = match soundness {
        Soundness::Sound => (Some(true), None),
        Soundness::Broken(wrong) => (Some(false), Some(wrong)),
        Soundness::Unfinished => (None, None),
    };
    Ok(HttpResponse::Ok().json(json!({
        "schema": schema,
        "schema_known": schema_known,
        "sound": is_sound,
        "wrong": wrong,
        "pictures": pictures,
        "orphans": orphans,
        "missing": missing,
        "clock_behind_s": clock_behind_s,
    })))
}
