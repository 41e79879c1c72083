//! The directory of an app: a search for active users by parts of names and by profile fields.

use rusqlite::{Connection, Row, params};

use super::{
    row::StoredRow,
    search::{INDEXED_CHARS_MIN, threes},
    users,
};
use crate::domain::{AppKey, DirectorySearch, Error, Listed, MATCHES_MAX, Page, TencentProfile, User, UserKey};

const ALL: &str = "
    SELECT user.key, user.id, user.folded_name, user.particulars FROM user
    WHERE ?2 IS NULL AND user.app = ?1 AND user.state = 'active' ORDER BY user.seq";

const NAMED: &str = "
    SELECT user.key, user.id, user.folded_name, user.particulars
    FROM user_text JOIN user ON user.key = user_text.rowid
    WHERE user_text MATCH ?2 AND user.app = ?1 AND user.state = 'active' ORDER BY user_text.rowid";

/// Returns matches in creation order. With a keyword too short for the index it reads all users of the app.
pub(crate) fn find(db: &Connection, app: AppKey, search: &DirectorySearch, page: Page) -> Result<Listed<User>, Error> {
    let snapshot = db.unchecked_transaction()?;
    let keywords = search.folded_keywords();
    let indexed = in_index(search, &keywords);
    let mut statement = snapshot.prepare_cached(if indexed.is_some() { NAMED } else { ALL })?;
    let mut rows = statement.query(params![app.0, indexed])?;
    let (mut total, mut shown) = (0, Vec::new());
    while let Some(row) = rows.next()?
        && total < MATCHES_MAX
    {
        if is_found(row, search, &keywords)? {
            if total >= page.offset() && shown.len() < page.limit() as usize {
                shown.push(UserKey(row.get(0)?));
            }
            total += 1;
        }
    }
    let users = shown.into_iter().map(|key| users::find_by_key(&snapshot, app, key));
    Ok(Listed { items: users.filter_map(Result::transpose).collect::<Result<_, _>>()?, total })
}

fn is_found(row: &Row<'_>, search: &DirectorySearch, keywords: &[String]) -> Result<bool, Error> {
    let row = StoredRow::of("user", row);
    let (id, folded_name): (String, Option<String>) = (row.get(1)?, row.get(2)?);
    let tencent_profile: TencentProfile = row.json(3)?;
    Ok(search.matches(keywords, &id, folded_name.as_deref(), &tencent_profile))
}

/// Returns the index query; `None` when the index cannot narrow the search and every row must be read.
fn in_index(search: &DirectorySearch, keywords: &[String]) -> Option<String> {
    let is_indexed = |keyword: &&String| keyword.chars().count() >= INDEXED_CHARS_MIN;
    let indexed: Vec<String> = keywords.iter().filter(is_indexed).map(|keyword| threes(keyword)).collect();
    match search.needs_all {
        true if !indexed.is_empty() => Some(indexed.join(" AND ")),
        false if !indexed.is_empty() && indexed.len() == keywords.len() => Some(indexed.join(" OR ")),
        true | false => None,
    }
}
