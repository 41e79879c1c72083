//! The vendor's envelopes: `{"results": .., "status": 200}` and `{"error": {..}, "status": 4xx}`, the HTTP status the same.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::ListedView;
use crate::{
    domain::{
        app::App,
        error::{Error, Unauthenticated},
        id::UserId,
        page::{Listed, Page},
        profile::User,
        secret::Secret,
    },
    http::{addresses::Addresses, form::BodyFault},
    service::renewal::Session,
};

/// A good answer of this door.
#[derive(Serialize, ToSchema)]
pub(super) struct Answer<T> {
    results: T,
    /// The HTTP status once more: this is the one the SDKs look at.
    #[schema(example = 200)]
    status: u16,
}

/// A user, in whichever view.
#[derive(Serialize, ToSchema)]
pub(super) struct One<U> {
    user: U,
}

/// A user token.
#[derive(Serialize, ToSchema)]
pub(super) struct Token<'a> {
    /// What `QISCUS-SDK-TOKEN` takes.
    token: &'a str,
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub(super) struct Message<'a> {
    #[schema(example = "The users are active")]
    message: &'a str,
}

/// A page of users.
#[derive(Serialize, ToSchema)]
pub(super) struct UserList<'a> {
    meta: Totals,
    users: Vec<ListedView<'a>>,
}

/// How many there are, on this page and on all others.
#[derive(Serialize, ToSchema)]
struct Totals {
    total_data: u64,
    /// Rounded down: the last, partial page lies beyond it.
    total_page: u64,
}

/// Users who have unread messages: none, for there are no messages.
#[derive(Serialize, ToSchema)]
pub(super) struct UnreadUsers {
    #[schema(max_items = 0)]
    user_ids: Vec<String>,
}

/// The unread messages of each user, in the order asked.
#[derive(Serialize, ToSchema)]
pub(super) struct UnreadCounts<'a> {
    user_unread_count: Vec<UnreadCount<'a>>,
}

/// The unread messages of a user: none.
#[derive(Serialize, ToSchema)]
struct UnreadCount<'a> {
    #[schema(maximum = 0)]
    unread_count: u32,
    #[schema(example = "guest@qiscus.com")]
    user_id: &'a str,
}

/// A renewed token. One that never expires comes alone.
#[derive(Serialize, ToSchema)]
pub(super) struct Renewed<'a> {
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    token_expires_at: Option<String>,
}

/// A refusal.
#[derive(Serialize, ToSchema)]
pub(super) struct Refused {
    error: Reason,
    /// The HTTP status once more.
    #[schema(example = 400)]
    status: u16,
}

/// Why a call is refused.
#[derive(Serialize, ToSchema)]
struct Reason {
    /// The vendor's number for it, where it has one: 401300 suspended, 401301 no or a wrong token, 401302 an expired one, 401303 no
    /// such app, 401306 a wrong password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 401_301)]
    code: Option<u32>,
    /// For a refused field: a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detailed_messages: Option<Vec<String>>,
    /// For a refused field: its name, and what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<BTreeMap<String, Vec<String>>>,
    /// A sentence; `Validation error` for a refused field.
    #[schema(example = "Unauthorized")]
    message: String,
}

/// `{"user": ..}`, in whichever view.
pub(super) fn user(user: impl Serialize) -> HttpResponse {
    results(One { user })
}

/// `{"token": ..}`.
pub(super) fn token(token: &Secret) -> HttpResponse {
    results(Token { token: token.expose() })
}

/// `{"message": ..}`.
pub(super) fn message(message: &str) -> HttpResponse {
    results(Message { message })
}

/// `{"meta": .., "users": [..]}`.
///
/// `total_page` rounds down, as both of the vendor's samples do (791 users by 2 make 395 pages, 3147 by 2 make 1573), so the
/// last partial page lies beyond it.
pub(super) fn user_list(app: &App, addresses: &Addresses, page: Page, listed: &Listed<User>) -> HttpResponse {
    let users = listed.items.iter().map(|user| ListedView::of(app, addresses, user)).collect();
    let total_page = listed.total / u64::from(page.limit());
    results(UserList { meta: Totals { total_data: listed.total, total_page }, users })
}

/// `{"user_ids": []}`: nobody has unread messages where there are none.
pub(super) fn no_unread_users() -> HttpResponse {
    results(UnreadUsers { user_ids: Vec::new() })
}

/// `{"user_unread_count": [..]}`: no unread messages for each.
pub(super) fn no_unread_messages(users: &[UserId]) -> HttpResponse {
    let user_unread_count = users.iter().map(|id| UnreadCount { unread_count: 0, user_id: id.as_str() }).collect();
    results(UnreadCounts { user_unread_count })
}

/// A renewed token; one that never expires comes alone.
pub(super) fn renewed(session: &Session) -> HttpResponse {
    let renewal = session.renewal.as_ref();
    results(Renewed {
        token: session.account.token.expose(),
        refresh_token: renewal.map(|renewal| renewal.refresh_token.expose()),
        token_expires_at: renewal.map(|renewal| renewal.token_expires_at.to_string()),
    })
}

/// `results` of whatever shape.
pub(super) fn results(results: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(Answer { results, status: 200 })
}

/// A refusal at this door.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A verb or a field refused.
    Domain(Error),
    /// The body could not be read.
    Body(BodyFault),
    /// App id and secret are not those of an app; what HTTP says of it is the version's.
    WrongCredentials(StatusCode),
    /// A required header is not there.
    MissingAppId,
    /// There is no app of the id that an SDK names.
    UnknownApp,
    /// The key of an SDK login is not the user's.
    WrongPassword,
    /// An SDK's token is not there, wrong or expired.
    Session(Unauthenticated),
    /// There is no session of this refresh token.
    WrongRefreshToken,
    /// An identity token proves nothing; the text completes "identity_token".
    IdentityToken(&'static str),
    /// What an SDK wants of the realtime server, which Standin is none.
    NoBroker,
    /// It is not there, and neither the host nor the secret makes up for it.
    UnknownHost,
    /// The app does not serve this dialect.
    SwitchedOff,
    /// A call of the vendor's that has nothing to do with users.
    RoomsAndMessages,
    /// No such call.
    UnknownCall {
        /// The one it may have been meant to be.
        nearest: Option<&'static str>,
    },
    /// The call exists, by another method.
    WrongMethod,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        if let BodyFault::House(error) = fault { Self::Domain(error) } else { Self::Body(fault) }
    }
}

impl std::fmt::Display for Refusal {
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
            Self::NoBroker => write!(f, "A realtime server is not part of Standin: clients hear of changes by sync"),
            Self::UnknownHost => write!(
                f,
                "Unauthorized: without the header QISCUS-SDK-APP-ID, the host and QISCUS-SDK-SECRET must be those of an app"
            ),
            Self::SwitchedOff => write!(f, "This app does not serve Qiscus calls"),
            Self::RoomsAndMessages => write!(f, "Rooms and messages are not part of Standin"),
            Self::UnknownCall { nearest: None } => write!(f, "There is no such call"),
            Self::UnknownCall { nearest: Some(name) } => write!(f, "There is no such call, the nearest one is {name}"),
            Self::WrongMethod => write!(f, "This call is not made by this method"),
        }
    }
}

impl ResponseError for Refusal {
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
            Self::MissingAppId | Self::UnknownHost => StatusCode::BAD_REQUEST,
            Self::UnknownApp | Self::WrongPassword | Self::WrongRefreshToken | Self::IdentityToken(_) => {
                StatusCode::UNAUTHORIZED
            }
            Self::SwitchedOff | Self::Session(_) => StatusCode::FORBIDDEN,
            Self::RoomsAndMessages | Self::UnknownCall { .. } | Self::NoBroker => StatusCode::NOT_FOUND,
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
            Reason::validation(field, sentence)
        } else {
            Reason { code: self.code(), detailed_messages: None, errors: None, message: sentence }
        };
        let mut answer = HttpResponse::build(status);
        if let Self::Domain(refused) = self
            && let Some(seconds) = refused.retry_after_s()
        {
            answer.insert_header((RETRY_AFTER, seconds));
        }
        answer.json(Refused { error, status: status.as_u16() })
    }
}

impl Refusal {
    /// The vendor's number for it, where it has one. Source: the vendor's list of error codes of 2018; live services for the password.
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
            | Self::NoBroker
            | Self::UnknownHost
            | Self::SwitchedOff
            | Self::RoomsAndMessages
            | Self::UnknownCall { .. }
            | Self::WrongMethod => None,
        }
    }
}

impl Reason {
    /// The vendor's validation form: `message`, `errors` (field to sentences) and `detailed_messages` all present.
    fn validation(field: &str, sentence: String) -> Self {
        Self {
            code: None,
            detailed_messages: Some(vec![sentence.clone()]),
            errors: Some(BTreeMap::from([(field.to_owned(), vec![sentence])])),
            message: "Validation error".to_owned(),
        }
    }
}

/// Answers a call made by a method that is not its own.
pub(super) async fn wrong_method() -> Result<HttpResponse, Refusal> {
    Err(Refusal::WrongMethod)
}
