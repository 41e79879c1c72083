//! Whether a user's contacts and conversation partners are online.

use crate::{
    domain::{CallerKey, Error, UserId, UserKey},
    live::status_subscriptions::SUBSCRIPTIONS_OF_USER_MAX,
    service::{Service, apps::Tenant},
    store::LongReads,
};

impl Service {
    /// Subscribes a user's sessions to the presence of its contacts, of users that list it, and of its conversation
    /// partners: the first 1,000 of them, without blocks. Returns those that are online. If all users together have
    /// too many subscriptions, this user gets none.
    pub async fn follow_contacts(&self, tenant: &Tenant, user: UserKey) -> Result<Vec<UserId>, Error> {
        let app = tenant.app.key;
        let read = async move |db: &LongReads<'_>| db.subscribers(app, user).await;
        let mut contacts = self.long_read(CallerKey::User(user), read).await?;
        contacts.retain(|contact| *contact != user);
        contacts.truncate(SUBSCRIPTIONS_OF_USER_MAX);
        self.inner.contact_subscriptions.unsubscribe_all(user);
        self.follow(tenant, user, &contacts).await
    }

    /// Adds a conversation partner to those whose presence a user's sessions learn; returns it if it is online.
    pub async fn follow_partner(&self, tenant: &Tenant, user: UserKey, partner: UserKey) -> Result<Vec<UserId>, Error> {
        self.follow(tenant, user, &[partner]).await
    }

    async fn follow(&self, tenant: &Tenant, user: UserKey, contacts: &[UserKey]) -> Result<Vec<UserId>, Error> {
        if let Err(cause) = self.inner.contact_subscriptions.subscribe(user, contacts) {
            log::warn!("a user does not learn when its contacts come and go: {cause:?}");
        }
        let seen = self.presence_of_contacts(tenant, user, contacts).await?;
        Ok(seen.into_iter().filter(|(_, is_online)| *is_online).map(|(contact, _)| contact).collect())
    }

    /// Returns whether these users are online. Leaves out those that are no longer contacts or partners, or that one of
    /// the two blocks. Costs some 10 us each.
    pub async fn presence_of_contacts(
        &self,
        tenant: &Tenant,
        user: UserKey,
        contacts: &[UserKey],
    ) -> Result<Vec<(UserId, bool)>, Error> {
        let app = tenant.app.key;
        self.read(async |db| {
            let mut seen = Vec::new();
            for contact in contacts {
                if !db.is_subscriber(app, user, *contact).await? {
                    continue;
                }
                let found = db.readable_user(app, *contact).await?;
                let is_online = self.inner.hub.presence(*contact).is_online;
                seen.extend(found.map(|contact| (contact.id, is_online)));
            }
            Ok(seen)
        })
        .await
    }
}
