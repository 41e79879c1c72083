use rusqlite::{Connection, OptionalExtension as _, Row, Rows, Transaction, params};

use super::row::{StoredRow, readable, run_counted};
use crate::{
    domain::{AppKey, Digest, EVENT_BYTES_MAX, Error, Event, EventKind, Moment, UserId, UserKey},
    store::EventPage,
};

const APPEND: &str = "INSERT INTO event (app, user, id, kind, at, other) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(crate) fn append(
    tx: &Transaction<'_>,
    app: AppKey,
    user: UserKey,
    id: &UserId,
    kind: &EventKind,
    at: Moment,
) -> Result<i64, Error> {
    let other = kind.other().map(|other| other.0);
    let kind = serde_json::to_string(kind).map_err(Error::internal)?;
    if kind.len() > EVENT_BYTES_MAX {
        return Err(Error::internal(format_args!("an event of {} bytes", kind.len())));
    }
    Ok(tx.prepare_cached(APPEND)?.insert(params![app.0, user.0, id.as_str(), kind, at.micros(), other])?)
}

/// Has no LIMIT: a damaged row must not shorten the page, whose length says whether more follow.
const AFTER: &str = "SELECT seq, app, user, id, kind, at FROM event WHERE seq > ?1 ORDER BY seq";

pub(crate) fn after(db: &Connection, seq: i64, at_most: u32) -> Result<EventPage, Error> {
    let mut statement = db.prepare_cached(AFTER)?;
    page(readable(statement.query(params![seq])?, event_with_bytes), at_most)
}

/// Bytes of events on a page: a thousand of the longest. Older versions stored some longer ones.
const READ_BYTES_MAX: usize = 1000 * EVENT_BYTES_MAX;

fn page(events: impl Iterator<Item = Result<(Event, usize), Error>>, at_most: u32) -> Result<EventPage, Error> {
    let mut page = EventPage { events: Vec::new(), is_part: false };
    let mut bytes = 0;
    for event in events {
        let (event, its_bytes) = event?;
        bytes += its_bytes;
        page.events.push(event);
        page.is_part = page.events.len() >= at_most as usize || bytes >= READ_BYTES_MAX;
        if page.is_part {
            break;
        }
    }
    Ok(page)
}

fn event_with_bytes(row: &Row<'_>) -> Result<(Event, usize), Error> {
    Ok((event(row)?, row.get_ref(4)?.as_bytes().map_or(0, <[u8]>::len)))
}

const RANGE: &str = "SELECT (SELECT min(seq) FROM event), (SELECT max(seq) FROM event)";

fn kept_range(db: &Connection) -> Result<Option<(i64, i64)>, Error> {
    let range = db.prepare_cached(RANGE)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)));
    let (oldest, newest): (Option<i64>, Option<i64>) = range?;
    Ok(oldest.zip(newest))
}

/// The user key of restore marks: no user has it.
const NOBODY: i64 = 0;

const MARKED: &str = "standin";

const RESTORED_AFTER: &str = "SELECT EXISTS (SELECT 1 FROM event WHERE user = ?1 AND seq > ?2)";

/// Returns false if later events are deleted, if `seq` is not given yet, or if the database was restored since.
pub(crate) fn has_events_since(db: &Connection, seq: i64) -> Result<bool, Error> {
    let is_kept = match kept_range(db)? {
        Some((oldest, newest)) => (oldest - 1..=newest).contains(&seq),
        None => seq == last_seq(db)?,
    };
    let was_restored = || db.prepare_cached(RESTORED_AFTER)?.query_row(params![NOBODY, seq], |row| row.get(0));
    Ok(is_kept && !was_restored()?)
}

const OLDEST_SINCE: &str = "
    SELECT seq FROM (SELECT seq, at FROM event ORDER BY seq LIMIT 1)
    WHERE at <= (SELECT issued_at FROM ticket WHERE digest = ?1)";

pub(crate) fn oldest_since_ticket(db: &Connection, ticket: &Digest) -> Result<Option<i64>, Error> {
    Ok(db.prepare_cached(OLDEST_SINCE)?.query_row([ticket.0], |row| row.get(0)).optional()?)
}

/// Beyond every number that a client may have received since the backup.
const RESTORE_GAP: i64 = 1_000_000;

const MARK: &str = "INSERT INTO event (seq, app, user, id, kind, at) VALUES (?1, 0, ?2, ?3, ?4, ?5)";

pub(crate) fn mark_restored(db: &Connection, at: Moment) -> Result<(), Error> {
    let seq = last_seq(db)?.saturating_add(RESTORE_GAP);
    let kind = serde_json::to_string(&EventKind::Restored).map_err(Error::internal)?;
    db.execute(MARK, params![seq, NOBODY, MARKED, kind, at.micros()])?;
    Ok(())
}

/// Counts the users that share a contact row or a conversation with a user. Each kind stops counting at the limit.
const CONCERNED: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM (SELECT contact FROM contact WHERE owner = ?1 LIMIT ?2)
        UNION ALL SELECT 1 FROM (SELECT owner FROM contact WHERE contact = ?1 LIMIT ?2)
        UNION ALL SELECT 1 FROM (SELECT peer FROM participant WHERE user = ?1 LIMIT ?2))";

/// A user's own events, events that name it as the other user, and changed profiles of users it shares a contact row
/// or a conversation with. Uses the indexes on the two users of an event.
const CONCERNING: &str = r#"
    WITH concerned (key) AS (
        SELECT ?1 UNION SELECT contact FROM contact WHERE owner = ?1 UNION SELECT owner FROM contact WHERE contact = ?1
        UNION SELECT peer FROM participant WHERE user = ?1 AND listed > 0)
    SELECT event.seq, event.app, event.user, event.id, event.kind, event.at
    FROM concerned CROSS JOIN event INDEXED BY event_by_user ON event.user = concerned.key
    WHERE event.seq > ?2 AND event.seq <= ?3 AND event.app = ?4
        AND (event.user = ?1 OR event.kind LIKE '{"kind":"profile_changed"%')
    UNION ALL
    SELECT seq, app, user, id, kind, at FROM event INDEXED BY event_by_other
    WHERE other = ?1 AND seq > ?2 AND seq <= ?3 AND app = ?4
    ORDER BY 1 LIMIT ?5"#;

/// From this number of contact rows on, reading all events in order costs less than one look-up for each contact.
const CONCERNED_MAX: u32 = 20_000;

#[derive(Debug, Clone, PartialEq)]
pub struct EventsOfUser {
    /// In commit order, without damaged rows.
    pub events: Vec<Event>,
    pub seen_to: i64,
    pub is_part: bool,
}

/// Reads at most `at_most` rows, of all events if the user shares contact rows with too many users.
pub(crate) fn concerning(
    db: &Connection,
    app: AppKey,
    user: UserKey,
    seq: i64,
    at_most: u32,
) -> Result<EventsOfUser, Error> {
    let snapshot = db.unchecked_transaction()?;
    let last = last_seq(&snapshot)?;
    let concerned: u32 =
        snapshot.prepare_cached(CONCERNED)?.query_row(params![user.0, CONCERNED_MAX], |row| row.get(0))?;
    if concerned >= CONCERNED_MAX {
        let EventPage { events, is_part } = after(&snapshot, seq, at_most)?;
        let seen_to = events.last().map(|event| event.seq).filter(|_| is_part).unwrap_or(last);
        return Ok(EventsOfUser { events, seen_to, is_part });
    }
    let asked = params![user.0, seq, last, app.0, at_most];
    counted(snapshot.prepare_cached(CONCERNING)?.query(asked)?, seq, last, at_most)
}

/// Counts rows, not events: a damaged row is left out and must not make the page look like the last one.
fn counted(found: Rows<'_>, seq: i64, upto: i64, at_most: u32) -> Result<EventsOfUser, Error> {
    let (mut rows, mut read_to) = (0_usize, seq);
    let count = |row: &Row<'_>| {
        rows += 1;
        read_to = row.get(0)?;
        event_with_bytes(row)
    };
    let EventPage { events, is_part } = page(readable(found, count), at_most)?;
    let is_part = is_part || rows >= at_most as usize;
    Ok(EventsOfUser { events, seen_to: if is_part { read_to } else { upto }, is_part })
}

/// Changed profiles of a user, and of those it shares a contact row or a conversation with.
const PROFILES: &str = r#"
    WITH concerned (key) AS (
        SELECT ?1 UNION SELECT contact FROM contact WHERE owner = ?1 UNION SELECT owner FROM contact WHERE contact = ?1
        UNION SELECT peer FROM participant WHERE user = ?1 AND listed > 0)
    SELECT event.seq, event.app, event.user, event.id, event.kind, event.at
    FROM concerned CROSS JOIN event INDEXED BY event_by_user ON event.user = concerned.key
    WHERE event.seq > ?2 AND event.seq <= ?3 AND event.app = ?4 AND event.kind LIKE '{"kind":"profile_changed"%'
    ORDER BY 1 LIMIT ?5"#;

const ALL_PROFILES: &str = r#"
    SELECT seq, app, user, id, kind, at FROM event
    WHERE seq > ?1 AND seq <= ?2 AND app = ?3 AND kind LIKE '{"kind":"profile_changed"%' ORDER BY seq LIMIT ?4"#;

/// Reads at most `at_most` changes above `seq` and up to `upto`; those of all users if the user shares contact rows with
/// too many.
pub(crate) fn profiles_concerning(
    db: &Connection,
    app: AppKey,
    user: UserKey,
    seq: i64,
    upto: i64,
    at_most: u32,
) -> Result<EventsOfUser, Error> {
    let concerned: u32 = db.prepare_cached(CONCERNED)?.query_row(params![user.0, CONCERNED_MAX], |row| row.get(0))?;
    if concerned >= CONCERNED_MAX {
        let mut statement = db.prepare_cached(ALL_PROFILES)?;
        return counted(statement.query(params![seq, upto, app.0, at_most])?, seq, upto, at_most);
    }
    let mut statement = db.prepare_cached(PROFILES)?;
    counted(statement.query(params![user.0, seq, upto, app.0, at_most])?, seq, upto, at_most)
}

/// A damaged row is left out.
const OF_CHATS: &str = r#"
    SELECT seq, app, user, id, kind, at FROM event INDEXED BY event_by_other
    WHERE other = ?1 AND seq > ?2 AND app = ?3
        AND (kind LIKE '{"kind":"mark_moved"%' OR kind LIKE '{"kind":"messages_recalled"%')
    UNION ALL
    SELECT seq, app, user, id, kind, at FROM event INDEXED BY event_by_user
    WHERE user = ?1 AND seq > ?2 AND app = ?3
        AND (kind LIKE '{"kind":"messages_recalled"%'
            OR kind LIKE '{"kind":"conversation_changed"%"cleared":{%'
            OR kind LIKE '{"kind":"conversation_changed"%"is_cleared":true%')
    ORDER BY 1 LIMIT ?4"#;

pub(crate) fn of_chats(
    db: &Connection,
    app: AppKey,
    user: UserKey,
    seq: i64,
    at_most: u32,
) -> Result<Vec<Event>, Error> {
    let mut statement = db.prepare_cached(OF_CHATS)?;
    readable(statement.query(params![user.0, seq, app.0, at_most])?, event).collect()
}

const FROM: &str = "SELECT seq, at FROM event WHERE seq >= ?1 ORDER BY seq LIMIT 1";

/// By halving: numbers and times rise together, unless a clock was set back.
pub(crate) fn seq_before(db: &Connection, at: Moment) -> Result<i64, Error> {
    let mut from = db.prepare_cached(FROM)?;
    let (mut low, mut high) = match kept_range(db)? {
        Some((oldest, newest)) => (oldest, newest + 1),
        None => return last_seq(db),
    };
    while low < high {
        let middle = low + (high - low) / 2;
        let pair = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        match from.query_row([middle], pair).optional()? {
            Some((seq, time)) if time < at.micros() => low = seq + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low - 1)
}

const LAST_SEQ: &str = "SELECT coalesce(max(seq), 0) FROM event";

pub(crate) fn last_seq(db: &Connection) -> Result<i64, Error> {
    // SQLite still knows the sequence of a table whose rows are all deleted.
    const EVER: &str = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'";
    let kept: i64 = db.prepare_cached(LAST_SEQ)?.query_row([], |row| row.get(0))?;
    match kept {
        0 => Ok(db.prepare_cached(EVER)?.query_row([], |row| row.get(0))?),
        _ => Ok(kept),
    }
}

/// Looks at the oldest rows only. The newest row stays: it says which numbers were given.
const FORGET: &str = "
    DELETE FROM event WHERE seq IN (
        SELECT seq FROM (SELECT seq, at FROM event ORDER BY seq LIMIT ?3)
        WHERE (at < ?1 OR seq <= (SELECT max(seq) FROM event) - ?2) AND seq < (SELECT max(seq) FROM event))";

pub(crate) fn forget(tx: &Transaction<'_>, before: Moment, kept_max: u32, at_most: u32) -> Result<u32, Error> {
    run_counted(tx, FORGET, params![before.micros(), kept_max, at_most])
}

fn event(row: &Row<'_>) -> Result<Event, Error> {
    let row = StoredRow::of("event", row);
    Ok(Event {
        seq: row.get(0)?,
        app: AppKey(row.get(1)?),
        user: UserKey(row.get(2)?),
        id: row.parsed(3, UserId::parse)?,
        kind: row.json(4)?,
        at: row.moment(5)?,
    })
}
