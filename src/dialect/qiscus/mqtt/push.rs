//! What a client is told: messages, changes, deletions, marks, typing and presence.

use super::{
    super::{comment::CommentView, event::EventView, profile_comment::ProfileComment, reader::Reader},
    protocol::{About, MissedPage, Outgoing},
    topic::{OwnTopic, RoomTopic},
};
use crate::{
    domain::{
        ChatEvent, ChatNews, ConversationChange, ConversationKey, Error, Mark, Message, MessageId, MessageView, Moment,
        Notification, Relation, User, UserId, UserKey,
    },
    service::{Viewer, conversations::backlog::MaybeMissed},
};

/// Messages that are read at once for a client that was away.
const MISSED_AT_ONCE: u32 = 100;

pub(super) struct Pusher<'a>(pub(super) Reader<'a>);

fn own(topic: OwnTopic, said: &impl serde::Serialize) -> Result<Outgoing, Error> {
    let payload = serde_json::to_string(said).map_err(Error::internal)?;
    Ok(Outgoing { about: About::Own(topic), payload })
}

/// The user that received or read a message is in the topic.
fn mark(room: ConversationKey, of: &UserId, mark: Mark, newest: &Message) -> Outgoing {
    let topic = match mark {
        Mark::Delivered => RoomTopic::Delivered,
        Mark::Read => RoomTopic::Read,
    };
    let payload = format!("{}:{}", newest.id.0, newest.name.as_str());
    Outgoing { about: About::Room(room, topic, of.clone()), payload }
}

fn presence(user: &UserId, is_online: bool, at: Moment) -> Outgoing {
    let payload = format!("{}:{:013}", u8::from(is_online), at.micros() / 1000);
    Outgoing { about: About::Presence(user.clone()), payload }
}

impl Pusher<'_> {
    /// Returns the oldest messages above this one that were not delivered or may have been missed, oldest first.
    pub(super) async fn missed(&self, after: MessageId, maybe: MaybeMissed) -> Result<MissedPage, Error> {
        let Self(reader) = self;
        let (service, owner) = (reader.service, reader.owner());
        let missed = service.undelivered_since(reader.tenant, reader.by, &owner, after, maybe, MISSED_AT_ONCE).await?;
        let comments = reader.comments(&missed).await?.into_iter().map(CommentView::over_mqtt);
        let sent = comments.map(|comment| Ok((MessageId(comment.id()), own(OwnTopic::Messages, &comment)?)));
        let messages = sent.collect::<Result<Vec<_>, Error>>()?;
        Ok(MissedPage { messages, last: missed.last().map(|view| view.message.id) })
    }

    /// Returns the other user of a room and how far it is.
    /// # Errors
    /// `NotFound(Conversation)`.
    pub(super) async fn marks(&self, room: ConversationKey) -> Result<(UserId, Vec<Outgoing>), Error> {
        let Self(reader) = self;
        let found = reader.service.covered_by_peer(reader.tenant, &reader.owner(), room).await?;
        let (peer, covered) = found;
        let marks = covered.iter().map(|(kind, newest)| mark(room, &peer, *kind, newest)).collect();
        Ok((peer, marks))
    }

    /// Subscribes to the presence of a user, and returns it. None for an unknown user.
    pub(super) async fn watch(&self, wanted: &UserId) -> Result<Option<Outgoing>, Error> {
        let Self(reader) = self;
        let Some(user) = reader.service.find_user(reader.tenant, wanted).await? else { return Ok(None) };
        reader.service.watch_presence(reader.viewer.key, user.key)?;
        Ok(self.presences(vec![user], true).await?.pop())
    }

    /// A user that blocks the viewer, or that the viewer blocks, is left out, or offline since its creation.
    async fn presences(&self, users: Vec<User>, with_blocked: bool) -> Result<Vec<Outgoing>, Error> {
        let Self(reader) = self;
        let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
        let owner = reader.owner();
        let lists = reader.service.lists(reader.tenant, reader.by, &owner);
        let blocks = lists.blocks_among(ids.clone()).await?;
        let seen = reader.service.presence(reader.tenant, Viewer::User(reader.viewer.key), ids).await?;
        let mut presences = Vec::with_capacity(users.len());
        for (user, block) in users.iter().zip(blocks) {
            let found = seen.iter().find(|(other, _)| other.key == user.key).map(|(_, presence)| presence);
            let is_shown = block == Some(Relation::None) || user.key == reader.viewer.key;
            if !is_shown && !with_blocked {
                continue;
            }
            let shown = found.filter(|_| is_shown);
            presences.push(presence(
                &user.id,
                shown.is_some_and(|presence| presence.is_online),
                shown.and_then(|presence| presence.seen_at).unwrap_or(user.created_at),
            ));
        }
        Ok(presences)
    }

    pub(super) async fn pushes(&self, notification: Notification) -> Result<Vec<Outgoing>, Error> {
        match notification {
            Notification::Chat { seq, news } => self.chat(seq, *news).await,
            Notification::StatusChanged { users } => self.statuses(&users).await,
            Notification::ProfileChanged { .. } => self.profile(&notification),
            // What the client was not told during the block.
            Notification::BlocksChanged { whom: id, is_blocked: false, .. }
            | Notification::BlockedBy { by: id, is_blocked: false, .. } => {
                let user = self.0.service.find_user(self.0.tenant, &id).await?;
                self.presences(user.into_iter().collect(), false).await
            }
            Notification::ContactsChanged { .. }
            | Notification::BlocksChanged { .. }
            | Notification::BlockedBy { .. }
            | Notification::FollowChanged { .. }
            | Notification::RequestChanged { .. }
            | Notification::AccountChanged { .. }
            | Notification::ChatSettingsChanged { .. } => Ok(Vec::new()),
        }
    }

    /// `sync` has the same comment, which a client that polls besides drops by its id.
    fn profile(&self, notification: &Notification) -> Result<Vec<Outgoing>, Error> {
        let Self(reader) = self;
        let changed = ProfileComment::of(&reader.tenant.app, reader.addresses, notification);
        let comment = changed.as_ref().map(|changed| changed.as_comment().over_mqtt());
        comment.map(|comment| own(OwnTopic::Messages, &comment)).into_iter().collect()
    }

    async fn statuses(&self, users: &[UserKey]) -> Result<Vec<Outgoing>, Error> {
        let Self(reader) = self;
        let users = reader.service.users_by_keys(reader.tenant, users).await?;
        self.presences(users, false).await
    }

    async fn chat(&self, seq: i64, news: ChatNews) -> Result<Vec<Outgoing>, Error> {
        let Self(reader) = self;
        let ChatNews { conversation, actor, other, at, event } = news;
        let (is_own, room) = (actor.key == reader.viewer.key, conversation.key);
        let Some(side) = conversation.side_of(reader.viewer.key) else { return Ok(Vec::new()) };
        let message = async |message: Message, topic| {
            if !message.is_shown_to(side) {
                return Ok(Vec::new());
            }
            let is_actors = message.sender == actor.key;
            let (sender, recipient) =
                if is_actors { (actor.clone(), other.clone()) } else { (other.clone(), actor.clone()) };
            let view = MessageView { message, conversation: conversation.clone(), sender, recipient };
            let comments = reader.comments(&[view]).await?.into_iter().map(CommentView::over_mqtt);
            comments.map(|comment| own(topic, &comment)).collect::<Result<Vec<_>, Error>>()
        };
        Ok(match event {
            ChatEvent::Sent(sent) => message(sent, OwnTopic::Messages).await?,
            ChatEvent::Edited(edited) => message(edited, OwnTopic::Changes).await?,
            ChatEvent::Recalled(recalled) => {
                let shown = recalled.into_iter().filter(|message| message.is_shown_to(side));
                let names: Vec<_> = shown.map(|message| message.name).collect();
                if names.is_empty() {
                    return Ok(Vec::new());
                }
                vec![own(OwnTopic::Events, &EventView::deletion(seq, at, &actor, room, &names))?]
            }
            ChatEvent::Changed {
                change: ConversationChange::Cleared { .. } | ConversationChange::Hidden { is_cleared: true },
                ..
            } if is_own => match reader.room(room).await {
                Err(Error::NotFound(_)) => Vec::new(),
                shown => vec![own(OwnTopic::Events, &EventView::clearance(seq, at, &actor, shown?))?],
            },
            ChatEvent::MarkMoved { mark: kind, turned, .. } if !is_own => {
                let newest = turned.first().filter(|message| message.is_shown_to(side));
                newest.map(|newest| mark(room, &actor.id, kind, newest)).into_iter().collect()
            }
            ChatEvent::Typing { is_typing } if !is_own => {
                let payload = u8::from(is_typing).to_string();
                vec![Outgoing { about: About::Room(room, RoomTopic::Typing, actor.id), payload }]
            }
            ChatEvent::Hidden { .. }
            | ChatEvent::MarkMoved { .. }
            | ChatEvent::ReceiptsSent(_)
            | ChatEvent::Changed { .. }
            | ChatEvent::Typing { .. }
            | ChatEvent::Passing(_) => Vec::new(),
        })
    }
}
