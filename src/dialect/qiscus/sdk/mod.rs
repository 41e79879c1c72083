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
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    calls::{self, Call},
    reply::{self, Answer, Refusal, Refused},
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

/// The same calls, once for either door, and the realtime server there is none of.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    config,
    entry::login_or_register,
    entry::nonce,
    entry::verify_identity_token,
    entry::refresh_user_token,
    entry::logout,
    profile::show,
    profile::change,
    profile::upload,
    people::get_user_list,
    people::block_user,
    people::unblock_user,
    people::get_blocked_users,
    people::users_status,
    profile::set_user_device_token,
    profile::remove_user_device_token,
    sync::sync,
    sync::sync_event,
    sync::update_comment_status,
))]
pub(super) struct Described;

/// What stands beside the doors.
#[derive(utoipa::OpenApi)]
#[openapi(paths(no_broker))]
pub(super) struct DescribedBeside;

/// Either door by its name below `/api/v2`, and who calls there.
pub(super) const DOORS: [(&str, &str); 2] =
    [("sdk", "SDK for JavaScript"), ("mobile", "SDKs for Android, iOS, Flutter")];

/// `/api/v2/sdk` and `/api/v2/mobile`.
pub fn scope() -> Scope {
    calls::serve(web::scope("/api/v2/{door:sdk|mobile}").default_service(web::to(no_call)), CALLS)
}

async fn no_call(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let name = request.path().splitn(5, '/').last().unwrap_or("");
    Err(calls::refusal(name, CALLS))
}

/// Where the SDKs look for the realtime server.
pub fn broker() -> Resource {
    web::resource("/mqtt").route(web::get().to(no_broker)).default_service(web::to(no_broker))
}

/// The realtime server: not part of Standin.
///
/// The SDKs try to open a WebSocket here once a second, for ever, so nothing is logged. They hear of changes by `sync` instead.
#[utoipa::path(
    get,
    path = "/mqtt",
    tag = "Realtime",
    operation_id = "mqtt",
    responses((status = 404, description = "Always, whoever asks", body = Refused)),
)]
async fn no_broker() -> HttpResponse {
    let mut answer = Refusal::NoBroker.error_response();
    answer.extensions_mut().insert(Unlogged);
    answer
}

/// How an SDK is to work with this server. An empty text lets the app's own option win; Flutter's SDK wants every key, and none of them
/// null.
#[derive(Serialize, ToSchema)]
struct Config {
    auto_refresh_token: bool,
    #[schema(max_length = 0)]
    base_url: &'static str,
    #[schema(max_length = 0)]
    broker_lb_url: &'static str,
    /// Where the SDK looks for the realtime server: never empty, for it would look at the vendor's own then.
    #[schema(min_length = 1, example = "wss://chat.example.com/mqtt")]
    broker_url: String,
    enable_event_report: bool,
    enable_realtime: bool,
    enable_realtime_check: bool,
    enable_refresh_token: bool,
    enable_sync: bool,
    enable_sync_event: bool,
    #[schema(max_length = 0)]
    extras: &'static str,
    /// Milliseconds between two polls of `sync`.
    #[schema(example = 5000)]
    sync_interval: u32,
    /// The same while the realtime server is connected.
    #[schema(example = 10_000)]
    sync_on_connect: u32,
}

/// What an SDK asks before anything else.
///
/// Answered whatever app it names, even none: an SDK that gets no answer turns to the vendor's own realtime server.
#[utoipa::path(
    get,
    path = "/config",
    tag = "Session",
    security(()),
    responses((status = 200, description = "How to work with this server", body = Answer<Config>)),
)]
async fn config(addresses: Data<Addresses>) -> HttpResponse {
    reply::results(Config {
        auto_refresh_token: true,
        base_url: "",
        broker_lb_url: "",
        broker_url: broker_url(addresses.base()),
        enable_event_report: false,
        enable_realtime: true,
        enable_realtime_check: false,
        enable_refresh_token: true,
        enable_sync: true,
        enable_sync_event: false,
        extras: "",
        sync_interval: SYNC_INTERVAL_MS,
        sync_on_connect: SYNC_CONNECTED_MS,
    })
}

/// The SDK takes any text with `wss://` in it for a whole address, and makes of every other one an address of the vendor's form.
fn broker_url(base: &str) -> String {
    match base.split_once("://") {
        Some(("https", host)) => format!("wss://{host}/mqtt"),
        Some((_, host)) => format!("ws://{host}/mqtt?x=wss://"),
        None => format!("wss://{base}/mqtt"),
    }
}
