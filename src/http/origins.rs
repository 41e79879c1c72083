//! Which pages of other origins may call, and read what is answered (CORS).
//!
//! A browser asks in the page's name, in a preflight before any call that carries a vendor's headers. Other clients are not concerned.
//! No browser asks before it opens a WebSocket: there the server itself refuses a page that may not call ([`Page::may_call`]).

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::{
    dev::RequestHead,
    http::header::{HOST, HeaderValue, ORIGIN},
};
use futures_util::FutureExt as _;

use crate::{
    domain::id::Origin,
    http::addresses::Addresses,
    service::{Service, apps::Tenant},
};

/// Below these the vendors' SDKs call from the pages of apps. Our own API and the front page are for their own origin.
const DOORS: [&str; 3] = ["/api/", "/pictures/", "/websocket"];

/// How long a browser need not ask again: 2 hours are the most that Chromium grants.
const PREFLIGHT_AGE_S: usize = 7200;

/// Reads from a request's head which app it is for, where its wire says so.
pub type NamesApp = fn(&Service, &RequestHead) -> Option<Arc<Tenant>>;

/// The answer of work that has one at once, as point reads do: the middleware cannot wait.
pub fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    work.now_or_never()
}

/// The page that a call comes from, as its browser names it. Other clients name none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// No page: the call names no origin.
    None,
    /// A page of this origin.
    Of(Origin),
    /// A page whose origin has no name, or no readable one. No list can hold it.
    Nameless,
}

impl Page {
    /// The page that a request names.
    pub fn of(head: &RequestHead) -> Self {
        head.headers().get(ORIGIN).map_or(Self::None, Self::named)
    }

    fn named(origin: &HeaderValue) -> Self {
        origin.to_str().ok().and_then(|origin| Origin::parse(origin).ok()).map_or(Self::Nameless, Self::Of)
    }

    /// Whether the page may call this app; where the call names no app, whether it may call any. The one rule for calls and sockets.
    pub fn may_call(&self, service: &Service, app: Option<&Tenant>) -> bool {
        match self {
            Self::None => true,
            Self::Of(origin) => service.allows_origin(Some(origin), app),
            Self::Nameless => service.allows_origin(None, app),
        }
    }
}

/// The middleware. Goes inside the guard, so that preflights are logged, and around all doors, so that refusals carry the headers too:
/// a 401 without them is an unexplained network error in the page.
///
/// A call is judged by the list of the app it names, by the first of `names_app` that finds one. A preflight carries no app's id or
/// token, nor does a login of MirrorFly's: these may come from wherever one app of the house lets its pages be. Credentials are never
/// allowed: the SDKs authenticate by headers, and no cookie means anything to these doors.
pub fn middleware(service: Service, names_app: &'static [NamesApp]) -> Cors {
    let allows = move |origin: &HeaderValue, head: &RequestHead| {
        let app = names_app.iter().find_map(|named| named(&service, head));
        is_door(head.uri.path()) && Page::named(origin).may_call(&service, app.as_deref())
    };
    Cors::default()
        .allowed_origin_fn(allows)
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header() // an app may add its own (Qiscus: setCustomHeader)
        .max_age(PREFLIGHT_AGE_S)
}

/// Whether a call comes from a page of this server, or from no page at all: by the origin of our public address, or by the host that was
/// called.
pub fn is_own(head: &RequestHead, addresses: &Addresses) -> bool {
    let Some(origin) = head.headers().get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let called = head.headers().get(HOST).and_then(|host| host.to_str().ok());
    let authority = origin.strip_prefix("http://").or(origin.strip_prefix("https://"));
    let is_called = authority.zip(called).is_some_and(|(from, called)| from.eq_ignore_ascii_case(called));
    is_called || origin.eq_ignore_ascii_case(&addresses.origin())
}

fn is_door(path: &str) -> bool {
    DOORS.iter().any(|door| path.starts_with(door))
}
