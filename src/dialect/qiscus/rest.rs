//! The REST API for back ends, v2.1: four calls about users. Source: the vendor's server API page, section "User".

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, Resource, Route, Scope,
    web::{self, Data, Payload},
};

use super::reply::{self, Refusal};
use crate::{
    domain::{
        error::{Error, Fault, What},
        free_data::Extras,
        id::UserId,
        page::{Order, Page},
        profile::{Patch, ProfileChange, User},
        secret::Secret,
        text::{self, DisplayName},
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

/// Fields that may be wider than the others.
const WIDE_FIELDS: &[&str] = &["extras"];

/// `/api/v2.1/rest`.
pub fn scope() -> Scope {
    web::scope("/api/v2.1/rest")
        .service(call("/login_or_register", web::post().to(login_or_register)))
        .service(call("/user_profile", web::get().to(user_profile)))
        .service(call("/reset_user_token", web::post().to(reset_user_token)))
        .service(call("/get_user_list", web::get().to(get_user_list)))
        .default_service(web::to(reply::unknown_call))
}

fn call(path: &str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(web::to(reply::wrong_method))
}

/// The app whose id and secret the headers present, in either spelling: the vendor's own examples mix them.
fn caller(service: &Service, request: &HttpRequest) -> Result<Arc<Tenant>, Refusal> {
    let header = |hyphened: &str, underscored: &str| {
        let headers = request.headers();
        headers.get(hyphened).or_else(|| headers.get(underscored)).and_then(|value| value.to_str().ok()).unwrap_or("")
    };
    let app_id = header("QISCUS-SDK-APP-ID", "QISCUS_SDK_APP_ID");
    if app_id.is_empty() {
        return Err(Refusal::MissingAppId);
    }
    let tenant = service.admit(app_id, header("QISCUS-SDK-SECRET", "QISCUS_SDK_SECRET"))?;
    match tenant.app.settings.dialects.qiscus {
        true => Ok(tenant),
        false => Err(Refusal::SwitchedOff),
    }
}

async fn read(request: &HttpRequest, payload: Payload, spool: &Spool) -> Result<Form, Refusal> {
    let limits = FormLimits { wide_fields: WIDE_FIELDS, ..FormLimits::default() };
    Ok(Form::read(request, payload, &limits, spool).await?)
}

fn user_id(form: &Form) -> Result<UserId, Error> {
    UserId::parse(form.text("user_id")?.unwrap_or("")).map_err(|fault| fault.at("user_id"))
}

/// "You can use this endpoint to create new user if it does not exist yet, or login in Qiscus Server if does exist, or update
/// user's data, such as password, avatar, and extras."
async fn login_or_register(
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let tenant = caller(&service, &request)?;
    let form = read(&request, payload, &spool).await?;
    let id = user_id(&form)?;
    let known = service.find_user(&tenant, &id)?;
    let login = LoginOrRegister {
        change: profile_change(&form, known.as_ref(), &tenant, &addresses)?,
        password: form.text("password")?.filter(|password| !password.is_empty()).map(Secret::new),
        device: None,
        id,
    };
    let account = service.login_or_register(&tenant, login).await.map_err(in_this_doors_words)?;
    Ok(reply::user(&tenant.app, &addresses, &account.user))
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

/// "For those users already created you can not use this API login_or_register without passing password value."
fn in_this_doors_words(error: Error) -> Refusal {
    if error == Error::Conflict(What::User) {
        return Fault::Malformed("given for a user that exists already").at("password").into();
    }
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => Fault::Reserved.at("user_id").into(),
        false => error.into(),
    }
}

/// "To get user's profile data."
async fn user_profile(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let tenant = caller(&service, &request)?;
    let user = service.user(&tenant, &user_id(&Form::query(request.query_string())?)?)?;
    Ok(reply::user(&tenant.app, &addresses, &user))
}

/// "To reset user's token." The former one is dead when the answer leaves.
async fn reset_user_token(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let tenant = caller(&service, &request)?;
    let form = read(&request, payload, &spool).await?;
    let account = service.reset_token(&tenant, user_id(&form)?).await.map_err(reply::missing_user_is_invalid)?;
    Ok(reply::token(&account.token))
}

/// "To get list of users." "limit: default: 20, max: 100, if the limit more than 100 then return 20."
async fn get_user_list(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let tenant = caller(&service, &request)?;
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
