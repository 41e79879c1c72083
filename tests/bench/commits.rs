//! Durable registrations: those that wait together share a commit.

use std::time::{Duration, Instant};

use actix_web::rt::System;
use standin::domain::storage::Durability;

use crate::{Failure, people, table};

/// Enough for some seconds each.
const ALONE: u32 = 10_000;
const TOGETHER: u32 = 100_000;

/// Many tasks at once against one that waits for each commit of its own.
pub(crate) fn run(_: &[String]) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for (name, users, tasks) in
        [("one transaction each", ALONE, 1), ("256 tasks, commits in groups", TOGETHER, people::TASKS)]
    {
        let folder = tempfile::tempdir()?;
        let store = people::open(&folder.path().join("standin.db"), Durability::Full)?;
        let (took, mut waits) = System::new().block_on(async {
            let app = people::app(&store).await?;
            let start = Instant::now();
            let waits = people::register(&store, app, 0..users, tasks).await?;
            let took = start.elapsed();
            store.close().await;
            Ok::<_, Failure>((took, waits))
        })?;
        waits.sort();
        let wait = |part: usize| waits.get(waits.len() * part / 1000).copied().unwrap_or_default();
        let longest = waits.last().copied().unwrap_or_default();
        let per_second = format!("{:.0}", f64::from(users) / took.as_secs_f64());
        rows.push([name.into(), per_second, ms(wait(500)), ms(wait(990)), ms(longest)]);
    }
    println!("{}", table::aligned(["durable registrations", "a second", "median", "p99", "longest"], &rows));
    Ok(())
}

fn ms(wait: Duration) -> String {
    format!("{:.2} ms", wait.as_secs_f64() * 1e3)
}
