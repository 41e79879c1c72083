//! friend_check, friend_get, friend_get_list and the Web SDK's friend_get_specified.

use super::*;

#[actix_web::test]
async fn friendships_are_checked_from_one_side_or_both() {
    let server = people(&["ann", "bob", "eve", "kim"]).await;
    befriend(&server, "ann", "bob").await;
    for (owner, whom) in [("ann", "eve"), ("kim", "ann")] {
        let body = json!({ "From_Account": owner, "AddFriendItem": [wish(whom)], "AddType": "Add_Type_Single" });
        assert_eq!(one(&server, "sns/friend_add", body).await, well());
    }
    let body = |kind: &str| {
        let accounts = ["bob", "eve", "kim", "ann", "nobody"];
        json!({ "From_Account": "ann", "To_Account": accounts, "CheckType": kind })
    };
    let both = call(&server, "sns/friend_check", body("CheckResult_Type_Both")).await;
    golden::same(&server, "tencent/friend_check", &both);
    let single = done(&server, "sns/friend_check", body("CheckResult_Type_Single")).await;
    let words: Vec<_> = single["InfoItem"].as_array().unwrap().iter().map(|item| item["Relation"].clone()).collect();
    let [mine, none] = ["CheckResult_Type_AWithB", "CheckResult_Type_NoRelation"];
    assert_eq!(words, [mine, mine, none, none, none], "whether the user lists them is all that is asked");
    let info = "CheckType must be one of CheckResult_Type_Both, CheckResult_Type_Single";
    refused(&server, "sns/friend_check", body("Both"), 30001, info).await;
    refused(&server, "sns/friend_check", body(""), 30001, "CheckType is required").await;
}

#[actix_web::test]
async fn a_list_of_friends_shows_the_owners_notes() {
    let server = people(&["ann", "bob", "eve"]).await;
    let item = json!({ "To_Account": "bob", "AddSource": "AddSource_Type_Web", "Remark": "Bobby", "GroupName": "work", "AddWording": "It is me" });
    assert_eq!(add(&server, "ann", item).await, well());
    befriend(&server, "ann", "eve").await;
    let body = json!({ "From_Account": "ann", "StartIndex": 0, "StandardSequence": 0, "CustomSequence": 0 });
    golden::same(&server, "tencent/friend_get", &call(&server, "sns/friend_get", body).await);
    let empty = done(&server, "sns/friend_get", json!({ "From_Account": "ann", "StartIndex": 2 })).await;
    assert_eq!((&empty["UserDataItem"], &empty["CompleteFlag"]), (&json!([]), &json!(1)));
    let number = "StartIndex must be a number from 0 to 4294967295, without quotes";
    refused(&server, "sns/friend_get", json!({ "From_Account": "ann", "StartIndex": -1 }), 30001, number).await;
    refused(&server, "sns/friend_get", json!({ "From_Account": "nobody" }), 30003, NO_ACCOUNT).await;
}

#[actix_web::test]
async fn a_list_of_friends_comes_five_hundred_at_a_time() {
    let server = people(&["ann"]).await;
    let ids: Vec<String> = (0..501).map(|n| format!("u{n:03}")).collect();
    // One call after the other: friends are listed in the order in which they came to be.
    for ids in ids.chunks(100) {
        limits::import(&server, ids).await;
    }
    let items: Vec<Value> = ids.iter().map(|id| wish(id)).collect();
    done(&server, "sns/friend_import", json!({ "From_Account": "ann", "AddFriendItem": items })).await;
    for (start, first, rows, flag, next) in [(0, "u000", 500, 0, 500), (500, "u500", 1, 1, 0), (1, "u001", 500, 1, 0)] {
        let page = done(&server, "sns/friend_get", json!({ "From_Account": "ann", "StartIndex": start })).await;
        let shown = page["UserDataItem"].as_array().unwrap();
        assert_eq!((&shown[0]["To_Account"], shown.len(), &page["FriendNum"]), (&json!(first), rows, &json!(501)));
        assert_eq!((&page["CompleteFlag"], &page["NextStartIndex"]), (&json!(flag), &json!(next)));
    }
}

#[actix_web::test]
async fn ids_too_long_for_tencent_are_left_out_of_lists() {
    let server = people(&["ann", "bob"]).await;
    let long = "x".repeat(33);
    server.login_or_register(json!({ "user_id": long, "username": "Long", "password": "p" })).await;
    befriend(&server, "ann", "bob").await;
    befriend(&server, "ann", &long).await;
    assert_eq!(names(&server, "ann").await, ["bob"]);
    done(&server, "sns/black_list_add", json!({ "From_Account": "bob", "To_Account": [long] })).await;
    let listed = done(&server, "sns/black_list_get", json!({ "From_Account": "bob" })).await;
    assert_eq!(listed["BlackListItem"], json!([]));
}

#[actix_web::test]
async fn friends_that_are_named_come_with_the_tags_that_are_asked_for() {
    let server = people(&["ann", "bob", "eve"]).await;
    server.command(&["app", "field", "add", "Test"]);
    let item =
        json!({ "To_Account": "bob", "AddSource": "AddSource_Type_Web", "Remark": "Bobby", "GroupName": "work" });
    assert_eq!(add(&server, "ann", item).await, well());
    let profile = [
        ("Tag_Profile_IM_Nick", json!("Bob")),
        ("Tag_Profile_IM_BirthDay", json!(20000101)),
        ("Tag_Profile_Custom_Test", json!("tested")),
    ];
    assert_eq!(set(&server, "bob", &profile).await.json()["ErrorCode"], 0);
    let body = json!({
        "From_Account": "ann",
        "To_Account": ["bob", "eve", "nobody"],
        "TagList": ["Tag_Profile_Custom_Test", "Tag_Profile_IM_Image", "Tag_Profile_IM_Nick", "Tag_SNS_IM_Remark", "Tag_SNS_IM_Group"],
    });
    golden::same(&server, "tencent/friend_get_list", &call(&server, "sns/friend_get_list", body).await);
    let body = json!({ "From_Account": "ann", "To_Account": ["bob"] });
    golden::same(&server, "tencent/friend_get_specified", &call(&server, "sns/friend_get_specified", body).await);
}

#[actix_web::test]
async fn a_tag_that_is_not_there_is_refused_by_its_name() {
    let server = people(&["ann", "bob"]).await;
    let list = |tag: Value| json!({ "From_Account": "ann", "To_Account": ["bob"], "TagList": [tag] });
    for (tag, code, begins) in [
        (json!("Tag_SNS_Custom_Test"), 30001, "There is no tag Tag_SNS_Custom_Test of friends: name one of "),
        (json!("Tag_Profile_IM_Name"), 40009, "There is no tag Tag_Profile_IM_Name: name one of "),
        (json!("Tag_Profile_Custom_Test"), 40009, "Tag_Profile_Custom_Test is not declared: "),
        (json!(7), 30001, "TagList must be text, in quotes"),
    ] {
        let answer = call(&server, "sns/friend_get_list", list(tag)).await.json();
        assert_eq!(answer["ErrorCode"], code);
        assert!(answer["ErrorInfo"].as_str().unwrap().starts_with(begins), "{answer}");
    }
}
