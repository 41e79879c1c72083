//! The REST API for back ends: the calls about users, in both versions. Sources: the vendor's server API pages, section "User", and
//! the wrappers for Go, PHP and Python.

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    web::{self, Data, Payload},
};

use super::{
    caller::Caller,
    calls::{self, Call},
    fields::{self, ExtrasGiven, Platforms, UserIdList, UserIdText, Username},
    reply::{self, Answer, Message, One, Refusal, Refused, Token, UnreadCounts, UnreadUsers, UserList},
    version::Version,
    view::UserView,
};
use crate::{
    domain::{
        caller::CallerKey,
        error::{Error, Fault, What},
        id::UserId,
        profile::{Patch, State},
        secret::Secret,
        time::Moment,
    },
    http::{addresses::Addresses, form::Form, methods, spool::Spool},
    service::{Service, accounts::LoginOrRegister},
};

/// Every call: what the scope serves, and what a mistyped name is compared with.
const CALLS: &[Call] = &[
    ("login_or_register", || vec![methods::post(login_or_register)]),
    ("user_profile", || vec![methods::get(user_profile)]),
    ("get_user_token", || vec![methods::get(get_user_token)]),
    ("reset_user_token", || vec![methods::post(reset_user_token)]),
    ("get_user_list", || vec![methods::get(get_user_list)]),
    ("deactivate_users", || vec![methods::delete(deactivate_users)]),
    ("reactivate_users", || vec![methods::post(reactivate_users)]),
    ("get_unread_users", || vec![methods::get(get_unread_users)]),
    ("get_user_unread_count", || vec![methods::get(get_user_unread_count)]),
];

/// The same calls as v2.1 has them; [`super::document`] says in which v2.0 differs.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    login_or_register,
    user_profile,
    get_user_token,
    reset_user_token,
    get_user_list,
    deactivate_users,
    reactivate_users,
    get_unread_users,
    get_user_unread_count,
))]
pub(super) struct Described;

/// `/api/v2.1/rest` and `/api/v2/rest`.
pub fn scope() -> Scope {
    calls::serve(web::scope(Version::PATHS).default_service(web::to(no_call)), CALLS)
}

async fn no_call(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let name = request.path().rsplit('/').next().unwrap_or("");
    Err(calls::refusal(name, CALLS))
}

/// Whom v2.1 logs in or registers.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(utoipa::ToSchema)]
struct LoginOrRegisterV21 {
    user_id: UserIdText,
    /// Required, and not empty.
    username: Username,
    /// Becomes the user's; a new user without one gets a random one. Required for a user that exists already.
    #[schema(max_length = 1024, example = "password")]
    password: Option<String>,
    /// The address of a picture. Empty: not given.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    extras: Option<ExtrasGiven>,
}

/// Whom v2.0 logs in or registers.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(utoipa::ToSchema)]
pub(super) struct LoginOrRegisterV20 {
    email: UserIdText,
    /// Required, and not empty.
    username: Username,
    /// Becomes the user's; a new user without one gets a random one. Required for a user that exists already.
    #[schema(max_length = 1024, example = "password")]
    password: Option<String>,
    /// The address of a picture. Empty: not given.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    extras: Option<ExtrasGiven>,
    /// Kept, and nothing is ever pushed to it.
    #[schema(max_length = 4096)]
    device_token: Option<String>,
    /// Required with `device_token`: `ios` or `android`.
    #[schema(example = "android")]
    device_platform: Option<String>,
}

/// A user, by the name v2.1 has for its id.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(utoipa::ToSchema)]
struct OfUserV21 {
    user_id: UserIdText,
}

/// A user, by the name v2.0 has for its id.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(utoipa::ToSchema)]
pub(super) struct OfUserV20 {
    user_email: UserIdText,
}

/// Users, at least one. A form repeats the field, or `user_ids[]`.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(utoipa::ToSchema)]
struct OfUsers {
    user_ids: UserIdList,
}

/// Logs a user in, or registers it.
///
/// "You can use this endpoint to create new user if it does not exist yet, or login in Qiscus Server if does exist, or update
/// user's data, such as password, avatar, and extras."
#[utoipa::path(
    post,
    path = "/login_or_register",
    request_body = LoginOrRegisterV21,
    responses((status = 200, description = "The user as it is now", body = Answer<One<UserView>>)),
)]
async fn login_or_register(
    caller: Caller,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let Caller { version, tenant } = caller;
    let form = fields::read(&service, &tenant, &request, payload, &spool).await?;
    let id = fields::user_id(&form, version.login_field())?;
    if form.text("username")?.unwrap_or("").is_empty() {
        return Err(Fault::Missing.at("username").into());
    }
    let known = service.find_user(&tenant, &id)?;
    let login = LoginOrRegister {
        change: fields::profile_change(&form, "username", known.as_ref(), &tenant, &addresses)?,
        password: form.text("password")?.filter(|password| !password.is_empty()).map(Secret::new),
        device: if version.takes_device() { fields::device(&form, Platforms::Telephones)? } else { None },
        id,
    };
    let account =
        service.login_or_register(&tenant, login).await.map_err(|error| in_this_doors_words(error, version))?;
    Ok(version.logged_in(&tenant.app, &addresses, &account))
}

/// "For those users already created you can not use this API login_or_register without passing password value."
fn in_this_doors_words(error: Error, version: Version) -> Refusal {
    if error == Error::Conflict(What::User) {
        return Fault::Malformed("given for a user that exists already").at("password").into();
    }
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => Fault::Reserved.at(version.login_field()).into(),
        false => error.into(),
    }
}

/// "To get user's profile data."
#[utoipa::path(
    get,
    path = "/user_profile",
    params(("user_id" = UserIdText, Query)),
    responses(
        (status = 200, description = "The user", body = Answer<One<UserView>>),
        (status = 404, description = "No such user", body = Refused),
    ),
)]
async fn user_profile(
    caller: Caller,
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let Caller { version, tenant } = caller;
    let id = fields::user_id(&Form::query(request.query_string())?, version.user_field())?;
    Ok(version.profile(&service, &tenant, &addresses, &id)?)
}

/// The token of a user, which stays the same.
#[utoipa::path(
    get,
    path = "/get_user_token",
    params(("user_id" = UserIdText, Query)),
    responses(
        (status = 200, description = "The token", body = Answer<Token>),
        (status = 404, description = "No such user", body = Refused),
    ),
)]
async fn get_user_token(caller: Caller, service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let id = fields::user_id(&Form::query(request.query_string())?, caller.version.user_field())?;
    Ok(reply::token(&service.account(&caller.tenant, &id)?.token))
}

/// "To reset user's token."
///
/// The former one is dead when the answer leaves.
#[utoipa::path(
    post,
    path = "/reset_user_token",
    request_body = OfUserV21,
    responses((status = 200, description = "The new token", body = Answer<Token>)),
)]
async fn reset_user_token(
    caller: Caller,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let Caller { version, tenant } = caller;
    let field = version.user_field();
    let id = fields::user_id(&fields::read(&service, &tenant, &request, payload, &spool).await?, field)?;
    let account = service.reset_token(&tenant, id).await.map_err(|error| must_exist(error, field))?;
    Ok(version.reset(&tenant.app, &addresses, &account))
}

/// A verb's refusal for want of a user, which the vendor answers here as a validation error.
fn must_exist(error: Error, field: &'static str) -> Error {
    match error == Error::NotFound(What::User) {
        true => Fault::Malformed("the id of a user that exists").at(field),
        false => error,
    }
}

/// "To get list of users."
///
/// In the order they came to be, suspended ones among them. "limit: default: 20, max: 100, if the limit more than 100 then return 20."
#[utoipa::path(
    get,
    path = "/get_user_list",
    params(
        ("page" = Option<u32>, Query, minimum = 1, description = "From 1", example = 1),
        (
            "limit" = Option<u32>, Query, minimum = 1, maximum = 100, example = 20,
            description = "Users on a page: 20 where it is not given, or above 100",
        ),
        (
            "order_query" = Option<String>, Query, example = "created_at desc nulls last",
            description = "`created_at asc` (the default), `created_at desc`, `username asc` or `username desc`",
        ),
    ),
    responses((status = 200, description = "A page of users", body = Answer<UserList>)),
)]
async fn get_user_list(
    caller: Caller,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let tenant = caller.tenant;
    let form = fields::query_and_body(&service, &tenant, &request, payload, &spool).await?;
    let page = fields::page(&form)?;
    let listed = service.users(&tenant, CallerKey::App(tenant.app.key), page, fields::order(&form)?).await?;
    Ok(reply::user_list(&tenant.app, &addresses, page, &listed))
}

/// Suspends users: all that are named, or none.
///
/// Source: the wrapper for Go; proxies drop the body of a DELETE, so the query counts too.
#[utoipa::path(
    delete,
    path = "/deactivate_users",
    params((
        "user_ids[]" = Option<UserIdList>, Query,
        description = "Beside those in the body; at least one in either. `user_ids` is read, too",
    )),
    request_body = Option<OfUsers>,
    responses((status = 200, description = "They are suspended", body = Answer<Message>)),
)]
async fn deactivate_users(
    caller: Caller,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let body = fields::read(&service, &caller.tenant, &request, payload, &spool).await?;
    let users = user_ids(&[body, Form::query(request.query_string())?])?;
    service.set_states(&caller.tenant, users, State::Suspended).await.map_err(of_user_ids)?;
    Ok(reply::message("The users are deactivated"))
}

/// Lets suspended users act again: all that are named, or none.
#[utoipa::path(
    post,
    path = "/reactivate_users",
    request_body = OfUsers,
    responses((status = 200, description = "They may act", body = Answer<Message>)),
)]
async fn reactivate_users(
    caller: Caller,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let users = user_ids(&[fields::read(&service, &caller.tenant, &request, payload, &spool).await?])?;
    service.set_states(&caller.tenant, users, State::Active).await.map_err(of_user_ids)?;
    Ok(reply::message("The users are active"))
}

/// "user_ids", at least one.
fn user_ids(forms: &[Form]) -> Result<Vec<UserId>, Error> {
    match fields::user_ids(forms)? {
        users if users.is_empty() => Err(Fault::Missing.at("user_ids")),
        users => Ok(users),
    }
}

fn of_user_ids(error: Error) -> Error {
    if let Error::Invalid { fault, .. } = error { fault.at("user_ids") } else { error }
}

/// "To get list of users who have unread count": nobody.
///
/// `page` and `limit` may say what they like of an empty list.
#[utoipa::path(
    get,
    path = "/get_unread_users",
    params(
        ("page" = Option<u32>, Query, minimum = 1, example = 1),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, example = 20),
        ("start_time" = Option<String>, Query, description = "`YYYY-MM-DD hh:mm:ss`", example = "2019-10-30 07:47:01"),
        ("end_time" = Option<String>, Query, description = "`YYYY-MM-DD hh:mm:ss`", example = "2019-10-31 07:47:01"),
    ),
    responses((status = 200, description = "Nobody", body = Answer<UnreadUsers>)),
)]
async fn get_unread_users(_: Caller, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    within_times(&Form::query(request.query_string())?)?;
    Ok(reply::no_unread_users())
}

/// The messages that users have not read: none, for each user in the order given.
#[utoipa::path(
    get,
    path = "/get_user_unread_count",
    params(
        ("user_ids[]" = UserIdList, Query, description = "At least one, repeated; `user_ids` is read, too"),
        ("start_time" = Option<String>, Query, description = "`YYYY-MM-DD hh:mm:ss`", example = "2019-10-30 07:47:01"),
        ("end_time" = Option<String>, Query, description = "`YYYY-MM-DD hh:mm:ss`", example = "2019-10-31 07:47:01"),
    ),
    responses((status = 200, description = "None for each", body = Answer<UnreadCounts>)),
)]
async fn get_user_unread_count(
    caller: Caller,
    service: Data<Service>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let form = Form::query(request.query_string())?;
    within_times(&form)?;
    let users = user_ids(&[form])?;
    // A hundred point reads, 0.6 ms at most (6 us each).
    for id in &users {
        service.find_user(&caller.tenant, id)?.ok_or_else(|| Fault::NoSuchUser(id.clone()).at("user_ids"))?;
    }
    Ok(reply::no_unread_messages(&users))
}

/// `start_time` and `end_time` must be times, though no message lies between them.
fn within_times(form: &Form) -> Result<(), Error> {
    for field in ["start_time", "end_time"] {
        Patch::given(form.text(field)?, Moment::parse_plain).map_err(|fault| fault.at(field))?;
    }
    Ok(())
}
