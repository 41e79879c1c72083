//! The calls of this dialect as an OpenAPI document.

use utoipa::{OpenApi as _, openapi::OpenApi};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tencent Cloud Chat, by Standin",
        version = "1",
        description = "What Tencent's REST API has about accounts, profiles and friends, and the socket of its Web SDK."
    ),
    paths()
)]
struct Described;

/// All calls of this dialect.
pub fn document() -> OpenApi {
    Described::openapi()
}
