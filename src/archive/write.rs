//! Writes a backup front to back, without holding it in memory.

use std::io::{self, Read, Write};

use super::{
    manifest::{LISTING, MANIFEST, MANIFEST_DIGEST, Manifest},
    member::{BLOCK, Content, ContentHasher, content_of, each_piece, header, padding},
};

pub struct Writer<W: Write> {
    to: W,
    at_s: u64,
}

impl<W: Write> Writer<W> {
    /// Tools show `at_s`, in seconds since 1970, as the age of the files.
    /// # Errors
    /// Also if the list does not match the manifest.
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

    /// # Errors
    /// Also if the bytes do not match `content` any more.
    pub fn put(&mut self, name: &str, content: &Content, from: impl Read) -> io::Result<()> {
        self.to.write_all(&header(name, content.bytes, self.at_s)?)?;
        let mut hasher = ContentHasher::default();
        // If the file has grown, the excess must not run into the next header.
        each_piece(&mut from.take(content.bytes), |piece| {
            hasher.add(piece);
            self.to.write_all(piece)
        })?;
        match hasher.content() == *content {
            true => self.to.write_all([0; BLOCK].get(..padding(content.bytes)).unwrap_or_default()),
            false => Err(io::Error::other(format!("{name} changed while it was copied"))),
        }
    }

    pub fn end(mut self) -> io::Result<()> {
        self.to.write_all(&[0; 2 * BLOCK])?;
        self.to.flush()
    }
}

pub(super) fn digest_line(manifest: &Content) -> String {
    format!("{}  {MANIFEST}\n", manifest.sha256)
}
