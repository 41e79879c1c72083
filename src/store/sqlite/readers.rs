//! Connections that only read, used directly on the caller's thread: a point read costs less than a hop to another.

use std::{path::Path, time::Duration};

use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};

use super::{LOCK_WAIT_MAX, STATEMENTS_KEPT};
use crate::domain::error::Error;

/// How long a caller waits when every connection is in use. There are as many as threads that read, so it never should.
const READER_WAIT_MAX: Duration = Duration::from_secs(1);

/// The pool.
pub(super) struct Readers(Pool<SqliteConnectionManager>);

impl Readers {
    /// Opens `readers` connections, at least one, and keeps them for good. No mmap: it would show the file's size as
    /// memory of the process once for each of them.
    pub(super) fn open(database: &Path, readers: u32) -> Result<Self, r2d2::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let manager = SqliteConnectionManager::file(database).with_flags(flags).with_init(|connection| {
            connection.busy_timeout(LOCK_WAIT_MAX)?;
            connection.pragma_update(None, "query_only", true)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
            Ok(())
        });
        let pool = Pool::builder()
            .max_size(readers.max(1))
            .test_on_check_out(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .connection_timeout(READER_WAIT_MAX);
        pool.build(manager).map(Self)
    }

    /// Runs `work` with a connection of the pool.
    /// # Errors
    /// What `work` returns; `Busy` when no connection came free in time.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let connection = self.0.get().map_err(|_| Error::Busy)?;
        work(&connection)
    }
}
