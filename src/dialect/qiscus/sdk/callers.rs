//! Authenticates the callers of the SDK paths: clients by an app id, and users by a token.

use std::sync::Arc;

use actix_web::{HttpRequest, web::Data};

use super::super::{
    caller::{callers, ensure_served, header_in},
    fields::WIDE_FIELDS,
    reply::QiscusError,
};
use crate::{
    domain::{AppId, CallerKey, Error, MessageId, Owner, Secret, Unauthenticated, User, UserKey},
    http::{
        form::{Authenticate, FormLimits},
        peer,
        spool::{AnonymousPermit, Spool},
    },
    service::{Account, Service, Tenant},
};

pub(super) struct QiscusClient {
    pub(super) tenant: Arc<Tenant>,
    /// The token that it sent, not checked. Empty if it sent none.
    pub(super) token: Secret,
}

pub(super) struct QiscusUser {
    pub(super) tenant: Arc<Tenant>,
    pub(super) account: Account,
}

/// A user, or a client that may send its token within the form: few such are read at a time, so each holds a permit.
pub(super) enum Uploader {
    User(Box<QiscusUser>),
    Client(QiscusClient, AnonymousPermit),
}

callers! { QiscusClient, client; QiscusUser, user; }

impl Authenticate for Uploader {
    type Refused = QiscusError;

    async fn authenticate(service: &Service, request: &HttpRequest) -> Result<Self, QiscusError> {
        let client = client(service, request).await?;
        if !client.token.expose().is_empty() {
            return QiscusUser::with_token_of(client, service).await.map(Box::new).map(Self::User);
        }
        let spool =
            request.app_data::<Data<Spool>>().ok_or_else(|| Error::internal("the endpoints have no upload folder"))?;
        Ok(Self::Client(client, spool.anonymous_permit(peer::client(request))?))
    }

    fn still_served(&self, service: &Service) -> Result<(), QiscusError> {
        match self {
            Self::User(user) => user.still_served(service),
            Self::Client(client, _) => client.still_served(service),
        }
    }
}

async fn client(service: &Service, request: &HttpRequest) -> Result<QiscusClient, QiscusError> {
    let app_id = header_in(request.headers(), "QISCUS-SDK-APP-ID", "QISCUS_SDK_APP_ID");
    if app_id.is_empty() {
        return Err(QiscusError::MissingAppId);
    }
    let app_id = AppId::parse(app_id).map_err(|_| QiscusError::UnknownApp)?;
    let tenant = service.tenant(&app_id).map_err(|_| QiscusError::UnknownApp)?;
    ensure_served(&tenant)?;
    Ok(QiscusClient {
        tenant,
        token: Secret::new(header_in(request.headers(), "QISCUS-SDK-TOKEN", "QISCUS_SDK_TOKEN")),
    })
}

async fn user(service: &Service, request: &HttpRequest) -> Result<QiscusUser, QiscusError> {
    QiscusUser::with_token_of(client(service, request).await?, service).await
}

impl QiscusUser {
    pub(super) async fn with_token_of(client: QiscusClient, service: &Service) -> Result<Self, QiscusError> {
        let QiscusClient { tenant, token } = client;
        if token.expose().is_empty() {
            return Err(QiscusError::Session(Unauthenticated::Missing));
        }
        let user = service.user_by_token(&tenant, token.expose()).await.map_err(session_error)?;
        service.mark_online(user.key);
        Ok(Self { tenant, account: Account { user, token } })
    }

    pub(super) fn user(&self) -> &User {
        &self.account.user
    }
}

/// Returns where a client begins with `sync` and with `sync_event`: messages that were not delivered are new to it.
pub(super) async fn begin_after(
    service: &Service,
    tenant: &Tenant,
    user: UserKey,
) -> Result<(MessageId, i64), QiscusError> {
    let event = service.last_event_seq().await?;
    let comment = service.received_upto(tenant, CallerKey::User(user), &Owner::Itself(user)).await?;
    Ok((comment, event))
}

pub(super) fn session_error(error: Error) -> QiscusError {
    if let Error::Unauthenticated(why) = error { QiscusError::Session(why) } else { error.into() }
}
