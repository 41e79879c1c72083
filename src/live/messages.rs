//! Notices about conversations, made from event rows and the present rows of messages.

use crate::{
    domain::{
        AppKey, ChatEvent, ChatNews, ConversationChange, ConversationKey, ConversationNews, Error, Event, EventNews,
        Mark, Message, MessageId, MessageName, Notification, Side, TURNED_MAX, User, UserKey,
    },
    store::{Db, HistoryFrom, HistoryPage},
};

/// Returns the notice for an event of a conversation. None for other events, and when the conversation, one of its
/// users or the message does not exist any more.
pub async fn notice_of(db: &Db<'_>, event: &Event) -> Result<Option<Notification>, Error> {
    let EventNews::Conversation { key, news, .. } = event.kind.news() else { return Ok(None) };
    let Some(conversation) = db.conversation(event.app, key).await? else { return Ok(None) };
    let Some(side) = conversation.side_of(event.user) else { return Ok(None) };
    let (actor, other) = (conversation.user(side), conversation.user(side.other()));
    let (Some(actor), Some(other)) = (user(db, event.app, actor).await?, user(db, event.app, other).await?) else {
        return Ok(None);
    };
    let about = About { db, conversation: conversation.key, side, actor: &actor, other: &other };
    let Some(happened) = about.happened(event, news).await? else { return Ok(None) };
    let news = ChatNews { conversation, actor, other, at: event.at, event: happened };
    Ok(Some(Notification::Chat { seq: event.seq, news: Box::new(news) }))
}

async fn user(db: &Db<'_>, app: AppKey, key: UserKey) -> Result<Option<User>, Error> {
    db.readable_user(app, key).await
}

struct About<'a> {
    db: &'a Db<'a>,
    conversation: ConversationKey,
    /// The side of the actor.
    side: Side,
    actor: &'a User,
    other: &'a User,
}

impl About<'_> {
    async fn happened(&self, event: &Event, news: ConversationNews<'_>) -> Result<Option<ChatEvent>, Error> {
        Ok(match news {
            ConversationNews::Sent => self.message(MessageId(event.seq)).await?.map(ChatEvent::Sent),
            ConversationNews::Edited(message) => self.message(message).await?.map(ChatEvent::Edited),
            ConversationNews::Recalled(messages) => Some(ChatEvent::Recalled(self.messages(messages).await?)),
            ConversationNews::Hidden(messages) => {
                Some(ChatEvent::Hidden { messages: self.messages(messages).await?, last: self.last().await? })
            }
            ConversationNews::MarkMoved { mark, from, upto } => Some(self.moved(mark, from, upto).await?),
            ConversationNews::ReceiptsSent(messages) => Some(ChatEvent::ReceiptsSent(self.messages(messages).await?)),
            ConversationNews::Changed(change) => Some(self.changed(change).await?),
        })
    }

    async fn message(&self, id: MessageId) -> Result<Option<Message>, Error> {
        Ok(self.db.message(id).await?.filter(|message| message.conversation == self.conversation))
    }

    /// Leaves out messages that do not exist any more.
    async fn messages(&self, ids: &[MessageId]) -> Result<Vec<Message>, Error> {
        let mut messages = Vec::with_capacity(ids.len());
        for id in ids {
            messages.extend(self.message(*id).await?);
        }
        Ok(messages)
    }

    async fn moved(&self, mark: Mark, from: MessageId, upto: MessageId) -> Result<ChatEvent, Error> {
        let before = HistoryFrom::Before(MessageId(upto.0.saturating_add(1)));
        let page = HistoryPage { from: before, above: from, with_recalled: false, limit: TURNED_MAX };
        let mut turned = self.db.history(self.conversation, self.side, &page).await?;
        turned.retain(|message| message.sender == self.other.key);
        Ok(ChatEvent::MarkMoved { mark, upto, turned })
    }

    async fn changed(&self, change: ConversationChange) -> Result<ChatEvent, Error> {
        let last = match change {
            ConversationChange::Cleared { upto } => self.newest_upto(upto).await?,
            ConversationChange::Hidden { .. }
            | ConversationChange::Pinned
            | ConversationChange::Unpinned
            | ConversationChange::Archived
            | ConversationChange::Unarchived
            | ConversationChange::UnreadReset => self.last().await?,
        };
        Ok(ChatEvent::Changed { change, last })
    }

    /// Returns the name of the newest message up to this one that the actor has not deleted.
    async fn newest_upto(&self, upto: MessageId) -> Result<Option<MessageName>, Error> {
        let from = HistoryFrom::Before(MessageId(upto.0.saturating_add(1)));
        let page = HistoryPage { from, above: MessageId::NONE, with_recalled: true, limit: 1 };
        Ok(self.db.history(self.conversation, self.side, &page).await?.pop().map(|message| message.name))
    }

    /// Returns the name of the newest message that the actor sees.
    async fn last(&self) -> Result<Option<MessageName>, Error> {
        let own = self.db.participant(self.actor.key, self.conversation).await?;
        let above = own.map_or(MessageId::NONE, |own| own.cleared);
        let page = HistoryPage { from: HistoryFrom::Before(MessageId::MAX), above, with_recalled: true, limit: 1 };
        Ok(self.db.history(self.conversation, self.side, &page).await?.pop().map(|message| message.name))
    }
}
