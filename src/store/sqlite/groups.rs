//! Groups that a user sorts friends into: a row each, and their names in the friends' rows.

use rusqlite::{Connection, Row, Transaction, params};

use super::{
    friends::{Call, Outcome, each, lists, or},
    owners,
    row::{Stored, readable},
};
use crate::{
    domain::{
        error::Error,
        friend::{FriendFault, FriendGroup, GROUPS_MAX},
        id::{AppKey, UserId, UserKey},
        owner::Owner,
        time::Moment,
    },
    store::GroupStep,
};

const HAVE_ROOM: &str = "
    SELECT count(*) <= ?3 FROM (SELECT name FROM friend_group WHERE owner = ?1 UNION SELECT value FROM json_each(?2))";

/// Whether the owner has room for these groups beside those it has.
pub(super) fn have_room(tx: &Transaction<'_>, owner: UserKey, groups: &[FriendGroup]) -> Result<bool, Error> {
    if groups.is_empty() {
        return Ok(true);
    }
    let groups = serde_json::to_string(groups).map_err(Error::internal)?;
    Ok(tx.prepare_cached(HAVE_ROOM)?.query_row(params![owner.0, groups, GROUPS_MAX], |row| row.get(0))?)
}

const ADD: &str = "INSERT INTO friend_group (owner, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// Makes the groups that are new.
pub(super) fn add(tx: &Transaction<'_>, owner: UserKey, groups: &[FriendGroup]) -> Result<(), Error> {
    let mut statement = tx.prepare_cached(ADD)?;
    for group in groups {
        statement.execute(params![owner.0, group.as_str()])?;
    }
    Ok(())
}

/// Makes groups and puts friends into all of them. Whoever is no friend is told so; nothing is made beyond the most there may be.
pub(in crate::store) fn create(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    groups: &[FriendGroup],
    members: &[UserId],
    at: Moment,
) -> Result<Result<Vec<Outcome>, FriendFault>, Error> {
    let call = Call::of(tx, app, owner, at)?;
    if !have_room(tx, call.owner.key, groups)? {
        return Ok(Err(FriendFault::GroupsFull));
    }
    add(tx, call.owner.key, groups)?;
    let put = |call: &mut Call<'_>, other: UserKey| {
        regroup(call, other, None, groups)?;
        Ok(or(lists(tx, call.owner.key, other)?, FriendFault::NotFriends))
    };
    each(call, members, |id| id, |call, other, _| put(call, other.key)).map(Ok)
}

const DELETE: &str = "DELETE FROM friend_group WHERE owner = ?1 AND name = ?2";

/// A step of taking a group away: `at_most` friends leave it and stay friends; it goes with the last. A group there is not is gone.
pub(in crate::store) fn delete(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    group: &FriendGroup,
    at_most: u32,
    at: Moment,
) -> Result<GroupStep, Error> {
    let mut call = Call::of(tx, app, owner, at)?;
    let step = regroup_all(&mut call, group, &[], at_most)?;
    if step == GroupStep::Done {
        tx.prepare_cached(DELETE)?.execute(params![call.owner.key.0, group.as_str()])?;
    }
    call.done()?;
    Ok(step)
}

const IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM friend_group WHERE owner = ?1 AND name = ?2)";

/// A step of giving a group another name: `at_most` friends change over; the former one goes with the last. A group of the other name there
/// is takes them in.
pub(in crate::store) fn rename(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    [from, to]: [&FriendGroup; 2],
    at_most: u32,
    at: Moment,
) -> Result<GroupStep, Error> {
    let mut call = Call::of(tx, app, owner, at)?;
    let key = call.owner.key;
    if !tx.prepare_cached(IS_THERE)?.query_row(params![key.0, from.as_str()], |row| row.get(0))? {
        return Ok(GroupStep::Absent);
    }
    if from == to {
        return Ok(GroupStep::Done);
    }
    add(tx, key, std::slice::from_ref(to))?;
    let step = regroup_all(&mut call, from, std::slice::from_ref(to), at_most)?;
    if step == GroupStep::Done {
        tx.prepare_cached(DELETE)?.execute(params![key.0, from.as_str()])?;
    }
    call.done()?;
    Ok(step)
}

/// Puts friends into a group (true) or takes them out of it (false).
pub(in crate::store) fn change_members(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    group: &FriendGroup,
    members: &[(UserId, bool)],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    let call = Call::of(tx, app, owner, at)?;
    let groups = std::slice::from_ref(group);
    if members.iter().any(|(_, is_in)| *is_in) {
        if !have_room(tx, call.owner.key, groups)? {
            return Ok(vec![Err(FriendFault::GroupsFull); members.len()]);
        }
        add(tx, call.owner.key, groups)?;
    }
    let put = |call: &mut Call<'_>, other: UserKey, is_in: bool| {
        regroup(call, other, Some(group), if is_in { groups } else { &[] })?;
        Ok(or(lists(tx, call.owner.key, other)?, FriendFault::NotFriends))
    };
    each(call, members, |(id, _)| id, |call, other, (_, is_in)| put(call, other.key, *is_in))
}

/// The groups of a friend, without one and with others, sorted; of a row that says something else so far.
const REGROUP: &str = "
    UPDATE contact SET friend_groups = regrouped.friend_groups
    FROM (SELECT json_group_array(value) AS friend_groups FROM (
        SELECT value FROM contact, json_each(contact.friend_groups)
        WHERE contact.owner = ?1 AND contact.contact = ?2 AND value IS NOT ?3
        UNION SELECT value FROM json_each(?4) ORDER BY value)) AS regrouped
    WHERE contact.owner = ?1 AND contact.contact = ?2 AND contact.friend_groups != regrouped.friend_groups";

/// Takes a friend out of one group and puts it into others. Nobody else is touched.
fn regroup(
    call: &mut Call<'_>,
    friend: UserKey,
    without: Option<&FriendGroup>,
    with: &[FriendGroup],
) -> Result<(), Error> {
    let (without, with) = (without.map(FriendGroup::as_str), serde_json::to_string(with).map_err(Error::internal)?);
    if call.tx.prepare_cached(REGROUP)?.execute(params![call.owner.key.0, friend.0, without, with])? > 0 {
        call.note_changed(friend);
    }
    Ok(())
}

const MEMBERS: &str = "
    SELECT contact FROM contact
    WHERE owner = ?1 AND EXISTS (SELECT 1 FROM json_each(contact.friend_groups) WHERE value = ?2) LIMIT ?3";

/// The same for `at_most` friends who are in the one group.
fn regroup_all(
    call: &mut Call<'_>,
    without: &FriendGroup,
    with: &[FriendGroup],
    at_most: u32,
) -> Result<GroupStep, Error> {
    let mut statement = call.tx.prepare_cached(MEMBERS)?;
    let keys = params![call.owner.key.0, without.as_str(), at_most];
    let members = statement.query_map(keys, |row| row.get(0).map(UserKey))?;
    let members: Vec<UserKey> = members.collect::<Result<_, _>>()?;
    let is_part = members.len() >= at_most as usize;
    for member in members {
        regroup(call, member, Some(without), with)?;
    }
    Ok(if is_part { GroupStep::Part } else { GroupStep::Done })
}

const ALL: &str = "
    SELECT friend_group.name, user.id FROM friend_group
    LEFT JOIN contact ON contact.owner = friend_group.owner
        AND EXISTS (SELECT 1 FROM json_each(contact.friend_groups) WHERE value = friend_group.name)
    LEFT JOIN user ON user.key = contact.contact AND user.app = ?2
    WHERE friend_group.owner = ?1 ORDER BY friend_group.name, contact.contact";

/// A user's groups by name, each with the friends in it.
pub(in crate::store) fn all(
    connection: &Connection,
    app: AppKey,
    owner: &Owner,
) -> Result<Vec<(FriendGroup, Vec<UserId>)>, Error> {
    let owner = owners::owner_key(connection, app, owner)?;
    let mut statement = connection.prepare_cached(ALL)?;
    let parse = |row: &Row<'_>| {
        let row = Stored::of("friend_group", row);
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
