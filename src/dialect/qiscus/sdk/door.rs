//! Who calls: a page or telephone that knows an app's id, and a user of the app by its token.

use std::sync::Arc;

use actix_web::{HttpRequest, web::Data};

use super::super::{
    caller::{callers, either, served},
    fields::WIDE_FIELDS,
    reply::Refusal,
};
use crate::{
    domain::{
        error::{Error, Unauthenticated},
        id::AppId,
        profile::User,
        secret::Secret,
    },
    http::{
        form::{Authenticate, FormLimits},
        peer,
        spool::{AnonymousPlace, Spool},
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

/// Who uploads: a user of an app, or a client that will show its token within the form and has one of the few places for that.
pub(super) enum Uploader {
    Member(Box<Member>),
    Visitor(Visitor, AnonymousPlace),
}

callers! { Visitor, visitor; Member, member; }

impl Authenticate for Uploader {
    type Refused = Refusal;

    async fn authenticate(service: &Service, request: &HttpRequest) -> Result<Self, Refusal> {
        let visitor = visitor(service, request).await?;
        if !visitor.token.expose().is_empty() {
            return Member::known(visitor, service).await.map(Box::new).map(Self::Member);
        }
        let spool = request.app_data::<Data<Spool>>().ok_or_else(|| Error::internal("a door without a spool"))?;
        Ok(Self::Visitor(visitor, spool.anonymous_place(peer::client(request))?))
    }

    fn still_served(&self, service: &Service) -> Result<(), Refusal> {
        match self {
            Self::Member(member) => member.still_served(service),
            Self::Visitor(visitor, _) => visitor.still_served(service),
        }
    }
}

async fn visitor(service: &Service, request: &HttpRequest) -> Result<Visitor, Refusal> {
    let app_id = either(request.headers(), "QISCUS-SDK-APP-ID", "QISCUS_SDK_APP_ID");
    if app_id.is_empty() {
        return Err(Refusal::MissingAppId);
    }
    let app_id = AppId::parse(app_id).map_err(|_| Refusal::UnknownApp)?;
    let tenant = service.tenant(&app_id).map_err(|_| Refusal::UnknownApp)?;
    served(&tenant)?;
    Ok(Visitor { tenant, token: Secret::new(either(request.headers(), "QISCUS-SDK-TOKEN", "QISCUS_SDK_TOKEN")) })
}

async fn member(service: &Service, request: &HttpRequest) -> Result<Member, Refusal> {
    Member::known(visitor(service, request).await?, service).await
}

impl Member {
    /// The user whose token a visitor shows.
    /// # Errors
    /// That no user has it.
    pub(super) async fn known(visitor: Visitor, service: &Service) -> Result<Self, Refusal> {
        let Visitor { tenant, token } = visitor;
        if token.expose().is_empty() {
            return Err(Refusal::Session(Unauthenticated::Missing));
        }
        let user = service.user_by_token(&tenant, token.expose()).await.map_err(session)?;
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
