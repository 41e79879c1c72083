//! A unit of work: what a rule of `service` reads and writes at once, by operations on rows.
//!
//! A rule is an asynchronous closure that is given a [`Tx`]. It looks first, refuses before its first write, then writes; it waits for
//! nothing but its rows. An operation on rows is one statement, or the few that one table needs; it knows no rule.

use std::{
    future::Future,
    ops::Deref,
    pin::pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use super::{PictureRows, Store, sqlite};
use crate::domain::{caller::CallerKey, error::Error, id::AppKey, owner::Owner};

/// Whose rows a write may touch: an engine that runs several at a time runs those one after the other that share a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touches {
    /// Those of one user.
    User(AppKey, Owner),
    /// Those of two users of an app.
    Two(AppKey, [Owner; 2]),
    /// Those of many users, or of none.
    All,
}

/// Point reads: some microseconds each, at once, on the caller's thread.
pub struct Db<'a>(ReadEngine<'a>);

/// Reads that take longer than some 200 us, and point reads beside them. Only [`Store::long_read`] and a [`FeedReader`] give it out, on
/// connections that point reads do not need.
pub struct LongReads<'a>(Db<'a>);

/// Reads and writes rows; all of it is committed, or none.
pub struct Tx<'a> {
    db: Db<'a>,
    on: WriteEngine<'a>,
}

/// Through which engine rows are read.
pub(super) enum ReadEngine<'a> {
    Sqlite(&'a sqlite::ReadConnection),
}

/// Through which engine rows are written.
pub(super) enum WriteEngine<'a> {
    Sqlite(&'a sqlite::WriteTransaction<'a>),
}

impl<'a> Tx<'a> {
    fn sqlite(tx: &'a sqlite::WriteTransaction<'a>) -> Self {
        Self { db: Db(ReadEngine::Sqlite(tx)), on: WriteEngine::Sqlite(tx) }
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Db<'a>;

    fn deref(&self) -> &Db<'a> {
        &self.db
    }
}

impl<'a> LongReads<'a> {
    fn sqlite(connection: &'a sqlite::ReadConnection) -> Self {
        Self(Db(ReadEngine::Sqlite(connection)))
    }

    /// Reads several things as they were at one moment.
    /// # Errors
    /// What `read` returns; `Busy`, `Internal`.
    pub async fn snapshot<T>(&self, read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error>) -> Result<T, Error> {
        match self.engine() {
            ReadEngine::Sqlite(connection) => {
                let snapshot = sqlite::snapshot_of(connection)?;
                read(&LongReads::sqlite(&snapshot)).await
            }
        }
    }

    /// The rows of pictures, released ones included, to be read shard by shard: what the picture folder may hold.
    pub fn pictures(&self) -> PictureRows<'_> {
        match self.engine() {
            ReadEngine::Sqlite(connection) => PictureRows::of(connection),
        }
    }
}

impl<'a> Deref for LongReads<'a> {
    type Target = Db<'a>;

    fn deref(&self) -> &Db<'a> {
        &self.0
    }
}

impl Store {
    /// Reads at once, on the caller's thread: a point read takes some microseconds.
    /// # Errors
    /// What `read` returns; `Busy`, `Internal`.
    pub async fn read<T>(&self, read: impl AsyncFnOnce(&Db<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.0.read(|connection| at_once(read(&Db(ReadEngine::Sqlite(connection)))))
    }

    /// Runs a read that takes long on a thread for such reads, in the caller's turn: one caller uses a quarter of the threads, and of the
    /// places in the queue, at most.
    /// # Errors
    /// What `read` returns; `TooMany` when the caller has as many waiting as it may; `Busy` when the queue is full.
    pub async fn long_read<T: Send + 'static>(
        &self,
        caller: CallerKey,
        read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.0.long_read(caller, |connection| at_once(read(&LongReads::sqlite(connection)))).await
    }

    /// Opens a connection for the feed alone.
    /// # Errors
    /// `Internal` when the database cannot be opened once more.
    pub fn feed_reader(&self) -> Result<FeedReader, Error> {
        self.0.own_reader().map(|reader| FeedReader(Mutex::new(reader)))
    }

    /// Runs a rule on the writer; resolves once its transaction is committed.
    /// # Errors
    /// What the rule refuses: nothing was changed then. `Busy`, `StorageFull`, `Internal`.
    pub async fn write<T: Send + 'static>(
        &self,
        _touches: Touches,
        rule: impl AsyncFn(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let looks_first = move |tx: &sqlite::WriteTransaction<'_>| {
            let before = tx.total_changes();
            let done = at_once(rule(&Tx::sqlite(tx)));
            // Every test that is refused by a rule checks this.
            debug_assert!(
                !done.as_ref().is_err_and(is_refusal) || tx.total_changes() == before,
                "a rule refused after its first write"
            );
            done
        };
        self.0.write(looks_first).await
    }
}

/// The connection of the feed: it waits for no other read.
pub struct FeedReader(Mutex<sqlite::ReadConnection>);

impl FeedReader {
    /// Reads at once, on the caller's thread.
    /// # Errors
    /// What `read` returns.
    pub async fn read<T>(&self, read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error>) -> Result<T, Error> {
        at_once(read(&LongReads::sqlite(&self.0.lock().unwrap_or_else(PoisonError::into_inner))))
    }
}

/// Whether a rule has refused; else its engine has failed.
fn is_refusal(error: &Error) -> bool {
    !matches!(error, Error::Internal(_) | Error::StorageFull | Error::Busy)
}

/// Runs work that waits for nothing: SQLite answers at once.
fn at_once<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(Error::internal("a unit of work waited for something else than its rows")),
    }
}

impl<'a> Db<'a> {
    pub(super) fn engine(&self) -> &ReadEngine<'a> {
        &self.0
    }
}

impl<'a> Tx<'a> {
    pub(super) fn engine(&self) -> &WriteEngine<'a> {
        &self.on
    }
}
