//! Who calls the REST API: the back end of an app.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::{Payload, RequestHead},
    http::header::{HOST, HeaderMap},
    web::Data,
};

use super::{reply::Refusal, version::Version};
use crate::{
    domain::{
        error::Error,
        id::{AppId, Host},
    },
    service::{Service, apps::Tenant},
};

/// An app's back end, known by the app's id and secret, and the version it speaks.
pub(super) struct Caller {
    pub(super) version: Version,
    pub(super) tenant: Arc<Tenant>,
}

impl FromRequest for Caller {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl Caller {
    fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let service = request.app_data::<Data<Service>>().ok_or_else(|| Error::internal("a door without a service"))?;
        let version = Version::of(request);
        let tenant = admitted(service, request, version)?;
        match tenant.app.settings.dialects.qiscus {
            true => Ok(Self { version, tenant }),
            false => Err(Refusal::SwitchedOff),
        }
    }
}

/// Source: v2.0, "BASE_URL: [APP_ID].qiscus.com"; its clients send the header all the same, most of them.
fn admitted(service: &Service, request: &HttpRequest, version: Version) -> Result<Arc<Tenant>, Refusal> {
    let app_id = either(request.headers(), "QISCUS-SDK-APP-ID", "QISCUS_SDK_APP_ID");
    let secret = either(request.headers(), "QISCUS-SDK-SECRET", "QISCUS_SDK_SECRET");
    let (admitted, refusal) = match (app_id, version.host_names_app()) {
        ("", false) => return Err(Refusal::MissingAppId),
        ("", true) => (service.admit_at(host(request).as_ref(), secret), Refusal::UnknownHost),
        (app_id, _) => (service.admit(app_id, secret), Refusal::WrongCredentials(version.unauthorized())),
    };
    admitted.map_err(|error| match matches!(error, Error::Unauthenticated(_)) {
        true => refusal,
        false => error.into(),
    })
}

/// The app that the app id header names, whoever sends it.
pub fn app_named(service: &Service, head: &RequestHead) -> Option<Arc<Tenant>> {
    let app_id = AppId::parse(either(head.headers(), "QISCUS-SDK-APP-ID", "QISCUS_SDK_APP_ID")).ok()?;
    service.tenant(&app_id).ok()
}

/// A header in either spelling: the vendor's own examples mix them.
pub(super) fn either<'a>(headers: &'a HeaderMap, hyphened: &str, underscored: &str) -> &'a str {
    headers.get(hyphened).or_else(|| headers.get(underscored)).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// What proxies say of the host is not asked.
fn host(request: &HttpRequest) -> Option<Host> {
    Host::of_header(request.headers().get(HOST)?.to_str().ok()?).ok()
}
