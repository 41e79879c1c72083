//! Places of live sessions in the event log: the event up to which a client has received everything.

use rusqlite::{Connection, Row, Transaction, params};

use super::{
    row::{StoredRow, run},
    tickets,
};
use crate::{
    domain::{AppKey, ChangedPosition, Claim, Digest, Error, Moment, StoredPosition, UserKey, Vendor},
    store::NewPosition,
};

const OF_USER: &str = "
    SELECT session_place.key, shown, heard, at, claimed, claimed_at
    FROM session_place JOIN user ON user.key = session_place.user
    WHERE user.app = ?1 AND session_place.user = ?2 AND wire = ?3 ORDER BY heard, session_place.key";

pub(crate) fn of_user(
    db: &Connection,
    app: AppKey,
    user: UserKey,
    vendor: Vendor,
) -> Result<Vec<StoredPosition>, Error> {
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("session_place", row);
        let shown = row.get::<Option<[u8; 32]>>(1)?.map(Digest);
        let claimed_at = row.get::<Option<i64>>(5)?.map(|_| row.moment(5)).transpose()?;
        let claim = row.get::<Option<i64>>(4)?.zip(claimed_at).map(|(after, at)| Claim { after, at });
        Ok(StoredPosition { row: row.get(0)?, shown, confirmed: row.get(2)?, at: row.moment(3)?, claim })
    };
    let asked = params![app.0, user.0, tickets::word(vendor)];
    db.prepare_cached(OF_USER)?.query_and_then(asked, parse)?.collect()
}

const PUT: &str = "INSERT INTO session_place (user, wire, shown, heard, at) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING key";

pub(crate) fn put(tx: &Transaction<'_>, new: &NewPosition, confirmed: i64) -> Result<i64, Error> {
    let cells =
        params![new.user.0, tickets::word(new.vendor), new.shown.map(|shown| shown.0), confirmed, new.at.micros()];
    Ok(tx.prepare_cached(PUT)?.query_row(cells, |row| row.get(0))?)
}

const FORGET: &str = "DELETE FROM session_place WHERE key = ?1";

pub(crate) fn take(tx: &Transaction<'_>, row: i64) -> Result<(), Error> {
    run(tx, FORGET, [row])
}

const CLAIM: &str = "
    UPDATE session_place SET heard = max(heard, ?2), claimed = ?3, claimed_at = ?4 WHERE key = ?1";

pub(crate) fn claim(tx: &Transaction<'_>, row: i64, confirmed: i64, claim: Claim) -> Result<(), Error> {
    run(tx, CLAIM, params![row, confirmed, claim.after, claim.at.micros()])
}

/// A place never moves back. One that moves is that of a client which is still there.
const MOVE: &str = "
    UPDATE session_place SET
        claimed = CASE WHEN heard < ?2 THEN NULL ELSE claimed END,
        claimed_at = CASE WHEN heard < ?2 THEN NULL ELSE claimed_at END,
        heard = max(heard, ?2), at = ?3, has_ended = max(has_ended, ?4)
    WHERE key = ?1";

pub(crate) fn move_all(tx: &Transaction<'_>, moved: &[ChangedPosition], at: Moment) -> Result<(), Error> {
    let mut statement = tx.prepare_cached(MOVE)?;
    for position in moved {
        statement.execute(params![position.row, position.confirmed, at.micros(), position.has_ended])?;
    }
    Ok(())
}

const FORGET_OLD: &str = "
    DELETE FROM session_place WHERE key IN (SELECT key FROM session_place WHERE at < ?1 ORDER BY at LIMIT ?2)";

const FORGET_MANY: &str = "
    DELETE FROM session_place WHERE key IN (
        SELECT key FROM session_place ORDER BY at DESC, key DESC LIMIT ?2 OFFSET ?1)";

pub(crate) fn forget_old(tx: &Transaction<'_>, before: Moment, kept_max: u32, at_most: u32) -> Result<u32, Error> {
    let old = tx.prepare_cached(FORGET_OLD)?.execute(params![before.micros(), at_most])?;
    let old = u32::try_from(old).map_err(Error::internal)?;
    let many = tx.prepare_cached(FORGET_MANY)?.execute(params![kept_max, at_most.saturating_sub(old)])?;
    Ok(old + u32::try_from(many).map_err(Error::internal)?)
}
