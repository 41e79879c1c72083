//! What waits for one session: bounded in notices and in bytes, and small while nothing waits, because most sessions are silent. It also
//! knows the session's place: the last event up to which the client is known to have had everything that concerns it.
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
    /// The client has had everything up to this event.
    confirmed: i64,
    /// The last event that was taken from the queue, or that a look-back covered.
    taken: i64,
    /// Whether events behind `confirmed` must still be looked up: those that came while the client could not be told.
    is_behind: bool,
    /// Whether the place has moved since it was written.
    is_moved: bool,
    /// The row that keeps the place; 0 while there is none.
    row: i64,
}

impl Waiting {
    /// Whether the client may lack an event that was meant for it.
    fn is_outstanding(&self) -> bool {
        self.is_behind || self.taken > self.confirmed || !self.notices.is_empty()
    }

    /// Says that the place has moved; whether that is news.
    fn move_to(&mut self, confirmed: i64) -> bool {
        let has_moved = confirmed > self.confirmed;
        self.confirmed = self.confirmed.max(confirmed);
        has_moved && !std::mem::replace(&mut self.is_moved, true)
    }
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// The row that keeps the place; 0 while there is none.
    pub(super) row: i64,
    /// The client has had everything up to this event.
    pub(super) heard: i64,
    /// Whether something behind that was meant for it, and is not known to have arrived.
    pub(super) is_outstanding: bool,
}

impl Queue {
    /// An empty queue of a client that knows everything up to this event.
    pub(super) fn new(heard: i64) -> Self {
        let waiting = Waiting { confirmed: heard, taken: heard, ..Waiting::default() };
        Self { waiting: Mutex::new(waiting), news: Notify::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notice that weighs so much; false where there is no room for it, which ends the session.
    pub(super) fn put(&self, notice: &Arc<Notice>, bytes: usize) -> bool {
        let mut waiting = self.waiting();
        if waiting.notices.len() >= NOTICES_MAX || waiting.bytes.saturating_add(bytes) > BYTES_MAX {
            // This one is lost to the session: its place must not move past it.
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
        loop {
            let Some(notice) = waiting.notices.pop_front() else { return waiting.over.map(Err) };
            waiting.bytes = waiting.bytes.saturating_sub(notice.bytes());
            if waiting.notices.is_empty() && waiting.notices.capacity() > ROOM_KEPT {
                waiting.notices = VecDeque::new();
            }
            // A look-back has told of it already.
            if notice.seq() > waiting.taken || waiting.is_behind {
                waiting.taken = waiting.taken.max(notice.seq());
                return Some(Ok(notice));
            }
        }
    }

    /// Sets the row that keeps the place.
    pub(super) fn begin(&self, row: i64) {
        self.waiting().row = row;
    }

    /// Moves the place back, to the event behind which the client is to be told.
    pub(super) fn resume_behind(&self, seq: i64) {
        let mut waiting = self.waiting();
        waiting.confirmed = seq;
        waiting.is_behind = true;
    }

    /// The client could not be told what was taken last: it must be looked up.
    pub(super) fn fall_behind(&self) {
        self.waiting().is_behind = true;
    }

    /// A look-back has told of everything up to this event; the client has not confirmed it yet.
    pub(super) fn caught_up(&self, seq: i64) {
        let mut waiting = self.waiting();
        waiting.is_behind = false;
        waiting.taken = waiting.taken.max(seq);
    }

    /// The client has had everything that was sent up to this event. Whether its place has moved and that was not said before.
    pub(super) fn confirm(&self, seq: i64) -> bool {
        let mut waiting = self.waiting();
        let confirmed = seq.min(waiting.taken);
        !waiting.is_behind && waiting.move_to(confirmed)
    }

    /// The last event that was taken.
    pub(super) fn taken(&self) -> i64 {
        self.waiting().taken
    }

    /// Where the session stands when everything up to event `passed` has been announced.
    pub(super) fn standing(&self, passed: i64) -> Standing {
        let waiting = self.waiting();
        let is_outstanding = waiting.is_outstanding();
        let heard = if is_outstanding { waiting.confirmed } else { passed.max(waiting.confirmed) };
        Standing { row: waiting.row, heard, is_outstanding }
    }

    /// As [`Queue::standing`], to be written now: a later move is news again.
    pub(super) fn to_be_written(&self, passed: i64) -> Standing {
        self.waiting().is_moved = false;
        self.standing(passed)
    }
}
