//! Pictures for tests, honest and hostile, made in code: no test needs a file from outside the repository.
//!
//! The honest ones show [`corners`], so that a look at one pixel of each corner tells orientation, crop and colour.

use std::io::{Cursor, Write};

use flate2::{Compression, Crc, write::ZlibEncoder};
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage, codecs::gif::GifEncoder};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// The colour of the upper left quarter.
pub(crate) const UPPER_LEFT: [u8; 3] = [0xD0, 0x20, 0x20];
/// The colour of the upper right quarter.
pub(crate) const UPPER_RIGHT: [u8; 3] = [0x20, 0xA0, 0x40];
/// The colour of the lower left quarter.
pub(crate) const LOWER_LEFT: [u8; 3] = [0x20, 0x40, 0xD0];
/// The colour of the lower right quarter.
pub(crate) const LOWER_RIGHT: [u8; 3] = [0xF0, 0xF0, 0xF0];

/// 64 by 48 pixels of [`corners`], written by libwebp.
pub(crate) const LOSSY_WEBP: &[u8] = include_bytes!("pictures/lossy.webp");
/// As [`LOSSY_WEBP`], every pixel half transparent.
pub(crate) const LOSSY_WEBP_WITH_ALPHA: &[u8] = include_bytes!("pictures/lossy_alpha.webp");
/// 64 by 48 pixels of [`corners`], written by libjpeg in ten scans.
pub(crate) const PROGRESSIVE_JPEG: &[u8] = include_bytes!("pictures/progressive.jpg");
/// 64 by 48 pixels of [`corners`] in CMYK, written by libjpeg.
pub(crate) const CMYK_JPEG: &[u8] = include_bytes!("pictures/cmyk.jpg");
/// 64 by 48 pixels of [`corners`] in Adam7, written by libpng.
pub(crate) const INTERLACED_PNG: &[u8] = include_bytes!("pictures/interlaced.png");

/// Four quarters, each in its own colour: red, green; blue, near white.
pub(crate) fn corners(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(match (2 * x < width, 2 * y < height) {
            (true, true) => UPPER_LEFT,
            (false, true) => UPPER_RIGHT,
            (true, false) => LOWER_LEFT,
            (false, false) => LOWER_RIGHT,
        })
    })
}

/// [`corners`] with one alpha for all pixels.
pub(crate) fn corners_with_alpha(width: u32, height: u32, alpha: u8) -> RgbaImage {
    let opaque = corners(width, height);
    RgbaImage::from_fn(width, height, |x, y| {
        let Rgb([r, g, b]) = *opaque.get_pixel(x, y);
        Rgba([r, g, b, alpha])
    })
}

/// The colours near the four corners of a picture file: upper left, upper right, lower left, lower right.
pub(crate) fn corners_of(file: &[u8]) -> [[u8; 3]; 4] {
    let image = image::load_from_memory(file).unwrap().into_rgb8();
    let (right, low) = (image.width() - 1 - image.width() / 8, image.height() - 1 - image.height() / 8);
    let (left, high) = (image.width() / 8, image.height() / 8);
    [(left, high), (right, high), (left, low), (right, low)].map(|(x, y)| image.get_pixel(x, y).0)
}

/// Whether two colours look alike: at most `apart` in every channel.
pub(crate) fn alike(one: [u8; 3], other: [u8; 3], apart: u8) -> bool {
    one.into_iter().zip(other).all(|(one, other)| one.abs_diff(other) <= apart)
}

/// A picture in any format that the image crate writes.
pub(crate) fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// [`corners`] as a baseline JPEG.
pub(crate) fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let image = corners(width.into(), height.into());
    Encoder::new(&mut file, 90).encode(&image, width, height, ColorType::Rgb).unwrap();
    file
}

/// [`corners`] as a progressive JPEG.
pub(crate) fn progressive_jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_progressive(true);
    encoder.encode(&corners(width.into(), height.into()), width, height, ColorType::Rgb).unwrap();
    file
}

/// A progressive JPEG in full colour resolution, which costs a decoder the most; grey stripes, so that a large one is soon made.
pub(crate) fn large_progressive_jpeg(width: u16, height: u16) -> Vec<u8> {
    let row: Vec<u8> = (0..u32::from(width) * 3).map(|at| (at / 3 % 251).to_le_bytes()[0]).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_progressive(true);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder.encode(&row.repeat(height.into()), width, height, ColorType::Rgb).unwrap();
    file
}

/// A JPEG with a segment put in front of its first one.
pub(crate) fn with_segment(jpeg: &[u8], code: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("a segment holds at most 65533 bytes").to_be_bytes();
    [&jpeg[..2], &[0xFF, code], &length, data, &jpeg[2..]].concat()
}

/// A JPEG as a phone writes it: stored turned, with camera, place, comment and a tail.
pub(crate) fn phone_jpeg(width: u16, height: u16, orientation: u16) -> Vec<u8> {
    let exif = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
    let file = with_segment(&jpeg(width, height), 0xE1, &exif);
    let file = with_segment(&file, 0xFE, b"a private comment");
    with_segment(&file, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>private packet</x:xmpmeta>")
}

/// An EXIF block with an orientation, a camera's name and a place on earth.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let entry = |tag: u16, format: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &format.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let header = [b"II*\0".as_slice(), &8_u32.to_le_bytes()].concat();
    let camera = b"PrivateCamera 9\0";
    let (camera_at, gps_at) = (8 + 2 + 3 * 12 + 4, 8 + 2 + 3 * 12 + 4 + 16);
    let first = [
        3_u16.to_le_bytes().to_vec(),
        entry(0x010F, 2, 16, camera_at),
        entry(0x0112, 3, 1, orientation.into()),
        entry(0x8825, 4, 1, gps_at),
        0_u32.to_le_bytes().to_vec(),
    ]
    .concat();
    let place = [1_u16.to_le_bytes().to_vec(), entry(1, 2, 2, u32::from(b'N')), 0_u32.to_le_bytes().to_vec()].concat();
    [header, first, camera.to_vec(), place].concat()
}

/// An EXIF block whose directory points at itself.
pub(crate) fn looping_exif() -> Vec<u8> {
    [b"II*\0".as_slice(), &8_u32.to_le_bytes(), &0_u16.to_le_bytes(), &8_u32.to_le_bytes()].concat()
}

/// An EXIF block that announces 65535 entries and holds as many as fit into a JPEG segment.
pub(crate) fn huge_exif() -> Vec<u8> {
    let mut block = [b"MM\0*".as_slice(), &8_u32.to_be_bytes(), &u16::MAX.to_be_bytes()].concat();
    block.resize(65_000, 0x11);
    block
}

/// [`corners`] as a PNG of 8 bits.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(&corners(width, height).into(), ImageFormat::Png)
}

/// [`corners`] as a lossless WebP.
pub(crate) fn webp(width: u32, height: u32) -> Vec<u8> {
    encoded(&corners(width, height).into(), ImageFormat::WebP)
}

/// A GIF whose first frame shows [`corners`] and whose others are black.
pub(crate) fn animated_gif(width: u32, height: u32, frames: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    encoder.encode_frame(Frame::new(corners_with_alpha(width, height, 255))).unwrap();
    for _ in 1..frames {
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(width, height, Rgba([0, 0, 0, 255])))).unwrap();
    }
    drop(encoder);
    file
}

/// A WebP whose first frame shows [`corners`] and whose others are black.
pub(crate) fn animated_webp(width: u32, height: u32, frames: u32) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        [kind, &length, data, &[0][..data.len() % 2]].concat()
    };
    let le24 = |number: u32| number.to_le_bytes()[..3].to_vec();
    let frame = |still: Vec<u8>| {
        let head = [le24(0), le24(0), le24(width - 1), le24(height - 1), le24(40), vec![0]].concat();
        chunk(b"ANMF", &[head, still[12..].to_vec()].concat())
    };
    let black = encoded(&RgbImage::new(width, height).into(), ImageFormat::WebP);
    let mut body = [b"WEBP".to_vec(), chunk(b"VP8X", &[vec![2, 0, 0, 0], le24(width - 1), le24(height - 1)].concat())];
    let mut body: Vec<u8> = body.iter_mut().flat_map(std::mem::take).collect();
    body.extend(chunk(b"ANIM", &[0; 6]));
    body.extend(frame(webp(width, height)));
    (1..frames).for_each(|_| body.extend(frame(black.clone())));
    chunk(b"RIFF", &body)
}

/// A PNG chunk with its checksum.
pub(crate) fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut checksum = Crc::new();
    checksum.update(kind);
    checksum.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], kind, data, &checksum.sum().to_be_bytes()].concat()
}

/// A PNG put together by hand: bit depth, colour type, chunks before the pixels, and the rows with their filter bytes.
pub(crate) fn png_of(size: (u32, u32), depth: u8, colour: u8, chunks: &[Vec<u8>], rows: &[u8]) -> Vec<u8> {
    let header = [&size.0.to_be_bytes()[..], &size.1.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    let file = [b"\x89PNG\r\n\x1a\n".to_vec(), png_chunk(b"IHDR", &header), chunks.concat()].concat();
    [file, png_chunk(b"IDAT", &packed(rows)), png_chunk(b"IEND", b"")].concat()
}

/// [`corners`] of 64 by 48 as a PNG with a palette of four colours, the given alpha of the first of them, 2 bits a pixel.
pub(crate) fn palette_png(first_alpha: Option<u8>) -> Vec<u8> {
    let colours = [UPPER_LEFT, UPPER_RIGHT, LOWER_LEFT, LOWER_RIGHT].concat();
    let mut chunks = vec![png_chunk(b"PLTE", &colours)];
    chunks.extend(first_alpha.map(|alpha| png_chunk(b"tRNS", &[alpha])));
    let row = |left: u8, right: u8| [vec![0], vec![left * 0x55; 8], vec![right * 0x55; 8]].concat();
    let rows = [row(0, 1).repeat(24), row(2, 3).repeat(24)].concat();
    png_of((64, 48), 2, 3, &chunks, &rows)
}

/// 64 by 48 pixels of 1 bit: left half black, right half white.
pub(crate) fn one_bit_png() -> Vec<u8> {
    let row = [0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];
    png_of((64, 48), 1, 0, &[], &row.repeat(48))
}

/// A PNG with chunks put behind its header.
pub(crate) fn with_chunks(png: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    let (header, rest) = png.split_at(8 + 25);
    [header, &chunks.concat(), rest].concat()
}

/// A chunk that holds `unpacked_bytes` of zeros in a thousandth of the room: `iCCP` or `zTXt`.
pub(crate) fn bomb_chunk(kind: &[u8; 4], unpacked_bytes: usize) -> Vec<u8> {
    let mut zeros = ZlibEncoder::new(Vec::new(), Compression::best());
    let piece = vec![0; 1 << 16];
    (0..unpacked_bytes / piece.len()).for_each(|_| zeros.write_all(&piece).unwrap());
    png_chunk(kind, &[b"name\0\0".as_slice(), &zeros.finish().unwrap()].concat())
}

/// A colour profile as a PNG carries it.
pub(crate) fn profile_chunk(profile: &[u8]) -> Vec<u8> {
    png_chunk(b"iCCP", &[b"name\0\0".as_slice(), &packed(profile)].concat())
}

/// An animated PNG; its still picture is `png`, its second frame black.
pub(crate) fn animated_png(width: u32, height: u32) -> Vec<u8> {
    let control = |sequence: u32| {
        let numbers = [sequence, width, height, 0, 0].map(u32::to_be_bytes).concat();
        png_chunk(b"fcTL", &[numbers, vec![0, 1, 0, 10, 0, 0]].concat())
    };
    let still = with_chunks(&png(width, height), &[png_chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]), control(0)]);
    let black = packed(&vec![0; (width as usize * 3 + 1) * height as usize]);
    let second = png_chunk(b"fdAT", &[&2_u32.to_be_bytes()[..], &black].concat());
    let (pixels, end) = still.split_at(still.len() - 12);
    [pixels, &control(1), &second, end].concat()
}

/// A PNG that claims a size and holds next to nothing.
pub(crate) fn forged_png(size: (u32, u32), depth: u8, colour: u8) -> Vec<u8> {
    png_of(size, depth, colour, &[], &[0; 64])
}

/// A JPEG that claims a size, with `coded_bytes` of zeros for its only scan.
pub(crate) fn forged_jpeg(width: u16, height: u16, coded_bytes: usize) -> Vec<u8> {
    resized_jpeg(&jpeg(16, 16), width, height, coded_bytes)
}

/// A progressive JPEG that claims a size, with `coded_bytes` of zeros added to its first scan.
pub(crate) fn forged_progressive_jpeg(width: u16, height: u16, coded_bytes: usize) -> Vec<u8> {
    resized_jpeg(&progressive_jpeg(16, 16), width, height, coded_bytes)
}

fn resized_jpeg(jpeg: &[u8], width: u16, height: u16, coded_bytes: usize) -> Vec<u8> {
    let mut file = jpeg.to_vec();
    let frame = file.windows(2).position(|pair| matches!(pair, [0xFF, 0xC0..=0xC2])).unwrap();
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let header_bytes = usize::from(u16::from_be_bytes([file[scan + 2], file[scan + 3]]));
    let coded = scan + 2 + header_bytes;
    file.splice(coded..coded, std::iter::repeat_n(0, coded_bytes));
    file
}

/// A GIF that claims a canvas around a frame of one pixel.
pub(crate) fn forged_gif(width: u16, height: u16) -> Vec<u8> {
    let mut file = animated_gif(1, 1, 1);
    file[6..8].copy_from_slice(&width.to_le_bytes());
    file[8..10].copy_from_slice(&height.to_le_bytes());
    file
}

/// A lossless WebP of 256 by 256 pixels with 65,536 groups of prefix codes: 2.6 MB of file, 1.3 GB of tables in a decoder
/// that believes it.
pub(crate) fn greedy_webp() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0x2F, 8);
    bits.put(255, 14);
    bits.put(255, 14);
    bits.put(0, 4);
    // No transform, no colour cache; groups for blocks of 4 pixels a side, in a picture of one colour: group 65,535.
    bits.put(0, 2);
    bits.put(1, 1);
    bits.put(0, 3);
    bits.put(0, 1);
    for symbol in [255, 255, 0, 0, 0] {
        bits.put(0b101, 3);
        bits.put(symbol, 8);
    }
    for _ in 0..5 * 65_536 {
        bits.put_long_code();
    }
    let data = bits.bytes;
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let pad = &[0][..data.len() % 2];
    [b"RIFF", &length(12 + data.len() + pad.len())[..], b"WEBPVP8L", &length(data.len()), &data, pad].concat()
}

/// Bits, lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, width: u32) {
        for bit in 0..width {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= u8::try_from(value >> bit & 1).unwrap() << (self.count % 8);
            self.count += 1;
        }
    }

    /// A prefix code of lengths 1, 2, 3 ... 9, 10, 10: a table of 1,024 entries.
    fn put_long_code(&mut self) {
        self.put(0, 1);
        self.put(14 - 4, 4);
        // The code for lengths, in the order 17 18 0 1 2 3 4 5 16 6 7 8 9 10: lengths 1 to 6 in 3 bits, 7 to 10 in 4.
        for length in [0, 0, 0, 3, 3, 3, 3, 3, 0, 3, 4, 4, 4, 4] {
            self.put(length, 3);
        }
        // Eleven lengths follow.
        self.put(1, 1);
        self.put(1, 3);
        self.put(9, 4);
        for length in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10_u32] {
            let (code, width) = if length <= 6 { (length - 1, 3) } else { (length - 7 + 12, 4) };
            self.put(code.reverse_bits() >> (32 - width), width);
        }
    }
}

/// A picture with another file behind its end.
pub(crate) fn with_tail(file: &[u8]) -> Vec<u8> {
    [file, b"PK\x03\x04<script>alert('private tail')</script>"].concat()
}

/// A zlib stream.
pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}
