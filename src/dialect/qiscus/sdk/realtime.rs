//! What the SDKs request about the realtime server and their settings.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::reply::{self, EmptyResult, QiscusReply},
    callers::QiscusUser,
};
use crate::http::{addresses::Addresses, form::Call};

/// How often the SDKs poll `sync`, in milliseconds. A client learns of a change after this time at most.
const SYNC_INTERVAL_MS: u32 = 5000;

/// The same while the realtime server is connected.
const SYNC_CONNECTED_MS: u32 = 10_000;

/// Settings for the SDKs. An empty text keeps the app's own option. Flutter's SDK needs every key, and none may be
/// null.
#[derive(Serialize, ToSchema)]
pub(super) struct SdkConfig {
    auto_refresh_token: bool,
    #[schema(max_length = 0)]
    base_url: &'static str,
    #[schema(max_length = 0)]
    broker_lb_url: &'static str,
    /// The address of the realtime server: a full address for JavaScript, a host name for the other SDKs. Never empty,
    /// because an SDK would then use the vendor's own server.
    #[schema(min_length = 1, example = "wss://chat.example.com/mqtt")]
    broker_url: String,
    enable_event_report: bool,
    /// False below `mobile`: those SDKs then poll and open no realtime connection. The JavaScript SDKs connect in any
    /// case.
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
    /// Milliseconds between two polls of `sync` while the realtime server is connected.
    #[schema(example = 10_000)]
    sync_on_connect: u32,
}

/// Returns the SDK's settings, before anything else.
///
/// The app id is not checked: an SDK without an answer uses the vendor's own realtime server.
#[utoipa::path(
    get, path = "/config", tag = "Session",
    security(()),
    responses((status = 200, description = "The settings", body = QiscusReply<SdkConfig>)),
)]
pub(super) async fn config(scope: Path<String>, addresses: Data<Addresses>) -> HttpResponse {
    let is_mobile = *scope == "mobile";
    reply::results(SdkConfig {
        auto_refresh_token: true,
        base_url: "",
        broker_lb_url: "",
        // The mobile SDKs add the scheme and the port.
        broker_url: if is_mobile { addresses.host().to_owned() } else { broker_url(addresses.base()) },
        enable_event_report: false,
        enable_realtime: !is_mobile,
        enable_realtime_check: false,
        enable_refresh_token: true,
        enable_sync: true,
        enable_sync_event: true,
        extras: "",
        sync_interval: SYNC_INTERVAL_MS,
        sync_on_connect: SYNC_CONNECTED_MS,
    })
}

/// The JavaScript SDK accepts any text that contains `wss://`, and turns any other into an address of the vendor's
/// form.
fn broker_url(base: &str) -> String {
    match base.split_once("://") {
        Some(("https", host)) => format!("wss://{host}/mqtt"),
        Some((_, host)) => format!("ws://{host}/mqtt?x=wss://"),
        None => format!("wss://{base}/mqtt"),
    }
}

/// Credentials for the realtime server. Empty, because a user's topics are named by its token.
#[derive(Serialize, ToSchema)]
pub(super) struct MqttConfig {
    #[schema(max_length = 0)]
    password: &'static str,
    #[schema(max_length = 0)]
    username: &'static str,
}

/// Returns the credentials of the realtime server. Android and iOS call this after a login.
#[utoipa::path(
    get, path = "/mqtt_config", tag = "Session",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "Empty credentials", body = QiscusReply<MqttConfig>)),
)]
pub(super) async fn mqtt_config(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(MqttConfig { password: "", username: "" })
}

/// Whether a subscription is valid.
#[derive(Serialize, ToSchema)]
pub(super) struct RealtimeStatus {
    #[schema(example = true)]
    status: bool,
}

/// Tells whether the realtime server knows a topic (Android).
///
/// Always true, because the client reconnects otherwise. All fields are ignored.
#[utoipa::path(
    post, path = "/realtime", tag = "Session",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "Always true", body = QiscusReply<RealtimeStatus>)),
)]
pub(super) async fn realtime(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(RealtimeStatus { status: true })
}

/// Receives connection reports of Android and iOS.
///
/// Reports are not stored, and all fields are ignored. `config` asks for no reports, but iOS sends them.
#[utoipa::path(
    post, path = "/event_report", tag = "Session",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "Received", body = QiscusReply<EmptyResult>)),
)]
pub(super) async fn event_report(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(EmptyResult {})
}
