//! Who calls, whose data a request is about, and the network of an address: the key of rate limits by address.

use std::net::{IpAddr, Ipv6Addr};

use super::{AppKey, UserId, UserKey};

/// The party that a request is counted for: the user if known, else the app whose back end calls, else the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerKey {
    User(UserKey),
    App(AppKey),
    /// A client that has not proved which user it is.
    Address(IpAddr),
    Operator,
}

/// The clients that may read the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Programs on this machine, without a proxy between.
    Loopback,
    Everybody,
    /// No client: the path does not exist.
    Off,
}

/// The owner of the data that a request reads or changes.
///
/// Deleting a user frees its id, so a request that names the id could reach another person's data. Therefore a
/// request of the user itself (by token, ticket or socket) carries the user's key, which is never reused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A user that acts on its own data. The transaction of a write checks that the user exists and is active.
    Itself(UserKey),
    /// Any user of the app, also a suspended one, named by the app's back end or by an operator.
    Named(UserId),
}

/// The key of rate limits by address: an IPv4 address, or the first 64 bits of an IPv6 address, whose rest a client can
/// choose freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        })
    }
}
