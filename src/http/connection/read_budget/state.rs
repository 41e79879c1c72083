//! What one connection holds, and how fast its client sends.

use std::{
    collections::VecDeque,
    task::Waker,
    time::{Duration, Instant},
};

/// Younger requests are never ended, so that a burst of fast ones is not taken for slow ones.
pub(super) const AGE_MIN: Duration = Duration::from_millis(500);

const SLOW_BELOW_BYTES_PER_S: u64 = 256 * 1024;

/// A client that sends nothing for this long is slower than any that sends.
const STALLED_AFTER: Duration = Duration::from_secs(1);

/// A connection sends requests or messages one after the other; they are consumed in that order.
#[derive(Debug, Default)]
pub(super) struct AccountState {
    /// Bytes held by each complete request that is not consumed.
    pub(super) whole: VecDeque<usize>,
    pub(super) arriving: usize,
    /// The request that is arriving is already consumed: its rest is read and dropped.
    pub(super) is_discarding: bool,
    /// Bytes of a body since its handler last took everything.
    pub(super) waiting: usize,
    /// The last answer may still be on its way.
    pub(super) is_answering: bool,
    pub(super) held: usize,
    pub(super) charged: usize,
    pub(super) pace: Option<SendRate>,
    pub(super) is_ended: bool,
    pub(super) wire: Option<Waker>,
    pub(super) body: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slowness {
    Stalled,
    Slow,
    /// A fast client, all of whose bytes are read: more arrive soon, or it stalls.
    MayStall,
    /// The client has sent more than the server has read.
    WaitsForUs,
}

#[derive(Debug)]
pub(super) struct SendRate {
    begun: Instant,
    pub(super) last: Instant,
    /// Since when the client has waited for the server; below, the total of such waits.
    pub(super) waits_since: Option<Instant>,
    pub(super) waited: Duration,
    bytes: u64,
}

impl SendRate {
    pub(super) fn new(now: Instant) -> Self {
        Self { begun: now, last: now, waits_since: None, waited: Duration::ZERO, bytes: 0 }
    }

    /// Excludes the server's own waits.
    pub(super) fn bytes_per_s(&self, now: Instant) -> u64 {
        let waits = self.waits_since.map_or(Duration::ZERO, |since| now.duration_since(since));
        let sending = now.duration_since(self.begun).saturating_sub(self.waited + waits);
        let micros = u64::try_from(sending.as_micros()).unwrap_or(u64::MAX).max(1);
        self.bytes.saturating_mul(1_000_000) / micros
    }
}

impl AccountState {
    /// Returns it with the bytes a second. None for a request that is too young or no longer awaited.
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

    pub(super) fn next(&mut self) -> &mut usize {
        self.whole.front_mut().unwrap_or(&mut self.arriving)
    }

    pub(super) fn read(&mut self, bytes: usize, is_end: bool) {
        let now = Instant::now();
        let pace = self.pace.get_or_insert_with(|| SendRate::new(now));
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
