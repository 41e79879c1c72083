//! The stored part of a user's status: the custom status, and whether the user has ever logged in.

use rusqlite::{Connection, Row, Transaction, params};

use super::row::{StoredRow, readable, run};
use crate::{
    domain::{AppKey, CustomStatus, Error, UserId, UserKey},
    store::StoredStatus,
};

const FIND: &str = "SELECT key, id, custom_status, has_logged_in FROM user WHERE app = ?1 AND id = ?2";

pub(crate) fn find_all(db: &Connection, app: AppKey, ids: &[UserId]) -> Result<Vec<Option<StoredStatus>>, Error> {
    let mut statement = db.prepare_cached(FIND)?;
    let mut one = |id: &UserId| readable(statement.query(params![app.0, id.as_str()])?, status).next().transpose();
    ids.iter().map(&mut one).collect()
}

const FIND_BY_KEY: &str = "SELECT key, id, custom_status, has_logged_in FROM user WHERE app = ?1 AND key = ?2";

pub(crate) fn find_by_keys(db: &Connection, app: AppKey, keys: &[UserKey]) -> Result<Vec<StoredStatus>, Error> {
    let mut statement = db.prepare_cached(FIND_BY_KEY)?;
    let mut one = |key: &UserKey| readable(statement.query(params![app.0, key.0])?, status).next().transpose();
    keys.iter().filter_map(|key| one(key).transpose()).collect()
}

fn status(row: &Row<'_>) -> Result<StoredStatus, Error> {
    let row = StoredRow::of("user", row);
    let custom: String = row.get(2)?;
    Ok(StoredStatus {
        key: UserKey(row.get(0)?),
        id: row.parsed(1, UserId::parse)?,
        custom: if custom.is_empty() { None } else { Some(row.parsed(2, CustomStatus::parse)?) },
        has_logged_in: row.get(3)?,
    })
}

const SET: &str = "UPDATE user SET custom_status = ?2 WHERE key = ?1";

pub(crate) fn set(tx: &Transaction<'_>, user: UserKey, custom: Option<&CustomStatus>) -> Result<(), Error> {
    run(tx, SET, params![user.0, custom.map_or("", CustomStatus::as_str)])
}

const LOGGED_IN: &str = "UPDATE user SET has_logged_in = 1 WHERE key = ?1 AND has_logged_in = 0";

pub(crate) fn note_login(tx: &Transaction<'_>, user: UserKey) -> Result<(), Error> {
    run(tx, LOGGED_IN, params![user.0])
}
