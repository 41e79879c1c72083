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
#[derive(Default, Serialize, ToSchema)]
pub(super) struct UnreadTotal {
    #[schema(maximum = 0)]
    total_unread_count: u32,
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
    get, path = "/user_rooms", tag = "Rooms",
    params(Paging),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "None", body = QiscusReply<UserRooms>)),
)]
pub(super) async fn user_rooms(call: Call<QiscusUser, Paging>) -> HttpResponse {
    let meta = UserRoomsMeta { current_page: call.form.page().number(), total_room: 0 };
    reply::results(UserRooms { meta, rooms_info: Vec::new() })
}

/// The user's rooms among the given ids.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct RoomsInfo {
    meta: RoomsInfoMeta,
    #[schema(max_items = 0)]
    rooms_info: Vec<String>,
}

/// The number of rooms in the response.
#[derive(Default, Serialize, ToSchema)]
struct RoomsInfoMeta {
    #[schema(maximum = 0)]
    request_rooms_total: u32,
    #[schema(maximum = 0)]
    response_rooms_total: u32,
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
    get, path = "/room_participants", tag = "Rooms",
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
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Comments {
    #[schema(max_items = 0)]
    comments: Vec<String>,
}

/// Channels.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Channels {
    #[schema(max_items = 0)]
    channels: Vec<String>,
}

/// Declares calls that take no fields, with the empty answer of their shape.
macro_rules! empty_calls {
    ($($(#[$about:meta])* $call:ident: $method:ident $path:literal -> $answer:ident;)*) => {$(
        $(#[$about])*
        #[utoipa::path(
            $method, path = $path, tag = "Rooms",
            security(("app_id" = [], "token" = [])),
            responses((status = 200, description = "None", body = QiscusReply<$answer>)),
        )]
        pub(super) async fn $call(_: Call<QiscusUser>) -> HttpResponse {
            reply::results($answer::default())
        }
    )*};
}

empty_calls! {
    /// `getTotalUnreadCount`: counts the messages that the user has not read.
    total_unread_count: get "/total_unread_count" -> UnreadTotal;

    /// `getRoomUnreadCount`: counts the rooms with messages that the user has not read.
    get_room_unread_count: get "/get_room_unread_count" -> UnreadTotal;

    /// `getRoomsInfo`: returns rooms by their ids.
    ///
    /// Rooms that the user is not in are left out, so the list is empty. All fields are ignored.
    rooms_info: post "/rooms_info" -> RoomsInfo;

    /// `searchMessage`: searches messages by their text. All fields are ignored.
    search: post "/search" -> Comments;

    /// `searchMessages`: searches messages by their text, for older SDKs. All fields are ignored.
    search_messages: post "/search_messages" -> Comments;

    /// `getFileList`: lists messages that carry files. All fields are ignored.
    file_list: post "/file_list" -> Comments;

    /// `getChannels`: lists the public channels.
    channels: get "/channels" -> Channels;

    /// `getChannelsInfo`: returns channels by their ids. All fields are ignored.
    channels_info: post "/channels/info" -> Channels;
}
