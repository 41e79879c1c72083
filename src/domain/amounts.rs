//! Counts of what a database holds, for backups.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amounts {
    pub apps: u64,
    pub users: u64,
    /// Including those that wait for the sweep.
    pub pictures: u64,
    pub contacts: u64,
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
