//! Recognises the format of an upload by its bytes. File names and content types are not trusted.

use super::png;
use crate::domain::{Fault, Format};

/// How far into a text to search for an SVG drawing or an HTML page.
const TEXT_BYTES: usize = 4 << 10;

/// Returns the format of an upload, if it is one of `accepted`.
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

const OTHERS: [(&[u8], &str); 17] = [
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"II+\0", "a TIFF"),
    (b"MM\0+", "a TIFF"),
    (b"\0\0\0\x0CjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (b"\xFF\x4F\xFF\x51", "a JPEG 2000 picture"),
    (b"\0\0\0\x0CJXL \r\n\x87\n", "a JPEG XL picture"),
    (b"\xFF\x0A", "a JPEG XL picture"),
    (b"8BPS", "a Photoshop document"),
    (b"%PDF-", "a PDF"),
    (b"\x1A\x45\xDF\xA3", "a video"),
    // The base64 text of the first bytes of pictures.
    (b"data:image/", IN_BASE64),
    (b"iVBORw0KGgo", IN_BASE64),
    (b"/9j/", IN_BASE64),
    (b"R0lGODlh", IN_BASE64),
    (b"R0lGODdh", IN_BASE64),
    (b"UklGR", IN_BASE64),
];

const IN_BASE64: &str = "the base64 text of one";

fn other(upload: &[u8]) -> Option<&'static str> {
    if let Some((_, kind)) = OTHERS.into_iter().find(|(magic, _)| upload.starts_with(magic)) {
        return Some(kind);
    }
    if upload.starts_with(b"BM") && upload.get(6..10) == Some(&[0; 4]) {
        return Some("a BMP");
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

/// Recognises ISO media files, whose first box lists the brands.
fn media_brand(upload: &[u8]) -> Option<&'static str> {
    const HEIC: [&[u8]; 10] =
        [b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"];
    const VIDEO: [&[u8]; 9] = [b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V ", b"3gp4", b"3gp5"];
    let length = upload.first_chunk::<4>().map(|length| u32::from_be_bytes(*length))?;
    let end = usize::try_from(length).ok()?.min(upload.len());
    let brands = upload.get(8..end)?;
    let lists = |names: &[&[u8]]| brands.chunks_exact(4).any(|brand| names.contains(&brand));
    match () {
        () if lists(&[b"avif", b"avis"]) => Some("an AVIF"),
        () if lists(&HEIC) => Some("a HEIC"),
        () if lists(&VIDEO) => Some("a video"),
        () => None,
    }
}

/// Returns a text such as "a JPEG, PNG or GIF picture".
fn listed(accepted: &[Format]) -> String {
    let names: Vec<&str> = accepted.iter().map(|format| format.name()).collect();
    match names.split_last() {
        Some((last, [])) => format!("a {last} picture"),
        Some((last, others)) => format!("a {} or {last} picture", others.join(", ")),
        None => "a picture".to_owned(),
    }
}
