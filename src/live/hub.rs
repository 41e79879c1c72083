//! The open sessions, each with a bounded queue and a position, and when users were last seen.
//!
//! A position is the last event that a client is known to have received. It is stored in a row, so that it survives a
//! disconnect and a restart.

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

use super::{
    clients::{ClientKey, EndedClients, RecentEvents},
    queue::{Queue, SessionPosition},
};
use crate::domain::{
    ChangedPosition, Clock, EndReason, Moment, Notification, Presence, Sibling, SiblingState, UserKey, Vendor,
};

/// Users whose last activity is remembered; the oldest is forgotten first.
const REMEMBERED_MAX: usize = 100_000;

/// How old the stored position of a silent session may become.
const RENEW_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Events of other users that the stored position of a silent session may be behind: a quarter of those kept.
const RENEW_AFTER_EVENTS: i64 = 250_000;

/// Ended sessions whose last position is not stored yet. Above it a client resumes after the position stored before.
const ENDED_MAX: usize = 100_000;

/// How long after its last call a user without a socket counts as online: three polls of the Qiscus SDK.
const ONLINE_FOR: Duration = Duration::from_secs(15);

#[derive(Clone)]
pub struct Hub(Arc<Sessions>);

struct Sessions {
    open: Mutex<OpenSessions>,
    next_number: AtomicU64,
    seen: Cache<UserKey, LastSeen>,
    is_closed: watch::Sender<bool>,
    clock: Clock,
}

#[derive(Default)]
struct OpenSessions {
    by_user: HashMap<UserKey, Vec<SessionSlot>>,
    seq: i64,
    /// Open sessions whose position has changed since it was stored.
    moved: Vec<(UserKey, u64)>,
    /// Ended sessions whose last position is not stored yet.
    ended: HashMap<UserKey, Vec<EndedSession>>,
    ended_count: usize,
    /// Of clients that name themselves.
    ended_clients: EndedClients,
    recent: RecentEvents,
    /// When the positions of all open sessions were last listed for storing, and the last event then.
    renewed: (Option<Moment>, i64),
    is_closing: bool,
}

struct SessionSlot {
    number: u64,
    vendor: Vendor,
    queue: Arc<Queue>,
    /// The client says that its user is not there.
    is_away: bool,
    /// None too once the same client has another session, which continues after this one's position.
    client: Option<ClientKey>,
}

#[derive(Clone, Copy)]
struct LastSeen {
    at: Moment,
    has_left: bool,
}

#[derive(Clone, Copy)]
struct EndedSession {
    vendor: Vendor,
    row: i64,
    confirmed: i64,
}

impl OpenSessions {
    /// Remembers the position of a removed session. One without a row cannot be resumed.
    fn remember(&mut self, user: UserKey, slot: &SessionSlot) {
        let SessionPosition { row, confirmed, .. } = slot.queue.position(self.seq);
        if let Some(client) = slot.client {
            let received = slot.queue.received(self.seq, self.recent.last_before().unwrap_or_default());
            self.ended_clients.remember(user, client, received);
        }
        if row != 0 && self.ended_count < ENDED_MAX {
            self.ended.entry(user).or_default().push(EndedSession { vendor: slot.vendor, row, confirmed });
            self.ended_count += 1;
        }
    }

    /// Returns the last event that a client is known to have received, of its open session too: the server may not know
    /// yet that it is cut.
    fn take_client(&mut self, user: UserKey, client: ClientKey) -> Option<i64> {
        let ended = self.ended_clients.take(user, client);
        let (seq, old) = (self.seq, self.recent.last_before().unwrap_or_default());
        let slots = self.by_user.get_mut(&user).into_iter().flatten();
        let open = slots
            .filter_map(|slot| slot.client.take_if(|known| *known == client).map(|_| slot.queue.received(seq, old)));
        open.chain(ended).min()
    }

    /// Removes the slots that `ends` selects, and remembers their positions.
    fn take_slots(&mut self, user: UserKey, ends: impl Fn(&SessionSlot) -> bool) -> Vec<SessionSlot> {
        let Some(slots) = self.by_user.get_mut(&user) else { return Vec::new() };
        let (taken, kept): (Vec<SessionSlot>, Vec<SessionSlot>) = std::mem::take(slots).into_iter().partition(ends);
        *slots = kept;
        if slots.is_empty() {
            self.by_user.remove(&user);
        }
        taken.iter().for_each(|slot| self.remember(user, slot));
        taken
    }
}

/// The listener's side of a session. Dropping it ends the session.
pub struct LiveSession {
    hub: Hub,
    number: u64,
    user: UserKey,
    vendor: Vendor,
    queue: Arc<Queue>,
    missed_since: Option<i64>,
}

impl Hub {
    pub fn new(seq: i64, clock: Clock) -> Self {
        let open = OpenSessions { seq, renewed: (Some(clock()), seq), ..OpenSessions::default() };
        Self(Arc::new(Sessions {
            open: Mutex::new(open),
            next_number: AtomicU64::new(0),
            seen: Cache::new(REMEMBERED_MAX),
            is_closed: watch::Sender::new(false),
            clock,
        }))
    }

    fn open(&self) -> MutexGuard<'_, OpenSessions> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// If the user has `sessions_max` on this wire already, the oldest ends. None if the server stops.
    pub fn join(&self, user: UserKey, vendor: Vendor, sessions_max: usize) -> Option<LiveSession> {
        self.join_again(user, vendor, sessions_max, None)
    }

    /// As [`Hub::join`]. The session of a client that had one before continues after the last event that the client is
    /// known to have received: [`LiveSession::missed_since`].
    pub fn join_again(
        &self,
        user: UserKey,
        vendor: Vendor,
        sessions_max: usize,
        client: Option<ClientKey>,
    ) -> Option<LiveSession> {
        let number = self.0.next_number.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open();
        if open.is_closing {
            return None;
        }
        let missed_since = client.and_then(|client| open.take_client(user, client));
        let queue = Arc::new(Queue::new(open.seq));
        if let Some(seq) = missed_since.filter(|seq| *seq < open.seq) {
            queue.resume_after(seq);
        }
        let slots = open.by_user.get(&user).map(Vec::as_slice).unwrap_or_default();
        if slots.iter().filter(|slot| slot.vendor == vendor).count() >= sessions_max
            && let Some(oldest) = slots.iter().find(|slot| slot.vendor == vendor).map(|slot| slot.number)
        {
            open.take_slots(user, |slot| slot.number == oldest)
                .iter()
                .for_each(|slot| slot.queue.end(EndReason::Replaced));
        }
        // Most users have one.
        let slots = open.by_user.entry(user).or_insert_with(|| Vec::with_capacity(1));
        slots.push(SessionSlot { number, vendor, queue: Arc::clone(&queue), is_away: false, client });
        drop(open);
        Some(LiveSession { hub: self.clone(), number, user, vendor, queue, missed_since })
    }

    /// Takes up to `at_most` positions to store: of ended sessions, and changed ones of open sessions.
    pub fn take_changed_positions(&self, at_most: usize) -> Vec<ChangedPosition> {
        let mut open = self.open();
        let mut moved = Vec::new();
        let users: Vec<UserKey> = open.ended.keys().copied().take(at_most).collect();
        for ended in users.iter().filter_map(|user| open.ended.remove(user)).collect::<Vec<_>>() {
            open.ended_count = open.ended_count.saturating_sub(ended.len());
            moved.extend(ended.iter().map(|ended| ChangedPosition {
                row: ended.row,
                confirmed: ended.confirmed,
                has_ended: true,
            }));
        }
        let rest = open.moved.len().min(at_most.saturating_sub(moved.len()));
        let sessions: Vec<(UserKey, u64)> = open.moved.drain(..rest).collect();
        if open.moved.is_empty() {
            open.moved = Vec::new();
        }
        let advance = open.seq;
        for (user, number) in sessions {
            let slot = open.by_user.get(&user).and_then(|slots| slots.iter().find(|slot| slot.number == number));
            let position = slot.map(|slot| slot.queue.take_position(advance)).filter(|position| position.row != 0);
            moved.extend(position.map(|SessionPosition { row, confirmed, .. }| ChangedPosition {
                row,
                confirmed,
                has_ended: false,
            }));
        }
        moved
    }

    /// Runs once a day or after many events: the position of a silent session does not move, but events are pruned.
    pub fn refresh_positions(&self) {
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

    pub fn sessions(&self, user: UserKey, vendor: Vendor) -> usize {
        self.open().by_user.get(&user).map_or(0, |slots| slots.iter().filter(|slot| slot.vendor == vendor).count())
    }

    pub fn open_sessions(&self, vendor: Vendor) -> usize {
        self.open().by_user.values().flatten().filter(|slot| slot.vendor == vendor).count()
    }

    pub(super) fn users_with_sessions(&self, users_max: usize) -> Option<Vec<UserKey>> {
        let open = self.open();
        (open.by_user.len() <= users_max).then(|| open.by_user.keys().copied().collect())
    }

    pub(super) fn has(&self, user: UserKey) -> bool {
        self.open().by_user.contains_key(&user)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open().by_user.is_empty()
    }

    /// Queues a notification for these users' sessions. A session whose queue is full ends.
    pub(super) fn deliver(&self, to: &[UserKey], notification: &Arc<Notification>) {
        let bytes = notification.bytes();
        let mut open = self.open();
        for user in to {
            let Some(slots) = open.by_user.get(user) else { continue };
            let full = slots.iter().filter(|slot| !slot.queue.put(notification, bytes)).map(|slot| slot.number);
            let full: Vec<u64> = full.collect();
            if !full.is_empty() {
                open.take_slots(*user, |slot| full.contains(&slot.number));
            }
        }
        open.seq = open.seq.max(notification.seq());
    }

    /// Queues a notice that no event caused for these users' sessions.
    pub fn pass(&self, to: &[UserKey], notice: Notification) {
        self.deliver(to, &Arc::new(notice));
    }

    pub(super) fn advance(&self, seq: i64) {
        let mut open = self.open();
        open.seq = open.seq.max(seq);
        open.recent.note(seq);
    }

    /// When the server starts: events after `before` count as recent for a while. None if there are no events.
    pub fn start_recent(&self, before: Option<i64>) {
        let mut open = self.open();
        open.recent = RecentEvents::start(Arc::clone(&self.0.clock), before, open.seq);
    }

    /// Returns the last event that every client had received when the server stopped, for
    /// [`RECENT`](super::clients::RECENT) after its start.
    pub fn last_before_stop(&self) -> Option<i64> {
        self.open().recent.before_stop()
    }

    /// Ends a user's sessions on a wire, or all of them.
    pub fn end(&self, user: UserKey, vendor: Option<Vendor>) {
        let ended = self.open().take_slots(user, |slot| vendor.is_none_or(|vendor| vendor == slot.vendor));
        ended.iter().for_each(|slot| slot.queue.end(EndReason::Refused));
    }

    pub fn close(&self) {
        let mut open = self.open();
        open.is_closing = true;
        let users: Vec<UserKey> = open.by_user.keys().copied().collect();
        let all: Vec<SessionSlot> = users.into_iter().flat_map(|user| open.take_slots(user, |_| true)).collect();
        drop(open);
        all.into_iter().for_each(|slot| slot.queue.end(EndReason::Closing));
        self.0.is_closed.send_replace(true);
    }

    pub async fn closed(&self) -> EndReason {
        // An error would mean that the hub is gone.
        let _ = self.0.is_closed.subscribe().wait_for(|is_closed| *is_closed).await;
        EndReason::Closing
    }

    pub fn mark_online(&self, user: UserKey) {
        self.0.seen.insert(user, LastSeen { at: (self.0.clock)(), has_left: false });
    }

    /// Notes that a user has logged out: offline at once, unless a session is open.
    pub fn mark_offline(&self, user: UserKey) {
        self.0.seen.insert(user, LastSeen { at: (self.0.clock)(), has_left: true });
    }

    /// A user is online while a session is open whose client does not say otherwise; without a session, for a while
    /// after its last call.
    pub fn presence(&self, user: UserKey) -> Presence {
        let now = (self.0.clock)();
        let is_there = self.open().by_user.get(&user).map(|slots| slots.iter().any(|slot| !slot.is_away));
        if is_there == Some(true) {
            return Presence { is_online: true, seen_at: Some(now) };
        }
        let seen = self.0.seen.get(&user);
        let called = seen.is_some_and(|seen| !seen.has_left && seen.at.after(ONLINE_FOR) >= now);
        let is_online = is_there.is_none() && called;
        Presence { is_online, seen_at: seen.map(|seen| seen.at) }
    }

    fn leave(&self, session: &LiveSession) {
        self.open().take_slots(session.user, |slot| slot.number == session.number);
        self.mark_offline(session.user);
    }
}

impl LiveSession {
    pub fn user(&self) -> UserKey {
        self.user
    }

    pub fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// Returns the positions of the user's other sessions on this wire, including ended ones that are not stored yet.
    pub fn siblings(&self) -> Vec<Sibling> {
        let open = self.hub.open();
        let slots = open.by_user.get(&self.user).into_iter().flatten();
        let others = slots.filter(|slot| slot.vendor == self.vendor && slot.number != self.number);
        let going = others.map(|slot| {
            let SessionPosition { row, confirmed, is_outstanding } = slot.queue.position(open.seq);
            Sibling { row, confirmed, state: SiblingState::Open { is_outstanding } }
        });
        let ended = open.ended.get(&self.user).into_iter().flatten().filter(|ended| ended.vendor == self.vendor);
        let ended =
            ended.map(|ended| Sibling { row: ended.row, confirmed: ended.confirmed, state: SiblingState::Ended });
        going.chain(ended).collect()
    }

    /// Notes whether the client says that its user is there; returns whether it said otherwise before.
    pub fn set_away(&self, is_away: bool) -> bool {
        let mut open = self.hub.open();
        let slots = open.by_user.get_mut(&self.user).into_iter().flatten();
        let slot = slots.into_iter().find(|slot| slot.number == self.number);
        let has_changed = slot.is_some_and(|slot| std::mem::replace(&mut slot.is_away, is_away) != is_away);
        drop(open);
        if has_changed && is_away {
            self.hub.mark_offline(self.user);
        }
        has_changed
    }

    pub fn set_row(&self, row: i64) {
        self.queue.set_row(row);
    }

    /// Sets the event after which a returning client must be updated.
    pub fn resume_after(&mut self, seq: i64) {
        self.queue.resume_after(seq);
        self.missed_since = Some(seq);
    }

    /// The future may be dropped: nothing is lost.
    /// # Errors
    /// The reason of the end, after all queued notifications.
    pub async fn next(&mut self) -> Result<Arc<Notification>, EndReason> {
        self.queue.next().await
    }

    pub fn missed_since(&self) -> Option<i64> {
        self.missed_since
    }

    /// The last notification did not reach the client: it must be looked up.
    pub fn mark_behind(&self) {
        self.queue.mark_behind();
    }

    /// The client has nothing after this event until it has caught up.
    pub fn fall_behind(&self, seq: i64) {
        self.queue.fall_behind(seq);
    }

    /// The client was sent everything up to this event; notifications up to it are skipped.
    pub fn caught_up(&self, seq: i64) {
        self.queue.caught_up(seq);
    }

    pub fn taken(&self) -> i64 {
        self.queue.taken()
    }

    pub fn confirm(&self, seq: i64) {
        if self.queue.confirm(seq) {
            self.hub.open().moved.push((self.user, self.number));
        }
    }
}

impl Drop for LiveSession {
    fn drop(&mut self) {
        self.hub.leave(self);
    }
}
