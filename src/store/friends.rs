//! Friends, requests, groups and black lists: the operations behind Tencent's relations.
//!
//! Each names the [`Owner`] of the lists. Its errors: `NotFound(User)` for an id that no user has; for a user that acts itself
//! `Unauthenticated` when it is deleted by now, `Forbidden` when it is suspended.

use super::{
    GroupStep, Store,
    sqlite::{black_list, friends, groups, requests},
};
use crate::domain::{
    error::Error,
    friend::{Befriend, Befriended, Befriending, Direction, FriendChange, FriendFault, FriendGroup, RequestAnswer},
    id::{AppKey, UserId},
    owner::Owner,
    time::Moment,
};

impl Store {
    /// Lists others as a user's friends, or asks them, one after the other; what came of each. Events: `ContactsChanged` for everybody whose
    /// list differs, `RequestChanged` for both where consent is waited for.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn befriend(
        &self,
        app: AppKey,
        owner: Owner,
        asked: Vec<Befriend>,
        how: Befriending,
        at: Moment,
    ) -> Result<Vec<Befriended>, Error> {
        self.0.write(move |tx| friends::befriend(tx, app, &owner, &asked, how, at)).await
    }

    /// Takes others off a user's list, and the user off theirs where that is asked. Events: `ContactsChanged`.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn unfriend(
        &self,
        app: AppKey,
        owner: Owner,
        whom: Vec<UserId>,
        both_ways: bool,
        at: Moment,
    ) -> Result<Vec<Result<(), FriendFault>>, Error> {
        self.0.write(move |tx| friends::unfriend(tx, app, &owner, &whom, both_ways, at)).await
    }

    /// Changes what a user calls friends and which groups they are in. Event: `ContactsChanged`.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn change_friends(
        &self,
        app: AppKey,
        owner: Owner,
        changes: Vec<FriendChange>,
        at: Moment,
    ) -> Result<Vec<Result<(), FriendFault>>, Error> {
        self.0.write(move |tx| friends::change(tx, app, &owner, &changes, at)).await
    }

    /// Answers requests that wait for a user's consent. Events: `RequestChanged`, `ContactsChanged` for everybody whose list differs.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn answer_requests(
        &self,
        app: AppKey,
        owner: Owner,
        answers: Vec<RequestAnswer>,
        at: Moment,
    ) -> Result<Vec<Result<(), FriendFault>>, Error> {
        self.0.write(move |tx| requests::answer(tx, app, &owner, &answers, at)).await
    }

    /// Forgets requests that came to a user, or went from it. Events: `RequestChanged`.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn forget_requests(
        &self,
        app: AppKey,
        owner: Owner,
        direction: Direction,
        with: Vec<UserId>,
        at: Moment,
    ) -> Result<Vec<Result<(), FriendFault>>, Error> {
        self.0.write(move |tx| requests::forget(tx, app, &owner, direction, &with, at)).await
    }

    /// Requests that came to a user until then have been seen; it is never earlier than it was.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn read_requests(&self, app: AppKey, owner: Owner, until: Moment) -> Result<(), Error> {
        self.0.write(move |tx| requests::read(tx, app, &owner, until)).await
    }

    /// Blocks others and ends the friendship with them both ways. Events: `Blocked`, `ContactsChanged`, `RequestChanged`.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn black_list_add(
        &self,
        app: AppKey,
        owner: Owner,
        whom: Vec<UserId>,
        at: Moment,
    ) -> Result<Vec<Result<(), FriendFault>>, Error> {
        self.0.write(move |tx| black_list::add(tx, app, &owner, &whom, at)).await
    }

    /// Ends blocks. Events: `Unblocked`.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn black_list_delete(
        &self,
        app: AppKey,
        owner: Owner,
        whom: Vec<UserId>,
        at: Moment,
    ) -> Result<Vec<Result<(), FriendFault>>, Error> {
        self.0.write(move |tx| black_list::delete(tx, app, &owner, &whom, at)).await
    }

    /// Makes groups of friends and puts friends into them; what came of each of these. More groups than one may have are a fault of the
    /// whole. Event: `ContactsChanged`.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn create_groups(
        &self,
        app: AppKey,
        owner: Owner,
        groups: Vec<FriendGroup>,
        members: Vec<UserId>,
        at: Moment,
    ) -> Result<Result<Vec<Result<(), FriendFault>>, FriendFault>, Error> {
        self.0.write(move |tx| groups::create(tx, app, &owner, &groups, &members, at)).await
    }

    /// A step of taking a group away, of `at_most` friends; they stay friends. Event: `ContactsChanged`.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn delete_group(
        &self,
        app: AppKey,
        owner: Owner,
        group: FriendGroup,
        at_most: u32,
        at: Moment,
    ) -> Result<GroupStep, Error> {
        self.0.write(move |tx| groups::delete(tx, app, &owner, &group, at_most, at)).await
    }

    /// A step of giving a group another name, of `at_most` friends; until the last one both groups are there. Event: `ContactsChanged`.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn rename_group(
        &self,
        app: AppKey,
        owner: Owner,
        [from, to]: [FriendGroup; 2],
        at_most: u32,
        at: Moment,
    ) -> Result<GroupStep, Error> {
        self.0.write(move |tx| groups::rename(tx, app, &owner, [&from, &to], at_most, at)).await
    }

    /// Puts friends into a group (true) or takes them out of it (false); what came of each. Event: `ContactsChanged`.
    /// # Errors
    /// Those of the [`Owner`].
    pub async fn change_group(
        &self,
        app: AppKey,
        owner: Owner,
        group: FriendGroup,
        members: Vec<(UserId, bool)>,
        at: Moment,
    ) -> Result<Vec<Result<(), FriendFault>>, Error> {
        self.0.write(move |tx| groups::change_members(tx, app, &owner, &group, &members, at)).await
    }
}
