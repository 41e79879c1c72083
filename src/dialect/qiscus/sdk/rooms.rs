//! What the SDKs ask about rooms and messages right after a login: Standin has none, and each question is answered so in its own shape.
//!
//! The SDKs' sample apps ask these before they show a user anything, and treat a refusal as a failed login. Calls that would create or
//! change a room or a message are refused instead: [`super::super::calls`].

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        fields::Paging,
        reply::{self, Answer},
    },
    door::Member,
};
use crate::http::form::{Call, read_from};

read_from!(Query: Paging);

/// Unread messages, or rooms with unread messages: none.
#[derive(Serialize, ToSchema)]
pub(super) struct UnreadTotal {
    #[schema(maximum = 0)]
    total_unread_count: u32,
}

/// `getTotalUnreadCount`: how many messages the user has not read.
#[utoipa::path(
    get,
    path = "/total_unread_count",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<UnreadTotal>)),
)]
pub(super) async fn total_unread_count(_: Call<Member>) -> HttpResponse {
    reply::results(UnreadTotal { total_unread_count: 0 })
}

/// `getRoomUnreadCount`: how many rooms have messages that the user has not read.
#[utoipa::path(
    get,
    path = "/get_room_unread_count",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<UnreadTotal>)),
)]
pub(super) async fn get_room_unread_count(_: Call<Member>) -> HttpResponse {
    reply::results(UnreadTotal { total_unread_count: 0 })
}

/// A page of the user's rooms.
#[derive(Serialize, ToSchema)]
pub(super) struct UserRooms {
    meta: UserRoomsMeta,
    #[schema(max_items = 0)]
    rooms_info: Vec<String>,
}

/// Which page, and how many rooms there are on all pages.
#[derive(Serialize, ToSchema)]
struct UserRoomsMeta {
    #[schema(minimum = 1)]
    current_page: u64,
    #[schema(maximum = 0)]
    total_room: u32,
}

/// `loadRoomList`: the user's rooms.
///
/// `show_participants`, `show_empty`, `show_removed` and `room_type` are not looked at.
#[utoipa::path(
    get,
    path = "/user_rooms",
    tag = "Rooms",
    params(Paging),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<UserRooms>)),
)]
pub(super) async fn user_rooms(call: Call<Member, Paging>) -> HttpResponse {
    let meta = UserRoomsMeta { current_page: call.form.page().number(), total_room: 0 };
    reply::results(UserRooms { meta, rooms_info: Vec::new() })
}

/// The rooms of the given ids that the user is in.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomsInfo {
    meta: RoomsInfoMeta,
    #[schema(max_items = 0)]
    rooms_info: Vec<String>,
}

/// How many rooms are answered.
#[derive(Serialize, ToSchema)]
struct RoomsInfoMeta {
    #[schema(maximum = 0)]
    request_rooms_total: u32,
    #[schema(maximum = 0)]
    response_rooms_total: u32,
}

/// `getRoomsInfo`: rooms by their ids.
///
/// Ids of rooms that the user is not in are left out, so all of them are; no field is looked at.
#[utoipa::path(
    post,
    path = "/rooms_info",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<RoomsInfo>)),
)]
pub(super) async fn rooms_info(_: Call<Member>) -> HttpResponse {
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

/// Which page, and how many participants there are on all pages.
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

/// `getParticipants`: the users in a room.
///
/// No room is looked for. 2.16.9 sends no query at all, and a refusal would be an unhandled rejection that ends a Node process.
#[utoipa::path(
    get,
    path = "/room_participants",
    tag = "Rooms",
    params(Paging),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<RoomParticipants>)),
)]
pub(super) async fn room_participants(call: Call<Member, Paging>) -> HttpResponse {
    let page = call.form.page();
    let meta = RoomParticipantsMeta {
        current_offset: page.offset(),
        current_page: page.number(),
        per_page: page.limit(),
        total: 0,
    };
    reply::results(RoomParticipants { meta, participants: Vec::new() })
}

/// Messages that were found.
#[derive(Serialize, ToSchema)]
pub(super) struct Comments {
    #[schema(max_items = 0)]
    comments: Vec<String>,
}

/// `searchMessage`: messages by their text. No field is looked at.
#[utoipa::path(
    post,
    path = "/search",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<Comments>)),
)]
pub(super) async fn search(_: Call<Member>) -> HttpResponse {
    reply::results(Comments { comments: Vec::new() })
}

/// `searchMessages`: messages by their text, as older SDKs ask. No field is looked at.
#[utoipa::path(
    post,
    path = "/search_messages",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<Comments>)),
)]
pub(super) async fn search_messages(_: Call<Member>) -> HttpResponse {
    reply::results(Comments { comments: Vec::new() })
}

/// `getFileList`: messages that carry files. No field is looked at.
#[utoipa::path(
    post,
    path = "/file_list",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<Comments>)),
)]
pub(super) async fn file_list(_: Call<Member>) -> HttpResponse {
    reply::results(Comments { comments: Vec::new() })
}

/// Channels.
#[derive(Serialize, ToSchema)]
pub(super) struct Channels {
    #[schema(max_items = 0)]
    channels: Vec<String>,
}

/// `getChannels`: the public channels.
#[utoipa::path(
    get,
    path = "/channels",
    tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<Channels>)),
)]
pub(super) async fn channels(_: Call<Member>) -> HttpResponse {
    reply::results(Channels { channels: Vec::new() })
}

/// `getChannelsInfo`: channels by their ids. No field is looked at.
#[utoipa::path(
    post,
    path = "/channels/info",
    tag = "Rooms",
    operation_id = "channels_info",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = Answer<Channels>)),
)]
pub(super) async fn channels_info(_: Call<Member>) -> HttpResponse {
    reply::results(Channels { channels: Vec::new() })
}
