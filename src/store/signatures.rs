//! Signatures of Tencent's wire that are dead before they expire.

use super::{Store, sqlite::signatures};
use crate::domain::{
    error::Error,
    id::{AppKey, UserId},
    time::Moment,
};

impl Store {
    /// The moment before which signatures of this id are dead, whether or not a user has it; the epoch where none are.
    /// # Errors
    /// Those of every read.
    pub fn signatures_dead_before(&self, app: AppKey, id: &UserId) -> Result<Moment, Error> {
        self.0.read(|connection| signatures::dead_before(connection, app, id))
    }

    /// Deletes what is kept of dead signatures since before `long_past`, then the oldest rows beyond `kept_max`; how many, `at_most` of each.
    /// No signature revives: the moment of a deleted row becomes that of every id of its app.
    /// # Errors
    /// Those of every write.
    pub async fn forget_dead_signatures(&self, long_past: Moment, kept_max: u32, at_most: u32) -> Result<u32, Error> {
        self.0.write(move |tx| signatures::forget(tx, long_past, kept_max, at_most)).await
    }
}
