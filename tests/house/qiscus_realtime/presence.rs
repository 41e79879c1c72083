use super::*;

async fn of(socket: &mut Socket, user: &str) -> String {
    let (topic, status) = socket.hears().await;
    assert_eq!(topic, format!("u/{user}/s"));
    let (state, at) = status.split_once(':').unwrap();
    assert!(at.len() == 13 && at.bytes().all(|byte| byte.is_ascii_digit()), "{status}");
    state.to_owned()
}

#[actix_web::test]
async fn presence_comes_with_the_subscription_and_each_change_after_it() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    send(
        server
            .qiscus(Method::POST, "login_or_register")
            .json(&json!({ "user_id": "sue", "username": "Sue", "password": "key" })),
    )
    .await;
    let mut socket = Socket::of(&ada).await;
    assert_eq!(socket.subscribes(&["u/sue/s"]).await, [0]);
    assert_eq!(of(&mut socket, "sue").await, "0");
    let sue = Chatter::of(&server, "sue").await;
    let connection = Socket::of(&sue).await;
    assert_eq!(of(&mut socket, "sue").await, "1");
    let second = Socket::of(&sue).await;
    drop(connection);
    socket.hears_nothing().await;
    assert_eq!(socket.subscribes(&["u/sue/s"]).await, [0]);
    assert_eq!(of(&mut socket, "sue").await, "1", "the other connection is open");
    drop(second);
    assert_eq!(of(&mut socket, "sue").await, "0", "the last connection is gone");
    assert_eq!(socket.subscribes(&["u/ada/s"]).await, [0]);
    assert_eq!(of(&mut socket, "ada").await, "1", "its own");
}

#[actix_web::test]
async fn unknown_users_are_refused_and_forged_presence_is_dropped() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    send(
        server
            .qiscus(Method::POST, "login_or_register")
            .json(&json!({ "user_id": "sue", "username": "Sue", "password": "key" })),
    )
    .await;
    let mut socket = Socket::of(&ada).await;
    assert_eq!(socket.subscribes(&["u/nobody/s", "u/sue/s"]).await, [REFUSED, 0]);
    assert_eq!(of(&mut socket, "sue").await, "0");
    for payload in ["1", "1:1234567890123", "0"] {
        socket.publishes("u/sue/s", payload).await;
    }
    socket.hears_nothing().await;
    let mut second = Socket::of(&ada).await;
    assert_eq!(second.subscribes(&["u/sue/s"]).await, [0]);
    assert_eq!(of(&mut second, "sue").await, "0");
}

#[actix_web::test]
async fn what_a_client_says_of_itself_is_taken() {
    let server = Standin::fresh().await;
    let (ada, bob) = (Chatter::of(&server, "ada").await, Chatter::of(&server, "bob").await);
    let (mut one, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    assert_eq!(one.subscribes(&["u/bob/s"]).await, [0]);
    assert_eq!(of(&mut one, "bob").await, "1");
    other.publishes("u/bob/s", "1").await;
    other.pings().await;
    one.hears_nothing().await;
    for (said, told) in [("0", "0"), ("1", "1"), ("0", "0")] {
        other.publishes("u/bob/s", said).await;
        assert_eq!(of(&mut one, "bob").await, told);
        let shown = results(&ada.post("users/status", &json!({ "user_ids": ["bob"] })).await);
        assert_eq!(shown["user_status"][0]["status"].to_string(), told, "the same over HTTP");
    }
    other.publishes("u/bob/s", "1").await;
    assert_eq!(of(&mut one, "bob").await, "1");
    let topics = ["c", "n", "update"].map(|kind| format!("{}/{kind}", bob.token));
    other.unsubscribes(&topics.each_ref().map(String::as_str)).await;
    assert_eq!(of(&mut one, "bob").await, "0", "the SDK leaves by leaving its topics");
    other.pings().await;
}

#[actix_web::test]
async fn a_user_that_says_it_is_away_is_there_by_its_other_connection_and_not_by_its_polls() {
    let server = Standin::fresh().await;
    let (ada, bob) = (Chatter::of(&server, "ada").await, Chatter::of(&server, "bob").await);
    let (mut one, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    assert_eq!(one.subscribes(&["u/bob/s"]).await, [0]);
    assert_eq!(of(&mut one, "bob").await, "1");
    let mut second = Socket::of(&bob).await;
    other.publishes("u/bob/s", "0").await;
    other.pings().await;
    one.hears_nothing().await;
    second.publishes("u/bob/s", "0").await;
    assert_eq!(of(&mut one, "bob").await, "0");
    bob.sync(0).await;
    one.hears_nothing().await;
    drop(other);
    drop(second);
    one.hears_nothing().await;
}

#[actix_web::test]
async fn a_user_that_only_calls_over_http_is_there_for_fifteen_seconds_after_its_last_call() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    let mut before = Socket::of(&ada).await;
    send(
        server
            .qiscus(Method::POST, "login_or_register")
            .json(&json!({ "user_id": "bob", "username": "Bob", "password": "key" })),
    )
    .await;
    assert_eq!(before.subscribes(&["u/bob/s"]).await, [0]);
    assert_eq!(of(&mut before, "bob").await, "0");
    let bob = Chatter::of(&server, "bob").await;
    assert_eq!(of(&mut before, "bob").await, "1", "it subscribed before the call");
    let mut after = Socket::of(&ada).await;
    assert_eq!(after.subscribes(&["u/bob/s"]).await, [0]);
    assert_eq!(of(&mut after, "bob").await, "1");
    let last = tokio::time::Instant::now();
    bob.sync(0).await;
    for socket in [&mut before, &mut after] {
        assert_eq!(of(socket, "bob").await, "0");
        assert!((14..19).contains(&last.elapsed().as_secs()), "{:?}", last.elapsed());
        let shown = results(&ada.post("users/status", &json!({ "user_ids": ["bob"] })).await);
        assert_eq!(shown["user_status"][0]["status"], 0);
    }
    bob.sync(0).await;
    assert_eq!(of(&mut before, "bob").await, "1");
    results(&bob.post("logout", &json!({})).await);
    assert_eq!(of(&mut before, "bob").await, "0", "a logout needs no wait");
}

#[actix_web::test]
async fn after_a_block_in_either_direction_nothing_is_told_and_after_it_the_present_state() {
    let server = Standin::fresh().await;
    let (ada, bob) = (Chatter::of(&server, "ada").await, Chatter::of(&server, "bob").await);
    for (blocker, blocked) in [(&ada, "bob"), (&bob, "ada")] {
        let mut one = Socket::of(&ada).await;
        let other = Socket::of(&bob).await;
        assert_eq!(one.subscribes(&["u/bob/s"]).await, [0]);
        assert_eq!(of(&mut one, "bob").await, "1");
        blocker.blocks(blocked).await;
        one.hears_nothing().await;
        drop(other);
        one.hears_nothing().await;
        let other = Socket::of(&bob).await;
        one.hears_nothing().await;
        blocker.unblocks(blocked).await;
        assert_eq!(of(&mut one, "bob").await, "1");
        blocker.blocks(blocked).await;
        drop(other);
        one.hears_nothing().await;
        blocker.unblocks(blocked).await;
        // A user that unblocks another one makes a call, and is there by it.
        assert_eq!(of(&mut one, "bob").await, if blocked == "ada" { "1" } else { "0" });
    }
}
