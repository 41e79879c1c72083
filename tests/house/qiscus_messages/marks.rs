use super::*;

fn statuses(comments: &Value) -> Vec<String> {
    comments.as_array().unwrap().iter().map(|comment| comment["status"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn marks_only_rise_and_a_read_message_is_delivered_too() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(id(&ada.says(room, &n.to_string()).await));
    }
    let shown = async || {
        let (one, other) = (statuses(&ada.page(room, "").await), statuses(&bob.page(room, "").await));
        assert_eq!(one, other, "the same in both views");
        one
    };
    assert_eq!(shown().await, ["sent", "sent", "sent"]);
    assert!(bob.receives(room, ids[1]).await);
    assert_eq!(shown().await, ["sent", "delivered", "delivered"]);
    assert!(!bob.receives(room, ids[0]).await, "a mark does not fall");
    assert!(bob.reads(room, ids[2]).await);
    assert_eq!(shown().await, ["read", "read", "read"]);
    assert!(!bob.receives(room, ids[2]).await);
    let form = [("room_id", room.to_string()), ("last_comment_read_id", ids[0].to_string())];
    let answer = send(bob.call(Method::POST, "update_comment_status").form(&form)).await;
    golden::same(&server, "qiscus/sdk_update_comment_status", &answer);
    let marks = results(&answer);
    assert_eq!((&marks["last_comment_read_id"], &marks["last_comment_received_id"]), (&json!(ids[2]), &json!(ids[2])));
    assert_eq!(marks["user_id"], bob.user["id"]);
}

#[actix_web::test]
async fn a_mark_ahead_of_the_newest_message_is_at_the_newest() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "one").await;
    assert!(bob.reads(room, 9_000_000_000).await);
    ada.says(room, "two").await;
    assert_eq!(statuses(&ada.page(room, "").await), ["sent", "read"]);
    assert_eq!(bob.unread().await, (1, 1));
}

#[actix_web::test]
async fn a_message_of_another_room_moves_no_mark_beyond_the_messages_of_this_one() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let other = eve.room("bob").await;
    ada.says(room, "one").await;
    let foreign = id(&eve.says(other, "two").await);
    ada.says(room, "three").await;
    bob.receives(room, foreign).await;
    assert_eq!(statuses(&ada.page(room, "").await), ["sent", "delivered"]);
    assert_eq!(statuses(&eve.page(other, "").await), ["sent"], "the other room has marks of its own");
    for path in ["update_comment_status"] {
        let form = [("room_id", other.to_string()), ("last_comment_read_id", foreign.to_string())];
        let answer = send(ada.call(Method::POST, path).form(&form)).await;
        assert_invalid(&answer, "room_id", &format!("room_id {NO_ROOM}"));
    }
}

#[actix_web::test]
async fn unread_counts_are_those_of_messages_and_rooms() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let other = eve.room("bob").await;
    let first = id(&ada.says(room, "one").await);
    ada.says(room, "two").await;
    eve.says(other, "three").await;
    golden::same(&server, "qiscus/sdk_total_unread_count", &bob.answer("total_unread_count").await);
    assert_eq!(bob.unread().await, (3, 2));
    bob.receives(room, 9_000_000_000).await;
    assert_eq!(bob.unread().await, (3, 2), "received is not read");
    bob.reads(room, first).await;
    assert_eq!(bob.unread().await, (2, 2));
    bob.reads(other, 9_000_000_000).await;
    assert_eq!(bob.unread().await, (1, 1));
    assert_eq!(ada.unread().await, (0, 0), "own messages do not count");
}

#[actix_web::test]
async fn a_receipt_has_the_recipient_in_the_list_of_its_state() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let sent = id(&ada.says(room, "one").await);
    let path = format!("comment_receipt?comment_id={sent}");
    golden::same(&server, "qiscus/sdk_comment_receipt", &ada.answer(&path).await);
    for (mark, list) in
        [("", "pending"), ("last_comment_received_id", "delivered_to"), ("last_comment_read_id", "read_by")]
    {
        if !mark.is_empty() {
            bob.marks(room, mark, sent).await;
        }
        let receipt = ada.get(&path).await;
        for name in ["pending", "delivered_to", "read_by"] {
            let wanted: &[&str] = if name == list { &["bob"] } else { &[] };
            let users: Vec<_> = receipt[name].as_array().unwrap().iter().map(|one| &one["user"]["email"]).collect();
            assert_eq!(users, wanted, "{list}: {name}");
        }
    }
    let eve = Chatter::of(&server, "eve").await;
    let said = "comment_id must be the id of a message of the caller's rooms";
    assert_invalid(&eve.answer(&path).await, "comment_id", said);
    assert_invalid(&ada.answer("comment_receipt?comment_id=999999").await, "comment_id", said);
    assert_invalid(&ada.answer("comment_receipt").await, "comment_id", "comment_id is required");
}

#[actix_web::test]
async fn marks_of_comments_about_profiles_are_accepted() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    assert!(!ada.receives(0, 7).await);
}
