//! Messages that are older than their app keeps them.

use super::marks;
use crate::{
    domain::{AppKey, Conversation, Error, Moment, Side},
    store::Tx,
};

/// Deletes at most `at_most` messages of an app that are older than `before`, with their share of the unread counts.
/// Returns how many. No event: a client keeps what it has.
pub async fn forget_expired(tx: &Tx<'_>, app: AppKey, before: Moment, at_most: u32) -> Result<u32, Error> {
    let mut forgotten = 0;
    while forgotten < at_most {
        let Some(conversation) = tx.conversation_with_messages_before(app, before).await? else { break };
        let left = at_most - forgotten;
        uncount(tx, &conversation, before, left).await?;
        let taken = tx.take_messages_before(conversation.key, before, left).await?;
        forgotten += taken;
        if taken < left {
            tx.put_oldest_message_time(conversation.key).await?;
        }
    }
    Ok(forgotten)
}

async fn uncount(tx: &Tx<'_>, conversation: &Conversation, before: Moment, at_most: u32) -> Result<(), Error> {
    let expired = tx.messages_before(conversation.key, before, at_most).await?;
    for (user, side) in conversation.users.into_iter().zip([Side::First, Side::Second]) {
        let Some(mut participant) = tx.participant(user, conversation.key).await? else { continue };
        let former = participant.unread;
        for message in &expired {
            marks::uncount(&mut participant, message, side);
        }
        if participant.unread != former {
            tx.put_participant(&participant).await?;
        }
    }
    Ok(())
}
