//! The server as a process: it starts, stops, is killed, and guards its folder.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::json;

use super::standin::{Standin, standin};

#[actix_web::test]
async fn acknowledged_writes_survive_a_kill_and_a_restart() {
    let mut server = Standin::fresh().await;
    let token = server.back_end_token().await;
    server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "p" })).await;
    server.kill();
    server.restart();
    assert_eq!(server.user_profile("u1").await.status, 200);
    assert_eq!(server.create_user(&token, &[("userIdentifier", "u2")]).await.status, 200, "tokens outlive the process");
}

#[actix_web::test]
async fn a_stopped_server_ends_with_exit_code_0() {
    let mut server = Standin::fresh().await;
    assert_eq!(server.terminate(), Some(0));
    assert!(!server.data().join("standin.sock").exists());
    for _ in 0..5 {
        server.restart();
        assert_eq!(server.terminate(), Some(0), "the moment it says that it listens");
    }
}

#[actix_web::test]
async fn a_folder_of_another_user_is_refused_and_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("home");
    fs::create_dir_all(data.join("incoming/letters")).unwrap();
    fs::write(data.join("incoming/letters/one"), b"mine").unwrap();
    fs::write(data.join("notes.txt"), b"mine").unwrap();
    let mode = fs::metadata(&data).unwrap().permissions();
    for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["app", "list"]] {
        let output = standin(&data).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
    }
    assert_eq!(fs::read(data.join("incoming/letters/one")).unwrap(), b"mine");
    assert_eq!(fs::metadata(&data).unwrap().permissions(), mode);
    assert_eq!(fs::read_dir(&data).unwrap().count(), 2, "nothing was added");
}

#[actix_web::test]
async fn a_command_creates_no_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let output = standin(&data).args(["user", "list"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.contains("There is no database in")), (Some(3), true), "{said}");
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
    fs::create_dir(data.join("demo")).unwrap();
    fs::write(data.join("demo/standin.db"), "").unwrap();
    let output = standin(&data).args(["app", "show", "--secrets"]).output().unwrap();
    let demo = data.join("demo").display().to_string();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("There is one of a demo in {demo}: name it with --data {demo}, or")), "{said}");
}

#[actix_web::test]
async fn the_log_names_every_request_and_no_query_secret() {
    let server = Standin::fresh().await;
    server.get("/api/v2.1/rest/get_user_list?token=tell-nobody&page=1").await;
    server.get("/").await;
    server.logged("GET /api/v2.1/rest/get_user_list?token=***&page=1 400").await;
    server.logged("GET / 200").await;
    assert!(!server.log().contains("tell-nobody"), "{}", server.log());
}

#[actix_web::test]
async fn the_server_raises_its_limit_of_open_files_to_the_systems() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut shell = Command::new("sh");
    let script =
        format!("ulimit -Sn 256; ulimit -Hn 4000; exec {} serve --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_standin"));
    shell.args(["-c", &script]).env_clear().env("PATH", "/usr/bin:/bin").env("STANDIN_DATA", &data);
    let mut child = shell.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.find(|line| line.contains("files and sockets may be open at one time"));
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.is_some_and(|line| line.contains(" up to 4000 files and sockets ")));
    let open_files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(open_files.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["4000", "4000"]);
}

const HANGUP: u32 = 1;
const USER_1: u32 = 10;
const USER_2: u32 = 12;

/// The longest wait for what a process does at once.
const WAIT: Duration = Duration::from_secs(20);

fn signal(process: u32, number: u32) {
    let kill = Command::new("kill").arg(format!("-{number}")).arg(process.to_string()).status().unwrap();
    assert!(kill.success());
}

/// Whether a process has a handler for a signal. Only this tells it from one that ignores the signal because its parent did: under
/// `nohup`, every process survives a SIGHUP.
fn catches(process: u32, number: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() >> (number - 1) & 1 == 1
}

#[actix_web::test]
async fn sighup_without_tls_reads_the_log_level_again_and_never_ends_the_process() {
    let mut server = Standin::fresh().await;
    for number in [HANGUP, USER_1, USER_2] {
        assert!(catches(server.pid(), number), "{number}");
    }
    signal(server.pid(), HANGUP);
    server.logged("the settings were read again: the log level stays info").await;
    let settings = server.data().with_file_name("standin.toml");
    fs::write(&settings, "log = \"debug\"\n").unwrap();
    signal(server.pid(), HANGUP);
    server.logged("the log level is debug, it was info").await;
    server.get("/healthz").await;
    server.logged("DEBUG GET /healthz").await;
    for (broken, said) in [("log = \"loud\"\n", "log"), ("log = \n", "standin.toml"), ("logg = \"info\"\n", "logg")] {
        fs::write(&settings, broken).unwrap();
        let before = server.log().len();
        signal(server.pid(), HANGUP);
        let begun = Instant::now();
        let refused = "could not be read again, so the former ones stay: ";
        while !server.log()[before..].contains(refused) {
            assert!(begun.elapsed() < WAIT, "{}", server.log());
            actix_web::rt::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(server.log()[before..].contains(said), "{}", server.log());
    }
    fs::write(&settings, "log = \"error\"\n").unwrap();
    signal(server.pid(), HANGUP);
    server.logged("the log level is error, it was debug").await;
    server.get("/not-logged").await;
    fs::remove_file(&settings).unwrap();
    signal(server.pid(), HANGUP);
    server.logged("the log level is info, it was error").await;
    for (number, name) in [(USER_1, "SIGUSR1"), (USER_2, "SIGUSR2")] {
        signal(server.pid(), number);
        server.logged(&format!("{name} was ignored")).await;
    }
    assert!(server.lives() && !server.log().contains("/not-logged"), "{}", server.log());
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.terminate(), Some(0));
}

#[actix_web::test]
async fn sighup_before_the_server_is_ready_does_not_end_it() {
    let mut server = Standin::fresh().await;
    server.terminate();
    // A start waits up to five seconds for a database that another program holds.
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut child = standin(&server.data());
    child.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let begun = Instant::now();
    while !catches(child.id(), HANGUP) {
        assert!(begun.elapsed() < WAIT && child.try_wait().unwrap().is_none(), "it listens for nothing yet");
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(child.id(), HANGUP);
    database.execute_batch("ROLLBACK").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let served = lines.any(|line| line.contains("the settings were read again"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(served);
}
