//! Friends and black lists, as Tencent's pages have them. A friend is a contact row, a black list the blocks of every wire.

use crate::{
    domain::{
        caller::CallerKey,
        error::Error,
        friend::{
            Befriend, Befriended, Befriending, Direction, Friend, FriendChange, FriendFault, FriendGroup, REQUESTS_MAX,
            Relation, Request, RequestAnswer,
        },
        id::UserId,
        owner::Owner,
        page::{Listed, Page},
        time::Moment,
    },
    service::{Service, apps::Tenant},
};

/// What came of each of the ids of a call, in their order.
pub type Outcomes = Vec<Result<(), FriendFault>>;

impl Service {
    /// Lists others as a user's friends; who wants to be asked first is asked.
    /// # Errors
    /// `NotFound` for an id that no user has; for a user that acts itself `Unauthenticated` when it is deleted by now and `Forbidden` when it
    /// is suspended; store errors.
    pub async fn befriend(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        asked: Vec<Befriend>,
        how: Befriending,
    ) -> Result<Vec<Befriended>, Error> {
        self.house.store.befriend(tenant.app.key, owner.clone(), asked, how, self.now()).await
    }

    /// Takes others off a user's list of friends, and the user off theirs where that is asked.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn unfriend(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        whom: Vec<UserId>,
        both_ways: bool,
    ) -> Result<Outcomes, Error> {
        self.house.store.unfriend(tenant.app.key, owner.clone(), whom, both_ways, self.now()).await
    }

    /// Changes what a user calls friends, and the groups they are in.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn change_friends(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        changes: Vec<FriendChange>,
    ) -> Result<Outcomes, Error> {
        self.house.store.change_friends(tenant.app.key, owner.clone(), changes, self.now()).await
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
        let (app, owner) = (tenant.app.key, owner.clone());
        self.house.store.long_read(by, move |db| db.friends(app, &owner, page)).await
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
        let (app, owner) = (tenant.app.key, owner.clone());
        self.house.store.long_read(by, move |db| db.friends_among(app, &owner, &ids)).await
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
        let (app, owner) = (tenant.app.key, owner.clone());
        self.house.store.long_read(by, move |db| db.friendships(app, &owner, &ids)).await
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
        let (app, owner) = (tenant.app.key, owner.clone());
        self.house.store.long_read(by, move |db| db.requests(app, &owner, direction, REQUESTS_MAX)).await
    }

    /// Answers requests that wait for a user's consent.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn answer_requests(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        answers: Vec<RequestAnswer>,
    ) -> Result<Outcomes, Error> {
        self.house.store.answer_requests(tenant.app.key, owner.clone(), answers, self.now()).await
    }

    /// Forgets requests: those that came are not answered, those that went are taken back.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn forget_requests(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        direction: Direction,
        with: Vec<UserId>,
    ) -> Result<Outcomes, Error> {
        self.house.store.forget_requests(tenant.app.key, owner.clone(), direction, with, self.now()).await
    }

    /// The user has seen the requests that came until then.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn read_requests(&self, tenant: &Tenant, owner: &Owner, until: Moment) -> Result<(), Error> {
        self.house.store.read_requests(tenant.app.key, owner.clone(), until).await
    }

    /// How many of the requests that came to a user it has not seen.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn unread_requests(&self, tenant: &Tenant, by: CallerKey, owner: &Owner) -> Result<u32, Error> {
        let (app, owner) = (tenant.app.key, owner.clone());
        self.house.store.long_read(by, move |db| db.unread_requests(app, &owner)).await
    }

    /// Blocks others; with a block a friendship ends, both ways.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn black_list_add(&self, tenant: &Tenant, owner: &Owner, whom: Vec<UserId>) -> Result<Outcomes, Error> {
        self.house.store.black_list_add(tenant.app.key, owner.clone(), whom, self.now()).await
    }

    /// Ends blocks.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn black_list_delete(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        whom: Vec<UserId>,
    ) -> Result<Outcomes, Error> {
        self.house.store.black_list_delete(tenant.app.key, owner.clone(), whom, self.now()).await
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
        let (app, owner) = (tenant.app.key, owner.clone());
        self.house.store.long_read(by, move |db| db.black_list(app, &owner, page)).await
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
        let (app, owner) = (tenant.app.key, owner.clone());
        self.house.store.long_read(by, move |db| db.blocks_among(app, &owner, &ids)).await
    }

    /// Makes groups of friends and puts friends into them. More groups than one may have are a fault of the whole.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn create_groups(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        groups: Vec<FriendGroup>,
        members: Vec<UserId>,
    ) -> Result<Result<Outcomes, FriendFault>, Error> {
        self.house.store.create_groups(tenant.app.key, owner.clone(), groups, members, self.now()).await
    }

    /// Takes groups away; the friends in them stay.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn delete_groups(&self, tenant: &Tenant, owner: &Owner, groups: Vec<FriendGroup>) -> Result<(), Error> {
        self.house.store.delete_groups(tenant.app.key, owner.clone(), groups, self.now()).await
    }

    /// Gives a group another name; whether there was one.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn rename_group(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        from: FriendGroup,
        to: FriendGroup,
    ) -> Result<bool, Error> {
        self.house.store.rename_group(tenant.app.key, owner.clone(), from, to, self.now()).await
    }

    /// Puts friends into a group (true) or takes them out of it (false).
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn change_group(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        group: FriendGroup,
        members: Vec<(UserId, bool)>,
    ) -> Result<Outcomes, Error> {
        self.house.store.change_group(tenant.app.key, owner.clone(), group, members, self.now()).await
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
        let (app, owner) = (tenant.app.key, owner.clone());
        self.house.store.long_read(by, move |db| db.groups(app, &owner)).await
    }
}
