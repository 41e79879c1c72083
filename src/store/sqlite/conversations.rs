//! Conversations, and what each is for its two users.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::row::{StoredRow, readable, run};
use crate::domain::{
    AppKey, Conversation, ConversationFilter, ConversationKey, Error, MessageId, Moment, Participant, UserKey,
};

macro_rules! select_conversation {
    ($which:literal) => {
        concat!(
            "SELECT key, app, first, second, unique_id, options, last_seq, last_at, created_at FROM conversation WHERE ",
            $which
        )
    };
}

const FIND: &str = select_conversation!("key = ?1 AND app = ?2");

pub(crate) fn find(db: &Connection, app: AppKey, key: ConversationKey) -> Result<Option<Conversation>, Error> {
    db.prepare_cached(FIND)?.query_and_then(params![key.0, app.0], conversation)?.next().transpose()
}

const BETWEEN: &str = select_conversation!("app = ?1 AND first = ?2 AND second = ?3");

pub(crate) fn between(
    db: &Connection,
    app: AppKey,
    one: UserKey,
    other: UserKey,
) -> Result<Option<Conversation>, Error> {
    let pair = params![app.0, one.min(other).0, one.max(other).0];
    db.prepare_cached(BETWEEN)?.query_and_then(pair, conversation)?.next().transpose()
}

const BY_UNIQUE_ID: &str = select_conversation!("unique_id = ?1 AND app = ?2");

pub(crate) fn by_unique_id(db: &Connection, app: AppKey, unique_id: &str) -> Result<Option<Conversation>, Error> {
    let mut statement = db.prepare_cached(BY_UNIQUE_ID)?;
    statement.query_and_then(params![unique_id, app.0], conversation)?.next().transpose()
}

fn conversation(row: &Row<'_>) -> Result<Conversation, Error> {
    let row = StoredRow::of("conversation", row);
    Ok(Conversation {
        key: ConversationKey(row.get(0)?),
        app: AppKey(row.get(1)?),
        users: [UserKey(row.get(2)?), UserKey(row.get(3)?)],
        unique_id: row.get(4)?,
        options: row.get(5)?,
        last_seq: row.get(6)?,
        last_at: row.moment(7)?,
        created_at: row.moment(8)?,
    })
}

macro_rules! select_participant {
    ($which:literal) => {
        concat!(
            "SELECT participant.user, participant.conversation, participant.peer, participant.listed, participant.incoming,
                participant.delivered, participant.read, participant.read_at, participant.unread_reset, participant.unread,
                participant.cleared, participant.is_hidden, participant.is_archived, participant.pinned_at FROM participant ",
            $which
        )
    };
}

const PARTICIPANT: &str = select_participant!("WHERE user = ?1 AND conversation = ?2");

pub(crate) fn participant(
    db: &Connection,
    user: UserKey,
    conversation: ConversationKey,
) -> Result<Option<Participant>, Error> {
    let mut statement = db.prepare_cached(PARTICIPANT)?;
    statement.query_and_then(params![user.0, conversation.0], parsed)?.next().transpose()
}

fn parsed(row: &Row<'_>) -> Result<Participant, Error> {
    let row = StoredRow::of("participant", row);
    let id = |column| row.get(column).map(MessageId);
    Ok(Participant {
        user: UserKey(row.get(0)?),
        conversation: ConversationKey(row.get(1)?),
        peer: UserKey(row.get(2)?),
        listed: id(3)?,
        incoming: id(4)?,
        delivered: id(5)?,
        read: id(6)?,
        read_at: row.get::<Option<i64>>(7)?.map(Moment::from_micros),
        unread_reset: id(8)?,
        unread: row.get(9)?,
        cleared: id(10)?,
        is_hidden: row.get(11)?,
        is_archived: row.get(12)?,
        pinned_at: row.get::<Option<i64>>(13)?.map(Moment::from_micros),
    })
}

/// Selects a user's conversations with users that exist, latest first. CROSS JOIN begins with the user's own rows.
macro_rules! list {
    ($start:literal, $which:literal, $end:literal) => {
        concat!(
            $start,
            " CROSS JOIN user ON user.key = participant.peer WHERE participant.user = ?1 AND user.app = ?2 AND participant.listed < ?3 ",
            $which,
            $end
        )
    };
}

/// One statement for each list, so that each uses its index.
macro_rules! lists {
    ($($name:ident $count:ident $which:literal;)*) => {$(
        const $name: &str = concat!(
            select_participant!(""),
            list!("", $which, " ORDER BY participant.listed DESC, participant.conversation DESC LIMIT ?4 OFFSET ?5")
        );
        const $count: &str = list!("SELECT count(*) FROM participant", $which, "");
    )*};
}

lists! {
    WRITTEN COUNT_WRITTEN "AND participant.listed > 0 AND participant.is_hidden = 0";
    ALL COUNT_ALL "AND participant.is_hidden = 0";
    PINNED COUNT_PINNED "AND participant.pinned_at IS NOT NULL AND participant.is_hidden = 0";
    UNPINNED COUNT_UNPINNED "AND participant.pinned_at IS NULL AND participant.listed > 0 AND participant.is_hidden = 0";
    ARCHIVED COUNT_ARCHIVED "AND participant.is_archived = 1 AND participant.is_hidden = 0";
    UNREAD COUNT_UNREAD "AND participant.unread > 0";
    UNDELIVERED COUNT_UNDELIVERED "AND participant.incoming > participant.delivered";
    EVERY COUNT_EVERY "";
}

fn statements(filter: ConversationFilter) -> (&'static str, &'static str) {
    match filter {
        ConversationFilter::Written => (WRITTEN, COUNT_WRITTEN),
        ConversationFilter::All => (ALL, COUNT_ALL),
        ConversationFilter::Pinned => (PINNED, COUNT_PINNED),
        ConversationFilter::Unpinned => (UNPINNED, COUNT_UNPINNED),
        ConversationFilter::Archived => (ARCHIVED, COUNT_ARCHIVED),
        ConversationFilter::Unread => (UNREAD, COUNT_UNREAD),
        ConversationFilter::Undelivered => (UNDELIVERED, COUNT_UNDELIVERED),
        ConversationFilter::HiddenToo => (EVERY, COUNT_EVERY),
    }
}

pub(crate) fn list(
    db: &Connection,
    app: AppKey,
    user: UserKey,
    filter: ConversationFilter,
    before: MessageId,
    offset: u64,
    limit: u32,
) -> Result<Vec<Participant>, Error> {
    let (list, _) = statements(filter);
    let offset = i64::try_from(offset).map_err(Error::internal)?;
    let mut statement = db.prepare_cached(list)?;
    readable(statement.query(params![user.0, app.0, before.0, limit, offset])?, parsed).collect()
}

pub(crate) fn count(db: &Connection, app: AppKey, user: UserKey, filter: ConversationFilter) -> Result<u64, Error> {
    let (_, count) = statements(filter);
    Ok(db.prepare_cached(count)?.query_row(params![user.0, app.0, MessageId::MAX.0], |row| row.get(0))?)
}

const TOTAL_UNREAD: &str = "
    SELECT coalesce(sum(participant.unread), 0) FROM participant CROSS JOIN user ON user.key = participant.peer
    WHERE participant.user = ?1 AND user.app = ?2 AND participant.unread > 0";

pub(crate) fn total_unread(db: &Connection, app: AppKey, user: UserKey) -> Result<u64, Error> {
    Ok(db.prepare_cached(TOTAL_UNREAD)?.query_row(params![user.0, app.0], |row| row.get(0))?)
}

const TOTAL_UNREAD_FROM: &str = "
    SELECT coalesce(sum(participant.unread), 0) FROM participant CROSS JOIN user ON user.key = participant.peer
    WHERE participant.user = ?1 AND user.app = ?2 AND participant.unread > 0 AND length(CAST(user.id AS BLOB)) <= ?3";

pub(crate) fn total_unread_from(db: &Connection, app: AppKey, user: UserKey, id_bytes_max: u32) -> Result<u64, Error> {
    Ok(db.prepare_cached(TOTAL_UNREAD_FROM)?.query_row(params![user.0, app.0, id_bytes_max], |row| row.get(0))?)
}

const WITH_UNREAD: &str = "
    SELECT DISTINCT participant.user FROM participant
    WHERE participant.unread > 0 AND participant.user > ?2
        AND (SELECT app FROM user WHERE user.key = participant.user) = ?1
    ORDER BY participant.user LIMIT ?3";

pub(crate) fn with_unread(
    db: &Connection,
    app: AppKey,
    after: Option<UserKey>,
    at_most: u32,
) -> Result<Vec<UserKey>, Error> {
    let mut statement = db.prepare_cached(WITH_UNREAD)?;
    readable(statement.query(params![app.0, after.map_or(0, |after| after.0), at_most])?, |row| {
        Ok(UserKey(row.get(0)?))
    })
    .collect()
}

const PINS: &str = "SELECT count(*) FROM participant WHERE user = ?1 AND pinned_at IS NOT NULL";

pub(crate) fn pins(db: &Connection, user: UserKey) -> Result<u32, Error> {
    Ok(db.prepare_cached(PINS)?.query_row(params![user.0], |row| row.get(0))?)
}

const PUT: &str = "
    INSERT INTO conversation (app, first, second, unique_id, options, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(crate) fn put(
    tx: &Transaction<'_>,
    app: AppKey,
    users: [UserKey; 2],
    unique_id: &str,
    options: &str,
    at: Moment,
) -> Result<ConversationKey, Error> {
    let [one, other] = users;
    let pair = (one.min(other).0, one.max(other).0);
    let row = params![app.0, pair.0, pair.1, unique_id, options, at.micros()];
    Ok(ConversationKey(tx.prepare_cached(PUT)?.insert(row)?))
}

const PUT_LAST: &str = "
    UPDATE conversation SET last_seq = ?2, last_at = ?3, oldest_at = coalesce(oldest_at, ?3) WHERE key = ?1";

pub(crate) fn put_last(tx: &Transaction<'_>, conversation: ConversationKey, seq: i64, at: Moment) -> Result<(), Error> {
    tx.prepare_cached(PUT_LAST)?.execute(params![conversation.0, seq, at.micros()])?;
    Ok(())
}

const PUT_PARTICIPANT: &str = "
    INSERT INTO participant (user, conversation, peer, listed, incoming, delivered, read, read_at, unread_reset, unread,
        cleared, is_hidden, is_archived, pinned_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
    ON CONFLICT (user, conversation) DO UPDATE SET listed = ?4, incoming = ?5, delivered = ?6, read = ?7, read_at = ?8,
        unread_reset = ?9, unread = ?10, cleared = ?11, is_hidden = ?12, is_archived = ?13, pinned_at = ?14";

pub(crate) fn put_participant(tx: &Transaction<'_>, participant: &Participant) -> Result<(), Error> {
    let row = params![
        participant.user.0,
        participant.conversation.0,
        participant.peer.0,
        participant.listed.0,
        participant.incoming.0,
        participant.delivered.0,
        participant.read.0,
        participant.read_at.map(Moment::micros),
        participant.unread_reset.0,
        participant.unread,
        participant.cleared.0,
        participant.is_hidden,
        participant.is_archived,
        participant.pinned_at.map(Moment::micros)
    ];
    tx.prepare_cached(PUT_PARTICIPANT)?.execute(row)?;
    Ok(())
}

const OF_USER: &str = "SELECT conversation FROM participant WHERE user = ?1 LIMIT 1";

const FORGET_MESSAGES: &str = "
    DELETE FROM message WHERE id IN (SELECT id FROM message WHERE conversation = ?1 LIMIT ?2)";

/// Participants go with it.
const FORGET: &str = "DELETE FROM conversation WHERE key = ?1";

/// Deletes at most `at_most` messages and conversations of a deleted user; returns how many.
pub(super) fn forget_naming(tx: &Transaction<'_>, user: UserKey, at_most: u32) -> Result<u32, Error> {
    let mut forgotten = 0;
    while forgotten < at_most {
        let found = tx.prepare_cached(OF_USER)?.query_row([user.0], |row| row.get::<_, i64>(0)).optional()?;
        let Some(conversation) = found else { break };
        let left = at_most - forgotten;
        let messages = tx.prepare_cached(FORGET_MESSAGES)?.execute(params![conversation, left])?;
        let messages = u32::try_from(messages).map_err(Error::internal)?;
        forgotten += messages;
        if messages < left {
            tx.prepare_cached(FORGET)?.execute([conversation])?;
            forgotten += 1;
        }
    }
    Ok(forgotten)
}

const WITH_MESSAGES_BEFORE: &str = select_conversation!("app = ?1 AND oldest_at < ?2 ORDER BY oldest_at LIMIT 1");

pub(crate) fn with_messages_before(
    db: &Connection,
    app: AppKey,
    before: Moment,
) -> Result<Option<Conversation>, Error> {
    let mut statement = db.prepare_cached(WITH_MESSAGES_BEFORE)?;
    statement.query_and_then(params![app.0, before.micros()], conversation)?.next().transpose()
}

/// Reads one row for each value of `shown`.
const PUT_OLDEST: &str = "
    UPDATE conversation SET oldest_at = (
        WITH RECURSIVE value (shown) AS (SELECT 0 UNION ALL SELECT shown + 1 FROM value WHERE shown < 7)
        SELECT min((SELECT at FROM message WHERE conversation = ?1 AND shown = value.shown ORDER BY id LIMIT 1)) FROM value)
    WHERE key = ?1";

pub(crate) fn put_oldest(tx: &Transaction<'_>, conversation: ConversationKey) -> Result<(), Error> {
    run(tx, PUT_OLDEST, [conversation.0])
}
