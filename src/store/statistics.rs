//! Facts about the store itself: its queue, its size, and whether a database is intact.

use std::{path::Path, time::Duration};

use super::{
    Engine, OpenError, Store,
    sqlite::{self, apps, health, pictures},
};
use crate::domain::{Digest, Error, Moment};

/// The queue of writes, and what was committed since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteStats {
    pub waiting: usize,
    /// A histogram of the writes a commit: each bucket's upper bound, and its number of commits.
    pub batches: [(u32, u64); 9],
    /// Writes in all commits.
    pub batched: u64,
}

impl WriteStats {
    pub fn commits(&self) -> u64 {
        self.batches.iter().map(|(_, commits)| commits).sum()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureUsage {
    /// Released ones included.
    pub count: u64,
    /// Of all files.
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    pub schema: u32,
    pub schema_known: u32,
    pub integrity: Integrity,
    /// The time of the newest row; `None` for a damaged database.
    pub newest: Option<Moment>,
}

impl Checkup {
    pub fn is_damaged(&self) -> bool {
        matches!(self.integrity, Integrity::Damaged(_))
    }
}

/// The result of SQLite's check of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    Intact,
    /// With the first fault.
    Damaged(String),
    /// The time was up before the end; no fault was found until then.
    Unfinished,
}

/// The state of a database that no server has open.
#[derive(Debug, Clone)]
pub struct OfflineCheckup<T> {
    pub checkup: Checkup,
    pub pictures: Option<T>,
    /// The fingerprint of the server key; `None` if the first start did not finish.
    pub fingerprint: Option<Digest>,
}

/// Checks a database for `wait_max` at most. Changes nothing. Blocks. No other process may write it meanwhile.
/// # Errors
/// The database cannot be opened or read; an error of `tally`.
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
    pub fn writes(&self) -> WriteStats {
        match &self.0 {
            Engine::Sqlite(engine) => engine.writes(),
        }
    }
}
