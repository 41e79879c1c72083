//! The calls of this dialect as an OpenAPI document.

use utoipa::{OpenApi as _, openapi::OpenApi};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Qiscus Chat, by Standin",
        version = "1",
        description = "What Qiscus' REST API has about users, in both versions, and what its SDKs call."
    ),
    paths()
)]
struct Described;

/// All calls of this dialect.
pub fn document() -> OpenApi {
    Described::openapi()
}
