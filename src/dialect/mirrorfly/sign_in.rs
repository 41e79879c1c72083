//! Login, logout, and deletion of the own account. Sources: the vendor's pages on the auth token, and what its SDK
//! sends.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    back_end::REMARK_CHARS_MAX,
    callers::{self, MirrorFlyClient, MirrorFlyUser, TokenHolder},
    codec::Codec,
    jid,
    reply::{self, LoginError, MessageReply, MirrorFlyReply, SdkError},
};
use crate::{
    domain::{Error, Owner, Secret},
    http::{
        form::{AtMost, Call, FormLimits, Optional, Required, read_from},
        json,
    },
    service::{Service, Tenant},
};

read_from!(Form within limits: LoginForm);
read_from!(Form: DeleteMyAccount);

fn limits(_: FormLimits, _: &Service) -> FormLimits {
    FormLimits::before_sign_in()
}

/// A user's or the back end's credentials.
#[derive(Deserialize, ToSchema)]
pub(super) struct LoginForm {
    /// A user's id, its `@` plain, as `=40` or as `\40`; or the account of the app's back end, `administrator`.
    #[schema(value_type = String, min_length = 1, example = "administrator")]
    username: Required<String>,
    /// Plain, or encrypted by the vendor's SDK for live apps.
    #[schema(value_type = String, min_length = 1, example = "standin-demo")]
    password: Required<String>,
}

/// A token for all other calls.
#[derive(Serialize, ToSchema)]
struct LoginData {
    /// The value of the header `Authorization`.
    token: String,
}

/// Signs a user or the back end in
///
/// "username ... password ... which should be used to generate the Auth token". The request's host selects the app.
/// Wrong credentials are an error with `status` 400 and the message "Invalid Credentials", which the vendor's SDK
/// compares.
#[utoipa::path(
    post, path = "/login", tag = "Sign-in", operation_id = "login",
    request_body(content = LoginForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token", body = MirrorFlyReply<LoginData>), LoginError)
)]
pub(super) async fn login(call: Call<MirrorFlyClient, LoginForm, LoginError>) -> Result<HttpResponse, LoginError> {
    let (tenant, Required(username)) = (call.caller.tenant, call.form.username);
    let password = password(&call.service, &tenant, &call.form.password.0)?;
    let ticket = call.service.sign_in(&tenant, &jid::unescaped(&username), &password, call.client).await?;
    Ok(reply::success(
        LoginData { token: callers::MirrorFlyToken::write(&call.service, &ticket, &username) },
        "Data retrieved successfully",
    ))
}

/// Reads a password as a client sends it: the SDK of a live app encrypts an object of the password and the time. The
/// time is not checked: it depends on the client's time zone, and a replayed ciphertext proves no less than a plain
/// password.
/// # Errors
/// `Internal` if the app's secrets cannot be decrypted.
pub(super) fn password(service: &Service, tenant: &Tenant, sent: &str) -> Result<Secret, Error> {
    let codec = Codec::of_license(service.app_secrets(tenant)?.license_key.expose());
    let within = codec.decrypt(sent).ok().and_then(|text| json::parse_object(text.as_bytes()).ok());
    Ok(Secret::new(match within.as_ref().and_then(|object| object.get("password")) {
        Some(Value::String(password)) => password,
        Some(_) | None => sent,
    }))
}

/// Signs out
///
/// The token is invalid from then on.
#[utoipa::path(
    get, path = "/logout", tag = "Sign-in", operation_id = "logout",
    security(("user" = []), ("back_end" = [])),
    responses((status = 200, description = "Signed out", body = MessageReply), SdkError)
)]
pub(super) async fn logout(
    call: Call<TokenHolder, (), SdkError>,
    request: HttpRequest, // the token itself, which no caller keeps
) -> Result<HttpResponse, SdkError> {
    if let Some(token) = callers::MirrorFlyToken::of(request.head()) {
        call.service.sign_out(token.ticket).await?;
    }
    Ok(reply::done("Logged out successfully"))
}

/// Why a user deletes its account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteMyAccount {
    /// Checked, not stored.
    #[schema(rename = "reason", value_type = Option<String>, max_length = 1024, example = "I have moved")]
    _reason: Optional<AtMost<REMARK_CHARS_MAX>>,
    /// Checked, not stored.
    #[schema(rename = "feedback", value_type = Option<String>, max_length = 1024)]
    _feedback: Optional<AtMost<REMARK_CHARS_MAX>>,
}

/// Deletes the caller's account
///
/// Deletes the user and its picture for all vendors' APIs.
#[utoipa::path(
    post, path = "/users/deleteMyAccount", tag = "Sign-in", operation_id = "delete_my_account",
    security(("user" = [])),
    request_body(content = DeleteMyAccount, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Deleted", body = MessageReply), SdkError)
)]
pub(super) async fn delete_own(call: Call<MirrorFlyUser, DeleteMyAccount, SdkError>) -> Result<HttpResponse, SdkError> {
    call.service.delete_user(&call.caller.tenant, Owner::Itself(call.caller.key)).await?;
    Ok(reply::done(reply::ACCOUNT_DELETED))
}
