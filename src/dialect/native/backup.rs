//! A backup, on the control socket alone: it may hold the server key.

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

use super::{call, extractors, reply::Refusal};
use crate::{
    http::methods,
    service::{Service, backup::Pieces},
};

/// `/backup`.
pub(super) fn resource() -> Resource {
    call("/backup", [methods::post(make)])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    with_key: bool,
}

async fn make(
    service: Data<Service>,
    extractors::Body(wanted): extractors::Body<Wanted>,
) -> Result<HttpResponse, Refusal> {
    let pieces = service.back_up(wanted.with_key).await?;
    Ok(HttpResponse::Ok().content_type("application/x-tar").body(Body(pieces)))
}

/// What breaks off breaks the connection, so that nobody takes a part for the whole.
struct Body(Pieces);

impl MessageBody for Body {
    type Error = actix_web::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, actix_web::Error>>> {
        self.get_mut()
            .0
            .poll_recv(context)
            .map(|piece| piece.map(|piece| piece.map_err(|error| Refusal::from(error).into())))
    }
}
