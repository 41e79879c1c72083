//! `standin backup`: all data in one file, while the server runs.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;
use standin::{archive::Manifest, server::restore};

use super::{
    app::{answer, json_flag},
    control,
    failure::{Failure, FailureCode},
    flags, output,
};

const BACKUP: &str = "/standin/v1/backup";

const EXAMPLES: &str = "\
Examples:
  standin backup standin.tar
  standin backup standin.tar --overwrite --without-key --data /var/lib/standin
  standin backup verify standin.tar

The file is a tar: the database, packed by zstd, the pictures, the server key, and a manifest with a SHA-256 of each. With the key it
opens every secret, so only its owner can read it; --without-key leaves the key out, and you must keep it elsewhere.
The file appears when it is complete and on the disk. If anything fails before, no file is left.";

const FACTS: [(&str, &str); 6] = [
    ("made", "made_at"),
    ("by standin", "standin"),
    ("holds", "counts"),
    ("members", "members"),
    ("server key", "key"),
    ("its fingerprint", "fingerprint"),
];

pub(super) fn command() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let verify = Command::new("verify")
        .about("Check every byte of a backup and name what is damaged")
        .arg(file().required(true))
        .arg(json_flag());
    Command::new("backup")
        .about("Write all data into one file, while the server runs")
        .after_help(EXAMPLES)
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
        .arg(file().required(true))
        .arg(flag("without-key").help("Leave the server key out; without it, the backup opens no secret"))
        .arg(flag("overwrite").help("Replace the file if it exists"))
        .args(flags::folder())
        .arg(json_flag())
        .subcommand(verify)
}

pub(super) fn file() -> Arg {
    Arg::new("file").value_name("FILE").value_parser(value_parser!(PathBuf)).help("The file of the backup")
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    if let Some(("verify", matches)) = matches.subcommand() {
        let target = given(matches)?;
        let verified = restore::verify(&target)?;
        return told(matches, &target, &verified.manifest, &verified.lost);
    }
    let (target, overwrite) = (given(matches)?, matches.get_flag("overwrite"));
    let body = json!({ "with_key": !matches.get_flag("without-key") });
    let settings = flags::parse(matches)?;
    // Checked before the work, which takes long, and again after it.
    nothing_in_the_way(&target, overwrite)?;
    control::with_server(&settings, |control| {
        // From here on a signal ends the command in order, so that no partial file stays behind.
        let mut signals = control.stop_signals()?;
        let mut partial = Partial::begin(&target)?;
        control.download(BACKUP, body, &mut partial.file, &mut signals)?;
        let manifest = restore::manifest_of(&partial.path)?;
        signals.received()?;
        nothing_in_the_way(&target, overwrite)?;
        partial.finish(&target)?;
        told(matches, &target, &manifest, &[])
    })
}

pub(super) fn given(matches: &ArgMatches) -> Result<PathBuf, Failure> {
    let none = || Failure::new(FailureCode::Usage, "Name the file of the backup.");
    matches.get_one::<PathBuf>("file").cloned().ok_or_else(none)
}

fn told(matches: &ArgMatches, target: &Path, manifest: &Manifest, lost: &[String]) -> Result<(), Failure> {
    let shown = target.display();
    let bytes = fs::metadata(target).map_or(0, |file| file.len());
    let told = json!({ "file": shown.to_string(), "bytes": bytes, "manifest": manifest, "lost": lost });
    answer(matches, &told, |_| {
        let lost = match manifest.files_lost {
            0 => String::new(),
            files => {
                format!("{files} picture files were missing on the disk when the backup was made. {}\n", lost.join(" "))
            }
        };
        format!("{shown} is complete: {bytes} bytes.\n{}{lost}", facts(manifest))
    })
}

fn facts(manifest: &Manifest) -> String {
    let key = if manifest.has_key { "inside" } else { "not inside: keep it elsewhere" };
    let facts = json!({
        "made_at": manifest.made_at, "standin": manifest.standin, "counts": manifest.counts.to_string(),
        "members": manifest.listing.members, "key": key, "fingerprint": manifest.key_fingerprint,
    });
    output::facts(&facts, &FACTS)
}

fn nothing_in_the_way(target: &Path, overwrite: bool) -> Result<(), Failure> {
    match !overwrite && fs::symlink_metadata(target).is_ok() {
        true => {
            let sentence = format!("The file {} exists already: name another, or give --overwrite.", target.display());
            Err(Failure::new(FailureCode::Refused, sentence))
        }
        false => Ok(()),
    }
}

/// A file under a temporary name until it is complete. If it is dropped before that, the file is removed.
struct Partial {
    path: PathBuf,
    file: File,
    is_named: bool,
}

impl Partial {
    fn begin(target: &Path) -> Result<Self, Failure> {
        let name = target.file_name().ok_or_else(|| Failure::new(FailureCode::Usage, "Name a file for the backup."))?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".partial");
        let path = target.with_file_name(hidden);
        let in_way = |cause: io::Error| {
            let sentence = format!("{} cannot be written ({cause}): name another file.", path.display());
            Failure::new(FailureCode::Refused, sentence)
        };
        // A killed command may have left its file. A lock tells whether a command still writes it.
        if let Ok(left) = File::open(&path) {
            if left.try_lock().is_err() {
                return Err(in_way(io::Error::other("another backup writes it")));
            }
            fs::remove_file(&path).map_err(in_way)?;
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(in_way)?;
        file.try_lock().map_err(|cause| in_way(cause.into()))?;
        Ok(Self { path, file, is_named: false })
    }

    fn finish(mut self, target: &Path) -> Result<(), Failure> {
        let mut finish = || {
            self.file.sync_all()?;
            fs::rename(&self.path, target)?;
            self.is_named = true;
            let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        finish().map_err(|cause: io::Error| {
            Failure::new(FailureCode::Refused, format!("{} cannot be written ({cause}).", target.display()))
        })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_named {
            // The earlier failure is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}
