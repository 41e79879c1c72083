//! Coming in and going out: by the user's key, or by an identity token that the app's back end has signed.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        fields::{ExtrasGiven, ProfileGiven, UserIdText, Username, WIDE_FIELDS},
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
    http::{
        addresses::Addresses,
        form::{Call, FormLimits, Required, read_from},
    },
    service::{Service, accounts::Enrol, apps::Tenant, renewal::Session, sessions::Enter},
};

read_from!(Form within limits: Login, Vouched, Renewal);

/// The field in which the SDKs send a user id.
const USER: &str = "email";

/// Who logs in, and what is to change of the profile.
#[derive(Deserialize, ToSchema)]
pub(super) struct Login {
    email: UserIdText,
    /// The user's key: a new user's becomes its password, a known one's must be the same.
    #[schema(value_type = String, min_length = 1, max_length = 1024, example = "password")]
    password: Required<String>,
    username: Option<Username>,
    /// The address of a picture. Empty: not given.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    #[schema(value_type = Option<ExtrasGiven>)]
    extras: ExtrasGiven,
}

/// Who logs in, vouched for by the app's back end.
#[derive(Deserialize, ToSchema)]
pub(super) struct Vouched {
    /// A JSON Web Token, signed with the app's secret by HS256, HS384 or HS512: `iss` the app id, `exp`, `nce` a nonce of this server,
    /// `prn` the user id; `nbf`, `name`, `avatar_url`, `extras` where there are any.
    #[schema(value_type = String, min_length = 1, max_length = 65_536, example = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl")]
    identity_token: Required<String>,
}

/// Whose token is to be renewed.
#[derive(Deserialize, ToSchema)]
pub(super) struct Renewal {
    #[schema(value_type = UserIdText)]
    user_id: Option<String>,
    /// The one that came with the token.
    #[schema(value_type = String)]
    refresh_token: Option<String>,
}

/// The bounds of bodies whose senders have shown no token yet.
fn limits(_: FormLimits, _: &Service) -> FormLimits {
    FormLimits::before_sign_in_with(WIDE_FIELDS)
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
    addresses: Data<Addresses>,
    call: Call<Visitor, Login>,
) -> Result<HttpResponse, Refusal> {
    let Call { service, caller: Visitor { tenant, .. }, form, client, .. } = call;
    let (UserIdText(id), name) = (form.email, form.username.map(|name| name.0));
    let profile = ProfileGiven { name_field: "username", name, avatar_url: form.avatar_url, extras: form.extras };
    let change = profile.change(service.find_user(&tenant, &id).await?.as_ref(), &tenant, &addresses)?;
    let enter = Enter { id, key: Secret::new(form.password.0), change, from: client };
    let entered = service.enter(&tenant, enter).await;
    welcome(&service, &tenant, &addresses, &entered.map_err(|error| refused(error, Refusal::WrongPassword))?).await
}

/// `getNonce`: what the next identity token must carry.
#[utoipa::path(
    post,
    path = "/auth/nonce",
    tag = "Session",
    security(("app_id" = [])),
    responses((status = 200, description = "For one use, good for ten minutes", body = Answer<NonceView>)),
)]
pub(super) async fn nonce(call: Call<Visitor>) -> HttpResponse {
    let nonce = call.service.draw_nonce(&call.caller.tenant);
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
    addresses: Data<Addresses>,
    call: Call<Visitor, Vouched>,
) -> Result<HttpResponse, Refusal> {
    let (service, tenant) = (call.service, call.caller.tenant);
    let claims = identity::read(&service, &tenant, &call.form.identity_token.0)?;
    let (UserIdText(id), avatar_url) = (claims.prn, claims.avatar_url);
    let profile = ProfileGiven { name_field: "name", name: claims.name, avatar_url, extras: claims.extras };
    let change = profile.change(service.find_user(&tenant, &id).await?.as_ref(), &tenant, &addresses)?;
    // Last, so that a token refused for what it says has not spent it.
    identity::spend_nonce(&service, &tenant, &claims.nce.0)?;
    let vouched = service.vouched(&tenant, Enrol { id, change, device: None }).await;
    welcome(&service, &tenant, &addresses, &vouched.map_err(|error| refused(error, Refusal::UnknownApp))?).await
}

fn refused(error: Error, unauthenticated: Refusal) -> Refusal {
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => Fault::Reserved.at(USER).into(),
        false => unless_known(error, unauthenticated),
    }
}

async fn welcome(
    service: &Service,
    tenant: &Tenant,
    addresses: &Addresses,
    session: &Session,
) -> Result<HttpResponse, Refusal> {
    service.saw(session.account.user.key);
    let seq = service.last_event_seq().await?;
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
pub(super) async fn refresh_user_token(call: Call<Visitor, Renewal>) -> Result<HttpResponse, Refusal> {
    let Renewal { user_id, refresh_token } = call.form;
    let id = UserId::parse(&user_id.unwrap_or_default()).map_err(|_| Refusal::WrongRefreshToken)?;
    let renewed = call.service.renew(&call.caller.tenant, &id, &refresh_token.unwrap_or_default()).await;
    let renewed = renewed.map_err(|error| unless_known(error, Refusal::WrongRefreshToken))?;
    call.service.saw(renewed.account.user.key);
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
pub(super) async fn logout(call: Call<Visitor>) -> Result<HttpResponse, Refusal> {
    call.service.sign_off(&call.caller.tenant, call.caller.token.expose()).await?;
    Ok(reply::message("Logged out"))
}
