pub mod console;
pub mod documents;
pub mod metrics;
pub mod pictures;

use actix_web::{
    HttpRequest,
    http::header::{EntityTag, Header as _, IF_NONE_MATCH, IfNoneMatch},
};

fn is_cached(request: &HttpRequest, etag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(etag)),
        Ok(IfNoneMatch::Any) => request.headers().contains_key(IF_NONE_MATCH),
        Err(_) => false,
    }
}
