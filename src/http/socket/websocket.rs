//! The frames of a WebSocket (RFC 6455). It holds no buffer between two messages.

use std::{
    future::poll_fn,
    io,
    mem::{self, MaybeUninit},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_http::ws::{self, CloseReason, Codec, Item, ProtocolError};
use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead as _, AsyncWrite as _, ReadBuf},
    time::timeout,
};
use tokio_util::codec::{Decoder as _, Encoder as _};

use crate::http::connection::Connection;

const READ_BYTES: usize = 4 * 1024;

/// The outer bound of a slow reader; the queue of its session is the inner one.
const WRITE_WAIT: Duration = Duration::from_secs(10);

const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// The longest payload of a control frame (RFC 6455, section 5.5).
const CONTROL_BYTES_MAX: usize = 125;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum SocketMessage {
    Text(String),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    Close(Option<CloseReason>),
}

#[derive(Debug)]
struct PartialMessage {
    is_text: bool,
    bytes: BytesMut,
}

pub(super) struct WebSocket {
    connection: Connection,
    codec: Codec,
    /// The longest message, whole or fragmented.
    message_bytes_max: usize,
    /// Bytes that are no whole frame yet.
    read: BytesMut,
    pieces: Option<PartialMessage>,
    to_write: BytesMut,
    /// Whether the last message is being handled: until then the read budget holds it.
    is_handling: bool,
    is_broken: bool,
}

impl WebSocket {
    pub(super) fn new(mut connection: Connection, message_bytes_max: usize) -> Self {
        let codec = Codec::new().max_size(message_bytes_max);
        let read = BytesMut::from(Bytes::from(mem::take(&mut connection.early)));
        connection.account.read(|note| note(read.len(), false));
        Self {
            connection,
            codec,
            message_bytes_max,
            read,
            pieces: None,
            to_write: BytesMut::new(),
            is_handling: false,
            is_broken: false,
        }
    }

    /// None if the client is gone. Releases the previous message. The future may be dropped.
    pub(super) async fn receive(&mut self) -> Option<Result<SocketMessage, ProtocolError>> {
        if mem::take(&mut self.is_handling) {
            self.connection.account.done(false);
        }
        poll_fn(|cx| self.poll_receive(cx)).await
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<SocketMessage, ProtocolError>>> {
        loop {
            match self.decoded() {
                Ok(Some(message)) => {
                    self.is_handling = true;
                    self.connection.account.read(|note| note(0, true));
                    return Poll::Ready(Some(Ok(message)));
                }
                Ok(None) => {}
                Err(fault) => return Poll::Ready(Some(Err(fault))),
            }
            ready!(self.connection.poll_room(cx));
            match ready!(self.poll_read(cx)) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Poll::Ready(None),
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut room = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut room = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.connection.stream).poll_read(cx, &mut room))?;
        let bytes = room.filled();
        self.read.extend_from_slice(bytes);
        self.connection.account.read(|note| note(bytes.len(), false));
        Poll::Ready(Ok(bytes.len()))
    }

    fn decoded(&mut self) -> Result<Option<SocketMessage>, ProtocolError> {
        loop {
            // If the account was ended, other connections may read.
            if self.connection.account.is_ended() {
                return Err(ProtocolError::Io(io::ErrorKind::ResourceBusy.into()));
            }
            if declared_bytes(&self.read).is_some_and(|bytes| bytes > self.message_bytes_max as u64) {
                return Err(ProtocolError::Overflow);
            }
            let Some(frame) = self.codec.decode(&mut self.read)? else { return Ok(None) };
            if self.read.is_empty() {
                self.read = BytesMut::new();
            }
            match frame {
                ws::Frame::Text(bytes) => return text(&bytes).map(Some),
                ws::Frame::Binary(bytes) => return Ok(Some(SocketMessage::Binary(bytes))),
                ws::Frame::Ping(bytes) => return Ok(Some(SocketMessage::Ping(bytes))),
                ws::Frame::Pong(bytes) => return Ok(Some(SocketMessage::Pong(bytes))),
                ws::Frame::Close(reason) => return Ok(Some(SocketMessage::Close(reason))),
                ws::Frame::Continuation(item) => {
                    if let Some(message) = self.joined(item)? {
                        return Ok(Some(message));
                    }
                }
            }
        }
    }

    /// Adds a fragment; returns the message if it was the last. The codec has checked their order.
    fn joined(&mut self, item: Item) -> Result<Option<SocketMessage>, ProtocolError> {
        let (piece, is_last) = match item {
            Item::FirstText(piece) => {
                self.pieces = Some(PartialMessage { is_text: true, bytes: BytesMut::new() });
                (piece, false)
            }
            Item::FirstBinary(piece) => {
                self.pieces = Some(PartialMessage { is_text: false, bytes: BytesMut::new() });
                (piece, false)
            }
            Item::Continue(piece) => (piece, false),
            Item::Last(piece) => (piece, true),
        };
        let Some(pieces) = &mut self.pieces else { return Ok(None) };
        if pieces.bytes.len() + piece.len() > self.message_bytes_max {
            return Err(ProtocolError::Overflow);
        }
        pieces.bytes.extend_from_slice(&piece);
        match self.pieces.take_if(|_| is_last) {
            Some(PartialMessage { is_text: true, bytes }) => text(&bytes).map(Some),
            Some(PartialMessage { is_text: false, bytes }) => Ok(Some(SocketMessage::Binary(bytes.freeze()))),
            None => Ok(None),
        }
    }

    pub(super) fn text(&mut self, text: String) {
        self.queue(ws::Message::Text(text.into()));
    }

    pub(super) fn binary(&mut self, bytes: Bytes) {
        self.queue(ws::Message::Binary(bytes));
    }

    pub(super) fn ping(&mut self, payload: &[u8]) {
        self.queue(ws::Message::Ping(Bytes::copy_from_slice(payload)));
    }

    pub(super) fn pong(&mut self, payload: Bytes) {
        self.queue(ws::Message::Pong(payload));
    }

    fn queue(&mut self, message: ws::Message) {
        // Only fragments can fail, and none is sent.
        let _ = self.codec.encode(message, &mut self.to_write);
    }

    /// # Errors
    /// `TimedOut` if the client accepts nothing for [`WRITE_WAIT`]; errors of the connection.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        let flushed = self.flushed().await;
        self.is_broken |= flushed.is_err();
        flushed
    }

    async fn flushed(&mut self) -> io::Result<()> {
        while !self.to_write.is_empty() {
            timeout(WRITE_WAIT, poll_fn(|cx| self.poll_write(cx))).await??;
        }
        self.to_write = BytesMut::new();
        timeout(WRITE_WAIT, poll_fn(|cx| Pin::new(&mut self.connection.stream).poll_flush(cx))).await?
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = ready!(Pin::new(&mut self.connection.stream).poll_write(cx, &self.to_write))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        drop(self.to_write.split_to(written));
        Poll::Ready(Ok(()))
    }

    /// Whether the client has closed the connection, whatever it sent before.
    pub(super) fn is_left(&self) -> bool {
        self.connection.stream.is_left()
    }

    /// Whether the read budget ended the connection while a message arrived.
    pub(super) fn is_ended(&self) -> bool {
        self.connection.account.is_ended()
    }

    /// Sends a close frame and reads until the client closes: closing over unread bytes would lose the frame.
    pub(super) async fn close(mut self, mut reason: Option<CloseReason>) {
        if let Some(text) = reason.as_mut().and_then(|reason| reason.description.as_mut()) {
            text.truncate(text.floor_char_boundary(CONTROL_BYTES_MAX - size_of::<u16>()));
        }
        self.queue(ws::Message::Close(reason));
        // The client gets no second wait if it accepts nothing.
        if self.is_broken || self.flush().await.is_err() {
            return;
        }
        let closed = async {
            poll_fn(|cx| Pin::new(&mut self.connection.stream).poll_shutdown(cx)).await?;
            loop {
                match poll_fn(|cx| self.poll_read(cx)).await? {
                    0 => return io::Result::Ok(()),
                    bytes => self.connection.account.release(bytes),
                }
                self.read.clear();
            }
        };
        // A failure does not matter any more.
        let _ = timeout(CLOSE_WAIT, closed).await;
    }
}

/// Returns the payload length in a frame's header, once it is complete (RFC 6455, section 5.2).
fn declared_bytes(header: &[u8]) -> Option<u64> {
    match (header.get(1)? & 0x7f, header.get(2..4), header.get(2..10)) {
        (126, Some(length), _) => length.try_into().ok().map(u16::from_be_bytes).map(u64::from),
        (127, _, Some(length)) => length.try_into().ok().map(u64::from_be_bytes),
        (126 | 127, ..) => None,
        (length, ..) => Some(length.into()),
    }
}

fn text(bytes: &[u8]) -> Result<SocketMessage, ProtocolError> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(SocketMessage::Text(text.to_owned())),
        Err(fault) => Err(ProtocolError::Io(io::Error::new(io::ErrorKind::InvalidData, fault))),
    }
}
