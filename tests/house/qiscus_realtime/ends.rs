use std::time::Instant;

use super::*;

/// How often the server looks at the token of a client that asks for nothing.
const CHECK_EVERY: Duration = Duration::from_secs(60);

/// The connection ends, its user leaves, and the token opens no session any more.
async fn ends(mut socket: Socket, ada: &Chatter<'_>, token: &str) {
    let reason = (CloseCode::Policy, "sign in again".to_owned());
    assert_eq!(socket.closed_with_reason().await, Some(reason));
    let mut watcher = Socket::of(ada).await;
    watcher.subscribes(&["u/bob/s"]).await;
    let (topic, status) = watcher.hears().await;
    assert!(topic == "u/bob/s" && status.starts_with('0'), "{topic} {status}");
    // The SDK connects again and subscribes again: it must not be closed then, or it would do so each second.
    let mut again = Socket::connected(ada.server).await;
    assert_eq!(again.logs_in(token).await, [REFUSED; 3]);
    again.hears_nothing().await;
}

#[actix_web::test]
async fn a_reset_token_ends_the_session_and_the_next_one_opens_another() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let socket = Socket::of(&bob).await;
    send(server.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": "bob" }))).await;
    ends(socket, &ada, &bob.token).await;
    ada.says(room, "after it").await;
    let bob = Chatter::of(&server, "bob").await;
    assert_eq!(Socket::of(&bob).await.hears_object().await.1["message"], "after it");
}

#[actix_web::test]
async fn a_suspension_ends_the_session() {
    let server = Standin::fresh().await;
    let (ada, bob, _room) = two(&server).await;
    let socket = Socket::of(&bob).await;
    server.command(&["user", "set", "bob", "--state", "suspended"]);
    ends(socket, &ada, &bob.token).await;
}

#[actix_web::test]
async fn a_changed_password_ends_the_session() {
    let server = Standin::fresh().await;
    let (ada, bob, _room) = two(&server).await;
    let socket = Socket::of(&bob).await;
    let body = json!({ "user_id": "bob", "username": "bob", "password": "another" });
    assert_eq!(server.login_or_register(body).await.status, 200);
    ends(socket, &ada, &bob.token).await;
}

#[actix_web::test]
async fn a_deletion_ends_the_session() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut socket = Socket::of(&bob).await;
    let mut other = Socket::of(&ada).await;
    enters(&mut other, room).await;
    server.command(&["user", "delete", "bob"]);
    assert_eq!(socket.closed().await, Some(CloseCode::Policy));
    assert_eq!(Socket::connected(&server).await.logs_in(&bob.token).await, [REFUSED; 3]);
    other.hears_nothing().await;
}

#[actix_web::test]
async fn an_expired_token_and_one_that_was_logged_out_tell_nothing() {
    let server = Standin::fresh().await;
    server.command(&["app", "set", "--token-lifetime", "3600"]);
    let (ada, bob, room) = two(&server).await;
    let mut socket = Socket::of(&bob).await;
    let shared = Chatter::of(&server, "bob").await;
    let mut second = Socket::of(&shared).await;
    results(&shared.post("logout", &json!({})).await);
    ada.says(room, "one").await;
    assert_eq!(socket.hears_object().await.1["message"], "one");
    assert_eq!(second.closed().await, Some(CloseCode::Policy));
    assert_eq!(Socket::connected(&server).await.logs_in(&shared.token).await, [REFUSED; 3]);
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    database.execute("UPDATE session SET token_expires_at = 1, renewed_at = 1", []).unwrap();
    send(
        server
            .qiscus(Method::POST, "post_comment")
            .json(&json!({ "user_id": "ada", "room_id": room.to_string(), "message": "two" })),
    )
    .await;
    assert_eq!(socket.closed().await, Some(CloseCode::Policy));
    assert_eq!(Socket::connected(&server).await.logs_in(&bob.token).await, [REFUSED; 3]);
}

#[actix_web::test]
async fn a_silent_clients_token_is_checked_each_minute() {
    let server = Standin::fresh().await;
    server.command(&["app", "set", "--token-lifetime", "3600"]);
    let (_ada, bob, _room) = two(&server).await;
    let mut socket = Socket::of(&bob).await;
    let begun = Instant::now();
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    database.execute("UPDATE session SET token_expires_at = 1, renewed_at = 1", []).unwrap();
    let ada = Chatter::of(&server, "ada").await;
    let mut watcher = Socket::of(&ada).await;
    socket.publishes("u/bob/s", "1").await;
    socket.pings().await;
    assert_eq!(watcher.subscribes(&["u/bob/s"]).await, [0]);
    assert!(watcher.hears().await.1.starts_with('1'), "it is not looked at for each of its packets");
    while begun.elapsed() < CHECK_EVERY - Duration::from_secs(2) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        socket.publishes("u/bob/s", "1").await;
        socket.pings().await;
        watcher.pings().await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    socket.publishes("u/bob/s", "1").await;
    assert_eq!(socket.closed().await, Some(CloseCode::Policy));
    assert!(watcher.hears().await.1.starts_with('0'), "the session has ended");
}

#[actix_web::test]
async fn an_app_that_serves_qiscus_no_more_closes_its_sockets() {
    let server = Standin::fresh().await;
    let (_ada, bob, _room) = two(&server).await;
    let mut socket = Socket::of(&bob).await;
    server.command(&["app", "set", "--dialects", "mirrorfly,tencent"]);
    assert_eq!(socket.closed().await, Some(CloseCode::Policy));
    let mut socket = Socket::connected(&server).await;
    assert_eq!(socket.logs_in(&bob.token).await, [REFUSED; 3]);
}

#[actix_web::test]
async fn the_token_names_the_app_whatever_the_client_calls_itself() {
    let server = Standin::fresh().await;
    second_app(&server, &[]);
    let (ada, bob, room) = two(&server).await;
    let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", "second");
    let other = send(call.form(&[("email", "bob"), ("password", "key")])).await;
    let token = results(&other)["user"]["token"].as_str().unwrap().to_owned();
    for client in ["", "x", "second_bob_1", &format!("{APP_ID}_bob_1")] {
        let mut socket = Socket::named(&server, client).await;
        assert_eq!(socket.logs_in(&bob.token).await, [0; 3], "{client}");
        assert_eq!(enters(&mut socket, room).await, [0; 4], "{client}");
        let mut socket = Socket::named(&server, client).await;
        assert_eq!(socket.logs_in(&token).await, [0; 3], "{client}");
        assert_eq!(enters(&mut socket, room).await, [REFUSED; 4], "a room of another app");
        assert_eq!(socket.subscribes(&["u/ada/s"]).await, [REFUSED], "a user of another app");
        ada.says(room, &format!("to {client}")).await;
        socket.hears_nothing().await;
    }
}
