//! Limits on failed logins, by account and by network, in bounded memory.
//!
//! An attempt is reserved before its password is checked, so that parallel attempts meet the same bound as sequential
//! ones. An attempt that finds all places reserved waits for an outcome, so parallel correct logins all succeed.
//!
//! Guesses at one account: from one network ten failures, then increasing waits; from many networks
//! [`FAILURES_OF_ACCOUNT_MAX`] a day and then two instead of ten per network. No count over several networks refuses a
//! login: strangers could then lock the account's owner out.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::unsync::Cache;
use tokio::{sync::oneshot, time::timeout};

use crate::domain::{AppKey, Error, Network, UserId};

/// Failures of one network at one account before its attempts there wait. A success resets them.
const FAILURES_AT_ACCOUNT_MAX: u32 = 10;

/// The same for an account with [`FAILURES_OF_ACCOUNT_MAX`] recent failures.
const FAILURES_AT_GUESSED_ACCOUNT_MAX: u32 = 2;

/// The count of one network at one account resets after this time without a failure.
const ACCOUNT_WINDOW: Duration = Duration::from_secs(15 * 60);

/// Failures at one account in a day, over all networks, from which each network is allowed fewer.
const FAILURES_OF_ACCOUNT_MAX: u32 = 100;

const DAY: Duration = Duration::from_secs(24 * 3600);

const FAILURES_OF_NETWORK_MAX: u32 = 60;

const NETWORK_WINDOW: Duration = Duration::from_secs(60);

/// Failures of one network within five minutes at the administrators' login.
const FAILURES_AT_CONSOLE_MAX: u32 = 3;

const CONSOLE_WINDOW: Duration = Duration::from_secs(300);

/// The first, the second, and every later wait.
const LADDER: [Duration; 3] = [Duration::from_secs(60), Duration::from_secs(600), Duration::from_secs(3600)];

/// The waits start over after this time without a wait.
const LADDER_FORGIVEN_AFTER: Duration = Duration::from_secs(3600);

/// Accounts and networks remembered; the oldest leave.
const REMEMBERED_MAX: usize = 100_000;

/// Attempts of all clients that wait for outcomes; more get [`Error::Busy`].
const WAITING_MAX: usize = 1024;

/// Waiting attempts of one network, or of one network at one account.
const WAITING_OF_ONE_MAX: usize = WAITING_MAX / 4;

/// How long an attempt waits for outcomes before it gets [`Error::Busy`].
const OUTCOME_WAIT: Duration = Duration::from_secs(30);

/// What failures are counted for. The network is None on a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    /// One network at one account, whether or not the account exists.
    NetworkAtAccount(AppKey, UserId, Option<Network>),
    /// One network, over all accounts.
    Network(Network),
    /// One network at the administrators' login.
    Console(Network),
    /// One account, over all networks. It refuses nothing by itself.
    Account(AppKey, UserId),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    /// Start of the counting window.
    since: Instant,
    waits_until: Option<Instant>,
    rung: usize,
}

#[derive(Debug, Clone)]
pub(super) struct LoginAttempt {
    subjects: Vec<Subject>,
}

#[derive(Clone)]
pub(super) struct LoginThrottle(Arc<Mutex<ThrottleState>>);

struct ThrottleState {
    failures: Cache<Subject, Failures>,
    reserved: HashMap<Subject, u32>,
    waiting: VecDeque<WaitingAttempt>,
    /// The latest moment used for a decision: a caller reads the clock before it takes the lock.
    latest: Option<Instant>,
}

struct WaitingAttempt {
    attempt: LoginAttempt,
    granted: oneshot::Sender<Result<Reservation, Error>>,
}

/// Permission for one attempt. Dropped without an outcome it gives its places back.
pub(super) struct Reservation {
    throttle: LoginThrottle,
    attempt: LoginAttempt,
    outcome: LoginOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LoginOutcome {
    Succeeded,
    Failed,
    Unknown,
}

enum Decision {
    Free,
    /// All places are reserved: outcomes will decide.
    Full,
    Refused(Duration),
}

impl LoginAttempt {
    pub(super) fn new(app: AppKey, id: Option<UserId>, from: Option<IpAddr>) -> Self {
        let network = from.map(Network::of);
        let at_account = id.clone().map(|id| Subject::NetworkAtAccount(app, id, network));
        let account = id.map(|id| Subject::Account(app, id));
        let of_network = network.map(Subject::Network);
        Self { subjects: at_account.into_iter().chain(of_network).chain(account).collect() }
    }

    pub(super) fn of_console(from: Option<IpAddr>) -> Self {
        Self { subjects: from.map(|from| Subject::Console(Network::of(from))).into_iter().collect() }
    }

    fn limited(&self) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(|subject| !matches!(subject, Subject::Account(..)))
    }

    fn shares_limit_with(&self, other: &Self) -> bool {
        self.limited().any(|subject| other.subjects.contains(subject))
    }
}

impl LoginThrottle {
    pub(super) fn new() -> Self {
        let (failures, reserved, waiting) = (Cache::new(REMEMBERED_MAX), HashMap::new(), VecDeque::new());
        Self(Arc::new(Mutex::new(ThrottleState { failures, reserved, waiting, latest: None })))
    }

    fn state(&self) -> MutexGuard<'_, ThrottleState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves an attempt. If all places are reserved, waits for outcomes in order of arrival.
    /// # Errors
    /// `TooMany` with the time until it is allowed; `Busy` if too many wait, or for too long.
    pub(super) async fn reserve(&self, attempt: LoginAttempt) -> Result<Reservation, Error> {
        let granted = match self.reserve_now(&attempt, Instant::now())? {
            Some(reservation) => return Ok(reservation),
            None => self.wait_in_line(attempt)?,
        };
        timeout(OUTCOME_WAIT, granted).await.map_err(|_| Error::Busy)?.map_err(Error::internal)?
    }

    fn reserve_now(&self, attempt: &LoginAttempt, now: Instant) -> Result<Option<Reservation>, Error> {
        let mut state = self.state();
        let now = state.not_before(now);
        match state.verdict(attempt, now) {
            Decision::Free => Ok(Some(self.granted(&mut state, attempt.clone()))),
            Decision::Full => Ok(None),
            Decision::Refused(retry_after) => Err(refusal(retry_after)),
        }
    }

    fn granted(&self, state: &mut ThrottleState, attempt: LoginAttempt) -> Reservation {
        for subject in &attempt.subjects {
            *state.reserved.entry(subject.clone()).or_default() += 1;
        }
        Reservation { throttle: self.clone(), attempt, outcome: LoginOutcome::Unknown }
    }

    fn wait_in_line(&self, attempt: LoginAttempt) -> Result<oneshot::Receiver<Result<Reservation, Error>>, Error> {
        let (granted, receiver) = oneshot::channel();
        let mut state = self.state();
        state.waiting.retain(|waiting| !waiting.granted.is_closed());
        let alike = state.waiting.iter().filter(|waiting| attempt.shares_limit_with(&waiting.attempt)).count();
        if state.waiting.len() >= WAITING_MAX || alike >= WAITING_OF_ONE_MAX {
            return Err(Error::Busy);
        }
        state.waiting.push_back(WaitingAttempt { attempt, granted });
        drop(state);
        // An outcome between the check and this line would have missed it.
        self.admit_waiting(Instant::now());
        Ok(receiver)
    }

    fn settle(&self, attempt: &LoginAttempt, outcome: LoginOutcome, now: Instant) {
        let mut state = self.state();
        let now = state.not_before(now);
        for subject in &attempt.subjects {
            state.release(subject);
            match outcome {
                LoginOutcome::Failed => state.count_failure(subject, now),
                // The network's own count stays: otherwise a login to an account of the attacker's own would reset it.
                LoginOutcome::Succeeded if matches!(subject, Subject::NetworkAtAccount(..)) => {
                    state.failures.remove(subject);
                }
                LoginOutcome::Succeeded | LoginOutcome::Unknown => {}
            }
        }
        drop(state);
        self.admit_waiting(now);
    }

    fn admit_waiting(&self, now: Instant) {
        let mut state = self.state();
        let now = state.not_before(now);
        // Not dropped under the lock: a granted reservation whose caller has gone takes the lock when dropped.
        let mut unclaimed = Vec::new();
        let waiting = std::mem::take(&mut state.waiting);
        for waiting in waiting.into_iter().filter(|waiting| !waiting.granted.is_closed()) {
            let granted = match state.verdict(&waiting.attempt, now) {
                Decision::Full => {
                    state.waiting.push_back(waiting);
                    continue;
                }
                Decision::Free => Ok(self.granted(&mut state, waiting.attempt)),
                Decision::Refused(retry_after) => Err(refusal(retry_after)),
            };
            unclaimed.extend(waiting.granted.send(granted).err());
        }
        drop(state);
        drop(unclaimed);
    }
}

impl ThrottleState {
    fn not_before(&mut self, now: Instant) -> Instant {
        let latest = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(latest);
        latest
    }

    fn verdict(&self, attempt: &LoginAttempt, now: Instant) -> Decision {
        let waits = attempt.limited().filter_map(|subject| self.failures.get(subject)?.waits_until);
        let wait = waits.max().and_then(|until| until.checked_duration_since(now)).filter(|wait| !wait.is_zero());
        match wait {
            Some(wait) => Decision::Refused(wait),
            None if attempt.limited().all(|subject| self.has_room(subject, now)) => Decision::Free,
            None => Decision::Full,
        }
    }

    /// Whether the bound holds if all attempts in progress fail. One at a time always passes: its failure begins the
    /// wait.
    fn has_room(&self, subject: &Subject, now: Instant) -> bool {
        let counted = self.in_window(subject, now).count;
        let room = self.failures_max(subject, now).saturating_sub(counted).max(1);
        self.reserved.get(subject).copied().unwrap_or_default() < room
    }

    fn failures_max(&self, subject: &Subject, now: Instant) -> u32 {
        match subject {
            Subject::NetworkAtAccount(app, id, _) => {
                let account = self.in_window(&Subject::Account(*app, id.clone()), now);
                match account.count >= FAILURES_OF_ACCOUNT_MAX {
                    true => FAILURES_AT_GUESSED_ACCOUNT_MAX,
                    false => FAILURES_AT_ACCOUNT_MAX,
                }
            }
            Subject::Network(_) => FAILURES_OF_NETWORK_MAX,
            Subject::Console(_) => FAILURES_AT_CONSOLE_MAX,
            Subject::Account(..) => u32::MAX,
        }
    }

    fn in_window(&self, subject: &Subject, now: Instant) -> Failures {
        let fresh = Failures { count: 0, since: now, waits_until: None, rung: 0 };
        let window = match subject {
            Subject::NetworkAtAccount(..) => ACCOUNT_WINDOW,
            Subject::Network(_) => NETWORK_WINDOW,
            Subject::Console(_) => CONSOLE_WINDOW,
            Subject::Account(..) => DAY,
        };
        match self.failures.get(subject).copied() {
            None => fresh,
            Some(former)
                if former.waits_until.is_some_and(|until| now.duration_since(until) > LADDER_FORGIVEN_AFTER) =>
            {
                fresh
            }
            Some(former) if now.duration_since(former.since) > window => Failures { count: 0, since: now, ..former },
            Some(former) => former,
        }
    }

    /// One too many begins a wait. Attempts that were in progress then do not lengthen the next one.
    fn count_failure(&mut self, subject: &Subject, now: Instant) {
        let mut failures = self.in_window(subject, now);
        if failures.waits_until.is_some_and(|until| until > now) {
            return;
        }
        failures.count = failures.count.saturating_add(1);
        if matches!(subject, Subject::NetworkAtAccount(..)) {
            failures.since = now;
        }
        if failures.count >= self.failures_max(subject, now) {
            let wait = LADDER.get(failures.rung).or(LADDER.last()).copied().unwrap_or_default();
            let rung = (failures.rung + 1).min(LADDER.len() - 1);
            failures = Failures { count: 0, since: now + wait, waits_until: Some(now + wait), rung };
        }
        self.failures.insert(subject.clone(), failures);
    }

    fn release(&mut self, subject: &Subject) {
        let Some(reserved) = self.reserved.get_mut(subject) else { return };
        *reserved = reserved.saturating_sub(1);
        if *reserved == 0 {
            self.reserved.remove(subject);
        }
    }
}

impl Reservation {
    /// The password was right: resets the count of this network at this account.
    pub(super) fn succeeded(mut self) {
        self.outcome = LoginOutcome::Succeeded;
    }

    pub(super) fn failed(mut self) {
        self.outcome = LoginOutcome::Failed;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.throttle.settle(&self.attempt, self.outcome, Instant::now());
    }
}

fn refusal(retry_after: Duration) -> Error {
    Error::TooMany { what: "failed logins", retry_after }
}

#[cfg(test)]
#[path = "../../tests/unit/service/login_throttle.rs"]
mod tests;
