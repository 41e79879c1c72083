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
    other.publishes("u/bob/s", "0").await;
    let topics = ["c", "n", "update"].map(|kind| format!("{}/{kind}", bob.token));
    other.unsubscribes(&topics.each_ref().map(String::as_str)).await;
    assert_eq!(of(&mut one, "bob").await, "0", "the SDK leaves by leaving its topics");
    other.pings().await;
}
