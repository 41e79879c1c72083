//! Copies of the database, and databases that nobody serves: for backups.

use std::path::Path;

use super::{NewTokens, sqlite::snapshot};
use crate::domain::{
    amounts::Amounts,
    app::App,
    avatar::PictureKey,
    error::Error,
    id::{AppKey, UserId},
    secret::Digest,
    time::Moment,
};

/// A database that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspected {
    /// The version of its schema.
    pub schema: u32,
    /// Of the server key that its secrets belong to.
    pub key_fingerprint: Digest,
    /// What it holds.
    pub amounts: Amounts,
}

/// Reads a whole database that nobody serves, and checks every page, index and reference of it. Blocks while the file is read, and longer than a plain copy takes.
/// # Errors
/// `Internal`, naming what is wrong.
pub fn inspect(database: &Path) -> Result<Inspected, Error> {
    snapshot::inspect(database)
}

/// What a database that nobody serves holds. Nothing is checked.
/// # Errors
/// `Internal`, when it cannot be read.
pub fn amounts(database: &Path) -> Result<Amounts, Error> {
    snapshot::amounts(database)
}

/// Gives the names of all pictures of a database that nobody serves to `each`, in their order.
/// # Errors
/// `Internal`, when it cannot be read; those of `each`.
pub fn each_picture(database: &Path, each: impl FnMut(PictureKey) -> Result<(), Error>) -> Result<(), Error> {
    snapshot::each_picture(database, each)
}

/// Notes in a database that nobody serves that it is from a backup, by an event 1,000,000 above its last one, so that no number that a
/// client may know is given again.
/// # Errors
/// `Internal`, when it cannot be read or written; `StorageFull`.
pub fn mark_restored(database: &Path, at: Moment) -> Result<(), Error> {
    snapshot::mark_restored(database, at)
}

/// Gives a database that nobody serves to another server key, whole or not at all: each app as `renew_app` leaves it, and each user with
/// the secrets that `draw` makes. Sessions whose tokens were made from the former key end.
/// # Errors
/// `Internal`, when it cannot be read or written; `StorageFull`; those of the two.
pub fn with_new_key(
    database: &Path,
    fingerprint: Digest,
    renew_app: impl FnMut(&mut App) -> Result<(), Error>,
    draw: impl FnMut(AppKey, &UserId) -> NewTokens,
) -> Result<(), Error> {
    snapshot::with_new_key(database, fingerprint, renew_app, draw)
}
