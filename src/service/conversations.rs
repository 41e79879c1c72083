//! One-to-one conversations: sending, marks, recalls and edits, and what a user changes for itself alone.
//!
//! Vendors differ in how they name a message and in what they limit; the rules are the same for all. Each rule names
//! the conversation by the other user or by its key. Sources: the vendors' pages on one-to-one messages.

pub mod admin;
pub mod backlog;
pub mod changes;
pub mod counts;
pub mod expiry;
pub mod log;
pub mod marks;
pub mod pages;
pub mod places;
pub mod reads;
pub mod sending;
pub mod unread;

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{
        AppKey, ChatEvent, ChatNews, Conversation, ConversationChange, ConversationKey, ConversationRef, Error,
        EventKind, Fault, Message, MessageId, MessageNumbers, MessageRef, Moment, Notification, Owner, Participant,
        Resource, Side, User, UserId, UserKey, room_options,
    },
    service::{Service, apps::Tenant, credentials, owners},
    store::{Db, Touches, Tx},
};
use changes::{EditOutcome, MessageChange, RecallOutcome, RecallRequest};
use marks::{MarkRequest, MovedMark};
use sending::{NewMessage, SentMessage};

/// Messages of one random number among which a reference by numbers is looked for.
const NUMBERED_AMONG_MAX: u32 = 100;

/// The random values of a new conversation or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// 32 hexadecimal digits.
    pub unique_id: String,
    pub numbers: MessageNumbers,
}

impl Service {
    /// Returns the conversation of a user with another one, and creates it if there is none. It stays off lists of
    /// written conversations until its first message.
    /// # Errors
    /// `NotFound(User)`; `Invalid` for the user itself, or for options that are no JSON object.
    pub async fn open_conversation(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        with: &UserId,
        options: &str,
    ) -> Result<Conversation, Error> {
        let options = room_options(options).map_err(|fault| fault.at("options"))?;
        let (app, at, drawn) = (tenant.app.key, self.now(), credentials::draw_for_message(self.now()));
        let (owner, to) = (owner.clone(), ConversationRef::With(with.clone()));
        let touches = self.touched(app, &owner, &to).await?;
        let rule = async move |tx: &Tx<'_>| open(tx, app, &owner, &to, &options, &drawn, at).await;
        self.inner.store.write(touches, rule).await
    }

    /// Sends a message.
    /// # Errors
    /// `NotFound(User)`, `NotFound(Conversation)`; `Forbidden` for a suspended sender, and for a block if the message
    /// refuses one; `Invalid` for the sender itself; `Conflict(Message)` for a name that a message of the other user
    /// has.
    pub async fn send_message(
        &self,
        tenant: &Tenant,
        sender: &Owner,
        to: &ConversationRef,
        new: NewMessage,
    ) -> Result<SentMessage, Error> {
        self.pace_message(sender).await;
        let (app, at, drawn) = (tenant.app.key, self.now(), credentials::draw_for_message(self.now()));
        let (sender, to) = (sender.clone(), to.clone());
        let touches = self.touched(app, &sender, &to).await?;
        let rule = async move |tx: &Tx<'_>| sending::send(tx, app, &sender, &to, &new, &drawn, at).await;
        self.inner.store.write(touches, rule).await
    }

    /// Passes a message to open sessions of both users without storing it. A block in either direction drops it.
    /// # Errors
    /// As [`Service::send_message`].
    pub async fn pass_message(
        &self,
        tenant: &Tenant,
        sender: &Owner,
        to: &ConversationRef,
        new: &NewMessage,
    ) -> Result<SentMessage, Error> {
        self.pace_sign(sender).await;
        let (at, drawn) = (self.now(), credentials::draw_for_message(self.now()));
        let read = async |db: &Db<'_>| {
            let pair = Pair::of(db, tenant.app.key, sender, to).await?;
            let is_blocked = pair.is_blocked(db).await?;
            Ok((pair, is_blocked))
        };
        let (pair, is_blocked) = self.read(read).await?;
        let conversation = pair.conversation.clone().unwrap_or_else(|| pair.unsaved(tenant.app.key, &drawn, at));
        let message = sending::passing(&pair, &conversation, new, &drawn, at);
        let is_shown = message.shown & pair.side_bit() != 0;
        let event = ChatEvent::Passing(message.clone());
        self.pass(pair, conversation.clone(), event, is_blocked, is_shown);
        Ok(SentMessage { message, conversation, is_repeat: false })
    }

    /// Tells the other user that this one writes, or writes no more. A block in either direction drops it.
    /// # Errors
    /// `NotFound(User)`, `NotFound(Conversation)`; `Invalid` for the user itself.
    pub async fn announce_typing(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        to: &ConversationRef,
        is_typing: bool,
    ) -> Result<(), Error> {
        self.pace_sign(owner).await;
        let (app, at, drawn) = (tenant.app.key, self.now(), credentials::draw_for_message(self.now()));
        let read = async |db: &Db<'_>| {
            let pair = Pair::of(db, app, owner, to).await?;
            let is_blocked = pair.is_blocked(db).await?;
            Ok((pair, is_blocked))
        };
        let (pair, is_blocked) = self.read(read).await?;
        let conversation = pair.conversation.clone().unwrap_or_else(|| pair.unsaved(app, &drawn, at));
        self.pass(pair, conversation, ChatEvent::Typing { is_typing }, is_blocked, false);
        Ok(())
    }

    fn pass(&self, pair: Pair, conversation: Conversation, event: ChatEvent, is_blocked: bool, to_own: bool) {
        let Pair { me, peer, .. } = pair;
        let mut to: Vec<UserKey> = if is_blocked { Vec::new() } else { vec![peer.key] };
        to.extend(to_own.then_some(me.key));
        let news = Box::new(ChatNews { conversation, actor: me, other: peer, at: self.now(), event });
        self.inner.hub.pass(&to, Notification::Chat { seq: 0, news });
    }

    /// Moves a mark of a user forward; a mark does not move back.
    /// # Errors
    /// `NotFound` for the user, the conversation, or a message that the other user did not send.
    pub async fn mark_messages(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        to: &ConversationRef,
        request: MarkRequest,
    ) -> Result<MovedMark, Error> {
        let (app, at) = (tenant.app.key, self.now());
        let (owner, to) = (owner.clone(), to.clone());
        let touches = self.touched(app, &owner, &to).await?;
        let rule = async move |tx: &Tx<'_>| marks::mark(tx, app, &owner, &to, &request, at).await;
        self.inner.store.write(touches, rule).await
    }

    /// Confirms that a user has read messages whose sender had asked. Returns those that were not confirmed before.
    /// # Errors
    /// `NotFound` for the user or the conversation.
    pub async fn send_receipts(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        to: &ConversationRef,
        messages: Vec<MessageRef>,
    ) -> Result<Vec<MessageId>, Error> {
        let (app, at) = (tenant.app.key, self.now());
        let (owner, to) = (owner.clone(), to.clone());
        let touches = self.touched(app, &owner, &to).await?;
        let rule = async move |tx: &Tx<'_>| marks::send_receipts(tx, app, &owner, &to, &messages, at).await;
        self.inner.store.write(touches, rule).await
    }

    /// Recalls messages for both users. Returns an outcome for each, in their order, and the number of the event.
    /// # Errors
    /// `NotFound` for the user or the conversation; `Invalid` above the most messages of a call.
    pub async fn recall_messages(
        &self,
        tenant: &Tenant,
        by: &Owner,
        to: &ConversationRef,
        request: RecallRequest,
    ) -> Result<(Vec<RecallOutcome>, Option<i64>), Error> {
        let (app, at) = (tenant.app.key, self.now());
        let (by, to) = (by.clone(), to.clone());
        let touches = self.touched(app, &by, &to).await?;
        let wiped = Arc::clone(&self.inner.wiped);
        let rule = async move |tx: &Tx<'_>| {
            wiped.note();
            changes::recall(tx, app, &by, &to, &request, at).await
        };
        self.inner.store.write(touches, rule).await
    }

    /// Changes the content of a message.
    /// # Errors
    /// `NotFound` for the user or the conversation.
    pub async fn edit_message(
        &self,
        tenant: &Tenant,
        by: &Owner,
        to: &ConversationRef,
        message: MessageRef,
        change: MessageChange,
    ) -> Result<EditOutcome, Error> {
        let (app, at) = (tenant.app.key, self.now());
        let (by, to) = (by.clone(), to.clone());
        let touches = self.touched(app, &by, &to).await?;
        let wiped = Arc::clone(&self.inner.wiped);
        let rule = async move |tx: &Tx<'_>| {
            wiped.note();
            changes::edit(tx, app, &by, &to, &message, &change, at).await
        };
        self.inner.store.write(touches, rule).await
    }

    /// Deletes messages for the caller alone; skips those that it does not see. Returns the number of the event.
    /// # Errors
    /// `NotFound` for the user or the conversation; `Invalid` above the most messages of a call.
    pub async fn hide_messages(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        to: &ConversationRef,
        messages: Vec<MessageRef>,
    ) -> Result<Option<i64>, Error> {
        let (app, at) = (tenant.app.key, self.now());
        let (owner, to) = (owner.clone(), to.clone());
        let touches = self.touched(app, &owner, &to).await?;
        let rule = async move |tx: &Tx<'_>| changes::hide(tx, app, &owner, &to, &messages, at).await;
        self.inner.store.write(touches, rule).await
    }

    /// Changes a conversation for the caller alone. Returns the number of the event, None if nothing changed.
    /// # Errors
    /// `NotFound` for the user or the conversation; `Invalid` above the most pinned conversations.
    pub async fn change_conversation(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        to: &ConversationRef,
        change: ConversationChange,
    ) -> Result<Option<i64>, Error> {
        let (app, at) = (tenant.app.key, self.now());
        let (owner, to) = (owner.clone(), to.clone());
        let touches = self.touched(app, &owner, &to).await?;
        let rule = async move |tx: &Tx<'_>| changes::change(tx, app, &owner, &to, change, at).await;
        self.inner.store.write(touches, rule).await
    }

    /// As [`Service::change_conversation`] for several conversations in one transaction; not for pins. Skips those that
    /// are gone. Returns the numbers of the events.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn change_conversations(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        conversations: Vec<ConversationKey>,
        change: ConversationChange,
    ) -> Result<Vec<i64>, Error> {
        let (app, at, owner) = (tenant.app.key, self.now(), owner.clone());
        let rule = async move |tx: &Tx<'_>| changes::change_each(tx, app, &owner, &conversations, change, at).await;
        self.inner.store.write(Touches::All, rule).await
    }

    /// Returns what a write about a conversation touches: its two users.
    async fn touched(&self, app: AppKey, owner: &Owner, to: &ConversationRef) -> Result<Touches, Error> {
        let peer = match to {
            ConversationRef::With(id) => Owner::Named(id.clone()),
            ConversationRef::Key(key) => {
                let found = self.read(async |db| db.conversation(app, *key).await).await?;
                let conversation = found.ok_or(Error::NotFound(Resource::Conversation))?;
                let [first, second] = conversation.users;
                return Ok(Touches::Two(app, [Owner::Itself(first), Owner::Itself(second)]));
            }
        };
        Ok(Touches::Two(app, [owner.clone(), peer]))
    }
}

/// The two users of a call about a conversation, and the conversation if there is one.
#[derive(Debug, Clone)]
pub struct Pair {
    pub me: User,
    pub peer: User,
    pub conversation: Option<Conversation>,
}

impl Pair {
    /// # Errors
    /// `NotFound(User)` for an unknown user; `NotFound(Conversation)` for the key of a conversation that the owner is
    /// not part of; `Invalid` for the owner itself.
    async fn of(db: &Db<'_>, app: AppKey, owner: &Owner, to: &ConversationRef) -> Result<Self, Error> {
        let me = owners::owner(db, app, owner).await?;
        match to {
            ConversationRef::With(id) => {
                let peer = db.user(app, id).await?.ok_or(Error::NotFound(Resource::User))?;
                if peer.key == me.key {
                    return Err(Fault::Oneself.at("recipient"));
                }
                let conversation = db.conversation_between(app, me.key, peer.key).await?;
                Ok(Self { me, peer, conversation })
            }
            ConversationRef::Key(key) => {
                let gone = Error::NotFound(Resource::Conversation);
                let conversation = db.conversation(app, *key).await?.ok_or(gone.clone())?;
                let side = conversation.side_of(me.key).ok_or(gone.clone())?;
                let peer = db.user_by_key(app, conversation.user(side.other())).await?.ok_or(gone)?;
                Ok(Self { me, peer, conversation: Some(conversation) })
            }
        }
    }

    /// Returns whether either user blocks the other.
    async fn is_blocked(&self, db: &Db<'_>) -> Result<bool, Error> {
        Ok(db.has_block(self.me.key, self.peer.key).await? || db.has_block(self.peer.key, self.me.key).await?)
    }

    fn side_bit(&self) -> u8 {
        if self.me.key < self.peer.key { Side::First.bit() } else { Side::Second.bit() }
    }

    /// Returns a conversation that is not stored, for notices before the first message.
    fn unsaved(&self, app: AppKey, drawn: &Drawn, at: Moment) -> Conversation {
        Conversation {
            key: ConversationKey(0),
            app,
            users: [self.me.key.min(self.peer.key), self.me.key.max(self.peer.key)],
            unique_id: drawn.unique_id.clone(),
            options: "{}".to_owned(),
            last_seq: 0,
            last_at: at,
            created_at: at,
        }
    }
}

/// A conversation in a unit of work, with the states of both users.
struct Chat<'a> {
    tx: &'a Tx<'a>,
    me: User,
    peer: User,
    conversation: Conversation,
    own: Participant,
    theirs: Participant,
    at: Moment,
}

impl<'a> Chat<'a> {
    /// Returns an existing conversation. None if the two users have none yet.
    /// # Errors
    /// As [`Pair::of`].
    async fn of(
        tx: &'a Tx<'a>,
        app: AppKey,
        owner: &Owner,
        to: &ConversationRef,
        at: Moment,
    ) -> Result<Option<Self>, Error> {
        let Pair { me, peer, conversation } = Pair::of(tx, app, owner, to).await?;
        match conversation {
            Some(conversation) => Self::with(tx, me, peer, conversation, at).await.map(Some),
            None => Ok(None),
        }
    }

    async fn with(tx: &'a Tx<'a>, me: User, peer: User, conversation: Conversation, at: Moment) -> Result<Self, Error> {
        let (own, theirs) = states(tx, conversation.key, me.key, peer.key).await?;
        Ok(Self { tx, me, peer, conversation, own, theirs, at })
    }

    fn side(&self) -> Side {
        if self.me.key < self.peer.key { Side::First } else { Side::Second }
    }

    async fn append(&self, kind: &EventKind) -> Result<i64, Error> {
        self.tx.append_event(self.conversation.app, self.me.key, &self.me.id, kind, self.at).await
    }

    /// Returns the other user if it may know of what the owner does: not if either blocks the other.
    async fn peer_if_unblocked(&self) -> Result<Option<UserKey>, Error> {
        let (me, peer) = (self.me.key, self.peer.key);
        let is_blocked = self.tx.has_block(me, peer).await? || self.tx.has_block(peer, me).await?;
        Ok((!is_blocked).then_some(peer))
    }

    /// Returns the newest message that the owner sees.
    fn newest(&self) -> MessageId {
        self.own.listed.max(self.own.incoming)
    }

    /// Finds a message of this conversation, sent by either user. The owner may be unable to see it.
    async fn message(&self, wanted: &MessageRef) -> Result<Option<Message>, Error> {
        let conversation = self.conversation.key;
        match wanted {
            MessageRef::Id(id) => {
                Ok(self.tx.message(*id).await?.filter(|message| message.conversation == conversation))
            }
            MessageRef::Name(name) => self.tx.message_named(conversation, name).await,
            MessageRef::Numbers { seq, random, at_s } => {
                let same = self.tx.messages_numbered(conversation, *random, NUMBERED_AMONG_MAX).await?;
                let is_it = |message: &Message| message.numbers.seq == *seq && message.at.unix_s() == *at_s;
                Ok(same.into_iter().find(is_it))
            }
        }
    }

    /// As [`Chat::message`], but only a message that the owner sees.
    async fn shown_message(&self, wanted: &MessageRef) -> Result<Option<Message>, Error> {
        let found = self.message(wanted).await?;
        Ok(found.filter(|message| message.is_shown_to(self.side()) && message.id > self.own.cleared))
    }
}

/// Whether a message of the peer counts as unread for a participant.
fn is_counted(message: &Message, participant: &Participant, side: Side) -> bool {
    message.sender == participant.peer
        && message.id > participant.counted_from()
        && message.is_shown_to(side)
        && !message.is_recalled()
        && !message.flags.is_uncounted
}

/// Creates the conversation of two users, unless there is one.
/// # Errors
/// As `Pair::of`.
pub async fn open(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    to: &ConversationRef,
    options: &str,
    drawn: &Drawn,
    at: Moment,
) -> Result<Conversation, Error> {
    let pair = Pair::of(tx, app, owner, to).await?;
    match pair.conversation {
        Some(conversation) => Ok(conversation),
        None => create(tx, app, &pair, options, drawn, at).await,
    }
}

/// Returns the states of the two users of a conversation; those of a new one where none are stored.
async fn states(
    db: &Db<'_>,
    conversation: ConversationKey,
    own: UserKey,
    peer: UserKey,
) -> Result<(Participant, Participant), Error> {
    let state = async |user: UserKey, other: UserKey| {
        let stored = db.participant(user, conversation).await?;
        Ok::<_, Error>(stored.unwrap_or_else(|| Participant::new(user, other, conversation)))
    };
    Ok((state(own, peer).await?, state(peer, own).await?))
}

async fn create(
    tx: &Tx<'_>,
    app: AppKey,
    pair: &Pair,
    options: &str,
    drawn: &Drawn,
    at: Moment,
) -> Result<Conversation, Error> {
    let (me, peer) = (pair.me.key, pair.peer.key);
    let key = tx.put_conversation(app, [me, peer], &drawn.unique_id, options, at).await?;
    tx.put_participant(&Participant::new(me, peer, key)).await?;
    tx.put_participant(&Participant::new(peer, me, key)).await?;
    Ok(Conversation { key, options: options.to_owned(), ..pair.unsaved(app, drawn, at) })
}

/// How long ago a message was sent.
fn age(message: &Message, at: Moment) -> Duration {
    at.since(message.at)
}
