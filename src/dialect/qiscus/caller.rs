//! Authenticates the callers of the REST API: back ends of apps.

use std::sync::Arc;

use actix_web::{HttpRequest, dev::RequestHead, http::header::HeaderMap};

use super::{fields::WIDE_FIELDS, reply::QiscusError, version::Version};
use crate::{
    domain::{AppId, Error},
    http::{
        form::{Authenticate, FormLimits},
        peer,
    },
    service::{Service, Tenant},
};

/// An app's back end, authenticated by the app's id and secret, and the API version that it calls.
pub(super) struct QiscusBackEnd {
    pub(super) version: Version,
    pub(super) tenant: Arc<Tenant>,
}

/// Implements [`Authenticate`] for callers that have a `tenant`. `$find` authenticates the request.
macro_rules! callers {
    ($($caller:ident, $find:path;)*) => {$(
        impl Authenticate for $caller {
            type Refused = QiscusError;

            async fn authenticate(service: &Service, request: &HttpRequest) -> Result<Self, QiscusError> {
                $find(service, request).await
            }

            fn still_served(&self, service: &Service) -> Result<(), QiscusError> {
                ensure_served(&*service.tenant_now(&self.tenant)?)
            }

            fn limits() -> FormLimits {
                FormLimits { wide_fields: WIDE_FIELDS, ..FormLimits::default() }
            }
        }
    )*};
}

pub(super) use callers;

callers! { QiscusBackEnd, caller; }

async fn caller(service: &Service, request: &HttpRequest) -> Result<QiscusBackEnd, QiscusError> {
    let version = Version::of(request);
    let tenant = authenticated_tenant(service, request, version)?;
    ensure_served(&tenant).map(|()| QiscusBackEnd { version, tenant })
}

pub(super) fn ensure_served(tenant: &Tenant) -> Result<(), QiscusError> {
    if tenant.app.settings.dialects.qiscus { Ok(()) } else { Err(QiscusError::SwitchedOff) }
}

/// Source: v2.0, "BASE_URL: [APP_ID].qiscus.com". Most of its clients send the header too.
fn authenticated_tenant(
    service: &Service,
    request: &HttpRequest,
    version: Version,
) -> Result<Arc<Tenant>, QiscusError> {
    let app_id = header_in(request.headers(), "QISCUS-SDK-APP-ID", "QISCUS_SDK_APP_ID");
    let secret = header_in(request.headers(), "QISCUS-SDK-SECRET", "QISCUS_SDK_SECRET");
    let (found, wrong) = match (app_id, version.host_names_app()) {
        ("", false) => return Err(QiscusError::MissingAppId),
        ("", true) => (service.tenant_of_secret_at(peer::host(request).as_ref(), secret), QiscusError::UnknownHost),
        (app_id, _) => {
            (service.tenant_of_secret(app_id, secret), QiscusError::WrongCredentials(version.unauthorized()))
        }
    };
    found.map_err(|error| match matches!(error, Error::Unauthenticated(_)) {
        true => wrong,
        false => error.into(),
    })
}

/// Returns the app that the header with the app id names, without authentication.
pub fn app_named(service: &Service, head: &RequestHead) -> Option<Arc<Tenant>> {
    let app_id = AppId::parse(header_in(head.headers(), "QISCUS-SDK-APP-ID", "QISCUS_SDK_APP_ID")).ok()?;
    service.tenant(&app_id).ok()
}

/// Returns a header in either spelling: the vendor's examples mix them.
pub(super) fn header_in<'a>(headers: &'a HeaderMap, hyphened: &str, underscored: &str) -> &'a str {
    headers.get(hyphened).or_else(|| headers.get(underscored)).and_then(|value| value.to_str().ok()).unwrap_or("")
}
