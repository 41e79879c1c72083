//! Backups. Served on the control socket alone, because a backup may hold the server key.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpResponse, Resource,
    body::{BodySize, MessageBody},
    web::{Bytes, Data},
};
use serde::Deserialize;

use super::{call, extractors, reply::NativeError};
use crate::{
    http::methods,
    service::{BackupPieces, Service},
};

pub(super) fn resource() -> Resource {
    call("/backup", [methods::post(make)])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackupRequest {
    with_key: bool,
}

async fn make(
    service: Data<Service>,
    extractors::JsonBody(request): extractors::JsonBody<BackupRequest>,
) -> Result<HttpResponse, NativeError> {
    let pieces = service.back_up(request.with_key).await?;
    Ok(HttpResponse::Ok().content_type("application/x-tar").body(TarBody(pieces)))
}

/// Fails if the backup fails: the connection breaks, so that the client cannot take a part for the whole.
struct TarBody(BackupPieces);

impl MessageBody for TarBody {
    type Error = actix_web::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, actix_web::Error>>> {
        self.get_mut()
            .0
            .poll_recv(context)
            .map(|piece| piece.map(|piece| piece.map_err(|error| NativeError::from(error).into())))
    }
}
