//! Reads the bits of a scan's coded data.

use crate::{Error, marker};

/// Whole bytes that may remain before a marker. Some webcams and cameras write one or two; more is damage.
const SPARE_BYTES_MAX: usize = 2;

#[derive(Debug)]
pub(crate) struct Bits<'a> {
    file: &'a [u8],
    /// The next byte that is not in `held`.
    at: usize,
    /// The next bit is the highest one. Bits below `count` may be set: the file's next bits.
    held: u64,
    count: u32,
    /// Cached: any number of fill bytes may precede a marker.
    is_at_marker: bool,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(file: &'a [u8], at: usize) -> Self {
        Self { file, at, held: 0, count: 0, is_at_marker: false }
    }

    #[inline]
    pub(crate) fn refill(&mut self) {
        let word = self.file.get(self.at..).and_then(<[u8]>::first_chunk).map(|chunk| u64::from_be_bytes(*chunk));
        match word {
            Some(word) if !has_ff(word) => {
                self.held |= word >> self.count;
                let bytes = (63 - self.count) >> 3;
                self.at += bytes as usize;
                self.count += bytes * 8;
            }
            _ => self.refill_by_byte(),
        }
    }

    fn refill_by_byte(&mut self) {
        // Bits beyond the count may come from a word read earlier.
        self.held = match self.count {
            0 => 0,
            count => self.held & (u64::MAX << (64 - count)),
        };
        while self.count <= 56 && !self.is_at_marker {
            let Some(byte) = self.next_byte() else {
                self.is_at_marker = true;
                break;
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// Takes a byte of data. Returns None at a marker and at the end of the file.
    fn next_byte(&mut self) -> Option<u8> {
        let byte = *self.file.get(self.at)?;
        if byte != 0xFF {
            self.at += 1;
            return Some(byte);
        }
        let fill = self.file.get(self.at + 1..)?.iter().take_while(|byte| **byte == 0xFF).count();
        match self.file.get(self.at + 1 + fill)? {
            0 => {
                self.at += 2 + fill;
                Some(0xFF)
            }
            _ => None,
        }
    }

    /// Fills `held` with a code and its value, 32 bits, if the file has them.
    #[inline]
    pub(crate) fn fill_for_code(&mut self) {
        if self.count < 32 {
            self.refill();
        }
    }

    /// Returns the next 16 bits without taking them. Bits beyond the end of the file are undefined.
    #[inline]
    pub(crate) fn peek16(&self) -> u16 {
        let [high, low, ..] = self.held.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    #[inline]
    pub(crate) fn skip(&mut self, bits: u32) -> Result<(), Error> {
        if bits > self.count {
            return Err(self.ended());
        }
        self.held <<= bits;
        self.count -= bits;
        Ok(())
    }

    /// Takes up to 16 bits. Call [`Self::fill_for_code`] before.
    #[inline]
    pub(crate) fn take(&mut self, bits: u32) -> Result<i32, Error> {
        let value = i32::from(self.peek16()) >> (16 - bits);
        self.skip(bits)?;
        Ok(value)
    }

    /// Takes a signed value of `bits` bits: T.81's EXTEND.
    #[inline]
    pub(crate) fn take_signed(&mut self, bits: u32) -> Result<i32, Error> {
        if bits == 0 {
            return Ok(0);
        }
        let value = self.take(bits)?;
        let is_negative = value >> (bits - 1) == 0;
        Ok(if is_negative { value - (1 << bits) + 1 } else { value })
    }

    #[inline]
    pub(crate) fn take_bit(&mut self) -> Result<bool, Error> {
        if self.count == 0 {
            self.refill();
        }
        Ok(self.take(1)? == 1)
    }

    /// Moves to the marker that ends this data and returns its position.
    pub(crate) fn finish(&mut self) -> Result<usize, Error> {
        let mut spare = (self.count / 8) as usize;
        (self.held, self.count) = (0, 0);
        while spare <= SPARE_BYTES_MAX && self.next_byte().is_some() {
            spare += 1;
        }
        if spare > SPARE_BYTES_MAX { Err(Error::Damaged) } else { Ok(self.at) }
    }

    /// Moves past the restart marker with this number, which must be next.
    pub(crate) fn restart(&mut self, number: u8) -> Result<(), Error> {
        let mut at = self.finish()?;
        at += self.file.get(at..).unwrap_or_default().iter().take_while(|byte| **byte == 0xFF).count();
        match self.file.get(at) {
            Some(code) if *code == 0xD0 | (number & 7) => {
                *self = Self::new(self.file, at + 1);
                Ok(())
            }
            _ => Err(self.ended()),
        }
    }

    fn ended(&self) -> Error {
        let rest = self.file.get(self.at..).unwrap_or_default();
        match rest.iter().find(|byte| **byte != 0xFF) {
            None | Some(&marker::EOI) => Error::CutShort,
            Some(_) => Error::Damaged,
        }
    }
}

fn has_ff(word: u64) -> bool {
    const LOW: u64 = 0x0101_0101_0101_0101;
    (!word).wrapping_sub(LOW) & word & (LOW << 7) != 0
}
