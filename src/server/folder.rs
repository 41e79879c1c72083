//! The data folder: made, recognised, closed to others, taken by one process; its key and its control socket.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::{
        fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use super::{StartError, StartErrorKind, restore, unusable};
use crate::{
    domain::{
        error::is_full,
        secret::{Secret, ServerKey},
    },
    service::credentials::Keyring,
    settings::{self, Settings},
};

/// The data folder, taken for this process for as long as this value lives.
///
/// The locks are the system's: they end with the process, however it ends. That of the folder itself outlives every name: the folder can
/// be renamed, and files in it removed or replaced, and a second process is refused all the same.
pub(super) struct FolderLock {
    folder: File,
    /// All that a release before this one looks at.
    _file: File,
    /// Refuses a second process whose folder is another one with the same database in it, by a link or after a move.
    database: Option<File>,
    data: PathBuf,
}

impl FolderLock {
    /// Takes the locks, without the one of the database.
    fn take(data: &Path, in_way: impl Fn(io::Error) -> StartError) -> Result<Self, StartError> {
        let folder = File::open(data).map_err(&in_way)?;
        lock(&folder, data, &in_way)?;
        if !same_file(&folder, data).map_err(&in_way)? {
            return Err(in_way(io::Error::other("another folder was put in its place during the start")));
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let file = options.open(data.join("standin.lock")).map_err(&in_way)?;
        lock(&file, data, &in_way)?;
        Ok(Self { folder, _file: file, database: None, data: data.to_owned() })
    }

    /// Takes the lock of the database, if there is one and it is not held yet.
    ///
    /// SQLite loses its own locks when any other handle of its file is closed: the handle lives as long as this value, so drop this after
    /// the store.
    pub(super) fn hold_database(&mut self, data: &Path) -> Result<(), StartError> {
        let in_way = |error: io::Error| cannot_be_used(data, &error);
        let path = data.join("standin.db");
        if self.database.is_some() || !path.exists() {
            return Ok(());
        }
        let database = File::open(path).map_err(in_way)?;
        lock(&database, data, in_way)?;
        self.database = Some(database);
        Ok(())
    }

    /// Whether the folder still lies under its name: it may have been moved, and another one put in its place.
    pub(super) fn is_in_place(&self) -> bool {
        same_file(&self.folder, &self.data).unwrap_or(false)
    }
}

/// Whether a path leads to this file.
fn same_file(file: &File, path: &Path) -> io::Result<bool> {
    let (held, named) = (file.metadata()?, fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (named.dev(), named.ino()))
}

fn lock(file: &File, data: &Path, in_way: impl Fn(io::Error) -> StartError) -> Result<(), StartError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StartError {
            kind: StartErrorKind::FolderInUse,
            sentence: format!(
                "The data folder {} is in use by another standin: stop that one, or name another with --data.",
                data.display()
            ),
        }),
        Err(TryLockError::Error(error)) => Err(in_way(error)),
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

/// Makes the data folder where there is none, closes it to others, takes it for this process, and ends a restore that broke off.
pub(super) fn own_folder(data: &Path) -> Result<FolderLock, StartError> {
    let shown = data.display();
    let in_way = |error: io::Error| cannot_be_used(data, &error);
    if !data.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(in_way)?;
    }
    refuse_closed(data, &fs::metadata(data).map_err(in_way)?)?;
    if !is_ours(data).map_err(in_way)? {
        return Err(unusable(format!(
            "The folder {shown} holds other things than a data folder does: name an empty one, or one of Standin's, with --data."
        )));
    }
    let mut lock = FolderLock::take(data, in_way)?;
    fs::set_permissions(data, fs::Permissions::from_mode(0o700)).map_err(in_way)?;
    close_to_others(data).map_err(in_way)?;
    restore::finish(data).map_err(in_way)?;
    lock.hold_database(data)?;
    Ok(lock)
}

/// Refuses a folder that is not meant for this process, even where it could get its way: as root, or by changing the mode.
fn refuse_closed(data: &Path, folder: &fs::Metadata) -> Result<(), StartError> {
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

/// Whether a folder is a data folder or may become one: a mistyped `--data` must not close and empty somebody's folders.
///
/// It has a database, or nothing but what a folder may hold before its first start: hidden files, a key, a demo's folder.
fn is_ours(data: &Path) -> io::Result<bool> {
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

/// Closes what an earlier process or a restored copy may have left open to others.
fn close_to_others(data: &Path) -> io::Result<()> {
    for name in ["server.key", "standin.db", "standin.db-wal", "standin.db-shm", "standin.db-journal"] {
        match fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// A demo's secrets are documented, so it opens no folder but one that a demo made.
pub(super) fn keep_demo_apart(settings: &Settings) -> Result<(), StartError> {
    let (data, mark) = (&settings.data, settings.data.join("demo"));
    if !settings.demo || mark.exists() {
        return Ok(());
    }
    let shown = data.display();
    if data.join("standin.db").exists() {
        return Err(unusable(format!(
            "The data folder {shown} was not made by a demo, and a demo's secrets are known to everybody: name another with --data."
        )));
    }
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(mark);
    made.map(|_| ()).map_err(|error| {
        unusable(format!("The data folder {shown} cannot be written ({error}): let this user own it."))
    })
}

/// The server key: from the settings, else from `server.key`, which the first start makes.
pub(super) fn server_key(settings: &Settings) -> Result<ServerKey, StartError> {
    if let Some(key) = &settings.server_key {
        return Ok(key.clone());
    }
    let path = settings.data.join("server.key");
    let shown = path.display();
    let in_way =
        |error: io::Error| unusable(format!("The server key {shown} cannot be used ({error}): let this user read it."));
    match File::open(&path) {
        Ok(mut file) => {
            let mut text = String::new();
            file.read_to_string(&mut text).map_err(in_way)?;
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
            write_key(&path, &key).map_err(in_way)?;
            Ok(key)
        }
        Err(error) => Err(in_way(error)),
    }
}

/// What the file of a key holds.
pub(super) fn key_text(key: &ServerKey) -> Secret {
    Secret::new(key.expose().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Under its true name only once it is whole and on the disk: a half-written key would lock everybody out.
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

/// The server key as it lies there, for who only looks: none where there is none.
pub(super) fn key_there(settings: &Settings) -> Result<Option<ServerKey>, StartError> {
    let is_there = settings.server_key.is_some() || settings.data.join("server.key").exists();
    is_there.then(|| server_key(settings)).transpose()
}

/// Binds the control socket. A file left by a process that was killed is in the way of nobody: the folder's lock is ours.
pub(super) fn control_socket(data: &Path) -> Result<UnixListener, StartError> {
    let in_way = |error: io::Error| {
        unusable(format!(
            "The control socket in {} cannot be made ({error}): let this user own the folder.",
            data.display()
        ))
    };
    let socket = settings::control_socket(data).map_err(in_way)?;
    match fs::remove_file(socket.path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(in_way(error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(socket.path()).map_err(in_way)?;
    fs::set_permissions(socket.path(), fs::Permissions::from_mode(0o600)).map_err(in_way)?;
    Ok(listener)
}
