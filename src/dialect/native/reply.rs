//! What our own API answers: plain resources, and problems as RFC 9457 has them.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::probes::{need_word, need_words};
use crate::{
    domain::{
        admin::{Admin, Authority, Kept},
        app::{App, Dialects, Registration},
        avatar::Rendition,
        error::{Error, Unauthenticated, What},
        event::{Event, EventKind},
        id::{AppId, Host, Origin},
        listening::Wire,
        particulars::Particulars,
        profile::{State, User},
        text::{DisplayName, Email, LockReason, MobileNumber, StatusText},
    },
    http::{addresses::Addresses, form::BodyFault},
    service::{admins::SignedIn, health::Need},
};

/// An app, without its secrets.
#[derive(Serialize, ToSchema)]
pub(super) struct AppView<'a> {
    app_id: &'a str,
    name: &'a str,
    sdk_app_id: u32,
    account: &'a str,
    hosts: Vec<&'a str>,
    registration: Registration,
    dialects: Dialects,
    password_min: u16,
    token_lifetime_s: Option<u32>,
    #[schema(format = DateTime)]
    former_secret_until: Option<String>,
    public_pictures: bool,
    #[schema(value_type = Vec<String>)]
    allowed_origins: &'a [Origin],
    import_at_login: bool,
    tencent_sessions: u16,
    #[schema(format = DateTime)]
    created_at: String,
}

impl<'a> From<&'a App> for AppView<'a> {
    fn from(app: &'a App) -> Self {
        Self {
            app_id: app.app_id.as_str(),
            name: app.name.as_str(),
            sdk_app_id: app.sdk_app_id.get(),
            account: app.account.as_str(),
            hosts: app.hosts.iter().map(Host::as_str).collect(),
            registration: app.settings.registration,
            dialects: app.settings.dialects,
            password_min: app.settings.password_min,
            token_lifetime_s: app.settings.token_lifetime_s,
            former_secret_until: app.former_secret.as_ref().map(|former| former.until.to_string()),
            public_pictures: app.settings.public_pictures,
            allowed_origins: &app.settings.allowed_origins,
            import_at_login: app.settings.import_at_login,
            tencent_sessions: app.settings.sessions_per_user.tencent,
            created_at: app.created_at.to_string(),
        }
    }
}

/// A user with everything its profile holds, the wires' kinds of free data side by side.
#[derive(Serialize, ToSchema)]
pub(super) struct UserView<'a> {
    id: &'a str,
    key: i64,
    state: &'static str,
    name: Option<&'a str>,
    avatar_url: String,
    picture_url: String,
    status: Option<&'a str>,
    mobile: Option<&'a str>,
    email: Option<&'a str>,
    #[schema(value_type = Object)]
    extras: &'a Map<String, Value>,
    #[schema(value_type = Object)]
    metadata: &'a Map<String, Value>,
    particulars: &'a Particulars,
    custom: BTreeMap<&'a str, &'a str>,
    picture_lock: Option<&'a str>,
    version: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl<'a> UserView<'a> {
    pub(super) fn of(app: &App, addresses: &Addresses, user: &'a User) -> Self {
        let profile = &user.profile;
        Self {
            id: user.id.as_str(),
            key: user.key.0,
            state: match user.state {
                State::Active => "active",
                State::Suspended => "suspended",
            },
            name: profile.display_name.as_ref().map(DisplayName::as_str),
            avatar_url: addresses.avatar(user, app.settings.public_pictures),
            picture_url: addresses.stable(&user.handle, Rendition::Full),
            status: profile.status.as_ref().map(StatusText::as_str),
            mobile: profile.mobile.as_ref().map(MobileNumber::as_str),
            email: profile.email.as_ref().map(Email::as_str),
            extras: profile.extras.as_object(),
            metadata: profile.metadata.as_object(),
            particulars: &profile.particulars,
            custom: profile.custom.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            picture_lock: user.picture_lock.as_ref().map(LockReason::as_str),
            version: user.version,
            created_at: user.created_at.to_string(),
            updated_at: user.updated_at.to_string(),
        }
    }
}

/// A wire, as addresses and documents name it.
pub(super) fn wire_word(wire: Wire) -> &'static str {
    match wire {
        Wire::MirrorFly => "mirrorfly",
        Wire::Tencent => "tencent",
    }
}

/// Sockets of one wire.
#[derive(Serialize, ToSchema)]
pub(super) struct OpenView {
    wire: &'static str,
    open: usize,
}

impl OpenView {
    pub(super) fn of((wire, open): (Wire, usize)) -> Self {
        Self { wire: wire_word(wire), open }
    }
}

/// An administrator.
#[derive(Serialize, ToSchema)]
pub(super) struct AdminView<'a> {
    name: &'a str,
    #[schema(format = DateTime)]
    created_at: String,
}

impl<'a> From<&'a Admin> for AdminView<'a> {
    fn from(admin: &'a Admin) -> Self {
        Self { name: admin.name.as_str(), created_at: admin.created_at.to_string() }
    }
}

/// A session of an administrator, for its own page.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionView<'a> {
    admin: Named<'a>,
    csrf: &'a str,
    #[schema(format = DateTime)]
    ends_at: String,
}

#[derive(Serialize, ToSchema)]
struct Named<'a> {
    name: &'a str,
}

impl<'a> From<&'a SignedIn> for SessionView<'a> {
    fn from(session: &'a SignedIn) -> Self {
        Self {
            admin: Named { name: session.admin.as_str() },
            csrf: session.csrf.expose(),
            ends_at: session.ends_at.to_string(),
        }
    }
}

/// Something that was done, from the record.
#[derive(Serialize, ToSchema)]
pub(super) struct DeedView<'a> {
    seq: i64,
    #[schema(format = DateTime)]
    at: String,
    who: Who<'a>,
    action: &'a str,
    app: Option<&'a str>,
    target: Option<&'a str>,
    detail: &'a str,
}

/// An administrator may be called `socket`: the two are told apart.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Who<'a> {
    Admin(&'a str),
    Socket,
}

impl<'a> From<&'a Kept> for DeedView<'a> {
    fn from(kept: &'a Kept) -> Self {
        let deed = &kept.deed;
        Self {
            seq: kept.seq,
            at: kept.at.to_string(),
            who: match &deed.authority {
                Authority::Admin(name) => Who::Admin(name.as_str()),
                Authority::Socket => Who::Socket,
            },
            action: &deed.action,
            app: deed.app.as_ref().map(AppId::as_str),
            target: deed.target.as_deref(),
            detail: &deed.detail,
        }
    }
}

/// Something that happened to a user.
#[derive(Serialize, ToSchema)]
pub(super) struct EventView<'a> {
    seq: i64,
    app: Option<String>,
    user: &'a str,
    key: i64,
    #[serde(flatten)]
    kind: &'a EventKind,
    #[schema(format = DateTime)]
    at: String,
}

impl<'a> EventView<'a> {
    /// The app is named as it is by now.
    pub(super) fn of(event: &'a Event, app: Option<String>) -> Self {
        let Event { seq, user, id, kind, at, .. } = event;
        Self { seq: *seq, app, user: id.as_str(), key: user.0, kind, at: at.to_string() }
    }
}

/// A refusal of our own API.
#[derive(Debug)]
pub enum Refusal {
    /// A verb or a field refused.
    Domain(Error),
    /// The body could not be read.
    Body(BodyFault),
    /// The body is JSON, but not this call's, or a parameter is none; the text names the field.
    Unreadable(String),
    /// Nobody is signed in, and a page asks what there is to do about it.
    SignedOut {
        /// What was presented.
        why: Unauthenticated,
        /// Whether there is an administrator who could sign in.
        has_admin: bool,
        /// Whether anybody may, without a password.
        is_demo: bool,
    },
    /// The house cannot do its work.
    NotReady(Vec<Need>),
    /// Nothing is there.
    UnknownPath {
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// The resource exists, by another method.
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
            Self::Unreadable(fault) => write!(f, "The call is not understood: {fault}"),
            Self::SignedOut { why, .. } => Error::Unauthenticated(*why).fmt(f),
            Self::NotReady(missing) => {
                let words: Vec<_> = missing.iter().map(|need| need_words(*need)).collect();
                write!(f, "Not ready: {}", words.join(", "))
            }
            Self::UnknownPath { nearest: None } => write!(f, "Nothing is served at this path"),
            Self::UnknownPath { nearest: Some(path) } => {
                write!(f, "Nothing is served at this path: did you mean {path}?")
            }
            Self::WrongMethod => write!(f, "This path is not called by this method"),
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
                Error::Conflict(What::NewerVersion) => StatusCode::PRECONDITION_FAILED,
                Error::Conflict(_) => StatusCode::CONFLICT,
                Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
                Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
                Error::Busy => StatusCode::SERVICE_UNAVAILABLE,
                Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Body(fault) => fault.status(),
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SignedOut { .. } => StatusCode::UNAUTHORIZED,
            Self::NotReady(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::UnknownPath { .. } => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        if let Self::Domain(Error::Internal(cause)) = self {
            log::error!("{cause}");
        }
        let status = self.status_code();
        let title = status.canonical_reason().unwrap_or_default();
        let problem = Problem { status: status.as_u16(), title, detail: self.to_string() };
        let mut answer = HttpResponse::build(status);
        if let Self::Domain(refused) = self
            && let Some(seconds) = refused.retry_after_s()
        {
            answer.insert_header((RETRY_AFTER, seconds));
        }
        answer.content_type("application/problem+json");
        match self {
            Self::SignedOut { has_admin, is_demo, .. } => {
                answer.json(SignedOutProblem { problem, setup: *has_admin, demo: *is_demo })
            }
            Self::NotReady(missing) => {
                let missing = missing.iter().map(|need| need_word(*need)).collect();
                answer.json(NotReadyProblem { problem, missing })
            }
            Self::Domain(_) | Self::Body(_) | Self::Unreadable(_) | Self::UnknownPath { .. } | Self::WrongMethod => {
                answer.json(problem)
            }
        }
    }
}

/// A refusal, as RFC 9457 has them.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// The status of the answer.
    status: u16,
    /// The status in words.
    title: &'static str,
    /// What is wrong, and what to do.
    detail: String,
}

/// The refusal of whoever is not signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedOutProblem {
    #[schema(inline)]
    #[serde(flatten)]
    problem: Problem,
    /// Whether there is an administrator who could.
    setup: bool,
    /// Whether anybody may, without a password.
    demo: bool,
}

/// The refusal of a house that cannot do its work.
#[derive(Serialize, ToSchema)]
pub(super) struct NotReadyProblem {
    #[schema(inline)]
    #[serde(flatten)]
    problem: Problem,
    missing: Vec<&'static str>,
}

/// Answers a path called by a method that is not its own.
pub(super) async fn wrong_method() -> Result<HttpResponse, Refusal> {
    Err(Refusal::WrongMethod)
}
