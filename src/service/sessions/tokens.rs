//! Sessions that a token opens: realtime connections of Qiscus.

use crate::{
    domain::{AppKey, Error, MessageId, User, UserKey, Vendor},
    live::clients::ClientKey,
    service::{EventSubscription, Service, apps::Tenant},
    store::Db,
};

impl Service {
    /// Opens a session of the token's user. The user's oldest one ends if there are too many. A client that connects
    /// again under the id that it had continues after what it is known to have received.
    /// # Errors
    /// As [`Service::user_by_token`]; `Busy` if the server is stopping.
    pub async fn listen_by_token(
        &self,
        tenant: &Tenant,
        token: &str,
        client: &str,
    ) -> Result<(User, EventSubscription), Error> {
        let user = self.user_by_token(tenant, token).await?;
        let most = self.sessions_max(tenant, Vendor::Qiscus);
        let session = self.inner.hub.join_again(user.key, Vendor::Qiscus, most, ClientKey::of(client));
        let session = session.ok_or(Error::Busy)?;
        // Checked again now that the session is open: the feed reports later ends.
        let again = self.user_by_token(tenant, token).await?;
        match again.key == user.key {
            true => Ok((again, self.subscription(session, Vendor::Qiscus))),
            false => Err(Error::GONE),
        }
    }

    /// Returns the last event that a client of an unknown position has received, if the server has just started.
    pub fn last_before_stop(&self) -> Option<MessageId> {
        self.inner.hub.last_before_stop().map(MessageId)
    }

    /// Subscribes a user's realtime connections to the presence of another user.
    /// # Errors
    /// `Busy` if all users together have too many subscriptions.
    pub fn watch_presence(&self, user: UserKey, other: UserKey) -> Result<(), Error> {
        self.inner.presence_subscriptions.subscribe(user, &[other])
    }

    /// Returns those of these users that exist. One point read each.
    pub async fn users_by_keys(&self, tenant: &Tenant, keys: &[UserKey]) -> Result<Vec<User>, Error> {
        let app = tenant.app.key;
        self.read(async |db| users(db, app, keys).await).await
    }
}

async fn users(db: &Db<'_>, app: AppKey, keys: &[UserKey]) -> Result<Vec<User>, Error> {
    let mut users = Vec::with_capacity(keys.len());
    for key in keys {
        users.extend(db.readable_user(app, *key).await?);
    }
    Ok(users)
}
