//! The formats and size limits of uploaded pictures.

/// The picture formats that are decoded. No other decoder is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Baseline and progressive; grey, colour and CMYK.
    Jpeg,
    /// All variants; of an animated PNG the still picture.
    Png,
    /// Lossy and lossless; of an animated WebP the first frame.
    WebP,
    /// The first frame.
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
