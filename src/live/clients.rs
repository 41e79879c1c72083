//! Where clients whose session has ended continue, and which events are recent. Kept in memory alone.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::{Duration, Instant},
};

use quick_cache::unsync::Cache;

use crate::domain::{Clock, Moment, UserKey};

/// Users whose ended clients are remembered; the oldest are forgotten first.
const USERS_MAX: usize = 20_000;

/// Ended clients of one user: as many as it may have sessions. The newest are kept.
const CLIENTS_OF_USER_MAX: usize = 20;

/// How long an ended client is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 3600);

/// Events of this time may not have reached a client that was cut without notice: the server knows that it is gone when
/// it was silent for 1.5 of its keep-alives, 90 s with the vendor's SDK.
pub const RECENT: Duration = Duration::from_secs(150);

/// The precision of [`RECENT`].
const RECENT_STEP: Duration = Duration::from_secs(10);

/// Names a client of a user that connects again, by the id that the client chose for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientKey(u64);

impl ClientKey {
    /// None for a client without an id.
    pub fn of(id: &str) -> Option<Self> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        (!id.is_empty()).then(|| Self(hasher.finish()))
    }
}

struct EndedClient {
    client: ClientKey,
    confirmed: i64,
    at: Instant,
}

pub(super) struct EndedClients(Cache<UserKey, Vec<EndedClient>>);

impl Default for EndedClients {
    fn default() -> Self {
        Self(Cache::new(USERS_MAX))
    }
}

impl EndedClients {
    pub(super) fn remember(&mut self, user: UserKey, client: ClientKey, confirmed: i64) {
        let (_, mut clients) = self.0.remove(&user).unwrap_or((user, Vec::new()));
        clients.retain(|ended| ended.client != client && ended.at.elapsed() < REMEMBERED_FOR);
        if clients.len() >= CLIENTS_OF_USER_MAX {
            clients.remove(0);
        }
        clients.push(EndedClient { client, confirmed, at: Instant::now() });
        self.0.insert(user, clients);
    }

    /// Returns the last event that the client is known to have received, and forgets it.
    pub(super) fn take(&mut self, user: UserKey, client: ClientKey) -> Option<i64> {
        let mut clients = self.0.get_mut(&user)?;
        let at = clients.iter().position(|ended| ended.client == client && ended.at.elapsed() < REMEMBERED_FOR)?;
        Some(clients.remove(at).confirmed)
    }
}

/// Knows the last event before [`RECENT`].
#[derive(Default)]
pub(super) struct RecentEvents {
    clock: Option<Clock>,
    /// Oldest first, at least [`RECENT_STEP`] apart.
    marks: VecDeque<(Moment, i64)>,
    last: Option<(Moment, i64)>,
    /// When the server started, and the last event that every client had received when it stopped.
    start: Option<(Moment, i64)>,
}

impl RecentEvents {
    /// When the server starts: events after `before` count as recent for a while. None if there are no events.
    pub(super) fn start(clock: Clock, before: Option<i64>, last: i64) -> Self {
        let now = clock();
        let marks = VecDeque::from([(now, before.unwrap_or(last))]);
        Self { clock: Some(clock), marks, last: Some((now, last)), start: before.map(|before| (now, before)) }
    }

    /// Clients that connect soon after a start may have been cut by the stop, which forgot where they were.
    pub(super) fn before_stop(&self) -> Option<i64> {
        let now = self.clock.as_ref().map(|clock| clock())?;
        self.start.filter(|(at, _)| at.after(RECENT) > now).map(|(_, before)| before)
    }

    pub(super) fn note(&mut self, seq: i64) {
        let Some(now) = self.clock.as_ref().map(|clock| clock()) else { return };
        let is_apart =
            |(at, _): &(Moment, i64)| self.marks.back().is_none_or(|(mark, _)| mark.after(RECENT_STEP) <= *at);
        if let Some(mark) = self.last.filter(is_apart) {
            self.marks.push_back(mark);
        }
        self.last = Some((now, seq));
        while self.marks.get(1).is_some_and(|(at, _)| at.after(RECENT) <= now) {
            self.marks.pop_front();
        }
    }

    pub(super) fn last_before(&self) -> Option<i64> {
        let now = self.clock.as_ref().map(|clock| clock())?;
        let newest_first = self.last.iter().chain(self.marks.iter().rev());
        let mut old = newest_first.filter(|(at, _)| at.after(RECENT) <= now);
        old.next().or_else(|| self.marks.front()).map(|(_, seq)| *seq)
    }
}
