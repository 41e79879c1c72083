//! The byte streams under connections.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::rt::net::{TcpStream, UnixStream};
use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio_rustls::server::TlsStream;

/// Bytes that a client may send before the TLS handshake ends: ten times what a browser sends.
const HANDSHAKE_BYTES_MAX: usize = 16 * 1024;

pub(in crate::http) enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<HandshakeStream>>),
    Local(UnixStream),
    /// Another protocol has taken it: this side has ended.
    Taken,
}

impl Transport {
    /// Whether the client has closed its side, seen before what it sent is read.
    pub(in crate::http) fn is_left(&self) -> bool {
        let ready = match self {
            Self::Plain(socket) => socket.ready(Interest::READABLE).now_or_never(),
            Self::Tls(socket) => socket.get_ref().0.socket.ready(Interest::READABLE).now_or_never(),
            Self::Local(socket) => socket.ready(Interest::READABLE).now_or_never(),
            Self::Taken => return true,
        };
        ready.is_some_and(|ready| ready.is_ok_and(tokio::io::Ready::is_read_closed))
    }

    pub(in crate::http) fn has_more(&self, cx: &mut Context<'_>) -> bool {
        let mut one = [0];
        let socket = match self {
            Self::Plain(socket) => socket,
            Self::Tls(socket) => &socket.get_ref().0.socket,
            Self::Local(socket) => return socket.poll_read_ready(cx).is_ready(),
            Self::Taken => return false,
        };
        socket.poll_peek(cx, &mut ReadBuf::new(&mut one)).is_ready()
    }
}

/// Bounded until the handshake ends: the TLS library would collect 64 KiB for one message.
pub(in crate::http) struct HandshakeStream {
    socket: TcpStream,
    bytes_left: Option<usize>,
}

impl HandshakeStream {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self { socket, bytes_left: Some(HANDSHAKE_BYTES_MAX) }
    }

    pub(super) fn is_over(&mut self) {
        self.bytes_left = None;
    }
}

impl AsyncRead for HandshakeStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let known = into.filled().len();
        ready!(Pin::new(&mut this.socket).poll_read(cx, into))?;
        if let Some(bytes_left) = &mut this.bytes_left {
            *bytes_left = bytes_left.checked_sub(into.filled().len() - known).ok_or(io::ErrorKind::InvalidData)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HandshakeStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

/// Calls a method of the stream. `$taken` is the result once another protocol has it.
macro_rules! of_stream {
    ($transport:expr, $method:ident($($given:expr),+), $taken:expr) => {
        match $transport.get_mut() {
            Transport::Plain(socket) => Pin::new(socket).$method($($given),+),
            Transport::Tls(socket) => Pin::new(socket).$method($($given),+),
            Transport::Local(socket) => Pin::new(socket).$method($($given),+),
            Transport::Taken => Poll::Ready($taken),
        }
    };
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        of_stream!(self, poll_read(cx, into), Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        of_stream!(self, poll_write(cx, bytes), Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_stream!(self, poll_flush(cx), Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_stream!(self, poll_shutdown(cx), Ok(()))
    }
}
