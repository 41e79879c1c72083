//! friend_add, friend_import, friend_update, friend_delete.

use super::*;

#[actix_web::test]
async fn the_sample_of_the_page_adds_friends_with_all_that_it_says_of_them() {
    let house = people(&["id", "id1", "id2", "shy"]).await;
    allow(&house, "shy", "NeedConfirm").await;
    let body = json!({
        "From_Account": "id",
        "AddFriendItem": [
            { "To_Account": "id1", "Remark": "remark1", "GroupName": "Classmates", "AddSource": "AddSource_Type_XXXXXXXX", "AddWording": "I'm Test1" },
            { "To_Account": "id2", "AddSource": "AddSource_Type_XXXXXXXX", "Remark": "", "GroupName": "", "AddWording": null },
            { "To_Account": "nobody", "AddSource": "AddSource_Type_XXXXXXXX" },
            { "To_Account": "shy", "AddSource": "AddSource_Type_XXXXXXXX" },
            { "To_Account": "no/id", "AddSource": "AddSource_Type_XXXXXXXX" },
        ],
        "AddType": "Add_Type_Both",
    });
    golden::same(&house, "tencent/friend_add", &call(&house, "sns/friend_add", body).await);
    let expected = json!({
        "id1": { "Remark": "remark1", "Group": ["Classmates"], "AddSource": "AddSource_Type_XXXXXXXX", "AddWording": "I'm Test1" },
        "id2": { "AddSource": "AddSource_Type_XXXXXXXX" },
    });
    assert_eq!(friends(&house, "id").await, expected);
    let expected = json!({ "id": { "AddSource": "AddSource_Type_XXXXXXXX", "AddWording": "I'm Test1" } });
    assert_eq!(friends(&house, "id1").await, expected);
}

#[actix_web::test]
async fn every_reason_against_a_friendship_has_its_number() {
    let house = people(&["ann", "bob", "silent", "hermit", "shy", "blocked", "blocker"]).await;
    befriend(&house, "ann", "bob").await;
    set(&house, "silent", &[("Tag_Profile_IM_AdminForbidType", json!("AdminForbid_Type_SendOut"))]).await;
    allow(&house, "hermit", "DenyAny").await;
    allow(&house, "shy", "NeedConfirm").await;
    for (owner, whom) in [("ann", "blocked"), ("blocker", "ann")] {
        done(&house, "sns/black_list_add", json!({ "From_Account": owner, "To_Account": [whom] })).await;
    }
    let silent = "Tag_Profile_IM_AdminForbidType keeps this account from adding friends";
    for (owner, whom, code, info) in [
        ("ann", "bob", 30001, "Err_SNS_FriendAdd_Friend_Exist"),
        ("ann", "ann", 30001, "To_Account must be another user than the caller"),
        ("ann", "nobody", 30003, NO_ACCOUNT),
        ("silent", "ann", 30009, silent),
        ("ann", "blocked", 30515, "This account is on one's own black list: take it off first"),
        ("ann", "hermit", 30516, "This account wants no friends"),
        ("ann", "blocker", 30525, "This account has the other on its black list"),
        ("ann", "shy", 30539, WAITING),
    ] {
        assert_eq!(add(&house, owner, wish(whom)).await, said(code, info), "{owner} {whom}");
    }
    assert_eq!(names(&house, "ann").await, ["bob"]);
}

#[actix_web::test]
async fn the_back_end_may_force_what_users_would_refuse() {
    let house = people(&["ann", "hermit", "shy", "silent"]).await;
    allow(&house, "hermit", "DenyAny").await;
    allow(&house, "shy", "NeedConfirm").await;
    set(&house, "ann", &[("Tag_Profile_IM_AdminForbidType", json!("AdminForbid_Type_SendOut"))]).await;
    befriend(&house, "ann", "hermit").await;
    befriend(&house, "ann", "shy").await;
    assert_eq!(names(&house, "shy").await, ["ann"]);
    let body =
        |flags: Value| json!({ "From_Account": "ann", "AddFriendItem": [wish("silent")], "ForceAddFlags": flags });
    assert_eq!(one(&house, "sns/friend_add", body(json!(0))).await.0, 30009);
    refused(&house, "sns/friend_add", body(json!(2)), 30001, "ForceAddFlags must be one of 0, 1").await;
    let number = "ForceAddFlags must be a number from 0 to 4294967295, without quotes";
    refused(&house, "sns/friend_add", body(json!("1")), 30001, number).await;
}

#[actix_web::test]
async fn a_friend_may_be_added_one_way() {
    let house = people(&["ann", "bob"]).await;
    let body = |kind: &str| json!({ "From_Account": "ann", "AddFriendItem": [wish("bob")], "AddType": kind });
    let info = "AddType must be one of Add_Type_Both, Add_Type_Single";
    refused(&house, "sns/friend_add", body("Add_Type_One"), 30001, info).await;
    assert_eq!(one(&house, "sns/friend_add", body("Add_Type_Single")).await, well());
    assert_eq!((names(&house, "ann").await.len(), names(&house, "bob").await.len()), (1, 0));
    assert_eq!(one(&house, "sns/friend_add", body("Add_Type_Single")).await.0, 30001);
    assert_eq!(one(&house, "sns/friend_add", body("Add_Type_Both")).await, well());
    assert_eq!(names(&house, "bob").await, ["ann"]);
}

#[actix_web::test]
async fn what_is_said_of_a_friend_is_as_long_as_the_page_says() {
    let house = people(&["ann", "bob", "eve", "kim"]).await;
    let longest = json!({
        "To_Account": "bob",
        "AddSource": "AddSource_Type_Abcdefgh",
        "Remark": "é".repeat(48),
        "GroupName": "é".repeat(15),
        "AddWording": "é".repeat(128),
    });
    assert_eq!(add(&house, "ann", longest.clone()).await, well());
    let shown = friends(&house, "ann").await["bob"].clone();
    assert_eq!((&shown["Remark"], &shown["Group"][0]), (&longest["Remark"], &longest["GroupName"]));
    let source = "AddSource must be AddSource_Type_ and one to eight letters";
    for (field, value, info) in [
        ("Remark", json!("x".repeat(97)), "Remark must be at most 96 bytes"),
        ("GroupName", json!("x".repeat(31)), "GroupName must be at most 30 bytes"),
        ("AddWording", json!("x".repeat(257)), "AddWording must be at most 256 bytes"),
        ("AddSource", json!("AddSource_Type_Abcdefghi"), source),
        ("AddSource", json!("AddSource_Type_"), source),
        ("AddSource", json!("Web"), source),
        ("AddSource", json!(""), "AddSource is required"),
        ("AddSource", Value::Null, "AddSource is required"),
        ("Remark", json!(7), "Remark must be text, in quotes"),
        ("Remark", json!("a\u{202E}b"), "Remark must be free of control and text-direction characters"),
        ("GroupName", json!(["a", 7]), "GroupName must be text, in quotes"),
        ("GroupName", json!(["a", ""]), "GroupName is required"),
    ] {
        let mut item = wish("eve");
        item[field] = value;
        assert_eq!(add(&house, "ann", item).await, said(30001, info));
    }
    let body = json!({ "From_Account": "ann", "AddFriendItem": [{ "To_Account": "eve" }, wish("kim")] });
    let answer = done(&house, "sns/friend_add", body).await;
    assert_eq!(
        codes(&answer),
        [("eve".to_owned(), 30001), ("kim".to_owned(), 0)],
        "what is wrong with one is told of this one"
    );
}

#[actix_web::test]
async fn a_back_end_imports_friends_without_asking_anybody() {
    let house = people(&["id", "id1", "id2"]).await;
    allow(&house, "id1", "DenyAny").await;
    let body = json!({
        "From_Account": "id",
        "AddFriendItem": [
            { "To_Account": "id1", "Remark": "remark1", "RemarkTime": 1420000001, "GroupName": ["Friends", "Colleagues", "Friends"], "AddSource": "AddSource_Type_XXXXXXXX", "AddWording": "I'm Test1", "AddTime": 1420000001 },
            { "To_Account": "id2", "GroupName": [], "AddSource": "AddSource_Type_XXXXXXXX" },
            { "To_Account": "id3", "AddSource": "AddSource_Type_XXXXXXXX" },
        ],
    });
    golden::same(&house, "tencent/friend_import", &call(&house, "sns/friend_import", body).await);
    assert_eq!(friends(&house, "id").await["id1"]["Group"], json!(["Colleagues", "Friends"]));
    assert_eq!((names(&house, "id").await, names(&house, "id1").await.len()), (vec!["id1".into(), "id2".into()], 0));
}

#[actix_web::test]
async fn friends_leave_one_list_or_both() {
    let house = people(&["ann", "bob", "eve", "kim"]).await;
    for whom in ["bob", "eve", "kim"] {
        befriend(&house, "ann", whom).await;
    }
    let body = json!({ "From_Account": "ann", "To_Account": ["bob", "nobody", "ann", "bob"] });
    golden::same(&house, "tencent/friend_delete", &call(&house, "sns/friend_delete", body).await);
    assert_eq!(names(&house, "bob").await, ["ann"], "one way where nothing else is asked for");
    let body = |kind: &str| json!({ "From_Account": "ann", "To_Account": ["eve"], "DeleteType": kind });
    let info = "DeleteType must be one of Delete_Type_Single, Delete_Type_Both";
    refused(&house, "sns/friend_delete", body("Delete_Type_All"), 30001, info).await;
    assert_eq!(one(&house, "sns/friend_delete", body("Delete_Type_Both")).await, well());
    assert_eq!(one(&house, "sns/friend_delete", body("Delete_Type_Single")).await.0, 31704);
    assert_eq!((names(&house, "ann").await, names(&house, "eve").await.len()), (vec!["kim".to_owned()], 0));
}

#[actix_web::test]
async fn a_whole_list_of_friends_is_deleted() {
    let house = people(&["ann", "bob", "eve"]).await;
    for whom in ["bob", "eve"] {
        befriend(&house, "ann", whom).await;
    }
    let answer = call(&house, "sns/friend_delete_all", json!({ "From_Account": "ann" })).await;
    golden::same(&house, "tencent/friend_delete_all", &answer);
    assert_eq!((names(&house, "ann").await.len(), names(&house, "bob").await.len()), (0, 1));
    let both = json!({ "From_Account": "bob", "DeleteType": "Delete_Type_Both" });
    done(&house, "sns/friend_delete_all", both).await;
    assert_eq!((names(&house, "bob").await.len(), names(&house, "eve").await.len()), (0, 1));
    refused(&house, "sns/friend_delete_all", json!({ "From_Account": "nobody" }), 30003, NO_ACCOUNT).await;
}

async fn update(house: &Standin, whom: &str, items: Value) -> (u64, String) {
    let body = json!({ "From_Account": "ann", "UpdateItem": [{ "To_Account": whom, "SnsItem": items }] });
    one(house, "sns/friend_update", body).await
}

#[actix_web::test]
async fn remark_and_groups_change_as_asked() {
    let house = people(&["ann", "bob", "eve", "kim"]).await;
    befriend(&house, "ann", "bob").await;
    befriend(&house, "ann", "eve").await;
    let remark = |value: &str| json!({ "Tag": "Tag_SNS_IM_Remark", "Value": value });
    let groups = |value: Value| json!({ "Tag": "Tag_SNS_IM_Group", "Value": value });
    let body = json!({ "From_Account": "ann", "UpdateItem": [
        { "To_Account": "bob", "SnsItem": [remark("Bobby"), groups(json!(["work", "chess"]))] },
        { "To_Account": "kim", "SnsItem": [remark("Kimmy")] },
        { "To_Account": "eve", "SnsItem": [groups(json!(["chess"]))] },
    ] });
    golden::same(&house, "tencent/friend_update", &call(&house, "sns/friend_update", body).await);
    let shown = friends(&house, "ann").await;
    assert_eq!((&shown["bob"]["Remark"], &shown["bob"]["Group"]), (&json!("Bobby"), &json!(["chess", "work"])));
    assert_eq!(update(&house, "bob", json!([remark("é".repeat(48).as_str())])).await, well());
    assert_eq!(update(&house, "bob", json!([remark(""), groups(json!([]))])).await, well());
    assert_eq!(friends(&house, "ann").await["bob"], json!({ "AddSource": "AddSource_Type_Web" }));
}

#[actix_web::test]
async fn a_tag_that_cannot_be_set_is_named() {
    let house = people(&["ann", "bob"]).await;
    befriend(&house, "ann", "bob").await;
    let known = "name one of Tag_SNS_IM_Remark, Tag_SNS_IM_Group, Tag_SNS_IM_AddSource, Tag_SNS_IM_AddWording, Tag_SNS_IM_AddTime";
    let kept = "Tag_SNS_IM_AddSource stays as it was when the friend was added";
    let custom = format!("There is no tag Tag_SNS_Custom_Test of friends: {known}");
    for (tag, value, info) in [
        ("Tag_SNS_IM_Remark", json!("x".repeat(97)), "Tag_SNS_IM_Remark must be at most 96 bytes"),
        ("Tag_SNS_IM_Remark", json!(7), "Tag_SNS_IM_Remark must be text, in quotes"),
        ("Tag_SNS_IM_Group", json!("work"), "Tag_SNS_IM_Group must be a list of texts"),
        ("Tag_SNS_IM_Group", json!([7]), "Tag_SNS_IM_Group must be a list of texts"),
        ("Tag_SNS_IM_Group", json!([""]), "Tag_SNS_IM_Group is required"),
        ("Tag_SNS_IM_Group", json!(["x".repeat(31)]), "Tag_SNS_IM_Group must be at most 30 bytes"),
        ("Tag_SNS_IM_AddSource", json!("AddSource_Type_Web"), kept),
        ("Tag_SNS_Custom_Test", json!("x"), &custom),
    ] {
        assert_eq!(update(&house, "bob", json!([{ "Tag": tag, "Value": value }])).await, said(30001, info));
    }
    let nameless = said(30001, "Tag in SnsItem must be text, in quotes");
    assert_eq!(update(&house, "bob", json!([{ "Value": "x" }])).await, nameless);
    assert_eq!(update(&house, "bob", json!([])).await, said(30001, "SnsItem is required"));
    assert_eq!(update(&house, "bob", json!("x")).await, said(30001, "SnsItem must be a list"));
    let body = json!({ "From_Account": "ann", "UpdateItem": [{ "To_Account": "bob" }] });
    assert_eq!(one(&house, "sns/friend_update", body).await, said(30001, "SnsItem is required"));
}
