//! Coming in and going out: by the user's key, or by an identity token that the app's back end has signed.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        fields::{self, ExtrasGiven, UserIdText, Username},
        reply::{self, Answer, Message, One, Refusal, Refused, Renewed},
        view::FullView,
    },
    door::Visitor,
    identity,
};
use crate::{
    domain::{
        error::{Error, Fault},
        id::UserId,
        secret::Secret,
    },
    http::{addresses::Addresses, form::Form, peer, spool::Spool},
    service::{Service, accounts::Enrol, apps::Tenant, renewal::Session, sessions::Enter},
};

/// The field in which the SDKs send a user id.
const USER: &str = "email";

/// Who logs in, and what is to change of the profile.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(ToSchema)]
struct Login {
    email: UserIdText,
    /// The user's key: a new user's becomes its password, a known one's must be the same.
    #[schema(min_length = 1, max_length = 1024, example = "password")]
    password: String,
    username: Option<Username>,
    /// The address of a picture. Empty: not given.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    extras: Option<ExtrasGiven>,
}

/// Who logs in, vouched for by the app's back end.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(ToSchema)]
struct Vouched {
    /// A JSON Web Token, signed with the app's secret by HS256, HS384 or HS512: `iss` the app id, `exp`, `nce` a nonce of this server,
    /// `prn` the user id; `nbf`, `name`, `avatar_url`, `extras` where there are any.
    #[schema(min_length = 1, max_length = 65_536, example = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl")]
    identity_token: String,
}

/// Whose token is to be renewed.
#[expect(dead_code, reason = "a shape for the document; the call reads a form")]
#[derive(ToSchema)]
struct Renewal {
    user_id: UserIdText,
    /// The one that came with the token.
    refresh_token: String,
}

/// What an identity token must carry, and until when, in seconds since 1970.
#[derive(Serialize, ToSchema)]
struct NonceView<'a> {
    expired_at: i64,
    nonce: &'a str,
}

/// `setUser`: logs a user in by its key, or registers it.
///
/// The first login with an id makes the user and takes the key for its password, later ones must give the same key. Only what is given
/// of the profile is replaced, and the key never.
#[utoipa::path(
    post,
    path = "/login_or_register",
    tag = "Session",
    request_body = Login,
    security(("app_id" = [])),
    responses(
        (status = 200, description = "The user with its token", body = Answer<One<FullView>>),
        (
            status = 429, description = "Too many failed logins of late", body = Refused,
            headers(("Retry-After" = u64, description = "Seconds until it is worth trying again")),
        ),
    ),
)]
pub(super) async fn login_or_register(
    visitor: Visitor,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let tenant = visitor.tenant;
    let form = fields::read_before_sign_in(&service, &tenant, &request, payload, &spool).await?;
    let id = fields::user_id(&form, USER)?;
    let key = form.text("password")?.filter(|key| !key.is_empty()).ok_or(Fault::Missing.at("password"))?;
    let known = service.find_user(&tenant, &id)?;
    let change = fields::profile_change(&form, "username", known.as_ref(), &tenant, &addresses)?;
    let enter = Enter { id, key: Secret::new(key), change, from: peer::client(&request) };
    let entered = service.enter(&tenant, enter).await;
    welcome(&service, &tenant, &addresses, &entered.map_err(|error| refused(error, Refusal::WrongPassword))?)
}

/// `getNonce`: what the next identity token must carry.
#[utoipa::path(
    post,
    path = "/auth/nonce",
    tag = "Session",
    security(("app_id" = [])),
    responses((status = 200, description = "For one use, good for ten minutes", body = Answer<NonceView>)),
)]
pub(super) async fn nonce(visitor: Visitor, service: Data<Service>) -> HttpResponse {
    let nonce = service.draw_nonce(&visitor.tenant);
    reply::results(NonceView { expired_at: nonce.expires_at.unix_s(), nonce: &nonce.text })
}

/// `verifyIdentityToken`: logs a user in by an identity token.
///
/// The app's own back end has vouched for the user, so an unknown one is made, whatever `registration` says.
#[utoipa::path(
    post,
    path = "/auth/verify_identity_token",
    tag = "Session",
    request_body = Vouched,
    security(("app_id" = [])),
    responses((status = 200, description = "The user with its token", body = Answer<One<FullView>>)),
)]
pub(super) async fn verify_identity_token(
    visitor: Visitor,
    service: Data<Service>,
    addresses: Data<Addresses>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let tenant = visitor.tenant;
    let form = fields::read_before_sign_in(&service, &tenant, &request, payload, &spool).await?;
    let token = form.text("identity_token")?.filter(|token| !token.is_empty());
    let claims: Form = identity::read(&service, &tenant, token.ok_or(Fault::Missing.at("identity_token"))?)?;
    let id = fields::user_id(&claims, "prn")?;
    let known = service.find_user(&tenant, &id)?;
    let change = fields::profile_change(&claims, "name", known.as_ref(), &tenant, &addresses)?;
    // Last, so that a token refused for what it says has not spent it.
    identity::spend_nonce(&service, &tenant, &claims)?;
    let vouched = service.vouched(&tenant, Enrol { id, change, device: None }).await;
    welcome(&service, &tenant, &addresses, &vouched.map_err(|error| refused(error, Refusal::UnknownApp))?)
}

fn refused(error: Error, unauthenticated: Refusal) -> Refusal {
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => Fault::Reserved.at(USER).into(),
        false => unless_known(error, unauthenticated),
    }
}

fn welcome(
    service: &Service,
    tenant: &Tenant,
    addresses: &Addresses,
    session: &Session,
) -> Result<HttpResponse, Refusal> {
    service.saw(session.account.user.key);
    let seq = service.last_event_seq()?;
    let user = FullView::of(&tenant.app, addresses, &session.account).behind(seq).renewable(session.renewal.as_ref());
    Ok(reply::user(user))
}

/// Renews a token that has a lifetime.
///
/// Asked by the SDK when its token has expired, and at the moment it does. The token in the header is not looked at: it is expired.
#[utoipa::path(
    post,
    path = "/refresh_user_token",
    tag = "Session",
    request_body = Renewal,
    security(("app_id" = [])),
    responses(
        (status = 200, description = "The new token", body = Answer<Renewed>),
        (status = 404, description = "The user is gone by now", body = Refused),
    ),
)]
pub(super) async fn refresh_user_token(
    visitor: Visitor,
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let form = fields::read_before_sign_in(&service, &visitor.tenant, &request, payload, &spool).await?;
    let refresh_token = form.text("refresh_token")?.unwrap_or("");
    let Ok(id) = UserId::parse(form.text("user_id")?.unwrap_or("")) else { return Err(Refusal::WrongRefreshToken) };
    let renewed = service
        .renew(&visitor.tenant, &id, refresh_token)
        .await
        .map_err(|error| unless_known(error, Refusal::WrongRefreshToken))?;
    service.saw(renewed.account.user.key);
    Ok(reply::renewed(&renewed))
}

fn unless_known(error: Error, unauthenticated: Refusal) -> Refusal {
    match matches!(error, Error::Unauthenticated(_)) {
        true => unauthenticated,
        false => error.into(),
    }
}

/// `disconnect`: signs the user of the token off.
///
/// Answers 200 also for a token that is dead: the SDK takes anything else for a failure, which ends a Node process.
#[utoipa::path(
    post,
    path = "/logout",
    tag = "Session",
    security(("app_id" = []), ("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "Nobody acts by this token any more", body = Answer<Message>),
        (status = 503, description = "Too much is waiting: the same call may go through in a moment", body = Refused),
        (status = 507, description = "The disk is full: nothing was done", body = Refused),
    ),
)]
pub(super) async fn logout(visitor: Visitor, service: Data<Service>) -> Result<HttpResponse, Refusal> {
    service.sign_off(&visitor.tenant, visitor.token.expose()).await?;
    Ok(reply::message("Logged out"))
}
