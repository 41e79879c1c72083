//! What an uploaded picture may be, and how large.

/// The kinds of picture that are read. No decoder for any other is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Baseline and progressive, grey, colour and CMYK.
    Jpeg,
    /// All of them; of an animated one the still picture.
    Png,
    /// Lossy and lossless; of an animated one the first frame.
    WebP,
    /// The first frame.
    Gif,
}

impl Format {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::WebP, Self::Gif];

    /// Its name, as refusals say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
        }
    }

    /// The same with an article: "a JPEG".
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Jpeg => "a JPEG",
            Self::Png => "a PNG",
            Self::WebP => "a WebP",
            Self::Gif => "a GIF",
        }
    }
}

/// How large an upload may be. Every bound is inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file. Default 10 MiB.
    pub file_bytes_max: u64,
    /// Pixels of the longer side. Default 12000.
    pub side_px_max: u32,
    /// Pixels in all. Default 32 million.
    pub pixels_max: u64,
    /// Bytes of the decoded pixels. Default 128 MiB: what 16 bits a colour and an alpha channel make of 16 million pixels.
    pub decoded_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes_max: 10 << 20, side_px_max: 12_000, pixels_max: 32_000_000, decoded_bytes_max: 128 << 20 }
    }
}
