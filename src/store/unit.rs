//! Units of work. A rule is an asynchronous closure over a [`Tx`]: it reads first, refuses before its first write, then
//! writes, and awaits row operations only.

use std::{
    future::Future,
    ops::Deref,
    pin::pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use super::{Engine, PictureRows, Store, sqlite};
use crate::domain::{AppKey, CallerKey, Error, Owner};

/// The users whose rows a write may touch: an engine with several writers orders writes that share a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touches {
    User(AppKey, Owner),
    Two(AppKey, [Owner; 2]),
    /// Many users, or none.
    All,
}

/// Point reads on the caller's thread: some microseconds each.
pub struct Db<'a>(ReadEngine<'a>);

/// Reads that may take longer than some 200 us, on connections that point reads do not use.
pub struct LongReads<'a>(Db<'a>);

pub struct Tx<'a> {
    db: Db<'a>,
    on: WriteEngine<'a>,
}

pub(super) enum ReadEngine<'a> {
    Sqlite(&'a sqlite::ReadConnection),
}

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

    /// Runs several reads on one snapshot of the database.
    pub async fn snapshot<T>(&self, read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error>) -> Result<T, Error> {
        match self.engine() {
            ReadEngine::Sqlite(connection) => {
                let snapshot = sqlite::snapshot_of(connection)?;
                read(&LongReads::sqlite(&snapshot)).await
            }
        }
    }

    /// Returns the rows of all pictures, released ones included: the files that the picture folder may hold.
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
    /// Reads on the caller's thread.
    pub async fn read<T>(&self, read: impl AsyncFnOnce(&Db<'_>) -> Result<T, Error>) -> Result<T, Error> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.read(|connection| at_once(read(&Db(ReadEngine::Sqlite(connection))))),
        }
    }

    /// Reads on the thread pool for long reads.
    /// # Errors
    /// An error of `read`; `TooMany` when the caller's share of the queue is full; `Busy` when the queue is full.
    pub async fn long_read<T: Send + 'static>(
        &self,
        caller: CallerKey,
        read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.0 {
            Engine::Sqlite(engine) => {
                engine.long_read(caller, |connection| at_once(read(&LongReads::sqlite(connection)))).await
            }
        }
    }

    pub fn feed_reader(&self) -> Result<FeedReader, Error> {
        match &self.0 {
            Engine::Sqlite(engine) => engine.own_reader().map(|reader| FeedReader(Mutex::new(reader))),
        }
    }

    /// Runs a rule on the writer thread; resolves after the commit. An error changes nothing.
    pub async fn write<T: Send + 'static>(
        &self,
        _touches: Touches,
        rule: impl AsyncFn(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let looks_first = move |tx: &sqlite::WriteTransaction<'_>| {
            let before = tx.total_changes();
            let done = at_once(rule(&Tx::sqlite(tx)));
            // Every test of a refusal checks this.
            debug_assert!(
                !done.as_ref().is_err_and(is_refusal) || tx.total_changes() == before,
                "a rule refused after its first write"
            );
            done
        };
        match &self.0 {
            Engine::Sqlite(engine) => engine.write(looks_first).await,
        }
    }
}

/// The feed's own connection, so that it waits for no other read.
pub struct FeedReader(Mutex<sqlite::ReadConnection>);

impl FeedReader {
    pub async fn read<T>(&self, read: impl AsyncFnOnce(&LongReads<'_>) -> Result<T, Error>) -> Result<T, Error> {
        at_once(read(&LongReads::sqlite(&self.0.lock().unwrap_or_else(PoisonError::into_inner))))
    }
}

fn is_refusal(error: &Error) -> bool {
    !matches!(error, Error::Internal(_) | Error::StorageFull | Error::Busy)
}

/// Polls a future once: operations on SQLite never wait.
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
