//! Tencent's black lists: the blocks of every wire, of which this one also ends friendships.

use rusqlite::{Connection, Row, Transaction, params};

use super::{
    contacts,
    friends::{Call, Outcome, blocks, each, or},
    owners,
    row::{Stored, readable},
};
use crate::domain::{
    contact::ROWS_MAX,
    error::Error,
    event::EventKind,
    friend::FriendFault,
    id::{AppKey, UserId},
    owner::Owner,
    page::{Listed, Page},
    profile::User,
    time::Moment,
};

const BLOCK: &str = "INSERT INTO block (owner, blocked, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

const UNBLOCK: &str = "DELETE FROM block WHERE owner = ?1 AND blocked = ?2";

/// Blocks, and ends the friendship both ways.
pub(in crate::store) fn add(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    whom: &[UserId],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    let call = Call::of(tx, app, owner, at)?;
    let mut blocked = contacts::blocks_of(tx, app, call.owner.key)?;
    let block = |call: &mut Call<'_>, other: &User, _: &UserId| {
        if blocks(tx, call.owner.key, other.key)? {
            return Ok(Err(FriendFault::AlreadyBlocked));
        }
        if blocked >= ROWS_MAX {
            return Ok(Err(FriendFault::BlocksFull));
        }
        tx.prepare_cached(BLOCK)?.execute(params![call.owner.key.0, other.key.0, at.micros()])?;
        blocked += 1;
        call.tell(&call.owner, &EventKind::Blocked { whom: other.key })?;
        call.unlist(other, true)?;
        call.settle(other).map(Ok)
    };
    each(call, whom, |id| id, block)
}

pub(in crate::store) fn delete(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    whom: &[UserId],
    at: Moment,
) -> Result<Vec<Outcome>, Error> {
    each(
        Call::of(tx, app, owner, at)?,
        whom,
        |id| id,
        |call, other, _| {
            let was_blocked = tx.prepare_cached(UNBLOCK)?.execute(params![call.owner.key.0, other.key.0])? > 0;
            if was_blocked {
                call.tell(&call.owner, &EventKind::Unblocked { whom: other.key })?;
            }
            Ok(or(was_blocked, FriendFault::NotBlocked))
        },
    )
}

const BLACK_LIST: &str = "
    SELECT block.owner, user.id, block.at FROM block JOIN user ON user.key = block.blocked
    WHERE block.owner = ?1 AND user.app = ?2 ORDER BY block.blocked LIMIT ?3 OFFSET ?4";

pub(in crate::store) fn page(
    connection: &Connection,
    app: AppKey,
    owner: &Owner,
    wanted: Page,
) -> Result<Listed<(UserId, Moment)>, Error> {
    let snapshot = connection.unchecked_transaction()?;
    let owner = owners::owner_key(&snapshot, app, owner)?;
    let total = contacts::blocks_of(&snapshot, app, owner)?;
    let parse = |row: &Row<'_>| {
        let row = Stored::of("block", row);
        Ok::<_, Error>((row.parsed(1, UserId::parse)?, row.moment(2)?))
    };
    let offset = i64::try_from(wanted.offset()).map_err(Error::internal)?;
    let mut statement = snapshot.prepare_cached(BLACK_LIST)?;
    let items = readable(statement.query(params![owner.0, app.0, wanted.limit(), offset])?, parse);
    Ok(Listed { items: items.collect::<Result<_, _>>()?, total: total as u64 })
}
