//! Who calls the REST API: the back end of an app.

use std::sync::Arc;

use actix_web::{
    HttpRequest,
    dev::RequestHead,
    http::header::{HOST, HeaderMap},
};

use super::{fields::WIDE_FIELDS, reply::Refusal, version::Version};
use crate::{
    domain::{
        error::Error,
        id::{AppId, Host},
    },
    http::form::{Authenticate, FormLimits},
    service::{Service, apps::Tenant},
};

/// An app's back end, known by the app's id and secret, and the version it speaks.
pub(super) struct Caller {
    pub(super) version: Version,
    pub(super) tenant: Arc<Tenant>,
}

/// Callers whose `tenant` is an app, each found by a function of its own.
macro_rules! callers {
    ($($caller:ident, $find:path;)*) => {$(
        impl Authenticate for $caller {
            type Refused = Refusal;

            async fn authenticate(service: &Service, request: &HttpRequest) -> Result<Self, Refusal> {
                $find(service, request).await
            }

            fn still_served(&self, service: &Service) -> Result<(), Refusal> {
                served(&*service.tenant_now(&self.tenant)?)
            }

            fn limits() -> FormLimits {
                FormLimits { wide_fields: WIDE_FIELDS, ..FormLimits::default() }
            }
        }
    )*};
}

pub(super) use callers;

callers! { Caller, caller; }

async fn caller(service: &Service, request: &HttpRequest) -> Result<Caller, Refusal> {
    let version = Version::of(request);
    let tenant = admitted(service, request, version)?;
    served(&tenant).map(|()| Caller { version, tenant })
}

/// Whether an app serves this dialect.
/// # Errors
/// That it does not.
pub(super) fn served(tenant: &Tenant) -> Result<(), Refusal> {
    if tenant.app.settings.dialects.qiscus { Ok(()) } else { Err(Refusal::SwitchedOff) }
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
