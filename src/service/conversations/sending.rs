//! Sending a message.

use super::{Chat, Drawn, NUMBERED_AMONG_MAX, Pair, create};
use crate::{
    domain::{
        AppKey, Conversation, ConversationRef, Error, EventKind, Mark, Message, MessageBody, MessageData, MessageFlags,
        MessageId, MessageName, MessageNumbers, MessageOrigin, Moment, Owner, REPEAT_WITHIN_S, Resource, Side, UserKey,
    },
    store::Tx,
};

/// Messages of one random number among which the message that a call repeats is looked for.
const REPEATED_AMONG_MAX: u32 = 16;

/// A message to send.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The client's id of it. The same sender's message of this name in the conversation is the same message.
    pub name: Option<MessageName>,
    pub origin: MessageOrigin,
    pub body: MessageBody,
    pub data: MessageData,
    pub reply_to: Option<MessageName>,
    /// Drawn if none are given. Equal numbers with an equal body within [`REPEAT_WITHIN_S`] are the same message.
    pub numbers: Option<MessageNumbers>,
    pub flags: MessageFlags,
    pub policy: SendPolicy,
}

/// What an API decides about a message that it sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SendPolicy {
    /// Whether its sender does not see it: a back end sends it in the sender's name.
    pub is_hidden_from_sender: bool,
    /// Whether it is delivered in spite of a block. Otherwise a block in either direction withholds it for ever.
    pub ignores_blocks: bool,
    /// Whether a block refuses it, so that the sender learns of the block.
    pub refuses_blocks: bool,
    /// Whether its sender has thereby read what came before. Event: `MarkMoved`, as if the sender had said so.
    pub reads: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SentMessage {
    pub message: Message,
    pub conversation: Conversation,
    /// Whether it had been sent before: nothing was stored or announced.
    pub is_repeat: bool,
}

/// The refusal of a message to a user with a block in either direction.
pub const BLOCKED: Error = Error::Forbidden("A block between the two users forbids it");

/// Stores a message, with the counters and the list entries of both users. Creates the conversation before its first
/// message. Event: `MessageSent`.
/// # Errors
/// `NotFound` for the recipient or the conversation; `Forbidden` for a suspended sender, and for a block if the
/// message refuses one; `Invalid` for the sender itself; `Conflict(Message)` for a name that a message of the
/// recipient has.
pub async fn send(
    tx: &Tx<'_>,
    app: AppKey,
    sender: &Owner,
    to: &ConversationRef,
    new: &NewMessage,
    drawn: &Drawn,
    at: Moment,
) -> Result<SentMessage, Error> {
    let pair = Pair::of(tx, app, sender, to).await?;
    let me = pair.me.clone().if_active()?;
    if let Some(conversation) = &pair.conversation
        && let Some(message) = repeated(tx, conversation, &pair, new, at).await?
    {
        return Ok(SentMessage { message, conversation: conversation.clone(), is_repeat: true });
    }
    let is_blocked = !new.policy.ignores_blocks && pair.is_blocked(tx).await?;
    if is_blocked && new.policy.refuses_blocks {
        return Err(BLOCKED);
    }
    let conversation = match pair.conversation.clone() {
        Some(conversation) => conversation,
        None => create(tx, app, &pair, "{}", drawn, at).await?,
    };
    let mut chat = Chat::with(tx, me, pair.peer, conversation, at).await?;
    let read = chat.own.read;
    let message = put(&mut chat, new, is_blocked, drawn).await?;
    if new.policy.reads && chat.own.incoming > read {
        let (conversation, to) = (chat.conversation.key, (!is_blocked).then_some(chat.peer.key));
        let kind = EventKind::MarkMoved { conversation, mark: Mark::Read, from: read, upto: message.id, to };
        chat.append(&kind).await?;
    }
    Ok(SentMessage { message, conversation: chat.conversation, is_repeat: false })
}

/// Returns the message that this call repeats.
/// # Errors
/// `Conflict(Message)` if a message of the other user has the name.
async fn repeated(
    tx: &Tx<'_>,
    conversation: &Conversation,
    pair: &Pair,
    new: &NewMessage,
    at: Moment,
) -> Result<Option<Message>, Error> {
    if let Some(name) = &new.name
        && let Some(found) = tx.message_named(conversation.key, name).await?
    {
        return match found.sender == pair.me.key {
            true => Ok(Some(found)),
            false => Err(Error::Conflict(Resource::Message)),
        };
    }
    let Some(numbers) = new.numbers else { return Ok(None) };
    let same = tx.messages_numbered(conversation.key, numbers.random, REPEATED_AMONG_MAX).await?;
    let other_seqs: Vec<u32> = numbers.other_seqs(&new.body).collect();
    let is_same = |found: &Message| {
        found.sender == pair.me.key
            && (found.numbers.seq == numbers.seq || other_seqs.contains(&found.numbers.seq))
            && found.origin == new.origin
            && found.body == new.body
            && at.unix_s() - found.at.unix_s() <= REPEAT_WITHIN_S
    };
    Ok(same.into_iter().find(is_same))
}

async fn put(chat: &mut Chat<'_>, new: &NewMessage, is_blocked: bool, drawn: &Drawn) -> Result<Message, Error> {
    let (tx, side) = (chat.tx, chat.side());
    let to = (!is_blocked).then_some(chat.peer.key);
    let at = chat.at.max(chat.conversation.last_at);
    let id = MessageId(chat.append(&EventKind::MessageSent { conversation: chat.conversation.key, to }).await?);
    let own_bit = if new.policy.is_hidden_from_sender { 0 } else { side.bit() };
    let shown = own_bit | if is_blocked { 0 } else { side.other().bit() };
    let seq = chat.conversation.last_seq + 1;
    let name = name_of(chat, new, id, drawn).await?;
    let flags = MessageFlags { is_withheld: is_blocked, ..new.flags };
    let draft = draft(new, &chat.conversation, chat.me.key, drawn);
    let numbers = free_numbers(chat, &draft, drawn, at).await?;
    let message = Message { seq, name, id, at, shown, flags, numbers, ..draft };
    tx.put_message(&message).await?;
    tx.put_last_message(chat.conversation.key, seq, at).await?;
    (chat.conversation.last_seq, chat.conversation.last_at) = (seq, at);
    if message.is_shown_to(side) {
        note_sent(chat, &message, new.policy.reads);
        tx.put_participant(&chat.own).await?;
    }
    if message.is_shown_to(side.other()) {
        note_received(chat, &message).await?;
        tx.put_participant(&chat.theirs).await?;
    }
    Ok(message)
}

fn note_sent(chat: &mut Chat<'_>, message: &Message, reads: bool) {
    let own = &mut chat.own;
    own.is_hidden = false;
    if !message.flags.is_unlisted {
        own.listed = message.id;
    }
    if reads {
        (own.read, own.delivered, own.read_at, own.unread) = (message.id, message.id, Some(message.at), 0);
    }
}

async fn note_received(chat: &mut Chat<'_>, message: &Message) -> Result<(), Error> {
    // An archived conversation comes back with a message, unless its user keeps such conversations archived.
    let keeps_archived = chat.theirs.is_archived && chat.tx.keeps_archived(chat.peer.key).await?;
    let theirs = &mut chat.theirs;
    theirs.is_archived = keeps_archived;
    theirs.is_hidden = false;
    theirs.incoming = message.id;
    if !message.flags.is_unlisted {
        theirs.listed = message.id;
    }
    if !message.flags.is_uncounted {
        theirs.unread += 1;
    }
    Ok(())
}

/// Returns the numbers of a message. Another message of the conversation and of the same second may have them: then the
/// message gets another sequence number, because these numbers and the second name a message on Tencent's wire.
async fn free_numbers(chat: &Chat<'_>, draft: &Message, drawn: &Drawn, at: Moment) -> Result<MessageNumbers, Error> {
    let numbers = draft.numbers;
    let mut same = chat.tx.messages_numbered(chat.conversation.key, numbers.random, NUMBERED_AMONG_MAX).await?;
    same.retain(|other| other.at.unix_s() == at.unix_s());
    let is_free = |seq: &u32| same.iter().all(|other| other.numbers.seq != *seq);
    if is_free(&numbers.seq) {
        return Ok(numbers);
    }
    let seq = numbers.other_seqs(&draft.body).find(is_free).unwrap_or(drawn.numbers.seq);
    Ok(MessageNumbers { seq, ..numbers })
}

/// Returns the client's name, else the message's number, unless an earlier message has that text as its name.
async fn name_of(chat: &Chat<'_>, new: &NewMessage, id: MessageId, drawn: &Drawn) -> Result<MessageName, Error> {
    if let Some(name) = &new.name {
        return Ok(name.clone());
    }
    let name = MessageName::of(id);
    match chat.tx.message_named(chat.conversation.key, &name).await? {
        None => Ok(name),
        Some(_) => MessageName::parse(&drawn.unique_id).map_err(Error::internal),
    }
}

fn draft(new: &NewMessage, conversation: &Conversation, sender: UserKey, drawn: &Drawn) -> Message {
    Message {
        id: MessageId::NONE,
        conversation: conversation.key,
        seq: 0,
        sender,
        at: conversation.last_at,
        name: MessageName::of(MessageId::NONE),
        origin: new.origin,
        body: new.body.clone(),
        data: new.data.clone(),
        reply_to: new.reply_to.clone(),
        numbers: new.numbers.unwrap_or(drawn.numbers),
        flags: new.flags,
        receipt_at: None,
        edit: None,
        version: 0,
        recall: None,
        shown: 0,
    }
}

/// Returns a message that is not stored.
pub(super) fn passing(
    pair: &Pair,
    conversation: &Conversation,
    new: &NewMessage,
    drawn: &Drawn,
    at: Moment,
) -> Message {
    let name = new.name.clone().unwrap_or_else(|| MessageName::of(MessageId::NONE));
    let hidden = if new.policy.is_hidden_from_sender { pair.side_bit() } else { 0 };
    let shown = (Side::First.bit() | Side::Second.bit()) & !hidden;
    Message { name, at, shown, ..draft(new, conversation, pair.me.key, drawn) }
}
