//! Reads a backup and says by name which of its members are not as they were written.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Seek, Write};

use serde::de::DeserializeOwned;
use tar::Header;

use super::{
    manifest::{FORMAT, LISTING, MANIFEST, MANIFEST_BYTES_MAX, MANIFEST_DIGEST, Manifest},
    member::{BLOCK, Content, Member, Place, Tally, content_of, each_piece, header, padding},
    write::digest_line,
};

/// Damaged members that are named; the others are counted.
const NAMED_MAX: usize = 20;

/// Bytes of a line of the listing: some 200 are needed.
const LINE_BYTES_MAX: u64 = 1024;

/// Why a backup could not be read to its end.
#[derive(Debug)]
pub enum ReadFault {
    /// So damaged at its beginning that nothing can be said of the rest; the text names the member.
    Damaged(String),
    /// Written in a form that this program does not know.
    Format(u64),
    /// The system's: the archive could not be read, or what came out of it not be kept.
    Failed(io::Error),
}

impl From<io::Error> for ReadFault {
    fn from(cause: io::Error) -> Self {
        Self::Failed(cause)
    }
}

/// What was found in a backup.
#[derive(Debug)]
pub struct Report {
    /// What it says it is.
    pub manifest: Manifest,
    /// A sentence part for each damaged or missing member, its name first: the first ones, in their order.
    pub damage: Vec<String>,
    /// How many there are.
    pub damaged: u64,
    /// Files of pictures that the disk no longer had when the backup was made: the first names.
    pub lost: Vec<String>,
}

impl Report {
    /// Names one more part that is not as it was written.
    pub fn damaged(&mut self, name: &str, what: &str) {
        self.damaged += 1;
        if self.damage.len() < NAMED_MAX {
            self.damage.push(format!("{name} {what}"));
        }
    }
}

type Block = [u8; BLOCK];

const EMPTY: Block = [0; BLOCK];

/// What a backup says it is. Of the rest nothing is read.
/// # Errors
/// See [`ReadFault`].
pub fn manifest_of(from: impl Read) -> Result<Manifest, ReadFault> {
    Reader { from, pending: None, at_s: 0 }.manifest()
}

/// Reads a whole backup. Each member that is there is given to `keep` as it comes, before its digest is known: what is kept of it
/// counts only if the report names no damage. `spool` takes the listing meanwhile.
/// # Errors
/// See [`ReadFault`]; those of `keep` are `Failed`.
pub fn read(
    from: impl Read,
    mut spool: impl Read + Write + Seek,
    mut keep: impl FnMut(&Place, &mut dyn Read) -> io::Result<()>,
) -> Result<Report, ReadFault> {
    let mut reader = Reader { from, pending: None, at_s: 0 };
    let manifest = reader.manifest()?;
    let listing = manifest.listing.content.clone();
    reader.first(LISTING, &listing, &mut spool)?;
    spool.rewind()?;
    let mut report = Report { manifest, damage: Vec::new(), damaged: 0, lost: Vec::new() };
    let mut lines = BufReader::new(spool);
    let (mut members, mut bytes) = (0, 0_u64);
    loop {
        let mut line = String::new();
        if (&mut lines).take(LINE_BYTES_MAX).read_line(&mut line)? == 0 {
            break;
        }
        let member: Member = parsed(LISTING, line.as_bytes())?;
        let unknown = || ReadFault::Damaged(format!("{LISTING} names {:?}, which no backup holds", member.name));
        let place = Place::parse(&member.name).ok_or_else(unknown)?;
        members += 1;
        bytes = bytes.saturating_add(member.content.as_ref().map_or(0, |content| content.bytes));
        if bytes > report.manifest.listing.bytes {
            return Err(ReadFault::Damaged(format!("{LISTING} lists more bytes than {MANIFEST} says")));
        }
        match &member.content {
            Some(content) => {
                if let Some(what) = reader.member(&member.name, content, &mut |from| keep(&place, from))? {
                    report.damaged(&member.name, what);
                }
            }
            None if report.lost.len() < NAMED_MAX => report.lost.push(member.name),
            None => {}
        }
    }
    if (members, bytes) != (report.manifest.listing.members, report.manifest.listing.bytes) {
        report.damaged(LISTING, "lists less than manifest.json says");
    }
    if !reader.has_ended()? {
        report.damaged("the end of the archive", "is not where its listing ends");
    }
    Ok(report)
}

fn parsed<T: DeserializeOwned>(name: &str, text: &[u8]) -> Result<T, ReadFault> {
    serde_json::from_slice(text).map_err(|cause| ReadFault::Damaged(format!("{name} is not understood ({cause})")))
}

struct Reader<R> {
    from: R,
    /// A header that belongs to a later member than the one that was expected.
    pending: Option<Block>,
    at_s: u64,
}

impl<R: Read> Reader<R> {
    fn manifest(&mut self) -> Result<Manifest, ReadFault> {
        let no_backup = || {
            ReadFault::Damaged(format!(
                "{MANIFEST} is not where a backup begins: this is no backup, or its first bytes are damaged"
            ))
        };
        let block = self.block()?.ok_or_else(no_backup)?;
        let (bytes, at_s) = told(&block, MANIFEST).ok_or_else(no_backup)?;
        if bytes > MANIFEST_BYTES_MAX || header(MANIFEST, bytes, at_s)? != block {
            return Err(no_backup());
        }
        self.at_s = at_s;
        self.pending = Some(block);
        let mut text = Vec::new();
        // Its digest stands behind it, so any bytes will do at first.
        let unknown = Content { bytes, sha256: String::new() };
        if let Some(what) = self.member(MANIFEST, &unknown, &mut |from| from.read_to_end(&mut text).map(drop))? {
            return Err(ReadFault::Damaged(format!("{MANIFEST} {what}")));
        }
        let line = digest_line(&content_of(text.as_slice())?);
        let mut given = Vec::new();
        self.first(MANIFEST_DIGEST, &content_of(line.as_bytes())?, &mut given).map_err(|fault| match fault {
            ReadFault::Damaged(_) => {
                ReadFault::Damaged(format!("{MANIFEST} does not have the digest that {MANIFEST_DIGEST} says"))
            }
            ReadFault::Format(_) | ReadFault::Failed(_) => fault,
        })?;
        let any: serde_json::Value = parsed(MANIFEST, &text)?;
        match any.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => parsed(MANIFEST, &text),
            Some(format) => Err(ReadFault::Format(format)),
            None => Err(ReadFault::Damaged(format!("{MANIFEST} does not say which format it has"))),
        }
    }

    /// A member without which nothing can be said of those behind it.
    fn first(&mut self, name: &str, content: &Content, to: &mut impl Write) -> Result<(), ReadFault> {
        let done = self.member(name, content, &mut |from| {
            each_piece(from, |piece| to.write_all(piece))?;
            to.flush()
        })?;
        done.map_or(Ok(()), |what| Err(ReadFault::Damaged(format!("{name} {what}"))))
    }

    /// Reads one member; what is wrong with it, as the end of a sentence that its name begins.
    fn member(
        &mut self,
        name: &str,
        content: &Content,
        keep: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> io::Result<Option<&'static str>> {
        let Some(block) = self.block()? else { return Ok(Some("is missing: the archive ends before it")) };
        if block != header(name, content.bytes, self.at_s)? {
            return self.other_header(name, content, block);
        }
        let mut part = Part { from: &mut self.from, left: content.bytes, tally: Tally::default() };
        keep(&mut part)?;
        each_piece(&mut part, |_| Ok(()))?;
        let (left, found) = (part.left, part.tally.content());
        let is_padded = self.padding(content.bytes)?;
        Ok(match (left, is_padded) {
            (0, Some(_)) if !content.sha256.is_empty() && found != *content => {
                Some("is damaged: its bytes are not those that were written")
            }
            (0, Some(true)) => None,
            (0, Some(false)) => Some("is damaged: there is something behind its end"),
            (_, None) | (1.., _) => Some("is cut short: the archive ends within it"),
        })
    }

    /// What it means that a member's header is not the one it must have.
    fn other_header(&mut self, name: &str, content: &Content, block: Block) -> io::Result<Option<&'static str>> {
        if block == EMPTY || is_of_another(&block, name) {
            self.pending = Some(block);
            return Ok(Some("is missing"));
        }
        let bytes = told(&block, name).map_or(content.bytes, |(bytes, _)| bytes);
        let mut part = Part { from: &mut self.from, left: bytes, tally: Tally::default() };
        each_piece(&mut part, |_| Ok(()))?;
        self.padding(bytes)?;
        Ok(Some("is damaged: its header is not the one that was written"))
    }

    /// The next block, or none where the archive ends before it is whole.
    fn block(&mut self) -> io::Result<Option<Block>> {
        if self.pending.is_some() {
            return Ok(self.pending.take());
        }
        let mut block = EMPTY;
        Ok(fill(&mut self.from, &mut block)?.then_some(block))
    }

    /// Whether zeros fill the block behind so many bytes; none where the archive ends before.
    fn padding(&mut self, bytes: u64) -> io::Result<Option<bool>> {
        let mut block = EMPTY;
        let zeros = block.get_mut(..padding(bytes)).unwrap_or_default();
        Ok(fill(&mut self.from, zeros)?.then(|| zeros.iter().all(|byte| *byte == 0)))
    }

    fn has_ended(&mut self) -> io::Result<bool> {
        let is_marked = self.block()? == Some(EMPTY) && self.block()? == Some(EMPTY);
        Ok(is_marked && !fill(&mut self.from, &mut [0])?)
    }
}

/// Fills the whole buffer; false where there was not enough.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// The size and the time that a header tells of a member of this name, if it is whole.
fn told(block: &Block, name: &str) -> Option<(u64, u64)> {
    let header = whole_header(block)?;
    let is_named = header.path_bytes() == name.as_bytes();
    is_named.then(|| Some((header.entry_size().ok()?, header.mtime().ok()?))).flatten()
}

fn is_of_another(block: &Block, name: &str) -> bool {
    whole_header(block).is_some_and(|header| header.path_bytes() != name.as_bytes())
}

/// A header with the sum it says it has.
fn whole_header(block: &Block) -> Option<Header> {
    let mut header = Header::from_byte_slice(block).clone();
    let told = header.cksum().ok()?;
    header.set_cksum();
    (header.cksum().ok()? == told).then_some(header)
}

/// The bytes of one member, as they are read.
struct Part<'a, R> {
    from: &'a mut R,
    left: u64,
    tally: Tally,
}

impl<R: Read> Read for Part<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let piece = buffer.get_mut(..most).unwrap_or_default();
        let bytes = self.from.read(piece)?;
        self.tally.add(piece.get(..bytes).unwrap_or_default());
        self.left -= bytes as u64;
        Ok(bytes)
    }
}
