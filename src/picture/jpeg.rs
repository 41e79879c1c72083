//! JPEG, read marker by marker. Source: ITU T.81, Annex B.

use std::borrow::Cow;

use super::{
    anatomy::{Anatomy, Bones, Profile, cut_short, damaged},
    bytes::Bytes,
};
use crate::domain::error::Fault;

/// The most scans of one picture. Ten are usual, encoders that search for the smallest file write some twenty;
/// each one is a walk over every block for a few bytes of file.
const SCANS_MAX: u32 = 64;

/// Bytes a block of 8 by 8 coefficients takes in the decoder.
const BLOCK_BYTES: u64 = 128;

/// Bytes of rows the decoder holds for each pixel of width, at the most unlike sampling of the components.
const ROW_BYTES_PER_PX: u64 = 1024;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// The frame header: what kind of JPEG, how large, which components.
struct Frame {
    progressive: bool,
    width_px: u32,
    height_px: u32,
    /// Horizontal and vertical sampling factor of each component.
    sampling: Vec<(u32, u32)>,
}

impl Frame {
    fn parse(code: u8, segment: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(segment);
        let precision = bytes.u8()?;
        let (height, width, components) = (bytes.be16()?, bytes.be16()?, bytes.u8()?);
        let mut sampling = Vec::with_capacity(4);
        for _ in 0..components {
            let (_id, factors, _table) = (bytes.u8()?, bytes.u8()?, bytes.u8()?);
            sampling.push((u32::from(factors >> 4), u32::from(factors & 15)));
        }
        let known = precision == 8 && matches!(components, 1 | 3 | 4) && width > 0 && height > 0;
        let sampled = sampling.iter().all(|(h, v)| (1..=4).contains(h) && (1..=4).contains(v));
        (known && sampled).then_some(Self {
            progressive: code == 0xC2,
            width_px: u32::from(width),
            height_px: u32::from(height),
            sampling,
        })
    }

    fn sampling_max(&self) -> (u32, u32) {
        let (h, v) = (self.sampling.iter().map(|s| s.0), self.sampling.iter().map(|s| s.1));
        (h.max().unwrap_or(1), v.max().unwrap_or(1))
    }

    /// Blocks of all components as a decoder keeps them: filled up to whole units of interleaved components.
    fn blocks_held(&self) -> u64 {
        let (h_max, v_max) = self.sampling_max();
        let units = u64::from(self.width_px.div_ceil(8 * h_max)) * u64::from(self.height_px.div_ceil(8 * v_max));
        self.sampling.iter().map(|(h, v)| units * u64::from(h * v)).sum()
    }

    /// Blocks that the file must hold at least.
    fn blocks_coded(&self) -> u64 {
        let (h_max, v_max) = self.sampling_max();
        let side = |px: u32, factor: u32, max: u32| u64::from((px * factor).div_ceil(8 * max));
        let blocks = |(h, v): &(u32, u32)| side(self.width_px, *h, h_max) * side(self.height_px, *v, v_max);
        self.sampling.iter().map(blocks).sum()
    }

    /// Whether `coded_bytes` can hold every block: a code has at least one bit, a baseline block two codes. Without this a
    /// small file with a forged size is a large grey picture, because the decoder makes up what is missing.
    fn fits_into(&self, coded_bytes: u64) -> bool {
        let codes_per_block = if self.progressive { 1 } else { 2 };
        coded_bytes * 8 >= self.blocks_coded() * codes_per_block
    }
}

/// What the walk has met so far.
#[derive(Default)]
struct Walk<'a> {
    frame: Option<Frame>,
    scans: u32,
    components_in_first_scan: usize,
    coded_bytes: u64,
    exif: Option<&'a [u8]>,
    /// Parts of the colour profile: number, how many there are, bytes.
    profile: Vec<(u8, u8, &'a [u8])>,
    whole: bool,
}

/// Reads the markers up to the end of the picture. What follows (a second picture of the camera, a tail) is not looked at.
pub(super) fn read<'a>(upload: &'a [u8], bones: &mut Bones) -> Result<Anatomy<'a>, Fault> {
    let mut walk = Walk::default();
    let mut at = 2;
    let mut in_scan = false;
    bones.keep(&[0xFF, SOI]);
    while let Some((marker_at, code)) = next_marker(upload, at) {
        if in_scan {
            let coded = upload.get(at..marker_at).unwrap_or_default();
            walk.coded_bytes += coded.len() as u64;
            bones.keep(coded);
        }
        if code == EOI {
            bones.keep(&[0xFF, EOI]);
            walk.whole = walk.scans > 0;
            break;
        }
        let mut rest = Bytes(upload.get(marker_at + 2..).unwrap_or_default());
        let Some(length) = rest.be16() else { break };
        let Some(segment) = usize::from(length).checked_sub(2).ok_or_else(damaged).map(|bytes| rest.take(bytes))?
        else {
            break;
        };
        at = marker_at + 2 + usize::from(length);
        in_scan = code == SOS;
        if walk.meet(code, segment)? {
            bones.keep(upload.get(marker_at..at).unwrap_or_default());
        }
    }
    walk.into_anatomy()
}

/// The place and code of the next marker from `at` on that is none of the marks which stand inside a scan.
fn next_marker(upload: &[u8], mut at: usize) -> Option<(usize, u8)> {
    loop {
        let found = at + upload.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        match *upload.get(found + 1)? {
            0xFF => at = found + 1,
            0x00 | 0x01 | 0xD0..=0xD7 => at = found + 2,
            code => return Some((found, code)),
        }
    }
}

impl<'a> Walk<'a> {
    /// Takes note of a segment; says whether the decoder needs it.
    fn meet(&mut self, code: u8, segment: &'a [u8]) -> Result<bool, Fault> {
        match code {
            0xC0..=0xC2 if self.frame.is_none() => {
                self.frame = Some(Frame::parse(code, segment).ok_or_else(unread_kind)?);
                Ok(true)
            }
            // Huffman tables, quantisation tables, restart interval, and how Adobe's programs mark CMYK.
            0xC4 | 0xDB | 0xDD | 0xEE => Ok(true),
            SOS => self.meet_scan(segment).map(|()| true),
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCF | 0xDC => Err(unread_kind()),
            0xC0..=0xC2 | SOI => Err(damaged()),
            0xE1 => {
                self.exif = self.exif.or_else(|| segment.strip_prefix(b"Exif\0\0"));
                Ok(false)
            }
            0xE2 => {
                if let Some([number, of, part @ ..]) = segment.strip_prefix(b"ICC_PROFILE\0") {
                    self.profile.push((*number, *of, part));
                }
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    fn meet_scan(&mut self, segment: &[u8]) -> Result<(), Fault> {
        if self.scans == 0 {
            self.components_in_first_scan = segment.first().copied().map_or(0, usize::from);
        }
        self.scans += 1;
        match self.scans > SCANS_MAX {
            true => Err(Fault::TooMuch { most: SCANS_MAX.into(), unit: "JPEG scans", found: self.scans.into() }),
            false => Ok(()),
        }
    }

    fn into_anatomy(self) -> Result<Anatomy<'a>, Fault> {
        let frame = self.frame.as_ref().ok_or_else(|| if self.whole { damaged() } else { cut_short() })?;
        let pixels = u64::from(frame.width_px) * u64::from(frame.height_px);
        let grey = frame.sampling.len() == 1;
        let buffers_blocks = frame.progressive || self.components_in_first_scan < frame.sampling.len();
        let block_bytes = if buffers_blocks { frame.blocks_held() * BLOCK_BYTES } else { 0 };
        Ok(Anatomy {
            width_px: frame.width_px,
            height_px: frame.height_px,
            canvas_px: (frame.width_px, frame.height_px),
            decoded_bytes: pixels * if grey { 1 } else { 3 },
            decoder_bytes: block_bytes + u64::from(frame.width_px) * ROW_BYTES_PER_PX,
            exif: self.exif,
            whole: self.whole && frame.fits_into(self.coded_bytes),
            profile: joined(self.profile),
        })
    }
}

/// Puts a colour profile together; one with parts missing or doubled is as good as none.
fn joined<'a>(mut parts: Vec<(u8, u8, &'a [u8])>) -> Profile<'a> {
    parts.sort_by_key(|(number, _, _)| *number);
    let expected = 1..=parts.len();
    let complete = parts
        .iter()
        .zip(expected)
        .all(|((number, of, _), place)| usize::from(*number) == place && usize::from(*of) == parts.len());
    match (complete, parts.as_slice()) {
        (false, _) | (true, []) => Profile::None,
        (true, [(_, _, only)]) => Profile::plain(*only),
        (true, parts) => {
            Profile::plain(Cow::Owned(parts.iter().flat_map(|(_, _, part)| part.iter().copied()).collect()))
        }
    }
}

fn unread_kind() -> Fault {
    Fault::Malformed("a baseline or progressive JPEG of 8 bits a colour, and this one is of another kind")
}
