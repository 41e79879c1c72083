//! Scales the rows of a component to the picture's width like libjpeg's default ("fancy") upsampling (`jdsample.c`).

use crate::frame::{Component, FrameHeader};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upsampling {
    Same,
    /// Twice the width, interpolated.
    Wider,
    /// Twice the height, interpolated.
    Higher,
    /// Twice both, interpolated.
    Larger,
    /// Each sample is repeated.
    Repeated,
}

impl Upsampling {
    pub(crate) fn of(component: &Component, frame: &FrameHeader) -> Self {
        match (frame.h_max / component.h, frame.v_max / component.v) {
            (1, 1) => Self::Same,
            (2, 1) if component.width > 2 => Self::Wider,
            (1, 2) => Self::Higher,
            (2, 2) if component.width > 2 => Self::Larger,
            (_, _) => Self::Repeated,
        }
    }

    pub(crate) fn mixes_rows(self) -> bool {
        matches!(self, Self::Higher | Self::Larger)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Sums(Vec<u16>);

impl Sums {
    /// Mixes the component's `near` row and, for methods that mix rows, the `far` one: the one below with `is_lower`.
    pub(crate) fn row(
        &mut self,
        upsampling: Upsampling,
        (near, far): (&[u8], &[u8]),
        is_lower: bool,
        repeats: usize,
        out: &mut [u8],
    ) {
        match upsampling {
            Upsampling::Same => out.iter_mut().zip(near).for_each(|(out, sample)| *out = *sample),
            Upsampling::Repeated => {
                for (out, sample) in out.chunks_mut(repeats).zip(near) {
                    out.fill(*sample);
                }
            }
            Upsampling::Higher => {
                let bias = if is_lower { 2 } else { 1 };
                for (out, (near, far)) in out.iter_mut().zip(near.iter().zip(far)) {
                    *out = low_byte((3 * u16::from(*near) + u16::from(*far) + bias) >> 2);
                }
            }
            Upsampling::Wider => {
                self.fill(near.iter().map(|sample| u16::from(*sample)));
                self.spread(out, (1, 2), 2);
            }
            Upsampling::Larger => {
                self.fill(near.iter().zip(far).map(|(near, far)| 3 * u16::from(*near) + u16::from(*far)));
                self.spread(out, (8, 7), 4);
            }
        }
    }

    /// Stores the sums and repeats the first and last one, so that each has two neighbours.
    fn fill(&mut self, sums: impl Iterator<Item = u16>) {
        self.0.clear();
        self.0.push(0);
        self.0.extend(sums);
        let last = self.0.last().copied().unwrap_or_default();
        self.0.push(last);
        if let [first, second, ..] = self.0.as_mut_slice() {
            *first = *second;
        }
    }

    /// Makes two samples of each sum: three parts of it and one part of its neighbour.
    fn spread(&self, out: &mut [u8], bias: (u16, u16), bits: u32) {
        let left = self.0.iter();
        let sums = self.0.iter().skip(1);
        let right = self.0.iter().skip(2);
        let (pairs, odd) = out.as_chunks_mut::<2>();
        let mut all = left.zip(sums).zip(right);
        for (pair, ((left, sum), right)) in pairs.iter_mut().zip(&mut all) {
            *pair = [low_byte((3 * sum + left + bias.0) >> bits), low_byte((3 * sum + right + bias.1) >> bits)];
        }
        if let ([out], Some(((left, sum), _))) = (odd, all.next()) {
            *out = low_byte((3 * sum + left + bias.0) >> bits);
        }
    }
}

#[inline(always)]
fn low_byte(value: u16) -> u8 {
    value.to_le_bytes()[0]
}
