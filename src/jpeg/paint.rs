//! Converts blocks of samples to rows of pixels.

use wide::{i16x8, i32x8, u8x16};

use crate::{
    Error, Picture, Samples,
    frame::{BLOCK_PX, Component, FrameHeader},
    upsample::{Sums, Upsampling},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColourSpace {
    Grey,
    Rgb,
    YCbCr,
    /// Four inks, stored inverted as Adobe's programs do. Browsers read all four-component files this way.
    Cmyk,
    /// As [`Self::Cmyk`], the first three as YCbCr.
    Ycck,
}

/// Three rows of units of a component: the one being painted, the one before it and the one after.
#[derive(Debug)]
struct Strips {
    upsampling: Upsampling,
    /// Samples of a row, padded to whole units.
    stride: usize,
    rows: usize,
    /// Samples of a row, and rows, that belong to the picture.
    width: usize,
    height: usize,
    /// How often a sample is repeated horizontally and vertically.
    repeats: (usize, usize),
    before: Vec<u8>,
    current: Vec<u8>,
    after: Vec<u8>,
    row: Vec<u8>,
}

impl Strips {
    fn of(component: &Component, frame: &FrameHeader) -> Self {
        let (stride, rows) = ((component.stride * BLOCK_PX) as usize, (component.v * BLOCK_PX) as usize);
        let strip = vec![0; stride * rows];
        Self {
            upsampling: Upsampling::of(component, frame),
            stride,
            rows,
            width: component.width as usize,
            height: component.height as usize,
            repeats: ((frame.h_max / component.h) as usize, (frame.v_max / component.v) as usize),
            before: strip.clone(),
            current: strip.clone(),
            after: strip,
            row: vec![0; frame.width_px as usize],
        }
    }

    fn at(&self, y: usize, from: usize) -> &[u8] {
        let (strip, within) = match y.checked_sub(from) {
            None => (&self.before, (y + self.rows).saturating_sub(from)),
            Some(within) if within < self.rows => (&self.current, within),
            Some(within) => (&self.after, within - self.rows),
        };
        let from = within * self.stride;
        strip.get(from..from + self.width).unwrap_or_default()
    }

    fn make_row(&mut self, y: usize, strip: usize, sums: &mut Sums) {
        let (near, part) = (y / self.repeats.1, y % self.repeats.1);
        let is_lower = part > 0;
        let far = match (self.upsampling.mixes_rows(), is_lower) {
            (false, _) => near,
            (true, false) => near.saturating_sub(1),
            (true, true) => (near + 1).min(self.height - 1),
        };
        let mut row = std::mem::take(&mut self.row);
        let from = strip * self.rows;
        sums.row(self.upsampling, (self.at(near, from), self.at(far, from)), is_lower, self.repeats.0, &mut row);
        self.row = row;
    }

    fn turn(&mut self) {
        std::mem::swap(&mut self.before, &mut self.current);
        std::mem::swap(&mut self.current, &mut self.after);
    }
}

/// Turns blocks of samples into pixels, one row of units at a time.
#[derive(Debug)]
pub(crate) struct Painter {
    colours: ColourSpace,
    width: usize,
    height: usize,
    unit_rows: usize,
    strips: Vec<Strips>,
    completed: usize,
    pixels: Vec<u8>,
    painted: usize,
    sums: Sums,
}

impl Painter {
    pub(crate) fn new(frame: &FrameHeader, colours: ColourSpace) -> Self {
        let (width, height) = (frame.width_px as usize, frame.height_px as usize);
        let pixel_bytes = if colours == ColourSpace::Grey { 1 } else { 3 };
        Self {
            colours,
            width,
            height,
            unit_rows: (frame.v_max * BLOCK_PX) as usize,
            strips: frame.components.iter().map(|component| Strips::of(component, frame)).collect(),
            completed: 0,
            pixels: vec![0; width * height * pixel_bytes],
            painted: 0,
            sums: Sums::default(),
        }
    }

    /// Stores a block in the current row of units. `x` and `y` count blocks of the component within that row.
    #[inline]
    pub(crate) fn put(&mut self, component: usize, x: usize, y: usize, samples: &[[u8; 8]; 8]) -> Result<(), Error> {
        let strips = self.strips.get_mut(component).ok_or(Error::Damaged)?;
        let from = y * 8 * strips.stride + x * 8;
        let rows = strips.after.get_mut(from..).unwrap_or_default();
        for (row, samples) in rows.chunks_mut(strips.stride).zip(samples) {
            if let Some(row) = row.first_chunk_mut::<8>() {
                *row = *samples;
            }
        }
        Ok(())
    }

    /// Paints the row before it, whose last rows need the first ones of this one.
    pub(crate) fn end_row(&mut self) {
        if self.completed > 0 {
            self.paint_current();
        }
        self.strips.iter_mut().for_each(Strips::turn);
        self.completed += 1;
    }

    pub(crate) fn finish(mut self) -> Picture {
        self.paint_current();
        let samples = match self.colours {
            ColourSpace::Grey => Samples::Grey(self.pixels),
            ColourSpace::Rgb | ColourSpace::YCbCr | ColourSpace::Cmyk | ColourSpace::Ycck => Samples::Rgb(self.pixels),
        };
        let side = |px: usize| u32::try_from(px).unwrap_or(u32::MAX);
        Picture { width_px: side(self.width), height_px: side(self.height), samples }
    }

    fn paint_current(&mut self) {
        let strip = self.completed - 1;
        let from = strip * self.unit_rows;
        for y in from..(from + self.unit_rows).min(self.height) {
            for strips in &mut self.strips {
                strips.make_row(y, strip, &mut self.sums);
            }
            let row_bytes = self.pixels.len() / self.height;
            let out = self.pixels.get_mut(self.painted..self.painted + row_bytes).unwrap_or_default();
            self.painted += row_bytes;
            let rows: Vec<&[u8]> = self.strips.iter().map(|strips| strips.row.as_slice()).collect();
            match (self.colours, rows.as_slice()) {
                (ColourSpace::Grey, [grey]) => out.copy_from_slice(grey),
                (ColourSpace::Rgb, [red, green, blue]) => paint_rgb(out, [red, green, blue]),
                (ColourSpace::YCbCr, [y, cb, cr]) => paint_ycbcr(out, [y, cb, cr]),
                (ColourSpace::Cmyk, [c, m, y, k]) => {
                    paint_rgb(out, [c, m, y]);
                    darken(out, k);
                }
                (ColourSpace::Ycck, [y, cb, cr, k]) => {
                    paint_ycbcr(out, [y, cb, cr]);
                    out.iter_mut().for_each(|light| *light = 255 - *light);
                    darken(out, k);
                }
                (_, _) => {}
            }
        }
    }
}

fn paint_rgb(out: &mut [u8], [red, green, blue]: [&[u8]; 3]) {
    let samples = red.iter().zip(green).zip(blue);
    for (pixel, ((red, green), blue)) in out.as_chunks_mut::<3>().0.iter_mut().zip(samples) {
        *pixel = [*red, *green, *blue];
    }
}

/// Treats the pixels as inverted inks and darkens each by the inverted black.
fn darken(out: &mut [u8], black: &[u8]) {
    for (pixel, black) in out.as_chunks_mut::<3>().0.iter_mut().zip(black) {
        *pixel = pixel.map(|ink| {
            // ink * black / 255, rounded.
            let product = u32::from(ink) * u32::from(*black) + 128;
            ((product + (product >> 8)) >> 8).to_le_bytes()[0]
        });
    }
}

/// Converts as JFIF defines it with libjpeg's rounding (`jdcolor.c`), sixteen pixels at a time.
fn paint_ycbcr(out: &mut [u8], [y, cb, cr]: [&[u8]; 3]) {
    let (sixteens, rest) = out.as_chunks_mut::<48>();
    let (ys, y_rest) = y.as_chunks::<16>();
    let (cbs, cb_rest) = cb.as_chunks::<16>();
    let (crs, cr_rest) = cr.as_chunks::<16>();
    for (sixteen, ((y, cb), cr)) in sixteens.iter_mut().zip(ys.iter().zip(cbs).zip(crs)) {
        *sixteen = rgb_of([y, cb, cr]);
    }
    let mut last = [[0; 16]; 3];
    for (last, rest) in last.iter_mut().zip([y_rest, cb_rest, cr_rest]) {
        last.iter_mut().zip(rest).for_each(|(slot, sample)| *slot = *sample);
    }
    let [y, cb, cr] = &last;
    rest.iter_mut().zip(rgb_of([y, cb, cr])).for_each(|(slot, sample)| *slot = sample);
}

#[inline(always)]
fn rgb_of(samples: [&[u8; 16]; 3]) -> [u8; 48] {
    let samples = samples.map(|samples| u8x16::new(*samples));
    let mut bytes = [0; 48];
    if let [first, second] = bytes.as_chunks_mut::<24>().0 {
        *first = eight_of(samples.map(i16x8::from_u8x16_low));
        *second = eight_of(samples.map(i16x8::from_u8x16_high));
    }
    bytes
}

/// The factors are 1.402 - 1, 1.772 - 2, 0.34414 and 0.71414 - 1, times 65536, so that each fits into 16 bits.
#[inline(always)]
fn eight_of([y, cb, cr]: [i16x8; 3]) -> [u8; 24] {
    let half = i16x8::splat(128);
    let (cb, cr) = (cb - half, cr - half);
    // Computes twice the product, adds one and halves, which rounds.
    let rounded = |value: i16x8, factor: i16| ((value + value).mul_keep_high(i16x8::splat(factor)) + i16x8::ONE) >> 1;
    let mixed = cr.widening_mul(i16x8::splat(18_734)) + cb.widening_mul(i16x8::splat(-22_554));
    let green = y - cr + i16x8::from_i32x8_saturate((mixed + i32x8::splat(1 << 15)) >> 16);
    let colours = [y + cr + rounded(cr, 26_345), green, y + cb + cb + rounded(cb, -14_942)];
    let [red, green, blue] = colours.map(|colour| colour.max(i16x8::ZERO).min(i16x8::splat(255)));

    // Pixels as 24-bit numbers, packed into three words: writing single bytes would take half of the total time.
    let red_green = (red | (green << 8_i32)).to_array().map(i16::cast_unsigned);
    let blue = blue.to_array().map(i16::cast_unsigned);
    let mut pixels = [0_u64; 8];
    for (pixel, (red_green, blue)) in pixels.iter_mut().zip(red_green.into_iter().zip(blue)) {
        *pixel = u64::from(red_green) | u64::from(blue) << 16;
    }
    let [p0, p1, p2, p3, p4, p5, p6, p7] = pixels;
    let words = [p0 | p1 << 24 | p2 << 48, p2 >> 16 | p3 << 8 | p4 << 32 | p5 << 56, p5 >> 8 | p6 << 16 | p7 << 40];
    let mut bytes = [0; 24];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    bytes
}
