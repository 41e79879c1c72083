//! Administrators of the house, their sessions, and what was done by whose authority.

use super::{Store, sqlite::admins};
use crate::domain::{
    admin::{Admin, AdminName, AdminSession, Deed},
    error::Error,
    secret::{Digest, PasswordHash},
    time::Moment,
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

    /// Makes an administrator; where it is to be the first one, only while there is none.
    /// # Errors
    /// `Conflict(Administrator)` when the name is taken, or there is one already.
    pub async fn create_admin(
        &self,
        name: AdminName,
        password: PasswordHash,
        only_as_first: bool,
        at: Moment,
    ) -> Result<Admin, Error> {
        self.0.write(move |tx| admins::create(tx, &name, &password, only_as_first, at)).await
    }

    /// Replaces an administrator's password and ends its sessions.
    /// # Errors
    /// `NotFound(Administrator)`.
    pub async fn set_admin_password(&self, name: AdminName, password: PasswordHash) -> Result<(), Error> {
        self.0.write(move |tx| admins::set_password(tx, &name, &password)).await
    }

    /// Deletes an administrator with its sessions. What it did stays on record.
    /// # Errors
    /// `NotFound(Administrator)`.
    pub async fn delete_admin(&self, name: AdminName) -> Result<(), Error> {
        self.0.write(move |tx| admins::delete(tx, &name)).await
    }

    /// Begins a session.
    /// # Errors
    /// `NotFound(Administrator)` when it is gone, or has another password by now.
    pub async fn begin_admin_session(&self, digest: Digest, admin: Admin, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| admins::begin(tx, &digest, &admin, at)).await
    }

    /// A session, one that has ended by the clock included.
    /// # Errors
    /// Those of every read.
    pub fn admin_session(&self, digest: &Digest) -> Result<Option<AdminSession>, Error> {
        self.0.read(|connection| admins::session(connection, digest))
    }

    /// Keeps that a session was used at that time.
    /// # Errors
    /// Those of every write.
    pub async fn admin_session_seen(&self, digest: Digest, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| admins::seen(tx, &digest, at)).await
    }

    /// Ends a session, if there is one.
    /// # Errors
    /// Those of every write.
    pub async fn end_admin_session(&self, digest: Digest) -> Result<(), Error> {
        self.0.write(move |tx| admins::end(tx, &digest)).await
    }

    /// Deletes sessions that were last used before then; how many.
    /// # Errors
    /// Those of every write.
    pub async fn forget_admin_sessions(&self, before: Moment, at_most: u32) -> Result<u32, Error> {
        self.0.write(move |tx| admins::forget_unused(tx, before, at_most)).await
    }

    /// Puts something that was done on record.
    /// # Errors
    /// Those of every write.
    pub async fn keep_deed(&self, deed: Deed, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| admins::keep(tx, &deed, at)).await
    }

    /// Deletes the oldest deeds beyond the last `kept_max`. Looks at `at_most`; how many went.
    /// # Errors
    /// Those of every write.
    pub async fn forget_deeds(&self, kept_max: u32, at_most: u32) -> Result<u32, Error> {
        self.0.write(move |tx| admins::forget_kept(tx, kept_max, at_most)).await
    }
}
