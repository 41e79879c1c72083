//! The sessions that are open, each with a bounded queue, and when users were last seen.

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

use super::queue::Queue;
use crate::domain::{
    id::UserKey,
    listening::{Notice, Over, Presence, Wire},
    time::{Clock, Moment},
};

/// How long after a session ended its user can come back and hear what it missed. A client that is away longer reads anew.
const RESUME_WITHIN: Duration = Duration::from_secs(300);

/// Users remembered for that, and for when they were last seen; who was seen longest ago is forgotten first.
const REMEMBERED_MAX: usize = 100_000;

/// How long after its last call a user without a socket counts as online: three polls of the Qiscus SDK.
const ONLINE_FOR: Duration = Duration::from_secs(15);

/// All open sessions. Cloning shares them.
#[derive(Clone)]
pub struct Hub(Arc<Sessions>);

struct Sessions {
    open: Mutex<Open>,
    next_number: AtomicU64,
    seen: Cache<UserKey, Seen>,
    left: Cache<UserKey, Left>,
    is_closed: watch::Sender<bool>,
    clock: Clock,
}

#[derive(Default)]
struct Open {
    by_user: HashMap<UserKey, Vec<Slot>>,
    /// The last event that was delivered.
    seq: i64,
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

/// What is remembered of a user whose session ended.
#[derive(Clone, Copy)]
struct Left {
    heard: i64,
    at: Moment,
}

/// The listener's side of a session. Dropping it ends the session.
pub struct Session {
    hub: Hub,
    number: u64,
    user: UserKey,
    queue: Arc<Queue>,
    heard: i64,
    missed_since: Option<i64>,
}

impl Hub {
    /// A hub without sessions, over events up to `seq`.
    pub fn new(seq: i64, clock: Clock) -> Self {
        let open = Open { seq, ..Open::default() };
        Self(Arc::new(Sessions {
            open: Mutex::new(open),
            next_number: AtomicU64::new(0),
            seen: Cache::new(REMEMBERED_MAX),
            left: Cache::new(REMEMBERED_MAX),
            is_closed: watch::Sender::new(false),
            clock,
        }))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session; the user's oldest one on this wire ends where it has `sessions_max` already. None when the server stops.
    pub fn join(&self, user: UserKey, wire: Wire, sessions_max: usize) -> Option<Session> {
        let queue = Arc::new(Queue::default());
        let number = self.0.next_number.fetch_add(1, Ordering::Relaxed);
        let now = (self.0.clock)();
        let mut open = self.open();
        if open.is_closing {
            return None;
        }
        let heard = open.seq;
        // Most users have one.
        let slots = open.by_user.entry(user).or_insert_with(|| Vec::with_capacity(1));
        if slots.iter().filter(|slot| slot.wire == wire).count() >= sessions_max
            && let Some(oldest) = slots.iter().position(|slot| slot.wire == wire)
        {
            slots.remove(oldest).queue.end(Over::Replaced);
        }
        slots.push(Slot { number, wire, queue: Arc::clone(&queue) });
        drop(open);
        let left = self.0.left.get(&user).filter(|left| left.at.after(RESUME_WITHIN) >= now);
        let missed_since = left.map(|left| left.heard).filter(|seq| *seq < heard);
        Some(Session { hub: self.clone(), number, user, queue, heard, missed_since })
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
            let Some(slots) = open.by_user.get_mut(user) else { continue };
            slots.retain(|slot| slot.queue.put(notice, bytes));
            if slots.is_empty() {
                open.by_user.remove(user);
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
        let mut open = self.open();
        let Some(slots) = open.by_user.get_mut(&user) else { return };
        slots.retain(|slot| {
            let ends = wire.is_none_or(|wire| wire == slot.wire);
            if ends {
                slot.queue.end(Over::Refused);
            }
            !ends
        });
        if slots.is_empty() {
            open.by_user.remove(&user);
        }
    }

    /// Ends every session there is, and opens no more.
    pub fn close(&self) {
        let mut open = self.open();
        open.is_closing = true;
        let all = std::mem::take(&mut open.by_user);
        drop(open);
        all.into_values().flatten().for_each(|slot| slot.queue.end(Over::Closing));
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
        let mut open = self.open();
        if let Some(slots) = open.by_user.get_mut(&session.user) {
            slots.retain(|slot| slot.number != session.number);
            if slots.is_empty() {
                open.by_user.remove(&session.user);
            }
        }
        drop(open);
        let at = (self.0.clock)();
        self.0.left.insert(session.user, Left { heard: session.heard, at });
        self.saw_leave(session.user);
    }
}

impl Session {
    /// Whose session it is.
    pub fn user(&self) -> UserKey {
        self.user
    }

    /// The next notice, in the order of the commits. May be dropped while it waits: nothing is lost.
    /// # Errors
    /// Why there will be none any more, after all that were queued until then.
    pub async fn next(&mut self) -> Result<Arc<Notice>, Over> {
        let notice = self.queue.next().await?;
        self.heard = self.heard.max(notice.seq());
        Ok(notice)
    }

    /// The last event this user heard before a session of it ended, if that was a short while ago and something happened since.
    pub fn missed_since(&self) -> Option<i64> {
        self.missed_since
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.hub.leave(self);
    }
}
