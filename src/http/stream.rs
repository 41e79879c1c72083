//! Server-sent events: an answer that goes on, one message after the other, until its source ends or its client leaves.
//!
//! Nothing is queued: a client that takes nothing makes its source wait, and where it went on is its own to say.

use std::{convert::Infallible, fmt::Write as _, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header::ACCEPT, web::Bytes};
use futures_util::stream;
use tokio::time::{Instant, timeout};

use super::places::{self, Places};
use crate::domain::error::Error;

/// How often a silent stream says that it is there, and asks whether its client may still listen.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a browser waits before it comes back for what it missed.
const RETRY_MS: u32 = 2000;

/// Streams that one listener may have open at one time.
const STREAMS_MAX: usize = 20;

/// The streams that are open, by listener. One for all workers: clones count on.
#[derive(Debug, Clone, Default)]
pub struct Streams(Places<String>);

/// A listener's place for one stream: given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    _counted: places::Place<String>,
}

impl Streams {
    /// A place for one stream more.
    /// # Errors
    /// `TooMany`, where the listener has 20 open.
    pub fn enter(&self, listener: String) -> Result<Place, Error> {
        let too_many = || Error::TooMany { what: "open streams", retry_after: HEARTBEAT };
        let counted = self.0.enter(listener, STREAMS_MAX).ok_or_else(too_many)?;
        Ok(Place { _counted: counted })
    }
}

/// One message: a browser that comes back names the last number it has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Rising.
    pub id: i64,
    /// What listeners are called for; none for those of every message.
    pub name: Option<&'static str>,
    /// One line of JSON.
    pub data: String,
}

/// Where the messages of a stream come from.
pub trait Source: 'static {
    /// The next ones, as soon as there are any; none when the stream is over. May be dropped while it waits.
    fn next(&mut self) -> impl Future<Output = Option<Vec<Message>>>;

    /// Whether its client may still listen: asked now and then, as sessions end.
    fn may_go_on(&self) -> impl Future<Output = bool>;
}

/// Whether a caller wants a stream.
pub fn is_wanted(request: &HttpRequest) -> bool {
    let mut accepted = request.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok());
    accepted.any(|line| line.contains("text/event-stream"))
}

/// The number of the last message that a client which comes back has seen.
pub fn last_seen(request: &HttpRequest) -> Option<i64> {
    request.headers().get("Last-Event-ID")?.to_str().ok()?.parse().ok()
}

struct Flow<S> {
    source: S,
    has_begun: bool,
    asked_at: Instant,
    _place: Place,
}

/// The answer that is this stream. It has its place until it ends.
pub fn answer(source: impl Source, place: Place) -> HttpResponse {
    let flow = Flow { source, has_begun: false, asked_at: Instant::now(), _place: place };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        // A proxy in between is to pass on what it has.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(Box::pin(stream::unfold(flow, piece)))
}

async fn piece<S: Source>(mut flow: Flow<S>) -> Option<(Result<Bytes, Infallible>, Flow<S>)> {
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
        Ok(messages) => messages?.iter().fold(String::new(), |mut text, Message { id, name, data }| {
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
