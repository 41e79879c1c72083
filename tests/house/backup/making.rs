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
    Shelf, digests, done, json_of, lived_in, run, said,
};

/// Clients that write without a pause.
const WRITERS: usize = 8;

/// What the writers know to be stored, and how long each write took.
#[derive(Default)]
struct Diary {
    /// The highest number that was acknowledged as somebody's name.
    numbers: RefCell<HashMap<String, u32>>,
    waits: RefCell<Vec<Duration>>,
    is_over: Cell<bool>,
}

/// Renames one user after the other; each eighth write brings a new picture.
async fn write(house: &Standin, token: &str, writer: usize, diary: &Diary) {
    for number in 1.. {
        let id = format!("user{writer}.{}", number % 4);
        let form = form(&[("userIdentifier", &id), ("nickname", &number.to_string())]);
        let form = match number % 8 {
            0 => form.part("profileFile", Part::bytes(photo::jpeg(64, 48)).file_name("a.jpg")),
            _ => form,
        };
        let begun = Instant::now();
        let answer = house.create_user_with(token, form).await;
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

#[expect(
    clippy::print_stderr,
    reason = "what the writers felt of the backup is told, not judged: the machine is shared"
)]
#[actix_web::test]
async fn promise_09_what_was_acknowledged_before_a_backup_began_is_in_it_while_writers_go_on() {
    let (house, mut other, shelf) = (Standin::fresh().await, Standin::fresh().await, Shelf::new());
    let token = house.back_end_token().await;
    let diary = Diary::default();
    let before = RefCell::new(HashMap::new());
    let backup = async {
        wait_until(|| diary.waits.borrow().len() >= 100).await;
        let quiet = p99(diary.waits.take());
        *before.borrow_mut() = diary.numbers.borrow().clone();
        let (data, file) = (house.data(), shelf.file().to_owned());
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
    join(join_all((0..WRITERS).map(|writer| write(&house, &token, writer, &diary))), backup).await;

    other.terminate();
    done(&other.data(), &["restore", shelf.file(), "--replace"]);
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
    let (house, shelf) = (lived_in().await, Shelf::new());
    let made = json_of(&house.data(), &["backup", shelf.file()]);
    assert_eq!(shelf.names(), ["house.tar"]);
    assert_eq!(fs::metadata(&shelf.file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(house.incoming_on_disk(), Vec::<String>::new());
    let manifest = &made["manifest"];
    let counts = json!({ "apps": 1, "users": 3, "pictures": 2, "contacts": 0, "administrators": 0, "messages": 0 });
    assert_eq!((&manifest["counts"], &manifest["has_key"]), (&counts, &json!(true)));
    assert_eq!(manifest["listing"]["members"], 2 + 2 * 6, "the key, the database, six files a picture");
    assert_eq!(made["bytes"], fs::metadata(&shelf.file).unwrap().len());
    assert_eq!(json_of(&house.data(), &["backup", "verify", shelf.file()])["manifest"], *manifest);
}

#[actix_web::test]
async fn any_tar_takes_it_apart() {
    let (house, shelf) = (lived_in().await, Shelf::new());
    done(&house.data(), &["backup", shelf.file()]);
    let out = shelf.folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let tar = Command::new("tar").arg("xf").arg(&shelf.file).arg("-C").arg(&out).status().unwrap();
    assert!(tar.success());
    assert_eq!(digests(&out.join("pictures")), digests(&house.data().join("pictures")));
    assert_eq!(fs::read(out.join("server.key")).unwrap(), fs::read(house.data().join("server.key")).unwrap());
    let sums = Command::new("sha256sum").args(["-c", "--quiet", "manifest.json.sha256"]).current_dir(&out).status();
    assert!(sums.unwrap().success());
}

#[actix_web::test]
async fn without_key_it_holds_no_key_and_still_names_it() {
    let (house, shelf) = (lived_in().await, Shelf::new());
    let with = json_of(&house.data(), &["backup", shelf.file()]);
    let key = fs::read(house.data().join("server.key")).unwrap();
    let holds_key = |file: &Path| fs::read(file).unwrap().windows(key.len()).any(|bytes| bytes == key);
    assert!(holds_key(&shelf.file));
    let without = json_of(&house.data(), &["backup", shelf.file(), "--overwrite", "--without-key"]);
    assert!(!holds_key(&shelf.file));
    assert_eq!(without["manifest"]["key_fingerprint"], with["manifest"]["key_fingerprint"]);
    assert_eq!(without["manifest"]["has_key"], false);
}

#[actix_web::test]
async fn a_file_that_is_there_is_replaced_only_when_told() {
    let (house, shelf) = (Standin::fresh().await, Shelf::new());
    fs::write(&shelf.file, "dear to somebody").unwrap();
    let (code, said) = run(&house.data(), &["backup", shelf.file()], &[]);
    assert_eq!((code, said.contains("--overwrite")), (Some(1), true), "{said}");
    assert_eq!(fs::read(&shelf.file).unwrap(), b"dear to somebody");
    done(&house.data(), &["backup", shelf.file(), "--overwrite"]);
    done(&house.data(), &["backup", "verify", shelf.file()]);
}

#[actix_web::test]
async fn it_is_made_of_a_folder_that_nobody_serves() {
    let (mut house, shelf) = (lived_in().await, Shelf::new());
    house.terminate();
    assert_eq!(json_of(&house.data(), &["backup", shelf.file()])["manifest"]["counts"]["users"], 3);
    house.restart();
    assert_eq!(house.user_profile("ada").await.status, 200);
}

#[actix_web::test]
async fn only_the_control_socket_gives_one() {
    let house = Standin::demo().await;
    let session = send(house.call(Method::POST, "/standin/v1/session/demo").header("Origin", house.base())).await;
    let cookie = session.header("set-cookie").map(|cookie| cookie.split(';').next().unwrap().to_owned());
    let cookie = cookie.unwrap_or_else(|| panic!("a demo lets anybody sign in: {session:?}"));
    let csrf = session.json()["csrf"].as_str().unwrap().to_owned();
    let call = house.call(Method::POST, "/standin/v1/backup").header("Origin", house.base()).header("Cookie", cookie);
    let answer = send(call.header("X-Standin-CSRF", csrf).json(&json!({ "with_key": true }))).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

/// A backup command that has begun to wait for its first byte.
async fn begun(house: &Standin, shelf: &Shelf) -> (Child, PathBuf) {
    let mut command = standin(&house.data());
    let child = command.args(["backup", shelf.file()]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let partial = shelf.folder.path().join(".house.tar.partial");
    wait_until(|| partial.exists()).await;
    (child, partial)
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").arg(signal).arg(child.id().to_string()).status().unwrap().success());
}

#[actix_web::test]
async fn one_that_is_interrupted_leaves_nothing() {
    let (mut house, shelf) = (lived_in().await, Shelf::new());
    let (child, _) = begun(&house, &shelf).await;
    signal(&child, "-TERM");
    let (code, told) = said(&child.wait_with_output().unwrap());
    assert_eq!((code, shelf.names()), (Some(1), Vec::new()), "{told}");
    wait_until(|| house.incoming_on_disk().is_empty()).await;

    // Killed, it can remove nothing; the next one does.
    let (mut child, partial) = begun(&house, &shelf).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(partial.exists() && !shelf.file.exists());
    wait_until(|| house.incoming_on_disk().is_empty()).await;
    done(&house.data(), &["backup", shelf.file()]);
    assert_eq!(shelf.names(), ["house.tar"]);
    fs::remove_file(&shelf.file).unwrap();

    // A server that dies takes its backup along, and the next start cleans up.
    let (child, _) = begun(&house, &shelf).await;
    house.kill();
    let (code, told) = said(&child.wait_with_output().unwrap());
    assert_eq!((code, shelf.names()), (Some(4), Vec::new()), "{told}");
    house.restart();
    assert_eq!(house.incoming_on_disk(), Vec::<String>::new());
    done(&house.data(), &["backup", shelf.file()]);
}

#[actix_web::test]
async fn a_file_that_the_disk_has_lost_is_named_and_costs_nobody_the_rest() {
    let (house, shelf) = (lived_in().await, Shelf::new());
    let gone = digests(&house.data().join("pictures")).into_keys().find(|name| name.ends_with("/192")).unwrap();
    fs::remove_file(house.data().join("pictures").join(&gone)).unwrap();
    assert_eq!(json_of(&house.data(), &["backup", shelf.file()])["manifest"]["files_lost"], 1);
    let verified = json_of(&house.data(), &["backup", "verify", shelf.file()]);
    assert_eq!(verified["lost"], json!([format!("pictures/{gone}")]));
    let told = done(&shelf.elsewhere(), &["restore", shelf.file()]);
    assert!(told.contains(&gone), "{told}");
    assert_eq!(digests(&shelf.elsewhere().join("pictures")), digests(&house.data().join("pictures")));
}
