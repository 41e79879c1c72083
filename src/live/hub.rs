//! The sessions that are open, each with a bounded queue and a place, and when users were last seen.
//!
//! A place is the last event up to which a client is known to have had everything. It is a row of the store, so that it outlives a drop
//! and a restart: the hub names the rows that must be written, and forgets a session once its last place is stored.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::sync::Cache;
use tokio::sync::watch;

use super::queue::{Queue, Standing};
use crate::domain::{
    id::UserKey,
    listening::{MovedPlace, Notice, Over, Presence, Sibling, SiblingState, Wire},
    time::{Clock, Moment},
};

/// Users of whom it is remembered when they were last seen; the one seen longest ago is forgotten first.
const REMEMBERED_MAX: usize = 100_000;

/// How long the stored place of a silent session may stay as it is.
const RENEW_AFTER: Duration = Duration::from_secs(24 * 3600);

/// How many events of others a silent session's stored place may fall behind: a quarter of those that are kept.
const RENEW_AFTER_EVENTS: i64 = 250_000;

/// Ended sessions whose last place is not stored yet, at most. Beyond it a client resumes behind the place that was stored before.
const ENDED_MAX: usize = 100_000;

/// How long after its last call a user without a socket counts as online: three polls of the Qiscus SDK.
const ONLINE_FOR: Duration = Duration::from_secs(15);

/// All open sessions. Cloning shares them.
#[derive(Clone)]
pub struct Hub(Arc<Sessions>);

struct Sessions {
    open: Mutex<Open>,
    next_number: AtomicU64,
    seen: Cache<UserKey, Seen>,
    is_closed: watch::Sender<bool>,
    clock: Clock,
}

#[derive(Default)]
struct Open {
    by_user: HashMap<UserKey, Vec<Slot>>,
    /// The last event that was delivered.
    seq: i64,
    /// Open sessions whose place has moved since it was written.
    moved: Vec<(UserKey, u64)>,
    /// Ended sessions whose last place is not written yet.
    ended: HashMap<UserKey, Vec<Ended>>,
    /// How many those are.
    ended_count: usize,
    /// When the places of all open sessions were named last, and the last event then.
    renewed: (Option<Moment>, i64),
    is_closing: bool,
}

/// The hub's side of a session.
struct Slot {
    number: u64,
    wire: Wire,
    queue: Arc<Queue>,
}

/// When a user was last seen, and whether it said that it goes.
#[derive(Clone, Copy)]
struct Seen {
    at: Moment,
    has_left: bool,
}

/// An ended session's last place.
#[derive(Clone, Copy)]
struct Ended {
    wire: Wire,
    row: i64,
    heard: i64,
}

impl Open {
    /// Remembers where a session stood that the hub holds no longer. One without a row cannot be resumed.
    fn remember(&mut self, user: UserKey, slot: &Slot) {
        let Standing { row, heard, .. } = slot.queue.standing(self.seq);
        if row != 0 && self.ended_count < ENDED_MAX {
            self.ended.entry(user).or_default().push(Ended { wire: slot.wire, row, heard });
            self.ended_count += 1;
        }
    }

    /// Takes the slots of a user that `ends` names out, and remembers where they stood.
    fn take_slots(&mut self, user: UserKey, ends: impl Fn(&Slot) -> bool) -> Vec<Slot> {
        let Some(slots) = self.by_user.get_mut(&user) else { return Vec::new() };
        let (taken, kept): (Vec<Slot>, Vec<Slot>) = std::mem::take(slots).into_iter().partition(ends);
        *slots = kept;
        if slots.is_empty() {
            self.by_user.remove(&user);
        }
        taken.iter().for_each(|slot| self.remember(user, slot));
        taken
    }
}

/// The listener's side of a session. Dropping it ends the session.
pub struct Session {
    hub: Hub,
    number: u64,
    user: UserKey,
    wire: Wire,
    queue: Arc<Queue>,
    missed_since: Option<i64>,
}

impl Hub {
    /// A hub without sessions, over events up to `seq`.
    pub fn new(seq: i64, clock: Clock) -> Self {
        let open = Open { seq, renewed: (Some(clock()), seq), ..Open::default() };
        Self(Arc::new(Sessions {
            open: Mutex::new(open),
            next_number: AtomicU64::new(0),
            seen: Cache::new(REMEMBERED_MAX),
            is_closed: watch::Sender::new(false),
            clock,
        }))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session; the user's oldest one on this wire ends where it has `sessions_max` already. None when the server stops.
    pub fn join(&self, user: UserKey, wire: Wire, sessions_max: usize) -> Option<Session> {
        let number = self.0.next_number.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open();
        if open.is_closing {
            return None;
        }
        let queue = Arc::new(Queue::new(open.seq));
        let slots = open.by_user.get(&user).map(Vec::as_slice).unwrap_or_default();
        if slots.iter().filter(|slot| slot.wire == wire).count() >= sessions_max
            && let Some(oldest) = slots.iter().find(|slot| slot.wire == wire).map(|slot| slot.number)
        {
            open.take_slots(user, |slot| slot.number == oldest).iter().for_each(|slot| slot.queue.end(Over::Replaced));
        }
        // Most users have one.
        let slots = open.by_user.entry(user).or_insert_with(|| Vec::with_capacity(1));
        slots.push(Slot { number, wire, queue: Arc::clone(&queue) });
        drop(open);
        Some(Session { hub: self.clone(), number, user, wire, queue, missed_since: None })
    }

    /// The places that have moved since they were written, `at_most` of them: of sessions that ended, and of open ones.
    pub fn take_moved(&self, at_most: usize) -> Vec<MovedPlace> {
        let mut open = self.open();
        let mut moved = Vec::new();
        let users: Vec<UserKey> = open.ended.keys().copied().take(at_most).collect();
        for ended in users.iter().filter_map(|user| open.ended.remove(user)).collect::<Vec<_>>() {
            open.ended_count = open.ended_count.saturating_sub(ended.len());
            moved.extend(ended.iter().map(|ended| MovedPlace { row: ended.row, heard: ended.heard, has_ended: true }));
        }
        let rest = open.moved.len().min(at_most.saturating_sub(moved.len()));
        let sessions: Vec<(UserKey, u64)> = open.moved.drain(..rest).collect();
        if open.moved.is_empty() {
            open.moved = Vec::new();
        }
        let passed = open.seq;
        for (user, number) in sessions {
            let slot = open.by_user.get(&user).and_then(|slots| slots.iter().find(|slot| slot.number == number));
            let standing = slot.map(|slot| slot.queue.to_be_written(passed)).filter(|standing| standing.row != 0);
            moved.extend(standing.map(|Standing { row, heard, .. }| MovedPlace { row, heard, has_ended: false }));
        }
        moved
    }

    /// Names the place of every open session to be written, once a day or after many events: that of a silent session does not move, and
    /// the events it stands at are pruned.
    pub fn renew_places(&self) {
        let now = (self.0.clock)();
        let mut open = self.open();
        let (at, seq) = open.renewed;
        if at.is_some_and(|at| now < at.after(RENEW_AFTER)) && open.seq < seq.saturating_add(RENEW_AFTER_EVENTS) {
            return;
        }
        open.renewed = (Some(now), open.seq);
        let all = open.by_user.iter().flat_map(|(user, slots)| slots.iter().map(|slot| (*user, slot.number)));
        open.moved = all.collect();
    }

    /// Sessions a user has open on a wire.
    pub fn sessions(&self, user: UserKey, wire: Wire) -> usize {
        self.open().by_user.get(&user).map_or(0, |slots| slots.iter().filter(|slot| slot.wire == wire).count())
    }

    /// Sessions that are open on a wire.
    pub fn open_on(&self, wire: Wire) -> usize {
        self.open().by_user.values().flatten().filter(|slot| slot.wire == wire).count()
    }

    /// The users with a session, unless they are more than `users_max`.
    pub(super) fn listeners(&self, users_max: usize) -> Option<Vec<UserKey>> {
        let open = self.open();
        (open.by_user.len() <= users_max).then(|| open.by_user.keys().copied().collect())
    }

    /// Whether this user listens.
    pub(super) fn has(&self, user: UserKey) -> bool {
        self.open().by_user.contains_key(&user)
    }

    /// Whether nobody listens.
    pub(super) fn is_empty(&self) -> bool {
        self.open().by_user.is_empty()
    }

    /// Puts a notice into the queues of these users' sessions. A session whose queue is full ends; the others do not wait for it.
    pub(super) fn deliver(&self, to: &[UserKey], notice: &Arc<Notice>) {
        let bytes = notice.bytes();
        let mut open = self.open();
        for user in to {
            let Some(slots) = open.by_user.get(user) else { continue };
            let full = slots.iter().filter(|slot| !slot.queue.put(notice, bytes)).map(|slot| slot.number);
            let full: Vec<u64> = full.collect();
            if !full.is_empty() {
                open.take_slots(*user, |slot| full.contains(&slot.number));
            }
        }
        open.seq = open.seq.max(notice.seq());
    }

    /// Everything up to this event has been delivered.
    pub(super) fn passed(&self, seq: i64) {
        let mut open = self.open();
        open.seq = open.seq.max(seq);
    }

    /// Ends the sessions a user has on a wire; without one, all of them.
    pub fn end(&self, user: UserKey, wire: Option<Wire>) {
        let ended = self.open().take_slots(user, |slot| wire.is_none_or(|wire| wire == slot.wire));
        ended.iter().for_each(|slot| slot.queue.end(Over::Refused));
    }

    /// Ends every session there is, and opens no more.
    pub fn close(&self) {
        let mut open = self.open();
        open.is_closing = true;
        let users: Vec<UserKey> = open.by_user.keys().copied().collect();
        let all: Vec<Slot> = users.into_iter().flat_map(|user| open.take_slots(user, |_| true)).collect();
        drop(open);
        all.into_iter().for_each(|slot| slot.queue.end(Over::Closing));
        self.0.is_closed.send_replace(true);
    }

    /// Waits until every session ends, for a client that has none.
    pub async fn closed(&self) -> Over {
        // An error would say that there is no hub any more.
        let _ = self.0.is_closed.subscribe().wait_for(|is_closed| *is_closed).await;
        Over::Closing
    }

    /// Notes that a user has just called.
    pub fn saw(&self, user: UserKey) {
        self.0.seen.insert(user, Seen { at: (self.0.clock)(), has_left: false });
    }

    /// Notes that a user has gone: it is offline at once, unless a session is open.
    pub fn saw_leave(&self, user: UserKey) {
        self.0.seen.insert(user, Seen { at: (self.0.clock)(), has_left: true });
    }

    /// Whether a user is there.
    pub fn presence(&self, user: UserKey) -> Presence {
        let now = (self.0.clock)();
        if self.open().by_user.contains_key(&user) {
            return Presence { is_online: true, seen_at: Some(now) };
        }
        let seen = self.0.seen.get(&user);
        let is_online = seen.is_some_and(|seen| !seen.has_left && seen.at.after(ONLINE_FOR) >= now);
        Presence { is_online, seen_at: seen.map(|seen| seen.at) }
    }

    fn leave(&self, session: &Session) {
        self.open().take_slots(session.user, |slot| slot.number == session.number);
        self.saw_leave(session.user);
    }
}

impl Session {
    /// Whose session it is.
    pub fn user(&self) -> UserKey {
        self.user
    }

    /// By which wire.
    pub fn wire(&self) -> Wire {
        self.wire
    }

    /// Where the user's other sessions on this wire stand, those included that ended and are not written yet.
    pub fn siblings(&self) -> Vec<Sibling> {
        let open = self.hub.open();
        let slots = open.by_user.get(&self.user).into_iter().flatten();
        let others = slots.filter(|slot| slot.wire == self.wire && slot.number != self.number);
        let going = others.map(|slot| {
            let Standing { row, heard, is_outstanding } = slot.queue.standing(open.seq);
            Sibling { row, heard, state: SiblingState::Open { is_outstanding } }
        });
        let ended = open.ended.get(&self.user).into_iter().flatten().filter(|ended| ended.wire == self.wire);
        let ended = ended.map(|ended| Sibling { row: ended.row, heard: ended.heard, state: SiblingState::Ended });
        going.chain(ended).collect()
    }

    /// Sets the row that keeps its place.
    pub fn begin(&self, row: i64) {
        self.queue.begin(row);
    }

    /// Sets the event behind which a client that comes back is to be told.
    pub fn resume_behind(&mut self, seq: i64) {
        self.queue.resume_behind(seq);
        self.missed_since = Some(seq);
    }

    /// The next notice, in the order of the commits. May be dropped while it waits: nothing is lost.
    /// # Errors
    /// Why there will be none any more, after all that were queued until then.
    pub async fn next(&mut self) -> Result<Arc<Notice>, Over> {
        self.queue.next().await
    }

    /// The event behind which the client must be told what it missed, if there is something to look at.
    pub fn missed_since(&self) -> Option<i64> {
        self.missed_since
    }

    /// The client could not be told of the last notice: it must be looked up.
    pub fn fall_behind(&self) {
        self.queue.fall_behind();
    }

    /// The client was sent everything up to this event; notices of what it covers come no more.
    pub fn caught_up(&self, seq: i64) {
        self.queue.caught_up(seq);
    }

    /// The last event of which a notice was taken, or that was caught up with.
    pub fn taken(&self) -> i64 {
        self.queue.taken()
    }

    /// The client has had everything that was sent up to this event.
    pub fn confirm(&self, seq: i64) {
        if self.queue.confirm(seq) {
            self.hub.open().moved.push((self.user, self.number));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.hub.leave(self);
    }
}
