use super::*;

/// A call of a back end in v2.1.
async fn get(server: &Standin, path: &str) -> Answer {
    send(server.qiscus(Method::GET, path)).await
}

async fn post(server: &Standin, path: &str, body: Value) -> Answer {
    send(server.qiscus(Method::POST, path).json(&body)).await
}

async fn old(server: &Standin, path: &str, form: &[(&str, &str)]) -> Answer {
    send(v20(server, Method::POST, path).form(form)).await
}

fn ids(rooms: &Value) -> Vec<String> {
    rooms.as_array().unwrap().iter().map(|room| room["room_id"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_back_end_opens_the_one_room_of_two_users() {
    let server = Standin::fresh().await;
    let (ada, _, room) = two(&server).await;
    Chatter::of(&server, "eve").await;
    let open = async |users: &[&str]| {
        post(&server, "get_or_create_room_with_target", json!({ "user_ids": users, "room_options": "{\"a\":1}" })).await
    };
    golden::same(&server, "qiscus/room_with_target", &open(&["eve", "bob"]).await);
    assert_eq!(results(&open(&["bob", "ada"]).await)["room"]["room_id"], room.to_string());
    assert_eq!(ada.room("bob").await, room);
    assert_invalid(&open(&["ada"]).await, "user_ids", "user_ids must be two users");
    assert_invalid(&open(&[]).await, "user_ids", "user_ids is required");
    assert_invalid(&open(&["ada", "ada"]).await, "user_ids", "user_ids must be another user than the caller");
    for unknown in [["ada", "nobody"], ["nobody", "ada"]] {
        let said = "user_ids names a user that does not exist: nobody";
        assert_invalid(&open(&unknown).await, "user_ids", said);
    }
    let older = v20(&server, Method::GET, "get_or_create_room_with_target?emails[]=ada&emails[]=bob");
    let opened = results(&send(older).await);
    assert_eq!((id(&opened["room"]), &opened["room"]["room_name"]), (room, &json!("bob")));
    assert_eq!(opened["comments"], json!([]));
}

#[actix_web::test]
async fn a_back_end_posts_in_the_name_of_a_user_and_both_hear_it() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let unique = ada.get(&format!("get_room_by_id?id={room}")).await["room"]["unique_id"].clone();
    let payload = json!({ "type": "promo" });
    let body = json!({
        "user_id": "ada", "room_id": unique, "message": "hello", "type": "custom", "payload": payload, "extras": { "a": 1 },
        "unique_temp_id": "back-end-1",
    });
    let answer = post(&server, "post_comment", body.clone()).await;
    golden::same(&server, "qiscus/post_comment", &answer);
    assert_eq!(post(&server, "post_comment", body).await.bytes, answer.bytes, "a repeat is the same message");
    assert_eq!((bob.history(room).await, bob.unread().await), (vec!["hello".to_owned()], (1, 1)));
    let after = bob.user["last_comment_id"].as_i64().unwrap();
    assert_eq!(bob.sync(after).await[0]["id"], results(&answer)["comment"]["id"], "heard live");
    let room = room.to_string();
    let form = [("sender_email", "bob"), ("room_id", room.as_str()), ("message", "so"), ("type", "text")];
    let older = old(&server, "post_comment", &form).await;
    golden::same(&server, "qiscus/post_comment_v20", &older);
}

#[actix_web::test]
async fn posts_of_unknown_users_and_outsiders_and_to_unknown_rooms_are_refused() {
    let server = Standin::fresh().await;
    let (.., room) = two(&server).await;
    Chatter::of(&server, "eve").await;
    let post = async |user: &str, room: Value, message: &str| {
        post(&server, "post_comment", json!({ "user_id": user, "room_id": room, "message": message })).await
    };
    let said = "user_id names a user that does not exist: nobody";
    assert_invalid(&post("nobody", json!(room), "a").await, "user_id", said);
    let said = format!("room_id {NO_ROOM}");
    for (user, room) in [("eve", json!(room)), ("ada", json!(999)), ("ada", json!("no such room"))] {
        assert_invalid(&post(user, room, "a").await, "room_id", &said);
    }
    assert_invalid(&post("ada", json!(null), "a").await, "room_id", "room_id is required");
    assert_invalid(&post("ada", json!(room), "").await, "message", "message is required");
    let said = "message must be at most 4000 characters";
    assert_invalid(&post("ada", json!(room), &"x".repeat(4001)).await, "message", said);
    assert_eq!(post("ada", json!(room), &"x".repeat(4000)).await.status, 200);
}

#[actix_web::test]
async fn a_system_event_is_a_message_of_its_own_type() {
    let server = Standin::fresh().await;
    let (_, bob, room) = two(&server).await;
    let body = json!({
        "system_event_type": "custom", "room_id": room.to_string(), "message": "The order was paid", "payload": { "a": 1 },
    });
    golden::same(&server, "qiscus/system_event", &post(&server, "post_system_event_message", body.clone()).await);
    let heard = bob.page(room, "").await[0].clone();
    assert_eq!((&heard["type"], &heard["message"]), (&json!("system_event"), &json!("The order was paid")));
    assert_eq!(heard["payload"], json!({ "type": "custom", "content": { "a": 1 } }));
    let without = |key: &str| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(key);
        body
    };
    for key in ["system_event_type", "room_id", "message"] {
        let answer = post(&server, "post_system_event_message", without(key)).await;
        assert_invalid(&answer, key, &format!("{key} is required"));
    }
    let room = room.to_string();
    let form = [("system_event_type", "add_member"), ("room_id", room.as_str()), ("subject_email", "ada")];
    let older = results(&old(&server, "post_system_event_message", &form).await);
    assert_eq!(older["comment"]["message"], "add_member");
}

#[actix_web::test]
async fn a_back_end_reads_pages_of_any_room_without_deleted_messages() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    for n in 0..22 {
        ada.says(room, &n.to_string()).await;
    }
    ada.delete("delete_messages", &json!({ "unique_ids": ["ada-20"] })).await;
    let page = async |query: &str| texts(&results(&get(&server, &format!("load_comments?{query}")).await)["comments"]);
    assert_eq!(page(&format!("room_id={room}")).await.len(), 20);
    assert_eq!(page(&format!("room_id={room}&limit=2")).await, ["21", "19"]);
    assert_eq!(page(&format!("room_id={room}&limit=2&page=11")).await, ["0"]);
    assert_eq!(page(&format!("room_id={room}&limit=2&page=12")).await, [""; 0]);
    assert_eq!(page(&format!("room_id={room}&limit=101")).await.len(), 20);
    golden::same(
        &server,
        "qiscus/load_comments",
        &get(&server, &format!("load_comments?room_id={room}&limit=1")).await,
    );
    let older = send(v20(&server, Method::GET, &format!("load_comments?room_id={room}&page=1&limit=2"))).await;
    let comments = results(&older)["comments"].clone();
    assert_eq!((&comments[0]["comment_before_id"], &comments[0]["email"]), (&comments[1]["id"], &json!("ada")));
    assert_invalid(&get(&server, "load_comments?room_id=99").await, "room_id", &format!("room_id {NO_ROOM}"));
    assert_eq!(bob.unread().await, (21, 1), "reading by the back end marks nothing");
}

#[actix_web::test]
async fn rooms_are_listed_and_found_and_have_two_participants() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    Chatter::of(&server, "eve").await;
    let other = bob.room("eve").await;
    ada.says(room, "one").await;
    bob.says(other, "two").await;
    golden::same(&server, "qiscus/get_user_rooms", &get(&server, "get_user_rooms?user_id=bob&limit=1").await);
    let listed = results(&get(&server, "get_user_rooms?user_id=bob").await);
    assert_eq!(
        (ids(&listed["rooms"]), &listed["meta"]["total_room"]),
        (vec![other.to_string(), room.to_string()], &json!(2))
    );
    let older = send(v20(&server, Method::GET, "get_user_rooms?user_email=bob&page=1&show_participants=true")).await;
    golden::same(&server, "qiscus/get_user_rooms_v20", &older);
    let said = "user_id names a user that does not exist: nobody";
    assert_invalid(&get(&server, "get_user_rooms?user_id=nobody").await, "user_id", said);

    let unique = ada.get(&format!("get_room_by_id?id={room}")).await["room"]["unique_id"].clone();
    let query = format!("room_ids[]={other}&room_ids[]=99&room_channel_ids[]={}", unique.as_str().unwrap());
    let found = results(&get(&server, &format!("get_rooms_info?{query}")).await);
    assert_eq!(ids(&found["rooms"]), [other.to_string(), room.to_string()]);
    let posted = results(&post(&server, "get_rooms_info", json!({ "room_ids": [other, room.to_string()] })).await);
    assert_eq!(ids(&posted["rooms"]), [other.to_string(), room.to_string()]);
    let (one, two) = (room.to_string(), other.to_string());
    let form = [("user_email", "ada"), ("room_id[]", one.as_str()), ("room_id[]", two.as_str())];
    let older = results(&old(&server, "get_rooms_info", &form).await)["rooms_info"].clone();
    assert_eq!(older.as_array().unwrap().len(), 1, "those of the user");
    assert_eq!((&older[0]["room_id"], &older[0]["last_comment_message"]), (&json!(room), &json!("one")));

    let answer = get(&server, &format!("get_room_participants?room_id={room}")).await;
    golden::same(&server, "qiscus/get_room_participants", &answer);
    assert_invalid(&get(&server, "get_room_participants?room_id=99").await, "room_id", &format!("room_id {NO_ROOM}"));
}

#[actix_web::test]
async fn unread_messages_are_counted_by_room_by_user_and_by_time() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    Chatter::of(&server, "eve").await;
    let other = bob.room("eve").await;
    ada.says(room, "one").await;
    let second = id(&ada.says(room, "two").await);
    let answer = get(&server, &format!("get_unread_count?user_id=bob&room_ids[]={room}&room_ids[]={other}")).await;
    golden::same(&server, "qiscus/get_unread_count", &answer);
    let count = async |query: &str| {
        let answer = get(&server, &format!("get_user_unread_count?user_ids[]=bob&user_ids[]=ada{query}")).await;
        let counts = results(&answer)["user_unread_count"].clone();
        (counts[0]["unread_count"].as_u64().unwrap(), counts[1]["unread_count"].as_u64().unwrap())
    };
    let users =
        async |query: &str| results(&get(&server, &format!("get_unread_users{query}")).await)["user_ids"].clone();
    assert_eq!((count("").await, users("").await), ((2, 0), json!(["bob"])));
    for (period, is_within) in [
        ("start_time=2020-01-01 00:00:00", true),
        ("end_time=2100-01-01 00:00:00", true),
        ("start_time=2020-01-01 00:00:00&end_time=2100-01-01 00:00:00", true),
        ("start_time=2100-01-01 00:00:00", false),
        ("end_time=2020-01-01 00:00:00", false),
    ] {
        let expected = if is_within { ((2, 0), json!(["bob"])) } else { ((0, 0), json!([])) };
        assert_eq!((count(&format!("&{period}")).await, users(&format!("?{period}")).await), expected, "{period}");
    }
    bob.says(room, "answer").await;
    bob.says(other, "hello").await;
    assert_eq!(users("").await, json!(["ada", "eve"]));
    assert_eq!((users("?limit=1").await, users("?limit=1&page=2").await), (json!(["ada"]), json!(["eve"])));
    ada.reads(room, second + 9).await;
    assert_eq!(users("").await, json!(["eve"]));
    let said = format!("room_ids {NO_ROOM}");
    assert_invalid(&get(&server, &format!("get_unread_count?user_id=ada&room_ids[]={other}")).await, "room_ids", &said);
    assert_invalid(&get(&server, "get_unread_count?user_id=ada").await, "room_ids", "room_ids is required");
    let older = send(v20(&server, Method::GET, &format!("get_unread_count?user_email=eve&room_ids[]={other}"))).await;
    assert_eq!(results(&older)["unread_counts"][0]["unread_count"], 1);
}

#[actix_web::test]
async fn a_back_end_deletes_messages_of_anybody() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "one").await;
    bob.says(room, "two").await;
    ada.says(room, "three").await;
    let delete = server.qiscus(Method::DELETE, "delete_messages?unique_ids[]=ada-one&unique_ids[]=none");
    golden::same(&server, "qiscus/delete_messages", &send(delete).await);
    let deleted = results(&post(&server, "delete_messages", json!({ "unique_ids": ["bob-two"] })).await);
    assert_eq!(deleted["comments"][0]["message"], "");
    assert_eq!(
        (ada.history(room).await, bob.history(room).await),
        (vec!["three".to_owned()], vec!["three".to_owned()])
    );
    let said = "unique_ids must be that of a message of the app";
    assert_invalid(&post(&server, "delete_messages", json!({ "unique_ids": ["none"] })).await, "unique_ids", said);
    let older = results(&old(&server, "delete_messages", &[("unique_ids[]", "ada-three")]).await);
    assert_eq!((&older["comments"][0]["is_deleted"], &older["comments"][0]["email"]), (&json!(true), &json!("ada")));
    let events = bob.events(0).await;
    assert_eq!(events.iter().filter(|event| event["action_topic"] == "delete_message").count(), 3);
}

#[actix_web::test]
async fn a_back_end_names_the_room_of_an_id_that_messages_of_two_rooms_have() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let other = eve.room("bob").await;
    let greeting = json!({ "comment": "welcome", "unique_temp_id": "greeting" });
    ada.posts(room, &greeting).await;
    eve.posts(other, &greeting).await;
    ada.says(room, "only here").await;
    let both = json!({ "unique_ids": ["ada-only here", "greeting"] });
    let said = "unique_ids must be that of a message of one room: give its room_id";
    assert_invalid(&post(&server, "delete_messages", both).await, "unique_ids", said);
    assert_eq!(ada.history(room).await, ["only here", "welcome"], "nothing is deleted");
    let delete = server.qiscus(Method::DELETE, &format!("delete_messages?unique_ids[]=greeting&room_id={room}"));
    assert_eq!(results(&send(delete).await)["comments"].as_array().unwrap().len(), 1);
    assert_eq!(
        (ada.history(room).await, bob.history(other).await),
        (vec!["only here".to_owned()], vec!["welcome".to_owned()])
    );
    let unique_id = eve.get(&format!("get_room_by_id?id={other}")).await["room"]["unique_id"].clone();
    results(&post(&server, "delete_messages", json!({ "unique_ids": ["greeting"], "room_id": unique_id })).await);
    assert_eq!(bob.history(other).await, [] as [String; 0]);
    let unknown = json!({ "unique_ids": ["greeting"], "room_id": "999" });
    assert_eq!(post(&server, "delete_messages", unknown).await.status, 400);
}

#[actix_web::test]
async fn a_back_end_searches_the_messages_of_a_user() {
    let server = Standin::fresh().await;
    let (ada, _, room) = two(&server).await;
    Chatter::of(&server, "eve").await;
    ada.says(room, "Hello").await;
    let found = async |user: &str| {
        let answer =
            post(&server, "search_messages", json!({ "user_id": user, "query": "hello", "room_id": room })).await;
        texts(&results(&answer)["comments"])
    };
    assert_eq!((found("bob").await, found("eve").await), (vec!["Hello".to_owned()], vec![]));
    let older = old(&server, "search_messages", &[("user_email", "bob"), ("query", "hello")]).await;
    assert_eq!(texts(&results(&older)["comments"]), ["Hello"]);
}

#[actix_web::test]
async fn orders_about_rooms_of_other_kinds_are_refused() {
    let server = Standin::fresh().await;
    let said = "room_type must be single: Standin has rooms of two users alone";
    for order in
        ["create_room", "update_room", "add_room_participants", "remove_room_participants", "get_or_create_channel"]
    {
        assert_invalid(&post(&server, order, json!({ "room_name": "Group" })).await, "room_type", said);
        assert_invalid(&old(&server, order, &[("name", "Group")]).await, "room_type", said);
    }
    golden::same(&server, "qiscus/error_rooms", &post(&server, "create_room", json!({})).await);
}

#[actix_web::test]
async fn another_apps_back_end_finds_nothing() {
    use crate::qiscus_rest::second_app;

    let server = Standin::fresh().await;
    let (ada, _, room) = two(&server).await;
    ada.says(room, "secret").await;
    let secret = second_app(&server, &[]);
    let foreign = |method: Method, path: &str| {
        let call = server.call(method, &format!("/api/v2.1/rest/{path}"));
        call.header("QISCUS-SDK-APP-ID", "second").header("QISCUS-SDK-SECRET", &secret)
    };
    let said = format!("room_id {NO_ROOM}");
    for path in ["load_comments", "get_room_participants"] {
        let answer = send(foreign(Method::GET, &format!("{path}?room_id={room}"))).await;
        assert_invalid(&answer, "room_id", &said);
    }
    let found = results(&send(foreign(Method::GET, &format!("get_rooms_info?room_ids[]={room}"))).await);
    assert_eq!(found["rooms"], json!([]));
    let answer = send(foreign(Method::DELETE, "delete_messages?unique_ids[]=ada-secret")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(results(&send(foreign(Method::GET, "get_unread_users")).await)["user_ids"], json!([]));
    assert_eq!(ada.history(room).await, ["secret"]);
}
