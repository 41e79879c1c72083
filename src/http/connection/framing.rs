//! Finds where requests begin and end in the bytes of a connection, before the framework's parser (actix-http 3.20).
//!
//! That parser accepts a bare line feed as a line end, as RFC 9112 (2.2) allows; a proxy in front may not, so the two
//! could see different requests (promise 33). It times only the first head of a connection (34), and buffers 128 KiB of
//! heads uncounted (57). It refuses all other faults of a head itself (two lengths, a length and chunks, odd numbers).

use std::{cell::Cell, mem};

/// The largest head of a request, in bytes, with empty lines before it and the empty line at its end.
pub(super) const HEAD_BYTES_MAX: usize = 32 * 1024;

const LINE_BYTES_MAX: usize = 32 * 1024;

/// Bytes kept of the beginning of a line that arrives in pieces. No field that is examined is longer.
const KEPT_BYTES: usize = 256;

#[derive(Debug)]
enum Position {
    InHead(HeadState),
    Body(u64),
    ChunkSize(PartialLine),
    Chunk(u64),
    Trailer(PartialLine),
    /// Behind the handshake of a WebSocket that has no answer yet: its client waits.
    Upgrade,
    /// Behind another request for a WebSocket, where the framework would read an endless body.
    FaultyUpgrade,
}

/// A line that arrives in pieces: its beginning, its length so far, its last byte.
#[derive(Debug, Default)]
struct PartialLine {
    kept: Vec<u8>,
    bytes: usize,
    last: Option<u8>,
}

#[derive(Debug, Default)]
struct HeadState {
    line: PartialLine,
    bytes: usize,
    has_begun: bool,
    is_get: bool,
    body_bytes: u64,
    is_chunked: bool,
    asks_for_upgrade: bool,
}

#[derive(Debug, Default)]
pub(super) struct Framing {
    at: Position,
    heads: u32,
}

/// Receives the number of bytes that were read, and whether they end a request.
pub(super) type Note<'a> = &'a mut dyn FnMut(usize, bool);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Fine,
    /// As many requests have ended as allowed, or the last one asks for another protocol; this many bytes are theirs.
    Stopped(usize),
    /// The byte at this index is not allowed: a bare line feed in a head, or a byte after a faulty WebSocket request.
    Refused(usize),
    /// A head is larger than [`HEAD_BYTES_MAX`]; the byte at this index belongs to it.
    TooLarge(usize),
}

/// How many bytes were read, and the next position where they end the present one; or why reading stops.
type Step = Result<(usize, Option<Position>), Read>;

impl Default for Position {
    fn default() -> Self {
        Self::InHead(HeadState::default())
    }
}

impl Framing {
    /// Empty lines before a head count: after them the framework's idle timeout no longer runs.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(&self.at, Position::InHead(head) if head.bytes > 0)
    }

    pub(super) fn awaits_upgrade(&self) -> bool {
        matches!(self.at, Position::Upgrade)
    }

    pub(super) fn heads(&self) -> u32 {
        self.heads
    }

    /// Examines bytes and calls `note` where requests end, up to the end of the `ends_max`th.
    pub(super) fn read(&mut self, bytes: &[u8], ends_max: usize, note: Note<'_>) -> Read {
        let ends = Cell::new(0_usize);
        let note: Note<'_> = &mut |bytes, is_end| {
            ends.set(ends.get() + usize::from(is_end));
            note(bytes, is_end);
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let was_in_head = matches!(self.at, Position::InHead(_));
            let (taken, next) = match self.step(rest, bytes.len() - rest.len()) {
                Ok(step) => step,
                Err(read) => return read,
            };
            note(taken, matches!(next, Some(Position::InHead(_) | Position::Upgrade | Position::FaultyUpgrade)));
            if let Some(next) = next {
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

    /// Reads up to the next position at most; `from` is the index of the first byte of `rest`.
    fn step(&mut self, rest: &[u8], from: usize) -> Step {
        match &mut self.at {
            Position::InHead(head) => head.read(rest, from),
            Position::Body(left) => Ok(skipped(left, rest, Position::default)),
            Position::ChunkSize(line) => line.read_between_chunks(rest, from, |line| match size_of_chunk(line)? {
                0 => Some(Position::Trailer(PartialLine::default())),
                bytes => Some(Position::Chunk(bytes.saturating_add(2))),
            }),
            Position::Chunk(left) => Ok(skipped(left, rest, || Position::ChunkSize(PartialLine::default()))),
            Position::Trailer(line) => line.read_between_chunks(rest, from, |line| match line.is_empty() {
                true => Some(Position::default()),
                false => Some(Position::Trailer(PartialLine::default())),
            }),
            // Bytes before the answer belong to the other protocol, if it is granted.
            Position::Upgrade => Err(Read::Stopped(from)),
            Position::FaultyUpgrade => Err(Read::Refused(from)),
        }
    }

    /// Examines an answer: if it refuses the other protocol, the connection stays with HTTP.
    pub(super) fn written(&mut self, bytes: &[u8]) {
        if matches!(self.at, Position::Upgrade | Position::FaultyUpgrade) && !bytes.starts_with(b"HTTP/1.1 10") {
            self.at = Position::default();
        }
    }
}

fn skipped(left: &mut u64, rest: &[u8], next: impl FnOnce() -> Position) -> (usize, Option<Position>) {
    let taken = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
    *left -= taken as u64;
    (taken, (*left == 0).then(next))
}

impl PartialLine {
    /// Adds bytes up to the line feed. Returns their number, and whether the line is whole.
    fn read(&mut self, rest: &[u8]) -> (usize, bool) {
        let end = rest.iter().position(|b| *b == b'\n');
        let piece = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let kept = piece.len().min(KEPT_BYTES - self.kept.len());
        self.kept.extend_from_slice(piece.get(..kept).unwrap_or_default());
        self.bytes += piece.len();
        self.last = piece.last().copied().or(self.last);
        (piece.len() + usize::from(end.is_some()), end.is_some())
    }

    fn is_cut(&self) -> bool {
        self.bytes > self.kept.len()
    }

    /// Returns the line without its carriage return. An empty line is never cut.
    fn text(&self) -> &[u8] {
        if self.is_cut() { &self.kept } else { self.kept.strip_suffix(b"\r").unwrap_or(&self.kept) }
    }

    /// Reads up to the end of a size or a trailer; `then` decides the next position, None for what the framework refuses.
    /// The framework bounds no such line itself.
    fn read_between_chunks(&mut self, rest: &[u8], from: usize, then: impl FnOnce(&[u8]) -> Option<Position>) -> Step {
        let (taken, is_whole) = self.read(rest);
        match is_whole {
            _ if self.bytes > LINE_BYTES_MAX => Err(Read::Refused(from)),
            true => then(self.text()).map(|next| (taken, Some(next))).ok_or(Read::Refused(from)),
            false => Ok((taken, None)),
        }
    }
}

impl HeadState {
    fn read(&mut self, rest: &[u8], from: usize) -> Step {
        let (taken, is_whole) = self.line.read(rest);
        self.bytes += taken;
        let last = from + taken - 1;
        let next = if is_whole { self.ended(last)? } else { None };
        if self.bytes > HEAD_BYTES_MAX { Err(Read::TooLarge(last)) } else { Ok((taken, next)) }
    }

    fn ended(&mut self, last: usize) -> Result<Option<Position>, Read> {
        let line = mem::take(&mut self.line);
        if line.last != Some(b'\r') {
            return Err(Read::Refused(last));
        }
        match (self.has_begun, line.text()) {
            (false, b"") => {} // empty lines in front of a request are passed over
            (false, text) => (self.has_begun, self.is_get) = (true, text.starts_with(b"GET ")),
            // In the framework's order of precedence.
            (true, b"") => {
                return Ok(Some(match self {
                    Self { is_chunked: true, .. } => Position::ChunkSize(PartialLine::default()),
                    Self { asks_for_upgrade: true, is_get: true, body_bytes: 0, .. } => Position::Upgrade,
                    Self { asks_for_upgrade: true, .. } => Position::FaultyUpgrade,
                    Self { body_bytes: 0, .. } => Position::InHead(Self::default()),
                    Self { body_bytes, .. } => Position::Body(*body_bytes),
                }));
            }
            // The value of a field that is cut is not known here, and the framework would act on it.
            (true, text) => {
                if self.field(text) && line.is_cut() {
                    return Err(Read::Refused(last));
                }
            }
        }
        Ok(None)
    }

    fn field(&mut self, line: &[u8]) -> bool {
        let mut parts = line.splitn(2, |b| *b == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next().map(<[u8]>::trim_ascii)) else { return false };
        match name.to_ascii_lowercase().as_slice() {
            b"content-length" => {
                self.body_bytes = str::from_utf8(value).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
            }
            b"transfer-encoding" => self.is_chunked = true,
            // No other protocol is served; a client that offers another one continues with HTTP.
            b"upgrade" => self.asks_for_upgrade |= value.eq_ignore_ascii_case(b"websocket"),
            _ => return false,
        }
        true
    }
}

/// Extensions are ignored.
fn size_of_chunk(line: &[u8]) -> Option<u64> {
    let digits = line.split(|b| *b == b';').next()?.trim_ascii();
    u64::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
#[path = "../../../tests/unit/http/connection/framing.rs"]
mod tests;
