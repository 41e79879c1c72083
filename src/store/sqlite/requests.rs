//! Friend requests that wait for an answer.

use rusqlite::{Connection, Row, Transaction, params};

use super::{
    friends::columns,
    row::{StoredRow, readable, run},
};
use crate::{
    domain::{
        AddSource, AddWording, AppKey, ContactName, Direction, DisplayName, Error, FriendRequest, Moment, REQUESTS_MAX,
        UserId, UserKey,
    },
    store::FriendRow,
};

/// Does not count a request that already waits between the two users.
const REQUESTS: &str = "
    SELECT (SELECT count(*) FROM request WHERE asked = ?1 AND by != ?2) >= ?3
        OR (SELECT count(*) FROM request WHERE by = ?2 AND asked != ?1) >= ?3";

pub(crate) fn have_room(db: &Connection, asked: UserKey, by: UserKey) -> Result<bool, Error> {
    let mut statement = db.prepare_cached(REQUESTS)?;
    Ok(!statement.query_row(params![asked.0, by.0, REQUESTS_MAX], |row| row.get::<_, bool>(0))?)
}

const ASK: &str = "
    INSERT INTO request (asked, by, remark, friend_groups, source, wording, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (asked, by) DO UPDATE SET remark = excluded.remark, friend_groups = excluded.friend_groups,
        source = excluded.source, wording = excluded.wording, at = excluded.at";

pub(crate) fn put(tx: &Transaction<'_>, asked: UserKey, by: UserKey, row: &FriendRow, at: Moment) -> Result<(), Error> {
    let [remark, groups, source, wording] = columns(row)?;
    run(tx, ASK, params![asked.0, by.0, remark, groups, source, wording, at.micros()])
}

const WAITING: &str = "SELECT asked, remark, friend_groups, source, wording FROM request WHERE asked = ?1 AND by = ?2";

pub(crate) fn waiting(db: &Connection, asked: UserKey, by: UserKey) -> Result<Option<FriendRow>, Error> {
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("request", row);
        Ok(FriendRow {
            remark: row.parsed_if_any(1, ContactName::parse)?,
            groups: row.json(2)?,
            source: row.parsed_if_any(3, AddSource::parse)?,
            wording: row.parsed_if_any(4, AddWording::parse)?,
        })
    };
    db.prepare_cached(WAITING)?.query_and_then(params![asked.0, by.0], parse)?.next().transpose()
}

const FORGET: &str = "DELETE FROM request WHERE asked = ?1 AND by = ?2";

pub(crate) fn take(tx: &Transaction<'_>, asked: UserKey, by: UserKey) -> Result<bool, Error> {
    Ok(tx.prepare_cached(FORGET)?.execute(params![asked.0, by.0])? > 0)
}

const INCOMING: &str = "
    SELECT request.asked, user.id, user.display_name, request.source, request.wording, request.at
    FROM request JOIN user ON user.key = request.by WHERE request.asked = ?1 AND user.app = ?3 ORDER BY request.at DESC, request.by LIMIT ?2";

const OUTGOING: &str = "
    SELECT request.asked, user.id, user.display_name, request.source, request.wording, request.at
    FROM request JOIN user ON user.key = request.asked WHERE request.by = ?1 AND user.app = ?3 ORDER BY request.at DESC, request.asked LIMIT ?2";

pub(crate) fn list(
    db: &Connection,
    app: AppKey,
    owner: UserKey,
    direction: Direction,
    at_most: u32,
) -> Result<Vec<FriendRequest>, Error> {
    let statement = match direction {
        Direction::Incoming => INCOMING,
        Direction::Outgoing => OUTGOING,
    };
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("request", row);
        Ok(FriendRequest {
            with: row.parsed(1, UserId::parse)?,
            name: row.parsed_if_any(2, DisplayName::parse)?,
            direction,
            source: row.parsed_if_any(3, AddSource::parse)?,
            wording: row.parsed_if_any(4, AddWording::parse)?,
            at: row.moment(5)?,
        })
    };
    let mut statement = db.prepare_cached(statement)?;
    readable(statement.query(params![owner.0, at_most, app.0])?, parse).collect()
}

const READ: &str = "UPDATE user SET requests_read_at = max(requests_read_at, ?2) WHERE key = ?1";

pub(crate) fn set_read(tx: &Transaction<'_>, user: UserKey, until: Moment) -> Result<(), Error> {
    run(tx, READ, params![user.0, until.micros()])
}

const UNREAD: &str = "
    SELECT count(*) FROM request JOIN user ON user.key = request.asked
    WHERE request.asked = ?1 AND user.app = ?2 AND request.at > user.requests_read_at";

pub(crate) fn unread(db: &Connection, app: AppKey, owner: UserKey) -> Result<u32, Error> {
    Ok(db.prepare_cached(UNREAD)?.query_row(params![owner.0, app.0], |row| row.get(0))?)
}
