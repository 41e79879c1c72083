//! The vendor's envelopes: `{"status":200,"data":..,"message":..}` and `{"status":4xx,"message":..}`.
//!
//! Two doors, two ways with the HTTP status. Where only back ends call, it mirrors the body's. Where the vendor's SDK calls too
//! it is 200 for every business error: the SDK reads the body's status only below HTTP 400, and takes an HTTP 401 from `/login`
//! for an expired token.

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use serde_json::json;

use super::jid;
use crate::{
    domain::{
        avatar::{Avatar, Rendition},
        error::{Error, Unauthenticated},
        profile::User,
        secret::Secret,
    },
    http::{addresses::Addresses, form::BodyFault},
    service::accounts::Created,
};

/// The thumbnail's rendition: a contact list's pictures on a dense screen.
const THUMBNAIL: Rendition = Rendition::Square192;

/// The user resource of createUser. Keys stand in the order of the vendor's sample.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreatedView<'a> {
    token: &'a str,
    username: String,
    password: &'a str,
    is_profile_updated: bool,
    mobile_number: &'a str,
    nickname: &'a str,
    profile_url: String,
    profile_url_thumb: String,
    email: &'a str,
    user_id: String,
}

/// "If successful, this action returns a user resource in the response body."
///
/// `isProfileUpdated` is false exactly when this call made the user and set no profile field.
pub(super) fn user_created(addresses: &Addresses, created: &Created, set_profile: bool) -> HttpResponse {
    let user = &created.user;
    let (profile_url, profile_url_thumb) = picture_addresses(addresses, user);
    let view = CreatedView {
        token: created.ticket.expose(),
        username: jid::escaped(&user.id),
        password: created.issued_password.expose(),
        is_profile_updated: !created.created || set_profile,
        mobile_number: user.profile.mobile.as_ref().map_or("", |mobile| mobile.as_str()),
        nickname: user.profile.display_name.as_ref().map_or("", |name| name.as_str()),
        profile_url,
        profile_url_thumb,
        email: user.profile.email.as_ref().map_or("", |email| email.as_str()),
        user_id: jid::escaped(&user.id),
    };
    success(view, "User created successfully")
}

/// Where a REST caller finds the picture and its thumbnail: full media addresses for an upload, the address itself for one
/// elsewhere, nothing where nothing was set, as in the vendor's sample: its apps draw their own default then.
fn picture_addresses(addresses: &Addresses, user: &User) -> (String, String) {
    match &user.profile.avatar {
        Avatar::Tile => (String::new(), String::new()),
        Avatar::Elsewhere(address) => (address.as_str().to_owned(), address.as_str().to_owned()),
        Avatar::Picture(key, _) => (addresses.media(key, Rendition::Full), addresses.media(key, THUMBNAIL)),
    }
}

/// `{token}`: the answer of `/login`.
pub(super) fn signed_in(token: &Secret) -> HttpResponse {
    success(json!({ "token": token.expose() }), "Data retrieved successfully")
}

fn success(data: impl Serialize, message: &str) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": 200, "data": data, "message": message }))
}

/// Why a call was refused, at any door.
#[derive(Debug)]
pub(super) enum Refused {
    /// A verb or a field refused.
    Domain(Error),
    /// The body could not be read.
    Body(BodyFault),
    /// The token is a user's where the back end's is needed.
    NotBackEnd,
    /// The app does not serve this dialect.
    SwitchedOff,
    /// No such call.
    UnknownCall,
    /// The call exists, by another method.
    WrongMethod,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl From<BodyFault> for Refused {
    fn from(fault: BodyFault) -> Self {
        if let BodyFault::House(error) = fault { Self::Domain(error) } else { Self::Body(fault) }
    }
}

impl Refused {
    fn status(&self) -> StatusCode {
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
            Self::NotBackEnd => StatusCode::UNAUTHORIZED,
            Self::SwitchedOff => StatusCode::FORBIDDEN,
            Self::UnknownCall => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Domain(Error::Internal(cause)) => {
                log::error!("{cause}");
                "Internal server error".to_owned()
            }
            // "When the token passed in Headers is not given or expired."
            Self::Domain(Error::Unauthenticated(
                Unauthenticated::Missing | Unauthenticated::Wrong | Unauthenticated::Expired,
            )) => "Token Expired".to_owned(),
            Self::Domain(error) => error.to_string(),
            Self::Body(fault) => fault.to_string(),
            Self::NotBackEnd => "Token Expired".to_owned(),
            Self::SwitchedOff => "This app does not serve MirrorFly calls".to_owned(),
            Self::UnknownCall => "This call is not part of Standin".to_owned(),
            Self::WrongMethod => "This call is not made by this method".to_owned(),
        }
    }

    fn answer(&self, http_status: StatusCode, status: StatusCode) -> HttpResponse {
        let mut answer = HttpResponse::build(http_status);
        if let Self::Domain(refused) = self
            && let Some(seconds) = refused.retry_after_s()
        {
            answer.insert_header((RETRY_AFTER, seconds));
        }
        answer.json(json!({ "status": status.as_u16(), "message": self.message() }))
    }
}

/// A refusal where only back ends call, and of media: HTTP says what the body says.
#[derive(Debug)]
pub(super) struct Mirrored(pub(super) Refused);

/// A refusal where the vendor's SDK calls too: HTTP 200, the body says what happened.
#[derive(Debug)]
pub(super) struct InBody(pub(super) Refused);

impl<E: Into<Refused>> From<E> for Mirrored {
    fn from(refused: E) -> Self {
        Self(refused.into())
    }
}

impl<E: Into<Refused>> From<E> for InBody {
    fn from(refused: E) -> Self {
        Self(refused.into())
    }
}

impl std::fmt::Display for Mirrored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message())
    }
}

impl std::fmt::Display for InBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message())
    }
}

impl ResponseError for Mirrored {
    fn status_code(&self) -> StatusCode {
        self.0.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.0.answer(self.0.status(), self.0.status())
    }
}

impl ResponseError for InBody {
    fn status_code(&self) -> StatusCode {
        StatusCode::OK
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        // Login's own words: the SDK knows a wrong password by them, and takes HTTP 401 for an expired token.
        if let Refused::Domain(Error::Unauthenticated(_)) = self.0 {
            return HttpResponse::Ok().json(json!({ "status": 400, "message": "Invalid Credentials" }));
        }
        self.0.answer(StatusCode::OK, self.0.status())
    }
}

/// Answers a call that does not exist.
pub(super) async fn unknown_call() -> Result<HttpResponse, Mirrored> {
    Err(Mirrored(Refused::UnknownCall))
}

/// Answers a call made by a method that is not its own.
pub(super) async fn wrong_method() -> Result<HttpResponse, Mirrored> {
    Err(Mirrored(Refused::WrongMethod))
}
