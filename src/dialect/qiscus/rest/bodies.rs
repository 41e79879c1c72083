//! The requests of back ends about rooms and messages. v2.0 and v2.1 name most fields differently.

use actix_web::HttpRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::{
    content::{CommentType, Draft, FreeObject},
    fields::{Paging, UserIdList, UserIdText, text_or_number},
    room_fields::{self, MessageNameText, MessageNames, RoomIds, RoomUniqueIds, flag},
    sdk::SearchRequest,
    version::Version,
};
use crate::{
    domain::{Error, Fault, Page, UserId},
    http::form::{Body, Form, Optional, Required, Source, read_from},
};

read_from!(QueryThenBody: DeleteMessagesRequest);
read_from!(Query: RoomParticipantsRequest);
read_from!(Form: SystemEventRequest);

/// The two users of a room, in v2.1.
#[derive(Deserialize, ToSchema)]
#[schema(as = RoomOfTwo)]
pub(super) struct TargetV21 {
    /// Two users. A form repeats the field, or `user_ids[]`.
    user_ids: UserIdList,
    /// A JSON object, or its text. Kept from the first call.
    #[serde(deserialize_with = "room_fields::room_options")]
    #[schema(value_type = Option<String>, max_length = 16_384, example = "{}")]
    room_options: String,
}

/// The two users of a room, in v2.0.
#[derive(Deserialize, ToSchema)]
#[schema(as = RoomOfTwoV2_0)]
pub(in crate::dialect::qiscus) struct TargetV20 {
    /// Two users.
    emails: UserIdList,
    /// A JSON object, or its text. Kept from the first call.
    #[serde(deserialize_with = "room_fields::room_options")]
    #[schema(value_type = Option<String>, max_length = 16_384, example = "{}")]
    options: String,
}

pub(super) struct TargetRequest {
    pub(super) users: [UserId; 2],
    pub(super) options: String,
}

impl TargetRequest {
    /// Returns the names of the fields of users and options.
    pub(super) fn fields(version: Version) -> (&'static str, &'static str) {
        match version {
            Version::V20 => ("emails", "options"),
            Version::V21 => ("user_ids", "room_options"),
        }
    }
}

impl Body for TargetRequest {
    const SOURCE: Source = Source::QueryThenBody;

    fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error> {
        let version = Version::of(request);
        let (UserIdList(users), options) = match version {
            Version::V20 => form.read_as().map(|TargetV20 { emails, options }| (emails, options))?,
            Version::V21 => form.read_as().map(|TargetV21 { user_ids, room_options }| (user_ids, room_options))?,
        };
        let (field, _) = Self::fields(version);
        let users = <[UserId; 2]>::try_from(users).map_err(|users| {
            if users.is_empty() { Fault::Missing.at(field) } else { Fault::Malformed("two users").at(field) }
        })?;
        Ok(Self { users, options })
    }
}

/// Declares the body of a message to send: each version has its own name for the sender.
macro_rules! post_body {
    ($(#[$about:meta])* $visible:vis $name:ident as $schema:ident: $sender:ident) => {
        $(#[$about])*
        #[derive(Deserialize, ToSchema)]
        #[schema(as = $schema)]
        $visible struct $name {
            $sender: UserIdText,
            /// The id or the unique id of a room of the user.
            #[serde(deserialize_with = "text_or_number")]
            #[schema(value_type = String, example = "11")]
            room_id: Option<String>,
            /// Required for the types `text` and `reply`.
            #[schema(max_length = 4000, example = "hello")]
            message: Option<String>,
            /// `text` if it is not given.
            #[serde(rename = "type")]
            #[schema(value_type = Option<String>, max_length = 64, example = "text")]
            kind: Optional<CommentType>,
            /// An object of at most 16 KiB, or its text.
            #[schema(value_type = Option<Object>)]
            payload: FreeObject,
            /// Free data, an object of at most 16 KiB, or its text.
            #[schema(value_type = Option<Object>)]
            extras: FreeObject,
            /// The back end's own id of the message: a repeat returns the stored message.
            #[schema(value_type = Option<String>, max_length = 191)]
            unique_temp_id: Optional<MessageNameText>,
        }
    };
}

post_body! {
    /// A message to send in the name of a user, in v2.1.
    pub(super) PostV21 as BackEndPost: user_id
}

post_body! {
    /// A message to send in the name of a user, in v2.0.
    pub(in crate::dialect::qiscus) PostV20 as BackEndPostV2_0: sender_email
}

pub(super) struct PostRequest {
    pub(super) sender: UserId,
    pub(super) room: String,
    pub(super) draft: Draft,
}

impl PostRequest {
    pub(super) fn sender_field(version: Version) -> &'static str {
        match version {
            Version::V20 => "sender_email",
            Version::V21 => "user_id",
        }
    }
}

impl Body for PostRequest {
    const SOURCE: Source = Source::Form;

    fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error> {
        let PostV21 { user_id: UserIdText(sender), room_id, message, kind, payload, extras, unique_temp_id } =
            match Version::of(request) {
                Version::V21 => form.read_as()?,
                Version::V20 => {
                    let PostV20 { sender_email, room_id, message, kind, payload, extras, unique_temp_id } =
                        form.read_as()?;
                    PostV21 { user_id: sender_email, room_id, message, kind, payload, extras, unique_temp_id }
                }
            };
        let name = unique_temp_id.0.map(|MessageNameText(name)| name);
        let draft = Draft { text_field: "message", text: message, kind, payload: payload.0, extras: extras.0, name };
        Ok(Self { sender, room: required_room(room_id)?, draft })
    }
}

fn required_room(room: Option<String>) -> Result<String, Error> {
    room.ok_or_else(|| Fault::Missing.at("room_id"))
}

/// A message that says what happened to a room.
#[derive(Deserialize, ToSchema)]
#[schema(as = SystemEvent)]
pub(super) struct SystemEventRequest {
    /// The kind of event, as `custom`.
    #[schema(value_type = String, max_length = 64, example = "custom")]
    pub(super) system_event_type: Required<CommentType>,
    /// The id or the unique id of a room.
    #[serde(deserialize_with = "text_or_number")]
    #[schema(value_type = String, example = "11")]
    pub(super) room_id: Option<String>,
    /// Required in v2.1; v2.0 has no text, and the message then shows the kind of event.
    #[schema(max_length = 4000, example = "The order was paid")]
    pub(super) message: Option<String>,
    /// An object of at most 16 KiB, or its text.
    #[schema(value_type = Option<Object>)]
    pub(super) payload: FreeObject,
}

/// A room, and which of its messages.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RoomQuery {
    /// The id or the unique id of a room
    #[serde(deserialize_with = "text_or_number")]
    #[param(value_type = String, example = "11")]
    room_id: Option<String>,
}

pub(super) struct LoadCommentsRequest {
    pub(super) room: String,
    pub(super) page: Page,
}

impl Body for LoadCommentsRequest {
    const SOURCE: Source = Source::Query;

    fn of(form: &mut Form, _: &HttpRequest) -> Result<Self, Error> {
        let (paging, RoomQuery { room_id }): (Paging, _) = (form.read_as()?, form.read_as()?);
        Ok(Self { room: required_room(room_id)?, page: paging.page() })
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct RoomParticipantsRequest(RoomQuery);

impl RoomParticipantsRequest {
    pub(super) fn room(self) -> Result<String, Error> {
        required_room(self.0.room_id)
    }
}

/// How rooms are listed.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RoomListQuery {
    /// Whether rooms have their participants
    #[serde(deserialize_with = "flag")]
    #[param(value_type = Option<bool>)]
    show_participants: bool,
}

pub(super) struct UserRoomsRequest {
    pub(super) user: UserId,
    pub(super) page: Page,
    pub(super) show_participants: bool,
}

#[derive(Deserialize)]
struct ByUserId {
    user_id: UserIdText,
}

#[derive(Deserialize)]
struct ByUserEmail {
    user_email: UserIdText,
}

/// Reads the user that a call is about, by its name in the version.
fn user_of(form: &Form, request: &HttpRequest) -> Result<UserId, Error> {
    Ok(match Version::of(request) {
        Version::V20 => form.read_as::<ByUserEmail>()?.user_email.0,
        Version::V21 => form.read_as::<ByUserId>()?.user_id.0,
    })
}

impl Body for UserRoomsRequest {
    const SOURCE: Source = Source::Query;

    fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error> {
        let (paging, RoomListQuery { show_participants }): (Paging, _) = (form.read_as()?, form.read_as()?);
        Ok(Self { user: user_of(form, request)?, page: paging.page(), show_participants })
    }
}

/// The rooms to return, in v2.1.
#[derive(Deserialize, ToSchema)]
#[schema(as = BackEndRooms)]
pub(super) struct RoomsV21 {
    #[schema(value_type = Option<RoomIds>)]
    room_ids: RoomIds,
    #[schema(value_type = Option<RoomUniqueIds>)]
    room_channel_ids: RoomUniqueIds,
}

/// The rooms of a user to return, in v2.0.
#[derive(Deserialize, ToSchema)]
#[schema(as = BackEndRoomsV2_0)]
pub(in crate::dialect::qiscus) struct RoomsV20 {
    user_email: UserIdText,
    room_id: RoomIds,
    /// Whether rooms have their participants.
    #[serde(deserialize_with = "flag")]
    #[schema(value_type = Option<bool>)]
    show_participants: bool,
}

pub(super) enum RoomsRequest {
    V21 { ids: RoomIds, unique_ids: Vec<String> },
    V20 { user: UserId, ids: RoomIds, show_participants: bool },
}

impl Body for RoomsRequest {
    const SOURCE: Source = Source::QueryThenBody;

    fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error> {
        Ok(match Version::of(request) {
            Version::V21 => {
                let RoomsV21 { room_ids, room_channel_ids: RoomUniqueIds(unique_ids) } = form.read_as()?;
                Self::V21 { ids: room_ids, unique_ids }
            }
            Version::V20 => {
                let RoomsV20 { user_email: UserIdText(user), room_id, show_participants } = form.read_as()?;
                Self::V20 { user, ids: room_id, show_participants }
            }
        })
    }
}

#[derive(Deserialize)]
struct RoomsOfUser {
    room_ids: RoomIds,
}

pub(super) struct UnreadCountRequest {
    pub(super) user: UserId,
    pub(super) rooms: RoomIds,
}

impl Body for UnreadCountRequest {
    const SOURCE: Source = Source::Query;

    fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error> {
        let RoomsOfUser { room_ids } = form.read_as()?;
        Ok(Self { user: user_of(form, request)?, rooms: room_ids })
    }
}

/// The messages to delete.
#[derive(Deserialize, ToSchema)]
#[schema(as = BackEndDeletion)]
pub(super) struct DeleteMessagesRequest {
    pub(super) unique_ids: MessageNames,
    /// The id or the unique id of the room of all of them. Needed if messages of several rooms have one of the ids.
    #[serde(deserialize_with = "text_or_number")]
    #[schema(value_type = Option<String>, example = "11")]
    pub(super) room_id: Option<String>,
}

pub(super) struct BackEndSearch {
    pub(super) user: UserId,
    pub(super) search: SearchRequest,
}

impl Body for BackEndSearch {
    const SOURCE: Source = Source::Form;

    fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error> {
        Ok(Self { user: user_of(form, request)?, search: form.read_as()? })
    }
}
