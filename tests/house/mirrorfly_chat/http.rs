//! Chats over HTTP, as the SDK and back ends call it.

use reqwest::Method;

use super::{
    super::{
        golden,
        mirrorfly_rest::data,
        standin::{Answer, send},
    },
    *,
};

async fn get(house: &Standin, person: &Person, path: &str) -> Answer {
    send(house.call(Method::GET, &format!("/api/v1/{path}")).header("Authorization", person.token())).await
}

async fn post(house: &Standin, person: &Person, path: &str, body: Value) -> Answer {
    let call = house.call(Method::POST, &format!("/api/v1/{path}")).header("Authorization", person.token());
    send(call.json(&body)).await
}

fn refusal(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json())
}

fn in_body(message: &str) -> (u16, Value) {
    (200, json!({ "status": 400, "message": message }))
}

/// The ids of a page of messages, in its order.
fn ids(answer: &Answer) -> Vec<String> {
    let rows = data(answer)["chatList"].as_array().unwrap().clone();
    rows.iter().map(|row| text(&row["messageId"])).collect()
}

async fn named(house: &Standin, id: &str, nickname: &str) -> Person {
    let back_end = house.back_end_token().await;
    let fields = [("userIdentifier", id), ("nickname", nickname)];
    super::super::mirrorfly_socket::person_of(&house.create_user(&back_end, &fields).await)
}

#[actix_web::test]
async fn chats_history_and_messages_answer_as_the_sdk_reads_them() {
    let house = Standin::with(&[("STANDIN_PUBLIC_URL", "https://chat.example.test")]).await;
    let (ada, bob) = (named(&house, "ada", "Ada").await, named(&house, "bob", "Bob Ω").await);
    golden::same(&house, "mirrorfly/recent_chats_none", &get(&house, &ada, "chat/recent-chats").await);
    golden::same(&house, "mirrorfly/chat_history_none", &get(&house, &ada, "chat/chat-history?participant=bob").await);
    let (mut adas, mut bobs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    adas.send("bob", "a1", "Hi").await;
    bobs.hear().await;
    let reply = json!({ "message": "Hello Ω", "message_type": "text", "replyTo": "a1" });
    bobs.say(&stanza("ada", "b1", "b1", r#"{"k":"v"}"#, &sealed("b1", &reply))).await;
    bobs.hear().await;
    bobs.say(&edit("ada", "b1", "e1", "Hello")).await;
    bobs.hear().await;
    bobs.say(&about("seen", "ada", "a1")).await;
    bobs.hear().await;
    golden::same(&house, "mirrorfly/recent_chats", &get(&house, &ada, "chat/recent-chats?size=20").await);
    let path = "chat/chat-history?chatType=singlechat&participant=bob&size=20&skipDeleted=true&messageId=&direction=";
    golden::same(&house, "mirrorfly/chat_history", &get(&house, &ada, path).await);
    let path = "chat/message?messageId=b1&chatId=bob&chatType=singleChat";
    golden::same(&house, "mirrorfly/chat_message", &get(&house, &ada, path).await);
    golden::same(&house, "mirrorfly/group_list", &get(&house, &ada, "group/groupList?page=1").await);
    golden::same(&house, "mirrorfly/topics", &get(&house, &ada, "chat/topics").await);
    golden::same(&house, "mirrorfly/delivered", &post(&house, &ada, "users/delivered", json!({})).await);
    // What a client makes of the ciphers.
    let row = data(&get(&house, &ada, "chat/recent-chats").await)["chatList"][0].clone();
    let plain = Codec::of_message("b1").decrypt(row["message"].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&plain).unwrap()["message"], "Hello");
    assert_eq!(row["metadata"], json!({ "k": "v" }), "an edit without metadata leaves them");
    let name = Codec::of_profile("bob", super::super::standin::LICENSE_KEY);
    assert_eq!(name.decrypt(row["fromUserName"].as_str().unwrap()).unwrap(), "Bob Ω");
}

#[actix_web::test]
async fn chats_are_paged_by_the_time_of_the_last_one_seen() {
    let house = Standin::fresh().await;
    let ada = person(&house, "ada").await;
    let mut adas = Chatter::of(&house, &ada).await;
    for n in 0..5 {
        person(&house, &format!("u{n}")).await;
        adas.send(&format!("u{n}"), &format!("m{n}"), "x").await;
    }
    // The place of a chat stays when its last message is deleted for oneself.
    adas.change(r#"status="delete_message" to_user="u3" message_ids="m3""#).await;
    let (mut seen, mut time) = (Vec::new(), String::new());
    loop {
        let page = data(&get(&house, &ada, &format!("chat/recent-chats?size=2&messageTime={time}")).await);
        assert_eq!((&page["totalPages"], &page["totalRecords"]), (&json!(3), &json!(5)));
        let rows = page["chatList"].as_array().unwrap().clone();
        let Some(last) = rows.last() else { break };
        time = last["messageTime"].to_string();
        seen.extend(rows.iter().map(|row| text(&row["participant"])));
    }
    assert_eq!(seen, ["u4", "u3", "u2", "u1", "u0"]);
    for (query, message) in [
        ("size=0", "size must be a number from 1 to 100"),
        ("size=101", "size must be a number from 1 to 100"),
        ("messageTime=-1", "messageTime must be microseconds since 1970"),
        ("messageTime=x", "messageTime must be microseconds since 1970"),
    ] {
        assert_eq!(refusal(&get(&house, &ada, &format!("chat/recent-chats?{query}")).await), in_body(message));
    }
    for size in ["1", "99", "100"] {
        assert_eq!(get(&house, &ada, &format!("chat/recent-chats?size={size}")).await.json()["status"], 200);
    }
}

#[actix_web::test]
async fn history_ends_or_begins_with_the_named_message_and_is_ascending() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let mut adas = Chatter::of(&house, &ada).await;
    for n in 0..102 {
        adas.send("bob", &format!("m{n}"), "x").await;
    }
    let page = async |query: &str| get(&house, &bob, &format!("chat/chat-history?participant=ada&{query}")).await;
    for (query, expected) in [
        ("size=2", vec!["m100", "m101"]),
        ("size=3&messageId=m5&direction=backward", vec!["m3", "m4", "m5"]),
        ("size=3&messageId=m5", vec!["m3", "m4", "m5"]),
        ("size=3&messageId=m5&direction=forward", vec!["m5", "m6", "m7"]),
        ("size=3&messageId=m1&direction=backward", vec!["m0", "m1"]),
        ("size=3&messageId=m101&direction=forward", vec!["m101"]),
    ] {
        let answer = page(query).await;
        assert_eq!(ids(&answer), expected, "{query}");
        assert_eq!(
            (&data(&answer)["totalCount"], &data(&answer)["totalRecords"]),
            (&json!(expected.len()), &json!(102))
        );
    }
    for (size, count) in [(100, 100), (101, 101), (102, 101)] {
        assert_eq!(ids(&page(&format!("size={size}")).await).len(), count);
    }
    for (query, message) in [
        ("size=0", "size must be a number from 1"),
        ("direction=up", "direction must be one of backward, forward"),
        ("chatType=groupchat", "chatType must be singlechat, groups are not served here"),
        ("messageId=unknown", "Invalid message id."),
    ] {
        assert_eq!(refusal(&page(query).await), in_body(message), "{query}");
    }
    let none = get(&house, &bob, "chat/chat-history").await;
    assert_eq!(refusal(&none), in_body("participant is required"));
    for path in ["chat/chat-history?participant=nobody", "chat/chat-history?participant=a%20b"] {
        assert_eq!(refusal(&get(&house, &bob, path).await), in_body("Invalid user id."));
    }
}

#[actix_web::test]
async fn back_ends_list_chats_and_messages_in_clear() {
    let house = Standin::with(&[("STANDIN_PUBLIC_URL", "https://chat.example.test")]).await;
    let (ada, bob) = (named(&house, "ada", "Ada").await, named(&house, "bob@x", "Bob Ω").await);
    golden::same(&house, "mirrorfly/recent_none", &get(&house, &ada, "chat/recent").await);
    golden::same(&house, "mirrorfly/history_none", &get(&house, &ada, "chat/history?participant=bob@x").await);
    let (mut adas, mut bobs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    adas.send("bob=40x", "a1", "Hi").await;
    bobs.hear().await;
    let reply = json!({ "message": "Hello Ω", "message_type": "text", "replyTo": "a1" });
    bobs.say(&stanza("ada", "b1", "b1", r#"{"k":"v"}"#, &sealed("b1", &reply))).await;
    bobs.hear().await;
    bobs.say(&edit("ada", "b1", "e1", "Hello")).await;
    bobs.hear().await;
    adas.say(&about("recall", "bob=40x", "a1")).await;
    let path = "chat/recent?page=1&size=10&byTopic=false&topicId=&exclude=notification";
    golden::same(&house, "mirrorfly/recent", &get(&house, &ada, path).await);
    let path = "chat/history?chatType=singlechat&participant=bob=40x&page=1&size=10";
    bobs.hear().await;
    let by_id = get(&house, &ada, path).await;
    golden::same(&house, "mirrorfly/history", &by_id);
    let by_jid = get(&house, &ada, &path.replace("bob=40x", "bob=40x@chat.example.test")).await;
    assert_eq!(by_jid.bytes, by_id.bytes);
}

#[actix_web::test]
async fn lists_in_clear_are_paged_by_number() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let mut adas = Chatter::of(&house, &ada).await;
    for n in 0..25 {
        adas.send("bob", &format!("m{n}"), "x").await;
    }
    adas.change(r#"status="delete_message" to_user="bob" message_ids="m22""#).await;
    let page = async |query: &str| get(&house, &ada, &format!("chat/history?participant=bob&{query}")).await;
    for (query, expected) in [
        ("size=3", vec!["m21", "m23", "m24"]),
        ("size=3&page=2", vec!["m18", "m19", "m20"]),
        ("size=10&page=3", vec!["m0", "m1", "m2", "m3"]),
        ("size=10&page=4", vec![]),
        ("size=100&page=100", vec![]),
        ("size=3&messageId=m5", vec!["m5", "m6", "m7"]),
        ("size=3&messageId=m5&direction=backward", vec!["m3", "m4", "m5"]),
    ] {
        let answer = page(query).await;
        assert_eq!(ids(&answer), expected, "{query}");
        assert_eq!(data(&answer)["totalRecords"], 24);
    }
    assert_eq!(ids(&page("").await).len(), 10);
    let bad = |message: &str| (400, json!({ "status": 400, "message": message }));
    let far = "page must be a number whose page ends with the row 10,000 at most";
    for (query, message) in [
        ("size=0", "size must be a number from 1 to 100"),
        ("size=101", "size must be a number from 1 to 100"),
        ("page=0", "page must be a number from 1 to 4294967295"),
        ("size=100&page=101", far),
        ("size=99&page=102", far),
        ("messageId=m5&page=2", "page must be 1, or left out, with a messageId"),
        ("messageId=m22", "Invalid message id."),
        ("topicId=t", "topicId must be left out, topics are not served here"),
        ("chatType=groupchat", "chatType must be singlechat, groups are not served here"),
    ] {
        assert_eq!(refusal(&page(query).await), bad(message), "{query}");
    }
    assert_eq!(refusal(&get(&house, &ada, "chat/history").await), bad("participant is required"));

    for n in 0..4 {
        person(&house, &format!("u{n}")).await;
        adas.send(&format!("u{n}"), &format!("c{n}"), "x").await;
    }
    let chats = async |query: &str| get(&house, &ada, &format!("chat/recent?{query}")).await;
    let peers = |answer: &Answer| {
        let rows = data(answer)["chatList"].as_array().unwrap().clone();
        rows.iter().map(|row| text(&row["participant"])).collect::<Vec<_>>()
    };
    assert_eq!(peers(&chats("size=2").await), ["u3", "u2"]);
    let second = chats("size=2&page=2").await;
    assert_eq!(peers(&second), ["u1", "u0"]);
    assert_eq!((&data(&second)["totalPages"], &data(&second)["totalRecords"]), (&json!(3), &json!(5)));
    let time = data(&second)["chatList"][0]["epochTimestamp"].to_string();
    assert_eq!(peers(&chats(&format!("messageTime={time}")).await), ["u0", "bob"]);
    for (query, message) in [
        ("byTopic=true", "byTopic must be false, topics are not served here"),
        ("topicId=t", "topicId must be left out, topics are not served here"),
        ("exclude=notification,text", "exclude must be types other than text, the only type of messages here"),
        ("size=100&page=101", far),
    ] {
        assert_eq!(refusal(&chats(query).await), bad(message), "{query}");
    }
    let mut bobs = Chatter::of(&house, &bob).await;
    bobs.hear().await;
}

#[actix_web::test]
async fn a_message_is_shown_to_its_two_users_and_to_no_one_else() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let eve = person(&house, "eve").await;
    let mut adas = Chatter::of(&house, &ada).await;
    adas.send("bob", "m1", "x").await;
    for (person, peer) in [(&ada, "bob"), (&bob, "ada")] {
        let shown = data(&get(&house, person, &format!("chat/message?messageId=m1&chatId={peer}")).await);
        assert_eq!((&shown["fromUser"], &shown["toUser"], &shown["status"]), (&json!("ada"), &json!("bob"), &json!(0)));
    }
    for (person, path) in
        [(&eve, "messageId=m1&chatId=ada"), (&eve, "messageId=m1&chatId=bob"), (&ada, "messageId=m2&chatId=bob")]
    {
        let answer = get(&house, person, &format!("chat/message?{path}")).await;
        assert_eq!(refusal(&answer), in_body("Invalid message id."), "{path}");
    }
}

#[actix_web::test]
async fn a_message_that_is_sent_over_http_reaches_all_sessions_and_is_edited_for_15_minutes() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut adas, mut bobs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    let form = json!({ "chatType": "chat", "toUser": "bob", "messageType": "text", "message": "Hi", "replyTo": "m0" });
    let answer = post(&house, &ada, "chat/sendmessage", form).await;
    assert_eq!(answer.json()["status"], 200);
    let id = text(&data(&answer)["messageId"]);
    assert!(id.parse::<i64>().is_ok(), "{id}");
    assert_eq!(bobs.hear_message().await, (format!("ada@{HOST}"), id.clone(), "Hi".into()));
    let (_, inner) = copied(&adas.hear().await);
    assert_eq!(body(&inner).1["replyTo"], "m0");
    let change = |to: &str, text: &str| json!({ "toUser": to, "message": text, "messageId": id });
    assert_eq!(data(&post(&house, &ada, "chat/sendmessage", change("bob", "Hi!")).await)["messageId"], json!(id));
    let heard = bobs.hear().await;
    assert_eq!(body(&heard).1["message"], "Hi!");
    assert_ne!(attribute(heard.find("chatcontent", CONTENT).unwrap(), "edit_msg_id"), id);
    let refused = async |person: &Person, form: Value| refusal(&post(&house, person, "chat/sendmessage", form).await);
    let plain = |field: &str, value: Value| {
        let mut form = json!({ "chatType": "chat", "toUser": "bob", "messageType": "text", "message": "x" });
        form[field] = value;
        form
    };
    for (form, message) in [
        (plain("toUser", json!("nobody")), "Invalid user id."),
        (plain("toUser", json!("")), "toUser is required"),
        (plain("message", json!("")), "message is required"),
        (plain("message", json!("x".repeat(10_001))), "message must be at most 10000 characters"),
        (plain("messageType", json!("image")), "messageType must be one of text"),
        (plain("chatType", json!("groupchat")), "chatType must be singlechat, groups are not served here"),
        (plain("messageId", json!("m9")), "Invalid message id."),
    ] {
        assert_eq!(refused(&ada, form).await, in_body(message));
    }
    assert_eq!(refused(&bob, change("ada", "not mine")).await, in_body("Invalid message id."));
    for chars in [9_999, 10_000] {
        let answer = post(&house, &ada, "chat/sendmessage", plain("message", json!("ä".repeat(chars)))).await;
        assert_eq!(answer.json()["status"], 200);
    }
    let database = rusqlite::Connection::open(house.data().join("standin.db")).unwrap();
    let age = |minutes: i64| {
        let micros = minutes * 60 * 1_000_000;
        database.execute("UPDATE message SET at = at - ?1 WHERE name = ?2", rusqlite::params![micros, id]).unwrap();
    };
    age(14);
    assert_eq!(post(&house, &ada, "chat/sendmessage", change("bob", "in time")).await.json()["status"], 200);
    age(2);
    let late = "messageId must be the id of a message of the last 15 minutes";
    assert_eq!(refused(&ada, change("bob", "too late")).await, in_body(late));
    // On the wire there is no such limit: a refusal could not be told.
    adas.say(&edit("bob", &id, "e1", "by the SDK")).await;
    while adas.hear().await.find("acknowledge", CLIENT).is_none() {}
}

#[actix_web::test]
async fn only_a_live_token_of_a_user_opens_the_calls_about_chats() {
    let house = Standin::fresh().await;
    let back_end = house.back_end_token().await;
    for (method, path) in [
        (Method::GET, "chat/recent-chats"),
        (Method::GET, "chat/chat-history?participant=bob"),
        (Method::GET, "chat/message?messageId=m&chatId=bob"),
        (Method::GET, "chat/recent"),
        (Method::GET, "chat/history?participant=bob"),
        (Method::POST, "chat/sendmessage"),
        (Method::GET, "chat/topics"),
        (Method::GET, "group/groupList"),
        (Method::POST, "users/delivered"),
    ] {
        for token in ["unknown", &back_end] {
            let call = house.call(method.clone(), &format!("/api/v1/{path}")).header("Authorization", token);
            let answer = send(call).await;
            assert_eq!(
                (answer.status, answer.json()),
                (401, json!({ "status": 401, "message": "Token Expired" })),
                "{path}"
            );
        }
    }
}
