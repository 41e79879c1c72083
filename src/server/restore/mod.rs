//! Backups on this machine's disk: what one is, whether it is whole, and how it becomes a data folder again.

mod staging;

use std::{
    fmt,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::Path,
};

pub(super) use self::staging::finish;
use self::staging::{DATABASE, KEY, PICTURES, Staging};
use super::{
    StartError, StartErrorKind,
    folder::{self, own_folder},
    wall_clock,
};
use crate::{
    archive::{self, Manifest, Place, ReadFault, Report, hex},
    domain::{
        amounts::Amounts,
        error::{Error, is_full},
        secret::{Secret, ServerKey},
    },
    service::{credentials::Keyring, rekey::give_new_key},
    settings::Settings,
    store::{self, Inspected},
};

/// Bytes of the text of a server key.
const KEY_BYTES_MAX: u64 = 128;

/// Why a backup was not made use of. `Display` says what to do.
#[derive(Debug)]
pub struct RestoreError {
    /// Whose fault it is.
    pub kind: RestoreErrorKind,
    sentence: String,
}

/// Whose fault it is that a backup was not made use of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoreErrorKind {
    /// The archive cannot be opened, or the words do not go together.
    Words,
    /// The archive is damaged, or its key is not at hand, or there is something in the way of it.
    Refused,
    /// The data folder cannot be used, or another process uses it.
    Folder,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for RestoreError {}

impl From<StartError> for RestoreError {
    fn from(error: StartError) -> Self {
        let kind = match error.kind {
            StartErrorKind::Settings | StartErrorKind::Address => RestoreErrorKind::Words,
            StartErrorKind::FolderInUse | StartErrorKind::Folder => RestoreErrorKind::Folder,
        };
        Self { kind, sentence: error.sentence }
    }
}

fn refused(sentence: String) -> RestoreError {
    RestoreError { kind: RestoreErrorKind::Refused, sentence }
}

/// What to restore into, beside the settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreOptions {
    /// Moves aside what the data folder holds; without it only an empty one is filled.
    pub replace: bool,
    /// Makes a new server key: what belonged to the former one is drawn anew.
    pub new_key: bool,
}

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// What the backup is.
    pub manifest: Manifest,
    /// What the data folder held before; none where that could not be read.
    pub before: Option<Amounts>,
    /// What it holds now, counted in it.
    pub after: Amounts,
    /// Where what it held is now, below the data folder.
    pub former: Option<String>,
    /// Files of pictures that the disk no longer had when the backup was made: the first names.
    pub lost: Vec<String>,
}

/// What a whole backup is.
#[derive(Debug)]
pub struct Verified {
    /// What it says it is.
    pub manifest: Manifest,
    /// Files of pictures that the disk no longer had when it was made: the first names.
    pub lost: Vec<String>,
}

/// What a backup says it is; the rest of it is not read.
/// # Errors
/// `Words` when it cannot be read, `Refused` when its beginning is damaged.
pub fn manifest_of(file: &Path) -> Result<Manifest, RestoreError> {
    archive::manifest_of(opened(file)?).map_err(|fault| not_read(file, fault))
}

/// Reads a backup to its end and checks every byte of it, and the database inside. Takes room for the database twice, once of it packed,
/// in the folder for temporary files; a process that is killed leaves its `standin-verify-*` there.
/// # Errors
/// `Refused`, naming what is damaged.
pub fn verify(file: &Path) -> Result<Verified, RestoreError> {
    let beside = |cause: io::Error| {
        refused(format!(
            "No room to unpack the database of {} ({cause}): name another folder for temporary files by TMPDIR.",
            file.display()
        ))
    };
    let place = tempfile::Builder::new().prefix("standin-verify-").tempdir().map_err(beside)?;
    let packed = place.path().join("packed");
    let spool = tempfile::tempfile_in(place.path()).map_err(beside)?;
    let read = archive::read(opened(file)?, spool, |member, from| match member {
        Place::Database => File::create_new(&packed).and_then(|mut to| io::copy(from, &mut to)).map(drop),
        Place::Key | Place::Picture(..) => Ok(()),
    });
    let mut report = read.map_err(|fault| not_read(file, fault))?;
    let unpacked = place.path().join(DATABASE);
    if report.damaged == 0 {
        let to = File::create_new(&unpacked).map_err(beside)?;
        check_database(file, &mut report, &packed, to, &unpacked)?;
    }
    whole(file, &report)?;
    Ok(Verified { manifest: report.manifest, lost: report.lost })
}

/// Puts what a backup holds into the data folder of the settings: all of it or, after any failure, nothing.
/// # Errors
/// See [`RestoreErrorKind`].
pub fn restore(settings: &Settings, file: &Path, options: RestoreOptions) -> Result<Restored, RestoreError> {
    if options.new_key && settings.server_key.is_some() {
        let sentence = "STANDIN_SERVER_KEY gives a server key, and --new-key makes one: leave one of them out.";
        return Err(RestoreError { kind: RestoreErrorKind::Words, sentence: sentence.to_owned() });
    }
    let archive = opened(file)?;
    let data = settings.data.as_path();
    let existed = data.is_dir();
    let _lock = own_folder(data)?;
    let done = restore_into(settings, file, archive, options);
    if done.is_err() && !existed {
        // A folder that this call made, with its lock in it and nothing else.
        let _ = fs::remove_file(data.join("standin.lock")).and_then(|()| fs::remove_dir(data));
    }
    done.map_err(|error| RestoreError {
        sentence: match error.kind {
            RestoreErrorKind::Refused => format!("{} The data folder is as it was.", error.sentence),
            RestoreErrorKind::Words | RestoreErrorKind::Folder => error.sentence,
        },
        ..error
    })
}

fn restore_into(
    settings: &Settings,
    file: &Path,
    archive: BufReader<File>,
    options: RestoreOptions,
) -> Result<Restored, RestoreError> {
    let data = settings.data.as_path();
    let in_folder = |cause: io::Error| RestoreError {
        kind: RestoreErrorKind::Folder,
        sentence: format!("The data folder {} cannot be written ({cause}). It is as it was.", data.display()),
    };
    let before = before(data, options)?;
    let staging = Staging::begin(data).map_err(in_folder)?;
    let spool = tempfile::tempfile_in(data).map_err(in_folder)?;
    let read = archive::read(archive, spool, |place, from| staging.put(&place.name(), from));
    let mut report = read.map_err(|fault| not_read(file, fault))?;
    let packed = Place::Database.name();
    if report.damaged == 0 {
        let to = staging.create(DATABASE).map_err(in_folder)?;
        check_database(file, &mut report, &staging.path(&packed), to, &staging.path(DATABASE))?;
    }
    whole(file, &report)?;
    staging.remove(&packed).map_err(in_folder)?;
    settle_key(settings, file, &report.manifest, &staging, options.new_key)?;
    let marked = store::mark_restored(&staging.path(DATABASE), wall_clock()());
    marked.map_err(|error| refused(format!("The restored database cannot be written: {}.", cause_of(&error))))?;
    let former = format!(".before-restore-{}", wall_clock()().micros());
    staging.seal(&former).map_err(in_folder)?;
    finish(data).map_err(|cause| RestoreError {
        kind: RestoreErrorKind::Folder,
        sentence: format!(
            "The restore is whole, but could not be put in its place ({cause}): let this user own {}; the next start ends it.",
            data.display()
        ),
    })?;
    let after = store::amounts(&data.join(DATABASE)).map_err(|error| RestoreError {
        kind: RestoreErrorKind::Folder,
        sentence: format!("The backup is in its place, but cannot be counted ({}).", cause_of(&error)),
    })?;
    let former = data.join(&former).is_dir().then_some(former);
    Ok(Restored { manifest: report.manifest, before, after, former, lost: report.lost })
}

/// What the data folder holds; refused where that is in the way.
fn before(data: &Path, options: RestoreOptions) -> Result<Option<Amounts>, RestoreError> {
    let database = data.join(DATABASE);
    let has_pictures = fs::read_dir(data.join(PICTURES)).is_ok_and(|mut shards| shards.next().is_some());
    let held = if database.exists() { store::amounts(&database).ok() } else { Some(Amounts::default()) };
    if options.replace || !(database.exists() || has_pictures) {
        return Ok(held);
    }
    let holds = match held {
        Some(Amounts { apps, users, pictures, .. }) => {
            format!("holds {apps} apps, {users} users and {pictures} pictures")
        }
        None => "holds a database that cannot be read".to_owned(),
    };
    Err(refused(format!(
        "The data folder {} {holds} already: name another with --data, or say --replace, which moves them aside and keeps them.",
        data.display()
    )))
}

/// Sees that the server key which opens the database will be found by the next start.
fn settle_key(
    settings: &Settings,
    file: &Path,
    manifest: &Manifest,
    staging: &Staging,
    new_key: bool,
) -> Result<(), RestoreError> {
    let wanted = &manifest.key_fingerprint;
    let fits = |key: &ServerKey| hex(&Keyring::new(key, 1).fingerprint().0) == *wanted;
    let in_folder = |cause: io::Error| refused(format!("The server key cannot be written ({cause})."));
    if new_key {
        if manifest.has_key {
            staging.remove(KEY).map_err(in_folder)?;
        }
        let key = Keyring::fresh_key();
        let renewed = give_new_key(&staging.path(DATABASE), &Keyring::new(&key, 1));
        renewed.map_err(|error| refused(format!("The database cannot be given a new key: {}.", cause_of(&error))))?;
        let text = folder::key_text(&key);
        return staging.put(KEY, &mut text.expose().as_bytes()).map_err(in_folder);
    }
    let otherwise =
        "give the right one as STANDIN_SERVER_KEY, or say --new-key, by which every secret that it opens is drawn anew";
    if let Some(key) = &settings.server_key {
        if !fits(key) {
            return Err(refused(format!(
                "STANDIN_SERVER_KEY is not the server key of {} (fingerprint {wanted}): {otherwise}.",
                file.display()
            )));
        }
        // Whoever keeps the key elsewhere does not want it in the folder.
        return if manifest.has_key { staging.remove(KEY).map_err(in_folder) } else { Ok(()) };
    }
    let (place, path) = match manifest.has_key {
        true => ("the backup", staging.path(KEY)),
        false => ("the data folder", settings.data.join(KEY)),
    };
    let text = match File::open(&path).and_then(text_of) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Err(refused(format!(
                "{} was made without its server key (fingerprint {wanted}), and there is none here: put it into {}, {otherwise}.",
                file.display(),
                path.display()
            )));
        }
        Err(cause) => return Err(refused(format!("The server key {} cannot be read ({cause}).", path.display()))),
    };
    match ServerKey::parse(text.expose().trim_end()) {
        Ok(key) if fits(&key) => Ok(()),
        Ok(_) | Err(_) => Err(refused(format!(
            "The server key in {place} is not the one of {} (fingerprint {wanted}): {otherwise}.",
            file.display()
        ))),
    }
}

fn text_of(file: File) -> io::Result<Secret> {
    let mut text = String::new();
    file.take(KEY_BYTES_MAX).read_to_string(&mut text)?;
    Ok(Secret::new(text))
}

/// Unpacks the database and checks it as SQLite does; what is wrong goes into the report.
fn check_database(
    file: &Path,
    report: &mut Report,
    packed: &Path,
    mut to: File,
    database: &Path,
) -> Result<(), RestoreError> {
    let (name, schema) = (Place::Database.name(), report.manifest.schema);
    if schema > store::SCHEMA_VERSION {
        return Err(refused(format!(
            "{} was made by a newer Standin ({}; its schema has version {schema}): use that one.",
            file.display(),
            report.manifest.standin
        )));
    }
    let unpacked = File::open(packed).and_then(|from| archive::unpack(from, &mut to, &report.manifest.database));
    match unpacked {
        Ok(true) => match store::inspect(database) {
            Ok(found) => compare(report, &found),
            Err(error) => report.damaged(&name, &format!("cannot be used: {}", cause_of(&error))),
        },
        Ok(false) => report.damaged(&name, "unpacks to another database than manifest.json says"),
        // What was packed is whole by its digest: only the room for it is missing.
        Err(cause) if is_full(&cause) => {
            return Err(refused(format!(
                "There is no room to unpack the database of {} ({cause}): make room, or for verify name another folder by TMPDIR.",
                file.display()
            )));
        }
        Err(cause) => report.damaged(&name, &format!("cannot be unpacked ({cause})")),
    }
    Ok(())
}

/// Whether the manifest tells of the database beside it.
fn compare(report: &mut Report, found: &Inspected) {
    let said = (&report.manifest.counts, report.manifest.key_fingerprint.as_str(), report.manifest.schema);
    if said != (&found.amounts, hex(&found.key_fingerprint.0).as_str(), found.schema) {
        report.damaged("manifest.json", "does not tell of the database beside it");
    }
}

/// Refuses a backup with damage, and names it.
fn whole(file: &Path, report: &Report) -> Result<(), RestoreError> {
    if report.damaged == 0 {
        return Ok(());
    }
    let named = report.damage.len() as u64;
    let more = match report.damaged.saturating_sub(named) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Err(refused(format!("{} is damaged: {}{more}.", file.display(), report.damage.join("; "))))
}

fn opened(file: &Path) -> Result<BufReader<File>, RestoreError> {
    let archive = File::open(file).map_err(|cause| RestoreError {
        kind: RestoreErrorKind::Words,
        sentence: format!(
            "The backup {} cannot be opened ({cause}): name one that this user may read.",
            file.display()
        ),
    })?;
    Ok(BufReader::with_capacity(256 * 1024, archive))
}

fn not_read(file: &Path, fault: ReadFault) -> RestoreError {
    let shown = file.display();
    match fault {
        ReadFault::Damaged(what) => refused(format!("{shown} is damaged: {what}.")),
        ReadFault::Format(format) => refused(format!(
            "{shown} has format {format}, which this program does not know: use the Standin that made it."
        )),
        ReadFault::Failed(cause) => refused(format!("{shown} could not be taken in ({cause}).")),
    }
}

/// An operator sees the cause that callers never see.
fn cause_of(error: &Error) -> String {
    match error {
        Error::Internal(cause) => cause.to_string(),
        Error::StorageFull => "the disk is full".to_owned(),
        Error::Invalid { .. }
        | Error::Unauthenticated(_)
        | Error::Forbidden(_)
        | Error::NotFound(_)
        | Error::Conflict(_)
        | Error::TooMany { .. }
        | Error::Busy => error.to_string(),
    }
}
