//! Friends and black lists, as in Tencent's pages. A friend is a contact row; black lists are the blocks of all
//! vendors.

pub mod call;
pub mod groups;
pub mod requests;
pub mod rules;

use call::FriendCall;
use groups::GroupStep;

use crate::{
    domain::{
        AddFriendOptions, AddFriendOutcome, AppKey, CallerKey, Direction, Error, Friend, FriendChange, FriendFault,
        FriendGroup, FriendRequest, FriendToAdd, Listed, Moment, Owner, Page, REQUESTS_MAX, Relation, RequestAnswer,
        UserId, UserKey,
    },
    service::{
        Service, Tenant,
        long_changes::{STEP_FRIENDS, STEP_USERS, retry_while_busy},
        owners,
    },
    store::{LongReads, RelationRows, Touches, Tx},
};

pub type FriendOutcome = Result<(), FriendFault>;

/// In the order of the ids.
pub type Outcomes = Vec<FriendOutcome>;

const UNFINISHED: FriendOutcome = Err(FriendFault::Unfinished);

/// The lists of a user, for a call that is counted for `by`.
#[derive(Clone, Copy)]
pub struct UserLists<'a> {
    pub(super) service: &'a Service,
    pub(super) tenant: &'a Tenant,
    by: CallerKey,
    pub(super) owner: &'a Owner,
}

impl Service {
    pub fn lists<'a>(&'a self, tenant: &'a Tenant, by: CallerKey, owner: &'a Owner) -> UserLists<'a> {
        UserLists { service: self, tenant, by, owner }
    }
}

impl UserLists<'_> {
    /// Asks for consent where a user demands it.
    /// # Errors
    /// `NotFound` for an unknown id; for a user that acts itself, as [`Owner`].
    pub async fn befriend(
        &self,
        asked: Vec<FriendToAdd>,
        how: AddFriendOptions,
    ) -> Result<Vec<AddFriendOutcome>, Error> {
        let undone = AddFriendOutcome::Refused(FriendFault::Unfinished);
        self.in_writes(asked, undone, async move |call, of_step| rules::befriend(call, of_step, how).await).await
    }

    /// Removes friends, and with `both_ways` the user from their lists.
    pub async fn unfriend(&self, whom: Vec<UserId>, both_ways: bool) -> Result<Outcomes, Error> {
        self.in_writes(whom, UNFINISHED, async move |call, of_step| rules::unfriend(call, of_step, both_ways).await)
            .await
    }

    pub async fn change_friends(&self, changes: Vec<FriendChange>) -> Result<Outcomes, Error> {
        self.in_writes(changes, UNFINISHED, rules::change_friends).await
    }

    pub async fn friends(&self, page: Page) -> Result<Listed<Friend>, Error> {
        self.read(async move |db, app, owner| db.friends(app, owner, page).await).await
    }

    pub async fn friends_among(&self, ids: Vec<UserId>) -> Result<Vec<Option<Friend>>, Error> {
        self.read(async move |db, app, owner| db.friends_among(app, owner, &ids).await).await
    }

    pub async fn friendships(&self, ids: Vec<UserId>) -> Result<Vec<Option<Relation>>, Error> {
        self.read(async move |db, app, owner| db.relations(app, owner, &ids, RelationRows::Contacts).await).await
    }

    pub async fn requests(&self, direction: Direction) -> Result<Vec<FriendRequest>, Error> {
        self.read(async move |db, app, owner| db.requests(app, owner, direction, REQUESTS_MAX).await).await
    }

    pub async fn answer_requests(&self, answers: Vec<RequestAnswer>) -> Result<Outcomes, Error> {
        self.in_writes(answers, UNFINISHED, requests::answer).await
    }

    pub async fn forget_requests(&self, direction: Direction, with: Vec<UserId>) -> Result<Outcomes, Error> {
        self.in_writes(with, UNFINISHED, async move |call, of_step| requests::forget(call, direction, of_step).await)
            .await
    }

    pub async fn read_requests(&self, until: Moment) -> Result<(), Error> {
        self.write(self.own(), async move |call| requests::read(call, until).await).await
    }

    pub async fn unread_requests(&self) -> Result<u32, Error> {
        self.read(async move |db, app, owner| db.unread_requests(app, owner).await).await
    }

    /// Blocks others. A block ends a friendship, both ways.
    pub async fn black_list_add(&self, whom: Vec<UserId>) -> Result<Outcomes, Error> {
        self.in_writes(whom, UNFINISHED, rules::black_list_add).await
    }

    pub async fn black_list_delete(&self, whom: Vec<UserId>) -> Result<Outcomes, Error> {
        self.in_writes(whom, UNFINISHED, rules::black_list_delete).await
    }

    pub async fn black_list(&self, page: Page) -> Result<Listed<(UserId, Moment)>, Error> {
        self.read(async move |db, app, owner| db.block_list(app, owner, page).await).await
    }

    pub async fn blocks_among(&self, ids: Vec<UserId>) -> Result<Vec<Option<Relation>>, Error> {
        self.read(async move |db, app, owner| db.relations(app, owner, &ids, RelationRows::Blocks).await).await
    }

    pub async fn create_groups(
        &self,
        groups: Vec<FriendGroup>,
        mut members: Vec<UserId>,
    ) -> Result<Result<Outcomes, FriendFault>, Error> {
        // The first step creates the groups, or refuses them; the others find them.
        let rest = members.split_off(members.len().min(STEP_USERS));
        let made = self.create_groups_with(&groups, members).await?;
        let mut outcomes = match made {
            Ok(outcomes) if !rest.is_empty() => outcomes,
            made => return Ok(made),
        };
        let step = async |members: Vec<UserId>| {
            let count = members.len();
            let made = self.create_groups_with(&groups, members).await?;
            Ok(made.unwrap_or_else(|fault| vec![Err(fault); count]))
        };
        let count = rest.len();
        let others = self.service.in_steps(self.by, rest, UNFINISHED, step).await;
        outcomes.extend(others.unwrap_or_else(|_| vec![UNFINISHED; count]));
        Ok(Ok(outcomes))
    }

    async fn create_groups_with(
        &self,
        names: &[FriendGroup],
        members: Vec<UserId>,
    ) -> Result<Result<Outcomes, FriendFault>, Error> {
        let names = names.to_vec();
        self.write(self.own(), async move |call| groups::create(call, &names, &members).await).await
    }

    pub async fn delete_groups(&self, groups: Vec<FriendGroup>) -> Result<(), Error> {
        let _turn = self.service.inner.long_changes.enter(self.by).await?;
        for group in groups {
            let step = async move |call: FriendCall<'_>| groups::delete(call, &group, STEP_FRIENDS).await;
            while retry_while_busy(async || self.write(self.own(), step.clone()).await).await? == GroupStep::Part {}
        }
        Ok(())
    }

    /// Returns whether the group existed.
    pub async fn rename_group(&self, from: FriendGroup, to: FriendGroup) -> Result<bool, Error> {
        let _turn = self.service.inner.long_changes.enter(self.by).await?;
        let step = async move |call: FriendCall<'_>| groups::rename(call, [&from, &to], STEP_FRIENDS).await;
        loop {
            match retry_while_busy(async || self.write(self.own(), step.clone()).await).await? {
                GroupStep::Part => {}
                GroupStep::Absent => return Ok(false),
                GroupStep::Done => return Ok(true),
            }
        }
    }

    pub async fn change_group(&self, group: FriendGroup, members: Vec<(UserId, bool)>) -> Result<Outcomes, Error> {
        let rule = async move |call: FriendCall<'_>, of_step: &[_]| groups::change_members(call, &group, of_step).await;
        self.in_writes(members, UNFINISHED, rule).await
    }

    pub async fn groups(&self) -> Result<Vec<(FriendGroup, Vec<UserId>)>, Error> {
        self.read(async move |db, app, owner| db.groups(app, owner).await).await
    }

    /// Resolves the owner and reads in one snapshot.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl AsyncFnOnce(&LongReads<'_>, AppKey, UserKey) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (app, owner) = (self.tenant.app.key, self.owner.clone());
        let read = async move |db: &LongReads<'_>| {
            let owner = owners::owner(db, app, &owner).await?.key;
            read(db, app, owner).await
        };
        self.service.long_read(self.by, async move |db| db.snapshot(read).await).await
    }

    /// What a rule about the user's own lists touches.
    fn own(&self) -> Touches {
        Touches::User(self.tenant.app.key, self.owner.clone())
    }

    /// Writes by a rule about the user.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        touches: Touches,
        rule: impl AsyncFn(FriendCall<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (app, owner, at) = (self.tenant.app.key, self.owner.clone(), self.service.now());
        let rule = async move |tx: &Tx<'_>| rule(FriendCall::of(tx, app, &owner, at).await?).await;
        self.service.inner.store.write(touches, rule).await
    }

    /// Writes in steps by a rule about a user and many others.
    async fn in_writes<T: Send + 'static, O: Clone + Send + 'static>(
        &self,
        items: Vec<T>,
        undone: O,
        rule: impl AsyncFn(FriendCall<'_>, &[T]) -> Result<Vec<O>, Error> + Clone + Send + 'static,
    ) -> Result<Vec<O>, Error> {
        let step = async |items: Vec<T>| {
            let rule = rule.clone();
            self.write(Touches::All, async move |call| rule(call, &items).await).await
        };
        self.service.in_steps(self.by, items, undone, step).await
    }
}
