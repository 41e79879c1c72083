//! Hourly limits by network for clients that have only an app's public keys. Calls with the app's secret are not
//! counted.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::unsync::Cache;

use crate::domain::{error::Error, network::Network};

const HOUR: Duration = Duration::from_secs(3600);

/// Networks remembered per limit; the oldest leave.
const NETWORKS_MAX: usize = 100_000;

/// The bounds of one network.
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

/// A number of units per hour and network: all at once after an hour of rest, otherwise evenly (generic cell rate
/// algorithm). Stores one moment per network.
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
mod tests {
    use super::*;

    fn from(host: u8) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, host]))
    }

    #[test]
    fn an_hours_units_are_let_through_at_once_and_then_evenly() {
        let limit = HourlyLimit::new("tries", NonZeroU32::new(60).unwrap());
        let start = Instant::now();
        let take = |units: u32, second: u64| limit.take(from(1), units, start + Duration::from_secs(second));
        let refused = |seconds| Err(Error::TooMany { what: "tries", retry_after: Duration::from_secs(seconds) });
        assert_eq!((take(59, 0), take(2, 0)), (Ok(()), refused(60)));
        assert_eq!((take(1, 0), take(1, 0)), (Ok(()), refused(60)));
        assert_eq!((take(1, 59), take(1, 60), take(1, 60)), (refused(1), Ok(()), refused(60)));
        assert_eq!((take(61, 3600), take(61, 3660)), (refused(60), Ok(())), "more than all cost all");
        assert_eq!(limit.take(from(2), 60, start), Ok(()), "another address has its own");
        assert_eq!(limit.take(None, 60, start).and(limit.take(None, 60, start)), Ok(()), "a Unix socket has no bound");
    }

    #[test]
    fn as_many_networks_are_remembered_as_the_bound_says() {
        let limit = HourlyLimit::new("tries", NonZeroU32::MIN);
        let now = Instant::now();
        for n in 0..150_000_u32 {
            assert_eq!(limit.take(Some(IpAddr::from(n.to_be_bytes())), 1, now), Ok(()));
        }
        let remembered = limit.rested_at.lock().unwrap().len();
        assert!((50_000..=NETWORKS_MAX).contains(&remembered), "{remembered}");
    }
}
