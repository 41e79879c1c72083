//! The state of the data folder, for `standin doctor`.

use actix_web::{HttpResponse, Resource, web::Data};
use serde_json::json;

use super::{call, reply::NativeError};
use crate::{
    http::methods,
    service::{
        Service,
        health::{FolderInspection, PictureTally},
    },
};

pub(super) fn resource() -> Resource {
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
