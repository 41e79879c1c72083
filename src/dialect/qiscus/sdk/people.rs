//! Other users: search, blocks, presence.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        fields::{self, OrderQuery, Paging, UserIdList, UserIdText, UserListing},
        reply::{self, QiscusError, QiscusErrorReply, QiscusReply, UserList, UserResult},
        view::PublicUserView,
    },
    callers::{QiscusUser, session_error},
};
use crate::{
    domain::{CallerKey, Error, Fault, Resource, UserId, UserSearch},
    http::{
        addresses::Addresses,
        form::{Body, Call, Form, Source, read_from},
    },
    service::{Service, Viewer},
};

read_from!(Form: BlockRequest, PresenceRequest);
read_from!(QueryThenBody: BlockedUsersRequest);

/// The SDKs' name for the user to block.
const BLOCKED_FIELD: &str = "user_email";

/// The user to block or to unblock.
#[derive(Deserialize, ToSchema)]
pub(super) struct BlockRequest {
    user_email: UserIdText,
}

/// The users whose presence to return. A form repeats the field, or `user_ids[]`.
#[derive(Deserialize, ToSchema)]
pub(super) struct PresenceRequest {
    #[schema(value_type = Option<UserIdList>)]
    user_ids: UserIdList,
}

#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct BlockedUsersRequest(Paging);

/// A page of the users that the caller blocks, under each of the names that the SDKs read.
#[derive(Serialize, ToSchema)]
struct BlockedUsersResult<'a> {
    /// Same as `blocked_users`. iOS reads this one.
    blocked_user: &'a [PublicUserView<'a>],
    blocked_users: &'a [PublicUserView<'a>],
    /// The number of blocked users on all pages.
    total: u64,
    /// Same as `blocked_users`.
    users: &'a [PublicUserView<'a>],
}

/// The presence of the requested users.
#[derive(Serialize, ToSchema)]
struct PresenceResult<'a> {
    user_status: Vec<PresenceView<'a>>,
}

/// Whether a user is online.
#[derive(Serialize, ToSchema)]
struct PresenceView<'a> {
    /// The user id.
    #[schema(example = "guest@qiscus.com")]
    email: &'a str,
    /// 1 if the user is online, else 0.
    #[schema(maximum = 1)]
    status: u8,
    /// When the user was last online, in seconds since 1970. If that is not stored: when the user last changed.
    timestamp: i64,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchText {
    /// A part of a name or id; case does not matter
    #[serde(deserialize_with = "fields::text_or_number")]
    #[param(example = "guest")]
    query: Option<String>,
}

pub(super) struct UserSearchRequest {
    text: Option<String>,
    listing: UserListing,
}

impl Body for UserSearchRequest {
    const SOURCE: Source = Source::QueryThenBody;

    fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error> {
        let SearchText { query } = form.read_as()?;
        Ok(Self { text: query, listing: UserListing::of(form, request)? })
    }
}

/// `getUsers`: searches users.
///
/// The fields may be in a body instead of the query, as Flutter sends them. A list by name sorts only the oldest 10,000
/// users; the others follow in creation order.
#[utoipa::path(
    get, path = "/get_user_list", tag = "Other users",
    params(SearchText, Paging, OrderQuery),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "A page of users", body = QiscusReply<UserList>)),
)]
pub(super) async fn get_user_list(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, UserSearchRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: UserSearchRequest { text, listing }, .. } = call;
    let (search, UserListing { page, order }) = (UserSearch { text, metadata: None }, listing);
    let reader = CallerKey::User(caller.user().key);
    let listed = service.find_users(&caller.tenant, reader, search, page, order).await?;
    Ok(reply::user_list(&caller.tenant.app, &addresses, page, &listed))
}

/// `blockUser`: blocks a user.
///
/// Blocking a blocked user again succeeds.
#[utoipa::path(
    post, path = "/block_user", tag = "Other users",
    request_body = BlockRequest,
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "The blocked user", body = QiscusReply<UserResult<PublicUserView>>),
        (status = 404, description = "No such user", body = QiscusErrorReply),
    ),
)]
pub(super) async fn block_user(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, BlockRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: BlockRequest { user_email: UserIdText(other) }, .. } = call;
    let blocked = service.block(&caller.tenant, caller.user().key, &other).await;
    block_result(&caller, &service, &addresses, &other, ignore_if(blocked, &Error::Conflict(Resource::Block))).await
}

/// `unblockUser`: unblocks a user.
///
/// Unblocking a user that is not blocked succeeds.
#[utoipa::path(
    post, path = "/unblock_user", tag = "Other users",
    request_body = BlockRequest,
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "The unblocked user", body = QiscusReply<UserResult<PublicUserView>>),
        (status = 404, description = "No such user", body = QiscusErrorReply),
    ),
)]
pub(super) async fn unblock_user(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, BlockRequest>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller, form: BlockRequest { user_email: UserIdText(other) }, .. } = call;
    let unblocked = service.unblock(&caller.tenant, caller.user().key, &other).await;
    block_result(&caller, &service, &addresses, &other, ignore_if(unblocked, &Error::NotFound(Resource::Block))).await
}

/// Treats `already` as success: the client has what it wants.
fn ignore_if(done: Result<(), Error>, already: &Error) -> Result<(), Error> {
    done.or_else(|error| if error == *already { Ok(()) } else { Err(error) })
}

async fn block_result(
    caller: &QiscusUser,
    service: &Service,
    addresses: &Addresses,
    other: &UserId,
    done: Result<(), Error>,
) -> Result<HttpResponse, QiscusError> {
    done.map_err(|error| match error == Fault::Oneself.at("user id") {
        true => Fault::Oneself.at(BLOCKED_FIELD).into(),
        false => session_error(error),
    })?;
    let user = service.user(&caller.tenant, other).await?;
    Ok(reply::user(PublicUserView::of(&caller.tenant.app, addresses, &user)))
}

/// `getBlockedUser`: lists the users that the caller blocks.
#[utoipa::path(
    get, path = "/get_blocked_users", tag = "Other users",
    params(Paging),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "A page of blocked users", body = QiscusReply<BlockedUsersResult>)),
)]
pub(super) async fn get_blocked_users(
    addresses: Data<Addresses>,
    call: Call<QiscusUser, BlockedUsersRequest>,
) -> Result<HttpResponse, QiscusError> {
    let caller = call.caller;
    let listed = call.service.blocked(&caller.tenant, caller.user().key, call.form.0.page()).await?;
    let app = &caller.tenant.app;
    let users: Vec<PublicUserView> =
        listed.items.iter().map(|user| PublicUserView::of(app, &addresses, user)).collect();
    let (blocked_user, blocked_users, users) = (&*users, &*users, &*users);
    Ok(reply::results(BlockedUsersResult { blocked_user, blocked_users, total: listed.total, users }))
}

/// `getUserPresences`: tells which users are online.
///
/// Unknown ids are left out.
#[utoipa::path(
    post, path = "/users/status", tag = "Other users",
    request_body = PresenceRequest,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "The presence of the users", body = QiscusReply<PresenceResult>)),
)]
pub(super) async fn users_status(call: Call<QiscusUser, PresenceRequest>) -> Result<HttpResponse, QiscusError> {
    let (caller, UserIdList(ids)) = (call.caller, call.form.user_ids);
    let found = call.service.presence(&caller.tenant, Viewer::User(caller.user().key), ids).await?;
    let user_status = found
        .iter()
        .map(|(user, presence)| PresenceView {
            email: user.id.as_str(),
            status: u8::from(presence.is_online),
            timestamp: presence.seen_at.unwrap_or(user.updated_at).unix_s(),
        })
        .collect();
    Ok(reply::results(PresenceResult { user_status }))
}
