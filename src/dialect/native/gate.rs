//! Who may call: whoever opens the control socket, and administrators who have signed in.

use actix_web::{
    Error, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::COOKIE,
    middleware::Next,
    rt,
    web::Data,
};

use super::{deeds, reply::Refusal};
use crate::{
    domain::{
        admin::Authority,
        error::{self, Unauthenticated},
    },
    http::{
        addresses::Addresses,
        guard, origins,
        stream::{Place, Streams},
    },
    service::{
        Service,
        admins::SignedIn,
        credentials::{digest, matches},
    },
};

/// By which door a call comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The control socket: its file's mode is the authority.
    Control,
    /// A listener for everybody: an administrator's session is.
    Public {
        /// Whether this is a demo, where nobody needs a password.
        is_demo: bool,
    },
}

/// The cookie that holds a session's ticket.
pub(super) const COOKIE_NAME: &str = "standin_session";

/// The header in which each changing call repeats what it was given at sign-in.
pub(super) const CSRF: &str = "X-Standin-CSRF";

/// Lets a call through that somebody answers for, and puts what it changed on record.
pub(super) async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let authority = authority(request.request()).await?;
    if request.method().is_safe() {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    // Whoever hangs up once the change is made does not get around the record of it.
    let call = rt::spawn(guard::carried(async move {
        let answer = next.call(request).await?.map_into_boxed_body();
        if answer.status().is_success() {
            deeds::keep(&answer, authority).await;
        }
        Ok(answer)
    }));
    call.await.map_err(|gone| Refusal::from(error::Error::internal(gone)))?
}

async fn authority(request: &HttpRequest) -> Result<Authority, Refusal> {
    match request.app_data::<Door>() {
        Some(Door::Control) => Ok(Authority::Socket),
        Some(Door::Public { .. }) => {
            let session = session(request).await?;
            may_change(request, &session)?;
            Ok(Authority::Admin(session.admin))
        }
        None => Err(error::Error::internal("a door of the native API does not say which it is").into()),
    }
}

/// The session of whoever calls.
pub(super) async fn session(request: &HttpRequest) -> Result<SignedIn, Refusal> {
    let ticket = ticket(request).ok_or(error::Error::Unauthenticated(Unauthenticated::Missing))?;
    Ok(service(request)?.admin_session(ticket).await?)
}

/// Whether the page that calls is one of ours, where the call changes anything: a browser sends the cookie along whoever asks it to.
pub(super) fn may_change(request: &HttpRequest, session: &SignedIn) -> Result<(), Refusal> {
    if request.method().is_safe() {
        return Ok(());
    }
    is_of_our_page(request)?;
    let given = request.headers().get(CSRF).and_then(|given| given.to_str().ok()).unwrap_or_default();
    match matches(given, &digest(session.csrf.expose())) {
        true => Ok(()),
        false => Err(error::Error::Forbidden(
            "The header X-Standin-CSRF must repeat the csrf that GET /standin/v1/session answers",
        )
        .into()),
    }
}

/// Refuses a call from a page of another origin.
pub(super) fn is_of_our_page(request: &HttpRequest) -> Result<(), Refusal> {
    let addresses = request.app_data::<Data<Addresses>>();
    match addresses.is_some_and(|addresses| origins::is_own(request.head(), addresses)) {
        true => Ok(()),
        false => Err(error::Error::Forbidden("Pages of other origins may not call this API").into()),
    }
}

/// The ticket that a browser sends along.
pub(super) fn ticket(request: &HttpRequest) -> Option<&str> {
    let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
}

/// The ticket of a caller whose stream is to end with its session; none for whoever opens the control socket.
pub(super) fn ticket_of_page(request: &HttpRequest) -> Option<String> {
    match request.app_data::<Door>() {
        Some(Door::Control) | None => None,
        Some(Door::Public { .. }) => ticket(request).map(str::to_owned),
    }
}

/// A place for one stream more of the administrator who calls, or of whoever opens the control socket.
/// # Errors
/// `Forbidden` for a page of another origin; those of [`session`]; `TooMany`.
pub(super) async fn place_for_stream(request: &HttpRequest) -> Result<Place, Refusal> {
    let listener = match ticket_of_page(request) {
        Some(_) => {
            // A browser keeps a stream open for whatever page asks for it; only ours may.
            is_of_our_page(request)?;
            session(request).await?.admin.as_str().to_owned()
        }
        None => String::new(),
    };
    let streams = request.app_data::<Data<Streams>>();
    let streams = streams.ok_or_else(|| error::Error::internal("the native API was wired without its streams"))?;
    Ok(streams.enter(listener)?)
}

fn service(request: &HttpRequest) -> Result<&Service, Refusal> {
    let service = request.app_data::<Data<Service>>().map(|service| &***service);
    service.ok_or_else(|| error::Error::internal("the native API was wired without its service").into())
}
