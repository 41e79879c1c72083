//! Promise 54: memory does not grow. What shows it takes minutes (`cargo bench -- soak`); what it stands on is here.

use std::{fs, path::Path, thread};

use rusqlite::{Connection, params};

use super::{Standin, memory_mib, register};

const ARENAS: &str = "MALLOC_ARENA_MAX";

/// What the process that serves was given of this variable.
fn given(server: &Standin) -> Option<String> {
    let environment = fs::read_to_string(format!("/proc/{}/environ", server.pid())).unwrap();
    let mut variables = environment.split('\0').filter_map(|variable| variable.split_once('='));
    variables.find(|(name, _)| *name == ARENAS).map(|(_, value)| value.to_owned())
}

#[actix_web::test]
async fn promise_54_the_server_keeps_to_one_arena_for_two_cores() {
    let server = Standin::fresh().await;
    let cores = thread::available_parallelism().unwrap().get();
    assert_eq!(given(&server), Some(cores.div_ceil(2).to_string()));
}

#[actix_web::test]
async fn promise_54_the_operators_allocator_settings_stay() {
    let server = Standin::with(&[(ARENAS, "5")]).await;
    assert_eq!(given(&server).as_deref(), Some("5"));
    let server = Standin::with(&[("GLIBC_TUNABLES", "glibc.malloc.arena_max=6")]).await;
    assert_eq!(given(&server), None);
}

/// Pictures of a large folder here: their names alone take some 8 MiB in a set and a list.
const PICTURES: usize = 50_000;

/// How much more memory a start may take for them. What SQLite keeps of the pages it has read is some 2 MiB of it.
const START_MIB_MAX: u64 = 5;

/// A name of a picture; their beginnings are spread as those of drawn names are.
fn name(number: usize) -> String {
    let signs: Vec<char> = ('0'..='9').chain('A'..='Z').chain('a'..='z').collect();
    let spread = number * 7919 % (62 * 62);
    format!("{}{}{number:020}", signs[spread / 62], signs[spread % 62])
}

fn make_pictures(data: &Path) {
    let mut database = Connection::open(data.join("standin.db")).unwrap();
    let tx = database.transaction().unwrap();
    let insert = "INSERT INTO picture (key, kind, owner, width_px, height_px, released_at, bytes)
        SELECT ?1, 'png', key, 1, 1, ?2, 1 FROM user LIMIT 1";
    let mut insert = tx.prepare(insert).unwrap();
    for number in 0..PICTURES {
        let name = name(number);
        insert.execute(params![name, i64::MAX]).unwrap();
        fs::create_dir_all(data.join("pictures").join(&name[..2]).join(&name)).unwrap();
    }
    drop(insert);
    tx.commit().unwrap();
}

#[actix_web::test]
async fn promise_54_the_peak_of_a_start_does_not_grow_with_the_number_of_pictures() {
    let mut server = Standin::fresh().await;
    register(&server, "ada", "Ada").await;
    server.terminate();
    server.restart();
    let before = memory_mib(&server, "VmHWM");
    server.terminate();
    make_pictures(&server.data());
    let stray = name(PICTURES);
    let stray = server.data().join("pictures").join(&stray[..2]).join(&stray);
    fs::create_dir_all(&stray).unwrap();
    server.restart();
    let after = memory_mib(&server, "VmHWM");
    assert!(after <= before + START_MIB_MAX, "{before} MiB, with {PICTURES} pictures {after} MiB");
    assert!(!stray.exists(), "what has no row is gone all the same");
    let first = name(0);
    assert!(server.data().join("pictures").join(&first[..2]).join(&first).exists());
}
