//! GIF and WebP: the first frame in its place on the canvas, and damage.

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

use super::{Expected, Member};
use crate::photo::{self, encoded};

const CUT: &str = "must be a whole picture, and this one is cut short";
const DAMAGED: &str = "must be an undamaged picture, and this one cannot be read";

fn png(image: RgbaImage) -> Vec<u8> {
    encoded(&DynamicImage::ImageRgba8(image), ImageFormat::Png)
}

fn shown(name: &str, file: Vec<u8>, seen: RgbaImage) -> Member {
    Member { name: name.to_owned(), file, expected: Expected::Shown, like: Some(png(seen)), has_pillow: false }
}

fn refused(name: &str, file: Vec<u8>, reason: &'static str) -> Member {
    Member { name: name.to_owned(), file, expected: Expected::Refused(reason), like: None, has_pillow: false }
}

fn named(kind: &str, mut members: Vec<Member>) -> Vec<Member> {
    members.iter_mut().for_each(|member| member.name = format!("{kind}_{}.{kind}", member.name));
    members
}

/// A frame of a GIF. Its pixels are drawn.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: u16,
    top: u16,
    width: u16,
    height: u16,
    is_interlaced: bool,
    has_own_palette: bool,
    transparent: Option<u8>,
}

const COLOURS: usize = 16;

fn palette(is_own: bool) -> Vec<u8> {
    (0..COLOURS * 3).map(|n| u8::try_from(if is_own { n * 91 } else { n * 53 } % 256).unwrap()).collect()
}

impl Frame {
    fn of(left: u16, top: u16, width: u16, height: u16) -> Self {
        Self { left, top, width, height, is_interlaced: false, has_own_palette: false, transparent: None }
    }

    fn index(x: u16, y: u16) -> u8 {
        u8::try_from((usize::from(x) / 3 + usize::from(y) * 5) % COLOURS).unwrap()
    }

    fn indices(&self) -> Vec<u8> {
        let passes = if self.is_interlaced { &[(0, 8), (4, 8), (2, 4), (1, 2)][..] } else { &[(0, 1)] };
        let rows = passes.iter().flat_map(|(from, step)| (*from..self.height).step_by(*step));
        rows.flat_map(|y| (0..self.width).map(move |x| Self::index(x, y))).collect()
    }

    fn descriptor(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(index) = self.transparent {
            out.extend([0x21, 0xF9, 4, 1, 10, 0, index, 0]);
        }
        out.push(0x2C);
        for number in [self.left, self.top, self.width, self.height] {
            out.extend(number.to_le_bytes());
        }
        out.push(if self.has_own_palette { 0x83 } else { 0 } | if self.is_interlaced { 0x40 } else { 0 });
        if self.has_own_palette {
            out.extend(palette(true));
        }
        out
    }

    fn block(&self) -> Vec<u8> {
        [self.descriptor(), sub_blocks(&coded(&self.indices(), true))].concat()
    }

    /// The canvas with this frame in its place.
    fn seen(&self, width: u16, height: u16) -> RgbaImage {
        let palette = palette(self.has_own_palette);
        RgbaImage::from_fn(width.into(), height.into(), |x, y| {
            let inside = |at: u32, from: u16, length: u16| {
                u16::try_from(at).unwrap().checked_sub(from).filter(|within| *within < length)
            };
            match (inside(x, self.left, self.width), inside(y, self.top, self.height)) {
                (Some(x), Some(y)) if self.transparent != Some(Self::index(x, y)) => {
                    let at = usize::from(Self::index(x, y)) * 3;
                    Rgba([palette[at], palette[at + 1], palette[at + 2], 255])
                }
                (_, _) => Rgba([0; 4]),
            }
        })
    }
}

/// LZW of codes that never grow: the table is cleared in time.
fn coded(indices: &[u8], ends: bool) -> Vec<u8> {
    const CLEAR: u32 = 16;
    let (mut out, mut held, mut count) = (Vec::new(), 0_u32, 0);
    let mut put = |code: u32| {
        held |= code << count;
        count += 5;
        while count >= 8 {
            out.push(held.to_le_bytes()[0]);
            held >>= 8;
            count -= 8;
        }
    };
    for some in indices.chunks(12) {
        put(CLEAR);
        some.iter().for_each(|index| put((*index).into()));
    }
    if ends {
        put(CLEAR + 1);
    }
    put(0);
    put(0);
    out
}

fn sub_blocks(data: &[u8]) -> Vec<u8> {
    let blocks = data.chunks(200).flat_map(|part| [&[u8::try_from(part.len()).unwrap()], part].concat());
    [4].into_iter().chain(blocks).chain([0]).collect()
}

fn gif(version: &[u8; 6], width: u16, height: u16, blocks: &[Vec<u8>]) -> Vec<u8> {
    let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
    [version.to_vec(), size, vec![0x83, 5, 0], palette(false), blocks.concat(), vec![0x3B]].concat()
}

pub(super) fn gifs() -> Vec<Member> {
    const NEW: &[u8; 6] = b"GIF89a";
    let full = Frame::of(0, 0, 40, 30);
    let placed = Frame::of(7, 11, 20, 10);
    let of = |frame: Frame| gif(NEW, 40, 30, &[frame.block()]);
    let second = Frame { has_own_palette: true, ..full };
    let mut members = vec![
        shown("full", of(full), full.seen(40, 30)),
        shown("old", gif(b"GIF87a", 40, 30, &[full.block()]), full.seen(40, 30)),
        shown("placed", of(placed), placed.seen(40, 30)),
        shown("above", of(Frame::of(0, 0, 40, 9)), Frame::of(0, 0, 40, 9).seen(40, 30)),
        shown("below", of(Frame::of(0, 21, 40, 9)), Frame::of(0, 21, 40, 9).seen(40, 30)),
        shown("of_a_pixel", of(Frame::of(39, 29, 1, 1)), Frame::of(39, 29, 1, 1).seen(40, 30)),
        shown("on_no_canvas", gif(NEW, 0, 0, &[full.block()]), full.seen(40, 30)),
        shown("on_a_small_canvas", gif(NEW, 10, 10, &[full.block()]), full.seen(40, 30)),
        shown("beyond_its_canvas", gif(NEW, 20, 15, &[placed.block()]), placed.seen(27, 21)),
        shown("animated", gif(NEW, 40, 30, &[placed.block(), second.block()]), placed.seen(40, 30)),
        shown(
            "damaged_later",
            gif(NEW, 40, 30, &[placed.block(), [second.descriptor(), vec![4, 1, 255, 0]].concat()]),
            placed.seen(40, 30),
        ),
    ];
    for (name, frame) in [("full", full), ("placed", placed)] {
        let interlaced = Frame { is_interlaced: true, ..frame };
        members.push(shown(&format!("interlaced_{name}"), of(interlaced), interlaced.seen(40, 30)));
        let own = Frame { has_own_palette: true, transparent: Some(3), ..frame };
        members.push(shown(&format!("transparent_{name}"), of(own), own.seen(40, 30)));
    }
    let comment = b"\x21\xFE\x05hello\0".to_vec();
    members.push(shown("commented", gif(NEW, 40, 30, &[comment, full.block()]), full.seen(40, 30)));

    let data = |coded: &[u8]| gif(NEW, 40, 30, &[[full.descriptor(), sub_blocks(coded)].concat()]);
    let indices = full.indices();
    members.push(shown("without_an_end_code", data(&coded(&indices, false)), full.seen(40, 30)));
    members.push(refused("pixels_missing", data(&coded(&indices[..600], true)), DAMAGED));
    members.push(refused("a_pixel_missing", data(&coded(&indices[..1_199], true)), DAMAGED));
    members.push(refused("data_missing", data(&coded(&indices, true)[..300]), DAMAGED));
    members.push(refused("no_data", data(&[]), DAMAGED));
    // A clear code, then one that nothing was given.
    members.push(refused("unknown_code", data(&[16 | 0xE0, 0x03]), DAMAGED));
    // A palette of eight colours, and pixels of sixteen.
    let mut poor = of(full);
    poor[10] = 0x82;
    poor.drain(13 + 24..13 + 48);
    members.push(refused("colour_beyond_its_palette", poor, DAMAGED));
    let whole = of(full);
    for keep in (60..whole.len()).step_by(67) {
        members.push(refused(&format!("cut_at_{keep}"), whole[..keep].to_vec(), CUT));
    }
    named("gif", members)
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&kind[..], &length, data, &[0][..data.len() % 2]].concat()
}

fn le24(number: u32) -> Vec<u8> {
    number.to_le_bytes()[..3].to_vec()
}

fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"RIFF", &[b"WEBP".to_vec(), chunks.concat()].concat())
}

fn canvas(width: u32, height: u32, flags: u8) -> Vec<u8> {
    chunk(b"VP8X", &[vec![flags, 0, 0, 0], le24(width - 1), le24(height - 1)].concat())
}

/// A frame at twice these coordinates, of a file whose chunks are taken over.
fn frame(left: u32, top: u32, size: (u32, u32), still: &[u8]) -> Vec<u8> {
    let head = [le24(left), le24(top), le24(size.0 - 1), le24(size.1 - 1), le24(40), vec![0]].concat();
    chunk(b"ANMF", &[head, still[12..].to_vec()].concat())
}

pub(super) fn webps() -> Vec<Member> {
    const ANIMATED: u8 = 2;
    const ALPHA: u8 = 0x10;
    let picture = photo::corners_with_alpha(24, 18, 255);
    let lossless = encoded(&DynamicImage::ImageRgba8(picture.clone()), ImageFormat::WebP);
    let on_canvas = |picture: &RgbaImage, left: i64, top: i64| {
        let mut canvas = RgbaImage::new(90, 80);
        image::imageops::replace(&mut canvas, picture, left, top);
        canvas
    };
    let background = chunk(b"ANIM", &[9, 9, 9, 255, 0, 0]);
    let animation = |frame: Vec<u8>| webp(&[canvas(90, 80, ANIMATED | ALPHA), background.clone(), frame]);
    let lossy = [photo::LOSSY_WEBP, photo::LOSSY_WEBP_WITH_ALPHA];
    let [plain, with_alpha] = lossy.map(|file| image::load_from_memory(file).unwrap().into_rgba8());
    // The simple form of a still has its one chunk at byte 12; one with alpha is a VP8X, ALPH and VP8 chunk.
    let alpha_chunks = [&photo::LOSSY_WEBP_WITH_ALPHA[..12], &photo::LOSSY_WEBP_WITH_ALPHA[30..]].concat();
    let mut members = vec![
        shown("lossless", lossless.clone(), picture.clone()),
        shown("lossy", photo::LOSSY_WEBP.to_vec(), plain.clone()),
        shown("lossy_alpha", photo::LOSSY_WEBP_WITH_ALPHA.to_vec(), with_alpha.clone()),
        shown("placed", animation(frame(5, 7, (24, 18), &lossless)), on_canvas(&picture, 10, 14)),
        shown("placed_lossy", animation(frame(13, 16, (64, 48), photo::LOSSY_WEBP)), on_canvas(&plain, 26, 32)),
        shown("placed_lossy_alpha", animation(frame(3, 0, (64, 48), &alpha_chunks)), on_canvas(&with_alpha, 6, 0)),
        shown("animated_full", photo::animated_webp(64, 48, 2), photo::corners_with_alpha(64, 48, 255)),
        refused("beyond_its_canvas", animation(frame(40, 7, (24, 18), &lossless)), DAMAGED),
        refused("of_another_size", animation(frame(5, 7, (25, 18), &lossless)), DAMAGED),
        refused("still_on_a_larger_canvas", webp(&[canvas(90, 80, ALPHA), lossless[12..].to_vec()]), DAMAGED),
    ];
    for (name, file) in [("lossless", &lossless[..]), ("lossy", lossy[0]), ("lossy_alpha", lossy[1])] {
        for keep in (40..file.len()).step_by(7) {
            members.push(refused(&format!("{name}_cut_at_{keep}"), file[..keep].to_vec(), CUT));
        }
    }
    // The lengths are made to fit, so that only the coded data tells.
    for (name, file) in [("lossless", &lossless[..]), ("lossy", lossy[0])] {
        let kind = file[12..16].first_chunk::<4>().unwrap();
        for keep in (30..file.len() - 20).step_by(5) {
            let shorter = webp(&[chunk(kind, &file[20..keep])]);
            let (like, expected) = (None, Expected::RefusedSomehow);
            members.push(Member {
                name: format!("{name}_shortened_to_{keep}"),
                file: shorter,
                expected,
                like,
                has_pillow: true,
            });
        }
    }
    named("webp", members)
}
