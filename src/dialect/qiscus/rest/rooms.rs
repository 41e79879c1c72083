//! Rooms, for back ends.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        caller::QiscusBackEnd,
        calls::refused_calls,
        comment::{BackEndUser, RoomFace},
        fields::Paging,
        reader::Reader,
        reply::{self, QiscusError, QiscusErrorReply, QiscusReply},
        room::{BackEndRoom, ListedRoomV20},
        room_fields::{self, RoomIds, at_room, only_pairs},
        sdk::{known, opened},
        version::Version,
    },
    bodies::{
        RoomListQuery, RoomParticipantsRequest, RoomQuery, RoomsRequest, RoomsV21, TargetRequest, TargetV21,
        UnreadCountRequest, UserRoomsRequest,
    },
};
use crate::{
    domain::{
        CallerKey, ConversationFilter, ConversationKey, ConversationRef, ConversationView, Error, Fault, Owner,
        Resource, User, UserId,
    },
    http::{addresses::Addresses, form::Call},
    service::{Service, Tenant, conversations::reads::ConversationPage},
};

pub(super) fn by(tenant: &Tenant) -> CallerKey {
    CallerKey::App(tenant.app.key)
}

pub(super) fn reader<'a>(
    service: &'a Service,
    tenant: &'a Tenant,
    addresses: &'a Addresses,
    viewer: &'a User,
) -> Reader<'a> {
    Reader { service, tenant, addresses, viewer, by: by(tenant) }
}

/// Finds the user that a call is about.
/// # Errors
/// `Invalid` at `field` for an unknown user.
pub(super) async fn user(service: &Service, tenant: &Tenant, id: &UserId, field: &'static str) -> Result<User, Error> {
    service.find_user(tenant, id).await?.ok_or_else(|| Fault::NoSuchUser(id.clone()).at(field))
}

/// Finds a room by its id or its unique id.
/// # Errors
/// `NotFound(Conversation)` for a unique id that no room has.
pub(super) async fn room_of(service: &Service, tenant: &Tenant, given: &str) -> Result<ConversationKey, Error> {
    match given.trim().parse() {
        Ok(key) => Ok(ConversationKey(key)),
        Err(_) => service.conversation_key(tenant, given.trim()).await,
    }
}

/// A room.
#[derive(Serialize, ToSchema)]
struct OneRoom {
    room: BackEndRoom,
}

/// Opens the room of two users. There is one for each pair.
///
/// v2.0 answers with `comments` and the room as the first user sees it.
#[utoipa::path(
    post, path = "/get_or_create_room_with_target", tag = "Rooms",
    request_body = TargetV21,
    responses((status = 200, description = "The room", body = QiscusReply<OneRoom>)),
)]
pub(super) async fn get_or_create_room_with_target(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, TargetRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call {
        service,
        caller: QiscusBackEnd { version, tenant },
        form: TargetRequest { users: [one, other], options },
        ..
    } = call;
    let fields = TargetRequest::fields(version);
    let first = user(&service, &tenant, &one, fields.0).await?;
    let room = room_fields::open(&service, &tenant, &Owner::Itself(first.key), &other, fields, &options).await?;
    if version == Version::V20 {
        return Ok(reply::results(opened(reader(&service, &tenant, &addresses, &first), room).await?));
    }
    Ok(reply::results(OneRoom { room: back_end_room(&service, &tenant, &addresses, room).await? }))
}

/// As `POST get_or_create_room_with_target`, with the fields in the query.
#[utoipa::path(
    get, path = "/get_or_create_room_with_target", tag = "Rooms", operation_id = "read_or_create_room_with_target",
    params(("user_ids[]" = super::super::fields::UserIdList, Query, description = "Two users; `emails[]` in v2.0")),
    responses((status = 200, description = "The room", body = QiscusReply<OneRoom>)),
)]
pub(super) async fn read_or_create_room_with_target(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, TargetRequest>,
) -> Result<HttpResponse, QiscusError> {
    get_or_create_room_with_target(addresses, call).await
}

/// # Errors
/// `NotFound(Conversation)`.
async fn back_end_room(
    service: &Service,
    tenant: &Tenant,
    addresses: &Addresses,
    room: ConversationKey,
) -> Result<BackEndRoom, Error> {
    let users = service.users_of_conversation(tenant, room).await?;
    let [first, _] = &users;
    let view = service.conversation(tenant, &Owner::Itself(first.key), &ConversationRef::Key(room), false).await;
    let view = view?.ok_or(Error::NotFound(Resource::Conversation))?;
    Ok(BackEndRoom::of(&tenant.app, addresses, &view.conversation, &users))
}

/// A page of a user's rooms.
#[derive(Serialize, ToSchema)]
struct RoomList {
    meta: RoomListMeta,
    rooms: Vec<BackEndRoom>,
}

/// A page of a user's rooms, in v2.0.
#[derive(Serialize, ToSchema)]
#[schema(as = RoomListV2_0)]
pub(in crate::dialect::qiscus) struct RoomListV20 {
    meta: RoomListMeta,
    rooms_info: Vec<ListedRoomV20>,
}

/// The number of the page, and of the rooms on all pages.
#[derive(Serialize, ToSchema)]
struct RoomListMeta {
    #[schema(minimum = 1)]
    current_page: u64,
    total_room: u64,
}

/// Lists a user's rooms with messages, those with the newest messages first.
#[utoipa::path(
    get, path = "/get_user_rooms", tag = "Rooms",
    params(("user_id" = super::super::fields::UserIdText, Query), Paging, RoomListQuery),
    responses((status = 200, description = "A page of rooms", body = QiscusReply<RoomList>)),
)]
pub(super) async fn get_user_rooms(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, UserRoomsRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller: QiscusBackEnd { version, tenant }, form, .. } = call;
    let UserRoomsRequest { user: id, page, show_participants } = form;
    let viewer = user(&service, &tenant, &id, version.user_field()).await?;
    let reader = reader(&service, &tenant, &addresses, &viewer);
    let wanted = ConversationPage {
        offset: page.offset(),
        with_recalled: false,
        ..ConversationPage::first(ConversationFilter::Written, page.limit())
    };
    let found = service.conversations(&tenant, reader.by, &reader.owner(), wanted).await?;
    let meta = RoomListMeta { current_page: page.number(), total_room: found.total };
    if version == Version::V20 {
        let rooms_info = reader.rooms(found.items, show_participants).await?.into_iter().map(Into::into).collect();
        return Ok(reply::results(RoomListV20 { meta, rooms_info }));
    }
    let seen = |view: &ConversationView| {
        let face = RoomFace::of(&tenant.app, &addresses, &viewer, &view.peer);
        BackEndRoom::seen(&view.conversation, face)
    };
    Ok(reply::results(RoomList { meta, rooms: found.items.iter().map(seen).collect() }))
}

/// Rooms.
#[derive(Serialize, ToSchema)]
struct Rooms {
    rooms: Vec<BackEndRoom>,
}

/// Rooms of a user, in v2.0.
#[derive(Serialize, ToSchema)]
#[schema(as = RoomsV2_0)]
pub(in crate::dialect::qiscus) struct RoomsInfoV20 {
    rooms_info: Vec<ListedRoomV20>,
}

/// Returns rooms by their ids. Unknown ones are left out.
///
/// In v2.0 the rooms are those of the user `user_email`, and in the field `room_id`.
#[utoipa::path(
    get, path = "/get_rooms_info", tag = "Rooms",
    params(
        ("room_ids[]" = Option<RoomIds>, Query, description = "`room_ids` works too"),
        ("room_channel_ids[]" = Option<room_fields::RoomUniqueIds>, Query, description = "`room_channel_ids` works too"),
    ),
    responses((status = 200, description = "The rooms", body = QiscusReply<Rooms>)),
)]
pub(super) async fn get_rooms_info(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, RoomsRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller: QiscusBackEnd { version, tenant }, form, .. } = call;
    match form {
        RoomsRequest::V20 { user: id, ids, show_participants } => {
            let viewer = user(&service, &tenant, &id, version.user_field()).await?;
            let rooms = known(reader(&service, &tenant, &addresses, &viewer), ids.0, show_participants).await?;
            Ok(reply::results(RoomsInfoV20 { rooms_info: rooms.into_iter().map(Into::into).collect() }))
        }
        RoomsRequest::V21 { ids, unique_ids } => {
            let mut wanted = ids.0;
            for unique_id in unique_ids {
                match service.conversation_key(&tenant, &unique_id).await {
                    Err(Error::NotFound(_)) => {}
                    room => wanted.push(room?),
                }
            }
            let (mut seen, mut rooms) = (BTreeSet::new(), Vec::new());
            for room in wanted {
                if !seen.insert(room.0) {
                    continue;
                }
                match back_end_room(&service, &tenant, &addresses, room).await {
                    Err(Error::NotFound(_)) => {}
                    room => rooms.push(room?),
                }
            }
            Ok(reply::results(Rooms { rooms }))
        }
    }
}

/// As `GET get_rooms_info`, with the fields in the body.
#[utoipa::path(
    post, path = "/get_rooms_info", tag = "Rooms", operation_id = "post_rooms_info",
    request_body = RoomsV21,
    responses((status = 200, description = "The rooms", body = QiscusReply<Rooms>)),
)]
pub(super) async fn post_rooms_info(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, RoomsRequest>,
) -> Result<HttpResponse, QiscusError> {
    get_rooms_info(addresses, call).await
}

/// The users in a room.
#[derive(Serialize, ToSchema)]
struct ParticipantList {
    #[schema(min_items = 2, max_items = 2)]
    participants: Vec<BackEndUser>,
}

/// Returns the two users of a room.
#[utoipa::path(
    get, path = "/get_room_participants", tag = "Rooms",
    params(RoomQuery),
    responses((status = 200, description = "The users", body = QiscusReply<ParticipantList>)),
)]
pub(super) async fn get_room_participants(
    addresses: Data<Addresses>,
    call: Call<QiscusBackEnd, RoomParticipantsRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller: QiscusBackEnd { tenant, .. }, form, .. } = call;
    let room = room_of(&service, &tenant, &form.room()?).await.map_err(at_room("room_id"))?;
    let users = service.users_of_conversation(&tenant, room).await.map_err(at_room("room_id"))?;
    let participants = users.iter().map(|user| BackEndUser::of(&tenant.app, &addresses, user)).collect();
    Ok(reply::results(ParticipantList { participants }))
}

/// Counts of unread messages.
#[derive(Serialize, ToSchema)]
struct RoomUnreadCounts {
    unread_counts: Vec<RoomUnreadCount>,
}

/// The messages of a room that the user has not read.
#[derive(Serialize, ToSchema)]
struct RoomUnreadCount {
    #[schema(example = "11")]
    room_id: String,
    unread_count: u32,
}

/// Counts a user's unread messages in rooms.
#[utoipa::path(
    get, path = "/get_unread_count", tag = "Rooms",
    params(
        ("user_id" = super::super::fields::UserIdText, Query),
        ("room_ids[]" = RoomIds, Query, description = "At least one room of the user; `room_ids` works too"),
    ),
    responses((status = 200, description = "The counts, in the order of the request", body = QiscusReply<RoomUnreadCounts>)),
)]
pub(super) async fn get_unread_count(
    call: Call<QiscusBackEnd, UnreadCountRequest>,
) -> Result<HttpResponse, QiscusError> {
    const ROOMS: &str = "room_ids";
    let Call { service, caller: QiscusBackEnd { version, tenant }, form, .. } = call;
    let UnreadCountRequest { user: id, rooms: RoomIds(rooms) } = form;
    let owner = Owner::Itself(user(&service, &tenant, &id, version.user_field()).await?.key);
    if rooms.is_empty() {
        return Err(Fault::Missing.at(ROOMS).into());
    }
    let mut unread_counts = Vec::with_capacity(rooms.len());
    for room in rooms {
        let view = service.conversation(&tenant, &owner, &ConversationRef::Key(room), false).await;
        let unread_count = view.map_err(at_room(ROOMS))?.map_or(0, |view| view.own.unread);
        unread_counts.push(RoomUnreadCount { room_id: room.0.to_string(), unread_count });
    }
    Ok(reply::results(RoomUnreadCounts { unread_counts }))
}

refused_calls! {
    QiscusBackEnd, needs (("app_id" = [], "secret" = []));

    /// Not served, because Standin has rooms of two users alone.
    create_room: "/create_room";

    /// Not served, because a room of two users is called as the other user is.
    update_room: "/update_room";

    /// Not served, because Standin has rooms of two users alone.
    add_room_participants: "/add_room_participants";

    /// Not served, because Standin has rooms of two users alone.
    remove_room_participants: "/remove_room_participants";

    /// Not served, because Standin has no channels.
    get_or_create_channel: "/get_or_create_channel";
}
