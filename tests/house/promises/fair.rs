//! Promise 58: no caller takes from the others what they need.

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Standin,
    mirrorfly_socket::{Socket, person},
    register, send,
};
use crate::mirrorfly_users::made;

/// A phone book as long as one may be: nearly all of its numbers belong to nobody.
fn phone_book() -> Value {
    let entry = |n: usize| json!({ "mobileNumber": format!("62811{n:06}"), "name": "N" });
    let entries: Vec<Value> = (0..10_000).map(entry).collect();
    json!({ "addContacts": entries, "deleteContacts": [], "contactPermission": true, "forceDelete": false })
}

#[actix_web::test]
async fn promise_58_parallel_phone_books_leave_point_reads_and_live_changes_alone() {
    // As many numbers as these phone books have, which one address may not look up by default.
    let house = Standin::with(&[("STANDIN_NUMBER_LOOKUPS_PER_HOUR", "1000000")]).await;
    register(&house, "reader", "Reader").await;
    let listener = person(&house, "listener").await;
    let mut socket = Socket::bound(&house, &listener).await;
    let tokens = join_all((0..6).map(async |n| made(&house, &format!("b{n}"), &[]).await)).await;
    let book = phone_book();
    let sync = async |n: usize| {
        let call = house.call(Method::POST, "/api/v1/contacts/syncContactsNew");
        send(call.header("Authorization", &tokens[n % tokens.len()]).json(&book)).await.json()["status"].clone()
    };
    let others = async {
        for n in 0..40 {
            assert_eq!(house.user_profile("reader").await.status, 200, "read {n}");
        }
        socket.set_status("still here").await;
        let heard = socket.hear().await;
        assert!(heard.contains(r#"id="new""#), "its own change is told: {heard}");
    };
    let (synced, ()) = join(join_all((0..24).map(sync)), others).await;
    assert!(synced.iter().all(|status| *status == 200), "four of each user are in turn: {synced:?}");
}
