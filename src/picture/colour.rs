//! Conversion to sRGB with 8 bits a channel.

use std::borrow::Cow;

use image::{DynamicImage, RgbImage, RgbaImage};
use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace, Layout,
    MatrixCoefficients, ToneReprCurve, TransferCharacteristics, TransformOptions,
};

use super::headers::{ColourProfile, unpacked};

/// Converts to 8-bit sRGB, with alpha unless it is `opaque`, by the first usable profile. Skips one that does not fit
/// the pixels (such as CMYK on RGB), as browsers do.
pub(super) fn to_srgb(image: DynamicImage, profiles: &[ColourProfile<'_>], opaque: bool) -> DynamicImage {
    let image = to_8_bits(image, opaque);
    let converted = profiles.iter().find_map(|profile| through(&image, profile)).flatten();
    match (converted.unwrap_or(image), opaque) {
        (image, true) => DynamicImage::ImageRgb8(image.into_rgb8()),
        (image, false) => DynamicImage::ImageRgba8(image.into_rgba8()),
    }
}

/// Converts a picture by a profile. Returns `Some(None)` if it is sRGB already, and None if the profile is unusable.
fn through(image: &DynamicImage, profile: &ColourProfile<'_>) -> Option<Option<DynamicImage>> {
    let described = match profile {
        ColourProfile::Srgb => return Some(None),
        ColourProfile::Plain(icc) => return converted(image, &ColorProfile::new_from_slice(icc).ok()?).map(Some),
        ColourProfile::Packed(packed) => {
            return converted(image, &ColorProfile::new_from_slice(&unpacked(packed)?).ok()?).map(Some);
        }
        ColourProfile::Numbered { primaries, transfer } => numbered(*primaries, *transfer)?,
        ColourProfile::Measured { chromaticities, exponent } => measured(*chromaticities, *exponent)?,
    };
    // These profiles describe red, green and blue, so grey becomes RGB first.
    let coloured = match (image.color().has_color(), image.color().has_alpha()) {
        (true, _) => Cow::Borrowed(image),
        (false, false) => Cow::Owned(DynamicImage::ImageRgb8(image.to_rgb8())),
        (false, true) => Cow::Owned(DynamicImage::ImageRgba8(image.to_rgba8())),
    };
    converted(&coloured, &described).map(Some)
}

/// Returns the profile with these numbers of H.273, or None if there is none.
fn numbered(primaries: u8, transfer: u8) -> Option<ColorProfile> {
    let color_primaries = CicpColorPrimaries::try_from(primaries).ok()?;
    let transfer_characteristics = TransferCharacteristics::try_from(transfer).ok()?;
    ColorPrimaries::try_from(color_primaries).ok()?;
    ToneReprCurve::try_from(transfer_characteristics).ok()?;
    let matrix_coefficients = MatrixCoefficients::Identity;
    let numbers = CicpProfile { color_primaries, transfer_characteristics, matrix_coefficients, full_range: true };
    Some(ColorProfile::new_from_cicp(numbers))
}

fn measured(chromaticities: Option<[f32; 8]>, exponent: Option<f32>) -> Option<ColorProfile> {
    let mut profile = ColorProfile::new_srgb();
    if let Some([white_x, white_y, red_x, red_y, green_x, green_y, blue_x, blue_y]) = chromaticities {
        let primaries = ColorPrimaries {
            red: Chromaticity { x: red_x, y: red_y },
            green: Chromaticity { x: green_x, y: green_y },
            blue: Chromaticity { x: blue_x, y: blue_y },
        };
        profile.update_rgb_colorimetry(Chromaticity { x: white_x, y: white_y }.to_xyyb(), primaries);
    }
    if let Some(exponent) = exponent {
        let curve = ToneReprCurve::Parametric(vec![exponent]);
        // The CICP numbers of sRGB would override the curves.
        profile.cicp = None;
        (profile.red_trc, profile.green_trc, profile.blue_trc) =
            (Some(curve.clone()), Some(curve.clone()), Some(curve));
    }
    let colorants = [profile.red_colorant, profile.green_colorant, profile.blue_colorant];
    // Primaries on one line span no colours.
    colorants.iter().all(|xyz| [xyz.x, xyz.y, xyz.z].iter().all(|part| part.is_finite())).then_some(profile)
}

/// Grey stays grey, because a grey profile needs grey pixels.
fn to_8_bits(image: DynamicImage, opaque: bool) -> DynamicImage {
    match (image.color().has_color(), opaque) {
        (true, true) => DynamicImage::ImageRgb8(image.into_rgb8()),
        (true, false) => DynamicImage::ImageRgba8(image.into_rgba8()),
        (false, true) => DynamicImage::ImageLuma8(image.into_luma8()),
        (false, false) => DynamicImage::ImageLumaA8(image.into_luma_alpha8()),
    }
}

fn converted(image: &DynamicImage, profile: &ColorProfile) -> Option<DynamicImage> {
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
