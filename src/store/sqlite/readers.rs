//! Read-only connections in three separate classes: point reads, long reads, the feed.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OpenFlags};

use super::{LOCK_WAIT_MAX, keep_statements};
use crate::{
    domain::{CallerKey, Error},
    fair::{FairBounds, FairThreads},
};

/// Long reads of all callers in the queue.
const LONG_READS_WAITING_MAX: usize = 256;

/// Refuses to write. Without mmap, which would count the file as memory of the process once for each connection.
pub(super) fn open(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(LOCK_WAIT_MAX)?;
    connection.pragma_update(None, "query_only", true)?;
    keep_statements(&connection)?;
    Ok(connection)
}

/// Connections for point reads on the caller's thread, which costs less than a hop to another thread. When all are in
/// use, a read opens one for itself: there are never more connections than threads.
pub(super) struct PointReaders {
    database: PathBuf,
    free: Mutex<Vec<Connection>>,
    kept_max: usize,
}

impl PointReaders {
    pub(super) fn open(database: &Path, readers: usize) -> rusqlite::Result<Self> {
        let kept_max = readers.max(1);
        let free = (0..kept_max).map(|_| open(database)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { database: database.to_owned(), free: Mutex::new(free), kept_max })
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let kept = self.free().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => open(&self.database)?,
        };
        let read = work(&connection);
        let mut free = self.free();
        if free.len() < self.kept_max {
            free.push(connection);
        }
        read
    }

    fn free(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Each thread with its own connection. One caller uses at most a quarter of the threads and of the queue.
pub(super) struct LongReaders(FairThreads<Connection>);

impl LongReaders {
    pub(super) fn start(database: &Path, readers: usize) -> Result<Self, Error> {
        let readers = readers.max(1);
        let connections = (0..readers).map(|_| open(database)).collect::<Result<Vec<_>, _>>()?;
        let bounds = FairBounds::quarter(readers, LONG_READS_WAITING_MAX, "long calls at one time");
        FairThreads::start("long-reads", connections, bounds).map(Self).map_err(Error::internal)
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        caller: CallerKey,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.0.run(caller, |connection| work(connection)).await?
    }
}
