//! CORS: the web origins whose pages may call. A browser sends no preflight before a WebSocket: there the server itself
//! refuses a page ([`PageOrigin::may_call`]). Other clients are not affected.

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::{
    dev::RequestHead,
    http::header::{HOST, HeaderValue, ORIGIN},
};
use futures_util::FutureExt as _;

use crate::{
    domain::Origin,
    http::addresses::Addresses,
    service::{Service, Tenant},
};

/// Called by vendors' SDKs from the pages of apps. Our own API and front page allow only their own origin.
const CORS_PATHS: [&str; 4] = ["/api/", "/license/", "/pictures/", "/websocket"];

/// How long a browser may cache a preflight: 2 hours are Chromium's maximum.
const PREFLIGHT_AGE_S: usize = 7200;

pub type AppLookup = fn(&Service, &RequestHead) -> Option<Arc<Tenant>>;

/// Returns the result of work that completes at once, as point reads do: the middleware cannot wait.
pub fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    work.now_or_never()
}

/// The origin of the page that sends a request. Clients that are no browsers send none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOrigin {
    None,
    Of(Origin),
    /// An opaque or unreadable origin. No list can contain it.
    Nameless,
}

impl PageOrigin {
    pub fn of(head: &RequestHead) -> Self {
        head.headers().get(ORIGIN).map_or(Self::None, Self::named)
    }

    fn named(origin: &HeaderValue) -> Self {
        origin.to_str().ok().and_then(|origin| Origin::parse(origin).ok()).map_or(Self::Nameless, Self::Of)
    }

    /// Applies the one rule for requests and sockets. If the request names no app, any app counts.
    pub fn may_call(&self, service: &Service, app: Option<&Tenant>) -> bool {
        match self {
            Self::None => true,
            Self::Of(origin) => service.allows_origin(Some(origin), app),
            Self::Nameless => service.allows_origin(None, app),
        }
    }
}

/// Goes inside the outermost middleware, so that preflights are logged, and around all endpoints, so that errors carry
/// the headers too.
///
/// The list of the first app that `app_lookups` finds decides. A preflight names no app, nor does MirrorFly's login:
/// an origin that any app allows may send these. Credentials are never allowed: no endpoint here reads cookies.
pub fn middleware(service: Service, app_lookups: &'static [AppLookup]) -> Cors {
    let allows = move |origin: &HeaderValue, head: &RequestHead| {
        let app = app_lookups.iter().find_map(|named| named(&service, head));
        is_cors_path(head.uri.path()) && PageOrigin::named(origin).may_call(&service, app.as_deref())
    };
    Cors::default()
        .allowed_origin_fn(allows)
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header() // an app may add its own (Qiscus: setCustomHeader)
        .max_age(PREFLIGHT_AGE_S)
}

/// The origin is missing, that of our public address, or the host that was called.
pub fn is_own(head: &RequestHead, addresses: &Addresses) -> bool {
    let Some(origin) = head.headers().get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let called = head.headers().get(HOST).and_then(|host| host.to_str().ok());
    let authority = origin.strip_prefix("http://").or(origin.strip_prefix("https://"));
    let is_called = authority.zip(called).is_some_and(|(from, called)| from.eq_ignore_ascii_case(called));
    is_called || origin.eq_ignore_ascii_case(&addresses.origin())
}

fn is_cors_path(path: &str) -> bool {
    CORS_PATHS.iter().any(|door| path.starts_with(door))
}
