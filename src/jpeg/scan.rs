//! The header of a scan, and the state between its units.

use crate::{Error, bits::Bits, frame::FrameHeader};

/// The most blocks of a unit of interleaved components (T.81, B.2.3).
const UNIT_BLOCKS_MAX: u32 = 10;

#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) components: Vec<ScanComponent>,
    /// The first and last coefficient, in the order of the file.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// The lowest bit of the scan before (0: none), and the lowest bit of this scan.
    pub(crate) former_bit: u8,
    pub(crate) bit: u8,
}

#[derive(Debug)]
pub(crate) struct ScanComponent {
    pub(crate) index: usize,
    pub(crate) dc: usize,
    pub(crate) ac: usize,
}

impl Scan {
    pub(crate) fn parse(segment: &[u8], frame: &FrameHeader) -> Result<Self, Error> {
        let (count, rest) = segment.split_first().ok_or(Error::Damaged)?;
        let (described, rest) = rest.split_at_checked(usize::from(*count) * 2).ok_or(Error::Damaged)?;
        let [first, last, bits] = *rest else { return Err(Error::Damaged) };
        let mut components = Vec::with_capacity(frame.components.len());
        let mut from = 0;
        for [id, tables] in described.as_chunks::<2>().0 {
            // Components come in the order of the frame (T.81, B.2.3). This also resolves repeated ids.
            let index = (0..).zip(&frame.components).skip(from).find(|(_, component)| component.id == *id);
            let (index, _) = index.ok_or(Error::Damaged)?;
            from = index + 1;
            components.push(ScanComponent { index, dc: usize::from(tables >> 4), ac: usize::from(tables & 15) });
        }
        let (first, last) = (usize::from(first), usize::from(last));
        let scan = Self { components, first, last, former_bit: bits >> 4, bit: bits & 15 };
        let blocks: u32 = scan.components.iter().filter_map(|c| frame.components.get(c.index)).map(|c| c.h * c.v).sum();
        match scan.components.len() {
            0 => Err(Error::Damaged),
            1 => Ok(scan),
            _ if blocks > UNIT_BLOCKS_MAX => Err(Error::Damaged),
            _ => Ok(scan),
        }
    }

    /// Returns the units per row and the rows of units. For a single component, a unit is a block.
    pub(crate) fn units(&self, frame: &FrameHeader) -> (u32, u32) {
        match self.components.as_slice() {
            [only] => frame.components.get(only.index).map_or((0, 0), |only| (only.blocks_x, only.blocks_y)),
            _ => (frame.units_x, frame.units_y),
        }
    }
}

#[derive(Debug)]
pub(crate) struct ScanState {
    interval: u32,
    /// Units until the next restart marker.
    left: u32,
    next_marker: u8,
    /// The last DC value of each of the scan's components.
    pub(crate) dc: [i32; 4],
    /// Further blocks of a progressive scan that end at once.
    pub(crate) ended_blocks: u32,
}

impl ScanState {
    pub(crate) fn new(interval: u32) -> Self {
        Self { interval, left: interval, next_marker: 0, dc: [0; 4], ended_blocks: 0 }
    }

    /// Reads a restart marker, if one is due before the next unit.
    #[inline]
    pub(crate) fn begin_unit(&mut self, bits: &mut Bits<'_>) -> Result<(), Error> {
        if self.interval == 0 {
            return Ok(());
        }
        if self.left == 0 {
            bits.restart(self.next_marker)?;
            let next_marker = self.next_marker.wrapping_add(1);
            *self = Self { next_marker, ..Self::new(self.interval) };
        }
        self.left -= 1;
        Ok(())
    }
}
