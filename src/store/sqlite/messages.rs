//! Messages of conversations.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde_json::{Map, Value, json};

use super::row::{StoredRow, readable, report, run_counted};
use crate::{
    domain::{
        AppKey, CloudData, ConversationKey, CustomBody, Error, Extras, Fault, Message, MessageBody, MessageData,
        MessageEdit, MessageFlags, MessageId, MessageName, MessageNumbers, MessageOrigin, MessageRecall, MessageText,
        Metadata, Moment, Page, RECALLED_BIT, Side, Topic, UserKey,
    },
    store::{HistoryFrom, HistoryPage},
};

macro_rules! select_message {
    ($which:literal) => {
        concat!(
            "SELECT message.id, message.conversation, message.seq, message.sender, message.at, message.name,
                message.origin, message.text, message.custom, message.custom_format, message.free, message.reply_to,
                message.number_seq, message.number_random, message.client_time_s, message.flags, message.receipt_at,
                message.edited_at, message.edit_name, message.version, message.recalled_at, message.recalled_by,
                message.recall_reason, message.shown FROM message ",
            $which
        )
    };
}

const FIND: &str = select_message!("WHERE id = ?1");

pub(crate) fn find(db: &Connection, id: MessageId) -> Result<Option<Message>, Error> {
    db.prepare_cached(FIND)?.query_and_then(params![id.0], message)?.next().transpose()
}

const NAMED: &str = select_message!("WHERE name = ?1 AND conversation = ?2");

pub(crate) fn named(
    db: &Connection,
    conversation: ConversationKey,
    name: &MessageName,
) -> Result<Option<Message>, Error> {
    let mut statement = db.prepare_cached(NAMED)?;
    statement.query_and_then(params![name.as_str(), conversation.0], message)?.next().transpose()
}

const NAMED_IN_APP: &str = select_message!(
    "JOIN conversation ON conversation.key = message.conversation
    WHERE message.name = ?1 AND conversation.app = ?2 LIMIT ?3"
);

pub(crate) fn named_in_app(
    db: &Connection,
    app: AppKey,
    name: &MessageName,
    at_most: u32,
) -> Result<Vec<Message>, Error> {
    let mut statement = db.prepare_cached(NAMED_IN_APP)?;
    readable(statement.query(params![name.as_str(), app.0, at_most])?, message).collect()
}

const NUMBERED: &str = select_message!("WHERE conversation = ?1 AND number_random = ?2 ORDER BY id DESC LIMIT ?3");

pub(crate) fn numbered(
    db: &Connection,
    conversation: ConversationKey,
    random: u32,
    at_most: u32,
) -> Result<Vec<Message>, Error> {
    let mut statement = db.prepare_cached(NUMBERED)?;
    readable(statement.query(params![conversation.0, random, at_most])?, message).collect()
}

/// Oldest first within a value of `shown`: no message of a conversation is older than one before it.
const OLDEST: &str = select_message!("WHERE conversation = ?1 AND shown = ?2 ORDER BY id LIMIT ?3");

/// A damaged row counts as one of `at_most`, so that these are the rows that [`take_older`] deletes.
pub(crate) fn older(
    db: &Connection,
    conversation: ConversationKey,
    before: Moment,
    at_most: u32,
) -> Result<Vec<Message>, Error> {
    let (mut left, mut found) = (at_most, Vec::new());
    let mut statement = db.prepare_cached(OLDEST)?;
    for shown in ALL_SHOWN {
        let mut rows = statement.query(params![conversation.0, shown, left])?;
        while let Some(row) = rows.next()?
            && row.get::<_, i64>(4)? < before.micros()
        {
            left -= 1;
            found.extend(message(row).inspect_err(report));
        }
    }
    Ok(found)
}

const TAKE_OLDEST: &str = "
    DELETE FROM message WHERE id IN (
        SELECT id FROM (SELECT id, at FROM message WHERE conversation = ?1 AND shown = ?2 ORDER BY id LIMIT ?4)
        WHERE at < ?3)";

pub(crate) fn take_older(
    tx: &Transaction<'_>,
    conversation: ConversationKey,
    before: Moment,
    at_most: u32,
) -> Result<u32, Error> {
    let mut taken = 0;
    for shown in ALL_SHOWN {
        taken += run_counted(tx, TAKE_OLDEST, params![conversation.0, shown, before.micros(), at_most - taken])?;
    }
    Ok(taken)
}

/// All values of the column.
const ALL_SHOWN: RangeInclusive<u8> = 0..=7;

const BEFORE: &str =
    select_message!("WHERE conversation = ?1 AND shown = ?2 AND id < ?3 AND id > ?4 ORDER BY id DESC LIMIT ?5");

const FROM: &str =
    select_message!("WHERE conversation = ?1 AND shown = ?2 AND id >= ?3 AND id > ?4 ORDER BY id LIMIT ?5");

/// Returns the values of `shown` of the messages that a side sees.
fn shown_to(side: Side, with_recalled: bool) -> impl Iterator<Item = u8> {
    (0..=7_u8).filter(move |shown| shown & side.bit() != 0 && (with_recalled || shown & RECALLED_BIT == 0))
}

/// Reads a page from the index entries of each kind, and merges them. Costs the same on each page.
pub(crate) fn history(
    db: &Connection,
    conversation: ConversationKey,
    side: Side,
    page: &HistoryPage,
) -> Result<Vec<Message>, Error> {
    let (statement, from) = match page.from {
        HistoryFrom::Before(id) => (BEFORE, id),
        HistoryFrom::From(id) => (FROM, id),
    };
    let mut statement = db.prepare_cached(statement)?;
    let mut found = Vec::new();
    for shown in shown_to(side, page.with_recalled) {
        let rows = statement.query(params![conversation.0, shown, from.0, page.above.0, page.limit])?;
        for read in readable(rows, message) {
            found.push(read?);
        }
    }
    match page.from {
        HistoryFrom::Before(_) => found.sort_unstable_by_key(|message| std::cmp::Reverse(message.id)),
        HistoryFrom::From(_) => found.sort_unstable_by_key(|message| message.id),
    }
    found.truncate(page.limit as usize);
    Ok(found)
}

const PAGE: &str = select_message!(
    "WHERE id IN (SELECT id FROM message WHERE conversation = (SELECT key FROM conversation WHERE key = ?1 AND app = ?4)
            AND shown BETWEEN 1 AND 3
        ORDER BY id DESC LIMIT ?2 OFFSET ?3)
    ORDER BY id DESC"
);

pub(crate) fn page(
    db: &Connection,
    app: AppKey,
    conversation: ConversationKey,
    page: Page,
) -> Result<Vec<Message>, Error> {
    let offset = i64::try_from(page.offset()).map_err(Error::internal)?;
    let mut statement = db.prepare_cached(PAGE)?;
    readable(statement.query(params![conversation.0, page.limit(), offset, app.0])?, message).collect()
}

const NEXT_TIME: &str =
    "SELECT id, at FROM message WHERE conversation = ?1 AND shown = ?2 AND id >= ?3 ORDER BY id LIMIT 1";

const LAST_ID: &str = "SELECT max(id) FROM message WHERE conversation = ?1 AND shown = ?2";

/// Finds the first message that a side sees and that is not earlier than `at`, by halving: times do not fall inside a
/// conversation. Some 30 look-ups for each kind of row.
pub(crate) fn first_at(
    db: &Connection,
    conversation: ConversationKey,
    side: Side,
    at: Moment,
) -> Result<Option<MessageId>, Error> {
    let mut next_time = db.prepare_cached(NEXT_TIME)?;
    let mut last_id = db.prepare_cached(LAST_ID)?;
    let mut first: Option<i64> = None;
    for shown in shown_to(side, true) {
        let last: Option<i64> = last_id.query_row(params![conversation.0, shown], |row| row.get(0))?;
        // The answer is in low..=high; `high` is one above the last row when there is none.
        let (mut low, mut high) = (0, last.map_or(0, |last| last + 1));
        while low < high {
            let middle = low + (high - low) / 2;
            let pair = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
            match next_time.query_row(params![conversation.0, shown, middle], pair).optional()? {
                Some((id, time)) if time < at.micros() => low = id + 1,
                Some(_) | None => high = middle,
            }
        }
        if last.is_some_and(|last| low <= last) {
            let id: Option<i64> =
                next_time.query_row(params![conversation.0, shown, low], |row| row.get(0)).optional()?;
            first = first.into_iter().chain(id).min();
        }
    }
    Ok(first.map(MessageId))
}

const NEXT_ID: &str = "SELECT id, at FROM message WHERE id >= ?1 ORDER BY id LIMIT 1";

const LAST: &str = "SELECT max(id) FROM message";

/// By halving: ids and times rise together, but for a clock that was set back.
pub(crate) fn first_id_at(db: &Connection, at: Moment) -> Result<MessageId, Error> {
    let mut next = db.prepare_cached(NEXT_ID)?;
    let last: Option<i64> = db.prepare_cached(LAST)?.query_row([], |row| row.get(0))?;
    let (mut low, mut high) = (0, last.map_or(0, |last| last + 1));
    while low < high {
        let middle = low + (high - low) / 2;
        let pair = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        match next.query_row(params![middle], pair).optional()? {
            Some((id, time)) if time < at.micros() => low = id + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(MessageId(low))
}

const COUNT_SHOWN: &str = "
    SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation = ?1 AND shown = ?2 AND id > ?3 LIMIT ?4)";

pub(crate) fn count_shown(
    db: &Connection,
    conversation: ConversationKey,
    side: Side,
    above: MessageId,
    at_most: u32,
) -> Result<u32, Error> {
    let mut statement = db.prepare_cached(COUNT_SHOWN)?;
    let mut total = 0;
    for shown in shown_to(side, true) {
        let rows = params![conversation.0, shown, above.0, at_most];
        total += statement.query_row(rows, |row| row.get::<_, u32>(0))?;
    }
    Ok(total.min(at_most))
}

const NEWEST_IDS: &str =
    "SELECT id FROM message WHERE conversation = ?1 AND shown = ?2 AND id > ?3 ORDER BY id DESC LIMIT ?4";

/// Reads index entries only: `skipped` of each kind, some 0.2 us each.
pub(crate) fn shown_before(
    db: &Connection,
    conversation: ConversationKey,
    side: Side,
    above: MessageId,
    skipped: u32,
) -> Result<Option<MessageId>, Error> {
    let mut statement = db.prepare_cached(NEWEST_IDS)?;
    let mut ids: Vec<i64> = Vec::new();
    for shown in shown_to(side, true) {
        let rows = params![conversation.0, shown, above.0, skipped];
        for id in statement.query_map(rows, |row| row.get(0))? {
            ids.push(id?);
        }
    }
    ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    let count = (skipped as usize).min(ids.len());
    Ok(count.checked_sub(1).and_then(|last| ids.get(last)).map(|id| MessageId(*id)))
}

const COUNT: &str = "
    SELECT count(*) FROM message WHERE conversation = ?1 AND shown = ?2 AND id > ?3 AND id <= ?4 AND sender = ?5
        AND flags & 2 = 0";

/// Counts the messages of `sender` in this range that a side sees and that count as unread. Reads all rows of the range.
pub(crate) fn count(
    db: &Connection,
    conversation: ConversationKey,
    side: Side,
    sender: UserKey,
    after: MessageId,
    upto: MessageId,
) -> Result<u32, Error> {
    let mut statement = db.prepare_cached(COUNT)?;
    let mut total = 0;
    for shown in shown_to(side, false) {
        let range = params![conversation.0, shown, after.0, upto.0, sender.0];
        total += statement.query_row(range, |row| row.get::<_, u32>(0))?;
    }
    Ok(total)
}

const PUT: &str = "
    INSERT INTO message (id, conversation, seq, sender, shown, name, origin, text, custom, custom_format, free, reply_to,
        number_seq, number_random, client_time_s, flags, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

pub(crate) fn put(tx: &Transaction<'_>, message: &Message) -> Result<(), Error> {
    let (custom, format) = custom_columns(&message.body);
    let row = params![
        message.id.0,
        message.conversation.0,
        message.seq,
        message.sender.0,
        message.shown,
        message.name.as_str(),
        message.origin.as_str(),
        message.body.text.as_str(),
        custom,
        format,
        free_column(&message.data),
        message.reply_to.as_ref().map(MessageName::as_str),
        message.numbers.seq,
        message.numbers.random,
        message.numbers.client_time_s,
        message.flags.bits(),
        message.at.micros()
    ];
    tx.prepare_cached(PUT)?.execute(row)?;
    Ok(())
}

const EDIT: &str = "
    UPDATE message SET text = ?2, custom = ?3, custom_format = ?4, free = ?5, edited_at = ?6, edit_name = ?7, version = ?8
    WHERE id = ?1";

/// Stores the content of a changed message, and its change.
pub(crate) fn put_edit(tx: &Transaction<'_>, message: &Message) -> Result<(), Error> {
    let (custom, format) = custom_columns(&message.body);
    let row = params![
        message.id.0,
        message.body.text.as_str(),
        custom,
        format,
        free_column(&message.data),
        message.edit.as_ref().map(|edit| edit.at.micros()),
        message.edit.as_ref().and_then(|edit| edit.name.as_ref()).map(MessageName::as_str),
        message.version
    ];
    tx.prepare_cached(EDIT)?.execute(row)?;
    Ok(())
}

const RECALL: &str = "
    UPDATE message SET shown = shown | 4, text = '', custom = NULL, custom_format = NULL, free = NULL, recalled_at = ?2,
        recalled_by = ?3, recall_reason = ?4 WHERE id = ?1";

/// Marks a message as recalled and wipes its content.
pub(crate) fn put_recall(tx: &Transaction<'_>, id: MessageId, recall: &MessageRecall) -> Result<(), Error> {
    let row = params![id.0, recall.at.micros(), recall.by.0, recall.reason];
    tx.prepare_cached(RECALL)?.execute(row)?;
    Ok(())
}

const HIDE: &str = "UPDATE message SET shown = shown & ~?2 WHERE id = ?1";

/// Deletes a message for one side.
pub(crate) fn hide(tx: &Transaction<'_>, id: MessageId, side: Side) -> Result<(), Error> {
    tx.prepare_cached(HIDE)?.execute(params![id.0, side.bit()])?;
    Ok(())
}

const RECEIPT: &str = "UPDATE message SET receipt_at = ?2 WHERE id = ?1";

pub(crate) fn put_receipt(tx: &Transaction<'_>, id: MessageId, at: Moment) -> Result<(), Error> {
    tx.prepare_cached(RECEIPT)?.execute(params![id.0, at.micros()])?;
    Ok(())
}

fn custom_columns(body: &MessageBody) -> (Option<String>, Option<&'static str>) {
    body.custom.as_ref().map(|custom| (custom.json().to_string(), custom.format.as_str())).unzip()
}

/// Names in the stored JSON of free data.
const EXTRAS: &str = "extras";
const PAYLOAD: &str = "payload";
const METADATA: &str = "metadata";
const TOPIC: &str = "topic";
const CLOUD: &str = "cloud";

fn free_column(data: &MessageData) -> Option<String> {
    let object = |map: &Map<String, Value>| (!map.is_empty()).then(|| Value::Object(map.clone()));
    let text = |text: &str| (!text.is_empty()).then(|| json!(text));
    let kinds = [
        (EXTRAS, object(data.extras.as_object())),
        (PAYLOAD, object(data.payload.as_object())),
        (METADATA, object(data.metadata.as_object())),
        (TOPIC, text(data.topic.as_str())),
        (CLOUD, text(data.cloud.as_str())),
    ];
    let kept: Map<String, Value> =
        kinds.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    (!kept.is_empty()).then(|| Value::Object(kept).to_string())
}

fn data_of(mut free: Map<String, Value>) -> Result<MessageData, Fault> {
    let mut take = |name: &str| free.remove(name);
    let object = |value: Option<Value>| value.map_or(Ok(Extras::default()), Extras::parse);
    let metadata = match take(METADATA) {
        Some(Value::Object(pairs)) => Metadata::parse(pairs)?,
        Some(_) | None => Metadata::default(),
    };
    let topic = take(TOPIC).as_ref().and_then(Value::as_str).map_or(Ok(Topic::default()), Topic::parse)?;
    let cloud = take(CLOUD).as_ref().and_then(Value::as_str).map_or(Ok(CloudData::default()), CloudData::parse)?;
    Ok(MessageData { extras: object(take(EXTRAS))?, payload: object(take(PAYLOAD))?, metadata, topic, cloud })
}

fn message(row: &Row<'_>) -> Result<Message, Error> {
    let row = StoredRow::of("message", row);
    let moment = |column| Ok::<_, Error>(row.get::<Option<i64>>(column)?.map(Moment::from_micros));
    let custom = match row.parsed_if_any(9, MessageOrigin::parse)? {
        Some(format) => Some(CustomBody::parse(format, row.json(8)?).map_err(|fault| row.broken(8, fault))?),
        None => None,
    };
    let data = match row.get::<Option<String>>(10)? {
        Some(_) => data_of(row.json(10)?).map_err(|fault| row.broken(10, fault))?,
        None => MessageData::default(),
    };
    let (edited_at, edit_name) = (moment(17)?, row.parsed_if_any(18, MessageName::parse)?);
    let recall = match (moment(20)?, row.get::<Option<i64>>(21)?) {
        (Some(at), Some(by)) => {
            Some(MessageRecall { at, by: UserKey(by), reason: row.get::<Option<String>>(22)?.unwrap_or_default() })
        }
        (Some(_), None) | (None, _) => None,
    };
    Ok(Message {
        id: MessageId(row.get(0)?),
        conversation: ConversationKey(row.get(1)?),
        seq: row.get(2)?,
        sender: UserKey(row.get(3)?),
        at: row.moment(4)?,
        name: row.parsed(5, MessageName::parse)?,
        origin: row.parsed(6, MessageOrigin::parse)?,
        body: MessageBody { text: row.parsed(7, MessageText::stored)?, custom },
        data,
        reply_to: row.parsed_if_any(11, MessageName::parse)?,
        numbers: MessageNumbers { seq: row.get(12)?, random: row.get(13)?, client_time_s: row.get(14)? },
        flags: MessageFlags::of_bits(row.get(15)?),
        receipt_at: moment(16)?,
        edit: edited_at.map(|at| MessageEdit { at, name: edit_name }),
        version: row.get(19)?,
        recall,
        shown: row.get(23)?,
    })
}
