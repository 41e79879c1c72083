//! A hostile or broken client harms only itself.

use std::time::Instant;

use super::*;

#[actix_web::test]
async fn promise_36_frames_that_are_no_stanza_or_too_large_cost_the_sender_its_socket_alone() {
    let server = Standin::fresh().await;
    let ada = person(&server, "ada").await;
    let mut other = Socket::bound(&server, &ada).await;
    // No client here receives another user's change, whenever it succeeds.
    let bob = person(&server, "bob").await;
    let filled = |bytes: usize| format!("<presence xmlns=\"jabber:client\">{}</presence>", " ".repeat(bytes - 43));
    for (frame, is_fine) in [
        (Message::text(filled(192 * 1024 - 1)), true),
        (Message::text(filled(192 * 1024)), true),
        (Message::text(filled(192 * 1024 + 1)), false),
        (Message::text("x"), false),
        (Message::text(""), false),
        (Message::binary(vec![0; 10]), false),
    ] {
        let mut socket = Socket::bound(&server, &bob).await;
        socket.0.send(frame).await.unwrap();
        match is_fine {
            true => socket.still_answers().await,
            false => {
                socket.until_the_end().await;
            }
        }
    }
    other.set_status("unharmed").await;
}

#[actix_web::test]
async fn promise_36_a_thousand_sockets_that_never_authenticate_are_cut_after_ten_seconds() {
    const PATIENCE: Duration = Duration::from_secs(10);
    rlimit::increase_nofile_limit(8192).unwrap();
    let server = Standin::fresh().await;
    let ada = person(&server, "ada").await;
    let mut other = Socket::bound(&server, &ada).await;
    let begun = Instant::now();
    let mut silent = vec![Socket::opened(&server).await];
    for _ in 1..1000 {
        silent.push(Socket::connect(&server).await);
    }
    let last_opened = begun.elapsed();
    other.set_status("unharmed").await;
    assert!(begun.elapsed() < PATIENCE, "too slow a machine to see all of them at one time");
    for mut socket in silent {
        assert!(socket.until_the_end().await.is_empty());
        assert!(begun.elapsed() >= PATIENCE);
    }
    assert!(begun.elapsed() < last_opened + PATIENCE + Duration::from_secs(5), "{:?}", begun.elapsed());
    other.hear().await;
    other.set_status("unharmed").await;
}

#[actix_web::test]
async fn a_stop_does_not_wait_for_unauthenticated_clients() {
    let mut server = Standin::fresh().await;
    let mut silent = Socket::opened(&server).await;
    let begun = Instant::now();
    assert_eq!(server.terminate(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(silent.until_the_end().await, [CLOSE]);
}

#[actix_web::test]
async fn while_the_server_fails_a_client_stays_connected_for_five_seconds() {
    let server = Standin::fresh().await;
    let ada = person(&server, "ada").await;
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    database.execute_batch("ALTER TABLE user RENAME TO mislaid").unwrap();
    let mut socket = Socket::opened(&server).await;
    socket.say(&auth(&ada.id, &ada.password)).await;
    let begun = Instant::now();
    let received = socket.until_the_end().await;
    assert!(received[0].contains("<internal-server-error "), "not that its password is wrong: {received:?}");
    assert!(begun.elapsed() >= Duration::from_secs(5), "its SDK would be back at once: {:?}", begun.elapsed());
    database.execute_batch("ALTER TABLE mislaid RENAME TO user").unwrap();
    Socket::bound(&server, &ada).await;
}

#[actix_web::test]
async fn a_notification_that_failed_is_sent_later_without_another_change() {
    let server = Standin::fresh().await;
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    list(&server, &bob, &ada).await;
    let (mut own, mut friend) = (Socket::bound(&server, &ada).await, Socket::bound(&server, &bob).await);
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    database.execute_batch("ALTER TABLE contact RENAME TO mislaid").unwrap();
    own.set_status("late").await;
    server.logged("the next try is in 5 s").await;
    database.execute_batch("ALTER TABLE mislaid RENAME TO contact").unwrap();
    for socket in [&mut own, &mut friend] {
        assert!(socket.hear().await.contains("<status>late</status>"));
    }
}

#[actix_web::test]
async fn promise_36_a_client_that_stops_reading_is_disconnected_and_no_other_waits_for_it() {
    let server = Standin::fresh().await;
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    list(&server, &ada, &bob).await;
    let (mut asks, _unread) = Socket::bound(&server, &bob).await.0.split();
    let mut friend = Socket::bound(&server, &ada).await;
    // Responses of some 2 KiB that the client does not read: the system's buffers fill, and then the server's patience ends.
    let image = format!("https://x/{}", "y".repeat(900));
    let set = format!("{SET}<image>{image}</image></vCard></iq>");
    asks.send(Message::text(set)).await.unwrap();
    assert!(friend.hear().await.contains("yyy"));
    let flood = actix_web::rt::spawn(async move {
        let ask = r#"<iq xmlns="jabber:client" type="get" id="1"><vCard xmlns="vcard-temp"/></iq>"#;
        while asks.send(Message::text(ask)).await.is_ok() {}
    });
    let begun = Instant::now();
    for n in 0.. {
        friend.set_status(&n.to_string()).await;
        friend.hear().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        if !is_there(&server, &bob).await {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the reader that reads nothing still has its session");
    }
    flood.abort();
}

async fn is_there(server: &Standin, person: &Person) -> bool {
    let back_end = server.back_end_token().await;
    let path = format!("/api/v1/users/presence?userIds={}", person.id);
    let answer = send(server.call(Method::GET, &path).header("Authorization", &back_end)).await;
    data(&answer)["valid"][0]["presence"] == 1
}
