//! Friends and black lists, as Tencent's pages have them. A friend is a contact row, a black list the blocks of every wire.

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
            Befriend, Befriended, Befriending, Direction, Friend, FriendChange, FriendFault, FriendGroup, REQUESTS_MAX,
            Relation, Request, RequestAnswer,
        },
        id::{AppKey, UserId},
        owner::Owner,
        page::{Listed, Page},
        time::Moment,
    },
    service::{
        Service,
        apps::Tenant,
        steps::{STEP_FRIENDS, STEP_USERS, patiently},
    },
    store::{RelationRows, Touches, Tx},
};

/// What came of one of the ids of a call.
pub type Outcome = Result<(), FriendFault>;

/// What came of each of the ids of a call, in their order.
pub type Outcomes = Vec<Outcome>;

/// The outcome of those that a call did not come to.
const UNFINISHED: Outcome = Err(FriendFault::Unfinished);

impl Service {
    /// Lists others as a user's friends; who wants to be asked first is asked.
    /// # Errors
    /// `NotFound` for an id that no user has; for a user that acts itself `Unauthenticated` when it is deleted by now and `Forbidden` when it
    /// is suspended; store errors.
    pub async fn befriend(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        asked: Vec<Befriend>,
        how: Befriending,
    ) -> Result<Vec<Befriended>, Error> {
        self.in_writes(
            tenant,
            by,
            owner,
            asked,
            Befriended::Refused(FriendFault::Unfinished),
            async move |tx, app, owner, of_step, at| rules::befriend(tx, app, owner, of_step, how, at).await,
        )
        .await
    }

    /// Takes others off a user's list of friends, and the user off theirs where that is asked.
    /// # Errors
    /// As [`Service::befriend`].
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

    /// Changes what a user calls friends, and the groups they are in.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn change_friends(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        changes: Vec<FriendChange>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, changes, UNFINISHED, rules::change_friends).await
    }

    /// A page of a user's friends, in the order they were created as users.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn friends(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        page: Page,
    ) -> Result<Listed<Friend>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| db.friends(app, owner, page).await).await
    }

    /// Which of these are a user's friends, in their order.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn friends_among(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<Friend>>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| db.friends_among(app, owner, &ids).await).await
    }

    /// Who of a user and these others lists whom; None where there is no such other.
    /// # Errors
    /// As [`Service::befriend`].
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

    /// Requests that wait for a user's consent, or for that of those it has asked; the newest first, all of them.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn requests(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        direction: Direction,
    ) -> Result<Vec<Request>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| {
            db.requests(app, owner, direction, REQUESTS_MAX).await
        })
        .await
    }

    /// Answers requests that wait for a user's consent.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn answer_requests(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        answers: Vec<RequestAnswer>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, answers, UNFINISHED, requests::answer).await
    }

    /// Forgets requests: those that came are not answered, those that went are taken back.
    /// # Errors
    /// As [`Service::befriend`].
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

    /// The user has seen the requests that came until then.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn read_requests(&self, tenant: &Tenant, owner: &Owner, until: Moment) -> Result<(), Error> {
        let (app, owner) = (tenant.app.key, owner.clone());
        let touches = Touches::User(app, owner.clone());
        self.house.store.write(touches, async move |tx| requests::read(tx, app, &owner, until).await).await
    }

    /// How many of the requests that came to a user it has not seen.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn unread_requests(&self, tenant: &Tenant, by: CallerKey, owner: &Owner) -> Result<u32, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| db.unread_requests(app, owner).await).await
    }

    /// Blocks others; with a block a friendship ends, both ways.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn black_list_add(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        whom: Vec<UserId>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, whom, UNFINISHED, rules::black_list_add).await
    }

    /// Ends blocks.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn black_list_delete(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        whom: Vec<UserId>,
    ) -> Result<Outcomes, Error> {
        self.in_writes(tenant, by, owner, whom, UNFINISHED, rules::black_list_delete).await
    }

    /// A page of whom a user blocks, and since when.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn black_list(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        page: Page,
    ) -> Result<Listed<(UserId, Moment)>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| db.black_list(app, owner, page).await).await
    }

    /// Who of a user and these others blocks whom; None where there is no such other.
    /// # Errors
    /// As [`Service::befriend`].
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

    /// Makes groups of friends and puts friends into them. More groups than one may have are a fault of the whole.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn create_groups(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        groups: Vec<FriendGroup>,
        mut members: Vec<UserId>,
    ) -> Result<Result<Outcomes, FriendFault>, Error> {
        // The first step makes the groups, or finds that they are too many; the others find them made.
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

    /// Takes groups away; the friends in them stay.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn delete_groups(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        groups: Vec<FriendGroup>,
    ) -> Result<(), Error> {
        let _turn = self.house.long_changes.enter(by).await?;
        for group in groups {
            let step = async move |tx: &Tx<'_>, app, owner: &Owner, at| {
                groups::delete(tx, app, owner, &group, STEP_FRIENDS, at).await
            };
            while patiently(async || self.write_of(tenant, owner, step.clone()).await).await? == GroupStep::Part {}
        }
        Ok(())
    }

    /// Gives a group another name; whether there was one.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn rename_group(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        from: FriendGroup,
        to: FriendGroup,
    ) -> Result<bool, Error> {
        let _turn = self.house.long_changes.enter(by).await?;
        let step = async move |tx: &Tx<'_>, app, owner: &Owner, at| {
            groups::rename(tx, app, owner, [&from, &to], STEP_FRIENDS, at).await
        };
        loop {
            match patiently(async || self.write_of(tenant, owner, step.clone()).await).await? {
                GroupStep::Part => {}
                GroupStep::Absent => return Ok(false),
                GroupStep::Done => return Ok(true),
            }
        }
    }

    /// Puts friends into a group (true) or takes them out of it (false).
    /// # Errors
    /// As [`Service::befriend`].
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

    /// A user's groups by name, each with the friends in it.
    /// # Errors
    /// As [`Service::befriend`].
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
        self.house.store.write(touches, async move |tx| rule(tx, app, &owner, at).await).await
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
            self.house.store.write(Touches::All, async move |tx| rule(tx, app, &owner, &items, at).await).await
        };
        self.in_steps(by, items, undone, step).await
    }
}
