//! Limits by network for clients that have only an app's public keys, and the pace of realtime clients.

use std::{
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::unsync::Cache;

use crate::{
    domain::{Error, Network, Owner, UserKey},
    service::Service,
};

const HOUR: Duration = Duration::from_secs(3600);

const MINUTE: Duration = Duration::from_secs(60);

/// Networks remembered per limit; the oldest leave.
const NETWORKS_MAX: usize = 100_000;

/// Users remembered by the pace; the oldest leave.
const USERS_MAX: usize = 100_000;

/// Topics per minute that the realtime connections of one user subscribe to; then they wait.
const TOPICS_OF_USER: Pace = Pace { per_minute: 1_200, at_once: 400 };

/// The same of all users of an address.
const TOPICS_OF_ADDRESS: Pace = Pace { per_minute: 12_000, at_once: 6_000 };

/// Unknown tokens per minute that realtime connections of an address try; then they wait.
const UNKNOWN_TOKENS_OF_ADDRESS: Pace = Pace { per_minute: 600, at_once: 300 };

/// Messages per minute that the clients of one user send; then they wait.
const MESSAGES_OF_USER: Pace = Pace { per_minute: 6_000, at_once: 3_000 };

/// Typing signs and unstored messages per minute that the clients of one user send; then they wait.
const SIGNS_OF_USER: Pace = Pace { per_minute: 1_200, at_once: 400 };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientBounds {
    pub registrations_per_hour: NonZeroU32,
    pub number_lookups_per_hour: NonZeroU32,
}

/// Forgotten when the process ends.
pub(super) struct ClientLimits {
    registrations: HourlyLimit,
    number_lookups: HourlyLimit,
    topics_of_users: PaceKeeper<UserKey>,
    topics_of_addresses: PaceKeeper<Network>,
    unknown_tokens: PaceKeeper<Network>,
    messages_of_users: PaceKeeper<UserKey>,
    signs_of_users: PaceKeeper<UserKey>,
}

impl ClientLimits {
    pub(super) fn new(bounds: &ClientBounds) -> Self {
        Self {
            registrations: HourlyLimit::new("registrations from this address", bounds.registrations_per_hour),
            number_lookups: HourlyLimit::new("telephone numbers from this address", bounds.number_lookups_per_hour),
            topics_of_users: PaceKeeper::new(TOPICS_OF_USER, USERS_MAX),
            topics_of_addresses: PaceKeeper::new(TOPICS_OF_ADDRESS, NETWORKS_MAX),
            unknown_tokens: PaceKeeper::new(UNKNOWN_TOKENS_OF_ADDRESS, NETWORKS_MAX),
            messages_of_users: PaceKeeper::new(MESSAGES_OF_USER, USERS_MAX),
            signs_of_users: PaceKeeper::new(SIGNS_OF_USER, USERS_MAX),
        }
    }

    /// # Errors
    /// `TooMany`, with the time until it is allowed.
    pub(super) fn count_registration(&self, from: Option<IpAddr>) -> Result<(), Error> {
        self.registrations.take(from, 1, Instant::now())
    }

    /// # Errors
    /// `TooMany`, with the time until this many are allowed.
    pub(super) fn count_number_lookups(&self, from: Option<IpAddr>, numbers: usize) -> Result<(), Error> {
        self.number_lookups.take(from, u32::try_from(numbers).unwrap_or(u32::MAX), Instant::now())
    }
}

impl Service {
    /// Waits until the realtime connections of a user, then those of its address, may look up this many topics. A
    /// dropped call keeps its place, so that a client gains nothing by connecting again.
    pub async fn pace_topics(&self, user: UserKey, from: Option<IpAddr>, topics: u32) {
        let limits = &self.inner.client_limits;
        wait(limits.topics_of_users.take(user, topics, Instant::now())).await;
        let of_address = from.map(|from| limits.topics_of_addresses.take(Network::of(from), topics, Instant::now()));
        wait(of_address.unwrap_or_default()).await;
    }

    /// Waits until a client of this user may send another message. A back end never waits.
    pub(super) async fn pace_message(&self, sender: &Owner) {
        pace(&self.inner.client_limits.messages_of_users, sender).await;
    }

    /// As [`Service::pace_message`], for typing signs and unstored messages.
    pub(super) async fn pace_sign(&self, sender: &Owner) {
        pace(&self.inner.client_limits.signs_of_users, sender).await;
    }

    /// Waits until the realtime connections of an address may try another token, after an unknown one.
    pub async fn pace_unknown_tokens(&self, from: Option<IpAddr>) {
        let limits = &self.inner.client_limits;
        let of_address = from.map(|from| limits.unknown_tokens.take(Network::of(from), 1, Instant::now()));
        wait(of_address.unwrap_or_default()).await;
    }
}

async fn pace(keeper: &PaceKeeper<UserKey>, sender: &Owner) {
    if let Owner::Itself(user) = sender {
        wait(keeper.take(*user, 1, Instant::now())).await;
    }
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// The longest wait: clients that give up and come again do not delay their neighbours for ever.
const PACE_WAIT_MAX: Duration = MINUTE;

#[derive(Debug, Clone, Copy)]
struct Pace {
    per_minute: u32,
    /// After a rest.
    at_once: u32,
}

/// Spreads the work of each caller evenly (generic cell rate algorithm).
struct PaceKeeper<K> {
    pace: Pace,
    /// When all units taken by a caller are given back.
    rested_at: Mutex<Cache<K, Instant>>,
}

impl<K: Hash + Eq> PaceKeeper<K> {
    fn new(pace: Pace, callers_max: usize) -> Self {
        Self { pace, rested_at: Mutex::new(Cache::new(callers_max)) }
    }

    /// Takes units, and returns how long the caller must wait before it uses them.
    fn take(&self, caller: K, units: u32, now: Instant) -> Duration {
        let time_of = |units: u32| MINUTE.mul_f64(f64::from(units) / f64::from(self.pace.per_minute));
        let mut rested_at = self.rested_at.lock().unwrap_or_else(PoisonError::into_inner);
        let former = rested_at.get(&caller).copied().unwrap_or(now).max(now);
        let longest = time_of(self.pace.at_once) + PACE_WAIT_MAX;
        let rests_at = (former + time_of(units)).min(now + longest);
        rested_at.insert(caller, rests_at);
        rests_at.duration_since(now).saturating_sub(time_of(self.pace.at_once))
    }
}

/// Units per hour and network: all at once after an hour of rest, otherwise evenly (generic cell rate algorithm).
struct HourlyLimit {
    what: &'static str,
    units_max: u32,
    /// When all units taken by a network are given back.
    rested_at: Mutex<Cache<Network, Instant>>,
}

impl HourlyLimit {
    fn new(what: &'static str, units_max: NonZeroU32) -> Self {
        Self { what, units_max: units_max.get(), rested_at: Mutex::new(Cache::new(NETWORKS_MAX)) }
    }

    /// Takes units. A call for more than an hour's units costs all of them, so that it passes after an hour of rest.
    fn take(&self, from: Option<IpAddr>, units: u32, now: Instant) -> Result<(), Error> {
        let Some(network) = from.map(Network::of) else { return Ok(()) };
        let mut rested_at = self.rested_at.lock().unwrap_or_else(PoisonError::into_inner);
        let former = rested_at.get(&network).copied().unwrap_or(now).max(now);
        let rests_at = former + HOUR.mul_f64(f64::from(units.min(self.units_max)) / f64::from(self.units_max));
        match rests_at.duration_since(now).checked_sub(HOUR).filter(|wait| !wait.is_zero()) {
            Some(retry_after) => Err(Error::TooMany { what: self.what, retry_after }),
            None => {
                rested_at.insert(network, rests_at);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/service/client_limits.rs"]
mod tests;
