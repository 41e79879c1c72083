//! Users' settings for their chats: muted chats, and how archived ones behave.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::row::{StoredRow, readable, run, run_counted};
use crate::domain::{AppKey, ChatSettings, ChatSettingsChange, Error, MuteLevel, UserId, UserKey};

const FIND: &str = "SELECT mutes_all, keeps_archived FROM user WHERE app = ?1 AND key = ?2";

const MUTED: &str = "
    SELECT user.id FROM mute JOIN user ON user.key = mute.muted WHERE mute.owner = ?1 AND user.app = ?2 ORDER BY user.key";

pub(crate) fn find(db: &Connection, app: AppKey, user: UserKey) -> Result<Option<ChatSettings>, Error> {
    let flags = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found = db.prepare_cached(FIND)?.query_row(params![app.0, user.0], flags).optional()?;
    let Some((mutes_all, keeps_archived)) = found else { return Ok(None) };
    let id = |row: &Row<'_>| StoredRow::of("user", row).parsed(0, UserId::parse);
    let mut statement = db.prepare_cached(MUTED)?;
    let muted = readable(statement.query(params![user.0, app.0])?, id).collect::<Result<_, _>>()?;
    Ok(Some(ChatSettings { mutes_all, keeps_archived, muted }))
}

const KEEPS_ARCHIVED: &str = "SELECT keeps_archived FROM user WHERE key = ?1";

pub(crate) fn keeps_archived(db: &Connection, user: UserKey) -> Result<bool, Error> {
    Ok(db.prepare_cached(KEEPS_ARCHIVED)?.query_row([user.0], |row| row.get(0))?)
}

const SET: &str = "
    UPDATE user SET mutes_all = coalesce(?2, mutes_all), keeps_archived = coalesce(?3, keeps_archived) WHERE key = ?1";

pub(crate) fn set(tx: &Transaction<'_>, user: UserKey, change: &ChatSettingsChange) -> Result<(), Error> {
    run(tx, SET, params![user.0, change.mutes_all, change.keeps_archived])
}

const MUTES: &str = "SELECT EXISTS (SELECT 1 FROM mute WHERE owner = ?1 AND muted = ?2)";

pub(crate) fn mutes(db: &Connection, owner: UserKey, muted: UserKey) -> Result<bool, Error> {
    Ok(db.prepare_cached(MUTES)?.query_row(params![owner.0, muted.0], |row| row.get(0))?)
}

const COUNT: &str = "SELECT count(*) FROM mute WHERE owner = ?1";

pub(crate) fn count(db: &Connection, owner: UserKey) -> Result<u64, Error> {
    Ok(db.prepare_cached(COUNT)?.query_row([owner.0], |row| row.get(0))?)
}

const LEVELS: &str = "
    SELECT user.id, mute.level FROM mute JOIN user ON user.key = mute.muted
    WHERE mute.owner = ?1 AND user.app = ?2 ORDER BY user.key LIMIT ?3";

/// Returns the users that a user mutes, with the levels, oldest user first.
pub(crate) fn levels(
    db: &Connection,
    app: AppKey,
    owner: UserKey,
    at_most: u32,
) -> Result<Vec<(UserId, MuteLevel)>, Error> {
    let level = |row: &Row<'_>| {
        let row = StoredRow::of("mute", row);
        Ok((row.parsed(0, UserId::parse)?, MuteLevel::of_number(row.get(1)?)))
    };
    let mut statement = db.prepare_cached(LEVELS)?;
    readable(statement.query(params![owner.0, app.0, at_most])?, level).collect()
}

const LEVEL: &str = "SELECT level FROM mute WHERE owner = ?1 AND muted = ?2";

pub(crate) fn level(db: &Connection, owner: UserKey, muted: UserKey) -> Result<Option<MuteLevel>, Error> {
    let mut statement = db.prepare_cached(LEVEL)?;
    let number = statement.query_row(params![owner.0, muted.0], |row| row.get(0)).optional()?;
    Ok(number.map(MuteLevel::of_number))
}

const MUTE: &str = "
    INSERT INTO mute (owner, muted, level) VALUES (?1, ?2, ?3) ON CONFLICT (owner, muted) DO UPDATE SET level = ?3";

pub(crate) fn put(tx: &Transaction<'_>, owner: UserKey, muted: UserKey, level: MuteLevel) -> Result<(), Error> {
    run(tx, MUTE, params![owner.0, muted.0, level.number()])
}

const UNMUTE: &str = "DELETE FROM mute WHERE owner = ?1 AND muted = ?2";

pub(crate) fn take(tx: &Transaction<'_>, owner: UserKey, muted: UserKey) -> Result<(), Error> {
    run(tx, UNMUTE, params![owner.0, muted.0])
}

const FORGET_NAMING: &str = "
    DELETE FROM mute WHERE (owner, muted) IN (SELECT owner, muted FROM mute WHERE muted = ?1 LIMIT ?2)";

pub(super) fn forget_naming(tx: &Transaction<'_>, user: UserKey, at_most: u32) -> Result<u32, Error> {
    run_counted(tx, FORGET_NAMING, params![user.0, at_most])
}
