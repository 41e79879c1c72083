//! What happened, written in the transaction of the change it tells of.

use rusqlite::{Connection, Row, Transaction, params};

use super::row::Stored;
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

const AFTER: &str = "SELECT seq, app, user, id, kind, at FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2";

pub(in crate::store) fn after(connection: &Connection, seq: i64, at_most: u32) -> Result<Vec<Event>, Error> {
    connection.prepare_cached(AFTER)?.query_and_then(params![seq, at_most], event)?.collect()
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
