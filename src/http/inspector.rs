//! The last exchanges with the vendors' clients, for whoever points one here and wants to see it arrive. In memory, off unless asked for.

use std::{
    cell::RefCell,
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Instant,
};

use actix_web::{
    Error, HttpMessage as _,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{StatusCode, header::HeaderMap},
    middleware::Next,
    web::Bytes,
};
use futures_util::Stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    masking::{self, BODY_BYTES_MAX},
    showing::Target,
};
use crate::domain::time::{Clock, Moment};

/// Exchanges that are kept: 20 MiB at the worst.
const KEPT_MAX: usize = 500;

/// What the doors of the dialects begin with. Our own API is not looked at.
const DOORS: [(&str, &str); 6] = [
    ("/api/v2.", "qiscus"),
    ("/api/v2/", "qiscus"),
    ("/api/v1/", "mirrorfly"),
    ("/v4/", "tencent"),
    ("/license/", "mirrorfly"),
    ("/websocket", "mirrorfly"),
];

/// Keeps exchanges, or does nothing at all. Clones share what is kept.
#[derive(Clone)]
pub struct Inspector(Option<Arc<Kept>>);

struct Kept {
    exchanges: Mutex<VecDeque<Arc<Exchange>>>,
    /// The number of the last one.
    last: watch::Sender<i64>,
    clock: Clock,
}

/// One exchange, as it may be shown.
#[derive(Debug)]
pub struct Exchange {
    /// Rising, from 1 at each start.
    pub n: i64,
    /// All of it, `n` among it.
    pub shown: Value,
}

impl Inspector {
    /// One that keeps exchanges if it `is_on`.
    pub fn new(is_on: bool, clock: Clock) -> Self {
        let kept = Kept { exchanges: Mutex::default(), last: watch::Sender::new(0), clock };
        Self(is_on.then(|| Arc::new(kept)))
    }

    /// Whether exchanges are kept.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// What is kept behind number `n`, the oldest first; everything where `n` is of a former start, whose numbers went further.
    pub fn after(&self, n: i64) -> Vec<Arc<Exchange>> {
        let Some(kept) = &self.0 else { return Vec::new() };
        let exchanges = kept.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let n = if exchanges.back().is_some_and(|last| last.n < n) { 0 } else { n };
        exchanges.iter().filter(|exchange| exchange.n > n).cloned().collect()
    }

    /// Changes with each exchange; none where none is kept.
    pub fn news(&self) -> Option<watch::Receiver<i64>> {
        self.0.as_ref().map(|kept| kept.last.subscribe())
    }

    /// The middleware, for all doors: those of the dialects are looked at.
    /// # Errors
    /// Those of the doors.
    pub async fn watch(
        self,
        mut request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let door = DOORS.iter().find(|(path, _)| request.path().starts_with(path)).map(|(_, dialect)| *dialect);
        let (Some(kept), Some(dialect)) = (self.0, door) else {
            return Ok(next.call(request).await?.map_into_boxed_body());
        };
        let mut seen = Seen::of(kept, dialect, &request);
        seen.sent = listen_in(&mut request);
        let begun = Instant::now();
        match next.call(request).await {
            Ok(answer) => {
                seen.answered(answer.status(), answer.headers(), begun);
                let is_socket = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
                Ok(answer.map_body(|_, answer| match is_socket {
                    true => answer.boxed(),
                    false => BoxBody::new(Overheard { answer: answer.boxed(), seen }),
                }))
            }
            Err(error) => {
                let answer = error.error_response();
                seen.answered(answer.status(), answer.headers(), begun);
                Err(error)
            }
        }
    }
}

/// The first bytes of a body, and how many there were.
#[derive(Default)]
struct Body {
    first: Vec<u8>,
    bytes: u64,
}

impl Body {
    fn take(&mut self, chunk: &Bytes) {
        self.bytes += chunk.len() as u64;
        let room = BODY_BYTES_MAX.saturating_sub(self.first.len());
        self.first.extend(chunk.iter().take(room));
    }
}

/// An exchange while it goes on. It is kept when it is dropped, however it ends.
struct Seen {
    kept: Arc<Kept>,
    dialect: &'static str,
    at: Moment,
    method: String,
    path: String,
    headers: HeaderMap,
    sent: Rc<RefCell<Body>>,
    status: u16,
    took_us: u64,
    answer_headers: HeaderMap,
    answer: Body,
}

impl Seen {
    fn of(kept: Arc<Kept>, dialect: &'static str, request: &ServiceRequest) -> Self {
        Self {
            at: (kept.clock)(),
            kept,
            dialect,
            method: request.method().as_str().to_owned(),
            path: Target(request.uri()).to_string(),
            headers: request.headers().clone(),
            sent: Rc::default(),
            status: 0,
            took_us: 0,
            answer_headers: HeaderMap::new(),
            answer: Body::default(),
        }
    }

    fn answered(&mut self, status: StatusCode, headers: &HeaderMap, begun: Instant) {
        self.status = status.as_u16();
        self.took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.answer_headers = headers.clone();
    }

    fn shown(&self, n: i64) -> Value {
        let side = |headers: &HeaderMap, body: &Body| json!({ "headers": masking::headers(headers), "body": masking::body(headers, &body.first, body.bytes) });
        json!({
            "n": n,
            "at": self.at.to_string(),
            "dialect": self.dialect,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "took_us": self.took_us,
            "request": side(&self.headers, &self.sent.borrow()),
            "answer": side(&self.answer_headers, &self.answer),
        })
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        // A call that was broken off before it had an answer has none to show.
        if self.status == 0 {
            return;
        }
        let mut exchanges = self.kept.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let n = exchanges.back().map_or(1, |last| last.n + 1);
        exchanges.push_back(Arc::new(Exchange { n, shown: self.shown(n) }));
        if exchanges.len() > KEPT_MAX {
            exchanges.pop_front();
        }
        drop(exchanges);
        self.kept.last.send_replace(n);
    }
}

fn listen_in(request: &mut ServiceRequest) -> Rc<RefCell<Body>> {
    let body = Rc::new(RefCell::new(Body::default()));
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return body;
    }
    let heard = Listening { payload, body: Rc::clone(&body) };
    request.set_payload(Payload::Stream { payload: Box::pin(heard) });
    body
}

struct Listening {
    payload: Payload,
    body: Rc<RefCell<Body>>,
}

impl Stream for Listening {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(Pin::new(&mut self.payload).poll_next(cx));
        if let Some(Ok(bytes)) = &chunk {
            self.body.borrow_mut().take(bytes);
        }
        Poll::Ready(chunk)
    }
}

/// An answer on its way out.
struct Overheard {
    answer: BoxBody,
    seen: Seen,
}

impl MessageBody for Overheard {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let chunk = ready!(Pin::new(&mut this.answer).poll_next(cx));
        if let Some(Ok(bytes)) = &chunk {
            this.seen.answer.take(bytes);
        }
        Poll::Ready(chunk)
    }
}
