//! Blocks with the time they were made.

use rusqlite::{Connection, Row, params};

use super::{
    contacts,
    row::{StoredRow, readable},
};
use crate::domain::{
    error::Error,
    id::{AppKey, UserId, UserKey},
    page::{Listed, Page},
    time::Moment,
};

const BLACK_LIST: &str = "
    SELECT block.owner, user.id, block.at FROM block JOIN user ON user.key = block.blocked
    WHERE block.owner = ?1 AND user.app = ?2 ORDER BY block.blocked LIMIT ?3 OFFSET ?4";

pub(in crate::store) fn page(
    connection: &Connection,
    app: AppKey,
    owner: UserKey,
    wanted: Page,
) -> Result<Listed<(UserId, Moment)>, Error> {
    let total = contacts::blocks_of(connection, app, owner)?;
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("block", row);
        Ok::<_, Error>((row.parsed(1, UserId::parse)?, row.moment(2)?))
    };
    let offset = i64::try_from(wanted.offset()).map_err(Error::internal)?;
    let mut statement = connection.prepare_cached(BLACK_LIST)?;
    let items = readable(statement.query(params![owner.0, app.0, wanted.limit(), offset])?, parse);
    Ok(Listed { items: items.collect::<Result<_, _>>()?, total: total as u64 })
}
