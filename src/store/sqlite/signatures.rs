//! Signatures of Tencent's wire that are dead although they have not expired: for each id, those made before a moment.
//!
//! The moment belongs to the id, whether or not a user has it: it outlives deletion.

use rusqlite::{Connection, Row, Transaction, params};

use super::row::StoredRow;
use crate::domain::{
    error::Error,
    id::{AppKey, UserId},
    time::Moment,
};

/// In the place of an id: every id of the app.
const EVERY_ID: &str = "";

const DEAD_BEFORE: &str = "SELECT coalesce(max(before), 0) FROM dead_signature WHERE app = ?1 AND id IN (?2, ?3)";

/// The moment before which signatures of this id are dead; the epoch where none are.
pub(in crate::store) fn dead_before(connection: &Connection, app: AppKey, id: &UserId) -> Result<Moment, Error> {
    let mut statement = connection.prepare_cached(DEAD_BEFORE)?;
    let before = statement.query_row(params![app.0, id.as_str(), EVERY_ID], |row| row.get(0))?;
    Ok(Moment::from_micros(before))
}

/// A row with a new number: rows stand in the order in which they were last written.
const KILL: &str = "
    INSERT OR REPLACE INTO dead_signature (app, id, before)
    SELECT ?1, ?2, max(?3, coalesce((SELECT before FROM dead_signature WHERE app = ?1 AND id = ?2), 0))";

/// Signatures of this id that were made before that moment are dead from now on. A moment that is kept is never set back.
pub(in crate::store) fn kill(tx: &Transaction<'_>, app: AppKey, id: &UserId, before: Moment) -> Result<(), Error> {
    put(tx, app, id.as_str(), before)
}

fn put(tx: &Transaction<'_>, app: AppKey, id: &str, before: Moment) -> Result<(), Error> {
    if before > Moment::from_micros(0) {
        tx.prepare_cached(KILL)?.execute(params![app.0, id, before.micros()])?;
    }
    Ok(())
}

/// Two looks, each by an index of its own: at moments long past, and at more rows than are kept.
const OLD: &str = "
    SELECT seq, app, before FROM dead_signature WHERE before < ?1 AND id != ?2 ORDER BY before LIMIT ?3";

const TOO_MANY: &str = "
    SELECT seq, app, before FROM dead_signature
    WHERE seq <= (SELECT max(seq) FROM dead_signature) - ?1 AND id != ?2 ORDER BY seq LIMIT ?3";

const FORGET: &str = "DELETE FROM dead_signature WHERE seq = ?1";

/// Deletes rows with a moment before `long_past`, then the oldest beyond `kept_max`; how many, `at_most` of each. The moment of a deleted
/// row becomes that of every id of its app: signatures of the app that are older die with it, and none revives.
pub(in crate::store) fn forget(
    tx: &Transaction<'_>,
    long_past: Moment,
    kept_max: u32,
    at_most: u32,
) -> Result<u32, Error> {
    let forgotten = forget_each(tx, OLD, long_past.micros(), at_most)?;
    Ok(forgotten + forget_each(tx, TOO_MANY, kept_max.into(), at_most)?)
}

fn forget_each(tx: &Transaction<'_>, which: &str, bound: i64, at_most: u32) -> Result<u32, Error> {
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("dead_signature", row);
        Ok::<_, Error>((row.get::<i64>(0)?, AppKey(row.get(1)?), row.moment(2)?))
    };
    let rows = tx.prepare_cached(which)?.query_and_then(params![bound, EVERY_ID, at_most], parse)?.collect::<Vec<_>>();
    let mut forgotten = 0;
    for row in rows {
        let (seq, app, before) = row?;
        tx.prepare_cached(FORGET)?.execute([seq])?;
        put(tx, app, EVERY_ID, before)?;
        forgotten += 1;
    }
    Ok(forgotten)
}
