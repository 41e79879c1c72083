//! The paths that the vendor's SDKs call: `/api/v2/sdk` (JavaScript), and the same under `/api/v2/mobile` (Android, iOS, Flutter).
//!
//! Source: what the published JavaScript SDK 2.16.9 sends and reads, and the sources of the others. It takes a call for refused unless
//! the body says `"status": 200`, whatever HTTP says; an empty field, or a key without `=`, means "not given".

mod door;
mod entry;
mod identity;
mod people;
mod profile;
mod sync;

use actix_web::{
    HttpRequest, HttpResponse, Resource, ResponseError as _, Scope,
    web::{self, Data},
};
use serde_json::json;

use super::{
    calls::{self, Call},
    reply::{self, Refusal},
};
use crate::http::{addresses::Addresses, guard::Unlogged};

/// Milliseconds between two polls of `sync` as the SDKs are told: how long a change may take to be heard of.
const SYNC_INTERVAL_MS: u32 = 5000;

/// The same while a realtime server is connected, which there is none of. The vendor's value.
const SYNC_CONNECTED_MS: u32 = 10_000;

/// Every call: what the scope serves, and what a mistyped name is compared with.
const CALLS: &[Call] = &[
    ("config", || vec![web::get().to(config)]),
    ("login_or_register", || vec![web::post().to(entry::login_or_register)]),
    ("auth/nonce", || vec![web::post().to(entry::nonce)]),
    ("auth/verify_identity_token", || vec![web::post().to(entry::verify_identity_token)]),
    ("refresh_user_token", || vec![web::post().to(entry::refresh_user_token)]),
    ("logout", || vec![web::post().to(entry::logout)]),
    ("my_profile", || vec![web::get().to(profile::show), web::patch().to(profile::change)]),
    ("upload", || vec![web::post().to(profile::upload)]),
    ("get_user_list", || vec![web::get().to(people::get_user_list)]),
    ("block_user", || vec![web::post().to(people::block_user)]),
    ("unblock_user", || vec![web::post().to(people::unblock_user)]),
    ("get_blocked_users", || vec![web::get().to(people::get_blocked_users)]),
    ("users/status", || vec![web::post().to(people::users_status)]),
    ("set_user_device_token", || vec![web::post().to(profile::set_user_device_token)]),
    ("remove_user_device_token", || vec![web::post().to(profile::remove_user_device_token)]),
    ("sync", || vec![web::get().to(sync::sync)]),
    ("sync_event", || vec![web::get().to(sync::sync_event)]),
    ("update_comment_status", || vec![web::post().to(sync::update_comment_status)]),
];

/// `/api/v2/sdk` and `/api/v2/mobile`.
pub fn scope() -> Scope {
    calls::serve(web::scope("/api/v2/{door:sdk|mobile}").default_service(web::to(no_call)), CALLS)
}

async fn no_call(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let name = request.path().splitn(5, '/').last().unwrap_or("");
    Err(calls::refusal(name, CALLS))
}

/// Where the SDKs look for the realtime server. They try once a second, for ever, so nothing is logged.
pub fn broker() -> Resource {
    web::resource("/mqtt").default_service(web::to(async || {
        let mut answer = Refusal::NoBroker.error_response();
        answer.extensions_mut().insert(Unlogged);
        answer
    }))
}

/// What an SDK asks before anything else. Answered whatever app it names, even none: an SDK that gets no answer turns to the vendor's
/// own realtime server.
///
/// An empty text lets the app's own option win; Flutter's SDK wants every key, and none of them null.
async fn config(addresses: Data<Addresses>) -> HttpResponse {
    reply::results(json!({
        "auto_refresh_token": true,
        "base_url": "",
        "broker_lb_url": "",
        "broker_url": broker_url(addresses.base()),
        "enable_event_report": false,
        "enable_realtime": true,
        "enable_realtime_check": false,
        "enable_refresh_token": true,
        "enable_sync": true,
        "enable_sync_event": false,
        "extras": "",
        "sync_interval": SYNC_INTERVAL_MS,
        "sync_on_connect": SYNC_CONNECTED_MS,
    }))
}

/// The SDK takes any text with `wss://` in it for a whole address, and makes of every other one an address of the vendor's form.
fn broker_url(base: &str) -> String {
    match base.split_once("://") {
        Some(("https", host)) => format!("wss://{host}/mqtt"),
        Some((_, host)) => format!("ws://{host}/mqtt?x=wss://"),
        None => format!("wss://{base}/mqtt"),
    }
}
