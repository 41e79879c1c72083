//! Authenticates callers: the app's back end and users by a token, and clients without a token by the app's host.

use std::{ops::Deref, sync::Arc};

use actix_web::{HttpRequest, dev::RequestHead, http::header::AUTHORIZATION};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{jid::Spelling, reply::MirrorFlyError};
use crate::{
    domain::{Error, Fault, Host, Page, Secret, Unauthenticated, UserId, UserKey, Vendor},
    http::{
        form::{Authenticate, Optional, Parse},
        origins, peer,
    },
    service::{Service, Tenant, TicketCaller, accounts::TICKET_LIFE},
};

pub(super) struct TokenHolder(TicketCaller);

impl Deref for TokenHolder {
    type Target = TicketCaller;

    fn deref(&self) -> &TicketCaller {
        &self.0
    }
}

pub(super) struct BackEnd<const AT_USER_PATH: bool = false> {
    pub(super) tenant: Arc<Tenant>,
}

pub(super) type BackEndAtUserPath = BackEnd<true>;

/// A caller without a token. The request's host selects the app.
pub(super) struct MirrorFlyClient {
    pub(super) tenant: Arc<Tenant>,
}

pub(super) struct MirrorFlyUser {
    pub(super) tenant: Arc<Tenant>,
    pub(super) key: UserKey,
    pub(super) id: UserId,
    pub(super) spelling: Spelling,
}

/// The first part of every token. Its text is `{"alg":"none","typ":"JWT"}`.
const TOKEN_HEAD: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

/// The suffix of a token whose client spells its id with a backslash.
const BACKSLASH_MARK: &str = "~40";

/// An access token of this dialect: a ticket, and how the client spells its own id.
///
/// It has the shape of a JWT, because the SDK's `getUserToken` reads the time of its end, `exp`, from the second part.
/// The ticket is the third part and alone proves anything; it is accepted by itself too.
///
/// `GET users/config` is encrypted with the name by which the client signed in, and only the token tells which spelling
/// that was.
pub(super) struct MirrorFlyToken<'a> {
    pub(super) ticket: &'a str,
    spelling: Spelling,
}

impl<'a> MirrorFlyToken<'a> {
    pub(super) fn of(head: &'a RequestHead) -> Option<Self> {
        let token = head.headers().get(AUTHORIZATION)?.to_str().ok().filter(|token| !token.is_empty())?;
        let (token, spelling) = match token.strip_suffix(BACKSLASH_MARK) {
            Some(token) => (token, Spelling::Backslash),
            None => (token, Spelling::Equals),
        };
        let ticket = token.strip_prefix(TOKEN_HEAD).and_then(|parts| parts.rsplit_once('.'));
        Some(Self { ticket: ticket.map_or(token, |(_, ticket)| ticket), spelling })
    }

    /// Writes the token of a client that signed in as `username` now.
    pub(super) fn write(service: &Service, ticket: &Secret, username: &str) -> String {
        let mark = match Spelling::of(username) {
            Spelling::Equals => "",
            Spelling::Backslash => BACKSLASH_MARK,
        };
        let claims = format!(r#"{{"exp":{}}}"#, service.now().after(TICKET_LIFE).unix_s());
        format!("{TOKEN_HEAD}.{}.{}{mark}", BASE64_URL_SAFE_NO_PAD.encode(claims), ticket.expose())
    }
}

pub(super) async fn caller(service: &Service, request: &HttpRequest) -> Result<TicketCaller, MirrorFlyError> {
    let token = MirrorFlyToken::of(request.head()).ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
    if token.ticket.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer")) {
        return Err(MirrorFlyError::Bearer);
    }
    let caller = service.caller(token.ticket, Vendor::MirrorFly).await?;
    ensure_served(&caller.tenant)?;
    Ok(caller)
}

macro_rules! callers {
    ($($caller:ty, $find:path;)*) => {$(
        impl Authenticate for $caller {
            type Refused = MirrorFlyError;

            async fn authenticate(service: &Service, request: &HttpRequest) -> Result<Self, MirrorFlyError> {
                $find(service, request).await
            }

            fn still_served(&self, service: &Service) -> Result<(), MirrorFlyError> {
                tenant_if_served(service, &self.tenant).map(drop)
            }
        }
    )*};
}

callers! {
    TokenHolder, holder; BackEnd, back_end; BackEndAtUserPath, back_end; MirrorFlyUser, user; MirrorFlyClient, client;
}

pub fn app_named(service: &Service, head: &RequestHead) -> Option<Arc<Tenant>> {
    let caller = origins::at_once(service.caller(MirrorFlyToken::of(head)?.ticket, Vendor::MirrorFly))?;
    caller.ok().map(|caller| caller.tenant)
}

async fn holder(service: &Service, request: &HttpRequest) -> Result<TokenHolder, MirrorFlyError> {
    caller(service, request).await.map(TokenHolder)
}

/// A user's request to the path of a user means a call that Standin does not serve. A 401 would make the SDK sign in
/// again, repeat the call, and fail.
async fn back_end<const AT_USER_PATH: bool>(
    service: &Service,
    request: &HttpRequest,
) -> Result<BackEnd<AT_USER_PATH>, MirrorFlyError> {
    let caller = caller(service, request).await?;
    match caller.is_back_end() {
        true => Ok(BackEnd { tenant: caller.tenant }),
        false if AT_USER_PATH => Err(MirrorFlyError::UnknownCall),
        false => Err(MirrorFlyError::WrongHolder),
    }
}

async fn user(service: &Service, request: &HttpRequest) -> Result<MirrorFlyUser, MirrorFlyError> {
    let caller = caller(service, request).await?;
    let (key, id) = caller.user().ok_or(MirrorFlyError::WrongHolder)?;
    let spelling = MirrorFlyToken::of(request.head()).map_or(Spelling::Equals, |token| token.spelling);
    Ok(MirrorFlyUser { key, id: id.clone(), tenant: caller.tenant, spelling })
}

/// The request names no app, so its host selects one.
async fn client(service: &Service, request: &HttpRequest) -> Result<MirrorFlyClient, MirrorFlyError> {
    tenant_at(service, peer::host(request).as_ref()).map(|tenant| MirrorFlyClient { tenant })
}

pub(super) fn tenant_at(service: &Service, host: Option<&Host>) -> Result<Arc<Tenant>, MirrorFlyError> {
    let tenant = service.tenant_at(host)?;
    ensure_served(&tenant)?;
    Ok(tenant)
}

/// Returns the app as it is now, for a request that has waited.
/// # Errors
/// The app no longer serves this dialect.
pub(super) fn tenant_if_served(service: &Service, tenant: &Tenant) -> Result<Arc<Tenant>, MirrorFlyError> {
    let tenant = service.tenant_now(tenant)?;
    ensure_served(&tenant)?;
    Ok(tenant)
}

pub(super) fn ensure_served(tenant: &Tenant) -> Result<(), MirrorFlyError> {
    match tenant.app.settings.dialects.mirrorfly {
        true => Ok(()),
        false => Err(MirrorFlyError::SwitchedOff),
    }
}

pub(super) struct PageNumber(u32);

impl Parse for PageNumber {
    fn parse(raw: &str) -> Result<Self, Fault> {
        counted(raw, u32::MAX).map(Self).ok_or(Fault::OutOfRange("a number from 1 to 4294967295"))
    }
}

pub(super) struct PageSize(u32);

impl PageSize {
    pub(super) fn number(&self) -> u32 {
        self.0
    }
}

impl Parse for PageSize {
    fn parse(raw: &str) -> Result<Self, Fault> {
        counted(raw, Page::LIMIT_MAX).map(Self).ok_or(Fault::OutOfRange("a number from 1 to 100"))
    }
}

fn counted(raw: &str, most: u32) -> Option<u32> {
    raw.parse().ok().filter(|number| (1..=most).contains(number))
}

/// The last row that a list without a cursor can reach.
const ROWS_MAX: u32 = 10_000;

/// As [`page`], for lists in which a later page takes longer to find.
/// # Errors
/// `Invalid` at `page` for a page that ends after the row 10,000.
pub(super) fn near_page(
    number: Optional<PageNumber>,
    size: Optional<PageSize>,
    size_default: u32,
) -> Result<Page, Error> {
    let page = page(number, size, size_default);
    match page.offset() + u64::from(page.limit()) > u64::from(ROWS_MAX) {
        true => Err(Fault::OutOfRange("a number whose page ends with the row 10,000 at most").at("page")),
        false => Ok(page),
    }
}

pub(super) fn page(number: Optional<PageNumber>, size: Optional<PageSize>, size_default: u32) -> Page {
    Page::new(number.0.map_or(1, |number| number.0), size.0.map_or(size_default, |size| size.0))
}
