//! Friends: contact rows with a remark and groups.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, Transaction, params};

use super::{
    follows,
    row::{StoredRow, readable},
    users,
};
use crate::{
    domain::{
        AddSource, AddWording, AppKey, ContactName, Error, Friend, FriendGroup, Listed, Moment, Page, Patch, Relation,
        Resource, UserId, UserKey,
    },
    store::{FriendRow, RelationRows},
};

const PUT: &str = "
    INSERT INTO contact (owner, contact, name, friend_groups, source, wording, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT DO NOTHING";

pub(crate) fn put(
    tx: &Transaction<'_>,
    owner: UserKey,
    contact: UserKey,
    row: &FriendRow,
    at: Moment,
) -> Result<bool, Error> {
    let [remark, groups, source, wording] = columns(row)?;
    let rows = params![owner.0, contact.0, remark, groups, source, wording, at.micros()];
    Ok(tx.prepare_cached(PUT)?.execute(rows)? > 0)
}

pub(super) fn columns(row: &FriendRow) -> Result<[Option<String>; 4], Error> {
    Ok([
        row.remark.as_ref().map(|remark| remark.as_str().to_owned()),
        Some(sorted(&row.groups)?),
        row.source.as_ref().map(|source| source.as_str().to_owned()),
        row.wording.as_ref().map(|wording| wording.as_str().to_owned()),
    ])
}

fn sorted(groups: &[FriendGroup]) -> Result<String, Error> {
    serde_json::to_string(&groups.iter().collect::<BTreeSet<_>>()).map_err(Error::internal)
}

const TAKE: &str = "DELETE FROM contact WHERE owner = ?1 AND contact = ?2";

pub(crate) fn take(tx: &Transaction<'_>, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
    Ok(tx.prepare_cached(TAKE)?.execute(params![owner.0, contact.0])? > 0)
}

const LISTS: &str = "SELECT EXISTS (SELECT 1 FROM contact WHERE owner = ?1 AND contact = ?2)";

pub(crate) fn lists(db: &Connection, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
    Ok(db.prepare_cached(LISTS)?.query_row(params![owner.0, contact.0], |row| row.get(0))?)
}

const LISTS_IN_APP: &str = "
    SELECT EXISTS (
        SELECT 1 FROM contact JOIN user ON user.key = contact.owner
        WHERE user.app = ?1 AND contact.owner = ?2 AND contact.contact = ?3)";

pub(crate) fn lists_in_app(db: &Connection, app: AppKey, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
    let mut statement = db.prepare_cached(LISTS_IN_APP)?;
    Ok(statement.query_row(params![app.0, owner.0, contact.0], |row| row.get(0))?)
}

const BLOCKS: &str = "SELECT EXISTS (SELECT 1 FROM block WHERE owner = ?1 AND blocked = ?2)";

pub(crate) fn blocks(db: &Connection, owner: UserKey, blocked: UserKey) -> Result<bool, Error> {
    Ok(db.prepare_cached(BLOCKS)?.query_row(params![owner.0, blocked.0], |row| row.get(0))?)
}

const FRIENDS: &str = "SELECT count(*) FROM contact WHERE owner = ?1";

pub(crate) fn friends(db: &Connection, owner: UserKey) -> Result<usize, Error> {
    let friends: i64 = db.prepare_cached(FRIENDS)?.query_row(params![owner.0], |row| row.get(0))?;
    usize::try_from(friends).map_err(Error::internal)
}

/// Leaves a row alone that says the same already.
const CHANGE: &str = "
    UPDATE contact SET name = CASE WHEN ?3 THEN ?4 ELSE name END, friend_groups = coalesce(?5, friend_groups)
    WHERE owner = ?1 AND contact = ?2 AND (?3 AND name IS NOT ?4 OR friend_groups != ?5)";

pub(crate) fn set(
    tx: &Transaction<'_>,
    owner: UserKey,
    contact: UserKey,
    remark: &Patch<ContactName>,
    groups: Option<&[FriendGroup]>,
) -> Result<bool, Error> {
    let (is_named, name) = match remark {
        Patch::Keep => (false, None),
        Patch::Clear => (true, None),
        Patch::Set(name) => (true, Some(name.as_str())),
    };
    let groups = groups.map(sorted).transpose()?;
    Ok(tx.prepare_cached(CHANGE)?.execute(params![owner.0, contact.0, is_named, name, groups])? > 0)
}

const ALL: &str = "
    SELECT contact.owner, user.id, contact.name, contact.friend_groups, contact.source, contact.wording, contact.at
    FROM contact JOIN user ON user.key = contact.contact
    WHERE contact.owner = ?1 AND user.app = ?2 ORDER BY contact.contact LIMIT ?3 OFFSET ?4";

const COUNT: &str = "
    SELECT count(*) FROM contact JOIN user ON user.key = contact.contact WHERE contact.owner = ?1 AND user.app = ?2";

pub(crate) fn page(db: &Connection, app: AppKey, owner: UserKey, page: Page) -> Result<Listed<Friend>, Error> {
    let total: i64 = db.prepare_cached(COUNT)?.query_row(params![owner.0, app.0], |row| row.get(0))?;
    let offset = i64::try_from(page.offset()).map_err(Error::internal)?;
    let mut statement = db.prepare_cached(ALL)?;
    let items = readable(statement.query(params![owner.0, app.0, page.limit(), offset])?, friend);
    Ok(Listed { items: items.collect::<Result<_, _>>()?, total: u64::try_from(total).map_err(Error::internal)? })
}

const ONE: &str = "
    SELECT contact.owner, user.id, contact.name, contact.friend_groups, contact.source, contact.wording, contact.at
    FROM contact JOIN user ON user.key = contact.contact
    WHERE contact.owner = ?1 AND user.app = ?2 AND user.id = ?3";

pub(crate) fn among(
    db: &Connection,
    app: AppKey,
    owner: UserKey,
    ids: &[UserId],
) -> Result<Vec<Option<Friend>>, Error> {
    let mut statement = db.prepare_cached(ONE)?;
    let mut one =
        |id: &UserId| readable(statement.query(params![owner.0, app.0, id.as_str()])?, friend).next().transpose();
    ids.iter().map(&mut one).collect()
}

fn friend(row: &Row<'_>) -> Result<Friend, Error> {
    let row = StoredRow::of("contact", row);
    Ok(Friend {
        id: row.parsed(1, UserId::parse)?,
        remark: row.parsed_if_any(2, ContactName::parse)?,
        groups: row.json(3)?,
        source: row.parsed_if_any(4, AddSource::parse)?,
        wording: row.parsed_if_any(5, AddWording::parse)?,
        at: row.moment(6)?,
    })
}

pub(crate) fn relations(
    db: &Connection,
    app: AppKey,
    owner: UserKey,
    ids: &[UserId],
    rows: RelationRows,
) -> Result<Vec<Option<Relation>>, Error> {
    let has = |owner, other| match rows {
        RelationRows::Contacts => lists(db, owner, other),
        RelationRows::Blocks => blocks(db, owner, other),
        RelationRows::Follows => follows::follows(db, owner, other),
    };
    let one = |id: &UserId| match users::key_of(db, app, id) {
        Err(Error::NotFound(Resource::User)) => Ok(None),
        Err(error) => Err(error),
        Ok(other) => Ok(Some(match (has(owner, other)?, has(other, owner)?) {
            (true, true) => Relation::BothWays,
            (true, false) => Relation::Mine,
            (false, true) => Relation::Theirs,
            (false, false) => Relation::None,
        })),
    };
    ids.iter().map(one).collect()
}
