//! Where uploads wait: on disk, without a name, so that nothing is left of one that was refused or broke off.

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

use super::{
    form::BodyFault,
    places::{Place, Places},
};
use crate::domain::{
    error::{Error, fault},
    network::Network,
};

/// Forms with files from callers who have not shown who they are, that may be on their way at one time.
const ANONYMOUS_MAX: usize = 16;

/// The same from one address.
const ANONYMOUS_PER_ADDRESS_MAX: usize = 2;

/// The folder in which uploads wait, and how many files may wait there at one time.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: Arc<Path>,
    files: Arc<Semaphore>,
    anonymous: Places<Option<Network>>,
}

/// A place for a form with files whose sender shows who it is within it. Held until the call is answered.
#[derive(Debug)]
pub struct AnonymousPlace {
    _of_address: Option<Place<Option<Network>>>,
    _in_all: Place<Option<Network>>,
}

/// A file on its way to the spool.
#[derive(Debug)]
pub(super) struct Spooled {
    file: File,
    _permit: OwnedSemaphorePermit,
}

impl Spool {
    /// Names the folder, which must exist when the first upload comes.
    pub fn new(folder: impl Into<PathBuf>, files_max: usize) -> Self {
        Self { folder: folder.into().into(), files: Arc::new(Semaphore::new(files_max)), anonymous: Places::default() }
    }

    /// A place for a form with files from a caller at `address` that has not shown who it is: 2 from one address (of IPv6 one network of
    /// 64 bits), 16 in all.
    /// # Errors
    /// `Busy` when all of them are taken.
    pub fn anonymous_place(&self, address: Option<IpAddr>) -> Result<AnonymousPlace, Error> {
        let enter = |of, most| self.anonymous.enter(of, most).ok_or(Error::Busy);
        let of_address =
            address.map(|address| enter(Some(Network::of(address)), ANONYMOUS_PER_ADDRESS_MAX)).transpose()?;
        Ok(AnonymousPlace { _of_address: of_address, _in_all: enter(None, ANONYMOUS_MAX)? })
    }

    /// Writes `bytes` behind what `spooled` holds, or into a new file; gives the buffer back empty.
    /// # Errors
    /// `Busy` when as many files wait as may; `StorageFull`.
    pub(super) async fn append(
        &self,
        spooled: Option<Spooled>,
        mut bytes: Vec<u8>,
    ) -> Result<(Spooled, Vec<u8>), BodyFault> {
        let folder = Arc::clone(&self.folder);
        let permit = match &spooled {
            Some(_) => None,
            None => Some(self.files.clone().try_acquire_owned().map_err(|_| BodyFault::House(Error::Busy))?),
        };
        let written = web::block(move || {
            let mut spooled = match (spooled, permit) {
                (Some(spooled), _) => spooled,
                (None, Some(permit)) => Spooled { file: tempfile::tempfile_in(&folder)?, _permit: permit },
                (None, None) => return Err(io::ErrorKind::ResourceBusy.into()),
            };
            spooled.file.write_all(&bytes)?;
            bytes.clear();
            Ok((spooled, bytes))
        });
        let written = written.await.map_err(Error::internal).map_err(BodyFault::House)?;
        written.map_err(fault("spooling an upload")).map_err(BodyFault::House)
    }
}

/// A file that came with a form. What the client calls it, and says it is, was not kept: the bytes decide.
#[derive(Debug)]
pub struct Upload {
    spooled: Spooled,
    bytes: u64,
}

impl Upload {
    pub(super) fn new(spooled: Spooled, bytes: u64) -> Self {
        Self { spooled, bytes }
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The whole of it, as often as it is asked for: the file is gone when this is dropped. Call it on a blocking thread.
    /// # Errors
    /// The disk's.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.bytes).unwrap_or_default()];
        self.spooled.file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }
}
