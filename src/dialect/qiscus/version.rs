//! The two versions of the REST API, and all in which they differ.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};

use super::{
    reply,
    view::{FullView, UserView},
};
use crate::{
    domain::{app::App, error::Error, id::UserId, profile::User},
    http::addresses::Addresses,
    service::{Service, accounts::Account, apps::Tenant},
};

/// Which version a call is made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// `/api/v2/rest`: older back ends, the packages for Python and PHP.
    V20,
    /// `/api/v2.1/rest`: the vendor's page on users.
    V21,
}

impl Version {
    /// Where both stand.
    pub(super) const PATHS: &str = r"/api/{version:v2\.1|v2}/rest";

    /// The newest first.
    pub(super) const ALL: [Self; 2] = [Self::V21, Self::V20];

    /// Where this one stands.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::V20 => "/api/v2/rest",
            Self::V21 => "/api/v2.1/rest",
        }
    }

    /// The version of a call below [`Version::PATHS`].
    pub(super) fn of(request: &HttpRequest) -> Self {
        match request.match_info().get("version") {
            Some("v2") => Self::V20,
            Some(_) | None => Self::V21,
        }
    }

    /// The field that names the user in `login_or_register`.
    pub(super) fn login_field(self) -> &'static str {
        match self {
            Self::V20 => "email",
            Self::V21 => "user_id",
        }
    }

    /// The field that names the user in every other call.
    pub(super) fn user_field(self) -> &'static str {
        match self {
            Self::V20 => "user_email",
            Self::V21 => "user_id",
        }
    }

    /// Whether the host may name the app where no header does: older back ends call a sub-domain of their own.
    pub(super) fn host_names_app(self) -> bool {
        match self {
            Self::V20 => true,
            Self::V21 => false,
        }
    }

    /// What HTTP says of a wrong secret. Source: the live service answered 400 on v2.0.
    pub(super) fn unauthorized(self) -> StatusCode {
        match self {
            Self::V20 => StatusCode::BAD_REQUEST,
            Self::V21 => StatusCode::UNAUTHORIZED,
        }
    }

    /// Answers `login_or_register`.
    pub(super) fn logged_in(self, app: &App, addresses: &Addresses, account: &Account) -> HttpResponse {
        match self {
            Self::V20 => reply::user(FullView::of(app, addresses, account)),
            Self::V21 => slim(app, addresses, &account.user),
        }
    }

    /// Answers `user_profile`.
    /// # Errors
    /// `NotFound`, store errors.
    pub(super) async fn profile(
        self,
        service: &Service,
        tenant: &Tenant,
        addresses: &Addresses,
        id: &UserId,
    ) -> Result<HttpResponse, Error> {
        Ok(match self {
            Self::V20 => reply::user(FullView::of(&tenant.app, addresses, &service.account(tenant, id).await?)),
            Self::V21 => slim(&tenant.app, addresses, &service.user(tenant, id).await?),
        })
    }

    /// Answers `reset_user_token`.
    pub(super) fn reset(self, app: &App, addresses: &Addresses, account: &Account) -> HttpResponse {
        match self {
            Self::V20 => reply::user(FullView::of(app, addresses, account)),
            Self::V21 => reply::token(&account.token),
        }
    }
}

fn slim(app: &App, addresses: &Addresses, user: &User) -> HttpResponse {
    reply::user(UserView::of(app, addresses, user))
}
