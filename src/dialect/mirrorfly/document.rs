//! The calls of this dialect as an OpenAPI document.

use utoipa::{OpenApi as _, openapi::OpenApi};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "MirrorFly, by Standin",
        version = "1",
        description = "What MirrorFly's REST API has about users, for back ends and for users themselves, and what its Web SDK calls."
    ),
    paths()
)]
struct Described;

/// All calls of this dialect.
pub fn document() -> OpenApi {
    Described::openapi()
}
