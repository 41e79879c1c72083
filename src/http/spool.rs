//! Where uploads wait: on disk, without a name, so that nothing is left of one that was refused or broke off.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_web::web;

use super::form::BodyFault;
use crate::domain::error::{Error, fault};

/// The folder in which uploads wait.
#[derive(Debug, Clone)]
pub struct Spool(Arc<Path>);

impl Spool {
    /// Names the folder; it must exist when the first upload comes.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into().into())
    }

    /// Writes `bytes` behind what `file` holds, or into a new file; gives the buffer back empty.
    pub(super) async fn append(&self, file: Option<File>, mut bytes: Vec<u8>) -> Result<(File, Vec<u8>), BodyFault> {
        let folder = Arc::clone(&self.0);
        let written = web::block(move || {
            let mut file = match file {
                Some(file) => file,
                None => tempfile::tempfile_in(&folder)?,
            };
            file.write_all(&bytes)?;
            bytes.clear();
            Ok((file, bytes))
        });
        let written = written.await.map_err(Error::internal).map_err(BodyFault::House)?;
        written.map_err(fault("spooling an upload")).map_err(BodyFault::House)
    }
}

/// A file that came with a form. What the client calls it, and says it is, was not kept: the bytes decide.
#[derive(Debug)]
pub struct Upload {
    file: File,
    bytes: u64,
}

impl Upload {
    pub(super) fn new(file: File, bytes: u64) -> Self {
        Self { file, bytes }
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
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }
}
