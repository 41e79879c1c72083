//! The vendor's envelopes: `{"status":200,"data":..,"message":..}` and `{"status":4xx,"message":..}`.
//!
//! For calls that the vendor's SDK never sends, the HTTP status of an error equals the status in the body. For the
//! SDK it is 200, because the SDK reads a body only below HTTP 400. HTTP 401 makes the SDK sign in again, so it is sent
//! for an invalid token, but never by the sign-in itself.

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

use super::view::{CreatedUser, MetadataView, UserResource};
use crate::{
    domain::{Error, Fault, Metadata, Resource, Unauthenticated, User},
    http::{addresses::Addresses, form::BodyFault},
    service::{RegisteredUser, Service},
};

pub(super) const ACCOUNT_DELETED: &str = "User account has been deleted successfully.";

/// A successful response with data.
#[derive(Serialize, ToSchema)]
pub(super) struct MirrorFlyReply<T> {
    #[schema(minimum = 200, maximum = 200, example = 200)]
    status: u16,
    data: T,
    message: &'static str,
}

/// A successful response without data.
#[derive(Serialize, ToSchema)]
pub(super) struct MessageReply {
    #[schema(minimum = 200, maximum = 200, example = 200)]
    status: u16,
    message: &'static str,
}

/// An error.
#[derive(Serialize, ToSchema)]
pub(super) struct MirrorFlyErrorReply {
    /// A status in HTTP's numbers, whatever the HTTP status is: 204 unknown profile, 400 invalid request, 401 invalid
    /// token, 403 not allowed, 404 not found, 408, 413 and 415 unreadable body, 429 too many requests, 500 server
    /// error, 503 server busy, 507 storage full.
    #[schema(minimum = 201, maximum = 599, example = 400)]
    status: u16,
    /// What to do about it.
    #[schema(example = "Invalid user id.")]
    message: String,
}

/// A user. Its metadata are next to `data`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserReply {
    #[schema(minimum = 200, maximum = 200, example = 200)]
    status: u16,
    data: UserResource,
    #[schema(value_type = Metadata)]
    meta_data: Map<String, Value>,
    message: &'static str,
}

/// Keys are in the order of the vendor's sample. `isProfileUpdated` is false if this call set no profile field.
pub(super) fn user_created(
    addresses: &Addresses,
    service: &Service,
    created: &RegisteredUser,
    set_profile: bool,
) -> HttpResponse {
    success(CreatedUser::of(addresses, service, created, set_profile), "User created successfully")
}

pub(super) fn user(addresses: &Addresses, user: &User, message: &'static str) -> HttpResponse {
    let meta_data = user.profile.metadata.as_object().clone();
    HttpResponse::Ok().json(UserReply { status: 200, data: UserResource::of(addresses, user), meta_data, message })
}

/// `{metaData, message}`: the vendor's pages show the message inside the data, its SDK reads the one next to it.
pub(super) fn metadata(user: &User, message: &'static str) -> HttpResponse {
    success(MetadataView::of(user, message), message)
}

pub(super) fn success(data: impl Serialize, message: &'static str) -> HttpResponse {
    HttpResponse::Ok().json(MirrorFlyReply { status: 200, data, message })
}

pub(super) fn done(message: &'static str) -> HttpResponse {
    HttpResponse::Ok().json(MessageReply { status: 200, message })
}

#[derive(Debug)]
pub(super) enum MirrorFlyError {
    Domain(Error),
    Body(BodyFault),
    InvalidUserId,
    /// The caller sees no message of this id in the chat.
    NoSuchMessage,
    /// No user has the requested profile. The SDK recognises this error by its own status.
    NoSuchProfile,
    MostSessions,
    InvalidCredentials,
    /// The back end may not do this: only the operator changes the back end's account.
    Restricted,
    /// The token is a user's where the back end's is needed, or vice versa.
    WrongHolder,
    /// The token follows the word `Bearer`, which this API does not use.
    Bearer,
    NoProtocol,
    NoHandshake,
    /// The origin of the page that opens the WebSocket may not call this app.
    ForeignPage,
    SwitchedOff,
    UnknownCall,
    WrongMethod,
}

impl From<Error> for MirrorFlyError {
    fn from(error: Error) -> Self {
        if error == Error::NotFound(Resource::User) {
            Self::InvalidUserId
        } else if matches!(error, Error::NotFound(Resource::Message | Resource::Conversation)) {
            Self::NoSuchMessage
        } else {
            Self::Domain(error)
        }
    }
}

impl From<BodyFault> for MirrorFlyError {
    fn from(fault: BodyFault) -> Self {
        if let BodyFault::Server(error) = fault { error.into() } else { Self::Body(fault) }
    }
}

impl MirrorFlyError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Domain(error) => match error {
                Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
                Error::Forbidden(_) => StatusCode::FORBIDDEN,
                Error::NotFound(Resource::Block) => StatusCode::BAD_REQUEST,
                Error::NotFound(_) => StatusCode::NOT_FOUND,
                Error::Invalid { .. } | Error::Conflict(_) => StatusCode::BAD_REQUEST,
                Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
                Error::Busy => StatusCode::SERVICE_UNAVAILABLE,
                Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Body(fault) => fault.status(),
            Self::InvalidUserId
            | Self::NoSuchMessage
            | Self::InvalidCredentials
            | Self::NoProtocol
            | Self::NoHandshake => StatusCode::BAD_REQUEST,
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
            Self::Domain(Error::Conflict(Resource::Block)) => "User is already in blocked list".to_owned(),
            Self::Domain(Error::NotFound(Resource::Block)) => "User is not in blocked list".to_owned(),
            Self::Domain(Error::Invalid { field, fault: Fault::Oneself }) if field == "recipient" => {
                "The other user of a chat must be another user than the caller".to_owned()
            }
            Self::Domain(Error::Invalid { fault: Fault::Oneself, .. }) => {
                "Blocking/Unblocking of self account is not allowed".to_owned()
            }
            Self::Domain(error) => error.to_string(),
            Self::Body(fault) => fault.to_string(),
            Self::InvalidUserId => "Invalid user id.".to_owned(),
            Self::NoSuchMessage => "Invalid message id.".to_owned(),
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
        answer.json(MirrorFlyErrorReply { status: self.status().as_u16(), message: self.message() })
    }
}

macro_rules! error_renderings {
    ($($(#[$doc:meta])* $name:ident, $convert:path, $http_status:path, $http_errors:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name(MirrorFlyError);

        impl<E: Into<MirrorFlyError>> From<E> for $name {
            fn from(refused: E) -> Self {
                Self($convert(refused.into()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0.message())
            }
        }

        impl ResponseError for $name {
            fn status_code(&self) -> StatusCode {
                $http_status(&self.0)
            }

            fn error_response(&self) -> HttpResponse<BoxBody> {
                self.0.answer(self.status_code())
            }
        }

        /// The errors that HTTP reports; `document` adds those that follow from the shape of a call.
        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let errors: &[(u16, &str)] = $http_errors;
                errors.iter().map(|(status, when)| (status.to_string(), error_response(when).into())).collect()
            }
        }
    )*};
}

error_renderings! {
    /// An error of media, and of calls that the vendor's SDK never sends: the HTTP status equals the status in the
    /// body.
    MirroredError, std::convert::identity, MirrorFlyError::status, HTTP_ERRORS;

    /// An error of calls that the vendor's SDK sends with a token: HTTP 200, and the body has the status. An invalid
    /// token is HTTP 401, which tells the SDK to sign in again.
    SdkError, std::convert::identity, status_for_the_sdk, &[];

    /// An error of the calls by which the vendor's SDK signs in. Always HTTP 200: a 401 would make the SDK sign in
    /// again and again. Wrong credentials have the message that it compares.
    LoginError, invalid_credentials_if_unauthenticated, always_ok, &[];
}

const HTTP_ERRORS: &[(u16, &str)] = &[
    (400, "The request is invalid: the message names the field and its bound"),
    (403, "Not allowed: the message says why"),
    (500, "A server error; its log has the cause"),
    (503, "The server is busy: nothing was changed, try again"),
];

pub(super) fn error_response(when: &str) -> Response {
    ResponseBuilder::new().description(when).content("application/json", Content::new(Some(error_schema()))).build()
}

pub(super) fn error_schema() -> RefOr<Schema> {
    Ref::from_schema_name(MirrorFlyErrorReply::name()).into()
}

fn status_for_the_sdk(refused: &MirrorFlyError) -> StatusCode {
    match refused.status() {
        StatusCode::UNAUTHORIZED => StatusCode::UNAUTHORIZED,
        _ => StatusCode::OK,
    }
}

fn invalid_credentials_if_unauthenticated(refused: MirrorFlyError) -> MirrorFlyError {
    match matches!(refused, MirrorFlyError::Domain(Error::Unauthenticated(_))) {
        true => MirrorFlyError::InvalidCredentials,
        false => refused,
    }
}

fn always_ok(_: &MirrorFlyError) -> StatusCode {
    StatusCode::OK
}

pub(super) async fn unknown_call() -> Result<HttpResponse, MirroredError> {
    Err(MirrorFlyError::UnknownCall.into())
}

pub(super) async fn wrong_method() -> Result<HttpResponse, MirroredError> {
    Err(MirrorFlyError::WrongMethod.into())
}
