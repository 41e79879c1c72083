//! What happened in a user's conversations, but for sent and changed messages, for clients that ask from time to time.

use std::time::Duration;

use crate::{
    domain::{
        AppKey, CallerKey, Conversation, ConversationNews, Error, Event, EventNews, Mark, Message, MessageId,
        MessageName, Moment, User, UserKey,
    },
    service::{Service, apps::Tenant},
    store::{HistoryFrom, HistoryPage, LongReads},
};

/// The most entries of one read.
pub const ENTRIES_MAX: usize = 100;

/// How far back a client reads that has no entry yet.
const FIRST_READ: Duration = Duration::from_secs(60);

/// Messages that are looked at in search of the newest one that a mark covers.
const COVERED_MAX: u32 = 20;

#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// The number of the event.
    pub seq: i64,
    pub at: Moment,
    pub actor: User,
    pub conversation: Conversation,
    pub what: LoggedChange,
}

#[derive(Debug, Clone, PartialEq)]
pub enum LoggedChange {
    /// The other user's mark covers this message of the reader; it is the newest one that the mark covers.
    Marked(Mark, Box<Message>),
    /// Both users lost these messages.
    Deleted(Vec<MessageName>),
    /// The reader cleared the conversation for itself.
    Cleared,
}

impl Service {
    /// Returns the first entries after an event, oldest first; for 0, those of the last minute.
    pub async fn chat_log(&self, tenant: &Tenant, user: UserKey, after: i64) -> Result<Vec<LogEntry>, Error> {
        let (app, since) = (tenant.app.key, self.now().before(FIRST_READ));
        let read = async move |db: &LongReads<'_>| {
            let mut after = if after > 0 { after } else { db.event_seq_before(since).await? };
            let mut entries = Vec::new();
            loop {
                let events = db.chat_events(app, user, after, u32::try_from(ENTRIES_MAX).unwrap_or(u32::MAX)).await?;
                let Some(last) = events.last() else { return Ok(entries) };
                after = last.seq;
                let is_part = events.len() >= ENTRIES_MAX;
                for event in events {
                    entries.extend(entry(db, app, user, event).await?);
                }
                if entries.len() >= ENTRIES_MAX || !is_part {
                    entries.truncate(ENTRIES_MAX);
                    return Ok(entries);
                }
            }
        };
        self.long_read(CallerKey::User(user), read).await
    }
}

/// None if the conversation, one of its users or the message does not exist any more.
async fn entry(db: &LongReads<'_>, app: AppKey, user: UserKey, event: Event) -> Result<Option<LogEntry>, Error> {
    let EventNews::Conversation { key, news, .. } = event.kind.news() else { return Ok(None) };
    let Some(conversation) = db.conversation(app, key).await? else { return Ok(None) };
    let Some(actor) = db.readable_user(app, event.user).await? else { return Ok(None) };
    let what = match news {
        ConversationNews::MarkMoved { mark, from, upto } => {
            covered(db, &conversation, user, from, upto).await?.map(|newest| LoggedChange::Marked(mark, newest))
        }
        ConversationNews::Recalled(messages) => {
            let mut names = Vec::with_capacity(messages.len());
            for id in messages {
                names.extend(db.message(*id).await?.filter(|found| found.conversation == key).map(|found| found.name));
            }
            (!names.is_empty()).then_some(LoggedChange::Deleted(names))
        }
        ConversationNews::Changed(_) => Some(LoggedChange::Cleared),
        ConversationNews::Sent
        | ConversationNews::Edited(_)
        | ConversationNews::Hidden(_)
        | ConversationNews::ReceiptsSent(_) => None,
    };
    Ok(what.map(|what| LogEntry { seq: event.seq, at: event.at, actor, conversation, what }))
}

/// Returns the newest message of the reader that a mark of the other user covers now and did not cover before.
async fn covered(
    db: &LongReads<'_>,
    conversation: &Conversation,
    reader: UserKey,
    from: MessageId,
    upto: MessageId,
) -> Result<Option<Box<Message>>, Error> {
    let Some(side) = conversation.side_of(reader) else { return Ok(None) };
    let before = HistoryFrom::Before(MessageId(upto.0.saturating_add(1)));
    let page = HistoryPage { from: before, above: from, with_recalled: false, limit: COVERED_MAX };
    let found = db.history(conversation.key, side, &page).await?;
    let is_it = |message: &Message| message.sender == reader && message.is_shown_to(side.other());
    Ok(found.into_iter().find(is_it).map(Box::new))
}
