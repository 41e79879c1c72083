//! Whose data a call reads or changes, and by whose authority.

use super::id::{UserId, UserKey};

/// The owner of the data that a call is about.
///
/// The id of a deleted user is free: a request that still names it would read or change another person's data. So a request that a user
/// makes by a token, ticket or socket of its own carries the user's key, which is never given twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A user that acts on its own data. A write is refused, inside its transaction, unless this user exists and is active.
    Itself(UserKey),
    /// Any user of the app, suspended ones included, named by the app's back end or by an operator.
    Named(UserId),
}
