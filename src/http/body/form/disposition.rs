//! Reads the head of a form's part: its field name, and whether it is a file. File names are not used, so any head is
//! accepted: bytes that are not UTF-8, unclosed quotes.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct PartHead {
    pub(super) name: String,
    pub(super) kind: PartKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Text,
    File,
    /// A browser's file input; if it is empty, the user chose no file.
    FileInput,
}

impl PartHead {
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let disposition = headers.get(CONTENT_DISPOSITION)?.as_bytes();
        let mut parameters = Parameters(disposition);
        if !parameters.word().eq_ignore_ascii_case(b"form-data") {
            return None;
        }
        let (mut name, mut file) = (None, None);
        for (parameter, value) in parameters {
            if parameter.eq_ignore_ascii_case(b"name") && name.is_none() {
                name = Some(String::from_utf8(value).ok()?);
            } else if parameter.eq_ignore_ascii_case(b"filename*") {
                file = Some(PartKind::File);
            } else if parameter.eq_ignore_ascii_case(b"filename") {
                let kind = if value.is_empty() { PartKind::FileInput } else { PartKind::File };
                file = file.or(Some(kind));
            }
        }
        let is_typed = headers.get(CONTENT_TYPE).is_some_and(|of| is_type_of_file(of.as_bytes()));
        let kind = file.unwrap_or(if is_typed { PartKind::FileInput } else { PartKind::Text });
        Some(Self { name: name?, kind })
    }
}

/// Whether this type occurs only on files. Libraries declare text fields as `text/plain` or `application/json`.
fn is_type_of_file(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let mut halves = essence.splitn(2, |byte| *byte == b'/');
    let (Some(kind), Some(of)) = (halves.next(), halves.next()) else { return false };
    let is = |wanted: &str| kind.eq_ignore_ascii_case(wanted.as_bytes());
    ["image", "audio", "video", "font", "model"].iter().any(|wanted| is(wanted))
        || (is("application") && of.eq_ignore_ascii_case(b"octet-stream"))
}

struct Parameters<'a>(&'a [u8]);

impl<'a> Parameters<'a> {
    fn word(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| matches!(byte, b';' | b'=')).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word.trim_ascii()
    }

    fn value(&mut self) -> Vec<u8> {
        let Some(quoted) = self.0.trim_ascii_start().strip_prefix(b"\"") else {
            let end = self.0.iter().position(|byte| *byte == b';').unwrap_or(self.0.len());
            let (value, rest) = self.0.split_at(end);
            self.0 = rest;
            return value.trim_ascii().to_vec();
        };
        self.0 = quoted;
        let mut value = Vec::new();
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => break,
                b'\\' => value.extend(self.byte()),
                _ => value.push(byte),
            }
        }
        // Text between the closing quote and the next parameter is ignored.
        while self.0.first().is_some_and(|byte| *byte != b';') {
            self.byte();
        }
        value
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a [u8], Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.0 = self.0.strip_prefix(b";")?;
            let name = self.word();
            if let Some(value) = self.0.strip_prefix(b"=") {
                self.0 = value;
                return Some((name, self.value()));
            }
        }
    }
}
