//! The REST API for back ends: the calls about users, in both versions. Sources: the vendor's server API pages, section "User", and
//! the wrappers for Go, PHP and Python.

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    web::{self, Data, Payload},
};

use super::{
    caller::Caller,
    calls::{self, Call},
    fields::{self, Platforms},
    reply::{self, Refusal},
    version::Version,
};
use crate::{
    domain::{
        error::{Error, Fault, What},
        id::UserId,
        profile::{Patch, State},
        secret::Secret,
        time::Moment,
    },
    http::{addresses::Addresses, form::Form, spool::Spool},
    service::{Service, accounts::LoginOrRegister},
};

/// Every call: what the scope serves, and what a mistyped name is compared with.
const CALLS: &[Call] = &[
    ("login_or_register", || vec![web::post().to(login_or_register)]),
    ("user_profile", || vec![web::get().to(user_profile)]),
    ("get_user_token", || vec![web::get().to(get_user_token)]),
    ("reset_user_token", || vec![web::post().to(reset_user_token)]),
    ("get_user_list", || vec![web::get().to(get_user_list)]),
    ("deactivate_users", || vec![web::delete().to(deactivate_users)]),
    ("reactivate_users", || vec![web::post().to(reactivate_users)]),
    ("get_unread_users", || vec![web::get().to(get_unread_users)]),
    ("get_user_unread_count", || vec![web::get().to(get_user_unread_count)]),
];

/// `/api/v2.1/rest` and `/api/v2/rest`.
pub fn scope() -> Scope {
    calls::serve(web::scope(Version::PATHS).default_service(web::to(no_call)), CALLS)
}

async fn no_call(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let name = request.path().rsplit('/').next().unwrap_or("");
    Err(calls::refusal(name, CALLS))
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
    let form = fields::read(&request, payload, &spool).await?;
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
async fn get_user_token(caller: Caller, service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let id = fields::user_id(&Form::query(request.query_string())?, caller.version.user_field())?;
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
    let id = fields::user_id(&fields::read(&request, payload, &spool).await?, field)?;
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
    let page = fields::page(&form)?;
    let listed = service.users(&tenant, page, fields::order(&form)?).await?;
    Ok(reply::user_list(&tenant.app, &addresses, page, &listed))
}

/// Suspends users: all that are named, or none. Source: the wrapper for Go; proxies drop the body of a DELETE, so the query counts too.
async fn deactivate_users(
    caller: Caller,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let body = fields::read(&request, payload, &spool).await?;
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
    let users = user_ids(&[fields::read(&request, payload, &spool).await?])?;
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
