//! The frames of a WebSocket (RFC 6455) over a connection that was taken over. Between two messages it keeps no buffer.

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

use super::wire::Connection;

/// Bytes of one message, whole or in pieces.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// How much is read at a time.
const READ_BYTES: usize = 4 * 1024;

/// How long a client may take to make room for what is written. It is the outer bound of a slow reader; the queue of its session is the
/// inner one.
const WRITE_WAIT: Duration = Duration::from_secs(10);

/// How long a client may take to close its side, once it was told.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// The longest payload of a frame that is not of a message, in bytes (RFC 6455, section 5.5).
const CONTROL_BYTES_MAX: usize = 125;

/// What a client sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    Text(String),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    Close(Option<CloseReason>),
}

/// The frames of a message whose last one has not arrived.
#[derive(Debug)]
struct Pieces {
    is_text: bool,
    bytes: BytesMut,
}

/// A WebSocket.
pub(super) struct WebSocket {
    connection: Connection,
    codec: Codec,
    /// What was read and is not a whole frame.
    read: BytesMut,
    pieces: Option<Pieces>,
    /// What is still to be written.
    to_write: BytesMut,
    /// Whether the last message is being handled: until then it counts as held.
    is_handling: bool,
    /// Whether the client takes nothing any more.
    is_broken: bool,
}

impl WebSocket {
    pub(super) fn new(mut connection: Connection) -> Self {
        let codec = Codec::new().max_size(MESSAGE_BYTES_MAX);
        let read = BytesMut::from(Bytes::from(mem::take(&mut connection.early)));
        connection.account.read(|note| note(read.len(), false));
        Self { connection, codec, read, pieces: None, to_write: BytesMut::new(), is_handling: false, is_broken: false }
    }

    /// The next message; none where the client is gone. What was received before is handled by now. It may be given up and asked anew.
    pub(super) async fn receive(&mut self) -> Option<Result<Message, ProtocolError>> {
        if mem::take(&mut self.is_handling) {
            self.connection.account.done(false);
        }
        poll_fn(|cx| self.poll_receive(cx)).await
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, ProtocolError>>> {
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

    /// Reads as far as the client has sent; how many bytes.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut room = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut room = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.connection.stream).poll_read(cx, &mut room))?;
        let bytes = room.filled();
        self.read.extend_from_slice(bytes);
        self.connection.account.read(|note| note(bytes.len(), false));
        Poll::Ready(Ok(bytes.len()))
    }

    /// A whole message, if one was read.
    fn decoded(&mut self) -> Result<Option<Message>, ProtocolError> {
        loop {
            // An account that was ended is for others to read on.
            if self.connection.account.is_ended() {
                return Err(ProtocolError::Io(io::ErrorKind::ResourceBusy.into()));
            }
            if declared_bytes(&self.read).is_some_and(|bytes| bytes > MESSAGE_BYTES_MAX as u64) {
                return Err(ProtocolError::Overflow);
            }
            let Some(frame) = self.codec.decode(&mut self.read)? else { return Ok(None) };
            if self.read.is_empty() {
                self.read = BytesMut::new();
            }
            match frame {
                ws::Frame::Text(bytes) => return text(&bytes).map(Some),
                ws::Frame::Binary(bytes) => return Ok(Some(Message::Binary(bytes))),
                ws::Frame::Ping(bytes) => return Ok(Some(Message::Ping(bytes))),
                ws::Frame::Pong(bytes) => return Ok(Some(Message::Pong(bytes))),
                ws::Frame::Close(reason) => return Ok(Some(Message::Close(reason))),
                ws::Frame::Continuation(item) => {
                    if let Some(message) = self.joined(item)? {
                        return Ok(Some(message));
                    }
                }
            }
        }
    }

    /// Puts a piece behind those before it; the message, if it was the last one. Their order the codec has checked.
    fn joined(&mut self, item: Item) -> Result<Option<Message>, ProtocolError> {
        let (piece, is_last) = match item {
            Item::FirstText(piece) => {
                self.pieces = Some(Pieces { is_text: true, bytes: BytesMut::new() });
                (piece, false)
            }
            Item::FirstBinary(piece) => {
                self.pieces = Some(Pieces { is_text: false, bytes: BytesMut::new() });
                (piece, false)
            }
            Item::Continue(piece) => (piece, false),
            Item::Last(piece) => (piece, true),
        };
        let Some(pieces) = &mut self.pieces else { return Ok(None) };
        if pieces.bytes.len() + piece.len() > MESSAGE_BYTES_MAX {
            return Err(ProtocolError::Overflow);
        }
        pieces.bytes.extend_from_slice(&piece);
        match self.pieces.take_if(|_| is_last) {
            Some(Pieces { is_text: true, bytes }) => text(&bytes).map(Some),
            Some(Pieces { is_text: false, bytes }) => Ok(Some(Message::Binary(bytes.freeze()))),
            None => Ok(None),
        }
    }

    /// Puts a text behind what is to be written.
    pub(super) fn text(&mut self, text: String) {
        self.queue(ws::Message::Text(text.into()));
    }

    /// Puts bytes behind what is to be written.
    pub(super) fn binary(&mut self, bytes: Bytes) {
        self.queue(ws::Message::Binary(bytes));
    }

    /// Asks the client for its pong.
    pub(super) fn ping(&mut self, payload: &[u8]) {
        self.queue(ws::Message::Ping(Bytes::copy_from_slice(payload)));
    }

    /// Answers a ping.
    pub(super) fn pong(&mut self, payload: Bytes) {
        self.queue(ws::Message::Pong(payload));
    }

    fn queue(&mut self, message: ws::Message) {
        // Only pieces can be refused, and none is sent.
        let _ = self.codec.encode(message, &mut self.to_write);
    }

    /// Writes what is to be written.
    /// # Errors
    /// `TimedOut`, where the client takes none of it for [`WRITE_WAIT`]; what the system says of the connection.
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

    /// Whether its message was ended in favour of others.
    pub(super) fn is_ended(&self) -> bool {
        self.connection.account.is_ended()
    }

    /// Closes it with a last word, and reads on until the client has heard it: an answer is lost to a connection closed over unread bytes.
    pub(super) async fn close(mut self, mut reason: Option<CloseReason>) {
        if let Some(text) = reason.as_mut().and_then(|reason| reason.description.as_mut()) {
            text.truncate(text.floor_char_boundary(CONTROL_BYTES_MAX - size_of::<u16>()));
        }
        self.queue(ws::Message::Close(reason));
        // A client that takes nothing any more is not waited for a second time.
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
        // What it comes to is the client's affair.
        let _ = timeout(CLOSE_WAIT, closed).await;
    }
}

/// The length that the header of a frame declares, once it is there (RFC 6455, section 5.2).
fn declared_bytes(header: &[u8]) -> Option<u64> {
    match (header.get(1)? & 0x7f, header.get(2..4), header.get(2..10)) {
        (126, Some(length), _) => length.try_into().ok().map(u16::from_be_bytes).map(u64::from),
        (127, _, Some(length)) => length.try_into().ok().map(u64::from_be_bytes),
        (126 | 127, ..) => None,
        (length, ..) => Some(length.into()),
    }
}

fn text(bytes: &[u8]) -> Result<Message, ProtocolError> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(Message::Text(text.to_owned())),
        Err(fault) => Err(ProtocolError::Io(io::Error::new(io::ErrorKind::InvalidData, fault))),
    }
}
