//! What a connection is carried by.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::rt::net::{TcpStream, UnixStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

/// What a client may send before both sides have agreed on TLS: ten times what a browser sends.
const HANDSHAKE_BYTES_MAX: usize = 16 * 1024;

/// Plain, over TLS, or from this machine.
pub(in super::super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<Handshaking>>),
    Local(UnixStream),
    /// By another protocol: for this one it has ended.
    Taken,
}

impl Stream {
    /// Whether the client has sent what was not read yet; its end counts.
    pub(in super::super) fn has_more(&self, cx: &mut Context<'_>) -> bool {
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

/// A socket from which only so much is read until the handshake is over: the library of TLS would gather 64 KiB for one message.
pub(in super::super) struct Handshaking {
    socket: TcpStream,
    bytes_left: Option<usize>,
}

impl Handshaking {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self { socket, bytes_left: Some(HANDSHAKE_BYTES_MAX) }
    }

    /// From here on what is read is bounded elsewhere.
    pub(super) fn is_over(&mut self) {
        self.bytes_left = None;
    }
}

impl AsyncRead for Handshaking {
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

impl AsyncWrite for Handshaking {
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

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_read(cx, into),
            Self::Tls(socket) => Pin::new(socket).poll_read(cx, into),
            Self::Local(socket) => Pin::new(socket).poll_read(cx, into),
            Self::Taken => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Tls(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Local(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Taken => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Self::Tls(socket) => Pin::new(socket).poll_flush(cx),
            Self::Local(socket) => Pin::new(socket).poll_flush(cx),
            Self::Taken => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Tls(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Local(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Taken => Poll::Ready(Ok(())),
        }
    }
}
