//! Writes a backup, front to back: nothing of it is kept in memory.

use std::io::{self, Read, Write};

use super::{
    manifest::{LISTING, MANIFEST, MANIFEST_DIGEST, Manifest},
    member::{BLOCK, Content, Tally, content_of, each_piece, header, padding},
};

/// A backup on its way out.
pub struct Writer<W: Write> {
    to: W,
    at_s: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a backup with its manifest and its listing. `at_s`, seconds since 1970, is what tools show as the age of its files.
    /// # Errors
    /// Those of both ends, and a listing that is not the one of the manifest.
    pub fn begin(to: W, at_s: u64, manifest: &Manifest, listing: impl Read) -> io::Result<Self> {
        let mut writer = Self { to, at_s };
        let mut text = serde_json::to_vec_pretty(manifest)?;
        text.push(b'\n');
        let content = content_of(text.as_slice())?;
        let digest = digest_line(&content);
        writer.put(MANIFEST, &content, text.as_slice())?;
        writer.put(MANIFEST_DIGEST, &content_of(digest.as_bytes())?, digest.as_bytes())?;
        writer.put(LISTING, &manifest.listing.content, listing)?;
        Ok(writer)
    }

    /// Writes the next member of the listing.
    /// # Errors
    /// Those of both ends; bytes that are not those of `content` by now.
    pub fn put(&mut self, name: &str, content: &Content, from: impl Read) -> io::Result<()> {
        self.to.write_all(&header(name, content.bytes, self.at_s)?)?;
        let mut tally = Tally::default();
        // What has grown since must not run over into the next header.
        each_piece(&mut from.take(content.bytes), |piece| {
            tally.add(piece);
            self.to.write_all(piece)
        })?;
        match tally.content() == *content {
            true => self.to.write_all([0; BLOCK].get(..padding(content.bytes)).unwrap_or_default()),
            false => Err(io::Error::other(format!("{name} changed while it was copied"))),
        }
    }

    /// Ends the backup.
    /// # Errors
    /// Those of the other end.
    pub fn end(mut self) -> io::Result<()> {
        self.to.write_all(&[0; 2 * BLOCK])?;
        self.to.flush()
    }
}

/// What stands in [`MANIFEST_DIGEST`]: as sha256sum writes it.
pub(super) fn digest_line(manifest: &Content) -> String {
    format!("{}  {MANIFEST}\n", manifest.sha256)
}
