//! What waits for one session: bounded in notices and in bytes, and small while nothing waits, because most sessions are silent.
//!
//! A channel of tokio's keeps room for 32 notices from the start and pads its ends for many writers, which is a kibibyte for each of
//! ten thousand silent sessions; here the hub's lock lets one writer in at a time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::domain::listening::{Notice, Over};

/// Notices that may wait; a listener slower than that is cut off and comes back for what it missed.
const NOTICES_MAX: usize = 256;

/// Of the notices that wait, in bytes.
const BYTES_MAX: usize = 1024 * 1024;

/// Room for notices that an empty queue may keep.
const ROOM_KEPT: usize = 4;

/// One session's queue, shared by the hub and the listener.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Default)]
struct Waiting {
    notices: VecDeque<Arc<Notice>>,
    bytes: usize,
    over: Option<Over>,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notice that weighs so much; false where there is no room for it, which ends the session.
    pub(super) fn put(&self, notice: &Arc<Notice>, bytes: usize) -> bool {
        let mut waiting = self.waiting();
        if waiting.notices.len() >= NOTICES_MAX || waiting.bytes.saturating_add(bytes) > BYTES_MAX {
            drop(waiting);
            self.end(Over::Slow);
            return false;
        }
        waiting.notices.push_back(Arc::clone(notice));
        waiting.bytes += bytes;
        drop(waiting);
        self.news.notify_one();
        true
    }

    /// Says that nothing comes any more, and why; the first reason stays.
    pub(super) fn end(&self, why: Over) {
        self.waiting().over.get_or_insert(why);
        self.news.notify_one();
    }

    /// The next notice. May be dropped while it waits: nothing is lost.
    /// # Errors
    /// Why there will be none any more, after all that were queued until then.
    pub(super) async fn next(&self) -> Result<Arc<Notice>, Over> {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            // Whoever puts or ends after that look has left a permit: it is seen at once.
            self.news.notified().await;
        }
    }

    fn take(&self) -> Option<Result<Arc<Notice>, Over>> {
        let mut waiting = self.waiting();
        let Some(notice) = waiting.notices.pop_front() else { return waiting.over.map(Err) };
        waiting.bytes = waiting.bytes.saturating_sub(notice.bytes());
        if waiting.notices.is_empty() && waiting.notices.capacity() > ROOM_KEPT {
            waiting.notices = VecDeque::new();
        }
        Some(Ok(notice))
    }
}
