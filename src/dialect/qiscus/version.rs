//! The two versions of the REST API, and every difference between them.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};

use super::{
    reply,
    view::{BasicUserView, FullUserView},
};
use crate::{
    domain::{App, Error, User, UserId},
    http::addresses::Addresses,
    service::{Account, Service, Tenant},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// `/api/v2/rest`: older back ends, and the packages for Python and PHP.
    V20,
    /// `/api/v2.1/rest`: the vendor's page on users.
    V21,
}

impl Version {
    pub(super) const PATHS: &str = r"/api/{version:v2\.1|v2}/rest";

    pub(super) const ALL: [Self; 2] = [Self::V21, Self::V20];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::V20 => "/api/v2/rest",
            Self::V21 => "/api/v2.1/rest",
        }
    }

    pub(super) fn of(request: &HttpRequest) -> Self {
        match request.match_info().get("version") {
            Some("v2") => Self::V20,
            Some(_) | None => Self::V21,
        }
    }

    pub(super) fn login_field(self) -> &'static str {
        match self {
            Self::V20 => "email",
            Self::V21 => "user_id",
        }
    }

    pub(super) fn user_field(self) -> &'static str {
        match self {
            Self::V20 => "user_email",
            Self::V21 => "user_id",
        }
    }

    /// Older back ends call a subdomain of their own, without the header.
    pub(super) fn host_names_app(self) -> bool {
        match self {
            Self::V20 => true,
            Self::V21 => false,
        }
    }

    /// The live service answered 400 on v2.0.
    pub(super) fn unauthorized(self) -> StatusCode {
        match self {
            Self::V20 => StatusCode::BAD_REQUEST,
            Self::V21 => StatusCode::UNAUTHORIZED,
        }
    }

    pub(super) fn logged_in(self, app: &App, addresses: &Addresses, account: &Account) -> HttpResponse {
        match self {
            Self::V20 => reply::user(FullUserView::of(app, addresses, account)),
            Self::V21 => slim(app, addresses, &account.user),
        }
    }

    pub(super) async fn profile(
        self,
        service: &Service,
        tenant: &Tenant,
        addresses: &Addresses,
        id: &UserId,
    ) -> Result<HttpResponse, Error> {
        Ok(match self {
            Self::V20 => reply::user(FullUserView::of(&tenant.app, addresses, &service.account(tenant, id).await?)),
            Self::V21 => slim(&tenant.app, addresses, &service.user(tenant, id).await?),
        })
    }

    pub(super) fn reset(self, app: &App, addresses: &Addresses, account: &Account) -> HttpResponse {
        match self {
            Self::V20 => reply::user(FullUserView::of(app, addresses, account)),
            Self::V21 => reply::token(&account.token),
        }
    }
}

fn slim(app: &App, addresses: &Addresses, user: &User) -> HttpResponse {
    reply::user(BasicUserView::of(app, addresses, user))
}
