//! A strict JPEG decoder. A file is decoded exactly as libjpeg-turbo decodes it with its default settings, or refused.
//!
//! libjpeg-turbo warns about damaged data and goes on with guesses. This decoder refuses wherever libjpeg-turbo would warn,
//! with two exceptions that do not change a pixel: a missing end marker after complete data, and bytes between segments.
//!
//! It reads baseline, extended and progressive Huffman-coded files of 8 bits a sample, with one, three or four components,
//! in any number and order of scans. It refuses by name what it does not read: arithmetic coding, lossless and hierarchical
//! files, 12 bits, a height that comes after the data (DNL), chroma sampled at a ratio that is no whole number.
//!
//! It is a crate of its own so that it is optimised in builds for development, too.
//!
//! Sources: ITU-T T.81; for what it leaves open (upsampling, colour spaces, rounding) libjpeg-turbo 3's `jdsample.c`,
//! `jdapimin.c`, `jdcolor.c` and `jidctint.c`.

mod bits;
mod decode;
mod frame;
mod huffman;
mod idct;
mod markers;
mod paint;
mod progressive;
mod scan;
mod sequential;
mod tables;
mod upsample;

use std::fmt;

pub use self::{decode::decode, frame::Frame, markers::next_marker};

/// Marker codes.
pub mod marker {
    /// Start of the picture.
    pub const SOI: u8 = 0xD8;
    /// End of the picture.
    pub const EOI: u8 = 0xD9;
    /// Start of a scan.
    pub const SOS: u8 = 0xDA;
    /// Huffman tables.
    pub const DHT: u8 = 0xC4;
    /// Quantisation tables.
    pub const DQT: u8 = 0xDB;
    /// Number of lines, after the first scan.
    pub const DNL: u8 = 0xDC;
    /// Restart interval.
    pub const DRI: u8 = 0xDD;
    /// Application data 0: JFIF.
    pub const APP0: u8 = 0xE0;
    /// Application data 14: Adobe's colour transform.
    pub const APP14: u8 = 0xEE;
}

/// A decoded picture, row by row without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels of a row.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// The samples.
    pub samples: Samples,
}

/// The samples of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Samples {
    /// One byte a pixel.
    Grey(Vec<u8>),
    /// Three bytes a pixel. CMYK is brought to RGB as browsers do it without a profile.
    Rgb(Vec<u8>),
}

/// Why a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The file ends, or says that it ends, before every block and every bit of it is there.
    CutShort,
    /// The file breaks the rules of the format.
    Damaged,
    /// The file is of a kind that this decoder does not read. The text completes "must be ...".
    Unread(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutShort => f.write_str("the JPEG is cut short"),
            Self::Damaged => f.write_str("the JPEG is damaged"),
            Self::Unread(wanted) => write!(f, "the picture must be {wanted}"),
        }
    }
}

impl std::error::Error for Error {}
