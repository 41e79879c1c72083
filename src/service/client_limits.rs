//! Hourly limits by network for clients that have only an app's public keys.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::unsync::Cache;

use crate::domain::{Error, Network};

const HOUR: Duration = Duration::from_secs(3600);

/// Networks remembered per limit; the oldest leave.
const NETWORKS_MAX: usize = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientBounds {
    pub registrations_per_hour: NonZeroU32,
    pub number_lookups_per_hour: NonZeroU32,
}

/// Forgotten when the process ends.
pub(super) struct ClientLimits {
    registrations: HourlyLimit,
    number_lookups: HourlyLimit,
}

impl ClientLimits {
    pub(super) fn new(bounds: &ClientBounds) -> Self {
        Self {
            registrations: HourlyLimit::new("registrations from this address", bounds.registrations_per_hour),
            number_lookups: HourlyLimit::new("telephone numbers from this address", bounds.number_lookups_per_hour),
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
