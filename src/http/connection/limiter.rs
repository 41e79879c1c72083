//! Limits on open connections, per address and in total.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::http::{
    keyed_limiter::{self, KeyedLimiter},
    peer::Proxies,
};

/// The network part of an IPv6 address identifies a client; the client chooses the rest.
const IPV6_NETWORK: u128 = u128::MAX << 64;

const LOG_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    pub per_address: usize,
    /// Of all addresses, including proxies.
    pub in_all: usize,
    pub turned_away: usize,
    pub local: usize,
}

#[derive(Debug, Clone)]
pub struct ConnectionLimiter(Arc<LimiterState>);

#[derive(Debug)]
struct LimiterState {
    limits: ConnectionLimits,
    proxies: Proxies,
    open: KeyedLimiter<IpAddr>,
    groups: KeyedLimiter<ConnectionGroup>,
    logged_at: Mutex<Option<Instant>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ConnectionGroup {
    All,
    Rejected,
    Local,
}

/// Counts a connection until it is dropped. Connections of trusted proxies do not count by address.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    _of_address: Option<keyed_limiter::Permit<IpAddr>>,
    _in_all: keyed_limiter::Permit<ConnectionGroup>,
}

#[derive(Debug)]
pub(super) struct RejectPermit {
    _permit: keyed_limiter::Permit<ConnectionGroup>,
}

#[derive(Debug)]
pub(super) enum Admission {
    Admitted(ConnectionPermit),
    Rejected(RejectPermit),
    /// At once: its address is at its limit, or too many connections are being rejected already.
    CutOff,
}

impl ConnectionLimiter {
    /// Trusted proxies speak for many clients: only the total limit holds for them.
    pub fn new(limits: ConnectionLimits, proxies: Proxies) -> Self {
        let (open, groups) = (KeyedLimiter::default(), KeyedLimiter::default());
        Self(Arc::new(LimiterState { limits, proxies, open, groups, logged_at: Mutex::default() }))
    }

    pub fn limits(&self) -> ConnectionLimits {
        self.0.limits
    }

    pub(super) fn admit(&self, peer: SocketAddr) -> Admission {
        let LimiterState { limits, groups, .. } = &*self.0;
        let of_address = match self.acquire(peer.ip().to_canonical()) {
            Ok(of_address) => of_address,
            Err(should_log) => {
                if should_log {
                    let most = limits.per_address;
                    log::warn!("connections of {} are cut off: it has {most} open, the most of one address", peer.ip());
                }
                return Admission::CutOff;
            }
        };
        if let Some(in_all) = groups.acquire(ConnectionGroup::All, limits.in_all) {
            return Admission::Admitted(ConnectionPermit { _of_address: of_address, _in_all: in_all });
        }
        if self.should_log() {
            log::warn!(
                "connections are turned away: {} are open, the most that the limit of open files leaves room for",
                limits.in_all
            );
        }
        self.reject()
    }

    pub(super) fn admit_locally(&self) -> Admission {
        match self.0.groups.acquire(ConnectionGroup::Local, self.0.limits.local) {
            Some(in_all) => Admission::Admitted(ConnectionPermit { _of_address: None, _in_all: in_all }),
            None => self.reject(),
        }
    }

    fn reject(&self) -> Admission {
        match self.0.groups.acquire(ConnectionGroup::Rejected, self.0.limits.turned_away) {
            Some(permit) => Admission::Rejected(RejectPermit { _permit: permit }),
            None => Admission::CutOff,
        }
    }

    fn acquire(&self, address: IpAddr) -> Result<Option<keyed_limiter::Permit<IpAddr>>, bool> {
        let LimiterState { limits, proxies, open, .. } = &*self.0;
        if proxies.are(address) {
            return Ok(None);
        }
        open.acquire(client_of(address), limits.per_address).map(Some).ok_or_else(|| self.should_log())
    }

    fn should_log(&self) -> bool {
        let mut logged_at = self.0.logged_at.lock().unwrap_or_else(PoisonError::into_inner);
        let should_log = logged_at.is_none_or(|logged_at| logged_at.elapsed() >= LOG_EVERY);
        if should_log {
            *logged_at = Some(Instant::now());
        }
        should_log
    }
}

fn client_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & IPV6_NETWORK)),
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/http/connection/limiter.rs"]
mod tests;
