//! Decodes blocks of progressive scans: a band of coefficients, down to a bit.

use std::rc::Rc;

use crate::{
    Error,
    bits::Bits,
    frame::FrameHeader,
    huffman::Huffman,
    scan::{Scan, ScanState},
    tables::{BLOCK, NATURAL, Tables},
};

/// The highest value of a scan's lowest bit (T.81, G.1.1.1.1).
const BIT_MAX: u8 = 13;

/// For each coefficient of each component, the lowest known bit.
#[derive(Debug)]
pub(crate) struct Progress(Vec<[Option<u8>; BLOCK]>);

impl Progress {
    pub(crate) fn new(frame: &FrameHeader) -> Self {
        Self(vec![[None; BLOCK]; frame.components.len()])
    }

    /// Records a scan. It must continue where the earlier ones stopped: libjpeg only warns and shows something else.
    pub(crate) fn advance(&mut self, scan: &Scan) -> Result<(), Error> {
        let is_dc = scan.first == 0;
        let has_band = if is_dc { scan.last == 0 } else { scan.first <= scan.last && scan.last < BLOCK };
        let is_refined = scan.former_bit == 0 || scan.bit + 1 == scan.former_bit;
        if !has_band || !is_refined || scan.bit > BIT_MAX || (!is_dc && scan.components.len() != 1) {
            return Err(Error::Damaged);
        }
        for component in &scan.components {
            let known = self.0.get_mut(component.index).ok_or(Error::Damaged)?;
            if !is_dc && known[0].is_none() {
                return Err(Error::Damaged);
            }
            for known in known.iter_mut().take(scan.last + 1).skip(scan.first) {
                let continues = match *known {
                    None => scan.former_bit == 0,
                    Some(bit) => scan.former_bit == bit && bit > 0,
                };
                if !continues {
                    return Err(Error::Damaged);
                }
                *known = Some(scan.bit);
            }
        }
        Ok(())
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.0.iter().flatten().all(|known| *known == Some(0))
    }
}

pub(crate) enum Pass {
    FirstDc { codes: Vec<Rc<Huffman>>, bit: u8 },
    RefineDc { bit: u8 },
    FirstAc { band: Band },
    RefineAc { band: Band },
}

pub(crate) struct Band {
    codes: Rc<Huffman>,
    first: usize,
    last: usize,
    bit: u8,
}

impl Pass {
    pub(crate) fn of(scan: &Scan, tables: &Tables) -> Result<Self, Error> {
        let bit = scan.bit;
        match (scan.first, scan.former_bit, scan.components.as_slice()) {
            (0, 0, components) => {
                let codes = components.iter().map(|component| tables.dc(component.dc)).collect::<Result<_, _>>()?;
                Ok(Self::FirstDc { codes, bit })
            }
            (0, _, _) => Ok(Self::RefineDc { bit }),
            (first, former, [only]) => {
                let band = Band { codes: tables.ac(only.ac)?, first, last: scan.last, bit };
                Ok(if former == 0 { Self::FirstAc { band } } else { Self::RefineAc { band } })
            }
            (_, _, _) => Err(Error::Damaged),
        }
    }

    /// Reads this scan's part of a block of its `place`-th component.
    #[inline]
    pub(crate) fn read(
        &self,
        place: usize,
        bits: &mut Bits<'_>,
        state: &mut ScanState,
        block: &mut [i16; BLOCK],
    ) -> Result<(), Error> {
        match self {
            Self::FirstDc { codes, bit } => {
                let codes = codes.get(place).ok_or(Error::Damaged)?;
                let last = state.dc.get_mut(place).ok_or(Error::Damaged)?;
                let size = codes.next(bits)?;
                *last += bits.take_signed(size.into())?;
                block[0] = shifted(*last, *bit)?;
                Ok(())
            }
            Self::RefineDc { bit } => {
                if bits.take_bit()? {
                    block[0] |= 1 << bit;
                }
                Ok(())
            }
            Self::FirstAc { band } => band.read_first(bits, state, block),
            Self::RefineAc { band } => band.refine(bits, state, block),
        }
    }
}

fn shifted(value: i32, bit: u8) -> Result<i16, Error> {
    i16::try_from(value << bit).map_err(|_| Error::Damaged)
}

fn slot(block: &mut [i16; BLOCK], place: usize) -> Result<&mut i16, Error> {
    let natural = NATURAL.get(place).ok_or(Error::Damaged)?;
    block.get_mut(usize::from(*natural)).ok_or(Error::Damaged)
}

impl Band {
    fn ended_blocks(bits: &mut Bits<'_>, size: u32) -> Result<u32, Error> {
        let more = bits.take(size)?;
        u32::try_from((1 << size) + more).map_err(|_| Error::Damaged)
    }

    #[inline]
    fn read_first(&self, bits: &mut Bits<'_>, state: &mut ScanState, block: &mut [i16; BLOCK]) -> Result<(), Error> {
        if state.ended_blocks > 0 {
            state.ended_blocks -= 1;
            return Ok(());
        }
        let mut next = self.first;
        while next <= self.last {
            let symbol = self.codes.next(bits)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 && run < 15 {
                state.ended_blocks = Self::ended_blocks(bits, u32::from(symbol >> 4))? - 1;
                break;
            }
            next += run;
            if next > self.last {
                return Err(Error::Damaged);
            }
            if size > 0 {
                *slot(block, next)? = shifted(bits.take_signed(size)?, self.bit)?;
            }
            next += 1;
        }
        Ok(())
    }

    #[inline]
    fn refine(&self, bits: &mut Bits<'_>, state: &mut ScanState, block: &mut [i16; BLOCK]) -> Result<(), Error> {
        let mut next = self.first;
        if state.ended_blocks == 0 {
            while next <= self.last {
                let symbol = self.codes.next(bits)?;
                let (run, size) = (u32::from(symbol >> 4), symbol & 15);
                let new = match (size, run) {
                    (0, 15) => 0,
                    (0, _) => {
                        state.ended_blocks = Self::ended_blocks(bits, run)?;
                        break;
                    }
                    (1, _) => {
                        if bits.take_bit()? {
                            1 << self.bit
                        } else {
                            -1 << self.bit
                        }
                    }
                    (_, _) => return Err(Error::Damaged),
                };
                next = self.refine_up_to(next, run, bits, block)?;
                if next > self.last {
                    return Err(Error::Damaged);
                }
                if new != 0 {
                    *slot(block, next)? = new;
                }
                next += 1;
            }
        }
        if state.ended_blocks > 0 {
            self.refine_up_to(next, u32::MAX, bits, block)?;
            state.ended_blocks -= 1;
        }
        Ok(())
    }

    /// Refines from `next` on, past `zeros` coefficients that stay zero. Returns the index of the next zero one.
    fn refine_up_to(
        &self,
        mut next: usize,
        mut zeros: u32,
        bits: &mut Bits<'_>,
        block: &mut [i16; BLOCK],
    ) -> Result<usize, Error> {
        while next <= self.last {
            let known = slot(block, next)?;
            if *known == 0 {
                if zeros == 0 {
                    break;
                }
                zeros -= 1;
            } else if bits.take_bit()? && *known & 1 << self.bit == 0 {
                let step = 1_i16 << self.bit;
                *known = if *known > 0 { known.saturating_add(step) } else { known.saturating_sub(step) };
            }
            next += 1;
        }
        Ok(next)
    }
}
