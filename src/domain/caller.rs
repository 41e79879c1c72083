//! The party that a request is counted for where a bounded resource is shared fairly.

use std::net::IpAddr;

use super::id::{AppKey, UserKey};

/// The key of a caller's share: the user where it is known, else the app whose back end calls, else the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerKey {
    /// A user of an app.
    User(UserKey),
    /// The back end of an app.
    App(AppKey),
    /// A client that has not proved which user it is.
    Address(IpAddr),
    /// The operator of the server, and the server itself.
    Operator,
}
