//! The picture room, as far as bytes in and bytes out keep its promises.

use std::time::Instant;

use image::{DynamicImage, ImageFormat, Luma, Rgb, RgbImage};
use moxcms::ColorProfile;
use standin::{
    domain::{
        avatar::{Format, PictureKind, PictureLimits, Rendition, TileSeed},
        error::Fault,
        id::UserId,
    },
    picture::{self, Prepared},
};

use crate::photo::{self, LOWER_LEFT, LOWER_RIGHT, UPPER_LEFT, UPPER_RIGHT};

const UPRIGHT: [[u8; 3]; 4] = [UPPER_LEFT, UPPER_RIGHT, LOWER_LEFT, LOWER_RIGHT];

fn inspected(upload: &[u8]) -> Result<picture::Inspection, Fault> {
    picture::inspect(upload, &Format::ALL, &PictureLimits::default())
}

fn prepared(upload: &[u8]) -> Result<Prepared, Fault> {
    picture::prepare(upload, &inspected(upload)?, &PictureLimits::default())
}

fn rendition(prepared: &Prepared, wanted: Rendition) -> &[u8] {
    match prepared.renditions.iter().find(|(rendition, _)| *rendition == wanted) {
        Some((_, file)) => file,
        None => panic!("{wanted:?} was not made"),
    }
}

fn size_of(file: &[u8]) -> (u32, u32) {
    let image = image::load_from_memory(file).unwrap();
    (image.width(), image.height())
}

#[track_caller]
fn assert_shows(prepared: &Prepared, corners: [[u8; 3]; 4]) {
    for (rendition, file) in &prepared.renditions {
        let seen = photo::corners_of(file);
        let right = seen.into_iter().zip(corners).all(|(seen, wanted)| photo::alike(seen, wanted, 12));
        assert!(right, "{rendition:?} shows {seen:02X?}, not {corners:02X?}");
    }
}

/// What a refusal says after the name of its field.
fn said(outcome: Result<impl std::fmt::Debug, Fault>) -> String {
    outcome.unwrap_err().to_string()
}

// Types by bytes, refused with a reason that is true.

#[test]
fn promise_16_each_accepted_format_is_recognised_by_its_bytes() {
    let kinds = [
        (Format::Jpeg, photo::jpeg(64, 48)),
        (Format::Png, photo::png(64, 48)),
        (Format::WebP, photo::webp(64, 48)),
        (Format::WebP, photo::LOSSY_WEBP.to_vec()),
        (Format::Gif, photo::animated_gif(64, 48, 1)),
    ];
    for (format, file) in kinds {
        let facts = inspected(&file).unwrap();
        assert_eq!((facts.format, facts.width_px, facts.height_px), (format, 64, 48));
    }
}

#[test]
fn promise_16_an_endpoint_with_fewer_formats_names_the_accepted_and_the_found_format() {
    let door = [Format::Png, Format::Jpeg];
    let refused = |file: &[u8]| said(picture::inspect(file, &door, &PictureLimits::default()));
    assert_eq!(refused(&photo::animated_gif(4, 4, 1)), "must be a PNG or JPEG picture, not a GIF");
    assert_eq!(refused(&photo::webp(4, 4)), "must be a PNG or JPEG picture, not a WebP");
}

#[test]
fn promise_16_other_kinds_are_refused_by_name() {
    let media = |brand: &[u8; 4]| [b"\0\0\0\x18ftyp".as_slice(), brand, b"\0\0\0\0mif1miaf"].concat();
    let files: [(&[u8], &str); 26] = [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ", not an SVG drawing"),
        (b"\xEF\xBB\xBF <?xml version='1.0'?>\n<!-- x --><SVG/>", ", not an SVG drawing"),
        (b"<!DOCTYPE html><p><svg/></p>", ", not an HTML page"),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0", ", not a BMP"),
        (b"II*\0\x08\0\0\0", ", not a TIFF"),
        (b"MM\0*\0\0\0\x08", ", not a TIFF"),
        (&media(b"heic"), ", not a HEIC"),
        (&media(b"avif"), ", not an AVIF"),
        (b"%PDF-1.7\n", ", not a PDF"),
        (b"II+\0\x08\0\0\0", ", not a TIFF"),
        (b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\x14ftypjp2 ", ", not a JPEG 2000 picture"),
        (b"\xFF\x4F\xFF\x51\0\x2F\0\0", ", not a JPEG 2000 picture"),
        (b"\0\0\0\x0CJXL \r\n\x87\n", ", not a JPEG XL picture"),
        (b"\xFF\x0A\xFA\x7F", ", not a JPEG XL picture"),
        (b"8BPS\0\x01", ", not a Photoshop document"),
        (b"\x1A\x45\xDF\xA3\x9F", ", not a video"),
        (&media(b"msf1"), ", not a HEIC"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", ", not a video"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", ", not a video"),
        (b"\0\0\0\x10ftypzzzz\0\0\0\0", ""),
        (b"iVBORw0KGgoAAAANSUhEUgAA", ", not the base64 text of one"),
        (b"/9j/4AAQSkZJRgABAQ", ", not the base64 text of one"),
        (b"data:image/png;base64,iVBORw0KGgo", ", not the base64 text of one"),
        (b"R0lGODlhAQABAAAAACH5", ", not the base64 text of one"),
        (b"BMW is no bitmap", ""),
        (b"\xFF\xD8", ""),
    ];
    for (file, tail) in files {
        assert_eq!(said(inspected(file)), format!("must be a JPEG, PNG, WebP or GIF picture{tail}"));
    }
    assert_eq!(inspected(b"").unwrap_err(), Fault::EmptyFile);
}

// Limits before decode, from the header.

#[test]
fn promise_17_a_file_of_the_largest_size_passes_and_one_byte_more_does_not() {
    let file = photo::png(64, 48);
    let limits = |bytes: usize| PictureLimits { file_bytes_max: bytes as u64, ..PictureLimits::default() };
    let judged = |bytes: usize| picture::inspect(&file, &Format::ALL, &limits(bytes)).map(|_| ());
    assert_eq!(judged(file.len() + 1), Ok(()));
    assert_eq!(judged(file.len()), Ok(()));
    let bytes_max = file.len() as u64 - 1;
    assert_eq!(judged(file.len() - 1), Err(Fault::TooManyBytes { bytes_max }));
    assert_eq!(PictureLimits::default().file_bytes_max, 10 << 20);
}

#[test]
fn promise_17_a_side_of_12000_pixels_passes_and_one_more_does_not() {
    for side in [11_999, 12_000] {
        inspected(&photo::forged_jpeg(side, 1, 2_000)).unwrap();
        inspected(&photo::forged_jpeg(1, side, 2_000)).unwrap();
        inspected(&photo::forged_png((side.into(), 1), 8, 2)).unwrap();
        inspected(&photo::forged_gif(1, side)).unwrap();
    }
    let sentence = "must have at most 12000 pixels a side, this one has 12001";
    assert_eq!(said(inspected(&photo::forged_jpeg(12_001, 1, 2_000))), sentence);
    assert_eq!(said(inspected(&photo::forged_png((1, 12_001), 8, 2))), sentence);
    assert_eq!(said(inspected(&photo::forged_gif(12_001, 1))), sentence);
    assert!(said(inspected(&photo::forged_png((60_000, 1), 8, 2))).ends_with("this one has 60000"));
}

#[test]
fn promise_17_as_many_pixels_as_32_million_pass_and_one_row_more_does_not() {
    inspected(&photo::forged_png((8_000, 3_999), 8, 2)).unwrap();
    inspected(&photo::forged_png((8_000, 4_000), 8, 2)).unwrap();
    let refused = inspected(&photo::forged_png((8_000, 4_001), 8, 2));
    assert_eq!(said(refused), "must have at most 32000000 pixels in all, this one has 32008000");
}

#[test]
fn promise_17_decoded_pixels_of_128_mib_pass_and_one_row_more_does_not() {
    const SIXTEEN_BITS_WITH_ALPHA: (u8, u8) = (16, 6);
    let (depth, colour) = SIXTEEN_BITS_WITH_ALPHA;
    inspected(&photo::forged_png((4_096, 4_095), depth, colour)).unwrap();
    inspected(&photo::forged_png((4_096, 4_096), depth, colour)).unwrap();
    let refused = inspected(&photo::forged_png((4_096, 4_097), depth, colour));
    assert_eq!(said(refused), "must have at most 134217728 bytes once decoded, this one has 134250496");
}

#[test]
fn a_palette_with_transparency_counts_as_four_bytes_a_pixel() {
    let limits = PictureLimits { decoded_bytes_max: 64 * 48 * 3, ..PictureLimits::default() };
    picture::inspect(&photo::palette_png(None), &Format::ALL, &limits).unwrap();
    picture::inspect(&photo::palette_png(Some(0)), &Format::ALL, &limits).unwrap_err();
}

#[test]
fn promise_17_a_phone_photo_of_24_megapixels_passes() {
    let facts = inspected(&photo::forged_jpeg(6_000, 4_000, 1 << 20)).unwrap();
    assert_eq!((facts.width_px, facts.height_px), (6_000, 4_000));
}

// Bombs.

#[test]
fn a_small_jpeg_that_claims_64250_pixels_a_side_is_refused() {
    let refused = inspected(&photo::forged_jpeg(64_250, 64_250, 0));
    assert_eq!(said(refused), "must have at most 12000 pixels a side, this one has 64250");
}

#[test]
fn a_jpeg_too_small_for_the_size_it_claims_is_refused_as_cut_short() {
    let refused = inspected(&photo::forged_jpeg(5_000, 5_000, 20_000));
    assert_eq!(said(refused), "must be a whole picture, and this one is cut short");
}

#[test]
fn a_jpeg_of_more_than_64_scans_is_refused() {
    let file = photo::progressive_jpeg(16, 16);
    let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let (head, first_scan) = (&file[..scan], &file[scan..file.len() - 2]);
    let scans_in_file = file.windows(2).filter(|pair| *pair == [0xFF, 0xDA]).count();
    let one_scan_end = first_scan[2..].windows(2).position(|pair| pair[0] == 0xFF && pair[1] >= 0xC0).unwrap() + 2;
    let one_scan = &first_scan[..one_scan_end];
    let of = |scans: usize| [head, &one_scan.repeat(scans - scans_in_file), &file[scans.min(1) * scan..]].concat();
    inspected(&of(63)).unwrap();
    inspected(&of(64)).unwrap();
    assert_eq!(said(inspected(&of(65))), "must have at most 64 JPEG scans, this one has 65");
}

#[test]
fn promise_18_hidden_chunks_of_64_mib_cost_nothing_and_the_picture_is_served() {
    for kind in [b"iCCP", b"zTXt"] {
        let file = photo::with_chunks(&photo::png(64, 48), &[photo::bomb_chunk(kind, 64 << 20)]);
        let began = Instant::now();
        assert_shows(&prepared(&file).unwrap(), UPRIGHT);
        assert!(began.elapsed().as_secs_f32() < 1.0, "{:?}", began.elapsed());
    }
}

#[test]
fn promise_18_a_webp_with_a_gigabyte_of_prefix_codes_is_refused_before_it_is_decoded() {
    let file = photo::greedy_webp();
    assert!(file.len() < 10 << 20);
    let began = Instant::now();
    assert_eq!(said(inspected(&file)), "must be an undamaged picture, and this one cannot be read");
    assert!(began.elapsed().as_secs_f32() < 2.0, "{:?}", began.elapsed());
}

// What decoding is charged.

#[test]
fn a_progressive_jpeg_is_charged_six_bytes_a_pixel_more_than_a_baseline_one() {
    let baseline = inspected(&photo::forged_jpeg(6_000, 4_000, 1 << 20)).unwrap().charge_bytes;
    let progressive = inspected(&photo::forged_progressive_jpeg(6_000, 4_000, 1 << 20)).unwrap().charge_bytes;
    assert!((6_000 * 4_000 * 3..120 << 20).contains(&baseline), "{baseline}");
    assert!((6_000 * 4_000 * 9..240 << 20).contains(&progressive), "{progressive}");
}

#[test]
fn a_small_picture_is_charged_little() {
    assert!(inspected(&photo::jpeg(64, 48)).unwrap().charge_bytes < 4 << 20);
}

// Re-encoded, nothing else survives.

#[test]
fn promise_20_of_a_phone_photo_only_the_pixels_survive() {
    let upload = photo::with_tail(&photo::phone_jpeg(64, 48, 1));
    for (rendition, file) in prepared(&upload).unwrap().renditions {
        let holds = |text: &[u8]| file.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text));
        for secret in [b"private".as_slice(), b"Exif", b"xmpmeta", b"<script", b"ICC_PROFILE"] {
            assert!(!holds(secret), "{rendition:?} holds {}", secret.escape_ascii());
        }
        assert_eq!(file[file.len() - 2..], [0xFF, 0xD9]);
    }
}

#[test]
fn promise_20_of_a_png_only_the_pixels_survive() {
    let chunks = [photo::png_chunk(b"tEXt", b"Comment\0private"), photo::png_chunk(b"eXIf", &photo::exif(1))];
    let transparent = photo::encoded(&photo::corners_with_alpha(64, 48, 100).into(), ImageFormat::Png);
    let upload = photo::with_tail(&photo::with_chunks(&transparent, &chunks));
    let prepared = prepared(&upload).unwrap();
    assert_eq!(prepared.kind, PictureKind::Png);
    for (_, file) in prepared.renditions {
        let mut rest = &file[8..];
        let mut kinds = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            kinds.push(after[..4].to_vec());
            rest = &after[u32::from_be_bytes(*length) as usize + 8..];
        }
        kinds.dedup();
        assert_eq!(kinds, [b"IHDR", b"IDAT", b"IEND"]);
    }
}

// Orientation.

#[test]
fn promise_21_every_orientation_comes_back_upright() {
    let [a, b, c, d] = UPRIGHT;
    let turned = [
        [a, b, c, d],
        [b, a, d, c],
        [d, c, b, a],
        [c, d, a, b],
        [a, c, b, d],
        [c, a, d, b],
        [d, b, c, a],
        [b, d, a, c],
    ];
    for (orientation, corners) in (1..).zip(turned) {
        let prepared = prepared(&photo::phone_jpeg(64, 48, orientation)).unwrap();
        let size = if orientation < 5 { (64, 48) } else { (48, 64) };
        assert_eq!((prepared.width_px, prepared.height_px), size, "orientation {orientation}");
        assert_eq!(size_of(rendition(&prepared, Rendition::Full)), size);
        assert_shows(&prepared, corners);
    }
}

#[test]
fn promise_21_an_invalid_orientation_counts_as_upright() {
    for orientation in [0, 9, 65_535] {
        assert_shows(&prepared(&photo::phone_jpeg(64, 48, orientation)).unwrap(), UPRIGHT);
    }
}

#[test]
fn promise_21_huge_and_looping_exif_is_harmless() {
    for exif in [photo::huge_exif(), photo::looping_exif(), b"II".to_vec(), Vec::new()] {
        let segment = [b"Exif\0\0".as_slice(), &exif].concat();
        assert_shows(&prepared(&photo::with_segment(&photo::jpeg(64, 48), 0xE1, &segment)).unwrap(), UPRIGHT);
        let png = photo::with_chunks(&photo::png(64, 48), &[photo::png_chunk(b"eXIf", &exif)]);
        assert_shows(&prepared(&png).unwrap(), UPRIGHT);
    }
}

#[test]
fn a_png_is_turned_by_an_exif_chunk_of_up_to_64_kib() {
    let [a, b, c, d] = UPRIGHT;
    let turned = |bytes: usize| {
        let mut exif = photo::exif(6);
        exif.resize(bytes, 0);
        prepared(&photo::with_chunks(&photo::png(64, 48), &[photo::png_chunk(b"eXIf", &exif)])).unwrap()
    };
    assert_shows(&turned((64 << 10) - 1), [c, a, d, b]);
    assert_shows(&turned(64 << 10), [c, a, d, b]);
    assert_shows(&turned((64 << 10) + 1), [a, b, c, d]);
}

// All kinds, right colours.

#[test]
fn promise_22_unusual_jpegs_keep_their_colours() {
    assert_shows(&prepared(photo::PROGRESSIVE_JPEG).unwrap(), UPRIGHT);
    assert_shows(&prepared(&photo::progressive_jpeg(64, 48)).unwrap(), UPRIGHT);
    assert_shows(&prepared(photo::CMYK_JPEG).unwrap(), UPRIGHT);
}

#[test]
fn promise_22_unusual_pngs_keep_their_colours() {
    let colour = DynamicImage::from(photo::corners(64, 48));
    let sixteen = photo::encoded(&colour.to_rgb16().into(), ImageFormat::Png);
    for file in [photo::INTERLACED_PNG.to_vec(), photo::palette_png(None), sixteen] {
        let prepared = prepared(&file).unwrap();
        assert_eq!(prepared.kind, PictureKind::Jpeg);
        assert_shows(&prepared, UPRIGHT);
    }
    let (black, white) = ([0; 3], [255; 3]);
    assert_shows(&prepared(&photo::one_bit_png()).unwrap(), [black, white, black, white]);
    let grey = UPRIGHT.map(|colour| [image::Pixel::to_luma(&Rgb(colour)).0[0]; 3]);
    assert_shows(&prepared(&photo::encoded(&colour.to_luma8().into(), ImageFormat::Png)).unwrap(), grey);
    assert_shows(&prepared(&photo::encoded(&colour.to_luma16().into(), ImageFormat::Png)).unwrap(), grey);
}

#[test]
fn promise_22_webp_keeps_its_colours() {
    for file in [photo::LOSSY_WEBP.to_vec(), photo::LOSSY_WEBP_WITH_ALPHA.to_vec(), photo::webp(64, 48)] {
        assert_shows(&prepared(&file).unwrap(), UPRIGHT);
    }
}

#[test]
fn alpha_anywhere_makes_every_rendition_a_png_and_opaque_alpha_a_jpeg() {
    let with_alpha = |alpha: u8| photo::encoded(&photo::corners_with_alpha(1_300, 400, alpha).into(), ImageFormat::Png);
    let translucent = prepared(&with_alpha(100)).unwrap();
    assert_eq!(translucent.kind, PictureKind::Png);
    for (_, file) in &translucent.renditions {
        let image = image::load_from_memory(file).unwrap().into_rgba8();
        assert!(image.pixels().all(|pixel| pixel.0[3].abs_diff(100) <= 1));
    }
    assert_shows(&translucent, UPRIGHT);
    assert_eq!(prepared(&with_alpha(255)).unwrap().kind, PictureKind::Jpeg);
    assert_eq!(prepared(&photo::palette_png(Some(0))).unwrap().kind, PictureKind::Png);
    assert_eq!(prepared(photo::LOSSY_WEBP_WITH_ALPHA).unwrap().kind, PictureKind::Png);
}

#[test]
fn transparent_pixels_do_not_colour_visible_ones() {
    let mut image = photo::corners_with_alpha(1_300, 600, 0);
    for (x, _, pixel) in image.enumerate_pixels_mut() {
        if x % 4 < 2 {
            *pixel = image::Rgba([10, 200, 30, 255]);
        }
    }
    let prepared = prepared(&photo::encoded(&image.into(), ImageFormat::Png)).unwrap();
    for (rendition, file) in &prepared.renditions {
        let image = image::load_from_memory(file).unwrap().into_rgba8();
        // Green is what is seen; the filter may sharpen it. Red and blue could only come from what is not.
        for image::Rgba([r, _, b, _]) in image.pixels().filter(|pixel| pixel.0[3] > 100) {
            assert!(photo::alike([*r, 0, *b], [10, 0, 30], 12), "{rendition:?}: red {r}, blue {b}");
        }
    }
}

#[test]
fn a_colour_profile_is_applied_and_never_one_of_another_kind() {
    let colour = [200, 100, 50];
    let solid =
        |file: &Prepared| image::load_from_memory(rendition(file, Rendition::Full)).unwrap().into_rgb8()[(8, 8)].0;
    let upload = |profile: &[u8]| {
        let png = photo::encoded(&RgbImage::from_pixel(16, 16, Rgb(colour)).into(), ImageFormat::Png);
        photo::with_chunks(&png, &[photo::profile_chunk(profile)])
    };
    let wide = ColorProfile::new_display_p3().encode().unwrap();
    // Display P3 (200, 100, 50) in sRGB, by the two spaces' definitions.
    assert!(photo::alike(solid(&prepared(&upload(&wide)).unwrap()), [215, 93, 31], 4));

    let mut cmyk = wide.clone();
    cmyk[16..20].copy_from_slice(b"CMYK");
    let grey = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    for ignored in [cmyk, grey, b"no profile at all".to_vec(), Vec::new()] {
        assert!(photo::alike(solid(&prepared(&upload(&ignored)).unwrap()), colour, 4));
    }

    let parts = [b"ICC_PROFILE\0\x01\x01".as_slice(), &wide].concat();
    let jpeg = photo::with_segment(&photo::jpeg(64, 48), 0xE2, &parts);
    let plain = photo::corners_of(rendition(&prepared(&photo::jpeg(64, 48)).unwrap(), Rendition::Full));
    let converted = photo::corners_of(rendition(&prepared(&jpeg).unwrap(), Rendition::Full));
    assert!(converted[0][0] > plain[0][0] + 8, "{converted:?} {plain:?}");
}

#[test]
fn a_grey_profile_is_applied_to_grey() {
    let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let png = photo::encoded(&image::GrayImage::from_pixel(16, 16, Luma([55])).into(), ImageFormat::Png);
    let file = prepared(&photo::with_chunks(&png, &[photo::profile_chunk(&linear)])).unwrap();
    let seen = image::load_from_memory(rendition(&file, Rendition::Full)).unwrap().into_rgb8()[(8, 8)].0;
    // 55 of 255 in linear light is 128 in sRGB.
    assert!(photo::alike(seen, [128; 3], 4), "{seen:?}");
}

#[test]
fn a_profile_of_up_to_1_mib_is_applied() {
    let mut wide = ColorProfile::new_display_p3().encode().unwrap();
    let reds = |profile: &[u8]| {
        let png = photo::encoded(&RgbImage::from_pixel(16, 16, Rgb([200, 100, 50])).into(), ImageFormat::Png);
        let file = prepared(&photo::with_chunks(&png, &[photo::profile_chunk(profile)])).unwrap();
        image::load_from_memory(rendition(&file, Rendition::Full)).unwrap().into_rgb8()[(8, 8)].0[0]
    };
    let mut red_of = |bytes: usize| {
        wide.resize(bytes, 0);
        wide[..4].copy_from_slice(&u32::try_from(bytes).unwrap().to_be_bytes());
        reds(&wide)
    };
    assert!(red_of((1 << 20) - 1) > 208);
    assert!(red_of(1 << 20) > 208);
    assert!(red_of((1 << 20) + 1) < 205);
}

// One frame, no side of zero.

#[test]
fn promise_23_of_an_animation_the_first_frame_is_served() {
    for file in [photo::animated_gif(64, 48, 3), photo::animated_webp(64, 48, 3), photo::animated_png(64, 48)] {
        let prepared = prepared(&file).unwrap();
        assert_eq!((prepared.width_px, prepared.height_px), (64, 48));
        assert_shows(&prepared, UPRIGHT);
    }
}

#[test]
fn promise_23_extreme_strips_have_no_side_of_zero() {
    for (width, height) in [(12_000, 1), (1, 12_000), (1, 1), (12_000, 2)] {
        let prepared = prepared(&photo::png(width, height)).unwrap();
        for (rendition, file) in &prepared.renditions {
            let (w, h) = size_of(file);
            assert!(
                w > 0 && h > 0 && w.max(h) <= rendition.side_px(),
                "{rendition:?} of {width} x {height}: {w} x {h}"
            );
        }
    }
}

#[test]
fn renditions_fit_their_sides_and_are_never_enlarged() {
    let sizes = |width, height| {
        let prepared = prepared(&photo::png(width, height)).unwrap();
        prepared.renditions.iter().map(|(_, file)| size_of(file)).collect::<Vec<_>>()
    };
    let square = |side| (side, side);
    let ladder = [48, 96, 192, 320, 512].map(square);
    assert_eq!(sizes(1_400, 1_050), [ladder.as_slice(), &[(1_280, 960)]].concat());
    assert_eq!(sizes(1_281, 1_280), [ladder.as_slice(), &[(1_280, 1_279)]].concat());
    assert_eq!(sizes(1_280, 1_279), [ladder.as_slice(), &[(1_280, 1_279)]].concat());
    assert_eq!(sizes(513, 512), [ladder.as_slice(), &[(513, 512)]].concat());
    assert_eq!(sizes(200, 150), [square(48), square(96), square(150), square(150), square(150), (200, 150)]);
    assert_eq!(sizes(48, 47), [square(47); 5].into_iter().chain([(48, 47)]).collect::<Vec<_>>());
}

#[test]
fn the_squares_of_a_panorama_are_drawn_from_the_source() {
    let prepared = prepared(&photo::png(2_600, 520)).unwrap();
    assert_eq!(size_of(rendition(&prepared, Rendition::Full)), (1_280, 256));
    assert_eq!(size_of(rendition(&prepared, Rendition::Square512)), (512, 512));
}

// Promise 24 and what belongs to it: damage is a refusal.

#[test]
fn promise_24_a_picture_cut_short_anywhere_is_refused() {
    for file in [photo::jpeg(64, 48), photo::PROGRESSIVE_JPEG.to_vec()] {
        let whole = prepared(&file).unwrap();
        for keep in 12..file.len() - 2 {
            let refused = prepared(&file[..keep]).unwrap_err();
            assert_eq!(
                refused,
                Fault::Malformed("a whole picture, and this one is cut short"),
                "{keep} of {}",
                file.len()
            );
        }
        // What lacks its end marker alone has every block.
        for keep in file.len() - 2..file.len() {
            assert_eq!(prepared(&file[..keep]).unwrap(), whole);
        }
    }
    let files = [
        photo::png(64, 48),
        photo::animated_png(64, 48),
        photo::webp(64, 48),
        photo::LOSSY_WEBP.to_vec(),
        photo::animated_webp(64, 48, 2),
        photo::animated_gif(64, 48, 2),
    ];
    for file in files {
        inspected(&file).unwrap();
        for keep in 12..file.len() {
            let refused = inspected(&file[..keep]).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "must be a whole picture, and this one is cut short",
                "{keep} of {}",
                file.len()
            );
        }
    }
}

#[test]
fn promise_24_damaged_uploads_are_refused_or_served_and_nothing_else() {
    let files = [
        photo::phone_jpeg(64, 48, 6),
        photo::PROGRESSIVE_JPEG.to_vec(),
        photo::CMYK_JPEG.to_vec(),
        photo::palette_png(Some(9)),
        photo::webp(64, 48),
        photo::LOSSY_WEBP_WITH_ALPHA.to_vec(),
        photo::animated_webp(64, 48, 2),
        photo::animated_gif(64, 48, 2),
    ];
    let limits = PictureLimits { pixels_max: 100_000, ..PictureLimits::default() };
    let mut dice = 0x2545_F491_4F6C_DD1D_u64;
    let mut roll = |sides: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % sides as u64).unwrap()
    };
    for file in files {
        for _ in 0..100 {
            let mut damaged = file.clone();
            for _ in 0..=roll(4) {
                let at = roll(damaged.len());
                damaged[at] = u8::try_from(roll(256)).unwrap();
            }
            if let Ok(facts) = picture::inspect(&damaged, &Format::ALL, &limits)
                && let Ok(prepared) = picture::prepare(&damaged, &facts, &limits)
            {
                assert_eq!(prepared.renditions.len(), Rendition::ALL.len());
            }
        }
    }
}

// Tiles.

#[test]
fn a_tile_is_a_png_of_exactly_the_side_and_the_same_for_ever() {
    let seed = TileSeed::of(&UserId::parse("guest@qiscus.com").unwrap());
    assert_eq!(seed.to_string(), "0dd1e4ba95f6679e");
    for rendition in Rendition::ALL {
        let file = picture::tile(seed, rendition).unwrap();
        assert_eq!(image::guess_format(&file).unwrap(), ImageFormat::Png);
        assert_eq!(size_of(&file), (rendition.side_px(), rendition.side_px()));
        assert_eq!(file, picture::tile(seed, rendition).unwrap());
    }
}

#[test]
fn people_have_different_tiles() {
    let of = |id: &str| picture::tile(TileSeed::of(&UserId::parse(id).unwrap()), Rendition::Square48).unwrap();
    assert_ne!(of("user1"), of("user2"));
}

#[test]
fn a_seed_has_one_spelling() {
    let seed = TileSeed::parse("0123456789abcdef").unwrap();
    assert_eq!(seed.to_string(), "0123456789abcdef");
    for wrong in
        ["", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "+123456789abcdef", "0123456789abcdeg"]
    {
        TileSeed::parse(wrong).unwrap_err();
    }
}
