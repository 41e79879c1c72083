//! Requests that wait for an answer: pendency_get, friend_response, pendency_delete, pendency_report.

use super::*;

/// A server where bob wants to be asked, and these ask him.
async fn asking(ids: &[&str]) -> Standin {
    let server = people(&[&["bob"], ids].concat()).await;
    allow(&server, "bob", "NeedConfirm").await;
    for id in ids {
        assert_eq!(add(&server, id, wish("bob")).await, said(30539, WAITING));
    }
    server
}

/// Sets the seconds at which requests came, so that their order is known.
fn came_at(server: &Standin, seconds: &[(&str, i64)]) {
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    for (by, second) in seconds {
        let moved = "UPDATE request SET at = ?2 * 1000000 WHERE by = (SELECT key FROM user WHERE id = ?1)";
        assert_eq!(database.execute(moved, rusqlite::params![by, second]).unwrap(), 1);
    }
}

async fn waiting(server: &Standin, body: Value) -> (Vec<String>, i64) {
    let answer = done(server, "sns/pendency_get", body).await;
    let items = answer["PendencyItem"].as_array().unwrap().iter();
    let accounts = items.map(|item| item["To_Account"].as_str().unwrap().to_owned()).collect();
    (accounts, answer["StartTime"].as_i64().unwrap())
}

#[actix_web::test]
async fn incoming_and_outgoing_requests_are_listed_with_the_other_user() {
    let server = asking(&[]).await;
    done(&server, "im_open_login_svc/multiaccount_import", json!({ "Accounts": ["ann", "shy"] })).await;
    set(
        &server,
        "ann",
        &[("Tag_Profile_IM_Nick", json!("Ann")), ("Tag_Profile_IM_Image", json!("https://x.example/a.png"))],
    )
    .await;
    allow(&server, "shy", "NeedConfirm").await;
    let item = json!({ "To_Account": "bob", "AddSource": "AddSource_Type_Web", "AddWording": "It is me" });
    assert_eq!(add(&server, "ann", item).await.0, 30539);
    assert_eq!(add(&server, "bob", wish("shy")).await.0, 30539);
    came_at(&server, &[("ann", 1_700_000_000), ("bob", 1_600_000_000)]);
    let body = |kind: &str| json!({ "From_Account": "bob", "PendencyType": kind, "StartTime": 0, "MaxLimited": 100, "LastSequence": 0 });
    let both = call(&server, "sns/pendency_get", body("Pendency_Type_Both")).await;
    golden::same(&server, "tencent/pendency_get", &both);
    assert_eq!(waiting(&server, body("Pendency_Type_ComeIn")).await.0, ["ann"]);
    assert_eq!(waiting(&server, body("Pendency_Type_SendOut")).await.0, ["shy"]);
    let info = "PendencyType must be one of Pendency_Type_Both, Pendency_Type_ComeIn, Pendency_Type_SendOut";
    refused(&server, "sns/pendency_get", body("All"), 30001, info).await;
    refused(&server, "sns/pendency_get", json!({ "From_Account": "nobody" }), 30003, NO_ACCOUNT).await;
}

#[actix_web::test]
async fn requests_come_in_pages_and_none_of_the_same_second_is_lost() {
    let server = asking(&["a", "b", "c", "d", "e"]).await;
    came_at(&server, &[("a", 50), ("b", 40), ("c", 40), ("d", 30), ("e", 20)]);
    let page = async |start: i64, limit: i64| {
        waiting(&server, json!({ "From_Account": "bob", "StartTime": start, "MaxLimited": limit })).await
    };
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(page(0, 2).await, (ids(&["a", "b", "c"]), 40), "requests of the same second as the last come with it");
    assert_eq!(page(40, 1).await, (ids(&["d"]), 30));
    assert_eq!(page(30, 1).await, (ids(&["e"]), 0));
    assert_eq!(page(0, 5).await, (ids(&["a", "b", "c", "d", "e"]), 0));
    assert_eq!(page(20, 5).await, (ids(&[]), 0));
}

#[actix_web::test]
async fn requests_are_unread_until_they_are_reported() {
    let server = asking(&["a", "b", "c"]).await;
    came_at(&server, &[("a", 50), ("b", 40), ("c", 30)]);
    let unread = async || {
        let answer = done(&server, "sns/pendency_get", json!({ "From_Account": "bob" })).await;
        answer["UnreadPendencyCount"].as_u64().unwrap()
    };
    let report = |second: Value| json!({ "From_Account": "bob", "LatestPendencyTimeStamp": second });
    assert_eq!(unread().await, 3);
    let answer = call(&server, "sns/pendency_report", report(json!(40))).await;
    golden::same(&server, "tencent/pendency_report", &answer);
    assert_eq!(unread().await, 1);
    done(&server, "sns/pendency_report", report(json!(50))).await;
    assert_eq!(unread().await, 0);
    let info = "LatestPendencyTimeStamp is required";
    refused(&server, "sns/pendency_report", report(Value::Null), 30001, info).await;
}

async fn respond(server: &Standin, item: Value) -> (u64, String) {
    one(server, "sns/friend_response", json!({ "From_Account": "bob", "ResponseFriendItem": [item] })).await
}

#[actix_web::test]
async fn a_request_is_accepted_both_ways_one_way_or_refused() {
    let server = asking(&["ann", "eve", "kim", "zoe"]).await;
    let body = json!({ "From_Account": "bob", "ResponseFriendItem": [
        { "To_Account": "ann", "ResponseAction": "Response_Action_AgreeAndAdd", "Remark": "Annie", "TagName": "work" },
        { "To_Account": "eve", "ResponseAction": "Response_Action_Agree" },
        { "To_Account": "kim", "ResponseAction": "Response_Action_Reject" },
        { "To_Account": "zoe" },
        { "To_Account": "ann", "ResponseAction": "Response_Action_Agree" },
        { "To_Account": "nobody", "ResponseAction": "Response_Action_Agree" },
    ] });
    golden::same(&server, "tencent/friend_response", &call(&server, "sns/friend_response", body).await);
    let expected = json!({
        "ann": { "Remark": "Annie", "Group": ["work"], "AddSource": "AddSource_Type_Web" },
        "zoe": { "AddSource": "AddSource_Type_Web" },
    });
    assert_eq!(friends(&server, "bob").await, expected);
    let lists_bob =
        [names(&server, "ann").await, names(&server, "eve").await, names(&server, "kim").await].map(|ids| ids.len());
    assert_eq!(lists_bob, [1, 1, 0]);
    let missing = said(30614, "No request of this account waits for an answer");
    assert_eq!(respond(&server, json!({ "To_Account": "kim" })).await, missing);
    let words = "Response_Action_AgreeAndAdd, Response_Action_Agree, Response_Action_Reject";
    let info = format!("ResponseAction must be one of {words}");
    assert_eq!(respond(&server, json!({ "To_Account": "kim", "ResponseAction": "Yes" })).await, said(30001, &info));
    let long = json!({ "To_Account": "kim", "Remark": "x".repeat(97) });
    assert_eq!(respond(&server, long).await, said(30001, "Remark must be at most 96 bytes"));
    let long = json!({ "To_Account": "kim", "TagName": "x".repeat(31) });
    assert_eq!(respond(&server, long).await, said(30001, "TagName must be at most 30 bytes"));
}

#[actix_web::test]
async fn a_request_is_deleted_or_withdrawn() {
    let server = asking(&["ann", "eve"]).await;
    let body = |owner: &str, kind: &str, whom: &[&str]| json!({ "From_Account": owner, "PendencyType": kind, "To_Account": whom });
    let come_in = body("bob", "Pendency_Type_ComeIn", &["ann", "nobody", "ann"]);
    golden::same(&server, "tencent/pendency_delete", &call(&server, "sns/pendency_delete", come_in).await);
    assert_eq!(one(&server, "sns/pendency_delete", body("eve", "Pendency_Type_ComeIn", &["bob"])).await.0, 30614);
    assert_eq!(one(&server, "sns/pendency_delete", body("eve", "Pendency_Type_SendOut", &["bob"])).await, well());
    assert_eq!(waiting(&server, json!({ "From_Account": "bob" })).await.0, Vec::<String>::new());
    let info = "PendencyType must be one of Pendency_Type_ComeIn, Pendency_Type_SendOut";
    refused(&server, "sns/pendency_delete", body("bob", "Pendency_Type_Both", &["eve"]), 30001, info).await;
    refused(&server, "sns/pendency_delete", body("bob", "", &["eve"]), 30001, "PendencyType is required").await;
}
