//! What the SDKs request about rooms and messages after a login: each response is the empty one of its shape, because
//! the sample apps treat an error as a failed login. Calls that would create or change a room or a message get an
//! error: [`super::super::calls`].

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        fields::Paging,
        reply::{self, QiscusReply},
    },
    callers::QiscusUser,
};
use crate::http::form::{Call, read_from};

read_from!(Query: Paging);

/// The number of unread messages, or of rooms with unread messages: always 0.
#[derive(Serialize, ToSchema)]
pub(super) struct UnreadTotal {
    #[schema(maximum = 0)]
    total_unread_count: u32,
}

/// `getTotalUnreadCount`: counts the messages that the user has not read.
#[utoipa::path(
    get,
    path = "/total_unread_count",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<UnreadTotal>)),
)]
pub(super) async fn total_unread_count(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(UnreadTotal { total_unread_count: 0 })
}

/// `getRoomUnreadCount`: counts the rooms with messages that the user has not read.
#[utoipa::path(
    get,
    path = "/get_room_unread_count",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<UnreadTotal>)),
)]
pub(super) async fn get_room_unread_count(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(UnreadTotal { total_unread_count: 0 })
}

/// A page of the user's rooms.
#[derive(Serialize, ToSchema)]
pub(super) struct UserRooms {
    meta: UserRoomsMeta,
    #[schema(max_items = 0)]
    rooms_info: Vec<String>,
}

/// The number of the page, and of the rooms on all pages.
#[derive(Serialize, ToSchema)]
struct UserRoomsMeta {
    #[schema(minimum = 1)]
    current_page: u64,
    #[schema(maximum = 0)]
    total_room: u32,
}

/// `loadRoomList`: lists the user's rooms.
///
/// `show_participants`, `show_empty`, `show_removed` and `room_type` are ignored.
#[utoipa::path(
    get,
    path = "/user_rooms",
    tag = "Rooms",
    params(Paging),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<UserRooms>)),
)]
pub(super) async fn user_rooms(call: Call<QiscusUser, Paging>) -> HttpResponse {
    let meta = UserRoomsMeta { current_page: call.form.page().number(), total_room: 0 };
    reply::results(UserRooms { meta, rooms_info: Vec::new() })
}

/// The user's rooms among the given ids.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomsInfo {
    meta: RoomsInfoMeta,
    #[schema(max_items = 0)]
    rooms_info: Vec<String>,
}

/// The number of rooms in the response.
#[derive(Serialize, ToSchema)]
struct RoomsInfoMeta {
    #[schema(maximum = 0)]
    request_rooms_total: u32,
    #[schema(maximum = 0)]
    response_rooms_total: u32,
}

/// `getRoomsInfo`: returns rooms by their ids.
///
/// Rooms that the user is not in are left out, so the list is empty. All fields are ignored.
#[utoipa::path(
    post,
    path = "/rooms_info",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<RoomsInfo>)),
)]
pub(super) async fn rooms_info(_: Call<QiscusUser>) -> HttpResponse {
    let meta = RoomsInfoMeta { request_rooms_total: 0, response_rooms_total: 0 };
    reply::results(RoomsInfo { meta, rooms_info: Vec::new() })
}

/// A page of the users in a room.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomParticipants {
    meta: RoomParticipantsMeta,
    #[schema(max_items = 0)]
    participants: Vec<String>,
}

/// The page, and the number of participants on all pages.
#[derive(Serialize, ToSchema)]
struct RoomParticipantsMeta {
    #[schema(minimum = 0)]
    current_offset: u64,
    #[schema(minimum = 1)]
    current_page: u64,
    #[schema(minimum = 1, maximum = 100)]
    per_page: u32,
    #[schema(maximum = 0)]
    total: u32,
}

/// `getParticipants`: lists the users in a room.
///
/// The room id is ignored. SDK 2.16.9 sends no query at all; an error would be an unhandled rejection, which ends a
/// Node process.
#[utoipa::path(
    get,
    path = "/room_participants",
    tag = "Rooms",
    params(Paging),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<RoomParticipants>)),
)]
pub(super) async fn room_participants(call: Call<QiscusUser, Paging>) -> HttpResponse {
    let page = call.form.page();
    let meta = RoomParticipantsMeta {
        current_offset: page.offset(),
        current_page: page.number(),
        per_page: page.limit(),
        total: 0,
    };
    reply::results(RoomParticipants { meta, participants: Vec::new() })
}

/// Messages.
#[derive(Serialize, ToSchema)]
pub(super) struct Comments {
    #[schema(max_items = 0)]
    comments: Vec<String>,
}

/// `searchMessage`: searches messages by their text. All fields are ignored.
#[utoipa::path(
    post,
    path = "/search",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<Comments>)),
)]
pub(super) async fn search(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(Comments { comments: Vec::new() })
}

/// `searchMessages`: searches messages by their text, for older SDKs. All fields are ignored.
#[utoipa::path(
    post,
    path = "/search_messages",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<Comments>)),
)]
pub(super) async fn search_messages(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(Comments { comments: Vec::new() })
}

/// `getFileList`: lists messages that carry files. All fields are ignored.
#[utoipa::path(
    post,
    path = "/file_list",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<Comments>)),
)]
pub(super) async fn file_list(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(Comments { comments: Vec::new() })
}

/// Channels.
#[derive(Serialize, ToSchema)]
pub(super) struct Channels {
    #[schema(max_items = 0)]
    channels: Vec<String>,
}

/// `getChannels`: lists the public channels.
#[utoipa::path(
    get,
    path = "/channels",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<Channels>)),
)]
pub(super) async fn channels(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(Channels { channels: Vec::new() })
}

/// `getChannelsInfo`: returns channels by their ids. All fields are ignored.
#[utoipa::path(
    post,
    path = "/channels/info",
    tag = "Rooms",
    operation_id = "channels_info",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<Channels>)),
)]
pub(super) async fn channels_info(_: Call<QiscusUser>) -> HttpResponse {
    reply::results(Channels { channels: Vec::new() })
}
