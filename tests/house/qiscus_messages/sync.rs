use super::*;

fn begun(who: &Chatter<'_>) -> i64 {
    who.user["last_comment_id"].as_i64().unwrap()
}

fn said(comments: &[Value]) -> Vec<&str> {
    comments.iter().map(|comment| comment["message"].as_str().unwrap()).collect()
}

fn topics(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["action_topic"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn messages_to_an_absent_user_are_new_at_its_login_and_not_at_the_next() {
    let server = Standin::fresh().await;
    let (ada, _, room) = two(&server).await;
    let mut last = 0;
    for text in ["one", "two", "three"] {
        last = id(&ada.says(room, text).await);
    }
    let bob = Chatter::of(&server, "bob").await;
    assert_eq!(begun(&bob) + 3, last);
    assert_eq!(said(&bob.sync(begun(&bob)).await), ["one", "two", "three"]);
    bob.receives(room, last).await;
    let again = Chatter::of(&server, "bob").await;
    assert_eq!(said(&again.sync(begun(&again)).await), [""; 0]);
    assert!(begun(&again) >= last);
    assert_eq!(again.user["last_comment_id_str"], begun(&again).to_string());
}

#[actix_web::test]
async fn a_login_brings_no_message_again_that_was_received_in_another_room() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let other = eve.room("bob").await;
    ada.says(room, "old").await;
    bob.receives(room, 9_000_000_000).await;
    eve.says(other, "older").await;
    bob.receives(other, 9_000_000_000).await;
    bob.says(other, "own").await;
    ada.says(room, "new").await;
    let again = Chatter::of(&server, "bob").await;
    assert_eq!(said(&again.sync(begun(&again)).await), ["new"]);
}

#[actix_web::test]
async fn own_messages_are_there_too_and_do_not_keep_an_answer_away() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let after = begun(&ada);
    for n in 0..101 {
        ada.says(room, &n.to_string()).await;
    }
    let first = ada.sync(after).await;
    assert_eq!((first.len(), &first[0]["message"], &first[99]["message"]), (100, &json!("0"), &json!("99")));
    assert_eq!(said(&ada.sync(id(&first[99])).await), ["100"], "another client of the user hears all of them");
    bob.says(room, "answer").await;
    ada.says(room, "thanks").await;
    // The client that sent them asks from the same place again.
    let heard = ada.sync(after).await;
    let texts = said(&heard);
    assert_eq!((texts.len(), &texts[..2], &texts[50..]), (52, &["51", "52"][..], &["answer", "thanks"][..]));
    let ids: Vec<i64> = heard.iter().map(id).collect();
    assert!(ids.is_sorted(), "oldest first");
    let answer = ada.answer(&format!("sync?last_received_comment_id={after}")).await;
    let expected = json!({ "last_received_comment_id": ids[51], "need_clear": false });
    assert_eq!(results(&answer)["meta"], expected);
    assert_eq!(ada.sync(ids[51]).await, [] as [Value; 0]);
}

/// Polls until nothing is left: the pages.
async fn pages(who: &Chatter<'_>, after: i64) -> Vec<Vec<Value>> {
    let (mut pages, mut received) = (Vec::new(), after);
    loop {
        let page = who.sync(received).await;
        let Some(last) = page.last() else { return pages };
        received = id(last);
        pages.push(page);
    }
}

#[actix_web::test]
async fn a_flood_in_one_room_hides_no_message_of_another() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let other = eve.room("bob").await;
    let after = begun(&bob);
    for n in 0..250 {
        if n == 120 {
            eve.says(other, "between").await;
        }
        ada.says(room, &n.to_string()).await;
    }
    let pages = pages(&bob, after).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 51], "whole pages");
    let mut expected: Vec<String> = (0..250).map(|n| n.to_string()).collect();
    expected.insert(120, "between".to_owned());
    assert_eq!(said(&pages.concat()), expected);
}

/// Events of users that have nothing to do with the test's.
fn foreign_events(server: &Standin, count: u32) {
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let insert = "
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
        INSERT INTO event (app, user, id, kind, at)
        SELECT (SELECT key FROM app), 1000000 + n, 'stranger', '{\"kind\":\"profile_changed\",\"fields\":[\"avatar\"]}',
            (SELECT max(at) FROM event) FROM n";
    assert_eq!(database.execute(insert, [count]).unwrap(), count as usize);
}

#[actix_web::test]
async fn a_backlog_of_thousands_comes_in_whole_pages_without_a_gap() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let after = begun(&bob);
    for round in 0..20 {
        foreign_events(&server, 1000);
        let ada = &ada;
        let posts = (0..200).map(|n| async move { id(&ada.says(room, &format!("{round}-{n}")).await) });
        futures_util::future::join_all(posts).await;
    }
    let pages = pages(&bob, after).await;
    assert!(pages.iter().all(|page| page.len() == 100), "{:?}", pages.iter().map(Vec::len).collect::<Vec<_>>());
    let ids: Vec<i64> = pages.concat().iter().map(id).collect();
    assert_eq!(ids.len(), 4000);
    assert!(ids.is_sorted_by(|one, next| one < next), "each once, oldest first");
}

async fn renames(who: &Chatter<'_>, form: &[(&str, &str)]) {
    results(&send(who.call(Method::PATCH, "my_profile").form(form)).await);
}

#[actix_web::test]
async fn changes_of_profiles_count_as_comments_of_a_page_and_each_page_says_what_changed_in_it() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "first").await;
    let after = id(&bob.sync(begun(&bob)).await[0]);
    renames(&ada, &[("name", "Ada L.")]).await;
    for n in 0..100 {
        ada.says(room, &n.to_string()).await;
    }
    renames(&ada, &[("extras", "{\"a\":1}")]).await;
    let pages = pages(&bob, after).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100, 2]);
    for (change, changed) in [(&pages[0][0], "username"), (&pages[1][1], "extras")] {
        assert_eq!((&change["type"], &change["payload"]["type"]), (&json!("custom"), &json!("profile_changed")));
        assert_eq!(change["payload"]["content"]["changed"], json!([changed]));
        assert_eq!(change["payload"]["content"]["user"]["username"], "Ada L.");
    }
    assert_eq!((&pages[0][99]["message"], &pages[1][0]["message"]), (&json!("98"), &json!("99")));
}

/// Deletes the events of the log below a message, as the sweep does after a week.
fn forget_events_below(server: &Standin, message: i64) {
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    database.execute("DELETE FROM event WHERE seq < ?1", [message]).unwrap();
}

#[actix_web::test]
async fn after_a_long_absence_a_client_gets_all_messages_and_is_told_once_to_read_profiles_anew() {
    // Whether the log begins within the first page, or after it.
    for (oldest, expected) in [(50, vec![(100, true), (51, false)]), (120, vec![(100, false), (51, true)])] {
        let server = Standin::fresh().await;
        let (ada, bob, room) = two(&server).await;
        let after = begun(&bob);
        let mut ids = Vec::new();
        for n in 0..150 {
            ids.push(id(&ada.says(room, &n.to_string()).await));
        }
        forget_events_below(&server, ids[oldest]);
        let pages = pages(&bob, after).await;
        let is_anew = |comment: &Value| comment["payload"]["type"] == "read_anew";
        let seen: Vec<_> = pages.iter().map(|page| (page.len(), page.iter().any(is_anew))).collect();
        assert_eq!(seen, expected, "{oldest}");
        let heard: Vec<i64> = pages.concat().iter().filter(|comment| !is_anew(comment)).map(id).collect();
        assert_eq!(heard, ids, "{oldest}");
    }
}

#[actix_web::test]
async fn a_client_without_a_position_starts_where_its_login_would() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "one").await;
    for none in ["sync", "sync?last_received_comment_id=0", "sync?last_received_comment_id=undefined"] {
        assert_eq!(texts(&bob.get(none).await["comments"]), ["one"], "{none}");
    }
    bob.receives(room, 9_000_000_000).await;
    assert_eq!(bob.get("sync").await["comments"], json!([]));
}

#[actix_web::test]
async fn messages_and_profile_changes_are_in_one_order() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let after = begun(&bob);
    ada.says(room, "one").await;
    for name in ["Ada", "Ada L."] {
        let form = [("name", name), ("avatar_url", ""), ("extras", "")];
        results(&send(ada.call(Method::PATCH, "my_profile").form(&form)).await);
    }
    ada.says(room, "two").await;
    let heard = bob.sync(after).await;
    assert_eq!(said(&heard), ["one", "Profile changed", "two"]);
    assert!(heard.iter().map(id).is_sorted());
}

#[actix_web::test]
async fn a_message_in_sync_has_every_key() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "one").await;
    let answer = bob.answer(&format!("sync?last_received_comment_id={}", begun(&bob))).await;
    golden::same(&server, "qiscus/sdk_sync_message", &answer);
}

#[actix_web::test]
async fn marks_are_told_once_to_the_sender_for_the_newest_message_covered() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    for text in ["one", "two"] {
        ada.says(room, text).await;
    }
    let last = id(&ada.says(room, "three").await);
    bob.receives(room, last).await;
    golden::same(&server, "qiscus/sdk_sync_event", &ada.answer("sync_event?start_event_id=0").await);
    bob.receives(room, last).await;
    bob.reads(room, last).await;
    bob.reads(room, last).await;
    let events = ada.events(0).await;
    assert_eq!(topics(&events), ["delivered", "read"]);
    for event in &events {
        let expected = json!({ "comment_id": last, "comment_unique_id": "ada-three", "email": "bob", "room_id": room });
        assert_eq!(event["payload"]["data"], expected);
        assert_eq!(event["payload"]["actor"]["email"], "bob");
        assert!(event["timestamp"].as_i64().unwrap() > 1_000_000_000_000_000_000, "nanoseconds");
    }
    assert_eq!(topics(&ada.events(id(&events[0])).await), ["read"]);
    assert_eq!(bob.events(0).await, [] as [Value; 0], "the reader itself needs no notice");
}

#[actix_web::test]
async fn deletions_are_told_to_both_and_a_cleared_room_to_its_user() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    ada.says(room, "one").await;
    ada.says(room, "two").await;
    ada.delete("delete_messages", &json!({ "unique_ids": ["ada-one"] })).await;
    let unique = bob.get(&format!("get_room_by_id?id={room}")).await["room"]["unique_id"].clone();
    bob.delete("clear_room_messages", &json!({ "room_channel_ids": [unique] })).await;
    let (to_ada, to_bob) = (ada.events(0).await, bob.events(0).await);
    assert_eq!((topics(&to_ada), topics(&to_bob)), (vec!["delete_message"], vec!["delete_message", "clear_room"]));
    let expected = json!({
        "deleted_messages": [{ "message_unique_ids": ["ada-one"], "room_id": room.to_string() }], "is_hard_delete": true,
    });
    for event in [&to_ada[0], &to_bob[0]] {
        assert_eq!((&event["payload"]["data"], &event["payload"]["actor"]["email"]), (&expected, &json!("ada")));
    }
    let cleared = &to_bob[1]["payload"]["data"]["deleted_rooms"][0];
    assert_eq!((&cleared["id"], &cleared["last_comment"]), (&json!(room), &Value::Null));
}

#[actix_web::test]
async fn of_more_than_100_events_the_oldest_100_come_first() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    for n in 0..101 {
        let sent = id(&ada.says(room, &n.to_string()).await);
        bob.receives(room, sent).await;
    }
    let first = ada.events(0).await;
    assert_eq!((first.len(), &first[0]["payload"]["data"]["comment_unique_id"]), (100, &json!("ada-0")));
    let rest = ada.events(id(&first[99])).await;
    assert_eq!((rest.len(), &rest[0]["payload"]["data"]["comment_unique_id"]), (1, &json!("ada-100")));
    let again = Chatter::of(&server, "ada").await;
    assert_eq!(again.user["last_sync_event_id"], rest[0]["id"], "the newest event");
}
