//! The other users: found, blocked, there or not.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        fields::{self, Paging, UserIdList, UserIdText},
        reply::{self, Answer, One, Refusal, Refused, UserList},
        view::PublicView,
    },
    door::{Member, session},
};
use crate::{
    domain::{
        caller::CallerKey,
        error::{Error, Fault, What},
        id::UserId,
        page::{Order, Page},
        search::UserSearch,
    },
    http::{
        addresses::Addresses,
        form::{Call, read_from},
    },
    service::{Service, profiles::Viewer},
};

read_from!(Form: Whom, Whose);
read_from!(QueryThenBody: Search, Blocked);

/// The field in which the SDKs name the one to block.
const WHOM: &str = "user_email";

/// Whom to block, or not to block any more.
#[derive(Deserialize, ToSchema)]
pub(super) struct Whom {
    user_email: UserIdText,
}

/// Whose presence is asked for. A form repeats the field, or `user_ids[]`.
#[derive(Deserialize, ToSchema)]
pub(super) struct Whose {
    #[schema(value_type = Option<UserIdList>)]
    user_ids: UserIdList,
}

/// Which page of blocked users.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Blocked(Paging);

/// A page of the users that the caller blocks, under each of the names that SDKs read.
#[derive(Serialize, ToSchema)]
struct BlockedUsers<'a> {
    /// As `blocked_users`: what iOS reads.
    blocked_user: &'a [PublicView<'a>],
    blocked_users: &'a [PublicView<'a>],
    /// On this page and on all others.
    total: u64,
    /// As `blocked_users`.
    users: &'a [PublicView<'a>],
}

/// Who of the users asked for is there.
#[derive(Serialize, ToSchema)]
struct Presences<'a> {
    user_status: Vec<PresenceView<'a>>,
}

/// Whether a user is there.
#[derive(Serialize, ToSchema)]
struct PresenceView<'a> {
    /// The user id.
    #[schema(example = "guest@qiscus.com")]
    email: &'a str,
    /// 1 for one who is there, else 0.
    #[schema(maximum = 1)]
    status: u8,
    /// When the user was last seen, or last changed where that is not remembered: seconds since 1970.
    timestamp: i64,
}

/// Which users, on which page, in which order.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Part of a name or id, in any case of letters
    #[serde(deserialize_with = "fields::loose")]
    #[param(example = "guest")]
    query: Option<String>,
    /// From 1
    #[serde(deserialize_with = "fields::page_number")]
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: u32,
    /// Users on a page: 20 where it is not given, or above 100
    #[serde(deserialize_with = "fields::limit")]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 20)]
    limit: u32,
    /// `created_at asc` (the default), `created_at desc`, `username asc` or `username desc`
    #[serde(deserialize_with = "fields::order")]
    #[param(value_type = Option<String>, example = "created_at desc nulls last")]
    order_query: Order,
}

/// `getUsers`: finds users.
///
/// What stands in the query may stand in a body instead, as Flutter sends it. In the order of names only the oldest 10,000 users are
/// sorted; the others follow in creation order.
#[utoipa::path(
    get,
    path = "/get_user_list",
    tag = "Other users",
    params(Search),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "A page of users", body = Answer<UserList>)),
)]
pub(super) async fn get_user_list(
    addresses: Data<Addresses>,
    call: Call<Member, Search>,
) -> Result<HttpResponse, Refusal> {
    let Call { service, caller: member, form: Search { query, page, limit, order_query }, .. } = call;
    let (search, page) = (UserSearch { text: query, metadata: None }, Page::new(page, limit));
    let reader = CallerKey::User(member.user().key);
    let listed = service.find_users(&member.tenant, reader, search, page, order_query).await?;
    Ok(reply::user_list(&member.tenant.app, &addresses, page, &listed))
}

/// `blockUser`: blocks a user.
///
/// Who is blocked already stays so.
#[utoipa::path(
    post,
    path = "/block_user",
    tag = "Other users",
    request_body = Whom,
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "Who is blocked", body = Answer<One<PublicView>>),
        (status = 404, description = "No such user", body = Refused),
    ),
)]
pub(super) async fn block_user(addresses: Data<Addresses>, call: Call<Member, Whom>) -> Result<HttpResponse, Refusal> {
    let Call { service, caller: member, form: Whom { user_email: UserIdText(whom) }, .. } = call;
    let blocked = service.block(&member.tenant, member.user().key, &whom).await;
    shown(&member, &service, &addresses, &whom, unless(blocked, &Error::Conflict(What::Block))).await
}

/// `unblockUser`: ends a block.
///
/// Who is not blocked stays so.
#[utoipa::path(
    post,
    path = "/unblock_user",
    tag = "Other users",
    request_body = Whom,
    security(("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "Who is not blocked any more", body = Answer<One<PublicView>>),
        (status = 404, description = "No such user", body = Refused),
    ),
)]
pub(super) async fn unblock_user(
    addresses: Data<Addresses>,
    call: Call<Member, Whom>,
) -> Result<HttpResponse, Refusal> {
    let Call { service, caller: member, form: Whom { user_email: UserIdText(whom) }, .. } = call;
    let unblocked = service.unblock(&member.tenant, member.user().key, &whom).await;
    shown(&member, &service, &addresses, &whom, unless(unblocked, &Error::NotFound(What::Block))).await
}

/// A client that asks for what is so already has what it wants.
fn unless(done: Result<(), Error>, already: &Error) -> Result<(), Error> {
    done.or_else(|error| if error == *already { Ok(()) } else { Err(error) })
}

async fn shown(
    member: &Member,
    service: &Service,
    addresses: &Addresses,
    whom: &UserId,
    done: Result<(), Error>,
) -> Result<HttpResponse, Refusal> {
    done.map_err(|error| match error == Fault::Oneself.at("user id") {
        true => Fault::Oneself.at(WHOM).into(),
        false => session(error),
    })?;
    let user = service.user(&member.tenant, whom).await?;
    Ok(reply::user(PublicView::of(&member.tenant.app, addresses, &user)))
}

/// `getBlockedUser`: the users one has blocked.
#[utoipa::path(
    get,
    path = "/get_blocked_users",
    tag = "Other users",
    params(Paging),
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "A page of them", body = Answer<BlockedUsers>)),
)]
pub(super) async fn get_blocked_users(
    addresses: Data<Addresses>,
    call: Call<Member, Blocked>,
) -> Result<HttpResponse, Refusal> {
    let member = call.caller;
    let listed = call.service.blocked(&member.tenant, member.user().key, call.form.0.page()).await?;
    let app = &member.tenant.app;
    let users: Vec<PublicView> = listed.items.iter().map(|user| PublicView::of(app, &addresses, user)).collect();
    let (blocked_user, blocked_users, users) = (&*users, &*users, &*users);
    Ok(reply::results(BlockedUsers { blocked_user, blocked_users, total: listed.total, users }))
}

/// `getUserPresences`: who is there.
///
/// Ids that nobody has are left out.
#[utoipa::path(
    post,
    path = "/users/status",
    tag = "Other users",
    request_body = Whose,
    security(("app_id" = [], "token" = [])),
    responses((status = 200, description = "Whether they are there", body = Answer<Presences>)),
)]
pub(super) async fn users_status(call: Call<Member, Whose>) -> Result<HttpResponse, Refusal> {
    let (member, UserIdList(ids)) = (call.caller, call.form.user_ids);
    let found = call.service.presence(&member.tenant, Viewer::User(member.user().key), ids).await?;
    let user_status = found
        .iter()
        .map(|(user, presence)| PresenceView {
            email: user.id.as_str(),
            status: u8::from(presence.is_online),
            timestamp: presence.seen_at.unwrap_or(user.updated_at).unix_s(),
        })
        .collect();
    Ok(reply::results(Presences { user_status }))
}
