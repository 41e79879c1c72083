//! The vendor's envelopes: `{"results": .., "status": 200}` and `{"error": {..}, "status": 4xx}`. `status` equals
//! HTTP's.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::ListedUserView;
use crate::{
    domain::{App, Error, Listed, Page, Secret, Unauthenticated, User, UserId},
    http::{addresses::Addresses, form::BodyFault},
    service::ClientSession,
};

/// A successful response.
#[derive(Serialize, ToSchema)]
pub(super) struct QiscusReply<T> {
    results: T,
    /// The HTTP status again. The SDKs read this one.
    #[schema(example = 200)]
    status: u16,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct UserResult<U> {
    user: U,
}

/// A user token.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenResult<'a> {
    /// The value of the header `QISCUS-SDK-TOKEN`.
    token: &'a str,
}

/// A text that says what was done.
#[derive(Serialize, ToSchema)]
pub(super) struct MessageResult<'a> {
    #[schema(example = "The users are active")]
    message: &'a str,
}

/// A page of users.
#[derive(Serialize, ToSchema)]
pub(super) struct UserList<'a> {
    meta: UserListMeta,
    users: Vec<ListedUserView<'a>>,
}

/// The sums over all pages.
#[derive(Serialize, ToSchema)]
struct UserListMeta {
    total_data: u64,
    /// Rounded down: the last page is not counted if it is only partly filled.
    total_page: u64,
}

/// Users with unread messages.
#[derive(Serialize, ToSchema)]
pub(super) struct UnreadUsers<'a> {
    user_ids: Vec<&'a str>,
}

/// The number of unread messages of each user, in the order of the request.
#[derive(Serialize, ToSchema)]
pub(super) struct UnreadCounts<'a> {
    user_unread_count: Vec<UnreadCount<'a>>,
}

/// The number of unread messages of a user.
#[derive(Serialize, ToSchema)]
struct UnreadCount<'a> {
    unread_count: u64,
    #[schema(example = "guest@qiscus.com")]
    user_id: &'a str,
}

/// A renewed token. If the token never expires, the other two fields are missing.
#[derive(Serialize, ToSchema)]
pub(super) struct RenewedToken<'a> {
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    token_expires_at: Option<String>,
}

/// An empty object.
#[derive(Serialize, ToSchema)]
pub(super) struct EmptyResult {}

/// An error.
#[derive(Serialize, ToSchema)]
pub(super) struct QiscusErrorReply {
    error: QiscusErrorBody,
    /// The HTTP status again.
    #[schema(example = 400)]
    status: u16,
}

/// The cause of an error.
#[derive(Serialize, ToSchema)]
struct QiscusErrorBody {
    /// The vendor's error code, if it has one: 401300 suspended, 401301 token missing or wrong, 401302 token expired,
    /// 401303 unknown app, 401306 wrong password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 401_301)]
    code: Option<u32>,
    /// For an invalid field: one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detailed_messages: Option<Vec<String>>,
    /// For an invalid field: its name, and what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<BTreeMap<String, Vec<String>>>,
    /// A sentence. For an invalid field: `Validation error`.
    #[schema(example = "Unauthorized")]
    message: String,
}

pub(super) fn user(user: impl Serialize) -> HttpResponse {
    results(UserResult { user })
}

pub(super) fn token(token: &Secret) -> HttpResponse {
    results(TokenResult { token: token.expose() })
}

pub(super) fn message(message: &str) -> HttpResponse {
    results(MessageResult { message })
}

/// `total_page` rounds down, as in both of the vendor's samples: 791 users at 2 per page make 395 pages, 3147 make
/// 1573.
pub(super) fn user_list(app: &App, addresses: &Addresses, page: Page, listed: &Listed<User>) -> HttpResponse {
    let users = listed.items.iter().map(|user| ListedUserView::of(app, addresses, user)).collect();
    let total_page = listed.total / u64::from(page.limit());
    results(UserList { meta: UserListMeta { total_data: listed.total, total_page }, users })
}

pub(super) fn unread_users(users: &[UserId]) -> HttpResponse {
    results(UnreadUsers { user_ids: users.iter().map(UserId::as_str).collect() })
}

pub(super) fn unread_messages(users: &[UserId], counts: &[u64]) -> HttpResponse {
    let counted = users.iter().zip(counts);
    let user_unread_count =
        counted.map(|(user, count)| UnreadCount { unread_count: *count, user_id: user.as_str() }).collect();
    results(UnreadCounts { user_unread_count })
}

pub(super) fn renewed(session: &ClientSession) -> HttpResponse {
    let renewal = session.renewal.as_ref();
    results(RenewedToken {
        token: session.account.token.expose(),
        refresh_token: renewal.map(|renewal| renewal.refresh_token.expose()),
        token_expires_at: renewal.map(|renewal| renewal.token_expires_at.to_string()),
    })
}

pub(super) fn results(results: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(QiscusReply { results, status: 200 })
}

#[derive(Debug)]
pub(super) enum QiscusError {
    Domain(Error),
    Body(BodyFault),
    /// No app has this id and this secret. The HTTP status depends on the version.
    WrongCredentials(StatusCode),
    MissingAppId,
    UnknownApp,
    WrongPassword,
    Session(Unauthenticated),
    WrongRefreshToken,
    /// An identity token is not valid. The text completes the sentence "identity_token ..".
    IdentityToken(&'static str),
    /// A request to the realtime server that is no WebSocket handshake.
    NoSocket,
    /// A handshake that offers other sub-protocols alone.
    NoSubProtocol,
    ForeignPage,
    UnknownHost,
    SwitchedOff,
    UnknownCall {
        nearest: Option<&'static str>,
    },
    WrongMethod,
}

impl From<Error> for QiscusError {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl From<BodyFault> for QiscusError {
    fn from(fault: BodyFault) -> Self {
        if let BodyFault::Server(error) = fault { Self::Domain(error) } else { Self::Body(fault) }
    }
}

impl std::fmt::Display for QiscusError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Domain(error) => write!(f, "{error}"),
            Self::Body(fault) => write!(f, "{fault}"),
            Self::WrongCredentials(_) => write!(f, "Unauthorized"),
            Self::MissingAppId => write!(f, "The header QISCUS-SDK-APP-ID is required"),
            Self::UnknownApp => write!(f, "Application not found"),
            Self::WrongPassword => write!(f, "wrong password"),
            Self::Session(Unauthenticated::Missing | Unauthenticated::Wrong | Unauthenticated::Revoked) => {
                write!(f, "Unauthorized")
            }
            Self::Session(Unauthenticated::Expired) => write!(f, "Unauthorized. Token is expired"),
            Self::WrongRefreshToken => write!(f, "refresh token invalid"),
            Self::IdentityToken(why) => write!(f, "identity_token {why}"),
            Self::NoSocket => write!(f, "This is the realtime server of the SDKs: open a WebSocket here"),
            Self::NoSubProtocol => write!(f, "The sub-protocol of the realtime server is mqtt"),
            Self::ForeignPage => write!(f, "This page's origin is none of the app's allowed_origins"),
            Self::UnknownHost => write!(
                f,
                "Unauthorized: without the header QISCUS-SDK-APP-ID, the host and QISCUS-SDK-SECRET must be those of an app"
            ),
            Self::SwitchedOff => write!(f, "This app does not serve Qiscus calls"),
            Self::UnknownCall { nearest: None } => write!(f, "There is no such call"),
            Self::UnknownCall { nearest: Some(name) } => write!(f, "There is no such call, the nearest one is {name}"),
            Self::WrongMethod => write!(f, "This call is not made by this method"),
        }
    }
}

impl ResponseError for QiscusError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Domain(error) => match error {
                Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
                Error::Forbidden(_) => StatusCode::FORBIDDEN,
                Error::NotFound(_) => StatusCode::NOT_FOUND,
                Error::Invalid { .. } | Error::Conflict(_) => StatusCode::BAD_REQUEST,
                Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
                Error::Busy => StatusCode::SERVICE_UNAVAILABLE,
                Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Body(fault) => fault.status(),
            Self::WrongCredentials(status) => *status,
            Self::MissingAppId | Self::UnknownHost | Self::NoSocket | Self::NoSubProtocol => StatusCode::BAD_REQUEST,
            Self::UnknownApp | Self::WrongPassword | Self::WrongRefreshToken | Self::IdentityToken(_) => {
                StatusCode::UNAUTHORIZED
            }
            Self::SwitchedOff | Self::Session(_) | Self::ForeignPage => StatusCode::FORBIDDEN,
            Self::UnknownCall { .. } => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        if let Self::Domain(Error::Internal(cause)) = self {
            log::error!("{cause}");
        }
        let status = self.status_code();
        let sentence = self.to_string();
        let error = if let Self::Domain(Error::Invalid { field, .. }) = self {
            QiscusErrorBody::validation(field, sentence)
        } else {
            QiscusErrorBody { code: self.code(), detailed_messages: None, errors: None, message: sentence }
        };
        let mut answer = HttpResponse::build(status);
        if let Self::Domain(refused) = self
            && let Some(seconds) = refused.retry_after_s()
        {
            answer.insert_header((RETRY_AFTER, seconds));
        }
        answer.json(QiscusErrorReply { error, status: status.as_u16() })
    }
}

impl QiscusError {
    /// Source: the vendor's list of error codes of 2018; for the password, live services.
    fn code(&self) -> Option<u32> {
        match self {
            Self::Domain(error) => (*error == Error::SUSPENDED).then_some(401_300),
            Self::Session(Unauthenticated::Missing | Unauthenticated::Wrong | Unauthenticated::Revoked) => {
                Some(401_301)
            }
            Self::Session(Unauthenticated::Expired) => Some(401_302),
            Self::UnknownApp => Some(401_303),
            Self::WrongPassword => Some(401_306),
            Self::Body(_)
            | Self::WrongCredentials(_)
            | Self::MissingAppId
            | Self::WrongRefreshToken
            | Self::IdentityToken(_)
            | Self::NoSocket
            | Self::NoSubProtocol
            | Self::ForeignPage
            | Self::UnknownHost
            | Self::SwitchedOff
            | Self::UnknownCall { .. }
            | Self::WrongMethod => None,
        }
    }
}

impl QiscusErrorBody {
    /// Fills `message`, `errors` (field to sentences) and `detailed_messages`: clients read any of them.
    fn validation(field: &str, sentence: String) -> Self {
        Self {
            code: None,
            detailed_messages: Some(vec![sentence.clone()]),
            errors: Some(BTreeMap::from([(field.to_owned(), vec![sentence])])),
            message: "Validation error".to_owned(),
        }
    }
}

pub(super) async fn wrong_method() -> Result<HttpResponse, QiscusError> {
    Err(QiscusError::WrongMethod)
}
