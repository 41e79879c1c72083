//! A restart after kill -9 under load, with a hundred thousand users and as many pictures.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use actix_web::rt::{System, time::sleep};
use futures_util::future::{self, Either};
use reqwest::Client;
use rusqlite::Connection;
use serde_json::json;
use standin::domain::storage::Durability;

use crate::{Failure, people, process::Serving, table};

const USERS: u32 = 100_000;
const ROUNDS: u32 = 5;

/// Clients that register without a pause until they are cut off, and for how long.
const WRITERS: u32 = 32;
const WRITING: Duration = Duration::from_secs(3);

const APP_ID: &str = "bench";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const GIVEN: [(&str, &str); 2] = [("STANDIN_APP_ID", APP_ID), ("STANDIN_APP_SECRET", SECRET)];

/// From the start of the process to its first good answer: `restart [USERS]`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let users = words.first().map_or(Ok(USERS), |word| word.parse())?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    // The first start makes the app, whose secret only the server can seal.
    let mut server = Serving::standin(&data, "info", &GIVEN)?;
    drop(server);
    fill(&data, users)?;
    server = Serving::standin(&data, "info", &GIVEN)?;
    let (mut ready_ms, mut log_mib, mut written) = (Vec::new(), Vec::new(), 0);
    for round in 0..ROUNDS {
        written += write_until_killed(server, round)?;
        log_mib.push(fs::metadata(data.join("standin.db-wal"))?.len() as f64 / f64::from(1 << 20));
        let begun = Instant::now();
        server = Serving::standin(&data, "info", &GIVEN)?;
        ask(&server, users)?;
        ready_ms.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let worst = |figures: &[f64]| figures.iter().copied().fold(0.0, f64::max);
    let rows = [
        ["registrations acknowledged before the kills".to_owned(), written.to_string()],
        ["log left by the kill, the largest".to_owned(), format!("{:.1} MiB", worst(&log_mib))],
        ["first good answer, the slowest".to_owned(), format!("{:.0} ms", worst(&ready_ms))],
        ["first good answer, median".to_owned(), format!("{:.0} ms", table::median(ready_ms))],
    ];
    println!(
        "{}",
        table::aligned([&format!("{users} users, {ROUNDS} kills under {WRITERS} writers"), "figure"], &rows)
    );
    Ok(())
}

/// Users by the store; for each a picture's row and its folder, which is what a start looks at.
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
        store.close().await;
        Ok::<_, Failure>(())
    })?;
    let database = Connection::open(data.join("standin.db"))?;
    database.execute(
        "INSERT INTO picture (key, kind, owner, width_px, height_px)
         SELECT printf('%02d%020d', key % 100, key), 'jpg', key, 1280, 960 FROM user",
        [],
    )?;
    let mut keys = database.prepare("SELECT key FROM picture")?;
    for key in keys.query_map([], |row| row.get::<_, String>(0))? {
        let key = key?;
        let (shard, _) = key.split_at(2);
        fs::create_dir_all(data.join("pictures").join(shard).join(&key))?;
    }
    Ok(())
}

/// Kills the server while every writer waits for an answer; says how many it had acknowledged.
fn write_until_killed(server: Serving, round: u32) -> Result<u32, Failure> {
    let (client, base) = (Client::new(), format!("http://{}/api/v2.1/rest/login_or_register", server.address));
    System::new().block_on(async {
        let writer = async |writer: u32| {
            for number in 0.. {
                let body = json!({ "user_id": format!("w{round}.{writer}.{number}"), "username": "Writer" });
                let call = client.post(&base).header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-SECRET", SECRET);
                if !call.json(&body).send().await.is_ok_and(|answer| answer.status() == 200) {
                    return number;
                }
            }
            0
        };
        let writers = Box::pin(future::join_all((0..WRITERS).map(writer)));
        match future::select(writers, Box::pin(sleep(WRITING))).await {
            Either::Left(_) => Err("the writers were refused before the kill".into()),
            Either::Right(((), writers)) => {
                // A server that is dropped is killed.
                drop(server);
                Ok(writers.await.iter().sum())
            }
        }
    })
}

fn ask(server: &Serving, users: u32) -> Result<(), Failure> {
    let path = format!("/api/v2.1/rest/user_profile?user_id={}", people::id(users / 2));
    let call = Client::new().get(format!("http://{}{path}", server.address));
    let call = call.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-SECRET", SECRET);
    System::new().block_on(async { call.send().await?.error_for_status() })?;
    Ok(())
}
