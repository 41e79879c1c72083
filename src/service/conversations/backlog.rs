//! What a client that polls has not received yet: messages and changed profiles, in one order and in pages.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    places::first_incoming,
    reads::{CONVERSATIONS_MAX, Users},
};
use crate::{
    domain::{
        AppKey, CallerKey, Conversation, ConversationFilter, Error, Event, EventNews, Message, MessageId, MessageView,
        Notification, Owner, Participant, ProfileField, Side, User, UserKey,
    },
    service::{Service, apps::Tenant},
    store::{EventsOfUser, HistoryFrom, HistoryPage, LongReads},
};

/// Conversations that a page of all of them looks at: the latest.
const BACKLOG_CONVERSATIONS_MAX: usize = 10_000;

/// Profile changes that are read at a time.
const CHANGES_AT_ONCE: u32 = 1000;

/// What a client was sent although it may not have received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaybeMissed {
    /// Messages of others after this event are sent again, delivered or not.
    pub after: MessageId,
    /// Messages of the user itself after this event are sent too: another of its clients may have sent them.
    pub own_after: MessageId,
    /// Whether messages that the user has read are sent again too.
    pub with_read: bool,
}

impl MaybeMissed {
    pub const NOTHING: Self = Self { after: MessageId::MAX, own_after: MessageId::MAX, with_read: true };
}

/// A page of what a user has not received.
#[derive(Debug, Clone, PartialEq)]
pub struct BacklogPage {
    /// Oldest first.
    pub messages: Vec<MessageView>,
    /// One for each user whose profile changed, as it is now.
    pub changes: Vec<Notification>,
    /// Changes of profiles are lost: the client must read all profiles again. The number of that notice.
    pub anew: Option<i64>,
    /// Everything up to this event is covered.
    pub seen_to: i64,
}

impl BacklogPage {
    fn empty(seen_to: i64) -> Self {
        Self { messages: Vec::new(), changes: Vec::new(), anew: None, seen_to }
    }
}

impl Service {
    /// Returns the first `limit` messages that a user sees and changes of profiles after an event, its own ones
    /// included. `is_shown` selects the fields whose changes count.
    ///
    /// Messages of the user itself do not keep those of others from the page: clients that know their own messages may
    /// repeat the call until another user writes.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn backlog(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        after: i64,
        limit: usize,
        is_shown: fn(&ProfileField) -> bool,
    ) -> Result<BacklogPage, Error> {
        if self.last_event_seq().await? == after {
            return Ok(BacklogPage::empty(after));
        }
        self.lists(tenant, by, owner)
            .read(async move |db: &LongReads<'_>, app, user| page(db, app, user, after, limit, is_shown).await)
            .await
    }
}

impl Service {
    /// Returns the oldest messages to a user above `after` that were not delivered to it, or that its client may have
    /// missed, oldest first. Another client of the user may have received them, which makes them delivered.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn undelivered_since(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        after: MessageId,
        maybe: MaybeMissed,
        limit: u32,
    ) -> Result<Vec<MessageView>, Error> {
        self.lists(tenant, by, owner)
            .read(async move |db: &LongReads<'_>, app, user| {
                let most = BACKLOG_CONVERSATIONS_MAX;
                let mut backlog = Backlog::of(db, app, user, after, ConversationFilter::Undelivered, most).await?;
                let upto = after.max(maybe.after);
                if upto.0 < db.last_event_seq().await? {
                    let recent = Backlog::of(db, app, user, upto, ConversationFilter::HiddenToo, most).await?;
                    let is_new = |key| !backlog.sides.iter().any(|(known, ..)| known.key == key);
                    let more: Vec<_> = recent.sides.into_iter().filter(|(found, ..)| is_new(found.key)).collect();
                    backlog.sides.extend(more);
                }
                backlog.first_missed(db, maybe, limit).await
            })
            .await
    }
}

/// Conversations with messages that a user has not received.
pub(super) struct Backlog {
    app: AppKey,
    user: UserKey,
    after: MessageId,
    sides: Vec<(Conversation, Side, Participant)>,
}

impl Backlog {
    /// Looks at the conversations with a message above `after`: the latest `most` of them, or some more.
    pub(super) async fn of(
        db: &LongReads<'_>,
        app: AppKey,
        user: UserKey,
        after: MessageId,
        filter: ConversationFilter,
        most: usize,
    ) -> Result<Self, Error> {
        let (mut sides, mut before) = (Vec::new(), MessageId::MAX);
        loop {
            let latest = db.participants(app, user, filter, before, 0, CONVERSATIONS_MAX).await?;
            let listed = latest.last().map(|own| own.listed);
            let is_last = latest.len() < CONVERSATIONS_MAX as usize;
            for own in latest.into_iter().filter(|own| own.listed.max(own.incoming) > after) {
                let Some(conversation) = db.conversation(app, own.conversation).await? else { continue };
                sides.extend(conversation.side_of(user).map(|side| (conversation, side, own)));
            }
            match listed {
                Some(listed) if !is_last && listed > after && sides.len() < most => before = listed,
                Some(_) | None => return Ok(Self { app, user, after, sides }),
            }
        }
    }

    /// Returns the newest messages below `before`, oldest first.
    pub(super) async fn newest(
        &self,
        db: &LongReads<'_>,
        before: MessageId,
        limit: u32,
    ) -> Result<Vec<MessageView>, Error> {
        let mut found = self.read(db, HistoryFrom::Before(before), limit).await?;
        found.drain(..found.len().saturating_sub(limit as usize));
        self.views(db, found).await
    }

    /// Returns the first messages from this one on, oldest first.
    async fn first(&self, db: &LongReads<'_>, from: MessageId, limit: u32) -> Result<Vec<MessageView>, Error> {
        let mut found = self.read(db, HistoryFrom::From(from), limit).await?;
        found.truncate(limit as usize);
        self.views(db, found).await
    }

    /// Reads up to `limit` messages of each conversation, and keeps those that the page may hold.
    async fn read(&self, db: &LongReads<'_>, from: HistoryFrom, limit: u32) -> Result<Vec<Message>, Error> {
        let mut found: Vec<Message> = Vec::new();
        for (conversation, side, own) in &self.sides {
            let page = HistoryPage { from, above: own.cleared.max(self.after), with_recalled: false, limit };
            if let Some(last) = found.get(limit as usize - 1).filter(|_| matches!(from, HistoryFrom::From(_))) {
                let first = db.history(conversation.key, *side, &HistoryPage { limit: 1, ..page }).await?;
                if first.first().is_none_or(|first| first.id > last.id) {
                    continue;
                }
            }
            found.extend(db.history(conversation.key, *side, &page).await?);
            found.sort_unstable_by_key(|message| message.id);
            let excess = found.len().saturating_sub(limit as usize);
            match from {
                HistoryFrom::Before(_) => drop(found.drain(..excess)),
                HistoryFrom::From(_) => found.truncate(limit as usize),
            }
        }
        Ok(found)
    }

    /// Returns the oldest messages that were not delivered or may have been missed.
    async fn first_missed(
        &self,
        db: &LongReads<'_>,
        maybe: MaybeMissed,
        limit: u32,
    ) -> Result<Vec<MessageView>, Error> {
        let is_wanted = |message: &Message| message.sender != self.user || message.id > maybe.own_after;
        let mut found: Vec<Message> = Vec::new();
        for (conversation, side, own) in &self.sides {
            let again_after = if maybe.with_read { maybe.after } else { maybe.after.max(own.read) };
            let mut above = own.cleared.max(own.delivered.min(again_after)).max(self.after);
            let mut wanted = limit as usize;
            while wanted > 0 && found.get(limit as usize - 1).is_none_or(|last| above < last.id) {
                let from = HistoryFrom::From(MessageId(above.0.saturating_add(1)));
                let page = HistoryPage { from, above, with_recalled: false, limit };
                let messages = db.history(conversation.key, *side, &page).await?;
                let Some(last) = messages.last() else { break };
                above = last.id;
                let before = found.len();
                found.extend(messages.into_iter().filter(is_wanted));
                wanted = wanted.saturating_sub(found.len() - before);
            }
            found.sort_unstable_by_key(|message| message.id);
            found.truncate(limit as usize);
        }
        self.views(db, found).await
    }

    async fn views(&self, db: &LongReads<'_>, messages: Vec<Message>) -> Result<Vec<MessageView>, Error> {
        let known = self.sides.iter().map(|(conversation, ..)| (conversation.key, conversation.clone()));
        Users::of(self.app).views(db, &known.collect::<BTreeMap<_, _>>(), messages).await
    }

    /// Returns the oldest messages. If they are all the user's own, and another user has written since: the last half
    /// of a page before that user's message, and what follows.
    async fn oldest(&self, db: &LongReads<'_>, limit: u32) -> Result<Vec<MessageView>, Error> {
        let oldest = self.first(db, MessageId(self.after.0.saturating_add(1)), limit).await?;
        if oldest.len() < limit as usize || oldest.iter().any(|view| view.message.sender != self.user) {
            return Ok(oldest);
        }
        let mut incoming = None;
        for (.., own) in self.sides.iter().filter(|(.., own)| own.incoming > self.after) {
            let first = first_incoming(db, own, own.cleared.max(self.after)).await?;
            incoming = incoming.into_iter().chain(first).min();
        }
        let Some(incoming) = incoming else { return Ok(oldest) };
        let mut messages = self.newest(db, incoming, limit / 2).await?;
        messages.extend(self.first(db, incoming, limit - limit / 2).await?);
        Ok(messages)
    }
}

async fn page(
    db: &LongReads<'_>,
    app: AppKey,
    user: UserKey,
    after: i64,
    limit: usize,
    is_shown: fn(&ProfileField) -> bool,
) -> Result<BacklogPage, Error> {
    let last = db.last_event_seq().await?;
    let backlog =
        Backlog::of(db, app, user, MessageId(after), ConversationFilter::HiddenToo, BACKLOG_CONVERSATIONS_MAX).await?;
    let mut messages = backlog.oldest(db, u32::try_from(limit).unwrap_or(u32::MAX)).await?;
    let upto = messages.last().filter(|_| messages.len() >= limit).map_or(last, id_of);
    if !db.has_events_since(after).await? {
        return page_of_lost_changes(db, messages, limit, last).await;
    }
    let mut changes = Changes::default();
    let mut end = changes.read(db, app, user, (after, upto), is_shown).await?;
    while end < upto && changes.events.is_empty() && messages.first().is_none_or(|view| id_of(view) > end) {
        end = changes.read(db, app, user, (end, upto), is_shown).await?;
    }
    let end = end_of_page(&messages, &changes, end, limit);
    messages.retain(|view| id_of(view) <= end);
    Ok(BacklogPage { messages, changes: changes.notifications(end), anew: None, seen_to: end })
}

/// Returns the page of a client for which some events are no longer stored. If its next request would not show that
/// any more, or nothing follows, it must read all profiles again.
async fn page_of_lost_changes(
    db: &LongReads<'_>,
    mut messages: Vec<MessageView>,
    limit: usize,
    last: i64,
) -> Result<BacklogPage, Error> {
    let (is_full, seen_to) = (messages.len() >= limit, messages.last().map_or(last, id_of));
    if !is_full {
        return Ok(BacklogPage { messages, changes: Vec::new(), anew: Some(last), seen_to: last });
    }
    if !db.has_events_since(seen_to).await? {
        return Ok(BacklogPage { messages, changes: Vec::new(), anew: None, seen_to });
    }
    messages.truncate(limit - 1);
    // A number that no message of the page has.
    let anew = messages.first().map(|first| id_of(first) - 1);
    let seen_to = messages.last().map_or(last, id_of);
    Ok(BacklogPage { messages, changes: Vec::new(), anew, seen_to })
}

fn id_of(view: &MessageView) -> i64 {
    view.message.id.0
}

/// Returns the last event of a page of at most `limit` messages and changed users.
fn end_of_page(messages: &[MessageView], changes: &Changes, end: i64, limit: usize) -> i64 {
    let mut end = end;
    loop {
        let changed = changes.upto(end);
        let mut ids: Vec<i64> = messages.iter().map(id_of).filter(|id| *id <= end).collect();
        ids.extend(changed.values().map(|(seq, _)| *seq));
        ids.sort_unstable();
        // Fewer events may be changes of more users, so this repeats.
        match ids.get(limit - 1) {
            Some(last) if ids.len() > limit => end = *last,
            Some(_) | None => return end,
        }
    }
}

/// Changes of profiles in commit order, with the fields that count.
#[derive(Default)]
struct Changes {
    events: Vec<(i64, UserKey, Vec<ProfileField>)>,
    /// Users that were looked up; None for those that the listener does not hear of.
    users: BTreeMap<UserKey, Option<User>>,
}

impl Changes {
    /// Reads changes in this range, and returns the last event that is covered.
    async fn read(
        &mut self,
        db: &LongReads<'_>,
        app: AppKey,
        listener: UserKey,
        (after, upto): (i64, i64),
        is_shown: fn(&ProfileField) -> bool,
    ) -> Result<i64, Error> {
        let EventsOfUser { events, seen_to, is_part: _ } =
            db.profile_changes_concerning(app, listener, after, upto, CHANGES_AT_ONCE).await?;
        for Event { seq, user, kind, .. } in events {
            let EventNews::Profile(fields) = kind.news() else { continue };
            let fields: Vec<ProfileField> = fields.iter().filter(|field| is_shown(field)).cloned().collect();
            if let Entry::Vacant(vacant) = self.users.entry(user) {
                let is_heard = user == listener || db.is_subscriber(app, listener, user).await?;
                let known = db.readable_user(app, user).await?;
                vacant.insert(known.filter(|known| is_heard && known.is_active()));
            }
            if !fields.is_empty() && self.users.get(&user).is_some_and(Option::is_some) {
                self.events.push((seq, user, fields));
            }
        }
        Ok(seen_to)
    }

    /// Returns the last change of each user up to an event, with all fields that changed.
    fn upto(&self, end: i64) -> BTreeMap<UserKey, (i64, Vec<ProfileField>)> {
        let mut changed: BTreeMap<UserKey, (i64, Vec<ProfileField>)> = BTreeMap::new();
        for (seq, user, fields) in self.events.iter().filter(|(seq, ..)| *seq <= end) {
            let (last, all) = changed.entry(*user).or_default();
            *last = *seq;
            let more: Vec<ProfileField> = fields.iter().filter(|field| !all.contains(field)).cloned().collect();
            all.extend(more);
        }
        changed
    }

    fn notifications(&self, end: i64) -> Vec<Notification> {
        let changed = self.upto(end).into_iter().filter_map(|(user, (seq, fields))| {
            let user = Box::new(self.users.get(&user)?.clone()?);
            Some(Notification::ProfileChanged { seq, user, fields })
        });
        changed.collect()
    }
}
