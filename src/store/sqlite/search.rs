//! Search for users by parts of names and metadata.

use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value};

use super::{
    by_name::MatchPage,
    row::{StoredRow, report},
    users,
};
use crate::domain::{
    AppKey, Error, Listed, MATCHES_MAX, Order, Page, User, UserKey, UserPage, UserPageQuery, UserSearch,
};

/// Characters of the shortest text that the trigram index can find.
pub(super) const INDEXED_CHARS_MIN: usize = 3;

/// Selects all users of an app, or those that the index finds, by creation in either order.
macro_rules! candidates {
    ($from:literal, $order:literal) => {
        concat!(
            "SELECT user.key, user.id, user.folded_name, user.metadata FROM ",
            $from,
            " AND user.app = ?1 ORDER BY ",
            $order
        )
    };
}

const ALL_OLDEST: &str = candidates!("user WHERE ?2 IS NULL", "user.seq");
const ALL_NEWEST: &str = candidates!("user WHERE ?2 IS NULL", "user.seq DESC");
const NAMED_OLDEST: &str =
    candidates!("user_text JOIN user ON user.key = user_text.rowid WHERE user_text MATCH ?2", "user_text.rowid");
const NAMED_NEWEST: &str =
    candidates!("user_text JOIN user ON user.key = user_text.rowid WHERE user_text MATCH ?2", "user_text.rowid DESC");

pub(crate) fn find(
    db: &Connection,
    app: AppKey,
    search: &UserSearch,
    page: Page,
    order: Order,
) -> Result<Listed<User>, Error> {
    if search.matches_none() {
        return Ok(Listed { items: Vec::new(), total: 0 });
    }
    let snapshot = db.unchecked_transaction()?;
    let text = search.folded_text();
    let indexed = in_index(search, text.as_deref())?;
    let statement = match (&indexed, order) {
        (None, Order::OldestFirst | Order::ByName | Order::ByNameReversed) => ALL_OLDEST,
        (None, Order::NewestFirst) => ALL_NEWEST,
        (Some(_), Order::OldestFirst | Order::ByName | Order::ByNameReversed) => NAMED_OLDEST,
        (Some(_), Order::NewestFirst) => NAMED_NEWEST,
    };
    let mut statement = snapshot.prepare_cached(statement)?;
    let mut rows = statement.query(params![app.0, indexed])?;
    let mut found = MatchPage::new(page, order);
    while let Some(row) = rows.next()?
        && found.total() < MATCHES_MAX
    {
        if let Some(name) = name_if_found(row, search, text.as_deref()).inspect_err(report).unwrap_or_default() {
            found.add(UserKey(row.get(0)?), name);
        }
    }
    let total = found.total();
    let users = found.page().into_iter().map(|key| users::find_readable(&snapshot, app, key));
    Ok(Listed { items: users.filter_map(Result::transpose).collect::<Result<_, _>>()?, total })
}

fn name_if_found(row: &Row<'_>, search: &UserSearch, text: Option<&str>) -> Result<Option<String>, Error> {
    let row = StoredRow::of("user", row);
    let (id, folded_name): (String, Option<String>) = (row.get(1)?, row.get(2)?);
    let metadata: Map<String, Value> = match search.metadata {
        Some(_) => row.json(3)?,
        None => Map::new(),
    };
    let is_found = search.matches(text, &id, folded_name.as_deref(), &metadata);
    Ok(is_found.then(|| folded_name.unwrap_or_else(|| id.to_ascii_lowercase())))
}

/// Rows that one call reads at most, for a text that the index cannot find; the next call goes on from there.
const ROWS_LOOKED_AT_MAX: u32 = 30_000;

const WALK_ALL: &str = "
    SELECT user.seq, user.key, user.id, user.folded_name FROM user
    WHERE user.app = ?1 AND user.seq > ?2 AND ?3 IS NULL AND ?4 IS NULL AND ?5 IS NULL ORDER BY user.seq";

const WALK_NAMED: &str = "
    SELECT user.key, user.key, user.id, user.folded_name
    FROM user_text JOIN user ON user.key = user_text.rowid
    WHERE user_text MATCH ?3 AND user_text.rowid > ?2 AND user.app = ?1 AND (?4 IS NULL OR EXISTS (
        SELECT 1 FROM user_custom WHERE app = ?1 AND name = ?4 AND value = ?5 AND user = user_text.rowid))
    ORDER BY user_text.rowid";

const WALK_CUSTOM: &str = "
    SELECT user.key, user.key, user.id, user.folded_name
    FROM user_custom JOIN user ON user.key = user_custom.user
    WHERE user_custom.app = ?1 AND user_custom.name = ?4 AND user_custom.value = ?5 AND user_custom.user > ?2
        AND ?3 IS NULL
    ORDER BY user_custom.user";

pub(crate) fn user_page(db: &Connection, app: AppKey, query: &UserPageQuery) -> Result<UserPage, Error> {
    let snapshot = db.unchecked_transaction()?;
    let search = UserSearch { text: query.text.clone().filter(|text| !text.is_empty()), metadata: None };
    let is_whole = search.text.is_none() && query.custom.is_none();
    let total = if is_whole { Some(users::total(&snapshot, app)?) } else { None };
    if search.matches_none() {
        return Ok(UserPage { users: Vec::new(), next: None, total });
    }
    let text = search.folded_text();
    let indexed = in_index(&search, text.as_deref())?;
    let statement = match (&indexed, &query.custom) {
        (Some(_), _) => WALK_NAMED,
        (None, Some(_)) => WALK_CUSTOM,
        (None, None) => WALK_ALL,
    };
    let (name, value) = match &query.custom {
        Some((name, value)) => (Some(name.as_str()), Some(value.as_str())),
        None => (None, None),
    };
    let mut statement = snapshot.prepare_cached(statement)?;
    let mut rows = statement.query(params![app.0, query.after.unwrap_or(-1), indexed, name, value])?;
    let (mut found, mut passed, mut looked_at, mut next) = (Vec::new(), None, 0, None);
    while let Some(row) = rows.next()? {
        let (id, folded_name): (String, Option<String>) = (row.get(2)?, row.get(3)?);
        let is_found = search.matches(text.as_deref(), &id, folded_name.as_deref(), &Map::new());
        // Another call is needed: there is one match too many, or rows that were not read.
        if looked_at == ROWS_LOOKED_AT_MAX || (is_found && found.len() == query.limit as usize) {
            next = passed;
            break;
        }
        (passed, looked_at) = (Some(row.get(0)?), looked_at + 1);
        if is_found {
            found.push(UserKey(row.get(1)?));
        }
    }
    let users = found.into_iter().filter_map(|key| users::find_readable(&snapshot, app, key).transpose());
    Ok(UserPage { users: users.collect::<Result<_, _>>()?, next, total })
}

/// Returns the index query; `None` when the index cannot narrow the search and every row must be read.
fn in_index(search: &UserSearch, text: Option<&str>) -> Result<Option<String>, Error> {
    let is_indexed = |text: &str| text.chars().count() >= INDEXED_CHARS_MIN;
    let text = text.filter(|text| is_indexed(text)).map(threes);
    let values = match &search.metadata {
        Some(filter) if filter.values.iter().all(|value| is_indexed(value)) && !filter.values.is_empty() => {
            let values = filter.values.iter().map(|value| as_in_json(value).map(|value| threes(&value)));
            Some(format!("({})", values.collect::<Result<Vec<_>, _>>()?.join(" OR ")))
        }
        Some(_) | None => None,
    };
    let parts: Vec<String> = [text, values].into_iter().flatten().collect();
    Ok(Some(parts.join(" AND ")).filter(|question| !question.is_empty()))
}

/// Trigrams of a text in a query, at most: so many leave few rows to read.
const THREES_MAX: usize = 24;

/// Returns the index query for a text: each run of three characters in it, all of which a row must contain.
pub(super) fn threes(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let runs = characters.windows(INDEXED_CHARS_MIN).take(THREES_MAX);
    let quoted = runs.map(|run| format!("\"{}\"", run.iter().collect::<String>().replace('"', "\"\"")));
    format!("({})", quoted.collect::<Vec<_>>().join(" AND "))
}

/// Returns the value as the stored JSON spells it.
fn as_in_json(value: &str) -> Result<String, Error> {
    let text = serde_json::to_string(value).map_err(Error::internal)?;
    Ok(text.trim_matches('"').to_owned())
}
