//! Pictures: uploads under a memory budget and a quota, and renditions, small ones from memory.

use std::{io, num::NonZeroU32, sync::Arc, time::Instant};

use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    blob::{Folder, StoredFile},
    domain::{
        Error, Fault, Format, LockReason, NewPicture, Owner, PictureKey, PictureKind, PictureLimits, Rendition,
        Resource, TileSeed, User, UserId, UserKey,
    },
    picture,
    service::{
        Decoding, Service, Tenant, TicketCaller, blocking, credentials,
        quota::UploadQuota,
        thread_pool::{ConcurrencyLimit, ThreadPool},
        users,
    },
    store::{StoredPicture, Tx},
};

/// Larger renditions are streamed from their file: a slow reader of one must not hold its size in memory.
const IN_MEMORY_BYTES_MAX: u64 = 128 * 1024;

const PIECE_BYTES: usize = 64 * 1024;

/// Uploads in progress, most of them waiting for memory; more get [`Error::Busy`].
const UPLOADS_MAX: usize = 64;

/// Tiles that may wait to be drawn; more get [`Error::Busy`].
const DRAWINGS_WAITING_MAX: usize = 64;

#[derive(Debug, Clone)]
pub struct PictureOptions {
    /// Checked before a picture is decoded.
    pub limits: PictureLimits,
    pub decode_budget_bytes: u64,
    pub cache_bytes: u64,
    /// Per user.
    pub uploads_per_minute: NonZeroU32,
    /// Per user.
    pub uploads_per_day: NonZeroU32,
    /// Pictures decoded, and tiles drawn, in parallel.
    pub cores: usize,
    /// Picture files open for sending; one more reader gets [`Error::Busy`].
    pub open_files_max: usize,
}

pub struct UploadedPicture {
    pub field: &'static str,
    pub accepted: &'static [Format],
    pub bytes: u64,
    /// Reads all bytes. Called on a blocking thread, once for the header and once for the pixels.
    pub read: Box<dyn Fn() -> io::Result<Vec<u8>> + Send + Sync>,
}

#[derive(Debug, Clone)]
pub struct PictureFile {
    pub kind: PictureKind,
    pub body: PictureBody,
}

#[derive(Debug, Clone)]
pub enum PictureBody {
    InMemory(Bytes),
    OnDisk(Arc<OpenPicture>),
}

#[derive(Debug)]
pub struct OpenPicture {
    file: StoredFile,
    _permit: OwnedSemaphorePermit,
}

impl OpenPicture {
    pub fn bytes(&self) -> u64 {
        self.file.bytes()
    }
}

impl PictureBody {
    /// None at the end.
    pub async fn piece(&self, offset: u64) -> Result<Option<Bytes>, Error> {
        match self {
            Self::InMemory(bytes) => Ok(Some(bytes.clone()).filter(|_| offset == 0)),
            Self::OnDisk(file) => {
                let file = Arc::clone(file);
                let piece = blocking(move || file.file.read_at(offset, PIECE_BYTES)).await??;
                Ok(Some(Bytes::from(piece)).filter(|piece| !piece.is_empty()))
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum RenditionOf {
    Picture(PictureKey),
    Tile(TileSeed),
}

type CacheKey = (RenditionOf, Rendition);

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Bytes> for ByBytes {
    fn weight(&self, _: &CacheKey, file: &Bytes) -> u64 {
        // A safe estimate of what an entry costs beside its bytes.
        file.len() as u64 + 256
    }
}

pub(super) struct Pictures {
    pub(super) folder: Folder,
    small: Cache<CacheKey, Bytes, ByBytes>,
    limits: PictureLimits,
    budget: DecodeBudget,
    quota: UploadQuota,
    uploading: Semaphore,
    decoders: ThreadPool,
    drawing: ConcurrencyLimit,
    open_files: Arc<Semaphore>,
}

impl Pictures {
    pub(super) fn new(folder: Folder, options: &PictureOptions) -> Self {
        Self {
            folder,
            small: Cache::with_weighter(4096, options.cache_bytes, ByBytes),
            limits: options.limits,
            budget: DecodeBudget::new(options.decode_budget_bytes),
            quota: UploadQuota::new(options.uploads_per_minute, options.uploads_per_day),
            uploading: Semaphore::new(UPLOADS_MAX),
            decoders: ThreadPool::new(options.cores, UPLOADS_MAX),
            drawing: ConcurrencyLimit::new(options.cores, DRAWINGS_WAITING_MAX),
            open_files: Arc::new(Semaphore::new(options.open_files_max)),
        }
    }

    pub(super) fn decoding(&self) -> Decoding {
        let kib = |kib: usize| kib as u64 * 1024;
        let (whole, free) = (self.budget.whole_kib as usize, self.budget.kib.available_permits());
        Decoding { budget_bytes: kib(whole), used_bytes: kib(whole.saturating_sub(free)) }
    }

    pub(super) fn forget(&self, key: &PictureKey) {
        for rendition in Rendition::ALL {
            self.small.remove(&(RenditionOf::Picture(key.clone()), rendition));
        }
    }
}

/// The memory for decoding, as a semaphore of KiB. A picture above the budget takes all of it; one above twice the
/// budget is refused, because it would set the size of the process.
struct DecodeBudget {
    kib: Arc<Semaphore>,
    whole_kib: u32,
}

impl DecodeBudget {
    fn new(bytes: u64) -> Self {
        let whole_kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        Self { kib: Arc::new(Semaphore::new(whole_kib as usize)), whole_kib }
    }

    /// The most bytes for one picture: with the default budget, half of the process's memory limit.
    fn alone_bytes(&self) -> u64 {
        u64::from(self.whole_kib) * 1024 * 2
    }

    /// Refuses a picture that does not fit even alone.
    fn admit(&self, charge_bytes: u64) -> Result<(), Fault> {
        let most = self.alone_bytes();
        match charge_bytes > most {
            true => Err(Fault::TooMuch { most, unit: "bytes while it is unpacked", found: charge_bytes }),
            false => Ok(()),
        }
    }

    async fn take(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Error> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).min(self.whole_kib);
        Arc::clone(&self.kib).acquire_many_owned(kib).await.map_err(Error::internal)
    }
}

impl Service {
    /// For endpoints that bound a body before they read it.
    pub fn picture_file_bytes_max(&self) -> u64 {
        self.inner.pictures.limits.file_bytes_max
    }

    /// The sweep removes it after an hour unless a profile names it.
    /// # Errors
    /// `Invalid` at the upload's field; `TooMany`; `Busy`.
    pub async fn upload_picture(
        &self,
        tenant: &Arc<Tenant>,
        owner: UserKey,
        upload: UploadedPicture,
    ) -> Result<NewPicture, Error> {
        // Checked before the costly decoding; the row is written under the same condition.
        let owner = self.owner(tenant, &Owner::Itself(owner)).await?;
        let (service, tenant) = (self.clone(), Arc::clone(tenant));
        self.run_to_end(async move {
            let picture = service.store_picture(&tenant, &owner.id, upload).await?;
            let (key, at) = (picture.key.clone(), service.now());
            let (app, new) = (tenant.app.key, picture.clone());
            let rule = async move |tx: &Tx<'_>| users::add_picture(tx, app, owner.key, &new, at).await;
            let added = service.write_about(app, Owner::Itself(owner.key), rule).await;
            if added.is_err() {
                service.discard_picture(&key).await;
            }
            added.map(|()| picture)
        })
        .await
    }

    /// Checks quota and header, decodes within the budget, and writes the files. The caller writes the row.
    pub(super) async fn store_picture(
        &self,
        tenant: &Tenant,
        id: &UserId,
        upload: UploadedPicture,
    ) -> Result<NewPicture, Error> {
        let pictures = &self.inner.pictures;
        let _place = pictures.uploading.try_acquire().map_err(|_| Error::Busy)?;
        pictures.quota.admit(tenant.app.key, id, Instant::now())?;
        let key = credentials::new_picture_key()?;
        let (upload, limits) = (Arc::new(upload), pictures.limits);
        // The header has a charge of its own, given back before the charge of the pixels: no upload holds one and waits
        // for the other.
        let reading = pictures.budget.take(upload.bytes).await?;
        let inspecting = Arc::clone(&upload);
        let inspect = move || {
            let bytes = (inspecting.read)().map_err(Error::internal)?;
            picture::inspect(&bytes, inspecting.accepted, &limits).map_err(|fault| fault.at(inspecting.field))
        };
        let facts = pictures.decoders.run(inspect).await??;
        drop(reading);
        pictures.budget.admit(facts.charge_bytes).map_err(|fault| fault.at(upload.field))?;
        let charge = pictures.budget.take(facts.charge_bytes).await?;
        let prepare = move || {
            let bytes = (upload.read)().map_err(Error::internal)?;
            picture::prepare(&bytes, &facts, &limits).map_err(|fault| fault.at(upload.field))
        };
        let prepared = pictures.decoders.run(prepare).await??;
        drop(charge);
        let folder = pictures.folder.clone();
        blocking(move || {
            let files: Vec<(&str, &[u8])> =
                prepared.renditions.iter().map(|(rendition, bytes)| (rendition.name(), bytes.as_slice())).collect();
            folder.put(&key, &files)?;
            let bytes = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
            let (width_px, height_px) = (prepared.width_px, prepared.height_px);
            Ok(NewPicture { key, kind: prepared.kind, width_px, height_px, bytes })
        })
        .await?
    }

    /// Removes the files of a picture whose row was refused.
    pub(super) async fn discard_picture(&self, key: &PictureKey) {
        let (folder, key) = (self.inner.pictures.folder.clone(), key.clone());
        if let Err(left) = blocking(move || folder.remove(&key)).await.and_then(|removed| removed) {
            log::warn!("the files of a refused picture could not be removed, the next start removes them: {left:?}");
        }
    }

    /// Locks a user's picture against every change, or unlocks it if there is no reason.
    pub async fn lock_picture(&self, tenant: &Tenant, id: UserId, reason: Option<LockReason>) -> Result<User, Error> {
        let app = tenant.app.key;
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::lock_picture(tx, app, id, reason.as_ref()).await;
        self.write_named(app, id, rule).await
    }

    /// # Errors
    /// `NotFound`, also if the app has switched public addresses off.
    pub async fn public_picture(&self, key: &PictureKey, rendition: Rendition) -> Result<PictureFile, Error> {
        let stored = self.read(async |db| db.picture(key).await).await?.ok_or(Error::NotFound(Resource::Picture))?;
        match self.inner.apps.by_key(stored.app)?.app.settings.public_pictures {
            true => self.picture(stored, rendition).await,
            false => Err(Error::NotFound(Resource::Picture)),
        }
    }

    /// # Errors
    /// `NotFound`, also for a picture of another app.
    pub async fn picture_for(
        &self,
        caller: &TicketCaller,
        key: &PictureKey,
        rendition: Rendition,
    ) -> Result<PictureFile, Error> {
        let stored = self.read(async |db| db.picture(key).await).await?.ok_or(Error::NotFound(Resource::Picture))?;
        match stored.app == caller.tenant.app.key {
            true => self.picture(stored, rendition).await,
            false => Err(Error::NotFound(Resource::Picture)),
        }
    }

    /// Callers read the row each time: a picture without a row is gone even if it is in memory.
    async fn picture(&self, stored: StoredPicture, rendition: Rendition) -> Result<PictureFile, Error> {
        let small = &self.inner.pictures.small;
        let cache_key = (RenditionOf::Picture(stored.key.clone()), rendition);
        if let Some(bytes) = small.get(&cache_key) {
            return Ok(PictureFile { kind: stored.kind, body: PictureBody::InMemory(bytes) });
        }
        let folder = self.inner.pictures.folder.clone();
        let permit = Arc::clone(&self.inner.pictures.open_files).try_acquire_owned().map_err(|_| Error::Busy)?;
        let body = blocking(move || {
            let file = folder.open_file(&stored.key, rendition.name())?.ok_or(Error::NotFound(Resource::Picture))?;
            match file.bytes() <= IN_MEMORY_BYTES_MAX {
                true => file.read_all().map(|bytes| PictureBody::InMemory(bytes.into())),
                false => Ok(PictureBody::OnDisk(Arc::new(OpenPicture { file, _permit: permit }))),
            }
        })
        .await??;
        if let PictureBody::InMemory(bytes) = &body {
            small.insert(cache_key, bytes.clone());
        }
        Ok(PictureFile { kind: stored.kind, body })
    }

    /// Without public addresses the user has a tile.
    /// # Errors
    /// `NotFound`.
    pub async fn user_of_handle(&self, handle: &PictureKey) -> Result<User, Error> {
        let (app, user) =
            self.read(async |db| db.user_by_handle(handle).await).await?.ok_or(Error::NotFound(Resource::User))?;
        match self.inner.apps.by_key(app)?.app.settings.public_pictures {
            true => Ok(user),
            false => Ok(user.with_tile()),
        }
    }

    /// Draws the picture of a user without one, at most 512 pixels a side.
    /// # Errors
    /// `Busy` if too many are to be drawn.
    pub async fn tile(&self, seed: TileSeed, rendition: Rendition) -> Result<PictureFile, Error> {
        let pictures = &self.inner.pictures;
        let rendition = rendition.min(Rendition::Square512);
        let cache_key = (RenditionOf::Tile(seed), rendition);
        let bytes = match pictures.small.get(&cache_key) {
            Some(bytes) => bytes,
            None => {
                let bytes = Bytes::from(pictures.drawing.run(move || picture::tile(seed, rendition)).await??);
                pictures.small.insert(cache_key, bytes.clone());
                bytes
            }
        };
        Ok(PictureFile { kind: PictureKind::Png, body: PictureBody::InMemory(bytes) })
    }
}
