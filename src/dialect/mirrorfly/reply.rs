//! The vendor's envelopes: `{"status":200,"data":..,"message":..}` and `{"status":4xx,"message":..}`.
//!
//! Three doors, three ways with the HTTP status. Where the vendor's SDK never calls, it mirrors the body's. Where the SDK calls it is
//! 200 for every business error, because the SDK reads a body only below HTTP 400; an HTTP 401 makes it sign in again, so that
//! tells a token that is no good, and signing in itself never answers it.

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{codec::Codec, jid};
use crate::{
    domain::{
        avatar::{Avatar, PictureKey, Rendition},
        error::{Error, Fault, Unauthenticated, What},
        profile::User,
        secret::Secret,
    },
    http::{addresses::Addresses, form::BodyFault},
    service::accounts::Created,
};

/// What is said of a deletion, by whichever door it was asked for.
pub(super) const ACCOUNT_DELETED: &str = "User account has been deleted successfully.";

/// The thumbnail's rendition: a contact list's pictures on a dense screen.
const THUMBNAIL: Rendition = Rendition::Square192;

/// What this dialect shows of a profile, empty where nothing is set.
struct Shown<'a> {
    nickname: &'a str,
    mobile_number: &'a str,
    email: &'a str,
    status: &'a str,
    profile_url: String,
    profile_url_thumb: String,
}

impl<'a> Shown<'a> {
    /// For a caller of the REST API: an upload is found at its full media address.
    fn by_address(addresses: &Addresses, user: &'a User) -> Self {
        Self::of(user, |key, rendition| addresses.media(key, rendition))
    }

    /// For the SDK and its apps: an upload is fetched by its bare media token.
    fn by_token(user: &'a User) -> Self {
        Self::of(user, Addresses::token)
    }

    /// A picture elsewhere is shown by its address; nothing is shown where nothing was set, as in the vendor's sample: its apps draw their
    /// own default then.
    fn of(user: &'a User, upload: impl Fn(&PictureKey, Rendition) -> String) -> Self {
        let profile = &user.profile;
        let (profile_url, profile_url_thumb) = match &profile.avatar {
            Avatar::Tile | Avatar::Text(_) => (String::new(), String::new()),
            Avatar::Elsewhere(address) => (address.as_str().to_owned(), address.as_str().to_owned()),
            Avatar::Picture(key, _) => (upload(key, Rendition::Full), upload(key, THUMBNAIL)),
        };
        Self {
            nickname: profile.display_name.as_ref().map_or("", |name| name.as_str()),
            mobile_number: profile.mobile.as_ref().map_or("", |mobile| mobile.as_str()),
            email: profile.email.as_ref().map_or("", |email| email.as_str()),
            status: profile.status.as_ref().map_or("", |status| status.as_str()),
            profile_url,
            profile_url_thumb,
        }
    }
}

/// "If successful, this action returns a user resource in the response body." Keys stand in the order of the vendor's sample.
///
/// `isProfileUpdated` is false exactly when this call made the user and set no profile field.
pub(super) fn user_created(addresses: &Addresses, created: &Created, set_profile: bool) -> HttpResponse {
    let (id, shown) = (jid::escaped(&created.user.id), Shown::by_address(addresses, &created.user));
    let view = json!({
        "token": created.ticket.expose(),
        "username": id,
        "password": created.issued_password.expose(),
        "isProfileUpdated": !created.created || set_profile,
        "mobileNumber": shown.mobile_number,
        "nickname": shown.nickname,
        "profileUrl": shown.profile_url,
        "profileUrlThumb": shown.profile_url_thumb,
        "email": shown.email,
        "userId": id,
    });
    success(view, "User created successfully")
}

/// The user resource of reading and of updating, in the vendor's order: metadata stand beside the data, and two keys are not spelt as
/// createUser spells them.
pub(super) fn user(addresses: &Addresses, user: &User, message: &str) -> HttpResponse {
    let (id, shown) = (jid::escaped(&user.id), Shown::by_address(addresses, user));
    let view = json!({
        "nickName": shown.nickname,
        "profileUrl": shown.profile_url,
        "profileUrlThumb": shown.profile_url_thumb,
        "emailId": shown.email,
        "mobileNumber": shown.mobile_number,
        "username": id,
        "userId": id,
    });
    let metadata = user.profile.metadata.as_object();
    HttpResponse::Ok().json(json!({ "status": 200, "data": view, "metaData": metadata, "message": message }))
}

/// `{metaData, message}`: the vendor's pages show the message inside the data, its SDK reads it beside them.
pub(super) fn metadata(user: &User, message: &str) -> HttpResponse {
    success(json!({ "metaData": user.profile.metadata.as_object(), "message": message }), message)
}

/// A row of contactsList, in the vendor's order.
pub(super) fn contact(user: &User) -> Value {
    let shown = Shown::by_token(user);
    json!({
        "image": shown.profile_url,
        "thumbImage": shown.profile_url_thumb,
        "mobileNumber": shown.mobile_number,
        "nickName": shown.nickname,
        "email": shown.email,
        "userId": jid::escaped(&user.id),
        "isAdminBlocked": u8::from(!user.is_active()),
    })
}

/// A profile as the SDK reads it, in the vendor's order. The fields that the SDK decrypts are encrypted with `codec`.
pub(super) fn profile(codec: &Codec, user_id: &str, user: &User) -> Value {
    let shown = Shown::by_token(user);
    json!({
        "userId": user_id,
        "nickName": codec.encrypt_field(shown.nickname),
        "email": codec.encrypt_field(shown.email),
        "mobileNumber": codec.encrypt_field(shown.mobile_number),
        "image": shown.profile_url,
        "thumbImage": shown.profile_url_thumb,
        "status": shown.status,
        "isAdminBlocked": u8::from(!user.is_active()),
    })
}

/// The same profile as the six children of a vCard.
pub(super) fn vcard(codec: &Codec, user: &User) -> [(&'static str, String); 6] {
    let shown = Shown::by_token(user);
    [
        ("nickName", codec.encrypt_field(shown.nickname)),
        ("image", shown.profile_url),
        ("thumbImage", shown.profile_url_thumb),
        ("email", codec.encrypt_field(shown.email)),
        ("mobileNumber", codec.encrypt_field(shown.mobile_number)),
        ("status", shown.status.to_owned()),
    ]
}

/// `{fileToken, fileTokenThumb}`: the names of an upload, whole and as a thumbnail.
pub(super) fn uploaded(key: &PictureKey) -> HttpResponse {
    let [whole, thumbnail] = [Rendition::Full, THUMBNAIL].map(|rendition| Addresses::token(key, rendition));
    success(json!({ "fileToken": whole, "fileTokenThumb": thumbnail }), "File uploaded successfully")
}

/// `{password}`: the answer of resetPassword.
pub(super) fn password_reset(password: &Secret) -> HttpResponse {
    success(json!({ "password": password.expose() }), "The password has been successfully reset")
}

/// An answer of registration: `data` is a text for the SDK, and the fields of `beside` follow it for readers of the page.
pub(super) fn registered<B: Serialize>(data: &str, beside: &B) -> HttpResponse {
    #[derive(Serialize)]
    struct Answer<'a, B> {
        status: u16,
        data: &'a str,
        message: &'a str,
        #[serde(flatten)]
        beside: &'a B,
    }
    HttpResponse::Ok().json(Answer { status: 200, data, message: "User registered successfully", beside })
}

/// `{token}`: the answer of `/login`.
pub(super) fn signed_in(token: &Secret) -> HttpResponse {
    success(json!({ "token": token.expose() }), "Data retrieved successfully")
}

/// `{"status":200,"data":..,"message":..}`.
pub(super) fn success(data: impl Serialize, message: &str) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": 200, "data": data, "message": message }))
}

/// `{"status":200,"message":..}`: done, with nothing to show.
pub(super) fn done(message: &str) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": 200, "message": message }))
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
    /// A WebSocket is asked for without the sub-protocol it speaks.
    NoProtocol,
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
            Self::InvalidUserId | Self::InvalidCredentials | Self::NoProtocol => StatusCode::BAD_REQUEST,
            Self::NoSuchProfile => StatusCode::NO_CONTENT,
            Self::Restricted | Self::WrongHolder => StatusCode::UNAUTHORIZED,
            Self::SwitchedOff | Self::MostSessions => StatusCode::FORBIDDEN,
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
            Self::NoProtocol => "Open this WebSocket with the sub-protocol xmpp (Sec-WebSocket-Protocol)".to_owned(),
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
        answer.json(json!({ "status": self.status().as_u16(), "message": self.message() }))
    }
}

macro_rules! doors {
    ($($(#[$doc:meta])* $door:ident, $words:path, $http_status:path;)*) => {$(
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
    )*};
}

doors! {
    /// A refusal where the vendor's SDK never calls, and of media: HTTP says what the body says.
    Mirrored, std::convert::identity, Refused::status;

    /// A refusal where the vendor's SDK calls with a token: HTTP 200, the body says what happened. A token that is no good is an
    /// HTTP 401 all the same: by it alone the SDK knows that it must sign in again.
    InBody, std::convert::identity, status_for_the_sdk;

    /// A refusal where the vendor's SDK signs in: HTTP 200 always, because it would take a 401 for an expired token and sign in
    /// again and again; wrong credentials in the words it knows.
    AtLogin, in_logins_words, always_ok;
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
