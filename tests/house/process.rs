//! The server as a process: it starts, stops, is killed, and guards its folder.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::json;

use super::standin::{Standin, standin};

#[actix_web::test]
async fn what_was_acknowledged_is_there_after_a_kill_and_a_restart() {
    let mut house = Standin::fresh().await;
    let token = house.back_end_token().await;
    house.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "p" })).await;
    house.kill();
    house.restart();
    assert_eq!(house.user_profile("u1").await.status, 200);
    assert_eq!(house.create_user(&token, &[("userIdentifier", "u2")]).await.status, 200, "tokens outlive the process");
}

#[actix_web::test]
async fn told_to_stop_it_ends_with_code_0() {
    let mut house = Standin::fresh().await;
    assert_eq!(house.terminate(), Some(0));
    assert!(!house.data().join("standin.sock").exists());
    for _ in 0..5 {
        house.restart();
        assert_eq!(house.terminate(), Some(0), "the moment it says that it listens");
    }
}

#[actix_web::test]
async fn a_folder_of_somebody_elses_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("home");
    std::fs::create_dir_all(data.join("incoming/letters")).unwrap();
    std::fs::write(data.join("incoming/letters/one"), b"mine").unwrap();
    std::fs::write(data.join("notes.txt"), b"mine").unwrap();
    let mode = std::fs::metadata(&data).unwrap().permissions();
    for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["app", "list"]] {
        let output = standin(&data).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
    }
    assert_eq!(std::fs::read(data.join("incoming/letters/one")).unwrap(), b"mine");
    assert_eq!(std::fs::metadata(&data).unwrap().permissions(), mode);
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 2, "nothing was added");
}

#[actix_web::test]
async fn a_command_makes_no_house_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let output = standin(&data).args(["user", "list"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.contains("There is no database in")), (Some(3), true), "{said}");
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);
}

#[actix_web::test]
async fn the_log_names_every_request_and_no_query_secret() {
    let house = Standin::fresh().await;
    house.get("/api/v2.1/rest/get_user_list?token=tell-nobody&page=1").await;
    house.get("/").await;
    house.logged("GET /api/v2.1/rest/get_user_list?token=***&page=1 400").await;
    house.logged("GET / 200").await;
    assert!(!house.log().contains("tell-nobody"), "{}", house.log());
}

#[actix_web::test]
async fn it_may_open_as_many_files_as_the_system_allows_whatever_it_was_started_with() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut shell = std::process::Command::new("sh");
    let script =
        format!("ulimit -Sn 256; ulimit -Hn 4000; exec {} serve --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_standin"));
    shell.args(["-c", &script]).env_clear().env("PATH", "/usr/bin:/bin").env("STANDIN_DATA", &data);
    let mut child = shell.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.find(|line| line.contains("may be open at one time"));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.is_some_and(|line| line.contains(" up to 4000 files and sockets ")));
    let open_files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(open_files.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["4000", "4000"]);
}
