//! The paths that the vendor's SDKs call: `/api/v2/sdk` (JavaScript), and the same under `/api/v2/mobile` (Android, iOS, Flutter).
//!
//! Source: what the published JavaScript SDK 2.16.9 sends and reads, and the sources of the others. It takes a call for refused unless
//! the body says `"status": 200`, whatever HTTP says; an empty field, or a key without `=`, means "not given".

mod door;
mod entry;
mod identity;
mod people;
mod profile;
mod realtime;
mod rooms;
mod sync;

use actix_web::{HttpRequest, HttpResponse, Scope, web};

pub use self::realtime::broker;
use super::{
    calls::{self, Name},
    reply::Refusal,
};
use crate::http::methods;

/// Every call: what the scope serves, and what a mistyped name is compared with.
const CALLS: &[Name] = &[
    ("config", || vec![methods::get(realtime::config)]),
    ("mqtt_config", || vec![methods::get(realtime::mqtt_config)]),
    ("realtime", || vec![methods::post(realtime::realtime)]),
    ("event_report", || vec![methods::post(realtime::event_report)]),
    ("login_or_register", || vec![methods::post(entry::login_or_register)]),
    ("auth/nonce", || vec![methods::post(entry::nonce)]),
    ("auth/verify_identity_token", || vec![methods::post(entry::verify_identity_token)]),
    ("refresh_user_token", || vec![methods::post(entry::refresh_user_token)]),
    ("logout", || vec![methods::post(entry::logout)]),
    ("my_profile", || vec![methods::get(profile::show), methods::patch(profile::change)]),
    ("upload", || vec![methods::post(profile::upload)]),
    ("get_user_list", || vec![methods::get(people::get_user_list)]),
    ("block_user", || vec![methods::post(people::block_user)]),
    ("unblock_user", || vec![methods::post(people::unblock_user)]),
    ("get_blocked_users", || vec![methods::get(people::get_blocked_users)]),
    ("users/status", || vec![methods::post(people::users_status)]),
    ("set_user_device_token", || vec![methods::post(profile::set_user_device_token)]),
    ("remove_user_device_token", || vec![methods::post(profile::remove_user_device_token)]),
    ("sync", || vec![methods::get(sync::sync)]),
    ("sync_event", || vec![methods::get(sync::sync_event)]),
    ("update_comment_status", || vec![methods::post(sync::update_comment_status)]),
    ("total_unread_count", || vec![methods::get(rooms::total_unread_count)]),
    ("get_room_unread_count", || vec![methods::get(rooms::get_room_unread_count)]),
    ("user_rooms", || vec![methods::get(rooms::user_rooms)]),
    ("rooms_info", || vec![methods::post(rooms::rooms_info)]),
    ("room_participants", || vec![methods::get(rooms::room_participants)]),
    ("search", || vec![methods::post(rooms::search)]),
    ("search_messages", || vec![methods::post(rooms::search_messages)]),
    ("file_list", || vec![methods::post(rooms::file_list)]),
    ("channels", || vec![methods::get(rooms::channels)]),
    ("channels/info", || vec![methods::post(rooms::channels_info)]),
];

/// The same calls, once for either door, and the realtime server there is none of.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    realtime::config,
    realtime::mqtt_config,
    realtime::realtime,
    realtime::event_report,
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
    rooms::total_unread_count,
    rooms::get_room_unread_count,
    rooms::user_rooms,
    rooms::rooms_info,
    rooms::room_participants,
    rooms::search,
    rooms::search_messages,
    rooms::file_list,
    rooms::channels,
    rooms::channels_info,
))]
pub(super) struct Described;

/// What stands beside the doors.
#[derive(utoipa::OpenApi)]
#[openapi(paths(realtime::no_broker))]
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
