//! Lists of conversations, history, and what a client has not received yet.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{NUMBERED_AMONG_MAX, Pair, backlog::Backlog, states};
use crate::{
    domain::{
        AppKey, CallerKey, Conversation, ConversationFilter, ConversationKey, ConversationRef, ConversationView, Error,
        Message, MessageId, MessageName, MessageView, Moment, Owner, Participant, Resource, Side, User, UserKey,
        folding::folded,
    },
    service::{Service, apps::Tenant, owners},
    store::{Db, HistoryFrom, HistoryPage, LongReads},
};

/// The most messages on a page of history. MirrorFly's SDK asks for one more than it shows.
pub const HISTORY_MAX: u32 = 101;

/// The most conversations in a list without pages.
pub const CONVERSATIONS_MAX: u32 = 1000;

/// The most messages that a client is sent because it was away; the rest is history.
pub const MISSED_MAX: u32 = 1000;

/// The newest messages of a user that a search looks at.
const SEARCHED_MAX: usize = 10_000;

/// The most messages of one second that a page by time is extended by.
const SECOND_MAX: usize = 1000;

/// The most messages of one name that are looked at.
const SAME_NAME_MAX: u32 = 100;

/// A page of a user's conversations, latest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversationPage {
    pub filter: ConversationFilter,
    /// Only conversations whose newest message is below this one.
    pub before: MessageId,
    pub offset: u64,
    pub limit: u32,
    /// Whether a recalled message can be the last one of a conversation.
    pub with_recalled: bool,
}

impl ConversationPage {
    /// Returns the first page.
    pub fn first(filter: ConversationFilter, limit: u32) -> Self {
        Self { filter, before: MessageId::MAX, offset: 0, limit, with_recalled: true }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ConversationList {
    pub items: Vec<ConversationView>,
    /// On all pages.
    pub total: u64,
    /// Messages that the user has not read, in all conversations.
    pub unread: u64,
    /// The last event that the list includes.
    pub seq: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRequest {
    pub from: HistoryStart,
    pub limit: u32,
    pub with_recalled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryStart {
    /// The newest messages, newest first.
    Newest,
    /// The same without this many of the newest ones.
    Skipping(u32),
    /// Those below this one, newest first.
    Before(MessageId),
    /// This message and those below it, newest first.
    BackFrom(MessageName),
    /// Those that are not later, newest first.
    BeforeTime(Moment),
    /// Those below the message with these numbers, else those that are not later; newest first.
    BeforeNumbered {
        seq: u32,
        random: u32,
        at: Moment,
    },
    /// This message and those above it, oldest first.
    From(MessageId),
    ForwardFrom(MessageName),
    /// Those that are not earlier, oldest first. The page does not end inside the second that it begins in.
    FromTime(Moment),
}

#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub me: User,
    pub peer: User,
    /// None while the two users have no conversation.
    pub conversation: Option<(Conversation, Participant, Participant)>,
    pub messages: Vec<Message>,
    /// Whether the conversation has nothing beyond this page in its direction.
    pub is_complete: bool,
}

impl Service {
    /// # Errors
    /// `NotFound(User)`.
    pub async fn conversations(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        page: ConversationPage,
    ) -> Result<ConversationList, Error> {
        self.lists(tenant, by, owner).read(async move |db, app, user| list(db, app, user, page).await).await
    }

    /// Returns how many messages a user has not read, and in how many conversations.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn unread(&self, tenant: &Tenant, by: CallerKey, owner: &Owner) -> Result<(u64, u64), Error> {
        let read = async |db: &LongReads<'_>, app, user| {
            Ok((db.total_unread(app, user).await?, db.count_participants(app, user, ConversationFilter::Unread).await?))
        };
        self.lists(tenant, by, owner).read(read).await
    }

    /// Returns one conversation as a user sees it; None if the two users have none.
    /// # Errors
    /// `NotFound` for a user or the conversation; `Invalid` for the user itself.
    pub async fn conversation(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        of: &ConversationRef,
        with_recalled: bool,
    ) -> Result<Option<ConversationView>, Error> {
        let app = tenant.app.key;
        self.read(async |db| {
            let Pair { me, conversation, .. } = Pair::of(db, app, owner, of).await?;
            let Some(conversation) = conversation else { return Ok(None) };
            match db.participant(me.key, conversation.key).await? {
                Some(own) => view(db, app, own, with_recalled).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// Returns the key of a user's conversation with this unique id.
    /// # Errors
    /// `NotFound(Conversation)`.
    pub async fn conversation_key(&self, tenant: &Tenant, unique_id: &str) -> Result<ConversationKey, Error> {
        let found = self.read(async |db| db.conversation_by_unique_id(tenant.app.key, unique_id).await);
        found.await?.map(|found| found.key).ok_or(Error::NotFound(Resource::Conversation))
    }

    /// Returns the users of a conversation, the lower key first. For back ends, which name no user.
    /// # Errors
    /// `NotFound(Conversation)`.
    pub async fn users_of_conversation(&self, tenant: &Tenant, key: ConversationKey) -> Result<[User; 2], Error> {
        let app = tenant.app.key;
        let found = self.read(async |db| {
            let Some(conversation) = db.conversation(app, key).await? else { return Ok(None) };
            let [first, second] = conversation.users;
            Ok(db.user_by_key(app, first).await?.zip(db.user_by_key(app, second).await?))
        });
        found.await?.map(|(first, second)| [first, second]).ok_or(Error::NotFound(Resource::Conversation))
    }

    /// Returns a page of a conversation as a user sees it. Each page costs the same.
    /// # Errors
    /// `NotFound` for a user or the conversation, or for a message that the page begins with; `Invalid` for the user
    /// itself.
    pub async fn history(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        of: &ConversationRef,
        request: HistoryRequest,
    ) -> Result<History, Error> {
        let (app, owner, of) = (tenant.app.key, owner.clone(), of.clone());
        let read = async move |db: &LongReads<'_>| history(db, app, &owner, &of, &request).await;
        self.long_read(by, async move |db| db.snapshot(read).await).await
    }

    /// Returns the newest messages above `after` that a user sees, its own ones included, oldest first.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn messages_since(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        after: MessageId,
        limit: u32,
    ) -> Result<Vec<MessageView>, Error> {
        self.lists(tenant, by, owner)
            .read(async move |db, app, user| {
                let filter = ConversationFilter::HiddenToo;
                Backlog::of(db, app, user, after, filter, limit as usize).await?.newest(db, MessageId::MAX, limit).await
            })
            .await
    }

    /// Returns a message that a user sees, with its conversation and the states of both users.
    /// # Errors
    /// `NotFound(User)`, `NotFound(Message)`.
    pub async fn message(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        id: MessageId,
    ) -> Result<(MessageView, Participant), Error> {
        let app = tenant.app.key;
        self.read(async |db| {
            let gone = Error::NotFound(Resource::Message);
            let me = owners::owner(db, app, owner).await?;
            let message = db.message(id).await?.ok_or(gone.clone())?;
            let conversation = db.conversation(app, message.conversation).await?.ok_or(gone.clone())?;
            let side = conversation.side_of(me.key).ok_or(gone.clone())?;
            let own = db.participant(me.key, conversation.key).await?;
            let cleared = own.map_or(MessageId::NONE, |own| own.cleared);
            if !message.is_shown_to(side) || message.id <= cleared {
                return Err(gone);
            }
            let recipient = conversation.recipient_of(&message);
            let state = db.participant(recipient, conversation.key).await?.ok_or(gone.clone())?;
            Users::of(app).view(db, conversation, message).await?.map(|view| (view, state)).ok_or(gone)
        })
        .await
    }

    /// Returns the messages of these names that a user sent or may see, in all its conversations.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn messages_named(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        names: Vec<MessageName>,
    ) -> Result<Vec<Message>, Error> {
        self.lists(tenant, by, owner)
            .read(async move |db, app, user| {
                let mut found = Vec::new();
                for name in &names {
                    for message in db.messages_named(app, name, SAME_NAME_MAX).await? {
                        let conversation = db.conversation(app, message.conversation).await?;
                        let side = conversation.and_then(|conversation| conversation.side_of(user));
                        found.extend(side.filter(|side| message.is_shown_to(*side)).map(|_| message));
                    }
                }
                Ok(found)
            })
            .await
    }

    /// Returns the messages of this name in an app. For back ends.
    pub async fn messages_of_app(&self, tenant: &Tenant, name: &MessageName) -> Result<Vec<Message>, Error> {
        self.read(async |db| db.messages_named(tenant.app.key, name, SAME_NAME_MAX).await).await
    }

    /// Searches the texts of the newest 10,000 messages that a user sees, in all its conversations or in one. Without
    /// case; newest first.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn search_messages(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        by: CallerKey,
        text: &str,
        only: Option<ConversationKey>,
        limit: u32,
    ) -> Result<Vec<MessageView>, Error> {
        let wanted = folded(text);
        self.lists(tenant, by, owner)
            .read(async move |db, app, user| search(db, app, user, &wanted, only, limit).await)
            .await
    }
}

pub(super) async fn list(
    db: &LongReads<'_>,
    app: AppKey,
    user: UserKey,
    page: ConversationPage,
) -> Result<ConversationList, Error> {
    let ConversationPage { filter, before, offset, limit, with_recalled } = page;
    let own = db.participants(app, user, filter, before, offset, limit.min(CONVERSATIONS_MAX)).await?;
    let mut items = Vec::with_capacity(own.len());
    for own in own {
        items.extend(view(db, app, own, with_recalled).await?);
    }
    let (total, unread) = (db.count_participants(app, user, filter).await?, db.total_unread(app, user).await?);
    Ok(ConversationList { items, total, unread, seq: db.last_event_seq().await? })
}

async fn view(
    db: &Db<'_>,
    app: AppKey,
    own: Participant,
    with_recalled: bool,
) -> Result<Option<ConversationView>, Error> {
    let Some(conversation) = db.conversation(app, own.conversation).await? else { return Ok(None) };
    let Some(peer) = db.readable_user(app, own.peer).await? else { return Ok(None) };
    let theirs = db.participant(own.peer, own.conversation).await?;
    let theirs = theirs.unwrap_or_else(|| Participant::new(own.peer, own.user, own.conversation));
    let last = last(db, &conversation, &own, with_recalled).await?;
    let listed_at = db.message(own.listed).await?.map_or(conversation.last_at, |listed| listed.at);
    Ok(Some(ConversationView { conversation, own, theirs, peer, last, listed_at }))
}

/// Returns the newest message that a user sees, leaving out those that lists do not show.
async fn last(
    db: &Db<'_>,
    conversation: &Conversation,
    own: &Participant,
    with_recalled: bool,
) -> Result<Option<Message>, Error> {
    let Some(side) = conversation.side_of(own.user) else { return Ok(None) };
    let is_it = |message: &Message| {
        message.id > own.cleared && message.is_shown_to(side) && (with_recalled || !message.is_recalled())
    };
    if let Some(listed) = db.message(own.listed).await?.filter(is_it) {
        return Ok(Some(listed));
    }
    let from = HistoryFrom::Before(MessageId::MAX);
    let page = HistoryPage { from, above: own.cleared, with_recalled, limit: HISTORY_MAX };
    let newest = db.history(conversation.key, side, &page).await?;
    Ok(newest.into_iter().find(|message| !message.flags.is_unlisted))
}

pub(super) async fn history(
    db: &LongReads<'_>,
    app: AppKey,
    owner: &Owner,
    of: &ConversationRef,
    request: &HistoryRequest,
) -> Result<History, Error> {
    let Pair { me, peer, conversation } = Pair::of(db, app, owner, of).await?;
    let Some(conversation) = conversation else {
        return Ok(History { me, peer, conversation: None, messages: Vec::new(), is_complete: true });
    };
    let (own, theirs) = states(db, conversation.key, me.key, peer.key).await?;
    let (messages, is_complete) = page_of(db, &conversation, &own, request).await?;
    Ok(History { me, peer, conversation: Some((conversation, own, theirs)), messages, is_complete })
}

async fn page_of(
    db: &LongReads<'_>,
    conversation: &Conversation,
    own: &Participant,
    request: &HistoryRequest,
) -> Result<(Vec<Message>, bool), Error> {
    let Some(side) = conversation.side_of(own.user) else { return Ok((Vec::new(), true)) };
    let named = async |name: &MessageName| {
        let found = db.message_named(conversation.key, name).await?;
        let found = found.filter(|message| message.is_shown_to(side) && message.id > own.cleared);
        found.map(|message| message.id).ok_or(Error::NotFound(Resource::Message))
    };
    let before_time = async |time: Moment| {
        let later = db.first_message_at(conversation.key, side, time.second_end()).await?;
        Ok::<_, Error>(HistoryFrom::Before(later.unwrap_or(MessageId::MAX)))
    };
    let from = match &request.from {
        HistoryStart::Newest => HistoryFrom::Before(MessageId::MAX),
        HistoryStart::Skipping(count) => HistoryFrom::Before(
            db.id_shown_before(conversation.key, side, own.cleared, *count).await?.unwrap_or(MessageId::MAX),
        ),
        HistoryStart::Before(id) => HistoryFrom::Before(*id),
        HistoryStart::BackFrom(name) => HistoryFrom::Before(MessageId(named(name).await?.0 + 1)),
        HistoryStart::BeforeTime(time) => before_time(*time).await?,
        HistoryStart::BeforeNumbered { seq, random, at } => {
            let same = db.messages_numbered(conversation.key, *random, NUMBERED_AMONG_MAX).await?;
            let is_it = |message: &&Message| message.numbers.seq == *seq && message.at.unix_s() == at.unix_s();
            match same.iter().find(is_it) {
                Some(message) => HistoryFrom::Before(message.id),
                None => before_time(*at).await?,
            }
        }
        HistoryStart::From(id) => HistoryFrom::From(*id),
        HistoryStart::ForwardFrom(name) => HistoryFrom::From(named(name).await?),
        HistoryStart::FromTime(time) => {
            let first = db.first_message_at(conversation.key, side, time.second_begin()).await?;
            HistoryFrom::From(first.unwrap_or(MessageId::MAX))
        }
    };
    let limit = request.limit.clamp(1, HISTORY_MAX) as usize;
    let page = |from, limit: usize| HistoryPage {
        from,
        above: own.cleared,
        with_recalled: request.with_recalled,
        limit: u32::try_from(limit).unwrap_or(u32::MAX),
    };
    // One more row says whether the page is the last one.
    let mut messages = db.history(conversation.key, side, &page(from, limit + 1)).await?;
    let is_complete = messages.len() <= limit;
    if is_complete || !matches!(request.from, HistoryStart::FromTime(_)) {
        messages.truncate(limit);
        return Ok((messages, is_complete));
    }
    let second = |message: Option<&Message>| message.map(|message| message.at.unix_s());
    if second(messages.first()) != second(messages.get(limit)) {
        messages.truncate(limit);
        return Ok((messages, false));
    }
    let mut messages = db.history(conversation.key, side, &page(from, SECOND_MAX)).await?;
    let first = second(messages.first());
    let is_complete = messages.len() < SECOND_MAX && messages.iter().all(|message| Some(message.at.unix_s()) == first);
    messages.retain(|message| Some(message.at.unix_s()) == first);
    Ok((messages, is_complete))
}

/// The users of an app that were read already.
pub(super) struct Users {
    app: AppKey,
    known: BTreeMap<UserKey, User>,
}

impl Users {
    pub(super) fn of(app: AppKey) -> Self {
        Self { app, known: BTreeMap::new() }
    }

    pub(super) async fn get(&mut self, db: &Db<'_>, key: UserKey) -> Result<Option<User>, Error> {
        if let Some(user) = self.known.get(&key) {
            return Ok(Some(user.clone()));
        }
        let found = db.readable_user(self.app, key).await?;
        self.known.extend(found.clone().map(|user| (key, user)));
        Ok(found)
    }

    /// None if one of the two users is deleted.
    async fn view(
        &mut self,
        db: &Db<'_>,
        conversation: Conversation,
        message: Message,
    ) -> Result<Option<MessageView>, Error> {
        let recipient = self.get(db, conversation.recipient_of(&message)).await?;
        let users = self.get(db, message.sender).await?.zip(recipient);
        Ok(users.map(|(sender, recipient)| MessageView { message, conversation, sender, recipient }))
    }

    pub(super) async fn views(
        &mut self,
        db: &Db<'_>,
        conversations: &BTreeMap<ConversationKey, Conversation>,
        messages: Vec<Message>,
    ) -> Result<Vec<MessageView>, Error> {
        let mut views = Vec::with_capacity(messages.len());
        for message in messages {
            let Some(conversation) = conversations.get(&message.conversation) else { continue };
            views.extend(self.view(db, conversation.clone(), message).await?);
        }
        Ok(views)
    }
}

/// Returns a user's conversations by key, with the user's side and state, out of those that a filter selects.
async fn sides(
    db: &LongReads<'_>,
    app: AppKey,
    user: UserKey,
    filter: ConversationFilter,
) -> Result<Vec<(Conversation, Side, Participant)>, Error> {
    let mut sides = Vec::new();
    for own in db.participants(app, user, filter, MessageId::MAX, 0, CONVERSATIONS_MAX).await? {
        let Some(conversation) = db.conversation(app, own.conversation).await? else { continue };
        if let Some(side) = conversation.side_of(user) {
            sides.push((conversation, side, own));
        }
    }
    Ok(sides)
}

/// Returns the newest messages to a user that were not delivered to it, oldest first.
pub(super) async fn undelivered(db: &LongReads<'_>, app: AppKey, user: UserKey) -> Result<Vec<MessageView>, Error> {
    let (mut found, mut conversations) = (Vec::new(), BTreeMap::new());
    for (conversation, side, own) in sides(db, app, user, ConversationFilter::Undelivered).await? {
        let above = own.cleared.max(own.delivered);
        let from = HistoryFrom::Before(MessageId::MAX);
        let page = HistoryPage { from, above, with_recalled: false, limit: MISSED_MAX };
        let messages = db.history(conversation.key, side, &page).await?;
        found.extend(messages.into_iter().filter(|message| message.sender != user));
        conversations.insert(conversation.key, conversation);
        // Conversations come latest first: keeps the newest messages, in bounded memory.
        if found.len() > 2 * MISSED_MAX as usize {
            keep_newest(&mut found);
        }
    }
    keep_newest(&mut found);
    found.reverse();
    Users::of(app).views(db, &conversations, found).await
}

/// Sorts newest first and keeps [`MISSED_MAX`].
fn keep_newest(found: &mut Vec<Message>) {
    found.sort_unstable_by_key(|message| Reverse(message.id));
    found.truncate(MISSED_MAX as usize);
}

async fn search(
    db: &LongReads<'_>,
    app: AppKey,
    user: UserKey,
    wanted: &str,
    only: Option<ConversationKey>,
    limit: u32,
) -> Result<Vec<MessageView>, Error> {
    let (mut found, mut conversations, mut left) = (Vec::new(), BTreeMap::new(), SEARCHED_MAX);
    for (conversation, side, own) in sides(db, app, user, ConversationFilter::Written).await? {
        if only.is_some_and(|only| only != conversation.key) {
            continue;
        }
        let mut before = MessageId::MAX;
        while left > 0 {
            let limit = u32::try_from(left).unwrap_or(u32::MAX).min(HISTORY_MAX);
            let page =
                HistoryPage { from: HistoryFrom::Before(before), above: own.cleared, with_recalled: false, limit };
            let messages = db.history(conversation.key, side, &page).await?;
            left -= messages.len();
            let Some(oldest) = messages.last().map(|message| message.id) else { break };
            before = oldest;
            found.extend(messages.into_iter().filter(|message| folded(message.body.text.as_str()).contains(wanted)));
        }
        conversations.insert(conversation.key, conversation);
    }
    found.sort_unstable_by_key(|message| Reverse(message.id));
    found.truncate(limit as usize);
    Users::of(app).views(db, &conversations, found).await
}
