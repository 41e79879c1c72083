//! Encoding of renditions.

use image::{
    DynamicImage, ImageEncoder,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use super::{headers::damaged, shrink::Renditions};
use crate::domain::{Fault, PictureKind, Rendition};

/// 0 to 100. SSIM 0.935 against the source at 640 pixels; 90 costs a quarter more bytes.
const JPEG_QUALITY: u8 = 85;

pub(super) fn all(renditions: &Renditions, kind: PictureKind) -> Result<Vec<(Rendition, Vec<u8>)>, Fault> {
    let encode = match kind {
        PictureKind::Jpeg => jpeg,
        PictureKind::Png => png,
    };
    let mut files = Vec::with_capacity(Rendition::ALL.len());
    for (rendition, square) in renditions.squares.iter().rev() {
        files.push((*rendition, encode(square)?));
    }
    files.push((Rendition::Full, encode(&renditions.full)?));
    Ok(files)
}

fn jpeg(image: &DynamicImage) -> Result<Vec<u8>, Fault> {
    let side = |px: u32| u16::try_from(px).map_err(|_| damaged());
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, JPEG_QUALITY);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    // The default takes every second pixel, which frays the edges of strong colours.
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder
        .encode(image.as_bytes(), side(image.width())?, side(image.height())?, ColorType::Rgb)
        .map_err(|_| damaged())?;
    Ok(file)
}

/// Fast: 70 ms for all renditions of a photo with alpha. The default level takes 730 ms for files 3 % smaller.
pub(super) fn png(image: &DynamicImage) -> Result<Vec<u8>, Fault> {
    let mut file = Vec::new();
    PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Adaptive)
        .write_image(image.as_bytes(), image.width(), image.height(), image.color().into())
        .map_err(|_| damaged())?;
    Ok(file)
}
