//! Who calls: the app's back end, a user, or somebody without a token at an app's host.

use std::{ops::Deref, sync::Arc};

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
        form::{Authenticate, Optional, Parse},
        origins,
    },
    service::{Service, accounts::Caller, apps::Tenant},
};
use actix_web::{
    HttpRequest,
    dev::RequestHead,
    http::header::{AUTHORIZATION, HOST},
};

/// The holder of a token: the app's back end or a user.
pub(super) struct Holder(Caller);

impl Deref for Holder {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

/// The app's back end: the holder of a token that `/login` gave to the back-end account.
pub(super) struct BackEnd {
    /// The app.
    pub(super) tenant: Arc<Tenant>,
}

/// As [`BackEnd`], below `/users/{userId}`.
pub(super) struct BackEndOfUserPath {
    /// The app.
    pub(super) tenant: Arc<Tenant>,
}

/// A caller without a token, at an app's host.
pub(super) struct Visitor {
    /// The app.
    pub(super) tenant: Arc<Tenant>,
}

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
pub(super) async fn caller(service: &Service, request: &HttpRequest) -> Result<Caller, Refused> {
    let token = Token::of(request.head()).ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
    if token.ticket.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer")) {
        return Err(Refused::Bearer);
    }
    let caller = service.caller(token.ticket, Wire::MirrorFly).await?;
    served(&caller.tenant)?;
    Ok(caller)
}

macro_rules! callers {
    ($($caller:ident, $find:path;)*) => {$(
        impl Authenticate for $caller {
            type Refused = Refused;

            async fn authenticate(service: &Service, request: &HttpRequest) -> Result<Self, Refused> {
                $find(service, request).await
            }

            fn still_served(&self, service: &Service) -> Result<(), Refused> {
                served_now(service, &self.tenant).map(drop)
            }
        }
    )*};
}

callers! { Holder, holder; BackEnd, back_end; BackEndOfUserPath, back_end_of_user_path; SignedIn, user; Visitor, visitor; }

/// The app of the token in the `Authorization` header, whoever holds it.
pub fn app_named(service: &Service, head: &RequestHead) -> Option<Arc<Tenant>> {
    let caller = origins::at_once(service.caller(Token::of(head)?.ticket, Wire::MirrorFly))?;
    caller.ok().map(|caller| caller.tenant)
}

async fn holder(service: &Service, request: &HttpRequest) -> Result<Holder, Refused> {
    caller(service, request).await.map(Holder)
}

async fn back_end(service: &Service, request: &HttpRequest) -> Result<BackEnd, Refused> {
    let caller = caller(service, request).await?;
    if caller.is_back_end() { Ok(BackEnd { tenant: caller.tenant }) } else { Err(Refused::WrongHolder) }
}

/// A user's client that calls there means a call of that name, which is not served: a 401 would make the vendor's SDK sign in again, call
/// again, and fail.
async fn back_end_of_user_path(service: &Service, request: &HttpRequest) -> Result<BackEndOfUserPath, Refused> {
    let caller = caller(service, request).await?;
    if caller.is_back_end() { Ok(BackEndOfUserPath { tenant: caller.tenant }) } else { Err(Refused::UnknownCall) }
}

async fn user(service: &Service, request: &HttpRequest) -> Result<SignedIn, Refused> {
    let caller = caller(service, request).await?;
    let (key, id) = caller.user().ok_or(Refused::WrongHolder)?;
    let spelling = Token::of(request.head()).map_or(Spelling::Equals, |token| token.spelling);
    Ok(SignedIn { key, id: id.clone(), tenant: caller.tenant, spelling })
}

/// This wire names no app, so the host does. What proxies say of it is not asked.
async fn visitor(service: &Service, request: &HttpRequest) -> Result<Visitor, Refused> {
    at(service, host(request).as_ref()).map(|tenant| Visitor { tenant })
}

/// The host a request names.
pub(super) fn host(request: &HttpRequest) -> Option<Host> {
    Host::of_header(request.headers().get(HOST)?.to_str().ok()?).ok()
}

/// The app at a host.
/// # Errors
/// Those of looking up the app, or that it does not serve this dialect.
pub(super) fn at(service: &Service, host: Option<&Host>) -> Result<Arc<Tenant>, Refused> {
    let tenant = service.tenant_at(host)?;
    served(&tenant)?;
    Ok(tenant)
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

/// The number of a page, from 1.
pub(super) struct PageNumber(u32);

impl Parse for PageNumber {
    fn parse(raw: &str) -> Result<Self, Fault> {
        counted(raw, u32::MAX).map(Self).ok_or(Fault::OutOfRange("a number from 1 to 4294967295"))
    }
}

/// How many rows a page has.
pub(super) struct PageSize(u32);

impl Parse for PageSize {
    fn parse(raw: &str) -> Result<Self, Fault> {
        counted(raw, Page::LIMIT_MAX).map(Self).ok_or(Fault::OutOfRange("a number from 1 to 100"))
    }
}

fn counted(raw: &str, most: u32) -> Option<u32> {
    raw.parse().ok().filter(|number| (1..=most).contains(number))
}

/// The page that a query asks for: the first one, unless it says otherwise.
pub(super) fn page(number: Optional<PageNumber>, size: Optional<PageSize>, size_default: u32) -> Page {
    Page::new(number.0.map_or(1, |number| number.0), size.0.map_or(size_default, |size| size.0))
}
