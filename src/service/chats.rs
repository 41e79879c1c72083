//! What users set for their own chats, whom they block, and what they report.

use std::time::Duration;

use crate::{
    domain::{
        caller::CallerKey,
        chat_settings::{ChatSettings, ChatSettingsChange},
        error::Error,
        friend::Relation,
        id::{UserId, UserKey},
        owner::Owner,
        report::{NewReport, Report},
    },
    service::{Service, apps::Tenant},
    store::LongReads,
};

impl Service {
    /// Returns what a user has set for its chats.
    /// # Errors
    /// `Unauthenticated` when the user is deleted by now; store errors.
    pub async fn chat_settings(&self, tenant: &Tenant, user: UserKey) -> Result<ChatSettings, Error> {
        let app = tenant.app.key;
        self.house.store.long_read(CallerKey::User(user), move |db| db.chat_settings(app, user)).await
    }

    /// Changes what a user has set for its chats: all of the change or nothing.
    /// # Errors
    /// `NotFound` for an id that no user has; `Invalid` beyond the most muted chats; `Unauthenticated` when the user is deleted by now,
    /// `Forbidden` when it is suspended; store errors.
    pub async fn change_chat_settings(
        &self,
        tenant: &Tenant,
        user: UserKey,
        change: ChatSettingsChange,
    ) -> Result<(), Error> {
        self.house.store.change_chat_settings(tenant.app.key, user, change).await
    }

    /// Returns what `write` makes of the users that a user blocks, in creation order. It runs where they are read: they may be 10,000.
    /// # Errors
    /// Store errors.
    pub async fn blocked_ids<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        user: UserKey,
        write: impl FnOnce(&[UserId]) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let app = tenant.app.key;
        let read = move |db: &LongReads| db.blocked_ids(app, user).map(|ids| write(&ids));
        self.house.store.long_read(CallerKey::User(user), read).await
    }

    /// Returns what `write` makes of the users that block a user, in creation order: of the first 10,000. It runs where they are read.
    /// # Errors
    /// Store errors.
    pub async fn blocking_ids<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        user: UserKey,
        write: impl FnOnce(&[UserId]) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let app = tenant.app.key;
        let read = move |db: &LongReads| db.blocking_ids(app, user).map(|ids| write(&ids));
        self.house.store.long_read(CallerKey::User(user), read).await
    }

    /// Returns how long ago a user was last there; zero for one who is there now. Between two of whom one blocks the other nothing shows that
    /// is newer than the user itself, and so with a user who has not been seen for as long as that is remembered.
    /// # Errors
    /// `NotFound`; store errors.
    pub async fn last_seen(&self, tenant: &Tenant, viewer: UserKey, whom: &UserId) -> Result<Duration, Error> {
        let (app, owner, ids) = (tenant.app.key, Owner::Itself(viewer), vec![whom.clone()]);
        let user = self.user(tenant, whom)?;
        let read = move |db: &LongReads| db.blocks_among(app, &owner, &ids);
        let blocks = self.house.store.long_read(CallerKey::User(viewer), read).await?;
        let presence = self.house.hub.presence(user.key);
        let since = match presence.seen_at.filter(|_| blocks.first() == Some(&Some(Relation::None))) {
            Some(_) if presence.is_online => return Ok(Duration::ZERO),
            seen_at => seen_at.unwrap_or(user.created_at),
        };
        let micros = self.now().micros().saturating_sub(since.micros());
        Ok(Duration::from_micros(u64::try_from(micros).unwrap_or_default()).max(Duration::from_secs(1)))
    }

    /// Keeps a report for the operator.
    /// # Errors
    /// `NotFound` for a chat with nobody; `TooMany` in a day; `Unauthenticated` when the user is deleted by now, `Forbidden` when it is
    /// suspended; store errors.
    pub async fn report(&self, tenant: &Tenant, user: UserKey, report: NewReport) -> Result<(), Error> {
        self.house.store.add_report(tenant.app.key, user, report, self.now()).await
    }

    /// Returns reports of an app before the one of this number, the newest first.
    /// # Errors
    /// Store errors.
    pub async fn reports(&self, tenant: &Tenant, before: Option<i64>, limit: u32) -> Result<Vec<Report>, Error> {
        let (app, before) = (tenant.app.key, before.unwrap_or(i64::MAX));
        self.house.store.long_read(CallerKey::Operator, move |db| db.reports_before(app, before, limit)).await
    }
}
