//! The frame header: coding process, size, components.

use crate::Error;

pub(crate) const BLOCK_PX: u32 = 8;

#[derive(Debug, Clone)]
pub struct FrameHeader {
    /// Whether the coefficients come in several scans that refine each other.
    pub progressive: bool,
    pub width_px: u32,
    pub height_px: u32,
    pub(crate) components: Vec<Component>,
    pub(crate) h_max: u32,
    pub(crate) v_max: u32,
    /// Units of interleaved components per row, and rows of units.
    pub(crate) units_x: u32,
    pub(crate) units_y: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Component {
    pub(crate) id: u8,
    pub(crate) h: u32,
    pub(crate) v: u32,
    pub(crate) quantisation: usize,
    /// Samples, in the component's own resolution.
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) blocks_x: u32,
    pub(crate) blocks_y: u32,
    /// Blocks of a row, padded to whole units.
    pub(crate) stride: u32,
}

impl FrameHeader {
    pub fn parse(code: u8, segment: &[u8]) -> Result<Self, Error> {
        kind_is_read(code)?;
        let Some(([precision, h1, h0, w1, w0, count], described)) = segment.split_first_chunk::<6>() else {
            return Err(Error::Damaged);
        };
        let height_px = u32::from(u16::from_be_bytes([*h1, *h0]));
        let width_px = u32::from(u16::from_be_bytes([*w1, *w0]));
        match precision {
            8 => {}
            12 | 16 => return Err(Error::Unread("a JPEG of 8 bits a colour, and this one has more")),
            _ => return Err(Error::Damaged),
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(Error::Unread("a JPEG of one, three or four colours, and this one has another number"));
        }
        if height_px == 0 {
            return Err(Error::Unread("a JPEG whose header says its height, and this one's does not"));
        }
        if width_px == 0 || described.len() != usize::from(*count) * 3 {
            return Err(Error::Damaged);
        }
        let (described, _) = described.as_chunks::<3>();
        let only = described.len() == 1;
        let mut components = Vec::with_capacity(described.len());
        for [id, factors, quantisation] in described {
            let (h, v) = (u32::from(factors >> 4), u32::from(factors & 15));
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) || *quantisation > 3 {
                return Err(Error::Damaged);
            }
            // The factors of a single component have nothing to relate to.
            let (h, v) = if only { (1, 1) } else { (h, v) };
            components.push(Component::new(*id, h, v, *quantisation));
        }
        Self { progressive: code == 0xC2, width_px, height_px, components, h_max: 1, v_max: 1, units_x: 0, units_y: 0 }
            .measured()
    }

    fn measured(mut self) -> Result<Self, Error> {
        let (h_max, v_max) = (
            self.components.iter().map(|component| component.h).max().unwrap_or(1),
            self.components.iter().map(|component| component.v).max().unwrap_or(1),
        );
        (self.h_max, self.v_max) = (h_max, v_max);
        self.units_x = self.width_px.div_ceil(BLOCK_PX * h_max);
        self.units_y = self.height_px.div_ceil(BLOCK_PX * v_max);
        for component in &mut self.components {
            if h_max % component.h != 0 || v_max % component.v != 0 {
                return Err(Error::Unread(
                    "a JPEG whose colours are sampled at whole ratios, and this one has one at a fraction",
                ));
            }
            component.width = (self.width_px * component.h).div_ceil(h_max);
            component.height = (self.height_px * component.v).div_ceil(v_max);
            component.blocks_x = component.width.div_ceil(BLOCK_PX);
            component.blocks_y = component.height.div_ceil(BLOCK_PX);
            component.stride = self.units_x * component.h;
        }
        Ok(self)
    }

    #[must_use]
    pub fn components(&self) -> usize {
        self.components.len()
    }

    /// Returns the number of blocks that a decoder keeps if the components come in several scans.
    #[must_use]
    pub fn blocks_held(&self) -> u64 {
        let units = u64::from(self.units_x) * u64::from(self.units_y);
        self.components.iter().map(|component| units * u64::from(component.h * component.v)).sum()
    }

    /// A code has at least one bit, a block of a baseline file two codes.
    #[must_use]
    pub fn fits_into(&self, coded_bytes: u64) -> bool {
        let codes_per_block = if self.progressive { 1 } else { 2 };
        let blocks = |component: &Component| u64::from(component.blocks_x) * u64::from(component.blocks_y);
        coded_bytes * 8 >= self.components.iter().map(blocks).sum::<u64>() * codes_per_block
    }
}

fn kind_is_read(code: u8) -> Result<(), Error> {
    match code {
        0xC0..=0xC2 => Ok(()),
        0xC3 | 0xC7 | 0xCB | 0xCF => {
            Err(Error::Unread("a baseline or progressive JPEG, and this one is coded losslessly"))
        }
        0xC9 | 0xCA => Err(Error::Unread("a JPEG with Huffman codes, and this one has arithmetic ones")),
        0xC5 | 0xC6 | 0xCD | 0xCE => {
            Err(Error::Unread("a baseline or progressive JPEG, and this one is of several resolutions"))
        }
        _ => Err(Error::Damaged),
    }
}

impl Component {
    fn new(id: u8, h: u32, v: u32, quantisation: u8) -> Self {
        let quantisation = usize::from(quantisation);
        Self { id, h, v, quantisation, width: 0, height: 0, blocks_x: 0, blocks_y: 0, stride: 0 }
    }
}
