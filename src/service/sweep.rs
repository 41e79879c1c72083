//! Sweeping: what nobody names any more leaves the rows and the disk.

use std::time::Duration;

use crate::{
    domain::{avatar::PictureKey, caller::CallerKey, error::Error},
    service::{Service, admins, blocking, users},
    store::{LongReads, Touches, Tx},
};

/// How long a picture that nothing names stays: time enough for an upload to be named, and for a page to show the former one.
pub const PICTURE_REST: Duration = Duration::from_secs(3600);

/// How long what happened can be asked for again: by a client that polls, or comes back after a while.
const EVENTS_REST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Events that are kept however young they are, at most: some 200 bytes each.
const EVENTS_MAX: u32 = 1_000_000;

/// How long the place of a session that is away is kept: longer than events, so that its client can be told to read anew.
const PLACES_REST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Places of sessions that are kept, at most: some 100 bytes each. Those written longest ago go first.
const PLACES_MAX: u32 = 100_000;

/// Events a step of the sweep looks at.
const STEP_EVENTS: u32 = 1000;

/// How long it is kept from when on signatures of an id are good. UserSigs are signed for 180 days by the vendor's libraries and for 136
/// years at most; one that is older than this and than the oldest row is dead with all others of its app, so that none revives.
const DEAD_SIGNATURES_REST: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

/// Ids of which that is kept, at most: some 80 bytes each. Beyond, the oldest go as if they were too old.
const DEAD_SIGNATURES_MAX: u32 = 1_000_000;

/// Rows a step of the sweep takes, so that no writer waits long behind it.
const STEP_ROWS: u32 = 100;

/// Deeds of administrators that are kept, at most.
const DEEDS_KEPT_MAX: u32 = 100_000;

impl Service {
    /// Removes every picture file that has no row: what a crash may have left. For the start, before anybody uploads.
    ///
    /// Compares one subfolder after another with the rows of the same range: it holds some 2,600 names of ten million at a time.
    /// # Errors
    /// Store and disk errors.
    pub async fn sweep_at_start(&self) -> Result<u32, Error> {
        let folder = self.house.pictures.folder.clone();
        let sweep = async move |db: &LongReads<'_>| {
            let rows = db.pictures();
            let mut removed = 0;
            for shard in folder.shards()? {
                for key in folder.keys_in(&shard)?.difference(&rows.keys_in(&shard)?) {
                    folder.remove(key)?;
                    removed += 1;
                }
            }
            Ok(removed)
        };
        self.long_read(CallerKey::Operator, sweep).await
    }

    /// Measures every picture that was stored by a version that did not keep what its files take.
    /// # Errors
    /// Store and disk errors.
    pub async fn measure_at_start(&self) -> Result<(), Error> {
        loop {
            let unmeasured = async |db: &LongReads<'_>| db.unmeasured_pictures(STEP_ROWS).await;
            let keys = self.long_read(CallerKey::Operator, unmeasured).await?;
            if keys.is_empty() {
                return Ok(());
            }
            let folder = self.house.pictures.folder.clone();
            let sizes = move || keys.into_iter().map(|key| folder.bytes_of(&key).map(|bytes| (key, bytes))).collect();
            let measured: Result<Vec<_>, Error> = blocking(sizes).await?;
            let measured: Vec<_> = measured?;
            let rule = async move |tx: &Tx<'_>| tx.put_picture_sizes(&measured).await;
            self.house.store.write(Touches::All, rule).await?;
        }
    }

    /// Removes pictures that nothing has named for [`PICTURE_REST`], tickets and sessions that have expired, events that
    /// nobody asks for any more, the oldest deeds of many, and rows that still name deleted users. While a backup is made, pictures stay.
    /// # Errors
    /// Store and disk errors; what was removed until then stays removed.
    pub async fn sweep(&self) -> Result<(), Error> {
        let now = self.now();
        self.house.watchers.sweep();
        let (idle, rest) = (now.before(admins::IDLE), now.before(PLACES_REST));
        self.sweep_rows(STEP_ROWS, async move |tx| tx.sweep_tickets(now, STEP_ROWS).await).await?;
        self.sweep_rows(STEP_ROWS, async move |tx| tx.sweep_admin_sessions(idle, STEP_ROWS).await).await?;
        self.sweep_rows(STEP_EVENTS, async |tx| tx.sweep_deeds(DEEDS_KEPT_MAX, STEP_EVENTS).await).await?;
        self.sweep_rows(STEP_ROWS, async move |tx| tx.sweep_sessions(now, STEP_ROWS).await).await?;
        // Before the events: an open session's place must not fall behind those that are kept.
        self.house.hub.renew_places();
        self.write_places().await;
        self.sweep_rows(STEP_ROWS, async move |tx| tx.sweep_places(rest, PLACES_MAX, STEP_ROWS).await).await?;
        let (old, long_past) = (now.before(EVENTS_REST), now.before(DEAD_SIGNATURES_REST));
        self.sweep_rows(STEP_EVENTS, async move |tx| tx.sweep_events(old, EVENTS_MAX, STEP_EVENTS).await).await?;
        self.sweep_rows(1, async |tx| users::forget_departed(tx, STEP_ROWS).await).await?;
        self.sweep_rows(1, async move |tx| tx.sweep_signatures(long_past, DEAD_SIGNATURES_MAX, STEP_ROWS).await)
            .await?;
        loop {
            // A backup copies the files of every row it has seen: until it is done, no row is taken and no file removed.
            let Ok(_removing) = self.house.removing.try_lock() else { return Ok(()) };
            let released = now.before(PICTURE_REST);
            let rule = async move |tx: &Tx<'_>| tx.sweep_pictures(released, STEP_ROWS).await;
            let keys = self.house.store.write(Touches::All, rule).await?;
            if keys.is_empty() {
                return Ok(());
            }
            self.remove_pictures(keys).await?;
        }
    }

    /// Runs a step of the sweep again and again, until one finds fewer than so many rows.
    async fn sweep_rows(
        &self,
        rows: u32,
        step: impl AsyncFn(&Tx<'_>) -> Result<u32, Error> + Clone + Send + 'static,
    ) -> Result<(), Error> {
        while self.house.store.write(Touches::All, step.clone()).await? >= rows {}
        Ok(())
    }

    async fn remove_pictures(&self, keys: Vec<PictureKey>) -> Result<(), Error> {
        keys.iter().for_each(|key| self.house.pictures.forget(key));
        let folder = self.house.pictures.folder.clone();
        blocking(move || keys.iter().try_for_each(|key| folder.remove(key))).await?
    }
}
