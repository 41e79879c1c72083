use super::*;

#[actix_web::test]
async fn a_message_withheld_by_a_block_in_either_direction_is_never_shown_and_stays_sent() {
    let server = Standin::fresh().await;
    for (who_blocks, whom) in [("bob", "ada"), ("ada", "bob")] {
        let (ada, bob, room) = two(&server).await;
        let before = ada.says(room, &format!("before {who_blocks}")).await;
        bob.reads(room, id(&before)).await;
        let blocker = if who_blocks == "ada" { &ada } else { &bob };
        blocker.blocks(whom).await;
        let withheld = ada.says(room, &format!("withheld {who_blocks}")).await;
        assert_eq!(withheld["status"], "sent");
        blocker.unblocks(whom).await;
        let after = ada.says(room, &format!("after {who_blocks}")).await;
        assert_eq!(
            texts(&bob.page(room, "&limit=2").await),
            [format!("after {who_blocks}"), format!("before {who_blocks}")]
        );
        assert_eq!(bob.page(room, "").await[0]["comment_before_id"], before["id"], "the chain closes");
        assert_eq!(bob.unread().await, (1, 1));
        assert_eq!(texts(&json!(bob.sync(id(&before)).await)), [format!("after {who_blocks}")]);
        bob.reads(room, id(&after)).await;
        let statuses: Vec<Value> =
            ada.page(room, "&limit=3").await.as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
        assert_eq!(statuses, ["read", "sent", "read"]);
        let receipt = ada.get(&format!("comment_receipt?comment_id={}", id(&withheld))).await;
        assert_eq!(receipt["pending"].as_array().unwrap().len(), 1);
        let query = json!({ "query": format!("withheld {who_blocks}") });
        assert_eq!(results(&bob.post("search", &query).await)["comments"], json!([]));
    }
}

#[actix_web::test]
async fn during_a_block_marks_are_not_told() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let sent = id(&ada.says(room, "one").await);
    bob.blocks("ada").await;
    bob.reads(room, sent).await;
    assert_eq!(ada.events(0).await, [] as [Value; 0]);
}

#[actix_web::test]
async fn during_a_block_a_message_is_not_changed() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "harmless").await;
    bob.blocks("ada").await;
    let change = json!({ "comment": "harmful", "unique_id": "ada-harmless" });
    assert_eq!(ada.post("update_message", &change).await.status, 400);
    assert_eq!(bob.history(room).await, ["harmless"]);
    bob.unblocks("ada").await;
    results(&ada.post("update_message", &change).await);
    assert_eq!(bob.history(room).await, ["harmful"]);
}

#[actix_web::test]
async fn across_a_block_neither_user_is_shown_as_online() {
    let server = Standin::fresh().await;
    let (ada, bob, _room) = two(&server).await;
    let status = async |by: &Chatter<'_>, of: &str| {
        let answer = by.post("users/status", &json!({ "user_ids": [of] })).await;
        results(&answer)["user_status"][0]["status"].clone()
    };
    for (by, of) in [(&ada, "bob"), (&bob, "ada")] {
        assert_eq!(status(by, of).await, 1);
    }
    bob.blocks("ada").await;
    for (by, of) in [(&ada, "bob"), (&bob, "ada")] {
        assert_eq!(status(by, of).await, 0, "as over the realtime server");
    }
    assert_eq!(status(&ada, "ada").await, 1);
}
