//! Untrusted bytes in, clean renditions out; and the tile of whoever has no picture. Pure: no I/O, no clock, no randomness.
//!
//! The story of an upload. Its kind is told by its bytes ([`Format`]). Our own reading of its headers ([`inspect`]) refuses
//! what is too large or cut short, and says what decoding will cost, before any decoder sees a byte. Then ([`prepare`]) the
//! parts that a decoder needs are copied out, decoded, shrunk, brought to sRGB, turned upright and encoded anew. Nothing of
//! the upload but its pixels survives.

mod anatomy;
mod bytes;
mod colour;
mod encode;
mod gif;
mod jpeg;
mod png;
mod shrink;
mod sniff;
mod tile;
mod vp8l;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, RgbaImage, imageops, metadata::Orientation};

use self::anatomy::{Anatomy, Bones, Part, cut_short, damaged};
pub use self::tile::tile;
use crate::domain::{
    avatar::{PictureKind, Rendition},
    error::Fault,
    upload::{Format, Limits},
};

/// What the headers of an upload say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Told by the bytes.
    pub format: Format,
    /// As stored: an orientation may turn it.
    pub width_px: u32,
    /// As stored.
    pub height_px: u32,
    /// The most memory that [`prepare`] will hold for it, the upload itself included, in bytes.
    pub charge_bytes: u64,
}

/// An upload made clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// What all renditions are: JPEG when opaque, PNG when any pixel is not.
    pub kind: PictureKind,
    /// Of the full rendition.
    pub width_px: u32,
    /// Of the full rendition.
    pub height_px: u32,
    /// Every one of [`Rendition::ALL`] and its file, smallest first.
    pub renditions: Vec<(Rendition, Vec<u8>)>,
}

/// Reads the headers of an upload and refuses what is none of `accepted`, beyond `limits` or cut short.
///
/// No pixel is decoded: under 5 ms of CPU for the largest honest file. A hostile WebP can make it read 10 MiB bit by bit
/// (some 0.3 s, reckoned), so this, too, belongs on a blocking thread.
/// # Errors
/// A [`Fault`] that is true of this upload, for the caller to name its field.
pub fn inspect(upload: &[u8], accepted: &[Format], limits: &Limits) -> Result<Facts, Fault> {
    let (format, anatomy) = examine(upload, accepted, limits, &mut Bones::none())?;
    Ok(Facts {
        format,
        width_px: anatomy.width_px,
        height_px: anatomy.height_px,
        charge_bytes: charge_bytes(upload.len() as u64, &anatomy),
    })
}

/// Turns an upload that [`inspect`] let through into the renditions that are served: upright, in sRGB, free of metadata.
///
/// Takes 10 to 300 ms of CPU (1.2 s for 10 MiB of progressive JPEG in 64 scans) and up to `facts.charge_bytes` of memory: call
/// it on a blocking thread, behind a memory budget.
/// # Errors
/// A [`Fault`] when the pixels cannot be decoded, also when a decoder panics over them.
pub fn prepare(upload: &[u8], facts: &Facts, limits: &Limits) -> Result<Prepared, Fault> {
    caught(|| {
        let mut bones = Bones::of(upload.len());
        let (format, anatomy) = examine(upload, &[facts.format], limits, &mut bones)?;
        let source = match format {
            Format::Jpeg => jpeg::decode(upload)?,
            Format::Png => png::decode(&bones.into_file(), &anatomy)?,
            Format::WebP => webp::decode(bones.into_file(), &anatomy)?,
            Format::Gif => gif::decode(&bones.into_file(), &anatomy)?,
        };
        let source = match anatomy.part {
            None => source,
            Some(part) => in_place(source, part, &anatomy),
        };
        let opaque = shrink::is_opaque(&source);
        let orientation = anatomy.exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms);
        // Turned after the shrinking, which is as good and spares a second copy of the large picture.
        let clean = |shrunk| {
            let mut upright = colour::to_srgb(shrunk, &anatomy.profiles, opaque);
            upright.apply_orientation(orientation);
            upright
        };
        let ladder = shrink::ladder(source, opaque, clean)?;
        let kind = if opaque { PictureKind::Jpeg } else { PictureKind::Png };
        Ok(Prepared {
            kind,
            width_px: ladder.full.width(),
            height_px: ladder.full.height(),
            renditions: encode::all(&ladder, kind)?,
        })
    })
}

fn examine<'a>(
    upload: &'a [u8],
    accepted: &[Format],
    limits: &Limits,
    bones: &mut Bones,
) -> Result<(Format, Anatomy<'a>), Fault> {
    match upload.len() as u64 {
        0 => return Err(Fault::EmptyFile),
        bytes if bytes > limits.file_bytes_max => return Err(Fault::TooManyBytes { bytes_max: limits.file_bytes_max }),
        _ => {}
    }
    let format = sniff::format(upload, accepted)?;
    let anatomy = match format {
        Format::Jpeg => jpeg::read(upload),
        Format::Png => png::read(upload, bones),
        Format::WebP => webp::read(upload, bones),
        Format::Gif => gif::read(upload, bones),
    }?;
    within(limits, &anatomy)?;
    if !anatomy.whole {
        return Err(cut_short());
    }
    Ok((format, anatomy))
}

/// Refuses an upload beyond its limits.
fn within(limits: &Limits, anatomy: &Anatomy<'_>) -> Result<(), Fault> {
    let longer_px = u64::from(anatomy.width_px.max(anatomy.height_px));
    let pixels = u64::from(anatomy.width_px) * u64::from(anatomy.height_px);
    let bounds = [
        (longer_px, u64::from(limits.side_px_max), "pixels a side"),
        (pixels, limits.pixels_max, "pixels in all"),
        (anatomy.decoded_bytes, limits.decoded_bytes_max, "bytes once decoded"),
    ];
    match bounds.into_iter().find(|(found, most, _)| found > most) {
        Some((found, most, unit)) => Err(Fault::TooMuch { most, unit, found }),
        None => Ok(()),
    }
}

/// The upload is held throughout. Beside it first come the bones and the decoder's copy of them; then the latter, the pixels
/// and what the decoder needs to make them; then the renditions.
fn charge_bytes(file_bytes: u64, anatomy: &Anatomy<'_>) -> u64 {
    let opening = 2 * file_bytes;
    let decoding = file_bytes + anatomy.decoded_bytes + anatomy.decoder_bytes;
    let rendering = shrink::peak_bytes(anatomy.width_px, anatomy.height_px, anatomy.decoded_bytes);
    file_bytes + opening.max(decoding).max(rendering)
}

/// Puts a frame in its place on a transparent canvas.
fn in_place(frame: DynamicImage, part: Part, anatomy: &Anatomy<'_>) -> DynamicImage {
    let mut canvas = RgbaImage::new(anatomy.width_px, anatomy.height_px);
    imageops::replace(&mut canvas, &frame.into_rgba8(), part.left_px.into(), part.top_px.into());
    DynamicImage::ImageRgba8(canvas)
}

/// Runs `work`; a panic in it, which can only be a decoder's over hostile bytes, becomes a refusal.
fn caught<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_panic| Err(damaged()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promise_24_a_panic_over_an_upload_becomes_a_refusal() {
        let refused = caught::<()>(|| panic!("a decoder lost its way"));
        assert_eq!(refused, Err(damaged()));
    }
}
