//! To sRGB, 8 bits a channel.

use image::{DynamicImage, RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Brings a picture of any depth to 8-bit sRGB, with alpha unless it is `opaque`.
///
/// A profile that does not fit the pixels (CMYK on RGB above all) or cannot be used is ignored: browsers do so, too.
pub(super) fn to_srgb(image: DynamicImage, profile: Option<&[u8]>, opaque: bool) -> DynamicImage {
    let image = to_8_bits(image, opaque);
    let converted = profile.and_then(|profile| converted(&image, profile));
    match (converted.unwrap_or(image), opaque) {
        (image, true) => DynamicImage::ImageRgb8(image.into_rgb8()),
        (image, false) => DynamicImage::ImageRgba8(image.into_rgba8()),
    }
}

/// Grey stays grey here, because a grey profile is made for grey.
fn to_8_bits(image: DynamicImage, opaque: bool) -> DynamicImage {
    match (image.color().has_color(), opaque) {
        (true, true) => DynamicImage::ImageRgb8(image.into_rgb8()),
        (true, false) => DynamicImage::ImageRgba8(image.into_rgba8()),
        (false, true) => DynamicImage::ImageLuma8(image.into_luma8()),
        (false, false) => DynamicImage::ImageLumaA8(image.into_luma_alpha8()),
    }
}

fn converted(image: &DynamicImage, profile: &[u8]) -> Option<DynamicImage> {
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    let wanted = if image.color().has_color() { DataColorSpace::Rgb } else { DataColorSpace::Gray };
    if profile.color_space != wanted {
        return None;
    }
    let (from, to) = match (image.color().has_color(), image.color().has_alpha()) {
        (true, true) => (Layout::Rgba, Layout::Rgba),
        (true, false) => (Layout::Rgb, Layout::Rgb),
        (false, true) => (Layout::GrayAlpha, Layout::Rgba),
        (false, false) => (Layout::Gray, Layout::Rgb),
    };
    let transform =
        profile.create_transform_8bit(from, &ColorProfile::new_srgb(), to, TransformOptions::default()).ok()?;
    let (width, height) = (image.width(), image.height());
    match image.color().has_alpha() {
        true => {
            let mut srgb = RgbaImage::new(width, height);
            transform.transform(image.as_bytes(), &mut srgb).ok()?;
            Some(DynamicImage::ImageRgba8(srgb))
        }
        false => {
            let mut srgb = RgbImage::new(width, height);
            transform.transform(image.as_bytes(), &mut srgb).ok()?;
            Some(DynamicImage::ImageRgb8(srgb))
        }
    }
}
