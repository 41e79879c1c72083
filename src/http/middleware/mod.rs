//! The outermost middleware: request ids, the access log, security headers, and an end to request bodies.

mod access;
pub mod inspector;
pub mod loopback;
mod masking;
pub mod meter;
pub mod origins;
pub mod paths;

use std::{
    cell::RefCell,
    fmt::Write as _,
    future::Future,
    io,
    ops::RangeInclusive,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::{Payload, ResponseHead, Service, ServiceRequest, ServiceResponse, Transform},
    error::{InternalError, PayloadError},
    http::{
        ConnectionType, StatusCode,
        header::{
            CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::{Next, from_fn},
    web::Bytes,
};
use futures_util::Stream;
use log::Level;
use tokio::time::Sleep;

pub use self::access::{ACCESS, Unlogged, request_id, with_current_request_id};
use self::{access::AccessRecord, meter::Meter};
use crate::{
    domain::Moment,
    http::{connection::read_budget::ReadAccount, metrics::Metrics},
};

/// Read after the answer, for a client that sends everything before it reads. The system's buffers take 4 to 7 MiB more
/// on loopback (measured).
const UNREAD_BYTES_MAX: usize = 512 * 1024;

/// How long a client that is still sending may take to read its answer before the connection is cut.
const UNREAD_WAIT_MAX: Duration = Duration::from_secs(1);

/// An answer up to this size is written in one piece, after all earlier ones.
const SHORT_ANSWER_BYTES: u64 = 16 * 1024;

/// The size of the slices in which a longer answer is passed to its connection.
const SLICE_BYTES: usize = 32 * 1024;

/// The length of an id that a caller may bring. Shorter ones are hardly unique.
const CALLERS_ID_BYTES: RangeInclusive<usize> = 8..=64;

/// The average rate at which a body must arrive, from its first read, after `BODY_GRACE`.
pub const BODY_BYTES_PER_S_MIN: u64 = 1024;

/// No body is too slow before this time.
const BODY_GRACE: Duration = Duration::from_secs(10);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Debug, Clone)]
pub struct RequestMiddleware(Arc<Numbers>);

#[derive(Debug)]
struct Numbers {
    start: String,
    last: AtomicU64,
    meter: Meter,
    metrics: Metrics,
}

impl RequestMiddleware {
    /// Request ids begin with the start time, so that ids of different runs differ.
    pub fn new(start: Moment) -> Self {
        Self(Arc::new(Numbers {
            start: format!("{:x}", start.micros()),
            last: AtomicU64::new(0),
            meter: Meter::default(),
            metrics: Metrics::default(),
        }))
    }

    pub fn start(&self) -> &str {
        &self.0.start
    }

    pub fn meter(&self) -> &Meter {
        &self.0.meter
    }

    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Wraps the whole app.
    ///
    /// Every response gets `X-Request-Id`, `X-Content-Type-Options: nosniff` and, unless it has its own,
    /// `Cache-Control: no-store`. Every request gets one log line with target [`ACCESS`]. A caller may bring an id of 8
    /// to 64 letters, digits and `._-`.
    ///
    /// Readers of a body that arrives more slowly than 1 KiB a second receive an error of kind `TimedOut`, after 10 s
    /// at the earliest; readers of a body that the read budget ends, one of kind `ResourceBusy`. The rest of an unread
    /// body is read for at most 512 KiB and 1 s: the framework would read an endless chunked body for ever.
    pub fn middleware<S, B>(
        &self,
    ) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<EitherBody<B>>, Error = Error, InitError = ()>
    + use<S, B>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
        B: MessageBody + 'static,
    {
        let guard = self.clone();
        from_fn(move |request, next| guard.clone().watch(request, next))
    }

    async fn watch<B: MessageBody + 'static>(
        self,
        mut request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<EitherBody<B>>, Error> {
        let id: Rc<str> = callers_id(request.headers()).map_or_else(|| self.next_id().into(), Rc::from);
        let noted = log::log_enabled!(target: ACCESS, Level::Info).then(|| AccessRecord::of(&request, Rc::clone(&id)));
        let counted = self.0.metrics.begin(request.method());
        let account = request.conn_data::<ReadAccount>().cloned();
        let asks_for_upgrade = request.head().upgrade();
        let mut consumed = RequestRelease { account: account.clone(), is_short: false };
        let body = watch_body(&mut request, account);
        let begun = Instant::now();
        let answered = access::with_request_id(Rc::clone(&id), async { next.call(request).await }).await;
        let took = begun.elapsed();
        self.0.meter.count(took);
        match answered {
            Ok(mut answer) => {
                counted.answered(answer.request().match_pattern(), answer.status(), took);
                if let Some(noted) = noted {
                    let is_quiet = answer.response().extensions().contains::<Unlogged>();
                    let level = if is_quiet { Level::Debug } else { Level::Info };
                    noted.log(level, answer.status(), answer.response().body().size());
                }
                mark(answer.headers_mut(), &id);
                let is_socket = answer.status() == StatusCode::SWITCHING_PROTOCOLS; // its stream outlives the answer by design
                if asks_for_upgrade && !is_socket {
                    announce_end(answer.response_mut().head_mut());
                }
                consumed.is_short = is_short(answer.response().body().size());
                Ok(answer.map_body(|_, answer| match body {
                    Some(body) if !body.has_ended() && !is_socket => {
                        EitherBody::right(BoxBody::new(DrainingBody::new(answer, body, consumed)))
                    }
                    Some(_) | None if is_long(&answer) => EitherBody::right(BoxBody::new(SlicedBody::new(answer))),
                    Some(_) | None => EitherBody::left(answer),
                }))
            }
            Err(error) => {
                // Another middleware refused: its response travels inside the error.
                let mut answer = error.error_response();
                counted.answered(None, answer.status(), took);
                if let Some(noted) = noted {
                    noted.log(Level::Info, answer.status(), answer.body().size());
                }
                mark(answer.headers_mut(), &id);
                if asks_for_upgrade {
                    announce_end(answer.head_mut());
                }
                consumed.is_short = is_short(answer.body().size());
                let answer = answer.map_body(|_, answer| match body {
                    Some(body) if !body.has_ended() => BoxBody::new(DrainingBody::new(answer, body, consumed)),
                    Some(_) | None => answer,
                });
                Err(InternalError::from_response(error, answer).into())
            }
        }
    }

    fn next_id(&self) -> String {
        let number = self.0.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let mut id = String::with_capacity(self.0.start.len() + 17); // a dash and 16 hex digits
        id.push_str(&self.0.start);
        // Writing to a String cannot fail.
        let _ = write!(id, "-{number:x}");
        id
    }
}

fn callers_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (CALLERS_ID_BYTES.contains(&id.len()) && id.bytes().all(is_plain)).then_some(id)
}

/// The framework closes a connection whose client offered another protocol; a client that does not know it would lose
/// its next request. Source: RFC 9112, section 9.6.
fn announce_end(answer: &mut ResponseHead) {
    answer.set_connection_type(ConnectionType::Close);
}

fn mark(headers: &mut HeaderMap, id: &str) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Responses contain tokens, passwords and personal data: caches keep one only if its handler allows it.
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
}

fn is_short(size: BodySize) -> bool {
    matches!(size, BodySize::None | BodySize::Sized(..=SHORT_ANSWER_BYTES))
}

struct RequestRelease {
    account: Option<ReadAccount>,
    is_short: bool,
}

impl RequestRelease {
    fn discarded(&self, bytes: usize) {
        if let Some(account) = &self.account {
            account.release(bytes);
        }
    }
}

impl Drop for RequestRelease {
    fn drop(&mut self) {
        if let Some(account) = &self.account {
            account.done(self.is_short);
        }
    }
}

/// A request's body, shared between its reader and the middleware, which must know whether it was read to its end.
#[derive(Clone)]
struct WatchedBody(Rc<RefCell<IncomingBody>>);

struct IncomingBody {
    payload: Payload,
    ended: bool,
    /// None for a WebSocket, which may be silent.
    pace: Option<BodyPace>,
    account: Option<ReadAccount>,
    is_ended: bool,
}

#[derive(Default)]
struct BodyPace {
    bytes: u64,
    /// The time of the first read that had to wait, and the timer of the next check.
    waited: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl BodyPace {
    fn poll_lost(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (begun, alarm) =
            self.waited.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(BODY_GRACE))));
        loop {
            ready!(alarm.as_mut().poll(cx));
            let due = *begun + BODY_GRACE.max(Duration::from_secs(self.bytes / BODY_BYTES_PER_S_MIN));
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(due.into());
        }
    }
}

fn watch_body(request: &mut ServiceRequest, account: Option<ReadAccount>) -> Option<WatchedBody> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    // A WebSocket has a pace of its own. With chunks the framework takes it for a body.
    let asked = request.headers().get(UPGRADE).map(|to| to.as_bytes().trim_ascii());
    let is_socket = asked.is_some_and(|to| to.eq_ignore_ascii_case(b"websocket"));
    let pace = (!is_socket || request.headers().contains_key(TRANSFER_ENCODING)).then(BodyPace::default);
    let watched =
        WatchedBody(Rc::new(RefCell::new(IncomingBody { payload, ended: false, pace, account, is_ended: false })));
    request.set_payload(Payload::Stream { payload: Box::pin(watched.clone()) });
    Some(watched)
}

impl WatchedBody {
    fn has_ended(&self) -> bool {
        self.0.borrow().ended
    }
}

impl Stream for WatchedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let incoming = &mut *self.0.borrow_mut();
        if !incoming.is_ended && incoming.account.as_ref().is_some_and(|account| account.poll_ended(cx)) {
            incoming.is_ended = true;
            return Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::ResourceBusy.into()))));
        }
        let Poll::Ready(chunk) = Pin::new(&mut incoming.payload).poll_next(cx) else {
            if let Some(account) = &incoming.account {
                account.is_drained();
            }
            let Some(pace) = &mut incoming.pace else { return Poll::Pending };
            ready!(pace.poll_lost(cx));
            return Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))));
        };
        incoming.ended = !matches!(chunk, Some(Ok(_)));
        if let (Some(pace), Some(Ok(bytes))) = (&mut incoming.pace, &chunk) {
            pace.bytes = pace.bytes.saturating_add(bytes.len() as u64);
        }
        Poll::Ready(chunk)
    }
}

fn is_long(answer: &impl MessageBody) -> bool {
    matches!(answer.size(), BodySize::Sized(bytes) if bytes > SLICE_BYTES as u64)
}

/// The framework copies a whole piece before it writes any of it: each slow client would cost a copy of the answer.
struct SlicedBody {
    answer: BoxBody,
    rest: Bytes,
}

impl SlicedBody {
    fn new(answer: impl MessageBody + 'static) -> Self {
        Self { answer: answer.boxed(), rest: Bytes::new() }
    }
}

impl MessageBody for SlicedBody {
    type Error = Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let this = self.get_mut();
        while this.rest.is_empty() {
            match ready!(Pin::new(&mut this.answer).poll_next(cx)) {
                Some(Ok(piece)) => this.rest = piece,
                Some(Err(fault)) => return Poll::Ready(Some(Err(fault.into()))),
                None => return Poll::Ready(None),
            }
        }
        let slice = this.rest.split_to(this.rest.len().min(SLICE_BYTES));
        Poll::Ready(Some(Ok(slice)))
    }
}

/// Holds the unread rest of the request's body: the framework closes a connection whose body is still held when the
/// response ends, but reads on for ever if a chunked body was dropped (actix-http 3.20).
struct DrainingBody {
    answer: BoxBody,
    rest: WatchedBody,
    bytes_left: usize,
    end: Option<Pin<Box<Sleep>>>,
    consumed: RequestRelease,
}

impl DrainingBody {
    fn new(answer: impl MessageBody + 'static, rest: WatchedBody, consumed: RequestRelease) -> Self {
        Self { answer: answer.boxed(), rest, bytes_left: UNREAD_BYTES_MAX, end: None, consumed }
    }
}

impl MessageBody for DrainingBody {
    type Error = Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let this = self.get_mut();
        let Some(end) = &mut this.end else {
            let chunk = ready!(Pin::new(&mut this.answer).poll_next(cx)).map(|chunk| chunk.map_err(Error::from));
            if chunk.is_some() {
                return Poll::Ready(chunk);
            }
            // Waits once, so that the answer is on its way before the connection is cut.
            this.end = Some(Box::pin(tokio::time::sleep(UNREAD_WAIT_MAX)));
            cx.waker().wake_by_ref();
            return Poll::Pending;
        };
        while this.bytes_left > 0 {
            match Pin::new(&mut this.rest).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    this.consumed.discarded(chunk.len());
                    this.bytes_left = this.bytes_left.saturating_sub(chunk.len());
                }
                Poll::Ready(None | Some(Err(_))) => return Poll::Ready(None),
                Poll::Pending => break,
            }
        }
        ready!(end.as_mut().poll(cx));
        Poll::Ready(Some(Err(PayloadError::Overflow.into())))
    }
}
