//! Rules of friends and black lists.

use super::{
    FriendOutcome, Outcomes,
    call::{FriendCall, or},
};
use crate::{
    domain::{
        AddFriendOptions, AddFriendOutcome, AllowType, Error, EventKind, ForbidType, FriendChange, FriendFault,
        FriendToAdd, ROWS_MAX, User, UserId,
    },
    store::FriendRow,
};

/// Events: `ContactsChanged` for every user whose list differs, `RequestChanged` for both users of a request.
pub async fn befriend(
    mut call: FriendCall<'_>,
    asked: &[FriendToAdd],
    how: AddFriendOptions,
) -> Result<Vec<AddFriendOutcome>, Error> {
    let mut outcomes = Vec::with_capacity(asked.len());
    for asked in asked {
        outcomes.push(befriend_one(&mut call, asked, how).await?);
    }
    call.done().await?;
    Ok(outcomes)
}

async fn befriend_one(
    call: &mut FriendCall<'_>,
    asked: &FriendToAdd,
    how: AddFriendOptions,
) -> Result<AddFriendOutcome, Error> {
    let other = match call.other(&asked.whom).await? {
        Ok(other) => other,
        Err(fault) => return Ok(AddFriendOutcome::Refused(fault)),
    };
    if let Some(fault) = obstacle(call, &other, asked, how).await? {
        return Ok(AddFriendOutcome::Refused(fault));
    }
    let row = FriendRow {
        remark: asked.remark.clone(),
        groups: asked.groups.clone(),
        source: asked.source.clone(),
        wording: asked.wording.clone(),
    };
    let needs_consent = other.profile.tencent_profile.allow_type == Some(AllowType::NeedConfirm);
    if needs_consent && !how.is_forced {
        return ask(call, &other, &row).await;
    }
    let theirs = how.both_ways.then(|| row.unnamed());
    call.list(&other, Some(&row), theirs.as_ref()).await?;
    Ok(AddFriendOutcome::Added)
}

async fn ask(call: &FriendCall<'_>, other: &User, row: &FriendRow) -> Result<AddFriendOutcome, Error> {
    if !call.tx.has_room_for_request(other.key, call.owner.key).await? {
        return Ok(AddFriendOutcome::Refused(FriendFault::RequestsFull));
    }
    call.tx.put_request(other.key, call.owner.key, row, call.at).await?;
    call.tell_request(other, &call.owner, true).await?;
    Ok(AddFriendOutcome::Waiting)
}

async fn obstacle(
    call: &mut FriendCall<'_>,
    other: &User,
    asked: &FriendToAdd,
    how: AddFriendOptions,
) -> Result<Option<FriendFault>, Error> {
    let (tx, mine, theirs) = (call.tx, call.owner.key, other.key);
    let (lists_them, lists_me) = (tx.has_contact(mine, theirs).await?, tx.has_contact(theirs, mine).await?);
    let may_not_ask = call.owner.profile.tencent_profile.forbid_type == Some(ForbidType::SendOut);
    let denies = other.profile.tencent_profile.allow_type == Some(AllowType::DenyAny);
    if lists_them && (lists_me || !how.both_ways) {
        return Ok(Some(FriendFault::AlreadyFriends));
    }
    if may_not_ask && !how.is_forced {
        return Ok(Some(FriendFault::MayNotSendRequests));
    }
    if let Some(block) = call.block_between(theirs).await? {
        return Ok(Some(block));
    }
    let fault = if denies && !how.is_forced {
        FriendFault::OtherDenies
    } else if !call.has_room(theirs).await? {
        FriendFault::OwnListFull
    } else if how.both_ways && !call.they_have_room(theirs).await? {
        FriendFault::OtherListFull
    } else if !tx.has_room_for_groups(mine, &asked.groups).await? {
        FriendFault::GroupsFull
    } else {
        return Ok(None);
    };
    Ok(Some(fault))
}

/// Removes, with `both_ways`, the user from their lists too. Events: `ContactsChanged`.
pub async fn unfriend(call: FriendCall<'_>, whom: &[UserId], both_ways: bool) -> Result<Outcomes, Error> {
    let step = async |call: &mut FriendCall<'_>, other: &User, _: &UserId| {
        Ok(or(call.unlist(other, both_ways).await?, FriendFault::NotFriends))
    };
    call.each(whom, |id| id, step).await
}

/// Event: `ContactsChanged`.
pub async fn change_friends(call: FriendCall<'_>, changes: &[FriendChange]) -> Result<Outcomes, Error> {
    call.each(changes, |change| &change.whom, change_one).await
}

async fn change_one(call: &mut FriendCall<'_>, other: &User, change: &FriendChange) -> Result<FriendOutcome, Error> {
    let (tx, owner, groups) = (call.tx, call.owner.key, change.groups.as_deref());
    if !tx.has_contact(owner, other.key).await? {
        return Ok(Err(FriendFault::NotFriends));
    }
    if !tx.has_room_for_groups(owner, groups.unwrap_or_default()).await? {
        return Ok(Err(FriendFault::GroupsFull));
    }
    tx.put_groups(owner, groups.unwrap_or_default()).await?;
    if tx.change_friend(owner, other.key, &change.remark, groups).await? {
        call.note_changed(other.key);
    }
    Ok(Ok(()))
}

/// Ends the friendship both ways. Events: `Blocked`, `ContactsChanged`, `RequestChanged`.
pub async fn black_list_add(call: FriendCall<'_>, whom: &[UserId]) -> Result<Outcomes, Error> {
    let mut blocked = call.tx.count_blocks(call.app, call.owner.key).await?;
    let step = async |call: &mut FriendCall<'_>, other: &User, _: &UserId| {
        if call.tx.has_block(call.owner.key, other.key).await? {
            return Ok(Err(FriendFault::AlreadyBlocked));
        }
        if blocked >= ROWS_MAX {
            return Ok(Err(FriendFault::BlocksFull));
        }
        call.tx.put_block(call.owner.key, other.key, call.at).await?;
        blocked += 1;
        call.tell(&call.owner, &EventKind::Blocked { whom: other.key }).await?;
        call.unlist(other, true).await?;
        call.settle(other).await.map(Ok)
    };
    call.each(whom, |id| id, step).await
}

/// Events: `Unblocked`.
pub async fn black_list_delete(call: FriendCall<'_>, whom: &[UserId]) -> Result<Outcomes, Error> {
    let step = async |call: &mut FriendCall<'_>, other: &User, _: &UserId| {
        let was_blocked = call.tx.take_block(call.owner.key, other.key).await?;
        if was_blocked {
            call.tell(&call.owner, &EventKind::Unblocked { whom: other.key }).await?;
        }
        Ok(or(was_blocked, FriendFault::NotBlocked))
    };
    call.each(whom, |id| id, step).await
}
