//! Signing in and out, and leaving for good. Sources: the vendor's pages on the auth token, and what its SDK sends.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::AUTHORIZATION,
    web::{Data, Payload},
};
use serde_json::Value;

use super::{
    back_end::remarks,
    codec::Codec,
    door, jid,
    reply::{self, AtLogin, InBody},
};
use crate::{
    domain::{error::Error, secret::Secret},
    http::{
        form::{Form, FormLimits},
        json, peer,
        spool::Spool,
    },
    service::{Service, apps::Tenant},
};

/// `POST /login`: "username ... password ... which should be used to generate the Auth token".
pub(super) async fn login(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, AtLogin> {
    let tenant = door::addressed(&service, &request)?;
    let form = Form::read(&request, payload, &FormLimits::default(), &spool).await?;
    let username = jid::unescaped(door::required(&form, "username")?);
    let password = password(&service, &tenant, door::required(&form, "password")?)?;
    Ok(reply::signed_in(&service.sign_in(&tenant, &username, &password, peer::client(&request)).await?))
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

/// `GET /logout`: the token is dead from then on.
pub(super) async fn logout(service: Data<Service>, request: HttpRequest) -> Result<HttpResponse, InBody> {
    door::caller(&service, &request)?;
    if let Some(token) = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        service.sign_out(token).await?;
    }
    Ok(reply::done("Logged out successfully"))
}

/// `POST /users/deleteMyAccount`.
pub(super) async fn delete_own(
    service: Data<Service>,
    spool: Data<Spool>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, InBody> {
    let caller = door::user(&service, &request)?;
    remarks(&Form::read(&request, payload, &FormLimits::default(), &spool).await?)?;
    service.delete_user(&caller.tenant, caller.id).await?;
    Ok(reply::done(reply::ACCOUNT_DELETED))
}
