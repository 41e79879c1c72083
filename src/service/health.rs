//! The state of the server: figures, readiness, and the checks of `doctor`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

use crate::{
    blob::Folder,
    domain::{CallerKey, Error, Moment, Vendor},
    service::{Service, blocking},
    store::{Checkup, Db, Integrity, LongReads, OfflineCheckup, PictureRows, PictureUsage, WriteStats},
};

/// How long a result of the readiness check is reused, so that callers cannot make the disk work more often.
const JUDGED_FOR: Duration = Duration::from_secs(1);

/// How long a caller waits for the readiness check.
const JUDGING_WAIT_MAX: Duration = Duration::from_secs(2);

/// How long the integrity check of the database may take.
pub const CHECK_UP_WAIT_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerFigures {
    pub writes: WriteStats,
    pub sockets: [(Vendor, usize); Vendor::ALL.len()],
    /// Size as if the database were one file.
    pub database_bytes: u64,
    pub disk_free_bytes: u64,
    pub pictures: PictureUsage,
    pub decoding: Decoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoding {
    pub budget_bytes: u64,
    pub used_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadinessCondition {
    Database,
    Pictures,
    Schema,
    Time,
}

#[derive(Debug, Clone)]
struct ReadinessResult {
    at: Instant,
    missing: Vec<ReadinessCondition>,
}

pub(super) struct Readiness {
    last: watch::Sender<Option<ReadinessResult>>,
    judging: Arc<Semaphore>,
}

impl Readiness {
    pub(super) fn new() -> Self {
        Self { last: watch::Sender::new(None), judging: Arc::new(Semaphore::new(1)) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderInspection {
    pub schema: u32,
    pub schema_known: u32,
    /// Whether the database is undamaged; None if the check ran out of time.
    pub is_sound: Option<bool>,
    pub wrong: Option<String>,
    /// None if the database is damaged.
    pub pictures: Option<PictureTally>,
    /// How far the clock lies behind the latest stored time; normally 0.
    pub clock_behind_s: i64,
}

/// Pictures compared by rows and by files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PictureTally {
    pub count: u64,
    /// Pictures with files but no row: being uploaded, or left by a crash and removed at the next start.
    pub orphans: u64,
    /// Pictures with a row but no files.
    pub missing: u64,
}

impl FolderInspection {
    fn of(database: Checkup, pictures: Option<PictureTally>, now: Moment) -> Self {
        let Checkup { schema, schema_known, integrity, newest } = database;
        let (is_sound, wrong) = match integrity {
            Integrity::Intact => (Some(true), None),
            Integrity::Damaged(wrong) => (Some(false), Some(wrong)),
            Integrity::Unfinished => (None, None),
        };
        let clock_behind_s = newest.map_or(0, |newest| (newest.micros() - now.micros()).max(0) / 1_000_000);
        Self { schema, schema_known, is_sound, wrong, pictures, clock_behind_s }
    }
}

impl PictureTally {
    /// Compares rows and files one shard at a time. Blocks. Pictures may change meanwhile: one counts as missing if it
    /// had a row before its shard was read and still has it.
    pub fn of(rows: &PictureRows<'_>, folder: &Folder) -> Result<Self, Error> {
        let mut all = Self::default();
        for shard in folder.shards()?.union(&rows.shards()?) {
            let before = rows.keys_in(shard)?;
            let there = folder.keys_in(shard)?;
            let named = rows.keys_in(shard)?;
            all.count += named.len() as u64;
            all.missing += before.iter().filter(|key| named.contains(*key) && !there.contains(*key)).count() as u64;
            all.orphans += there.iter().filter(|key| !named.contains(*key) && !before.contains(*key)).count() as u64;
        }
        Ok(all)
    }
}

/// Makes an inspection of a database that no server has open.
pub fn inspection_of(looked: OfflineCheckup<PictureTally>, now: Moment) -> FolderInspection {
    FolderInspection::of(looked.checkup, looked.pictures, now)
}

impl Service {
    pub async fn figures(&self) -> Result<ServerFigures, Error> {
        let inner = &self.inner;
        let (store, folder) = (&inner.store, inner.pictures.folder.clone());
        let room = async |db: &Db<'_>| Ok((db.database_bytes().await?, db.picture_usage().await?));
        let (database_bytes, pictures) = store.read(room).await?;
        let disk_free_bytes = blocking(move || folder.free_bytes()).await??;
        let sockets = Vendor::ALL.map(|vendor| (vendor, inner.hub.open_sessions(vendor)));
        let (writes, decoding) = (inner.store.writes(), inner.pictures.decoding());
        Ok(ServerFigures { writes, sockets, database_bytes, disk_free_bytes, pictures, decoding })
    }

    /// Returns none if the server is ready. Takes at most two seconds; the result is at most one second old.
    pub async fn unmet_conditions(&self) -> Vec<ReadinessCondition> {
        let readiness = &self.inner.readiness;
        let mut last = readiness.last.subscribe();
        // Measured from the call: a result that was valid then is good enough, however long the wait.
        let came = Instant::now();
        let holds = |last: &Option<ReadinessResult>| last.as_ref().is_some_and(|last| last.at + JUDGED_FOR > came);
        // It runs to its end even if all callers leave, so that a disk that hangs holds one thread only.
        if !holds(&last.borrow())
            && let Ok(turn) = Arc::clone(&readiness.judging).try_acquire_owned()
            && !holds(&last.borrow())
        {
            let service = self.clone();
            tokio::spawn(async move {
                let missing = service.judge().await;
                service.inner.readiness.last.send_replace(Some(ReadinessResult { at: Instant::now(), missing }));
                drop(turn);
            });
        }
        match timeout(JUDGING_WAIT_MAX, last.wait_for(holds)).await {
            Ok(Ok(judged)) => judged.as_ref().map(|judged| judged.missing.clone()).unwrap_or_default(),
            Ok(Err(_)) | Err(_) => vec![ReadinessCondition::Time],
        }
    }

    async fn judge(&self) -> Vec<ReadinessCondition> {
        let inner = &self.inner;
        let (store, folder) = (inner.store.clone(), inner.pictures.folder.clone());
        let at = self.now();
        let written = self.write_all(async move |tx| tx.put_ready(at).await).await;
        let kept = blocking(move || folder.check_writable()).await.and_then(|tried| tried);
        let current = store.read(async |db| db.is_current().await).await.and_then(|is_current| match is_current {
            true => Ok(()),
            false => Err(Error::internal("the schema of the database is another one")),
        });
        let judged = [
            (ReadinessCondition::Database, written),
            (ReadinessCondition::Pictures, kept),
            (ReadinessCondition::Schema, current),
        ];
        let missing = judged.into_iter().filter_map(|(need, found)| {
            let cause = found.err()?;
            log::warn!("not ready: {need:?}: {cause:?}");
            Some(need)
        });
        missing.collect()
    }

    /// Reads every page of the database, for at most ten seconds, and every picture's name. Changes nothing.
    pub async fn inspect(&self) -> Result<FolderInspection, Error> {
        let (folder, now) = (self.inner.pictures.folder.clone(), self.now());
        let inspect = async move |db: &LongReads<'_>| {
            let database = db.check_up(CHECK_UP_WAIT_MAX).await?;
            if database.is_damaged() {
                return Ok(FolderInspection::of(database, None, now));
            }
            let pictures = PictureTally::of(&db.pictures(), &folder)?;
            Ok(FolderInspection::of(database, Some(pictures), now))
        };
        self.long_read(CallerKey::Operator, inspect).await
    }
}
