//! Who calls: a page or telephone that knows an app's id, and a user of the app by its token.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};

use super::super::{caller::either, reply::Refusal};
use crate::{
    domain::{
        error::{Error, Unauthenticated},
        id::AppId,
        profile::User,
        secret::Secret,
    },
    service::{Service, accounts::Account, apps::Tenant},
};

/// Somebody who knows an app's id, which is no secret.
pub(super) struct Visitor {
    pub(super) tenant: Arc<Tenant>,
    /// What it shows as its token, good or not.
    pub(super) token: Secret,
}

/// A user of an app, known by its token.
pub(super) struct Member {
    pub(super) tenant: Arc<Tenant>,
    /// The user, with the very token it has shown.
    pub(super) account: Account,
}

impl FromRequest for Visitor {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl FromRequest for Member {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

fn service(request: &HttpRequest) -> Result<&Service, Error> {
    let service = request.app_data::<Data<Service>>().ok_or_else(|| Error::internal("a door without a service"))?;
    Ok(service)
}

impl Visitor {
    fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let app_id = either(request.headers(), "QISCUS-SDK-APP-ID", "QISCUS_SDK_APP_ID");
        if app_id.is_empty() {
            return Err(Refusal::MissingAppId);
        }
        let app_id = AppId::parse(app_id).map_err(|_| Refusal::UnknownApp)?;
        let tenant = service(request)?.tenant(&app_id).map_err(|_| Refusal::UnknownApp)?;
        match tenant.app.settings.dialects.qiscus {
            true => Ok(Self {
                tenant,
                token: Secret::new(either(request.headers(), "QISCUS-SDK-TOKEN", "QISCUS_SDK_TOKEN")),
            }),
            false => Err(Refusal::SwitchedOff),
        }
    }
}

impl Member {
    fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        Self::known(Visitor::of(request)?, service(request)?)
    }

    /// The user whose token a visitor shows.
    /// # Errors
    /// As the extractor's.
    pub(super) fn known(visitor: Visitor, service: &Service) -> Result<Self, Refusal> {
        let Visitor { tenant, token } = visitor;
        if token.expose().is_empty() {
            return Err(Refusal::Session(Unauthenticated::Missing));
        }
        let user = service.user_by_token(&tenant, token.expose()).map_err(session)?;
        service.saw(user.key);
        Ok(Self { tenant, account: Account { user, token } })
    }

    pub(super) fn user(&self) -> &User {
        &self.account.user
    }
}

/// A refusal of a call that a user makes by its token: a token that is dead by now gets the SDK's own answer for that.
pub(super) fn session(error: Error) -> Refusal {
    if let Error::Unauthenticated(why) = error { Refusal::Session(why) } else { error.into() }
}
