//! The SQLite engine: one writer, many readers. Reads take a `&Connection` that refuses to write, writes a
//! `&Transaction`.

pub(super) mod admins;
pub(super) mod apps;
mod by_name;
pub(super) mod chat_settings;
pub(super) mod contacts;
pub(super) mod conversations;
pub(super) mod directory;
pub(super) mod events;
pub(super) mod follows;
pub(super) mod friends;
pub(super) mod groups;
pub(super) mod health;
pub(super) mod messages;
pub(super) mod pictures;
pub(super) mod positions;
mod readers;
pub(super) mod reports;
pub(super) mod requests;
mod row;
pub(super) mod search;
pub(super) mod sessions;
pub(super) mod signatures;
pub(super) mod snapshot;
pub(super) mod statuses;
pub(super) mod tickets;
mod upgrade;
pub(super) mod users;
mod writer;

use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, Transaction, config::DbConfig, ffi, functions::FunctionFlags, types::ValueRef,
};
use rusqlite_migration::{M, Migrations, SchemaVersion};
use tokio::sync::watch;

use self::{
    readers::{LongReaders, PointReaders},
    writer::WriterThread,
};
use super::{OpenError, StoreOptions, WriteStats};
use crate::domain::{CallerKey, Durability, Error, contact, error::is_out_of_files, folding::folded};

pub(super) type ReadConnection = Connection;

pub(super) type WriteTransaction<'a> = Transaction<'a>;

/// Migrations. A released file never changes; a change is a new file.
const STEPS: &[M<'static>] = &[
    M::up(include_str!("schema/0001_first.sql")),
    M::up(include_str!("schema/0002_contacts.sql")),
    M::up(include_str!("schema/0003_search.sql")),
    M::up(include_str!("schema/0004_sessions.sql")),
    M::up(include_str!("schema/0005_tencent.sql")),
    M::up(include_str!("schema/0006_console.sql")),
    M::up(include_str!("schema/0007_picture_room.sql")),
    M::up(include_str!("schema/0008_status.sql")),
    M::up(include_str!("schema/0009_dead_signatures.sql")),
    M::up(include_str!("schema/0010_session_places.sql")),
    M::up(include_str!("schema/0011_chat_settings.sql")),
    M::up(include_str!("schema/0012_folded_names.sql")),
    M::up(include_str!("schema/0013_numbers.sql")),
    M::up(include_str!("schema/0014_messages.sql")),
    M::up(include_str!("schema/0015_claimed_places.sql")),
];

/// The number of schema files: the value of `user_version` once all are applied.
#[expect(clippy::cast_possible_truncation, reason = "a handful of files")]
pub const SCHEMA_VERSION: u32 = STEPS.len() as u32;

const SCHEMA: Migrations<'static> = Migrations::from_slice(STEPS);

/// 3.51.3: versions 3.7.0 to 3.51.2 can corrupt a WAL database that several connections use.
const VERSION_MIN: i32 = 3_051_003;

/// How long a connection waits for a lock. Only other programs can hold one: we have one writer.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(5);

/// 32 MiB. Measured in registrations a second by 256 writers: 6,800 to 10,500; with 4096 pages 5,400 to 7,400.
const WAL_PAGES: u32 = 8192;

/// The size in bytes to which a grown WAL is cut. Above [`WAL_PAGES`], because cutting at each checkpoint costs time.
const WAL_BYTES_KEPT: u32 = 48 * 1024 * 1024;

/// How long a checkpoint that cuts the WAL waits for readers, and lets the writer wait.
const LOG_WAIT_MAX: Duration = Duration::from_millis(100);

const WRITER_CACHE_KIB: i32 = 16 * 1024;

/// Prepared statements that a connection keeps: more than there are.
const STATEMENTS_KEPT: usize = 320;

pub(super) struct Engine {
    database: PathBuf,
    writer: WriterThread,
    point: PointReaders,
    long: LongReaders,
}

impl Engine {
    /// Creates (0600) or opens the database, migrates its schema, and starts writer and readers.
    pub(super) fn open(database: &Path, options: &StoreOptions) -> Result<Self, OpenError> {
        if !is_sound(rusqlite::version_number()) {
            return Err(OpenError::old_engine(rusqlite::version()));
        }
        create_private(database).map_err(|cause| OpenError::unusable(database, cause))?;
        let connection = open_writer(database, options.durability)?;
        let writer = WriterThread::start(connection).map_err(|cause| OpenError::unusable(database, cause))?;
        let point = PointReaders::open(database, options.point_readers);
        let point = point.map_err(|cause| OpenError::unusable(database, cause))?;
        let long = LongReaders::start(database, options.long_readers);
        let long = long.map_err(|error| OpenError::unusable(database, cause_of(&error)))?;
        Ok(Self { database: database.to_owned(), writer, point, long })
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer.write(work).await
    }

    pub(super) fn post(&self, work: impl FnOnce(&Transaction<'_>) -> Result<(), Error> + Send + 'static) {
        self.writer.post(work);
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.point.read(work)
    }

    pub(super) async fn long_read<T: Send + 'static>(
        &self,
        caller: CallerKey,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.long.read(caller, work).await
    }

    pub(super) fn own_reader(&self) -> Result<ReadConnection, Error> {
        Ok(readers::open(&self.database)?)
    }

    pub(super) fn commits(&self) -> watch::Receiver<u64> {
        self.writer.commits()
    }

    /// The passive checkpoint copies most pages and blocks neither readers nor the writer. The truncating one blocks the
    /// writer, and copies only the pages that were written in between.
    pub(super) fn cut_log(&self) -> Result<bool, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.database, flags)?;
        connection.busy_timeout(LOG_WAIT_MAX)?;
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))? == 0)
    }

    pub(super) fn writes(&self) -> WriteStats {
        self.writer.writes()
    }

    pub(super) async fn close(&self) {
        self.writer.close().await;
    }
}

pub(super) fn snapshot_of(connection: &ReadConnection) -> Result<Transaction<'_>, Error> {
    Ok(connection.unchecked_transaction()?)
}

fn cause_of(error: &Error) -> &dyn std::fmt::Display {
    if let Error::Internal(cause) = error { cause } else { error }
}

/// Creates the file with mode 0600, which its WAL and index inherit. SQLite would use the umask of the process.
fn create_private(database: &Path) -> std::io::Result<()> {
    fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(database).map(drop)
}

fn is_sound(version: i32) -> bool {
    version >= VERSION_MIN
}

fn open_writer(database: &Path, durability: Durability) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let unusable = |cause: rusqlite::Error| OpenError::unusable(database, cause);
    let mut connection = Connection::open_with_flags(database, flags).map_err(unusable)?;
    connection.busy_timeout(LOCK_WAIT_MAX).map_err(unusable)?;
    // Does not even carry over the WAL of another version before the schema is known to be ours to change.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(unusable)?;
    match SCHEMA.current_version(&connection).map_err(|cause| OpenError::unusable(database, cause))? {
        SchemaVersion::Outside(found) => return Err(OpenError::newer_schema(database, found.get())),
        SchemaVersion::Inside(found) if found.get() < STEPS.len() => {
            upgrade::keep_copy(&connection, database, found.get(), STEPS.len())?;
        }
        SchemaVersion::Inside(_) | SchemaVersion::NoneSet => {}
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(unusable)?;
    if !tune(&connection, durability).map_err(unusable)? {
        return Err(OpenError::unusable(database, "its file system cannot hold a write-ahead log"));
    }
    add_functions(&connection).map_err(unusable)?;
    SCHEMA.to_latest(&mut connection).map_err(|cause| OpenError::unusable(database, cause))?;
    Ok(connection)
}

/// Adds the functions that migrations 0012 (folded names) and 0013 (telephone numbers) call.
fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    add_function(connection, "folded_name", |name| Some(folded(name)))?;
    add_function(connection, "bare_number", contact::bare)
}

fn add_function(connection: &Connection, name: &str, of: fn(&str) -> Option<String>) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function(name, 1, flags, move |context| match context.get_raw(0) {
        // A damaged text stays damaged: the reader of the row gets the error.
        ValueRef::Text(text) => Ok(of(&String::from_utf8_lossy(text))),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => Ok(None),
    })
}

pub(super) fn read_offline<T>(
    database: &Path,
    read: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, OpenError> {
    let unusable = |cause: &dyn std::fmt::Display| OpenError::unusable(database, cause);
    // Without a WAL the file is opened as immutable, so that SQLite creates no file beside it.
    let log = database.with_extension("db-wal");
    let has_log = fs::metadata(log).is_ok_and(|log| log.len() > 0);
    let path = database.to_str().ok_or_else(|| unusable(&"its path is no UTF-8 text"))?;
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let address = format!("file:{path}{}", if has_log { "" } else { "?immutable=1" });
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address, flags).map_err(|cause| unusable(&cause))?;
    connection.busy_timeout(LOCK_WAIT_MAX).map_err(|cause| unusable(&cause))?;
    read(&connection).map_err(|error| unusable(cause_of(&error)))
}

fn tune(connection: &Connection, durability: Durability) -> rusqlite::Result<bool> {
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted or recalled must not stay in free parts of the file, which a backup copies.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    keep_statements(connection)?;
    Ok(mode == "wal")
}

/// Keeps prepared statements, with plans that do not depend on the values of parameters. By default SQLite looks at the
/// value of a `LIMIT ?1`, and prepares such a statement anew for each run.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

/// Maps an error of SQLite to what the caller can do about it.
impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        let (code, extended) = match cause.sqlite_error() {
            Some(failure) => (Some(failure.code), failure.extended_code),
            None => (None, 0),
        };
        // Without disk space a write fails with DiskFull, growing the WAL's index with this.
        if code == Some(ErrorCode::DiskFull) || extended == ffi::SQLITE_IOERR_SHMSIZE {
            return Self::StorageFull;
        }
        if matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) {
            return Self::Busy;
        }
        // The database itself was open: SQLite could not open a WAL or a temporary file for lack of file descriptors.
        if code == Some(ErrorCode::CannotOpen)
            && fs::File::open("/dev/null").is_err_and(|cause| is_out_of_files(&cause))
        {
            return Self::Busy;
        }
        Self::internal(cause)
    }
}

fn is_taken(cause: &rusqlite::Error) -> bool {
    cause.sqlite_error().is_some_and(|failure| failure.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE)
}

#[cfg(test)]
#[path = "../../../tests/unit/store/sqlite.rs"]
mod tests;
