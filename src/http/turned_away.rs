//! Answers that are given before the framework has a request: to a connection beyond the limit, to a head that is too large or that
//! others' requests had to go before.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::http::StatusCode;
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::framing::HEAD_BYTES_MAX;

/// How long a client that is turned away may take to hear its answer.
const HEAR_WAIT: Duration = Duration::from_secs(1);

/// When a client that was turned away for want of room may come again.
const RETRY_AFTER_S: u32 = 1;

/// Bytes that are read at a time of what such a client still sends.
const DISCARD_BYTES: usize = 4 * 1024;

/// Reads in a row of what such a client still sends, before other connections have their turn.
const DISCARDS_IN_A_ROW: usize = 16;

/// Why a client is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// All connections that may be open are.
    Connections,
    /// The head of its request is larger than [`HEAD_BYTES_MAX`].
    HeadTooLarge,
    /// Too much is being read from all clients together, and this one was the slowest.
    Slowest,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connections => f.write_str("The server has as many connections open as it can: try again"),
            Self::HeadTooLarge => {
                write!(f, "The head of the request is too large: send at most {HEAD_BYTES_MAX} bytes of it")
            }
            Self::Slowest => f.write_str("The server reads too much at once and this request came slowest: try again"),
        }
    }
}

impl Why {
    /// The whole answer. No vendor's form: the address that is called may not be there yet.
    fn answer(self) -> String {
        let (status, retry) = match self {
            Self::HeadTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, String::new()),
            Self::Connections | Self::Slowest => {
                (StatusCode::SERVICE_UNAVAILABLE, format!("Retry-After: {RETRY_AFTER_S}\r\n"))
            }
        };
        let title = status.canonical_reason().unwrap_or_default();
        let body = json!({ "title": title, "status": status.as_u16(), "detail": self.to_string() }).to_string();
        format!(
            "HTTP/1.1 {} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n{retry}\
             X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
            status.as_u16(),
            body.len()
        )
    }
}

/// Writes an answer, then waits until the client has closed: a connection that is closed over unread bytes loses what was written.
#[derive(Debug)]
pub(super) struct TurnedAway {
    answer: Vec<u8>,
    written: usize,
    is_shut: bool,
    until: Pin<Box<Sleep>>,
}

impl TurnedAway {
    pub(super) fn new(why: Why) -> Self {
        Self { answer: why.answer().into_bytes(), written: 0, is_shut: false, until: Box::pin(sleep(HEAR_WAIT)) }
    }

    /// Ready when the connection is to be dropped.
    pub(super) fn poll<S: AsyncRead + AsyncWrite + Unpin>(&mut self, cx: &mut Context<'_>, stream: &mut S) -> Poll<()> {
        match self.poll_heard(cx, stream) {
            Poll::Ready(Ok(()) | Err(_)) => Poll::Ready(()),
            Poll::Pending => self.until.as_mut().poll(cx),
        }
    }

    fn poll_heard<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = self.answer.get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut *stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        if !self.is_shut {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
            self.is_shut = true;
        }
        let mut discarded = [0; DISCARD_BYTES];
        for _ in 0..DISCARDS_IN_A_ROW {
            let mut into = ReadBuf::new(&mut discarded);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut into))?;
            if into.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
