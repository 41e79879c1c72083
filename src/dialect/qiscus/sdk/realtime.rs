//! The realtime server: what the SDKs ask about it, and how they are told to work without it.

use actix_web::{
    HttpResponse, Resource, ResponseError as _,
    web::{self, Data, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::reply::{self, Answer, Refusal, Refused},
    door::Member,
};
use crate::http::{addresses::Addresses, form::Call, guard::Unlogged};

/// Milliseconds between two polls of `sync` as the SDKs are told: how long a change may take to be heard of.
const SYNC_INTERVAL_MS: u32 = 5000;

/// The same while a realtime server is connected, which there is none of. The vendor's value.
const SYNC_CONNECTED_MS: u32 = 10_000;

/// Where the SDKs look for the realtime server.
pub fn broker() -> Resource {
    web::resource("/mqtt").route(web::get().to(no_broker)).default_service(web::to(no_broker))
}

/// The realtime server: not part of Standin.
///
/// The JavaScript SDKs try to open a WebSocket here once a second, for ever, so nothing is logged. They hear of changes by `sync`
/// instead.
#[utoipa::path(
    get,
    path = "/mqtt",
    tag = "Realtime",
    operation_id = "mqtt",
    responses((status = 404, description = "Always, whoever asks", body = Refused)),
)]
pub(super) async fn no_broker() -> HttpResponse {
    let mut answer = Refusal::NoBroker.error_response();
    answer.extensions_mut().insert(Unlogged);
    answer
}

/// How an SDK is to work with this server. An empty text lets the app's own option win; Flutter's SDK wants every key, and none of them
/// null.
#[derive(Serialize, ToSchema)]
pub(super) struct Config {
    auto_refresh_token: bool,
    #[schema(max_length = 0)]
    base_url: &'static str,
    #[schema(max_length = 0)]
    broker_lb_url: &'static str,
    /// Where the SDK looks for the realtime server: a whole address for JavaScript, a bare host for the other SDKs. Never empty, because
    /// an SDK that gets none turns to the vendor's own server.
    #[schema(min_length = 1, example = "wss://chat.example.com/mqtt")]
    broker_url: String,
    enable_event_report: bool,
    /// False below `mobile`: those SDKs then open no realtime connection and poll. The JavaScript SDKs connect whatever it says.
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
pub(super) async fn config(door: Path<String>, addresses: Data<Addresses>) -> HttpResponse {
    let is_mobile = *door == "mobile";
    reply::results(Config {
        auto_refresh_token: true,
        base_url: "",
        broker_lb_url: "",
        // The SDKs for telephones put a scheme before this text and a port behind it.
        broker_url: if is_mobile { addresses.host().to_owned() } else { broker_url(addresses.base()) },
        enable_event_report: false,
        enable_realtime: !is_mobile,
        enable_realtime_check: false,
        enable_refresh_token: true,
        enable_sync: true,
        enable_sync_event: false,
        extras: "",
        sync_interval: SYNC_INTERVAL_MS,
        sync_on_connect: SYNC_CONNECTED_MS,
    })
}

/// The JavaScript SDK takes any text with `wss://` in it for a whole address, and makes of every other one an address of the vendor's
/// form.
fn broker_url(base: &str) -> String {
    match base.split_once("://") {
        Some(("https", host)) => format!("wss://{host}/mqtt"),
        Some((_, host)) => format!("ws://{host}/mqtt?x=wss://"),
        None => format!("wss://{base}/mqtt"),
    }
}

/// Credentials for the realtime server: none are needed, because a user's topics are named by its token.
#[derive(Serialize, ToSchema)]
pub(super) struct MqttConfig {
    #[schema(max_length = 0)]
    password: &'static str,
    #[schema(max_length = 0)]
    username: &'static str,
}

/// What Android and iOS ask after a login: the credentials of the realtime server.
#[utoipa::path(
    get,
    path = "/mqtt_config",
    tag = "Session",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None are needed", body = Answer<MqttConfig>)),
)]
pub(super) async fn mqtt_config(_: Call<Member>) -> HttpResponse {
    reply::results(MqttConfig { password: "", username: "" })
}

/// Whether a subscription is in order.
#[derive(Serialize, ToSchema)]
pub(super) struct RealtimeStatus {
    #[schema(example = true)]
    status: bool,
}

/// Whether the realtime server knows a topic (Android).
///
/// Always true: a client that is told otherwise connects anew, and no field is looked at.
#[utoipa::path(
    post,
    path = "/realtime",
    tag = "Session",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "Nothing to repair", body = Answer<RealtimeStatus>)),
)]
pub(super) async fn realtime(_: Call<Member>) -> HttpResponse {
    reply::results(RealtimeStatus { status: true })
}

/// An empty object.
#[derive(Serialize, ToSchema)]
pub(super) struct Reported {}

/// What Android and iOS report of their own connection.
///
/// Nothing is kept of it, and no field is looked at: `config` asks for no reports, but iOS sends them all the same.
#[utoipa::path(
    post,
    path = "/event_report",
    tag = "Session",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "Received", body = Answer<Reported>)),
)]
pub(super) async fn event_report(_: Call<Member>) -> HttpResponse {
    reply::results(Reported {})
}
