//! Lists of users by name. No index has this order: the names of at most [`MATCHES_MAX`] users are read and sorted,
//! which takes some 10 ms and at most 5 MB.

use rusqlite::{Connection, params};

use super::{
    row::{StoredRow, report},
    users,
};
use crate::domain::{AppKey, Error, MATCHES_MAX, Order, Page, User, UserKey};

/// One page of matches that arrive in creation order.
pub(super) struct MatchPage {
    page: Page,
    order: Order,
    total: u64,
    shown: Vec<UserKey>,
    /// All matches with their folded names, for an order by name.
    named: Vec<(String, UserKey)>,
}

impl MatchPage {
    pub(super) fn new(page: Page, order: Order) -> Self {
        Self { page, order, total: 0, shown: Vec::new(), named: Vec::new() }
    }

    pub(super) fn add(&mut self, key: UserKey, name: String) {
        match self.order {
            Order::ByName | Order::ByNameReversed => self.named.push((name, key)),
            Order::OldestFirst | Order::NewestFirst => {
                if self.total >= self.page.offset() && self.shown.len() < self.page.limit() as usize {
                    self.shown.push(key);
                }
            }
        }
        self.total += 1;
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn page(self) -> Vec<UserKey> {
        let Self { page, order, mut named, shown, .. } = self;
        match order {
            Order::OldestFirst | Order::NewestFirst => return shown,
            // A stable sort: equal names stay in creation order.
            Order::ByName => named.sort_by(|(one, _), (other, _)| one.cmp(other)),
            Order::ByNameReversed => named.sort_by(|(one, _), (other, _)| other.cmp(one)),
        }
        let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
        named.into_iter().skip(offset).take(page.limit() as usize).map(|(_, key)| key).collect()
    }
}

/// Returns a page of an app's users: the oldest [`MATCHES_MAX`] sorted by name, then the others in creation order.
pub(super) fn list(
    snapshot: &Connection,
    app: AppKey,
    page: Page,
    order: Order,
    total: u64,
) -> Result<Vec<User>, Error> {
    let mut items = match page.offset() < MATCHES_MAX {
        true => oldest(snapshot, app, page, order)?,
        false => Vec::new(),
    };
    let end = (page.offset() + u64::from(page.limit())).min(total);
    let position = page.offset().max(MATCHES_MAX);
    if let Some(more) = end.checked_sub(position).and_then(|more| u32::try_from(more).ok()).filter(|more| *more > 0) {
        items.extend(users::list_from(snapshot, app, users::FROM_OLDEST, position, more)?);
    }
    Ok(items)
}

const OLDEST: &str = "SELECT key, coalesce(folded_name, lower(id)) FROM user WHERE app = ?1 ORDER BY seq LIMIT ?2";

fn oldest(db: &Connection, app: AppKey, page: Page, order: Order) -> Result<Vec<User>, Error> {
    let mut found = MatchPage::new(page, order);
    let mut statement = db.prepare_cached(OLDEST)?;
    let mut rows = statement.query(params![app.0, MATCHES_MAX])?;
    while let Some(row) = rows.next()? {
        let row = StoredRow::of("user", row);
        let key = UserKey(row.get(0)?);
        match row.get(1) {
            Ok(name) => found.add(key, name),
            Err(error) => report(&error),
        }
    }
    let users = found.page().into_iter().map(|key| users::find_readable(db, app, key));
    users.filter_map(Result::transpose).collect()
}
