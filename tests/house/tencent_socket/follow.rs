//! Following, its push, and the search of the directory. Issue 14, number 9.

use super::*;

const ADD: &str = "follow.follow_add";
const DELETE: &str = "follow.follow_delete";
const GET: &str = "follow.follow_get";
const INFO: &str = "follow.follow_get_info";
const CHECK: &str = "follow.follow_check";
const QUERY: &str = "user_search.query";

fn follows(from: &str, accounts: &[&str]) -> Value {
    let items: Value = accounts.iter().map(|account| json!({ "To_Account": account })).collect();
    json!({ "From_Account": from, "FollowItem": items })
}

fn of(from: &str, accounts: &[&str]) -> Value {
    json!({ "From_Account": from, "To_Account": accounts })
}

fn listed(from: &str, list: u8) -> Value {
    json!({ "From_Account": from, "FollowType": list, "StartCursor": "", "WantNum": 500 })
}

fn names(said: &Value) -> Vec<String> {
    let items = said["FollowItem"].as_array().unwrap_or_else(|| panic!("{said}"));
    items.iter().map(|item| item["To_Account"].as_str().unwrap().to_owned()).collect()
}

fn codes(said: &Value) -> Vec<u64> {
    let items = said["ResultItem"].as_array().unwrap_or_else(|| panic!("{said}"));
    items.iter().map(|item| item["ResultCode"].as_u64().unwrap()).collect()
}

/// The notification of a follow change with another user, whose profile is empty.
fn reported(with: &str, differences: &[(u8, u8)]) -> Value {
    let list: Value = differences.iter().map(|(is_add, list)| json!({ "IsAdd": is_add, "FollowType": list })).collect();
    json!({ "FollowChangeList": [{ "From_Account": with, "NickName": "", "FaceUrl": "", "FollowDiffList": list }] })
}

#[actix_web::test]
async fn both_users_are_notified_of_following_and_the_lists_show_it() {
    let server = server().await;
    let (mut alice, of_alice) = Socket::of(&server, "alice").await;
    let (mut bob, of_bob) = Socket::of(&server, "bob").await;
    assert_eq!(
        codes(&alice.ask(ADD, &of_alice, follows("alice", &["bob", "nobody", "alice"])).await),
        [0, 30003, 30001]
    );
    assert_eq!(alice.reported().await, reported("bob", &[(1, 2)]));
    assert_eq!(bob.reported().await, reported("alice", &[(1, 1)]));
    assert_eq!(codes(&alice.ask(ADD, &of_alice, follows("alice", &["bob"])).await), [0], "again is no fault");
    assert_eq!(codes(&bob.ask(ADD, &of_bob, json!({ "From_Account": "bob", "FollowItem": ["alice"] })).await), [0]);
    assert_eq!(bob.reported().await, reported("alice", &[(1, 2), (1, 3)]));
    assert_eq!(alice.reported().await, reported("bob", &[(1, 1), (1, 3)]));
    for list in [1, 2, 3] {
        let said = alice.ask(GET, &of_alice, listed("alice", list)).await;
        assert_eq!((names(&said), &said["NextCursor"]), (vec!["bob".to_owned()], &json!("")), "{list}");
        assert!(said["FollowItem"][0]["FollowTime"].as_u64().unwrap() > 1_600_000_000, "{said}");
    }
    assert_eq!(codes(&alice.ask(DELETE, &of_alice, of("alice", &["bob"])).await), [0]);
    assert_eq!(alice.reported().await, reported("bob", &[(0, 2), (0, 3)]));
    assert_eq!(bob.reported().await, reported("alice", &[(0, 1), (0, 3)]));
    let lists = async |socket: &mut Socket, ticket: &str, from: &str| {
        let mut lengths = Vec::new();
        for list in [1, 2, 3] {
            lengths.push(names(&socket.ask(GET, ticket, listed(from, list)).await).len());
        }
        lengths
    };
    assert_eq!(lists(&mut alice, &of_alice, "alice").await, [1, 0, 0]);
    assert_eq!(lists(&mut bob, &of_bob, "bob").await, [0, 1, 0]);
    alice.hears_nothing().await;
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn counts_and_checks_report_the_relations() {
    let server = server().await;
    import(&server, &["alice", "bob", "carol"]).await;
    for (from, to) in [("alice", "bob"), ("bob", "alice"), ("carol", "alice")] {
        by_rest(&server, "follow/follow_add", follows(from, &[to])).await;
    }
    let said = by_rest(&server, "follow/follow_get_info", of("alice", &["alice", "bob", "nobody"])).await;
    let info = |account: &str, counts: [u32; 3]| {
        json!({ "To_Account": account, "ResultCode": 0, "ResultInfo": "", "FollowerCount": counts[0],
            "FollowingCount": counts[1], "MutualFollowingCount": counts[2] })
    };
    assert_eq!(said["FollowInfo"][0], info("alice", [2, 1, 1]));
    assert_eq!(said["FollowInfo"][1], info("bob", [1, 1, 1]));
    assert_eq!(said["FollowInfo"][2]["ResultCode"], 30003);
    let own = by_rest(&server, "follow/follow_get_info", json!({ "From_Account": "carol" })).await;
    assert_eq!(own["FollowInfo"], json!([info("carol", [0, 1, 0])]));
    let said = by_rest(&server, "follow/follow_check", of("alice", &["bob", "carol", "alice"])).await;
    let types: Vec<&Value> = said["ResultItem"].as_array().unwrap().iter().map(|item| &item["FollowType"]).collect();
    assert_eq!(types, [3, 1, 0]);
    let said = by_rest(&server, "follow/follow_check", of("carol", &["alice"])).await;
    assert_eq!(said["ResultItem"][0]["FollowType"], 2);
}

#[actix_web::test]
async fn a_list_is_read_page_by_page_from_the_newest_entry_on() {
    let server = server().await;
    let ids: Vec<String> = (0..7).map(|n| format!("u{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    import(&server, &ids).await;
    import(&server, &["alice"]).await;
    for id in &ids {
        by_rest(&server, "follow/follow_add", follows("alice", &[id])).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for size in [3, 3, 1] {
        let body = json!({ "From_Account": "alice", "FollowType": 2, "StartCursor": cursor, "WantNum": 3 });
        let said = by_rest(&server, "follow/follow_get", body).await;
        assert_eq!(names(&said).len(), size);
        seen.extend(names(&said));
        cursor = said["NextCursor"].as_str().unwrap().to_owned();
    }
    assert_eq!(cursor, "");
    assert_eq!(seen, ids.iter().rev().copied().collect::<Vec<_>>());
}

#[actix_web::test]
async fn a_block_forbids_following_and_a_deleted_user_is_in_no_list() {
    let server = server().await;
    let (mut alice, of_alice) = Socket::of(&server, "alice").await;
    import(&server, &["bob", "carol", "dave"]).await;
    by_rest(&server, "sns/black_list_add", json!({ "From_Account": "alice", "To_Account": ["bob"] })).await;
    by_rest(&server, "sns/black_list_add", json!({ "From_Account": "carol", "To_Account": ["alice"] })).await;
    let said = alice.ask(ADD, &of_alice, follows("alice", &["bob", "carol", "dave"])).await;
    assert_eq!(codes(&said), [30515, 30525, 0]);
    by_rest(&server, "follow/follow_add", follows("dave", &["alice"])).await;
    by_rest(&server, "im_open_login_svc/account_delete", json!({ "DeleteItem": [{ "UserID": "dave" }] })).await;
    import(&server, &["dave"]).await;
    for list in [1, 2, 3] {
        assert_eq!(names(&alice.ask(GET, &of_alice, listed("alice", list)).await), [""; 0]);
    }
    let said = alice.ask(INFO, &of_alice, of("alice", &["alice", "dave"])).await;
    for info in said["FollowInfo"].as_array().unwrap() {
        let counts = ["FollowerCount", "FollowingCount", "MutualFollowingCount"].map(|count| info[count].as_u64());
        assert_eq!(counts, [Some(0); 3], "{info}");
    }
}

#[actix_web::test]
async fn a_malformed_call_is_refused_with_the_field() {
    let server = server().await;
    let (mut alice, ticket) = Socket::of(&server, "alice").await;
    let many: Vec<String> = (0..101).map(|n| format!("u{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let too_many = "must have at most 100 items, this one has 101";
    for (command, body, code, info) in [
        (ADD, follows("alice", &many), 30001, format!("FollowItem {too_many}")),
        (INFO, of("alice", &many), 30001, format!("To_Account {too_many}")),
        (CHECK, of("alice", &many), 30001, format!("To_Account {too_many}")),
        (ADD, json!({ "From_Account": "alice" }), 30001, "FollowItem is required".to_owned()),
        (GET, listed("alice", 4), 30001, "FollowType must be one of 1, 2, 3".to_owned()),
        (
            GET,
            json!({ "From_Account": "alice", "FollowType": 1, "StartCursor": "x" }),
            30001,
            "StartCursor must be a NextCursor of a former answer".to_owned(),
        ),
        (ADD, follows("bob", &["alice"]), 30004, "From_Account must be the account that has signed in".to_owned()),
    ] {
        assert_eq!(alice.ask(command, &ticket, body).await, refused(code, &info), "{command}");
    }
}

fn found(said: &Value) -> Vec<String> {
    let users = said["Users"].as_array().unwrap_or_else(|| panic!("{said}"));
    users.iter().map(|user| user["UserID"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn users_are_found_by_parts_of_names_gender_and_birthday() {
    let server = server().await;
    let (mut alice, ticket) = Socket::of(&server, "alice").await;
    for (id, nick, gender, birthday) in [
        ("u1", "Ada Lovelace", "Gender_Type_Female", 18_151_210),
        ("u2", "Adam Smith", "Gender_Type_Male", 17_230_616),
        ("lovely", "Grace", "Gender_Type_Female", 19_061_209),
    ] {
        by_rest(&server, "im_open_login_svc/account_import", json!({ "UserID": id })).await;
        let items = [
            ("Tag_Profile_IM_Nick", json!(nick)),
            ("Tag_Profile_IM_Gender", json!(gender)),
            ("Tag_Profile_IM_BirthDay", json!(birthday)),
        ];
        set(&server, id, &items).await;
    }
    for (body, expected) in [
        (json!({ "Keywords": ["ADA"] }), vec!["u1", "u2"]),
        (json!({ "Keywords": ["ada", "grace"], "KeywordMatchType": 0 }), vec!["u1", "u2", "lovely"]),
        (json!({ "Keywords": ["ada", "love"], "KeywordMatchType": 1 }), vec!["u1"]),
        (json!({ "Keywords": ["ad", "sm"], "KeywordMatchType": 1 }), vec!["u2"]),
        (json!({ "Keywords": ["love", "x"] }), vec!["u1", "lovely"]),
        (json!({ "Keywords": ["ada"], "UserGenderType": "Gender_Type_Male" }), vec!["u2"]),
        (json!({ "Gender": "Gender_Type_Female" }), vec!["u1", "lovely"]),
        (json!({ "UserBirthStart": 18_000_101, "UserBirthEnd": 18_991_231 }), vec!["u1"]),
        (json!({ "Keywords": ["nobody at all"] }), vec![]),
    ] {
        let said = alice.ask(QUERY, &ticket, body.clone()).await;
        assert_eq!(found(&said), expected, "{body}");
        assert_eq!((&said["TotalCount"], &said["Cursor"]), (&json!(expected.len()), &json!("")), "{body}");
    }
    let first = alice.ask(QUERY, &ticket, json!({ "Keywords": ["ada", "grace"], "Count": 2 })).await;
    assert_eq!((found(&first).len(), &first["TotalCount"]), (2, &json!(3)));
    let rest = json!({ "Keywords": ["ada", "grace"], "Count": 2, "Cursor": first["Cursor"] });
    assert_eq!(found(&alice.ask(QUERY, &ticket, rest).await), ["lovely"]);
    let items = first["Users"][0]["ProfileItems"].as_array().unwrap();
    assert!(items.contains(&json!({ "Tag": "Tag_Profile_IM_Nick", "StrValue": "Ada Lovelace" })), "{first}");
    assert!(items.contains(&json!({ "Tag": "Tag_Profile_IM_BirthDay", "IntValue": 18_151_210 })), "{first}");
    for (body, info) in [
        (json!({}), "Give Keywords, UserGenderType, UserBirthStart or UserBirthEnd"),
        (json!({ "Keywords": ["a", "b", "c", "d", "e", "f"] }), "Keywords must have at most 5 items, this one has 6"),
        (json!({ "Keywords": [""] }), "Keywords is required"),
        (json!({ "Keywords": ["a"], "KeywordMatchType": 2 }), "KeywordMatchType must be one of 0, 1"),
        (json!({ "Keywords": ["a"], "Cursor": "x" }), "Cursor must be a Cursor of a former answer"),
    ] {
        assert_eq!(alice.ask(QUERY, &ticket, body).await, refused(70402, info));
    }
}
