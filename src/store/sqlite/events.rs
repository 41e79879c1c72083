//! What happened, written in the transaction of the change it tells of.

use rusqlite::{Connection, Row, Transaction, params};

use super::row::{Stored, readable};
use crate::domain::{
    error::Error,
    event::{Event, EventKind},
    id::{AppKey, UserId, UserKey},
    time::Moment,
};

const APPEND: &str = "INSERT INTO event (app, user, id, kind, at) VALUES (?1, ?2, ?3, ?4, ?5)";

pub(super) fn append(
    tx: &Transaction<'_>,
    app: AppKey,
    user: UserKey,
    id: &UserId,
    kind: &EventKind,
    at: Moment,
) -> Result<(), Error> {
    let kind = serde_json::to_string(kind).map_err(Error::internal)?;
    tx.prepare_cached(APPEND)?.execute(params![app.0, user.0, id.as_str(), kind, at.micros()])?;
    Ok(())
}

/// Without a limit: rows are read one by one, so that a damaged one does not shorten the list, whose length says whether more follow.
const AFTER: &str = "SELECT seq, app, user, id, kind, at FROM event WHERE seq > ?1 ORDER BY seq";

pub(in crate::store) fn after(connection: &Connection, seq: i64, at_most: u32) -> Result<Vec<Event>, Error> {
    let mut statement = connection.prepare_cached(AFTER)?;
    readable(statement.query(params![seq])?, event).take(at_most as usize).collect()
}

const LAST_SEQ: &str = "SELECT coalesce(max(seq), 0) FROM event";

pub(in crate::store) fn last_seq(connection: &Connection) -> Result<i64, Error> {
    // Of a table that was pruned to nothing the sequence is still known.
    const EVER: &str = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'";
    let kept: i64 = connection.prepare_cached(LAST_SEQ)?.query_row([], |row| row.get(0))?;
    match kept {
        0 => Ok(connection.prepare_cached(EVER)?.query_row([], |row| row.get(0))?),
        _ => Ok(kept),
    }
}

/// Looks at the oldest rows alone, so that a step costs the same however many there are.
const FORGET: &str = "
    DELETE FROM event WHERE seq IN (
        SELECT seq FROM (SELECT seq, at FROM event ORDER BY seq LIMIT ?3)
        WHERE at < ?1 OR seq <= (SELECT max(seq) FROM event) - ?2)";

pub(in crate::store) fn forget(
    tx: &Transaction<'_>,
    before: Moment,
    kept_max: u32,
    at_most: u32,
) -> Result<u32, Error> {
    let forgotten = tx.prepare_cached(FORGET)?.execute(params![before.micros(), kept_max, at_most])?;
    u32::try_from(forgotten).map_err(Error::internal)
}

fn event(row: &Row<'_>) -> Result<Event, Error> {
    let row = Stored::of("event", row);
    Ok(Event {
        seq: row.get(0)?,
        app: AppKey(row.get(1)?),
        user: UserKey(row.get(2)?),
        id: row.parsed(3, UserId::parse)?,
        kind: row.json(4)?,
        at: row.moment(5)?,
    })
}
