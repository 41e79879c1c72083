//! Upload quota of a user: exact over any minute and any day, in bounded memory.

use std::{
    collections::{HashMap, VecDeque},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::domain::{AppKey, Error, UserId};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Users remembered: at a hundred uploads each 16 MiB. Above it, the user who uploaded longest ago is forgotten.
const UPLOADERS_MAX: usize = 10_000;

type Uploads = HashMap<(AppKey, UserId), VecDeque<Instant>>;

/// Each user's upload times of the last day. Forgotten when the process ends.
pub(super) struct UploadQuota {
    per_minute: usize,
    per_day: usize,
    uploads: Mutex<Uploads>,
}

impl UploadQuota {
    pub(super) fn new(per_minute: NonZeroU32, per_day: NonZeroU32) -> Self {
        Self { per_minute: per_minute.get() as usize, per_day: per_day.get() as usize, uploads: Mutex::default() }
    }

    /// # Errors
    /// `TooMany`, with the time until the next one is allowed.
    pub(super) fn admit(&self, app: AppKey, id: &UserId, now: Instant) -> Result<(), Error> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (app, id.clone());
        if uploads.len() >= UPLOADERS_MAX && !uploads.contains_key(&key) {
            forget_one(&mut uploads);
        }
        let moments = uploads.entry(key).or_default();
        while moments.front().is_some_and(|first| now.duration_since(*first) >= DAY) {
            moments.pop_front();
        }
        let wait = |nth_last: usize, span: Duration| {
            let bound = moments.len().checked_sub(nth_last).and_then(|at| moments.get(at))?;
            span.checked_sub(now.duration_since(*bound)).filter(|wait| !wait.is_zero())
        };
        match wait(self.per_minute, MINUTE).max(wait(self.per_day, DAY)) {
            Some(retry_after) => Err(Error::TooMany { what: "picture uploads", retry_after }),
            None => {
                moments.push_back(now);
                Ok(())
            }
        }
    }
}

fn forget_one(uploads: &mut Uploads) {
    let longest_ago = uploads.iter().min_by_key(|(_, moments)| moments.back().copied()).map(|(key, _)| key.clone());
    if let Some(key) = longest_ago {
        uploads.remove(&key);
    }
}

#[cfg(test)]
#[path = "../../tests/unit/service/quota.rs"]
mod tests;
