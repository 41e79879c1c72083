//! Rooms: one for each pair of users. Of groups and channels there are none: questions about them get empty lists,
//! orders an error.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        calls::refused_calls,
        comment::CommentView,
        fields::{Paging, UserIdList},
        reader::{OPENED_WITH, Reader},
        reply::{self, QiscusError, QiscusErrorReply, QiscusReply},
        room::{ParticipantView, RoomView},
        room_fields::{self, RoomId, RoomIds, RoomUniqueIds, at_room, flag, only_pairs},
    },
    callers::QiscusUser,
};
use crate::{
    domain::{CallerKey, ConversationFilter, ConversationKey, ConversationRef, Error, Fault, Page, Resource},
    http::{
        addresses::Addresses,
        form::{Body, Call, Form, Source, read_from},
    },
    service::{
        Service,
        conversations::reads::{ConversationPage, HistoryStart},
    },
};

read_from!(Query: RoomRequest);
read_from!(Form: TargetRequest, RoomsInfoRequest, UniqueIdRequest);

impl QiscusUser {
    pub(super) fn reader<'a>(&'a self, service: &'a Service, addresses: &'a Addresses) -> Reader<'a> {
        let by = CallerKey::User(self.user().key);
        Reader { service, tenant: &self.tenant, addresses, viewer: self.user(), by }
    }
}

/// The number of unread messages, or of rooms with unread messages.
#[derive(Serialize, ToSchema)]
pub(super) struct UnreadTotal {
    total_unread_count: u64,
}

/// `getTotalUnreadCount`: counts the messages that the user has not read.
#[utoipa::path(
    get, path = "/total_unread_count", tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The number of messages", body = QiscusReply<UnreadTotal>)),
)]
pub(super) async fn total_unread_count(
    addresses: Data<Addresses>,
    call: Call<QiscusUser>,
) -> Result<HttpResponse, QiscusError> {
    let reader = call.caller.reader(&call.service, &addresses);
    let (total_unread_count, _) = call.service.unread(&call.caller.tenant, reader.by, &reader.owner()).await?;
    Ok(reply::results(UnreadTotal { total_unread_count }))
}

/// `getRoomUnreadCount`: counts the rooms with messages that the user has not read.
#[utoipa::path(
    get, path = "/get_room_unread_count", tag = "Rooms",
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The number of rooms", body = QiscusReply<UnreadTotal>)),
)]
pub(super) async fn get_room_unread_count(
    addresses: Data<Addresses>,
    call: Call<QiscusUser>,
) -> Result<HttpResponse, QiscusError> {
    let reader = call.caller.reader(&call.service, &addresses);
    let (_, total_unread_count) = call.service.unread(&call.caller.tenant, reader.by, &reader.owner()).await?;
    Ok(reply::results(UnreadTotal { total_unread_count }))
}

/// The user to write to, and the options of a new room.
#[derive(Deserialize, ToSchema)]
#[schema(as = RoomTarget)]
pub(super) struct TargetRequest {
    /// One other user. A form may also call it `emails[]`.
    emails: UserIdList,
    /// A JSON object, or its text. Kept from the first call.
    #[serde(deserialize_with = "room_fields::room_options")]
    #[schema(value_type = Option<String>, max_length = 16_384, example = "{}")]
    options: String,
}

/// A room with its newest messages, newest first.
#[derive(Serialize, ToSchema)]
pub(in crate::dialect::qiscus) struct OpenedRoom {
    #[schema(max_items = 20)]
    comments: Vec<CommentView>,
    room: RoomView,
}

/// A room with its newest messages, newest first, and whether the user is in it: always.
#[derive(Serialize, ToSchema)]
pub(super) struct KnownRoom {
    #[schema(max_items = 20)]
    comments: Vec<CommentView>,
    #[schema(example = true)]
    is_participant: bool,
    room: RoomView,
}

/// `chatTarget`: opens the room with another user. There is one for each pair.
#[utoipa::path(
    post, path = "/get_or_create_room_with_target", tag = "Rooms",
    request_body = TargetRequest,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The room", body = QiscusReply<OpenedRoom>)),
)]
pub(super) async fn get_or_create_room_with_target(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, TargetRequest>,
) -> Result<HttpResponse, QiscusError> {
    const FIELDS: (&str, &str) = ("emails", "options");
    let Call { service, caller, form: TargetRequest { emails: UserIdList(mut emails), options }, .. } = call;
    let reader = caller.reader(&service, &addresses);
    if emails.len() > 1 {
        emails.retain(|email| *email != caller.user().id);
    }
    let [with] = emails.as_slice() else {
        let fault = if emails.is_empty() { Fault::Missing } else { Fault::Malformed("one other user") };
        return Err(fault.at(FIELDS.0).into());
    };
    let room = room_fields::open(&service, &caller.tenant, &reader.owner(), with, FIELDS, &options).await?;
    let room = opened(reader, room).await?;
    Ok(reply::results(room))
}

pub(in crate::dialect::qiscus) async fn opened(reader: Reader<'_>, room: ConversationKey) -> Result<OpenedRoom, Error> {
    let comments = reader.page(room, HistoryStart::Newest, OPENED_WITH).await?;
    Ok(OpenedRoom { comments, room: reader.room(room).await? })
}

/// The unique id of a room.
#[derive(Deserialize, ToSchema)]
#[schema(as = RoomUniqueId)]
pub(super) struct UniqueIdRequest {
    /// That of a room of the caller.
    #[schema(value_type = Option<String>)]
    unique_id: Option<String>,
}

/// `getOrCreateRoomByUniqueId`: returns a room of the caller by its unique id.
///
/// Creates none: rooms of groups and channels are not part of Standin.
#[utoipa::path(
    post, path = "/get_or_create_room_with_unique_id", tag = "Rooms",
    request_body = UniqueIdRequest,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The room", body = QiscusReply<OpenedRoom>)),
)]
pub(super) async fn get_or_create_room_with_unique_id(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, UniqueIdRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: UniqueIdRequest { unique_id }, .. } = call;
    let reader = caller.reader(&service, &addresses);
    let wanted: Vec<String> = unique_id.into_iter().collect();
    let found = room_fields::own_rooms(&service, &caller.tenant, &reader.owner(), &wanted).await?;
    let room = opened(reader, *found.first().ok_or_else(only_pairs)?).await?;
    Ok(reply::results(room))
}

/// A room.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RoomRequest {
    /// The id of a room of the caller
    #[param(value_type = i64, example = 11)]
    id: RoomId,
}

/// `getRoomById`: returns a room.
#[utoipa::path(
    get, path = "/get_room_by_id", tag = "Rooms",
    params(RoomRequest),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The room", body = QiscusReply<KnownRoom>)),
)]
pub(super) async fn get_room_by_id(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, RoomRequest>,
) -> Result<HttpResponse, QiscusError> {
    let reader = call.caller.reader(&call.service, &addresses);
    let OpenedRoom { comments, room } = opened(reader, call.form.id.0).await.map_err(at_room("id"))?;
    Ok(reply::results(KnownRoom { comments, is_participant: true, room }))
}

/// Which rooms to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RoomFilter {
    /// Whether rooms have their participants
    #[serde(deserialize_with = "flag")]
    #[param(value_type = Option<bool>)]
    show_participants: bool,
    /// Whether rooms without messages are listed
    #[serde(deserialize_with = "flag")]
    #[param(value_type = Option<bool>)]
    show_empty: bool,
    /// `default`, `all` or `single`. Of the others there are none
    #[param(value_type = Option<String>, example = "default")]
    room_type: Option<String>,
}

pub(super) struct UserRoomsRequest {
    page: Page,
    filter: RoomFilter,
}

impl Body for UserRoomsRequest {
    const SOURCE: Source = Source::Query;

    fn of(form: &mut Form, _: &HttpRequest) -> Result<Self, Error> {
        let paging: Paging = form.read_as()?;
        Ok(Self { page: paging.page(), filter: form.read_as()? })
    }
}

/// A page of the user's rooms.
#[derive(Serialize, ToSchema)]
pub(super) struct UserRooms {
    meta: UserRoomsMeta,
    rooms_info: Vec<RoomView>,
}

/// The number of the page, and of the rooms on all pages.
#[derive(Serialize, ToSchema)]
struct UserRoomsMeta {
    #[schema(minimum = 1)]
    current_page: u64,
    total_room: u64,
}

/// `loadRoomList`: lists the user's rooms, those with the newest messages first.
///
/// `show_removed` is ignored. A `limit` outside of 1 to 100 counts as 20.
#[utoipa::path(
    get, path = "/user_rooms", tag = "Rooms",
    params(Paging, RoomFilter),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "A page of rooms", body = QiscusReply<UserRooms>)),
)]
pub(super) async fn user_rooms(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, UserRoomsRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: UserRoomsRequest { page, filter }, .. } = call;
    let reader = caller.reader(&service, &addresses);
    let (rooms_info, total_room) = listed(reader, page, &filter).await?;
    let meta = UserRoomsMeta { current_page: page.number(), total_room };
    Ok(reply::results(UserRooms { meta, rooms_info }))
}

/// Returns a page of rooms, and the number of rooms on all pages.
async fn listed(reader: Reader<'_>, page: Page, filter: &RoomFilter) -> Result<(Vec<RoomView>, u64), Error> {
    let RoomFilter { show_participants, show_empty, room_type } = filter;
    if !matches!(room_type.as_deref().unwrap_or_default(), "" | "default" | "all" | "single") {
        return Ok((Vec::new(), 0));
    }
    let wanted = ConversationPage {
        offset: page.offset(),
        limit: page.limit(),
        with_recalled: false,
        ..ConversationPage::first(
            if *show_empty { ConversationFilter::All } else { ConversationFilter::Written },
            page.limit(),
        )
    };
    let found = reader.service.conversations(reader.tenant, reader.by, &reader.owner(), wanted).await?;
    Ok((reader.rooms(found.items, *show_participants).await?, found.total))
}

/// The rooms to return.
#[derive(Deserialize, ToSchema)]
pub(super) struct RoomsInfoRequest {
    #[schema(value_type = Option<RoomIds>)]
    room_id: RoomIds,
    #[schema(value_type = Option<RoomUniqueIds>)]
    room_unique_id: RoomUniqueIds,
    /// Whether rooms have their participants.
    #[serde(deserialize_with = "flag")]
    #[schema(value_type = Option<bool>)]
    show_participants: bool,
}

/// The user's rooms among the given ids.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomsInfo {
    meta: RoomsInfoMeta,
    rooms_info: Vec<RoomView>,
}

/// The numbers of rooms in the request and in the response.
#[derive(Serialize, ToSchema)]
struct RoomsInfoMeta {
    request_rooms_total: usize,
    response_rooms_total: usize,
}

/// `getRoomsInfo`: returns rooms by their ids.
///
/// Rooms that do not exist, and those that the user is not in, are left out.
#[utoipa::path(
    post, path = "/rooms_info", tag = "Rooms",
    request_body = RoomsInfoRequest,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The rooms", body = QiscusReply<RoomsInfo>)),
)]
pub(super) async fn rooms_info(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, RoomsInfoRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: RoomsInfoRequest { room_id, room_unique_id, show_participants }, .. } = call;
    let reader = caller.reader(&service, &addresses);
    let request_rooms_total = room_id.0.len() + room_unique_id.0.len();
    let mut wanted = room_id.0;
    wanted.extend(room_fields::own_rooms(&service, &caller.tenant, &reader.owner(), &room_unique_id.0).await?);
    let rooms_info = known(reader, wanted, show_participants).await?;
    let meta = RoomsInfoMeta { request_rooms_total, response_rooms_total: rooms_info.len() };
    Ok(reply::results(RoomsInfo { meta, rooms_info }))
}

/// Returns each of these rooms once, without those that the viewer is not in.
pub(in crate::dialect::qiscus) async fn known(
    reader: Reader<'_>,
    wanted: Vec<ConversationKey>,
    with_participants: bool,
) -> Result<Vec<RoomView>, Error> {
    let (mut seen, mut views) = (BTreeSet::new(), Vec::new());
    for room in wanted {
        if !seen.insert(room.0) {
            continue;
        }
        let of = ConversationRef::Key(room);
        match reader.service.conversation(reader.tenant, &reader.owner(), &of, false).await {
            Err(Error::NotFound(_)) => {}
            found => views.extend(found?),
        }
    }
    reader.rooms(views, with_participants).await
}

/// The room whose users to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ParticipantsRoom {
    /// The unique id of a room of the caller. Without it the list is empty
    #[param(value_type = Option<String>)]
    room_unique_id: Option<String>,
}

pub(super) struct ParticipantsRequest {
    page: Page,
    room: ParticipantsRoom,
}

impl Body for ParticipantsRequest {
    const SOURCE: Source = Source::Query;

    fn of(form: &mut Form, _: &HttpRequest) -> Result<Self, Error> {
        let paging: Paging = form.read_as()?;
        Ok(Self { page: paging.page(), room: form.read_as()? })
    }
}

/// A page of the users in a room.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomParticipants {
    meta: RoomParticipantsMeta,
    #[schema(max_items = 2)]
    participants: Vec<ParticipantView>,
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
    #[schema(maximum = 2)]
    total: usize,
}

/// `getParticipants`: lists the users in a room.
///
/// SDK 2.16.9 sends no query at all; an error would be an unhandled rejection, which ends a Node process. So the list
/// is empty then.
#[utoipa::path(
    get, path = "/room_participants", tag = "Rooms",
    params(Paging, ParticipantsRoom),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The users", body = QiscusReply<RoomParticipants>)),
)]
pub(super) async fn room_participants(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, ParticipantsRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: ParticipantsRequest { page, room: ParticipantsRoom { room_unique_id } }, .. } =
        call;
    let reader = caller.reader(&service, &addresses);
    let mut participants = Vec::new();
    if let Some(unique_id) = room_unique_id.filter(|unique_id| !unique_id.is_empty()) {
        let found = room_fields::own_rooms(&service, &caller.tenant, &reader.owner(), &[unique_id]).await?;
        let gone = Error::NotFound(Resource::Conversation);
        let room = found.first().copied().ok_or_else(|| at_room("room_unique_id")(gone))?;
        participants = reader.room(room).await?.into_participants();
    }
    let meta = RoomParticipantsMeta {
        current_offset: page.offset(),
        current_page: page.number(),
        per_page: page.limit(),
        total: participants.len(),
    };
    let skipped = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let participants = participants.into_iter().skip(skipped).take(page.limit() as usize).collect();
    Ok(reply::results(RoomParticipants { meta, participants }))
}

/// Messages: none.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct NoComments {
    #[schema(max_items = 0)]
    comments: Vec<String>,
}

/// Channels: none.
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
    /// `getFileList`: lists messages that carry files. All fields are ignored.
    file_list: post "/file_list" -> NoComments;

    /// `getChannels`: lists the public channels.
    channels: get "/channels" -> Channels;

    /// `getChannelsInfo`: returns channels by their ids. All fields are ignored.
    channels_info: post "/channels/info" -> Channels;
}

refused_calls! {
    QiscusUser, needs (("app_id" = [], "token" = []));

    /// `createGroupRoom`: not served, because Standin has rooms of two users alone.
    create_room: "/create_room";

    /// `updateRoom`: not served, because a room of two users is called as the other user is.
    update_room: "/update_room";

    /// `addParticipants`: not served, because Standin has rooms of two users alone.
    add_room_participants: "/add_room_participants";

    /// `removeParticipants`: not served, because Standin has rooms of two users alone.
    remove_room_participants: "/remove_room_participants";

    /// `joinChannel`: not served, because Standin has no channels.
    channels_join: "/channels/join";

    /// `leaveChannel`: not served, because Standin has no channels.
    channels_leave: "/channels/leave";
}
