use super::id::{UserId, UserKey};

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
