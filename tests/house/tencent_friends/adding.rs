//! friend_add, friend_import, friend_update, friend_delete.

use super::*;

#[actix_web::test]
async fn the_vendors_sample_adds_friends_with_all_fields() {
    let server = people(&["id", "id1", "id2", "shy"]).await;
    allow(&server, "shy", "NeedConfirm").await;
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
    golden::same(&server, "tencent/friend_add", &call(&server, "sns/friend_add", body).await);
    let expected = json!({
        "id1": { "Remark": "remark1", "Group": ["Classmates"], "AddSource": "AddSource_Type_XXXXXXXX", "AddWording": "I'm Test1" },
        "id2": { "AddSource": "AddSource_Type_XXXXXXXX" },
    });
    assert_eq!(friends(&server, "id").await, expected);
    let expected = json!({ "id": { "AddSource": "AddSource_Type_XXXXXXXX", "AddWording": "I'm Test1" } });
    assert_eq!(friends(&server, "id1").await, expected);
}

#[actix_web::test]
async fn every_reason_against_a_friendship_has_its_number() {
    let server = people(&["ann", "bob", "silent", "hermit", "shy", "blocked", "blocker"]).await;
    befriend(&server, "ann", "bob").await;
    set(&server, "silent", &[("Tag_Profile_IM_AdminForbidType", json!("AdminForbid_Type_SendOut"))]).await;
    allow(&server, "hermit", "DenyAny").await;
    allow(&server, "shy", "NeedConfirm").await;
    for (owner, whom) in [("ann", "blocked"), ("blocker", "ann")] {
        done(&server, "sns/black_list_add", json!({ "From_Account": owner, "To_Account": [whom] })).await;
    }
    let silent = "Tag_Profile_IM_AdminForbidType keeps this account from adding friends";
    for (owner, whom, code, info) in [
        ("ann", "bob", 30001, "Err_SNS_FriendAdd_Friend_Exist"),
        ("ann", "ann", 30001, "To_Account must be another user than the caller"),
        ("ann", "nobody", 30003, NO_ACCOUNT),
        ("silent", "ann", 30009, silent),
        ("ann", "blocked", 30515, "This account is on one's own black list: take it off first"),
        ("ann", "hermit", 30516, "This account accepts no friend requests"),
        ("ann", "blocker", 30525, "This account has the other on its black list"),
        ("ann", "shy", 30539, WAITING),
    ] {
        assert_eq!(add(&server, owner, wish(whom)).await, said(code, info), "{owner} {whom}");
    }
    assert_eq!(names(&server, "ann").await, ["bob"]);
}

#[actix_web::test]
async fn the_back_end_may_add_a_friend_without_consent() {
    let server = people(&["ann", "hermit", "shy", "silent"]).await;
    allow(&server, "hermit", "DenyAny").await;
    allow(&server, "shy", "NeedConfirm").await;
    set(&server, "ann", &[("Tag_Profile_IM_AdminForbidType", json!("AdminForbid_Type_SendOut"))]).await;
    befriend(&server, "ann", "hermit").await;
    befriend(&server, "ann", "shy").await;
    assert_eq!(names(&server, "shy").await, ["ann"]);
    let body =
        |flags: Value| json!({ "From_Account": "ann", "AddFriendItem": [wish("silent")], "ForceAddFlags": flags });
    assert_eq!(one(&server, "sns/friend_add", body(json!(0))).await.0, 30009);
    refused(&server, "sns/friend_add", body(json!(2)), 30001, "ForceAddFlags must be one of 0, 1").await;
    let number = "ForceAddFlags must be a number from 0 to 4294967295, without quotes";
    refused(&server, "sns/friend_add", body(json!("1")), 30001, number).await;
}

#[actix_web::test]
async fn a_friend_may_be_added_one_way() {
    let server = people(&["ann", "bob"]).await;
    let body = |kind: &str| json!({ "From_Account": "ann", "AddFriendItem": [wish("bob")], "AddType": kind });
    let info = "AddType must be one of Add_Type_Both, Add_Type_Single";
    refused(&server, "sns/friend_add", body("Add_Type_One"), 30001, info).await;
    assert_eq!(one(&server, "sns/friend_add", body("Add_Type_Single")).await, well());
    assert_eq!((names(&server, "ann").await.len(), names(&server, "bob").await.len()), (1, 0));
    assert_eq!(one(&server, "sns/friend_add", body("Add_Type_Single")).await.0, 30001);
    assert_eq!(one(&server, "sns/friend_add", body("Add_Type_Both")).await, well());
    assert_eq!(names(&server, "bob").await, ["ann"]);
}

#[actix_web::test]
async fn the_fields_of_a_friend_have_the_vendors_limits() {
    let server = people(&["ann", "bob", "eve", "kim"]).await;
    let longest = json!({
        "To_Account": "bob",
        "AddSource": "AddSource_Type_Abcdefgh",
        "Remark": "é".repeat(48),
        "GroupName": "é".repeat(15),
        "AddWording": "é".repeat(128),
    });
    assert_eq!(add(&server, "ann", longest.clone()).await, well());
    let shown = friends(&server, "ann").await["bob"].clone();
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
        assert_eq!(add(&server, "ann", item).await, said(30001, info));
    }
    let body = json!({ "From_Account": "ann", "AddFriendItem": [{ "To_Account": "eve" }, wish("kim")] });
    let answer = done(&server, "sns/friend_add", body).await;
    assert_eq!(
        codes(&answer),
        [("eve".to_owned(), 30001), ("kim".to_owned(), 0)],
        "the fault of one account is reported for that account"
    );
}

#[actix_web::test]
async fn a_back_end_imports_friends_without_asking_anybody() {
    let server = people(&["id", "id1", "id2"]).await;
    allow(&server, "id1", "DenyAny").await;
    let body = json!({
        "From_Account": "id",
        "AddFriendItem": [
            { "To_Account": "id1", "Remark": "remark1", "RemarkTime": 1420000001, "GroupName": ["Friends", "Colleagues", "Friends"], "AddSource": "AddSource_Type_XXXXXXXX", "AddWording": "I'm Test1", "AddTime": 1420000001 },
            { "To_Account": "id2", "GroupName": [], "AddSource": "AddSource_Type_XXXXXXXX" },
            { "To_Account": "id3", "AddSource": "AddSource_Type_XXXXXXXX" },
        ],
    });
    golden::same(&server, "tencent/friend_import", &call(&server, "sns/friend_import", body).await);
    assert_eq!(friends(&server, "id").await["id1"]["Group"], json!(["Colleagues", "Friends"]));
    assert_eq!((names(&server, "id").await, names(&server, "id1").await.len()), (vec!["id1".into(), "id2".into()], 0));
}

#[actix_web::test]
async fn friends_are_deleted_from_one_list_or_both() {
    let server = people(&["ann", "bob", "eve", "kim"]).await;
    for whom in ["bob", "eve", "kim"] {
        befriend(&server, "ann", whom).await;
    }
    let body = json!({ "From_Account": "ann", "To_Account": ["bob", "nobody", "ann", "bob"] });
    golden::same(&server, "tencent/friend_delete", &call(&server, "sns/friend_delete", body).await);
    assert_eq!(names(&server, "bob").await, ["ann"], "one way where nothing else is asked for");
    let body = |kind: &str| json!({ "From_Account": "ann", "To_Account": ["eve"], "DeleteType": kind });
    let info = "DeleteType must be one of Delete_Type_Single, Delete_Type_Both";
    refused(&server, "sns/friend_delete", body("Delete_Type_All"), 30001, info).await;
    assert_eq!(one(&server, "sns/friend_delete", body("Delete_Type_Both")).await, well());
    assert_eq!(one(&server, "sns/friend_delete", body("Delete_Type_Single")).await.0, 31704);
    assert_eq!((names(&server, "ann").await, names(&server, "eve").await.len()), (vec!["kim".to_owned()], 0));
}

#[actix_web::test]
async fn a_whole_list_of_friends_is_deleted() {
    let server = people(&["ann", "bob", "eve"]).await;
    for whom in ["bob", "eve"] {
        befriend(&server, "ann", whom).await;
    }
    let answer = call(&server, "sns/friend_delete_all", json!({ "From_Account": "ann" })).await;
    golden::same(&server, "tencent/friend_delete_all", &answer);
    assert_eq!((names(&server, "ann").await.len(), names(&server, "bob").await.len()), (0, 1));
    let both = json!({ "From_Account": "bob", "DeleteType": "Delete_Type_Both" });
    done(&server, "sns/friend_delete_all", both).await;
    assert_eq!((names(&server, "bob").await.len(), names(&server, "eve").await.len()), (0, 1));
    refused(&server, "sns/friend_delete_all", json!({ "From_Account": "nobody" }), 30003, NO_ACCOUNT).await;
}

async fn update(server: &Standin, whom: &str, items: Value) -> (u64, String) {
    let body = json!({ "From_Account": "ann", "UpdateItem": [{ "To_Account": whom, "SnsItem": items }] });
    one(server, "sns/friend_update", body).await
}

#[actix_web::test]
async fn remark_and_groups_of_a_friend_change() {
    let server = people(&["ann", "bob", "eve", "kim"]).await;
    befriend(&server, "ann", "bob").await;
    befriend(&server, "ann", "eve").await;
    let remark = |value: &str| json!({ "Tag": "Tag_SNS_IM_Remark", "Value": value });
    let groups = |value: Value| json!({ "Tag": "Tag_SNS_IM_Group", "Value": value });
    let body = json!({ "From_Account": "ann", "UpdateItem": [
        { "To_Account": "bob", "SnsItem": [remark("Bobby"), groups(json!(["work", "chess"]))] },
        { "To_Account": "kim", "SnsItem": [remark("Kimmy")] },
        { "To_Account": "eve", "SnsItem": [groups(json!(["chess"]))] },
    ] });
    golden::same(&server, "tencent/friend_update", &call(&server, "sns/friend_update", body).await);
    let shown = friends(&server, "ann").await;
    assert_eq!((&shown["bob"]["Remark"], &shown["bob"]["Group"]), (&json!("Bobby"), &json!(["chess", "work"])));
    assert_eq!(update(&server, "bob", json!([remark("é".repeat(48).as_str())])).await, well());
    assert_eq!(update(&server, "bob", json!([remark(""), groups(json!([]))])).await, well());
    assert_eq!(friends(&server, "ann").await["bob"], json!({ "AddSource": "AddSource_Type_Web" }));
}

#[actix_web::test]
async fn a_tag_that_cannot_be_set_is_named() {
    let server = people(&["ann", "bob"]).await;
    befriend(&server, "ann", "bob").await;
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
        assert_eq!(update(&server, "bob", json!([{ "Tag": tag, "Value": value }])).await, said(30001, info));
    }
    let nameless = said(30001, "Tag in SnsItem must be text, in quotes");
    assert_eq!(update(&server, "bob", json!([{ "Value": "x" }])).await, nameless);
    assert_eq!(update(&server, "bob", json!([])).await, said(30001, "SnsItem is required"));
    assert_eq!(update(&server, "bob", json!("x")).await, said(30001, "SnsItem must be a list"));
    let body = json!({ "From_Account": "ann", "UpdateItem": [{ "To_Account": "bob" }] });
    assert_eq!(one(&server, "sns/friend_update", body).await, said(30001, "SnsItem is required"));
}
