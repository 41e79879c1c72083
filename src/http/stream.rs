//! Server-sent events. Nothing is queued: a slow client makes its source wait, and the source knows its own position.

use std::{convert::Infallible, fmt::Write as _, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header::ACCEPT, web::Bytes};
use futures_util::stream;
use tokio::time::{Instant, timeout};

use super::keyed_limiter::{self, KeyedLimiter};
use crate::domain::Error;

/// How often a silent stream sends a comment and checks that its client may still listen.
const HEARTBEAT: Duration = Duration::from_secs(15);

const RETRY_MS: u32 = 2000;

const STREAMS_MAX: usize = 20;

/// Counts open streams by listener. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct StreamLimiter(KeyedLimiter<String>);

#[derive(Debug)]
pub struct StreamPermit {
    _counted: keyed_limiter::Permit<String>,
}

impl StreamLimiter {
    /// # Errors
    /// `TooMany` if the listener has 20 open.
    pub fn enter(&self, listener: String) -> Result<StreamPermit, Error> {
        let too_many = || Error::TooMany { what: "open streams", retry_after: HEARTBEAT };
        let counted = self.0.acquire(listener, STREAMS_MAX).ok_or_else(too_many)?;
        Ok(StreamPermit { _counted: counted })
    }
}

/// A browser that reconnects names the id of the last event that it received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    pub id: i64,
    pub name: Option<&'static str>,
    pub data: String,
}

pub trait EventSource: 'static {
    /// Waits for the next events; None ends the stream. The future may be dropped while it waits.
    fn next(&mut self) -> impl Future<Output = Option<Vec<StreamEvent>>>;

    /// Whether the client may still listen. Checked from time to time, because sessions end.
    fn may_go_on(&self) -> impl Future<Output = bool>;
}

pub fn is_wanted(request: &HttpRequest) -> bool {
    let mut accepted = request.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok());
    accepted.any(|line| line.contains("text/event-stream"))
}

pub fn last_seen(request: &HttpRequest) -> Option<i64> {
    request.headers().get("Last-Event-ID")?.to_str().ok()?.parse().ok()
}

struct EventFlow<S> {
    source: S,
    has_begun: bool,
    asked_at: Instant,
    _place: StreamPermit,
}

pub fn answer(source: impl EventSource, place: StreamPermit) -> HttpResponse {
    let flow = EventFlow { source, has_begun: false, asked_at: Instant::now(), _place: place };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        // Stops nginx from buffering.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(Box::pin(stream::unfold(flow, piece)))
}

async fn piece<S: EventSource>(mut flow: EventFlow<S>) -> Option<(Result<Bytes, Infallible>, EventFlow<S>)> {
    if !flow.has_begun {
        flow.has_begun = true;
        return Some((Ok(format!("retry: {RETRY_MS}\n\n").into()), flow));
    }
    if flow.asked_at.elapsed() >= HEARTBEAT {
        if !flow.source.may_go_on().await {
            return None;
        }
        flow.asked_at = Instant::now();
    }
    let text = match timeout(HEARTBEAT, flow.source.next()).await {
        Ok(messages) => messages?.iter().fold(String::new(), |mut text, StreamEvent { id, name, data }| {
            if let Some(name) = name {
                let _ = writeln!(text, "event: {name}");
            }
            // Writing to a String cannot fail.
            let _ = write!(text, "id: {id}\ndata: {data}\n\n");
            text
        }),
        Err(_) => ":\n\n".to_owned(),
    };
    Some((Ok(text.into()), flow))
}
