//! The calls of our own API as an OpenAPI document.

use utoipa::{OpenApi as _, openapi::OpenApi};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Standin",
        version = "1",
        description = "Our own API. Administrators sign in first and send the cookie they are given along; each call that changes anything repeats its `csrf` in the header `X-Standin-CSRF`."
    ),
    paths()
)]
struct Described;

/// All calls of our own API.
pub fn document() -> OpenApi {
    Described::openapi()
}
