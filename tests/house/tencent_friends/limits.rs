//! How many a call may name, and how many a user may have.

use futures_util::future::join_all;
use standin::domain::contact::ROWS_MAX;

use super::*;

/// Imports users, as many as there are.
pub(super) async fn import(server: &Standin, ids: &[String]) {
    let import = |ids: &[String]| done(server, "im_open_login_svc/multiaccount_import", json!({ "Accounts": ids }));
    for ids in ids.chunks(2000) {
        join_all(ids.chunks(100).map(import)).await;
    }
}

/// A call about as many accounts: the command, the list's name, its items, what else the call says.
pub(super) fn calls(accounts: &[String]) -> Vec<(&'static str, &'static str, Value)> {
    let named = json!(accounts);
    let items = |more: Value| -> Value {
        let item = |account: &String| {
            let mut item = more.clone();
            item["To_Account"] = json!(account);
            item
        };
        accounts.iter().map(item).collect()
    };
    let body = |field: &str, list: Value, more: Value| {
        let mut body = more;
        body["From_Account"] = json!("ann");
        body[field] = list;
        body
    };
    let to = |more: Value| body("To_Account", named.clone(), more);
    vec![
        ("sns/friend_add", "AddFriendItem", body("AddFriendItem", items(wish("x")), json!({}))),
        ("sns/friend_import", "AddFriendItem", body("AddFriendItem", items(wish("x")), json!({}))),
        (
            "sns/friend_update",
            "UpdateItem",
            body("UpdateItem", items(json!({ "SnsItem": [{ "Tag": "Tag_SNS_IM_Remark", "Value": "" }] })), json!({})),
        ),
        ("sns/friend_delete", "To_Account", to(json!({}))),
        ("sns/friend_check", "To_Account", to(json!({ "CheckType": "CheckResult_Type_Both" }))),
        ("sns/friend_get_list", "To_Account", to(json!({}))),
        ("sns/friend_get_specified", "To_Account", to(json!({}))),
        ("sns/friend_response", "ResponseFriendItem", body("ResponseFriendItem", items(json!({})), json!({}))),
        ("sns/pendency_delete", "To_Account", to(json!({ "PendencyType": "Pendency_Type_ComeIn" }))),
        ("sns/group_add", "To_Account", to(json!({ "GroupName": ["work"] }))),
        (
            "sns/group_update",
            "UpdateGroupItem",
            body(
                "UpdateGroupItem",
                items(json!({ "UpdateType": "Update_Type_Add" })),
                json!({ "GroupOldName": "work" }),
            ),
        ),
        ("sns/black_list_add", "To_Account", to(json!({}))),
        ("sns/black_list_delete", "To_Account", to(json!({}))),
        ("sns/black_list_check", "To_Account", to(json!({ "CheckType": "BlackCheckResult_Type_Both" }))),
    ]
}

#[actix_web::test]
async fn a_call_names_a_thousand_accounts_and_no_more() {
    let server = people(&["ann"]).await;
    let ids: Vec<String> = (0..1001).map(|n| format!("nobody{n}")).collect();
    for (command, list, body) in calls(&ids[..1000]) {
        let answer = done(&server, command, body).await;
        assert_eq!(answer["Fail_Account"].as_array().unwrap().len(), 1000, "{command} {list}");
    }
    for (command, list, body) in calls(&ids) {
        let info = format!("{list} must have at most 1000 items, this one has 1001");
        refused(&server, command, body, 30001, &info).await;
    }
}

#[actix_web::test]
async fn a_call_without_valid_accounts_is_refused_as_a_whole() {
    let server = people(&["ann", "bob"]).await;
    for (command, list, mut body) in calls(&["bob".to_owned()]) {
        let good = body[list].clone();
        // A group is also made without friends; an update without any changes nothing, issue 14.
        if !["sns/group_add", "sns/group_update"].contains(&command) {
            body[list] = Value::Null;
            refused(&server, command, body.clone(), 30001, &format!("{list} is required")).await;
        }
        if command != "sns/group_update" {
            body[list] = json!([]);
            refused(&server, command, body.clone(), 30001, &format!("{list} is required")).await;
        }
        body[list] = json!("bob");
        refused(&server, command, body.clone(), 30001, &format!("{list} must be a list")).await;
        body[list] = json!([7]);
        refused(&server, command, body.clone(), 60015, "To_Account must be text, in quotes").await;
        body[list] = good;
        body["From_Account"] = Value::Null;
        refused(&server, command, body.clone(), 30001, "From_Account is required").await;
        body["From_Account"] = json!(7);
        refused(&server, command, body.clone(), 60015, "From_Account must be text, in quotes").await;
        body["From_Account"] = json!("nobody");
        refused(&server, command, body, 30003, NO_ACCOUNT).await;
    }
}

#[actix_web::test]
async fn a_user_has_at_most_three_thousand_friends() {
    let server = people(&["ann", "late"]).await;
    let ids: Vec<String> = (0..3000).map(|n| format!("u{n}")).collect();
    import(&server, &ids).await;
    for ids in ids.chunks(1000) {
        let items: Vec<Value> = ids.iter().map(|id| wish(id)).collect();
        let answer = done(&server, "sns/friend_import", json!({ "From_Account": "ann", "AddFriendItem": items })).await;
        assert_eq!(answer.get("Fail_Account"), None);
    }
    let mine = "This account has 3000 friends, the most there may be";
    assert_eq!(add(&server, "ann", wish("late")).await, said(30010, mine));
    let theirs = "The other has 3000 friends, the most there may be";
    assert_eq!(add(&server, "late", wish("ann")).await, said(30014, theirs));
    one(&server, "sns/friend_delete", json!({ "From_Account": "ann", "To_Account": ["u7"] })).await;
    assert_eq!(add(&server, "late", wish("ann")).await, well());
}

#[actix_web::test]
async fn a_user_has_at_most_a_thousand_pending_requests() {
    let server = people(&["star"]).await;
    allow(&server, "star", "NeedConfirm").await;
    let ids: Vec<String> = (0..1001).map(|n| format!("u{n}")).collect();
    import(&server, &ids).await;
    for ids in ids[..1000].chunks(50) {
        let asked = join_all(ids.iter().map(|id| add(&server, id, wish("star")))).await;
        assert!(asked.iter().all(|(code, _)| *code == 30539), "{asked:?}");
    }
    let full = "1000 friend requests are pending, the maximum";
    assert_eq!(add(&server, "u1000", wish("star")).await, said(30012, full));
    assert_eq!(add(&server, "u0", wish("star")).await.0, 30539, "asking again is no more");
}

#[actix_web::test]
async fn no_more_than_ten_thousand_are_on_a_black_list() {
    let server = people(&["ann"]).await;
    let ids: Vec<String> = (0..=ROWS_MAX).map(|n| format!("u{n}")).collect();
    import(&server, &ids).await;
    let body = |ids: &[String]| json!({ "From_Account": "ann", "To_Account": ids });
    for ids in ids[..ROWS_MAX].chunks(1000) {
        assert_eq!(done(&server, "sns/black_list_add", body(ids)).await.get("Fail_Account"), None);
    }
    let full = said(30013, "The black list holds 10000 accounts, the most it may");
    assert_eq!(one(&server, "sns/black_list_add", body(&ids[ROWS_MAX..])).await, full);
    let last = done(&server, "sns/black_list_get", json!({ "From_Account": "ann", "StartIndex": 9000 })).await;
    assert_eq!((last["BlackListItem"].as_array().unwrap().len(), &last["StartIndex"]), (1000, &json!(0)));
}
