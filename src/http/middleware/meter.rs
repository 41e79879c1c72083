//! The load of the server: requests and their duration, per minute over the last hour.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;

const MINUTES: usize = 60;

/// Classes of durations: class n holds less than 2^n microseconds, the last one everything from 2 s.
const CLASSES: usize = 22;

const COUNTED_EVERY: Duration = Duration::from_secs(1);

/// Clones share the counts. A request costs three additions and no lock.
#[derive(Debug, Clone)]
pub struct Meter(Arc<Minutes>);

#[derive(Debug)]
struct Minutes {
    begun: Instant,
    // One more than is shown: the current minute overwrites the oldest.
    ring: Vec<MinuteSlot>,
}

#[derive(Debug, Default)]
struct MinuteSlot {
    /// The minute since the start, counted from 1; 0 for none yet.
    minute: AtomicU64,
    classes: [AtomicU64; CLASSES],
    commits: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    pub ago: u64,
    pub requests: u64,
    /// The median in microseconds: the upper bound of its class, so up to twice too much.
    pub p50_us: Option<u64>,
    pub p95_us: Option<u64>,
    pub commits: u64,
}

impl Default for Meter {
    fn default() -> Self {
        let ring = (0..=MINUTES).map(|_| MinuteSlot::default()).collect();
        Self(Arc::new(Minutes { begun: Instant::now(), ring }))
    }
}

impl Meter {
    pub fn age(&self) -> Duration {
        self.0.begun.elapsed()
    }

    pub fn count(&self, took: Duration) {
        let micros = took.as_micros().max(1);
        let class = usize::try_from(micros.ilog2() + 1).unwrap_or(CLASSES).min(CLASSES - 1);
        if let Some(counter) = self.slot().and_then(|slot| slot.classes.get(class)) {
            counter.fetch_add(1, Relaxed);
        }
    }

    fn count_commits(&self, commits: u64) {
        if let Some(slot) = self.slot() {
            slot.commits.fetch_add(commits, Relaxed);
        }
    }

    pub async fn follow(self, mut commits: watch::Receiver<u64>) {
        let mut counted = *commits.borrow_and_update();
        while commits.changed().await.is_ok() {
            tokio::time::sleep(COUNTED_EVERY).await;
            let there = *commits.borrow_and_update();
            self.count_commits(there.saturating_sub(counted));
            counted = there;
        }
    }

    fn minute(&self) -> u64 {
        self.age().as_secs() / 60 + 1
    }

    /// The first caller of a minute empties its slot. Requests of that moment may be lost.
    fn slot(&self) -> Option<&MinuteSlot> {
        let minute = self.minute();
        let slot = self.at(minute)?;
        if slot.minute.swap(minute, Relaxed) != minute {
            slot.classes.iter().for_each(|class| class.store(0, Relaxed));
            slot.commits.store(0, Relaxed);
        }
        Some(slot)
    }

    fn at(&self, minute: u64) -> Option<&MinuteSlot> {
        self.0.ring.get(usize::try_from(minute).ok()? % self.0.ring.len())
    }

    pub fn minutes(&self) -> Vec<Minute> {
        let now = self.minute();
        let first = now.saturating_sub(MINUTES as u64 - 1).max(1);
        (first..=now).filter_map(|minute| self.at(minute).map(|slot| slot.figures(minute, now - minute))).collect()
    }
}

impl MinuteSlot {
    fn figures(&self, minute: u64, ago: u64) -> Minute {
        let is_of_it = self.minute.load(Relaxed) == minute;
        let counts: Vec<u64> =
            self.classes.iter().map(|class| if is_of_it { class.load(Relaxed) } else { 0 }).collect();
        let requests: u64 = counts.iter().sum();
        let below = |percent: u64| {
            let wanted = (requests * percent).div_ceil(100).max(1);
            let mut passed = 0;
            let reached = |count: &u64| {
                passed += count;
                passed >= wanted
            };
            counts.iter().position(reached).map(|class| 1 << class)
        };
        let commits = if is_of_it { self.commits.load(Relaxed) } else { 0 };
        Minute { ago, requests, p50_us: below(50), p95_us: below(95), commits }
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/http/middleware/meter.rs"]
mod tests;
