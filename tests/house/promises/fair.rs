//! Promise 58: no caller takes from the others what they need.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use standin::{
    domain::{event::EVENT_BYTES_MAX, storage::Durability},
    store::{Store, StoreOptions},
};

use super::{
    Standin,
    mirrorfly_socket::{Socket, person},
    register, send,
};
use crate::{
    mirrorfly_users::{ids, made},
    rules::{Reads as _, Rules as _},
    store_laws,
};

/// Users `p0` to `p{count - 1}` of the server's first app, stored while it is stopped.
async fn crowd(server: &mut Standin, count: usize) {
    server.terminate();
    let options = StoreOptions { durability: Durability::Normal, point_readers: 1, long_readers: 1 };
    let store = Store::open(&server.data().join("standin.db"), &options).unwrap();
    let app = store.reads(async |db| db.apps().await).unwrap()[0].key;
    let names: Vec<String> = (0..count).map(|n| format!("p{n}")).collect();
    for part in names.chunks(store_laws::contacts::STEP) {
        let made = join_all(part.iter().map(|id| store.register(app, store_laws::registration(id)))).await;
        assert!(made.iter().all(Result::is_ok));
    }
    store.close().await;
    server.restart();
}

/// The answer to a phone book of `p0` to `p{count - 1}`.
async fn sync_crowd(server: &Standin, token: &str, count: usize, force_delete: bool) -> Value {
    let entries: Vec<Value> = (0..count).map(|n| json!({ "mobileNumber": format!("p{n}"), "name": "N" })).collect();
    let body = json!({
        "addContacts": entries, "deleteContacts": [], "contactPermission": true, "forceDelete": force_delete,
    });
    let call = server.call(Method::POST, "/api/v1/contacts/syncContactsNew").header("Authorization", token);
    send(call.json(&body)).await.json()
}

/// The ids and kinds of all events, in their order.
fn events(server: &Standin) -> Vec<(String, String)> {
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    let mut statement = database.prepare("SELECT id, kind FROM event ORDER BY seq").unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
}

/// A phone book as long as one may be: nearly all of its numbers belong to no user.
fn phone_book() -> Value {
    let entry = |n: usize| json!({ "mobileNumber": format!("62811{n:06}"), "name": "N" });
    let entries: Vec<Value> = (0..10_000).map(entry).collect();
    json!({ "addContacts": entries, "deleteContacts": [], "contactPermission": true, "forceDelete": false })
}

#[actix_web::test]
async fn promise_58_parallel_phone_books_leave_point_reads_and_live_changes_alone() {
    // As many numbers as these phone books have, which one address may not look up by default.
    let server = Standin::with(&[("STANDIN_NUMBER_LOOKUPS_PER_HOUR", "1000000")]).await;
    register(&server, "reader", "Reader").await;
    let listener = person(&server, "listener").await;
    let mut socket = Socket::bound(&server, &listener).await;
    let tokens = join_all((0..6).map(async |n| made(&server, &format!("b{n}"), &[]).await)).await;
    let book = phone_book();
    let sync = async |n: usize| {
        let call = server.call(Method::POST, "/api/v1/contacts/syncContactsNew");
        send(call.header("Authorization", &tokens[n % tokens.len()]).json(&book)).await.json()
    };
    let others = async {
        for n in 0..40 {
            assert_eq!(server.user_profile("reader").await.status, 200, "read {n}");
        }
        socket.set_status("still here").await;
        let received = socket.hear().await;
        assert!(received.contains(r#"id="new""#), "its own change is announced: {received}");
    };
    let (synced, ()) = join(join_all((0..24).map(sync)), others).await;
    for answer in &synced {
        assert_eq!(answer["status"], 200, "four of each user are in turn: {}", answer["message"]);
    }
}

#[actix_web::test]
async fn promise_58_a_long_phone_book_is_written_in_steps_and_announced_by_short_events() {
    const CROWD: usize = 1500;
    let mut server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    crowd(&mut server, CROWD).await;
    let is_over = std::cell::Cell::new(false);
    let synced = async {
        let synced = sync_crowd(&server, &ada, CROWD, false).await;
        is_over.set(true);
        synced
    };
    let others = async {
        for n in 0.. {
            assert_eq!(register(&server, &format!("bob{n}"), "Bob").await.status, 200);
            if is_over.get() {
                return;
            }
        }
    };
    let (synced, ()) = join(synced, others).await;
    assert_eq!(synced["data"]["liveContacts"].as_array().unwrap().len(), CROWD, "{}", synced["message"]);
    let events = events(&server);
    assert!(events.iter().all(|(_, kind)| kind.len() <= EVENT_BYTES_MAX));
    let places: Vec<usize> = (0..).zip(&events).filter(|(_, event)| is_change(event)).map(|(n, _)| n).collect();
    assert!(places.len() >= CROWD / 150, "in steps: {}", places.len());
    let between = &events[places[0]..*places.last().unwrap()];
    assert!(between.iter().any(|(id, _)| id.starts_with("bob")), "others wrote in between");
    let reported: Vec<i64> = events.iter().filter(|event| is_change(event)).flat_map(|(_, kind)| added(kind)).collect();
    assert_eq!((reported.len(), reported.iter().collect::<BTreeSet<_>>().len()), (CROWD, CROWD), "each of them, once");
}

/// Whether an event is about ada's list.
fn is_change((id, kind): &(String, String)) -> bool {
    id == "ada" && kind.contains("contacts_changed")
}

/// The users that an event of a list adds.
fn added(kind: &str) -> Vec<i64> {
    let kind: Value = serde_json::from_str(kind).unwrap();
    kind["added"].as_array().into_iter().flatten().map(|key| key.as_i64().unwrap()).collect()
}

#[actix_web::test]
async fn promise_58_a_phone_book_that_is_killed_on_its_way_leaves_a_part_and_the_same_call_completes_it() {
    const CROWD: usize = 1500;
    let mut server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    crowd(&mut server, CROWD).await;
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    let stored = || -> usize { database.query_row("SELECT count(*) FROM contact", [], |row| row.get(0)).unwrap() };
    let call = server.call(Method::POST, "/api/v1/contacts/syncContactsNew").header("Authorization", &ada);
    let entries: Vec<Value> = (0..CROWD).map(|n| json!({ "mobileNumber": format!("p{n}") })).collect();
    let body = json!({
        "addContacts": entries, "deleteContacts": [], "contactPermission": true, "forceDelete": true,
    });
    let cut_off = actix_web::rt::spawn(call.json(&body).send());
    while stored() == 0 {
        actix_web::rt::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    server.kill();
    drop(cut_off.await);
    let part = stored();
    assert!(part > 0 && part <= CROWD && (part % 150 == 0 || part == CROWD), "whole steps: {part}");
    server.restart();
    let first = ids(&server, &ada, "?size=100").await;
    assert_eq!(first[..3], ["p0", "p1", "p2"], "the first ones are those that were made");
    let synced = sync_crowd(&server, &ada, CROWD, true).await;
    assert_eq!((&synced["status"], stored()), (&json!(200), CROWD));
}

#[actix_web::test]
async fn promise_58_of_one_user_few_phone_books_wait_and_two_hundred_at_once_are_refused_without_harm() {
    const CROWD: usize = 400;
    let mut server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    let bob = made(&server, "bob", &[]).await;
    crowd(&mut server, CROWD).await;
    let flood = join_all((0..200).map(|_| sync_crowd(&server, &ada, CROWD, true)));
    let (flood, other) = join(flood, sync_crowd(&server, &bob, CROWD, true)).await;
    let count = |status: u16| flood.iter().filter(|answer| answer["status"] == status).count();
    let (done, refused) = (count(200), count(429));
    assert_eq!((done + refused, other["status"].clone()), (200, json!(200)), "{:?}", flood.last());
    assert!(done >= 8, "one runs and seven wait: {done}");
    assert_eq!(sync_crowd(&server, &ada, CROWD, true).await["status"], 200);
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    let stored: usize = database.query_row("SELECT count(*) FROM contact", [], |row| row.get(0)).unwrap();
    assert_eq!(stored, 2 * CROWD);
}

#[actix_web::test]
async fn promise_58_events_of_older_versions_with_long_lists_are_read_a_bounded_part_at_a_time() {
    let mut server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    server.terminate();
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    let keys: Vec<i64> = (1_000_000..1_010_000).collect();
    let kind = json!({ "kind": "contacts_changed", "added": keys }).to_string();
    let insert = "
        INSERT INTO event (app, user, id, kind, at)
        WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 500)
        SELECT user.app, user.key, user.id, ?1, 1 FROM n, user WHERE user.id = 'ada'";
    assert_eq!(database.execute(insert, [&kind]).unwrap(), 500);
    let options = StoreOptions { durability: Durability::Normal, point_readers: 1, long_readers: 1 };
    drop(database);
    let store = Store::open(&server.data().join("standin.db"), &options).unwrap();
    let (reader, mut seq, mut pages, mut read) = (store.feed_reader().unwrap(), 0, 0, 0);
    loop {
        let page = reader.read(async |db| db.events_after(seq, 1000).await).await.unwrap();
        assert!(page.events.len() < 100, "some 4 MiB at a time: {}", page.events.len());
        (pages, read) = (pages + 1, read + page.events.len());
        seq = page.events.last().map_or(seq, |event| event.seq);
        if !page.is_part {
            break;
        }
    }
    assert!(pages > 5 && read > 500, "{pages} pages, {read} events");
    drop(reader);
    store.close().await;
    server.restart();
    let listed = ids(&server, &ada, "").await;
    assert_eq!(listed, [""; 0], "events are no contacts");
    let shown = server.command(&["user", "list"]);
    assert!(shown.contains("ada"), "{shown}");
}
