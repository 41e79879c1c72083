//! Users by parts of what they are called.

use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value};

use super::{row::Stored, users};
use crate::domain::{
    error::Error,
    id::{AppKey, UserKey},
    page::{Listed, Order, Page},
    profile::User,
    search::{MATCHES_MAX, TEXT_CHARS_MAX, UserSearch},
};

/// Characters below which a text has no entry in the index of three at a time.
const INDEXED_CHARS_MIN: usize = 3;

/// Everybody of an app, or those whom the index names, in creation order either way round.
macro_rules! candidates {
    ($from:literal, $order:literal) => {
        concat!(
            "SELECT user.key, user.id, user.display_name, user.metadata FROM ",
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

pub(in crate::store) fn find(
    connection: &Connection,
    app: AppKey,
    search: &UserSearch,
    page: Page,
    order: Order,
) -> Result<Listed<User>, Error> {
    if search.text.as_deref().is_some_and(|text| text.chars().nth(TEXT_CHARS_MAX).is_some()) {
        return Ok(Listed { items: Vec::new(), total: 0 });
    }
    let snapshot = connection.unchecked_transaction()?;
    let indexed = in_index(search)?;
    let statement = match (&indexed, order) {
        (None, Order::OldestFirst) => ALL_OLDEST,
        (None, Order::NewestFirst) => ALL_NEWEST,
        (Some(_), Order::OldestFirst) => NAMED_OLDEST,
        (Some(_), Order::NewestFirst) => NAMED_NEWEST,
    };
    let mut statement = snapshot.prepare_cached(statement)?;
    let mut rows = statement.query(params![app.0, indexed])?;
    let (mut total, mut shown) = (0, Vec::new());
    while let Some(row) = rows.next()?
        && total < MATCHES_MAX
    {
        if is_found(row, search)? {
            if total >= page.offset() && shown.len() < page.limit() as usize {
                shown.push(UserKey(row.get(0)?));
            }
            total += 1;
        }
    }
    let users = shown.into_iter().map(|key| users::find_by_key(&snapshot, app, key));
    Ok(Listed { items: users.filter_map(Result::transpose).collect::<Result<_, _>>()?, total })
}

fn is_found(row: &Row<'_>, search: &UserSearch) -> Result<bool, Error> {
    let row = Stored::of("user", row);
    let (id, display_name): (String, Option<String>) = (row.get(1)?, row.get(2)?);
    let metadata: Map<String, Value> = match search.metadata {
        Some(_) => row.json(3)?,
        None => Map::new(),
    };
    Ok(search.finds(&id, display_name.as_deref(), &metadata))
}

/// The question to the index; none where it knows too little, and every row is to be looked at.
fn in_index(search: &UserSearch) -> Result<Option<String>, Error> {
    let is_indexed = |text: &str| text.chars().count() >= INDEXED_CHARS_MIN;
    let text = search.text.as_deref().filter(|text| is_indexed(text)).map(threes);
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

/// Threes of a text that are asked for, at most: so many leave few rows to look at.
const THREES_MAX: usize = 24;

/// The text as the index knows it: each run of three characters in it, all of which a row must have somewhere.
fn threes(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let runs = characters.windows(INDEXED_CHARS_MIN).take(THREES_MAX);
    let quoted = runs.map(|run| format!("\"{}\"", run.iter().collect::<String>().replace('"', "\"\"")));
    format!("({})", quoted.collect::<Vec<_>>().join(" AND "))
}

/// The value as the stored JSON text spells it.
fn as_in_json(value: &str) -> Result<String, Error> {
    let text = serde_json::to_string(value).map_err(Error::internal)?;
    Ok(text.trim_matches('"').to_owned())
}
