//! What users set for their own chats, whom they block, and what they report.

use super::{
    LongReads,
    sqlite::{chat_settings, contacts, reports},
};
use crate::domain::{
    chat_settings::ChatSettings,
    error::Error,
    id::{AppKey, UserId, UserKey},
    report::Report,
};

#[expect(clippy::missing_errors_doc, reason = "the type's own line says it for all of them")]
impl LongReads {
    /// What a user has set for its chats; none where it is deleted by now.
    pub fn chat_settings(&self, app: AppKey, user: UserKey) -> Result<Option<ChatSettings>, Error> {
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
