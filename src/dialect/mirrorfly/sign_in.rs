//! Signing in and out, and leaving for good. Sources: the vendor's pages on the auth token, and what its SDK sends.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    back_end::remarks,
    codec::Codec,
    door, jid,
    reply::{self, AtLogin, Done, InBody, Success},
};
use crate::{
    domain::{error::Error, owner::Owner, secret::Secret},
    http::{form::FormLimits, json, peer, spool::Spool},
    service::{Service, apps::Tenant},
};

/// Who signs in.
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(as = Login)]
struct LoginFields {
    /// A user's id, with its `@` plain, as `=40` or as `\40`; or the account of the app's back end, `administrator`.
    #[schema(min_length = 1, example = "administrator")]
    username: String,
    /// In clear, or as the vendor's SDK encrypts it for live apps.
    #[schema(min_length = 1, example = "standin-demo")]
    password: String,
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
    request_body(content = LoginFields, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token", body = Success<Token>), AtLogin)
)]
pub(super) async fn login(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, AtLogin> {
    let tenant = door::addressed(&service, &request)?;
    let form = door::read(&service, &tenant, &request, payload, &FormLimits::before_sign_in(), &spool).await?;
    let username = door::required(&form, "username")?;
    let password = password(&service, &tenant, door::required(&form, "password")?)?;
    let ticket = service.sign_in(&tenant, &jid::unescaped(username), &password, peer::client(&request)).await?;
    Ok(reply::success(Token { token: door::Token::write(&ticket, username) }, "Data retrieved successfully"))
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
pub(super) async fn logout(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    door::caller(&service, &request)?;
    if let Some(token) = door::Token::of(request.head()) {
        service.sign_out(token.ticket).await?;
    }
    Ok(reply::done("Logged out successfully"))
}

/// Why somebody leaves.
#[expect(dead_code, reason = "the document's: a form is read field by field")]
#[derive(ToSchema)]
#[schema(as = DeleteMyAccount)]
struct Remarks {
    /// Checked and let go.
    #[schema(max_length = 1024, example = "I have moved")]
    reason: Option<String>,
    /// Checked and let go.
    #[schema(max_length = 1024)]
    feedback: Option<String>,
}

/// Deletes the account of the user who calls
///
/// The user and its picture are gone, on all wires.
#[utoipa::path(
    post, path = "/users/deleteMyAccount", tag = "Sign-in", operation_id = "delete_my_account",
    security(("user" = [])),
    request_body(content = Remarks, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Deleted", body = Done), InBody)
)]
pub(super) async fn delete_own(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    remarks(&door::read(&service, &caller.tenant, &request, payload, &FormLimits::default(), &spool).await?)?;
    service.delete_user(&caller.tenant, Owner::Itself(caller.key)).await?;
    Ok(reply::done(reply::ACCOUNT_DELETED))
}
