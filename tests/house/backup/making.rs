//! How a backup is made: while it serves, whole or not at all, for its owner alone.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all};
use reqwest::{Method, multipart::Part};
use serde_json::json;

use super::{
    super::{
        photo,
        standin::{Standin, form, send, standin},
    },
    Fixture, digests, done, json_of, lived_in, run, said,
};

/// Clients that write without a pause.
const WRITERS: usize = 8;

/// What the writers know to be stored, and how long each write took.
#[derive(Default)]
struct Diary {
    /// The highest number that was acknowledged as a user's name.
    numbers: RefCell<HashMap<String, u32>>,
    waits: RefCell<Vec<Duration>>,
    is_over: Cell<bool>,
}

/// Renames one user after the other; each eighth write brings a new picture.
async fn write(server: &Standin, token: &str, writer: usize, diary: &Diary) {
    for number in 1.. {
        let id = format!("user{writer}.{}", number % 4);
        let form = form(&[("userIdentifier", &id), ("nickname", &number.to_string())]);
        let form = match number % 8 {
            0 => form.part("profileFile", Part::bytes(photo::jpeg(64, 48)).file_name("a.jpg")),
            _ => form,
        };
        let begun = Instant::now();
        let answer = server.create_user_with(token, form).await;
        // A user's uploads have a bound of their own: ten a minute.
        let is_limited = answer.status == 429;
        assert!(answer.status == 200 || is_limited, "{answer:?}");
        if !is_limited {
            diary.waits.borrow_mut().push(begun.elapsed());
            diary.numbers.borrow_mut().insert(id, number);
        }
        if diary.is_over.get() {
            return;
        }
    }
}

fn p99(mut waits: Vec<Duration>) -> Duration {
    waits.sort();
    waits[waits.len() * 99 / 100]
}

async fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came to be");
        actix_web::rt::time::sleep(Duration::from_millis(1)).await;
    }
}

#[expect(clippy::print_stderr, reason = "the writers' delay is printed, not checked: the machine is shared")]
#[actix_web::test]
async fn promise_09_a_backup_contains_every_write_acknowledged_before_it_began_while_writes_continue() {
    let (server, mut other, fixture) = (Standin::fresh().await, Standin::fresh().await, Fixture::new());
    let token = server.back_end_token().await;
    let diary = Diary::default();
    let before = RefCell::new(HashMap::new());
    let backup = async {
        wait_until(|| diary.waits.borrow().len() >= 100).await;
        let quiet = p99(diary.waits.take());
        *before.borrow_mut() = diary.numbers.borrow().clone();
        let (data, file) = (server.data(), fixture.file().to_owned());
        let command = actix_web::rt::task::spawn_blocking(move || run(&data, &["backup", &file], &[]));
        let (code, said) = command.await.unwrap();
        assert_eq!(code, Some(0), "{said}");
        let waits = diary.waits.take();
        assert!(waits.len() >= 2 * WRITERS, "writes stood still during the backup: {} were answered", waits.len());
        eprintln!(
            "p99 of a write: {quiet:?} before, {:?} during the backup ({} writes)",
            p99(waits.clone()),
            waits.len()
        );
        diary.is_over.set(true);
    };
    join(join_all((0..WRITERS).map(|writer| write(&server, &token, writer, &diary))), backup).await;

    other.terminate();
    done(&other.data(), &["restore", fixture.file(), "--replace"]);
    other.restart();
    let before = before.into_inner();
    assert!(before.len() > WRITERS, "too few to prove anything");
    for (id, acknowledged) in &before {
        let user = other.user_profile(id).await.json()["results"]["user"].clone();
        let stored: u32 = user["username"].as_str().unwrap_or_else(|| panic!("{id} is lost")).parse().unwrap();
        assert!(stored >= *acknowledged, "{id} is {stored}, and {acknowledged} was acknowledged");
        let address = user["avatar_url"].as_str().unwrap().strip_prefix(other.base()).unwrap();
        assert_eq!(other.get(address).await.status, 200, "the picture of {id}");
    }
}

#[actix_web::test]
async fn it_is_for_its_owner_alone_and_leaves_nothing_beside_it() {
    let (server, fixture) = (lived_in().await, Fixture::new());
    let made = json_of(&server.data(), &["backup", fixture.file()]);
    assert_eq!(fixture.names(), ["house.tar"]);
    assert_eq!(fs::metadata(&fixture.file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(server.incoming_on_disk(), Vec::<String>::new());
    let manifest = &made["manifest"];
    let counts = json!({ "apps": 1, "users": 3, "pictures": 2, "contacts": 0, "administrators": 0, "messages": 0 });
    assert_eq!((&manifest["counts"], &manifest["has_key"]), (&counts, &json!(true)));
    assert_eq!(manifest["listing"]["members"], 2 + 2 * 6, "the key, the database, six files a picture");
    assert_eq!(made["bytes"], fs::metadata(&fixture.file).unwrap().len());
    assert_eq!(json_of(&server.data(), &["backup", "verify", fixture.file()])["manifest"], *manifest);
}

#[actix_web::test]
async fn any_tar_program_unpacks_a_backup() {
    let (server, fixture) = (lived_in().await, Fixture::new());
    done(&server.data(), &["backup", fixture.file()]);
    let out = fixture.folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let tar = Command::new("tar").arg("xf").arg(&fixture.file).arg("-C").arg(&out).status().unwrap();
    assert!(tar.success());
    assert_eq!(digests(&out.join("pictures")), digests(&server.data().join("pictures")));
    assert_eq!(fs::read(out.join("server.key")).unwrap(), fs::read(server.data().join("server.key")).unwrap());
    let sums = Command::new("sha256sum").args(["-c", "--quiet", "manifest.json.sha256"]).current_dir(&out).status();
    assert!(sums.unwrap().success());
}

#[actix_web::test]
async fn without_key_it_holds_no_key_and_still_names_it() {
    let (server, fixture) = (lived_in().await, Fixture::new());
    let with = json_of(&server.data(), &["backup", fixture.file()]);
    let key = fs::read(server.data().join("server.key")).unwrap();
    let holds_key = |file: &Path| fs::read(file).unwrap().windows(key.len()).any(|bytes| bytes == key);
    assert!(holds_key(&fixture.file));
    let without = json_of(&server.data(), &["backup", fixture.file(), "--overwrite", "--without-key"]);
    assert!(!holds_key(&fixture.file));
    assert_eq!(without["manifest"]["key_fingerprint"], with["manifest"]["key_fingerprint"]);
    assert_eq!(without["manifest"]["has_key"], false);
}

#[actix_web::test]
async fn an_existing_file_is_replaced_only_with_overwrite() {
    let (server, fixture) = (Standin::fresh().await, Fixture::new());
    fs::write(&fixture.file, "dear to somebody").unwrap();
    let (code, said) = run(&server.data(), &["backup", fixture.file()], &[]);
    assert_eq!((code, said.contains("--overwrite")), (Some(1), true), "{said}");
    assert_eq!(fs::read(&fixture.file).unwrap(), b"dear to somebody");
    done(&server.data(), &["backup", fixture.file(), "--overwrite"]);
    done(&server.data(), &["backup", "verify", fixture.file()]);
}

#[actix_web::test]
async fn a_backup_is_made_of_a_folder_without_a_running_server() {
    let (mut server, fixture) = (lived_in().await, Fixture::new());
    server.terminate();
    assert_eq!(json_of(&server.data(), &["backup", fixture.file()])["manifest"]["counts"]["users"], 3);
    server.restart();
    assert_eq!(server.user_profile("ada").await.status, 200);
}

#[actix_web::test]
async fn a_backup_is_made_only_over_the_control_socket() {
    let server = Standin::demo().await;
    let session = send(server.call(Method::POST, "/standin/v1/session/demo").header("Origin", server.base())).await;
    let cookie = session.header("set-cookie").map(|cookie| cookie.split(';').next().unwrap().to_owned());
    let cookie = cookie.unwrap_or_else(|| panic!("a demo lets anybody sign in: {session:?}"));
    let csrf = session.json()["csrf"].as_str().unwrap().to_owned();
    let call = server.call(Method::POST, "/standin/v1/backup").header("Origin", server.base()).header("Cookie", cookie);
    let answer = send(call.header("X-Standin-CSRF", csrf).json(&json!({ "with_key": true }))).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

/// A backup command that has begun to wait for its first byte.
async fn begun(server: &Standin, fixture: &Fixture) -> (Child, PathBuf) {
    let mut command = standin(&server.data());
    let child = command.args(["backup", fixture.file()]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let partial = fixture.folder.path().join(".house.tar.partial");
    wait_until(|| partial.exists()).await;
    (child, partial)
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").arg(signal).arg(child.id().to_string()).status().unwrap().success());
}

#[actix_web::test]
async fn an_interrupted_backup_leaves_no_file() {
    let (mut server, fixture) = (lived_in().await, Fixture::new());
    let (child, _) = begun(&server, &fixture).await;
    signal(&child, "-TERM");
    let (code, reported) = said(&child.wait_with_output().unwrap());
    assert_eq!((code, fixture.names()), (Some(1), Vec::new()), "{reported}");
    wait_until(|| server.incoming_on_disk().is_empty()).await;

    // Killed, it can remove nothing; the next one does.
    let (mut child, partial) = begun(&server, &fixture).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(partial.exists() && !fixture.file.exists());
    wait_until(|| server.incoming_on_disk().is_empty()).await;
    done(&server.data(), &["backup", fixture.file()]);
    assert_eq!(fixture.names(), ["house.tar"]);
    fs::remove_file(&fixture.file).unwrap();

    // A server that dies takes its backup along, and the next start cleans up.
    let (child, _) = begun(&server, &fixture).await;
    server.kill();
    let (code, reported) = said(&child.wait_with_output().unwrap());
    assert_eq!((code, fixture.names()), (Some(4), Vec::new()), "{reported}");
    server.restart();
    assert_eq!(server.incoming_on_disk(), Vec::<String>::new());
    done(&server.data(), &["backup", fixture.file()]);
}

#[actix_web::test]
async fn a_picture_file_missing_on_the_disk_is_named_and_the_backup_continues() {
    let (server, fixture) = (lived_in().await, Fixture::new());
    let gone = digests(&server.data().join("pictures")).into_keys().find(|name| name.ends_with("/192")).unwrap();
    fs::remove_file(server.data().join("pictures").join(&gone)).unwrap();
    assert_eq!(json_of(&server.data(), &["backup", fixture.file()])["manifest"]["files_lost"], 1);
    let verified = json_of(&server.data(), &["backup", "verify", fixture.file()]);
    assert_eq!(verified["lost"], json!([format!("pictures/{gone}")]));
    let reported = done(&fixture.elsewhere(), &["restore", fixture.file()]);
    assert!(reported.contains(&gone), "{reported}");
    assert_eq!(digests(&fixture.elsewhere().join("pictures")), digests(&server.data().join("pictures")));
}
