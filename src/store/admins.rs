//! Administrators of the house, their sessions, and what was done by whose authority.

use super::{Store, sqlite::admins};
use crate::domain::{
    admin::{Admin, AdminSession},
    error::Error,
    secret::Digest,
};

impl Store {
    /// Every administrator, in creation order.
    /// # Errors
    /// Those of every read.
    pub fn admins(&self) -> Result<Vec<Admin>, Error> {
        self.0.read(admins::all)
    }

    /// A session, one that has ended by the clock included.
    /// # Errors
    /// Those of every read.
    pub fn admin_session(&self, digest: &Digest) -> Result<Option<AdminSession>, Error> {
        self.0.read(|connection| admins::session(connection, digest))
    }
}
