//! The vendor's envelopes: `{"status":200,"data":..,"message":..}` and `{"status":4xx,"message":..}`.
//!
//! Three doors, three ways with the HTTP status. Where the vendor's SDK never calls, it mirrors the body's. Where the SDK calls it is
//! 200 for every business error, because the SDK reads a body only below HTTP 400; an HTTP 401 makes it sign in again, so that
//! tells a token that is no good, and signing in itself never answers it.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder, Schema},
};

use super::view::{CreatedUser, MetadataShown, UserResource};
use crate::{
    domain::{
        error::{Error, Fault, Unauthenticated, What},
        free_data::Metadata,
        profile::User,
    },
    http::{addresses::Addresses, form::BodyFault},
    service::accounts::Created,
};

/// What is said of a deletion, by whichever door it was asked for.
pub(super) const ACCOUNT_DELETED: &str = "User account has been deleted successfully.";

/// Done, with what there is to show.
#[derive(Serialize, ToSchema)]
pub(super) struct Success<T> {
    #[schema(minimum = 200, maximum = 200, example = 200)]
    status: u16,
    data: T,
    message: &'static str,
}

/// Done, with nothing to show.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    #[schema(minimum = 200, maximum = 200, example = 200)]
    status: u16,
    message: &'static str,
}

/// Not done, and why.
#[derive(Serialize, ToSchema)]
pub(super) struct Refusal {
    /// In HTTP's numbers, whatever HTTP itself says: 204 for a profile that nobody has, 400 for what is wrong with a call, 401 for its token,
    /// 403 for what the caller may not, 404 for what is not there, 408, 413 and 415 for a body that is not read, 429 for what was done too
    /// often, 500 for our own fault, 503 while too much is to be done, 507 when the disk is full.
    #[schema(minimum = 201, maximum = 599, example = 400)]
    status: u16,
    /// What to do about it.
    #[schema(example = "Invalid user id.")]
    message: String,
}

/// A user resource: its metadata stand beside the data.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserAnswer {
    #[schema(minimum = 200, maximum = 200, example = 200)]
    status: u16,
    data: UserResource,
    #[schema(value_type = Metadata)]
    meta_data: Map<String, Value>,
    message: &'static str,
}

/// "If successful, this action returns a user resource in the response body." Keys stand in the order of the vendor's sample.
///
/// `isProfileUpdated` is false exactly when this call made the user and set no profile field.
pub(super) fn user_created(addresses: &Addresses, created: &Created, set_profile: bool) -> HttpResponse {
    success(CreatedUser::of(addresses, created, set_profile), "User created successfully")
}

/// The user resource of reading and of updating.
pub(super) fn user(addresses: &Addresses, user: &User, message: &'static str) -> HttpResponse {
    let meta_data = user.profile.metadata.as_object().clone();
    HttpResponse::Ok().json(UserAnswer { status: 200, data: UserResource::of(addresses, user), meta_data, message })
}

/// `{metaData, message}`: the vendor's pages show the message inside the data, its SDK reads it beside them.
pub(super) fn metadata(user: &User, message: &'static str) -> HttpResponse {
    success(MetadataShown::of(user, message), message)
}

/// `{"status":200,"data":..,"message":..}`.
pub(super) fn success(data: impl Serialize, message: &'static str) -> HttpResponse {
    HttpResponse::Ok().json(Success { status: 200, data, message })
}

/// `{"status":200,"message":..}`: done, with nothing to show.
pub(super) fn done(message: &'static str) -> HttpResponse {
    HttpResponse::Ok().json(Done { status: 200, message })
}

/// Why a call was refused, at any door.
#[derive(Debug)]
pub(super) enum Refused {
    /// A verb or a field refused.
    Domain(Error),
    /// The body could not be read.
    Body(BodyFault),
    /// The call names a user that does not exist.
    InvalidUserId,
    /// A profile is asked for that nobody has. The SDK knows it by a status of its own.
    NoSuchProfile,
    /// The user has as many sessions as it may, and this one does not want to end the oldest.
    MostSessions,
    /// Nobody signs in by these.
    InvalidCredentials,
    /// The back end may not do this, even here: its own account is the operator's to change.
    Restricted,
    /// The token is a user's where the back end's is needed, or the other way round.
    WrongHolder,
    /// The token comes behind the word `Bearer`, which this wire does not have.
    Bearer,
    /// A WebSocket is asked for without the sub-protocol it speaks.
    NoProtocol,
    /// What asks for a WebSocket is no handshake.
    NoHandshake,
    /// The page that asks for a WebSocket may not call this app.
    ForeignPage,
    /// The app does not serve this dialect.
    SwitchedOff,
    /// No such call.
    UnknownCall,
    /// The call exists, by another method.
    WrongMethod,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error == Error::NotFound(What::User) {
            true => Self::InvalidUserId,
            false => Self::Domain(error),
        }
    }
}

impl From<BodyFault> for Refused {
    fn from(fault: BodyFault) -> Self {
        if let BodyFault::House(error) = fault { error.into() } else { Self::Body(fault) }
    }
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::Domain(error) => match error {
                Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
                Error::Forbidden(_) => StatusCode::FORBIDDEN,
                Error::NotFound(What::Block) => StatusCode::BAD_REQUEST,
                Error::NotFound(_) => StatusCode::NOT_FOUND,
                Error::Invalid { .. } | Error::Conflict(_) => StatusCode::BAD_REQUEST,
                Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
                Error::Busy => StatusCode::SERVICE_UNAVAILABLE,
                Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Body(fault) => fault.status(),
            Self::InvalidUserId | Self::InvalidCredentials | Self::NoProtocol | Self::NoHandshake => {
                StatusCode::BAD_REQUEST
            }
            Self::NoSuchProfile => StatusCode::NO_CONTENT,
            Self::Restricted | Self::WrongHolder | Self::Bearer => StatusCode::UNAUTHORIZED,
            Self::SwitchedOff | Self::MostSessions | Self::ForeignPage => StatusCode::FORBIDDEN,
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
                Unauthenticated::Missing | Unauthenticated::Wrong | Unauthenticated::Expired | Unauthenticated::Revoked,
            )) => "Token Expired".to_owned(),
            Self::Domain(Error::Conflict(What::Block)) => "User is already in blocked list".to_owned(),
            Self::Domain(Error::NotFound(What::Block)) => "User is not in blocked list".to_owned(),
            Self::Domain(Error::Invalid { fault: Fault::Oneself, .. }) => {
                "Blocking/Unblocking of self account is not allowed".to_owned()
            }
            Self::Domain(error) => error.to_string(),
            Self::Body(fault) => fault.to_string(),
            Self::InvalidUserId => "Invalid user id.".to_owned(),
            Self::NoSuchProfile => "User not available".to_owned(),
            // The SDK compares this text.
            Self::MostSessions => "You have reached maximum sessions allowed.".to_owned(),
            Self::InvalidCredentials => "Invalid Credentials".to_owned(),
            Self::Restricted => "Operation restricted".to_owned(),
            Self::WrongHolder => "Token Expired".to_owned(),
            Self::Bearer => {
                "Token Expired: send the token alone in the header Authorization, without Bearer".to_owned()
            }
            Self::NoProtocol => "Open this WebSocket with the sub-protocol xmpp (Sec-WebSocket-Protocol)".to_owned(),
            Self::NoHandshake => "Open this address as a WebSocket, version 13".to_owned(),
            Self::ForeignPage => "This page's origin is none of the app's allowed_origins".to_owned(),
            Self::SwitchedOff => "This app does not serve MirrorFly calls".to_owned(),
            Self::UnknownCall => "This call is not part of Standin".to_owned(),
            Self::WrongMethod => "This call is not made by this method".to_owned(),
        }
    }

    fn answer(&self, http_status: StatusCode) -> HttpResponse {
        let mut answer = HttpResponse::build(http_status);
        if let Self::Domain(refused) = self
            && let Some(seconds) = refused.retry_after_s()
        {
            answer.insert_header((RETRY_AFTER, seconds));
        }
        answer.json(Refusal { status: self.status().as_u16(), message: self.message() })
    }
}

macro_rules! doors {
    ($($(#[$doc:meta])* $door:ident, $words:path, $http_status:path, $told_by_http:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $door(Refused);

        impl<E: Into<Refused>> From<E> for $door {
            fn from(refused: E) -> Self {
                Self($words(refused.into()))
            }
        }

        impl std::fmt::Display for $door {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0.message())
            }
        }

        impl ResponseError for $door {
            fn status_code(&self) -> StatusCode {
                $http_status(&self.0)
            }

            fn error_response(&self) -> HttpResponse<BoxBody> {
                self.0.answer(self.status_code())
            }
        }

        /// What HTTP tells of any refusal here; `document` adds what follows from the shape of a call.
        impl IntoResponses for $door {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let told: &[(u16, &str)] = $told_by_http;
                told.iter().map(|(status, when)| (status.to_string(), described(when).into())).collect()
            }
        }
    )*};
}

doors! {
    /// A refusal where the vendor's SDK never calls, and of media: HTTP says what the body says.
    Mirrored, std::convert::identity, Refused::status, TOLD_BY_HTTP;

    /// A refusal where the vendor's SDK calls with a token: HTTP 200, the body says what happened. A token that is no good is an
    /// HTTP 401 all the same: by it alone the SDK knows that it must sign in again.
    InBody, std::convert::identity, status_for_the_sdk, &[];

    /// A refusal where the vendor's SDK signs in: HTTP 200 always, because it would take a 401 for an expired token and sign in
    /// again and again; wrong credentials in the words it knows.
    AtLogin, in_logins_words, always_ok, &[];
}

const TOLD_BY_HTTP: &[(u16, &str)] = &[
    (400, "Something is wrong with the call: the message names the field and its bound"),
    (403, "The caller may not: the message says why"),
    (500, "Our own fault; the server's log says more"),
    (503, "Too much is to be done just now: nothing was done, try again"),
];

/// A refusal as the OpenAPI document has it.
pub(super) fn described(when: &str) -> Response {
    ResponseBuilder::new().description(when).content("application/json", Content::new(Some(refusal()))).build()
}

/// Where the document has the schema of a refusal.
pub(super) fn refusal() -> RefOr<Schema> {
    Ref::from_schema_name(Refusal::name()).into()
}

fn status_for_the_sdk(refused: &Refused) -> StatusCode {
    match refused.status() {
        StatusCode::UNAUTHORIZED => StatusCode::UNAUTHORIZED,
        _ => StatusCode::OK,
    }
}

fn in_logins_words(refused: Refused) -> Refused {
    match matches!(refused, Refused::Domain(Error::Unauthenticated(_))) {
        true => Refused::InvalidCredentials,
        false => refused,
    }
}

fn always_ok(_: &Refused) -> StatusCode {
    StatusCode::OK
}

/// Answers a call that does not exist.
pub(super) async fn unknown_call() -> Result<HttpResponse, Mirrored> {
    Err(Refused::UnknownCall.into())
}

/// Answers a call made by a method that is not its own.
pub(super) async fn wrong_method() -> Result<HttpResponse, Mirrored> {
    Err(Refused::WrongMethod.into())
}
