//! What users set for their own chats, whom they block, and what they report.

use super::{
    LongReads, Store,
    sqlite::{chat_settings, contacts, reports},
};
use crate::domain::{
    chat_settings::{ChatSettings, ChatSettingsChange},
    error::Error,
    id::{AppKey, UserId, UserKey},
    report::{NewReport, Report},
    time::Moment,
};

impl Store {
    /// Changes what a user has set for its chats: all of the change or nothing.
    /// # Errors
    /// `NotFound(User)` for an id that no user has; `Invalid` beyond the most muted chats; `Unauthenticated` when the user is deleted by
    /// now, `Forbidden` when it is suspended.
    pub async fn change_chat_settings(
        &self,
        app: AppKey,
        user: UserKey,
        change: ChatSettingsChange,
    ) -> Result<(), Error> {
        self.0.write(move |tx| chat_settings::change(tx, app, user, &change)).await
    }

    /// Keeps a report; the oldest one of the app goes beyond the most that are kept.
    /// # Errors
    /// `NotFound(User)` for a chat with nobody; `TooMany` in a day; `Unauthenticated` when the user is deleted by now, `Forbidden` when it is
    /// suspended.
    pub async fn add_report(&self, app: AppKey, user: UserKey, report: NewReport, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| reports::add(tx, app, user, &report, at)).await
    }
}

#[expect(clippy::missing_errors_doc, reason = "the type's own line says it for all of them")]
impl LongReads {
    /// What a user has set for its chats. `Unauthenticated` when it is deleted by now.
    pub fn chat_settings(&self, app: AppKey, user: UserKey) -> Result<ChatSettings, Error> {
        chat_settings::find(&self.0, app, user)
    }

    /// The users that a user blocks, in creation order: at most as many as it may block.
    pub fn blocked_ids(&self, app: AppKey, user: UserKey) -> Result<Vec<UserId>, Error> {
        contacts::blocked_ids(&self.0, app, user)
    }

    /// The users that block a user, in creation order: the first [`contact::ROWS_MAX`](crate::domain::contact::ROWS_MAX).
    pub fn blocking_ids(&self, app: AppKey, user: UserKey) -> Result<Vec<UserId>, Error> {
        contacts::blocking_ids(&self.0, app, user)
    }

    /// Reports of an app before the one of this number, the newest first.
    pub fn reports_before(&self, app: AppKey, key: i64, at_most: u32) -> Result<Vec<Report>, Error> {
        reports::before(&self.0, app, key, at_most)
    }
}
