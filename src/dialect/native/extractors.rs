//! What handlers ask for: the app and the user that a path names, the query, the body.

use std::{fmt::Display, ops::RangeInclusive, pin::Pin, str::FromStr, sync::Arc};

use actix_web::{
    Error, FromRequest, HttpRequest,
    dev::Payload,
    http::header::{Header as _, IfMatch},
    web::{self, Data, Path},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{app_id, deeds, reply::Refusal};
use crate::{
    domain::{error, id::UserId},
    http::form::{self, Form, FormLimits},
    service::{Service, apps::Tenant},
};

/// Makes extractors of functions that read a request's head.
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

/// The app that a path names.
pub(super) struct InApp(pub(super) Arc<Tenant>);

/// A user whom a path names, known or not, and its app.
pub(super) struct OfUser {
    pub(super) tenant: Arc<Tenant>,
    pub(super) id: UserId,
}

/// The query: read once, each parameter under its own rule.
pub(super) struct Query(Form);

/// The version that a change was made for, where the caller says so.
pub(super) struct OfVersion(pub(super) Option<i64>);

of_head! {
    InApp: Error = |request| Ok(Self(named(request)?.0));
    OfUser: Error = Self::of;
    Query: Refusal = |request: &HttpRequest| Ok(Self(Form::query(request.query_string())?));
    OfVersion: Refusal = Self::of;
}

/// What a path names.
#[derive(Deserialize)]
struct Named {
    app_id: String,
    id: Option<String>,
}

fn named(request: &HttpRequest) -> Result<(Arc<Tenant>, Option<String>), Error> {
    let Named { app_id: app, id } = Path::<Named>::extract(request).into_inner()?.into_inner();
    let service = request.app_data::<Data<Service>>().ok_or_else(|| error::Error::internal("a door without a service"));
    Ok((service.and_then(|service| service.tenant(&app_id(&app)?)).map_err(Refusal::from)?, id))
}

impl OfUser {
    fn of(request: &HttpRequest) -> Result<Self, Error> {
        let (tenant, id) = named(request)?;
        let id = UserId::parse(&id.unwrap_or_default()).map_err(|fault| Refusal::from(fault.at("id")))?;
        Ok(Self { tenant, id })
    }
}

impl OfVersion {
    fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        match IfMatch::parse(request) {
            Ok(IfMatch::Items(tags)) => match tags.as_slice() {
                [] => Ok(Self(None)),
                // A tag that is none of ours is of no version there ever was.
                [tag] => Ok(Self(Some(tag.tag().parse().unwrap_or(0)))),
                _ => Err(Refusal::Unreadable("If-Match must name one version".to_owned())),
            },
            Ok(IfMatch::Any) => Ok(Self(None)),
            Err(_) => Err(Refusal::Unreadable("If-Match must be an ETag of this user".to_owned())),
        }
    }
}

impl Query {
    /// A parameter as it is, if it is given.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        Ok(self.0.text(name)?)
    }

    /// A whole number within its bounds, if it is given.
    pub(super) fn number<N: FromStr + PartialOrd + Display>(
        &self,
        name: &'static str,
        bounds: RangeInclusive<N>,
    ) -> Result<Option<N>, Refusal> {
        let Some(raw) = self.0.text(name)? else { return Ok(None) };
        let number = raw.parse().ok().filter(|number| bounds.contains(number));
        let outside =
            || Refusal::Unreadable(format!("{name} must be a number from {} to {}", bounds.start(), bounds.end()));
        number.map(Some).ok_or_else(outside)
    }
}

/// A JSON body, whose fields are all this call knows: another name is an error that names it.
pub(super) struct Body<T, const HAS_SIGNED_IN: bool = true>(pub(super) T);

/// The body of a call whose sender has not signed in.
pub(super) type FirstBody<T> = Body<T, false>;

impl<T: DeserializeOwned, const HAS_SIGNED_IN: bool> FromRequest for Body<T, HAS_SIGNED_IN> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let limits = if HAS_SIGNED_IN { FormLimits::default() } else { FormLimits::before_sign_in() };
            let object = form::read_object(&request, payload.await?, &limits).await.map_err(Refusal::from)?;
            let object = object.unwrap_or_default();
            deeds::tell_fields(&request, object.keys());
            let read = serde_json::from_value(object.into());
            Ok(Self(read.map_err(|fault| Refusal::Unreadable(fault.to_string()))?))
        })
    }
}
