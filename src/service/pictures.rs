//! Pictures: taken in under a memory budget and a quota, served from memory where they are small.

use std::{io, num::NonZeroU32, sync::Arc, time::Instant};

use bytes::Bytes;
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    blob::{Folder, StoredFile},
    domain::{
        avatar::{NewPicture, PictureKey, PictureKind, Rendition, TileSeed},
        error::{Error, Fault, What},
        id::{UserId, UserKey},
        owner::Owner,
        profile::User,
        text::LockReason,
        upload::{Format, Limits},
    },
    picture,
    service::{
        Service,
        accounts::Caller,
        apps::Tenant,
        blocking, credentials,
        health::Decoding,
        quota::UploadQuota,
        turns::{Turns, Workshop},
        users,
    },
    store::{StoredPicture, Tx},
};

/// A rendition larger than this is not held in memory but sent from its file, piece by piece: only small ones are asked for again
/// and again, and a slow reader of a large one must not cost its size.
const IN_MEMORY_BYTES_MAX: u64 = 128 * 1024;

/// Of a piece of a large rendition.
const PIECE_BYTES: usize = 64 * 1024;

/// Uploads that are taken in at once, most of them waiting for memory; more are told [`Error::Busy`].
const UPLOADS_MAX: usize = 64;

/// Tiles that may wait to be drawn; more are told [`Error::Busy`].
const DRAWINGS_WAITING_MAX: usize = 64;

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
    /// Pictures decoded, and tiles drawn, side by side.
    pub cores: usize,
    /// Files of pictures open at one time to be sent; a reader more is told [`Error::Busy`].
    pub open_files_max: usize,
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
    pub body: PictureBody,
}

/// The bytes of a rendition: small ones in memory, large ones in their file.
#[derive(Debug, Clone)]
pub enum PictureBody {
    /// All of them.
    InMemory(Bytes),
    /// To be read piece by piece.
    OnDisk(Arc<OpenPicture>),
}

/// A file that is being sent, and its place among those that may be open.
#[derive(Debug)]
pub struct OpenPicture {
    file: StoredFile,
    _permit: OwnedSemaphorePermit,
}

impl OpenPicture {
    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.file.bytes()
    }
}

impl PictureBody {
    /// The next piece from `offset` on; none at the end.
    /// # Errors
    /// Internal, when the disk fails.
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

/// What a small rendition in memory is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Shown {
    Picture(PictureKey),
    Tile(TileSeed),
}

type CacheKey = (Shown, Rendition);

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Bytes> for ByBytes {
    fn weight(&self, _: &CacheKey, file: &Bytes) -> u64 {
        // What an entry costs beside its bytes, as a guess on the safe side.
        file.len() as u64 + 256
    }
}

pub(super) struct Pictures {
    pub(super) folder: Folder,
    small: Cache<CacheKey, Bytes, ByBytes>,
    limits: Limits,
    budget: DecodeBudget,
    quota: UploadQuota,
    uploading: Semaphore,
    workshop: Workshop,
    drawing: Turns,
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
            workshop: Workshop::new(options.cores, UPLOADS_MAX),
            drawing: Turns::new(options.cores, DRAWINGS_WAITING_MAX),
            open_files: Arc::new(Semaphore::new(options.open_files_max)),
        }
    }

    /// The memory for decoding, and what of it is taken.
    pub(super) fn decoding(&self) -> Decoding {
        let kib = |kib: usize| kib as u64 * 1024;
        let (whole, free) = (self.budget.whole_kib as usize, self.budget.kib.available_permits());
        Decoding { budget_bytes: kib(whole), used_bytes: kib(whole.saturating_sub(free)) }
    }

    /// Forgets a removed picture's renditions.
    pub(super) fn forget(&self, key: &PictureKey) {
        for rendition in Rendition::ALL {
            self.small.remove(&(Shown::Picture(key.clone()), rendition));
        }
    }
}

/// The memory that all decoding together may take, as a semaphore of KiB. A charge above the whole budget takes all of it, so that
/// the picture is decoded alone; one above twice the budget is refused, or a single picture would decide how large the process gets.
struct DecodeBudget {
    kib: Arc<Semaphore>,
    whole_kib: u32,
}

impl DecodeBudget {
    fn new(bytes: u64) -> Self {
        let whole_kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        Self { kib: Arc::new(Semaphore::new(whole_kib as usize)), whole_kib }
    }

    /// The most that one picture may take, in bytes: with the default budget half of the memory the process may use.
    fn alone_bytes(&self) -> u64 {
        u64::from(self.whole_kib) * 1024 * 2
    }

    /// Refuses a picture that would take more than there is, decoded alone.
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
    /// The largest picture file that is taken, for doors that bound a body before they read it.
    pub fn picture_file_bytes_max(&self) -> u64 {
        self.house.pictures.limits.file_bytes_max
    }

    /// Takes a user's upload in. Nobody shows it until a profile names it; the sweep takes it after an hour.
    /// # Errors
    /// `Invalid` at the upload's field; `TooMany`; `Busy`; `Unauthenticated` when the owner is deleted by now, `Forbidden` when it is
    /// suspended; store errors.
    pub async fn upload_picture(
        &self,
        tenant: &Arc<Tenant>,
        owner: UserKey,
        upload: Upload,
    ) -> Result<NewPicture, Error> {
        // Asked before a picture is unpacked in vain; the row is written under the same condition.
        let owner = self.owner(tenant, &Owner::Itself(owner)).await?;
        let (service, tenant) = (self.clone(), Arc::clone(tenant));
        self.to_the_end(async move {
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

    /// Takes an upload in: quota, head, budget, pixels, files. The row comes after; until then the picture is nobody's.
    pub(super) async fn store_picture(
        &self,
        tenant: &Tenant,
        id: &UserId,
        upload: Upload,
    ) -> Result<NewPicture, Error> {
        let pictures = &self.house.pictures;
        let _place = pictures.uploading.try_acquire().map_err(|_| Error::Busy)?;
        pictures.quota.admit(tenant.app.key, id, Instant::now())?;
        let key = credentials::new_picture_key()?;
        let (upload, limits) = (Arc::new(upload), pictures.limits);
        // The head is read under a charge of its own, given back before the decode's is taken: nobody holds one and waits for the other.
        let reading = pictures.budget.take(upload.bytes).await?;
        let inspecting = Arc::clone(&upload);
        let inspect = move || {
            let bytes = (inspecting.read)().map_err(Error::internal)?;
            picture::inspect(&bytes, inspecting.accepted, &limits).map_err(|fault| fault.at(inspecting.field))
        };
        let facts = pictures.workshop.take(inspect).await??;
        drop(reading);
        pictures.budget.admit(facts.charge_bytes).map_err(|fault| fault.at(upload.field))?;
        let charge = pictures.budget.take(facts.charge_bytes).await?;
        let prepare = move || {
            let bytes = (upload.read)().map_err(Error::internal)?;
            picture::prepare(&bytes, &facts, &limits).map_err(|fault| fault.at(upload.field))
        };
        let prepared = pictures.workshop.take(prepare).await??;
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
        let (folder, key) = (self.house.pictures.folder.clone(), key.clone());
        if let Err(left) = blocking(move || folder.remove(&key)).await.and_then(|removed| removed) {
            log::warn!("a refused picture's files stay until the next start: {left:?}");
        }
    }

    /// Says why a user's picture stays as it is, whoever would change it; without a reason it may change again.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn lock_picture(&self, tenant: &Tenant, id: UserId, reason: Option<LockReason>) -> Result<User, Error> {
        let app = tenant.app.key;
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::lock_picture(tx, app, id, reason.as_ref()).await;
        self.write_named(app, id, rule).await
    }

    /// A rendition of a picture that has a public address.
    /// # Errors
    /// `NotFound`, also where the app has switched public addresses off; store errors.
    pub async fn public_picture(&self, key: &PictureKey, rendition: Rendition) -> Result<PictureFile, Error> {
        let stored = self.read(async |db| db.picture(key).await).await?.ok_or(Error::NotFound(What::Picture))?;
        match self.house.apps.by_key(stored.app)?.app.settings.public_pictures {
            true => self.picture(stored, rendition).await,
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
        let stored = self.read(async |db| db.picture(key).await).await?.ok_or(Error::NotFound(What::Picture))?;
        match stored.app == caller.tenant.app.key {
            true => self.picture(stored, rendition).await,
            false => Err(Error::NotFound(What::Picture)),
        }
    }

    /// The row is asked first, each time: a picture that has lost it is gone, whatever is in memory.
    async fn picture(&self, stored: StoredPicture, rendition: Rendition) -> Result<PictureFile, Error> {
        let small = &self.house.pictures.small;
        let cache_key = (Shown::Picture(stored.key.clone()), rendition);
        if let Some(bytes) = small.get(&cache_key) {
            return Ok(PictureFile { kind: stored.kind, body: PictureBody::InMemory(bytes) });
        }
        let folder = self.house.pictures.folder.clone();
        let permit = Arc::clone(&self.house.pictures.open_files).try_acquire_owned().map_err(|_| Error::Busy)?;
        let body = blocking(move || {
            let file = folder.open_file(&stored.key, rendition.name())?.ok_or(Error::NotFound(What::Picture))?;
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

    /// The user whose stable picture address this is.
    /// # Errors
    /// `NotFound`, also where the app has switched public addresses off; store errors.
    pub async fn user_of_handle(&self, handle: &PictureKey) -> Result<User, Error> {
        let (app, user) =
            self.read(async |db| db.user_by_handle(handle).await).await?.ok_or(Error::NotFound(What::User))?;
        match self.house.apps.by_key(app)?.app.settings.public_pictures {
            true => Ok(user),
            false => Ok(user.with_tile()),
        }
    }

    /// The tile drawn from a seed: the picture of who has none, 512 pixels a side at most. It belongs to no app, so anybody may
    /// see any tile.
    /// # Errors
    /// `Busy` when too many are to be drawn; internal when drawing fails.
    pub async fn tile(&self, seed: TileSeed, rendition: Rendition) -> Result<PictureFile, Error> {
        let pictures = &self.house.pictures;
        let rendition = rendition.min(Rendition::Square512);
        let cache_key = (Shown::Tile(seed), rendition);
        let bytes = match pictures.small.get(&cache_key) {
            Some(bytes) => bytes,
            None => {
                let bytes = Bytes::from(pictures.drawing.take(move || picture::tile(seed, rendition)).await??);
                pictures.small.insert(cache_key, bytes.clone());
                bytes
            }
        };
        Ok(PictureFile { kind: PictureKind::Png, body: PictureBody::InMemory(bytes) })
    }
}
