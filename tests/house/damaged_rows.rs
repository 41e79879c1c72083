//! Rows that cannot be read, as a failing disk or another program leaves them: one of them fails its own user's calls and no other user's.

use reqwest::Method;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use standin::{
    domain::{
        id::{AppKey, UserKey},
        storage::Durability,
    },
    store::{LongReads, Store, StoreOptions},
};

use super::{
    admin::Page,
    standin::{APP_ID, Standin, send},
    tencent_socket::Socket,
    user_sig::WITH_SDK_APP_ID,
};

/// A server with four users, of which each lists each; the row of one, `bob`, is damaged.
async fn server() -> (Standin, Page) {
    let server = Standin::with(&[("STANDIN_ADMIN_PASSWORD", "correct horse"), WITH_SDK_APP_ID]).await;
    let page = Page::signed_in(&server).await;
    for id in ["ada", "bob", "cyd", "eve"] {
        let body = json!({ "user_id": id, "username": format!("name of {id}"), "password": "p" });
        assert_eq!(server.login_or_register(body).await.status, 200);
    }
    for (owner, other) in [("ada", "bob"), ("ada", "cyd"), ("cyd", "ada"), ("bob", "ada")] {
        let call = page.call(&server, Method::PUT, &format!("/apps/{APP_ID}/users/{owner}/contacts/{other}"));
        assert!(send(call.json(&json!({}))).await.status < 300);
    }
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    assert_eq!(database.execute("UPDATE user SET extras = '[\"tell-nobody\"]' WHERE id = 'bob'", []).unwrap(), 1);
    (server, page)
}

fn ids(list: &Value, name: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|user| user[name].as_str().unwrap().to_owned()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

/// Writes an event whose kind no release knows, of this user.
fn damaged_event(server: &Standin, id: &str) -> i64 {
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    let write = "INSERT INTO event (app, user, id, kind, at) SELECT app, key, id, ?2, 1 FROM user WHERE id = ?1";
    assert_eq!(database.execute(write, params![id, r#"{"kind":"tell-nobody"}"#]).unwrap(), 1);
    database.last_insert_rowid()
}

#[actix_web::test]
async fn a_damaged_user_row_is_left_out_of_lists_and_named_once_and_refused_where_it_is_asked_for_alone() {
    let (server, page) = server().await;
    let of_app = |path: &str| format!("/apps/{APP_ID}{path}");
    for _ in 0..3 {
        let listed = server.user_list().await.json();
        assert_eq!(sorted(ids(&listed["results"]["users"], "email")), ["ada", "cyd", "eve"], "{listed}");
        for query in ["/users", "/users?search=name", "/users?search=me"] {
            let walked = page.get(&server, &of_app(query)).await.json();
            assert_eq!(ids(&walked["users"], "id"), ["ada", "cyd", "eve"], "{query}: {walked}");
        }
        let contacts = page.get(&server, &of_app("/users/ada/contacts")).await;
        assert_eq!(contacts.status, 200, "{contacts:?}");
        assert!(!String::from_utf8_lossy(&contacts.bytes).contains("\"bob\""), "{contacts:?}");
        assert_eq!(server.user_profile("bob").await.status, 500);
        assert_eq!(server.user_profile("ada").await.status, 200);
    }
    let log = server.log();
    assert_eq!(log.matches("a damaged row is left out: table user, key 2, column extras").count(), 1, "{log}");
    assert!(!log.contains("tell-nobody"), "{log}");
    let login = json!({ "user_id": "bob", "username": "B", "password": "p", "extras": {} });
    assert_eq!(server.login_or_register(login).await.status, 500, "what is damaged is not written over unseen");
    let file = server.data().with_file_name("backup.tar");
    server.command(&["backup", file.to_str().unwrap()]);
}

#[actix_web::test]
async fn an_event_that_cannot_be_read_stops_neither_the_feed_nor_the_list_of_events() {
    let (server, page) = server().await;
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    let last: i64 = database.query_row("SELECT max(seq) FROM event", [], |row| row.get(0)).unwrap();
    let (mut ada, _) = Socket::of(&server, "ada").await;
    let damaged = damaged_event(&server, "cyd");
    let rename = |id: &str, name: &str| {
        let call = page.call(&server, Method::PATCH, &format!("/apps/{APP_ID}/users/{id}"));
        send(call.json(&json!({ "name": name })))
    };
    assert_eq!(rename("cyd", "Cyd, heard").await.status, 200);
    ada.hears("Cyd, heard").await;
    // A change of the user whose row is damaged is passed over as well.
    let write = "INSERT INTO event (app, user, id, kind, at) SELECT app, key, id, ?1, 1 FROM user WHERE id = 'bob'";
    database.execute(write, [r#"{"kind":"profile_changed","fields":["display_name"]}"#]).unwrap();
    assert_eq!(rename("cyd", "Cyd, heard again").await.status, 200);
    ada.hears("Cyd, heard again").await;
    for limit in [1, 2, 100] {
        let (mut after, mut seen) = (last, Vec::new());
        loop {
            let events = page.get(&server, &format!("/events?after={after}&limit={limit}")).await.json();
            seen.extend(events["events"].as_array().unwrap().iter().map(|event| event["seq"].as_i64().unwrap()));
            let Some(next) = events["next"].as_i64() else { break };
            after = next;
        }
        let newest: i64 = database.query_row("SELECT max(seq) FROM event", [], |row| row.get(0)).unwrap();
        let expected: Vec<i64> = (last + 1..=newest).filter(|seq| *seq != damaged).collect();
        assert_eq!(seen, expected, "{limit} at a time");
    }
    let log = server.log();
    let named = format!("a damaged row is left out: table event, key {damaged}, column kind");
    assert_eq!(log.matches(&named).count(), 1, "{log}");
    assert!(!log.contains("tell-nobody"), "{log}");
}

#[actix_web::test]
async fn a_damaged_event_neither_ends_a_look_back_nor_makes_it_look_done() {
    let (mut server, _) = server().await;
    let key = |id: &str| -> i64 {
        let database = Connection::open(server.data().join("standin.db")).unwrap();
        database.query_row("SELECT key FROM user WHERE id = ?1", [id], |row| row.get(0)).unwrap()
    };
    let (ada, cyd) = (key("ada"), key("cyd"));
    let last = {
        let database = Connection::open(server.data().join("standin.db")).unwrap();
        let last: i64 = database.query_row("SELECT max(seq) FROM event", [], |row| row.get(0)).unwrap();
        let write = "INSERT INTO event (app, user, id, kind, at) SELECT app, key, id, ?2, 1 FROM user WHERE key = ?1";
        for n in 0..6 {
            let fields = if n % 2 == 0 { "display_name" } else { "tell-nobody" };
            let kind = format!(r#"{{"kind":"profile_changed","fields":["{fields}"]}}"#);
            assert_eq!(database.execute(write, params![cyd, kind]).unwrap(), 1);
        }
        last
    };
    server.terminate();
    let options = StoreOptions { durability: Durability::Full, point_readers: 1, long_readers: 1 };
    let store = Store::open(&server.data().join("standin.db"), &options).unwrap();
    let reader = store.feed_reader().unwrap();
    for at_most in [1, 2, 3, 6, 7] {
        let (mut seen, mut from) = (Vec::new(), last);
        loop {
            let read = async |db: &LongReads<'_>| db.events_concerning(AppKey(1), UserKey(ada), from, at_most).await;
            let part = reader.read(read).await.unwrap();
            seen.extend(part.events.iter().map(|event| event.seq));
            assert!(part.seen_to > from || !part.is_part, "it goes on: {part:?}");
            from = part.seen_to;
            if !part.is_part {
                break;
            }
        }
        assert_eq!(seen, [last + 1, last + 3, last + 5], "{at_most} at a time");
        assert_eq!(from, last + 6);
    }
}
