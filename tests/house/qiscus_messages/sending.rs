use futures_util::future::join_all;

use super::*;

#[actix_web::test]
async fn a_sent_message_has_every_key_and_is_the_same_to_both() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let body = json!({
        "comment": "hello", "topic_id": room.to_string(), "unique_temp_id": "javascript-1", "type": "text",
        "payload": null, "extras": { "a": 1 },
    });
    let answer = ada.post("post_comment", &body).await;
    golden::same(&server, "qiscus/sdk_post_comment", &answer);
    let sent = results(&answer)["comment"].clone();
    let heard = bob.page(room, "").await[0].clone();
    let own = ["room_avatar", "room_name"];
    for (key, value) in sent.as_object().unwrap() {
        assert_eq!(own.contains(&key.as_str()), heard[key] != *value, "{key}");
    }
    assert_eq!((&sent["room_name"], &heard["room_name"]), (&json!("bob"), &json!("ada")));
    assert_eq!(sent["unix_nano_timestamp"].as_i64().unwrap() / 1_000_000_000, sent["unix_timestamp"].as_i64().unwrap());
}

#[actix_web::test]
async fn the_same_unique_id_of_the_sender_is_the_same_message() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let first = ada.posts(room, &json!({ "comment": "one", "unique_temp_id": "a" })).await;
    let again = ada.posts(room, &json!({ "comment": "another text", "unique_temp_id": "a" })).await;
    assert_eq!(again, first);
    assert_eq!((bob.history(room).await, bob.unread().await), (vec!["one".to_owned()], (1, 1)));
    let said = "unique_temp_id must be an id that no message of the other user has";
    let answer = bob.refused(room, &json!({ "comment": "mine", "unique_temp_id": "a" })).await;
    assert_invalid(&answer, "unique_temp_id", said);
    let repeated = json!({ "comment": "once", "unique_temp_id": "b" });
    let at_once = (0..20).map(|_| ada.posts(room, &repeated));
    let ids: Vec<i64> = join_all(at_once).await.iter().map(id).collect();
    assert!(ids.iter().all(|one| *one == ids[0]), "{ids:?}");
    assert_eq!(bob.history(room).await, ["once", "one"]);
}

#[actix_web::test]
async fn a_message_without_a_unique_id_gets_one() {
    let server = Standin::fresh().await;
    let (ada, _, room) = two(&server).await;
    for body in [json!({ "comment": "a" }), json!({ "comment": "b", "unique_temp_id": "" })] {
        let sent = ada.posts(room, &body).await;
        assert_eq!(sent["unique_temp_id"], sent["id_str"]);
    }
}

#[actix_web::test]
async fn texts_have_1_to_4000_characters_and_unique_ids_191() {
    let server = Standin::fresh().await;
    let (ada, _, room) = two(&server).await;
    for n in [1, 3999, 4000] {
        let text = "\u{1F600}".repeat(n);
        assert_eq!(ada.posts(room, &json!({ "comment": text })).await["message"], text);
    }
    let said = "comment must be at most 4000 characters";
    assert_invalid(&ada.refused(room, &json!({ "comment": "x".repeat(4001) })).await, "comment", said);
    for none in [json!({}), json!({ "comment": "" }), json!({ "comment": null })] {
        assert_invalid(&ada.refused(room, &none).await, "comment", "comment is required");
    }
    for n in [190, 191] {
        let name = "x".repeat(n);
        assert_eq!(ada.posts(room, &json!({ "comment": "a", "unique_temp_id": name })).await["unique_temp_id"], name);
    }
    let said = "unique_temp_id must be at most 191 characters";
    let long = json!({ "comment": "a", "unique_temp_id": "x".repeat(192) });
    assert_invalid(&ada.refused(room, &long).await, "unique_temp_id", said);
}

#[actix_web::test]
async fn a_custom_message_needs_a_payload_with_a_type_and_may_have_no_text() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let payload = json!({ "type": "promo", "content": { "date": "2017-09-09" } });
    for given in [payload.clone(), json!(payload.to_string())] {
        let sent = ada.posts(room, &json!({ "comment": "Look", "type": "custom", "payload": given })).await;
        assert_eq!((&sent["type"], &sent["message"], &sent["payload"]), (&json!("custom"), &json!("Look"), &payload));
    }
    let sent = ada.posts(room, &json!({ "comment": "", "type": "custom", "payload": payload })).await;
    assert_eq!(sent["message"], "");
    assert_eq!(bob.page(room, "").await[0]["message"], "");
    let said = "payload must be an object with the text `type`";
    for none in [json!(null), json!({}), json!({ "type": 1 })] {
        let body = json!({ "comment": "a", "type": "custom", "payload": none });
        assert_invalid(&ada.refused(room, &body).await, "payload", said);
    }
    for kind in ["payload", "extras"] {
        let answer = ada.refused(room, &json!({ "comment": "a", "type": "custom", kind: [1] })).await;
        assert_eq!((answer.status, answer.json()["error"]["errors"][kind].is_array()), (400, true), "{answer:?}");
    }
}

#[actix_web::test]
async fn payload_and_extras_have_16_kib_each() {
    let server = Standin::fresh().await;
    let (ada, _, room) = two(&server).await;
    let of = |length: usize| json!({ "type": "x".repeat(length - 11) });
    assert_eq!(of(16_384).to_string().len(), 16_384);
    let sent = ada
        .posts(room, &json!({ "comment": "a", "type": "custom", "payload": of(16_384), "extras": of(16_384) }))
        .await;
    assert_eq!((&sent["payload"], &sent["extras"]), (&of(16_384), &of(16_384)));
    for kind in ["payload", "extras"] {
        let answer = ada.refused(room, &json!({ "comment": "a", "type": "custom", kind: of(16_385) })).await;
        assert_invalid(&answer, kind, &format!("{kind} must be at most 16384 bytes"));
    }
}

#[actix_web::test]
async fn a_reply_has_the_texts_that_the_sdk_needs() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let asked = ada.says(room, "how?").await;
    for replied in [asked["id"].clone(), asked["id_str"].clone()] {
        let body = json!({ "comment": "so", "type": "reply", "payload": { "replied_comment_id": replied } });
        let reply = bob.posts(room, &body).await;
        assert_eq!(reply["type"], "reply");
        let expected = json!({
            "replied_comment_id": replied, "text": "so", "replied_comment_message": "how?",
            "replied_comment_sender_email": "ada", "replied_comment_sender_username": "ada",
            "replied_comment_type": "text",
        });
        assert_eq!(reply["payload"], expected);
    }
    let forged = json!({
        "text": "mine", "replied_comment_id": asked["id"], "replied_comment_message": "I owe you",
        "replied_comment_sender_email": "bob", "replied_comment_sender_username": "Bob",
    });
    let reply = bob.posts(room, &json!({ "comment": "so", "type": "reply", "payload": forged })).await;
    let said = ["message", "sender_email", "sender_username"]
        .map(|key| reply["payload"][format!("replied_comment_{key}")].clone());
    assert_eq!((said, &reply["payload"]["text"]), ([json!("how?"), json!("ada"), json!("ada")], &json!("mine")));
    let own = json!({ "text": "mine", "replied_comment_message": "yours" });
    let reply = bob.posts(room, &json!({ "comment": "so", "type": "reply", "payload": own })).await;
    assert_eq!((&reply["type"], &reply["payload"]), (&json!("reply"), &own), "what the client sends stays");
    let reply = bob.posts(room, &json!({ "comment": "so", "type": "reply", "payload": {} })).await;
    assert_eq!(reply["payload"], json!({ "text": "so", "replied_comment_message": "" }));
}

#[actix_web::test]
async fn a_reply_repeats_no_message_of_another_room() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    Chatter::of(&server, "eve").await;
    let secret = bob.says(bob.room("eve").await, "secret").await;
    for sender in [&ada, &bob] {
        let body = json!({ "comment": "so", "type": "reply", "payload": { "replied_comment_id": secret["id"] } });
        assert_eq!(sender.posts(room, &body).await["payload"]["replied_comment_message"], "");
    }
}

#[actix_web::test]
async fn other_types_are_passed_on_and_back_ends_alone_send_system_events() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let payload = json!({ "url": "https://a.example/a.png", "caption": "a" });
    let body =
        json!({ "comment": "[file] https://a.example/a.png [/file]", "type": "file_attachment", "payload": payload });
    ada.posts(room, &body).await;
    let heard = bob.page(room, "").await[0].clone();
    assert_eq!((&heard["type"], &heard["payload"]), (&json!("file_attachment"), &payload));
    for (kind, said) in [
        ("system_event", "type must be a type that clients may send"),
        ("no type!", "type must be made of letters, digits and _ only"),
    ] {
        assert_invalid(&ada.refused(room, &json!({ "comment": "a", "type": kind })).await, "type", said);
    }
}

#[actix_web::test]
async fn messages_sent_at_once_are_there_once_in_one_order() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let sends = (0..200).map(|n| if n % 2 == 0 { &ada } else { &bob }).enumerate();
    let at_once = sends.map(|(n, who)| async move { id(&who.says(room, &n.to_string()).await) });
    let mut ids = join_all(at_once).await;
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 200);
    let (mut read, mut before) = (Vec::new(), 0);
    loop {
        let query = if before == 0 { String::new() } else { format!("&last_comment_id={before}") };
        let page = ada.page(room, &format!("&limit=100{query}")).await;
        let Some(last) = page.as_array().unwrap().last() else { break };
        before = id(last);
        read.extend(page.as_array().unwrap().clone());
    }
    assert_eq!(read.iter().map(id).rev().collect::<Vec<_>>(), ids);
    for (newer, older) in read.iter().zip(&read[1..]) {
        assert_eq!(newer["comment_before_id"], older["id"], "the chain closes");
    }
    assert_eq!(read.last().unwrap()["comment_before_id"], 0);
}

#[actix_web::test]
async fn a_post_reads_what_came_before_and_the_other_user_learns_of_it() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let asked = ada.says(room, "how?").await;
    assert_eq!(bob.unread().await, (1, 1));
    bob.says(room, "so").await;
    assert_eq!(bob.unread().await, (0, 0));
    let events = ada.events(0).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(
        (&events[0]["action_topic"], &events[0]["payload"]["data"]["comment_id"]),
        (&json!("read"), &asked["id"])
    );
    assert_eq!(ada.unread().await, (1, 1));
}

#[actix_web::test]
async fn a_suspended_user_cannot_send_and_messages_to_it_wait() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let state = |state: &str| drop(server.command(&["user", "set", "bob", "--app", APP_ID, "--state", state]));
    state("suspended");
    ada.says(room, "waits").await;
    assert_eq!(bob.refused(room, &json!({ "comment": "a" })).await.status, 403);
    state("active");
    let bob = Chatter::of(&server, "bob").await;
    let begun = bob.user["last_comment_id"].as_i64().unwrap();
    assert_eq!(bob.sync(begun).await.iter().map(|comment| comment["message"].clone()).collect::<Vec<_>>(), ["waits"]);
}
