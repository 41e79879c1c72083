//! Removal of rows and files that are no longer needed.

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{CallerKey, Error, PictureKey},
    service::{Service, admins, blocking, conversations::expiry, users},
    store::{LongReads, Touches, Tx},
};

/// How long an unused picture stays: time for an upload to be assigned, and for a page to show the former picture.
pub const PICTURE_REST: Duration = Duration::from_secs(3600);

/// How long events stay for clients that poll or return.
const EVENTS_REST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Events kept at most: some 200 bytes each.
const EVENTS_MAX: u32 = 1_000_000;

/// Longer than events, so that a client of an ended session can be told to read everything anew.
const PLACES_REST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Positions kept at most: some 100 bytes each. Those written longest ago go first.
const POSITIONS_MAX: u32 = 100_000;

const STEP_EVENTS: u32 = 1000;

/// The vendor's libraries sign for 180 days, 136 years at most. Once such a row is removed, every UserSig of its app
/// that is older than this and than the oldest row counts as dead.
const DEAD_SIGNATURES_REST: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

/// Some 80 bytes each. Above it the oldest go as if they were too old.
const DEAD_SIGNATURES_MAX: u32 = 1_000_000;

/// Rows per step, so that other writers do not wait long.
const STEP_ROWS: u32 = 100;

const AUDIT_ENTRIES_KEPT_MAX: u32 = 100_000;

impl Service {
    /// Removes picture files without a row, which a crash may have left, one shard at a time. Runs before any upload.
    pub async fn sweep_at_start(&self) -> Result<u32, Error> {
        let folder = self.inner.pictures.folder.clone();
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

    /// Measures the files of pictures stored by a version that did not record their size.
    pub async fn measure_at_start(&self) -> Result<(), Error> {
        loop {
            let unmeasured = async |db: &LongReads<'_>| db.unmeasured_pictures(STEP_ROWS).await;
            let keys = self.long_read(CallerKey::Operator, unmeasured).await?;
            if keys.is_empty() {
                return Ok(());
            }
            let folder = self.inner.pictures.folder.clone();
            let sizes = move || keys.into_iter().map(|key| folder.bytes_of(&key).map(|bytes| (key, bytes))).collect();
            let measured: Result<Vec<_>, Error> = blocking(sizes).await?;
            let measured: Vec<_> = measured?;
            let rule = async move |tx: &Tx<'_>| tx.put_picture_sizes(&measured).await;
            self.inner.store.write(Touches::All, rule).await?;
        }
    }

    /// Removes pictures unused for [`PICTURE_REST`], expired tickets and sessions, old events, the oldest audit
    /// entries, and rows that name deleted users. Skips pictures while a backup runs.
    pub async fn sweep(&self) -> Result<(), Error> {
        let now = self.now();
        self.inner.status_subscriptions.sweep();
        self.inner.presence_subscriptions.sweep();
        self.inner.contact_subscriptions.sweep();
        let (idle, rest) = (now.before(admins::IDLE), now.before(PLACES_REST));
        self.sweep_rows(STEP_ROWS, async move |tx| tx.sweep_tickets(now, STEP_ROWS).await).await?;
        self.sweep_rows(STEP_ROWS, async move |tx| tx.sweep_admin_sessions(idle, STEP_ROWS).await).await?;
        self.sweep_rows(STEP_EVENTS, async |tx| tx.sweep_audit_entries(AUDIT_ENTRIES_KEPT_MAX, STEP_EVENTS).await)
            .await?;
        self.sweep_rows(STEP_ROWS, async move |tx| tx.sweep_sessions(now, STEP_ROWS).await).await?;
        // Before the events: the position of an open session must not fall behind the kept events.
        self.inner.hub.refresh_positions();
        self.write_positions().await;
        self.sweep_rows(STEP_ROWS, async move |tx| tx.sweep_positions(rest, POSITIONS_MAX, STEP_ROWS).await).await?;
        let (old, long_past) = (now.before(EVENTS_REST), now.before(DEAD_SIGNATURES_REST));
        self.sweep_rows(STEP_EVENTS, async move |tx| tx.sweep_events(old, EVENTS_MAX, STEP_EVENTS).await).await?;
        self.sweep_messages().await?;
        let wiped = Arc::clone(&self.inner.wiped);
        let departed = async move |tx: &Tx<'_>| {
            let forgotten = users::forget_departed(tx, STEP_ROWS).await?;
            if forgotten > 0 {
                wiped.note();
            }
            Ok(forgotten)
        };
        self.sweep_rows(1, departed).await?;
        self.sweep_rows(1, async move |tx| tx.sweep_signatures(long_past, DEAD_SIGNATURES_MAX, STEP_ROWS).await)
            .await?;
        loop {
            // A backup copies the files of every row it has seen: no row or file may go until it ends.
            let Ok(_removing) = self.inner.removing.try_lock() else { return Ok(()) };
            let released = now.before(PICTURE_REST);
            let rule = async move |tx: &Tx<'_>| tx.sweep_pictures(released, STEP_ROWS).await;
            let keys = self.inner.store.write(Touches::All, rule).await?;
            if keys.is_empty() {
                return Ok(());
            }
            self.remove_pictures(keys).await?;
        }
    }

    /// Deletes messages older than their app keeps them.
    async fn sweep_messages(&self) -> Result<(), Error> {
        for tenant in self.tenants().iter() {
            let Some(days) = tenant.app.settings.messages_kept_days else { continue };
            let (app, kept) = (tenant.app.key, Duration::from_secs(u64::from(days) * 24 * 3600));
            let before = self.now().before(kept);
            let wiped = Arc::clone(&self.inner.wiped);
            let expired = async move |tx: &Tx<'_>| {
                let forgotten = expiry::forget_expired(tx, app, before, STEP_ROWS).await?;
                if forgotten > 0 {
                    wiped.note();
                }
                Ok(forgotten)
            };
            self.sweep_rows(STEP_ROWS, expired).await?;
        }
        Ok(())
    }

    /// Runs a step again until it finds fewer rows than a full step.
    async fn sweep_rows(
        &self,
        rows: u32,
        step: impl AsyncFn(&Tx<'_>) -> Result<u32, Error> + Clone + Send + 'static,
    ) -> Result<(), Error> {
        while self.inner.store.write(Touches::All, step.clone()).await? >= rows {}
        Ok(())
    }

    async fn remove_pictures(&self, keys: Vec<PictureKey>) -> Result<(), Error> {
        keys.iter().for_each(|key| self.inner.pictures.forget(key));
        let folder = self.inner.pictures.folder.clone();
        blocking(move || keys.iter().try_for_each(|key| folder.remove(key))).await?
    }
}
