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
    /// Of the one picture that is decoded.
    pub(super) width_px: u32,
    /// Of the one picture that is decoded.
    pub(super) height_px: u32,
    /// The canvas that the file claims around it; the same as the picture where the format knows no canvas.
    pub(super) canvas_px: (u32, u32),
    /// What the decoded pixels take.
    pub(super) decoded_bytes: u64,
    /// What the decoder holds beside file and decoded pixels.
    pub(super) decoder_bytes: u64,
    /// The EXIF block, from its TIFF header on.
    pub(super) exif: Option<&'a [u8]>,
    /// The colour profile.
    pub(super) profile: Profile<'a>,
    /// Whether the picture is there to its very end.
    pub(super) whole: bool,
}

/// A colour profile as the file carries it.
#[derive(Debug, Clone)]
pub(super) enum Profile<'a> {
    /// None: the pixels are taken as sRGB.
    None,
    /// As it is.
    Plain(Cow<'a, [u8]>),
    /// In a zlib stream.
    Packed(&'a [u8]),
}

impl<'a> Profile<'a> {
    /// A profile of more than [`PROFILE_BYTES_MAX`] is as good as none.
    pub(super) fn plain(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        let bytes = bytes.into();
        match bytes.len() <= PROFILE_BYTES_MAX {
            true => Self::Plain(bytes),
            false => Self::None,
        }
    }

    /// The profile's bytes; `None` when there is none, or none of at most [`PROFILE_BYTES_MAX`].
    pub(super) fn unpacked(&self) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::None => None,
            Self::Plain(bytes) => Some(bytes.clone()),
            Self::Packed(packed) => {
                let mut bytes = Vec::new();
                let bound = PROFILE_BYTES_MAX as u64 + 1;
                ZlibDecoder::new(*packed).take(bound).read_to_end(&mut bytes).ok()?;
                (bytes.len() <= PROFILE_BYTES_MAX).then_some(Cow::Owned(bytes))
            }
        }
    }
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
