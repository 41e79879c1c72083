//! How far a user has received and read a conversation.

use super::{Chat, is_counted};
use crate::{
    domain::{
        AppKey, ConversationRef, Error, EventKind, Fault, MESSAGES_A_CALL_MAX, Mark, Message, MessageId, MessageName,
        MessageRef, Moment, Owner, Participant, Resource, Side,
    },
    store::Tx,
};

/// A mark to move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkRequest {
    pub mark: Mark,
    pub upto: UpTo,
}

/// How far a mark moves. Above the newest message that the user sees, it is that message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpTo {
    Newest,
    Message(MessageId),
    /// A message of the other user.
    Named(MessageName),
    /// All messages that are not later.
    Time(Moment),
}

#[derive(Debug, Clone, PartialEq)]
pub struct MovedMark {
    /// The state after the call; None if there is no conversation yet.
    pub own: Option<Participant>,
    /// The number of the event, if the mark covers a message of the other user that it did not cover before.
    pub seq: Option<i64>,
}

/// Moves a mark forward. What is read is delivered too. Event: `MarkMoved`, if the mark now covers more messages of
/// the other user; that user is not notified if either blocks the other.
/// # Errors
/// `NotFound` for the user, the conversation, or a message that the other user did not send.
pub async fn mark(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    to: &ConversationRef,
    request: &MarkRequest,
    at: Moment,
) -> Result<MovedMark, Error> {
    let Some(mut chat) = Chat::of(tx, app, owner, to, at).await? else {
        return Ok(MovedMark { own: None, seq: None });
    };
    let upto = target(&chat, &request.upto).await?.min(chat.newest());
    let from = match request.mark {
        Mark::Delivered => chat.own.delivered,
        Mark::Read => chat.own.read,
    };
    if upto <= from {
        return Ok(MovedMark { own: Some(chat.own), seq: None });
    }
    let counted_from = chat.own.counted_from();
    chat.own.delivered = chat.own.delivered.max(upto);
    if request.mark == Mark::Read {
        chat.own.read = upto;
        let covered = tx.message(upto).await?.filter(|message| message.conversation == chat.conversation.key);
        chat.own.read_at = Some(covered.map_or(chat.conversation.last_at, |message| message.at));
        recount(&mut chat, counted_from).await?;
    }
    tx.put_participant(&chat.own).await?;
    let mut seq = None;
    if chat.own.incoming > from {
        let (conversation, to) = (chat.conversation.key, chat.peer_if_unblocked().await?);
        seq = Some(chat.append(&EventKind::MarkMoved { conversation, mark: request.mark, from, upto, to }).await?);
    }
    Ok(MovedMark { own: Some(chat.own), seq })
}

async fn target(chat: &Chat<'_>, upto: &UpTo) -> Result<MessageId, Error> {
    match upto {
        UpTo::Newest => Ok(chat.newest()),
        UpTo::Message(id) => Ok(*id),
        UpTo::Named(name) => {
            let found = chat.shown_message(&MessageRef::Name(name.clone())).await?;
            let is_theirs = |message: &Message| message.sender == chat.peer.key;
            found.filter(is_theirs).map(|message| message.id).ok_or(Error::NotFound(Resource::Message))
        }
        UpTo::Time(time) => {
            let later = Moment::from_micros(time.micros().saturating_add(1));
            let first_later = chat.tx.first_message_at(chat.conversation.key, chat.side(), later).await?;
            Ok(first_later.map_or(chat.newest(), |later| MessageId(later.0 - 1)))
        }
    }
}

/// Sets the unread count after the mark that it counts from has moved from `former`. Reads the rows of the smaller of
/// two ranges: those that are covered now, and those that are left.
pub(super) async fn recount(chat: &mut Chat<'_>, former: MessageId) -> Result<(), Error> {
    let (from, side, peer) = (chat.own.counted_from(), chat.side(), chat.peer.key);
    chat.own.unread = if from >= chat.own.incoming {
        0
    } else if from.0 - former.0 <= chat.own.incoming.0 - from.0 {
        let covered = chat.tx.count_messages(chat.conversation.key, side, peer, former, from).await?;
        chat.own.unread.saturating_sub(covered)
    } else {
        chat.tx.count_messages(chat.conversation.key, side, peer, from, MessageId::MAX).await?
    };
    Ok(())
}

/// Confirms that the owner has read messages whose sender had asked for it. Skips messages that it does not see, its
/// own, and those that were confirmed before. Event: `ReceiptsSent`.
/// # Errors
/// `NotFound` for the user or the conversation; `Invalid` above the most messages of a call.
pub async fn send_receipts(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    to: &ConversationRef,
    messages: &[MessageRef],
    at: Moment,
) -> Result<Vec<MessageId>, Error> {
    within_a_call(messages)?;
    let Some(chat) = Chat::of(tx, app, owner, to, at).await? else { return Ok(Vec::new()) };
    let mut confirmed = Vec::new();
    for wanted in messages {
        let found = chat.shown_message(wanted).await?.filter(|message| {
            message.sender == chat.peer.key
                && message.flags.wants_receipt
                && message.receipt_at.is_none()
                && !confirmed.contains(&message.id)
        });
        confirmed.extend(found.map(|message| message.id));
    }
    for id in &confirmed {
        tx.put_message_receipt(*id, at).await?;
    }
    if !confirmed.is_empty() {
        let (conversation, to) = (chat.conversation.key, chat.peer_if_unblocked().await?);
        chat.append(&EventKind::ReceiptsSent { conversation, messages: confirmed.clone(), to }).await?;
    }
    Ok(confirmed)
}

/// Refuses more messages than one event can name.
pub(super) fn within_a_call(messages: &[MessageRef]) -> Result<(), Error> {
    match messages.len() > MESSAGES_A_CALL_MAX {
        true => {
            Err(Fault::TooMuch { most: MESSAGES_A_CALL_MAX as u64, unit: "messages", found: messages.len() as u64 }
                .at("messages"))
        }
        false => Ok(()),
    }
}

/// Takes a message that goes away off a participant's unread count.
pub(super) fn uncount(participant: &mut Participant, message: &Message, side: Side) -> bool {
    let counted = is_counted(message, participant, side);
    participant.unread = participant.unread.saturating_sub(u32::from(counted));
    counted
}
