//! WebP, parsed chunk by chunk; of an animation only the first frame is kept. Source: RFC 9649.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, codecs::webp::WebPDecoder};

use super::{
    headers::{Bytes, ColourProfile, EXIF_BYTES_MAX, FrameArea, Headers, NeededBytes, cut_short, damaged},
    vp8l,
};
use crate::domain::Fault;

/// Memory of the decoder that does not grow with the pixels.
const DECODER_BYTES: u64 = 1 << 20;

/// Memory of a lossy 16 by 16 block: brightness, two colours at half the side, and coding data.
const BLOCK_BYTES: u64 = 256 + 2 * 64 + 64;

#[derive(Clone, Copy, Default)]
struct Still<'a> {
    pixels: Option<(&'a [u8; 4], &'a [u8])>,
    alpha: Option<&'a [u8]>,
}

/// Reads the chunks up to the length that the file announces. Keeps the picture as a still of its own size.
pub(super) fn read<'a>(upload: &'a [u8], needed: &mut NeededBytes) -> Result<Headers<'a>, Fault> {
    let mut bytes = Bytes(upload);
    let (_riff, announced, _webp) = (bytes.take(4), bytes.le32(), bytes.take(4));
    let length = announced.and_then(|bytes| usize::try_from(bytes).ok()).ok_or_else(cut_short)?;
    let body = length.checked_sub(4).ok_or_else(damaged)?;
    let mut whole = bytes.0.len() >= body;
    bytes.0 = bytes.0.get(..body).unwrap_or(bytes.0);

    let (mut still, mut place) = (Still::default(), None);
    let (mut canvas_px, mut exif, mut profile) = (None, None, None);
    while !bytes.0.is_empty() {
        let Some((kind, data)) = next_chunk(&mut bytes) else {
            whole = false;
            break;
        };
        match kind {
            b"VP8X" if canvas_px.is_none() => canvas_px = Some(canvas(data).ok_or_else(damaged)?),
            b"ANMF" if still.pixels.is_none() => {
                place = Some(FrameArea::take(data).ok_or_else(damaged)?);
                still = first_frame(data);
            }
            b"EXIF" if data.len() <= EXIF_BYTES_MAX => {
                exif = exif.or_else(|| data.strip_prefix(b"Exif\0\0").or(Some(data)));
            }
            b"ICCP" if profile.is_none() => profile = ColourProfile::plain(data),
            _ => still.meet(kind, data),
        }
    }
    let profiles = profile.into_iter().collect();
    match still.into_headers(needed) {
        Some(headers) => Headers { exif, profiles, whole, ..headers }.on_canvas(canvas_px, place).ok_or_else(damaged),
        None if whole => Err(damaged()),
        None => Err(cut_short()),
    }
}

impl FrameArea {
    fn take(data: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(data);
        let (left, top) = (bytes.le24()?, bytes.le24()?);
        Some(Self { left_px: left * 2, top_px: top * 2, width_px: bytes.le24()? + 1, height_px: bytes.le24()? + 1 })
    }
}

impl Headers<'_> {
    /// As in libwebp, a still must fill its canvas, and a frame must have the stated size and lie within it.
    fn on_canvas(self, canvas_px: Option<(u32, u32)>, place: Option<FrameArea>) -> Option<Self> {
        let size = (self.width_px, self.height_px);
        let canvas = canvas_px.unwrap_or(size);
        let part = place.unwrap_or(FrameArea { left_px: 0, top_px: 0, width_px: size.0, height_px: size.1 });
        let lies_within = part.left_px + part.width_px <= canvas.0 && part.top_px + part.height_px <= canvas.1;
        if (part.width_px, part.height_px) != size || !lies_within || (place.is_none() && canvas != size) {
            return None;
        }
        if canvas == size {
            return Some(self);
        }
        let (width_px, height_px) = canvas;
        let decoded_bytes = self.decoded_bytes + u64::from(width_px) * u64::from(height_px) * 4 + part.bytes();
        Some(Self { width_px, height_px, decoded_bytes, part: Some(part), ..self })
    }
}

/// Decodes the needed bytes of a picture, after checking that the decoder reads the same headers as we did.
pub(super) fn decode(needed: Vec<u8>, headers: &Headers<'_>) -> Result<DynamicImage, Fault> {
    let decoder = WebPDecoder::new(Cursor::new(needed)).map_err(|_| damaged())?;
    if decoder.dimensions() != headers.decoded_px() || decoder.total_bytes() > headers.decoded_bytes {
        return Err(damaged());
    }
    DynamicImage::from_decoder(decoder).map_err(|_| damaged())
}

fn next_chunk<'a>(bytes: &mut Bytes<'a>) -> Option<(&'a [u8; 4], &'a [u8])> {
    let kind = bytes.take(4)?.first_chunk::<4>()?;
    let length = usize::try_from(bytes.le32()?).ok()?;
    let data = bytes.take(length)?;
    // A chunk of odd length has a padding byte, which some writers omit at the very end.
    bytes.take(length % 2);
    Some((kind, data))
}

fn canvas(data: &[u8]) -> Option<(u32, u32)> {
    let mut bytes = Bytes(data);
    bytes.take(4)?;
    Some((bytes.le24()? + 1, bytes.le24()? + 1))
}

/// Parses an animation frame: position, size and duration, then chunks as in a still.
fn first_frame(data: &[u8]) -> Still<'_> {
    let mut still = Still::default();
    let mut bytes = Bytes(data.get(16..).unwrap_or_default());
    while let Some((kind, data)) = next_chunk(&mut bytes) {
        still.meet(kind, data);
    }
    still
}

impl<'a> Still<'a> {
    fn meet(&mut self, kind: &'a [u8; 4], data: &'a [u8]) {
        match kind {
            b"VP8 " | b"VP8L" if self.pixels.is_none() => self.pixels = Some((kind, data)),
            b"ALPH" if self.alpha.is_none() => self.alpha = Some(data),
            _ => {}
        }
    }

    /// Returns None if there is no picture, or if its header cannot be read.
    fn into_headers(self, needed: &mut NeededBytes) -> Option<Headers<'static>> {
        let (kind, data) = self.pixels?;
        let lossless = kind == b"VP8L";
        let (width_px, height_px, has_alpha) = match lossless {
            true => lossless_header(data)?,
            false => lossy_header(data).map(|(width, height)| (width, height, self.alpha.is_some()))?,
        };
        self.keep_alone(kind, data, (width_px, height_px), needed);
        let pixels = u64::from(width_px) * u64::from(height_px);
        let blocks = u64::from(width_px.div_ceil(16)) * u64::from(height_px.div_ceil(16));
        let decoder_bytes = match (lossless, has_alpha) {
            (true, true) => 0,
            // Decoded with alpha, then copied without.
            (true, false) => pixels * 4,
            // The coded data is gathered in a growing buffer and copied out of it.
            (false, false) => blocks * BLOCK_BYTES + 3 * data.len() as u64,
            // The alpha is decoded as a lossless picture, then reduced to its one channel.
            (false, true) => blocks * BLOCK_BYTES + 3 * data.len() as u64 + pixels * 5,
        };
        let code_bytes = match (lossless, self.alpha) {
            (true, _) => vp8l::code_bytes(data.get(5..)?, width_px, height_px)?,
            (false, Some([info, stream @ ..])) if info & 3 == 1 => vp8l::code_bytes(stream, width_px, height_px)?,
            (false, _) => 0,
        };
        if code_bytes > vp8l::CODE_BYTES_MAX {
            return None;
        }
        Some(Headers {
            width_px,
            height_px,
            part: None,
            decoded_bytes: pixels * if has_alpha { 4 } else { 3 },
            decoder_bytes: DECODER_BYTES + decoder_bytes + code_bytes,
            exif: None,
            profiles: Vec::new(),
            whole: true,
        })
    }

    fn keep_alone(&self, kind: &[u8; 4], data: &[u8], size_px: (u32, u32), needed: &mut NeededBytes) {
        let alpha = if kind == b"VP8L" { None } else { self.alpha };
        let chunk_bytes = |data: &[u8]| 8 + data.len().next_multiple_of(2);
        let extended_bytes = alpha.map_or(0, |alpha| 18 + chunk_bytes(alpha));
        let length = u32::try_from(4 + extended_bytes + chunk_bytes(data)).unwrap_or(u32::MAX);
        needed.keep(b"RIFF");
        needed.keep(&length.to_le_bytes());
        needed.keep(b"WEBP");
        if let Some(alpha) = alpha {
            let side = |px: u32| px.saturating_sub(1).to_le_bytes();
            let ([w0, w1, w2, _], [h0, h1, h2, _]) = (side(size_px.0), side(size_px.1));
            const HAS_ALPHA: u8 = 0x10;
            keep_chunk(b"VP8X", &[HAS_ALPHA, 0, 0, 0, w0, w1, w2, h0, h1, h2], needed);
            keep_chunk(b"ALPH", alpha, needed);
        }
        keep_chunk(kind, data, needed);
    }
}

fn keep_chunk(kind: &[u8; 4], data: &[u8], needed: &mut NeededBytes) {
    needed.keep(kind);
    needed.keep(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
    needed.keep(data);
    needed.keep([0].get(..data.len() % 2).unwrap_or_default());
}

fn lossy_header(data: &[u8]) -> Option<(u32, u32)> {
    let mut bytes = Bytes(data);
    let (tag, start) = (bytes.le24()?, bytes.take(3)?);
    let (width, height) = (u32::from(bytes.le16()? & 0x3FFF), u32::from(bytes.le16()? & 0x3FFF));
    let keyframe = tag & 1 == 0 && start == [0x9D, 0x01, 0x2A];
    // The decoder allocates the first part of the data before it checks that it exists.
    let first_part_bytes = usize::try_from(tag >> 5).ok()?;
    (keyframe && first_part_bytes <= bytes.0.len() && width > 0 && height > 0).then_some((width, height))
}

fn lossless_header(data: &[u8]) -> Option<(u32, u32, bool)> {
    let mut bytes = Bytes(data);
    let (signature, bits) = (bytes.u8()?, bytes.le32()?);
    let size = ((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1);
    (signature == 0x2F && bits >> 29 == 0).then_some((size.0, size.1, bits >> 28 & 1 == 1))
}
