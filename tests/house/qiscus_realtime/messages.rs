use std::collections::BTreeSet;

use super::*;

#[actix_web::test]
async fn a_message_comes_at_once_as_over_http_but_for_the_picture() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (mut one, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    let sent = ada.says(room, "hello \u{1f600}").await;
    for (who, socket) in [(&bob, &mut other), (&ada, &mut one)] {
        let (topic, heard) = socket.hears().await;
        assert_eq!(topic, format!("{}/c", who.token), "the sender's other devices too");
        let mut heard: Value = serde_json::from_str(&heard).unwrap();
        assert_eq!(heard["user_avatar"], heard["user_avatar_url"]);
        assert!(heard["user_avatar"].is_string(), "{heard}");
        let page = who.get(&format!("load_comments?topic_id={room}")).await;
        heard["user_avatar"] = page["comments"][0]["user_avatar"].clone();
        assert_eq!(heard, page["comments"][0]);
        assert_eq!(heard["id"], sent["id"]);
    }
}

#[actix_web::test]
async fn a_changed_profile_of_a_chat_partner_comes_at_once_as_the_comment_of_sync() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let last = id(&ada.says(room, "hello").await);
    let (mut one, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    assert_eq!(other.hears_object().await.1["message"], "hello");
    let mut stranger = Socket::of(&Chatter::of(&server, "eve").await).await;
    results(&send(ada.call(Method::PATCH, "my_profile").form(&[("name", "Ada L.")])).await);
    for (who, socket) in [(&ada, &mut one), (&bob, &mut other)] {
        let (topic, mut heard) = socket.hears_object().await;
        assert_eq!((topic.as_str(), &heard["payload"]["type"]), ("c", &json!("profile_changed")));
        assert_eq!(heard["user_avatar"], heard["user_avatar_url"]);
        assert!(heard["user_avatar"].is_string(), "{heard}");
        let polled = who.sync(last).await;
        heard["user_avatar"] = polled[0]["user_avatar"].clone();
        assert_eq!(polled, [heard.clone()], "the same id: a client that polls besides is told once");
        assert_eq!(who.sync(id(&heard)).await, [] as [Value; 0]);
    }
    stranger.hears_nothing().await;
    // A field that this API does not show.
    let back_end = server.back_end_token().await;
    server.create_user(&back_end, &[("userIdentifier", "ada"), ("email", "ada@example.com")]).await;
    other.hears_nothing().await;
}

#[actix_web::test]
async fn changed_deleted_and_cleared_messages_are_told_at_once() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (mut one, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    ada.says(room, "a tpyo").await;
    results(&ada.post("update_message", &json!({ "comment": "a typo", "unique_id": "ada-a tpyo" })).await);
    results(&ada.delete("delete_messages", &json!({ "unique_ids": ["ada-a tpyo"] })).await);
    for socket in [&mut one, &mut other] {
        assert_eq!(socket.hears_object().await.0, "c");
        let (topic, changed) = socket.hears_object().await;
        assert_eq!((topic.as_str(), &changed["message"]), ("update", &json!("a typo")));
        let (topic, deleted) = socket.hears_object().await;
        assert_eq!((topic.as_str(), &deleted["action_topic"]), ("n", &json!("delete_message")));
        let gone = json!([{ "room_id": room.to_string(), "message_unique_ids": ["ada-a tpyo"] }]);
        assert_eq!(deleted["payload"]["data"], json!({ "is_hard_delete": true, "deleted_messages": gone }));
        assert_eq!(deleted["payload"]["actor"]["email"], "ada");
    }
    ada.says(room, "more").await;
    let unique_id = ada.get(&format!("get_room_by_id?id={room}")).await["room"]["unique_id"].clone();
    results(&bob.delete("clear_room_messages", &json!({ "room_channel_ids": [unique_id] })).await);
    assert_eq!(other.hears_object().await.1["message"], "more");
    let (topic, cleared) = other.hears_object().await;
    assert_eq!((topic.as_str(), &cleared["action_topic"]), ("n", &json!("clear_room")));
    let cleared = &cleared["payload"]["data"]["deleted_rooms"][0];
    assert_eq!((&cleared["id"], &cleared["last_comment"]), (&json!(room), &Value::Null));
    assert_eq!(one.hears_object().await.1["message"], "more");
    one.hears_nothing().await;
}

#[actix_web::test]
async fn events_are_those_that_the_poll_tells() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (mut other, mut one) = (Socket::of(&bob).await, Socket::of(&ada).await);
    ada.says(room, "x").await;
    results(&ada.delete("delete_messages", &json!({ "unique_ids": ["ada-x"] })).await);
    assert_eq!(other.hears_object().await.0, "c");
    let told = other.hears_object().await.1;
    assert_eq!(one.hears_object().await.0, "c");
    assert_eq!(one.hears_object().await.1, told, "with the time of the event");
    let polled = send(bob.call(Method::GET, "sync_event?start_event_id=0")).await.json();
    let polled = polled["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(told["id"], polled["id"], "a client that hears it and polls knows it again");
    assert_eq!(told, polled);
    let unique_id = bob.get(&format!("get_room_by_id?id={room}")).await["room"]["unique_id"].clone();
    results(&bob.delete("clear_room_messages", &json!({ "room_channel_ids": [unique_id] })).await);
    let told = other.hears_object().await.1;
    assert_eq!(bob.events(0).await.last(), Some(&told));
}

#[actix_web::test]
async fn messages_that_were_not_delivered_come_with_the_subscription() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut last = 0;
    for text in ["one", "two", "three"] {
        last = id(&ada.says(room, text).await);
    }
    let mut socket = Socket::of(&bob).await;
    for text in ["one", "two", "three"] {
        assert_eq!(socket.hears_object().await.1["message"], text);
    }
    socket.hears_nothing().await;
    bob.receives(room, last).await;
    Socket::of(&bob).await.hears_nothing().await;
    Socket::of(&ada).await.hears_nothing().await;
}

#[actix_web::test]
async fn all_missed_messages_of_all_rooms_come_once_oldest_first() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let other = eve.room("bob").await;
    let mut expected: Vec<String> = Vec::new();
    for n in 0..250 {
        if n == 120 {
            eve.says(other, "between").await;
            expected.push("between".to_owned());
        }
        ada.says(room, &n.to_string()).await;
        expected.push(n.to_string());
    }
    let mut socket = Socket::of(&bob).await;
    ada.says(room, "live").await;
    expected.push("live".to_owned());
    for text in expected {
        assert_eq!(socket.hears_object().await.1["message"], text);
    }
    socket.hears_nothing().await;
}

#[actix_web::test]
async fn messages_that_are_sent_while_a_client_catches_up_come_once() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    for n in 0..300 {
        ada.says(room, &n.to_string()).await;
    }
    let texts: Vec<String> = (300..400).map(|n| n.to_string()).collect();
    let own: Vec<String> = (0..20).map(|n| format!("own {n}")).collect();
    let (mut socket, ..) = tokio::join!(
        Socket::of(&bob),
        futures_util::future::join_all(texts.iter().map(|text| ada.says(room, text))),
        futures_util::future::join_all(own.iter().map(|text| bob.says(room, text))),
    );
    ada.says(room, "last").await;
    let (mut heard, all): (BTreeSet<String>, BTreeSet<String>) =
        (BTreeSet::new(), (0..400).map(|n| n.to_string()).chain(own).collect());
    loop {
        let text = socket.hears_object().await.1["message"].as_str().unwrap().to_owned();
        if text == "last" {
            break;
        }
        assert!(heard.insert(text.clone()), "{text} comes twice");
    }
    // What the user posts marks the earlier messages of the room as delivered.
    assert!(heard.is_subset(&all), "{heard:?}");
    socket.hears_nothing().await;
}

#[actix_web::test]
async fn two_hundred_messages_at_once_all_come_once_and_in_order() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (mut one, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    let texts: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    futures_util::future::join_all(texts.iter().map(|text| ada.says(room, text))).await;
    for socket in [&mut one, &mut other] {
        let (mut heard, mut before) = (BTreeSet::new(), 0);
        while heard.len() < texts.len() {
            let (_, comment) = socket.hears_object().await;
            assert!(id(&comment) > before, "in the order of their ids");
            before = id(&comment);
            heard.insert(comment["message"].as_str().unwrap().to_owned());
        }
        assert_eq!(heard, texts.iter().cloned().collect());
        socket.hears_nothing().await;
    }
}

#[actix_web::test]
async fn each_session_of_a_user_hears_it_and_a_new_connection_goes_on() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (mut one, mut other) = (Socket::of(&bob).await, Socket::of(&bob).await);
    ada.says(room, "one").await;
    for socket in [&mut one, &mut other] {
        assert_eq!(socket.hears_object().await.1["message"], "one");
    }
    bob.receives(room, i64::MAX).await;
    drop(one);
    ada.says(room, "two").await;
    assert_eq!(other.hears_object().await.1["message"], "two");
    let mut again = Socket::of(&bob).await;
    assert_eq!(again.hears_object().await.1["message"], "two", "not delivered yet");
    again.hears_nothing().await;
}

#[actix_web::test]
async fn only_topics_that_are_subscribed_to_are_told() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut socket = Socket::connected(&server).await;
    assert_eq!(socket.subscribes(&[&format!("{}/n", bob.token)]).await, [0]);
    ada.says(room, "one").await;
    socket.hears_nothing().await;
    assert_eq!(socket.subscribes(&[&format!("{}/c", bob.token)]).await, [0]);
    assert_eq!(socket.hears_object().await.1["message"], "one");
    bob.receives(room, i64::MAX).await;
    socket.unsubscribes(&[&format!("{}/c", bob.token)]).await;
    ada.says(room, "two").await;
    socket.hears_nothing().await;
}

#[actix_web::test]
async fn across_a_block_nothing_is_heard() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    bob.blocks("ada").await;
    let mut other = Socket::of(&bob).await;
    enters(&mut other, room).await;
    let mut one = Socket::of(&ada).await;
    enters(&mut one, room).await;
    assert_eq!(one.subscribes(&["u/bob/s"]).await, [0]);
    let (topic, status) = one.hears().await;
    assert_eq!((topic.as_str(), &status[..2]), ("u/bob/s", "0:"));
    ada.says(room, "withheld").await;
    one.publishes(&typing(room, "ada"), "1").await;
    other.hears_nothing().await;
    assert_eq!(one.hears_object().await.1["message"], "withheld", "the sender is not told of the block");
}
