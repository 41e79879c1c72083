//! What kind of file an upload is, told by its bytes alone; names and headers lie.

use super::png;
use crate::domain::{error::Fault, upload::Format};

/// How far into a text a drawing or a page is looked for, in bytes.
const TEXT_BYTES: usize = 4 << 10;

/// The format of an upload, if it is one of `accepted`.
/// # Errors
/// [`Fault::WrongKind`] says what is wanted and, where that is known, what it is instead.
pub(super) fn format(upload: &[u8], accepted: &[Format]) -> Result<Format, Fault> {
    let found = picture(upload);
    match found.filter(|format| accepted.contains(format)) {
        Some(format) => Ok(format),
        None => Err(Fault::WrongKind {
            wanted: listed(accepted),
            found: found.map(Format::with_article).or_else(|| other(upload)),
        }),
    }
}

fn picture(upload: &[u8]) -> Option<Format> {
    let is_webp = || upload.starts_with(b"RIFF") && upload.get(8..12) == Some(b"WEBP");
    match upload {
        [0xFF, 0xD8, 0xFF, ..] => Some(Format::Jpeg),
        _ if upload.starts_with(png::SIGNATURE) => Some(Format::Png),
        _ if upload.starts_with(b"GIF87a") || upload.starts_with(b"GIF89a") => Some(Format::Gif),
        _ if is_webp() => Some(Format::WebP),
        _ => None,
    }
}

fn other(upload: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| upload.starts_with(magic);
    if starts(b"II*\0") || starts(b"MM\0*") {
        return Some("a TIFF");
    }
    if starts(b"BM") && upload.get(6..10) == Some(&[0; 4]) {
        return Some("a BMP");
    }
    if starts(b"%PDF-") {
        return Some("a PDF");
    }
    if upload.get(4..8) == Some(b"ftyp") {
        return media_brand(upload);
    }
    let text = upload.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(upload).trim_ascii_start();
    let text = text.get(..TEXT_BYTES).unwrap_or(text).to_ascii_lowercase();
    let holds = |tag: &[u8]| text.windows(tag.len()).any(|window| window == tag);
    match () {
        () if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") => Some("an HTML page"),
        () if text.starts_with(b"<") && holds(b"<svg") => Some("an SVG drawing"),
        () if text.starts_with(b"<") && holds(b"<html") => Some("an HTML page"),
        () => None,
    }
}

/// The first box of an ISO media file lists the brands it keeps to.
fn media_brand(upload: &[u8]) -> Option<&'static str> {
    let length = upload.first_chunk::<4>().map(|length| u32::from_be_bytes(*length))?;
    let end = usize::try_from(length).ok()?.min(upload.len());
    let brands = upload.get(8..end)?;
    let lists = |names: [&[u8]; 2]| brands.chunks_exact(4).any(|brand| names.contains(&brand));
    if lists([b"avif", b"avis"]) {
        return Some("an AVIF");
    }
    (lists([b"heic", b"heix"]) || lists([b"mif1", b"msf1"]) || lists([b"hevc", b"heim"])).then_some("a HEIC")
}

/// "a JPEG, PNG or GIF picture".
fn listed(accepted: &[Format]) -> String {
    let names: Vec<&str> = accepted.iter().map(|format| format.name()).collect();
    match names.split_last() {
        Some((last, [])) => format!("a {last} picture"),
        Some((last, others)) => format!("a {} or {last} picture", others.join(", ")),
        None => "a picture".to_owned(),
    }
}
