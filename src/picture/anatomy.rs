//! What our own reading of an upload finds, before any decoder sees a byte of it.

use std::{borrow::Cow, io::Read};

use flate2::read::ZlibDecoder;

use crate::domain::error::Fault;

/// The longest EXIF block that is looked at for the orientation, in bytes: what a JPEG segment can hold.
pub(super) const EXIF_BYTES_MAX: usize = 64 << 10;

/// The longest colour profile that is used, in bytes, unpacked. Longer ones are ignored; real ones, a guess, have 0.5 to 600 kB.
pub(super) const PROFILE_BYTES_MAX: usize = 1 << 20;

/// An upload's headers, read by ourselves.
#[derive(Debug)]
pub(super) struct Anatomy<'a> {
    /// Of the picture that is shown.
    pub(super) width_px: u32,
    /// Of the picture that is shown.
    pub(super) height_px: u32,
    /// Which part of it is decoded, where that is not the whole; the rest is transparent.
    pub(super) part: Option<Part>,
    /// What the pixels of the picture take, and while they are put in their place those of its part.
    pub(super) decoded_bytes: u64,
    /// What the decoder holds beside file and decoded pixels.
    pub(super) decoder_bytes: u64,
    /// The EXIF block, from its TIFF header on.
    pub(super) exif: Option<&'a [u8]>,
    /// What the file says of its colours, what counts most first. The first one that can be used is.
    pub(super) profiles: Vec<Profile<'a>>,
    /// Whether the picture is there to its very end.
    pub(super) whole: bool,
}

impl Anatomy<'_> {
    /// The size of what is decoded: the picture's, or that of a part of it.
    pub(super) fn decoded_px(&self) -> (u32, u32) {
        self.part.map_or((self.width_px, self.height_px), |part| (part.width_px, part.height_px))
    }
}

/// A rectangle of the picture: the first frame of an animation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) left_px: u32,
    pub(super) top_px: u32,
    pub(super) width_px: u32,
    pub(super) height_px: u32,
}

impl Part {
    /// What its pixels take, each in red, green, blue and alpha.
    pub(super) fn bytes(self) -> u64 {
        u64::from(self.width_px) * u64::from(self.height_px) * 4
    }
}

/// What a file says of its colours.
#[derive(Debug, Clone)]
pub(super) enum Profile<'a> {
    /// They are sRGB.
    Srgb,
    /// An ICC profile.
    Plain(Cow<'a, [u8]>),
    /// An ICC profile in a zlib stream.
    Packed(&'a [u8]),
    /// Colour primaries and transfer function by their numbers in ITU-T H.273.
    Numbered { primaries: u8, transfer: u8 },
    /// White point and primaries as x and y of CIE 1931, where they are not those of sRGB, and the exponent that makes a
    /// sample of 0 to 1 light, where that is not sRGB's function.
    Measured { chromaticities: Option<[f32; 8]>, exponent: Option<f32> },
}

impl<'a> Profile<'a> {
    /// An ICC profile; one of more than [`PROFILE_BYTES_MAX`] is ignored.
    pub(super) fn plain(bytes: impl Into<Cow<'a, [u8]>>) -> Option<Self> {
        Some(bytes.into()).filter(|bytes| bytes.len() <= PROFILE_BYTES_MAX).map(Self::Plain)
    }
}

/// Unpacks a zlib stream; `None` when it is damaged or holds more than [`PROFILE_BYTES_MAX`].
pub(super) fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let bound = PROFILE_BYTES_MAX as u64 + 1;
    ZlibDecoder::new(packed).take(bound).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= PROFILE_BYTES_MAX).then_some(bytes)
}

/// The parts of an upload that a decoder needs, and nothing else: no text, no thumbnail, no second frame, no tail.
///
/// Rejected: trusting the decoders to skip the rest. A PNG's iCCP chunk of 64 MiB was unpacked under every limit they have.
pub(super) struct Bones(Option<Vec<u8>>);

impl Bones {
    /// Keeps nothing: for looking only.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Keeps what is handed to it, of a file of `file_bytes`.
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

/// The file ends before its picture does.
pub(super) fn cut_short() -> Fault {
    Fault::Malformed("a whole picture, and this one is cut short")
}

/// The file breaks its own format's rules.
pub(super) fn damaged() -> Fault {
    Fault::Malformed("an undamaged picture, and this one cannot be read")
}
