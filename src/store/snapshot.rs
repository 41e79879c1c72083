//! Work on database files that no server has open. The errors are `Internal` and `StorageFull`.

use std::path::Path;

use super::{NewTokens, sqlite::snapshot};
use crate::domain::{App, AppKey, Digest, Error, Moment, PictureKey, RecordCounts, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspected {
    pub schema: u32,
    pub key_fingerprint: Digest,
    pub amounts: RecordCounts,
}

/// Checks every page, index and reference of a database. Takes longer than a copy of the file.
pub fn inspect(database: &Path) -> Result<Inspected, Error> {
    snapshot::inspect(database)
}

pub fn amounts(database: &Path) -> Result<RecordCounts, Error> {
    snapshot::amounts(database)
}

/// Calls `each` in sorted order.
pub fn each_picture(database: &Path, each: impl FnMut(PictureKey) -> Result<(), Error>) -> Result<(), Error> {
    snapshot::each_picture(database, each)
}

/// Adds an event 1,000,000 above the last one, so that no event number that a client may know is used again.
pub fn mark_restored(database: &Path, at: Moment) -> Result<(), Error> {
    snapshot::mark_restored(database, at)
}

/// Runs in one transaction: `renew_app` changes each app, `draw` makes the secrets of each user. Sessions with tokens
/// of the former key end.
pub fn with_new_key(
    database: &Path,
    fingerprint: Digest,
    renew_app: impl FnMut(&mut App) -> Result<(), Error>,
    draw: impl FnMut(AppKey, &UserId) -> NewTokens,
) -> Result<(), Error> {
    snapshot::with_new_key(database, fingerprint, renew_app, draw)
}
