//! A strict JPEG decoder. A file is decoded exactly as libjpeg-turbo decodes it with its default settings, or refused
//! wherever libjpeg-turbo would warn and guess, with two exceptions that do not change a pixel: a missing end marker
//! after complete data, and bytes between segments.
//!
//! It reads baseline, extended and progressive Huffman-coded files of 8 bits a sample, with one, three or four
//! components. It refuses arithmetic coding, lossless and hierarchical files, 12 bits, DNL, and chroma sampled at a
//! fractional ratio.
//!
//! It is a separate crate so that development builds optimise it too.
//!
//! Sources: ITU-T T.81; for what T.81 leaves open libjpeg-turbo 3's `jdsample.c`, `jdapimin.c`, `jdcolor.c` and
//! `jidctint.c`.

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

pub use self::{decode::decode, frame::FrameHeader, markers::next_marker};

pub mod marker {
    pub const SOI: u8 = 0xD8;
    pub const EOI: u8 = 0xD9;
    pub const SOS: u8 = 0xDA;
    pub const DHT: u8 = 0xC4;
    pub const DQT: u8 = 0xDB;
    /// Number of lines, after the first scan.
    pub const DNL: u8 = 0xDC;
    pub const DRI: u8 = 0xDD;
    /// Application data 0: JFIF.
    pub const APP0: u8 = 0xE0;
    /// Application data 14: Adobe's colour transform.
    pub const APP14: u8 = 0xEE;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub width_px: u32,
    pub height_px: u32,
    pub samples: Samples,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Samples {
    Grey(Vec<u8>),
    /// Three bytes a pixel. CMYK is converted to RGB as browsers do it without a profile.
    Rgb(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The file ends, or has its end marker, before all data is there.
    CutShort,
    /// The file breaks the rules of the format.
    Damaged,
    /// The decoder does not read this kind of file. The text completes "must be ...".
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
