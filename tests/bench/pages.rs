//! The first page of a long list against its last one.

use std::time::Instant;

use actix_web::rt::System;
use standin::domain::{
    page::{Order, Page},
    storage::Durability,
};

use crate::{Failure, people, table};

const USERS: u32 = 1_000_000;
const PAGE: u32 = 20;
const READS: u32 = 2_000;

/// Pages of 20 with the total, in creation order: `pages [USERS]`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let users = words.first().map(|word| word.parse()).transpose()?.unwrap_or(USERS);
    let folder = tempfile::tempdir()?;
    let store = people::open(&folder.path().join("standin.db"), Durability::Normal)?;
    let system = System::new();
    let app = system.block_on(async {
        let app = people::app(&store).await?;
        people::register(&store, app, 0..users, people::TASKS).await?;
        Ok::<_, Failure>(app)
    })?;
    let (reader, mut rows) = (store.feed_reader()?, Vec::new());
    for (name, number) in [("first", 1), ("middle", users / PAGE / 2), ("last", users.div_ceil(PAGE))] {
        let mut waits_us = Vec::new();
        let mut shown = (0, 0);
        for _ in 0..READS {
            let start = Instant::now();
            let read = reader.read(async |db| db.users(app, Page::new(number, PAGE), Order::OldestFirst).await);
            let listed = system.block_on(read)?;
            waits_us.push(start.elapsed().as_secs_f64() * 1e6);
            shown = (listed.items.len(), listed.total);
        }
        rows.push([
            format!("{name} ({number})"),
            shown.0.to_string(),
            shown.1.to_string(),
            format!("{:.0} us", table::median(waits_us)),
        ]);
    }
    system.block_on(store.close());
    println!("{}", table::aligned(["page", "users on it", "total", "median"], &rows));
    Ok(())
}
