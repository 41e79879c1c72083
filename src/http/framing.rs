//! Where requests begin and end in the bytes of a connection, read beside the framework's own parser.
//!
//! That parser takes a bare line feed for the end of a line, as RFC 9112 (2.2) allows, and a proxy in front may not: then the two do not
//! see the same headers, and what one takes for a body is a request to the other. Here a line of a head ends with CR LF or is refused.
//! What else is wrong with a head (two lengths, a length and chunks, odd numbers) the framework refuses itself, so nothing is refused
//! twice.

use std::cell::Cell;

/// The largest head of a request, in bytes, from the first byte of its request line (or of empty lines in front of it) to the empty
/// line at its end.
pub(super) const HEAD_BYTES_MAX: usize = 32 * 1024;

/// The longest line between chunks, in bytes: a size with its extensions, or a trailer.
const LINE_BYTES_MAX: usize = 32 * 1024;

/// What is kept of the beginning of a line that comes in pieces: no field that is looked at is longer.
const KEPT_BYTES: usize = 256;

/// Where the next byte of a connection stands.
#[derive(Debug)]
enum At {
    /// In a head, or before it.
    Head(Head),
    /// In a body, of which so much is left.
    Body(u64),
    /// In the line that tells the size of a chunk.
    ChunkSize(Line),
    /// In a chunk, of which so much is left, the end of its line included.
    Chunk(u64),
    /// Behind the last chunk.
    Trailer(Line),
    /// Behind the wish for a WebSocket, until it is answered: by a GET without a body, whose client waits for the answer, or by another
    /// request, behind which the framework would read a body without an end.
    Asked { is_handshake: bool },
    /// In what the framework will refuse: nothing is looked at any more.
    Elsewhere,
}

/// A line on its way: its beginning, how long it is by now, and its last byte.
#[derive(Debug, Default)]
struct Line {
    kept: Vec<u8>,
    bytes: usize,
    last: Option<u8>,
}

/// What the lines of a head have said so far.
#[derive(Debug, Default)]
struct Head {
    line: Line,
    bytes: usize,
    has_begun: bool,
    is_get: bool,
    body_bytes: u64,
    is_chunked: bool,
    asks_for_upgrade: bool,
}

/// Follows one connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    at: At,
    heads: u32,
}

/// Is given the number of bytes that were read, and whether they are the last of a request.
pub(super) type Note<'a> = &'a mut dyn FnMut(usize, bool);

/// What the bytes that were read are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// Nothing to object to.
    Fine,
    /// As many requests have ended as may, or the last one asks for another protocol; so many bytes are theirs, and the others were not
    /// looked at.
    Stopped(usize),
    /// The byte at this place must not stand there: a line feed without a carriage return before it, in a head, or anything at all
    /// between the wish for a WebSocket that is no handshake and its answer.
    Refused(usize),
    /// A head is larger than [`HEAD_BYTES_MAX`]; the byte at this place is one of it.
    TooLarge(usize),
}

/// Why a head cannot be read on.
enum Fault {
    /// A line feed that ends no line, at this place.
    At(usize),
    /// More bytes than [`HEAD_BYTES_MAX`], up to and with the one at this place.
    TooLarge(usize),
}

impl Default for At {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Framing {
    /// Whether a head has begun and is not there to its end. An empty line in front of it counts: from there on the framework's own clock
    /// for idle connections stands still.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(&self.at, At::Head(head) if head.bytes > 0)
    }

    /// Whether a client has made a handshake and waits for the answer.
    pub(super) fn is_asked(&self) -> bool {
        matches!(self.at, At::Asked { is_handshake: true })
    }

    /// How many heads have come to their end; it may wrap around.
    pub(super) fn heads(&self) -> u32 {
        self.heads
    }

    /// Takes note of what was read, and tells `note` where requests end: up to the end of the `ends_max`th.
    pub(super) fn read(&mut self, bytes: &[u8], ends_max: usize, note: Note<'_>) -> Read {
        let ends = Cell::new(0_usize);
        let note: Note<'_> = &mut |bytes, is_end| {
            ends.set(ends.get() + usize::from(is_end));
            note(bytes, is_end);
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let was_in_head = matches!(self.at, At::Head(_));
            let (taken, next) = match &mut self.at {
                At::Head(head) => match head.read(rest) {
                    Ok(read) => read,
                    Err(Fault::At(at)) => return Read::Refused(bytes.len() - rest.len() + at),
                    Err(Fault::TooLarge(at)) => return Read::TooLarge(bytes.len() - rest.len() + at),
                },
                At::Body(left) => skipped(left, rest, At::default),
                At::ChunkSize(line) => line.read(rest, |line| match size_of_chunk(line) {
                    Some(0) => At::Trailer(Line::default()),
                    Some(bytes) => At::Chunk(bytes.saturating_add(2)),
                    None => At::Elsewhere,
                }),
                At::Chunk(left) => skipped(left, rest, || At::ChunkSize(Line::default())),
                At::Trailer(line) => line.read(rest, |line| match line.is_empty() {
                    true => At::default(),
                    false => At::Trailer(Line::default()),
                }),
                // What comes before the answer is the other protocol's, if that is granted.
                At::Asked { is_handshake: true } => return Read::Stopped(bytes.len() - rest.len()),
                At::Asked { is_handshake: false } => return Read::Refused(bytes.len() - rest.len()),
                At::Elsewhere => return Read::Fine,
            };
            let is_end = matches!(next, Some(At::Head(_) | At::Asked { .. }));
            note(taken, is_end);
            if let Some(next) = next {
                // The framework bounds the lines of a head, not those of chunks; a size it cannot read it refuses as well.
                if matches!(next, At::Elsewhere) {
                    return Read::Refused(bytes.len() - rest.len());
                }
                self.heads = self.heads.wrapping_add(u32::from(was_in_head));
                self.at = next;
            }
            rest = rest.get(taken..).unwrap_or_default();
            if ends.get() >= ends_max && !rest.is_empty() {
                return Read::Stopped(bytes.len() - rest.len());
            }
        }
        Read::Fine
    }

    /// Takes note of what is written: the refusal of a client that asked to change the protocol, which stays with HTTP.
    pub(super) fn written(&mut self, bytes: &[u8]) {
        if matches!(self.at, At::Asked { .. }) && !bytes.starts_with(b"HTTP/1.1 10") {
            self.at = At::default();
        }
    }
}

fn skipped(left: &mut u64, rest: &[u8], next: impl FnOnce() -> At) -> (usize, Option<At>) {
    let taken = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
    *left -= taken as u64;
    (taken, (*left == 0).then(next))
}

impl Line {
    fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    fn add(&mut self, piece: &[u8]) {
        let kept = piece.len().min(KEPT_BYTES - self.kept.len());
        self.kept.extend_from_slice(piece.get(..kept).unwrap_or_default());
        self.bytes += piece.len();
        self.last = piece.last().copied().or(self.last);
    }

    /// Whether its beginning is all that is kept of it.
    fn is_cut(&self) -> bool {
        self.bytes > self.kept.len()
    }

    /// Reads on, to the end of the line at the furthest; `then` says what comes behind it. How many bytes that took.
    fn read(&mut self, rest: &[u8], then: impl FnOnce(&[u8]) -> At) -> (usize, Option<At>) {
        let Some(at) = rest.iter().position(|b| *b == b'\n') else {
            self.add(rest);
            return (rest.len(), (self.bytes > LINE_BYTES_MAX).then_some(At::Elsewhere));
        };
        self.add(rest.get(..at).unwrap_or_default());
        if self.bytes > LINE_BYTES_MAX {
            return (at + 1, Some(At::Elsewhere));
        }
        // What is cut off is no carriage return alone: an empty line is never cut.
        let line = if self.is_cut() { &self.kept } else { self.kept.strip_suffix(b"\r").unwrap_or(&self.kept) };
        (at + 1, Some(then(line)))
    }
}

impl Head {
    /// Reads one line, or what there is of it.
    fn read(&mut self, rest: &[u8]) -> Result<(usize, Option<At>), Fault> {
        let at = rest.iter().position(|b| *b == b'\n');
        let taken = at.map_or(rest.len(), |at| at + 1);
        self.bytes += taken;
        let Some(at) = at else {
            self.line.add(rest);
            return if self.bytes > HEAD_BYTES_MAX { Err(Fault::TooLarge(taken - 1)) } else { Ok((taken, None)) };
        };
        let end = rest.get(..at).unwrap_or_default();
        let next = match self.line.is_empty() {
            true => self.ended(end.strip_suffix(b"\r").ok_or(Fault::At(at))?, false)?,
            false => {
                let mut line = std::mem::take(&mut self.line);
                line.add(end);
                if line.last != Some(b'\r') {
                    return Err(Fault::At(at));
                }
                let is_cut = line.is_cut();
                let kept = if is_cut { &line.kept } else { line.kept.strip_suffix(b"\r").unwrap_or(&line.kept) };
                self.ended(kept, is_cut).map_err(|_| Fault::At(at))?
            }
        };
        if self.bytes > HEAD_BYTES_MAX {
            return Err(Fault::TooLarge(at));
        }
        Ok((taken, next))
    }

    /// A whole line, or the beginning of a long one that came in pieces.
    fn ended(&mut self, line: &[u8], is_cut: bool) -> Result<Option<At>, Fault> {
        match (self.has_begun, line.is_empty()) {
            (false, true) => {} // empty lines in front of a request are passed over
            (false, false) => (self.has_begun, self.is_get) = (true, line.starts_with(b"GET ")),
            (true, false) => {
                if self.field(line) && is_cut {
                    // What it says cannot be known here, and the framework would act on it.
                    return Err(Fault::At(0));
                }
            }
            (true, true) => {
                return Ok(Some(match self {
                    // In the framework's own order.
                    Self { is_chunked: true, .. } => At::ChunkSize(Line::default()),
                    Self { asks_for_upgrade: true, is_get, body_bytes, .. } => {
                        At::Asked { is_handshake: *is_get && *body_bytes == 0 }
                    }
                    Self { body_bytes: 0, .. } => At::Head(Self::default()),
                    Self { body_bytes, .. } => At::Body(*body_bytes),
                }));
            }
        }
        Ok(None)
    }

    /// Takes note of a header field; whether it says anything of where the request ends.
    fn field(&mut self, line: &[u8]) -> bool {
        let Some((name, value)) = line.iter().position(|b| *b == b':').and_then(|at| line.split_at_checked(at)) else {
            return false;
        };
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = value.get(1..).map(<[u8]>::trim_ascii).and_then(|text| str::from_utf8(text).ok());
            self.body_bytes = length.and_then(|text| text.parse().ok()).unwrap_or(0);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            // The only other protocol here; a client that offers another one goes on in this one.
            self.asks_for_upgrade |=
                value.get(1..).is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"websocket"));
        } else {
            return false;
        }
        true
    }
}

/// The size that stands before a chunk; extensions are passed over.
fn size_of_chunk(line: &[u8]) -> Option<u64> {
    let digits = line.split(|b| *b == b';').next()?.trim_ascii();
    u64::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    /// Reads whole, and byte by byte; both must say the same.
    fn read(text: &str) -> (Read, bool) {
        let (mut whole, mut piecewise) = (Framing::default(), Framing::default());
        let read = whole.read(text.as_bytes(), usize::MAX, &mut |_, _| {});
        let mut of_pieces = Read::Fine;
        for (at, byte) in text.bytes().enumerate() {
            if let Read::Refused(0) = piecewise.read(&[byte], usize::MAX, &mut |_, _| {}) {
                of_pieces = Read::Refused(at);
                break;
            }
        }
        assert_eq!((&read, whole.is_in_head()), (&of_pieces, piecewise.is_in_head()), "{text:?}");
        (read, whole.is_in_head())
    }

    #[test]
    fn the_next_head_is_found_behind_every_kind_of_body() {
        for body in [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-LENGTH:  7 \r\n\r\n\n\n\n\n\n\n\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\n\n\n\n\r\nA \r\n\n\n\n\n\n\n\n\n\n\n\r\n0\r\nX: y\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            assert_eq!(read(&format!("{body}{HEAD}")), (Read::Fine, false));
            assert_eq!(read(&format!("{body}{HEAD}GET")), (Read::Fine, true), "the beginning of the next one");
            let at = body.len() + HEAD.len() + 3;
            assert_eq!(read(&format!("{body}{HEAD}GET\n")).0, Read::Refused(at));
        }
    }

    #[test]
    fn a_bare_line_feed_is_found_wherever_it_stands_in_a_head() {
        for (text, at) in
            [("\n", 0), ("GET / HTTP/1.1\nHost: x\r\n\r\n", 14), ("GET / HTTP/1.1\r\nX: a\nY: b\r\n\r\n", 20)]
        {
            assert_eq!(read(text).0, Read::Refused(at));
        }
        assert_eq!(read("GET / HTTP/1.1\r\nHost: x\r\n\n").0, Read::Refused(25));
    }

    #[test]
    fn what_comes_before_the_answer_to_another_protocol_waits_and_a_refused_one_leaves_http() {
        let asks = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        for (answer, next) in [("HTTP/1.1 100 ", Read::Stopped(0)), ("HTTP/1.1 400 ", Read::Fine)] {
            let mut framing = Framing::default();
            assert_eq!(framing.read(asks, usize::MAX, &mut |_, _| {}), Read::Fine);
            framing.written(answer.as_bytes());
            assert_eq!(framing.read(HEAD.as_bytes(), usize::MAX, &mut |_, _| {}), next);
        }
    }

    #[test]
    fn an_empty_line_alone_is_waited_behind_no_longer_than_a_head() {
        assert_eq!(read("\r\n"), (Read::Fine, true));
        assert_eq!(read(&format!("{HEAD}\r\n")), (Read::Fine, true));
        assert_eq!(read(&format!("\r\n{HEAD}")), (Read::Fine, false));
    }

    #[test]
    fn a_body_in_chunks_is_one_whatever_upgrade_is_asked_for() {
        let head =
            "POST / HTTP/1.1\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
        let mut framing = Framing::default();
        assert_eq!(framing.read(head.as_bytes(), usize::MAX, &mut |_, _| {}), Read::Fine);
        framing.written(b"HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(
            framing.read(b"1\r\n\n\r\n0\r\n\r\nGET / HTTP/1.1\n", usize::MAX, &mut |_, _| {}),
            Read::Refused(25)
        );
    }

    #[test]
    fn an_endless_line_between_chunks_is_refused() {
        let chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ";
        let mut framing = Framing::default();
        assert_eq!(framing.read(chunks.as_bytes(), usize::MAX, &mut |_, _| {}), Read::Fine);
        assert!(matches!(framing.read(&vec![b'a'; LINE_BYTES_MAX + 1], usize::MAX, &mut |_, _| {}), Read::Refused(_)));
    }
}
