//! Promises 7 and 8: a folder that cannot be used, and one that another process has.

use std::{
    fs::{self, File},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{Standin, register, standin, upload};

/// The promise's own bound.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);

/// A user other than the one that runs this test.
const SOMEBODY: u32 = 65_534;

/// A start that must be refused in time, in one line that names the folder, with the code of a folder that cannot be used.
fn assert_refused(data: &Path, why: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.env_clear().current_dir("/").args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    let begun = Instant::now();
    let output = command.output().unwrap();
    assert!(begun.elapsed() < REFUSED_WITHIN, "{:?}", begun.elapsed());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(said.contains(data.to_str().unwrap()) && said.contains("--data") && said.contains(why), "{said}");
}

#[actix_web::test]
async fn promise_07_a_folder_that_may_only_be_read_is_refused_in_one_line_and_left_as_it_is() {
    let mut server = Standin::fresh().await;
    register(&server, "ada", "Ada").await;
    server.kill();
    let before = fs::read(server.data().join("standin.db")).unwrap();
    for mode in [0o500, 0o555] {
        fs::set_permissions(server.data(), fs::Permissions::from_mode(mode)).unwrap();
        assert_refused(&server.data(), "read-only");
        assert_eq!(fs::metadata(server.data()).unwrap().mode() & 0o777, mode);
    }
    assert_eq!(fs::read(server.data().join("standin.db")).unwrap(), before);
    fs::set_permissions(server.data(), fs::Permissions::from_mode(0o700)).unwrap();
    server.restart();
    assert_eq!(server.user_profile("ada").await.status, 200);
}

#[test]
fn promise_07_a_folder_of_another_owner_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    // Only root can give a folder to another user; other users take one of root's.
    match chown(&data, Some(SOMEBODY), Some(SOMEBODY)) {
        Ok(()) => assert_refused(&data, "belongs to another user"),
        Err(_) => assert_refused(Path::new("/usr"), "belongs to another user"),
    }
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
}

#[test]
#[ignore = "needs a file system that cannot be written: tests/small_disk.sh"]
fn promise_07_on_a_true_file_system_that_is_read_only() {
    let closed = std::env::var("STANDIN_CLOSED_DISK").unwrap();
    assert_refused(Path::new(&closed), "Read-only file system");
    assert_refused(&Path::new(&closed).join("data"), "Read-only file system");
}

#[actix_web::test]
async fn promise_08_a_second_process_is_refused_within_five_seconds() {
    let server = Standin::fresh().await;
    for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["serve", "--listen", "127.0.0.1:0", "--demo"]] {
        let begun = Instant::now();
        let second = standin(&server.data()).args(words).output().unwrap();
        assert!(begun.elapsed() < REFUSED_WITHIN, "{:?}", begun.elapsed());
        let said = String::from_utf8(second.stderr).unwrap();
        assert_eq!(second.status.code(), Some(3), "{said}");
        assert!(said.contains("is in use by another standin"), "{said}");
        assert_eq!(String::from_utf8(second.stdout).unwrap(), "", "the refusal comes alone");
    }
    assert_eq!(register(&server, "ada", "Ada").await.status, 200, "the first one goes on");
}

#[actix_web::test]
async fn promise_08_a_lock_that_kill_9_left_is_in_nobodys_way() {
    let mut server = Standin::fresh().await;
    for round in 0..3 {
        assert_eq!(register(&server, &format!("u{round}"), "N").await.status, 200);
        server.kill();
        assert!(server.data().join("standin.lock").exists());
        server.restart();
    }
}

/// A start on this folder that must find it in use.
fn assert_in_use(data: &Path, why: &str) {
    let begun = Instant::now();
    let output = standin(data).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert!(begun.elapsed() < REFUSED_WITHIN, "{why}: {:?}", begun.elapsed());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{why}: {said}");
    assert!(said.contains("is in use by another standin"), "{why}: {said}");
}

#[actix_web::test]
async fn promise_08_removing_replacing_or_moving_names_lets_no_second_process_in() {
    let mut server = Standin::fresh().await;
    let (data, lock) = (server.data(), server.data().join("standin.lock"));
    fs::remove_file(&lock).unwrap();
    assert_in_use(&data, "the lock file is removed");
    fs::write(&lock, "").unwrap();
    assert_in_use(&data, "the lock file is replaced");
    for words in [&["restore", "/nowhere", "--replace"][..], &["user", "list"]] {
        let socket = data.join("standin.sock");
        let aside = data.join(".sock");
        fs::rename(&socket, &aside).unwrap();
        let output = standin(&data).args(words).output().unwrap();
        assert!(matches!(output.status.code(), Some(2 | 3)), "{words:?}: {output:?}");
        fs::rename(&aside, &socket).unwrap();
    }
    let moved = data.with_file_name("moved");
    fs::rename(&data, &moved).unwrap();
    assert_in_use(&moved, "the folder is moved");
    let linked = data.with_file_name("linked");
    fs::create_dir(&linked).unwrap();
    fs::hard_link(moved.join("standin.db"), linked.join("standin.db")).unwrap();
    fs::copy(moved.join("server.key"), linked.join("server.key")).unwrap();
    assert_in_use(&linked, "the same database under another folder");
    fs::rename(&moved, &data).unwrap();
    assert_eq!(register(&server, "ada", "Ada").await.status, 200, "the first one goes on");
    server.kill();
    server.restart();
    assert_eq!(server.user_profile("ada").await.status, 200);
}

#[actix_web::test]
async fn promise_08_a_process_of_an_earlier_release_is_seen_by_its_lock_file() {
    let mut server = Standin::fresh().await;
    server.terminate();
    let held = File::options().write(true).open(server.data().join("standin.lock")).unwrap();
    held.try_lock().unwrap();
    assert_in_use(&server.data(), "an earlier release holds the file alone");
    drop(held);
    server.restart();
}

#[actix_web::test]
async fn promise_08_of_many_processes_that_start_at_once_one_serves() {
    let mut server = Standin::fresh().await;
    server.terminate();
    fs::remove_file(server.data().join("standin.lock")).unwrap();
    let start = |_| {
        let mut command = standin(&server.data());
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut started: Vec<_> = (0..8).map(start).collect();
    let begun = Instant::now();
    while started.iter_mut().map(|child| usize::from(child.try_wait().unwrap().is_none())).sum::<usize>() > 1 {
        assert!(begun.elapsed() < super::WAIT, "more than one serves");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut living = 0;
    for child in &mut started {
        match child.try_wait().unwrap() {
            Some(status) => assert_eq!(status.code(), Some(3)),
            None => living += 1,
        }
    }
    for mut child in started {
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert_eq!(living, 1);
}

#[actix_web::test]
async fn a_folder_that_is_replaced_while_it_is_served_gets_no_picture_and_keeps_its_own_socket() {
    let mut first = Standin::fresh().await;
    let back_end = first.back_end_token().await;
    let (data, moved) = (first.data(), first.data().with_file_name("moved"));
    fs::rename(&data, &moved).unwrap();
    let mut second = standin(&data);
    second.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut second = second.spawn().unwrap();
    let begun = Instant::now();
    while !data.join("standin.sock").exists() {
        assert!(begun.elapsed() < super::WAIT, "the second one does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    let answer = upload(&first, &back_end, "ada").await;
    assert_eq!(answer.status, 500, "{answer:?}");
    first.logged("the picture folder was replaced while the server runs").await;
    assert_eq!(fs::read_dir(data.join("pictures")).unwrap().count(), 0);
    assert_eq!(register(&first, "bob", "Bob").await.status, 200, "the database is the one that was opened");
    assert_eq!(first.terminate(), Some(0));
    assert!(data.join("standin.sock").exists(), "it is the second one's");
    second.kill().unwrap();
    second.wait().unwrap();
}
