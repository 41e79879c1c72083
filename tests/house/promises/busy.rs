//! Promise 15: a sound SQLite, one writer, and a database that is busy is 503, never 500.

use rusqlite::Connection;
use serde_json::json;

use super::{Method, Standin, register, send, tencent_rest, user_sig::WITH_SDK_APP_ID};

#[actix_web::test]
async fn promise_15_a_locked_database_is_503_in_each_vendors_format_and_reads_continue() {
    let server = Standin::with(&[WITH_SDK_APP_ID]).await;
    let back_end = server.back_end_token().await;
    register(&server, "ada", "Ada").await;
    let other = Connection::open(server.data().join("standin.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let create = server.create_user(&back_end, &[("userIdentifier", "bob")]);
    let items = [("Tag_Profile_IM_Nick", json!("A"))];
    let set = tencent_rest::set(&server, "ada", &items);
    let writes = async { futures_util::future::join3(register(&server, "cyn", "C."), create, set).await };
    let read = async {
        let read = server.user_profile("ada").await;
        assert_eq!((read.status, &read.json()["results"]["user"]["username"]), (200, &json!("Ada")));
    };
    let ((qiscus, mirrorfly, tencent), ()) = futures_util::future::join(writes, read).await;
    assert_eq!((qiscus.status, mirrorfly.status), (503, 503), "{qiscus:?} {mirrorfly:?}");
    assert_eq!(mirrorfly.json()["status"], 503);
    let said = tencent.json();
    assert_eq!((tencent.status, &said["ActionStatus"]), (200, &json!("FAIL")), "{said}");
    assert!(said["ErrorInfo"].as_str().unwrap().contains("busy"), "{said}");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(register(&server, "cyn", "C.").await.status, 200);
    let reading = server.call(Method::GET, "/api/v1/users/bob").header("Authorization", &back_end);
    assert_ne!(send(reading).await.status, 200, "what was refused was not done");
}

#[actix_web::test]
async fn promise_15_a_write_waits_five_seconds_for_a_database_that_is_held_for_less() {
    let server = Standin::fresh().await;
    let database = server.data().join("standin.db");
    let (held, is_held) = std::sync::mpsc::channel();
    let holder = std::thread::spawn(move || {
        let other = Connection::open(database).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        held.send(()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1500));
        other.execute_batch("COMMIT").unwrap();
    });
    is_held.recv().unwrap();
    assert_eq!(register(&server, "ada", "Ada").await.status, 200);
    holder.join().unwrap();
}
