use super::*;

#[actix_web::test]
async fn a_foreign_room_and_one_that_is_not_get_the_same_answer_in_every_call() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let sent = ada.says(room, "secret").await;
    let eve = Chatter::of(&server, "eve").await;
    let history = bob.page(room, "").await;
    for wrong in [room, 999, 0, -1] {
        let no_room = |field: &'static str| (field, format!("{field} {NO_ROOM}"));
        let (field, said) = no_room("topic_id");
        assert_invalid(&eve.refused(wrong, &json!({ "comment": "mine" })).await, field, &said);
        let reply = json!({ "comment": "a", "type": "reply", "payload": { "replied_comment_id": sent["id"] } });
        assert_invalid(&eve.refused(wrong, &reply).await, field, &said);
        assert_invalid(&eve.answer(&format!("load_comments?topic_id={wrong}")).await, field, &said);
        let (field, said) = no_room("id");
        assert_invalid(&eve.answer(&format!("get_room_by_id?id={wrong}")).await, field, &said);
        if wrong != 0 {
            let (field, said) = no_room("room_id");
            let form = [("room_id", wrong.to_string()), ("last_comment_read_id", sent["id"].to_string())];
            let answer = send(eve.call(Method::POST, "update_comment_status").form(&form)).await;
            assert_invalid(&answer, field, &said);
        }
    }
    for (path, field) in [("load_comments?topic_id=abc", "topic_id"), ("get_room_by_id?id=abc", "id")] {
        assert_invalid(&eve.answer(path).await, field, &format!("{field} {NO_ROOM}"));
    }
    for (path, field) in [("load_comments", "topic_id"), ("get_room_by_id", "id")] {
        assert_invalid(&eve.answer(path).await, field, &format!("{field} is required"));
    }
    let name = &sent["unique_temp_id"];
    for answer in [
        eve.delete("delete_messages", &json!({ "unique_ids": [name] })).await,
        eve.post("update_message", &json!({ "unique_id": name, "comment": "mine" })).await,
    ] {
        assert_eq!((answer.status, &answer.json()["error"]["message"]), (400, &json!("Validation error")));
    }
    assert_eq!(eve.sync(1).await.len(), 0);
    assert_eq!(bob.page(room, "").await, history, "nothing has changed");
}

#[actix_web::test]
async fn telephones_call_the_same_under_another_name() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let call = server.call(Method::POST, "/api/v2/mobile/post_comment").header("QISCUS-SDK-APP-ID", APP_ID);
    let body = json!({ "topic_id": room, "comment": "by phone", "type": "text", "unique_temp_id": "android-1" });
    let sent = results(&send(call.header("QISCUS-SDK-TOKEN", &ada.token).json(&body)).await)["comment"].clone();
    assert_eq!(bob.history(room).await, ["by phone"]);
    let path = "/api/v2/mobile/delete_messages?unique_ids[]=android-1&is_hard_delete=true";
    let call = server.call(Method::DELETE, path).header("QISCUS-SDK-APP-ID", APP_ID);
    let deleted = results(&send(call.header("QISCUS-SDK-TOKEN", &ada.token)).await)["comments"].clone();
    assert_eq!(deleted[0]["id"], sent["id"]);
}
