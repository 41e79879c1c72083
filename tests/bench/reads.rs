//! One user's profile over HTTP, credentials checked, against the least a server can do.

use std::{env, fs, path::Path, process::Command, thread};

use actix_web::rt::System;
use standin::domain::storage::Durability;

use crate::{
    Failure,
    load::{self, Load},
    people,
    process::{self, Serving},
    table,
};

/// What a server logs by default, a line for each request, and what it logs when only failures matter.
const LEVELS: [&str; 2] = ["info", "error"];

const USERS: u32 = 1_000_000;
const ROUNDS: usize = 3;
const ROUND_SECONDS: u32 = 10;

const APP_ID: &str = "bench";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Random users of many, in turns with a bare hello: `reads [USERS]`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let users = words.first().map(|word| word.parse()).transpose()?.unwrap_or(USERS);
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let variables = [("STANDIN_APP_ID", APP_ID), ("STANDIN_APP_SECRET", SECRET)];
    // The first start makes the app, whose secret only the server can seal.
    drop(Serving::standin(&data, "info", &variables)?);
    fill(&data.join("standin.db"), users)?;

    let script = folder.path().join("reads.lua");
    // The same script for all, because drawing a user costs wrk something.
    fs::write(&script, load::script(&ask(users)))?;
    let address = process::free_address()?;
    let workers = thread::available_parallelism()?.to_string();
    let hello =
        Serving::start(Command::new(env::current_exe()?).args(["hello", &address.to_string(), &workers]), address)?;
    let mut of_hello = Vec::new();
    let mut of_levels = LEVELS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        of_hello.push(load::run(hello.address, hello.id(), &script, ROUND_SECONDS)?);
        for (level, loads) in LEVELS.iter().zip(&mut of_levels) {
            let server = Serving::standin(&data, level, &variables)?;
            loads.push(load::run(server.address, server.id(), &script, ROUND_SECONDS)?);
        }
    }
    let middle = |loads: &[Load], figure: fn(&Load) -> f64| table::median(loads.iter().map(figure).collect());
    let bare = middle(&of_hello, |load| load.per_second);
    let row = |name: &str, loads: &[Load]| {
        let per_second = middle(loads, |load| load.per_second);
        [
            name.to_owned(),
            format!("{per_second:.0}"),
            format!("{:.2}", per_second / bare),
            format!("{:.2} ms", middle(loads, |load| load.median_ms)),
            format!("{:.2} ms", middle(loads, |load| load.p99_ms)),
            format!("{:.1} us", middle(loads, |load| load.cpu_us)),
        ]
    };
    let mut rows = vec![row("bare hello", &of_hello)];
    for (level, loads) in LEVELS.iter().zip(&of_levels) {
        rows.push(row(&format!("profile of {users}, log {level}"), loads));
    }
    let head = ["32 connections, medians of 3", "a second", "of hello", "median", "p99", "CPU each"];
    println!("{}", table::aligned(head, &rows));
    Ok(())
}

fn fill(database: &Path, users: u32) -> Result<(), Failure> {
    let store = people::open(database, Durability::Normal)?;
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
        Ok(())
    })
}

fn ask(users: u32) -> String {
    // The made-up ids, with the number left to Lua.
    let id = people::id(0).replace("0000000", "%07d");
    format!(
        "  local path = string.format('/api/v2.1/rest/user_profile?user_id={id}', math.random(0, {users} - 1))
  return wrk.format('GET', path, {{ ['QISCUS-SDK-APP-ID'] = '{APP_ID}', ['QISCUS-SDK-SECRET'] = '{SECRET}' }})"
    )
}
