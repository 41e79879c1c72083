//! Finds where requests begin and end in the bytes of a connection, next to the framework's own parser.
//!
//! That parser accepts a bare line feed as a line end, as RFC 9112 (2.2) allows. A proxy in front may not, so the two
//! could see different headers and requests. Here a line of a head must end with CR LF. The framework itself refuses
//! all other faults of a head (two lengths, a length and chunks, odd numbers).

use std::cell::Cell;

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
    /// After a request for a WebSocket that has no answer yet: a GET without a body, whose client waits, or another
    /// request, behind which the framework would read an endless body.
    Upgrade {
        is_handshake: bool,
    },
    /// In what the framework will refuse: nothing more is examined.
    Elsewhere,
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

enum HeadFault {
    LineFeed(usize),
    TooLarge(usize),
}

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
        matches!(self.at, Position::Upgrade { is_handshake: true })
    }

    /// The number of heads that have ended; wraps around.
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
            let (taken, next) = match &mut self.at {
                Position::InHead(head) => match head.read(rest) {
                    Ok(read) => read,
                    Err(HeadFault::LineFeed(at)) => return Read::Refused(bytes.len() - rest.len() + at),
                    Err(HeadFault::TooLarge(at)) => return Read::TooLarge(bytes.len() - rest.len() + at),
                },
                Position::Body(left) => skipped(left, rest, Position::default),
                Position::ChunkSize(line) => line.read(rest, |line| match size_of_chunk(line) {
                    Some(0) => Position::Trailer(PartialLine::default()),
                    Some(bytes) => Position::Chunk(bytes.saturating_add(2)),
                    None => Position::Elsewhere,
                }),
                Position::Chunk(left) => skipped(left, rest, || Position::ChunkSize(PartialLine::default())),
                Position::Trailer(line) => line.read(rest, |line| match line.is_empty() {
                    true => Position::default(),
                    false => Position::Trailer(PartialLine::default()),
                }),
                // Bytes before the answer belong to the other protocol, if it is granted.
                Position::Upgrade { is_handshake: true } => return Read::Stopped(bytes.len() - rest.len()),
                Position::Upgrade { is_handshake: false } => return Read::Refused(bytes.len() - rest.len()),
                Position::Elsewhere => return Read::Fine,
            };
            let is_end = matches!(next, Some(Position::InHead(_) | Position::Upgrade { .. }));
            note(taken, is_end);
            if let Some(next) = next {
                // The framework bounds no line between chunks, and refuses a size that it cannot read.
                if matches!(next, Position::Elsewhere) {
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

    /// Examines an answer: if it refuses the other protocol, the connection stays with HTTP.
    pub(super) fn written(&mut self, bytes: &[u8]) {
        if matches!(self.at, Position::Upgrade { .. }) && !bytes.starts_with(b"HTTP/1.1 10") {
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
    fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    fn add(&mut self, piece: &[u8]) {
        let kept = piece.len().min(KEPT_BYTES - self.kept.len());
        self.kept.extend_from_slice(piece.get(..kept).unwrap_or_default());
        self.bytes += piece.len();
        self.last = piece.last().copied().or(self.last);
    }

    /// Whether only its beginning is kept.
    fn is_cut(&self) -> bool {
        self.bytes > self.kept.len()
    }

    /// Reads up to the end of the line; `then` decides the next position. Returns the bytes read.
    fn read(&mut self, rest: &[u8], then: impl FnOnce(&[u8]) -> Position) -> (usize, Option<Position>) {
        let Some(at) = rest.iter().position(|b| *b == b'\n') else {
            self.add(rest);
            return (rest.len(), (self.bytes > LINE_BYTES_MAX).then_some(Position::Elsewhere));
        };
        self.add(rest.get(..at).unwrap_or_default());
        if self.bytes > LINE_BYTES_MAX {
            return (at + 1, Some(Position::Elsewhere));
        }
        // A cut line never ends in the carriage return alone: an empty line is never cut.
        let line = if self.is_cut() { &self.kept } else { self.kept.strip_suffix(b"\r").unwrap_or(&self.kept) };
        (at + 1, Some(then(line)))
    }
}

impl HeadState {
    fn read(&mut self, rest: &[u8]) -> Result<(usize, Option<Position>), HeadFault> {
        let at = rest.iter().position(|b| *b == b'\n');
        let taken = at.map_or(rest.len(), |at| at + 1);
        self.bytes += taken;
        let Some(at) = at else {
            self.line.add(rest);
            return if self.bytes > HEAD_BYTES_MAX { Err(HeadFault::TooLarge(taken - 1)) } else { Ok((taken, None)) };
        };
        let end = rest.get(..at).unwrap_or_default();
        let next = match self.line.is_empty() {
            true => self.ended(end.strip_suffix(b"\r").ok_or(HeadFault::LineFeed(at))?, false)?,
            false => {
                let mut line = std::mem::take(&mut self.line);
                line.add(end);
                if line.last != Some(b'\r') {
                    return Err(HeadFault::LineFeed(at));
                }
                let is_cut = line.is_cut();
                let kept = if is_cut { &line.kept } else { line.kept.strip_suffix(b"\r").unwrap_or(&line.kept) };
                self.ended(kept, is_cut).map_err(|_| HeadFault::LineFeed(at))?
            }
        };
        if self.bytes > HEAD_BYTES_MAX {
            return Err(HeadFault::TooLarge(at));
        }
        Ok((taken, next))
    }

    fn ended(&mut self, line: &[u8], is_cut: bool) -> Result<Option<Position>, HeadFault> {
        match (self.has_begun, line.is_empty()) {
            (false, true) => {} // empty lines in front of a request are passed over
            (false, false) => (self.has_begun, self.is_get) = (true, line.starts_with(b"GET ")),
            (true, false) => {
                if self.field(line) && is_cut {
                    // Its value is not known here, and the framework would act on it.
                    return Err(HeadFault::LineFeed(0));
                }
            }
            (true, true) => {
                return Ok(Some(match self {
                    // In the framework's order of precedence.
                    Self { is_chunked: true, .. } => Position::ChunkSize(PartialLine::default()),
                    Self { asks_for_upgrade: true, is_get, body_bytes, .. } => {
                        Position::Upgrade { is_handshake: *is_get && *body_bytes == 0 }
                    }
                    Self { body_bytes: 0, .. } => Position::InHead(Self::default()),
                    Self { body_bytes, .. } => Position::Body(*body_bytes),
                }));
            }
        }
        Ok(None)
    }

    /// Examines a header field. Returns whether it affects where the request ends.
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
            // No other protocol is served; a client that offers another one continues with HTTP.
            self.asks_for_upgrade |=
                value.get(1..).is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"websocket"));
        } else {
            return false;
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
