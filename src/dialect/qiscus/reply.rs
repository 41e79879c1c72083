//! The vendor's envelopes: `{"results": .., "status": 200}` and `{"error": {..}, "status": 4xx}`, the HTTP status the same.

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    domain::{
        app::App,
        error::{Error, Fault, What},
        page::{Listed, Page},
        profile::User,
        secret::Secret,
    },
    http::{addresses::Addresses, form::BodyFault},
};

/// A good answer of this door.
#[derive(Serialize)]
struct Answer<T> {
    results: T,
    status: u16,
}

/// `{"user": ..}`.
#[derive(Serialize)]
struct One<'a> {
    user: UserView<'a>,
}

/// A user as `login_or_register` and `user_profile` answer it. Keys stand in the order of the vendor's samples.
#[derive(Serialize)]
struct UserView<'a> {
    avatar_url: String,
    extras: &'a Map<String, Value>,
    user_id: &'a str,
    username: &'a str,
}

/// A user as `get_user_list` answers it: `email` carries the user id, `name` and `username` are the same display name.
#[derive(Serialize)]
struct ListedView<'a> {
    active: bool,
    avatar_url: String,
    created_at: String,
    email: &'a str,
    extras: &'a Map<String, Value>,
    id: i64,
    name: &'a str,
    updated_at: String,
    username: &'a str,
}

/// `{"user": ..}` of one user.
pub(super) fn user(app: &App, addresses: &Addresses, user: &User) -> HttpResponse {
    let view = UserView {
        avatar_url: addresses.avatar(user, app.settings.public_pictures),
        extras: user.profile.extras.as_object(),
        user_id: user.id.as_str(),
        username: user.shown_name(),
    };
    results(One { user: view })
}

/// `{"token": ..}`.
pub(super) fn token(token: &Secret) -> HttpResponse {
    results(json!({ "token": token.expose() }))
}

/// `{"meta": .., "users": [..]}`.
///
/// `total_page` rounds down, as both of the vendor's samples do (791 users by 2 make 395 pages, 3147 by 2 make 1573), so the
/// last partial page lies beyond it.
pub(super) fn user_list(app: &App, addresses: &Addresses, page: Page, listed: &Listed<User>) -> HttpResponse {
    let users: Vec<ListedView> = listed
        .items
        .iter()
        .map(|user| ListedView {
            active: user.is_active(),
            avatar_url: addresses.avatar(user, app.settings.public_pictures),
            created_at: user.created_at.to_string(),
            email: user.id.as_str(),
            extras: user.profile.extras.as_object(),
            id: user.key.0,
            name: user.shown_name(),
            updated_at: user.updated_at.to_string(),
            username: user.shown_name(),
        })
        .collect();
    let total_page = listed.total / u64::from(page.limit());
    results(json!({ "meta": { "total_data": listed.total, "total_page": total_page }, "users": users }))
}

fn results(results: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(Answer { results, status: 200 })
}

/// A refusal at this door.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A verb or a field refused.
    Domain(Error),
    /// The body could not be read.
    Body(BodyFault),
    /// A required header is not there.
    MissingAppId,
    /// The app does not serve this dialect.
    SwitchedOff,
    /// No such call.
    UnknownCall,
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
            Self::MissingAppId => write!(f, "The header QISCUS-SDK-APP-ID is required"),
            Self::SwitchedOff => write!(f, "This app does not serve Qiscus calls"),
            Self::UnknownCall => write!(f, "This call is not part of Standin"),
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
            Self::MissingAppId => StatusCode::BAD_REQUEST,
            Self::SwitchedOff => StatusCode::FORBIDDEN,
            Self::UnknownCall => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        if let Self::Domain(Error::Internal(cause)) = self {
            log::error!("{cause}");
        }
        let status = self.status_code();
        let sentence = self.to_string();
        let error = match self {
            Self::Domain(Error::Invalid { field, .. }) => validation(field, &sentence),
            Self::Domain(_)
            | Self::Body(_)
            | Self::MissingAppId
            | Self::SwitchedOff
            | Self::UnknownCall
            | Self::WrongMethod => json!({ "message": sentence }),
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

/// The vendor's validation form: `message`, `errors` (field to sentences) and `detailed_messages` all present.
fn validation(field: &str, sentence: &str) -> Value {
    json!({ "detailed_messages": [sentence], "errors": { field: [sentence] }, "message": "Validation error" })
}

/// The refusal of a verb that found no user, where the vendor answers it as a validation error.
pub(super) fn missing_user_is_invalid(error: Error) -> Refusal {
    match error == Error::NotFound(What::User) {
        true => Fault::Malformed("the id of a user that exists").at("user_id").into(),
        false => error.into(),
    }
}

/// Answers a call that does not exist.
pub(super) async fn unknown_call() -> Result<HttpResponse, Refusal> {
    Err(Refusal::UnknownCall)
}

/// Answers a call made by a method that is not its own.
pub(super) async fn wrong_method() -> Result<HttpResponse, Refusal> {
    Err(Refusal::WrongMethod)
}
