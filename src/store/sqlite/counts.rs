//! How many users an app has, and where the n-th of them stands: counters that triggers keep for blocks of users.

use rusqlite::{Connection, params};

use crate::domain::{error::Error, id::AppKey};

const TOTAL: &str = "SELECT coalesce(sum(users), 0) FROM users_in_large_block WHERE app = ?1";

pub(super) fn total(connection: &Connection, app: AppKey) -> Result<u64, Error> {
    let total: i64 = connection.prepare_cached(TOTAL)?.query_row(params![app.0], |row| row.get(0))?;
    u64::try_from(total).map_err(Error::internal)
}

const LARGE_BLOCKS: &str = "SELECT block, users FROM users_in_large_block WHERE app = ?1 ORDER BY block";

const SMALL_BLOCKS: &str = "
    SELECT block, users FROM users_in_small_block
    WHERE app = ?1 AND block >= ?2 << 10 ORDER BY block";

const SEQ_IN_BLOCK: &str = "
    SELECT seq FROM user WHERE app = ?1 AND seq >= ?2 << 10 ORDER BY seq LIMIT 1 OFFSET ?3";

/// The sequence number of the user before whom `position` older ones live. Walks counters: at most one large block's
/// worth of small ones, then fewer than 1024 index entries.
pub(super) fn seq_at(connection: &Connection, app: AppKey, position: u64) -> Result<i64, Error> {
    let mut large = connection.prepare_cached(LARGE_BLOCKS)?;
    let (block, position) = block_at(large.query(params![app.0])?, position)?;
    let mut small = connection.prepare_cached(SMALL_BLOCKS)?;
    let (block, position) = block_at(small.query(params![app.0, block])?, position)?;
    let offset = i64::try_from(position).map_err(Error::internal)?;
    Ok(connection.prepare_cached(SEQ_IN_BLOCK)?.query_row(params![app.0, block, offset], |row| row.get(0))?)
}

/// The block that holds `position`, and how far into it.
fn block_at(mut blocks: rusqlite::Rows<'_>, position: u64) -> Result<(i64, u64), Error> {
    let mut left = position;
    while let Some(row) = blocks.next()? {
        let users = u64::try_from(row.get::<_, i64>(1)?).map_err(Error::internal)?;
        if left < users {
            return Ok((row.get(0)?, left));
        }
        left -= users;
    }
    Err(Error::internal("the counted blocks of users disagree with one another"))
}
