//! What our own parsers read from an upload before any decoder runs, without ever passing the end of the bytes.

use std::{borrow::Cow, io::Read};

use flate2::read::ZlibDecoder;

use crate::domain::Fault;

/// The longest EXIF block that is searched for the orientation: as much as a JPEG segment can hold.
pub(super) const EXIF_BYTES_MAX: usize = 64 << 10;

/// The longest unpacked colour profile that is used. Longer ones are ignored; real ones have 0.5 to 600 kB (a guess).
pub(super) const PROFILE_BYTES_MAX: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Headers<'a> {
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    /// The part of the picture that is decoded, if not all of it. The rest is transparent.
    pub(super) part: Option<FrameArea>,
    pub(super) decoded_bytes: u64,
    /// Memory that the decoder needs besides the file and the decoded pixels.
    pub(super) decoder_bytes: u64,
    /// The EXIF block from its TIFF header on.
    pub(super) exif: Option<&'a [u8]>,
    /// The colour descriptions, the most important first. The first usable one counts.
    pub(super) profiles: Vec<ColourProfile<'a>>,
    /// Whether the file contains the picture to its end.
    pub(super) whole: bool,
}

impl Headers<'_> {
    pub(super) fn decoded_px(&self) -> (u32, u32) {
        self.part.map_or((self.width_px, self.height_px), |part| (part.width_px, part.height_px))
    }
}

/// A rectangle of the picture: the first frame of an animation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameArea {
    pub(super) left_px: u32,
    pub(super) top_px: u32,
    pub(super) width_px: u32,
    pub(super) height_px: u32,
}

impl FrameArea {
    pub(super) fn bytes(self) -> u64 {
        u64::from(self.width_px) * u64::from(self.height_px) * 4
    }
}

#[derive(Debug, Clone)]
pub(super) enum ColourProfile<'a> {
    Srgb,
    Plain(Cow<'a, [u8]>),
    Packed(&'a [u8]),
    /// Colour primaries and transfer function by their numbers in ITU-T H.273.
    Numbered {
        primaries: u8,
        transfer: u8,
    },
    /// White point and primaries as x and y of CIE 1931, unless they are those of sRGB, and the gamma exponent.
    Measured {
        chromaticities: Option<[f32; 8]>,
        exponent: Option<f32>,
    },
}

impl<'a> ColourProfile<'a> {
    pub(super) fn plain(bytes: impl Into<Cow<'a, [u8]>>) -> Option<Self> {
        Some(bytes.into()).filter(|bytes| bytes.len() <= PROFILE_BYTES_MAX).map(Self::Plain)
    }
}

/// Unpacks a zlib stream. Returns None if it is damaged or holds more than [`PROFILE_BYTES_MAX`].
pub(super) fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let bound = PROFILE_BYTES_MAX as u64 + 1;
    ZlibDecoder::new(packed).take(bound).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= PROFILE_BYTES_MAX).then_some(bytes)
}

/// What a decoder needs of an upload: no texts, no thumbnail, no further frames, nothing after the end. Decoders cannot
/// be trusted to skip the rest: they unpacked a PNG's iCCP chunk of 64 MiB despite every limit they offer.
pub(super) struct NeededBytes(Option<Vec<u8>>);

impl NeededBytes {
    pub(super) fn none() -> Self {
        Self(None)
    }

    pub(super) fn of(file_bytes: usize) -> Self {
        Self(Some(Vec::with_capacity(file_bytes)))
    }

    pub(super) fn keep(&mut self, part: &[u8]) {
        if let Self(Some(kept)) = self {
            kept.extend_from_slice(part);
        }
    }

    pub(super) fn into_file(self) -> Vec<u8> {
        self.0.unwrap_or_default()
    }
}

pub(super) fn cut_short() -> Fault {
    Fault::Malformed("a whole picture, and this one is cut short")
}

pub(super) fn damaged() -> Fault {
    Fault::Malformed("an undamaged picture, and this one cannot be read")
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    /// Takes the next `count` bytes. Returns None, and takes nothing, if there are fewer.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn be16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn be32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn le16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn le24(&mut self) -> Option<u32> {
        self.array().map(|[low, middle, high]| u32::from_le_bytes([low, middle, high, 0]))
    }

    pub(super) fn le32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
}
