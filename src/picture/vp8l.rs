//! Computes the memory that the prefix codes of a lossless WebP need in the decoder, which has no limit here: 40 bytes
//! of file become 20 kB of tables. No pixel is decoded. Source: RFC 9649, section 3.

use super::headers::Bytes;

/// The most memory of prefix codes. libwebp writes at most 2,600 groups.
pub(super) const CODE_BYTES_MAX: u64 = 64 << 20;

/// Symbols of the five codes of a group. The first code has more with a colour cache.
const ALPHABETS: [usize; 5] = [256 + 24, 256, 256, 256, 40];

/// The order in which the lengths of the code for lengths are written.
const LENGTHS_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

const CODE_BITS_MAX: usize = 15;

/// Bits that the decoder looks up at once. Longer codes go through a tree.
const TABLE_BITS_MAX: usize = 10;

/// Stops adding above [`CODE_BYTES_MAX`]. None if the stream cannot be parsed.
pub(super) fn code_bytes(stream: &[u8], width_px: u32, height_px: u32) -> Option<u64> {
    let mut bits = BitReader { bytes: Bytes(stream), held: 0, count: 0 };
    let mut width = width_px;
    while bits.read(1)? == 1 {
        match bits.read(2)? {
            0 | 1 => {
                let block = bits.read(3)? + 2;
                skip_picture(&mut bits, subsampled(width, block), subsampled(height_px, block))?;
            }
            2 => {}
            _ => {
                let colours = bits.read(8)? + 1;
                skip_picture(&mut bits, colours, 1)?;
                let packed = match colours {
                    1..=2 => 3,
                    3..=4 => 2,
                    5..=16 => 1,
                    _ => 0,
                };
                width = subsampled(width, packed);
            }
        }
    }
    let cache = colour_cache(&mut bits)?;
    let groups = match bits.read(1)? {
        0 => 1,
        _ => {
            let block = bits.read(3)? + 2;
            skip_picture(&mut bits, subsampled(width, block), subsampled(height_px, block))? + 1
        }
    };
    let mut bytes = 0;
    for _ in 0..groups {
        bytes += read_group(&mut bits, cache)?.iter().map(PrefixCode::decoder_bytes).sum::<u64>();
        if bytes > CODE_BYTES_MAX {
            break;
        }
    }
    Some(bytes)
}

fn subsampled(px: u32, block_bits: u32) -> u32 {
    px.div_ceil(1 << block_bits)
}

/// Returns the symbols that a colour cache adds to the first code.
fn colour_cache(bits: &mut BitReader<'_>) -> Option<usize> {
    match bits.read(1)? {
        0 => Some(0),
        _ => Some(1 << bits.read(4)?),
    }
}

/// Skips a picture within the stream. Returns the highest number that its red and green bytes form together.
fn skip_picture(bits: &mut BitReader<'_>, width: u32, height: u32) -> Option<u32> {
    let cache = colour_cache(bits)?;
    let [green, red, blue, alpha, distance] = read_group(bits, cache)?;
    let mut left = u64::from(width) * u64::from(height);
    let mut highest = 0;
    while left > 0 {
        let symbol = green.next(bits)?;
        left = match symbol {
            0..256 => {
                highest = highest.max(red.next(bits)? << 8 | symbol);
                blue.next(bits)?;
                alpha.next(bits)?;
                left - 1
            }
            256..280 => {
                let length = bits.read_lengthened(symbol - 256)?;
                let prefix = distance.next(bits)?;
                bits.read_lengthened(prefix)?;
                left.saturating_sub(length)
            }
            // A colour seen before, so not higher.
            _ => left - 1,
        };
    }
    Some(highest)
}

fn read_group(bits: &mut BitReader<'_>, cache: usize) -> Option<[PrefixCode; 5]> {
    let [green, red, blue, alpha, distance] = ALPHABETS;
    Some([
        PrefixCode::read(bits, green + cache)?,
        PrefixCode::read(bits, red)?,
        PrefixCode::read(bits, blue)?,
        PrefixCode::read(bits, alpha)?,
        PrefixCode::read(bits, distance)?,
    ])
}

/// A canonical prefix code: the number of codes of each length, and the symbols in the order of their codes.
struct PrefixCode {
    counts: [u32; CODE_BITS_MAX + 1],
    symbols: Vec<u32>,
}

impl PrefixCode {
    fn read(bits: &mut BitReader<'_>, symbols: usize) -> Option<Self> {
        if bits.read(1)? == 0 {
            return Self::read_lengths(bits, symbols).map(|lengths| Self::of(&lengths));
        }
        let two = bits.read(1)? == 1;
        let first_bits = if bits.read(1)? == 1 { 8 } else { 1 };
        let first = bits.read(first_bits)?;
        let symbols = if two { vec![first, bits.read(8)?] } else { vec![first] };
        let mut counts = [0; CODE_BITS_MAX + 1];
        *counts.get_mut(1)? = u32::try_from(symbols.len()).ok()?;
        Some(Self { counts, symbols })
    }

    fn read_lengths(bits: &mut BitReader<'_>, symbols: usize) -> Option<Vec<u8>> {
        let mut lengths_of_lengths = [0_u8; LENGTHS_ORDER.len()];
        let written = usize::try_from(bits.read(4)?).ok()? + 4;
        for place in LENGTHS_ORDER.into_iter().take(written) {
            *lengths_of_lengths.get_mut(place)? = u8::try_from(bits.read(3)?).ok()?;
        }
        let code = Self::of(&lengths_of_lengths);
        let mut reads = symbols;
        if bits.read(1)? == 1 {
            let count_bits = 2 + 2 * bits.read(3)?;
            reads = usize::try_from(bits.read(count_bits)?).ok()? + 2;
        }
        let mut lengths = Vec::with_capacity(symbols);
        let mut former = 8;
        while lengths.len() < symbols && reads > 0 {
            reads -= 1;
            let (length, times) = match code.next(bits)? {
                16 => (former, bits.read(2)? + 3),
                17 => (0, bits.read(3)? + 3),
                18 => (0, bits.read(7)? + 11),
                length => (u8::try_from(length).ok()?, 1),
            };
            former = if length == 0 { former } else { length };
            lengths.extend(std::iter::repeat_n(length, usize::try_from(times).ok()?));
        }
        (lengths.len() <= symbols).then_some(lengths)
    }

    fn of(lengths: &[u8]) -> Self {
        let mut counts = [0; CODE_BITS_MAX + 1];
        let mut used: Vec<(u8, u32)> =
            (0..).zip(lengths).filter(|(_, length)| **length > 0).map(|(symbol, length)| (*length, symbol)).collect();
        used.sort_unstable();
        for (length, _) in &used {
            if let Some(count) = counts.get_mut(usize::from(*length)) {
                *count += 1;
            }
        }
        Self { counts, symbols: used.into_iter().map(|(_, symbol)| symbol).collect() }
    }

    /// Reads a symbol. A code with one symbol takes no bits.
    fn next(&self, bits: &mut BitReader<'_>) -> Option<u32> {
        if let [only] = self.symbols.as_slice() {
            return Some(*only);
        }
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in self.counts.iter().skip(1) {
            code |= bits.read(1)?;
            if code < first + count {
                return self.symbols.get(usize::try_from(index + code - first).ok()?).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }

    /// Sums a table for codes of up to [`TABLE_BITS_MAX`] bits, two tree nodes for each longer code, and containers.
    fn decoder_bytes(&self) -> u64 {
        const TABLE_ENTRY: u64 = 4;
        const TREE_NODES: u64 = 2 * 16;
        const HOLDER: u64 = 128;
        let longest = self.counts.iter().rposition(|count| *count > 0).unwrap_or(0);
        let long: u32 = self.counts.iter().skip(TABLE_BITS_MAX + 1).sum();
        HOLDER + (TABLE_ENTRY << longest.min(TABLE_BITS_MAX)) + u64::from(long) * TREE_NODES
    }
}

struct BitReader<'a> {
    bytes: Bytes<'a>,
    held: u64,
    count: u32,
}

impl BitReader<'_> {
    /// Reads `wanted` bits, at most 32.
    fn read(&mut self, wanted: u32) -> Option<u32> {
        while self.count < wanted {
            self.held |= u64::from(self.bytes.u8()?) << self.count;
            self.count += 8;
        }
        let value = self.held & ((1 << wanted) - 1);
        self.held >>= wanted;
        self.count -= wanted;
        u32::try_from(value).ok()
    }

    /// Reads a length or distance. Its prefix says how many bits follow.
    fn read_lengthened(&mut self, prefix: u32) -> Option<u64> {
        if prefix < 4 {
            return Some(u64::from(prefix) + 1);
        }
        let extra = (prefix - 2) >> 1;
        let from = u64::from(2 + (prefix & 1)) << extra;
        Some(from + u64::from(self.read(extra)?) + 1)
    }
}
