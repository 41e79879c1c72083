//! The checks of the data folder: what lies there, and what the running server reports about it. Nothing is changed.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use serde_json::Value;
use standin::{
    server::{self, FolderReport},
    settings::Settings,
};

use super::checks::{CheckResult, Finding, outcome, wrong};
use crate::command::{
    control::Control,
    failure::{Failure, FailureCode},
};

const ENTRIES: [&str; 8] = [
    "server.key",
    "standin.db",
    "standin.db-wal",
    "standin.db-shm",
    "standin.lock",
    "standin.sock",
    "pictures",
    "incoming",
];

const OTHERS: u32 = 0o077;

/// With less free space, the next writes may not fit.
const FREE_BYTES_MIN: u64 = 256 << 20;

/// SQLite normally cuts the log at 48 MiB. A longer one cannot be carried over into the database.
const LOG_BYTES_MAX: u64 = 128 << 20;

/// Time services correct a clock by smaller steps.
const CLOCK_BEHIND_S_MAX: i64 = 60;

/// Runs the checks. A running server reports on the files that it has open.
pub(super) fn all(settings: &Settings, control: Option<&Control>) -> Vec<CheckResult> {
    let data = settings.data.as_path();
    let mut outcomes = vec![
        outcome("folder", closed(data)),
        outcome("lock", lock(data, control)),
        outcome("disk", disk(data)),
        outcome("database", database(data)),
    ];
    let state = match control {
        Some(control) => control.get("/standin/v1/folder").and_then(|answer| read(&answer)),
        None => server::inspect_folder(settings).map_err(Failure::from),
    };
    match state {
        Ok(state) => {
            outcomes.extend([outcome("schema", schema(&state)), outcome("pages", pages(&state))]);
            // A damaged database says nothing reliable about the rest.
            if let Some(tallied) = state.pictures {
                outcomes.extend([
                    outcome("pictures", pictures(tallied)),
                    outcome("key", key(settings, control.is_some(), &state)),
                    outcome("clock", clock(&state)),
                ]);
            }
        }
        Err(failure) => {
            let found = failure.to_string();
            outcomes.push(outcome("state", Err(wrong(found.trim_end_matches('.'), "then look again"))));
        }
    }
    outcomes
}

fn read(answer: &Value) -> Result<FolderReport, Failure> {
    let number = |key: &str| answer.get(key).and_then(Value::as_u64);
    let read = || {
        Some(FolderReport {
            schema: number("schema")?.try_into().ok()?,
            schema_known: number("schema_known")?.try_into().ok()?,
            is_sound: answer.get("sound")?.as_bool(),
            wrong: answer.get("wrong")?.as_str().map(str::to_owned),
            pictures: match answer.get("pictures")?.as_array().map(Vec::as_slice) {
                Some([count, orphans, missing]) => Some((count.as_u64()?, orphans.as_u64()?, missing.as_u64()?)),
                Some(_) | None => None,
            },
            clock_behind_s: answer.get("clock_behind_s")?.as_i64()?,
            key_fits: Some(true),
        })
    };
    read().ok_or_else(|| {
        Failure::new(FailureCode::Server, "The server's response is not understood: is the server of this version?")
    })
}

fn closed(data: &Path) -> Finding {
    let shown = data.display();
    let modes = [data.to_owned()].into_iter().chain(ENTRIES.iter().map(|name| data.join(name)));
    let open = modes.filter_map(|path| {
        let mode = fs::symlink_metadata(&path).ok()?.permissions().mode() & 0o777;
        (mode & OTHERS != 0).then(|| format!("{} ({mode:04o})", path.display()))
    });
    let open: Vec<String> = open.collect();
    match open.is_empty() {
        true => Ok(format!("{shown} is closed to others")),
        false => Err((format!("open to others: {}", open.join(", ")), format!("chmod -R go= {shown}"))),
    }
}

fn lock(data: &Path, control: Option<&Control>) -> Finding {
    let answering = control.map(Control::server_process);
    // A process of an earlier release locks only `standin.lock`.
    let locked = [data.to_owned(), data.join("standin.lock"), data.join("standin.db")];
    let holder = locked.iter().find_map(|path| holder(fs::metadata(path).ok()?.ino()));
    match (answering, holder) {
        (Some(process), _) => Ok(match process.or(holder) {
            Some(process) => format!("held by the running server, process {process}"),
            None => "held by the running server".to_owned(),
        }),
        (None, None) => Ok("free: no server runs".to_owned()),
        (None, Some(process)) => Err((
            format!("held by process {process}, which does not answer on the control socket"),
            "look at its log; stop it if it hangs".to_owned(),
        )),
    }
}

/// Returns the process that has locked a file, from the list of the system.
fn holder(file: u64) -> Option<i32> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        // `1: FLOCK  ADVISORY  WRITE 1234 fd:01:5242 0 EOF`
        let mut words = line.split_whitespace().skip(1);
        let (kind, process, place) = (words.next()?, words.nth(2)?, words.next()?);
        let is_it = kind == "FLOCK" && place.rsplit(':').next()?.parse() == Ok(file);
        is_it.then(|| process.parse().ok()).flatten()
    })
}

fn disk(data: &Path) -> Finding {
    let advice = "make room, or move the folder to a larger disk";
    let disk =
        rustix::fs::statvfs(data).map_err(|why| wrong(format!("does not report its free space ({why})"), advice))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let found = format!("{} free", bytes(free));
    if free < FREE_BYTES_MIN { Err(wrong(found, advice)) } else { Ok(found) }
}

fn database(data: &Path) -> Finding {
    let size = |name: &str| fs::metadata(data.join(name)).map(|file| file.len());
    let whole = size("standin.db")
        .map_err(|why| wrong(format!("standin.db is not there ({why})"), "name the data folder with --data"))?;
    let log = size("standin.db-wal").unwrap_or_default();
    let found = format!("{}, and {} in its log", bytes(whole), bytes(log));
    match log > LOG_BYTES_MAX {
        true => Err(wrong(found, "end whatever else reads the database for long, then restart the server")),
        false => Ok(found),
    }
}

fn schema(state: &FolderReport) -> Finding {
    let FolderReport { schema, schema_known, .. } = *state;
    if schema > schema_known {
        let found = format!("version {schema}, and this program knows {schema_known}");
        return Err(wrong(found, "run the program that wrote it, or restore a backup made by this one"));
    }
    Ok(match schema == schema_known {
        true => format!("version {schema}, as this program knows it"),
        false => format!("version {schema}; the next start makes it {schema_known}"),
    })
}

fn pages(state: &FolderReport) -> Finding {
    match (state.is_sound, &state.wrong) {
        (Some(true), _) => Ok("all sound".to_owned()),
        (Some(false), said) => {
            let found = format!("damaged ({})", said.as_deref().unwrap_or("without a message"));
            Err(wrong(found, "stop the server, keep a copy of the folder, and restore the last backup"))
        }
        (None, _) => Ok("sound as far as was read within 10 s".to_owned()),
    }
}

fn pictures((pictures, orphans, missing): (u64, u64, u64)) -> Finding {
    let left = match orphans {
        0 => String::new(),
        n => format!("; {n} without a row, on their way or gone at the next start"),
    };
    match missing {
        0 => Ok(format!("{pictures} kept{left}")),
        n => Err(wrong(
            format!("{pictures} kept, and the files of {n} of them are not there{left}"),
            "restore the folder `pictures` from a backup, or let these users upload anew",
        )),
    }
}

fn key(settings: &Settings, runs: bool, state: &FolderReport) -> Finding {
    let place = match (&settings.server_key, settings.data.join("server.key").exists()) {
        (Some(_), _) => "given by the settings",
        (None, true) => "in server.key, in the same folder as the data that it encrypts",
        (None, false) if runs => "given to the server, and not in the folder",
        (None, false) => "not found",
    };
    match state.key_fits {
        Some(true) => Ok(format!("{place}; it is this database's")),
        Some(false) => Err(wrong(format!("{place}; it is another database's"), "give back the key of this folder")),
        None => Err(wrong(place, "put it back as server.key, or give it as STANDIN_SERVER_KEY")),
    }
}

fn clock(state: &FolderReport) -> Finding {
    match state.clock_behind_s {
        behind if behind > CLOCK_BEHIND_S_MAX => Err(wrong(
            format!("{behind} s behind the latest that is stored"),
            "set it right (timedatectl set-ntp true): tickets and sessions live too long otherwise",
        )),
        _ => Ok("not behind what is stored".to_owned()),
    }
}

fn bytes(bytes: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}
