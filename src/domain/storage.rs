//! When a write counts as done, and counts of what a database holds.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Once it is on the disk: it survives the loss of power.
    Full,
    /// Once the operating system has it: it survives the end of this process. A loss of power can undo the writes since the last
    /// checkpoint; the database stays consistent.
    Normal,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordCounts {
    pub apps: u64,
    pub users: u64,
    /// Including those that wait for the sweep.
    pub pictures: u64,
    pub contacts: u64,
    pub administrators: u64,
    /// Absent in backups of versions without messages.
    #[serde(default)]
    pub messages: u64,
}

impl fmt::Display for RecordCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { apps, users, pictures, contacts, administrators, messages } = self;
        let (apps, users, pictures) = (counted(*apps, "app"), counted(*users, "user"), counted(*pictures, "picture"));
        let (contacts, administrators) = (counted(*contacts, "contact"), counted(*administrators, "administrator"));
        let messages = counted(*messages, "message");
        write!(f, "{apps}, {users}, {pictures}, {contacts}, {messages}, {administrators}")
    }
}

pub fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
