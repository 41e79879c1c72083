//! Requests to be friends that wait for the consent of the one who is asked.

use rusqlite::{Connection, Row, Transaction, params};

use super::{
    friends::{Call, Outcome, Put, blocks, each, has_room, or, sorted},
    groups, owners,
    row::{Stored, readable},
};
use crate::domain::{
    error::Error,
    friend::{
        AddSource, AddWording, Befriend, Befriended, Direction, FriendFault, FriendGroup, REQUESTS_MAX, Request,
        RequestAnswer, Verdict,
    },
    id::{AppKey, UserId},
    owner::Owner,
    profile::User,
    text::{ContactName, DisplayName},
    time::Moment,
};

/// Beside the one that may wait between the two already.
const REQUESTS: &str = "
    SELECT (SELECT count(*) FROM request WHERE asked = ?1 AND by != ?2) >= ?3
        OR (SELECT count(*) FROM request WHERE by = ?2 AND asked != ?1) >= ?3";

const ASK: &str = "
    INSERT INTO request (asked, by, remark, friend_groups, source, wording, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (asked, by) DO UPDATE SET remark = excluded.remark, friend_groups = excluded.friend_groups,
        source = excluded.source, wording = excluded.wording, at = excluded.at";

pub(super) fn ask(call: &Call<'_>, other: &User, asked: &Befriend) -> Result<Befriended, Error> {
    let (tx, owner) = (call.tx, call.owner.key);
    if tx.prepare_cached(REQUESTS)?.query_row(params![other.key.0, owner.0, REQUESTS_MAX], |row| row.get(0))? {
        return Ok(Befriended::Refused(FriendFault::RequestsFull));
    }
    tx.prepare_cached(ASK)?.execute(params![
        other.key.0,
        owner.0,
        asked.remark.as_ref().map(ContactName::as_str),
        serde_json::to_string(&sorted(&asked.groups)).map_err(Error::internal)?,
        asked.source.as_ref().map(AddSource::as_str),
        asked.wording.as_ref().map(AddWording::as_str),
        call.at.micros(),
    ])?;
    call.tell_request(other, &call.owner, true)?;
    Ok(Befriended::Waiting)
}

const WAITING: &str = "SELECT asked, remark, friend_groups, source, wording FROM request WHERE asked = ?1 AND by = ?2";

pub(in crate::store) fn answer(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    answers: &[RequestAnswer],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    each(Call::of(tx, app, owner, at)?, answers, |answer| &answer.from, answer_one)
}

fn answer_one(call: &mut Call<'_>, other: &User, answer: &RequestAnswer) -> Result<Outcome, Error> {
    let tx = call.tx;
    let parse = |row: &Row<'_>| {
        let row = Stored::of("request", row);
        Ok::<_, Error>((
            row.parsed_if_any(1, ContactName::parse)?,
            row.json::<Vec<FriendGroup>>(2)?,
            row.parsed_if_any(3, AddSource::parse)?,
            row.parsed_if_any(4, AddWording::parse)?,
        ))
    };
    let waiting = tx.prepare_cached(WAITING)?.query_and_then(params![call.owner.key.0, other.key.0], parse)?.next();
    let Some((their_remark, mut their_groups, source, wording)) = waiting.transpose()? else {
        return Ok(Err(FriendFault::NoSuchRequest));
    };
    let Verdict::Agree { both_ways, remark, group } = &answer.verdict else {
        return call.forget_request(&call.owner, other).map(|_| Ok(()));
    };
    let (source, wording) = (source.as_ref(), wording.as_ref());
    if let Some(fault) = obstacle(call, other, *both_ways, group.as_slice())? {
        return Ok(Err(fault));
    }
    if !groups::have_room(tx, other.key, &their_groups)? {
        // Its new friend goes into none then: the owner could not help it.
        their_groups.clear();
    }
    let theirs = Put { remark: their_remark.as_ref(), groups: &their_groups, source, wording };
    let mine = Put { remark: remark.as_ref(), groups: group.as_slice(), source, wording };
    call.list(other, Some(&mine).filter(|_| *both_ways), Some(&theirs)).map(Ok)
}

/// Why a request cannot be granted by now.
fn obstacle(
    call: &mut Call<'_>,
    other: &User,
    both_ways: bool,
    group: &[FriendGroup],
) -> Result<Option<FriendFault>, Error> {
    let (tx, mine, theirs) = (call.tx, call.owner.key, other.key);
    let fault = if blocks(tx, mine, theirs)? {
        FriendFault::IBlock
    } else if blocks(tx, theirs, mine)? {
        FriendFault::TheyBlock
    } else if !has_room(tx, theirs, mine)? {
        FriendFault::TheirListFull
    } else if both_ways && !call.has_room(theirs)? {
        FriendFault::MyListFull
    } else if both_ways && !groups::have_room(tx, mine, group)? {
        FriendFault::GroupsFull
    } else {
        return Ok(None);
    };
    Ok(Some(fault))
}

pub(in crate::store) fn forget(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    direction: Direction,
    with: &[UserId],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    each(
        Call::of(tx, app, owner, at)?,
        with,
        |id| id,
        |call, other, _| {
            let (asked, by) = match direction {
                Direction::Incoming => (&call.owner, other),
                Direction::Outgoing => (other, &call.owner),
            };
            Ok(or(call.forget_request(asked, by)?, FriendFault::NoSuchRequest))
        },
    )
}

const INCOMING: &str = "
    SELECT request.asked, user.id, user.display_name, request.source, request.wording, request.at
    FROM request JOIN user ON user.key = request.by WHERE request.asked = ?1 ORDER BY request.at DESC, request.by LIMIT ?2";

const OUTGOING: &str = "
    SELECT request.asked, user.id, user.display_name, request.source, request.wording, request.at
    FROM request JOIN user ON user.key = request.asked WHERE request.by = ?1 ORDER BY request.at DESC, request.asked LIMIT ?2";

pub(in crate::store) fn list(
    connection: &Connection,
    app: AppKey,
    owner: &Owner,
    direction: Direction,
    at_most: u32,
) -> Result<Vec<Request>, Error> {
    let owner = owners::owner_key(connection, app, owner)?;
    let statement = match direction {
        Direction::Incoming => INCOMING,
        Direction::Outgoing => OUTGOING,
    };
    let parse = |row: &Row<'_>| {
        let row = Stored::of("request", row);
        Ok(Request {
            with: row.parsed(1, UserId::parse)?,
            name: row.parsed_if_any(2, DisplayName::parse)?,
            direction,
            source: row.parsed_if_any(3, AddSource::parse)?,
            wording: row.parsed_if_any(4, AddWording::parse)?,
            at: row.moment(5)?,
        })
    };
    let mut statement = connection.prepare_cached(statement)?;
    readable(statement.query(params![owner.0, at_most])?, parse).collect()
}

const READ: &str = "UPDATE user SET requests_read_at = max(requests_read_at, ?2) WHERE key = ?1";

pub(in crate::store) fn read(tx: &Transaction<'_>, app: AppKey, owner: &Owner, until: Moment) -> Result<(), Error> {
    let owner = owners::owner_key(tx, app, owner)?;
    tx.prepare_cached(READ)?.execute(params![owner.0, until.micros()])?;
    Ok(())
}

const UNREAD: &str = "
    SELECT count(*) FROM request JOIN user ON user.key = request.asked
    WHERE request.asked = ?1 AND request.at > user.requests_read_at";

pub(in crate::store) fn unread(connection: &Connection, app: AppKey, owner: &Owner) -> Result<u32, Error> {
    let owner = owners::owner_key(connection, app, owner)?;
    Ok(connection.prepare_cached(UNREAD)?.query_row(params![owner.0], |row| row.get(0))?)
}
