//! What lies on the disk and in memory: modes of files whatever the umask, and no core file.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use reqwest::{Client, multipart};
use serde_json::json;

use crate::{
    photo,
    standin::{ACCOUNT_PASSWORD, APP_ID, LICENSE_KEY, SECRET, Standin, form, send, standin},
};

/// A server that is killed with this value.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server under a shell's orders, and waits for its address.
fn under(orders: &str, data: &Path) -> (Killed, String) {
    let mut command = Command::new("sh");
    let serve = format!("{orders}; exec \"$0\" serve --listen 127.0.0.1:0");
    command.args(["-c", &serve, env!("CARGO_BIN_EXE_standin")]).env_clear().env("STANDIN_DATA", data);
    command.env("STANDIN_APP_ID", APP_ID).env("STANDIN_APP_SECRET", SECRET).env("STANDIN_LICENSE_KEY", LICENSE_KEY);
    command.env("STANDIN_APP_PASSWORD", ACCOUNT_PASSWORD).current_dir(data.parent().unwrap());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| line.ok()?.split_once("listening on ").map(|(_, behind)| behind.to_owned()));
    let address = address.as_deref().and_then(|behind| behind.split_whitespace().next()).map(str::to_owned);
    // Whoever does not read on would stop the server once its pipe is full.
    std::thread::spawn(move || lines.for_each(drop));
    (Killed(child), address.unwrap().trim_end_matches('/').to_owned())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(entries(&path)),
            false => found.push(path),
        }
    }
    found
}

#[actix_web::test]
async fn promise_45_files_are_their_owners_alone_under_a_umask_of_zero_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (_server, base) = under("umask 000", &data);
    let client = Client::new();
    let login = json!({ "username": "administrator", "password": ACCOUNT_PASSWORD });
    let token = send(client.post(format!("{base}/api/v1/login")).json(&login)).await.json();
    let part = multipart::Part::bytes(photo::png(60, 60)).file_name("a.sh");
    let create = client
        .post(format!("{base}/api/v1/users/createUser"))
        .multipart(form(&[("userIdentifier", "u1")]).part("profileFile", part));
    let made = send(create.header("Authorization", token["data"]["token"].as_str().unwrap())).await;
    assert_eq!(made.status, 200, "{made:?}");
    let entries = entries(&data);
    let names: Vec<String> = entries.iter().map(|path| path.display().to_string()).collect();
    for expected in ["server.key", "standin.db-wal", "standin.sock", "standin.lock", "/full"] {
        assert!(names.iter().any(|name| name.ends_with(expected)), "{expected}: {names:?}");
    }
    for path in entries {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{} has mode {mode:o}", path.display());
    }
}

/// The soft and the hard bound of core files.
fn core_file_limits(pid: u32) -> Vec<String> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    line.split_whitespace().skip(4).take(2).map(str::to_owned).collect()
}

#[actix_web::test]
async fn promise_44_a_server_that_crashes_leaves_no_core_file() {
    let standin = Standin::fresh().await;
    assert_eq!(core_file_limits(standin.pid()), ["0", "0"]);
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = under("ulimit -c unlimited 2>/dev/null", &folder.path().join("data"));
    assert_eq!(core_file_limits(server.0.id()), ["0", "0"], "whoever allowed it before");
}

#[test]
fn promise_44_commands_leave_no_core_file_either() {
    // They open the same key; the bound is set before any word is read.
    let folder = tempfile::tempdir().unwrap();
    let mut command = standin(&folder.path().join("data"));
    command.args(["user", "create", "u1", "--password-stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let child = Killed(command.spawn().unwrap());
    let begun = std::time::Instant::now();
    while core_file_limits(child.0.id()) != ["0", "0"] {
        assert!(begun.elapsed().as_secs() < 20, "a command that waits for a password may leave a core file");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
