//! Profile pictures: their keys and renditions, what a user's avatar can be, and the formats and limits of uploads.

use std::fmt;

use super::{AvatarText, Fault, HttpAddress, UserId};

/// 128 random bits as 22 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PictureKey(String);

impl PictureKey {
    pub const CHARS: usize = 22;
    /// Characters that name the shard: 3,844 shards, each with about 2,600 of ten million keys.
    pub const SHARD_CHARS: usize = 2;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.len() == Self::CHARS && raw.bytes().all(|b| b.is_ascii_alphanumeric()) {
            true => Ok(Self(raw.to_owned())),
            false => Err(Fault::Malformed("the name of a picture of this server")),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the start of the key: the name of its folder, and a range of the sorted rows.
    pub fn shard(&self) -> &str {
        // Letters and digits only, so characters are bytes.
        self.0.get(..Self::SHARD_CHARS).unwrap_or_default()
    }

    pub fn is_shard(text: &str) -> bool {
        text.len() == Self::SHARD_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PictureKind {
    /// Opaque pictures.
    Jpeg,
    /// Pictures with transparency, and default tiles.
    Png,
}

impl PictureKind {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// The sizes made of each upload: the whole picture and centre-cropped squares, never enlarged. Pixels of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rendition {
    Square48,
    Square96,
    Square192,
    Square320,
    Square512,
    Full,
}

impl Rendition {
    pub const ALL: [Self; 6] =
        [Self::Square48, Self::Square96, Self::Square192, Self::Square320, Self::Square512, Self::Full];

    pub const FULL_SIDE_PX: u32 = 1280;

    pub fn side_px(self) -> u32 {
        match self {
            Self::Square48 => 48,
            Self::Square96 => 96,
            Self::Square192 => 192,
            Self::Square320 => 320,
            Self::Square512 => 512,
            Self::Full => Self::FULL_SIDE_PX,
        }
    }

    /// Returns the smallest square of at least `side_px`, else the largest square.
    pub fn square_of_at_least(side_px: u32) -> Self {
        let mut squares = Self::ALL.into_iter().filter(|rendition| *rendition != Self::Full);
        squares.find(|square| square.side_px() >= side_px).unwrap_or(Self::Square512)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Square48 => "48",
            Self::Square96 => "96",
            Self::Square192 => "192",
            Self::Square320 => "320",
            Self::Square512 => "512",
            Self::Full => "full",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Avatar {
    /// None chosen: APIs that need a URL show a tile drawn from the user's id.
    #[default]
    Tile,
    Picture(PictureKey, PictureKind),
    /// A URL elsewhere: stored and shown, never fetched.
    Elsewhere(HttpAddress),
    /// A text that is no URL, which Tencent allows. The other dialects show a tile.
    Text(AvatarText),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AvatarChange {
    Tile,
    /// The stored picture with this key, if the user owns it. Else the given URL is stored like any other; without a
    /// URL the change is refused.
    Owned(PictureKey, Option<HttpAddress>),
    Elsewhere(HttpAddress),
    Text(AvatarText),
    Uploaded(NewPicture),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPicture {
    pub key: PictureKey,
    pub kind: PictureKind,
    pub width_px: u32,
    pub height_px: u32,
    pub bytes: u64,
}

/// The 64 bits that a default tile is drawn from; as text, 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileSeed(u64);

impl TileSeed {
    pub const CHARS: usize = 16;

    /// Returns the seed of a user, which never changes. It is a plain hash, not a secret.
    pub fn of(id: &UserId) -> Self {
        // FNV-1a, its bits then mixed, so that the tiles of ids which differ in one letter look different.
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        Self(mix_bits(id.as_str().bytes().fold(0xCBF2_9CE4_8422_2325, fnv)))
    }

    pub fn bits(self) -> u64 {
        self.0
    }

    /// Parses a seed in a URL. Lower case only, so that a tile has one URL.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let digits = raw.len() == Self::CHARS && raw.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u64::from_str_radix(raw, 16) {
            Ok(seed) if digits => Ok(Self(seed)),
            Ok(_) | Err(_) => Err(Fault::Malformed("the name of a tile of this server")),
        }
    }
}

/// Spreads every bit over all bits: the finaliser of splitmix64.
pub fn mix_bits(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

impl fmt::Display for TileSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The picture formats that are decoded. No other decoder is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Baseline and progressive; grey, colour and CMYK.
    Jpeg,
    /// All variants; of an animated PNG the still picture.
    Png,
    /// Lossy and lossless; of an animated WebP the first frame.
    WebP,
    Gif,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::WebP, Self::Gif];

    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
        }
    }

    pub fn with_article(self) -> &'static str {
        match self {
            Self::Jpeg => "a JPEG",
            Self::Png => "a PNG",
            Self::WebP => "a WebP",
            Self::Gif => "a GIF",
        }
    }
}

/// Limits of an upload. Every bound is inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureLimits {
    /// Default 10 MiB.
    pub file_bytes_max: u64,
    /// Of the longer side. Default 12000.
    pub side_px_max: u32,
    /// Default 32 million.
    pub pixels_max: u64,
    /// Of the decoded pixels. Default 128 MiB: 16 million pixels with 16 bits for each of 4 channels.
    pub decoded_bytes_max: u64,
}

impl Default for PictureLimits {
    fn default() -> Self {
        Self { file_bytes_max: 10 << 20, side_px_max: 12_000, pixels_max: 32_000_000, decoded_bytes_max: 128 << 20 }
    }
}
