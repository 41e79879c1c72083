//! The vendor's envelopes: `{"results": .., "status": 200}` and `{"error": {..}, "status": 4xx}`, the HTTP status the same.

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use serde_json::{Value, json};

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
    service::{accounts::SUSPENDED, renewal::Session},
};

/// A good answer of this door.
#[derive(Serialize)]
struct Answer<T> {
    results: T,
    status: u16,
}

/// `{"user": ..}`, in whichever view.
pub(super) fn user(user: impl Serialize) -> HttpResponse {
    #[derive(Serialize)]
    struct One<U> {
        user: U,
    }
    results(One { user })
}

/// `{"token": ..}`.
pub(super) fn token(token: &Secret) -> HttpResponse {
    results(json!({ "token": token.expose() }))
}

/// `{"message": ..}`.
pub(super) fn message(message: &str) -> HttpResponse {
    results(json!({ "message": message }))
}

/// `{"meta": .., "users": [..]}`.
///
/// `total_page` rounds down, as both of the vendor's samples do (791 users by 2 make 395 pages, 3147 by 2 make 1573), so the
/// last partial page lies beyond it.
pub(super) fn user_list(app: &App, addresses: &Addresses, page: Page, listed: &Listed<User>) -> HttpResponse {
    let users: Vec<ListedView> = listed.items.iter().map(|user| ListedView::of(app, addresses, user)).collect();
    let total_page = listed.total / u64::from(page.limit());
    results(json!({ "meta": { "total_data": listed.total, "total_page": total_page }, "users": users }))
}

/// `{"user_ids": []}`: nobody has unread messages where there are none.
pub(super) fn no_unread_users() -> HttpResponse {
    results(json!({ "user_ids": [] }))
}

/// `{"user_unread_count": [..]}`: no unread messages for each.
pub(super) fn no_unread_messages(users: &[UserId]) -> HttpResponse {
    let counts: Vec<Value> = users.iter().map(|id| json!({ "unread_count": 0, "user_id": id.as_str() })).collect();
    results(json!({ "user_unread_count": counts }))
}

/// A renewed token; one that never expires comes alone.
pub(super) fn renewed(session: &Session) -> HttpResponse {
    #[derive(Serialize)]
    struct Renewed<'a> {
        token: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        refresh_token: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        token_expires_at: Option<String>,
    }
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
            Self::Session(Unauthenticated::Missing | Unauthenticated::Wrong) => write!(f, "Unauthorized"),
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
        let error = match (self, self.code()) {
            (Self::Domain(Error::Invalid { field, .. }), _) => validation(field, &sentence),
            (_, Some(code)) => json!({ "code": code, "message": sentence }),
            (_, None) => json!({ "message": sentence }),
        };
        let mut answer = HttpResponse::build(status);
        if let Self::Domain(refused) = self
            && let Some(seconds) = refused.retry_after_s()
        {
            answer.insert_header((RETRY_AFTER, seconds));
        }
        answer.json(json!({ "error": error, "status": status.as_u16() }))
    }
}

impl Refusal {
    /// The vendor's number for it, where it has one. Source: the vendor's list of error codes of 2018; live services for the password.
    fn code(&self) -> Option<u32> {
        match self {
            Self::Domain(error) => (*error == SUSPENDED).then_some(401_300),
            Self::Session(Unauthenticated::Missing | Unauthenticated::Wrong) => Some(401_301),
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

/// The vendor's validation form: `message`, `errors` (field to sentences) and `detailed_messages` all present.
fn validation(field: &str, sentence: &str) -> Value {
    json!({ "detailed_messages": [sentence], "errors": { field: [sentence] }, "message": "Validation error" })
}

/// Answers a call made by a method that is not its own.
pub(super) async fn wrong_method() -> Result<HttpResponse, Refusal> {
    Err(Refusal::WrongMethod)
}
