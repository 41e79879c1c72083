//! Uploads in progress, as unnamed files on disk, so that nothing remains of one that fails.

use std::{
    fs::File,
    io::{self, Write as _},
    net::IpAddr,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_web::web;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::form::BodyFault;
use crate::{
    domain::{Error, Network, error::io_error},
    http::keyed_limiter::{KeyedLimiter, Permit},
};

const ANONYMOUS_MAX: usize = 16;

const ANONYMOUS_PER_ADDRESS_MAX: usize = 2;

#[derive(Debug, Clone)]
pub struct Spool {
    folder: Arc<Path>,
    files: Arc<Semaphore>,
    anonymous: KeyedLimiter<Option<Network>>,
}

/// Permits one form with files whose caller authenticates inside it. Held until the call is answered.
#[derive(Debug)]
pub struct AnonymousPermit {
    _of_address: Option<Permit<Option<Network>>>,
    _in_all: Permit<Option<Network>>,
}

#[derive(Debug)]
pub(super) struct SpoolFile {
    file: File,
    _permit: OwnedSemaphorePermit,
}

impl Spool {
    /// The folder must exist when the first upload arrives.
    pub fn new(folder: impl Into<PathBuf>, files_max: usize) -> Self {
        Self {
            folder: folder.into().into(),
            files: Arc::new(Semaphore::new(files_max)),
            anonymous: KeyedLimiter::default(),
        }
    }

    /// Counts callers that are not authenticated yet: 2 for one address (for IPv6 one network of 64 bits), 16 in total.
    /// # Errors
    /// `Busy` if all of them are taken.
    pub fn anonymous_permit(&self, address: Option<IpAddr>) -> Result<AnonymousPermit, Error> {
        let acquire = |of, most| self.anonymous.acquire(of, most).ok_or(Error::Busy);
        let of_address =
            address.map(|address| acquire(Some(Network::of(address)), ANONYMOUS_PER_ADDRESS_MAX)).transpose()?;
        Ok(AnonymousPermit { _of_address: of_address, _in_all: acquire(None, ANONYMOUS_MAX)? })
    }

    /// Appends to `spooled`, or to a new file; returns the emptied buffer.
    /// # Errors
    /// `Busy` if the maximum of files is spooled; `StorageFull`.
    pub(super) async fn append(
        &self,
        spooled: Option<SpoolFile>,
        mut bytes: Vec<u8>,
    ) -> Result<(SpoolFile, Vec<u8>), BodyFault> {
        let folder = Arc::clone(&self.folder);
        let permit = match &spooled {
            Some(_) => None,
            None => Some(self.files.clone().try_acquire_owned().map_err(|_| BodyFault::Server(Error::Busy))?),
        };
        let written = web::block(move || {
            let mut spooled = match (spooled, permit) {
                (Some(spooled), _) => spooled,
                (None, Some(permit)) => SpoolFile { file: tempfile::tempfile_in(&folder)?, _permit: permit },
                (None, None) => return Err(io::ErrorKind::ResourceBusy.into()),
            };
            spooled.file.write_all(&bytes)?;
            bytes.clear();
            Ok((spooled, bytes))
        });
        let written = written.await.map_err(Error::internal).map_err(BodyFault::Server)?;
        written.map_err(io_error("spooling an upload")).map_err(BodyFault::Server)
    }
}

/// A file from a form. Its declared name and type are not kept: the bytes decide.
#[derive(Debug)]
pub struct UploadedFile {
    spooled: SpoolFile,
    bytes: u64,
}

impl UploadedFile {
    pub(super) fn new(spooled: SpoolFile, bytes: u64) -> Self {
        Self { spooled, bytes }
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads the whole file, any number of times; it is removed when this is dropped. Call it on a blocking thread.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.bytes).unwrap_or_default()];
        self.spooled.file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }
}
