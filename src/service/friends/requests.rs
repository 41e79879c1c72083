//! Friend requests that wait for consent.

use super::{
    FriendOutcome, Outcomes,
    call::{FriendCall, or},
};
use crate::{
    domain::{Direction, Error, FriendFault, FriendGroup, Moment, RequestAnswer, RequestDecision, User, UserId},
    store::FriendRow,
};

/// Events: `RequestChanged`, and `ContactsChanged` for every user whose list differs.
pub async fn answer(call: FriendCall<'_>, answers: &[RequestAnswer]) -> Result<Outcomes, Error> {
    call.each(answers, |answer| &answer.from, answer_one).await
}

async fn answer_one(call: &mut FriendCall<'_>, other: &User, answer: &RequestAnswer) -> Result<FriendOutcome, Error> {
    let Some(mut theirs) = call.tx.request(call.owner.key, other.key).await? else {
        return Ok(Err(FriendFault::NoSuchRequest));
    };
    let RequestDecision::Agree { both_ways, remark, group } = &answer.verdict else {
        return call.forget_request(&call.owner, other).await.map(|_| Ok(()));
    };
    if let Some(fault) = obstacle(call, other, *both_ways, group.as_slice()).await? {
        return Ok(Err(fault));
    }
    if !call.tx.has_room_for_groups(other.key, &theirs.groups).await? {
        // The new friend goes into no group then, because the owner cannot change that.
        theirs.groups.clear();
    }
    let mine = FriendRow { remark: remark.clone(), groups: group.iter().cloned().collect(), ..theirs.unnamed() };
    call.list(other, Some(&mine).filter(|_| *both_ways), Some(&theirs)).await.map(Ok)
}

async fn obstacle(
    call: &mut FriendCall<'_>,
    other: &User,
    both_ways: bool,
    group: &[FriendGroup],
) -> Result<Option<FriendFault>, Error> {
    if let Some(block) = call.block_between(other.key).await? {
        return Ok(Some(block));
    }
    let fault = if !call.they_have_room(other.key).await? {
        FriendFault::OtherListFull
    } else if both_ways && !call.has_room(other.key).await? {
        FriendFault::OwnListFull
    } else if both_ways && !call.tx.has_room_for_groups(call.owner.key, group).await? {
        FriendFault::GroupsFull
    } else {
        return Ok(None);
    };
    Ok(Some(fault))
}

/// Removes incoming or outgoing requests of a user. Events: `RequestChanged`.
pub async fn forget(call: FriendCall<'_>, direction: Direction, with: &[UserId]) -> Result<Outcomes, Error> {
    let step = async |call: &mut FriendCall<'_>, other: &User, _: &UserId| {
        let (asked, by) = match direction {
            Direction::Incoming => (&call.owner, other),
            Direction::Outgoing => (other, &call.owner),
        };
        Ok(or(call.forget_request(asked, by).await?, FriendFault::NoSuchRequest))
    };
    call.each(with, |id| id, step).await
}

/// Marks the requests up to this moment as read. The mark never goes back.
pub async fn read(call: FriendCall<'_>, until: Moment) -> Result<(), Error> {
    call.tx.set_requests_read(call.owner.key, until).await
}
