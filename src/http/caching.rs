//! Whether a caller has already what it asks for.

use actix_web::{
    HttpRequest,
    http::header::{EntityTag, Header as _, IF_NONE_MATCH, IfNoneMatch},
};

/// Whether the caller names this tag among those it has.
pub(super) fn has(request: &HttpRequest, etag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(etag)),
        Ok(IfNoneMatch::Any) => request.headers().contains_key(IF_NONE_MATCH),
        Err(_) => false,
    }
}
