//! Promises 7 and 8: a folder that cannot be used, and one that another process has.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use super::{Standin, register, standin};

/// The promise's own bound.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);

/// Anybody but whoever runs this.
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
    let mut house = Standin::fresh().await;
    register(&house, "ada", "Ada").await;
    house.kill();
    let before = fs::read(house.data().join("standin.db")).unwrap();
    for mode in [0o500, 0o555] {
        fs::set_permissions(house.data(), fs::Permissions::from_mode(mode)).unwrap();
        assert_refused(&house.data(), "read-only");
        assert_eq!(fs::metadata(house.data()).unwrap().mode() & 0o777, mode);
    }
    assert_eq!(fs::read(house.data().join("standin.db")).unwrap(), before);
    fs::set_permissions(house.data(), fs::Permissions::from_mode(0o700)).unwrap();
    house.restart();
    assert_eq!(house.user_profile("ada").await.status, 200);
}

#[test]
fn promise_07_a_folder_of_another_owner_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    // Only root can give a folder away; everybody else has root's at hand.
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
    let house = Standin::fresh().await;
    for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["serve", "--listen", "127.0.0.1:0", "--demo"]] {
        let begun = Instant::now();
        let second = standin(&house.data()).args(words).output().unwrap();
        assert!(begun.elapsed() < REFUSED_WITHIN, "{:?}", begun.elapsed());
        let said = String::from_utf8(second.stderr).unwrap();
        assert_eq!(second.status.code(), Some(3), "{said}");
        assert!(said.contains("is in use by another standin"), "{said}");
    }
    assert_eq!(register(&house, "ada", "Ada").await.status, 200, "the first one goes on");
}

#[actix_web::test]
async fn promise_08_a_lock_that_kill_9_left_is_in_nobodys_way() {
    let mut house = Standin::fresh().await;
    for round in 0..3 {
        assert_eq!(register(&house, &format!("u{round}"), "N").await.status, 200);
        house.kill();
        assert!(house.data().join("standin.lock").exists());
        house.restart();
    }
}
