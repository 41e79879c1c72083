//! User status: whether users are connected, their custom status, and subscriptions. Source: Tencent's guide to user
//! status.

use crate::{
    domain::{Availability, CallerKey, CustomStatus, Error, Owner, Relation, Resource, UserId, UserKey, UserStatus},
    service::{Service, Tenant, UserLists, users},
    store::{LongReads, RelationRows, StoredStatus, Tx},
};

impl UserLists<'_> {
    /// Returns the statuses of these users to announce to the owner, except where one blocks the other.
    pub async fn statuses_for(&self, users: Vec<UserKey>) -> Result<Vec<UserStatus>, Error> {
        let read = async move |db: &LongReads<'_>, app, listener| {
            let stored = db.statuses_by_key(app, &users).await?;
            let ids: Vec<UserId> = stored.iter().map(|stored| stored.id.clone()).collect();
            let blocks = db.relations(app, listener, &ids, RelationRows::Blocks).await?;
            let told = stored.into_iter().zip(blocks).filter(|(_, block)| *block == Some(Relation::None));
            Ok(told.map(|(stored, _)| stored).collect::<Vec<_>>())
        };
        let stored = self.read(read).await?;
        Ok(stored.into_iter().map(|stored| self.service.status_of(stored)).collect())
    }
}

impl Service {
    /// Returns statuses in the order of the ids; None for unknown users. Costs two point reads each.
    pub async fn statuses(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<UserStatus>>, Error> {
        let app = tenant.app.key;
        let stored = self.long_read(by, async move |db| db.statuses(app, &ids).await).await?;
        Ok(stored.into_iter().map(|stored| stored.map(|stored| self.status_of(stored))).collect())
    }

    fn status_of(&self, stored: StoredStatus) -> UserStatus {
        let presence = self.inner.hub.presence(stored.key);
        let availability = match (presence.is_online, stored.has_logged_in || presence.seen_at.is_some()) {
            (true, _) => Availability::Online,
            (false, true) => Availability::Offline,
            (false, false) => Availability::NeverLoggedIn,
        };
        UserStatus { id: stored.id, availability, custom: stored.custom }
    }

    pub async fn custom_status(&self, tenant: &Tenant, user: UserKey) -> Result<Option<CustomStatus>, Error> {
        let stored = self.read(async |db| db.statuses_by_key(tenant.app.key, &[user]).await).await?;
        Ok(stored.into_iter().next().and_then(|stored| stored.custom))
    }

    /// Sets or clears a user's custom status and notifies its subscribers and its own sessions.
    pub async fn set_custom_status(
        &self,
        tenant: &Tenant,
        user: UserKey,
        custom: Option<CustomStatus>,
    ) -> Result<(), Error> {
        let app = tenant.app.key;
        let rule = async move |tx: &Tx<'_>| users::set_custom_status(tx, app, user, custom.as_ref()).await;
        self.write_about(app, Owner::Itself(user), rule).await?;
        self.inner.status_subscriptions.status_set(user);
        Ok(())
    }

    /// Subscribes a user to the status of others, or ends such subscriptions. Returns the outcomes in the order of the
    /// ids.
    /// # Errors
    /// `Busy` if all users together have too many subscriptions.
    pub async fn watch_statuses(
        &self,
        tenant: &Tenant,
        user: UserKey,
        ids: Vec<UserId>,
        is_watched: bool,
    ) -> Result<Vec<Result<(), Error>>, Error> {
        let (found, outcomes) = self.keys_of(tenant, CallerKey::User(user), ids).await?;
        match is_watched {
            true => self.inner.status_subscriptions.subscribe(user, &found)?,
            false => self.inner.status_subscriptions.unsubscribe(user, &found),
        }
        Ok(outcomes)
    }

    pub fn unwatch_all_statuses(&self, user: UserKey) {
        self.inner.status_subscriptions.unsubscribe_all(user);
    }

    /// Ends subscriptions of a former login, unless the user has another session.
    pub fn forget_status_subscriptions(&self, user: UserKey) {
        self.inner.status_subscriptions.unsubscribe_if_alone(user);
    }

    async fn keys_of(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        ids: Vec<UserId>,
    ) -> Result<(Vec<UserKey>, Vec<Result<(), Error>>), Error> {
        let app = tenant.app.key;
        let stored = self.long_read(by, async move |db| db.statuses(app, &ids).await).await?;
        let found = stored.iter().flatten().map(|stored| stored.key).collect();
        let outcome = |stored: Option<StoredStatus>| stored.map(|_| ()).ok_or(Error::NotFound(Resource::User));
        Ok((found, stored.into_iter().map(outcome).collect()))
    }
}
