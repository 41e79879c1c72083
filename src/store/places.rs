//! Places of live sessions, and what a client that comes back missed.

use super::{
    Store,
    sqlite::{events, places},
};
use crate::domain::{
    error::Error,
    id::{AppKey, UserKey},
    listening::{MovedPlace, Resumed, Sibling, Wire},
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
    /// Begins the row that keeps a session's place; the row, and where the client goes on if it was here before.
    /// # Errors
    /// `Unauthenticated` when the user is gone; those of every write.
    pub async fn begin_place(&self, app: AppKey, new: NewPlace) -> Result<(i64, Option<Resumed>), Error> {
        self.0.write(move |tx| places::begin(tx, app, &new)).await
    }

    /// Where a session's client goes on, without a row for it.
    /// # Errors
    /// Those of every read.
    pub fn find_place(&self, app: AppKey, new: &NewPlace) -> Result<Option<Resumed>, Error> {
        self.0.read(|connection| places::find(connection, app, new))
    }

    /// Writes places that have moved, in one transaction. One whose row is gone is left out.
    /// # Errors
    /// Those of every write.
    pub async fn move_places(&self, moved: Vec<MovedPlace>, at: Moment) -> Result<(), Error> {
        self.0.write(move |tx| places::move_all(tx, &moved, at)).await
    }

    /// Deletes places that were written before then, and all but the newest `kept_max`, `at_most` in one step; how many.
    /// # Errors
    /// Those of every write.
    pub async fn forget_places(&self, before: Moment, kept_max: u32, at_most: u32) -> Result<u32, Error> {
        self.0.write(move |tx| places::forget_old(tx, before, kept_max, at_most)).await
    }

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
