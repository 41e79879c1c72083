//! What a client hears when it comes back.

use super::{super::mirrorfly_socket::CLOSE, *};

async fn leave(mut socket: Chatter) {
    socket.say(CLOSE).await;
    while let Some(heard) = socket.0.hear_if_any().await {
        assert!(heard.starts_with("<presence ") || heard == CLOSE, "{heard}");
    }
}

#[actix_web::test]
async fn what_was_not_delivered_is_sent_oldest_first_as_it_is_now() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let eve = person(&house, "eve").await;
    let (mut adas, mut eves) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &eve).await);
    adas.send("bob", "a1", "old").await;
    eves.send("bob", "e1", "from eve").await;
    for id in ["a2", "a3"] {
        adas.send("bob", id, id).await;
    }
    adas.say(&edit("bob", "a1", "x1", "new")).await;
    adas.hear().await;
    adas.say(&about("recall", "bob", "a2")).await;
    adas.hear().await;
    let mut bobs = Chatter::of(&house, &bob).await;
    for (from, id, text) in [("ada", "a1", "new"), ("eve", "e1", "from eve"), ("ada", "a3", "a3")] {
        let heard = bobs.hear().await;
        assert_eq!((attribute(&heard, "from"), body(&heard)), (format!("{from}@{HOST}"), (id.into(), content(text))));
        // Else only the listener for edits would hear of it.
        assert_eq!(attribute(heard.find("chatcontent", CONTENT).unwrap(), "edit_msg_id"), id);
    }
    bobs.hears_nothing().await;
    // Sent again until it is reported, and then no more.
    bobs.say(&about("delivered", "ada", "a3")).await;
    bobs.hear().await;
    leave(bobs).await;
    let mut again = Chatter::of(&house, &bob).await;
    assert_eq!(again.hear_message().await.1, "e1");
    again.hears_nothing().await;
}

#[actix_web::test]
async fn a_client_that_has_not_sent_its_presence_gets_its_messages_with_it_and_once() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let mut adas = Chatter::of(&house, &ada).await;
    let mut bobs = Chatter(Socket::bound(&house, &bob).await);
    for id in ["m1", "m2"] {
        adas.send("bob", id, id).await;
    }
    bobs.hears_nothing().await;
    bobs.say(r#"<presence xmlns="jabber:client"/>"#).await;
    for id in ["m1", "m2"] {
        assert_eq!(bobs.hear_message().await.1, id);
    }
    adas.send("bob", "m3", "m3").await;
    assert_eq!(bobs.hear_message().await.1, "m3");
    bobs.say(r#"<presence xmlns="jabber:client"/>"#).await;
    bobs.hears_nothing().await;
}

#[actix_web::test]
async fn receipts_recalls_and_edits_that_were_missed_are_left_to_history() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut adas, mut bobs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    adas.send("bob", "m1", "m1").await;
    bobs.hear().await;
    leave(adas).await;
    bobs.say(&about("seen", "ada", "m1")).await;
    bobs.hear().await;
    bobs.send("ada", "b1", "old").await;
    bobs.say(&edit("ada", "b1", "e1", "new")).await;
    bobs.hear().await;
    let mut again = Chatter::of(&house, &ada).await;
    assert_eq!(again.hear_message().await, (format!("bob@{HOST}"), "b1".into(), "new".into()));
    again.hears_nothing().await;
    let rows = again.rows(r#"status="single_chat" to_user="bob""#, "history", "chat").await;
    let shown: Vec<_> = rows.iter().map(|row| (row.text_of("msgid"), row.text_of("status"))).collect();
    assert_eq!(shown, [("b1", "0"), ("m1", "2")]);
}

#[actix_web::test]
async fn a_restart_and_a_kill_lose_no_acknowledged_message() {
    let mut house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let mut sent = Vec::new();
    for (round, is_killed) in [true, false].into_iter().enumerate() {
        let mut adas = Chatter::of(&house, &ada).await;
        for n in 0..5 {
            let id = format!("{round}-{n}");
            adas.send("bob", &id, &id).await;
            sent.push(id);
        }
        if is_killed {
            house.kill();
        } else {
            house.terminate();
        }
        house.restart();
    }
    let mut bobs = Chatter::of(&house, &bob).await;
    for id in &sent {
        assert_eq!(&bobs.hear_message().await.2, id);
    }
    bobs.hears_nothing().await;
    // The client that sends again what it got no answer for.
    let mut adas = Chatter::of(&house, &ada).await;
    adas.send("bob", "1-4", "once more").await;
    bobs.hears_nothing().await;
}

/// 1,000 are pushed, the newest; the one before is history.
#[actix_web::test]
async fn the_newest_1000_missed_messages_are_sent() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let mut adas = Chatter::of(&house, &ada).await;
    for n in 0..1001 {
        adas.say(&message("bob", &format!("m{n}"), "x")).await;
    }
    for _ in 0..1001 {
        acknowledged(&adas.hear().await);
    }
    let mut bobs = Chatter::of(&house, &bob).await;
    for n in 1..1001 {
        assert_eq!(bobs.hear_message().await.1, format!("m{n}"));
    }
    bobs.hears_nothing().await;
}
