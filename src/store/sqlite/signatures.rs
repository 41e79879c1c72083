//! Revoked UserSigs: for each id the time before which they are dead. It belongs to the id and outlives the user.

use rusqlite::{Connection, Row, Transaction, params};

use super::row::StoredRow;
use crate::domain::{AppKey, Error, Moment, UserId};

/// Stands for every id of the app.
const EVERY_ID: &str = "";

const REVOKED_BEFORE: &str = "SELECT coalesce(max(before), 0) FROM dead_signature WHERE app = ?1 AND id IN (?2, ?3)";

pub(crate) fn revoked_before(db: &Connection, app: AppKey, id: &UserId) -> Result<Moment, Error> {
    let mut statement = db.prepare_cached(REVOKED_BEFORE)?;
    let before = statement.query_row(params![app.0, id.as_str(), EVERY_ID], |row| row.get(0))?;
    Ok(Moment::from_micros(before))
}

/// Gives the row a new number, so that rows are ordered by their last write.
const REVOKE: &str = "
    INSERT OR REPLACE INTO dead_signature (app, id, before)
    SELECT ?1, ?2, max(?3, coalesce((SELECT before FROM dead_signature WHERE app = ?1 AND id = ?2), 0))";

pub(crate) fn revoke(tx: &Transaction<'_>, app: AppKey, id: &UserId, before: Moment) -> Result<(), Error> {
    put(tx, app, id.as_str(), before)
}

fn put(tx: &Transaction<'_>, app: AppKey, id: &str, before: Moment) -> Result<(), Error> {
    if before > Moment::from_micros(0) {
        tx.prepare_cached(REVOKE)?.execute(params![app.0, id, before.micros()])?;
    }
    Ok(())
}

/// One statement for old rows and one for rows beyond the bound: each has its own index.
const OLD: &str = "
    SELECT seq, app, before FROM dead_signature WHERE before < ?1 AND id != ?2 ORDER BY before LIMIT ?3";

const TOO_MANY: &str = "
    SELECT seq, app, before FROM dead_signature
    WHERE seq <= (SELECT max(seq) FROM dead_signature) - ?1 AND id != ?2 ORDER BY seq LIMIT ?3";

const FORGET: &str = "DELETE FROM dead_signature WHERE seq = ?1";

pub(crate) fn forget(tx: &Transaction<'_>, long_past: Moment, kept_max: u32, at_most: u32) -> Result<u32, Error> {
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
