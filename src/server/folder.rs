//! The data folder: creation, permissions, locks, the server key and the control socket.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::{
        fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use super::{StartError, StartErrorKind, restore, unusable, wall_clock};
use crate::{
    blob::{Folder, absent_is_fine},
    domain::{Secret, ServerKey, error::is_full},
    service::{CHECK_UP_WAIT_MAX, FolderInspection, Keyring, PictureTally, health},
    settings::{self, Settings},
    store::{self, PictureRows},
};

/// Locks the data folder until the process ends, also if the folder is renamed or files in it are replaced.
pub(super) struct FolderLock {
    folder: File,
    /// The only lock that earlier releases check.
    _file: File,
    /// Refuses a second process whose folder is another one with the same database, through a link or after a move.
    database: Option<File>,
    data: PathBuf,
}

impl FolderLock {
    fn take(data: &Path, unusable_because: impl Fn(io::Error) -> StartError) -> Result<Self, StartError> {
        let folder = File::open(data).map_err(&unusable_because)?;
        lock(&folder, data, &unusable_because)?;
        if !same_file(&folder, data).map_err(&unusable_because)? {
            return Err(unusable_because(io::Error::other("another folder was put in its place during the start")));
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let file = options.open(data.join("standin.lock")).map_err(&unusable_because)?;
        lock(&file, data, &unusable_because)?;
        Ok(Self { folder, _file: file, database: None, data: data.to_owned() })
    }

    /// Locks the database, if it exists. SQLite loses its own locks when any other handle of its file is closed: drop
    /// this value, which holds one, after the store.
    pub(super) fn hold_database(&mut self, data: &Path) -> Result<(), StartError> {
        let unusable_because = |error: io::Error| cannot_be_used(data, &error);
        let path = data.join("standin.db");
        if self.database.is_some() || !path.exists() {
            return Ok(());
        }
        let database = File::open(path).map_err(unusable_because)?;
        lock(&database, data, unusable_because)?;
        self.database = Some(database);
        Ok(())
    }

    /// Whether the folder still has its name: it may have been moved and replaced.
    pub(super) fn is_in_place(&self) -> bool {
        same_file(&self.folder, &self.data).unwrap_or(false)
    }
}

fn same_file(file: &File, path: &Path) -> io::Result<bool> {
    let (held, named) = (file.metadata()?, fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (named.dev(), named.ino()))
}

fn lock(file: &File, data: &Path, unusable_because: impl Fn(io::Error) -> StartError) -> Result<(), StartError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StartErrorKind::FolderInUse.because(format!(
            "The data folder {} is in use by another standin: stop that one, or name another with --data.",
            data.display()
        ))),
        Err(TryLockError::Error(error)) => Err(unusable_because(error)),
    }
}

fn cannot_be_used(data: &Path, error: &io::Error) -> StartError {
    let shown = data.display();
    match is_full(error) {
        true => unusable(format!("The disk of the data folder {shown} is full: make room, then start again.")),
        false => unusable(format!(
            "The data folder {shown} cannot be used ({error}): let this user own it, or name another with --data."
        )),
    }
}

pub(super) fn open_folder(data: &Path) -> Result<FolderLock, StartError> {
    let shown = data.display();
    let unusable_because = |error: io::Error| cannot_be_used(data, &error);
    if !data.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(unusable_because)?;
    }
    check_permissions(data, &fs::metadata(data).map_err(unusable_because)?)?;
    if !is_data_folder(data).map_err(unusable_because)? {
        return Err(unusable(format!(
            "The folder {shown} holds files that do not belong to a data folder: name an empty one, or one of Standin's, with --data."
        )));
    }
    let mut lock = FolderLock::take(data, unusable_because)?;
    fs::set_permissions(data, fs::Permissions::from_mode(0o700)).map_err(unusable_because)?;
    close_to_others(data).map_err(unusable_because)?;
    restore::finish(data).map_err(unusable_because)?;
    lock.hold_database(data)?;
    Ok(lock)
}

/// Refuses a folder that is not meant for this process, even if root or a change of mode could open it.
fn check_permissions(data: &Path, folder: &fs::Metadata) -> Result<(), StartError> {
    let shown = data.display();
    let (owner, own) = (folder.uid(), rustix::process::geteuid().as_raw());
    if owner != own {
        return Err(unusable(format!(
            "The data folder {shown} belongs to another user ({owner}, this one is {own}): run as that user, give it to this one with \
             chown -R, or name another with --data."
        )));
    }
    let mode = folder.mode() & 0o7777;
    if mode & 0o200 == 0 {
        return Err(unusable(format!(
            "The data folder {shown} is read-only (its mode is {mode:04o}): make it writable with chmod u+w, or name another with --data."
        )));
    }
    Ok(())
}

/// A mistyped `--data` must not change another folder: a data folder has a database, or only what it may hold before
/// its first start (hidden files, a key, a demo's folder).
fn is_data_folder(data: &Path) -> io::Result<bool> {
    if data.join("standin.db").is_file() {
        return Ok(true);
    }
    for entry in fs::read_dir(data)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let may_be = name.starts_with(['.']) || name.starts_with("standin.");
        if !may_be && !["server.key", "demo", "pictures", "incoming", "lost+found"].contains(&name.as_ref()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Restricts the permissions of files that an earlier process or a restored copy may have left open.
fn close_to_others(data: &Path) -> io::Result<()> {
    for name in ["server.key", "standin.db", "standin.db-wal", "standin.db-shm", "standin.db-journal"] {
        absent_is_fine(fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o600)))?;
    }
    Ok(())
}

/// A demo's secrets are documented, so it opens only folders that a demo made.
pub(super) fn check_demo(settings: &Settings) -> Result<(), StartError> {
    let (data, mark) = (&settings.data, settings.data.join("demo"));
    if !settings.demo || mark.exists() {
        return Ok(());
    }
    let shown = data.display();
    if data.join("standin.db").exists() {
        return Err(unusable(format!(
            "The data folder {shown} was not made by a demo, and a demo's secrets are public: name another with --data."
        )));
    }
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(mark);
    made.map(|_| ()).map_err(|error| {
        unusable(format!("The data folder {shown} cannot be written ({error}): let this user own it."))
    })
}

/// Returns the server key from the settings, else from `server.key`, which the first start creates.
pub(super) fn server_key(settings: &Settings) -> Result<ServerKey, StartError> {
    if let Some(key) = &settings.server_key {
        return Ok(key.clone());
    }
    let path = settings.data.join("server.key");
    let shown = path.display();
    let unusable_because =
        |error: io::Error| unusable(format!("The server key {shown} cannot be used ({error}): let this user read it."));
    match File::open(&path) {
        Ok(mut file) => {
            let mut text = String::new();
            file.read_to_string(&mut text).map_err(unusable_because)?;
            let key = ServerKey::parse(text.trim_end());
            key.map_err(|fault| unusable(format!("The server key {shown} {fault}: put the right one back.")))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if settings.data.join("standin.db").exists() {
                return Err(unusable(format!(
                    "The server key {shown} is gone, and without it nothing in the database opens: put it back, or give it as STANDIN_SERVER_KEY."
                )));
            }
            let key = Keyring::fresh_key();
            write_key(&path, &key).map_err(unusable_because)?;
            Ok(key)
        }
        Err(error) => Err(unusable_because(error)),
    }
}

pub(super) fn key_text(key: &ServerKey) -> Secret {
    Secret::new(key.expose().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// The file gets its name once it is complete and synced: nothing in the database could be read with half a key.
fn write_key(path: &Path, key: &ServerKey) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(key_text(key).expose().as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

pub(super) fn existing_key(settings: &Settings) -> Result<Option<ServerKey>, StartError> {
    let is_there = settings.server_key.is_some() || settings.data.join("server.key").exists();
    is_there.then(|| server_key(settings)).transpose()
}

/// Binds the control socket. A file left by a killed process is replaced: this process holds the folder's lock.
pub(super) fn control_socket(data: &Path) -> Result<UnixListener, StartError> {
    let unusable_because = |error: io::Error| {
        unusable(format!(
            "The control socket in {} cannot be made ({error}): let this user own the folder.",
            data.display()
        ))
    };
    let socket = settings::control_socket(data).map_err(unusable_because)?;
    absent_is_fine(fs::remove_file(socket.path())).map_err(unusable_because)?;
    let listener = UnixListener::bind(socket.path()).map_err(unusable_because)?;
    fs::set_permissions(socket.path(), fs::Permissions::from_mode(0o600)).map_err(unusable_because)?;
    Ok(listener)
}

#[derive(Debug, Clone)]
pub struct FolderReport {
    pub schema: u32,
    pub schema_known: u32,
    /// Whether SQLite's check found no fault; None if time ran out.
    pub is_sound: Option<bool>,
    pub wrong: Option<String>,
    /// Pictures with a row, pictures without a row, rows without a picture. None if the database has faults.
    pub pictures: Option<(u64, u64, u64)>,
    /// How far this machine's clock is behind the latest stored time.
    pub clock_behind_s: i64,
    /// Whether the server key belongs to this database; None without a key.
    pub key_fits: Option<bool>,
}

/// Changes nothing. Blocks. No server may use the folder.
/// # Errors
/// `Folder` if the database or the key cannot be read.
pub fn inspect_folder(settings: &Settings) -> Result<FolderReport, StartError> {
    let data = settings.data.as_path();
    let key = existing_key(settings)?.map(|key| Keyring::new(&key, 1).fingerprint());
    let pictures = Folder::read_only(&data.join("pictures"), &data.join("incoming"));
    let tally = |rows: &PictureRows<'_>| PictureTally::of(rows, &pictures);
    let looked = store::check_offline(&data.join("standin.db"), CHECK_UP_WAIT_MAX, tally);
    let looked = looked.map_err(|why| unusable(why.to_string()))?;
    let key_fits = key.map(|key| looked.fingerprint.is_none_or(|adopted| adopted == key));
    let found = health::inspection_of(looked, wall_clock()());
    let FolderInspection { schema, schema_known, is_sound, wrong, pictures, clock_behind_s } = found;
    let pictures = pictures.map(|PictureTally { count, orphans, missing }| (count, orphans, missing));
    Ok(FolderReport { schema, schema_known, is_sound, wrong, pictures, clock_behind_s, key_fits })
}
