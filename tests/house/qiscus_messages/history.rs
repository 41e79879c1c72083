use super::*;

#[actix_web::test]
async fn pages_go_back_and_forward_newest_first_and_begin_where_asked() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(id(&ada.says(room, &n.to_string()).await));
    }
    let page = async |query: String| texts(&bob.page(room, &query).await);
    let at = ids[2];
    assert_eq!(page(String::new()).await, ["5", "4", "3", "2", "1", "0"]);
    assert_eq!(page(format!("&last_comment_id={at}")).await, ["1", "0"]);
    assert_eq!(page(format!("&last_comment_id={at}&after=false&limit=1")).await, ["1"]);
    assert_eq!(page(format!("&last_comment_id={at}&after=true")).await, ["5", "4", "3", "2"], "the given one included");
    assert_eq!(page(format!("&last_comment_id={at}&after=true&limit=2")).await, ["3", "2"], "the nearest");
    assert_eq!(page("&last_comment_id=undefined&timestamp=undefined&after=false".to_owned()).await.len(), 6);
    assert_eq!(page("&after=true&limit=2".to_owned()).await, ["1", "0"]);
    assert_eq!(page("&after=True&limit=2".to_owned()).await, ["1", "0"], "as Python writes it");
    assert_eq!(page(format!("&last_comment_id={}", ids[0])).await, [""; 0]);
    let before: Vec<i64> = bob
        .page(room, &format!("&last_comment_id={at}&after=true&limit=2"))
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|comment| comment["comment_before_id"].as_i64().unwrap())
        .collect();
    assert_eq!(before, [ids[2], ids[1]], "of the page's last message too");
}

#[actix_web::test]
async fn a_limit_outside_of_1_to_100_is_20() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    for n in 0..101 {
        ada.says(room, &n.to_string()).await;
    }
    for (limit, length) in [("1", 1), ("99", 99), ("100", 100), ("101", 20), ("0", 20), ("-1", 20), ("x", 20), ("", 20)]
    {
        let page = bob.page(room, &format!("&limit={limit}")).await;
        assert_eq!(page.as_array().unwrap().len(), length, "{limit}");
    }
}

#[actix_web::test]
async fn searches_find_own_rooms_alone_newest_first_in_any_case() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let other = bob.room("eve").await;
    for text in ["Hello one", "nothing", "hello TWO"] {
        ada.says(room, text).await;
    }
    eve.says(other, "hello three").await;
    let found = async |who: &Chatter<'_>, body: Value| texts(&results(&who.post("search", &body).await)["comments"]);
    assert_eq!(found(&ada, json!({ "query": "HELLO" })).await, ["hello TWO", "Hello one"]);
    assert_eq!(
        found(&bob, json!({ "query": "hello", "room_ids": [] })).await,
        ["hello three", "hello TWO", "Hello one"]
    );
    assert_eq!(found(&bob, json!({ "query": "hello", "room_ids": [room] })).await, ["hello TWO", "Hello one"]);
    assert_eq!(
        found(&bob, json!({ "query": "hello", "room_ids": [room, other.to_string()], "limit": 2 })).await.len(),
        2
    );
    assert_eq!(found(&ada, json!({ "query": "hello", "room_ids": [other] })).await, [""; 0], "a foreign room");
    assert_eq!(found(&ada, json!({ "query": null })).await, [""; 0]);
    let last = id(&bob.page(room, "").await[0]).to_string();
    let number = room.to_string();
    let form = [("query", "hello"), ("room_id", number.as_str()), ("last_comment_id", last.as_str())];
    let answer = bob.form("search_messages", &form).await;
    golden::same(&server, "qiscus/sdk_search_messages", &answer);
    assert_eq!(texts(&results(&answer)["comments"]), ["Hello one"]);
    let all = [("query", "hello"), ("room_id", ""), ("last_comment_id", "")];
    assert_eq!(results(&bob.form("search_messages", &all).await)["comments"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn messages_of_other_vendors_are_shown_as_text_or_as_custom() {
    use crate::{tencent_socket::by_rest, user_sig::SDK_APP_ID};

    let server = Standin::fresh().await;
    server.command(&["app", "set", "--sdk-app-id", &SDK_APP_ID.to_string()]);
    let (ada, bob, room) = two(&server).await;
    let message = |random: u32, element: Value| json!({ "From_Account": "ada", "To_Account": "bob", "MsgRandom": random, "MsgBody": [element] });
    let plain = json!({ "MsgType": "TIMTextElem", "MsgContent": { "Text": "plain" } });
    let custom = json!({ "MsgType": "TIMCustomElem", "MsgContent": { "Data": "data", "Desc": "a card", "Ext": "" } });
    by_rest(&server, "openim/sendmsg", message(1, plain)).await;
    by_rest(&server, "openim/sendmsg", message(2, custom)).await;
    let page = bob.page(room, "").await;
    assert_eq!((&page[1]["type"], &page[1]["message"]), (&json!("text"), &json!("plain")));
    assert_eq!((&page[0]["type"], &page[0]["payload"]["type"]), (&json!("custom"), &json!("tencent")));
    assert_ne!(page[0]["message"], "", "a line that other clients can show");
    assert!(page[0]["payload"]["content"].to_string().contains("data"), "{}", page[0]["payload"]);
    assert_eq!(ada.history(room).await.len(), 2);
}
