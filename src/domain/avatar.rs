//! Profile pictures, as words: which renditions exist, what they are called, what a user may point at.

use std::fmt;

use super::{
    error::Fault,
    id::UserId,
    text::{AvatarText, HttpAddress},
};

/// The unguessable name of one upload: 128 random bits as 22 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PictureKey(String);

impl PictureKey {
    /// Characters of a name.
    pub const CHARS: usize = 22;
    /// Characters at the beginning that name the shard: 3,844 of them, so ten million names are some 2,600 in each.
    pub const SHARD_CHARS: usize = 2;

    /// Checks the form of a name; whether a picture of that name exists is the store's to say.
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.len() == Self::CHARS && raw.bytes().all(|b| b.is_ascii_alphanumeric()) {
            true => Ok(Self(raw.to_owned())),
            false => Err(Fault::Malformed("the name of a picture of this server")),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The beginning of the name: the folder it lies in, and a range of the sorted rows.
    pub fn shard(&self) -> &str {
        // Letters and digits only, so characters are bytes.
        self.0.get(..Self::SHARD_CHARS).unwrap_or_default()
    }

    /// Whether a name can begin so.
    pub fn is_shard(text: &str) -> bool {
        text.len() == Self::SHARD_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric())
    }
}

/// What a stored picture's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PictureKind {
    /// Opaque pictures.
    Jpeg,
    /// Pictures with transparency, and default tiles.
    Png,
}

impl PictureKind {
    /// The media type to serve it with.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The ending of its addresses and files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// The renditions every picture has, made at upload: the whole, and centre-cropped squares; none is ever enlarged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rendition {
    /// 48 pixels a side.
    Square48,
    /// 96 pixels a side.
    Square96,
    /// 192 pixels a side.
    Square192,
    /// 320 pixels a side.
    Square320,
    /// 512 pixels a side.
    Square512,
    /// The whole picture, within 1280 by 1280 pixels.
    Full,
}

impl Rendition {
    /// Smallest first.
    pub const ALL: [Self; 6] =
        [Self::Square48, Self::Square96, Self::Square192, Self::Square320, Self::Square512, Self::Full];

    /// The longest side of [`Rendition::Full`], in pixels.
    pub const FULL_SIDE_PX: u32 = 1280;

    /// Pixels a side at the most.
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

    /// The square of at least `side_px`, the largest one beyond the ladder's end: never the original bytes.
    pub fn square_of_at_least(side_px: u32) -> Self {
        let mut squares = Self::ALL.into_iter().filter(|rendition| *rendition != Self::Full);
        squares.find(|square| square.side_px() >= side_px).unwrap_or(Self::Square512)
    }

    /// Its name in addresses and files: `full`, or the side in pixels.
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

/// What a user shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Avatar {
    /// Nothing chosen: wires that need an address show a tile drawn from the id.
    #[default]
    Tile,
    /// A picture of this house.
    Picture(PictureKey, PictureKind),
    /// An address elsewhere: stored, shown, never fetched.
    Elsewhere(HttpAddress),
    /// What is no address, as Tencent's wire allows: shown there, a tile on the others.
    Text(AvatarText),
}

/// What a caller asks a user's avatar to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AvatarChange {
    /// Back to the tile.
    Tile,
    /// The picture of this name if the user owns it; else the address it was given by, as any other, or a refusal where it was
    /// given by its bare name.
    Owned(PictureKey, Option<HttpAddress>),
    /// An address elsewhere.
    Elsewhere(HttpAddress),
    /// What is no address.
    Text(AvatarText),
    /// A picture uploaded with this very call.
    Uploaded(NewPicture),
}

/// A picture whose renditions are stored, on its way into a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPicture {
    /// Its name.
    pub key: PictureKey,
    /// What its bytes are.
    pub kind: PictureKind,
    /// Of the full rendition.
    pub width_px: u32,
    /// Of the full rendition.
    pub height_px: u32,
    /// Of all its files.
    pub bytes: u64,
}

/// What a default tile is drawn from: 64 bits, as text 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileSeed(u64);

impl TileSeed {
    /// Characters of a seed as text.
    pub const CHARS: usize = 16;

    /// The seed of a user: the same for ever. It is a plain hash and hides nothing.
    pub fn of(id: &UserId) -> Self {
        // FNV-1a, its bits then mixed, so that ids which differ in one letter look unlike each other.
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        Self(mixed(id.as_str().bytes().fold(0xCBF2_9CE4_8422_2325, fnv)))
    }

    /// All it is, for drawing.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Reads a seed from an address: lower case alone, so that a tile has one address.
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let digits = raw.len() == Self::CHARS && raw.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u64::from_str_radix(raw, 16) {
            Ok(seed) if digits => Ok(Self(seed)),
            Ok(_) | Err(_) => Err(Fault::Malformed("the name of a tile of this server")),
        }
    }
}

/// Spreads every bit over all bits, as the generator splitmix64 does between two numbers.
pub fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

impl fmt::Display for TileSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
