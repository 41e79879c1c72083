//! Every depth and kind of PNG, the chunks on colour in each combination that matters, and damage.

use std::io::Read as _;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use moxcms::ColorProfile;

use super::{Expected, Member};
use crate::photo::{encoded, packed, png_chunk, profile_chunk};

const CUT: &str = "must be a whole picture, and this one is cut short";
const DAMAGED: &str = "must be an undamaged picture, and this one cannot be read";
const HIGH_RANGE: &str = "must be a PNG of standard dynamic range, and this one is of high dynamic range";
const NARROW: &str = "must be a PNG of full-range colours, and this one has narrow-range ones";

pub(super) fn all() -> Vec<Member> {
    let mut members: Vec<Member> = [kinds(), colours(), linear_kinds(), damage()].concat();
    members.iter_mut().for_each(|member| member.name = format!("png_{}.png", member.name));
    members
}

/// Samples of a picture, before they are packed.
#[derive(Debug, Clone)]
struct Plain {
    width: usize,
    height: usize,
    depth: u8,
    colour: u8,
    is_interlaced: bool,
    /// Channels of each pixel, row by row.
    pixels: Vec<Vec<u16>>,
}

const PALETTE: usize = 3;

impl Plain {
    fn of((width, height): (usize, usize), depth: u8, colour: u8) -> Self {
        let channels = [1, 0, 3, 1, 2, 0, 4][usize::from(colour)];
        let most = (1_u32 << depth) - 1;
        let mut dice = 0x9E37_79B9_u32;
        let pixels = (0..width * height).map(|at| {
            let (x, y) = (u32::try_from(at % width).unwrap(), u32::try_from(at / width).unwrap());
            let channel = |n: u32| {
                dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let ramp = (x * (n + 1) + y * 2) * most / 97 + (dice >> 24) * most / 2_048;
                u16::try_from(ramp % (most + 1)).unwrap()
            };
            (0..channels).map(channel).collect()
        });
        let pixels = pixels.collect();
        Self { width, height, depth, colour, is_interlaced: false, pixels }
    }

    /// The rows of every pass, filtered in turn with each of the five filters.
    fn rows(&self) -> Vec<u8> {
        const PASSES: [[usize; 4]; 7] =
            [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
        let passes = if self.is_interlaced { &PASSES[..] } else { &[[0, 0, 1, 1]] };
        let mut out = Vec::new();
        for [left, top, right, down] in passes {
            let mut above = Vec::new();
            for (number, y) in (*top..self.height).step_by(*down).enumerate() {
                let pixels = (*left..self.width).step_by(*right).map(|x| &self.pixels[y * self.width + x]);
                let row = self.packed_row(pixels.flatten().copied());
                if !row.is_empty() {
                    out.extend(self.filtered(u8::try_from(number % 5).unwrap(), &row, &above));
                    above = row;
                }
            }
        }
        out
    }

    fn packed_row(&self, samples: impl Iterator<Item = u16>) -> Vec<u8> {
        let (mut row, mut held, mut count) = (Vec::new(), 0_u32, 0);
        for sample in samples {
            held = held << self.depth | u32::from(sample);
            count += u32::from(self.depth);
            while count >= 8 {
                row.push((held >> (count - 8)).to_le_bytes()[0]);
                count -= 8;
            }
        }
        if count > 0 {
            row.push((held << (8 - count)).to_le_bytes()[0]);
        }
        row
    }

    fn filtered(&self, filter: u8, row: &[u8], above: &[u8]) -> Vec<u8> {
        let apart = (self.pixels[0].len() * usize::from(self.depth) / 8).max(1);
        let at = |row: &[u8], place: Option<usize>| place.and_then(|place| row.get(place)).copied().unwrap_or(0);
        let value = |place: usize| {
            let (left, up) = (at(row, place.checked_sub(apart)), at(above, Some(place)));
            let corner = at(above, place.checked_sub(apart));
            let guess = match filter {
                0 => 0,
                1 => left,
                2 => up,
                3 => u8::try_from((u16::from(left) + u16::from(up)) / 2).unwrap(),
                _ => {
                    let [a, b, c] = [left, up, corner].map(i32::from);
                    let to = |other: i32| (a + b - c - other).abs();
                    if to(a) <= to(b) && to(a) <= to(c) {
                        left
                    } else if to(b) <= to(c) {
                        up
                    } else {
                        corner
                    }
                }
            };
            row[place].wrapping_sub(guess)
        };
        [filter].into_iter().chain((0..row.len()).map(value)).collect()
    }

    fn header(&self) -> Vec<u8> {
        let side = |px: usize| u32::try_from(px).unwrap().to_be_bytes();
        let kinds = [self.depth, self.colour, 0, 0, self.is_interlaced.into()];
        png_chunk(b"IHDR", &[&side(self.width)[..], &side(self.height), &kinds].concat())
    }

    fn palette(&self) -> Vec<[u8; 3]> {
        (0..1_usize << self.depth)
            .map(|n| [n * 37 % 256, n * 101 % 256, n * 7 % 256].map(|n| u8::try_from(n).unwrap()))
            .collect()
    }

    /// The file with chunks in front of palette and pixels, and others between these two.
    fn file(&self, front: &[Vec<u8>], between: &[Vec<u8>]) -> Vec<u8> {
        let mut file = [b"\x89PNG\r\n\x1a\n".to_vec(), self.header(), front.concat()].concat();
        if usize::from(self.colour) == PALETTE {
            file.extend(png_chunk(b"PLTE", &self.palette().concat()));
        }
        file.extend(between.concat());
        // Several IDAT, cut anywhere.
        for part in packed(&self.rows()).chunks(211) {
            file.extend(png_chunk(b"IDAT", part));
        }
        file.extend(png_chunk(b"IEND", b""));
        file
    }

    /// What is to be seen: the pixels in 8 bits, with the alpha that a tRNS of `transparent` gives.
    fn seen(&self, transparent: Option<&[u8]>) -> RgbaImage {
        let most = (1_u32 << self.depth) - 1;
        let eight = |sample: u16| u8::try_from((u32::from(sample) * 255 + most / 2) / most).unwrap();
        let palette = self.palette();
        let pixel = |pixel: &[u16]| {
            let is_keyed = transparent.is_some_and(|key| {
                key.chunks(2)
                    .map(|two| u16::from(two[0]) << 8 | u16::from(two[1 % two.len()]))
                    .eq(pixel.iter().copied())
            });
            let keyed = if is_keyed { 0 } else { 255 };
            match (self.colour, pixel) {
                (0, [grey]) => [eight(*grey), eight(*grey), eight(*grey), keyed],
                (2, [red, green, blue]) => [eight(*red), eight(*green), eight(*blue), keyed],
                (3, [index]) => {
                    let [red, green, blue] = palette[usize::from(*index)];
                    let alpha = transparent.and_then(|alphas| alphas.get(usize::from(*index))).copied();
                    [red, green, blue, alpha.unwrap_or(255)]
                }
                (4, [grey, alpha]) => [eight(*grey), eight(*grey), eight(*grey), eight(*alpha)],
                (_, [red, green, blue, alpha]) => [eight(*red), eight(*green), eight(*blue), eight(*alpha)],
                (_, _) => panic!("{pixel:?} in colour type {}", self.colour),
            }
        };
        let pixels = self.pixels.iter().flat_map(|samples| pixel(samples)).collect();
        RgbaImage::from_raw(u32::try_from(self.width).unwrap(), u32::try_from(self.height).unwrap(), pixels).unwrap()
    }
}

fn plain_png(image: RgbaImage) -> Vec<u8> {
    encoded(&DynamicImage::ImageRgba8(image), ImageFormat::Png)
}

fn shown(name: String, file: Vec<u8>, seen: RgbaImage, has_pillow: bool) -> Member {
    Member { name, file, expected: Expected::Shown, like: Some(plain_png(seen)), has_pillow }
}

fn kinds() -> Vec<Member> {
    const KINDS: [(u8, &[u8]); 5] =
        [(0, &[1, 2, 4, 8, 16]), (2, &[8, 16]), (3, &[1, 2, 4, 8]), (4, &[8, 16]), (6, &[8, 16])];
    let mut members = Vec::new();
    for (colour, depth) in
        KINDS.into_iter().flat_map(|(colour, depths)| depths.iter().map(move |depth| (colour, *depth)))
    {
        for size in [(1, 1), (5, 3), (3, 9), (33, 20)] {
            for is_interlaced in [false, true] {
                let plain = Plain { is_interlaced, ..Plain::of(size, depth, colour) };
                let name = format!("{colour}_{depth}_{}x{}_{is_interlaced}", size.0, size.1);
                members.push(shown(name.clone(), plain.file(&[], &[]), plain.seen(None), depth < 16));
                let key: Vec<u8> = match colour {
                    0 | 2 => {
                        plain.pixels[plain.pixels.len() / 2].iter().flat_map(|sample| sample.to_be_bytes()).collect()
                    }
                    3 => (0..1_usize << depth).map(|n| u8::try_from(n * 53 % 256).unwrap()).take(200).collect(),
                    _ => continue,
                };
                let file = plain.file(&[], &[png_chunk(b"tRNS", &key)]);
                members.push(shown(format!("{name}_transparent"), file, plain.seen(Some(&key)), false));
            }
        }
    }
    members
}

/// Light of 0 to 1 as sRGB.
fn srgb(light: f64) -> u8 {
    let value = if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    format!("{:.0}", value.clamp(0.0, 1.0) * 255.0).parse().unwrap()
}

fn srgb_light(value: f64) -> f64 {
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// Display P3 to sRGB, in light.
const FROM_P3: [[f64; 3]; 3] =
    [[1.224_940_2, -0.224_940_4, 0.0], [-0.042_056_9, 1.042_057_1, 0.0], [-0.019_637_6, -0.078_636_1, 1.098_273_5]];
const AS_IS: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// What is to be seen of pixels whose samples become light by `light` and sRGB's light by `matrix`.
fn through(image: &RgbaImage, light: impl Fn(f64) -> f64, matrix: [[f64; 3]; 3]) -> RgbaImage {
    let mut seen = image.clone();
    for Rgba([red, green, blue, _]) in seen.pixels_mut() {
        let lights = [*red, *green, *blue].map(|sample| light(f64::from(sample) / 255.0));
        let [r, g, b] = matrix.map(|row| srgb(row.iter().zip(lights).map(|(factor, light)| factor * light).sum()));
        (*red, *green, *blue) = (r, g, b);
    }
    seen
}

fn numbers(kind: &[u8; 4], numbers: &[u32]) -> Vec<u8> {
    png_chunk(kind, &numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>())
}

fn colours() -> Vec<Member> {
    let gamma = |gamma: u32| numbers(b"gAMA", &[gamma]);
    let srgb_primaries = numbers(b"cHRM", &[31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000]);
    let p3_primaries = numbers(b"cHRM", &[31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000]);
    let no_primaries = numbers(b"cHRM", &[31_270, 0, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000]);
    let said_srgb = png_chunk(b"sRGB", &[0]);
    let numbered =
        |primaries: u8, transfer: u8, matrix: u8, full: u8| png_chunk(b"cICP", &[primaries, transfer, matrix, full]);
    let p3_profile = profile_chunk(&ColorProfile::new_display_p3().encode().unwrap());
    let grey_profile = profile_chunk(&ColorProfile::new_gray_with_gamma(1.0).encode().unwrap());
    let broken_profile = png_chunk(b"iCCP", b"name\0\0this is no zlib stream");
    let mut damaged_profile = p3_profile.clone();
    *damaged_profile.last_mut().unwrap() ^= 1;

    let linear = |light: f64| light;
    let power = |exponent: f64| move |sample: f64| sample.powf(exponent);
    // With alpha it is kept as a PNG, so that no encoder adds to a difference.
    let picture = Plain::of((33, 20), 8, 6);
    let samples = picture.seen(None);
    let as_is = samples.clone();
    let lit = through(&samples, linear, AS_IS);
    let wide = through(&samples, srgb_light, FROM_P3);
    let cases: Vec<(&str, Vec<Vec<u8>>, RgbaImage)> = vec![
        ("linear", vec![gamma(100_000)], lit.clone()),
        ("usual_gamma", vec![gamma(45_455)], as_is.clone()),
        ("nearly_usual_gamma", vec![gamma(47_000)], as_is.clone()),
        ("apples_gamma", vec![gamma(55_556)], through(&samples, power(1.8), AS_IS)),
        ("gamma_of_zero", vec![gamma(0)], as_is.clone()),
        ("usual_gamma_and_primaries", vec![gamma(45_455), srgb_primaries.clone()], as_is.clone()),
        ("primaries", vec![srgb_primaries.clone()], as_is.clone()),
        ("linear_and_primaries", vec![srgb_primaries.clone(), gamma(100_000)], lit.clone()),
        ("wide_primaries", vec![p3_primaries.clone()], wide.clone()),
        ("wide_primaries_linear", vec![p3_primaries.clone(), gamma(100_000)], through(&samples, linear, FROM_P3)),
        (
            "wide_primaries_apples_gamma",
            vec![gamma(55_556), p3_primaries.clone()],
            through(&samples, power(1.8), FROM_P3),
        ),
        ("impossible_primaries", vec![no_primaries.clone()], as_is.clone()),
        ("impossible_primaries_linear", vec![no_primaries, gamma(100_000)], lit.clone()),
        ("srgb_over_gamma", vec![gamma(100_000), said_srgb.clone()], as_is.clone()),
        ("srgb_over_primaries", vec![said_srgb.clone(), p3_primaries.clone(), gamma(100_000)], as_is.clone()),
        ("profile", vec![p3_profile.clone()], wide.clone()),
        ("profile_over_srgb", vec![said_srgb.clone(), p3_profile.clone()], wide.clone()),
        ("profile_over_gamma", vec![gamma(100_000), p3_profile.clone()], wide.clone()),
        ("broken_profile", vec![broken_profile.clone()], as_is.clone()),
        ("broken_profile_srgb", vec![broken_profile.clone(), gamma(100_000), said_srgb.clone()], as_is.clone()),
        ("broken_profile_linear", vec![broken_profile, gamma(100_000)], lit.clone()),
        ("damaged_profile_linear", vec![damaged_profile, gamma(100_000)], lit.clone()),
        ("profile_for_grey_linear", vec![grey_profile, gamma(100_000)], lit.clone()),
        ("numbered", vec![numbered(12, 13, 0, 1)], wide.clone()),
        ("numbered_over_profile", vec![p3_profile, numbered(1, 13, 0, 1), gamma(100_000)], as_is.clone()),
        ("numbered_linear_over_srgb", vec![said_srgb, numbered(1, 8, 0, 1)], lit.clone()),
        ("numbered_unknown", vec![numbered(2, 2, 0, 1), gamma(100_000)], lit.clone()),
        ("numbered_with_matrix", vec![numbered(12, 13, 1, 1), gamma(100_000)], lit.clone()),
    ];
    let mut members: Vec<Member> = cases
        .into_iter()
        .map(|(name, chunks, seen)| shown(format!("colours_{name}"), picture.file(&chunks, &[]), seen, false))
        .collect();
    members.push(refused("colours_high_range", picture.file(&[numbered(9, 16, 0, 1)], &[]), HIGH_RANGE));
    members.push(refused("colours_high_range_hlg", picture.file(&[numbered(9, 18, 0, 1)], &[]), HIGH_RANGE));
    members.push(refused("colours_narrow", picture.file(&[numbered(1, 13, 0, 0)], &[]), NARROW));
    members
}

/// Linear samples of every kind, and chunks that come too late.
fn linear_kinds() -> Vec<Member> {
    let gamma = numbers(b"gAMA", &[100_000]);
    let mut members = Vec::new();
    for (depth, colour) in [(8, 0), (2, 0), (16, 0), (4, 3), (8, 3), (8, 4), (16, 2), (8, 6), (16, 6)] {
        let picture = Plain::of((33, 20), depth, colour);
        let name = format!("colours_linear_{colour}_{depth}");
        // 16 bits have finer steps of light than the 8 that they are brought to first.
        let seen = through(&picture.seen(None), |light| light, AS_IS);
        members.push(shown(name, picture.file(std::slice::from_ref(&gamma), &[]), seen, false));
    }
    let palette = Plain::of((33, 20), 4, 3);
    members.push(shown(
        "colours_behind_the_palette".to_owned(),
        palette.file(&[], std::slice::from_ref(&gamma)),
        palette.seen(None),
        false,
    ));
    let picture = Plain::of((33, 20), 8, 2);
    let mut late = picture.file(&[], &[]);
    late.splice(late.len() - 12..late.len() - 12, gamma.clone());
    members.push(shown("colours_behind_the_pixels".to_owned(), late, picture.seen(None), false));
    members
}

fn refused(name: &str, file: Vec<u8>, reason: &'static str) -> Member {
    Member { name: name.to_owned(), file, expected: Expected::Refused(reason), like: None, has_pillow: false }
}

/// What a stream that is cut off unpacks to.
fn unpacked(stream: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    // The error of the end that is missing; what came before it is kept.
    let _ = flate2::read::ZlibDecoder::new(stream).read_to_end(&mut unpacked);
    unpacked
}

fn damage() -> Vec<Member> {
    let mut members = Vec::new();
    let picture = Plain::of((33, 20), 8, 2);
    let file = picture.file(&[], &[]);
    let pixels = file.windows(4).position(|kind| kind == b"IDAT").unwrap() + 4;
    let changed = |at: usize, by: u8| {
        let mut changed = file.clone();
        changed[at] ^= by;
        changed
    };
    members.push(refused("changed_pixels", changed(pixels + 50, 1), DAMAGED));
    members.push(refused("changed_header", changed(8 + 8 + 3, 1), DAMAGED));
    members.push(refused("without_pixels", [&file[..pixels - 8], &file[file.len() - 12..]].concat(), CUT));
    for keep in (60..file.len()).step_by(61) {
        members.push(refused(&format!("cut_at_{keep}"), file[..keep].to_vec(), CUT));
    }
    let of = |rows: &[u8]| {
        let header = [b"\x89PNG\r\n\x1a\n".to_vec(), picture.header()].concat();
        [header, png_chunk(b"IDAT", &packed(rows)), png_chunk(b"IEND", b"")].concat()
    };
    let rows = picture.rows();
    members.push(refused("rows_missing", of(&rows[..rows.len() - 100]), DAMAGED));
    members.push(refused("a_byte_missing", of(&rows[..rows.len() - 1]), DAMAGED));
    members.push(shown("a_row_too_many".to_owned(), of(&[&rows[..], &[0; 100]].concat()), picture.seen(None), true));
    let mut unknown = rows.clone();
    unknown[100] = 5;
    members.push(refused("unknown_filter", of(&unknown), DAMAGED));

    let stream = packed(&rows);
    for (number, at) in (10..stream.len()).step_by(stream.len() / 40).enumerate() {
        let mut damaged = stream.clone();
        damaged[at] ^= 0x10;
        let idat = |stream: &[u8]| {
            let header = [b"\x89PNG\r\n\x1a\n".to_vec(), picture.header()].concat();
            [header, png_chunk(b"IDAT", stream), png_chunk(b"IEND", b"")].concat()
        };
        let (name, file) = (format!("damaged_{number}"), idat(&damaged));
        let cut_name = format!("stream_cut_{number}");
        // Behind the pixels stand the mark of their end and a checksum: libpng shows a picture that lacks them, and no pixel is made up.
        if unpacked(&stream[..at]) == rows {
            let (expected, like, has_pillow) = (Expected::ShownOrRefused, Some(plain_png(picture.seen(None))), false);
            members.push(Member { name, file, expected, like: like.clone(), has_pillow });
            members.push(Member { name: cut_name, file: idat(&stream[..at]), expected, like, has_pillow });
            continue;
        }
        let (like, has_pillow, expected) = (None, true, Expected::RefusedSomehow);
        members.push(Member { name, file, expected, like, has_pillow });
        members.push(refused(&cut_name, idat(&stream[..at]), DAMAGED));
    }
    members
}
