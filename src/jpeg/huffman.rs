use crate::{Error, bits::Bits};

const LOOK_BITS: u32 = 10;

const CODE_BITS_MAX: usize = 16;

#[derive(Debug, Clone)]
pub(crate) struct Huffman {
    /// For each value of the next [`LOOK_BITS`] bits, the code's length and symbol. Length 0: a longer code or none.
    look: [(u8, u8); 1 << LOOK_BITS],
    /// For each length, the first 16-bit value that is no code of this or a shorter length.
    ends: [u32; CODE_BITS_MAX + 1],
    /// For each length, the difference between a code and its symbol's index.
    places: [i32; CODE_BITS_MAX + 1],
    symbols: Vec<u8>,
}

impl Huffman {
    /// Builds the codes of `counts[n]` symbols of `n + 1` bits each. As in libjpeg, no code may be all ones.
    pub(crate) fn new(counts: &[u8; CODE_BITS_MAX], symbols: &[u8]) -> Result<Self, Error> {
        let mut table = Self {
            look: [(0, 0); 1 << LOOK_BITS],
            ends: [0; CODE_BITS_MAX + 1],
            places: [0; CODE_BITS_MAX + 1],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut place, mut end) = (0_u32, 0_usize, 0_u32);
        for (bits, count) in (1_u32..).zip(counts) {
            let of_length = symbols.get(place..place + usize::from(*count)).ok_or(Error::Damaged)?;
            let before = i32::try_from(place).map_err(|_| Error::Damaged)?;
            let first = i32::try_from(code).map_err(|_| Error::Damaged)?;
            for symbol in of_length {
                table.look_up_at(code, bits, *symbol);
                code += 1;
            }
            if *count > 0 {
                if code >= 1 << bits {
                    return Err(Error::Damaged);
                }
                end = code << (16 - bits);
            }
            if let (Some(ends), Some(places)) = (table.ends.get_mut(bits as usize), table.places.get_mut(bits as usize))
            {
                (*ends, *places) = (end, before - first);
            }
            place += usize::from(*count);
            code <<= 1;
        }
        Ok(table)
    }

    fn look_up_at(&mut self, code: u32, bits: u32, symbol: u8) {
        let Some(free) = LOOK_BITS.checked_sub(bits) else { return };
        let from = (code << free) as usize;
        for entry in self.look.iter_mut().skip(from).take(1 << free) {
            *entry = (bits.to_le_bytes()[0], symbol);
        }
    }

    pub(crate) fn fits_dc(&self) -> bool {
        self.symbols.iter().all(|symbol| *symbol <= 15)
    }

    /// Takes the next symbol. Afterwards at least 16 more bits are held if the file has them.
    #[inline]
    pub(crate) fn next(&self, bits: &mut Bits<'_>) -> Result<u8, Error> {
        bits.fill_for_code();
        let next = bits.peek16();
        let (length, symbol) = self.look.get(usize::from(next >> (16 - LOOK_BITS))).copied().unwrap_or_default();
        if length == 0 {
            return self.next_long(bits, next);
        }
        bits.skip(length.into())?;
        Ok(symbol)
    }

    #[cold]
    fn next_long(&self, bits: &mut Bits<'_>, next: u16) -> Result<u8, Error> {
        let lengths = (0_u32..).zip(self.ends.iter().zip(self.places));
        for (length, (end, place)) in lengths.skip(LOOK_BITS as usize + 1) {
            if u32::from(next) < *end {
                bits.skip(length)?;
                let place = i32::from(next >> (16 - length)) + place;
                let symbol = usize::try_from(place).ok().and_then(|place| self.symbols.get(place));
                return symbol.copied().ok_or(Error::Damaged);
            }
        }
        // No code starts like this. If the file ends here, that is the reason.
        bits.skip(16)?;
        Err(Error::Damaged)
    }
}
