//! Long changes of a list, in steps so that other writes run in between. Each step is a transaction. If a change breaks
//! off, the steps before it stay; the same call again completes it.

use std::time::Duration;

use crate::{
    domain::{CallerKey, Error},
    fair::{FairBounds, FairPermit, FairQueue},
    service::Service,
};

/// Rows per step of a phone book: some 3 ms of the writer's time. At most what one event can name.
pub(super) const STEP_ROWS: usize = 150;

/// Users per step of a bulk call: some 5 ms of the writer's time.
pub(super) const STEP_USERS: usize = 100;

/// Friends per step of a change of a group: about as costly.
pub(super) const STEP_FRIENDS: u32 = 100;

/// Tries of a step while the writer's queue is full.
const STEP_TRIES_MAX: u32 = 50;

const STEP_PAUSE: Duration = Duration::from_millis(100);

/// Long changes at one time: each caller runs one, and seven wait. Their parsed lists take some 1.5 MB each.
const LONG_CHANGES: FairBounds = FairBounds {
    running_max: 8,
    running_each_max: 1,
    waiting_max: 24,
    calls_each_max: 8,
    what: Some("long changes of lists at one time"),
};

/// For each user one phone book is read and stored, and seven wait unread.
const PHONE_BOOKS: FairBounds = FairBounds {
    running_max: 4096,
    running_each_max: 1,
    waiting_max: 256,
    calls_each_max: 8,
    what: Some("phone books at one time"),
};

pub(super) struct LongChanges(FairQueue<CallerKey>);

impl LongChanges {
    pub(super) fn new() -> Self {
        Self(FairQueue::new(LONG_CHANGES))
    }

    pub(super) fn of_phone_books() -> Self {
        Self(FairQueue::new(PHONE_BOOKS))
    }

    /// # Errors
    /// `TooMany`, `Busy`.
    pub(super) async fn enter(&self, by: CallerKey) -> Result<FairPermit<CallerKey>, Error> {
        self.0.enter(&[by]).await
    }
}

impl Service {
    /// Runs a call about many users in steps of [`STEP_USERS`]. Returns the outcomes in the order of the items; after a
    /// step that failed they are `undone`.
    /// # Errors
    /// Those of the first step, and of waiting for a turn: nothing was changed.
    pub(super) async fn in_steps<T, O: Clone>(
        &self,
        by: CallerKey,
        mut items: Vec<T>,
        undone: O,
        step: impl AsyncFn(Vec<T>) -> Result<Vec<O>, Error>,
    ) -> Result<Vec<O>, Error> {
        if items.len() <= STEP_USERS {
            return step(items).await;
        }
        let _turn = self.inner.long_changes.enter(by).await?;
        let mut outcomes = Vec::with_capacity(items.len());
        while !items.is_empty() {
            let rest = items.split_off(STEP_USERS.min(items.len()));
            match step(items).await {
                Ok(of_step) => outcomes.extend(of_step),
                Err(error) if outcomes.is_empty() => return Err(error),
                Err(error) => {
                    log::warn!("a bulk call stopped after {} users: {error:?}", outcomes.len());
                    outcomes.resize(outcomes.capacity(), undone);
                    return Ok(outcomes);
                }
            }
            items = rest;
        }
        Ok(outcomes)
    }
}

/// # Errors
/// Those of the step; `Busy` after 5 s.
pub(super) async fn retry_while_busy<T>(step: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..STEP_TRIES_MAX {
        match step().await {
            Err(Error::Busy) => tokio::time::sleep(STEP_PAUSE).await,
            made => return made,
        }
    }
    step().await
}
