//! Who calls: the key by which bounded resources are shared fairly, and the readers of the metrics.

use std::net::IpAddr;

use super::id::{AppKey, UserKey};

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
