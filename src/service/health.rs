//! How the house is: in figures, whether it can do its work, and what a doctor asks.

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
    domain::{caller::CallerKey, error::Error, listening::Wire, time::Moment},
    service::{Service, blocking},
    store::{Checkup, Db, LongReads, Looked, PictureRoom, PictureRows, Soundness, Writes},
};

/// How long a judgement holds: nobody makes the disk work more than once in this time by asking.
const JUDGED_FOR: Duration = Duration::from_secs(1);

/// How long a judgement may take before whoever asked is told that it takes too long.
const JUDGING_WAIT_MAX: Duration = Duration::from_secs(2);

/// How long the database may be looked over for a doctor.
pub const CHECK_UP_WAIT_MAX: Duration = Duration::from_secs(10);

/// What can be told of a house at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What waits to be written, and what was.
    pub writes: Writes,
    /// Open sockets, by wire.
    pub sockets: [(Wire, usize); 2],
    /// Of the database, as if all of it were in one file.
    pub database_bytes: u64,
    /// What this user may still write on the disk of the pictures.
    pub disk_free_bytes: u64,
    /// What all pictures take.
    pub pictures: PictureRoom,
    /// The memory for unpacking pictures.
    pub decoding: Decoding,
}

/// The memory that all pictures being unpacked share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoding {
    /// All of it.
    pub budget_bytes: u64,
    /// What is taken of it.
    pub used_bytes: u64,
}

/// What a house needs for its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The database takes a row and keeps it.
    Database,
    /// The picture folder takes a file and gives it back.
    Pictures,
    /// The schema is the one this program was written for.
    Schema,
    /// All of that is found out in time.
    Time,
}

/// What was judged last, and when.
#[derive(Debug, Clone)]
struct Judgement {
    at: Instant,
    missing: Vec<Need>,
}

/// Judges whether the house can do its work, one judge at a time.
pub(super) struct Readiness {
    last: watch::Sender<Option<Judgement>>,
    judging: Arc<Semaphore>,
}

impl Readiness {
    pub(super) fn new() -> Self {
        Self { last: watch::Sender::new(None), judging: Arc::new(Semaphore::new(1)) }
    }
}

/// What a look over the whole folder found: every page of the database, every picture's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The version of the database's schema.
    pub schema: u32,
    /// The version that this program was written for.
    pub schema_known: u32,
    /// Whether every page of the database is as SQLite writes it; none where the time was up before all were read.
    pub is_sound: Option<bool>,
    /// What is wrong with it.
    pub wrong: Option<String>,
    /// The pictures, by rows and by files; none where something is wrong with the database.
    pub pictures: Option<Tallied>,
    /// How far the clock lies behind the latest that is stored: 0 where it goes as it should.
    pub clock_behind_s: i64,
}

/// Pictures by rows and by files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tallied {
    /// Pictures that have a row.
    pub count: u64,
    /// Pictures in the folder that have none: on their way, or left over by a crash, and then gone at the next start.
    pub orphans: u64,
    /// Rows whose picture is not in the folder.
    pub missing: u64,
}

impl Inspection {
    fn of(database: Checkup, pictures: Option<Tallied>, now: Moment) -> Self {
        let Checkup { schema, schema_known, soundness, newest } = database;
        let (is_sound, wrong) = match soundness {
            Soundness::Sound => (Some(true), None),
            Soundness::Broken(wrong) => (Some(false), Some(wrong)),
            Soundness::Unfinished => (None, None),
        };
        let clock_behind_s = newest.map_or(0, |newest| (newest.micros() - now.micros()).max(0) / 1_000_000);
        Self { schema, schema_known, is_sound, wrong, pictures, clock_behind_s }
    }
}

impl Tallied {
    /// Compares rows and files, shard by shard: it holds the names of one shard at a time. Blocks.
    ///
    /// Pictures may come and go meanwhile: one is missing that had a row before its subfolder was read and has it still.
    /// # Errors
    /// Store and disk errors.
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

/// What a look at a database that no server has open says of the folder.
pub fn inspection_of(looked: Looked<Tallied>, now: Moment) -> Inspection {
    Inspection::of(looked.checkup, looked.pictures, now)
}

impl Service {
    /// How the house is now.
    /// # Errors
    /// Store and disk errors.
    pub async fn facts(&self) -> Result<Facts, Error> {
        let house = &self.house;
        let (store, folder) = (&house.store, house.pictures.folder.clone());
        let room = async |db: &Db<'_>| Ok((db.database_bytes().await?, db.picture_room().await?));
        let (database_bytes, pictures) = store.read(room).await?;
        let disk_free_bytes = blocking(move || folder.free_bytes()).await??;
        let sockets = [Wire::MirrorFly, Wire::Tencent].map(|wire| (wire, house.hub.open_on(wire)));
        let (writes, decoding) = (house.store.writes(), house.pictures.decoding());
        Ok(Facts { writes, sockets, database_bytes, disk_free_bytes, pictures, decoding })
    }

    /// What the house lacks for its work: nothing where it is ready. Answers within two seconds, and from what was found within the last
    /// second where there is such.
    pub async fn missing_needs(&self) -> Vec<Need> {
        let readiness = &self.house.readiness;
        let mut last = readiness.last.subscribe();
        // By the moment of asking: what held then is good for this caller, however late it gets to look.
        let came = Instant::now();
        let holds = |last: &Option<Judgement>| last.as_ref().is_some_and(|last| last.at + JUDGED_FOR > came);
        // Whoever comes while one judges waits for its word. It judges to its end, however many callers go away, so a disk that hangs
        // holds one thread and no more.
        if !holds(&last.borrow())
            && let Ok(turn) = Arc::clone(&readiness.judging).try_acquire_owned()
            && !holds(&last.borrow())
        {
            let service = self.clone();
            tokio::spawn(async move {
                let missing = service.judge().await;
                service.house.readiness.last.send_replace(Some(Judgement { at: Instant::now(), missing }));
                drop(turn);
            });
        }
        match timeout(JUDGING_WAIT_MAX, last.wait_for(holds)).await {
            Ok(Ok(judged)) => judged.as_ref().map(|judged| judged.missing.clone()).unwrap_or_default(),
            Ok(Err(_)) | Err(_) => vec![Need::Time],
        }
    }

    async fn judge(&self) -> Vec<Need> {
        let house = &self.house;
        let (store, folder) = (house.store.clone(), house.pictures.folder.clone());
        let at = self.now();
        let written = self.write_all(async move |tx| tx.put_ready(at).await).await;
        let kept = blocking(move || folder.try_out()).await.and_then(|tried| tried);
        let current = store.read(async |db| db.is_current().await).await.and_then(|is_current| match is_current {
            true => Ok(()),
            false => Err(Error::internal("the schema of the database is another one")),
        });
        let judged = [(Need::Database, written), (Need::Pictures, kept), (Need::Schema, current)];
        let missing = judged.into_iter().filter_map(|(need, found)| {
            let cause = found.err()?;
            log::warn!("not ready: {need:?}: {cause:?}");
            Some(need)
        });
        missing.collect()
    }

    /// Looks the whole folder over: every page of the database, for ten seconds at the most, and every picture's name. Changes nothing.
    /// # Errors
    /// Store and disk errors.
    pub async fn inspect(&self) -> Result<Inspection, Error> {
        let (folder, now) = (self.house.pictures.folder.clone(), self.now());
        let inspect = async move |db: &LongReads<'_>| {
            let database = db.check_up(CHECK_UP_WAIT_MAX).await?;
            if database.is_broken() {
                return Ok(Inspection::of(database, None, now));
            }
            let pictures = Tallied::of(&db.pictures(), &folder)?;
            Ok(Inspection::of(database, Some(pictures), now))
        };
        self.long_read(CallerKey::Operator, inspect).await
    }
}
