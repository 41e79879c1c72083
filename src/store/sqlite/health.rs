//! Checks and sizes of the whole database.

use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use super::SCHEMA_VERSION;
use crate::{
    domain::{Error, Moment},
    store::{Checkup, Integrity},
};

/// Steps of SQLite's virtual machine between two looks at the clock: a millisecond or less.
const STEPS_BETWEEN: i32 = 10_000;

/// Counts the pages in the WAL as if they were carried over.
pub(crate) fn bytes(db: &Connection) -> Result<u64, Error> {
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    u64::try_from(pragma("page_count")?.saturating_mul(pragma("page_size")?)).map_err(Error::internal)
}

pub(crate) fn schema(db: &Connection) -> Result<u32, Error> {
    Ok(db.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

pub(crate) fn is_current(db: &Connection) -> Result<bool, Error> {
    Ok(schema(db)? == SCHEMA_VERSION)
}

/// The latest time in the tables whose rows are written in order of time.
const NEWEST: &str = "
    SELECT max(at) FROM (
        SELECT at FROM (SELECT at FROM event ORDER BY seq DESC LIMIT 1)
        UNION ALL SELECT created_at FROM (SELECT created_at FROM user ORDER BY key DESC LIMIT 1)
        UNION ALL SELECT created_at FROM (SELECT created_at FROM app ORDER BY key DESC LIMIT 1))";

pub(crate) fn check_up(db: &Connection, wait_max: Duration) -> Result<Checkup, Error> {
    let integrity = integrity(db, wait_max)?;
    let newest: Option<i64> = match integrity {
        Integrity::Damaged(_) => None,
        Integrity::Intact | Integrity::Unfinished => db.query_row(NEWEST, [], |row| row.get(0)).optional()?.flatten(),
    };
    let newest = newest.map(Moment::from_micros);
    Ok(Checkup { schema: schema(db)?, schema_known: SCHEMA_VERSION, integrity, newest })
}

fn integrity(db: &Connection, wait_max: Duration) -> Result<Integrity, Error> {
    let begun = Instant::now();
    db.progress_handler(STEPS_BETWEEN, Some(move || begun.elapsed() >= wait_max))?;
    let said = db.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    db.progress_handler(0, None::<fn() -> bool>)?;
    match said {
        Ok(said) if said == "ok" => Ok(Integrity::Intact),
        Ok(said) => Ok(Integrity::Damaged(said)),
        Err(cause) if cause.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(Integrity::Unfinished),
        Err(cause) if cause.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            Ok(Integrity::Damaged(cause.to_string()))
        }
        Err(cause) => Err(cause.into()),
    }
}
