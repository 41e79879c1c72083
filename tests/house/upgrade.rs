//! Upgrades: a data folder of every schema that ever landed opens, and what it holds is answered as by the program that made it.
//!
//! The folders in `upgrade/` were made by `upgrade/make.py` with binaries of these commits, each the last at which its schema was the
//! newest: 0001 c41f022, 0002 a0b2daf, 0003 c7a833b, 0004 17f2b8e, 0005 d37a189, 0006 7facc40, 0007 1c1f455, 0008 26304f0; 0009
//! to 0013 by the programs they landed with, 0014 by 26514c1. A schema that lands brings its own.

use std::{
    collections::BTreeSet,
    fs::{self, File, Permissions},
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Output,
};

use flate2::read::GzDecoder;
use reqwest::Method;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{
    promises::{
        assert_is_whole,
        shim::{ALL, CUT, ENOSPC, Faults, KILLED, MAKE, WRITE},
    },
    standin::{Standin, send, standin},
    user_sig::{now_s, signed},
};

/// What `make.py` gave the app; at today's start it is given nothing, so the database's own, sealed, must do.
const APP_ID: &str = "oldapp";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PASSWORD: &str = "an old password";
const SDK_APP_ID: u32 = 1_400_000_002;
const NOTHING_GIVEN: [(&str, &str); 4] =
    [("STANDIN_APP_ID", ""), ("STANDIN_APP_SECRET", ""), ("STANDIN_LICENSE_KEY", ""), ("STANDIN_APP_PASSWORD", "")];

/// Where a kill is tried in a migration: rounds, each at another call on a file.
const KILLS: i64 = 20;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/house/upgrade")
}

/// The numbers of the schema files, in order.
fn landed() -> Vec<String> {
    let schema = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sqlite/schema")).unwrap();
    let files: BTreeSet<String> = schema.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.iter().map(|file| file[..4].to_owned()).collect()
}

fn number(version: &str) -> i64 {
    version.parse().unwrap()
}

/// `data`, as a Standin of that version left it.
fn folder_of(version: &str) -> TempDir {
    let (folder, kept) = (tempfile::tempdir().unwrap(), fixtures().join(version));
    let data = folder.path().join("data");
    copy(&kept.join("pictures"), &data.join("pictures"));
    fs::copy(kept.join("server.key"), data.join("server.key")).unwrap();
    let mut database = Vec::new();
    let packed = File::open(kept.join("standin.db.gz"));
    let packed = packed.unwrap_or_else(|_| panic!("tests/house/upgrade/make.py makes the fixture of {version}"));
    GzDecoder::new(packed).read_to_end(&mut database).unwrap();
    fs::write(data.join("standin.db"), database).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, to) = (entry.as_ref().unwrap(), to.join(entry.as_ref().unwrap().file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The schema version of a file, and its statements, once SQLite finds no fault in it.
fn schema(database: &Path) -> (i64, Vec<String>) {
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let integrity: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    assert!(!database.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
    let mut statements = database.prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name").unwrap();
    let statements = statements.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    (database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap(), statements)
}

/// The names of copies of the database beside it.
fn copies(data: &Path) -> Vec<String> {
    let names = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("before")).collect()
}

#[actix_web::test]
async fn promise_11_a_folder_of_every_landed_schema_opens_and_answers_as_before() {
    let newest = landed().pop().unwrap();
    for version in landed() {
        let (folder, kept) = (folder_of(&version), fixtures().join(&version));
        let old = schema(&folder.path().join("data/standin.db"));
        assert_eq!(old.0, number(&version));
        let mut server = Standin::over(folder, &NOTHING_GIVEN).await;
        let reported: Value = serde_json::from_slice(&fs::read(kept.join("answers.json")).unwrap()).unwrap();
        answers_as_before(&server, &reported, &version).await;
        serves_the_pictures(&server, &kept.join("pictures")).await;
        assert_is_whole(&server.data());
        assert_eq!(schema(&server.data().join("standin.db")).0, number(&newest));
        let copy = server.data().join(format!("standin.db.before-{newest}"));
        match version == newest {
            true => assert_eq!(copies(&server.data()), Vec::<String>::new()),
            false => {
                assert_eq!(schema(&copy), old, "the copy is the database as it was");
                assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o7777, 0o600);
            }
        }
        let copied = copies(&server.data());
        assert_eq!(server.terminate(), Some(0));
        server.restart();
        assert_eq!(copies(&server.data()), copied, "nothing is changed twice");
        answers_as_before(&server, &reported, &version).await;
    }
}

async fn answers_as_before(server: &Standin, reported: &Value, version: &str) {
    let (token, issued) = (reported["user_token"].as_str().unwrap(), reported["issued_password"].as_str().unwrap());
    let signed_in = async |username: &str, password: &str| {
        let said = server.sign_in(username, password).await.json();
        said["data"]["token"].as_str().unwrap_or_else(|| panic!("{version}, {username}: {said}")).to_owned()
    };
    let (back_end, cyn) = (signed_in("administrator", PASSWORD).await, signed_in("cyn", issued).await);
    let sig = signed(SECRET, SDK_APP_ID, "administrator", now_s(), 3600);
    let mine = server.call(Method::GET, "/api/v2/sdk/my_profile");
    let mine = send(mine.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-TOKEN", token)).await.json();
    assert_eq!(mine["results"]["user"]["username"], "Ada", "{version}: the token of then is one still");
    for asked in reported["answers"].as_array().unwrap() {
        let (path, method) = (asked["path"].as_str().unwrap(), asked["method"].as_str().unwrap().parse().unwrap());
        let call = match asked["as"].as_str().unwrap() {
            "qiscus" => {
                server.call(method, path).header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-SECRET", SECRET)
            }
            "token" => server.call(method, path).header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-TOKEN", token),
            "back_end" => server.call(method, path).header("Authorization", &back_end),
            "cyn" => server.call(method, path).header("Authorization", &cyn),
            _ => server.call(
                method,
                &format!("/v4/{path}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}&random=1"),
            ),
        };
        let call = if asked["body"].is_null() { call } else { call.json(&asked["body"]) };
        let now = String::from_utf8(send(call).await.bytes).unwrap().replace(server.base(), "http://BASE");
        let now: Value = serde_json::from_str(&now).unwrap();
        assert!(holds(&now, &asked["answer"]), "{version}, {path}\nthen {}\nnow  {now}", asked["answer"]);
    }
}

/// Whether an answer says all that another said. A later version may say more.
fn holds(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            // Before Qiscus' clients had events to read, the number of the last one was 0.
            let is_new = |name: &str, then: &Value| name == "last_sync_event_id" && *then == 0;
            then.iter().all(|(name, then)| now.get(name).is_some_and(|now| is_new(name, then) || holds(now, then)))
        }
        (Value::Array(now), Value::Array(then)) => {
            now.len() == then.len() && now.iter().zip(then).all(|(now, then)| holds(now, then))
        }
        (now, then) => now == then,
    }
}

async fn serves_the_pictures(server: &Standin, kept: &Path) {
    let mut served = 0;
    for shard in fs::read_dir(kept).unwrap() {
        for picture in fs::read_dir(shard.unwrap().path()).unwrap() {
            let picture = picture.unwrap().path();
            for file in fs::read_dir(&picture).unwrap() {
                let file = file.unwrap().path();
                let (key, name) =
                    (picture.file_name().unwrap().to_str().unwrap(), file.file_name().unwrap().to_str().unwrap());
                let answer = server.get(&format!("/pictures/upload/{key}/{name}")).await;
                assert_eq!((answer.status, answer.bytes), (200, fs::read(&file).unwrap()), "{file:?}");
                served += 1;
            }
        }
    }
    assert_eq!(served, 6);
}

#[actix_web::test]
async fn promise_11_the_newest_copy_is_kept() {
    let folder = folder_of("0004");
    let data = folder.path().join("data");
    for name in ["standin.db.before-0003", "standin.db.before-0006.new"] {
        fs::write(data.join(name), b"of an earlier change").unwrap();
    }
    let server = Standin::over(folder, &NOTHING_GIVEN).await;
    let newest = format!("standin.db.before-{}", landed().pop().unwrap());
    assert_eq!(copies(&data), std::slice::from_ref(&newest));
    server.logged(&format!("a copy of the former database is {}", data.join(newest).display())).await;
}

/// The digests of the database and its log, and of the key.
fn digests(data: &Path) -> Vec<Option<Vec<u8>>> {
    let digest = |name: &str| fs::read(data.join(name)).ok().map(|bytes| Sha256::digest(bytes).to_vec());
    ["standin.db", "standin.db-wal", "server.key"].map(digest).into()
}

#[actix_web::test]
async fn promise_11_a_folder_of_a_newer_version_is_refused_unchanged_with_the_remedy() {
    let newest = landed().pop().unwrap();
    let mut server = Standin::over(folder_of(&newest), &NOTHING_GIVEN).await;
    server.command(&["user", "create", "zoe"]);
    server.kill();
    let data = server.data();
    let database = Connection::open(data.join("standin.db")).unwrap();
    // What the newer version has not carried over yet stays in its log.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    database.pragma_update(None, "user_version", number(&newest) + 1).unwrap();
    drop(database);
    let before = digests(&data);
    assert!(before.iter().all(Option::is_some), "a database, a log, a key");
    for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["user", "list"]] {
        let output = standin(&data).args(words).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        let expected = format!(
            "The database {} was written by a newer Standin (its schema has version {}), and was left as it is: start that \
             Standin, or restore a backup made by this one.",
            data.join("standin.db").display(),
            number(&newest) + 1
        );
        assert!(said.contains(&expected), "{said}");
        assert_eq!(digests(&data), before);
        assert_eq!(copies(&data), Vec::<String>::new());
    }
}

/// Opens the folder of an old version with orders to its disk, by a command that ends by itself.
fn open_under(faults: &Faults, data: &Path) -> Output {
    standin(data).args(["user", "list"]).envs(faults.variables()).output().unwrap()
}

#[test]
fn promise_11_a_kill_during_a_migration_leaves_the_old_or_the_new_schema() {
    let (oldest, newest) = (landed().remove(0), landed().pop().unwrap());
    let whole = folder_of(&oldest);
    let old = schema(&whole.path().join("data/standin.db"));
    let faults = Faults::beneath(&whole.path().join("data"));
    faults.count(ALL);
    assert!(open_under(&faults, &whole.path().join("data")).status.success());
    let new = schema(&whole.path().join("data/standin.db"));
    assert_eq!((old.0, new.0), (number(&oldest), number(&newest)));
    let calls = faults.calls();
    assert!(calls > KILLS, "{calls}");
    let mut found = BTreeSet::new();
    for round in 0..KILLS {
        let folder = folder_of(&oldest);
        let data = folder.path().join("data");
        let faults = Faults::beneath(&data);
        faults.fail(1 + calls * round / KILLS, ALL, KILLED, false);
        assert_eq!(open_under(&faults, &data).status.code(), None, "killed in round {round}");
        let between = schema(&data.join("standin.db"));
        assert!(between == old || between == new, "round {round}: {}", between.0);
        found.insert(between.0);
        let output = standin(&data).args(["user", "list"]).output().unwrap();
        assert!(output.status.success() && String::from_utf8(output.stdout).unwrap().contains("bob@example.com"));
        assert_eq!(schema(&data.join("standin.db")), new);
        if let Some(copy) = copies(&data).first() {
            assert_eq!((schema(&data.join(copy)), copies(&data).len()), (old.clone(), 1));
        }
    }
    assert_eq!(found, BTreeSet::from([old.0, new.0]), "kills before and after the change");
}

#[test]
fn promise_11_without_disk_space_for_the_copy_nothing_changes_and_the_error_says_why() {
    let oldest = landed().remove(0);
    let mut reasons = BTreeSet::new();
    let mut nth = 1;
    loop {
        let folder = folder_of(&oldest);
        let data = folder.path().join("data");
        fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
        let (faults, before) = (Faults::beneath(&data), digests(&data));
        faults.fail(nth, WRITE | MAKE | CUT, ENOSPC, true);
        let output = open_under(&faults, &data);
        if output.status.success() {
            break;
        }
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("room"), "{said}");
        if said.contains("no room for the copy") {
            assert!(said.contains("Nothing was changed.") && said.contains("bytes beside it"), "{said}");
            assert_eq!(digests(&data)[0], before[0]);
            assert_eq!(copies(&data), Vec::<String>::new());
        }
        reasons.insert(said.split('(').next().unwrap().contains("no room for the copy"));
        assert!(standin(&data).args(["user", "list"]).output().unwrap().status.success(), "once there is room");
        nth += 1 + nth / 3;
    }
    assert!(reasons.contains(&true), "{reasons:?}");
}
