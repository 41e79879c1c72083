//! What a database holds, counted: for backups, and for whoever restores one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a database holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amounts {
    /// Tenants.
    pub apps: u64,
    /// Of all apps.
    pub users: u64,
    /// Of all users, those included that wait for the sweep.
    pub pictures: u64,
    /// Rows of contact lists.
    pub contacts: u64,
    /// Of the house.
    pub administrators: u64,
}

impl fmt::Display for Amounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { apps, users, pictures, contacts, administrators } = self;
        write!(
            f,
            "{apps} apps, {users} users, {pictures} pictures, {contacts} contacts, {administrators} administrators"
        )
    }
}
