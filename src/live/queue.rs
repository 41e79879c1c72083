//! The notices waiting for one session, bounded in number and bytes, and the session's position.
//!
//! A channel of tokio would take a kibibyte for each of ten thousand silent sessions. Here the hub's lock admits one
//! writer at a time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::domain::listening::{Notice, Over};

/// A slower listener is cut off and looks up what it missed.
const NOTICES_MAX: usize = 256;

const BYTES_MAX: usize = 1024 * 1024;

/// Notices for which an empty queue keeps its allocation.
const ROOM_KEPT: usize = 4;

#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<QueueState>,
    news: Notify,
}

#[derive(Default)]
struct QueueState {
    notices: VecDeque<Arc<Notice>>,
    bytes: usize,
    over: Option<Over>,
    confirmed: i64,
    /// The last event that was taken from the queue or looked up.
    taken: i64,
    /// Whether events after `confirmed` must be looked up, because they came while the client could not receive them.
    is_behind: bool,
    is_moved: bool,
    row: i64,
}

impl QueueState {
    /// Whether the client may lack an event that concerns it.
    fn is_outstanding(&self) -> bool {
        self.is_behind || self.taken > self.confirmed || !self.notices.is_empty()
    }

    /// Moves the position; returns whether that must be reported.
    fn move_to(&mut self, confirmed: i64) -> bool {
        let has_moved = confirmed > self.confirmed;
        self.confirmed = self.confirmed.max(confirmed);
        has_moved && !std::mem::replace(&mut self.is_moved, true)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionPlace {
    pub(super) row: i64,
    pub(super) heard: i64,
    pub(super) is_outstanding: bool,
}

impl Queue {
    /// Creates an empty queue for a client that has everything up to this event.
    pub(super) fn new(heard: i64) -> Self {
        let waiting = QueueState { confirmed: heard, taken: heard, ..QueueState::default() };
        Self { waiting: Mutex::new(waiting), news: Notify::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, QueueState> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notice of this size; false if there is no room, which ends the session.
    pub(super) fn put(&self, notice: &Arc<Notice>, bytes: usize) -> bool {
        let mut waiting = self.waiting();
        if waiting.notices.len() >= NOTICES_MAX || waiting.bytes.saturating_add(bytes) > BYTES_MAX {
            // The session has lost this notice: its position must stay before it.
            waiting.is_behind = true;
            drop(waiting);
            self.end(Over::Slow);
            return false;
        }
        if !waiting.is_outstanding() {
            waiting.confirmed = waiting.confirmed.max(notice.seq() - 1);
            waiting.taken = waiting.confirmed;
        }
        waiting.notices.push_back(Arc::clone(notice));
        waiting.bytes += bytes;
        drop(waiting);
        self.news.notify_one();
        true
    }

    pub(super) fn end(&self, why: Over) {
        self.waiting().over.get_or_insert(why);
        self.news.notify_one();
    }

    /// The future may be dropped: nothing is lost.
    /// # Errors
    /// The reason of the end, after all queued notices.
    pub(super) async fn next(&self) -> Result<Arc<Notice>, Over> {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            // A notice or end after the check above has left a permit, which this call sees at once.
            self.news.notified().await;
        }
    }

    fn take(&self) -> Option<Result<Arc<Notice>, Over>> {
        let mut waiting = self.waiting();
        loop {
            let Some(notice) = waiting.notices.pop_front() else { return waiting.over.map(Err) };
            waiting.bytes = waiting.bytes.saturating_sub(notice.bytes());
            if waiting.notices.is_empty() && waiting.notices.capacity() > ROOM_KEPT {
                waiting.notices = VecDeque::new();
            }
            // A look-up has already covered it.
            if notice.seq() > waiting.taken || waiting.is_behind {
                waiting.taken = waiting.taken.max(notice.seq());
                return Some(Ok(notice));
            }
        }
    }

    pub(super) fn begin(&self, row: i64) {
        self.waiting().row = row;
    }

    pub(super) fn resume_behind(&self, seq: i64) {
        let mut waiting = self.waiting();
        waiting.confirmed = seq;
        waiting.is_behind = true;
    }

    /// The last notice did not reach the client: it must be looked up.
    pub(super) fn fall_behind(&self) {
        self.waiting().is_behind = true;
    }

    /// The client was sent everything up to this event, but has not confirmed it.
    pub(super) fn caught_up(&self, seq: i64) {
        let mut waiting = self.waiting();
        waiting.is_behind = false;
        waiting.taken = waiting.taken.max(seq);
    }

    pub(super) fn confirm(&self, seq: i64) -> bool {
        let mut waiting = self.waiting();
        let confirmed = seq.min(waiting.taken);
        !waiting.is_behind && waiting.move_to(confirmed)
    }

    pub(super) fn taken(&self) -> i64 {
        self.waiting().taken
    }

    /// Returns the position when everything up to event `passed` is delivered.
    pub(super) fn standing(&self, passed: i64) -> SessionPlace {
        let waiting = self.waiting();
        let is_outstanding = waiting.is_outstanding();
        let heard = if is_outstanding { waiting.confirmed } else { passed.max(waiting.confirmed) };
        SessionPlace { row: waiting.row, heard, is_outstanding }
    }

    /// Like [`Queue::standing`], for storing: the next move is reported again.
    pub(super) fn take_standing(&self, passed: i64) -> SessionPlace {
        self.waiting().is_moved = false;
        self.standing(passed)
    }
}
