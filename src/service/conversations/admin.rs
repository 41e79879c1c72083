//! What an administrator reads of a user's conversations: lists by metadata, and texts with an audit entry.

use super::reads::{ConversationPage, History, HistoryRequest};
use crate::{
    domain::{
        AuditEntry, CallerKey, ConversationFilter, ConversationRef, ConversationView, Error, MessageId, MuteLevel,
        Owner, UserId,
    },
    service::{Service, apps::Tenant},
};

/// A conversation, and how its user mutes the other one.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationSummary {
    pub view: ConversationView,
    pub mute: Option<MuteLevel>,
}

/// A page of a user's conversations, latest first: also those without messages, and those off the user's own list.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryPage {
    pub items: Vec<ConversationSummary>,
    /// Where the next page begins; None on the last page.
    pub next: Option<i64>,
    /// Messages that the user has not read, in all conversations.
    pub unread: u64,
}

impl Service {
    /// Returns a page of a user's conversations. `after` is the `next` of the page before.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn conversation_summaries(
        &self,
        tenant: &Tenant,
        id: &UserId,
        after: Option<i64>,
        limit: u32,
    ) -> Result<SummaryPage, Error> {
        let (owner, page) = (Owner::Named(id.clone()), page_after(after, limit));
        let list = self.conversations(tenant, CallerKey::Operator, &owner, page).await?;
        let peers = list.items.iter().map(|view| view.peer.id.clone()).collect();
        let mutes = self.mute_levels_of(tenant, CallerKey::Operator, &owner, peers).await?;
        let next = next_after(&page, &list.items);
        let items = list.items.into_iter().zip(mutes).map(|(view, mute)| ConversationSummary { view, mute }).collect();
        Ok(SummaryPage { items, next, unread: list.unread })
    }

    /// Returns a page of a conversation for an administrator who reads the texts. The audit entry, whose detail is the
    /// other user and the number of messages, is stored before this returns: without an entry no text is shown.
    /// # Errors
    /// As [`Service::history`]; `StorageFull` if the entry cannot be stored.
    pub async fn read_messages(
        &self,
        tenant: &Tenant,
        id: &UserId,
        peer: &UserId,
        request: HistoryRequest,
        entry: AuditEntry,
    ) -> Result<History, Error> {
        let (owner, of) = (Owner::Named(id.clone()), ConversationRef::With(peer.clone()));
        let history = self.history(tenant, CallerKey::Operator, &owner, &of, request).await?;
        let detail = format!("{} messages with {}", history.messages.len(), peer.as_str());
        self.record_audit_entry(AuditEntry { detail, ..entry }).await?;
        Ok(history)
    }
}

/// Returns the page that begins below a message (a positive number), or at a place among the conversations that show
/// no message (zero or negative).
fn page_after(after: Option<i64>, limit: u32) -> ConversationPage {
    let first = ConversationPage::first(ConversationFilter::HiddenToo, limit);
    match after {
        None => first,
        Some(message) if message > 0 => ConversationPage { before: MessageId(message), ..first },
        Some(place) => ConversationPage { before: MessageId(1), offset: place.unsigned_abs(), ..first },
    }
}

fn next_after(page: &ConversationPage, items: &[ConversationView]) -> Option<i64> {
    let last = items.last().filter(|_| items.len() >= page.limit as usize)?;
    if last.own.listed > MessageId::NONE {
        return Some(last.own.listed.0);
    }
    let unlisted = items.iter().filter(|view| view.own.listed == MessageId::NONE).count() as u64;
    i64::try_from(page.offset + unlisted).ok().map(|place| -place)
}
