//! Pictures: taken in under a memory budget and a quota, served from memory where they are small.

use std::{io, num::NonZeroU32, sync::Arc, time::Duration};

use bytes::Bytes;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    blob::Folder,
    domain::{
        avatar::{Avatar, NewPicture, PictureKey, PictureKind, Rendition, TileSeed},
        error::{Error, What},
        id::{AppKey, UserId},
        profile::User,
        upload::{Format, Limits},
    },
    picture,
    service::{Service, accounts::Caller, apps::Tenant, blocking, credentials},
};

/// Upload quotas remembered at the most; beyond that, those whose time has passed are forgotten first.
const UPLOADERS_MAX: usize = 100_000;

/// A rendition larger than this is read from its file each time: only small ones are asked for again and again.
const CACHED_BYTES_MAX: usize = 128 * 1024;

/// Bounds of the picture path.
#[derive(Debug, Clone)]
pub struct PictureOptions {
    /// Bounds of one picture, checked before it is decoded.
    pub limits: Limits,
    /// Memory that all decoding together may take, in bytes.
    pub decode_budget_bytes: u64,
    /// Memory for small renditions, in bytes.
    pub cache_bytes: u64,
    /// Uploads a user may make in a minute.
    pub uploads_per_minute: NonZeroU32,
    /// Uploads a user may make in a day.
    pub uploads_per_day: NonZeroU32,
}

/// An uploaded file that waits on disk, without a name there.
pub struct Upload {
    /// The field it came in, for a refusal's text.
    pub field: &'static str,
    /// What the door it came in by accepts.
    pub accepted: &'static [Format],
    /// Its size.
    pub bytes: u64,
    /// Reads the whole of it; called on a blocking thread, once for its head and once for its pixels.
    pub read: Box<dyn Fn() -> io::Result<Vec<u8>> + Send + Sync>,
}

/// A rendition on its way out.
#[derive(Debug, Clone)]
pub struct PictureFile {
    /// What its bytes are.
    pub kind: PictureKind,
    /// The bytes.
    pub bytes: Bytes,
    /// Whose it is; none for a tile.
    app: Option<AppKey>,
}

/// What a small rendition in memory is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Shown {
    Picture(PictureKey),
    Tile(TileSeed),
}

type CacheKey = (Shown, Rendition);
type Uploads = DefaultKeyedRateLimiter<(AppKey, UserId)>;

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, PictureFile> for ByBytes {
    fn weight(&self, _: &CacheKey, file: &PictureFile) -> u64 {
        // What an entry costs beside its bytes, as a guess on the safe side.
        file.bytes.len() as u64 + 256
    }
}

pub(super) struct Pictures {
    pub(super) folder: Folder,
    cache: Cache<CacheKey, PictureFile, ByBytes>,
    limits: Limits,
    budget: DecodeBudget,
    by_minute: Uploads,
    by_day: Uploads,
}

impl Pictures {
    pub(super) fn new(folder: Folder, options: &PictureOptions) -> Self {
        let a_day = Duration::from_secs(24 * 3600) / options.uploads_per_day.get();
        let daily = Quota::with_period(a_day).unwrap_or(Quota::per_hour(options.uploads_per_day));
        Self {
            folder,
            cache: Cache::with_weighter(4096, options.cache_bytes, ByBytes),
            limits: options.limits,
            budget: DecodeBudget::new(options.decode_budget_bytes),
            by_minute: RateLimiter::keyed(Quota::per_minute(options.uploads_per_minute)),
            by_day: RateLimiter::keyed(daily.allow_burst(options.uploads_per_day)),
        }
    }

    fn admit_upload(&self, app: AppKey, id: &UserId) -> Result<(), Error> {
        let key = (app, id.clone());
        for quota in [&self.by_minute, &self.by_day] {
            if quota.len() >= UPLOADERS_MAX {
                quota.retain_recent();
            }
            quota.check_key(&key).map_err(|refused| Error::TooMany {
                what: "picture uploads",
                retry_after: refused.wait_time_from(DefaultClock::default().now()),
            })?;
        }
        Ok(())
    }

    /// Forgets quotas whose time has passed.
    pub(super) fn forget_old_quotas(&self) {
        self.by_minute.retain_recent();
        self.by_day.retain_recent();
    }

    fn remember(&self, key: CacheKey, file: &PictureFile) {
        if file.bytes.len() <= CACHED_BYTES_MAX {
            self.cache.insert(key, file.clone());
        }
    }

    /// Forgets a removed picture's renditions.
    pub(super) fn forget(&self, key: &PictureKey) {
        for rendition in Rendition::ALL {
            self.cache.remove(&(Shown::Picture(key.clone()), rendition));
        }
    }
}

/// The memory that all decoding together may take, as a semaphore of KiB. A charge above the whole budget takes all of it.
struct DecodeBudget {
    kib: Arc<Semaphore>,
    whole_kib: u32,
}

impl DecodeBudget {
    fn new(bytes: u64) -> Self {
        let whole_kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        Self { kib: Arc::new(Semaphore::new(whole_kib as usize)), whole_kib }
    }

    async fn take(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Error> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).min(self.whole_kib);
        Arc::clone(&self.kib).acquire_many_owned(kib).await.map_err(Error::internal)
    }
}

impl Service {
    /// The largest picture file that is taken, for doors that bound a body before they read it.
    pub fn picture_file_bytes_max(&self) -> u64 {
        self.house.pictures.limits.file_bytes_max
    }

    /// Takes an upload in: quota, head, budget, pixels, files. The row comes after; until then the picture is nobody's.
    pub(super) async fn store_picture(
        &self,
        tenant: &Tenant,
        id: &UserId,
        upload: Upload,
    ) -> Result<NewPicture, Error> {
        let pictures = &self.house.pictures;
        pictures.admit_upload(tenant.app.key, id)?;
        let key = credentials::new_picture_key()?;
        let (upload, limits) = (Arc::new(upload), pictures.limits);
        // The head is read under a charge of its own, given back before the decode's is taken: nobody holds one and waits for the other.
        let reading = pictures.budget.take(upload.bytes).await?;
        let facts = {
            let upload = Arc::clone(&upload);
            blocking(move || {
                let bytes = (upload.read)().map_err(Error::internal)?;
                picture::inspect(&bytes, upload.accepted, &limits).map_err(|fault| fault.at(upload.field))
            })
            .await??
        };
        drop(reading);
        let charge = pictures.budget.take(facts.charge_bytes).await?;
        let folder = pictures.folder.clone();
        blocking(move || {
            let bytes = (upload.read)().map_err(Error::internal)?;
            let prepared = picture::prepare(&bytes, &facts, &limits).map_err(|fault| fault.at(upload.field))?;
            drop((bytes, charge));
            let files: Vec<(&str, &[u8])> =
                prepared.renditions.iter().map(|(rendition, bytes)| (rendition.name(), bytes.as_slice())).collect();
            folder.put(&key, &files)?;
            Ok(NewPicture { key, kind: prepared.kind, width_px: prepared.width_px, height_px: prepared.height_px })
        })
        .await?
    }

    /// Removes the files of a picture whose row was refused.
    pub(super) async fn discard_picture(&self, key: &PictureKey) {
        let (folder, key) = (self.house.pictures.folder.clone(), key.clone());
        if let Err(left) = blocking(move || folder.remove(&key)).await.and_then(|removed| removed) {
            log::warn!("a refused picture's files stay until the next start: {left:?}");
        }
    }

    /// A rendition of a picture that has a public address.
    /// # Errors
    /// `NotFound`, also where the app has switched public addresses off; store errors.
    pub async fn public_picture(&self, key: &PictureKey, rendition: Rendition) -> Result<PictureFile, Error> {
        let file = self.picture(key, rendition).await?;
        let owner = file.app.map(|app| self.house.apps.by_key(app)).transpose()?;
        match owner.is_none_or(|owner| owner.app.settings.public_pictures) {
            true => Ok(file),
            false => Err(Error::NotFound(What::Picture)),
        }
    }

    /// A rendition of a picture of the caller's app.
    /// # Errors
    /// `NotFound`, also for another app's picture; store errors.
    pub async fn picture_for(
        &self,
        caller: &Caller,
        key: &PictureKey,
        rendition: Rendition,
    ) -> Result<PictureFile, Error> {
        let file = self.picture(key, rendition).await?;
        match file.app == Some(caller.tenant.app.key) {
            true => Ok(file),
            false => Err(Error::NotFound(What::Picture)),
        }
    }

    async fn picture(&self, key: &PictureKey, rendition: Rendition) -> Result<PictureFile, Error> {
        let pictures = &self.house.pictures;
        let cache_key = (Shown::Picture(key.clone()), rendition);
        if let Some(file) = pictures.cache.get(&cache_key) {
            return Ok(file);
        }
        let stored = self.house.store.picture(key)?.ok_or(Error::NotFound(What::Picture))?;
        let (folder, key) = (pictures.folder.clone(), key.clone());
        let bytes =
            blocking(move || folder.read(&key, rendition.name())).await??.ok_or(Error::NotFound(What::Picture))?;
        let file = PictureFile { kind: stored.kind, bytes: bytes.into(), app: Some(stored.app) };
        pictures.remember(cache_key, &file);
        Ok(file)
    }

    /// The user whose stable picture address this is.
    /// # Errors
    /// `NotFound`, also where the app has switched public addresses off; store errors.
    pub fn user_of_handle(&self, handle: &PictureKey) -> Result<User, Error> {
        let (app, user) = self.house.store.user_by_handle(handle)?.ok_or(Error::NotFound(What::User))?;
        match self.house.apps.by_key(app)?.app.settings.public_pictures {
            true => Ok(user),
            false => {
                Ok(User { profile: crate::domain::profile::Profile { avatar: Avatar::Tile, ..user.profile }, ..user })
            }
        }
    }

    /// The tile drawn from a seed: the picture of who has none, 512 pixels a side at most. It belongs to no app, so anybody may
    /// see any tile.
    /// # Errors
    /// Internal, when drawing fails.
    pub async fn tile(&self, seed: TileSeed, rendition: Rendition) -> Result<PictureFile, Error> {
        let pictures = &self.house.pictures;
        let rendition = rendition.min(Rendition::Square512);
        let cache_key = (Shown::Tile(seed), rendition);
        if let Some(file) = pictures.cache.get(&cache_key) {
            return Ok(file);
        }
        let bytes = blocking(move || picture::tile(seed, rendition)).await??;
        let file = PictureFile { kind: PictureKind::Png, bytes: bytes.into(), app: None };
        pictures.remember(cache_key, &file);
        Ok(file)
    }
}
