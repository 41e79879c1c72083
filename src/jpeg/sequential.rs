//! Decodes blocks of baseline and extended scans: all coefficients at once.

use std::rc::Rc;

use crate::{
    Error,
    bits::Bits,
    huffman::Huffman,
    scan::{Scan, ScanState},
    tables::{BLOCK, NATURAL, Tables},
};

/// The DC and AC codes of each of the scan's components.
pub(crate) struct Codes(Vec<(Rc<Huffman>, Rc<Huffman>)>);

impl Codes {
    pub(crate) fn of(scan: &Scan, tables: &Tables) -> Result<Self, Error> {
        let both = scan.components.iter().map(|component| Ok((tables.dc(component.dc)?, tables.ac(component.ac)?)));
        both.collect::<Result<_, _>>().map(Self)
    }

    /// Reads a block of the scan's `place`-th component into `block`, which must be all zeros.
    #[inline]
    pub(crate) fn read(
        &self,
        place: usize,
        bits: &mut Bits<'_>,
        state: &mut ScanState,
        block: &mut [i16; BLOCK],
    ) -> Result<(), Error> {
        let (dc, ac) = self.0.get(place).ok_or(Error::Damaged)?;
        let last = state.dc.get_mut(place).ok_or(Error::Damaged)?;
        let size = dc.next(bits)?;
        *last += bits.take_signed(size.into())?;
        block[0] = i16::try_from(*last).map_err(|_| Error::Damaged)?;
        let mut next = 1;
        while next < BLOCK {
            let symbol = ac.next(bits)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            next += run;
            if size == 0 {
                match run {
                    0 => break,
                    15 if next < BLOCK => {}
                    _ => return Err(Error::Damaged),
                }
            } else {
                let value = bits.take_signed(size)?;
                let natural = NATURAL.get(next).ok_or(Error::Damaged)?;
                let slot = block.get_mut(usize::from(*natural)).ok_or(Error::Damaged)?;
                *slot = i16::try_from(value).map_err(|_| Error::Damaged)?;
            }
            next += 1;
        }
        Ok(())
    }
}
