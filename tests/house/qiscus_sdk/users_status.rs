use std::time::{SystemTime, UNIX_EPOCH};

use super::*;

async fn status(server: &Standin, token: &str, ids: Value) -> Answer {
    send(call(server, token, Method::POST, "users/status").json(&json!({ "user_ids": ids }))).await
}

#[actix_web::test]
async fn a_user_is_online_after_a_call_and_offline_after_a_logout() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let other = entered(&server, "bob").await;
    server.login_or_register(json!({ "user_id": "eve", "username": "Eve", "password": "key" })).await;
    let answer = status(&server, &token, json!(["bob", "eve", "nobody"])).await;
    golden::same(&server, "qiscus/sdk_users_status", &answer);
    let seen = answer.json()["results"]["user_status"].clone();
    assert_eq!((&seen[0]["status"], &seen[1]["status"]), (&json!(1), &json!(0)), "a user that never called is offline");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(seen[0]["timestamp"].as_u64().unwrap()) < 30, "in seconds: {seen}");
    post(&server, &other, "logout", &[]).await;
    let left = status(&server, &token, json!(["bob"])).await;
    assert_eq!(left.json()["results"]["user_status"][0]["status"], 0);
}

#[actix_web::test]
async fn a_request_may_name_up_to_a_hundred_users_or_none() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let ids = |n: usize| json!((0..n).map(|number| format!("u{number}")).collect::<Vec<_>>());
    for asked in [json!([]), ids(100)] {
        assert_eq!(status(&server, &token, asked).await.json()["results"]["user_status"], json!([]));
    }
    let many = status(&server, &token, ids(101)).await;
    assert_invalid(&many, "user_ids", "user_ids must have at most 100 ids, this one has 101");
    assert_eq!(status(&server, &token, json!(["no body"])).await.status, 400);
    assert_eq!(status(&server, &token, json!([1])).await.status, 400);
}
