//! The server's promises by number, unless the tests of an endpoint or room show them already.

mod acknowledged;
mod bodies;
mod budget;
mod busy;
mod channel;
mod clock;
mod disk_full;
mod failing_disk;
mod fair;
mod folder;
mod framing;
mod guesses;
mod inputs;
mod limits;
mod memory;
mod new_password;
mod observe;
mod odd;
mod open_files;
mod passwords;
mod rest;
pub(crate) mod shim;
mod slow;
mod stopping;
mod tenants;
mod tokens;
mod unsafety;
mod unseen;

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::{
    mirrorfly_socket, photo,
    standin::{Answer, Standin, form, send, standin},
    tencent_rest, tencent_socket, user_sig,
};

/// Longer than anything may take that is answered at once.
const WAIT: Duration = Duration::from_secs(20);

/// What came back on a connection.
#[derive(Debug)]
struct Heard {
    text: String,
    is_closed: bool,
}

impl Heard {
    /// The status of each answer, in their order.
    fn statuses(&self) -> Vec<u16> {
        let lines = self.text.split("HTTP/1.1 ").skip(1);
        lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
    }
}

fn connect(server: &Standin) -> TcpStream {
    let socket = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
    socket.set_read_timeout(Some(WAIT)).unwrap();
    socket.set_write_timeout(Some(WAIT)).unwrap();
    socket
}

/// Sends these bytes, and reads until the server closes or is silent for so long after its first byte.
fn raw(server: &Standin, request: &[u8], silence: Duration) -> Heard {
    let mut socket = connect(server);
    let _ = socket.write_all(request); // a refusal may come before all is sent
    hear(&mut socket, silence)
}

fn hear(socket: &mut TcpStream, silence: Duration) -> Heard {
    socket.set_read_timeout(Some(WAIT)).unwrap();
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    let is_closed = loop {
        match socket.read(&mut chunk) {
            Ok(0) => break true,
            Ok(read) => {
                bytes.extend_from_slice(&chunk[..read]);
                socket.set_read_timeout(Some(silence)).unwrap();
            }
            Err(error) => break !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
        }
    };
    Heard { text: String::from_utf8_lossy(&bytes).into_owned(), is_closed }
}

/// Numbers that look drawn and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

/// A line of `/proc/PID/status` that counts kibibytes, in MiB.
fn memory_mib(server: &Standin, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let found = status.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(':'));
    found.unwrap().split_whitespace().next().unwrap().parse::<u64>().unwrap() >> 10
}

/// createUser with a small photo.
async fn upload(server: &Standin, back_end: &str, id: &str) -> Answer {
    server.create_user_with_picture(back_end, id, "a.jpg", photo::jpeg(64, 48)).await
}

/// The key of the picture that an upload was answered with.
fn picture_of(answer: &Answer) -> String {
    let said = answer.json();
    let address = said["data"]["profileUrl"].as_str().unwrap_or_else(|| panic!("{said}"));
    address.rsplit('/').next().unwrap().to_owned()
}

async fn register(server: &Standin, id: &str, name: &str) -> Answer {
    server.login_or_register(json!({ "user_id": id, "username": name })).await
}

/// The error code of a response: the HTTP status, or the code in the body for vendors that answer HTTP 200. 0 means success.
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
