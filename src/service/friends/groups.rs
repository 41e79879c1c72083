//! Groups that a user sorts friends into: a row each, and their names in the friends' rows. The errors of each are those of the [`Owner`].

use std::slice;

use super::{
    Outcome, Outcomes,
    call::{Call, or},
};
use crate::{
    domain::{
        error::Error,
        friend::{FriendFault, FriendGroup},
        id::{AppKey, UserId},
        owner::Owner,
        profile::User,
        time::Moment,
    },
    store::Tx,
};

/// What a step of a change of a group of friends came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupStep {
    /// There is no such group.
    Absent,
    /// Friends are left that the change concerns.
    Part,
    /// The change is made.
    Done,
}

/// Makes groups of friends and puts friends into all of them. Whoever is no friend is told so; more groups than one may have are a fault of
/// the whole. Event: `ContactsChanged`.
/// # Errors
/// Those of the [`Owner`].
pub async fn create(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    groups: &[FriendGroup],
    members: &[UserId],
    at: Moment,
) -> Result<Result<Outcomes, FriendFault>, Error> {
    let call = Call::of(tx, app, owner, at).await?;
    if !tx.has_room_for_groups(call.owner.key, groups).await? {
        return Ok(Err(FriendFault::GroupsFull));
    }
    tx.put_groups(call.owner.key, groups).await?;
    let step = async |call: &mut Call<'_>, other: &User, _: &UserId| regroup(call, other, None, groups).await;
    call.each(members, |id| id, step).await.map(Ok)
}

/// A step of taking a group away: `at_most` friends leave it and stay friends; it goes with the last. A group there is not is gone. Event:
/// `ContactsChanged`.
/// # Errors
/// Those of the [`Owner`].
pub async fn delete(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    group: &FriendGroup,
    at_most: u32,
    at: Moment,
) -> Result<GroupStep, Error> {
    empty(Call::of(tx, app, owner, at).await?, group, &[], at_most).await
}

/// A step of giving a group another name: `at_most` friends change over; the former one goes with the last. A group of the other name there
/// is takes them in. Event: `ContactsChanged`.
/// # Errors
/// Those of the [`Owner`].
pub async fn rename(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    [from, to]: [&FriendGroup; 2],
    at_most: u32,
    at: Moment,
) -> Result<GroupStep, Error> {
    let call = Call::of(tx, app, owner, at).await?;
    if !tx.has_group(call.owner.key, from).await? {
        return Ok(GroupStep::Absent);
    }
    if from == to {
        return Ok(GroupStep::Done);
    }
    tx.put_groups(call.owner.key, slice::from_ref(to)).await?;
    empty(call, from, slice::from_ref(to), at_most).await
}

/// Takes `at_most` friends out of a group and puts them into others; the group goes with the last.
async fn empty(
    mut call: Call<'_>,
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

/// Puts friends into a group (true) or takes them out of it (false). Event: `ContactsChanged`.
/// # Errors
/// Those of the [`Owner`].
pub async fn change_members(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    group: &FriendGroup,
    members: &[(UserId, bool)],
    at: Moment,
) -> Result<Outcomes, Error> {
    let call = Call::of(tx, app, owner, at).await?;
    let groups = slice::from_ref(group);
    if members.iter().any(|(_, is_in)| *is_in) {
        if !tx.has_room_for_groups(call.owner.key, groups).await? {
            return Ok(vec![Err(FriendFault::GroupsFull); members.len()]);
        }
        tx.put_groups(call.owner.key, groups).await?;
    }
    let step = async |call: &mut Call<'_>, other: &User, (_, is_in): &(UserId, bool)| {
        regroup(call, other, Some(group), if *is_in { groups } else { &[] }).await
    };
    call.each(members, |(id, _)| id, step).await
}

/// Takes a friend out of one group and puts it into others; whoever is no friend is told so.
async fn regroup(
    call: &mut Call<'_>,
    friend: &User,
    without: Option<&FriendGroup>,
    with: &[FriendGroup],
) -> Result<Outcome, Error> {
    if call.tx.regroup(call.owner.key, friend.key, without, with).await? {
        call.note_changed(friend.key);
    }
    Ok(or(call.tx.has_contact(call.owner.key, friend.key).await?, FriendFault::NotFriends))
}
