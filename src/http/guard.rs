//! What happens around every request: a number, a line in the access log, a header against guessed types, an end to bodies nobody reads.

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

pub use super::access::{ACCESS, Unlogged, carried, request_id};
use super::{
    access::{self, Noted},
    meter::Meter,
    metrics::Metrics,
    read_budget::ReadAccount,
};
use crate::domain::time::Moment;

/// What is still read of a body after its answer, so that a client that sends everything before it listens gets to listen. The
/// system's own buffers take 4 to 7 MiB more on loopback (measured), and all of it is to stay below 8 MiB.
const UNREAD_BYTES_MAX: usize = 512 * 1024;

/// How long a client that is still sending has for hearing its answer before the connection is cut.
const UNREAD_WAIT_MAX: Duration = Duration::from_secs(1);

/// An answer up to this size is written in one piece, behind all earlier ones.
const SHORT_ANSWER_BYTES: u64 = 16 * 1024;

/// The size of the slices in which a longer answer is given to its connection.
const SLICE_BYTES: usize = 32 * 1024;

/// Bytes of an id that a caller may bring along. Fewer are hardly of its own.
const CALLERS_ID_BYTES: RangeInclusive<usize> = 8..=64;

/// How many bytes of a body must come a second, from its first look on the average, once ten seconds are over.
pub const BODY_BYTES_PER_S_MIN: u64 = 1024;

/// How long a body may take to get going: less than this nobody is cut off for being slow.
const BODY_GRACE: Duration = Duration::from_secs(10);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Stands around the whole app. One for all workers: clones count on.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Numbers>);

#[derive(Debug)]
struct Numbers {
    start: String,
    last: AtomicU64,
    meter: Meter,
    metrics: Metrics,
}

impl Guard {
    /// Request ids begin with the start of the process, so that no two of different runs are equal.
    pub fn new(start: Moment) -> Self {
        Self(Arc::new(Numbers {
            start: format!("{:x}", start.micros()),
            last: AtomicU64::new(0),
            meter: Meter::default(),
            metrics: Metrics::default(),
        }))
    }

    /// What this start's request ids begin with: no other start has the same.
    pub fn start(&self) -> &str {
        &self.0.start
    }

    /// How busy the doors behind it are.
    pub fn meter(&self) -> &Meter {
        &self.0.meter
    }

    /// What the doors behind it answered, for Prometheus.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The middleware, to be wrapped around everything else.
    ///
    /// Every answer gets `X-Request-Id`, `X-Content-Type-Options: nosniff` and, unless it has a `Cache-Control` of its own, `no-store`; every
    /// request one line in the log at level info, target
    /// [`ACCESS`], at level debug where its answer is [`Unlogged`]. A caller may bring an id of 8 to 64 letters, digits and `._-`, and
    /// finds it in both; any other is not looked at. A body that comes more slowly than 1 KiB a second is an error of kind `TimedOut` to
    /// whoever reads it, after 10 s at the earliest; one that is ended because all of them together are too large, of kind `ResourceBusy`. A body that nobody read to its end is read on for 512 KiB and 1 s at the most, then
    /// its connection is cut: the framework alone would read an endless chunked body for ever. (Behind an answer without a byte it reads
    /// on for its disconnect timeout.)
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
        let noted = log::log_enabled!(target: ACCESS, Level::Info).then(|| Noted::of(&request, Rc::clone(&id)));
        let counted = self.0.metrics.begin(request.method());
        let account = request.conn_data::<ReadAccount>().cloned();
        let asks_for_upgrade = request.head().upgrade();
        let mut consumed = Consumed { account: account.clone(), is_short: false };
        let body = watch_body(&mut request, account);
        let begun = Instant::now();
        let answered = access::under(Rc::clone(&id), async { next.call(request).await }).await;
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
                        EitherBody::right(BoxBody::new(Held::new(answer, body, consumed)))
                    }
                    Some(_) | None if is_long(&answer) => EitherBody::right(BoxBody::new(Sliced::new(answer))),
                    Some(_) | None => EitherBody::left(answer),
                }))
            }
            Err(error) => {
                // A refusal by another middleware: the request is gone, so its answer travels inside the error.
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
                    Some(body) if !body.has_ended() => BoxBody::new(Held::new(answer, body, consumed)),
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

/// The id that a caller, or a proxy before it, gave its request.
fn callers_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (CALLERS_ID_BYTES.contains(&id.len()) && id.bytes().all(is_plain)).then_some(id)
}

/// Announces that the connection closes. The framework closes one whose client has offered another protocol, unless the protocol changes; a client
/// that is not told loses the request it sends next. Source: RFC 9112, section 9.6.
fn announce_end(answer: &mut ResponseHead) {
    answer.set_connection_type(ConnectionType::Close);
}

fn mark(headers: &mut HeaderMap, id: &str) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Answers carry tokens, passwords, tickets and people's data: no cache keeps one unless its handler says that it may.
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

/// Takes a request off the account of its connection once it is answered, or was given up.
struct Consumed {
    account: Option<ReadAccount>,
    is_short: bool,
}

impl Consumed {
    /// What is still read of its body is held by nobody.
    fn discarded(&self, bytes: usize) {
        if let Some(account) = &self.account {
            account.release(bytes);
        }
    }
}

impl Drop for Consumed {
    fn drop(&mut self) {
        if let Some(account) = &self.account {
            account.done(self.is_short);
        }
    }
}

/// A request's body, shared between whoever reads it and the guard, which must know afterwards whether it was read to its end.
#[derive(Clone)]
struct Watched(Rc<RefCell<Incoming>>);

struct Incoming {
    payload: Payload,
    ended: bool,
    /// None for a socket, which may be silent.
    pace: Option<Pace>,
    account: Option<ReadAccount>,
    /// Whether its reader was told that it is ended.
    is_ended: bool,
}

/// How fast a body comes.
#[derive(Default)]
struct Pace {
    bytes: u64,
    /// When somebody first waited for it, and the next look at how far it has come.
    waited: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Pace {
    /// Ready once the body has fallen behind.
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

fn watch_body(request: &mut ServiceRequest, account: Option<ReadAccount>) -> Option<Watched> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    // A WebSocket has its own pace. With chunks it is a body to the framework, whatever is asked.
    let asked = request.headers().get(UPGRADE).map(|to| to.as_bytes().trim_ascii());
    let is_socket = asked.is_some_and(|to| to.eq_ignore_ascii_case(b"websocket"));
    let pace = (!is_socket || request.headers().contains_key(TRANSFER_ENCODING)).then(Pace::default);
    let watched = Watched(Rc::new(RefCell::new(Incoming { payload, ended: false, pace, account, is_ended: false })));
    request.set_payload(Payload::Stream { payload: Box::pin(watched.clone()) });
    Some(watched)
}

impl Watched {
    fn has_ended(&self) -> bool {
        self.0.borrow().ended
    }
}

impl Stream for Watched {
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

/// Whether an answer is cut into slices on its way.
fn is_long(answer: &impl MessageBody) -> bool {
    matches!(answer.size(), BodySize::Sized(bytes) if bytes > SLICE_BYTES as u64)
}

/// A long answer, given to the connection in slices. The framework copies a whole piece before it writes any of it, so each client that reads
/// slowly would cost a copy of the answer.
struct Sliced {
    answer: BoxBody,
    rest: Bytes,
}

impl Sliced {
    fn new(answer: impl MessageBody + 'static) -> Self {
        Self { answer: answer.boxed(), rest: Bytes::new() }
    }
}

impl MessageBody for Sliced {
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

/// An answer that holds on to the unread rest of its request's body.
///
/// The framework closes a connection whose body is still being held when the answer ends, but reads on for ever one whose chunked body
/// was dropped (actix-http 3.20, `should_close_for_unread_payload`).
struct Held {
    answer: BoxBody,
    rest: Watched,
    bytes_left: usize,
    /// Begins when the whole answer was handed over.
    end: Option<Pin<Box<Sleep>>>,
    consumed: Consumed,
}

impl Held {
    fn new(answer: impl MessageBody + 'static, rest: Watched, consumed: Consumed) -> Self {
        Self { answer: answer.boxed(), rest, bytes_left: UNREAD_BYTES_MAX, end: None, consumed }
    }
}

impl MessageBody for Held {
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
            // One turn of waiting, so that the answer is on its way before anything is cut.
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
