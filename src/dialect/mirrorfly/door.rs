//! Who calls: the app's back end, a user, or somebody without a token at an app's host.

use std::sync::Arc;

use actix_web::{
    HttpRequest,
    dev::RequestHead,
    http::header::{AUTHORIZATION, HOST},
    web::Payload,
};
use serde_json::{Map, Value};

use super::{jid::Spelling, reply::Refused};
use crate::{
    domain::{
        error::{Error, Fault, Unauthenticated},
        id::{Host, UserId, UserKey},
        listening::Wire,
        page::Page,
        secret::Secret,
    },
    http::{
        form::{self, Form, FormLimits},
        spool::Spool,
    },
    service::{Service, accounts::Caller, apps::Tenant},
};

/// A user who calls by its own token.
pub(super) struct SignedIn {
    /// The app it is a user of.
    pub(super) tenant: Arc<Tenant>,
    /// Its key, by which it reads and writes its own data.
    pub(super) key: UserKey,
    /// Its id, to be shown.
    pub(super) id: UserId,
    /// How its client spells that id.
    pub(super) spelling: Spelling,
}

/// What stands behind a ticket in the token of a client that spells its id with a backslash.
const BACKSLASH_MARK: &str = "~40";

/// A token as this dialect hands it out: a ticket, and how its client spells its own id.
///
/// `GET users/config` is encrypted with the name that the client signed in by, and only the token can tell which that was.
pub(super) struct Token<'a> {
    /// What the service knows.
    pub(super) ticket: &'a str,
    spelling: Spelling,
}

impl<'a> Token<'a> {
    /// The token of the `Authorization` header; this wire sends it bare.
    pub(super) fn of(head: &'a RequestHead) -> Option<Self> {
        let token = head.headers().get(AUTHORIZATION)?.to_str().ok().filter(|token| !token.is_empty())?;
        Some(match token.strip_suffix(BACKSLASH_MARK) {
            Some(ticket) => Self { ticket, spelling: Spelling::Backslash },
            None => Self { ticket: token, spelling: Spelling::Equals },
        })
    }

    /// Writes the token of a client that signed in by `username`.
    pub(super) fn write(ticket: &Secret, username: &str) -> String {
        let mark = match Spelling::of(username) {
            Spelling::Equals => "",
            Spelling::Backslash => BACKSLASH_MARK,
        };
        format!("{}{mark}", ticket.expose())
    }
}

/// The holder of the token in the `Authorization` header.
/// # Errors
/// `Unauthenticated`, [`Refused::Bearer`], or that the app does not serve this dialect.
pub(super) fn caller(service: &Service, request: &HttpRequest) -> Result<Caller, Refused> {
    let token = Token::of(request.head()).ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
    if token.ticket.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer")) {
        return Err(Refused::Bearer);
    }
    let caller = service.caller(token.ticket, Wire::MirrorFly)?;
    served(&caller.tenant)?;
    Ok(caller)
}

/// The app of the token in the `Authorization` header, whoever holds it.
pub fn app_named(service: &Service, head: &RequestHead) -> Option<Arc<Tenant>> {
    service.caller(Token::of(head)?.ticket, Wire::MirrorFly).ok().map(|caller| caller.tenant)
}

/// The app's back end: the holder of a token that `/login` gave to the back-end account.
/// # Errors
/// As [`caller`]; [`Refused::WrongHolder`] for a user.
pub(super) fn back_end(service: &Service, request: &HttpRequest) -> Result<Arc<Tenant>, Refused> {
    let caller = caller(service, request)?;
    match caller.is_back_end() {
        true => Ok(caller.tenant),
        false => Err(Refused::WrongHolder),
    }
}

/// As [`back_end`], below `/users/{userId}`. A user's client that calls there means a call of that name, which is not served: a 401 would make
/// the vendor's SDK sign in again, call again, and fail.
/// # Errors
/// As [`caller`]; [`Refused::UnknownCall`] for a user.
pub(super) fn back_end_of_user_path(service: &Service, request: &HttpRequest) -> Result<Arc<Tenant>, Refused> {
    let caller = caller(service, request)?;
    match caller.is_back_end() {
        true => Ok(caller.tenant),
        false => Err(Refused::UnknownCall),
    }
}

/// A user, by its own token.
/// # Errors
/// As [`caller`]; [`Refused::WrongHolder`] for the back end.
pub(super) fn user(service: &Service, request: &HttpRequest) -> Result<SignedIn, Refused> {
    let caller = caller(service, request)?;
    let (key, id) = caller.user().ok_or(Refused::WrongHolder)?;
    let spelling = Token::of(request.head()).map_or(Spelling::Equals, |token| token.spelling);
    Ok(SignedIn { key, id: id.clone(), tenant: caller.tenant, spelling })
}

/// The app that an unauthenticated call is for: this wire names none, so the host does. What proxies say of it is not asked.
/// # Errors
/// Those of looking up the app, or that it does not serve this dialect.
pub(super) fn addressed(service: &Service, request: &HttpRequest) -> Result<Arc<Tenant>, Refused> {
    at(service, host(request).as_ref())
}

/// The host a request names.
pub(super) fn host(request: &HttpRequest) -> Option<Host> {
    Host::of_header(request.headers().get(HOST)?.to_str().ok()?).ok()
}

/// The app at a host.
/// # Errors
/// As [`addressed`].
pub(super) fn at(service: &Service, host: Option<&Host>) -> Result<Arc<Tenant>, Refused> {
    let tenant = service.tenant_at(host)?;
    served(&tenant)?;
    Ok(tenant)
}

/// Reads a form. That may take a minute, so the app is asked once more whether it serves this dialect.
/// # Errors
/// Those of the body; that the app has stopped serving this dialect meanwhile.
pub(super) async fn read(
    service: &Service,
    tenant: &Tenant,
    request: &HttpRequest,
    payload: Payload,
    limits: &FormLimits,
    spool: &Spool,
) -> Result<Form, Refused> {
    let form = Form::read(request, payload, limits, spool).await?;
    served_now(service, tenant).map(|_| form)
}

/// Reads a JSON object, as [`read`] does a form.
/// # Errors
/// As [`read`].
pub(super) async fn read_object(
    service: &Service,
    tenant: &Tenant,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Option<Map<String, Value>>, Refused> {
    let object = form::read_object(request, payload, &FormLimits::default()).await?;
    served_now(service, tenant).map(|_| object)
}

/// As [`read_object`], keeping what `read` makes of the object: for calls that may be long.
/// # Errors
/// As [`read_object`].
pub(super) async fn read_object_as<T: Send + 'static>(
    service: &Service,
    tenant: &Tenant,
    request: &HttpRequest,
    payload: Payload,
    read: impl FnOnce(Option<Map<String, Value>>) -> T + Send + 'static,
) -> Result<T, Refused> {
    let made = form::read_object_as(request, payload, &FormLimits::default(), read).await?;
    served_now(service, tenant).map(|_| made)
}

/// The app as it is now, for a call that has waited: for its body, or for its turn on a socket.
/// # Errors
/// That the app does not serve this dialect any more.
pub(super) fn served_now(service: &Service, tenant: &Tenant) -> Result<Arc<Tenant>, Refused> {
    let tenant = service.tenant_now(tenant)?;
    served(&tenant)?;
    Ok(tenant)
}

pub(super) fn served(tenant: &Tenant) -> Result<(), Refused> {
    match tenant.app.settings.dialects.mirrorfly {
        true => Ok(()),
        false => Err(Refused::SwitchedOff),
    }
}

/// The text of a field that must be given and not be empty.
/// # Errors
/// `Invalid` at `field`.
pub(super) fn required<'a>(form: &'a Form, field: &'static str) -> Result<&'a str, Error> {
    form.text(field)?.filter(|given| !given.is_empty()).ok_or(Fault::Missing.at(field))
}

/// The page that a query asks for by `page`, from 1, and `size`.
/// # Errors
/// `Invalid` at either.
pub(super) fn page(query: &Form, size_default: u32) -> Result<Page, Error> {
    let number = counted(query, "page", 1, u32::MAX, "a number from 1 to 4294967295")?;
    let size = counted(query, "size", size_default, Page::LIMIT_MAX, "a number from 1 to 100")?;
    Ok(Page::new(number, size))
}

fn counted(query: &Form, field: &'static str, default: u32, most: u32, range: &'static str) -> Result<u32, Error> {
    match query.text(field)? {
        None | Some("") => Ok(default),
        Some(given) => match given.parse() {
            Ok(number) if (1..=most).contains(&number) => Ok(number),
            Ok(_) | Err(_) => Err(Fault::OutOfRange(range).at(field)),
        },
    }
}
