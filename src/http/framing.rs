//! Where requests begin and end in the bytes of a connection, read beside the framework's own parser.
//!
//! That parser takes a bare line feed for the end of a line, as RFC 9112 (2.2) allows, and a proxy in front may not: then the two do not
//! see the same headers, and what one takes for a body is a request to the other. Here a line of a head ends with CR LF or is refused.
//! What else is wrong with a head (two lengths, a length and chunks, odd numbers) the framework refuses itself, so nothing is refused
//! twice.

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
    /// Behind the wish for a WebSocket, until it is answered.
    Asked,
    /// In another protocol, or in what the framework will refuse: nothing is looked at any more.
    Elsewhere,
}

/// The longest line that is looked at, in bytes: the framework refuses a head of that size, and we what is longer between chunks.
const LINE_BYTES_MAX: usize = 128 * 1024;

/// A line on its way: what has come of it in earlier reads.
#[derive(Debug, Default)]
struct Line(Vec<u8>);

/// What the lines of a head have said so far.
#[derive(Debug, Default)]
struct Head {
    line: Line,
    has_begun: bool,
    /// Whether an empty line came in front of it: from there on the framework's own clock for idle connections stands still.
    is_awaited: bool,
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

/// What the bytes that were read are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// Nothing to object to.
    Fine,
    /// The byte at this place must not stand there: a line feed without a carriage return before it, in a head, or anything at all
    /// between the wish for a WebSocket and its answer.
    Refused(usize),
}

impl Default for At {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Framing {
    /// Whether a head has begun and is not there to its end.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(&self.at, At::Head(head) if head.has_begun || head.is_awaited || !head.line.0.is_empty())
    }

    /// How many heads have come to their end; it may wrap around.
    pub(super) fn heads(&self) -> u32 {
        self.heads
    }

    /// Takes note of what was read.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Read {
        let mut rest = bytes;
        while !rest.is_empty() {
            let was_in_head = matches!(self.at, At::Head(_));
            let (taken, next) = match &mut self.at {
                At::Head(head) => match head.read(rest) {
                    Ok(read) => read,
                    Err(at) => return Read::Refused(bytes.len() - rest.len() + at),
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
                // Whoever asks to change the protocol waits for the answer: what comes before it belongs to neither.
                At::Asked => return Read::Refused(bytes.len() - rest.len()),
                At::Elsewhere => return Read::Fine,
            };
            if let Some(next) = next {
                // The framework bounds the lines of a head, not those of chunks; a size it cannot read it refuses as well.
                if !was_in_head && matches!(next, At::Elsewhere) {
                    return Read::Refused(bytes.len() - rest.len());
                }
                self.heads = self.heads.wrapping_add(u32::from(was_in_head));
                self.at = next;
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
        Read::Fine
    }

    /// Takes note of what is written: the answer to whoever asked to change the protocol.
    pub(super) fn written(&mut self, bytes: &[u8]) {
        if matches!(self.at, At::Asked) && !bytes.starts_with(b"HTTP/1.1 100") {
            self.at = match bytes.starts_with(b"HTTP/1.1 101") {
                true => At::Elsewhere,
                false => At::default(),
            };
        }
    }
}

fn skipped(left: &mut u64, rest: &[u8], next: impl FnOnce() -> At) -> (usize, Option<At>) {
    let taken = usize::try_from(*left).map_or(rest.len(), |left| left.min(rest.len()));
    *left -= taken as u64;
    (taken, (*left == 0).then(next))
}

impl Line {
    /// Reads on, to the end of the line at the furthest; `then` says what comes behind it. How many bytes that took.
    fn read(&mut self, rest: &[u8], then: impl FnOnce(&[u8]) -> At) -> (usize, Option<At>) {
        let Some(at) = rest.iter().position(|b| *b == b'\n') else {
            self.0.extend_from_slice(rest);
            return (rest.len(), (self.0.len() > LINE_BYTES_MAX).then_some(At::Elsewhere));
        };
        self.0.extend_from_slice(rest.get(..at).unwrap_or_default());
        (at + 1, Some(then(self.0.strip_suffix(b"\r").unwrap_or(&self.0))))
    }
}

impl Head {
    /// Reads one line, or what there is of it; the place of a line feed that ends none.
    fn read(&mut self, rest: &[u8]) -> Result<(usize, Option<At>), usize> {
        let Some(at) = rest.iter().position(|b| *b == b'\n') else {
            self.line.0.extend_from_slice(rest);
            return Ok((rest.len(), (self.line.0.len() > LINE_BYTES_MAX).then_some(At::Elsewhere)));
        };
        let end = rest.get(..at).unwrap_or_default();
        let next = match self.line.0.is_empty() {
            true => self.ended(end.strip_suffix(b"\r").ok_or(at)?),
            false => {
                let mut line = std::mem::take(&mut self.line.0);
                line.extend_from_slice(end);
                self.ended(line.strip_suffix(b"\r").ok_or(at)?)
            }
        };
        Ok((at + 1, next))
    }

    /// A whole line.
    fn ended(&mut self, line: &[u8]) -> Option<At> {
        match (self.has_begun, line.is_empty()) {
            (false, true) => self.is_awaited = true, // empty lines in front of a request are passed over
            (false, false) => self.has_begun = true,
            (true, false) => self.field(line),
            (true, true) => {
                return Some(match self {
                    // In the framework's own order.
                    Self { is_chunked: true, .. } => At::ChunkSize(Line::default()),
                    Self { asks_for_upgrade: true, .. } => At::Asked,
                    Self { body_bytes: 0, .. } => At::Head(Self::default()),
                    Self { body_bytes, .. } => At::Body(*body_bytes),
                });
            }
        }
        None
    }

    fn field(&mut self, line: &[u8]) {
        let Some((name, value)) = line.iter().position(|b| *b == b':').and_then(|at| line.split_at_checked(at)) else {
            return;
        };
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = value.get(1..).map(<[u8]>::trim_ascii).and_then(|text| str::from_utf8(text).ok());
            self.body_bytes = length.and_then(|text| text.parse().ok()).unwrap_or(0);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            // The only other protocol here; whoever offers another one goes on in this one.
            self.asks_for_upgrade |=
                value.get(1..).is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"websocket"));
        }
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
        let read = whole.read(text.as_bytes());
        let mut of_pieces = Read::Fine;
        for (at, byte) in text.bytes().enumerate() {
            if let Read::Refused(0) = piecewise.read(&[byte]) {
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
    fn another_protocol_is_not_looked_at_and_a_refused_one_leaves_http() {
        let asks = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        for (answer, next) in [("HTTP/1.1 101 ", Read::Fine), ("HTTP/1.1 400 ", Read::Refused(0))] {
            let mut framing = Framing::default();
            assert_eq!(framing.read(asks), Read::Fine);
            framing.written(answer.as_bytes());
            framing.written(b"HTTP/1.1 101 more");
            assert_eq!(framing.read(b"\n"), next);
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
        assert_eq!(framing.read(head.as_bytes()), Read::Fine);
        framing.written(b"HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(framing.read(b"1\r\n\n\r\n0\r\n\r\nGET / HTTP/1.1\n"), Read::Refused(25));
    }

    #[test]
    fn an_endless_line_between_chunks_is_refused() {
        let chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ";
        let mut framing = Framing::default();
        assert_eq!(framing.read(chunks.as_bytes()), Read::Fine);
        assert!(matches!(framing.read(&vec![b'a'; LINE_BYTES_MAX + 1]), Read::Refused(_)));
    }
}
