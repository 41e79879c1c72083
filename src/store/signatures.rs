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
}
