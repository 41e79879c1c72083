//! What can be told of the store itself: its queue, its size, whether it still writes, whether it is whole.

use std::{path::Path, time::Duration};

use super::{
    OpenError, Store,
    sqlite::{self, apps, health, pictures},
};
use crate::domain::{error::Error, secret::Digest, time::Moment};

/// What waits to be written, and what was committed since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteStats {
    /// Writes that wait for the one writer.
    pub waiting: usize,
    /// Commits by how many writes shared them: the most of a class, and how many commits had that many or fewer, but more than the
    /// class before.
    pub batches: [(u32, u64); 9],
    /// Writes that were in them.
    pub batched: u64,
}

impl WriteStats {
    /// All commits.
    pub fn commits(&self) -> u64 {
        self.batches.iter().map(|(_, commits)| commits).sum()
    }
}

/// What all pictures take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureUsage {
    /// How many there are, released ones included.
    pub count: u64,
    /// Of all their files.
    pub bytes: u64,
}

/// What a look at a database found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    /// The version of its schema.
    pub schema: u32,
    /// The version that this program was written for.
    pub schema_known: u32,
    /// What SQLite says of it.
    pub integrity: Integrity,
    /// The latest moment that something bears; none where it is broken.
    pub newest: Option<Moment>,
}

impl Checkup {
    /// Whether something is wrong with it: what else it says is then worth nothing.
    pub fn is_damaged(&self) -> bool {
        matches!(self.integrity, Integrity::Damaged(_))
    }
}

/// Whether a database is what SQLite wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    /// Every page of it.
    Intact,
    /// The first thing that is wrong.
    Damaged(String),
    /// The time was up before all of it was read; nothing wrong was found until then.
    Unfinished,
}

/// What a database says that nobody has open.
#[derive(Debug, Clone)]
pub struct OfflineCheckup<T> {
    /// As a whole.
    pub checkup: Checkup,
    /// What the caller found in the rows of its pictures; none where it is broken.
    pub pictures: Option<T>,
    /// Of the server key that its secrets belong to; none before the first start came to its end.
    pub fingerprint: Option<Digest>,
}

/// Looks at a database, for so long at the most, and changes nothing; `tally` is given the rows of its pictures. Blocks. Nobody else may
/// write it meanwhile.
/// # Errors
/// It cannot be opened or read; those of `tally`.
pub fn check_offline<T>(
    database: &Path,
    wait_max: Duration,
    tally: impl FnOnce(&pictures::PictureRows<'_>) -> Result<T, Error>,
) -> Result<OfflineCheckup<T>, OpenError> {
    sqlite::read_offline(database, |connection| {
        let checkup = health::check_up(connection, wait_max)?;
        if checkup.is_damaged() {
            return Ok(OfflineCheckup { checkup, pictures: None, fingerprint: None });
        }
        let pictures = Some(tally(&pictures::PictureRows::of(connection))?);
        Ok(OfflineCheckup { checkup, pictures, fingerprint: apps::adopted_key(connection)? })
    })
}

impl Store {
    /// What waits, and what was committed.
    pub fn writes(&self) -> WriteStats {
        self.0.writes()
    }
}
