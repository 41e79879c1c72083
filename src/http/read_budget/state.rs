//! What one connection holds, and how fast it sends.

use std::{
    collections::VecDeque,
    task::Waker,
    time::{Duration, Instant},
};

/// A request younger than this is never ended, so that a burst of honest ones is not taken for slow ones.
pub(super) const AGE_MIN: Duration = Duration::from_millis(500);

/// A client that sends fewer bytes a second is slow.
const SLOW_BELOW_BYTES_PER_S: u64 = 256 * 1024;

/// A client that has sent nothing for so long is slower than any that sends.
const STALLED_AFTER: Duration = Duration::from_secs(1);

/// A connection sends requests or messages one after the other, and they are consumed in that order.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Bytes held of each that has arrived whole and is not consumed.
    pub(super) whole: VecDeque<usize>,
    /// Bytes held of the one that is arriving.
    pub(super) arriving: usize,
    /// The request that is arriving is consumed already: the rest of it is read and dropped.
    pub(super) is_discarding: bool,
    /// Bytes of a body that were read since its handler last had all there was.
    pub(super) waiting: usize,
    /// The last answer may still be on its way.
    pub(super) is_answering: bool,
    pub(super) held: usize,
    pub(super) charged: usize,
    pub(super) pace: Option<Pace>,
    pub(super) is_ended: bool,
    pub(super) wire: Option<Waker>,
    pub(super) body: Option<Waker>,
}

/// In the order in which requests are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slowness {
    /// It has sent nothing for [`STALLED_AFTER`].
    Stalled,
    Slow,
    /// It has sent fast, and all it has sent is read: more comes in a moment, or it stalls.
    MayStall,
    /// It has sent more than was read of it.
    WaitsForUs,
}

/// How fast a client sends, since it began to hold anything.
#[derive(Debug)]
pub(super) struct Pace {
    begun: Instant,
    pub(super) last: Instant,
    /// When it was last seen to wait for us, if it does; and how long it has waited.
    pub(super) waits_since: Option<Instant>,
    pub(super) waited: Duration,
    bytes: u64,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { begun: now, last: now, waits_since: None, waited: Duration::ZERO, bytes: 0 }
    }

    /// Bytes a second, our own waits not counted.
    pub(super) fn bytes_per_s(&self, now: Instant) -> u64 {
        let waits = self.waits_since.map_or(Duration::ZERO, |since| now.duration_since(since));
        let sending = now.duration_since(self.begun).saturating_sub(self.waited + waits);
        let micros = u64::try_from(sending.as_micros()).unwrap_or(u64::MAX).max(1);
        self.bytes.saturating_mul(1_000_000) / micros
    }
}

impl State {
    /// How slow the client is, and its bytes a second; none for a request that is too young, or that is not waited for any more.
    pub(super) fn slowness(&self, now: Instant) -> Option<(Slowness, u64)> {
        let pace = self.pace.as_ref()?;
        if now.duration_since(pace.begun) < AGE_MIN || !self.whole.is_empty() || self.arriving == 0 {
            return None;
        }
        let bytes_per_s = pace.bytes_per_s(now);
        let slowness = if pace.waits_since.is_some() {
            Slowness::WaitsForUs
        } else if now.duration_since(pace.last) >= STALLED_AFTER {
            Slowness::Stalled
        } else if bytes_per_s < SLOW_BELOW_BYTES_PER_S {
            Slowness::Slow
        } else {
            Slowness::MayStall
        };
        Some((slowness, bytes_per_s))
    }

    /// What is consumed next.
    pub(super) fn next(&mut self) -> &mut usize {
        self.whole.front_mut().unwrap_or(&mut self.arriving)
    }

    /// Takes note of bytes that were read; whether they are the last of a request or message.
    pub(super) fn read(&mut self, bytes: usize, is_end: bool) {
        let now = Instant::now();
        let pace = self.pace.get_or_insert_with(|| Pace::new(now));
        pace.last = now;
        pace.waits_since = None;
        pace.bytes = pace.bytes.saturating_add(bytes as u64);
        if self.is_discarding {
            self.is_discarding = !is_end;
            return;
        }
        self.arriving += bytes;
        self.held += bytes;
        if is_end {
            self.whole.push_back(std::mem::take(&mut self.arriving));
        }
    }
}
