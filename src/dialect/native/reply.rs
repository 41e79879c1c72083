//! Responses of our own API: plain resources, and errors as RFC 9457 problems.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::probes::need_words;
use crate::{
    domain::{
        Admin, App, AppId, Authority, Dialects, DisplayName, Email, Error, Event, EventKind, Host, LockReason,
        MobileNumber, Origin, Registration, Rendition, Resource, State, StatusText, StoredAuditEntry, TencentProfile,
        Unauthenticated, User, UserId, Vendor,
    },
    http::{addresses::Addresses, form::BodyFault},
    service::{AdminSessionView, ReadinessCondition},
};

/// An app, without its secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = AppView)]
pub(super) struct NativeAppView<'a> {
    app_id: &'a str,
    name: &'a str,
    sdk_app_id: u32,
    account: &'a str,
    hosts: Vec<&'a str>,
    registration: Registration,
    dialects: Dialects,
    password_min: u16,
    token_lifetime_s: Option<u32>,
    messages_kept_days: Option<u16>,
    #[schema(format = DateTime)]
    former_secret_until: Option<String>,
    public_pictures: bool,
    #[schema(value_type = Vec<String>)]
    allowed_origins: &'a [Origin],
    import_at_login: bool,
    refuses_blocked_senders: bool,
    tencent_sessions: u16,
    #[schema(format = DateTime)]
    created_at: String,
}

impl<'a> From<&'a App> for NativeAppView<'a> {
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
            messages_kept_days: app.settings.messages_kept_days,
            former_secret_until: app.former_secret.as_ref().map(|former| former.until.to_string()),
            public_pictures: app.settings.public_pictures,
            allowed_origins: &app.settings.allowed_origins,
            import_at_login: app.settings.import_at_login,
            refuses_blocked_senders: app.settings.refuses_blocked_senders,
            tencent_sessions: app.settings.sessions_per_user.tencent,
            created_at: app.created_at.to_string(),
        }
    }
}

/// A user with its whole profile, including the free data of all vendors.
#[derive(Serialize, ToSchema)]
#[schema(as = UserView)]
pub(super) struct NativeUserView<'a> {
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
    tencent_profile: &'a TencentProfile,
    custom: BTreeMap<&'a str, &'a str>,
    picture_lock: Option<&'a str>,
    version: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl<'a> NativeUserView<'a> {
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
            tencent_profile: &profile.tencent_profile,
            custom: profile.custom.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            picture_lock: user.picture_lock.as_ref().map(LockReason::as_str),
            version: user.version,
            created_at: user.created_at.to_string(),
            updated_at: user.updated_at.to_string(),
        }
    }
}

pub(super) fn vendor_word(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Qiscus => "qiscus",
        Vendor::MirrorFly => "mirrorfly",
        Vendor::Tencent => "tencent",
    }
}

/// The open sockets of one vendor.
#[derive(Serialize, ToSchema)]
#[schema(as = SocketCountView)]
pub(super) struct SocketCountView {
    vendor: &'static str,
    open: usize,
}

impl SocketCountView {
    pub(super) fn of((vendor, open): (Vendor, usize)) -> Self {
        Self { vendor: vendor_word(vendor), open }
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

/// An administrator's session, for its own page.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionView<'a> {
    admin: SignedInAdmin<'a>,
    csrf: &'a str,
    #[schema(format = DateTime)]
    ends_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SignedInAdmin)]
struct SignedInAdmin<'a> {
    name: &'a str,
}

impl<'a> From<&'a AdminSessionView> for SessionView<'a> {
    fn from(session: &'a AdminSessionView) -> Self {
        Self {
            admin: SignedInAdmin { name: session.admin.as_str() },
            csrf: session.csrf.expose(),
            ends_at: session.ends_at.to_string(),
        }
    }
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntryView)]
pub(super) struct AuditEntryView<'a> {
    seq: i64,
    #[schema(format = DateTime)]
    at: String,
    who: AuditActor<'a>,
    action: &'a str,
    app: Option<&'a str>,
    target: Option<&'a str>,
    detail: &'a str,
}

/// The actor. An administrator may be called `socket`, so the two kinds are separate.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditActor)]
enum AuditActor<'a> {
    Admin(&'a str),
    Socket,
}

impl<'a> From<&'a StoredAuditEntry> for AuditEntryView<'a> {
    fn from(kept: &'a StoredAuditEntry) -> Self {
        let entry = &kept.entry;
        Self {
            seq: kept.seq,
            at: kept.at.to_string(),
            who: match &entry.authority {
                Authority::Admin(name) => AuditActor::Admin(name.as_str()),
                Authority::Socket => AuditActor::Socket,
            },
            action: &entry.action,
            app: entry.app.as_ref().map(AppId::as_str),
            target: entry.target.as_deref(),
            detail: &entry.detail,
        }
    }
}

/// An event of a user.
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
    pub(super) fn of(event: &'a Event, app: Option<String>) -> Self {
        let Event { seq, user, id, kind, at, .. } = event;
        Self { seq: *seq, app, user: id.as_str(), key: user.0, kind, at: at.to_string() }
    }
}

#[derive(Debug)]
pub enum NativeError {
    Domain(Error),
    NoUser(UserId),
    UserExists(UserId),
    Body(BodyFault),
    /// The JSON body does not fit this call, or a query parameter is invalid. The text names the field.
    Unreadable(String),
    /// The caller has no session; the sign-in page needs these facts.
    SignedOut {
        why: Unauthenticated,
        has_admin: bool,
        is_demo: bool,
    },
    NotReady(Vec<ReadinessCondition>),
    UnknownPath {
        nearest: Option<&'static str>,
    },
    WrongMethod,
}

impl From<Error> for NativeError {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

pub(super) fn about(id: &UserId) -> impl Fn(Error) -> NativeError {
    move |error| {
        if error == Error::NotFound(Resource::User) {
            NativeError::NoUser(id.clone())
        } else if error == Error::Conflict(Resource::User) {
            NativeError::UserExists(id.clone())
        } else {
            NativeError::Domain(error)
        }
    }
}

impl From<BodyFault> for NativeError {
    fn from(fault: BodyFault) -> Self {
        if let BodyFault::Server(error) = fault { Self::Domain(error) } else { Self::Body(fault) }
    }
}

impl std::fmt::Display for NativeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Domain(error) => write!(f, "{error}"),
            Self::NoUser(id) => write!(f, "User {} not found", id.as_str()),
            Self::UserExists(id) => write!(f, "User {} already exists", id.as_str()),
            Self::Body(fault) => write!(f, "{fault}"),
            Self::Unreadable(fault) => write!(f, "The request is not understood: {fault}"),
            Self::SignedOut { why, .. } => Error::Unauthenticated(*why).fmt(f),
            Self::NotReady(missing) => {
                let words: Vec<_> = missing.iter().map(|need| need_words(*need)[1]).collect();
                write!(f, "Not ready: {}", words.join(", "))
            }
            Self::UnknownPath { nearest: None } => write!(f, "No endpoint has this path"),
            Self::UnknownPath { nearest: Some(path) } => {
                write!(f, "No endpoint has this path: did you mean {path}?")
            }
            Self::WrongMethod => write!(f, "This path does not allow this method"),
        }
    }
}

impl ResponseError for NativeError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Domain(error) => match error {
                Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
                Error::Forbidden(_) => StatusCode::FORBIDDEN,
                Error::NotFound(_) => StatusCode::NOT_FOUND,
                Error::Conflict(Resource::NewerVersion) => StatusCode::PRECONDITION_FAILED,
                Error::Conflict(_) => StatusCode::CONFLICT,
                Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
                Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
                Error::Busy => StatusCode::SERVICE_UNAVAILABLE,
                Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::NoUser(_) => StatusCode::NOT_FOUND,
            Self::UserExists(_) => StatusCode::CONFLICT,
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
                let missing = missing.iter().map(|need| need_words(*need)[0]).collect();
                answer.json(NotReadyProblem { problem, missing })
            }
            Self::Domain(_)
            | Self::NoUser(_)
            | Self::UserExists(_)
            | Self::Body(_)
            | Self::Unreadable(_)
            | Self::UnknownPath { .. }
            | Self::WrongMethod => answer.json(problem),
        }
    }
}

/// An error, as a problem of RFC 9457.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// The status of the response.
    status: u16,
    /// The status in words.
    title: &'static str,
    /// What is wrong, and what to do.
    detail: String,
}

/// The error for a caller without a session.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedOutProblem {
    #[schema(inline)]
    #[serde(flatten)]
    problem: Problem,
    /// Whether there is an administrator who can sign in.
    setup: bool,
    /// Whether signing in needs no password.
    demo: bool,
}

/// The error while the server cannot work.
#[derive(Serialize, ToSchema)]
pub(super) struct NotReadyProblem {
    #[schema(inline)]
    #[serde(flatten)]
    problem: Problem,
    missing: Vec<&'static str>,
}

pub(super) async fn wrong_method() -> Result<HttpResponse, NativeError> {
    Err(NativeError::WrongMethod)
}
