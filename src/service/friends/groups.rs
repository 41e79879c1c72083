//! Groups of friends: a row each, and their names in the friends' rows.

use std::slice;

use super::{
    FriendOutcome, Outcomes,
    call::{FriendCall, or},
};
use crate::domain::{Error, FriendFault, FriendGroup, User, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupStep {
    Absent,
    /// Members are left to change.
    Part,
    Done,
}

/// An id that is no friend gets a fault; too many groups refuse the whole call. Event: `ContactsChanged`.
pub async fn create(
    call: FriendCall<'_>,
    groups: &[FriendGroup],
    members: &[UserId],
) -> Result<Result<Outcomes, FriendFault>, Error> {
    if !call.tx.has_room_for_groups(call.owner.key, groups).await? {
        return Ok(Err(FriendFault::GroupsFull));
    }
    call.tx.put_groups(call.owner.key, groups).await?;
    let step = async |call: &mut FriendCall<'_>, other: &User, _: &UserId| regroup(call, other, None, groups).await;
    call.each(members, |id| id, step).await.map(Ok)
}

/// Runs one step: `at_most` members leave; the last step removes the group. Event: `ContactsChanged`.
pub async fn delete(call: FriendCall<'_>, group: &FriendGroup, at_most: u32) -> Result<GroupStep, Error> {
    empty(call, group, &[], at_most).await
}

/// Runs one step: `at_most` members move, into an existing group too; the last step removes the former one. Event:
/// `ContactsChanged`.
pub async fn rename(call: FriendCall<'_>, [from, to]: [&FriendGroup; 2], at_most: u32) -> Result<GroupStep, Error> {
    if !call.tx.has_group(call.owner.key, from).await? {
        return Ok(GroupStep::Absent);
    }
    if from == to {
        return Ok(GroupStep::Done);
    }
    call.tx.put_groups(call.owner.key, slice::from_ref(to)).await?;
    empty(call, from, slice::from_ref(to), at_most).await
}

async fn empty(
    mut call: FriendCall<'_>,
    group: &FriendGroup,
    into: &[FriendGroup],
    at_most: u32,
) -> Result<GroupStep, Error> {
    let (tx, owner) = (call.tx, call.owner.key);
    let members = tx.members_of_group(owner, group, at_most).await?;
    let is_part = members.len() >= at_most as usize;
    for member in members {
        if tx.regroup(owner, member, Some(group), into).await? {
            call.note_changed(member);
        }
    }
    if !is_part {
        tx.take_group(owner, group).await?;
    }
    call.done().await?;
    Ok(if is_part { GroupStep::Part } else { GroupStep::Done })
}

/// Adds friends to a group (true) or removes them from it (false). Event: `ContactsChanged`.
pub async fn change_members(
    call: FriendCall<'_>,
    group: &FriendGroup,
    members: &[(UserId, bool)],
) -> Result<Outcomes, Error> {
    let groups = slice::from_ref(group);
    if members.iter().any(|(_, is_in)| *is_in) {
        if !call.tx.has_room_for_groups(call.owner.key, groups).await? {
            return Ok(vec![Err(FriendFault::GroupsFull); members.len()]);
        }
        call.tx.put_groups(call.owner.key, groups).await?;
    }
    let step = async |call: &mut FriendCall<'_>, other: &User, (_, is_in): &(UserId, bool)| {
        regroup(call, other, Some(group), if *is_in { groups } else { &[] }).await
    };
    call.each(members, |(id, _)| id, step).await
}

/// Moves a friend from one group into others. An id that is no friend gets a fault.
async fn regroup(
    call: &mut FriendCall<'_>,
    friend: &User,
    without: Option<&FriendGroup>,
    with: &[FriendGroup],
) -> Result<FriendOutcome, Error> {
    if call.tx.regroup(call.owner.key, friend.key, without, with).await? {
        call.note_changed(friend.key);
    }
    Ok(or(call.tx.has_contact(call.owner.key, friend.key).await?, FriendFault::NotFriends))
}
