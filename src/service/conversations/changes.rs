//! Changes of messages that both users see, and of what one user sees.

use std::time::Duration;

use super::{
    Chat, age,
    marks::{recount, uncount, within_a_call},
};
use crate::{
    domain::{
        AppKey, CloudData, ConversationChange, ConversationKey, ConversationRef, Error, EventKind, Fault, Message,
        MessageBody, MessageData, MessageEdit, MessageId, MessageName, MessageOrigin, MessageRecall, MessageRef,
        Metadata, Moment, Owner, PINS_MAX, Resource,
    },
    store::Tx,
};

/// Messages to recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallRequest {
    pub messages: Vec<MessageRef>,
    pub reason: String,
    /// Whether messages of the other user may be recalled too: by a back end.
    pub others_too: bool,
    /// Whether own messages that the user does not see may be recalled: a back end may have sent them.
    pub unseen_too: bool,
    /// The greatest age of a message.
    pub within: Option<Duration>,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq)]
pub enum RecallOutcome {
    Recalled(Box<Message>),
    NoSuchMessage,
    NotOwn,
    TooLate,
    /// It was recalled before.
    Already(Box<Message>),
}

/// Recalls messages: both users keep their places, and their content is wiped. Event: `MessagesRecalled`.
/// # Errors
/// `NotFound` for the user or the conversation; `Invalid` above the most messages of a call.
pub async fn recall(
    tx: &Tx<'_>,
    app: AppKey,
    by: &Owner,
    to: &ConversationRef,
    request: &RecallRequest,
    at: Moment,
) -> Result<(Vec<RecallOutcome>, Option<i64>), Error> {
    within_a_call(&request.messages)?;
    let Some(mut chat) = Chat::of(tx, app, by, to, at).await? else {
        return Ok((vec![RecallOutcome::NoSuchMessage; request.messages.len()], None));
    };
    let mut outcomes = Vec::with_capacity(request.messages.len());
    for wanted in &request.messages {
        let outcome = recallable(&chat, wanted, request).await?;
        // A message that the call names twice.
        let is_twice = |earlier: &RecallOutcome| matches!((earlier, &outcome), (RecallOutcome::Recalled(one), RecallOutcome::Recalled(other)) if one.id == other.id);
        let outcome = if outcomes.iter().any(is_twice) { RecallOutcome::NoSuchMessage } else { outcome };
        outcomes.push(outcome);
    }
    let (mut recalled, mut to) = (Vec::new(), None);
    for outcome in &mut outcomes {
        let RecallOutcome::Recalled(message) = outcome else { continue };
        let recall = MessageRecall { at, by: chat.me.key, reason: request.reason.clone() };
        let side = chat.side();
        uncount(&mut chat.own, message, side);
        uncount(&mut chat.theirs, message, side.other());
        if message.is_shown_to(side.other()) {
            to = Some(chat.peer.key);
        }
        tx.put_message_recall(message.id, &recall).await?;
        recalled.push(message.id);
        **message = tx.message(message.id).await?.unwrap_or_else(|| (**message).clone());
    }
    if recalled.is_empty() {
        return Ok((outcomes, None));
    }
    tx.put_participant(&chat.own).await?;
    tx.put_participant(&chat.theirs).await?;
    let conversation = chat.conversation.key;
    let seq = chat.append(&EventKind::MessagesRecalled { conversation, messages: recalled, to }).await?;
    Ok((outcomes, Some(seq)))
}

async fn recallable(chat: &Chat<'_>, wanted: &MessageRef, request: &RecallRequest) -> Result<RecallOutcome, Error> {
    let found = match request.others_too || request.unseen_too {
        true => chat.message(wanted).await?,
        false => chat.shown_message(wanted).await?,
    };
    let Some(message) = found.map(Box::new) else { return Ok(RecallOutcome::NoSuchMessage) };
    Ok(if message.sender != chat.me.key && !request.others_too {
        RecallOutcome::NotOwn
    } else if message.is_recalled() {
        RecallOutcome::Already(message)
    } else if request.within.is_some_and(|within| age(&message, chat.at) > within) {
        RecallOutcome::TooLate
    } else {
        RecallOutcome::Recalled(message)
    })
}

/// A change of a message's content. What is `None` stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MessageChange {
    pub body: Option<MessageBody>,
    /// Replaces the free data of all vendors.
    pub data: Option<MessageData>,
    /// Replaces Tencent's free data alone.
    pub cloud: Option<CloudData>,
    /// Replaces MirrorFly's free data alone.
    pub metadata: Option<Metadata>,
    /// The id that the client gave the change.
    pub name: Option<MessageName>,
    /// The version that the change was made for.
    pub of_version: Option<u32>,
    pub others: OthersMessages,
    /// Whether a message that the user does not see may be changed: a back end may have sent it.
    pub unseen_too: bool,
    /// The greatest age of the message.
    pub within: Option<Duration>,
}

/// The messages of the other user that may be changed too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OthersMessages {
    #[default]
    None,
    /// Messages that were sent through this API: users of other APIs do not expect that a recipient changes a message.
    SentThrough(MessageOrigin),
    All,
}

impl OthersMessages {
    fn may_be(self, message: &Message) -> bool {
        match self {
            Self::None => false,
            Self::SentThrough(origin) => message.origin == origin,
            Self::All => true,
        }
    }
}

impl MessageChange {
    fn is_empty(&self) -> bool {
        self.body.is_none() && self.data.is_none() && self.cloud.is_none() && self.metadata.is_none()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum EditOutcome {
    /// The message after the change, and the number of the event: 0 if nothing changed, because the change has no
    /// content, or because the change of this name had been made before.
    Edited(Box<Message>, i64),
    NoSuchMessage,
    NotOwn,
    TooLate,
    Recalled,
    /// The message has another version: it is returned as it is.
    OtherVersion(Box<Message>),
}

/// Changes the content of a message; place and time stay. Event: `MessageEdited`. A client finds no message that the
/// other user sees while either blocks the other: a new text would pass the block.
/// # Errors
/// `NotFound` for the user or the conversation; `Forbidden` for a suspended user.
pub async fn edit(
    tx: &Tx<'_>,
    app: AppKey,
    by: &Owner,
    to: &ConversationRef,
    wanted: &MessageRef,
    change: &MessageChange,
    at: Moment,
) -> Result<EditOutcome, Error> {
    let Some(chat) = Chat::of(tx, app, by, to, at).await? else { return Ok(EditOutcome::NoSuchMessage) };
    let found = match change.unseen_too {
        true => chat.message(wanted).await?,
        false => chat.shown_message(wanted).await?,
    };
    let Some(mut message) = found else { return Ok(EditOutcome::NoSuchMessage) };
    if message.sender != chat.me.key && !change.others.may_be(&message) {
        return Ok(EditOutcome::NotOwn);
    }
    if message.is_recalled() {
        return Ok(EditOutcome::Recalled);
    }
    let sees = message.is_shown_to(chat.side().other());
    let is_client = matches!(by, Owner::Itself(_));
    if is_client && sees && chat.peer_if_unblocked().await?.is_none() {
        return Ok(EditOutcome::NoSuchMessage);
    }
    if change.within.is_some_and(|within| age(&message, at) > within) {
        return Ok(EditOutcome::TooLate);
    }
    if change.of_version.is_some_and(|version| version != message.version) {
        return Ok(EditOutcome::OtherVersion(Box::new(message)));
    }
    let is_repeat = change.name.is_some() && message.edit.as_ref().is_some_and(|edit| edit.name == change.name);
    if change.is_empty() || is_repeat {
        return Ok(EditOutcome::Edited(Box::new(message), 0));
    }
    if let Some(body) = &change.body {
        message.body = body.clone();
    }
    if let Some(data) = &change.data {
        message.data = data.clone();
    }
    if let Some(cloud) = &change.cloud {
        message.data.cloud = cloud.clone();
    }
    if let Some(metadata) = &change.metadata {
        message.data.metadata = metadata.clone();
    }
    message.version += 1;
    message.edit = Some(MessageEdit { at, name: change.name.clone() });
    tx.put_message_edit(&message).await?;
    let (conversation, to) = (chat.conversation.key, sees.then_some(chat.peer.key));
    let seq = chat.append(&EventKind::MessageEdited { conversation, message: message.id, to }).await?;
    Ok(EditOutcome::Edited(Box::new(message), seq))
}

/// Deletes messages for the owner alone; skips those that it does not see. Event: `MessagesHidden`.
/// # Errors
/// `NotFound` for the user or the conversation; `Invalid` above the most messages of a call.
pub async fn hide(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    to: &ConversationRef,
    messages: &[MessageRef],
    at: Moment,
) -> Result<Option<i64>, Error> {
    within_a_call(messages)?;
    let Some(mut chat) = Chat::of(tx, app, owner, to, at).await? else { return Ok(None) };
    let (side, mut hidden) = (chat.side(), Vec::new());
    for wanted in messages {
        let found = chat.shown_message(wanted).await?.filter(|message| !hidden.contains(&message.id));
        let Some(message) = found else { continue };
        uncount(&mut chat.own, &message, side);
        tx.hide_message(message.id, side).await?;
        hidden.push(message.id);
    }
    if hidden.is_empty() {
        return Ok(None);
    }
    tx.put_participant(&chat.own).await?;
    let conversation = chat.conversation.key;
    chat.append(&EventKind::MessagesHidden { conversation, messages: hidden }).await.map(Some)
}

/// Changes a conversation for its owner alone. Event: `ConversationChanged`, if it differs.
/// # Errors
/// `NotFound` for the user or the conversation; `Invalid` above the most pinned conversations.
pub async fn change(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    to: &ConversationRef,
    change: ConversationChange,
    at: Moment,
) -> Result<Option<i64>, Error> {
    let Some(mut chat) = Chat::of(tx, app, owner, to, at).await? else { return Ok(None) };
    let former = chat.own.clone();
    let newest = chat.newest();
    match change {
        ConversationChange::Cleared { upto } => clear(&mut chat, upto.min(newest)).await?,
        ConversationChange::Hidden { is_cleared } => {
            (chat.own.is_hidden, chat.own.pinned_at) = (true, None);
            (chat.own.unread_reset, chat.own.unread) = (newest, 0);
            if is_cleared {
                clear(&mut chat, newest).await?;
            }
        }
        ConversationChange::Pinned => {
            if chat.own.pinned_at.is_none() && tx.count_pins(chat.me.key).await? >= PINS_MAX {
                let (most, found) = (u64::from(PINS_MAX), u64::from(PINS_MAX) + 1);
                return Err(Fault::TooMuch { most, unit: "pinned conversations", found }.at("conversations"));
            }
            chat.own.pinned_at = chat.own.pinned_at.or(Some(at));
        }
        ConversationChange::Unpinned => chat.own.pinned_at = None,
        ConversationChange::Archived => chat.own.is_archived = true,
        ConversationChange::Unarchived => chat.own.is_archived = false,
        ConversationChange::UnreadReset => (chat.own.unread_reset, chat.own.unread) = (newest, 0),
    }
    if chat.own == former {
        return Ok(None);
    }
    tx.put_participant(&chat.own).await?;
    let conversation = chat.conversation.key;
    chat.append(&EventKind::ConversationChanged { conversation, change }).await.map(Some)
}

/// As [`change`] for several conversations; pins nothing, so it is not refused after its first write. Skips those that
/// are gone. Returns the numbers of the events.
/// # Errors
/// `NotFound(User)`.
pub async fn change_each(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    conversations: &[ConversationKey],
    of_each: ConversationChange,
    at: Moment,
) -> Result<Vec<i64>, Error> {
    let mut events = Vec::new();
    for conversation in conversations {
        match change(tx, app, owner, &ConversationRef::Key(*conversation), of_each, at).await {
            Ok(event) => events.extend(event),
            Err(Error::NotFound(Resource::Conversation)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(events)
}

async fn clear(chat: &mut Chat<'_>, upto: MessageId) -> Result<(), Error> {
    let counted_from = chat.own.counted_from();
    if upto > chat.own.cleared {
        chat.own.cleared = upto;
        recount(chat, counted_from).await?;
    }
    Ok(())
}
