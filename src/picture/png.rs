//! PNG, read chunk by chunk. Source: W3C PNG, third edition.

use super::{
    anatomy::{Anatomy, Bones, EXIF_BYTES_MAX, Profile, cut_short, damaged},
    bytes::Bytes,
};
use crate::domain::error::Fault;

/// The eight bytes every PNG begins with.
pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Bytes of rows and inflating the decoder holds, beside a few rows.
const DECODER_BYTES: u64 = 512 << 10;

struct Header {
    width_px: u32,
    height_px: u32,
    depth: u8,
    colour: u8,
}

impl Header {
    fn parse(data: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(data);
        let (width_px, height_px) = (bytes.be32()?, bytes.be32()?);
        let (depth, colour) = (bytes.u8()?, bytes.u8()?);
        let known = matches!((colour, depth), (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) | (2 | 4 | 6, 8 | 16));
        (known && width_px > 0 && height_px > 0).then_some(Self { width_px, height_px, depth, colour })
    }

    /// Bytes of a decoded pixel: at least a byte a channel, palettes looked up, `transparent` colours as alpha.
    fn pixel_bytes(&self, transparent: bool) -> u64 {
        let channels = match self.colour {
            0 => 1,
            4 => 2,
            6 => 4,
            _ => 3,
        };
        let channels = if transparent && matches!(self.colour, 0 | 2 | 3) { channels + 1 } else { channels };
        channels * if self.depth == 16 { 2 } else { 1 }
    }
}

/// Reads the chunks up to the end of the picture. An animation's further frames are not kept.
pub(super) fn read<'a>(upload: &'a [u8], bones: &mut Bones) -> Result<Anatomy<'a>, Fault> {
    let mut bytes = Bytes(upload);
    bones.keep(bytes.take(SIGNATURE.len()).unwrap_or_default());
    let (_, first) = next_chunk(&mut bytes, bones, |kind| kind == b"IHDR").ok_or_else(cut_short)?;
    let header = Header::parse(first).ok_or_else(damaged)?;

    let (mut exif, mut profile) = (None, Profile::None);
    let (mut transparent, mut pictured, mut whole) = (false, false, false);
    while let Some((kind, data)) = next_chunk(&mut bytes, bones, is_bone) {
        match kind {
            b"tRNS" => transparent = true,
            b"IDAT" => pictured = true,
            b"eXIf" if data.len() <= EXIF_BYTES_MAX => exif = exif.or(Some(data)),
            b"iCCP" => profile = packed_profile(data),
            b"IEND" => {
                whole = pictured;
                break;
            }
            _ => {}
        }
    }
    let pixels = u64::from(header.width_px) * u64::from(header.height_px);
    let pixel_bytes = header.pixel_bytes(transparent);
    Ok(Anatomy {
        width_px: header.width_px,
        height_px: header.height_px,
        canvas_px: (header.width_px, header.height_px),
        decoded_bytes: pixels.saturating_mul(pixel_bytes),
        decoder_bytes: DECODER_BYTES + u64::from(header.width_px) * pixel_bytes * 4,
        exif,
        profile,
        whole,
    })
}

/// What a decoder needs. Orientation and colour profile are read here, so not even they reach it.
fn is_bone(kind: &[u8; 4]) -> bool {
    matches!(kind, b"PLTE" | b"tRNS" | b"IDAT" | b"IEND")
}

/// The next chunk's kind and data; `None` when the file ends before the chunk does.
fn next_chunk<'a>(
    bytes: &mut Bytes<'a>,
    bones: &mut Bones,
    is_bone: fn(&[u8; 4]) -> bool,
) -> Option<(&'a [u8; 4], &'a [u8])> {
    let from = bytes.0;
    let length = usize::try_from(bytes.be32()?).ok()?;
    let kind = bytes.take(4)?.first_chunk::<4>()?;
    let data = bytes.take(length)?;
    let _checksum = bytes.be32()?;
    if is_bone(kind) {
        bones.keep(from.get(..length.saturating_add(12))?);
    }
    Some((kind, data))
}

/// iCCP: a name, a zero, the packing method 0, a zlib stream.
fn packed_profile(data: &[u8]) -> Profile<'_> {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    match (parts.next(), parts.next()) {
        (Some(_name), Some([0, packed @ ..])) => Profile::Packed(packed),
        (_, _) => Profile::None,
    }
}
