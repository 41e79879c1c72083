//! Places of live sessions, and what a client that comes back missed.

use super::{Store, sqlite::events};
use crate::domain::{
    error::Error,
    id::UserKey,
    listening::{Sibling, Wire},
    secret::Digest,
    time::Moment,
};

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewPlace {
    /// Whose.
    pub user: UserKey,
    /// By which wire.
    pub wire: Wire,
    /// What its client shows again when it comes back, where the wire has something of that kind.
    pub shown: Option<Digest>,
    /// The last event that was announced when it began: where a client stands that comes back from nowhere.
    pub heard: i64,
    /// Where the user's other sessions on this wire stand.
    pub siblings: Vec<Sibling>,
    /// When it began.
    pub at: Moment,
}

impl Store {
    /// Whether all that happened since event `seq` can still be told. Three point reads.
    /// # Errors
    /// Those of every read.
    pub fn can_tell_since(&self, seq: i64) -> Result<bool, Error> {
        self.0.read(|connection| events::can_tell_since(connection, seq))
    }

    /// The oldest event that is kept, where a ticket was issued since: everything that its client may have missed is kept then.
    /// # Errors
    /// Those of every read.
    pub fn oldest_event_since_ticket(&self, ticket: &Digest) -> Result<Option<i64>, Error> {
        self.0.read(|connection| events::oldest_since_ticket(connection, ticket))
    }
}
