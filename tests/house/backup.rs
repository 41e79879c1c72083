//! `standin backup` and `standin restore`: everything in one file while the server writes, and back again or not at all.

mod damage;
mod making;
mod restoring;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use ::standin::archive::hex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{
    photo,
    standin::{Standin, standin},
};

/// A command on this data folder: its exit code, and what it said on both outputs.
fn run(data: &Path, words: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = standin(data).args(words).envs(variables.iter().copied()).output().unwrap();
    said(&output)
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn done(data: &Path, words: &[&str]) -> String {
    let (code, said) = run(data, words, &[]);
    assert_eq!(code, Some(0), "{words:?}: {said}");
    said
}

fn json_of(data: &Path, words: &[&str]) -> Value {
    serde_json::from_str(&done(data, &[words, &["--json"]].concat())).unwrap()
}

/// A folder for backups, and the path of one in it.
struct Fixture {
    folder: TempDir,
    file: PathBuf,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("house.tar");
        Self { folder, file }
    }

    fn file(&self) -> &str {
        self.file.to_str().unwrap()
    }

    /// Of a data folder that does not exist.
    fn elsewhere(&self) -> PathBuf {
        self.folder.path().join("elsewhere")
    }

    /// Everything that lies in it.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A server with three users, two of them with pictures, one with a password, and contacts between them.
async fn lived_in() -> Standin {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for user in ["ada", "bob"] {
        let made = server.create_user_with_picture(&token, user, "a.jpg", photo::jpeg(120, 90)).await;
        assert_eq!(made.status, 200, "{made:?}");
    }
    let grace = json!({ "user_id": "grace", "username": "Grace", "password": "a key of hers" });
    assert_eq!(server.login_or_register(grace).await.status, 200);
    server
}

/// Whether a file is the index of SQLite's log, or a log with nothing in it: whichever process closes the database last removes both,
/// and a process that ends may or may not be the last to close it.
fn is_index_of_log(path: &Path) -> bool {
    let is = |end| path.to_str().unwrap().ends_with(end);
    is("-shm") || is("-wal") && fs::metadata(path).unwrap().len() == 0
}

/// The digest of every file below a folder, by its name there, without [the index of the log](is_index_of_log).
fn digests(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if is_index_of_log(&path) => {}
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                    found.insert(name, hex(&Sha256::digest(fs::read(path).unwrap())));
                }
            }
        }
    }
    found
}

/// The digest of every row of every table, while no server uses the folder.
fn rows(data: &Path) -> BTreeMap<String, String> {
    let database = rusqlite::Connection::open(data.join("standin.db")).unwrap();
    let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let digest = |table: &String| {
        let mut rows = database.prepare(&format!("SELECT * FROM {table:?}")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        let mut digest = Sha256::new();
        while let Some(row) = rows.next().unwrap() {
            (0..columns).for_each(|column| digest.update(format!("{:?};", row.get_ref(column).unwrap())));
        }
        hex(&digest.finalize())
    };
    tables.iter().map(|table| (table.clone(), digest(table))).collect()
}
