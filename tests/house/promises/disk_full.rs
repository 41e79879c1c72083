//! Promise 6: a full disk is reported in each vendor's format, reads continue, and no restart is needed when there is space again.
//!
//! `cargo test` has the calls fail; `tests/small_disk.sh` runs the same on a true file system of 24 MiB that is filled to its end.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    process::Output,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Answer, Method, Standin, assert_is_whole, picture_of, refusal, register, send,
    shim::{CUT, ENOSPC, Faults, MAKE, WRITE},
    standin, tencent_rest, upload,
    user_sig::WITH_SDK_APP_ID,
};

/// How a disk is filled.
enum Disk {
    /// The calls that would need room fail.
    Told(Faults),
    /// A file takes all that is left.
    Filled(PathBuf),
}

impl Disk {
    fn fill(&self) {
        match self {
            Self::Told(faults) => faults.fail(1, WRITE | MAKE | CUT, ENOSPC, true),
            Self::Filled(ballast) => {
                let mut ballast = File::create(ballast).unwrap();
                for piece in [&[7; 1 << 16][..], &[7; 512][..], &[7][..]] {
                    while ballast.write_all(piece).is_ok() {}
                }
            }
        }
    }

    fn make_room(&self) {
        match self {
            Self::Told(faults) => faults.heal(),
            Self::Filled(ballast) => fs::remove_file(ballast).unwrap(),
        }
    }
}

const FULL: &str = "storage is full";

#[actix_web::test]
async fn promise_06_a_full_disk_is_said_reads_go_on_and_room_is_enough_to_go_on() {
    let (server, faults) = Faults::server(&[WITH_SDK_APP_ID]).await;
    goes_on(server, &Disk::Told(faults)).await;
}

#[actix_web::test]
#[ignore = "needs a small file system of its own: tests/small_disk.sh"]
async fn promise_06_on_a_true_file_system_that_is_full() {
    let small = std::env::var("STANDIN_SMALL_DISK").unwrap();
    let folder = TempDir::new_in(&small).unwrap();
    let server = Standin::over(folder, &[WITH_SDK_APP_ID]).await;
    goes_on(server, &Disk::Filled(PathBuf::from(small).join("ballast"))).await;
}

async fn goes_on(mut server: Standin, disk: &Disk) {
    let back_end = server.back_end_token().await;
    let picture = picture_of(&upload(&server, &back_end, "ada").await);
    for round in 0..3 {
        disk.fill();
        refuses_in_its_words(&server, &back_end, round).await;
        still_reads(&server, &back_end, &picture).await;
        assert!(server.lives());
        disk.make_room();
        assert_is_whole(&server.data());
        for vendor in 0..VENDORS {
            let answer = write(&server, &back_end, vendor, &format!("after{round}.{vendor}")).await;
            assert_eq!(refusal(&answer), 0, "vendor {vendor} with free space again: {answer:?}");
        }
        assert!(by_command(&server, &format!("after{round}")).status.success());
    }
    server.kill();
    server.restart();
    assert_is_whole(&server.data());
}

const VENDORS: usize = 4;

/// A write through one of the endpoints; a new user if the vendor creates one.
async fn write(server: &Standin, back_end: &str, vendor: usize, id: &str) -> Answer {
    match vendor {
        0 => register(server, id, id).await,
        1 => upload(server, back_end, id).await,
        2 => tencent_rest::call(server, "im_open_login_svc/account_import", json!({ "UserID": id })).await,
        _ => server.sign_in("administrator", super::super::standin::ACCOUNT_PASSWORD).await,
    }
}

fn by_command(server: &Standin, id: &str) -> Output {
    standin(&server.data()).args(["user", "create", id]).output().unwrap()
}

/// A disk's last pages may take a write or two; from the first refusal on every endpoint must refuse.
async fn refuses_in_its_words(server: &Standin, back_end: &str, round: usize) {
    for number in 0..200 {
        if refusal(&register(server, &format!("last{round}.{number}"), "L").await) != 0 {
            break;
        }
    }
    for vendor in 0..VENDORS {
        let id = format!("full{round}.{vendor}");
        let answer = write(server, back_end, vendor, &id).await;
        let said: Value = answer.json();
        let why = match vendor {
            0 => (answer.status, &said["status"], &said["error"]["message"]),
            2 => (answer.status, &said["ActionStatus"], &said["ErrorInfo"]),
            _ => (answer.status, &said["status"], &said["message"]),
        };
        assert!(why.2.as_str().is_some_and(|text| text.contains(FULL)), "vendor {vendor}: {said}");
        match vendor {
            0 => assert_eq!(why.0, 507),
            1 => assert_eq!((why.0, why.1), (507, &json!(507))),
            2 => assert_eq!((why.0, why.1), (200, &json!("FAIL"))),
            _ => assert_eq!(why.1, &json!(507), "HTTP {}", why.0),
        }
        assert_ne!(server.user_profile(&id).await.status, 200, "no half of {id}");
    }
    let command = by_command(server, &format!("full{round}"));
    assert_eq!(command.status.code(), Some(4), "{command:?}");
    assert!(String::from_utf8(command.stderr).unwrap().contains(FULL));
}

async fn still_reads(server: &Standin, back_end: &str, picture: &str) {
    assert_eq!(server.user_profile("ada").await.status, 200);
    assert_eq!(server.get(&format!("/pictures/upload/{picture}/full.jpg")).await.status, 200);
    let mirrorfly = server.call(Method::GET, "/api/v1/users/ada").header("Authorization", back_end);
    assert_eq!(send(mirrorfly).await.status, 200);
    let tencent = tencent_rest::call(server, "profile/portrait_get", json!({ "To_Account": ["ada"] })).await;
    assert_eq!(tencent.json()["ErrorCode"], 0);
}
