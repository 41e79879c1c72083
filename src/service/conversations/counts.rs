//! Unread counts and read marks of a user, by the other user of each conversation.

use super::{Pair, reads::CONVERSATIONS_MAX};
use crate::{
    domain::{
        AppKey, CallerKey, ConversationFilter, ConversationRef, Error, Fault, MessageId, Moment, Owner, Participant,
        Resource, UserId, UserKey,
    },
    service::{Service, apps::Tenant},
    store::{Db, LongReads},
};

/// A user's unread messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadByPeer {
    /// The other user and the count, for each of the latest 1,000 conversations with unread messages; latest first.
    pub pairs: Vec<(UserId, u32)>,
    /// The last event that the counts include.
    pub seq: i64,
}

impl Service {
    /// Returns a user's unread messages by the other user. Messages above `upto` do not count: the caller has not been
    /// told of them yet.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn unread_by_peer(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        upto: Option<MessageId>,
    ) -> Result<UnreadByPeer, Error> {
        self.lists(tenant, by, owner).read(async move |db, app, user| unread(db, app, user, upto).await).await
    }

    /// Returns how many messages of users whose ids have at most so many bytes a user has not read.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn unread_from(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        id_bytes_max: u32,
    ) -> Result<u64, Error> {
        let read = async move |db: &LongReads<'_>, app, user| db.total_unread_from(app, user, id_bytes_max).await;
        self.lists(tenant, by, owner).read(read).await
    }

    /// Returns up to when each of these users has read its conversation with a user: the time of the newest message
    /// that it has read. None for a user that has read none, or does not exist.
    /// # Errors
    /// `NotFound(User)` for the owner.
    pub async fn peers_read_at(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        peers: Vec<UserId>,
    ) -> Result<Vec<Option<Moment>>, Error> {
        self.lists(tenant, by, owner)
            .read(async move |db, app, user| {
                let mut times = Vec::with_capacity(peers.len());
                for peer in peers {
                    times.push(read_at(db, app, user, &peer).await?);
                }
                Ok(times)
            })
            .await
    }

    /// Returns how many messages of each of these users a user has not read; None for a user that does not exist.
    /// # Errors
    /// `NotFound(User)` for the owner.
    pub async fn unread_of_peers(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        peers: Vec<UserId>,
    ) -> Result<Vec<Option<u32>>, Error> {
        self.lists(tenant, by, owner)
            .read(async move |db, app, user| {
                let mut counts = Vec::with_capacity(peers.len());
                for peer in peers {
                    let pair = Pair::of(db, app, &Owner::Itself(user), &ConversationRef::With(peer)).await;
                    counts.push(match pair {
                        Ok(pair) => Some(participant(db, &pair, user).await?.map_or(0, |own| own.unread)),
                        Err(Error::Invalid { fault: Fault::Oneself, .. }) => Some(0),
                        Err(Error::NotFound(Resource::User)) => None,
                        Err(error) => return Err(error),
                    });
                }
                Ok(counts)
            })
            .await
    }
}

async fn participant(db: &Db<'_>, pair: &Pair, user: UserKey) -> Result<Option<Participant>, Error> {
    match &pair.conversation {
        Some(conversation) => db.participant(user, conversation.key).await,
        None => Ok(None),
    }
}

async fn unread(
    db: &LongReads<'_>,
    app: AppKey,
    user: UserKey,
    upto: Option<MessageId>,
) -> Result<UnreadByPeer, Error> {
    let mut pairs = Vec::new();
    for own in db.participants(app, user, ConversationFilter::Unread, MessageId::MAX, 0, CONVERSATIONS_MAX).await? {
        let side = own.side();
        let later = match upto {
            Some(upto) if own.incoming > upto => {
                let after = upto.max(own.counted_from());
                db.count_messages(own.conversation, side, own.peer, after, MessageId::MAX).await?
            }
            Some(_) | None => 0,
        };
        let unread = own.unread.saturating_sub(later);
        if unread > 0 {
            pairs.extend(db.readable_user(app, own.peer).await?.map(|peer| (peer.id, unread)));
        }
    }
    Ok(UnreadByPeer { pairs, seq: db.last_event_seq().await? })
}

async fn read_at(db: &Db<'_>, app: AppKey, user: UserKey, peer: &UserId) -> Result<Option<Moment>, Error> {
    let Some(peer) = db.user(app, peer).await? else { return Ok(None) };
    let Some(conversation) = db.conversation_between(app, user, peer.key).await? else { return Ok(None) };
    Ok(db.participant(peer.key, conversation.key).await?.and_then(|theirs| theirs.read_at))
}
