//! What the house remembers. A rule of `service` writes in a unit of work, [`Store::write`], by operations on rows.
//!
//! A write resolves after its commit, so what was answered is stored; whatever it refuses, nothing was changed. A read
//! runs at once on the caller's thread (a point read takes some microseconds). Every change of a user writes its event
//! in the same unit of work. Every rule and read about users takes the app: nothing crosses.
//!
//! Time, ids and secrets are arguments; no engine's type leaves this room.

mod observed;
mod operations;
mod records;
mod snapshot;
mod sqlite;
mod unit;

use std::{fmt, path::Path, sync::Arc};

use tokio::sync::watch;

pub use self::observed::{Checkup, Integrity, OfflineCheckup, PictureUsage, WriteStats, check_offline};
pub use self::records::{
    ActiveSessions, ChosenPassword, ContactsChange, EventPage, FriendRow, IfKnown, NewPlace, NewSecrets, NewTicket,
    NewTokens, PasswordChange, Principal, RelationRows, SessionState, StateChange, StoredPicture, StoredSession,
    StoredStatus, Ticket, TicketHolder, UpsertUser, UpsertedUser, UserChange,
};
pub use self::snapshot::{Inspected, amounts, each_picture, inspect, mark_restored, with_new_key};
use self::sqlite::{Engine, tickets};
pub use self::sqlite::{SCHEMA_VERSION, events::EventsOfUser, pictures::PictureRows};
pub use self::unit::{Db, FeedReader, LongReads, Touches, Tx};
use crate::domain::{durability::Durability, secret::Digest};

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// When a write counts as done.
    pub durability: Durability,
    /// Connections kept for point reads: as many as threads that do such. 0 reads as 1.
    pub point_readers: usize,
    /// Threads for reads that take long, each with a connection. 0 reads as 1.
    pub long_readers: usize,
}

/// Why a store cannot be opened. `Display` is one sentence that says what to do.
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

/// The store. Cheap to clone; every clone is the same one.
///
/// Besides what an operation names, every write can fail with `Busy` (its queue is full, or the store is closed),
/// `StorageFull` and `Internal`, every read with `Busy` and `Internal`.
#[derive(Clone)]
pub struct Store(Arc<Engine>);

impl Store {
    /// Opens the database, creating it (mode 0600) and bringing its schema up to date. Blocks.
    ///
    /// One process at a time: whoever calls holds the lock of the folder.
    /// # Errors
    /// The file cannot be used, or a newer version wrote it; it is left as it was.
    pub fn open(database: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        Engine::open(database, options).map(|engine| Self(Arc::new(engine)))
    }

    /// Finishes what is queued and ends. Later writes, through other clones, are `Busy`.
    pub async fn close(self) {
        self.0.close().await;
    }

    /// Ends the session of a ticket that was seen to be over, some time soon and without waiting for it: nothing hangs on it but that it
    /// stays over when the clock is set back.
    pub fn end_ticket(&self, digest: Digest) {
        self.0.post(move |tx| tickets::forget(tx, &digest));
    }

    /// Changes after every commit, so that who follows the events need not ask in vain. Its other side is gone when the store has closed.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.0.commits()
    }
}
