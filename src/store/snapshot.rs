//! Work on database files that no server has open: for backups and for a new server key.

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

/// A database that was found intact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspected {
    pub schema: u32,
    pub key_fingerprint: Digest,
    pub amounts: Amounts,
}

/// Checks every page, index and reference of a database. Blocks for longer than a copy of the file takes.
/// # Errors
/// `Internal`, which names the fault.
pub fn inspect(database: &Path) -> Result<Inspected, Error> {
    snapshot::inspect(database)
}

/// Counts the rows of a database. Checks nothing.
/// # Errors
/// `Internal` when the file cannot be read.
pub fn amounts(database: &Path) -> Result<Amounts, Error> {
    snapshot::amounts(database)
}

/// Calls `each` with the names of all pictures, sorted.
/// # Errors
/// `Internal` when the file cannot be read; an error of `each`.
pub fn each_picture(database: &Path, each: impl FnMut(PictureKey) -> Result<(), Error>) -> Result<(), Error> {
    snapshot::each_picture(database, each)
}

/// Marks a database as restored from a backup, by an event 1,000,000 above its last one: no event number that a client
/// may know is used again.
/// # Errors
/// `Internal` when the file cannot be read or written; `StorageFull`.
pub fn mark_restored(database: &Path, at: Moment) -> Result<(), Error> {
    snapshot::mark_restored(database, at)
}

/// Moves a database to another server key in one transaction: `renew_app` changes each app, `draw` makes the secrets of
/// each user. Sessions with tokens of the former key end.
/// # Errors
/// `Internal` when the file cannot be read or written; `StorageFull`; an error of `renew_app`.
pub fn with_new_key(
    database: &Path,
    fingerprint: Digest,
    renew_app: impl FnMut(&mut App) -> Result<(), Error>,
    draw: impl FnMut(AppKey, &UserId) -> NewTokens,
) -> Result<(), Error> {
    snapshot::with_new_key(database, fingerprint, renew_app, draw)
}
