//! Verifies backups and restores them into a data folder.

mod staging;

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::Path,
};

pub(super) use self::staging::finish;
use self::staging::{DATABASE, KEY, PICTURES, Staging};
use super::{
    StartError, StartErrorKind,
    folder::{self, open_folder},
    wall_clock,
};
use crate::{
    archive::{self, Manifest, MemberName, ReadFault, ReadReport, hex},
    domain::{Error, RecordCounts, Secret, ServerKey, error::is_full, storage::counted, text::sentence_error},
    service::{Keyring, backup::give_new_key},
    settings::Settings,
    store::{self, Inspected},
};

const KEY_BYTES_MAX: u64 = 128;

/// `Display` says what to do.
#[derive(Debug)]
pub struct RestoreError {
    pub kind: RestoreErrorKind,
    sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoreErrorKind {
    Arguments,
    Refused,
    Folder,
}

sentence_error! { RestoreError.sentence }

impl From<StartError> for RestoreError {
    fn from(error: StartError) -> Self {
        let kind = match error.kind {
            StartErrorKind::Settings | StartErrorKind::Address => RestoreErrorKind::Arguments,
            StartErrorKind::FolderInUse | StartErrorKind::Folder => RestoreErrorKind::Folder,
        };
        Self { kind, sentence: error.sentence }
    }
}

impl RestoreErrorKind {
    fn because(self, sentence: impl Into<String>) -> RestoreError {
        RestoreError { kind: self, sentence: sentence.into() }
    }
}

fn refused(sentence: String) -> RestoreError {
    RestoreErrorKind::Refused.because(sentence)
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreOptions {
    /// Moves the contents of the data folder aside; without it only an empty folder is filled.
    pub replace: bool,
    /// Creates a new server key, which invalidates everything derived from the former one.
    pub new_key: bool,
}

#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    pub before: Option<RecordCounts>,
    pub after: RecordCounts,
    /// Where the former contents are now, below the data folder.
    pub former: Option<String>,
    pub lost: Vec<String>,
}

#[derive(Debug)]
pub struct Verified {
    pub manifest: Manifest,
    pub lost: Vec<String>,
}

/// # Errors
/// `Arguments` if the file cannot be read, `Refused` if its beginning is damaged.
pub fn manifest_of(file: &Path) -> Result<Manifest, RestoreError> {
    archive::manifest_of(opened(file)?).map_err(|fault| not_read(file, fault))
}

/// Checks every byte and the database inside, for which it takes space in the temporary folder. A killed process leaves
/// its `standin-verify-*` there.
/// # Errors
/// `Refused`, with the damaged parts.
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
        MemberName::Database => File::create_new(&packed).and_then(|mut to| io::copy(from, &mut to)).map(drop),
        MemberName::Key | MemberName::Picture(..) => Ok(()),
    });
    let mut report = read.map_err(|fault| not_read(file, fault))?;
    let unpacked = place.path().join(DATABASE);
    if report.damaged == 0 {
        let to = File::create_new(&unpacked).map_err(beside)?;
        check_database(file, &mut report, &packed, to, &unpacked)?;
    }
    refuse_damage(file, &report)?;
    Ok(Verified { manifest: report.manifest, lost: report.lost })
}

/// Restores a backup into the data folder of the settings: completely or, after any failure, not at all.
pub fn restore(settings: &Settings, file: &Path, options: RestoreOptions) -> Result<Restored, RestoreError> {
    if options.new_key && settings.server_key.is_some() {
        let sentence = "STANDIN_SERVER_KEY gives a server key, and --new-key makes one: leave one of them out.";
        return Err(RestoreErrorKind::Arguments.because(sentence));
    }
    let archive = opened(file)?;
    let data = settings.data.as_path();
    let existed = data.is_dir();
    let _lock = open_folder(data)?;
    let done = restore_into(settings, file, archive, options);
    if done.is_err() && !existed {
        // This call created the folder, which holds nothing but its lock.
        let _ = fs::remove_file(data.join("standin.lock")).and_then(|()| fs::remove_dir(data));
    }
    done.map_err(|error| RestoreError {
        sentence: match error.kind {
            RestoreErrorKind::Refused => format!("{} The data folder is unchanged.", error.sentence),
            RestoreErrorKind::Arguments | RestoreErrorKind::Folder => error.sentence,
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
    let in_folder = |cause: io::Error| {
        RestoreErrorKind::Folder
            .because(format!("The data folder {} cannot be written ({cause}). It is unchanged.", data.display()))
    };
    let before = before(data, options)?;
    let staging = Staging::begin(data).map_err(in_folder)?;
    let spool = tempfile::tempfile_in(data).map_err(in_folder)?;
    let read = archive::read(archive, spool, |place, from| staging.put(&place.name(), from));
    let mut report = read.map_err(|fault| not_read(file, fault))?;
    let packed = MemberName::Database.name();
    if report.damaged == 0 {
        let to = staging.create(DATABASE).map_err(in_folder)?;
        check_database(file, &mut report, &staging.path(&packed), to, &staging.path(DATABASE))?;
    }
    refuse_damage(file, &report)?;
    staging.remove(&packed).map_err(in_folder)?;
    ensure_key(settings, file, &report.manifest, &staging, options.new_key)?;
    let marked = store::mark_restored(&staging.path(DATABASE), wall_clock()());
    marked.map_err(|error| refused(format!("The restored database cannot be written: {}.", cause_of(&error))))?;
    let former = format!(".before-restore-{}", wall_clock()().micros());
    staging.seal(&former).map_err(in_folder)?;
    finish(data).map_err(|cause| RestoreErrorKind::Folder.because(format!(
            "The restore is complete, but its files could not be moved into place ({cause}): let this user own {}; the next start completes it.",
            data.display()
        )))?;
    let after = store::amounts(&data.join(DATABASE)).map_err(|error| {
        RestoreErrorKind::Folder
            .because(format!("The backup is restored, but its records cannot be counted ({}).", cause_of(&error)))
    })?;
    let former = data.join(&former).is_dir().then_some(former);
    Ok(Restored { manifest: report.manifest, before, after, former, lost: report.lost })
}

fn before(data: &Path, options: RestoreOptions) -> Result<Option<RecordCounts>, RestoreError> {
    let database = data.join(DATABASE);
    let has_pictures = fs::read_dir(data.join(PICTURES)).is_ok_and(|mut shards| shards.next().is_some());
    let held = if database.exists() { store::amounts(&database).ok() } else { Some(RecordCounts::default()) };
    if options.replace || !(database.exists() || has_pictures) {
        return Ok(held);
    }
    let holds = match held {
        Some(RecordCounts { apps, users, pictures, .. }) => {
            let (apps, users) = (counted(apps, "app"), counted(users, "user"));
            format!("holds {apps}, {users} and {}", counted(pictures, "picture"))
        }
        None => "holds a database that cannot be read".to_owned(),
    };
    Err(refused(format!(
        "The data folder {} {holds} already: name another with --data, or say --replace, which moves them aside and keeps them.",
        data.display()
    )))
}

fn ensure_key(
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
        "give the right one as STANDIN_SERVER_KEY, or say --new-key, which replaces every secret that it opens";
    if let Some(key) = &settings.server_key {
        if !fits(key) {
            return Err(refused(format!(
                "STANDIN_SERVER_KEY is not the server key of {} (fingerprint {wanted}): {otherwise}.",
                file.display()
            )));
        }
        // An operator who stores the key elsewhere does not want it in the folder.
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

/// Unpacks the database and runs SQLite's check; faults go into the report.
fn check_database(
    file: &Path,
    report: &mut ReadReport,
    packed: &Path,
    mut to: File,
    database: &Path,
) -> Result<(), RestoreError> {
    let (name, schema) = (MemberName::Database.name(), report.manifest.schema);
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
        Ok(false) => report.damaged(&name, "unpacks to a database that differs from manifest.json"),
        // The digest was right, so the only problem is disk space.
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

fn compare(report: &mut ReadReport, found: &Inspected) {
    let said = (&report.manifest.counts, report.manifest.key_fingerprint.as_str(), report.manifest.schema);
    if said != (&found.amounts, hex(&found.key_fingerprint.0).as_str(), found.schema) {
        report.damaged("manifest.json", "does not describe the database in the same backup");
    }
}

fn refuse_damage(file: &Path, report: &ReadReport) -> Result<(), RestoreError> {
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
        kind: RestoreErrorKind::Arguments,
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
        ReadFault::Failed(cause) => refused(format!("{shown} could not be restored ({cause}).")),
    }
}

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
