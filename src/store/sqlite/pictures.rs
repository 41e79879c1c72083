//! Pictures: their owners, and which one is current. Their bytes are in the picture folder.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::row::{StoredRow, readable, run};
use crate::{
    domain::{AppKey, Error, Fault, LockReason, Moment, NewPicture, PictureKey, PictureKind, UserKey},
    store::{PictureUsage, StoredPicture},
};

const OWNED: &str = "SELECT key, kind FROM picture WHERE key = ?1 AND owner = ?2";

pub(crate) fn owned(db: &Connection, owner: UserKey, key: &PictureKey) -> Result<Option<PictureKind>, Error> {
    let parse = |row: &Row<'_>| StoredRow::of("picture", row).parsed(1, kind);
    db.prepare_cached(OWNED)?.query_and_then(params![key.as_str(), owner.0], parse)?.next().transpose()
}

const LOCK: &str = "UPDATE user SET picture_lock = ?2, version = version + 1 WHERE key = ?1";

pub(crate) fn lock(tx: &Transaction<'_>, user: UserKey, reason: Option<&LockReason>) -> Result<(), Error> {
    run(tx, LOCK, params![user.0, reason.map(LockReason::as_str)])
}

const ADD: &str = "
    INSERT INTO picture (key, kind, owner, width_px, height_px, released_at, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

pub(crate) fn add(tx: &Transaction<'_>, owner: UserKey, new: &NewPicture, at: Moment) -> Result<(), Error> {
    tx.prepare_cached(ADD)?.execute(params![
        new.key.as_str(),
        new.kind.extension(),
        owner.0,
        new.width_px,
        new.height_px,
        at.micros(),
        new.bytes,
    ])?;
    Ok(())
}

const TAKE: &str = "UPDATE picture SET released_at = NULL WHERE key = ?1";

/// The caller [releases](release) the former picture first.
pub(crate) fn show(tx: &Transaction<'_>, key: &PictureKey) -> Result<(), Error> {
    run(tx, TAKE, params![key.as_str()])
}

const RELEASE: &str = "UPDATE picture SET released_at = ?2 WHERE owner = ?1 AND released_at IS NULL";

pub(crate) fn release(tx: &Transaction<'_>, owner: UserKey, at: Moment) -> Result<(), Error> {
    run(tx, RELEASE, params![owner.0, at.micros()])
}

const FIND: &str = "
    SELECT picture.key, picture.kind, user.app, user.key, picture.width_px, picture.height_px
    FROM picture JOIN user ON user.key = picture.owner
    WHERE picture.key = ?1";

pub(crate) fn find(db: &Connection, key: &PictureKey) -> Result<Option<StoredPicture>, Error> {
    db.prepare_cached(FIND)?.query_and_then(params![key.as_str()], picture)?.next().transpose()
}

const TAKE_RELEASED: &str = "
    DELETE FROM picture WHERE key IN (
        SELECT key FROM picture WHERE released_at < ?1 ORDER BY released_at LIMIT ?2)
    RETURNING key";

pub(crate) fn take_released(tx: &Transaction<'_>, before: Moment, at_most: u32) -> Result<Vec<PictureKey>, Error> {
    let mut statement = tx.prepare_cached(TAKE_RELEASED)?;
    readable(statement.query(params![before.micros(), at_most])?, key).collect()
}

/// Released ones included. They are read shard by shard, so that the names are never all in memory.
pub struct PictureRows<'a>(&'a Connection);

impl<'a> PictureRows<'a> {
    pub(crate) fn of(db: &'a Connection) -> Self {
        Self(db)
    }

    /// Returns the prefixes of all names: at most 3,844.
    pub fn shards(&self) -> Result<BTreeSet<String>, Error> {
        shards(self.0)
    }

    pub fn keys_in(&self, shard: &str) -> Result<HashSet<PictureKey>, Error> {
        keys_in(self.0, shard)
    }
}

/// `{` follows `z`, and names have letters and digits only.
const KEYS_IN: &str = "SELECT key FROM picture WHERE key >= ?1 AND key < ?1 || '{'";

fn keys_in(db: &Connection, shard: &str) -> Result<HashSet<PictureKey>, Error> {
    let mut statement = db.prepare_cached(KEYS_IN)?;
    readable(statement.query([shard])?, key).collect()
}

const NEXT_KEY: &str = "SELECT key FROM picture WHERE key > ?1 ORDER BY key LIMIT 1";

fn shards(db: &Connection) -> Result<BTreeSet<String>, Error> {
    let mut statement = db.prepare_cached(NEXT_KEY)?;
    let (mut shards, mut behind) = (BTreeSet::new(), String::new());
    while let Some(key) = statement.query_row([&behind], |row| row.get::<_, String>(0)).optional()? {
        let shard: String = key.chars().take(PictureKey::SHARD_CHARS).collect();
        behind = key.max(format!("{shard}{{"));
        if PictureKey::is_shard(&shard) {
            shards.insert(shard);
        }
    }
    Ok(shards)
}

const ROOM: &str = "SELECT pictures, bytes FROM picture_room";

pub(crate) fn room(db: &Connection) -> Result<PictureUsage, Error> {
    let room = |row: &Row<'_>| Ok(PictureUsage { count: row.get(0)?, bytes: row.get(1)? });
    Ok(db.prepare_cached(ROOM)?.query_row([], room)?)
}

const UNMEASURED: &str = "SELECT key FROM picture WHERE bytes IS NULL LIMIT ?1";

pub(crate) fn unmeasured(db: &Connection, at_most: u32) -> Result<Vec<PictureKey>, Error> {
    let mut statement = db.prepare_cached(UNMEASURED)?;
    readable(statement.query([at_most])?, key).collect()
}

const MEASURE: &str = "UPDATE picture SET bytes = ?2 WHERE key = ?1";

pub(crate) fn measure(tx: &Transaction<'_>, measured: &[(PictureKey, u64)]) -> Result<(), Error> {
    let mut statement = tx.prepare_cached(MEASURE)?;
    for (key, bytes) in measured {
        statement.execute(params![key.as_str(), bytes])?;
    }
    Ok(())
}

/// Parses a stored kind: [`PictureKind::extension`].
pub(super) fn kind(word: &str) -> Result<PictureKind, Fault> {
    let mut kinds = [PictureKind::Jpeg, PictureKind::Png].into_iter();
    kinds.find(|kind| kind.extension() == word).ok_or(Fault::NotOneOf("jpg, png"))
}

pub(super) fn key(row: &Row<'_>) -> Result<PictureKey, Error> {
    StoredRow::of("picture", row).parsed(0, PictureKey::parse)
}

fn picture(row: &Row<'_>) -> Result<StoredPicture, Error> {
    let row = StoredRow::of("picture", row);
    Ok(StoredPicture {
        key: row.parsed(0, PictureKey::parse)?,
        kind: row.parsed(1, kind)?,
        app: AppKey(row.get(2)?),
        owner: UserKey(row.get(3)?),
        width_px: row.get(4)?,
        height_px: row.get(5)?,
    })
}
