//! The user whose data a read is about, and whether that user may still act.

use rusqlite::{Connection, Row, params};

use super::{row::Stored, users};
use crate::domain::{
    error::Error,
    id::{AppKey, UserKey},
    owner::Owner,
    profile::State,
};

const STATE: &str = "SELECT state FROM user WHERE app = ?1 AND key = ?2";

/// The key of the owner of the data that a call reads.
/// # Errors
/// `NotFound(User)` for an id that no user has; for a user that acts itself `Unauthenticated` when it is deleted, `Forbidden` when it is
/// suspended.
pub(super) fn owner_key(connection: &Connection, app: AppKey, owner: &Owner) -> Result<UserKey, Error> {
    let key = match owner {
        Owner::Named(id) => return users::key_of(connection, app, id),
        Owner::Itself(key) => *key,
    };
    let parse = |row: &Row<'_>| Stored::of("user", row).parsed(0, users::state);
    match connection.prepare_cached(STATE)?.query_and_then(params![app.0, key.0], parse)?.next().transpose()? {
        None => Err(Error::GONE),
        Some(State::Suspended) => Err(Error::SUSPENDED),
        Some(State::Active) => Ok(key),
    }
}
