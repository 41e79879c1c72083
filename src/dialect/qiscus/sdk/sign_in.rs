//! Login and logout: by the user's key, or by an identity token that the app's back end signed.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        fields::{ExtrasField, ProfileFields, UserIdText, Username, WIDE_FIELDS},
        reply::{self, MessageResult, QiscusError, QiscusErrorReply, QiscusReply, RenewedToken, UserResult},
        view::FullUserView,
    },
    callers::{self, QiscusClient},
    identity,
};
use crate::{
    domain::{Error, Fault, Secret, UserId},
    http::{
        addresses::Addresses,
        form::{Call, FormLimits, Required, read_from},
    },
    service::{ClientSession, PasswordLogin, RegisterUser, Service, Tenant},
};

read_from!(Form within limits: SdkLogin, IdentityTokenLogin, TokenRenewal);

/// The SDKs' name for the user id.
const USER: &str = "email";

/// The user who logs in, and what to change in its profile.
#[derive(Deserialize, ToSchema)]
pub(super) struct SdkLogin {
    email: UserIdText,
    /// The user's key. It becomes the password of a new user; an existing user must send the same one.
    #[schema(value_type = String, min_length = 1, max_length = 1024, example = "password")]
    password: Required<String>,
    username: Option<Username>,
    /// The address of a picture. Empty means not given.
    #[schema(example = "https://image.url/image.jpg")]
    avatar_url: Option<String>,
    #[schema(value_type = Option<ExtrasField>)]
    extras: ExtrasField,
}

/// A login by an identity token.
#[derive(Deserialize, ToSchema)]
pub(super) struct IdentityTokenLogin {
    /// A JSON Web Token, signed with the app's secret by HS256, HS384 or HS512: `iss` (the app id), `exp`, `nce` (a
    /// nonce of this server) and `prn` (the user id); optionally `nbf`, `name`, `avatar_url` and `extras`.
    #[schema(value_type = String, min_length = 1, max_length = 65_536, example = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl")]
    identity_token: Required<String>,
}

/// The user whose token to renew.
#[derive(Deserialize, ToSchema)]
pub(super) struct TokenRenewal {
    #[schema(value_type = UserIdText)]
    user_id: Option<String>,
    /// The refresh token that was sent with the token.
    #[schema(value_type = String)]
    refresh_token: Option<String>,
}

fn limits(_: FormLimits, _: &Service) -> FormLimits {
    FormLimits::before_sign_in_with(WIDE_FIELDS)
}

/// A nonce for an identity token, and when it expires, in seconds since 1970.
#[derive(Serialize, ToSchema)]
struct NonceView<'a> {
    expired_at: i64,
    nonce: &'a str,
}

/// `setUser`: logs a user in by its key, or registers it.
///
/// The first login with an id creates the user with the key as its password. Later logins must send the same key. Only
/// the given profile fields are replaced.
#[utoipa::path(
    post, path = "/login_or_register", tag = "Session",
    request_body = SdkLogin,
    security(("app_id" = [])),
    responses(
        (status = 200, description = "The user with its token", body = QiscusReply<UserResult<FullUserView>>),
        (
            status = 429, description = "Too many failed logins", body = QiscusErrorReply,
            headers(("Retry-After" = u64, description = "Seconds to wait before the next attempt")),
        ),
    ),
)]
pub(super) async fn login_or_register(
    addresses: Data<Addresses>,
    call: Call<QiscusClient, SdkLogin>,
) -> Result<HttpResponse, QiscusError> {
    let Call { service, caller: QiscusClient { tenant, .. }, form, client, .. } = call;
    let (UserIdText(id), name) = (form.email, form.username.map(|name| name.0));
    let profile = ProfileFields { name_field: "username", name, avatar_url: form.avatar_url, extras: form.extras };
    let change = profile.change(service.find_user(&tenant, &id).await?.as_ref(), &tenant, &addresses)?;
    let enter = PasswordLogin { id, key: Secret::new(form.password.0), change, from: client };
    let entered = service.log_in(&tenant, enter).await;
    logged_in(&service, &tenant, &addresses, &entered.map_err(|error| login_error(error, QiscusError::WrongPassword))?)
        .await
}

/// `getNonce`: returns a nonce for the next identity token.
#[utoipa::path(
    post, path = "/auth/nonce", tag = "Session",
    security(("app_id" = [])),
    responses((status = 200, description = "The nonce, valid once and for ten minutes", body = QiscusReply<NonceView>)),
)]
pub(super) async fn nonce(call: Call<QiscusClient>) -> HttpResponse {
    let nonce = call.service.draw_nonce(&call.caller.tenant);
    reply::results(NonceView { expired_at: nonce.expires_at.unix_s(), nonce: &nonce.text })
}

/// `verifyIdentityToken`: logs a user in by an identity token.
///
/// The app's back end signed the token, so an unknown user is created whatever the setting `registration` says.
#[utoipa::path(
    post, path = "/auth/verify_identity_token", tag = "Session",
    request_body = IdentityTokenLogin,
    security(("app_id" = [])),
    responses((status = 200, description = "The user with its token", body = QiscusReply<UserResult<FullUserView>>)),
)]
pub(super) async fn verify_identity_token(
    addresses: Data<Addresses>,
    call: Call<QiscusClient, IdentityTokenLogin>,
) -> Result<HttpResponse, QiscusError> {
    let (service, tenant) = (call.service, call.caller.tenant);
    let claims = identity::read(&service, &tenant, &call.form.identity_token.0)?;
    let (UserIdText(id), avatar_url) = (claims.prn, claims.avatar_url);
    let profile = ProfileFields { name_field: "name", name: claims.name, avatar_url, extras: claims.extras };
    let change = profile.change(service.find_user(&tenant, &id).await?.as_ref(), &tenant, &addresses)?;
    // Last, so that a token that is refused for another reason keeps its nonce.
    identity::spend_nonce(&service, &tenant, &claims.nce.0)?;
    let vouched = service.log_in_by_identity_token(&tenant, RegisterUser { id, change, device: None }).await;
    logged_in(&service, &tenant, &addresses, &vouched.map_err(|error| login_error(error, QiscusError::UnknownApp))?)
        .await
}

fn login_error(error: Error, unauthenticated: QiscusError) -> QiscusError {
    match matches!(error, Error::Invalid { fault: Fault::Reserved, .. }) {
        true => Fault::Reserved.at(USER).into(),
        false => or_unauthenticated(error, unauthenticated),
    }
}

async fn logged_in(
    service: &Service,
    tenant: &Tenant,
    addresses: &Addresses,
    session: &ClientSession,
) -> Result<HttpResponse, QiscusError> {
    service.mark_online(session.account.user.key);
    let (comment, event) = callers::begin_after(service, tenant, session.account.user.key).await?;
    let user = FullUserView::of(&tenant.app, addresses, &session.account).behind(comment, event);
    let user = user.renewable(session.renewal.as_ref());
    Ok(reply::user(user))
}

/// Renews a token that expires.
///
/// The SDK calls this when its token expires. The token in the header is ignored, because it has expired.
#[utoipa::path(
    post, path = "/refresh_user_token", tag = "Session",
    request_body = TokenRenewal,
    security(("app_id" = [])),
    responses(
        (status = 200, description = "The new token", body = QiscusReply<RenewedToken>),
        (status = 404, description = "The user was deleted", body = QiscusErrorReply),
    ),
)]
pub(super) async fn refresh_user_token(call: Call<QiscusClient, TokenRenewal>) -> Result<HttpResponse, QiscusError> {
    let TokenRenewal { user_id, refresh_token } = call.form;
    let id = UserId::parse(&user_id.unwrap_or_default()).map_err(|_| QiscusError::WrongRefreshToken)?;
    let renewed = call.service.renew(&call.caller.tenant, &id, &refresh_token.unwrap_or_default()).await;
    let renewed = renewed.map_err(|error| or_unauthenticated(error, QiscusError::WrongRefreshToken))?;
    call.service.mark_online(renewed.account.user.key);
    Ok(reply::renewed(&renewed))
}

fn or_unauthenticated(error: Error, unauthenticated: QiscusError) -> QiscusError {
    match matches!(error, Error::Unauthenticated(_)) {
        true => unauthenticated,
        false => error.into(),
    }
}

/// `disconnect`: logs out the user of the token.
///
/// Answers 200 for an invalid token too: the SDK treats any other status as a failure, which ends a Node process.
#[utoipa::path(
    post, path = "/logout", tag = "Session",
    security(("app_id" = []), ("app_id" = [], "token" = [])),
    responses(
        (status = 200, description = "The token is invalid now", body = QiscusReply<MessageResult>),
        (status = 503, description = "The server is busy: try again", body = QiscusErrorReply),
        (status = 507, description = "The disk is full: nothing was changed", body = QiscusErrorReply),
    ),
)]
pub(super) async fn logout(call: Call<QiscusClient>) -> Result<HttpResponse, QiscusError> {
    call.service.sign_off(&call.caller.tenant, call.caller.token.expose()).await?;
    Ok(reply::message("Logged out"))
}
