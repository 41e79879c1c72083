//! Groups of friends: one row for each, and their names in the friends' rows.

use rusqlite::{Connection, Row, Transaction, params};

use super::row::{StoredRow, readable, run};
use crate::domain::{AppKey, Error, FriendGroup, GROUPS_MAX, UserId, UserKey};

const HAVE_ROOM: &str = "
    SELECT count(*) <= ?3 FROM (SELECT name FROM friend_group WHERE owner = ?1 UNION SELECT value FROM json_each(?2))";

pub(crate) fn have_room(db: &Connection, owner: UserKey, groups: &[FriendGroup]) -> Result<bool, Error> {
    if groups.is_empty() {
        return Ok(true);
    }
    let groups = serde_json::to_string(groups).map_err(Error::internal)?;
    Ok(db.prepare_cached(HAVE_ROOM)?.query_row(params![owner.0, groups, GROUPS_MAX], |row| row.get(0))?)
}

const ADD: &str = "INSERT INTO friend_group (owner, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

pub(crate) fn add(tx: &Transaction<'_>, owner: UserKey, groups: &[FriendGroup]) -> Result<(), Error> {
    let mut statement = tx.prepare_cached(ADD)?;
    for group in groups {
        statement.execute(params![owner.0, group.as_str()])?;
    }
    Ok(())
}

const DELETE: &str = "DELETE FROM friend_group WHERE owner = ?1 AND name = ?2";

pub(crate) fn take(tx: &Transaction<'_>, owner: UserKey, group: &FriendGroup) -> Result<(), Error> {
    run(tx, DELETE, params![owner.0, group.as_str()])
}

const IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM friend_group WHERE owner = ?1 AND name = ?2)";

pub(crate) fn is_there(db: &Connection, owner: UserKey, group: &FriendGroup) -> Result<bool, Error> {
    let mut statement = db.prepare_cached(IS_THERE)?;
    Ok(statement.query_row(params![owner.0, group.as_str()], |row| row.get(0))?)
}

/// Removes one group of a friend and adds others, sorted. Leaves a row alone that says the same already.
const REGROUP: &str = "
    UPDATE contact SET friend_groups = regrouped.friend_groups
    FROM (SELECT json_group_array(value) AS friend_groups FROM (
        SELECT value FROM contact, json_each(contact.friend_groups)
        WHERE contact.owner = ?1 AND contact.contact = ?2 AND value IS NOT ?3
        UNION SELECT value FROM json_each(?4) ORDER BY value)) AS regrouped
    WHERE contact.owner = ?1 AND contact.contact = ?2 AND contact.friend_groups != regrouped.friend_groups";

pub(crate) fn regroup(
    tx: &Transaction<'_>,
    owner: UserKey,
    friend: UserKey,
    without: Option<&FriendGroup>,
    with: &[FriendGroup],
) -> Result<bool, Error> {
    let (without, with) = (without.map(FriendGroup::as_str), serde_json::to_string(with).map_err(Error::internal)?);
    Ok(tx.prepare_cached(REGROUP)?.execute(params![owner.0, friend.0, without, with])? > 0)
}

const MEMBERS: &str = "
    SELECT contact FROM contact
    WHERE owner = ?1 AND EXISTS (SELECT 1 FROM json_each(contact.friend_groups) WHERE value = ?2) LIMIT ?3";

pub(crate) fn members(
    db: &Connection,
    owner: UserKey,
    group: &FriendGroup,
    at_most: u32,
) -> Result<Vec<UserKey>, Error> {
    let mut statement = db.prepare_cached(MEMBERS)?;
    let members = statement.query_map(params![owner.0, group.as_str(), at_most], |row| row.get(0).map(UserKey))?;
    Ok(members.collect::<Result<_, _>>()?)
}

const ALL: &str = "
    SELECT friend_group.name, user.id FROM friend_group
    LEFT JOIN contact ON contact.owner = friend_group.owner
        AND EXISTS (SELECT 1 FROM json_each(contact.friend_groups) WHERE value = friend_group.name)
    LEFT JOIN user ON user.key = contact.contact AND user.app = ?2
    WHERE friend_group.owner = ?1 ORDER BY friend_group.name, contact.contact";

pub(crate) fn all(db: &Connection, app: AppKey, owner: UserKey) -> Result<Vec<(FriendGroup, Vec<UserId>)>, Error> {
    let mut statement = db.prepare_cached(ALL)?;
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("friend_group", row);
        Ok((row.parsed(0, FriendGroup::parse)?, row.parsed_if_any(1, UserId::parse)?))
    };
    let mut groups: Vec<(FriendGroup, Vec<UserId>)> = Vec::new();
    for row in readable(statement.query(params![owner.0, app.0])?, parse) {
        let (name, member) = row?;
        match groups.last_mut().filter(|(group, _)| *group == name) {
            Some((_, members)) => members.extend(member),
            None => groups.push((name, member.into_iter().collect())),
        }
    }
    Ok(groups)
}
