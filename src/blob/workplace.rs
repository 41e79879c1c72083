//! A folder for work that takes files of its own.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::folder::{make_private_folder, plain, remove_if_there};
use crate::domain::error::{Error, fault};

/// A folder below `incoming` that is gone when this is dropped; after a kill, at the next start.
#[derive(Debug)]
pub struct Workplace {
    folder: PathBuf,
}

impl Workplace {
    pub(super) fn make(folder: PathBuf) -> Result<Self, Error> {
        remove_if_there(&folder)
            .and_then(|()| make_private_folder(&folder))
            .map_err(fault("making a folder to work in"))?;
        Ok(Self { folder })
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes a file in it, to be written and read.
    /// # Errors
    /// `StorageFull`; `Internal`, also when there is such a file.
    pub fn create(&self, name: &str) -> Result<File, Error> {
        let made = plain(name).and_then(|name| {
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(self.folder.join(name))
        });
        made.map_err(fault("making a file to work in"))
    }

    /// Opens a file in it, to be read.
    /// # Errors
    /// `Internal`.
    pub fn open(&self, name: &str) -> Result<File, Error> {
        plain(name).and_then(|name| File::open(self.folder.join(name))).map_err(fault("opening a file to work in"))
    }

    /// Removes a file in it: its room on the disk is wanted before the work is done.
    /// # Errors
    /// `Internal`.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        plain(name)
            .and_then(|name| fs::remove_file(self.folder.join(name)))
            .map_err(fault("removing a file to work in"))
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        if let Err(left) = remove_if_there(&self.folder) {
            log::warn!("{} stays until the next start: {left}", self.folder.display());
        }
    }
}

/// Waits until everything that was written to the disk of this folder is on it: once for many files costs less than once for each.
/// # Errors
/// The system's.
pub fn sync_disk(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}
