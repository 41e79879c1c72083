use rusqlite::{Connection, Row, Transaction, params};

use super::{
    row::{StoredRow, run_counted},
    users,
};
use crate::domain::{
    AppKey, Error, FollowCounts, FollowCursor, FollowList, FollowPage, Moment, Resource, UserId, UserKey,
};

const FOLLOW: &str = "INSERT INTO follow (follower, followed, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

const UNFOLLOW: &str = "DELETE FROM follow WHERE follower = ?1 AND followed = ?2";

const FOLLOWING: &str = "SELECT count(*) FROM follow WHERE follower = ?1";

pub(crate) fn following(db: &Connection, follower: UserKey) -> Result<u32, Error> {
    Ok(db.prepare_cached(FOLLOWING)?.query_row(params![follower.0], |row| row.get(0))?)
}

pub(crate) fn put(tx: &Transaction<'_>, follower: UserKey, followed: UserKey, at: Moment) -> Result<bool, Error> {
    Ok(tx.prepare_cached(FOLLOW)?.execute(params![follower.0, followed.0, at.micros()])? > 0)
}

pub(crate) fn take(tx: &Transaction<'_>, follower: UserKey, followed: UserKey) -> Result<bool, Error> {
    Ok(tx.prepare_cached(UNFOLLOW)?.execute(params![follower.0, followed.0])? > 0)
}

const FOLLOWS: &str = "SELECT EXISTS (SELECT 1 FROM follow WHERE follower = ?1 AND followed = ?2)";

pub(crate) fn follows(db: &Connection, follower: UserKey, followed: UserKey) -> Result<bool, Error> {
    Ok(db.prepare_cached(FOLLOWS)?.query_row(params![follower.0, followed.0], |row| row.get(0))?)
}

/// Selects one list, newest first: `other` is the column of the other user, `more` a further condition.
macro_rules! list {
    ($own:literal, $other:literal, $more:literal) => {
        concat!(
            "SELECT follow.",
            $other,
            ", follow.at FROM follow JOIN user ON user.key = follow.",
            $other,
            " WHERE follow.",
            $own,
            " = ?1 AND user.app = ?2 AND (follow.at, follow.",
            $other,
            ") < (?3, ?4)",
            $more,
            " ORDER BY follow.at DESC, follow.",
            $other,
            " DESC LIMIT ?5"
        )
    };
}

const LIST_FOLLOWERS: &str = list!("followed", "follower", "");
const LIST_FOLLOWING: &str = list!("follower", "followed", "");
const LIST_MUTUAL: &str = list!(
    "follower",
    "followed",
    " AND EXISTS (SELECT 1 FROM follow AS back WHERE back.follower = follow.followed AND back.followed = ?1)"
);

pub(crate) fn list(
    db: &Connection,
    app: AppKey,
    owner: UserKey,
    list: FollowList,
    after: Option<FollowCursor>,
    limit: u32,
) -> Result<FollowPage, Error> {
    let mut statement = db.prepare_cached(match list {
        FollowList::Followers => LIST_FOLLOWERS,
        FollowList::Following => LIST_FOLLOWING,
        FollowList::Mutual => LIST_MUTUAL,
    })?;
    let (at, place) = after.map_or((i64::MAX, i64::MAX), |after| (after.at.micros(), after.place));
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("follow", row);
        Ok::<_, Error>(FollowCursor { place: row.get(0)?, at: row.moment(1)? })
    };
    // One more row than the page says whether another page follows.
    let rows = statement.query_and_then(params![owner.0, app.0, at, place, i64::from(limit) + 1], parse)?;
    let mut entries = rows.collect::<Result<Vec<_>, _>>()?;
    let has_more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().copied().filter(|_| has_more);
    let mut items = Vec::with_capacity(entries.len());
    for entry in entries {
        items.extend(users::find_readable(db, app, UserKey(entry.place))?.map(|user| (user, entry.at)));
    }
    Ok(FollowPage { items, next })
}

const COUNTS: &str = "
    SELECT (SELECT count(*) FROM follow WHERE followed = ?1),
        (SELECT count(*) FROM follow JOIN user ON user.key = follow.followed WHERE follower = ?1),
        (SELECT count(*) FROM follow JOIN follow AS back
            ON back.follower = follow.followed AND back.followed = follow.follower WHERE follow.follower = ?1)";

pub(crate) fn counts(db: &Connection, app: AppKey, ids: &[UserId]) -> Result<Vec<Option<FollowCounts>>, Error> {
    let mut statement = db.prepare_cached(COUNTS)?;
    let mut one = |id: &UserId| match users::key_of(db, app, id) {
        Err(Error::NotFound(Resource::User)) => Ok(None),
        Err(error) => Err(error),
        Ok(user) => Ok(Some(statement.query_row(params![user.0], |row| {
            Ok(FollowCounts { followers: row.get(0)?, following: row.get(1)?, mutual: row.get(2)? })
        })?)),
    };
    ids.iter().map(&mut one).collect()
}

const FORGET_NAMING: &str = "
    DELETE FROM follow WHERE (follower, followed) IN (
        SELECT follower, followed FROM follow WHERE followed = ?1 LIMIT ?2)";

pub(super) fn forget_naming(tx: &Transaction<'_>, user: UserKey, at_most: u32) -> Result<u32, Error> {
    run_counted(tx, FORGET_NAMING, params![user.0, at_most])
}
