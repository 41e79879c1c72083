//! Administrators of the house, their sessions, and what was done by whose authority.

use super::{Store, sqlite::admins};
use crate::domain::{
    admin::{Admin, AdminName, AdminSession},
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

    /// An administrator by its name.
    /// # Errors
    /// Those of every read.
    pub fn admin(&self, name: &AdminName) -> Result<Option<Admin>, Error> {
        self.0.read(|connection| admins::find(connection, name))
    }

    /// A session, one that has ended by the clock included.
    /// # Errors
    /// Those of every read.
    pub fn admin_session(&self, digest: &Digest) -> Result<Option<AdminSession>, Error> {
        self.0.read(|connection| admins::session(connection, digest))
    }
}
