use rusqlite::{Connection, Row, Transaction, params};

use super::{
    row::{StoredRow, readable, run, run_counted},
    tickets, users,
};
use crate::{
    domain::{AppKey, Error, Moment, Salt, SessionKey, User, UserKey},
    store::{ActiveSessions, SessionState, StoredSession},
};

const PUT: &str = "
    INSERT INTO session (user, salt, renewed_at, token_expires_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?5)
    RETURNING key";

pub(crate) fn put(tx: &Transaction<'_>, user: UserKey, state: &SessionState) -> Result<SessionKey, Error> {
    let times = (state.renewed_at.micros(), state.token_expires_at.micros(), state.ends_at.micros());
    let mut statement = tx.prepare_cached(PUT)?;
    let cells = params![user.0, state.salt.0, times.0, times.1, times.2];
    Ok(statement.query_row(cells, |row| row.get(0).map(SessionKey))?)
}

const END_OLDEST: &str = "
    DELETE FROM session WHERE user = ?1 AND key NOT IN (
        SELECT key FROM session WHERE user = ?1 ORDER BY key DESC LIMIT ?2)";

pub(crate) fn keep_newest(tx: &Transaction<'_>, user: UserKey, kept: u32) -> Result<(), Error> {
    run(tx, END_OLDEST, params![user.0, kept])
}

const FIND: &str = "
    SELECT session.key, session.user, salt, former_salt, renewed_at, token_expires_at, ends_at
    FROM session JOIN user ON user.key = session.user
    WHERE user.app = ?1 AND session.key = ?2";

pub(crate) fn find(db: &Connection, app: AppKey, key: SessionKey) -> Result<Option<(User, StoredSession)>, Error> {
    let session = db.prepare_cached(FIND)?.query_and_then(params![app.0, key.0], session)?.next();
    let Some((user, session)) = session.transpose()? else { return Ok(None) };
    Ok(users::find_by_key(db, app, user)?.map(|user| (user, session)))
}

const RENEW: &str = "
    UPDATE session SET former_salt = salt, salt = ?3, renewed_at = ?4, token_expires_at = ?5, ends_at = ?6
    WHERE key = ?1 AND salt = ?2 AND (SELECT app FROM user WHERE user.key = session.user) = ?7";

pub(crate) fn renew(
    tx: &Transaction<'_>,
    app: AppKey,
    key: SessionKey,
    former: Salt,
    state: &SessionState,
) -> Result<bool, Error> {
    let times = (state.renewed_at.micros(), state.token_expires_at.micros(), state.ends_at.micros());
    let mut statement = tx.prepare_cached(RENEW)?;
    Ok(statement.execute(params![key.0, former.0, state.salt.0, times.0, times.1, times.2, app.0])? > 0)
}

const END: &str = "DELETE FROM session WHERE key = ?1 AND user = ?2";

pub(crate) fn end(tx: &Transaction<'_>, user: UserKey, key: SessionKey) -> Result<(), Error> {
    run(tx, END, params![key.0, user.0])
}

const END_OF_USER: &str = "DELETE FROM session WHERE user = ?1";

pub(crate) fn end_of_user(tx: &Transaction<'_>, user: UserKey) -> Result<(), Error> {
    run(tx, END_OF_USER, params![user.0])
}

const OF_USER: &str = "
    SELECT renewed_at, ends_at FROM session
    WHERE user = (SELECT key FROM user WHERE app = ?3 AND key = ?1) AND ends_at > ?2
    ORDER BY key DESC";

pub(crate) fn active(db: &Connection, app: AppKey, user: UserKey, now: Moment) -> Result<ActiveSessions, Error> {
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("session", row);
        Ok((row.moment(0)?, row.moment(1)?))
    };
    let mut statement = db.prepare_cached(OF_USER)?;
    let sessions =
        readable(statement.query(params![user.0, now.micros(), app.0])?, parse).collect::<Result<_, Error>>()?;
    Ok(ActiveSessions { tickets: tickets::of_user(db, app, user, now)?, sessions })
}

const FORGET_ENDED: &str = "
    DELETE FROM session WHERE key IN (SELECT key FROM session WHERE ends_at <= ?1 ORDER BY ends_at LIMIT ?2)";

pub(crate) fn forget_ended(tx: &Transaction<'_>, before: Moment, at_most: u32) -> Result<u32, Error> {
    run_counted(tx, FORGET_ENDED, params![before.micros(), at_most])
}

fn session(row: &Row<'_>) -> Result<(UserKey, StoredSession), Error> {
    let row = StoredRow::of("session", row);
    let former: Option<[u8; 16]> = row.get(3)?;
    let state = SessionState {
        salt: Salt(row.get(2)?),
        renewed_at: row.moment(4)?,
        token_expires_at: row.moment(5)?,
        ends_at: row.moment(6)?,
    };
    Ok((UserKey(row.get(1)?), StoredSession { key: SessionKey(row.get(0)?), state, former_salt: former.map(Salt) }))
}
