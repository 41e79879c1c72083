use super::*;

#[actix_web::test]
async fn a_pair_has_one_room_whoever_asks_and_also_when_many_ask_at_once() {
    let server = Standin::fresh().await;
    let (ada, bob) = (Chatter::of(&server, "ada").await, Chatter::of(&server, "bob").await);
    let asked = (0..100).map(|n| async move { if n % 2 == 0 { ("ada", n) } else { ("bob", n) } });
    let who = futures_util::future::join_all(asked).await;
    let rooms = who.iter().map(|(who, _)| if *who == "ada" { ada.room("bob") } else { bob.room("ada") });
    let rooms = futures_util::future::join_all(rooms).await;
    assert!(rooms.iter().all(|room| *room == rooms[0]), "{rooms:?}");
    assert_eq!(ada.rooms("&show_empty=true").await.len(), 1);
}

#[actix_web::test]
async fn the_target_is_read_in_every_spelling_of_a_list() {
    let server = Standin::fresh().await;
    let (ada, _, room) = two(&server).await;
    for name in ["emails", "emails[]", "emails[0]", "emails[][0]"] {
        let answer = ada.form("get_or_create_room_with_target", &[(name, "bob"), ("options", "")]).await;
        assert_eq!(id(&results(&answer)["room"]), room, "{name}");
    }
    let answer = ada.post("get_or_create_room_with_target", &json!({ "emails": ["bob"], "options": null })).await;
    assert_eq!(id(&results(&answer)["room"]), room);
    let answer = ada.form("get_or_create_room_with_target", &[("emails[]", "ada"), ("emails[]", "bob")]).await;
    assert_eq!(id(&results(&answer)["room"]), room, "the caller itself may be named too");
}

#[actix_web::test]
async fn rooms_have_every_key_and_their_messages() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let opened = ada.form("get_or_create_room_with_target", &[("emails", "bob")]).await;
    golden::same(&server, "qiscus/sdk_room_empty", &opened);
    let sent = ada.says(room, "hello").await;
    golden::same(&server, "qiscus/sdk_room", &bob.answer(&format!("get_room_by_id?id={room}")).await);
    golden::same(&server, "qiscus/sdk_rooms", &bob.answer("user_rooms?page=1&limit=20&show_participants=true").await);
    let seen = bob.get(&format!("get_room_by_id?id={room}")).await;
    assert_eq!((&seen["is_participant"], &seen["room"]["room_name"]), (&json!(true), &json!("ada")));
    assert_eq!(seen["comments"][0]["id"], sent["id"]);
    let own = ada.get(&format!("get_room_by_id?id={room}")).await;
    assert_eq!((&own["room"]["room_name"], &own["room"]["unread_count"]), (&json!("bob"), &json!(0)));
}

#[actix_web::test]
async fn a_room_is_opened_with_its_newest_20_messages_newest_first() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    for n in 0..21 {
        ada.says(room, &n.to_string()).await;
    }
    let wanted: Vec<String> = (1..21).rev().map(|n| n.to_string()).collect();
    let opened = results(&bob.form("get_or_create_room_with_target", &[("emails", "ada")]).await);
    assert_eq!(texts(&opened["comments"]), wanted);
    assert_eq!(texts(&bob.get(&format!("get_room_by_id?id={room}")).await["comments"]), wanted);
    assert_eq!(opened["room"]["unread_count"], 21);
}

#[actix_web::test]
async fn the_list_has_the_newest_message_first_and_empty_rooms_only_if_asked() {
    let server = Standin::fresh().await;
    let (ada, _, with_bob) = two(&server).await;
    for id in ["eve", "joe"] {
        Chatter::of(&server, id).await;
    }
    let (with_eve, with_joe) = (ada.room("eve").await, ada.room("joe").await);
    ada.says(with_bob, "one").await;
    ada.says(with_eve, "two").await;
    let listed = async |query: &str| ada.rooms(query).await.iter().map(id).collect::<Vec<_>>();
    assert_eq!(listed("").await, [with_eve, with_bob]);
    assert_eq!(listed("&show_empty=false&room_type=all").await, [with_eve, with_bob]);
    assert_eq!(listed("&show_empty=true&room_type=single").await, [with_eve, with_bob, with_joe]);
    ada.says(with_bob, "three").await;
    assert_eq!(listed("&room_type=default").await, [with_bob, with_eve]);
    for none in ["group", "channel"] {
        assert_eq!(listed(&format!("&room_type={none}")).await, [0; 0], "{none}");
    }
    let page = ada.get("user_rooms?page=2&limit=1").await;
    assert_eq!(page["meta"], json!({ "current_page": 2, "total_room": 2 }));
    assert_eq!(page["rooms_info"].as_array().unwrap().iter().map(id).collect::<Vec<_>>(), [with_eve]);
    assert_eq!(page["rooms_info"][0]["participants"], json!([]));
    let first = &ada.rooms("&show_participants=true").await[0];
    let names: Vec<&Value> = first["participants"].as_array().unwrap().iter().map(|user| &user["email"]).collect();
    assert_eq!(names, ["ada", "bob"]);
}

#[actix_web::test]
async fn rooms_info_takes_numbers_texts_and_unique_ids_and_leaves_others_out() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    Chatter::of(&server, "eve").await;
    let foreign = bob.room("eve").await;
    let unique = |room: &Value| room["unique_id"].as_str().unwrap().to_owned();
    let own = unique(&ada.get(&format!("get_room_by_id?id={room}")).await["room"]);
    let others = unique(&bob.get(&format!("get_room_by_id?id={foreign}")).await["room"]);
    for (body, asked) in [
        (json!({ "room_id": [room] }), 1),
        (json!({ "room_id": [room.to_string(), "abc", foreign, 99] }), 3),
        (json!({ "room_unique_id": [own, others, "none"] }), 3),
        (json!({ "room_id": [room], "room_unique_id": [own], "show_participants": true }), 2),
    ] {
        let answer = ada.post("rooms_info", &body).await;
        let found = results(&answer);
        assert_eq!(found["meta"], json!({ "request_rooms_total": asked, "response_rooms_total": 1 }), "{body}");
        assert_eq!(id(&found["rooms_info"][0]), room, "{body}");
    }
    golden::same(&server, "qiscus/sdk_rooms_info", &ada.post("rooms_info", &json!({ "room_id": [] })).await);
    let many = |n: i64| json!({ "room_id": (1..=n).collect::<Vec<_>>() });
    assert_eq!(ada.post("rooms_info", &many(100)).await.status, 200);
    let said = "room_id must have at most 100 rooms, this one has 101";
    assert_invalid(&ada.post("rooms_info", &many(101)).await, "room_id", said);
}

#[actix_web::test]
async fn participants_are_listed_by_the_unique_id_and_without_one_there_are_none() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    golden::same(&server, "qiscus/sdk_room_participants", &ada.answer("room_participants").await);
    let unique = ada.get(&format!("get_room_by_id?id={room}")).await["room"]["unique_id"].clone();
    let path = format!("room_participants?room_unique_id={}", unique.as_str().unwrap());
    let listed = bob.get(&path).await;
    assert_eq!(listed["meta"], json!({ "current_offset": 0, "current_page": 1, "per_page": 20, "total": 2 }));
    assert_eq!(
        (&listed["participants"][0]["email"], &listed["participants"][1]["email"]),
        (&json!("ada"), &json!("bob"))
    );
    let second = bob.get(&format!("{path}&page=2&limit=1")).await;
    assert_eq!(second["participants"].as_array().unwrap().len(), 1);
    let eve = Chatter::of(&server, "eve").await;
    let said = format!("room_unique_id {NO_ROOM}");
    assert_invalid(&eve.answer(&path).await, "room_unique_id", &said);
    assert_invalid(&eve.answer("room_participants?room_unique_id=none").await, "room_unique_id", &said);
}

#[actix_web::test]
async fn unknown_and_own_targets_are_refused() {
    let server = Standin::fresh().await;
    let (ada, ..) = two(&server).await;
    let target = async |emails: &[&str]| {
        let form: Vec<(&str, &str)> = emails.iter().map(|email| ("emails[]", *email)).collect();
        ada.form("get_or_create_room_with_target", &form).await
    };
    assert_invalid(&target(&["nobody"]).await, "emails", "emails names a user that does not exist: nobody");
    assert_invalid(&target(&["ada"]).await, "emails", "emails must be another user than the caller");
    assert_invalid(&target(&[]).await, "emails", "emails is required");
    assert_invalid(&target(&["bob", "eve"]).await, "emails", "emails must be one other user");
}

#[actix_web::test]
async fn options_are_set_at_creation_and_at_most_16_kib() {
    let server = Standin::fresh().await;
    let (ada, bob) = (Chatter::of(&server, "ada").await, Chatter::of(&server, "bob").await);
    let with = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
    let open = async |options: &str| {
        ada.form("get_or_create_room_with_target", &[("emails", "bob"), ("options", options)]).await
    };
    let said = "options must be at most 16384 bytes";
    assert_invalid(&open(&with(16_385)).await, "options", said);
    for none in ["[]", "1", "{", "\"text\""] {
        let answer = open(none).await;
        assert_eq!((answer.status, &answer.json()["error"]["message"]), (400, &json!("Validation error")), "{none}");
    }
    assert_eq!(results(&open(&with(16_384)).await)["room"]["options"], with(16_384));
    assert_eq!(results(&open("{\"b\":1}").await)["room"]["options"], with(16_384), "kept from the first call");
    let seen = results(&bob.form("get_or_create_room_with_target", &[("emails", "ada")]).await);
    assert_eq!(seen["room"]["options"], with(16_384), "the same for both");
}

#[actix_web::test]
async fn a_room_is_found_by_its_unique_id_and_other_kinds_of_rooms_are_refused() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let unique = ada.get(&format!("get_room_by_id?id={room}")).await["room"]["unique_id"].clone();
    let form = [("unique_id", unique.as_str().unwrap()), ("name", "Group")];
    let found = results(&bob.form("get_or_create_room_with_unique_id", &form).await);
    assert_eq!((id(&found["room"]), &found["comments"]), (room, &json!([])));
    let said = "room_type must be single: Standin has rooms of two users alone";
    assert_invalid(&eve.form("get_or_create_room_with_unique_id", &form).await, "room_type", said);
    for order in [
        "create_room",
        "update_room",
        "add_room_participants",
        "remove_room_participants",
        "channels/join",
        "channels/leave",
        "get_or_create_room_with_unique_id",
    ] {
        let answer = ada.form(order, &[("name", "Group"), ("participants[]", "bob"), ("unique_id", "group")]).await;
        assert_invalid(&answer, "room_type", said);
    }
}

#[actix_web::test]
async fn a_deleted_users_rooms_go_for_both_and_a_new_user_of_the_id_has_another_room() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "one").await;
    bob.says(room, "two").await;
    server.command(&["user", "delete", "bob", "--app", APP_ID]);
    assert_eq!((ada.rooms("&show_empty=true").await, ada.unread().await), (vec![], (0, 0)));
    let said = format!("id {NO_ROOM}");
    assert_invalid(&ada.answer(&format!("get_room_by_id?id={room}")).await, "id", &said);
    let again = Chatter::of(&server, "bob").await;
    let new = again.room("ada").await;
    assert_ne!(new, room);
    assert_eq!((again.history(new).await, ada.history(new).await), (vec![], vec![]));
}

#[actix_web::test]
async fn rooms_messages_marks_and_counts_are_as_before_after_a_restart() {
    let mut server = Standin::fresh().await;
    let (token, room) = {
        let (ada, bob, room) = two(&server).await;
        ada.says(room, "one").await;
        let second = ada.says(room, "two").await;
        ada.says(room, "three").await;
        bob.reads(room, id(&second)).await;
        (bob.token.clone(), room)
    };
    server.kill();
    server.restart();
    let bob = Chatter { server: &server, id: "bob".to_owned(), token, user: Value::Null };
    assert_eq!(bob.history(room).await, ["three", "two", "one"]);
    assert_eq!(bob.unread().await, (1, 1));
    let statuses: Vec<Value> =
        bob.page(room, "").await.as_array().unwrap().iter().map(|comment| comment["status"].clone()).collect();
    assert_eq!(statuses, ["sent", "read", "read"]);
}
