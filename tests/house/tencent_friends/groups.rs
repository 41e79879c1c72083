//! group_add, group_get, group_update, group_delete.

use super::*;

/// Ann with two friends and a stranger.
async fn ann() -> Standin {
    let server = people(&["ann", "bob", "eve", "kim"]).await;
    befriend(&server, "ann", "bob").await;
    befriend(&server, "ann", "eve").await;
    server
}

async fn make(server: &Standin, names: &[&str], members: &[&str]) -> Value {
    done(server, "sns/group_add", json!({ "From_Account": "ann", "GroupName": names, "To_Account": members })).await
}

async fn groups(server: &Standin) -> Value {
    let body = json!({ "From_Account": "ann", "LastSequence": 0, "NeedFriend": "Need_Friend_Type_Yes" });
    let answer = done(server, "sns/group_get", body).await;
    let groups = answer["ResultItem"].as_array().unwrap().iter();
    groups.map(|group| (group["GroupName"].as_str().unwrap().to_owned(), group["To_Account"].clone())).collect()
}

#[actix_web::test]
async fn groups_are_made_with_friends_in_them_or_empty() {
    let server = ann().await;
    let body =
        json!({ "From_Account": "ann", "GroupName": ["group1", "group2"], "To_Account": ["bob", "kim", "nobody"] });
    golden::same(&server, "tencent/group_add", &call(&server, "sns/group_add", body).await);
    let body = json!({ "From_Account": "ann", "GroupName": ["é".repeat(15)] });
    golden::same(&server, "tencent/group_add_empty", &call(&server, "sns/group_add", body).await);
    let expected = json!({ "group1": ["bob"], "group2": ["bob"], "é".repeat(15): [] });
    assert_eq!(groups(&server).await, expected);
    assert_eq!(friends(&server, "ann").await["bob"]["Group"], json!(["group1", "group2"]));
    for (names, info) in [
        (json!(["x".repeat(31)]), "GroupName must be at most 30 bytes"),
        (json!([""]), "GroupName is required"),
        (json!([7]), "GroupName must be text, in quotes"),
        (json!("work"), "GroupName must be a list"),
        (json!([]), "GroupName is required"),
        (json!(vec!["x"; 33]), "GroupName must have at most 32 items, this one has 33"),
    ] {
        refused(&server, "sns/group_add", json!({ "From_Account": "ann", "GroupName": names }), 30001, info).await;
    }
    refused(&server, "sns/group_add", json!({ "From_Account": "nobody", "GroupName": ["x"] }), 30003, NO_ACCOUNT).await;
}

#[actix_web::test]
async fn a_thirty_third_group_is_refused_in_every_call() {
    let server = ann().await;
    let names: Vec<String> = (0..32).map(|n| format!("g{n}")).collect();
    make(&server, &names.iter().map(String::as_str).collect::<Vec<_>>(), &["bob"]).await;
    let full = "This account has 32 groups of friends, the most there may be";
    refused(&server, "sns/group_add", json!({ "From_Account": "ann", "GroupName": ["x"] }), 30011, full).await;
    let one_more = json!({ "From_Account": "ann", "GroupName": ["g1", "x"], "To_Account": ["bob"] });
    refused(&server, "sns/group_add", one_more, 30011, full).await;
    let item = json!({ "To_Account": "kim", "AddSource": "AddSource_Type_Web", "GroupName": "x" });
    assert_eq!(add(&server, "ann", item).await, said(30011, full));
    let item = json!({ "To_Account": "bob", "SnsItem": [{ "Tag": "Tag_SNS_IM_Group", "Value": ["x"] }] });
    let body = json!({ "From_Account": "ann", "UpdateItem": [item] });
    assert_eq!(one(&server, "sns/friend_update", body).await, said(30011, full));
    let put = json!([{ "To_Account": "bob", "UpdateType": "Update_Type_Add" }]);
    let body = json!({ "From_Account": "ann", "GroupOldName": "x", "UpdateGroupItem": put });
    assert_eq!(one(&server, "sns/group_update", body).await, said(30011, full));
    assert_eq!(groups(&server).await.as_object().unwrap().len(), 32);
}

#[actix_web::test]
async fn groups_are_listed_with_their_friends_on_request() {
    let server = ann().await;
    make(&server, &["work", "chess"], &["bob"]).await;
    make(&server, &["chess"], &["eve"]).await;
    let answer = call(&server, "sns/group_get", json!({ "From_Account": "ann" })).await;
    golden::same(&server, "tencent/group_get", &answer);
    let body =
        json!({ "From_Account": "ann", "NeedFriend": "Need_Friend_Type_Yes", "GroupName": ["chess", "nothing"] });
    golden::same(&server, "tencent/group_get_named", &call(&server, "sns/group_get", body).await);
    let bare = done(&server, "sns/group_get", json!({ "From_Account": "ann", "GroupName": [] })).await;
    assert_eq!(bare["ResultItem"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_deleted_group_keeps_its_friends() {
    let server = ann().await;
    make(&server, &["work", "chess"], &["bob"]).await;
    let body = json!({ "From_Account": "ann", "GroupName": ["chess", "nothing"] });
    golden::same(&server, "tencent/group_delete", &call(&server, "sns/group_delete", body).await);
    assert_eq!(groups(&server).await, json!({ "work": ["bob"] }));
    assert_eq!(names(&server, "ann").await, ["bob", "eve"]);
}

#[actix_web::test]
async fn a_group_changes_its_name() {
    let server = ann().await;
    make(&server, &["work"], &["bob"]).await;
    let body = json!({ "From_Account": "ann", "GroupOldName": "work", "GroupNewName": "job" });
    golden::same(&server, "tencent/group_update", &call(&server, "sns/group_update", body.clone()).await);
    assert_eq!(groups(&server).await, json!({ "job": ["bob"] }));
    refused(&server, "sns/group_update", body, 30001, "GroupOldName must be a group of this account").await;
    let both = json!({ "From_Account": "ann", "GroupOldName": "job", "GroupNewName": "x", "UpdateGroupItem": [] });
    refused(&server, "sns/group_update", both, 30001, "Give GroupNewName or UpdateGroupItem, not both").await;
    refused(&server, "sns/group_update", json!({ "From_Account": "ann" }), 30001, "GroupOldName is required").await;
    let long = json!({ "From_Account": "ann", "GroupOldName": "job", "GroupNewName": "x".repeat(31) });
    refused(&server, "sns/group_update", long, 30001, "GroupNewName must be at most 30 bytes").await;
}

#[actix_web::test]
async fn issue_14_number_8_an_update_without_users_changes_nothing_and_succeeds() {
    let server = ann().await;
    make(&server, &["work"], &["bob"]).await;
    let groups = json!({ "From_Account": "ann", "NeedFriend": "Need_Friend_Type_Yes" });
    let before = done(&server, "sns/group_get", groups.clone()).await;
    for moved in [json!([]), Value::Null] {
        for group in ["work", "none such"] {
            let body = json!({ "From_Account": "ann", "GroupOldName": group, "UpdateGroupItem": moved });
            let said = done(&server, "sns/group_update", body).await;
            assert_eq!(said["ResultItem"], json!([]), "{said}");
        }
    }
    assert_eq!(done(&server, "sns/group_get", groups).await, before);
    let nobody = json!({ "From_Account": "nobody", "GroupOldName": "work", "UpdateGroupItem": [] });
    assert_eq!(call(&server, "sns/group_update", nobody).await.json()["ErrorCode"], 30003);
    let no_list = json!({ "From_Account": "ann", "GroupOldName": "work", "UpdateGroupItem": "bob" });
    refused(&server, "sns/group_update", no_list, 30001, "UpdateGroupItem must be a list").await;
}

#[actix_web::test]
async fn friends_come_into_a_group_and_leave_it_and_each_result_repeats_which() {
    let server = ann().await;
    make(&server, &["work"], &["bob"]).await;
    let body = json!({ "From_Account": "ann", "GroupOldName": "work", "UpdateGroupItem": [
        { "To_Account": "eve", "UpdateType": "Update_Type_Add" },
        { "To_Account": "bob", "UpdateType": "Update_Type_Delete" },
        { "To_Account": "kim", "UpdateType": "Update_Type_Add" },
        { "To_Account": "bob" },
        { "To_Account": "bob", "UpdateType": "Move" },
    ] });
    golden::same(&server, "tencent/group_update_members", &call(&server, "sns/group_update", body).await);
    assert_eq!(groups(&server).await, json!({ "work": ["eve"] }));
}
