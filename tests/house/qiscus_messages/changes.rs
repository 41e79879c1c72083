use super::*;

const NOT_OWN: &str = "must be that of a message that the caller sent";

#[actix_web::test]
async fn the_sender_alone_changes_a_message_and_its_place_and_type_stay() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let payload = json!({ "type": "promo", "content": 1 });
    let body =
        json!({ "comment": "one", "type": "custom", "payload": payload, "unique_temp_id": "a", "extras": { "a": 1 } });
    let sent = ada.posts(room, &body).await;
    ada.says(room, "two").await;
    let change = json!({ "token": "ignored", "comment": "changed", "unique_id": "a" });
    let answer = ada.post("update_message", &change).await;
    golden::same(&server, "qiscus/sdk_update_message", &answer);
    let seen = bob.page(room, "").await[1].clone();
    for (key, value) in sent.as_object().unwrap() {
        let is_other = ["message", "room_avatar", "room_name"].contains(&key.as_str());
        assert_eq!(is_other, seen[key] != *value, "{key}");
    }
    assert_eq!(seen["message"], "changed");
    let change = json!({ "comment": "more", "unique_id": "a", "payload": { "type": "other" }, "extras": { "b": 2 } });
    let changed = results(&ada.post("update_message", &change).await)["comment"].clone();
    assert_eq!((&changed["payload"], &changed["extras"]), (&json!({ "type": "other" }), &json!({ "b": 2 })));
    let said = format!("unique_id {NOT_OWN}");
    for (who, name) in [(&bob, "a"), (&ada, "none")] {
        let answer = who.post("update_message", &json!({ "comment": "x", "unique_id": name })).await;
        assert_invalid(&answer, "unique_id", &said);
    }
    let answer = ada.post("update_message", &json!({ "comment": "x".repeat(4001), "unique_id": "a" })).await;
    assert_invalid(&answer, "comment", "comment must be at most 4000 characters");
    assert_invalid(&ada.post("update_message", &json!({ "comment": "x" })).await, "unique_id", "unique_id is required");
}

#[actix_web::test]
async fn a_deleted_message_is_gone_from_history_list_and_counts_and_the_chain_closes() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let first = ada.says(room, "one").await;
    ada.says(room, "two").await;
    ada.says(room, "three").await;
    assert_eq!(bob.unread().await, (3, 1));
    let answer = ada.delete("delete_messages", &json!({ "unique_ids": ["ada-two"], "is_hard_delete": true })).await;
    golden::same(&server, "qiscus/sdk_delete_messages", &answer);
    let deleted = results(&answer)["comments"][0].clone();
    assert_eq!((&deleted["is_deleted"], &deleted["message"]), (&json!(true), &json!("")));
    for who in [&ada, &bob] {
        assert_eq!(who.history(room).await, ["three", "one"]);
        assert_eq!(who.page(room, "").await[0]["comment_before_id"], first["id"]);
    }
    assert_eq!(bob.unread().await, (2, 1));
    let path = "delete_messages?unique_ids[]=ada-three&unique_ids[]=ada-two";
    let answer = send(ada.call(Method::DELETE, path)).await;
    assert_eq!(results(&answer)["comments"].as_array().unwrap().len(), 2, "a deleted one may be named again");
    assert_eq!(bob.rooms("").await[0]["last_comment_message"], "one");
    assert_eq!(bob.sync(id(&first)).await, [] as [Value; 0]);
    let said = "unique_id must be that of a message that the caller sent";
    let change = json!({ "comment": "back", "unique_id": "ada-two" });
    assert_invalid(&ada.post("update_message", &change).await, "unique_id", said);
}

#[actix_web::test]
async fn the_sender_alone_deletes_and_at_most_100_at_once() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "one").await;
    bob.says(room, "two").await;
    let said = format!("unique_ids {NOT_OWN}");
    for (who, names) in [(&bob, json!(["ada-one"])), (&ada, json!(["none"]))] {
        assert_invalid(&who.delete("delete_messages", &json!({ "unique_ids": names })).await, "unique_ids", &said);
    }
    let answer = ada.delete("delete_messages", &json!({ "unique_ids": ["bob-two", "ada-one"] })).await;
    assert_eq!(results(&answer)["comments"].as_array().unwrap().len(), 1);
    assert_eq!(ada.history(room).await, ["two"]);
    let ids = |n: usize| json!({ "unique_ids": (0..n).map(|n| format!("ada-{n}")).collect::<Vec<_>>() });
    for n in 0..100 {
        ada.says(room, &n.to_string()).await;
    }
    let said = "unique_ids must have at most 100 messages, this one has 101";
    assert_invalid(&ada.delete("delete_messages", &ids(101)).await, "unique_ids", said);
    assert_invalid(&ada.delete("delete_messages", &json!({})).await, "unique_ids", "unique_ids is required");
    assert_eq!(results(&ada.delete("delete_messages", &ids(100)).await)["comments"].as_array().unwrap().len(), 100);
    assert_eq!(bob.history(room).await, ["two"]);
}

#[actix_web::test]
async fn a_room_is_cleared_for_the_caller_alone() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "one").await;
    ada.says(room, "two").await;
    let unique = bob.get(&format!("get_room_by_id?id={room}")).await["room"]["unique_id"].clone();
    let unique = unique.as_str().unwrap();
    let answer = bob.delete("clear_room_messages", &json!({ "room_channel_ids": [unique] })).await;
    golden::same(&server, "qiscus/sdk_clear_room_messages", &answer);
    assert_eq!(results(&answer)["rooms"][0]["last_comment"], Value::Null);
    assert_eq!((bob.history(room).await, bob.unread().await), (vec![], (0, 0)));
    assert_eq!(ada.history(room).await, ["two", "one"]);
    let listed = bob.get(&format!("get_room_by_id?id={room}")).await["room"].clone();
    assert_eq!((&listed["last_comment"]["id"], &listed["last_comment"]["type"]), (&json!(0), &json!("unknown")));
    let next = ada.says(room, "three").await;
    let seen = bob.page(room, "").await;
    assert_eq!((texts(&seen), &seen[0]["comment_before_id"]), (vec!["three".to_owned()], &json!(0)));
    assert_ne!(next["comment_before_id"], 0, "the sender still sees those before it");
    let answer = send(bob.call(Method::DELETE, &format!("clear_room_messages?room_channel_ids[]={unique}"))).await;
    assert_eq!((answer.status, bob.history(room).await), (200, vec![]));
    let said = format!("room_channel_ids {NO_ROOM}");
    let eve = Chatter::of(&server, "eve").await;
    for names in [json!([unique]), json!(["none"])] {
        let answer = eve.delete("clear_room_messages", &json!({ "room_channel_ids": names })).await;
        assert_invalid(&answer, "room_channel_ids", &said);
    }
    let said = "room_channel_ids is required";
    assert_invalid(&eve.delete("clear_room_messages", &json!({})).await, "room_channel_ids", said);
}
