//! The REST API for back ends: the calls about users, in both versions. Sources: the vendor's server API pages, section "User", and
//! the wrappers for Go, PHP and Python.

use actix_web::{
    HttpRequest, HttpResponse, Resource, Route, Scope,
    web::{self, Data, Payload},
};

use super::{
    absent,
    caller::Caller,
    reply::{self, Refusal},
    version::Version,
};
use crate::{
    domain::{
        device::{Device, DeviceText, DeviceType},
        error::{Error, Fault, What},
        free_data::Extras,
        id::UserId,
        page::{Order, Page},
        profile::{Patch, ProfileChange, State, User},
        secret::Secret,
        text::{self, DisplayName},
        time::Moment,
    },
    http::{
        addresses::Addresses,
        form::{Form, FormLimits},
        spool::Spool,
    },
    service::{Service, accounts::LoginOrRegister, apps::Tenant},
};

/// Characters of a display name that this wire writes.
const USERNAME_CHARS_MAX: usize = 255;

/// Users on a page where the caller names no number, or one above [`Page::LIMIT_MAX`].
const LIMIT_DEFAULT: u32 = 20;

/// Users that one call may name.
const USER_IDS_MAX: usize = 100;

/// Fields that may be wider than the others.
const WIDE_FIELDS: &[&str] = &["extras"];

/// A call's name and where it leads.
type Call = (&'static str, fn() -> Route);

/// Every call: what the scope serves, and what a mistyped name is compared with.
const CALLS: &[Call] = &[
    ("login_or_register", || web::post().to(login_or_register)),
    ("user_profile", || web::get().to(user_profile)),
    ("get_user_token", || web::get().to(get_user_token)),
    ("reset_user_token", || web::post().to(reset_user_token)),
    ("get_user_list", || web::get().to(get_user_list)),
    ("deactivate_users", || web::delete().to(deactivate_users)),
    ("reactivate_users", || web::post().to(reactivate_users)),
    ("get_unread_users", || web::get().to(get_unread_users)),
    ("get_user_unread_count", || web::get().to(get_user_unread_count)),
];

/// `/api/v2.1/rest` and `/api/v2/rest`.
pub fn scope() -> Scope {
    let scope = web::scope(Version::PATHS).default_service(web::to(no_call));
    CALLS.iter().fold(scope, |scope, (name, route)| scope.service(call(name, route())))
}

fn call(name: &str, route: Route) -> Resource {
    web::resource(format!("/{name}")).route(route).default_service(web::to(reply::wrong_method))
}

async fn no_call(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let name = request.path().rsplit('/').next().unwrap_or("");
    Err(absent::refusal(name, CALLS.iter().map(|(name, _)| *name)))
}

async fn read(request: &HttpRequest, payload: Payload, spool: &Spool) -> Result<Form, Refusal> {
    let limits = FormLimits { wide_fields: WIDE_FIELDS, ..FormLimits::default() };
    Ok(Form::read(request, payload, &limits, spool).await?)
}

fn user_id(form: &Form, field: &'static str) -> Result<UserId, Error> {
    UserId::parse(form.text(field)?.unwrap_or("")).map_err(|fault| fault.at(field))
}

/// "You can use this endpoint to create new user if it does not exist yet, or login in Qiscus Server if does exist, or update
/// user's data, such as password, avatar, and extras."
async fn login_or_register(
    caller: Caller,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let Caller { version, tenant } = caller;
    let form = read(&request, payload, &spool).await?;
    let id = user_id(&form, version.login_field())?;
    let known = service.find_user(&tenant, &id)?;
    let login = LoginOrRegister {
        change: profile_change(&form, known.as_ref(), &tenant, &addresses)?,
        password: form.text("password")?.filter(|password| !password.is_empty()).map(Secret::new),
        device: if version.takes_device() { device(&form)? } else { None },
        id,
    };
    let account =
        service.login_or_register(&tenant, login).await.map_err(|error| in_this_doors_words(error, version))?;
    Ok(version.logged_in(&tenant.app, &addresses, &account))
}

/// What the call gives of a profile. An empty text means "not given", and a value that comes back as it is stored is not
/// held against this wire's narrower bounds.
fn profile_change(
    form: &Form,
    known: Option<&User>,
    tenant: &Tenant,
    addresses: &Addresses,
) -> Result<ProfileChange, Error> {
    let username = form.text("username")?.unwrap_or("");
    let stored = known.and_then(|user| user.profile.display_name.as_ref());
    let is_unchanged = stored.is_some_and(|stored| stored.as_str() == username);
    let display_name = match is_unchanged {
        true => Patch::Keep,
        false => text::at_most(username, USERNAME_CHARS_MAX)
            .and_then(DisplayName::parse)
            .map(Patch::Set)
            .map_err(|fault| fault.at("username"))?,
    };
    let avatar = addresses
        .avatar_change(form.text("avatar_url")?, known, tenant.app.settings.public_pictures)
        .map_err(|fault| fault.at("avatar_url"))?;
    Ok(ProfileChange { display_name, avatar, extras: extras(form)?, ..ProfileChange::default() })
}

/// `extras`: a JSON object, or JSON text of one; replaces the whole when given.
fn extras(form: &Form) -> Result<Patch<Extras>, Error> {
    match form.json("extras")? {
        None => Ok(Patch::Keep),
        Some(value) => Extras::parse(value).map(Patch::Set).map_err(|fault| fault.at("extras")),
    }
}

/// `device_token` and `device_platform`. Without a token there is nothing to remember.
fn device(form: &Form) -> Result<Option<Device>, Error> {
    let token =
        Patch::given(form.text("device_token")?, DeviceText::parse).map_err(|fault| fault.at("device_token"))?;
    let platform = match form.text("device_platform")?.unwrap_or("") {
        "" => None,
        "ios" => Some(DeviceType::Ios),
        "android" => Some(DeviceType::Android),
        _ => return Err(Fault::NotOneOf("ios, android").at("device_platform")),
    };
    let Patch::Set(token) = token else { return Ok(None) };
    let device_type = platform.ok_or(Fault::Missing.at("device_platform"))?;
    Ok(Some(Device { device_type, os_version: None, token: Some(token), voip_token: None, sandbox: false }))
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
async fn user_profile(
    caller: Caller,
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let Caller { version, tenant } = caller;
    let id = user_id(&Form::query(request.query_string())?, version.user_field())?;
    Ok(version.profile(&service, &tenant, &addresses, &id)?)
}

/// The token of a user, which stays the same.
async fn get_user_token(caller: Caller, service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let id = user_id(&Form::query(request.query_string())?, caller.version.user_field())?;
    Ok(reply::token(&service.account(&caller.tenant, &id)?.token))
}

/// "To reset user's token." The former one is dead when the answer leaves.
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
    let id = user_id(&read(&request, payload, &spool).await?, field)?;
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

/// "To get list of users." "limit: default: 20, max: 100, if the limit more than 100 then return 20."
async fn get_user_list(
    caller: Caller,
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let tenant = caller.tenant;
    let form = Form::query(request.query_string())?;
    let limit =
        number(form.text("limit")?).filter(|limit| (1..=Page::LIMIT_MAX).contains(limit)).unwrap_or(LIMIT_DEFAULT);
    let page = Page::new(number(form.text("page")?).unwrap_or(1), limit);
    let listed = service.users(&tenant, page, order(form.text("order_query")?)?).await?;
    Ok(reply::user_list(&tenant.app, &addresses, page, &listed))
}

/// A number as lists take it: what is none reads as not given.
fn number(raw: Option<&str>) -> Option<u32> {
    let raw = raw?.trim();
    match raw.parse() {
        Ok(number) => Some(number),
        // Beyond any list: whoever walks pages to the empty one must come to it.
        Err(_) if !raw.is_empty() && raw.bytes().all(|b| b.is_ascii_digit()) => Some(u32::MAX),
        Err(_) => None,
    }
}

/// `order_query`, such as `created_at desc nulls last`: lists are in creation order, either way round.
fn order(raw: Option<&str>) -> Result<Order, Error> {
    let words: Vec<String> = raw.unwrap_or("").split_whitespace().map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["created_at"] => Ok(Order::OldestFirst),
        ["created_at", way] | ["created_at", way, "nulls", "first" | "last"] if *way == "asc" => Ok(Order::OldestFirst),
        ["created_at", way] | ["created_at", way, "nulls", "first" | "last"] if *way == "desc" => {
            Ok(Order::NewestFirst)
        }
        _ => Err(Fault::NotOneOf("created_at asc, created_at desc").at("order_query")),
    }
}

/// Suspends users: all that are named, or none. Source: the wrapper for Go; proxies drop the body of a DELETE, so the query counts too.
async fn deactivate_users(
    caller: Caller,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let body = read(&request, payload, &spool).await?;
    let users = user_ids(&[body, Form::query(request.query_string())?])?;
    service.set_states(&caller.tenant, users, State::Suspended).await.map_err(of_user_ids)?;
    Ok(reply::message("The users are deactivated"))
}

/// Lets suspended users act again: all that are named, or none.
async fn reactivate_users(
    caller: Caller,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let users = user_ids(&[read(&request, payload, &spool).await?])?;
    service.set_states(&caller.tenant, users, State::Active).await.map_err(of_user_ids)?;
    Ok(reply::message("The users are active"))
}

/// `user_ids`, or `user_ids[]`: 1 to [`USER_IDS_MAX`] in the order given, as a JSON list or a repeated field.
fn user_ids(forms: &[Form]) -> Result<Vec<UserId>, Error> {
    const FIELD: &str = "user_ids";
    let mut users = Vec::new();
    for form in forms {
        for raw in form.texts(FIELD)?.into_iter().chain(form.texts("user_ids[]")?) {
            users.push(UserId::parse(raw).map_err(|fault| fault.at(FIELD))?);
        }
    }
    match users.len() {
        0 => Err(Fault::Missing.at(FIELD)),
        1..=USER_IDS_MAX => Ok(users),
        found => Err(Fault::TooMuch { most: USER_IDS_MAX as u64, unit: "ids", found: found as u64 }.at(FIELD)),
    }
}

fn of_user_ids(error: Error) -> Error {
    if let Error::Invalid { fault, .. } = error { fault.at("user_ids") } else { error }
}

/// "To get list of users who have unread count": nobody. `page` and `limit` may say what they like of an empty list.
async fn get_unread_users(_: Caller, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    within_times(&Form::query(request.query_string())?)?;
    Ok(reply::no_unread_users())
}

/// The messages that users have not read: none, for each user in the order given.
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
