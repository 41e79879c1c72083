//! Extractors: the app and the user that a path names, the query, `If-Match`, the JSON body.

use std::{fmt::Display, ops::RangeInclusive, pin::Pin, str::FromStr, sync::Arc};

use actix_web::{
    Error, FromRequest, HttpRequest,
    dev::Payload,
    http::header::{Header as _, IfMatch},
    web::{self, Data, Path},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{app_id, audit, reply::NativeError};
use crate::{
    domain::{UserId, error},
    http::{
        addresses::Addresses,
        form::{self, Form, FormLimits},
    },
    service::{Service, Tenant},
};

/// Implements `FromRequest` with functions that read only the head of a request.
macro_rules! of_head {
    ($($type:ty: $error:ty = $of:expr;)*) => {$(
        impl actix_web::FromRequest for $type {
            type Error = $error;
            type Future = std::future::Ready<Result<Self, $error>>;

            fn from_request(request: &actix_web::HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
                std::future::ready($of(request))
            }
        }
    )*};
}
pub(super) use of_head;

/// The app of a path, and what a handler needs to answer about it.
pub(super) struct PathApp {
    pub(super) service: Data<Service>,
    pub(super) addresses: Data<Addresses>,
    pub(super) tenant: Arc<Tenant>,
}

/// As [`PathApp`], with the user id of the path. The user may not exist.
pub(super) struct PathUser {
    pub(super) service: Data<Service>,
    pub(super) addresses: Data<Addresses>,
    pub(super) tenant: Arc<Tenant>,
    pub(super) id: UserId,
}

pub(super) struct QueryParams(Form);

pub(super) struct IfMatchVersion(pub(super) Option<i64>);

of_head! {
    PathApp: Error = |request| Ok(named(request)?.0);
    PathUser: Error = Self::of;
    QueryParams: NativeError = |request: &HttpRequest| Ok(Self(Form::query(request.query_string())?));
    IfMatchVersion: NativeError = Self::of;
}

#[derive(Deserialize)]
struct AppAndUserPath {
    app_id: String,
    id: Option<String>,
}

fn named(request: &HttpRequest) -> Result<(PathApp, Option<String>), Error> {
    let AppAndUserPath { app_id: app, id } = Path::<AppAndUserPath>::extract(request).into_inner()?.into_inner();
    let missing = || NativeError::from(error::Error::internal("the endpoints have no service or no addresses"));
    let service = request.app_data::<Data<Service>>().ok_or_else(missing)?;
    let addresses = request.app_data::<Data<Addresses>>().ok_or_else(missing)?;
    let tenant = app_id(&app).and_then(|app| service.tenant(&app)).map_err(NativeError::from)?;
    Ok((PathApp { service: service.clone(), addresses: addresses.clone(), tenant }, id))
}

impl PathUser {
    fn of(request: &HttpRequest) -> Result<Self, Error> {
        let (PathApp { service, addresses, tenant }, id) = named(request)?;
        let id = UserId::parse(&id.unwrap_or_default()).map_err(|fault| NativeError::from(fault.at("id")))?;
        Ok(Self { service, addresses, tenant, id })
    }
}

impl IfMatchVersion {
    fn of(request: &HttpRequest) -> Result<Self, NativeError> {
        match IfMatch::parse(request) {
            Ok(IfMatch::Items(tags)) => match tags.as_slice() {
                [] => Ok(Self(None)),
                // An ETag that is not ours matches no version.
                [tag] => Ok(Self(Some(tag.tag().parse().unwrap_or(0)))),
                _ => Err(NativeError::Unreadable("If-Match must name one version".to_owned())),
            },
            Ok(IfMatch::Any) => Ok(Self(None)),
            Err(_) => Err(NativeError::Unreadable("If-Match must be an ETag of this user".to_owned())),
        }
    }
}

impl QueryParams {
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, NativeError> {
        Ok(self.0.text(name)?)
    }

    pub(super) fn number<N: FromStr + PartialOrd + Display>(
        &self,
        name: &'static str,
        bounds: RangeInclusive<N>,
    ) -> Result<Option<N>, NativeError> {
        let Some(raw) = self.0.text(name)? else { return Ok(None) };
        let number = raw.parse().ok().filter(|number| bounds.contains(number));
        let outside =
            || NativeError::Unreadable(format!("{name} must be a number from {} to {}", bounds.start(), bounds.end()));
        number.map(Some).ok_or_else(outside)
    }
}

/// A JSON body. An unknown field is an error that names it.
pub(super) struct JsonBody<T, const HAS_SIGNED_IN: bool = true>(pub(super) T);

pub(super) type SignedOutBody<T> = JsonBody<T, false>;

impl<T: DeserializeOwned, const HAS_SIGNED_IN: bool> FromRequest for JsonBody<T, HAS_SIGNED_IN> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let limits = if HAS_SIGNED_IN { FormLimits::default() } else { FormLimits::before_sign_in() };
            let object = form::read_object(&request, payload.await?, &limits).await.map_err(NativeError::from)?;
            let object = object.unwrap_or_default();
            audit::add_fields(&request, object.keys());
            let read = serde_json::from_value(object.into());
            Ok(Self(read.map_err(|fault| NativeError::Unreadable(fault.to_string()))?))
        })
    }
}
