//! GIF, parsed block by block; only the first frame is kept. Source: CompuServe GIF89a.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, MemoryLimit};
use image::{DynamicImage, Rgba, RgbaImage};

use super::headers::{Bytes, FrameArea, Headers, NeededBytes, cut_short, damaged};
use crate::domain::Fault;

/// Of the decoder's table and buffers, besides the colour indices.
const DECODER_BYTES: u64 = 256 << 10;

/// Keeps the first frame as a GIF of the frame's size; [`Headers::part`] is its position on the canvas. A canvas that
/// is too small for it is enlarged, as in browsers.
pub(super) fn read<'a>(upload: &'a [u8], needed: &mut NeededBytes) -> Result<Headers<'a>, Fault> {
    let mut bytes = Bytes(upload);
    let screen = Screen::take(&mut bytes).ok_or_else(cut_short)?;
    let mut frame: Option<Image> = None;
    let mut control = None;
    let mut whole = false;
    while let Some(introducer) = bytes.u8() {
        let from = bytes.0;
        let block = match introducer {
            0x21 => skip_extension(&mut bytes).map(|label| {
                if label == 0xF9 && frame.is_none() {
                    control = from.get(..from.len() - bytes.0.len());
                }
            }),
            0x2C => skip_image(&mut bytes).map(|image| {
                if frame.is_none() {
                    screen.keep_alone(&image, control, from.get(9..from.len() - bytes.0.len()), needed);
                    frame = Some(image);
                }
            }),
            0x3B => {
                whole = true;
                break;
            }
            _ => return Err(damaged()),
        };
        if block.is_none() {
            break;
        }
    }
    let frame = frame.ok_or_else(|| if whole { damaged() } else { cut_short() })?;
    if frame.width == 0 || frame.height == 0 {
        return Err(damaged());
    }
    let part = frame.part();
    let width_px = u32::from(screen.width).max(part.left_px + part.width_px);
    let height_px = u32::from(screen.height).max(part.top_px + part.height_px);
    let is_whole = (part.width_px, part.height_px) == (width_px, height_px);
    Ok(Headers {
        width_px,
        height_px,
        part: if is_whole { None } else { Some(part) },
        decoded_bytes: u64::from(width_px) * u64::from(height_px) * 4 + if is_whole { 0 } else { part.bytes() },
        decoder_bytes: DECODER_BYTES + part.bytes() / 4,
        exif: None,
        profiles: Vec::new(),
        whole,
    })
}

/// Decodes to colour indices: the image crate makes a colour missing from the palette transparent.
pub(super) fn decode(needed: &[u8], headers: &Headers<'_>) -> Result<DynamicImage, Fault> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(MemoryLimit::Bytes(NonZeroU64::new(headers.decoded_bytes).ok_or_else(damaged)?));
    let mut decoder = options.read_info(needed).map_err(|_| damaged())?;
    let shared = decoder.global_palette().map(<[u8]>::to_vec);
    let frame = decoder.read_next_frame().map_err(|_| damaged())?.ok_or_else(damaged)?;
    let (width, height) = (u32::from(frame.width), u32::from(frame.height));
    if (width, height) != headers.decoded_px() {
        return Err(damaged());
    }
    let palette = frame.palette.as_deref().or(shared.as_deref()).ok_or_else(damaged)?;
    let (colours, _) = palette.as_chunks::<3>();
    let mut pixels = RgbaImage::new(width, height);
    for (pixel, index) in pixels.pixels_mut().zip(frame.buffer.iter()) {
        if Some(*index) != frame.transparent {
            let [red, green, blue] = *colours.get(usize::from(*index)).ok_or_else(damaged)?;
            *pixel = Rgba([red, green, blue, u8::MAX]);
        }
    }
    Ok(DynamicImage::ImageRgba8(pixels))
}

struct Screen<'a> {
    width: u16,
    height: u16,
    flags: u8,
    colours: &'a [u8],
}

struct Image {
    left: u16,
    top: u16,
    width: u16,
    height: u16,
    flags: u8,
}

impl Image {
    fn part(&self) -> FrameArea {
        let [left_px, top_px, width_px, height_px] = [self.left, self.top, self.width, self.height].map(u32::from);
        FrameArea { left_px, top_px, width_px, height_px }
    }
}

impl<'a> Screen<'a> {
    fn take(bytes: &mut Bytes<'a>) -> Option<Self> {
        bytes.take(6)?;
        let (width, height, flags) = (bytes.le16()?, bytes.le16()?, bytes.u8()?);
        bytes.take(2)?;
        let colours = bytes.take(colour_bytes(flags))?;
        Some(Self { width, height, flags, colours })
    }

    /// Keeps one frame as a GIF of its own. `body` is what follows the descriptor.
    fn keep_alone(&self, image: &Image, control: Option<&[u8]>, body: Option<&[u8]>, needed: &mut NeededBytes) {
        let size = [image.width.to_le_bytes(), image.height.to_le_bytes()].concat();
        needed.keep(b"GIF89a");
        needed.keep(&size);
        needed.keep(&[self.flags, 0, 0]);
        needed.keep(self.colours);
        if let Some(control) = control {
            needed.keep(&[0x21]);
            needed.keep(control);
        }
        needed.keep(&[0x2C, 0, 0, 0, 0]);
        needed.keep(&size);
        needed.keep(&[image.flags]);
        needed.keep(body.unwrap_or_default());
        needed.keep(&[0x3B]);
    }
}

fn colour_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn skip_extension(bytes: &mut Bytes<'_>) -> Option<u8> {
    let label = bytes.u8()?;
    skip_sub_blocks(bytes).map(|()| label)
}

fn skip_image(bytes: &mut Bytes<'_>) -> Option<Image> {
    let (left, top) = (bytes.le16()?, bytes.le16()?);
    let image = Image { left, top, width: bytes.le16()?, height: bytes.le16()?, flags: bytes.u8()? };
    bytes.take(colour_bytes(image.flags))?;
    let _code_size = bytes.u8()?;
    skip_sub_blocks(bytes).map(|()| image)
}

fn skip_sub_blocks(bytes: &mut Bytes<'_>) -> Option<()> {
    loop {
        match bytes.u8()? {
            0 => return Some(()),
            length => bytes.take(usize::from(length))?,
        };
    }
}
