//! What surrounds messages: the one before each, and how far its recipient is.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::{
    domain::{
        AppKey, CallerKey, Conversation, ConversationFilter, ConversationKey, ConversationRef, Error, Mark, Message,
        MessageId, MessageView, Owner, Page, Participant, Resource, Side, UserId, UserKey,
    },
    service::{Service, apps::Tenant},
    store::{Db, HistoryFrom, HistoryPage, LongReads},
};

use super::{reads::CONVERSATIONS_MAX, states};

/// Messages that are read first in search of one of a user: mostly the newest is one.
const FIRST_STEP: u32 = 4;

/// Messages that are read at a time in search of one of the other user.
const STEP: u32 = 50;

/// Messages whose surroundings are read at once, without a turn among long reads: each sent message is one.
const FEW: usize = 4;

/// Names a message whose surroundings are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceOf {
    pub conversation: ConversationKey,
    pub message: MessageId,
    pub sender: UserKey,
}

impl PlaceOf {
    pub fn message(message: &Message) -> Self {
        Self { conversation: message.conversation, message: message.id, sender: message.sender }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct MessagePlace {
    /// The previous message that the viewer sees; [`MessageId::NONE`] if there is none.
    pub before: MessageId,
    /// The state of the user that did not send it.
    pub recipient: Participant,
}

impl Service {
    /// Returns a page of a conversation, newest first, as neither of its users sees it: without recalled messages, and
    /// without those that both users deleted for themselves. For back ends.
    /// # Errors
    /// `NotFound(Conversation)`.
    pub async fn page_of_conversation(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        key: ConversationKey,
        page: Page,
    ) -> Result<Vec<MessageView>, Error> {
        let app = tenant.app.key;
        self.long_read(by, async move |db: &LongReads<'_>| {
            let gone = Error::NotFound(Resource::Conversation);
            let conversation = db.conversation(app, key).await?.ok_or(gone.clone())?;
            let [first, second] = conversation.users;
            let first = db.readable_user(app, first).await?.ok_or(gone.clone())?;
            let second = db.readable_user(app, second).await?.ok_or(gone)?;
            let messages = db.page_of_conversation(app, key, page).await?;
            let view = |message: Message| {
                let (sender, recipient) =
                    if message.sender == first.key { (&first, &second) } else { (&second, &first) };
                let (sender, recipient) = (sender.clone(), recipient.clone());
                MessageView { message, conversation: conversation.clone(), sender, recipient }
            };
            Ok(messages.into_iter().map(view).collect())
        })
        .await
    }

    /// Returns the surroundings of these messages in their order; None for a conversation without the viewer. Some
    /// 20 us each.
    pub async fn places(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        viewer: UserKey,
        messages: Vec<PlaceOf>,
    ) -> Result<Vec<Option<MessagePlace>>, Error> {
        let app = tenant.app.key;
        if messages.len() <= FEW {
            return self.read(async |db| places(db, app, viewer, &messages).await).await;
        }
        self.long_read(by, async move |db: &LongReads<'_>| places(db, app, viewer, &messages).await).await
    }

    /// Returns the other user of a conversation, and the newest message of the owner that each of its marks covers.
    /// # Errors
    /// `NotFound(User)`, `NotFound(Conversation)`.
    pub async fn covered_by_peer(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        conversation: ConversationKey,
    ) -> Result<(UserId, Vec<(Mark, Message)>), Error> {
        let of = ConversationRef::Key(conversation);
        let view = self.conversation(tenant, owner, &of, false).await?;
        let view = view.ok_or(Error::NotFound(Resource::Conversation))?;
        let (side, own) = (view.own.side(), view.own.user);
        let covered = self.read(async |db| {
            let mut covered = Vec::new();
            let is_it = |message: &Message| message.sender == own && message.is_shown_to(side.other());
            for (mark, upto) in [(Mark::Delivered, view.theirs.delivered), (Mark::Read, view.theirs.read)] {
                let from = HistoryFrom::Before(MessageId(upto.0.saturating_add(1)));
                for limit in [FIRST_STEP, STEP] {
                    let page = HistoryPage { from, above: view.own.cleared, with_recalled: false, limit };
                    let messages = db.history(conversation, side, &page).await?;
                    let is_all = messages.len() < limit as usize;
                    let found = messages.into_iter().find(is_it);
                    let is_found = found.is_some();
                    covered.extend(found.map(|message| (mark, message)));
                    if is_found || is_all {
                        break;
                    }
                }
            }
            Ok(covered)
        });
        Ok((view.peer.id.clone(), covered.await?))
    }

    /// Returns the number below the oldest message to a user that was not delivered to it, else that of the last event.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn received_upto(&self, tenant: &Tenant, by: CallerKey, owner: &Owner) -> Result<MessageId, Error> {
        self.lists(tenant, by, owner)
            .read(async |db: &LongReads<'_>, app, user| {
                let waiting = ConversationFilter::Undelivered;
                let mut oldest = None;
                for own in db.participants(app, user, waiting, MessageId::MAX, 0, CONVERSATIONS_MAX).await? {
                    let first = first_incoming(db, &own, own.cleared.max(own.delivered)).await?;
                    oldest = oldest.into_iter().chain(first).min();
                }
                match oldest {
                    Some(oldest) => Ok(MessageId(oldest.0 - 1)),
                    None => Ok(MessageId(db.last_event_seq().await?)),
                }
            })
            .await
    }
}

async fn places(
    db: &Db<'_>,
    app: AppKey,
    viewer: UserKey,
    messages: &[PlaceOf],
) -> Result<Vec<Option<MessagePlace>>, Error> {
    let (mut known, mut places) = (BTreeMap::new(), Vec::with_capacity(messages.len()));
    for of in messages {
        if let Entry::Vacant(vacant) = known.entry(of.conversation.0) {
            vacant.insert(Pairing::of(db, app, viewer, of.conversation).await?);
        }
        places.push(match known.get(&of.conversation.0) {
            Some(Some(pairing)) => Some(pairing.place(db, *of).await?),
            Some(None) | None => None,
        });
    }
    Ok(places)
}

/// Returns the first message of the other user above this one.
pub(super) async fn first_incoming(
    db: &Db<'_>,
    own: &Participant,
    above: MessageId,
) -> Result<Option<MessageId>, Error> {
    let mut from = MessageId(above.0.saturating_add(1));
    loop {
        let page = HistoryPage { from: HistoryFrom::From(from), above, with_recalled: false, limit: STEP };
        let messages = db.history(own.conversation, own.side(), &page).await?;
        if let Some(first) = messages.iter().find(|message| message.sender == own.peer) {
            return Ok(Some(first.id));
        }
        let Some(last) = messages.last() else { return Ok(None) };
        from = MessageId(last.id.0.saturating_add(1));
    }
}

/// A conversation as its viewer sees it, with the states of both users.
struct Pairing {
    conversation: Conversation,
    side: Side,
    own: Participant,
    theirs: Participant,
}

impl Pairing {
    async fn of(
        db: &Db<'_>,
        app: AppKey,
        viewer: UserKey,
        conversation: ConversationKey,
    ) -> Result<Option<Self>, Error> {
        let Some(conversation) = db.conversation(app, conversation).await? else { return Ok(None) };
        let Some(side) = conversation.side_of(viewer) else { return Ok(None) };
        let peer = conversation.user(side.other());
        let (own, theirs) = states(db, conversation.key, viewer, peer).await?;
        Ok(Some(Self { conversation, side, own, theirs }))
    }

    async fn place(&self, db: &Db<'_>, of: PlaceOf) -> Result<MessagePlace, Error> {
        let from = HistoryFrom::Before(of.message);
        let page = HistoryPage { from, above: self.own.cleared, with_recalled: false, limit: 1 };
        let before = db.history(self.conversation.key, self.side, &page).await?.pop();
        let recipient = if of.sender == self.own.user { &self.theirs } else { &self.own };
        Ok(MessagePlace { before: before.map_or(MessageId::NONE, |message| message.id), recipient: recipient.clone() })
    }
}
