//! Signing in. Source: the vendor's page on the auth token.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};

use super::{
    door, jid,
    reply::{self, AtLogin},
};
use crate::{
    domain::secret::Secret,
    http::{
        form::{Form, FormLimits},
        peer,
        spool::Spool,
    },
    service::Service,
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
    let password = Secret::new(door::required(&form, "password")?);
    Ok(reply::signed_in(&service.sign_in(&tenant, &username, &password, peer::client(&request)).await?))
}
