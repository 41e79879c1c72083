//! The database. A write resolves after its commit; a refused write changes nothing. A point read runs at once on the
//! caller's thread and takes some microseconds. Every change of a user appends its event in the same unit of work, and
//! every operation on users takes the app. No type of an engine leaves this module.

mod operations;
mod records;
mod snapshot;
mod sqlite;
mod statistics;
mod unit;

use std::{fmt, path::Path, sync::Arc};

use tokio::sync::watch;

pub use self::records::{
    ActiveSessions, ChosenPassword, ContactsChange, EventPage, FriendRow, HistoryFrom, HistoryPage, IfKnown,
    NewPosition, NewSecrets, NewTicket, NewTokens, PasswordChange, Principal, RelationRows, SessionState, StateChange,
    StoredPicture, StoredSession, StoredStatus, Ticket, TicketHolder, UpsertUser, UpsertedUser, UserChange,
};
pub use self::snapshot::{Inspected, amounts, each_picture, inspect, mark_restored, with_new_key};
use self::sqlite::tickets;
pub use self::sqlite::{SCHEMA_VERSION, events::EventsOfUser, pictures::PictureRows};
pub use self::statistics::{Checkup, Integrity, OfflineCheckup, PictureUsage, WriteStats, check_offline};
pub use self::unit::{Db, FeedReader, LongReads, Touches, Tx};
use crate::domain::{Digest, Durability, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    pub durability: Durability,
    /// Connections kept for point reads: one for each thread that reads. 0 means 1.
    pub point_readers: usize,
    /// Threads for long reads, each with a connection. 0 means 1.
    pub long_readers: usize,
}

/// `Display` is one sentence that says what to do.
#[derive(Debug)]
pub struct OpenError(String);

impl OpenError {
    fn unusable(database: &Path, cause: impl fmt::Display) -> Self {
        let shown = database.display();
        Self(format!(
            "Cannot use the database {shown} ({cause}): check that its folder exists, that this user may write there \
             and that the disk has room, or restore a backup."
        ))
    }

    fn newer_schema(database: &Path, found: usize) -> Self {
        let shown = database.display();
        Self(format!(
            "The database {shown} was written by a newer Standin (its schema has version {found}), and was left as it is: \
             start that Standin, or restore a backup made by this one."
        ))
    }

    fn no_room_for_copy(database: &Path, bytes: u64) -> Self {
        let shown = database.display();
        Self(format!(
            "The disk has no room for the copy of the database {shown} that is made before its schema is changed: make \
             room for {bytes} bytes beside it, then start again. Nothing was changed."
        ))
    }

    fn uncopied(database: &Path, cause: impl fmt::Display) -> Self {
        let shown = database.display();
        Self(format!(
            "The database {shown} cannot be copied before its schema is changed ({cause}): check the disk and that this \
             user may write beside it, then start again. Nothing was changed."
        ))
    }

    fn old_engine(found: &str) -> Self {
        Self(format!("This program was built with SQLite {found}: build it with the bundled one, 3.51.3 or newer."))
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OpenError {}

/// Clones share it. Every write can fail with `Busy` (the queue is full, or the store is closed), `StorageFull` and
/// `Internal`; every read with `Busy` and `Internal`.
#[derive(Clone)]
pub struct Store(Engine);

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<sqlite::Engine>),
}

impl Store {
    /// Creates (mode 0600) or opens the database and migrates its schema. Blocks. The caller holds the lock of the data
    /// folder.
    /// # Errors
    /// The file cannot be used, or a newer version wrote it. The file is then unchanged.
    pub fn open(database: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        let engine = sqlite::Engine::open(database, options)?;
        Ok(Self(Engine::Sqlite(Arc::new(engine))))
    }

    /// Finishes the queued writes. Later writes through other clones fail with `Busy`.
    pub async fn close(self) {
        match self.0 {
            Engine::Sqlite(engine) => engine.close().await,
        }
    }

    /// Queues the deletion of an expired ticket, so that it stays expired if the clock is set back.
    pub fn end_ticket(&self, digest: Digest) {
        match &self.0 {
            Engine::Sqlite(engine) => engine.post(move |tx| tickets::forget(tx, &digest)),
        }
    }

    /// Copies the write-ahead log into the database and cuts it to no bytes, so that what was wiped is in no file. Returns
    /// false if a reader or the writer needs the log: try again. Takes as long as copying the log; writes wait
    /// for the last part of it, 0.1 s at most. Blocks.
    /// # Errors
    /// `StorageFull`, `Internal`.
    pub fn cut_log(&self) -> Result<bool, Error> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.cut_log(),
        }
    }

    /// Changes after every commit. The sender is dropped when the store has closed.
    pub fn commits(&self) -> watch::Receiver<u64> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.commits(),
        }
    }
}
