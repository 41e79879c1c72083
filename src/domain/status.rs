//! User status: whether a user is connected, and its custom status.

use super::{id::UserId, text::CustomStatus};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// A session is open, or the user called within the last seconds.
    Online,
    /// The user has logged in before and is not connected.
    Offline,
    NeverLoggedIn,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStatus {
    pub id: UserId,
    pub availability: Availability,
    pub custom: Option<CustomStatus>,
}
