//! The members of a backup: their names, checksums and compression.

use std::io::{self, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

use crate::domain::{PictureKey, Rendition};

/// Bytes that are read and written at a time.
pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// The compression level of the database: the library's default.
const LEVEL: i32 = 3;

/// Bounds the memory of decompression to 8 MiB, four times what [`LEVEL`] needs.
const WINDOW_LOG_MAX: u32 = 23;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// See [`MemberName::name`].
    pub name: String,
    /// None for a picture file that was missing on the disk.
    pub content: Option<Content>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    pub bytes: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

/// There are no other names, so none in a backup can escape the data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberName {
    Key,
    Database,
    Picture(PictureKey, Rendition),
}

impl MemberName {
    /// Returns the name in the archive, which is also the path below the data folder.
    pub fn name(&self) -> String {
        match self {
            Self::Key => "server.key".to_owned(),
            Self::Database => "standin.db.zst".to_owned(),
            Self::Picture(key, rendition) => {
                let key = key.as_str();
                format!("pictures/{}/{key}/{}", key.get(..2).unwrap_or_default(), rendition.name())
            }
        }
    }

    /// Parses exactly what [`MemberName::name`] returns.
    pub fn parse(raw: &str) -> Option<Self> {
        let mut parts = raw.split('/').skip(2);
        let mut picture = || {
            let key = PictureKey::parse(parts.next()?).ok()?;
            let name = parts.next()?;
            let rendition = Rendition::ALL.into_iter().find(|rendition| rendition.name() == name)?;
            Some(Self::Picture(key, rendition))
        };
        let place = match raw {
            "server.key" => Some(Self::Key),
            "standin.db.zst" => Some(Self::Database),
            _ => picture(),
        };
        place.filter(|place| place.name() == raw)
    }
}

#[derive(Default)]
pub(super) struct ContentHasher {
    bytes: u64,
    digest: Sha256,
}

impl ContentHasher {
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        self.digest.update(piece);
    }

    pub(super) fn content(self) -> Content {
        Content { bytes: self.bytes, sha256: hex(&self.digest.finalize()) }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn content_of(mut from: impl Read) -> io::Result<Content> {
    let mut hasher = ContentHasher::default();
    each_piece(&mut from, |piece| {
        hasher.add(piece);
        Ok(())
    })?;
    Ok(hasher.content())
}

pub(super) fn each_piece(from: &mut dyn Read, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(bytes) => take(buffer.get(..bytes).unwrap_or_default())?,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
}

/// Compresses all of `from`. Returns the info of the compressed and of the uncompressed bytes.
pub fn pack(mut from: impl Read, to: impl Write) -> io::Result<(Content, Content)> {
    let mut packed = HashingWriter { to, hasher: ContentHasher::default() };
    let mut whole = ContentHasher::default();
    let mut encoder = zstd::Encoder::new(&mut packed, LEVEL)?;
    encoder.include_checksum(true)?;
    each_piece(&mut from, |piece| {
        whole.add(piece);
        encoder.write_all(piece)
    })?;
    encoder.finish()?;
    packed.to.flush()?;
    Ok((packed.hasher.content(), whole.content()))
}

struct HashingWriter<W> {
    to: W,
    hasher: ContentHasher,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let bytes = self.to.write(buffer)?;
        self.hasher.add(buffer.get(..bytes).unwrap_or_default());
        Ok(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Stops at the first byte beyond the length of `whole`. Returns whether the result is `whole`.
pub fn unpack(from: impl Read, mut to: impl Write, whole: &Content) -> io::Result<bool> {
    let mut decoder = zstd::Decoder::new(from)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    let mut hasher = ContentHasher::default();
    each_piece(&mut decoder.take(whole.bytes.saturating_add(1)), |piece| {
        hasher.add(piece);
        to.write_all(piece)
    })?;
    to.flush()?;
    Ok(hasher.content() == *whole)
}

pub(super) const BLOCK: usize = 512;

pub(super) fn header(name: &str, bytes: u64, at_s: u64) -> io::Result<[u8; BLOCK]> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(at_s);
    header.set_size(bytes);
    header.set_cksum();
    Ok(*header.as_bytes())
}

pub(super) fn padding(bytes: u64) -> usize {
    let over = usize::try_from(bytes % BLOCK as u64).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

#[cfg(test)]
#[path = "../../tests/unit/archive/member.rs"]
mod tests;
