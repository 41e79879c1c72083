//! Keeps a copy of the database beside it before a migration: the way back to the former version of the program.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode};

use super::{OpenError, create_private};
use crate::domain::error::is_full;

/// Follows the database's name in the name of a copy; the new schema version comes after it.
const MARK: &str = ".before-";

/// Writes `standin.db.before-NNNN` (0600), where NNNN is the schema version `to`, and removes earlier copies. Takes
/// about as long as reading and writing the file once. A copy gets its name when it is complete and on the disk.
pub(super) fn keep_copy(connection: &Connection, database: &Path, from: usize, to: usize) -> Result<(), OpenError> {
    let copy = beside(database, &format!("{MARK}{to:04}"));
    let new = beside(database, &format!("{MARK}{to:04}.new"));
    let written = write(connection, &new, &copy);
    if let Err(fault) = written {
        // The first error is the one to report.
        let _ = remove(&new);
        return Err(match fault {
            CopyError::NoRoom => {
                OpenError::no_room_for_copy(database, fs::metadata(database).map_or(0, |file| file.len()))
            }
            CopyError::Other(cause) => OpenError::uncopied(database, cause),
        });
    }
    log::info!(
        "the database's schema changes from version {from} to {to}; a copy of the former database is {}",
        copy.display()
    );
    if let Err(cause) = remove_earlier(database, &copy) {
        log::warn!("a copy of the database from before an earlier change of its schema could not be removed: {cause}");
    }
    Ok(())
}

enum CopyError {
    NoRoom,
    Other(String),
}

impl From<io::Error> for CopyError {
    fn from(cause: io::Error) -> Self {
        match is_full(&cause) {
            true => Self::NoRoom,
            false => Self::Other(cause.to_string()),
        }
    }
}

impl From<rusqlite::Error> for CopyError {
    fn from(cause: rusqlite::Error) -> Self {
        match cause.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            true => Self::NoRoom,
            false => Self::Other(cause.to_string()),
        }
    }
}

fn write(connection: &Connection, new: &Path, copy: &Path) -> Result<(), CopyError> {
    // Removes what an interrupted attempt left. SQLite writes into an empty file, and keeps its mode.
    remove(new)?;
    create_private(new)?;
    let name = new.to_str().ok_or_else(|| CopyError::Other("its path is not UTF-8".into()))?;
    connection.execute("VACUUM INTO ?1", [name])?;
    // SQLite does not sync what it writes this way.
    File::open(new)?.sync_all()?;
    fs::rename(new, copy)?;
    match copy.parent() {
        Some(folder) => Ok(File::open(folder)?.sync_all()?),
        None => Ok(()),
    }
}

fn remove_earlier(database: &Path, kept: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (database.parent(), database.file_name()) else { return Ok(()) };
    let copies = format!("{}{MARK}", name.to_string_lossy());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&copies) && entry.path() != kept {
            absent_is_fine(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn remove(new: &Path) -> io::Result<()> {
    absent_is_fine(fs::remove_file(beside(new, "-journal")))?;
    absent_is_fine(fs::remove_file(new))
}

fn beside(database: &Path, more: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(more);
    name.into()
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(()) | Err(_) => done,
    }
}
