//! The notifications waiting for one session, bounded in number and bytes, and the session's position.
//!
//! A channel of tokio would take a kibibyte for each of ten thousand silent sessions. Here the hub's lock admits one
//! writer at a time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::domain::{EndReason, Notification};

/// A slower listener is cut off and looks up what it missed.
const NOTIFICATIONS_MAX: usize = 256;

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
    notifications: VecDeque<Arc<Notification>>,
    bytes: usize,
    over: Option<EndReason>,
    confirmed: i64,
    taken: i64,
    /// Whether events after `confirmed` must be looked up, because they came while the client could not receive them.
    is_behind: bool,
    is_moved: bool,
    row: i64,
}

impl QueueState {
    fn is_outstanding(&self) -> bool {
        self.is_behind || self.taken > self.confirmed || !self.notifications.is_empty()
    }

    /// Moves the position; returns whether that must be reported.
    fn move_to(&mut self, confirmed: i64) -> bool {
        let has_moved = confirmed > self.confirmed;
        self.confirmed = self.confirmed.max(confirmed);
        has_moved && !std::mem::replace(&mut self.is_moved, true)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionPosition {
    pub(super) row: i64,
    pub(super) confirmed: i64,
    pub(super) is_outstanding: bool,
}

impl Queue {
    /// Creates an empty queue for a client that has everything up to this event.
    pub(super) fn new(confirmed: i64) -> Self {
        let waiting = QueueState { confirmed, taken: confirmed, ..QueueState::default() };
        Self { waiting: Mutex::new(waiting), news: Notify::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, QueueState> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notification of this size; false if there is no room, which ends the session. Typing signs and unstored
    /// messages may use half of both bounds, and the queue drops further ones: a sender of signs cannot end a session.
    pub(super) fn put(&self, notification: &Arc<Notification>, bytes: usize) -> bool {
        let is_sign = matches!(**notification, Notification::Chat { seq: 0, .. });
        let share = if is_sign { 2 } else { 1 };
        let mut waiting = self.waiting();
        let is_full = waiting.notifications.len() >= NOTIFICATIONS_MAX / share
            || waiting.bytes.saturating_add(bytes) > BYTES_MAX / share;
        if is_full && is_sign {
            return true;
        }
        if is_full {
            // The session has lost this notification: its position must stay before it.
            waiting.is_behind = true;
            drop(waiting);
            self.end(EndReason::Slow);
            return false;
        }
        if !waiting.is_outstanding() {
            waiting.confirmed = waiting.confirmed.max(notification.seq() - 1);
            waiting.taken = waiting.confirmed;
        }
        waiting.notifications.push_back(Arc::clone(notification));
        waiting.bytes += bytes;
        drop(waiting);
        self.news.notify_one();
        true
    }

    pub(super) fn end(&self, why: EndReason) {
        self.waiting().over.get_or_insert(why);
        self.news.notify_one();
    }

    /// The future may be dropped: nothing is lost.
    /// # Errors
    /// The reason of the end, after all queued notifications.
    pub(super) async fn next(&self) -> Result<Arc<Notification>, EndReason> {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            // A notification or end after the check above has left a permit, which this call sees at once.
            self.news.notified().await;
        }
    }

    fn take(&self) -> Option<Result<Arc<Notification>, EndReason>> {
        let mut waiting = self.waiting();
        loop {
            let Some(notification) = waiting.notifications.pop_front() else { return waiting.over.map(Err) };
            waiting.bytes = waiting.bytes.saturating_sub(notification.bytes());
            if waiting.notifications.is_empty() && waiting.notifications.capacity() > ROOM_KEPT {
                waiting.notifications = VecDeque::new();
            }
            // A look-up has already covered it, unless no event caused it.
            if notification.seq() == 0 || notification.seq() > waiting.taken || waiting.is_behind {
                waiting.taken = waiting.taken.max(notification.seq());
                return Some(Ok(notification));
            }
        }
    }

    pub(super) fn set_row(&self, row: i64) {
        self.waiting().row = row;
    }

    pub(super) fn resume_after(&self, seq: i64) {
        let mut waiting = self.waiting();
        waiting.confirmed = seq;
        waiting.is_behind = true;
    }

    /// The client has nothing after this event, or after an earlier one, until it has caught up.
    pub(super) fn fall_behind(&self, seq: i64) {
        let mut waiting = self.waiting();
        waiting.confirmed = waiting.confirmed.min(seq);
        waiting.is_behind = true;
    }

    /// The last notification did not reach the client: it must be looked up.
    pub(super) fn mark_behind(&self) {
        self.waiting().is_behind = true;
    }

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
    pub(super) fn position(&self, passed: i64) -> SessionPosition {
        let waiting = self.waiting();
        let is_outstanding = waiting.is_outstanding();
        let confirmed = if is_outstanding { waiting.confirmed } else { passed.max(waiting.confirmed) };
        SessionPosition { row: waiting.row, confirmed, is_outstanding }
    }

    /// Returns the last event that the client received: everything up to `passed`, else what it confirmed. It has events
    /// up to `old` if it was sent them, because it would have been found silent.
    pub(super) fn received(&self, passed: i64, old: i64) -> i64 {
        let waiting = self.waiting();
        match waiting.is_outstanding() {
            true if waiting.is_behind => waiting.confirmed,
            true => waiting.confirmed.max(old.min(waiting.taken)),
            false => passed.max(waiting.confirmed),
        }
    }

    /// Like [`Queue::position`], for storing: the next move is reported again.
    pub(super) fn take_position(&self, passed: i64) -> SessionPosition {
        self.waiting().is_moved = false;
        self.position(passed)
    }
}
