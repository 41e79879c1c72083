//! One call about a user and others: changes of their lists, and the events of it.

use super::FriendOutcome;
use crate::{
    domain::{AppKey, Error, EventKind, FRIENDS_MAX, FriendFault, Moment, Owner, User, UserId, UserKey},
    service::{
        contacts::{ListChange, tell_list_change},
        owners,
    },
    store::{FriendRow, Tx},
};

/// The user, and the changes of its list so far. Their events are written at the end.
pub struct FriendCall<'a> {
    pub(in super::super) tx: &'a Tx<'a>,
    pub(in super::super) app: AppKey,
    pub(in super::super) owner: User,
    pub(in super::super) at: Moment,
    list: ListChange,
    /// The length of the owner's list, once it was counted: counting thousands for each of a thousand ids takes long.
    listed: Option<usize>,
}

impl<'a> FriendCall<'a> {
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn of(tx: &'a Tx<'a>, app: AppKey, owner: &Owner, at: Moment) -> Result<Self, Error> {
        let owner = owners::owner(tx, app, owner).await?;
        Ok(Self { tx, app, owner, at, list: ListChange::default(), listed: None })
    }

    pub(in super::super) async fn other(&self, id: &UserId) -> Result<Result<User, FriendFault>, Error> {
        Ok(match self.tx.user(self.app, id).await? {
            None => Err(FriendFault::NoSuchUser),
            Some(other) if other.key == self.owner.key => Err(FriendFault::Oneself),
            Some(other) => Ok(other),
        })
    }

    pub(in super::super) async fn tell(&self, user: &User, kind: &EventKind) -> Result<(), Error> {
        self.tx.append_event(self.app, user.key, &user.id, kind, self.at).await.map(drop)
    }

    /// Adds `other` to the owner's list, and the owner to the other's, where a row is given. Settles requests between
    /// them.
    pub(in super::super) async fn list(
        &mut self,
        other: &User,
        mine: Option<&FriendRow>,
        theirs: Option<&FriendRow>,
    ) -> Result<(), Error> {
        if let Some(mine) = mine {
            if self.put(self.owner.key, other.key, mine).await? {
                self.list.added.push(other.key);
                self.listed = self.listed.map(|listed| listed + 1);
            }
            self.forget_request(other, &self.owner).await?;
        }
        if let Some(theirs) = theirs {
            if self.put(other.key, self.owner.key, theirs).await? {
                self.tell(other, &ListChange::added(self.owner.key).into()).await?;
            }
            self.forget_request(&self.owner, other).await?;
        }
        Ok(())
    }

    async fn put(&self, owner: UserKey, contact: UserKey, row: &FriendRow) -> Result<bool, Error> {
        let is_new = self.tx.put_friend(owner, contact, row, self.at).await?;
        if is_new {
            self.tx.put_groups(owner, &row.groups).await?;
        }
        Ok(is_new)
    }

    pub(in super::super) async fn settle(&self, other: &User) -> Result<(), Error> {
        for (asked, by) in [(&self.owner, other), (other, &self.owner)] {
            self.forget_request(asked, by).await?;
        }
        Ok(())
    }

    pub(in super::super) async fn has_room(&mut self, other: UserKey) -> Result<bool, Error> {
        let listed = match self.listed {
            Some(listed) => listed,
            None => self.tx.count_contacts(self.owner.key).await?,
        };
        self.listed = Some(listed);
        Ok(listed < FRIENDS_MAX || self.tx.has_contact(self.owner.key, other).await?)
    }

    pub(in super::super) async fn they_have_room(&self, other: UserKey) -> Result<bool, Error> {
        Ok(self.tx.count_contacts(other).await? < FRIENDS_MAX || self.tx.has_contact(other, self.owner.key).await?)
    }

    pub(in super::super) async fn block_between(&self, other: UserKey) -> Result<Option<FriendFault>, Error> {
        if self.tx.has_block(self.owner.key, other).await? {
            return Ok(Some(FriendFault::OwnerBlocks));
        }
        Ok(self.tx.has_block(other, self.owner.key).await?.then_some(FriendFault::OtherBlocks))
    }

    /// Notes that the owner's row of a friend has changed.
    pub(in super::super) fn note_changed(&mut self, other: UserKey) {
        if !self.list.changed.contains(&other) {
            self.list.changed.push(other);
        }
    }

    /// Returns whether there was one.
    pub(in super::super) async fn forget_request(&self, asked: &User, by: &User) -> Result<bool, Error> {
        let forgotten = self.tx.take_request(asked.key, by.key).await?;
        if forgotten {
            self.tell_request(asked, by, false).await?;
        }
        Ok(forgotten)
    }

    /// Announces a request to both users.
    pub(in super::super) async fn tell_request(&self, asked: &User, by: &User, is_waiting: bool) -> Result<(), Error> {
        self.tell(asked, &EventKind::RequestChanged { with: by.key, is_incoming: true, is_waiting }).await?;
        self.tell(by, &EventKind::RequestChanged { with: asked.key, is_incoming: false, is_waiting }).await
    }

    /// Removes, with `both_ways`, the owner from the other's list too. Returns whether the owner listed it.
    pub(in super::super) async fn unlist(&mut self, other: &User, both_ways: bool) -> Result<bool, Error> {
        let listed = self.tx.take_contact(self.owner.key, other.key).await?;
        if listed {
            self.list.removed.push(other.key);
            self.listed = self.listed.map(|listed| listed.saturating_sub(1));
        }
        if both_ways && self.tx.take_contact(other.key, self.owner.key).await? {
            self.tell(other, &ListChange::removed(self.owner.key).into()).await?;
        }
        Ok(listed)
    }

    /// Runs a step for each id in order, then writes the events.
    pub(in super::super) async fn each<T>(
        mut self,
        items: &[T],
        id: impl Fn(&T) -> &UserId,
        mut step: impl AsyncFnMut(&mut FriendCall<'a>, &User, &T) -> Result<FriendOutcome, Error>,
    ) -> Result<Vec<FriendOutcome>, Error> {
        let mut outcomes = Vec::with_capacity(items.len());
        for item in items {
            outcomes.push(match self.other(id(item)).await? {
                Ok(other) => step(&mut self, &other, item).await?,
                Err(fault) => Err(fault),
            });
        }
        self.done().await?;
        Ok(outcomes)
    }

    pub(in super::super) async fn done(self) -> Result<(), Error> {
        tell_list_change(self.tx, self.app, &self.owner, self.list, self.at).await
    }
}

pub(in super::super) fn or(done: bool, fault: FriendFault) -> FriendOutcome {
    if done { Ok(()) } else { Err(fault) }
}
