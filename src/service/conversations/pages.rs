//! Reads whose result a dialect writes on the reading thread, because writing a long page takes longer than reading it.

use std::collections::BTreeMap;

use super::reads::{
    ConversationList, ConversationPage, History, HistoryRequest, HistoryStart, history, list, undelivered,
};
use crate::{
    domain::{
        CallerKey, ConversationFilter, ConversationKey, ConversationRef, ConversationView, Error, Message, MessageId,
        MessageName, MessageView, Moment, Owner, Participant, Resource, UserKey,
    },
    service::{Service, apps::Tenant},
    store::{HistoryFrom, HistoryPage, LongReads},
};

/// The most messages of a conversation that are counted.
pub const COUNTED_MAX: u32 = 10_000;

/// The most conversations that one call clears or deletes together.
pub const CHANGED_TOGETHER_MAX: usize = 10_000;

/// Conversations that are changed in one transaction: some 6 ms of the writer's time. Each change has an event, and a
/// session's queue has room for 256.
pub const CHANGED_AT_ONCE: usize = 100;

/// Messages among which the first unread one is looked for: others may be the user's own.
const FIRST_UNREAD_AMONG: u32 = 50;

/// Conversations that are read at once to change all of them.
const KEYS_A_READ: u32 = 1000;

impl Service {
    /// Returns what `write` makes of a page of a user's conversations.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn conversations_as<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        page: ConversationPage,
        write: impl FnOnce(ConversationList) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let read = async move |db: &LongReads<'_>, app, user| Ok(write(list(db, app, user, page).await?));
        self.lists(tenant, by, owner).read(read).await
    }

    /// As [`Service::conversations_as`], with the first message of each conversation that counts as unread.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn conversations_with_unread_as<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        page: ConversationPage,
        write: impl FnOnce(ConversationList, &BTreeMap<ConversationKey, MessageName>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let read = async move |db: &LongReads<'_>, app, user| {
            let (listed, mut unread) = (list(db, app, user, page).await?, BTreeMap::new());
            for view in &listed.items {
                unread.extend(first_unread(db, view).await?.map(|name| (view.conversation.key, name)));
            }
            Ok(write(listed, &unread))
        };
        self.lists(tenant, by, owner).read(read).await
    }

    /// Returns what `write` makes of a page of a conversation, and of the number of messages that the user sees in it:
    /// at most [`COUNTED_MAX`].
    /// # Errors
    /// As [`Service::history`].
    pub async fn history_as<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        of: &ConversationRef,
        request: HistoryRequest,
        write: impl FnOnce(History, u32) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (app, owner, of) = (tenant.app.key, owner.clone(), of.clone());
        let read = async move |db: &LongReads<'_>| {
            let history = history(db, app, &owner, &of, &request).await?;
            let total = match &history.conversation {
                Some((conversation, own, _)) => match conversation.side_of(own.user) {
                    Some(side) => db.count_shown(conversation.key, side, own.cleared, COUNTED_MAX).await?,
                    None => 0,
                },
                None => 0,
            };
            Ok(write(history, total))
        };
        self.long_read(by, async move |db| db.snapshot(read).await).await
    }

    /// Returns the message of this name in a conversation, as a user sees it.
    /// # Errors
    /// `NotFound` for a user, the conversation or the message; `Invalid` for the user itself.
    pub async fn named_message(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        of: &ConversationRef,
        name: &MessageName,
    ) -> Result<(Message, History), Error> {
        let request = HistoryRequest { from: HistoryStart::ForwardFrom(name.clone()), limit: 1, with_recalled: true };
        let mut found = self.history(tenant, by, owner, of, request).await?;
        let message = found.messages.pop().ok_or(Error::NotFound(Resource::Message))?;
        Ok((message, found))
    }

    /// Returns the messages of this name in all conversations of a user, as the user sees them, each with the state of
    /// its recipient.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn messages_of_name(
        &self,
        tenant: &Tenant,
        user: UserKey,
        name: &MessageName,
    ) -> Result<Vec<(MessageView, Participant)>, Error> {
        let owner = Owner::Itself(user);
        let named = self.messages_named(tenant, CallerKey::User(user), &owner, vec![name.clone()]).await?;
        let mut found = Vec::new();
        for message in named {
            match self.message(tenant, &owner, message.id).await {
                Ok(seen) => found.push(seen),
                Err(Error::NotFound(Resource::Message)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Returns the ids of the newest messages to a user that were not delivered to it, oldest first, and the last event
    /// of that time.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn undelivered_ids(&self, tenant: &Tenant, user: UserKey) -> Result<(Vec<MessageId>, i64), Error> {
        let read = async |db: &LongReads<'_>, app, user| {
            let ids = undelivered(db, app, user).await?.into_iter().map(|view| view.message.id).collect();
            Ok((ids, db.last_event_seq().await?))
        };
        self.lists(tenant, CallerKey::User(user), &Owner::Itself(user)).read(read).await
    }

    /// Returns the first id whose message was sent at this time or later.
    pub async fn message_id_at(&self, at: Moment) -> Result<MessageId, Error> {
        self.read(async |db| db.first_id_at(at).await).await
    }

    /// Returns the keys of a user's conversations that have a message and are on its list, latest first: at most
    /// [`CHANGED_TOGETHER_MAX`].
    /// # Errors
    /// `NotFound(User)`.
    pub async fn conversation_keys(&self, tenant: &Tenant, user: UserKey) -> Result<Vec<ConversationKey>, Error> {
        let read = async |db: &LongReads<'_>, app, user| {
            let (mut keys, mut offset) = (Vec::new(), 0);
            while keys.len() < CHANGED_TOGETHER_MAX {
                let filter = ConversationFilter::Written;
                let page = db.participants(app, user, filter, MessageId::MAX, offset, KEYS_A_READ).await?;
                if page.is_empty() {
                    break;
                }
                offset += page.len() as u64;
                keys.extend(page.iter().map(|own| own.conversation));
            }
            Ok(keys)
        };
        self.lists(tenant, CallerKey::User(user), &Owner::Itself(user)).read(read).await
    }
}

/// Returns the first message that counts as unread, if it is found among the next ones.
async fn first_unread(db: &LongReads<'_>, view: &ConversationView) -> Result<Option<MessageName>, Error> {
    let (own, Some(side)) = (&view.own, view.conversation.side_of(view.own.user)) else { return Ok(None) };
    if own.unread == 0 {
        return Ok(None);
    }
    let above = own.counted_from();
    let from = HistoryFrom::From(MessageId(above.0.saturating_add(1)));
    let page = HistoryPage { from, above, with_recalled: false, limit: FIRST_UNREAD_AMONG };
    let next = db.history(view.conversation.key, side, &page).await?;
    let first = next.into_iter().find(|message| message.sender == own.peer && !message.flags.is_uncounted);
    Ok(first.map(|message| message.name))
}
