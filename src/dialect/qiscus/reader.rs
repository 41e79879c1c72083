//! Reads rooms and messages as one user sees them, in the forms of this API.

use super::{
    comment::{CommentView, RoomFace},
    room::{ParticipantView, RoomView},
};
use crate::{
    domain::{
        CallerKey, Conversation, ConversationKey, ConversationRef, ConversationView, Error, Message, MessageId,
        MessageView, Owner, Resource, User,
    },
    http::addresses::Addresses,
    service::{
        Service, Tenant,
        conversations::{
            places::{MessagePlace, PlaceOf},
            reads::{History, HistoryRequest, HistoryStart},
        },
    },
};

/// The messages that a room is opened with.
pub(super) const OPENED_WITH: u32 = 20;

#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) service: &'a Service,
    pub(super) tenant: &'a Tenant,
    pub(super) addresses: &'a Addresses,
    /// The user whose view is read.
    pub(super) viewer: &'a User,
    /// The caller that reads are counted for.
    pub(super) by: CallerKey,
}

impl Reader<'_> {
    pub(super) fn owner(&self) -> Owner {
        Owner::Itself(self.viewer.key)
    }

    fn comment(&self, view: &MessageView, place: &MessagePlace) -> CommentView {
        CommentView::of(&self.tenant.app, self.addresses, self.viewer, view, place)
    }

    /// Leaves out messages of rooms that are gone by now.
    pub(super) async fn comments(&self, views: &[MessageView]) -> Result<Vec<CommentView>, Error> {
        let wanted = views.iter().map(|view| PlaceOf::message(&view.message)).collect();
        let places = self.service.places(self.tenant, self.by, self.viewer.key, wanted).await?;
        let placed = views.iter().zip(places).filter_map(|(view, place)| Some((view, place?)));
        Ok(placed.map(|(view, place)| self.comment(view, &place)).collect())
    }

    /// # Errors
    /// `NotFound(Message)` for a message that the viewer does not see.
    pub(super) async fn message(&self, id: MessageId) -> Result<CommentView, Error> {
        let (view, _) = self.service.message(self.tenant, &self.owner(), id).await?;
        self.comments(&[view]).await?.pop().ok_or(Error::NotFound(Resource::Message))
    }

    /// Returns a page of a room, newest first.
    /// # Errors
    /// `NotFound(Conversation)`.
    pub(super) async fn page(
        &self,
        room: ConversationKey,
        from: HistoryStart,
        limit: u32,
    ) -> Result<Vec<CommentView>, Error> {
        let request = HistoryRequest { from, limit, with_recalled: false };
        let of = ConversationRef::Key(room);
        let history = self.service.history(self.tenant, self.by, &self.owner(), &of, request).await?;
        let mut views = views_of(history);
        views.sort_unstable_by_key(|view| std::cmp::Reverse(view.message.id));
        self.comments(&views).await
    }

    /// # Errors
    /// `NotFound(Conversation)`.
    pub(super) async fn room(&self, room: ConversationKey) -> Result<RoomView, Error> {
        let of = ConversationRef::Key(room);
        let found = self.service.conversation(self.tenant, &self.owner(), &of, false).await?;
        let found = found.ok_or(Error::NotFound(Resource::Conversation))?;
        self.rooms(vec![found], true).await?.pop().ok_or(Error::NotFound(Resource::Conversation))
    }

    pub(super) async fn rooms(
        &self,
        views: Vec<ConversationView>,
        with_participants: bool,
    ) -> Result<Vec<RoomView>, Error> {
        let wanted = views.iter().filter_map(|view| view.last.as_ref()).map(PlaceOf::message).collect();
        let mut places = self.service.places(self.tenant, self.by, self.viewer.key, wanted).await?.into_iter();
        let mut rooms = Vec::with_capacity(views.len());
        for view in views {
            let place = if view.last.is_some() { places.next().flatten() } else { None };
            rooms.push(self.room_view(view, place.as_ref(), with_participants));
        }
        Ok(rooms)
    }

    fn room_view(&self, view: ConversationView, place: Option<&MessagePlace>, with_participants: bool) -> RoomView {
        let ConversationView { conversation, own, theirs, peer, last, .. } = view;
        let (app, addresses) = (&self.tenant.app, self.addresses);
        let face = || RoomFace::of(app, addresses, self.viewer, &peer);
        let last = match last.zip(place) {
            Some((message, place)) => {
                self.comment(&message_view(message, conversation.clone(), self.viewer, &peer), place)
            }
            None => CommentView::none(&conversation, face()),
        };
        let mut participants = Vec::new();
        if with_participants {
            participants.push(ParticipantView::of(app, addresses, self.viewer, &own));
            participants.push(ParticipantView::of(app, addresses, &peer, &theirs));
            if peer.key < self.viewer.key {
                participants.reverse();
            }
        }
        RoomView::of(&conversation, face(), Some(last), participants, own.unread)
    }
}

fn message_view(message: Message, conversation: Conversation, one: &User, other: &User) -> MessageView {
    let (sender, recipient) = if message.sender == one.key { (one, other) } else { (other, one) };
    MessageView { message, conversation, sender: sender.clone(), recipient: recipient.clone() }
}

pub(super) fn views_of(history: History) -> Vec<MessageView> {
    let History { me, peer, conversation, messages, .. } = history;
    let Some((conversation, ..)) = conversation else { return Vec::new() };
    messages.into_iter().map(|message| message_view(message, conversation.clone(), &me, &peer)).collect()
}
