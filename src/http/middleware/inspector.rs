//! The last exchanges with vendors' clients, in memory, for developers. Off by default.

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

use super::masking::{self, BODY_BYTES_MAX, BodySide};
use crate::{
    domain::{Clock, Moment},
    http::masking::MaskedTarget,
};

/// Exchanges that are kept: at most 20 MiB.
const KEPT_MAX: usize = 500;

/// The path prefixes of the dialects. Standin's own API is not recorded.
const DOORS: [(&str, &str); 6] = [
    ("/api/v2.", "qiscus"),
    ("/api/v2/", "qiscus"),
    ("/api/v1/", "mirrorfly"),
    ("/v4/", "tencent"),
    ("/license/", "mirrorfly"),
    ("/websocket", "mirrorfly"),
];

/// How the texts of messages are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageTexts {
    /// As they are: in a demo, whose users are samples.
    Shown,
    BySize,
}

/// Records exchanges, or does nothing if it is off. Clones share the record.
#[derive(Clone)]
pub struct Inspector(Option<Arc<ExchangeLog>>);

struct ExchangeLog {
    exchanges: Mutex<VecDeque<Arc<Exchange>>>,
    last: watch::Sender<i64>,
    texts: MessageTexts,
    clock: Clock,
}

#[derive(Debug)]
pub struct Exchange {
    /// Rises from 1 at each start.
    pub n: i64,
    pub shown: Value,
}

impl Inspector {
    pub fn new(is_on: bool, texts: MessageTexts, clock: Clock) -> Self {
        let kept = ExchangeLog { exchanges: Mutex::default(), last: watch::Sender::new(0), texts, clock };
        Self(is_on.then(|| Arc::new(kept)))
    }

    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the oldest first; all if `n` is from a former start, whose numbers went further.
    pub fn after(&self, n: i64) -> Vec<Arc<Exchange>> {
        let Some(kept) = &self.0 else { return Vec::new() };
        let exchanges = kept.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let n = if exchanges.back().is_some_and(|last| last.n < n) { 0 } else { n };
        exchanges.iter().filter(|exchange| exchange.n > n).cloned().collect()
    }

    /// Changes with each exchange; None if the inspector is off.
    pub fn news(&self) -> Option<watch::Receiver<i64>> {
        self.0.as_ref().map(|kept| kept.last.subscribe())
    }

    /// The middleware. It records only the dialects' paths.
    pub async fn watch(
        self,
        mut request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let door = DOORS.iter().find(|(path, _)| request.path().starts_with(path)).map(|(_, dialect)| *dialect);
        let (Some(kept), Some(dialect)) = (self.0, door) else {
            return Ok(next.call(request).await?.map_into_boxed_body());
        };
        let mut seen = ExchangeRecord::of(kept, dialect, &request);
        seen.sent = listen_in(&mut request);
        let begun = Instant::now();
        match next.call(request).await {
            Ok(answer) => {
                seen.answered(answer.status(), answer.headers(), begun);
                let is_socket = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
                Ok(answer.map_body(|_, answer| match is_socket {
                    true => answer.boxed(),
                    false => BoxBody::new(ResponseTap { answer: answer.boxed(), seen }),
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

#[derive(Default)]
struct BodyCapture {
    first: Vec<u8>,
    bytes: u64,
}

impl BodyCapture {
    fn take(&mut self, chunk: &Bytes) {
        self.bytes += chunk.len() as u64;
        let room = BODY_BYTES_MAX.saturating_sub(self.first.len());
        self.first.extend(chunk.iter().take(room));
    }
}

struct ExchangeRecord {
    kept: Arc<ExchangeLog>,
    dialect: &'static str,
    at: Moment,
    method: String,
    path: String,
    headers: HeaderMap,
    sent: Rc<RefCell<BodyCapture>>,
    status: u16,
    took_us: u64,
    answer_headers: HeaderMap,
    answer: BodyCapture,
}

impl ExchangeRecord {
    fn of(kept: Arc<ExchangeLog>, dialect: &'static str, request: &ServiceRequest) -> Self {
        Self {
            at: (kept.clock)(),
            kept,
            dialect,
            method: request.method().as_str().to_owned(),
            path: MaskedTarget(request.uri()).to_string(),
            headers: request.headers().clone(),
            sent: Rc::default(),
            status: 0,
            took_us: 0,
            answer_headers: HeaderMap::new(),
            answer: BodyCapture::default(),
        }
    }

    fn answered(&mut self, status: StatusCode, headers: &HeaderMap, begun: Instant) {
        self.status = status.as_u16();
        self.took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.answer_headers = headers.clone();
    }

    fn shown(&self, n: i64) -> Value {
        let shown = |headers: &HeaderMap, body: &BodyCapture, side| {
            let shown = masking::body(headers, &body.first, body.bytes, side, self.kept.texts);
            json!({ "headers": masking::headers(headers), "body": shown })
        };
        json!({
            "n": n,
            "at": self.at.to_string(),
            "dialect": self.dialect,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "took_us": self.took_us,
            "request": shown(&self.headers, &self.sent.borrow(), BodySide::Request),
            "answer": shown(&self.answer_headers, &self.answer, BodySide::Answer),
        })
    }
}

impl Drop for ExchangeRecord {
    fn drop(&mut self) {
        // A call that ended before it had an answer is not shown.
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

fn listen_in(request: &mut ServiceRequest) -> Rc<RefCell<BodyCapture>> {
    let body = Rc::new(RefCell::new(BodyCapture::default()));
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return body;
    }
    let heard = RequestTap { payload, body: Rc::clone(&body) };
    request.set_payload(Payload::Stream { payload: Box::pin(heard) });
    body
}

struct RequestTap {
    payload: Payload,
    body: Rc<RefCell<BodyCapture>>,
}

impl Stream for RequestTap {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(Pin::new(&mut self.payload).poll_next(cx));
        if let Some(Ok(bytes)) = &chunk {
            self.body.borrow_mut().take(bytes);
        }
        Poll::Ready(chunk)
    }
}

struct ResponseTap {
    answer: BoxBody,
    seen: ExchangeRecord,
}

impl MessageBody for ResponseTap {
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
