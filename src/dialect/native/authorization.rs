//! Who may call this API: every caller on the control socket, and signed-in administrators on public listeners.

use std::{net::IpAddr, pin::Pin};

use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::COOKIE,
    middleware::Next,
    rt,
    web::Data,
};

use super::{audit, extractors::of_head, reply::NativeError};
use crate::{
    domain::{Authority, Unauthenticated, error},
    http::{
        addresses::Addresses,
        middleware, origins, peer,
        stream::{self, StreamLimiter, StreamPermit},
    },
    service::{
        AdminSessionView, Service,
        credentials::{digest, matches},
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiListener {
    /// The control socket. Its file mode decides who can call.
    Control,
    /// A public listener. The caller needs an administrator's session.
    Public {
        /// In a demo, signing in needs no password.
        is_demo: bool,
    },
}

pub(super) const COOKIE_NAME: &str = "standin_session";

pub(super) const CSRF: &str = "X-Standin-CSRF";

/// Lets an authorized call through and writes an audit entry if it changed something.
pub(super) async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let authority = authority(request.request()).await?;
    if request.method().is_safe() {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    request.extensions_mut().insert(authority.clone());
    // The call runs in a task of its own, so that a client that disconnects cannot prevent the audit entry.
    let call = rt::spawn(middleware::with_current_request_id(async move {
        let answer = next.call(request).await?.map_into_boxed_body();
        if answer.status().is_success() {
            audit::record(&answer, authority).await;
        }
        Ok(answer)
    }));
    call.await.map_err(|gone| NativeError::from(error::Error::internal(gone)))?
}

async fn authority(request: &HttpRequest) -> Result<Authority, NativeError> {
    match listener_of(request)? {
        ApiListener::Control => Ok(Authority::Socket),
        ApiListener::Public { .. } => {
            let session = session(request).await?;
            may_change(request, &session)?;
            Ok(Authority::Admin(session.admin))
        }
    }
}

async fn session(request: &HttpRequest) -> Result<AdminSessionView, NativeError> {
    let ticket = ticket(request).ok_or(error::Error::Unauthenticated(Unauthenticated::Missing))?;
    Ok(service(request)?.admin_session(ticket).await?)
}

/// Checks the origin and the CSRF token: browsers send the cookie with requests from any page.
fn may_change(request: &HttpRequest, session: &AdminSessionView) -> Result<(), NativeError> {
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

fn is_of_our_page(request: &HttpRequest) -> Result<(), NativeError> {
    let addresses = request.app_data::<Data<Addresses>>();
    match addresses.is_some_and(|addresses| origins::is_own(request.head(), addresses)) {
        true => Ok(()),
        false => Err(error::Error::Forbidden("Pages of other origins may not call this API").into()),
    }
}

fn ticket(request: &HttpRequest) -> Option<&str> {
    let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
}

/// A call of a signed-in administrator; a changing call has passed the origin and CSRF checks.
pub(super) struct AdminCall {
    pub(super) ticket: String,
    pub(super) signed_in: AdminSessionView,
}

impl FromRequest for AdminCall {
    type Error = NativeError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, NativeError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let signed_in = session(&request).await?;
            may_change(&request, &signed_in)?;
            Ok(Self { ticket: ticket(&request).unwrap_or_default().to_owned(), signed_in })
        })
    }
}

/// A call from a page of this server without a session, and the client's address.
pub(super) struct OwnPageCall {
    pub(super) from: Option<IpAddr>,
}

pub(super) struct StreamCall {
    pub(super) wants_stream: bool,
    pub(super) last_seen: Option<i64>,
    /// The stream closes when this session ends. None on the control socket.
    pub(super) ticket: Option<String>,
    request: HttpRequest,
}

of_head! {
    ApiListener: NativeError = listener_of;
    OwnPageCall: NativeError = |request| is_of_our_page(request).map(|()| Self { from: peer::client(request) });
    StreamCall: NativeError = Self::of;
}

impl StreamCall {
    fn of(request: &HttpRequest) -> Result<Self, NativeError> {
        let is_public = listener_of(request)? != ApiListener::Control;
        Ok(Self {
            wants_stream: stream::is_wanted(request),
            last_seen: stream::last_seen(request),
            ticket: ticket(request).filter(|_| is_public).map(str::to_owned),
            request: request.clone(),
        })
    }

    /// Takes a permit for one more stream of this administrator or of the control socket.
    /// # Errors
    /// `Forbidden` for a page of another origin, `Unauthenticated` without a session, `TooMany` streams.
    pub(super) async fn permit(&self) -> Result<StreamPermit, NativeError> {
        let listener = match self.ticket {
            Some(_) => {
                // A browser opens a stream for any page that asks for it; only our own pages may.
                is_of_our_page(&self.request)?;
                session(&self.request).await?.admin.as_str().to_owned()
            }
            None => String::new(),
        };
        let streams = self.request.app_data::<Data<StreamLimiter>>();
        let streams = streams.ok_or_else(|| error::Error::internal("the native API has no stream limiter"))?;
        Ok(streams.enter(listener)?)
    }
}

fn listener_of(request: &HttpRequest) -> Result<ApiListener, NativeError> {
    let listener = request.app_data::<ApiListener>().copied();
    listener.ok_or_else(|| error::Error::internal("a listener of the native API has no kind").into())
}

fn service(request: &HttpRequest) -> Result<&Service, NativeError> {
    let service = request.app_data::<Data<Service>>().map(|service| &***service);
    service.ok_or_else(|| error::Error::internal("the native API has no service").into())
}
