//! What users set for their own chats, whom they block, and what they report.

use crate::{
    domain::{
        caller::CallerKey,
        chat_settings::{ChatSettings, ChatSettingsChange},
        error::Error,
        id::{UserId, UserKey},
        report::{NewReport, Report},
    },
    service::{Service, apps::Tenant},
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

    /// Returns the users that a user blocks, in creation order.
    /// # Errors
    /// Store errors.
    pub async fn blocked_ids(&self, tenant: &Tenant, user: UserKey) -> Result<Vec<UserId>, Error> {
        let app = tenant.app.key;
        self.house.store.long_read(CallerKey::User(user), move |db| db.blocked_ids(app, user)).await
    }

    /// Returns the users that block a user, in creation order: the first 10,000.
    /// # Errors
    /// Store errors.
    pub async fn blocking_ids(&self, tenant: &Tenant, user: UserKey) -> Result<Vec<UserId>, Error> {
        let app = tenant.app.key;
        self.house.store.long_read(CallerKey::User(user), move |db| db.blocking_ids(app, user)).await
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
