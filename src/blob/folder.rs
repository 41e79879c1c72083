//! The picture folder: `pictures/<first two characters of the key>/<key>/<file>`.

use std::{
    collections::{BTreeSet, HashSet},
    ffi::OsStr,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt as _, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::temp_folder::TempFolder;
use crate::domain::{Error, PictureKey, error::io_error};

/// The picture folder and, on the same file system, the folder of incoming uploads.
///
/// Every operation blocks. An error is `StorageFull` or `Internal`; nothing was changed then, and a crash at any
/// point leaves only whole pictures.
#[derive(Debug, Clone)]
pub struct Folder {
    pictures: Arc<Path>,
    incoming: Arc<Path>,
    /// The open folder `pictures`, to detect another folder that has taken its name since.
    opened: Option<Arc<File>>,
}

#[derive(Debug)]
pub struct StoredFile {
    file: File,
    bytes: u64,
}

impl StoredFile {
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn read_all(&self) -> Result<Vec<u8>, Error> {
        self.read_at(0, usize::try_from(self.bytes).unwrap_or(usize::MAX))
    }

    pub fn read_at(&self, offset: u64, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let left = usize::try_from(self.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut piece = vec![0; left.min(bytes_max)];
        self.file.read_exact_at(&mut piece, offset).map_err(io_error("reading a picture"))?;
        Ok(piece)
    }
}

impl Read for StoredFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Folder {
    /// Creates both folders (0700) and empties `incoming`, which may hold files of a former process.
    pub fn open(pictures: &Path, incoming: &Path) -> Result<Self, Error> {
        make_private_folder(pictures).map_err(io_error("creating the picture folder"))?;
        // Emptying a link would delete files elsewhere.
        if fs::symlink_metadata(incoming).is_ok_and(|found| !found.is_dir()) {
            return Err(Error::internal("the folder for incoming files is a link or a file: remove it"));
        }
        make_private_folder(incoming).map_err(io_error("creating the folder for incoming files"))?;
        empty(incoming).map_err(io_error("emptying the folder for incoming files"))?;
        let opened = File::open(pictures).map_err(io_error("opening the picture folder"))?;
        Ok(Self { pictures: pictures.into(), incoming: incoming.into(), opened: Some(Arc::new(opened)) })
    }

    /// Returns both folders for reading only: creates and empties nothing.
    pub fn read_only(pictures: &Path, incoming: &Path) -> Self {
        Self { pictures: pictures.into(), incoming: incoming.into(), opened: None }
    }

    /// Stores all `files` (name and bytes) of a picture or none. Durable when it returns, by a sync of each file and of
    /// three folders.
    /// # Errors
    /// `Internal` if there is a picture with this key already.
    pub fn put(&self, key: &PictureKey, files: &[(&str, &[u8])]) -> Result<(), Error> {
        self.is_in_place().map_err(io_error("storing a picture"))?;
        let arriving = self.incoming.join(key.as_str());
        let arrived = write_all(&arriving, files).and_then(|()| self.take_in(key, &arriving));
        if arrived.is_err() {
            // The first error is the one to report. What cannot be removed now is removed at the next start.
            let _ = fs::remove_dir_all(&arriving);
        }
        arrived.map_err(io_error("storing a picture"))
    }

    /// Opens a file of a picture, if it exists. It stays readable if the picture is removed meanwhile.
    pub fn open_file(&self, key: &PictureKey, file: &str) -> Result<Option<StoredFile>, Error> {
        let opened = check_file_name(file).and_then(|file| {
            let file = File::open(self.place(key).join(file))?;
            Ok(StoredFile { bytes: file.metadata()?.len(), file })
        });
        match opened {
            Ok(file) => Ok(Some(file)),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(io_error("reading a picture")(cause)),
        }
    }

    /// Removes a picture atomically. It is not synced: a picture that reappears after a power failure is a file without
    /// a row, which the next start removes.
    pub fn remove(&self, key: &PictureKey) -> Result<(), Error> {
        let leaving = self.incoming.join(format!("{}-leaving", key.as_str()));
        remove_if_there(&leaving)
            .and_then(|()| rename_if_there(&self.place(key), &leaving))
            .and_then(|()| remove_if_there(&leaving))
            .map_err(io_error("removing a picture"))
    }

    /// Creates a temporary folder below `incoming`. Use each name only once at a time.
    pub fn temp_folder(&self, name: &str) -> Result<TempFolder, Error> {
        check_file_name(name).map_err(io_error("creating a temporary folder"))?;
        TempFolder::make(self.incoming.join(name))
    }

    /// Returns the bytes that this process may still write on the folder's disk.
    pub fn free_bytes(&self) -> Result<u64, Error> {
        let disk =
            rustix::fs::statvfs(&*self.pictures).map_err(|why| io_error("reading the free disk space")(why.into()))?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    pub fn check_writable(&self) -> Result<(), Error> {
        const TRIED: &[u8] = b"ready";
        let path = self.pictures.join(".ready");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let tried = self.is_in_place().and_then(|()| options.open(&path)).and_then(|mut file| {
            file.write_all(TRIED)?;
            drop(file);
            let is_same = fs::read(&path)? == TRIED;
            fs::remove_file(&path)?;
            if is_same {
                Ok(())
            } else {
                Err(io::Error::other("the file that was read back differs from what was written"))
            }
        });
        tried.map_err(io_error("testing the picture folder"))
    }

    pub fn bytes_of(&self, key: &PictureKey) -> Result<u64, Error> {
        let sizes = || -> io::Result<u64> {
            let mut bytes = 0;
            for entry in fs::read_dir(self.place(key))? {
                bytes += entry?.metadata()?.len();
            }
            Ok(bytes)
        };
        match sizes() {
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(0),
            sizes => sizes.map_err(io_error("measuring a picture")),
        }
    }

    /// Lists the shards that have a subfolder. Ignores other entries.
    pub fn shards(&self) -> Result<BTreeSet<String>, Error> {
        let shard = |name: &str| PictureKey::is_shard(name).then(|| name.to_owned());
        subfolders(&self.pictures, shard).map_err(io_error("listing the picture folder"))
    }

    /// Lists the pictures of one shard, so that no caller holds all keys at once. Ignores other entries.
    pub fn keys_in(&self, shard: &str) -> Result<HashSet<PictureKey>, Error> {
        let picture = |name: &str| PictureKey::parse(name).ok().filter(|key| key.shard() == shard);
        match PictureKey::is_shard(shard).then(|| subfolders(&self.pictures.join(shard), picture)) {
            Some(Err(cause)) if cause.kind() == ErrorKind::NotFound => Ok(HashSet::new()),
            Some(found) => found.map_err(io_error("listing the picture folder")),
            None => Ok(HashSet::new()),
        }
    }

    /// Returns an error if the folder was replaced since it was opened: another server may own the new one.
    fn is_in_place(&self) -> io::Result<()> {
        let Some(opened) = &self.opened else { return Ok(()) };
        let (held, named) = (opened.metadata()?, fs::metadata(&self.pictures)?);
        match (held.dev(), held.ino()) == (named.dev(), named.ino()) {
            true => Ok(()),
            false => Err(io::Error::other("the picture folder was replaced while the server runs")),
        }
    }

    fn shard(&self, key: &PictureKey) -> PathBuf {
        self.pictures.join(key.shard())
    }

    fn place(&self, key: &PictureKey) -> PathBuf {
        self.shard(key).join(key.as_str())
    }

    fn take_in(&self, key: &PictureKey, arriving: &Path) -> io::Result<()> {
        let shard = self.shard(key);
        make_private_folder(&shard)?;
        fs::rename(arriving, self.place(key))?;
        // Each time, because another thread may have created the shard and not synced it yet.
        let synced = sync_folder(&shard).and_then(|()| sync_folder(&self.pictures));
        if synced.is_err() {
            rename_if_there(&self.place(key), arriving)?;
        }
        synced
    }
}

fn write_all(folder: &Path, files: &[(&str, &[u8])]) -> io::Result<()> {
    remove_if_there(folder)?;
    make_private_folder(folder)?;
    let mut written = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(check_file_name(name)?))?;
        file.write_all(bytes)?;
        written.push(file);
    }
    // Syncs after all are written: the first sync then writes most of the others too.
    written.iter().try_for_each(File::sync_all)?;
    sync_folder(folder)
}

/// Refuses a file name that is a path, so that nothing outside a picture's own folder can be reached.
pub(super) fn check_file_name(file: &str) -> io::Result<&str> {
    match Path::new(file).file_name() == Some(OsStr::new(file)) {
        true => Ok(file),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "not the name of a file")),
    }
}

pub(super) fn make_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn subfolders<T, C: FromIterator<T>>(folder: &Path, take: impl Fn(&str) -> Option<T>) -> io::Result<C> {
    let taken = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok(if entry.file_type()?.is_dir() { entry.file_name().to_str().and_then(&take) } else { None })
    };
    fs::read_dir(folder)?.filter_map(|entry| taken(entry).transpose()).collect()
}

fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

pub(super) fn remove_if_there(folder: &Path) -> io::Result<()> {
    absent_is_fine(fs::remove_dir_all(folder))
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    absent_is_fine(fs::rename(from, to))
}

/// Ignores that a file or folder does not exist.
pub fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Ok(()) | Err(_) => done,
    }
}
