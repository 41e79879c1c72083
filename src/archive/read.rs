//! Reads a backup and reports damaged and missing members by name.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Seek, Write};

use serde::de::DeserializeOwned;
use tar::Header;

use super::{
    manifest::{FORMAT, LISTING, MANIFEST, MANIFEST_BYTES_MAX, MANIFEST_DIGEST, Manifest},
    member::{BLOCK, Content, ContentHasher, Member, MemberName, content_of, each_piece, header, padding},
    write::digest_line,
};

/// Damaged members that the report names; further ones are only counted.
const NAMED_MAX: usize = 20;

const LINE_BYTES_MAX: u64 = 1024;

/// Why a backup could not be read to its end.
#[derive(Debug)]
pub enum ReadFault {
    /// The start is so damaged that the rest cannot be checked; the text names the member.
    Damaged(String),
    Format(u64),
    /// The archive could not be read, or a member could not be kept.
    Failed(io::Error),
}

impl From<io::Error> for ReadFault {
    fn from(cause: io::Error) -> Self {
        Self::Failed(cause)
    }
}

#[derive(Debug)]
pub struct ReadReport {
    pub manifest: Manifest,
    /// A sentence part for each damaged or missing member, starting with its name. Only the first `NAMED_MAX`.
    pub damage: Vec<String>,
    pub damaged: u64,
    /// Picture files that were missing on the disk when the backup was made. Only the first `NAMED_MAX`.
    pub lost: Vec<String>,
}

impl ReadReport {
    pub fn damaged(&mut self, name: &str, what: &str) {
        self.damaged += 1;
        if self.damage.len() < NAMED_MAX {
            self.damage.push(format!("{name} {what}"));
        }
    }
}

type Block = [u8; BLOCK];

const EMPTY: Block = [0; BLOCK];

pub fn manifest_of(from: impl Read) -> Result<Manifest, ReadFault> {
    TarReader { from, pending: None, at_s: 0 }.manifest()
}

/// Passes each member to `keep` before its checksum is known: it is only valid if the report has no damage. `spool`
/// holds the member list meanwhile.
pub fn read(
    from: impl Read,
    mut spool: impl Read + Write + Seek,
    mut keep: impl FnMut(&MemberName, &mut dyn Read) -> io::Result<()>,
) -> Result<ReadReport, ReadFault> {
    let mut reader = TarReader { from, pending: None, at_s: 0 };
    let manifest = reader.manifest()?;
    let listing = manifest.listing.content.clone();
    reader.first(LISTING, &listing, &mut spool)?;
    spool.rewind()?;
    let mut report = ReadReport { manifest, damage: Vec::new(), damaged: 0, lost: Vec::new() };
    let mut lines = BufReader::new(spool);
    let (mut members, mut bytes) = (0, 0_u64);
    loop {
        let mut line = String::new();
        if (&mut lines).take(LINE_BYTES_MAX).read_line(&mut line)? == 0 {
            break;
        }
        let member: Member = parsed(LISTING, line.as_bytes())?;
        let unknown = || ReadFault::Damaged(format!("{LISTING} names {:?}, which no backup holds", member.name));
        let place = MemberName::parse(&member.name).ok_or_else(unknown)?;
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

struct TarReader<R> {
    from: R,
    pending: Option<Block>,
    at_s: u64,
}

impl<R: Read> TarReader<R> {
    fn manifest(&mut self) -> Result<Manifest, ReadFault> {
        let no_backup = || {
            ReadFault::Damaged(format!(
                "{MANIFEST} is not where a backup begins: this is no backup, or its first bytes are damaged"
            ))
        };
        let block = self.block()?.ok_or_else(no_backup)?;
        let (bytes, at_s) = size_and_time(&block, MANIFEST).ok_or_else(no_backup)?;
        if bytes > MANIFEST_BYTES_MAX || header(MANIFEST, bytes, at_s)? != block {
            return Err(no_backup());
        }
        self.at_s = at_s;
        self.pending = Some(block);
        let mut text = Vec::new();
        // Its checksum comes after it, so any bytes are accepted at first.
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

    fn first(&mut self, name: &str, content: &Content, to: &mut impl Write) -> Result<(), ReadFault> {
        let done = self.member(name, content, &mut |from| {
            each_piece(from, |piece| to.write_all(piece))?;
            to.flush()
        })?;
        done.map_or(Ok(()), |what| Err(ReadFault::Damaged(format!("{name} {what}"))))
    }

    /// Reads a member. Returns what is wrong with it, as the end of a sentence that starts with its name.
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
        let mut part = MemberReader { from: &mut self.from, left: content.bytes, hasher: ContentHasher::default() };
        keep(&mut part)?;
        each_piece(&mut part, |_| Ok(()))?;
        let (left, found) = (part.left, part.hasher.content());
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

    fn other_header(&mut self, name: &str, content: &Content, block: Block) -> io::Result<Option<&'static str>> {
        if block == EMPTY || is_of_another(&block, name) {
            self.pending = Some(block);
            return Ok(Some("is missing"));
        }
        let bytes = size_and_time(&block, name).map_or(content.bytes, |(bytes, _)| bytes);
        let mut part = MemberReader { from: &mut self.from, left: bytes, hasher: ContentHasher::default() };
        each_piece(&mut part, |_| Ok(()))?;
        self.padding(bytes)?;
        Ok(Some("is damaged: its header is not the one that was written"))
    }

    fn block(&mut self) -> io::Result<Option<Block>> {
        if self.pending.is_some() {
            return Ok(self.pending.take());
        }
        let mut block = EMPTY;
        Ok(fill(&mut self.from, &mut block)?.then_some(block))
    }

    /// Returns whether the padding after `bytes` is all zeros, or None if the archive ends within it.
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

fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(cause) => Err(cause),
    }
}

fn size_and_time(block: &Block, name: &str) -> Option<(u64, u64)> {
    let header = whole_header(block)?;
    let is_named = header.path_bytes() == name.as_bytes();
    is_named.then(|| Some((header.entry_size().ok()?, header.mtime().ok()?))).flatten()
}

fn is_of_another(block: &Block, name: &str) -> bool {
    whole_header(block).is_some_and(|header| header.path_bytes() != name.as_bytes())
}

fn whole_header(block: &Block) -> Option<Header> {
    let mut header = Header::from_byte_slice(block).clone();
    let stated = header.cksum().ok()?;
    header.set_cksum();
    (header.cksum().ok()? == stated).then_some(header)
}

struct MemberReader<'a, R> {
    from: &'a mut R,
    left: u64,
    hasher: ContentHasher,
}

impl<R: Read> Read for MemberReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let piece = buffer.get_mut(..most).unwrap_or_default();
        let bytes = self.from.read(piece)?;
        self.hasher.add(piece.get(..bytes).unwrap_or_default());
        self.left -= bytes as u64;
        Ok(bytes)
    }
}
