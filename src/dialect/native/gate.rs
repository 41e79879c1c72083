//! Who may call: whoever opens the control socket, and administrators who have signed in.

use std::{net::IpAddr, pin::Pin};

use actix_web::{
    Error, FromRequest, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::COOKIE,
    middleware::Next,
    rt,
    web::Data,
};

use super::{deeds, extractors::of_head, reply::Refusal};
use crate::{
    domain::{
        admin::Authority,
        error::{self, Unauthenticated},
    },
    http::{
        addresses::Addresses,
        guard, origins, peer,
        stream::{self, Place, Streams},
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
    match door(request)? {
        Door::Control => Ok(Authority::Socket),
        Door::Public { .. } => {
            let session = session(request).await?;
            may_change(request, &session)?;
            Ok(Authority::Admin(session.admin))
        }
    }
}

/// The session of whoever calls.
async fn session(request: &HttpRequest) -> Result<SignedIn, Refusal> {
    let ticket = ticket(request).ok_or(error::Error::Unauthenticated(Unauthenticated::Missing))?;
    Ok(service(request)?.admin_session(ticket).await?)
}

/// Whether the page that calls is one of ours, where the call changes anything: a browser sends the cookie along whoever asks it to.
fn may_change(request: &HttpRequest, session: &SignedIn) -> Result<(), Refusal> {
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
fn is_of_our_page(request: &HttpRequest) -> Result<(), Refusal> {
    let addresses = request.app_data::<Data<Addresses>>();
    match addresses.is_some_and(|addresses| origins::is_own(request.head(), addresses)) {
        true => Ok(()),
        false => Err(error::Error::Forbidden("Pages of other origins may not call this API").into()),
    }
}

/// The ticket that a browser sends along.
fn ticket(request: &HttpRequest) -> Option<&str> {
    let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
}

/// An administrator's session that may change what it calls.
pub(super) struct Session {
    pub(super) ticket: String,
    pub(super) signed_in: SignedIn,
}

impl FromRequest for Session {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let signed_in = session(&request).await?;
            may_change(&request, &signed_in)?;
            Ok(Self { ticket: ticket(&request).unwrap_or_default().to_owned(), signed_in })
        })
    }
}

/// A page of ours whose user has not signed in, and the address of its browser.
pub(super) struct OurPage {
    pub(super) from: Option<IpAddr>,
}

/// A caller that may want a stream.
pub(super) struct Listener {
    pub(super) wants_stream: bool,
    /// The number of the last message that it has seen, where it comes back.
    pub(super) last_seen: Option<i64>,
    /// The ticket whose end closes the stream; none on the control socket, which needs no session.
    pub(super) ticket: Option<String>,
    request: HttpRequest,
}

of_head! {
    Door: Refusal = door;
    OurPage: Refusal = |request| is_of_our_page(request).map(|()| Self { from: peer::client(request) });
    Listener: Refusal = Self::of;
}

impl Listener {
    fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let is_public = door(request)? != Door::Control;
        Ok(Self {
            wants_stream: stream::is_wanted(request),
            last_seen: stream::last_seen(request),
            ticket: ticket(request).filter(|_| is_public).map(str::to_owned),
            request: request.clone(),
        })
    }

    /// Admits one more stream for the calling administrator or for the control socket.
    /// # Errors
    /// `Forbidden` for a page of another origin; those of [`session`]; `TooMany`.
    pub(super) async fn place(&self) -> Result<Place, Refusal> {
        let listener = match self.ticket {
            Some(_) => {
                // A browser keeps a stream open for whatever page asks for it; only ours may.
                is_of_our_page(&self.request)?;
                session(&self.request).await?.admin.as_str().to_owned()
            }
            None => String::new(),
        };
        let streams = self.request.app_data::<Data<Streams>>();
        let streams = streams.ok_or_else(|| error::Error::internal("the native API was wired without its streams"))?;
        Ok(streams.enter(listener)?)
    }
}

fn door(request: &HttpRequest) -> Result<Door, Refusal> {
    let door = request.app_data::<Door>().copied();
    door.ok_or_else(|| error::Error::internal("a door of the native API does not say which it is").into())
}

fn service(request: &HttpRequest) -> Result<&Service, Refusal> {
    let service = request.app_data::<Data<Service>>().map(|service| &***service);
    service.ok_or_else(|| error::Error::internal("the native API was wired without its service").into())
}
