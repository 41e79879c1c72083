//! User status: whether a user is connected, and the custom status that the user sets.

use super::{id::UserId, text::CustomStatus};

/// Whether a user is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// A session is open, or the user called within the last seconds.
    Online,
    /// The user has logged in before and is not connected.
    Offline,
    /// The user has never logged in.
    NeverLoggedIn,
}

/// The status of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStatus {
    /// The user.
    pub id: UserId,
    /// Whether it is connected.
    pub availability: Availability,
    /// What the user has set, if anything.
    pub custom: Option<CustomStatus>,
}
