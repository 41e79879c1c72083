//! JPEG, parsed marker by marker; the crate `standin-jpeg` decodes the pixels. Source: ITU T.81, Annex B.

use std::borrow::Cow;

use image::{DynamicImage, GrayImage, RgbImage};
use standin_jpeg::{
    FrameHeader, Samples,
    marker::{DNL, EOI, SOI, SOS},
    next_marker,
};

use super::headers::{Bytes, ColourProfile, Headers, cut_short, damaged};
use crate::domain::Fault;

/// Ten are usual, twenty in the smallest files. Each scan costs a pass over every block for a few bytes of file.
const SCANS_MAX: u32 = 64;

/// Memory of a block of 8 by 8 coefficients in the decoder.
const BLOCK_BYTES: u64 = 128;

/// Memory of rows in the decoder for each pixel of width, with the most unequal sampling of the components.
const ROW_BYTES_PER_PX: u64 = 1024;

#[derive(Default)]
struct MarkersRead<'a> {
    frame: Option<FrameHeader>,
    scans: u32,
    components_in_first_scan: usize,
    coded_bytes: u64,
    exif: Option<&'a [u8]>,
    profile: Vec<(u8, u8, &'a [u8])>,
}

/// Ignores what follows the picture's end, such as the second picture of some cameras. A file counts as whole if its
/// coded data is long enough for every block; [`decode`] finds out whether every block is there.
pub(super) fn read(upload: &[u8]) -> Result<Headers<'_>, Fault> {
    let mut read_so_far = MarkersRead::default();
    let mut at = 2;
    let mut in_scan = false;
    loop {
        let marker = next_marker(upload, at);
        if in_scan {
            let end = marker.map_or(upload.len(), |(marker_at, _)| marker_at);
            read_so_far.coded_bytes += end.saturating_sub(at) as u64;
        }
        let Some((marker_at, code)) = marker.filter(|(_, code)| *code != EOI) else { break };
        if code == SOI {
            return Err(damaged());
        }
        let mut rest = Bytes(upload.get(marker_at + 2..).unwrap_or_default());
        let Some(length) = rest.be16() else { break };
        let Some(segment) = usize::from(length).checked_sub(2).ok_or_else(damaged).map(|bytes| rest.take(bytes))?
        else {
            break;
        };
        at = marker_at + 2 + usize::from(length);
        in_scan = code == SOS;
        read_so_far.meet(code, segment)?;
    }
    read_so_far.into_headers()
}

impl<'a> MarkersRead<'a> {
    fn meet(&mut self, code: u8, segment: &'a [u8]) -> Result<(), Fault> {
        match code {
            0xC4 | 0xC8 => {}
            0xC0..=0xCF if self.frame.is_some() => return Err(damaged()),
            0xC0..=0xCF => self.frame = Some(FrameHeader::parse(code, segment).map_err(fault)?),
            SOS => self.meet_scan(segment)?,
            DNL => return Err(Fault::Malformed("a JPEG whose header says its height, and this one says it later")),
            0xE1 => self.exif = self.exif.or_else(|| segment.strip_prefix(b"Exif\0\0")),
            0xE2 => {
                if let Some([number, of, part @ ..]) = segment.strip_prefix(b"ICC_PROFILE\0") {
                    self.profile.push((*number, *of, part));
                }
            }
            _ => {}
        }
        Ok(())
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

    fn into_headers(self) -> Result<Headers<'a>, Fault> {
        let frame = self.frame.as_ref().ok_or_else(cut_short)?;
        let pixels = u64::from(frame.width_px) * u64::from(frame.height_px);
        let is_grey = frame.components() == 1;
        let gathers_blocks = frame.progressive || self.components_in_first_scan < frame.components();
        let block_bytes = if gathers_blocks { frame.blocks_held() * BLOCK_BYTES } else { 0 };
        Ok(Headers {
            width_px: frame.width_px,
            height_px: frame.height_px,
            part: None,
            decoded_bytes: pixels * if is_grey { 1 } else { 3 },
            decoder_bytes: block_bytes + u64::from(frame.width_px) * ROW_BYTES_PER_PX,
            exif: self.exif,
            whole: self.scans > 0 && frame.fits_into(self.coded_bytes),
            profiles: joined(self.profile).into_iter().collect(),
        })
    }
}

pub(super) fn decode(upload: &[u8]) -> Result<DynamicImage, Fault> {
    let picture = standin_jpeg::decode(upload).map_err(fault)?;
    let (width, height) = (picture.width_px, picture.height_px);
    match picture.samples {
        Samples::Grey(samples) => GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8),
        Samples::Rgb(samples) => RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8),
    }
    .ok_or_else(damaged)
}

fn fault(error: standin_jpeg::Error) -> Fault {
    match error {
        standin_jpeg::Error::CutShort => cut_short(),
        standin_jpeg::Error::Damaged => damaged(),
        standin_jpeg::Error::Unread(wanted) => Fault::Malformed(wanted),
    }
}

/// Joins the parts of a colour profile. Returns None if parts are missing or repeated.
fn joined<'a>(mut parts: Vec<(u8, u8, &'a [u8])>) -> Option<ColourProfile<'a>> {
    parts.sort_by_key(|(number, _, _)| *number);
    let expected = 1..=parts.len();
    let complete = parts
        .iter()
        .zip(expected)
        .all(|((number, of, _), place)| usize::from(*number) == place && usize::from(*of) == parts.len());
    match (complete, parts.as_slice()) {
        (false, _) | (true, []) => None,
        (true, [(_, _, only)]) => ColourProfile::plain(*only),
        (true, parts) => {
            ColourProfile::plain(Cow::Owned(parts.iter().flat_map(|(_, _, part)| part.iter().copied()).collect()))
        }
    }
}
