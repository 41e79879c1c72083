//! The paths that the vendor's SDKs call: `/api/v2/sdk` (JavaScript) and `/api/v2/mobile` (Android, iOS, Flutter).
//! Source: the requests of the JavaScript SDK 2.16.9, and the source code of the others. The SDK treats a response as
//! an error unless its body says `"status": 200`. An empty field, or a key without `=`, means "not given".

mod callers;
mod comments;
mod identity;
mod people;
mod profile;
mod realtime;
mod rooms;
mod sign_in;
mod sync;

use actix_web::{HttpRequest, HttpResponse, Scope, web};

pub(super) use self::{
    comments::{Comments, OneComment, SearchRequest, at_name, matches},
    rooms::{OpenedRoom, known, opened},
};
use super::{
    calls::{self, CallEntry},
    reply::QiscusError,
};
use crate::http::methods;

/// The routes, and the names that a mistyped name is compared with.
const CALLS: &[CallEntry] = &[
    ("config", || vec![methods::get(realtime::config)]),
    ("mqtt_config", || vec![methods::get(realtime::mqtt_config)]),
    ("realtime", || vec![methods::post(realtime::realtime)]),
    ("event_report", || vec![methods::post(realtime::event_report)]),
    ("login_or_register", || vec![methods::post(sign_in::login_or_register)]),
    ("auth/nonce", || vec![methods::post(sign_in::nonce)]),
    ("auth/verify_identity_token", || vec![methods::post(sign_in::verify_identity_token)]),
    ("refresh_user_token", || vec![methods::post(sign_in::refresh_user_token)]),
    ("logout", || vec![methods::post(sign_in::logout)]),
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
    ("post_comment", || vec![methods::post(comments::post_comment)]),
    ("load_comments", || vec![methods::get(comments::load_comments)]),
    ("update_comment_status", || vec![methods::post(comments::update_comment_status)]),
    ("update_message", || vec![methods::post(comments::update_message)]),
    ("delete_messages", || vec![methods::delete(comments::delete_messages)]),
    ("clear_room_messages", || vec![methods::delete(comments::clear_room_messages)]),
    ("comment_receipt", || vec![methods::get(comments::comment_receipt)]),
    ("search", || vec![methods::post(comments::search)]),
    ("search_messages", || vec![methods::post(comments::search_messages)]),
    ("get_or_create_room_with_target", || vec![methods::post(rooms::get_or_create_room_with_target)]),
    ("get_or_create_room_with_unique_id", || vec![methods::post(rooms::get_or_create_room_with_unique_id)]),
    ("get_room_by_id", || vec![methods::get(rooms::get_room_by_id)]),
    ("total_unread_count", || vec![methods::get(rooms::total_unread_count)]),
    ("get_room_unread_count", || vec![methods::get(rooms::get_room_unread_count)]),
    ("user_rooms", || vec![methods::get(rooms::user_rooms)]),
    ("rooms_info", || vec![methods::post(rooms::rooms_info)]),
    ("room_participants", || vec![methods::get(rooms::room_participants)]),
    ("file_list", || vec![methods::post(rooms::file_list)]),
    ("channels", || vec![methods::get(rooms::channels)]),
    ("channels/info", || vec![methods::post(rooms::channels_info)]),
    ("create_room", || vec![methods::post(rooms::create_room)]),
    ("update_room", || vec![methods::post(rooms::update_room)]),
    ("add_room_participants", || vec![methods::post(rooms::add_room_participants)]),
    ("remove_room_participants", || vec![methods::post(rooms::remove_room_participants)]),
    ("channels/join", || vec![methods::post(rooms::channels_join)]),
    ("channels/leave", || vec![methods::post(rooms::channels_leave)]),
];

/// The paths below each scope.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    realtime::config,
    realtime::mqtt_config,
    realtime::realtime,
    realtime::event_report,
    sign_in::login_or_register,
    sign_in::nonce,
    sign_in::verify_identity_token,
    sign_in::refresh_user_token,
    sign_in::logout,
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
    comments::post_comment,
    comments::load_comments,
    comments::update_comment_status,
    comments::update_message,
    comments::delete_messages,
    comments::clear_room_messages,
    comments::comment_receipt,
    comments::search,
    comments::search_messages,
    rooms::get_or_create_room_with_target,
    rooms::get_or_create_room_with_unique_id,
    rooms::get_room_by_id,
    rooms::total_unread_count,
    rooms::get_room_unread_count,
    rooms::user_rooms,
    rooms::rooms_info,
    rooms::room_participants,
    rooms::file_list,
    rooms::channels,
    rooms::channels_info,
    rooms::create_room,
    rooms::update_room,
    rooms::add_room_participants,
    rooms::remove_room_participants,
    rooms::channels_join,
    rooms::channels_leave,
))]
pub(super) struct QiscusSdkPaths;

/// The name of each scope below `/api/v2`, and the SDKs that call it.
pub(super) const SDK_SCOPES: [(&str, &str); 2] =
    [("sdk", "SDK for JavaScript"), ("mobile", "SDKs for Android, iOS, Flutter")];

pub fn scope() -> Scope {
    calls::serve(web::scope("/api/v2/{door:sdk|mobile}").default_service(web::to(no_call)), CALLS)
}

async fn no_call(request: HttpRequest) -> Result<HttpResponse, QiscusError> {
    let name = request.path().splitn(5, '/').last().unwrap_or("");
    Err(calls::unknown_call(name, CALLS))
}
