//! The inverse transform, bit-exact to libjpeg's accurate integer transform (`jidctint.c`).

use wide::{i16x8, i32x8, u8x16};

use crate::{Error, tables::BLOCK};

/// The largest DC value of 8-bit samples: 1024, plus half of a quantisation step that does not make it zero.
const DC_MAX: i32 = 2_048;

/// Three times the largest AC value of 8-bit samples.
const AC_MAX: i16 = 4_096;

/// Four times the largest value between the two passes. Beyond it, builds of libjpeg-turbo with and without SIMD
/// differ.
const BETWEEN_MAX: i16 = 16_383;

const PASS1_BITS: i32 = 2;

/// Eight 16-bit numbers, one for each column or row that is transformed at the same time.
type Row = i16x8;

/// # Errors
/// [`Error::Damaged`] for coefficients that no picture of 8-bit samples has.
#[inline]
pub(crate) fn samples(block: &[i16; BLOCK], steps: &[i16; BLOCK]) -> Result<[[u8; 8]; 8], Error> {
    let dc = i32::from(block[0]) * i32::from(steps[0]);
    if dc.abs() > DC_MAX {
        return Err(Error::Damaged);
    }
    let (coefficients, steps) = (rows_of(block), rows_of(steps));
    let [first, rest @ ..] = coefficients;
    let rest = rest.into_iter().fold(Row::ZERO, |all, row| all | row);
    if (first & AC_OF_FIRST_ROW | rest) == Row::ZERO {
        return Ok([[sample(((dc << PASS1_BITS) + 16) >> 5); 8]; 8]);
    }
    let mut rows = coefficients;
    for (row, step) in rows.iter_mut().zip(steps) {
        *row = Row::from_i32x8_saturate(row.widening_mul(step));
    }
    within(&rows, AC_MAX)?;
    let between = pass::<{ 13 - PASS1_BITS }>(rows);
    within(&between, BETWEEN_MAX)?;
    let columns = pass::<{ 13 + PASS1_BITS + 3 }>(Row::transpose(between));
    let [r0, r1, r2, r3, r4, r5, r6, r7] = Row::transpose(columns).map(|row| row.saturating_add(Row::splat(128)));
    let pairs = [(r0, r1), (r2, r3), (r4, r5), (r6, r7)].map(|(upper, lower)| u8x16::narrow_i16x8(upper, lower));
    let mut samples = [[0; 8]; 8];
    for (rows, pair) in samples.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
        rows.as_flattened_mut().copy_from_slice(pair.as_array());
    }
    Ok(samples)
}

/// All ones except for the DC value.
const AC_OF_FIRST_ROW: Row = Row::new([0, -1, -1, -1, -1, -1, -1, -1]);

#[inline(always)]
fn rows_of(block: &[i16; BLOCK]) -> [Row; 8] {
    let mut rows = [Row::ZERO; 8];
    for (row, values) in rows.iter_mut().zip(block.as_chunks::<8>().0) {
        *row = Row::new(*values);
    }
    rows
}

#[inline(always)]
fn within(rows: &[Row; 8], most: i16) -> Result<(), Error> {
    let largest = rows.iter().fold(Row::ZERO, |largest, row| largest.max(*row));
    let smallest = rows.iter().fold(Row::ZERO, |smallest, row| smallest.min(*row));
    let beyond = largest.simd_gt(Row::splat(most)) | smallest.simd_lt(Row::splat(-most));
    if beyond.any() { Err(Error::Damaged) } else { Ok(()) }
}

fn sample(value: i32) -> u8 {
    (value + 128).clamp(0, 255).to_le_bytes()[0]
}

#[inline(always)]
fn mixed(one: Row, factor: i16, other: Row, other_factor: i16) -> i32x8 {
    one.widening_mul(Row::splat(factor)) + other.widening_mul(Row::splat(other_factor))
}

/// Computes eight one-dimensional transforms. The factors are sums of cosines times 8192, as in `jidctint-sse2.asm`.
#[inline(always)]
fn pass<const BITS: i32>([in0, in1, in2, in3, in4, in5, in6, in7]: [Row; 8]) -> [Row; 8] {
    let even2 = mixed(in2, 4_433, in6, -10_704);
    let even3 = mixed(in2, 10_703, in6, 4_433);
    let even0 = mixed(in0, 1 << 13, in4, 1 << 13);
    let even1 = mixed(in0, 1 << 13, in4, -(1 << 13));
    let (even0, even3) = (even0 + even3, even0 - even3);
    let (even1, even2) = (even1 + even2, even1 - even2);

    let (z3, z4) = (in7 + in3, in5 + in1);
    let (z3, z4) = (mixed(z3, -6_436, z4, 9_633), mixed(z3, 9_633, z4, 6_437));
    let odd0 = mixed(in7, -4_927, in1, -7_373) + z3;
    let odd1 = mixed(in5, -4_176, in3, -20_995) + z4;
    let odd2 = mixed(in5, -20_995, in3, 4_177) + z3;
    let odd3 = mixed(in7, -7_373, in1, 4_926) + z4;

    let half = i32x8::splat(1 << (BITS - 1));
    [even0 + odd3, even1 + odd2, even2 + odd1, even3 + odd0, even3 - odd0, even2 - odd1, even1 - odd2, even0 - odd3]
        .map(|wide| Row::from_i32x8_saturate((wide + half) >> BITS))
}
