//! Searching and walking a million users: what an administrator's list costs.

use std::time::Instant;

use actix_web::rt::System;
use standin::{
    domain::{search::UserPageQuery, storage::Durability},
    store::Store,
};

use crate::{Failure, people, table};

const USERS: u32 = 1_000_000;
const STRETCH: u32 = 50;
const ASKED: u32 = 400;

/// What a row of figures is about, and the text that is looked for by the number of the question.
type Question = (&'static str, fn(u32) -> String);

/// Texts of all kinds, from one that matches every user to one that matches none.
const QUESTIONS: [Question; 6] = [
    ("everybody's", |_| "bench".to_owned()),
    ("a whole id", |n| people::id(n.wrapping_mul(7919) % USERS)),
    ("six digits", |n| format!("{:06}", n.wrapping_mul(104_729) % 1_000_000)),
    ("three digits", |n| format!("{:03}", n % 1000)),
    ("two letters, nobody's", |n| format!("q{}", n % 10)),
    ("nobody's", |n| format!("nobody {n}")),
];

/// Stretches of 50: `users [USERS]`.
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
    let ask = |store: &Store, query: &UserPageQuery| -> Result<(f64, Option<i64>, usize), Failure> {
        let start = Instant::now();
        let page = system.block_on(store.feed_reader()?.read(async |db| db.user_page(app, query).await))?;
        Ok((start.elapsed().as_secs_f64() * 1e3, page.next, page.users.len()))
    };
    let mut rows = Vec::new();
    for (name, text) in QUESTIONS {
        let (mut waits_ms, mut found) = (Vec::new(), 0);
        for number in 0..ASKED {
            let query = UserPageQuery { text: Some(text(number)), limit: STRETCH, ..UserPageQuery::default() };
            let (wait_ms, _, users) = ask(&store, &query)?;
            waits_ms.push(wait_ms);
            found += users;
        }
        rows.push(row(name, found, waits_ms));
    }
    let (mut waits_ms, mut found, mut after) = (Vec::new(), 0, None);
    loop {
        let (wait_ms, next, users) = ask(&store, &UserPageQuery { after, limit: STRETCH, ..UserPageQuery::default() })?;
        waits_ms.push(wait_ms);
        found += users;
        after = next;
        if after.is_none() {
            break;
        }
    }
    let last = waits_ms.split_off(waits_ms.len() - waits_ms.len().min(100));
    rows.push(row("walk: all stretches but 100", found, waits_ms));
    rows.push(row("walk: the last 100", found, last));
    system.block_on(store.close());
    println!("{}", table::aligned(["looked for", "found", "median", "p95"], &rows));
    Ok(())
}

fn row(name: &str, found: usize, mut waits_ms: Vec<f64>) -> [String; 4] {
    waits_ms.sort_by(f64::total_cmp);
    let p95 = waits_ms.get(waits_ms.len() * 95 / 100).copied().unwrap_or_default();
    [name.to_owned(), found.to_string(), format!("{:.2} ms", table::median(waits_ms)), format!("{p95:.2} ms")]
}
