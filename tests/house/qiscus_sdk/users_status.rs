use std::time::{SystemTime, UNIX_EPOCH};

use super::*;

async fn status(house: &Standin, token: &str, ids: Value) -> Answer {
    send(call(house, token, Method::POST, "users/status").json(&json!({ "user_ids": ids }))).await
}

#[actix_web::test]
async fn who_has_just_called_is_there_and_who_has_logged_out_is_not() {
    let house = Standin::fresh().await;
    let token = entered(&house, "ada").await;
    let other = entered(&house, "bob").await;
    house.login_or_register(json!({ "user_id": "eve", "username": "Eve", "password": "key" })).await;
    let answer = status(&house, &token, json!(["bob", "eve", "nobody"])).await;
    golden::same(&house, "qiscus/sdk_users_status", &answer);
    let seen = answer.json()["results"]["user_status"].clone();
    assert_eq!((&seen[0]["status"], &seen[1]["status"]), (&json!(1), &json!(0)), "one who never called is not there");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(seen[0]["timestamp"].as_u64().unwrap()) < 30, "in seconds: {seen}");
    post(&house, &other, "logout", &[]).await;
    let left = status(&house, &token, json!(["bob"])).await;
    assert_eq!(left.json()["results"]["user_status"][0]["status"], 0);
}

#[actix_web::test]
async fn a_hundred_may_be_asked_for_and_none() {
    let house = Standin::fresh().await;
    let token = entered(&house, "ada").await;
    let ids = |n: usize| json!((0..n).map(|number| format!("u{number}")).collect::<Vec<_>>());
    for asked in [json!([]), ids(100)] {
        assert_eq!(status(&house, &token, asked).await.json()["results"]["user_status"], json!([]));
    }
    let many = status(&house, &token, ids(101)).await;
    assert_invalid(&many, "user_ids", "user_ids must have at most 100 ids, this one has 101");
    assert_eq!(status(&house, &token, json!(["no body"])).await.status, 400);
    assert_eq!(status(&house, &token, json!([1])).await.status, 400);
}
