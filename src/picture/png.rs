//! PNG, parsed chunk by chunk. Source: W3C PNG, third edition.

use std::io::Cursor;

use bytemuck::cast_slice_mut;
use flate2::Crc;
use image::{DynamicImage, ImageBuffer};
use png::{BitDepth, ColorType, DecodeOptions, Decoder, Limits, Transformations};

use super::headers::{Bytes, ColourProfile, EXIF_BYTES_MAX, Headers, NeededBytes, cut_short, damaged};
use crate::domain::Fault;

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Memory of rows and inflation in the decoder, besides a few rows.
const DECODER_BYTES: u64 = 512 << 10;

/// The most that the decoder may allocate besides the pixels: rows and the inflation window.
const DECODER_ALLOC_BYTES_MAX: usize = 8 << 20;

/// The longest colour chunk that is read. A profile of random bytes cannot be compressed and would be longer.
const COLOUR_BYTES_MAX: usize = 2 << 20;

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

    /// Counts at least one byte a channel, palettes resolved, `transparent` colours as alpha.
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

/// Reads the chunks up to the end of the picture. Drops further frames of an animation.
pub(super) fn read<'a>(upload: &'a [u8], needed: &mut NeededBytes) -> Result<Headers<'a>, Fault> {
    let mut bytes = Bytes(upload);
    needed.keep(bytes.take(SIGNATURE.len()).unwrap_or_default());
    let first = next_chunk(&mut bytes, needed, |kind| kind == b"IHDR").ok_or_else(cut_short)?;
    let header = Header::parse(first.data).ok_or_else(damaged)?;

    let (mut exif, mut colours) = (None, ColourChunks::default());
    let (mut transparent, mut coloured, mut pictured, mut whole) = (false, false, false, false);
    while let Some(Chunk { kind, data, checksum }) = next_chunk(&mut bytes, needed, is_needed) {
        match kind {
            b"tRNS" => transparent = true,
            b"PLTE" => coloured = true,
            b"IDAT" => pictured = true,
            b"eXIf" if data.len() <= EXIF_BYTES_MAX => exif = exif.or(Some(data)),
            b"IEND" => {
                whole = pictured;
                break;
            }
            // Elsewhere these chunks are out of place, and libpng ignores them, damaged ones too.
            b"cICP" | b"iCCP" | b"sRGB" | b"cHRM" | b"gAMA"
                if !coloured && !pictured && data.len() <= COLOUR_BYTES_MAX && is_sound(kind, data, checksum) =>
            {
                colours.meet(kind, data);
            }
            // A chunk with a capital first letter must be understood, and there is only one header (PNG, 4.7.2 and
            // 5.6).
            [b'A'..=b'Z', ..] => return Err(damaged()),
            _ => {}
        }
    }
    let pixels = u64::from(header.width_px) * u64::from(header.height_px);
    let pixel_bytes = header.pixel_bytes(transparent);
    Ok(Headers {
        width_px: header.width_px,
        height_px: header.height_px,
        part: None,
        decoded_bytes: pixels.saturating_mul(pixel_bytes),
        decoder_bytes: DECODER_BYTES + u64::from(header.width_px) * pixel_bytes * 4,
        exif,
        profiles: colours.ranked()?,
        whole,
    })
}

/// Returns whether the decoder needs a chunk. Orientation and colour profile are read here, so it does not need them.
fn is_needed(kind: &[u8; 4]) -> bool {
    matches!(kind, b"PLTE" | b"tRNS" | b"IDAT" | b"IEND")
}

/// Avoids the image crate, which ignores a wrong checksum of the pixel stream.
pub(super) fn decode(needed: &[u8], headers: &Headers<'_>) -> Result<DynamicImage, Fault> {
    let mut options = DecodeOptions::default();
    options.set_ignore_adler32(false);
    let mut decoder = Decoder::new_with_options(Cursor::new(needed), options);
    decoder.set_limits(Limits { bytes: DECODER_ALLOC_BYTES_MAX });
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(|_| damaged())?;
    let bytes = reader.output_buffer_size().ok_or_else(damaged)?;
    let size = (reader.info().width, reader.info().height);
    if size != headers.decoded_px() || bytes as u64 > headers.decoded_bytes {
        return Err(damaged());
    }
    let (colour, depth) = reader.output_color_type();
    match depth {
        BitDepth::Sixteen => {
            let mut samples = vec![0_u16; bytes / 2];
            reader.next_frame(cast_slice_mut(&mut samples)).map_err(|_| damaged())?;
            // The checksum of the stream follows the last row.
            reader.finish().map_err(|_| damaged())?;
            samples.iter_mut().for_each(|sample| *sample = u16::from_be(*sample));
            of_16_bits(size, colour, samples)
        }
        BitDepth::One | BitDepth::Two | BitDepth::Four | BitDepth::Eight => {
            let mut samples = vec![0; bytes];
            reader.next_frame(&mut samples).map_err(|_| damaged())?;
            reader.finish().map_err(|_| damaged())?;
            of_8_bits(size, colour, samples)
        }
    }
    .ok_or_else(damaged)
}

fn of_8_bits((width, height): (u32, u32), colour: ColorType, samples: Vec<u8>) -> Option<DynamicImage> {
    match colour {
        ColorType::Grayscale => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLuma8),
        ColorType::GrayscaleAlpha => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLumaA8),
        ColorType::Rgb => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgb8),
        ColorType::Rgba => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgba8),
        // The decoder resolves palettes.
        ColorType::Indexed => None,
    }
}

fn of_16_bits((width, height): (u32, u32), colour: ColorType, samples: Vec<u16>) -> Option<DynamicImage> {
    match colour {
        ColorType::Grayscale => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLuma16),
        ColorType::GrayscaleAlpha => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLumaA16),
        ColorType::Rgb => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgb16),
        ColorType::Rgba => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgba16),
        ColorType::Indexed => None,
    }
}

struct Chunk<'a> {
    kind: &'a [u8; 4],
    data: &'a [u8],
    checksum: u32,
}

fn is_sound(kind: &[u8; 4], data: &[u8], checksum: u32) -> bool {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    crc.sum() == checksum
}

/// Returns the next chunk, or None if the file ends within it.
fn next_chunk<'a>(
    bytes: &mut Bytes<'a>,
    needed: &mut NeededBytes,
    is_needed: fn(&[u8; 4]) -> bool,
) -> Option<Chunk<'a>> {
    let from = bytes.0;
    let length = usize::try_from(bytes.be32()?).ok()?;
    let kind = bytes.take(4)?.first_chunk::<4>()?;
    let data = bytes.take(length)?;
    let checksum = bytes.be32()?;
    if is_needed(kind) {
        needed.keep(from.get(..length.saturating_add(12))?);
    }
    Some(Chunk { kind, data, checksum })
}

#[derive(Default)]
struct ColourChunks<'a> {
    numbered: Option<[u8; 4]>,
    icc: Option<ColourProfile<'a>>,
    is_srgb: bool,
    chromaticities: Option<[u32; 8]>,
    gamma: Option<u32>,
}

const SRGB_CHROMATICITIES: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];

/// The largest difference from a chromaticity of sRGB that still counts as sRGB, in the unit of cHRM: as in libpng.
const CHROMATICITY_SLACK: u32 = 1_000;

const UNIT: f32 = 100_000.0;

/// The values of gAMA that count as sRGB: within 5 % of 1 / 2.2, as in libpng.
const SRGB_GAMMA: std::ops::RangeInclusive<u32> = 43_290..=47_847;

impl<'a> ColourChunks<'a> {
    fn meet(&mut self, kind: &[u8; 4], data: &'a [u8]) {
        match kind {
            b"cICP" => self.numbered = self.numbered.or(data.as_array().copied()),
            b"iCCP" if self.icc.is_none() => self.icc = packed_profile(data),
            b"sRGB" => self.is_srgb |= data.len() == 1,
            b"cHRM" if data.len() == 32 && self.chromaticities.is_none() => {
                let mut numbers = [0; 8];
                for (number, bytes) in numbers.iter_mut().zip(data.as_chunks::<4>().0) {
                    *number = u32::from_be_bytes(*bytes);
                }
                // A y of zero would be divided by, and a sum above one is no real colour.
                let is_real = |[x, y]: &[u32; 2]| *y > 0 && x.saturating_add(*y) <= 100_000;
                self.chromaticities = Some(numbers).filter(|all| all.as_chunks::<2>().0.iter().all(is_real));
            }
            b"gAMA" if self.gamma.is_none() => {
                self.gamma = data.as_array().map(|bytes| u32::from_be_bytes(*bytes)).filter(|gamma| *gamma > 0);
            }
            _ => {}
        }
    }

    /// Returns the order of the third edition, section 4.3: cICP, iCCP, sRGB, then gAMA and cHRM together.
    fn ranked(self) -> Result<Vec<ColourProfile<'a>>, Fault> {
        let mut ranked = Vec::new();
        match self.numbered {
            Some([_, 16 | 18, _, _]) => {
                return Err(Fault::Malformed("a PNG of standard dynamic range, and this one is of high dynamic range"));
            }
            Some([_, _, _, 0]) => {
                return Err(Fault::Malformed("a PNG of full-range colours, and this one has narrow-range ones"));
            }
            Some([primaries, transfer, 0, 1]) => ranked.push(ColourProfile::Numbered { primaries, transfer }),
            // Not allowed in a PNG, so ignored.
            Some(_) | None => {}
        }
        ranked.extend(self.icc);
        if self.is_srgb {
            ranked.push(ColourProfile::Srgb);
        }
        let is_srgbs = |all: &[u32; 8]| {
            all.iter().zip(SRGB_CHROMATICITIES).all(|(one, srgb)| one.abs_diff(srgb) <= CHROMATICITY_SLACK)
        };
        let chromaticities =
            self.chromaticities.filter(|all| !is_srgbs(all)).map(|all| all.map(|one| one as f32 / UNIT));
        let exponent = self.gamma.filter(|gamma| !SRGB_GAMMA.contains(gamma)).map(|gamma| UNIT / gamma as f32);
        if chromaticities.is_some() || exponent.is_some() {
            ranked.push(ColourProfile::Measured { chromaticities, exponent });
        }
        Ok(ranked)
    }
}

/// Parses an iCCP chunk: a name, a zero, the compression method 0, a zlib stream.
fn packed_profile(data: &[u8]) -> Option<ColourProfile<'_>> {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    match (parts.next(), parts.next()) {
        (Some(_name), Some([0, packed @ ..])) => Some(ColourProfile::Packed(packed)),
        (_, _) => None,
    }
}
