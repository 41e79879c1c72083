use std::path::Path;

use rusqlite::{
    Connection, OpenFlags, Row, Transaction,
    backup::{Backup, StepResult},
    params,
};

use super::{
    LOCK_WAIT_MAX, SCHEMA, apps, create_private, events, open_writer, pictures,
    row::{StoredRow, readable},
};
use crate::{
    domain::{App, AppKey, Digest, Durability, Error, Moment, PictureKey, RecordCounts, UserId},
    store::{Inspected, NewTokens},
};

/// Users that get new secrets at a time: as many as are in memory.
const STEP_USERS: u32 = 1000;

pub(crate) fn copy(source: &Connection, file: &Path) -> Result<(), Error> {
    create_private(file).map_err(Error::internal)?;
    let mut copy = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    match Backup::new(source, &mut copy)?.step(-1)? {
        StepResult::Done => {}
        StepResult::Busy | StepResult::Locked => return Err(Error::Busy),
        unexpected @ (StepResult::More | _) => {
            return Err(Error::internal(format_args!("copying the database: {unexpected:?}")));
        }
    }
    in_one_file(copy)
}

/// Switches the WAL off: the database is then one file and can be read from a read-only folder.
fn in_one_file(connection: Connection) -> Result<(), Error> {
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    connection.close().map_err(|(_, cause)| cause.into())
}

fn open(database: &Path) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(LOCK_WAIT_MAX)?;
    Ok(connection)
}

pub(crate) fn inspect(database: &Path) -> Result<Inspected, Error> {
    let connection = open(database)?;
    let said: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if said != "ok" {
        return Err(Error::internal(format_args!("the database is damaged: {said}")));
    }
    if connection.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Err(Error::internal("the database is damaged: a row refers to a row that does not exist"));
    }
    let schema = SCHEMA.current_version(&connection).map_err(Error::internal)?;
    let schema = usize::from(&schema).try_into().map_err(Error::internal)?;
    let adopted = apps::adopted_key(&connection)?;
    let key_fingerprint = adopted.ok_or_else(|| Error::internal("the database names no server key"))?;
    Ok(Inspected { schema, key_fingerprint, amounts: counted(&connection)? })
}

pub(crate) fn amounts(database: &Path) -> Result<RecordCounts, Error> {
    // Opened for writing: SQLite carries the WAL of a killed server over and leaves no file beside the database.
    counted(&Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?)
}

const COUNT: &str = "
    SELECT (SELECT count(*) FROM app), (SELECT count(*) FROM user), (SELECT count(*) FROM picture),
        (SELECT count(*) FROM contact), (SELECT count(*) FROM admin)";

const HAS_MESSAGES: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'message')";

const COUNT_MESSAGES: &str = "SELECT count(*) FROM message";

fn counted(connection: &Connection) -> Result<RecordCounts, Error> {
    // Backups of earlier versions are counted too.
    let messages = match connection.query_row(HAS_MESSAGES, [], |row| row.get(0))? {
        true => connection.query_row(COUNT_MESSAGES, [], |row| row.get::<_, i64>(0))?.unsigned_abs(),
        false => 0,
    };
    let amounts = connection.query_row(COUNT, [], |row| {
        let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        Ok(RecordCounts {
            apps: count(0)?,
            users: count(1)?,
            pictures: count(2)?,
            contacts: count(3)?,
            administrators: count(4)?,
            messages,
        })
    });
    Ok(amounts?)
}

const PICTURES: &str = "SELECT key FROM picture ORDER BY key";

pub(crate) fn each_picture(
    database: &Path,
    mut each: impl FnMut(PictureKey) -> Result<(), Error>,
) -> Result<(), Error> {
    let connection = open(database)?;
    let mut statement = connection.prepare(PICTURES)?;
    // A row with a damaged key has no files: no file can have such a name.
    readable(statement.query([])?, pictures::key).try_for_each(|key| each(key?))
}

pub(crate) fn with_new_key(
    database: &Path,
    fingerprint: Digest,
    mut renew_app: impl FnMut(&mut App) -> Result<(), Error>,
    mut draw: impl FnMut(AppKey, &UserId) -> NewTokens,
) -> Result<(), Error> {
    let mut connection = open_writer(database, Durability::Full).map_err(Error::internal)?;
    let tx = connection.transaction()?;
    apps::replace_key(&tx, fingerprint)?;
    for mut app in apps::all(&tx)? {
        renew_app(&mut app)?;
        apps::change(&tx, &app)?;
    }
    let mut last = 0;
    while let Some(key) = renew_users(&tx, last, &mut draw)? {
        last = key;
    }
    tx.execute(END_SESSIONS, [])?;
    tx.commit()?;
    in_one_file(connection)
}

pub(crate) fn mark_restored(database: &Path, at: Moment) -> Result<(), Error> {
    // The schema may be an older one: every schema takes this row. The next start migrates it and keeps a copy.
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(LOCK_WAIT_MAX)?;
    events::mark_restored(&connection, at)?;
    in_one_file(connection)
}

const END_SESSIONS: &str = "DELETE FROM session";

const NEXT_USERS: &str = "SELECT key, app, id FROM user WHERE key > ?1 ORDER BY key LIMIT ?2";

const RENEW_USER: &str = "
    UPDATE user SET token_salt = ?2, token_digest = ?3, issued_salt = ?4, issued_digest = ?5, version = version + 1
    WHERE key = ?1";

/// Gives the next users new secrets. Returns the last one's key, `None` when none is left.
fn renew_users(
    tx: &Transaction<'_>,
    after: i64,
    draw: &mut impl FnMut(AppKey, &UserId) -> NewTokens,
) -> Result<Option<i64>, Error> {
    let user = |row: &Row<'_>| {
        let row = StoredRow::of("user", row);
        Ok::<_, Error>((row.get::<i64>(0)?, AppKey(row.get(1)?), row.parsed(2, UserId::parse)?))
    };
    let mut statement = tx.prepare_cached(NEXT_USERS)?;
    let users = statement.query_and_then(params![after, STEP_USERS], user)?.collect::<Result<Vec<_>, _>>()?;
    for (key, app, id) in &users {
        let NewTokens { token, issued } = draw(*app, id);
        let cells = params![key, token.salt.0, token.digest.0, issued.salt.0, issued.digest.0];
        tx.prepare_cached(RENEW_USER)?.execute(cells)?;
    }
    Ok(users.last().map(|(key, ..)| *key))
}
