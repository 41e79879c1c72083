//! What writers feel of a backup: `backup [USERS]`.

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use actix_web::rt::System;
use standin::domain::storage::Durability;

use crate::{
    Failure, people,
    process::{self, Serving},
    table,
};

const USERS: u32 = 100_000;

/// Pictures in the folder, of six files each.
const PICTURES: u32 = 2000;

/// Bytes of such a file: some 60 KiB a picture are usual, a sixth of it each.
const FILE_BYTES: usize = 10 * 1024;

/// Clients that write at once, without a pause.
const WRITERS: usize = 16;

/// How long they write before a backup, and between two.
const QUIET: Duration = Duration::from_secs(5);

const ROUNDS: usize = 3;

const APP_ID: &str = "bench";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Registrations over HTTP by 16 clients, without a backup and during one, in turns.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let users = words.first().map(|word| word.parse()).transpose()?.unwrap_or(USERS);
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let variables = [("STANDIN_APP_ID", APP_ID), ("STANDIN_APP_SECRET", SECRET)];
    // The first start makes the app, whose secret only the server can seal.
    drop(Serving::standin(&data, "error", &variables)?);
    fill(&data, users)?;
    let server = Serving::standin(&data, "error", &variables)?;
    let writers = Writers::start(server.address);
    let (mut quiet, mut during, mut took) = (Vec::new(), Vec::new(), Vec::new());
    let file = folder.path().join("bench.tar");
    for _ in 0..ROUNDS {
        writers.waits();
        thread::sleep(QUIET);
        quiet.extend(writers.waits());
        let start = Instant::now();
        let mut backup = Command::new(process::BINARY);
        let backup = backup.args(["backup", "--overwrite", "--data"]).arg(&data).arg(&file).output()?;
        if !backup.status.success() {
            return Err(String::from_utf8_lossy(&backup.stderr).into());
        }
        took.push(start.elapsed().as_secs_f64());
        during.extend(writers.waits());
    }
    writers.stop()?;
    let mib = std::fs::metadata(&file)?.len() / (1024 * 1024);
    let peak = process::memory_kib(server.id(), "VmHWM")? / 1024;
    let backup = table::median(took);
    let rows = [row("no backup", quiet), row("during one", during)];
    println!("{}", table::aligned(["16 clients register", "writes", "median", "p99", "longest"], &rows));
    println!("a backup of {users} users, {PICTURES} pictures, {mib} MiB: {backup:.1} s; peak of the server {peak} MiB");
    Ok(())
}

fn row(name: &str, mut waits: Vec<Duration>) -> [String; 5] {
    waits.sort();
    let wait = |part: usize| waits.get(waits.len() * part / 1000).or(waits.last()).copied().unwrap_or_default();
    let ms = |wait: Duration| format!("{:.1} ms", wait.as_secs_f64() * 1e3);
    [name.to_owned(), waits.len().to_string(), ms(wait(500)), ms(wait(990)), ms(wait(1000))]
}

/// Users in rows, and the folders of pictures that some of them show.
fn fill(data: &Path, users: u32) -> Result<(), Failure> {
    let store = people::open(&data.join("standin.db"), Durability::Normal)?;
    System::new().block_on(async {
        let app = store
            .feed_reader()?
            .read(async |db| db.apps().await)
            .await?
            .first()
            .ok_or("the first start made no app")?
            .key;
        people::register(&store, app, 0..users, people::TASKS).await?;
        people::have_pictures(&store, app, 0..PICTURES.min(users), &data.join("pictures"), FILE_BYTES).await?;
        store.close().await;
        Ok(())
    })
}

/// Clients that register one new user after the other.
struct Writers {
    threads: Vec<thread::JoinHandle<Result<(), String>>>,
    waits: Arc<Mutex<Vec<Duration>>>,
    is_over: Arc<AtomicBool>,
}

impl Writers {
    fn start(address: SocketAddr) -> Self {
        let (waits, is_over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let threads = (0..WRITERS).map(|writer| {
            let (waits, is_over) = (Arc::clone(&waits), Arc::clone(&is_over));
            thread::spawn(move || write(address, writer, &waits, &is_over).map_err(|failure| failure.to_string()))
        });
        Self { threads: threads.collect(), waits, is_over }
    }

    /// How long each write took since this was asked last.
    fn waits(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.waits.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn stop(self) -> Result<(), Failure> {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| "a writer panicked")??;
        }
        Ok(())
    }
}

fn write(
    address: SocketAddr,
    writer: usize,
    waits: &Mutex<Vec<Duration>>,
    is_over: &AtomicBool,
) -> Result<(), Failure> {
    System::new().block_on(async {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("http://{address}/api/v2.1/rest/login_or_register");
        for number in 0.. {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            let body = serde_json::json!({ "user_id": format!("new{writer}.{number}"), "username": "New" });
            let call = client.post(&url).header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-SECRET", SECRET);
            let start = Instant::now();
            let answer = call.json(&body).send().await?;
            if !answer.status().is_success() {
                return Err(format!("a write was answered {}", answer.status()).into());
            }
            answer.bytes().await?;
            waits.lock().unwrap_or_else(PoisonError::into_inner).push(start.elapsed());
        }
        Ok(())
    })
}
