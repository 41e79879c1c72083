//! Signing in and out, and leaving for good. Sources: the vendor's pages on the auth token, and what its SDK sends.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    back_end::REMARK_CHARS_MAX,
    codec::Codec,
    door::{self, Holder, SignedIn, Visitor},
    jid,
    reply::{self, AtLogin, Done, InBody, Success},
};
use crate::{
    domain::{error::Error, owner::Owner, secret::Secret},
    http::{
        form::{AtMost, Call, FormLimits, Optional, Required, read_from},
        json,
    },
    service::{Service, apps::Tenant},
};

read_from!(Form within limits: Login);
read_from!(Form: DeleteMyAccount);

fn limits(_: FormLimits, _: &Service) -> FormLimits {
    FormLimits::before_sign_in()
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
pub(super) struct Login {
    /// A user's id, with its `@` plain, as `=40` or as `\40`; or the account of the app's back end, `administrator`.
    #[schema(value_type = String, min_length = 1, example = "administrator")]
    username: Required<String>,
    /// In clear, or as the vendor's SDK encrypts it for live apps.
    #[schema(value_type = String, min_length = 1, example = "standin-demo")]
    password: Required<String>,
}

/// A token for all other calls.
#[derive(Serialize, ToSchema)]
struct Token {
    /// To be sent as it is in the header `Authorization`.
    token: String,
}

/// Signs a user or the back end in
///
/// "username ... password ... which should be used to generate the Auth token". The app is the one at the host that the call names. Wrong
/// credentials are a refusal with `status` 400 and the message "Invalid Credentials", which the vendor's SDK compares.
#[utoipa::path(
    post, path = "/login", tag = "Sign-in", operation_id = "login",
    request_body(content = Login, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token", body = Success<Token>), AtLogin)
)]
pub(super) async fn login(call: Call<Visitor, Login, AtLogin>) -> Result<HttpResponse, AtLogin> {
    let (tenant, Required(username)) = (call.caller.tenant, call.form.username);
    let password = password(&call.service, &tenant, &call.form.password.0)?;
    let ticket = call.service.sign_in(&tenant, &jid::unescaped(&username), &password, call.client).await?;
    Ok(reply::success(Token { token: door::Token::write(&ticket, &username) }, "Data retrieved successfully"))
}

/// A password as a client sent it: the SDK of a live app encrypts an object of it and the time, anew each time.
///
/// The time is not judged: it is shifted by the client's time zone, and whoever repeats an old text could send the password in clear.
/// # Errors
/// Internal, when the app's secrets do not open.
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
/// The token is dead from then on.
#[utoipa::path(
    get, path = "/logout", tag = "Sign-in", operation_id = "logout",
    security(("user" = []), ("back_end" = [])),
    responses((status = 200, description = "Signed out", body = Done), InBody)
)]
pub(super) async fn logout(
    call: Call<Holder, (), InBody>,
    request: HttpRequest, // the token itself, which no caller keeps
) -> Result<HttpResponse, InBody> {
    if let Some(token) = door::Token::of(request.head()) {
        call.service.sign_out(token.ticket).await?;
    }
    Ok(reply::done("Logged out successfully"))
}

/// Why a user leaves.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteMyAccount {
    /// Checked and let go.
    #[schema(rename = "reason", value_type = Option<String>, max_length = 1024, example = "I have moved")]
    _reason: Optional<AtMost<REMARK_CHARS_MAX>>,
    /// Checked and let go.
    #[schema(rename = "feedback", value_type = Option<String>, max_length = 1024)]
    _feedback: Optional<AtMost<REMARK_CHARS_MAX>>,
}

/// Deletes the account of the user who calls
///
/// The user and its picture are gone, on all wires.
#[utoipa::path(
    post, path = "/users/deleteMyAccount", tag = "Sign-in", operation_id = "delete_my_account",
    security(("user" = [])),
    request_body(content = DeleteMyAccount, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Deleted", body = Done), InBody)
)]
pub(super) async fn delete_own(call: Call<SignedIn, DeleteMyAccount, InBody>) -> Result<HttpResponse, InBody> {
    call.service.delete_user(&call.caller.tenant, Owner::Itself(call.caller.key)).await?;
    Ok(reply::done(reply::ACCOUNT_DELETED))
}
