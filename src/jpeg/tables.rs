//! Tables and settings that segments define between scans.

use std::rc::Rc;

use crate::{Error, huffman::Huffman};

pub(crate) const BLOCK: usize = 64;

/// The index in a block, row by row, of the n-th coefficient of the file.
pub(crate) const NATURAL: [u8; BLOCK] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

#[derive(Debug, Default)]
pub(crate) struct Tables {
    dc: [Option<Rc<Huffman>>; 4],
    ac: [Option<Rc<Huffman>>; 4],
    /// Row by row.
    quantisation: [Option<[i16; BLOCK]>; 4],
    /// Units between restart markers; 0 for none.
    pub(crate) restart_interval: u32,
}

impl Tables {
    pub(crate) fn define_huffman(&mut self, mut segment: &[u8]) -> Result<(), Error> {
        while let Some(([class_and_number, counts @ ..], rest)) = segment.split_first_chunk::<17>() {
            let symbols = counts.iter().map(|count| usize::from(*count)).sum();
            let (symbols, rest) = rest.split_at_checked(symbols).ok_or(Error::Damaged)?;
            if symbols.len() > 256 {
                return Err(Error::Damaged);
            }
            let tables = match class_and_number >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(Error::Damaged),
            };
            let table = tables.get_mut(usize::from(class_and_number & 15)).ok_or(Error::Damaged)?;
            *table = Some(Rc::new(Huffman::new(counts, symbols)?));
            segment = rest;
        }
        if segment.is_empty() { Ok(()) } else { Err(Error::Damaged) }
    }

    pub(crate) fn define_quantisation(&mut self, mut segment: &[u8]) -> Result<(), Error> {
        while let Some((precision_and_number, rest)) = segment.split_first() {
            let value_bytes = if precision_and_number >> 4 == 0 { 1 } else { 2 };
            let (values, rest) = rest.split_at_checked(BLOCK * value_bytes).ok_or(Error::Damaged)?;
            let table = self.quantisation.get_mut(usize::from(precision_and_number & 15)).ok_or(Error::Damaged)?;
            let mut natural = [0; BLOCK];
            for (value, place) in values.chunks_exact(value_bytes).zip(NATURAL) {
                if let Some(slot) = natural.get_mut(usize::from(place)) {
                    let step = value.iter().fold(0, |value, byte| value << 8 | u16::from(*byte));
                    // With a step this large or larger, any coefficient other than zero is out of bounds.
                    *slot = i16::try_from(step).unwrap_or(i16::MAX);
                }
            }
            *table = Some(natural);
            segment = rest;
        }
        Ok(())
    }

    pub(crate) fn define_restart_interval(&mut self, segment: &[u8]) -> Result<(), Error> {
        let [high, low] = *segment else { return Err(Error::Damaged) };
        self.restart_interval = u32::from(u16::from_be_bytes([high, low]));
        Ok(())
    }

    pub(crate) fn dc(&self, number: usize) -> Result<Rc<Huffman>, Error> {
        self.dc.get(number).cloned().flatten().filter(|table| table.fits_dc()).ok_or(Error::Damaged)
    }

    pub(crate) fn ac(&self, number: usize) -> Result<Rc<Huffman>, Error> {
        self.ac.get(number).cloned().flatten().ok_or(Error::Damaged)
    }

    pub(crate) fn quantisation(&self, number: usize) -> Result<[i16; BLOCK], Error> {
        self.quantisation.get(number).copied().flatten().ok_or(Error::Damaged)
    }
}
