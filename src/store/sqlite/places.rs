//! Places of live sessions: up to which event a client has had everything.

use rusqlite::{Connection, Row, Transaction, params};

use super::{row::Stored, tickets};
use crate::{
    domain::{
        error::{Error, Unauthenticated},
        id::AppKey,
        listening::{self, MovedPlace, Resumed, StoredPlace},
        secret::Digest,
        time::Moment,
    },
    store::NewPlace,
};

/// Ended places of clients that show nothing which are kept for a user and a wire; more are joined, the safer number and the later time
/// of two.
const KEPT_MAX: usize = 8;

const OF_USER: &str = "
    SELECT session_place.key, shown, heard, at FROM session_place JOIN user ON user.key = session_place.user
    WHERE user.app = ?1 AND session_place.user = ?2 AND wire = ?3 ORDER BY heard, session_place.key";

fn of_user(connection: &Connection, app: AppKey, new: &NewPlace) -> Result<Vec<StoredPlace>, Error> {
    let parse = |row: &Row<'_>| {
        let row = Stored::of("session_place", row);
        let shown = row.get::<Option<[u8; 32]>>(1)?.map(Digest);
        Ok(StoredPlace { row: row.get(0)?, shown, heard: row.get(2)?, at: row.moment(3)? })
    };
    let asked = params![app.0, new.user.0, tickets::word(new.wire)];
    connection.prepare_cached(OF_USER)?.query_and_then(asked, parse)?.collect()
}

/// Where a new session's client goes on, without writing anything.
pub(in crate::store) fn find(connection: &Connection, app: AppKey, new: &NewPlace) -> Result<Option<Resumed>, Error> {
    Ok(listening::resume(&of_user(connection, app, new)?, &new.siblings, new.shown))
}

const BEGIN: &str = "
    INSERT INTO session_place (user, wire, shown, heard, at)
    SELECT key, ?3, ?4, ?5, ?6 FROM user WHERE app = ?1 AND key = ?2";

const FORGET: &str = "DELETE FROM session_place WHERE key = ?1";

/// Begins the row of a new session, at the place its client goes on from.
pub(in crate::store) fn begin(
    tx: &Transaction<'_>,
    app: AppKey,
    new: &NewPlace,
) -> Result<(i64, Option<Resumed>), Error> {
    let stored = of_user(tx, app, new)?;
    let resumed = listening::resume(&stored, &new.siblings, new.shown);
    if let Some(own) = resumed.and_then(|resumed| resumed.own) {
        tx.prepare_cached(FORGET)?.execute([own])?;
    }
    if new.shown.is_none() {
        join_newest(tx, &stored, new)?;
    }
    let heard = resumed.map_or(new.heard, |resumed| resumed.behind);
    let shown = new.shown.map(|shown| shown.0);
    let cells = params![app.0, new.user.0, tickets::word(new.wire), shown, heard, new.at.micros()];
    match tx.prepare_cached(BEGIN)?.execute(cells)? {
        0 => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
        _ => Ok((tx.last_insert_rowid(), resumed)),
    }
}

const JOIN: &str = "UPDATE session_place SET at = max(at, ?2), has_ended = 1 WHERE key = ?1";

/// Bounds what a client leaves that comes and goes: of the places of ended sessions the newest are joined.
fn join_newest(tx: &Transaction<'_>, stored: &[StoredPlace], new: &NewPlace) -> Result<(), Error> {
    let is_open =
        |place: &StoredPlace| new.siblings.iter().any(|sibling| sibling.row == place.row && sibling.is_open());
    let ended: Vec<&StoredPlace> = stored.iter().filter(|place| !is_open(place)).collect();
    let Some((kept, joined)) = ended.split_at_checked(KEPT_MAX) else { return Ok(()) };
    let Some(last) = kept.last() else { return Ok(()) };
    for place in joined {
        tx.prepare_cached(JOIN)?.execute(params![last.row, place.at.micros()])?;
        tx.prepare_cached(FORGET)?.execute([place.row])?;
    }
    Ok(())
}

/// A place never moves back.
const MOVE: &str = "
    UPDATE session_place SET heard = max(heard, ?2), at = ?3, has_ended = max(has_ended, ?4) WHERE key = ?1";

pub(in crate::store) fn move_all(tx: &Transaction<'_>, moved: &[MovedPlace], at: Moment) -> Result<(), Error> {
    let mut statement = tx.prepare_cached(MOVE)?;
    for place in moved {
        statement.execute(params![place.row, place.heard, at.micros(), place.has_ended])?;
    }
    Ok(())
}

const FORGET_OLD: &str = "
    DELETE FROM session_place WHERE key IN (SELECT key FROM session_place WHERE at < ?1 ORDER BY at LIMIT ?2)";

const FORGET_MANY: &str = "
    DELETE FROM session_place WHERE key IN (
        SELECT key FROM session_place ORDER BY at DESC, key DESC LIMIT ?2 OFFSET ?1)";

/// Deletes places written before then, and all but the newest `kept_max`; how many went.
pub(in crate::store) fn forget_old(
    tx: &Transaction<'_>,
    before: Moment,
    kept_max: u32,
    at_most: u32,
) -> Result<u32, Error> {
    let old = tx.prepare_cached(FORGET_OLD)?.execute(params![before.micros(), at_most])?;
    let old = u32::try_from(old).map_err(Error::internal)?;
    let many = tx.prepare_cached(FORGET_MANY)?.execute(params![kept_max, at_most.saturating_sub(old)])?;
    Ok(old + u32::try_from(many).map_err(Error::internal)?)
}
