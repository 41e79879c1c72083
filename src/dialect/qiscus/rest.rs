//! The REST API for back ends: the calls about users, in both versions. Sources: the vendor's server API pages, section "User", and
//! the wrappers for Go, PHP and Python.

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    web::{self, Data},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    caller::Caller,
    calls::{self, Name},
    fields::{self, ExtrasGiven, ProfileGiven, UserIdList, UserIdText, Username},
    reply::{self, Answer, Message, One, Refusal, Refused, Token, UnreadCounts, UnreadUsers, UserList},
    version::Version,
    view::UserView,
};
use crate::{
    domain::{
        caller::CallerKey,
        device::{Device, DeviceText, DeviceType},
        error::{Error, Fault, What},
        id::UserId,
        page::{Order, Page},
        profile::State,
        secret::Secret,
        time::Moment,
    },
    http::{
        addresses::Addresses,
        form::{Body, Call, Form, Optional, Parse, Required, Source, read_from},
        methods,
    },
    service::accounts::LoginOrRegister,
};

read_from!(Form: OfUsers);
read_from!(Query: Times, UnreadOf);
read_from!(QueryThenBody: Listing, Deactivation);

/// Every call: what the scope serves, and what a mistyped name is compared with.
const CALLS: &[Name] = &[
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
#[derive(Deserialize, ToSchema)]
struct LoginOrRegisterV21 {
    user_id: UserIdText,
    /// Required, and not empty.
    #[schema(value_type = Username)]
    username: Required<String>,
    /// Becomes the user's; a new user without one gets a random one. Required for a user that exists already.
    #[schema(value_type = Option<String>, max_length = 1024, example = "password")]
    password: Optional<String>,
    /// The address of a picture. Empty: not given.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    #[schema(value_type = Option<ExtrasGiven>)]
    extras: ExtrasGiven,
}

/// Whom v2.0 logs in or registers.
#[derive(Deserialize, ToSchema)]
pub(super) struct LoginOrRegisterV20 {
    email: UserIdText,
    /// Required, and not empty.
    #[schema(value_type = Username)]
    username: Required<String>,
    /// Becomes the user's; a new user without one gets a random one. Required for a user that exists already.
    #[schema(value_type = Option<String>, max_length = 1024, example = "password")]
    password: Optional<String>,
    /// The address of a picture. Empty: not given.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    #[schema(value_type = Option<ExtrasGiven>)]
    extras: ExtrasGiven,
    /// Kept, and nothing is ever pushed to it.
    #[schema(value_type = Option<String>, max_length = 4096)]
    device_token: Optional<DeviceText>,
    /// Required with `device_token`: `ios` or `android`.
    #[schema(value_type = Option<String>, example = "android")]
    device_platform: Optional<Telephone>,
}

/// The platform of a telephone.
struct Telephone(DeviceType);

impl Parse for Telephone {
    fn parse(raw: &str) -> Result<Self, Fault> {
        match raw {
            "ios" => Ok(Self(DeviceType::Ios)),
            "android" => Ok(Self(DeviceType::Android)),
            _ => Err(Fault::NotOneOf("ios, android")),
        }
    }
}

/// A user, by the name v2.1 has for its id.
#[derive(Deserialize, ToSchema)]
struct OfUserV21 {
    user_id: UserIdText,
}

/// A user, by the name v2.0 has for its id.
#[derive(Deserialize, ToSchema)]
pub(super) struct OfUserV20 {
    user_email: UserIdText,
}

/// Users, at least one. A form repeats the field, or `user_ids[]`.
#[derive(Deserialize, ToSchema)]
struct OfUsers {
    user_ids: UserIdList,
}

/// The same in a query or in a body.
#[derive(Deserialize)]
#[serde(transparent)]
struct Deactivation(OfUsers);

/// Whom either version logs in or registers.
struct Login {
    id: UserId,
    profile: ProfileGiven,
    password: Optional<String>,
    device: Option<Device>,
}

impl Body for Login {
    const SOURCE: Source = Source::Form;

    fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error> {
        let profile = |Required(name), avatar_url, extras| ProfileGiven {
            name_field: "username",
            name: Some(name),
            avatar_url,
            extras,
        };
        if Version::of(request) == Version::V21 {
            let LoginOrRegisterV21 { user_id, username, password, avatar_url, extras } = form.read_as()?;
            return Ok(Self { id: user_id.0, profile: profile(username, avatar_url, extras), password, device: None });
        }
        let sent: LoginOrRegisterV20 = form.read_as()?;
        let device = match (sent.device_token.0, sent.device_platform.0) {
            (None, _) => None,
            (Some(token), Some(Telephone(platform))) => Some(fields::device(platform, token)),
            (Some(_), None) => return Err(Fault::Missing.at("device_platform")),
        };
        let profile = profile(sent.username, sent.avatar_url, sent.extras);
        Ok(Self { id: sent.email.0, profile, password: sent.password, device })
    }
}

/// Calls that name one user, by the field of their version.
macro_rules! of_user {
    ($($name:ident, $source:ident;)*) => {$(
        struct $name(UserId);

        impl Body for $name {
            const SOURCE: Source = Source::$source;

            fn of(form: &mut Form, request: &HttpRequest) -> Result<Self, Error> {
                Ok(Self(match Version::of(request) {
                    Version::V20 => form.read_as::<OfUserV20>()?.user_email.0,
                    Version::V21 => form.read_as::<OfUserV21>()?.user_id.0,
                }))
            }
        }
    )*};
}

of_user! { OfUser, Form; OfUserInQuery, Query; }

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
async fn login_or_register(addresses: Data<Addresses>, call: Call<Caller, Login>) -> Result<HttpResponse, Refusal> {
    let Call { service, caller: Caller { version, tenant }, form: Login { id, profile, password, device }, .. } = call;
    let change = profile.change(service.find_user(&tenant, &id).await?.as_ref(), &tenant, &addresses)?;
    let login = LoginOrRegister { change, password: password.0.map(Secret::new), device, id };
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
async fn user_profile(addresses: Data<Addresses>, call: Call<Caller, OfUserInQuery>) -> Result<HttpResponse, Refusal> {
    let Caller { version, tenant } = call.caller;
    Ok(version.profile(&call.service, &tenant, &addresses, &call.form.0).await?)
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
async fn get_user_token(call: Call<Caller, OfUserInQuery>) -> Result<HttpResponse, Refusal> {
    Ok(reply::token(&call.service.account(&call.caller.tenant, &call.form.0).await?.token))
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
async fn reset_user_token(addresses: Data<Addresses>, call: Call<Caller, OfUser>) -> Result<HttpResponse, Refusal> {
    let Caller { version, tenant } = call.caller;
    let reset = call.service.reset_token(&tenant, call.form.0).await;
    let account = reset.map_err(|error| must_exist(error, version.user_field()))?;
    Ok(version.reset(&tenant.app, &addresses, &account))
}

/// A verb's refusal for want of a user, which the vendor answers here as a validation error.
fn must_exist(error: Error, field: &'static str) -> Error {
    match error == Error::NotFound(What::User) {
        true => Fault::Malformed("the id of a user that exists").at(field),
        false => error,
    }
}

/// A page of users, in which order.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Listing {
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

/// "To get list of users."
///
/// In the order they came to be, suspended ones among them. "limit: default: 20, max: 100, if the limit more than 100 then return 20."
#[utoipa::path(
    get,
    path = "/get_user_list",
    params(Listing),
    responses((status = 200, description = "A page of users", body = Answer<UserList>)),
)]
async fn get_user_list(addresses: Data<Addresses>, call: Call<Caller, Listing>) -> Result<HttpResponse, Refusal> {
    let Call { service, caller: Caller { tenant, .. }, form: Listing { page, limit, order_query }, .. } = call;
    let page = Page::new(page, limit);
    let listed = service.users(&tenant, CallerKey::App(tenant.app.key), page, order_query).await?;
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
async fn deactivate_users(call: Call<Caller, Deactivation>) -> Result<HttpResponse, Refusal> {
    let users = at_least_one(call.form.0.user_ids)?;
    call.service.set_states(&call.caller.tenant, users, State::Suspended).await.map_err(of_user_ids)?;
    Ok(reply::message("The users are deactivated"))
}

/// Lets suspended users act again: all that are named, or none.
#[utoipa::path(
    post,
    path = "/reactivate_users",
    request_body = OfUsers,
    responses((status = 200, description = "They may act", body = Answer<Message>)),
)]
async fn reactivate_users(call: Call<Caller, OfUsers>) -> Result<HttpResponse, Refusal> {
    let users = at_least_one(call.form.user_ids)?;
    call.service.set_states(&call.caller.tenant, users, State::Active).await.map_err(of_user_ids)?;
    Ok(reply::message("The users are active"))
}

fn at_least_one(users: UserIdList) -> Result<Vec<UserId>, Error> {
    if users.0.is_empty() { Err(Fault::Missing.at("user_ids")) } else { Ok(users.0) }
}

fn of_user_ids(error: Error) -> Error {
    if let Error::Invalid { fault, .. } = error { fault.at("user_ids") } else { error }
}

/// Between which times. No message lies there, but times they must be.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Times {
    /// `YYYY-MM-DD hh:mm:ss`
    #[serde(rename = "start_time")]
    #[param(value_type = Option<String>, example = "2019-10-30 07:47:01")]
    _start_time: Optional<Moment>,
    /// `YYYY-MM-DD hh:mm:ss`
    #[serde(rename = "end_time")]
    #[param(value_type = Option<String>, example = "2019-10-31 07:47:01")]
    _end_time: Optional<Moment>,
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
        Times,
    ),
    responses((status = 200, description = "Nobody", body = Answer<UnreadUsers>)),
)]
async fn get_unread_users(_: Call<Caller, Times>) -> HttpResponse {
    reply::no_unread_users()
}

/// Whose unread messages, and between which times.
#[derive(Deserialize)]
struct UnreadOf {
    #[serde(rename = "start_time")]
    _start_time: Optional<Moment>,
    #[serde(rename = "end_time")]
    _end_time: Optional<Moment>,
    user_ids: UserIdList,
}

/// The messages that users have not read: none, for each user in the order given.
#[utoipa::path(
    get,
    path = "/get_user_unread_count",
    params(("user_ids[]" = UserIdList, Query, description = "At least one, repeated; `user_ids` is read, too"), Times),
    responses((status = 200, description = "None for each", body = Answer<UnreadCounts>)),
)]
async fn get_user_unread_count(call: Call<Caller, UnreadOf>) -> Result<HttpResponse, Refusal> {
    let users = at_least_one(call.form.user_ids)?;
    // A hundred point reads, 0.6 ms at most (6 us each).
    for id in &users {
        let known = call.service.find_user(&call.caller.tenant, id).await?;
        known.ok_or_else(|| Fault::NoSuchUser(id.clone()).at("user_ids"))?;
    }
    Ok(reply::no_unread_messages(&users))
}
