//! What the house promises its operator under hard circumstances: kills, full and failing disks, clocks that jump, orders to stop.
//! Each function is named for its promise.

mod acknowledged;
mod busy;
mod clock;
mod disk_full;
mod failing_disk;
mod folder;
pub(crate) mod shim;
mod stopping;

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::{
    mirrorfly_socket, photo,
    standin::{Answer, Standin, form, send, standin},
    tencent_rest, tencent_socket, user_sig,
};

/// createUser with a small photo.
async fn upload(house: &Standin, back_end: &str, id: &str) -> Answer {
    house.create_user_with_picture(back_end, id, "a.jpg", photo::jpeg(64, 48)).await
}

/// The key of the picture that an upload was answered with.
fn picture_of(answer: &Answer) -> String {
    let said = answer.json();
    let address = said["data"]["profileUrl"].as_str().unwrap_or_else(|| panic!("{said}"));
    address.rsplit('/').next().unwrap().to_owned()
}

async fn register(house: &Standin, id: &str, name: &str) -> Answer {
    house.login_or_register(json!({ "user_id": id, "username": name })).await
}

/// The number in an answer that says why not: HTTP's, or the one in the body where the wire wants HTTP 200. 0: it went well.
fn refusal(answer: &Answer) -> u64 {
    if answer.status != 200 {
        return answer.status.into();
    }
    let said = answer.json();
    let in_body = said.get("status").or(said.get("ErrorCode")).and_then(Value::as_u64).unwrap_or(0);
    if in_body == 200 { 0 } else { in_body }
}

/// SQLite finds no fault, nothing is on its way, and the pictures on the disk are those of the rows, each with its six files.
pub(crate) fn assert_is_whole(data: &Path) {
    let database = Connection::open_with_flags(data.join("standin.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let integrity: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    assert!(!database.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
    assert_eq!(names(&data.join("incoming")), BTreeSet::new());
    let mut rows = database.prepare("SELECT key FROM picture").unwrap();
    let rows: BTreeSet<String> = rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut found = BTreeSet::new();
    for shard in names(&data.join("pictures")) {
        for picture in names(&data.join("pictures").join(&shard)) {
            let files = data.join("pictures").join(&shard).join(&picture);
            assert_eq!(names(&files).len(), 6, "half a picture: {files:?}");
            found.insert(picture);
        }
    }
    assert_eq!(found, rows, "files and rows");
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
