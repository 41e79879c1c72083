//! Temporary folders for jobs that need files.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::folder::{check_file_name, make_private_folder, remove_if_there};
use crate::domain::{Error, error::io_error};

/// A folder below `incoming`. It is deleted on drop, or after a kill at the next start.
#[derive(Debug)]
pub struct TempFolder {
    folder: PathBuf,
}

impl TempFolder {
    pub(super) fn make(folder: PathBuf) -> Result<Self, Error> {
        remove_if_there(&folder)
            .and_then(|()| make_private_folder(&folder))
            .map_err(io_error("creating a temporary folder"))?;
        Ok(Self { folder })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// # Errors
    /// Also if the file exists.
    pub fn create(&self, name: &str) -> Result<File, Error> {
        let made = check_file_name(name).and_then(|name| {
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(self.folder.join(name))
        });
        made.map_err(io_error("creating a temporary file"))
    }

    pub fn open(&self, name: &str) -> Result<File, Error> {
        check_file_name(name)
            .and_then(|name| File::open(self.folder.join(name)))
            .map_err(io_error("opening a temporary file"))
    }

    pub fn remove(&self, name: &str) -> Result<(), Error> {
        check_file_name(name)
            .and_then(|name| fs::remove_file(self.folder.join(name)))
            .map_err(io_error("removing a temporary file"))
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        if let Err(left) = remove_if_there(&self.folder) {
            log::warn!("{} could not be removed, the next start removes it: {left}", self.folder.display());
        }
    }
}

/// Syncs the whole file system of this folder: for many files this costs less than syncing each.
pub fn sync_disk(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}
