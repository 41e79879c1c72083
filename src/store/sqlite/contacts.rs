//! Contacts, blocks, and the rows that name deleted users.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{
    chat_settings, conversations, follows,
    row::{StoredRow, readable, report, run},
    users,
};
use crate::domain::{
    AppKey, Contact, ContactName, Error, Listed, MobileNumber, Moment, Page, ROWS_MAX, USERS_OF_A_NUMBER_MAX, User,
    UserId, UserKey, contact, folding::folded,
};

const LISTED: &str = "
    SELECT contact.contact, contact.name, user.id, user.folded_name
    FROM contact JOIN user ON user.key = contact.contact
    WHERE contact.owner = ?1 AND user.app = ?2 ORDER BY contact.contact";

/// Reads all rows of the owner, at most [`ROWS_MAX`]: a search costs as much in any case.
pub(crate) fn list(
    db: &Connection,
    app: AppKey,
    owner: UserKey,
    search: Option<&str>,
    page: Page,
) -> Result<Listed<Contact>, Error> {
    let snapshot = db.unchecked_transaction()?;
    let wanted = search.map(folded);
    let mut statement = snapshot.prepare_cached(LISTED)?;
    let mut rows = statement.query(params![owner.0, app.0])?;
    let (mut total, mut shown) = (0_u64, Vec::new());
    while let Some(row) = rows.next()? {
        if wanted.as_deref().is_none_or(|wanted| is_called(row, wanted).unwrap_or(false)) {
            if total >= page.offset() && shown.len() < page.limit() as usize {
                let name = StoredRow::of("contact", row).parsed_if_any(1, ContactName::parse);
                shown.extend(name.inspect_err(report).ok().map(|name| Ok::<_, Error>((UserKey(row.get(0)?), name))));
            }
            total += 1;
        }
    }
    let shown = shown.into_iter().collect::<Result<Vec<_>, _>>()?;
    let found = |(key, name)| Ok(users::find_readable(&snapshot, app, key)?.map(|user| Contact { user, name }));
    let items = shown.into_iter().filter_map(|listed| found(listed).transpose()).collect::<Result<_, Error>>()?;
    Ok(Listed { items, total })
}

/// Compares the owner's name for the user and the user's own name; a user without a name is found by its id.
fn is_called(row: &Row<'_>, wanted: &str) -> rusqlite::Result<bool> {
    let (by_owner, id, by_itself): (Option<String>, String, Option<String>) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let by_itself = by_itself.unwrap_or_else(|| id.to_ascii_lowercase());
    Ok(by_itself.contains(wanted) || by_owner.is_some_and(|name| folded(&name).contains(wanted)))
}

const LISTED_BY: &str = users::select_user!(
    ", (SELECT name FROM contact WHERE owner = ?2 AND contact = user.key)",
    "WHERE user.app = ?1 AND user.key IN (SELECT contact FROM contact WHERE owner = ?2
        UNION SELECT peer FROM (SELECT peer FROM participant WHERE user = ?2 AND listed > 0 ORDER BY listed DESC LIMIT 1000))
    ORDER BY user.key"
);

pub(crate) fn listed_by(
    db: &Connection,
    app: AppKey,
    owner: UserKey,
    each: &mut dyn FnMut(Contact) -> Result<(), Error>,
) -> Result<(), Error> {
    let contact = |row: &Row<'_>| {
        Ok::<_, Error>(Contact {
            user: users::user(row)?,
            name: StoredRow::of("contact", row).parsed_if_any(users::MORE, ContactName::parse)?,
        })
    };
    let mut statement = db.prepare_cached(LISTED_BY)?;
    readable(statement.query(params![app.0, owner.0])?, contact).try_for_each(|contact| each(contact?))
}

const BLOCKED_BY: &str = users::select_user!(
    "",
    "WHERE user.app = ?1 AND user.key IN (SELECT blocked FROM block WHERE owner = ?2) ORDER BY user.key LIMIT ?3 OFFSET ?4"
);

fn blocked_by(db: &Connection, app: AppKey, owner: UserKey, page: Page) -> Result<Vec<User>, Error> {
    let offset = i64::try_from(page.offset()).map_err(Error::internal)?;
    let mut statement = db.prepare_cached(BLOCKED_BY)?;
    readable(statement.query(params![app.0, owner.0, page.limit(), offset])?, users::user).collect()
}

const OF_NUMBER: &str = "
    SELECT key FROM user WHERE app = ?1 AND mobile_bare = ?2 ORDER BY key LIMIT ?3";

const OF_ID: &str = "SELECT key FROM user WHERE app = ?1 AND id = ?2";

pub(crate) fn of_numbers(db: &Connection, app: AppKey, numbers: &[MobileNumber]) -> Result<Vec<Vec<UserKey>>, Error> {
    let mut of_number = db.prepare_cached(OF_NUMBER)?;
    let mut of_id = db.prepare_cached(OF_ID)?;
    let mut found = Vec::with_capacity(numbers.len());
    for number in numbers {
        let mut keys = Vec::new();
        if let Some(bare) = contact::bare(number.as_str()) {
            let asked = params![app.0, bare, USERS_OF_A_NUMBER_MAX];
            let rows = of_number.query_map(asked, |row| row.get(0).map(UserKey))?;
            keys = rows.collect::<Result<Vec<_>, _>>()?;
        }
        keys.extend(of_id.query_row(params![app.0, number.as_str()], |row| row.get(0).map(UserKey)).optional()?);
        found.push(keys);
    }
    Ok(found)
}

const NAMES: &str = "
    SELECT contact, name FROM contact WHERE owner = (SELECT key FROM user WHERE app = ?2 AND key = ?1)";

pub(crate) fn names(
    db: &Connection,
    app: AppKey,
    owner: UserKey,
) -> Result<BTreeMap<UserKey, Option<ContactName>>, Error> {
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("contact", row);
        Ok::<_, Error>((UserKey(row.get(0)?), row.parsed_if_any(1, ContactName::parse)?))
    };
    db.prepare_cached(NAMES)?.query_and_then(params![owner.0, app.0], parse)?.collect()
}

const NAME: &str = "SELECT name FROM contact WHERE owner = ?1 AND contact = ?2";

pub(crate) fn name(db: &Connection, owner: UserKey, contact: UserKey) -> Result<Option<Option<String>>, Error> {
    Ok(db.prepare_cached(NAME)?.query_row(params![owner.0, contact.0], |row| row.get(0)).optional()?)
}

const PUT: &str = "
    INSERT INTO contact (owner, contact, name, at)
    SELECT ?1, key, ?3, ?4 FROM user WHERE app = ?5 AND key = ?2
    ON CONFLICT (owner, contact) DO UPDATE SET name = excluded.name";

pub(crate) fn put(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: UserKey,
    contact: UserKey,
    name: Option<&ContactName>,
    at: Moment,
) -> Result<bool, Error> {
    let name = name.map(ContactName::as_str);
    Ok(tx.prepare_cached(PUT)?.execute(params![owner.0, contact.0, name, at.micros(), app.0])? > 0)
}

/// Counts users that still exist.
const BLOCKS: &str = "
    SELECT count(*) FROM block JOIN user ON user.key = block.blocked WHERE block.owner = ?1 AND user.app = ?2";

pub(crate) fn blocks_of(db: &Connection, app: AppKey, owner: UserKey) -> Result<usize, Error> {
    let blocks: i64 = db.prepare_cached(BLOCKS)?.query_row(params![owner.0, app.0], |row| row.get(0))?;
    usize::try_from(blocks).map_err(Error::internal)
}

const BLOCK: &str = "INSERT INTO block (owner, blocked, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

pub(crate) fn put_block(tx: &Transaction<'_>, owner: UserKey, blocked: UserKey, at: Moment) -> Result<bool, Error> {
    Ok(tx.prepare_cached(BLOCK)?.execute(params![owner.0, blocked.0, at.micros()])? > 0)
}

const UNBLOCK: &str = "DELETE FROM block WHERE owner = ?1 AND blocked = ?2";

pub(crate) fn take_block(tx: &Transaction<'_>, owner: UserKey, blocked: UserKey) -> Result<bool, Error> {
    Ok(tx.prepare_cached(UNBLOCK)?.execute(params![owner.0, blocked.0])? > 0)
}

pub(crate) fn blocked(db: &Connection, app: AppKey, owner: UserKey, page: Page) -> Result<Listed<User>, Error> {
    let snapshot = db.unchecked_transaction()?;
    let total = blocks_of(&snapshot, app, owner)? as u64;
    Ok(Listed { items: blocked_by(&snapshot, app, owner, page)?, total })
}

const BLOCK_LIST: &str = "
    SELECT block.owner, user.id, block.at FROM block JOIN user ON user.key = block.blocked
    WHERE block.owner = ?1 AND user.app = ?2 ORDER BY block.blocked LIMIT ?3 OFFSET ?4";

pub(crate) fn block_list(
    db: &Connection,
    app: AppKey,
    owner: UserKey,
    wanted: Page,
) -> Result<Listed<(UserId, Moment)>, Error> {
    let total = blocks_of(db, app, owner)?;
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("block", row);
        Ok::<_, Error>((row.parsed(1, UserId::parse)?, row.moment(2)?))
    };
    let offset = i64::try_from(wanted.offset()).map_err(Error::internal)?;
    let mut statement = db.prepare_cached(BLOCK_LIST)?;
    let items = readable(statement.query(params![owner.0, app.0, wanted.limit(), offset])?, parse);
    Ok(Listed { items: items.collect::<Result<_, _>>()?, total: total as u64 })
}

const BLOCKED_IDS: &str = "
    SELECT user.id FROM block JOIN user ON user.key = block.blocked
    WHERE block.owner = ?1 AND user.app = ?2 ORDER BY user.key LIMIT ?3";

pub(crate) fn blocked_ids(db: &Connection, app: AppKey, user: UserKey) -> Result<Vec<UserId>, Error> {
    ids(db, BLOCKED_IDS, app, user)
}

const BLOCKING_IDS: &str = "
    SELECT user.id FROM block JOIN user ON user.key = block.owner
    WHERE block.blocked = ?1 AND user.app = ?2 ORDER BY user.key LIMIT ?3";

pub(crate) fn blocking_ids(db: &Connection, app: AppKey, user: UserKey) -> Result<Vec<UserId>, Error> {
    ids(db, BLOCKING_IDS, app, user)
}

fn ids(db: &Connection, statement: &str, app: AppKey, user: UserKey) -> Result<Vec<UserId>, Error> {
    let id = |row: &Row<'_>| StoredRow::of("user", row).parsed(0, UserId::parse);
    let mut statement = db.prepare_cached(statement)?;
    readable(statement.query(params![user.0, app.0, ROWS_MAX])?, id).collect()
}

const SUBSCRIBERS: &str = "
    SELECT contact FROM contact WHERE owner = (SELECT key FROM user WHERE app = ?2 AND key = ?1)
    UNION SELECT owner FROM contact WHERE contact = (SELECT key FROM user WHERE app = ?2 AND key = ?1)
    UNION SELECT peer FROM participant WHERE user = (SELECT key FROM user WHERE app = ?2 AND key = ?1) AND listed > 0
    EXCEPT SELECT blocked FROM block WHERE owner = ?1
    EXCEPT SELECT owner FROM block WHERE blocked = ?1";

pub(crate) fn subscribers(db: &Connection, app: AppKey, user: UserKey) -> Result<Vec<UserKey>, Error> {
    let mut statement = db.prepare_cached(SUBSCRIBERS)?;
    let keys = statement.query_map(params![user.0, app.0], |row| row.get(0).map(UserKey))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

const IS_SUBSCRIBER: &str = "
    SELECT (EXISTS (SELECT 1 FROM contact WHERE owner = ?1 AND contact = ?2)
         OR EXISTS (SELECT 1 FROM contact WHERE owner = ?2 AND contact = ?1)
         OR EXISTS (SELECT 1 FROM participant WHERE user = ?1 AND peer = ?2 AND listed > 0))
        AND NOT EXISTS (SELECT 1 FROM block WHERE owner = ?1 AND blocked = ?2)
        AND NOT EXISTS (SELECT 1 FROM block WHERE owner = ?2 AND blocked = ?1)
        AND EXISTS (SELECT 1 FROM user WHERE app = ?3 AND key = ?2)";

pub(crate) fn is_subscriber(db: &Connection, app: AppKey, listener: UserKey, of: UserKey) -> Result<bool, Error> {
    Ok(db.prepare_cached(IS_SUBSCRIBER)?.query_row(params![listener.0, of.0, app.0], |row| row.get(0))?)
}

const DEPART: &str = "INSERT INTO departed (user) VALUES (?1)";

pub(crate) fn put_departed(tx: &Transaction<'_>, user: UserKey) -> Result<(), Error> {
    run(tx, DEPART, params![user.0])
}

const DEPARTED: &str = "SELECT user FROM departed LIMIT 1";

pub(crate) fn departed(db: &Connection) -> Result<Option<UserKey>, Error> {
    Ok(db.prepare_cached(DEPARTED)?.query_row([], |row| row.get(0).map(UserKey)).optional()?)
}

const FORGET_DEPARTED: &str = "DELETE FROM departed WHERE user = ?1";

pub(crate) fn take_departed(tx: &Transaction<'_>, user: UserKey) -> Result<(), Error> {
    run(tx, FORGET_DEPARTED, params![user.0])
}

const FORGET_CONTACT_ROWS: &str = "
    DELETE FROM contact WHERE (owner, contact) IN (
        SELECT owner, contact FROM contact WHERE contact = ?1 LIMIT ?2)";

const FORGET_BLOCK_ROWS: &str = "
    DELETE FROM block WHERE (owner, blocked) IN (
        SELECT owner, blocked FROM block WHERE blocked = ?1 LIMIT ?2)";

pub(crate) fn forget_rows_naming(tx: &Transaction<'_>, user: UserKey, at_most: u32) -> Result<u32, Error> {
    let contacts = tx.prepare_cached(FORGET_CONTACT_ROWS)?.execute(params![user.0, at_most])?;
    let contacts = u32::try_from(contacts).map_err(Error::internal)?;
    let left = at_most.saturating_sub(contacts);
    let blocks = tx.prepare_cached(FORGET_BLOCK_ROWS)?.execute(params![user.0, left])?;
    let blocks = u32::try_from(blocks).map_err(Error::internal)?;
    let left = left.saturating_sub(blocks);
    let follows = follows::forget_naming(tx, user, left)?;
    let mutes = chat_settings::forget_naming(tx, user, left.saturating_sub(follows))?;
    let left = left.saturating_sub(follows + mutes);
    Ok(contacts + blocks + follows + mutes + conversations::forget_naming(tx, user, left)?)
}
