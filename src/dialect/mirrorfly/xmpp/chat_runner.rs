//! Runs the commands about conversations.

use std::{collections::HashSet, time::Duration};

use tokio::time::sleep;

use super::{
    chat_query::{self, ChatChange, ChatQuery},
    protocol::{StanzaError, XmppCommand, XmppResult},
    socket::{SignedInUser, command_error},
};
use crate::{
    domain::{
        CallerKey, ConversationChange, ConversationFilter, ConversationKey, ConversationRef, Error, Mark, MessageId,
        MessageName, MessageRef, MessageView, Owner, Participant, Resource, UserId,
    },
    service::{
        Service,
        conversations::{
            changes::{EditOutcome, MessageChange, RecallOutcome, RecallRequest},
            marks::{MarkRequest, UpTo},
            pages::CHANGED_AT_ONCE,
            reads::{CONVERSATIONS_MAX, ConversationPage},
        },
    },
};

/// Tries to read what waits for a client while too many others read.
const TRIES_MAX: u32 = 50;

const PAUSE: Duration = Duration::from_millis(200);

/// A command about conversations, by one user.
pub(super) struct ChatRunner<'a> {
    pub(super) service: &'a Service,
    pub(super) user: &'a SignedInUser,
}

impl ChatRunner<'_> {
    /// Runs a command about conversations. None for other commands.
    pub(super) async fn run(&self, command: &XmppCommand) -> Option<XmppResult> {
        let done = match command {
            XmppCommand::Send { to, name, sent } => {
                let message = (**sent).clone().into_message(Some(name.clone()));
                self.send(to, message).await
            }
            XmppCommand::Edit { with, name, edit, sent } => {
                let change = MessageChange {
                    body: Some(sent.body()),
                    metadata: sent.metadata.clone(),
                    name: Some(edit.clone()),
                    ..MessageChange::default()
                };
                self.edit(with, name, change).await
            }
            XmppCommand::Mark { with, mark, name } => self.mark(with, *mark, name).await,
            XmppCommand::Recall { with, names } => self.recall(with, names).await,
            XmppCommand::Typing { with, is_typing } => {
                let typing = self.service.announce_typing(self.tenant(), &self.owner(), &of(with), *is_typing).await;
                typing.map(|()| XmppResult::Done)
            }
            XmppCommand::ReadChat(query) => self.read(query).await.map(XmppResult::Listed),
            XmppCommand::ChangeChat(change) => self.change(change).await.map(XmppResult::Changed),
            XmppCommand::ChangeAllChats { change, rest } => self.change_all(*change, rest.clone()).await,
            XmppCommand::ReadUndelivered => return Some(self.undelivered().await),
            XmppCommand::ReadMessages(ids) => self.messages(ids).await.map(XmppResult::Messages),
            XmppCommand::FollowContacts => Ok(online(self.service.follow_contacts(self.tenant(), self.user.key).await)),
            XmppCommand::FollowPartner(partner) => {
                Ok(online(self.service.follow_partner(self.tenant(), self.user.key, *partner).await))
            }
            XmppCommand::ReadPresence(users) => {
                let seen = self.service.presence_of_contacts(self.tenant(), self.user.key, users).await;
                seen.map(XmppResult::PresenceChanged)
            }
            XmppCommand::SignIn { .. }
            | XmppCommand::LookBack(_)
            | XmppCommand::SetProfile(_)
            | XmppCommand::ReadProfile(_)
            | XmppCommand::ReadList { .. }
            | XmppCommand::Block { .. }
            | XmppCommand::ReadLastSeen(_)
            | XmppCommand::ReadSettings
            | XmppCommand::KeepArchived(_) => return None,
        };
        Some(done.unwrap_or_else(|error| command_error(&error)))
    }

    fn tenant(&self) -> &crate::service::Tenant {
        &self.user.tenant
    }

    fn owner(&self) -> Owner {
        Owner::Itself(self.user.key)
    }

    fn caller(&self) -> CallerKey {
        CallerKey::User(self.user.key)
    }

    async fn send(
        &self,
        to: &UserId,
        new: crate::service::conversations::sending::NewMessage,
    ) -> Result<XmppResult, Error> {
        let sent = self.service.send_message(self.tenant(), &self.owner(), &of(to), new).await?;
        let seq = (!sent.is_repeat).then_some(sent.message.id.0);
        Ok(XmppResult::Acknowledged { names: vec![sent.message.name], seq, at: sent.message.at })
    }

    async fn edit(&self, with: &UserId, name: &MessageName, change: MessageChange) -> Result<XmppResult, Error> {
        let wanted = MessageRef::Name(name.clone());
        Ok(match self.service.edit_message(self.tenant(), &self.owner(), &of(with), wanted, change).await? {
            EditOutcome::Edited(message, seq) => {
                let seq = Some(seq).filter(|seq| *seq != 0);
                XmppResult::Acknowledged { names: vec![message.name], seq, at: message.at }
            }
            EditOutcome::NoSuchMessage | EditOutcome::NotOwn | EditOutcome::Recalled => {
                XmppResult::Refused(StanzaError::ItemNotFound)
            }
            EditOutcome::TooLate | EditOutcome::OtherVersion(_) => {
                XmppResult::Refused(StanzaError::bad_request("The message has changed meanwhile"))
            }
        })
    }

    async fn mark(&self, with: &UserId, mark: Mark, name: &MessageName) -> Result<XmppResult, Error> {
        let request = MarkRequest { mark, upto: UpTo::Named(name.clone()) };
        let moved = self.service.mark_messages(self.tenant(), &self.owner(), &of(with), request).await?;
        if moved.own.is_none() {
            return Ok(XmppResult::Refused(StanzaError::ItemNotFound));
        }
        Ok(XmppResult::Acknowledged { names: vec![name.clone()], seq: moved.seq, at: self.service.now() })
    }

    /// Recalls the messages that are the user's own, and acknowledges those alone.
    async fn recall(&self, with: &UserId, names: &[MessageName]) -> Result<XmppResult, Error> {
        let messages = names.iter().cloned().map(MessageRef::Name).collect();
        let request =
            RecallRequest { messages, reason: String::new(), others_too: false, unseen_too: false, within: None };
        let (outcomes, seq) = self.service.recall_messages(self.tenant(), &self.owner(), &of(with), request).await?;
        let recalled = outcomes.into_iter().filter_map(|outcome| match outcome {
            RecallOutcome::Recalled(message) | RecallOutcome::Already(message) => Some(message.name),
            RecallOutcome::NoSuchMessage | RecallOutcome::NotOwn | RecallOutcome::TooLate => None,
        });
        let names: Vec<MessageName> = recalled.collect();
        Ok(match names.is_empty() {
            true => XmppResult::Refused(StanzaError::ItemNotFound),
            false => XmppResult::Acknowledged { names, seq, at: self.service.now() },
        })
    }

    async fn read(&self, query: &ChatQuery) -> Result<String, Error> {
        let (tenant, owner) = (self.tenant(), self.owner());
        match query {
            ChatQuery::RecentChats => {
                let me = self.service.owner(tenant, &owner).await?;
                let settings = self.service.chat_settings(tenant, self.user.key).await?;
                let muted: HashSet<UserId> = settings.muted.into_iter().collect();
                let page = ConversationPage::first(ConversationFilter::Written, CONVERSATIONS_MAX);
                let write = move |list| chat_query::recent_chats(&me, &list, &muted);
                self.service.conversations_as(tenant, self.caller(), &owner, page, write).await
            }
            ChatQuery::History { with, request } => {
                let write = |history, _| chat_query::history(&history);
                self.service.history_as(tenant, self.caller(), &owner, &of(with), request.clone(), write).await
            }
            ChatQuery::Message(name) => {
                let found = self.service.messages_of_name(tenant, self.user.key, name).await?;
                let is_own = |found: &&(MessageView, Participant)| found.0.sender.key == self.user.key;
                let shown = found.iter().find(is_own).or(found.first());
                Ok(chat_query::reply_message(name.as_str(), shown))
            }
            ChatQuery::ArchivedChats => {
                let page = ConversationPage::first(ConversationFilter::Archived, CONVERSATIONS_MAX);
                let write = |list| chat_query::archived_chats(&list);
                self.service.conversations_as(tenant, self.caller(), &owner, page, write).await
            }
        }
    }

    /// Returns the numbers of the events.
    async fn change(&self, change: &ChatChange) -> Result<Vec<i64>, Error> {
        let (with, change) = match change {
            ChatChange::Clear { with, upto } => {
                let upto = match upto {
                    Some(name) => self.id_of(with, name).await?,
                    None => MessageId::MAX,
                };
                (with, ConversationChange::Cleared { upto })
            }
            ChatChange::Delete(with) => (with, ConversationChange::Hidden { is_cleared: true }),
            ChatChange::HideMessages { with, names } => {
                let messages = names.iter().cloned().map(MessageRef::Name).collect();
                let hidden = self.service.hide_messages(self.tenant(), &self.owner(), &of(with), messages).await?;
                return Ok(hidden.into_iter().collect());
            }
            ChatChange::ResetUnread(with) => (with, ConversationChange::UnreadReset),
            ChatChange::Archive { with, is_archived: true } => (with, ConversationChange::Archived),
            ChatChange::Archive { with, is_archived: false } => (with, ConversationChange::Unarchived),
        };
        let changed = self.service.change_conversation(self.tenant(), &self.owner(), &of(with), change).await?;
        Ok(changed.into_iter().collect())
    }

    /// Returns the id of a message; of one that does not exist, as if none was named.
    async fn id_of(&self, with: &UserId, name: &MessageName) -> Result<MessageId, Error> {
        match self.service.named_message(self.tenant(), self.caller(), &self.owner(), &of(with), name).await {
            Ok((message, _)) => Ok(message.id),
            Err(Error::NotFound(Resource::Message)) => Ok(MessageId::MAX),
            Err(error) => Err(error),
        }
    }

    /// Changes the next conversations, until there are events: the session receives these before it goes on.
    async fn change_all(
        &self,
        change: ConversationChange,
        rest: Option<Vec<ConversationKey>>,
    ) -> Result<XmppResult, Error> {
        let mut next = match rest {
            Some(rest) => rest,
            None => self.service.conversation_keys(self.tenant(), self.user.key).await?,
        };
        loop {
            let rest = next.split_off(CHANGED_AT_ONCE.min(next.len()));
            let events = self.service.change_conversations(self.tenant(), &self.owner(), next, change).await?;
            if rest.is_empty() {
                return Ok(XmppResult::Changed(events));
            }
            if !events.is_empty() {
                return Ok(XmppResult::ChangedSome { events, change, rest });
            }
            next = rest;
        }
    }

    /// After a restart every client reads at once, so a busy server is tried again.
    async fn undelivered(&self) -> XmppResult {
        for attempt in 1..=TRIES_MAX {
            match self.service.undelivered_ids(self.tenant(), self.user.key).await {
                Ok((ids, upto)) => return XmppResult::Undelivered { ids, upto },
                Err(Error::Busy | Error::TooMany { .. }) if attempt < TRIES_MAX => sleep(PAUSE).await,
                Err(error) => {
                    log::warn!("a client that comes back is not sent its messages: {error:?}");
                    return XmppResult::Failed;
                }
            }
        }
        XmppResult::Failed
    }

    /// Reads messages in the order of their ids. Leaves out those that are gone or recalled meanwhile.
    async fn messages(&self, ids: &[MessageId]) -> Result<Vec<MessageView>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            match self.service.message(self.tenant(), &self.owner(), *id).await {
                Ok((view, _)) if !view.message.is_recalled() => found.push(view),
                Ok(_) | Err(Error::NotFound(Resource::Message)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

fn of(with: &UserId) -> ConversationRef {
    ConversationRef::With(with.clone())
}

fn online(found: Result<Vec<UserId>, Error>) -> XmppResult {
    XmppResult::Online(found.unwrap_or_else(|cause| {
        log::warn!("a client is not told who is online: {cause:?}");
        Vec::new()
    }))
}
