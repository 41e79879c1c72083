//! Friends and black lists, as in Tencent's pages. A friend is a contact row; black lists are the blocks of all
//! vendors.

pub(super) mod call;
pub mod groups;
pub mod requests;
pub mod rules;

use groups::GroupStep;

use crate::{
    domain::{
        caller::CallerKey,
        error::Error,
        friend::{
            AddFriendOptions, AddFriendOutcome, Direction, Friend, FriendChange, FriendFault, FriendGroup,
            FriendRequest, FriendToAdd, REQUESTS_MAX, Relation, RequestAnswer,
        },
        id::{AppKey, UserId},
        owner::Owner,
        page::{Listed, Page},
        time::Moment,
    },
    service::{
        Service,
        apps::Tenant,
        long_changes::{STEP_FRIENDS, STEP_USERS, retry_while_busy},
    },
    store::{RelationRows, Touches, Tx},
};

pub type FriendOutcome = Result<(), FriendFault>;

/// In the order of the ids.
pub type Outcomes = Vec<FriendOutcome>;

/// The outcome of ids that a call did not reach.
const UNFINISHED: FriendOutcome = Err(FriendFault::Unfinished);

impl Service {
    /// Asks for consent where a user demands it.
    /// # Errors
    /// `NotFound` for an unknown id; for a user that acts itself, as [`Owner`].
    pub async fn befriend(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        asked: Vec<FriendToAdd>,
        how: AddFriendOptions,
    ) -> Result<Vec<AddFriendOutcome>, Error> {
        self.in_writes(
            tenant,
            by,
            owner,
            asked,
            AddFriendOutcome::Refused(FriendFault::Unfinished),
            async move |tx, app, owner, of_step, at| rules::befriend(tx, app, owner, of_step, how, at).await,
        )
        .await
    }

    /// Removes friends, and with `both_ways` the user from their lists.
    pub async fn unfriend(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        whom: Vec<UserId>,
        both_ways: bool,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, whom, UNFINISHED, async move |tx, app, owner, of_step, at| {
            rules::unfriend(tx, app, owner, of_step, both_ways, at).await
        })
        .await
    }

    pub async fn change_friends(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        changes: Vec<FriendChange>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, changes, UNFINISHED, rules::change_friends).await
    }

    pub async fn friends(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        page: Page,
    ) -> Result<Listed<Friend>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| db.friends(app, owner, page).await).await
    }

    pub async fn friends_among(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<Friend>>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| db.friends_among(app, owner, &ids).await).await
    }

    pub async fn friendships(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<Relation>>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| {
            db.relations(app, owner, &ids, RelationRows::Contacts).await
        })
        .await
    }

    pub async fn requests(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        direction: Direction,
    ) -> Result<Vec<FriendRequest>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| {
            db.requests(app, owner, direction, REQUESTS_MAX).await
        })
        .await
    }

    pub async fn answer_requests(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        answers: Vec<RequestAnswer>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, answers, UNFINISHED, requests::answer).await
    }

    pub async fn forget_requests(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        direction: Direction,
        with: Vec<UserId>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, with, UNFINISHED, async move |tx, app, owner, of_step, at| {
            requests::forget(tx, app, owner, direction, of_step, at).await
        })
        .await
    }

    pub async fn read_requests(&self, tenant: &Tenant, owner: &Owner, until: Moment) -> Result<(), Error> {
        let (app, owner) = (tenant.app.key, owner.clone());
        let touches = Touches::User(app, owner.clone());
        self.inner.store.write(touches, async move |tx| requests::read(tx, app, &owner, until).await).await
    }

    pub async fn unread_requests(&self, tenant: &Tenant, by: CallerKey, owner: &Owner) -> Result<u32, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| db.unread_requests(app, owner).await).await
    }

    /// Blocks others. A block ends a friendship, both ways.
    pub async fn black_list_add(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        whom: Vec<UserId>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, whom, UNFINISHED, rules::black_list_add).await
    }

    pub async fn black_list_delete(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        whom: Vec<UserId>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, whom, UNFINISHED, rules::black_list_delete).await
    }

    pub async fn black_list(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        page: Page,
    ) -> Result<Listed<(UserId, Moment)>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| db.block_list(app, owner, page).await).await
    }

    pub async fn blocks_among(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<Relation>>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| {
            db.relations(app, owner, &ids, RelationRows::Blocks).await
        })
        .await
    }

    pub async fn create_groups(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        groups: Vec<FriendGroup>,
        mut members: Vec<UserId>,
    ) -> Result<Result<Outcomes, FriendFault>, Error> {
        // The first step creates the groups, or refuses them; the others find them.
        let rest = members.split_off(members.len().min(STEP_USERS));
        let made = self.create_groups_with(tenant, owner, &groups, members).await?;
        let mut outcomes = match made {
            Ok(outcomes) if !rest.is_empty() => outcomes,
            made => return Ok(made),
        };
        let step = async |members: Vec<UserId>| {
            let count = members.len();
            let made = self.create_groups_with(tenant, owner, &groups, members).await?;
            Ok(made.unwrap_or_else(|fault| vec![Err(fault); count]))
        };
        let count = rest.len();
        let others = self.in_steps(by, rest, UNFINISHED, step).await;
        outcomes.extend(others.unwrap_or_else(|_| vec![UNFINISHED; count]));
        Ok(Ok(outcomes))
    }

    async fn create_groups_with(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        names: &[FriendGroup],
        members: Vec<UserId>,
    ) -> Result<Result<Outcomes, FriendFault>, Error> {
        let names = names.to_vec();
        self.write_of(tenant, owner, async move |tx, app, owner, at| {
            groups::create(tx, app, owner, &names, &members, at).await
        })
        .await
    }

    pub async fn delete_groups(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        groups: Vec<FriendGroup>,
    ) -> Result<(), Error> {
        let _turn = self.inner.long_changes.enter(by).await?;
        for group in groups {
            let step = async move |tx: &Tx<'_>, app, owner: &Owner, at| {
                groups::delete(tx, app, owner, &group, STEP_FRIENDS, at).await
            };
            while retry_while_busy(async || self.write_of(tenant, owner, step.clone()).await).await? == GroupStep::Part
            {
            }
        }
        Ok(())
    }

    /// Returns whether the group existed.
    pub async fn rename_group(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        from: FriendGroup,
        to: FriendGroup,
    ) -> Result<bool, Error> {
        let _turn = self.inner.long_changes.enter(by).await?;
        let step = async move |tx: &Tx<'_>, app, owner: &Owner, at| {
            groups::rename(tx, app, owner, [&from, &to], STEP_FRIENDS, at).await
        };
        loop {
            match retry_while_busy(async || self.write_of(tenant, owner, step.clone()).await).await? {
                GroupStep::Part => {}
                GroupStep::Absent => return Ok(false),
                GroupStep::Done => return Ok(true),
            }
        }
    }

    pub async fn change_group(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        group: FriendGroup,
        members: Vec<(UserId, bool)>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, members, UNFINISHED, async move |tx, app, owner, of_step, at| {
            groups::change_members(tx, app, owner, &group, of_step, at).await
        })
        .await
    }

    pub async fn groups(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
    ) -> Result<Vec<(FriendGroup, Vec<UserId>)>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| db.groups(app, owner).await).await
    }

    /// Writes by a rule about a user's own lists.
    pub(super) async fn write_of<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        rule: impl AsyncFn(&Tx<'_>, AppKey, &Owner, Moment) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (app, owner, at) = (tenant.app.key, owner.clone(), self.now());
        let touches = Touches::User(app, owner.clone());
        self.inner.store.write(touches, async move |tx| rule(tx, app, &owner, at).await).await
    }

    /// Writes in steps by a rule about a user and many others.
    async fn in_writes<T: Send + 'static, O: Clone + Send + 'static>(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        items: Vec<T>,
        undone: O,
        rule: impl AsyncFn(&Tx<'_>, AppKey, &Owner, &[T], Moment) -> Result<Vec<O>, Error> + Clone + Send + 'static,
    ) -> Result<Vec<O>, Error> {
        let app = tenant.app.key;
        let step = async |items: Vec<T>| {
            let (rule, owner, at) = (rule.clone(), owner.clone(), self.now());
            self.inner.store.write(Touches::All, async move |tx| rule(tx, app, &owner, &items, at).await).await
        };
        self.in_steps(by, items, undone, step).await
    }
}
