//! Puts the files of a restore into a data folder, completely or not at all. Everything is first written below
//! `.restoring`. Once the file `whole` there is on disk, the next process that locks the folder finishes the moves;
//! before, the restore has changed nothing.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::blob::{absent_is_fine, sync_disk};

const STAGED: &str = ".restoring";
const WHOLE: &str = "whole";

/// The mark before its rename, while the destination of the former contents is written into it.
const NEARLY_WHOLE: &str = "whole.new";

pub(super) const DATABASE: &str = "standin.db";
pub(super) const KEY: &str = "server.key";
pub(super) const PICTURES: &str = "pictures";

/// See `check_demo`.
const DEMO_MARK: &str = "demo";

/// Files next to a database that are never restored.
const BESIDE_DATABASE: [&str; 3] = ["standin.db-wal", "standin.db-shm", "standin.db-journal"];

/// In this order: if the database has been moved, so has everything else.
const MOVED: [&str; 3] = [PICTURES, KEY, DATABASE];

/// If it is dropped before [`Staging::seal`], it removes everything.
pub(super) struct Staging {
    data: PathBuf,
    staged: PathBuf,
    is_whole: bool,
}

impl Staging {
    pub(super) fn begin(data: &Path) -> io::Result<Self> {
        if let Some(name) = MOVED.into_iter().find(|name| is_mount(&data.join(name))) {
            let sentence = format!("{name} in it is a mount of its own, and cannot be moved aside: unmount it");
            return Err(io::Error::new(ErrorKind::ResourceBusy, sentence));
        }
        let staged = data.join(STAGED);
        remove_if_there(&staged)?;
        make_folder(&staged.join(PICTURES))?;
        Ok(Self { data: data.to_owned(), staged, is_whole: false })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.staged.join(name)
    }

    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        let path = self.staged.join(name);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
    }

    pub(super) fn put(&self, name: &str, from: &mut dyn Read) -> io::Result<()> {
        io::copy(from, &mut self.create(name)?).map(drop)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.staged.join(name))
    }

    /// Passes the turning point: [`finish`] then does the moves. The existing contents go into the new folder `former`.
    pub(super) fn seal(mut self, former: &str) -> io::Result<()> {
        if self.data.join(former).exists() {
            return Err(io::Error::new(ErrorKind::AlreadyExists, format!("there is a {former} already")));
        }
        sync_disk(&self.staged)?;
        let mark = self.create(NEARLY_WHOLE)?;
        io::copy(&mut former.as_bytes(), &mut &mark)?;
        mark.sync_all()?;
        fs::rename(self.path(NEARLY_WHOLE), self.path(WHOLE))?;
        File::open(&self.staged)?.sync_all()?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // The mark first: a half-removed restore must not count as whole.
        if !self.is_whole
            && let Err(left) =
                absent_is_fine(fs::remove_file(self.path(WHOLE))).and_then(|()| remove_if_there(&self.staged))
        {
            log::warn!("{} could not be removed, the next start removes it: {left}", self.staged.display());
        }
    }
}

/// Finishes an earlier restore: does its remaining moves if it was whole, else removes it.
pub(in crate::server) fn finish(data: &Path) -> io::Result<()> {
    let staged = data.join(STAGED);
    let former = match fs::read_to_string(staged.join(WHOLE)) {
        Ok(former) => data.join(former),
        Err(cause) if cause.kind() == ErrorKind::NotFound => return remove_if_there(&staged),
        Err(cause) => return Err(cause),
    };
    if staged.join(DATABASE).exists() {
        // Including a demo's mark: what is restored must not be opened as a demo.
        for name in BESIDE_DATABASE.into_iter().chain([DEMO_MARK]) {
            set_aside(&data.join(name), &former)?;
        }
    }
    for name in MOVED {
        // What is no longer staged is already in place; what never was leaves the former file.
        if staged.join(name).exists() {
            set_aside(&data.join(name), &former)?;
            fs::rename(staged.join(name), data.join(name))?;
        }
    }
    if former.is_dir() {
        File::open(&former)?.sync_all()?;
    }
    File::open(data)?.sync_all()?;
    remove_if_there(&staged)?;
    File::open(data)?.sync_all()
}

fn set_aside(path: &Path, former: &Path) -> io::Result<()> {
    match (path.exists(), path.file_name()) {
        (true, Some(name)) => {
            make_folder(former)?;
            fs::rename(path, former.join(name))
        }
        (_, _) => Ok(()),
    }
}

/// Whether this is a mount point, which cannot be renamed. Only Linux tells.
#[cfg(target_os = "linux")]
fn is_mount(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
        .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
fn is_mount(_: &Path) -> bool {
    false
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn remove_if_there(folder: &Path) -> io::Result<()> {
    absent_is_fine(fs::remove_dir_all(folder))
}

#[cfg(test)]
#[path = "../../../tests/unit/server/restore/staging.rs"]
mod tests;
