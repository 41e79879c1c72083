//! Each device of a user gets every message, however its connection ended.

use super::*;

/// A device: its connections have one client id, as those of a page.
async fn device(chatter: &Chatter<'_>, name: &str) -> Socket {
    let mut socket = Socket::named(chatter.server, &format!("{APP_ID}_{}_{name}", chatter.id)).await;
    assert_eq!(socket.logs_in(&chatter.token).await, [0; 3]);
    socket
}

/// The texts up to this one; repeats are left out, as the SDK does.
async fn texts_up_to(socket: &mut Socket, last: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    while texts.last().is_none_or(|text| text != last) {
        let text = socket.hears_object().await.1["message"].as_str().unwrap().to_owned();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

#[actix_web::test]
async fn a_device_that_was_cut_gets_what_another_one_has_received() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (first, mut second) = (device(&bob, "1").await, device(&bob, "2").await);
    first.cut().await;
    for text in ["one", "two"] {
        ada.says(room, text).await;
    }
    bob.says(room, "own").await;
    bob.receives(room, i64::MAX).await;
    bob.reads(room, i64::MAX).await;
    assert_eq!(texts_up_to(&mut second, "own").await, ["one", "two", "own"]);
    let mut first = device(&bob, "1").await;
    ada.says(room, "live").await;
    assert_eq!(texts_up_to(&mut first, "live").await, ["one", "two", "own", "live"], "in order");
    first.hears_nothing().await;
}

#[actix_web::test]
async fn a_device_whose_end_the_server_has_not_noticed_gets_it_too() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    // It stays open and reads nothing, as behind a network that fails.
    let (silent, mut second) = (device(&bob, "1").await, device(&bob, "2").await);
    for text in ["one", "two"] {
        ada.says(room, text).await;
    }
    assert_eq!(texts_up_to(&mut second, "two").await, ["one", "two"]);
    bob.receives(room, i64::MAX).await;
    let mut first = device(&bob, "1").await;
    drop(silent);
    ada.says(room, "live").await;
    assert_eq!(texts_up_to(&mut first, "live").await, ["one", "two", "live"]);
}

#[actix_web::test]
async fn a_device_that_is_cut_while_it_catches_up_gets_the_rest() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut expected: Vec<String> = (0..250).map(|n| n.to_string()).collect();
    for text in &expected {
        ada.says(room, text).await;
    }
    for name in ["1", "1", "1"] {
        let mut cut = device(&bob, name).await;
        assert_eq!(cut.hears_object().await.1["message"], "0");
        cut.cut().await;
        bob.receives(room, i64::MAX).await;
    }
    let mut again = device(&bob, "1").await;
    ada.says(room, "live").await;
    expected.push("live".to_owned());
    assert_eq!(texts_up_to(&mut again, "live").await, expected);
}

#[actix_web::test]
async fn after_a_restart_recent_messages_come_again_but_for_those_that_were_read() {
    let mut server = Standin::fresh().await;
    let token = {
        let (ada, bob, room) = two(&server).await;
        ada.says(room, "read").await;
        assert!(bob.reads(room, i64::MAX).await);
        let (first, mut second) = (device(&bob, "1").await, device(&bob, "2").await);
        first.cut().await;
        ada.says(room, "one").await;
        bob.receives(room, i64::MAX).await;
        assert_eq!(texts_up_to(&mut second, "one").await, ["one"]);
        let mut other = device(&bob, "3").await;
        other.hears_nothing().await;
        bob.token
    };
    server.kill();
    server.restart();
    let bob = Chatter { server: &server, id: "bob".to_owned(), token, user: Value::Null };
    let ada = Chatter::of(&server, "ada").await;
    let room = ada.room("bob").await;
    for name in ["1", "2"] {
        let mut socket = device(&bob, name).await;
        ada.says(room, &format!("to {name}")).await;
        let texts = texts_up_to(&mut socket, &format!("to {name}")).await;
        assert_eq!((texts.first().unwrap().as_str(), texts.len()), ("one", if name == "1" { 2 } else { 3 }));
    }
}

#[actix_web::test]
async fn two_devices_miss_nothing_while_their_connections_fail_in_turn() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut heard = [Vec::new(), Vec::new()];
    let mut sockets = [Some(device(&bob, "1").await), Some(device(&bob, "2").await)];
    for n in 0..40 {
        let cut = n % 2;
        if let Some(socket) = sockets[cut].take() {
            socket.cut().await;
        }
        let text = n.to_string();
        ada.says(room, &text).await;
        bob.receives(room, i64::MAX).await;
        let mut again = device(&bob, &(cut + 1).to_string()).await;
        heard[cut].extend(texts_up_to(&mut again, &text).await);
        sockets[cut] = Some(again);
    }
    for (cut, heard) in heard.iter().enumerate() {
        let all: std::collections::BTreeSet<_> = heard.iter().map(|text| text.parse::<usize>().unwrap()).collect();
        let last = if cut == 0 { 38 } else { 39 };
        assert_eq!(all.into_iter().collect::<Vec<_>>(), (0..=last).collect::<Vec<_>>(), "device {}", cut + 1);
    }
}
