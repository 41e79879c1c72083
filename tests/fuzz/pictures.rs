//! Pictures: every decoder behind the bounds, within the memory that was reckoned.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use standin::{
    domain::avatar::{Format, PictureLimits, Rendition},
    picture::{inspect, prepare},
};

use crate::strange::Target;

/// As small as to try hundreds a second; the same code holds the larger ones.
const LIMITS: PictureLimits =
    PictureLimits { file_bytes_max: 1 << 20, side_px_max: 600, pixels_max: 120_000, decoded_bytes_max: 2 << 20 };

fn drawn(width: u32, height: u32) -> DynamicImage {
    let colour = |x: u32, y: u32| Rgba([x, y, x ^ y, x * y].map(|value| u8::try_from(value % 256).unwrap()));
    DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, colour))
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A JPEG that says how it is to be turned.
fn turned(jpeg: &[u8]) -> Vec<u8> {
    let tiff = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = u16::try_from(tiff.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, tiff, &jpeg[2..]].concat()
}

#[test]
fn pictures() {
    let (small, strip) = (drawn(20, 14), drawn(300, 1));
    let opaque = DynamicImage::ImageRgb8(small.to_rgb8());
    let jpeg = written(&opaque, ImageFormat::Jpeg);
    let mut seeds = vec![turned(&jpeg), jpeg];
    for picture in [&small, &strip] {
        for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            seeds.push(written(picture, format));
        }
    }
    seeds.push(written(&DynamicImage::ImageLuma16(small.to_luma16()), ImageFormat::Png));
    let words = &[
        "\u{fffd}",
        "IHDR",
        "IDAT",
        "IEND",
        "PLTE",
        "tRNS",
        "iCCP",
        "eXIf",
        "acTL",
        "fcTL",
        "VP8 ",
        "VP8L",
        "VP8X",
        "ANIM",
        "ANMF",
        "ALPH",
        "GIF89a",
        "\u{0}\u{0}\u{0}\u{0}",
        "\u{7f}\u{7f}",
        "Exif\u{0}\u{0}",
    ];
    let target = Target { name: "pictures", seeds, words, head_bytes: 0 };
    target.fuzz(|case| {
        let Ok(facts) = inspect(case, &Format::ALL, &LIMITS) else { return Ok(()) };
        if facts.width_px > LIMITS.side_px_max || facts.height_px > LIMITS.side_px_max {
            return Err(format!("{facts:?} is beyond the bounds"));
        }
        let Ok(prepared) = prepare(case, &facts, &LIMITS) else { return Ok(()) };
        if prepared.width_px == 0 || prepared.height_px == 0 || prepared.renditions.len() != Rendition::ALL.len() {
            return Err(format!("{facts:?} became {} x {}", prepared.width_px, prepared.height_px));
        }
        for (rendition, file) in &prepared.renditions {
            image::load_from_memory(file).map_err(|error| format!("{rendition:?} does not decode: {error}"))?;
        }
        Ok(())
    });
}
