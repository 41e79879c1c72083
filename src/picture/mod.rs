//! Profile pictures: turns untrusted uploads into clean renditions, and draws tiles. No I/O, clock or randomness.
//!
//! [`inspect`] reads the headers with our own parsers and computes the cost of decoding, before any decoder runs.
//! [`prepare`] copies the bytes that a decoder needs, decodes, shrinks, converts to sRGB, turns upright and encodes.
//! Only the pixels of an upload survive.

mod colour;
mod encode;
mod gif;
mod headers;
mod jpeg;
mod png;
mod shrink;
mod sniff;
mod tile;
mod vp8l;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, RgbaImage, imageops, metadata::Orientation};

use self::headers::{FrameArea, Headers, NeededBytes, cut_short, damaged};
pub use self::tile::tile;
use crate::domain::{Fault, Format, PictureKind, PictureLimits, Rendition};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    pub format: Format,
    /// As stored, before the orientation is applied.
    pub width_px: u32,
    pub height_px: u32,
    /// The most memory that [`prepare`] needs, the upload included.
    pub charge_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Of all renditions: JPEG if the picture is opaque, else PNG.
    pub kind: PictureKind,
    pub width_px: u32,
    pub height_px: u32,
    pub renditions: Vec<(Rendition, Vec<u8>)>,
}

/// Refuses an upload that is not of an `accepted` format, exceeds `limits` or is cut short. Takes less than 5 ms of CPU
/// for the largest regular file. A hostile WebP can make it read 10 MiB bit by bit (about 0.3 s, calculated): call it
/// on a blocking thread.
pub fn inspect(upload: &[u8], accepted: &[Format], limits: &PictureLimits) -> Result<Inspection, Fault> {
    let (format, headers) = examine(upload, accepted, limits, &mut NeededBytes::none())?;
    Ok(Inspection {
        format,
        width_px: headers.width_px,
        height_px: headers.height_px,
        charge_bytes: charge_bytes(upload.len() as u64, &headers),
    })
}

/// Makes the renditions: upright, in sRGB, without metadata. Takes 10 to 300 ms of CPU (1.2 s for 10 MiB of progressive
/// JPEG in 64 scans) and up to `charge_bytes` of memory: call it on a blocking thread, behind a memory budget.
/// # Errors
/// A [`Fault`] if the pixels cannot be decoded, also if a decoder panics.
pub fn prepare(upload: &[u8], facts: &Inspection, limits: &PictureLimits) -> Result<Prepared, Fault> {
    caught(|| {
        let mut needed = NeededBytes::of(upload.len());
        let (format, headers) = examine(upload, &[facts.format], limits, &mut needed)?;
        let source = match format {
            Format::Jpeg => jpeg::decode(upload)?,
            Format::Png => png::decode(&needed.into_file(), &headers)?,
            Format::WebP => webp::decode(needed.into_file(), &headers)?,
            Format::Gif => gif::decode(&needed.into_file(), &headers)?,
        };
        let source = match headers.part {
            None => source,
            Some(part) => in_place(source, part, &headers),
        };
        let opaque = shrink::is_opaque(&source);
        let orientation = headers.exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms);
        // Turned after shrinking, which looks the same and saves a second copy of the large picture.
        let clean = |shrunk| {
            let mut upright = colour::to_srgb(shrunk, &headers.profiles, opaque);
            upright.apply_orientation(orientation);
            upright
        };
        let renditions = shrink::renditions(source, opaque, clean)?;
        let kind = if opaque { PictureKind::Jpeg } else { PictureKind::Png };
        Ok(Prepared {
            kind,
            width_px: renditions.full.width(),
            height_px: renditions.full.height(),
            renditions: encode::all(&renditions, kind)?,
        })
    })
}

fn examine<'a>(
    upload: &'a [u8],
    accepted: &[Format],
    limits: &PictureLimits,
    needed: &mut NeededBytes,
) -> Result<(Format, Headers<'a>), Fault> {
    match upload.len() as u64 {
        0 => return Err(Fault::EmptyFile),
        bytes if bytes > limits.file_bytes_max => return Err(Fault::TooManyBytes { bytes_max: limits.file_bytes_max }),
        _ => {}
    }
    let format = sniff::format(upload, accepted)?;
    let headers = match format {
        Format::Jpeg => jpeg::read(upload),
        Format::Png => png::read(upload, needed),
        Format::WebP => webp::read(upload, needed),
        Format::Gif => gif::read(upload, needed),
    }?;
    within(limits, &headers)?;
    if !headers.whole {
        return Err(cut_short());
    }
    Ok((format, headers))
}

fn within(limits: &PictureLimits, headers: &Headers<'_>) -> Result<(), Fault> {
    let longer_px = u64::from(headers.width_px.max(headers.height_px));
    let pixels = u64::from(headers.width_px) * u64::from(headers.height_px);
    let bounds = [
        (longer_px, u64::from(limits.side_px_max), "pixels a side"),
        (pixels, limits.pixels_max, "pixels in all"),
        (headers.decoded_bytes, limits.decoded_bytes_max, "bytes once decoded"),
    ];
    match bounds.into_iter().find(|(found, most, _)| found > most) {
        Some((found, most, unit)) => Err(Fault::TooMuch { most, unit, found }),
        None => Ok(()),
    }
}

/// Besides the upload are in memory, one after the other: the needed bytes and the decoder's copy of them; that copy,
/// the pixels and the decoder's memory; the renditions.
fn charge_bytes(file_bytes: u64, headers: &Headers<'_>) -> u64 {
    let opening = 2 * file_bytes;
    let decoding = file_bytes + headers.decoded_bytes + headers.decoder_bytes;
    let rendering = shrink::peak_bytes(headers.width_px, headers.height_px, headers.decoded_bytes);
    file_bytes + opening.max(decoding).max(rendering)
}

fn in_place(frame: DynamicImage, part: FrameArea, headers: &Headers<'_>) -> DynamicImage {
    let mut canvas = RgbaImage::new(headers.width_px, headers.height_px);
    imageops::replace(&mut canvas, &frame.into_rgba8(), part.left_px.into(), part.top_px.into());
    DynamicImage::ImageRgba8(canvas)
}

/// Runs `work` and turns a panic into an error. Only a decoder can panic, on hostile bytes.
fn caught<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_panic| Err(damaged()))
}

#[cfg(test)]
#[path = "../../tests/unit/picture.rs"]
mod tests;
