//! Pictures: whose they are and which one is shown. Their bytes are in the picture folder.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::row::{Stored, readable};
use crate::{
    domain::{
        avatar::{Avatar, AvatarChange, NewPicture, PictureKey, PictureKind},
        error::{Error, Fault, What},
        id::{AppKey, UserId, UserKey},
        profile::User,
        text::{HttpAddress, LockReason},
        time::Moment,
    },
    store::{PictureRoom, StoredPicture},
};

/// What the avatar of `owner` becomes when it asks for `wish`: only rows can tell whose picture one is.
pub(super) fn resolve(tx: &Transaction<'_>, owner: UserKey, wish: &AvatarChange, at: Moment) -> Result<Avatar, Error> {
    match wish {
        AvatarChange::Tile => Ok(Avatar::Tile),
        AvatarChange::Elsewhere(address) => Ok(Avatar::Elsewhere(address.clone())),
        AvatarChange::Text(text) => Ok(Avatar::Text(text.clone())),
        AvatarChange::Owned(key, address) => owned(tx, owner, key, address.as_ref()),
        AvatarChange::Uploaded(new) => add(tx, owner, new, at),
    }
}

const OWNED: &str = "SELECT key, kind FROM picture WHERE key = ?1 AND owner = ?2";

fn owned(
    tx: &Transaction<'_>,
    owner: UserKey,
    key: &PictureKey,
    address: Option<&HttpAddress>,
) -> Result<Avatar, Error> {
    let parse = |row: &Row<'_>| Stored::of("picture", row).parsed(1, kind);
    let found = tx.prepare_cached(OWNED)?.query_and_then(params![key.as_str(), owner.0], parse)?.next().transpose()?;
    match (found, address) {
        (Some(kind), _) => Ok(Avatar::Picture(key.clone(), kind)),
        (None, Some(address)) => Ok(Avatar::Elsewhere(address.clone())),
        (None, None) => Err(Error::NotFound(What::Picture)),
    }
}

/// Why a locked picture stays.
pub(super) const LOCKED: Error = Error::Forbidden("The picture is locked by an administrator");

const LOCK: &str = "
    UPDATE user SET picture_lock = ?3, version = version + 1 WHERE app = ?1 AND id = ?2 RETURNING key";

pub(in crate::store) fn lock(
    tx: &Transaction<'_>,
    app: AppKey,
    id: &UserId,
    reason: Option<&LockReason>,
) -> Result<User, Error> {
    let mut statement = tx.prepare_cached(LOCK)?;
    let reason = reason.map(LockReason::as_str);
    let key = statement.query_row(params![app.0, id.as_str(), reason], |row| row.get(0)).optional()?;
    let key = UserKey(key.ok_or(Error::NotFound(What::User))?);
    super::users::find_by_key(tx, app, key)?.ok_or(Error::NotFound(What::User))
}

const ADD: &str = "
    INSERT INTO picture (key, kind, owner, width_px, height_px, released_at, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// A picture that nobody shows yet.
pub(in crate::store) fn add_unnamed(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: UserKey,
    new: &NewPicture,
    at: Moment,
) -> Result<(), Error> {
    let owner = super::owners::acting(tx, app, owner)?;
    add(tx, owner.key, new, at).map(drop)
}

/// A new picture comes released; [`show`] is the one way for any to become current.
fn add(tx: &Transaction<'_>, owner: UserKey, new: &NewPicture, at: Moment) -> Result<Avatar, Error> {
    tx.prepare_cached(ADD)?.execute(params![
        new.key.as_str(),
        new.kind.extension(),
        owner.0,
        new.width_px,
        new.height_px,
        at.micros(),
        new.bytes,
    ])?;
    Ok(Avatar::Picture(new.key.clone(), new.kind))
}

const TAKE: &str = "UPDATE picture SET released_at = NULL WHERE key = ?1";

/// Makes `avatar` the current one of `owner`, in the rows of pictures.
pub(super) fn show(tx: &Transaction<'_>, owner: UserKey, avatar: &Avatar, at: Moment) -> Result<(), Error> {
    release(tx, owner, at)?;
    if let Avatar::Picture(key, _) = avatar {
        tx.prepare_cached(TAKE)?.execute(params![key.as_str()])?;
    }
    Ok(())
}

const RELEASE: &str = "UPDATE picture SET released_at = ?2 WHERE owner = ?1 AND released_at IS NULL";

/// Leaves the current picture of `owner`, if there is one, to the sweep.
pub(super) fn release(tx: &Transaction<'_>, owner: UserKey, at: Moment) -> Result<(), Error> {
    tx.prepare_cached(RELEASE)?.execute(params![owner.0, at.micros()])?;
    Ok(())
}

const FIND: &str = "
    SELECT picture.key, picture.kind, user.app, user.key, picture.width_px, picture.height_px
    FROM picture JOIN user ON user.key = picture.owner
    WHERE picture.key = ?1";

pub(in crate::store) fn find(connection: &Connection, key: &PictureKey) -> Result<Option<StoredPicture>, Error> {
    connection.prepare_cached(FIND)?.query_and_then(params![key.as_str()], picture)?.next().transpose()
}

const TAKE_RELEASED: &str = "
    DELETE FROM picture WHERE key IN (
        SELECT key FROM picture WHERE released_at < ?1 ORDER BY released_at LIMIT ?2)
    RETURNING key";

pub(in crate::store) fn take_released(
    tx: &Transaction<'_>,
    before: Moment,
    at_most: u32,
) -> Result<Vec<PictureKey>, Error> {
    let mut statement = tx.prepare_cached(TAKE_RELEASED)?;
    readable(statement.query(params![before.micros(), at_most])?, key).collect()
}

/// The rows of pictures, released ones included, read shard by shard: nobody holds the names of all pictures at once.
pub struct PictureRows<'a>(&'a Connection);

impl<'a> PictureRows<'a> {
    pub(in crate::store) fn of(connection: &'a Connection) -> Self {
        Self(connection)
    }

    /// The shards that a picture's name begins with: 3,844 at the most.
    /// # Errors
    /// Those of every read.
    pub fn shards(&self) -> Result<BTreeSet<String>, Error> {
        shards(self.0)
    }

    /// The names of the pictures of a shard.
    /// # Errors
    /// Those of every read.
    pub fn keys_in(&self, shard: &str) -> Result<HashSet<PictureKey>, Error> {
        keys_in(self.0, shard)
    }
}

/// `{` is the character behind `z`, and names have letters and digits alone.
const KEYS_IN: &str = "SELECT key FROM picture WHERE key >= ?1 AND key < ?1 || '{'";

fn keys_in(connection: &Connection, shard: &str) -> Result<HashSet<PictureKey>, Error> {
    let mut statement = connection.prepare_cached(KEYS_IN)?;
    readable(statement.query([shard])?, key).collect()
}

const NEXT_KEY: &str = "SELECT key FROM picture WHERE key > ?1 ORDER BY key LIMIT 1";

/// The beginnings of all names: one point read for each.
fn shards(connection: &Connection) -> Result<BTreeSet<String>, Error> {
    let mut statement = connection.prepare_cached(NEXT_KEY)?;
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

pub(in crate::store) fn room(connection: &Connection) -> Result<PictureRoom, Error> {
    let room = |row: &Row<'_>| Ok(PictureRoom { count: row.get(0)?, bytes: row.get(1)? });
    Ok(connection.prepare_cached(ROOM)?.query_row([], room)?)
}

const UNMEASURED: &str = "SELECT key FROM picture WHERE bytes IS NULL LIMIT ?1";

pub(in crate::store) fn unmeasured(connection: &Connection, at_most: u32) -> Result<Vec<PictureKey>, Error> {
    let mut statement = connection.prepare_cached(UNMEASURED)?;
    readable(statement.query([at_most])?, key).collect()
}

const MEASURE: &str = "UPDATE picture SET bytes = ?2 WHERE key = ?1";

pub(in crate::store) fn measure(tx: &Transaction<'_>, measured: &[(PictureKey, u64)]) -> Result<(), Error> {
    let mut statement = tx.prepare_cached(MEASURE)?;
    for (key, bytes) in measured {
        statement.execute(params![key.as_str(), bytes])?;
    }
    Ok(())
}

/// The word of a row for a kind: [`PictureKind::extension`].
pub(super) fn kind(word: &str) -> Result<PictureKind, Fault> {
    let mut kinds = [PictureKind::Jpeg, PictureKind::Png].into_iter();
    kinds.find(|kind| kind.extension() == word).ok_or(Fault::NotOneOf("jpg, png"))
}

pub(super) fn key(row: &Row<'_>) -> Result<PictureKey, Error> {
    Stored::of("picture", row).parsed(0, PictureKey::parse)
}

fn picture(row: &Row<'_>) -> Result<StoredPicture, Error> {
    let row = Stored::of("picture", row);
    Ok(StoredPicture {
        key: row.parsed(0, PictureKey::parse)?,
        kind: row.parsed(1, kind)?,
        app: AppKey(row.get(2)?),
        owner: UserKey(row.get(3)?),
        width_px: row.get(4)?,
        height_px: row.get(5)?,
    })
}
