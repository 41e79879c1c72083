//! Responses before the framework has a request: beyond a limit, and for heads that are too large or too slow.

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

const READ_WAIT: Duration = Duration::from_secs(1);

const RETRY_AFTER_S: u32 = 1;

const DISCARD_BYTES: usize = 4 * 1024;

/// Reads in a row before other connections are served.
const DISCARDS_IN_A_ROW: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RejectReason {
    Connections,
    HeadTooLarge,
    /// The read budget is full, and this request was the slowest.
    Slowest,
}

impl fmt::Display for RejectReason {
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

impl RejectReason {
    /// Returns the whole response. It has no vendor's format, because the path may not be known yet.
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

/// Writes the response, then waits until the client has closed: closing over unread bytes would lose the response.
#[derive(Debug)]
pub(super) struct Rejection {
    answer: Vec<u8>,
    written: usize,
    is_shut: bool,
    until: Pin<Box<Sleep>>,
}

impl Rejection {
    pub(super) fn new(why: RejectReason) -> Self {
        Self { answer: why.answer().into_bytes(), written: 0, is_shut: false, until: Box::pin(sleep(READ_WAIT)) }
    }

    pub(super) fn poll<S: AsyncRead + AsyncWrite + Unpin>(&mut self, cx: &mut Context<'_>, stream: &mut S) -> Poll<()> {
        match self.poll_delivered(cx, stream) {
            Poll::Ready(Ok(()) | Err(_)) => Poll::Ready(()),
            Poll::Pending => self.until.as_mut().poll(cx),
        }
    }

    fn poll_delivered<S: AsyncRead + AsyncWrite + Unpin>(
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
