//! How often somebody may fail to log in: by user and by address, in bounded memory.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::unsync::Cache;

use crate::domain::{
    error::Error,
    id::{AppKey, UserId},
};

/// Failures in a row that a user is allowed, whoever makes them, before logins of that user wait.
const FAILURES_OF_USER_MAX: u32 = 10;

/// After so long without a failure a user's count begins anew.
const USER_WINDOW: Duration = Duration::from_secs(15 * 60);

/// Failures that one address is allowed in a minute, whoever it tries to be.
const FAILURES_OF_ADDRESS_MAX: u32 = 60;

const ADDRESS_WINDOW: Duration = Duration::from_secs(60);

/// Failures that one address is allowed within five minutes to sign in as an administrator.
const FAILURES_AT_CONSOLE_MAX: u32 = 3;

const CONSOLE_WINDOW: Duration = Duration::from_secs(300);

/// How long logins wait then: the first time, the second, and from then on.
const LADDER: [Duration; 3] = [Duration::from_secs(60), Duration::from_secs(600), Duration::from_secs(3600)];

/// After so long without a wait the ladder begins anew.
const LADDER_FORGIVEN_AFTER: Duration = Duration::from_secs(3600);

/// Users and addresses remembered at the most; the oldest leave.
const REMEMBERED_MAX: usize = 100_000;

/// Who fails.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    User(AppKey, UserId),
    Address(IpAddr),
    /// An address that tries to be an administrator.
    Console(IpAddr),
}

impl Who {
    fn bounds(&self) -> (u32, Duration) {
        match self {
            Self::User(..) => (FAILURES_OF_USER_MAX, USER_WINDOW),
            Self::Address(_) => (FAILURES_OF_ADDRESS_MAX, ADDRESS_WINDOW),
            Self::Console(_) => (FAILURES_AT_CONSOLE_MAX, CONSOLE_WINDOW),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    since: Instant,
    waits_until: Option<Instant>,
    rung: usize,
}

/// The failed logins of late. Forgotten with the process.
pub(super) struct LoginAttempts(Mutex<Cache<Who, Failures>>);

/// One login, by whom and from where. A user is known by the id it claims, whether or not there is such a user.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    who: Vec<Who>,
}

impl Attempt {
    pub(super) fn new(app: AppKey, id: Option<UserId>, from: Option<IpAddr>) -> Self {
        let user = id.map(|id| Who::User(app, id));
        Self { who: user.into_iter().chain(from.map(|from| Who::Address(network(from)))).collect() }
    }

    /// One to sign in as an administrator.
    pub(super) fn of_console(from: Option<IpAddr>) -> Self {
        Self { who: from.map(|from| Who::Console(network(from))).into_iter().collect() }
    }
}

/// Of IPv6 the first half: the other one is its owner's to choose.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

impl LoginAttempts {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Cache::new(REMEMBERED_MAX)))
    }

    /// Whether a login may be tried at all.
    /// # Errors
    /// `TooMany`, with the time until it may.
    pub(super) fn admit(&self, attempt: &Attempt, now: Instant) -> Result<(), Error> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = attempt.who.iter().filter_map(|who| remembered.get(who).copied());
        let until = waits.filter_map(|failures| failures.waits_until).max();
        match until.and_then(|until| until.checked_duration_since(now)).filter(|wait| !wait.is_zero()) {
            Some(retry_after) => Err(Error::TooMany { what: "failed logins", retry_after }),
            None => Ok(()),
        }
    }

    /// A login has failed.
    pub(super) fn failed(&self, attempt: &Attempt, now: Instant) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for who in &attempt.who {
            let former = remembered.get(who).copied();
            remembered.insert(who.clone(), after_failure(who, former, now));
        }
    }

    /// A login has succeeded: its user begins anew. An address does not, or one account of one's own would wash every guess away.
    pub(super) fn succeeded(&self, attempt: &Attempt) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for who in attempt.who.iter().filter(|who| matches!(who, Who::User(..))) {
            remembered.remove(who);
        }
    }
}

fn after_failure(who: &Who, former: Option<Failures>, now: Instant) -> Failures {
    let fresh = Failures { count: 0, since: now, waits_until: None, rung: 0 };
    let mut failures = former.unwrap_or(fresh);
    let (most, window) = who.bounds();
    if failures.waits_until.is_some_and(|until| now.duration_since(until) > LADDER_FORGIVEN_AFTER) {
        failures = fresh;
    }
    if now.duration_since(failures.since) > window {
        failures = Failures { count: 0, since: now, ..failures };
    }
    failures.count += 1;
    if failures.count >= most {
        let wait = LADDER.get(failures.rung).or(LADDER.last()).copied().unwrap_or_default();
        let rung = (failures.rung + 1).min(LADDER.len() - 1);
        failures = Failures { count: 0, since: now + wait, waits_until: Some(now + wait), rung };
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(id: &str, from: [u8; 4]) -> Attempt {
        Attempt::new(AppKey(1), UserId::parse(id).ok(), Some(IpAddr::from(from)))
    }

    fn waits(seconds: u64) -> Result<(), Error> {
        Err(Error::TooMany { what: "failed logins", retry_after: Duration::from_secs(seconds) })
    }

    #[test]
    fn promise_43_the_eleventh_try_waits_a_minute_then_ten_then_an_hour() {
        let (attempts, ann, start) = (LoginAttempts::new(), attempt("ann", [10, 0, 0, 1]), Instant::now());
        let mut now = start;
        for seconds in [60, 600, 3600, 3600] {
            for _ in 0..10 {
                assert_eq!(attempts.admit(&ann, now), Ok(()));
                attempts.failed(&ann, now);
            }
            assert_eq!(attempts.admit(&ann, now), waits(seconds));
            assert_eq!(attempts.admit(&ann, now + Duration::from_secs(seconds - 1)), waits(1));
            now += Duration::from_secs(seconds);
        }
        assert_eq!(attempts.admit(&ann, now), Ok(()));
        let other = attempt("bob", [10, 0, 0, 1]);
        assert_eq!(attempts.admit(&other, start), Ok(()), "another user from there is not concerned");
        now += LADDER_FORGIVEN_AFTER + Duration::from_secs(1);
        (0..10).for_each(|_| attempts.failed(&ann, now));
        assert_eq!(attempts.admit(&ann, now), waits(60), "an hour of peace is forgiven");
    }

    #[test]
    fn a_success_or_a_quarter_of_an_hour_begins_a_users_count_anew() {
        let (attempts, ann, now) = (LoginAttempts::new(), attempt("ann", [10, 0, 0, 1]), Instant::now());
        (0..9).for_each(|_| attempts.failed(&ann, now));
        attempts.succeeded(&ann);
        (0..9).for_each(|_| attempts.failed(&ann, now));
        let later = now + USER_WINDOW + Duration::from_secs(1);
        (0..9).for_each(|_| attempts.failed(&ann, later));
        assert_eq!(attempts.admit(&ann, later), Ok(()));
        attempts.failed(&ann, later);
        assert_eq!(attempts.admit(&ann, later), waits(60));
    }

    #[test]
    fn an_address_may_fail_sixty_times_a_minute_whoever_it_tries_to_be() {
        let (attempts, now) = (LoginAttempts::new(), Instant::now());
        let user = |n: u32| attempt(&format!("u{n}"), [10, 0, 0, 1]);
        (0..59).for_each(|n| attempts.failed(&user(n), now));
        attempts.succeeded(&user(0));
        assert_eq!(attempts.admit(&user(100), now), Ok(()));
        attempts.failed(&user(59), now);
        assert_eq!(attempts.admit(&user(100), now), waits(60));
        assert_eq!(attempts.admit(&attempt("u100", [10, 0, 0, 2]), now), Ok(()), "from elsewhere it may");
        let slow = LoginAttempts::new();
        (0..600).for_each(|n| slow.failed(&user(n), now + Duration::from_secs(n.into()) * 2));
        assert_eq!(
            slow.admit(&user(1000), now + Duration::from_secs(1200)),
            Ok(()),
            "thirty a minute are none too many"
        );
    }

    #[test]
    fn promise_43_a_hundred_thousand_are_remembered_and_who_fails_now_is_among_them() {
        let (attempts, now) = (LoginAttempts::new(), Instant::now());
        let nowhere = |n: u32| Attempt::new(AppKey(1), UserId::parse(&format!("u{n}")).ok(), None);
        (0..150_000).for_each(|n| attempts.failed(&nowhere(n), now));
        let remembered = attempts.0.lock().unwrap().len();
        assert!((50_000..=REMEMBERED_MAX).contains(&remembered), "{remembered}");
        let ann = nowhere(1_000_000);
        (0..10).for_each(|_| attempts.failed(&ann, now));
        assert_eq!(attempts.admit(&ann, now), waits(60));
    }

    #[test]
    fn neighbours_of_one_ipv6_network_are_one_address() {
        let (attempts, now) = (LoginAttempts::new(), Instant::now());
        let from = |host: u16| {
            let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host);
            Attempt::new(AppKey(1), None, Some(IpAddr::V6(address)))
        };
        (0..60).for_each(|host| attempts.failed(&from(host), now));
        assert_eq!(attempts.admit(&from(4711), now), waits(60));
    }
}
