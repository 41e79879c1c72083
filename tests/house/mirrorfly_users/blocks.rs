use reqwest::Method;
use serde_json::json;

use super::{assert_refused, made, two_apps};
use crate::{
    golden,
    standin::{Answer, Standin, send},
};

async fn call(house: &Standin, token: &str, call: &str, user_id: &str) -> Answer {
    let call = house.call(Method::POST, &format!("/api/v1/users/{call}")).header("Authorization", token);
    send(call.form(&[("userId", user_id)])).await
}

#[actix_web::test]
async fn block_and_unblock_answer_in_the_words_of_the_pages() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "bob", &[]).await;
    golden::same(&house, "mirrorfly/block", &call(&house, &ada, "block", "bob").await);
    golden::same(&house, "mirrorfly/unblock", &call(&house, &ada, "unblock", "bob").await);
}

#[actix_web::test]
async fn the_user_id_may_come_as_json_too() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "bob", &[]).await;
    let block = house.call(Method::POST, "/api/v1/users/block").header("Authorization", &ada);
    let answer = send(block.json(&json!({ "userId": "bob" }))).await;
    assert_eq!(answer.json(), json!({ "status": 200, "message": "User blockout requested" }));
    assert_refused(&call(&house, &ada, "block", "bob").await, 400, "User is already in blocked list");
}

#[actix_web::test]
async fn an_id_that_is_nobodys_is_invalid_whatever_is_wrong_with_it() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    for id in ["nobody", "", "not an id", "administrator", "Ada", &"a".repeat(192)] {
        for word in ["block", "unblock"] {
            assert_refused(&call(&house, &ada, word, id).await, 400, "Invalid user id.");
        }
    }
    let without = house.call(Method::POST, "/api/v1/users/block").header("Authorization", &ada);
    assert_refused(&send(without).await, 400, "Invalid user id.");
}

#[actix_web::test]
async fn nobody_blocks_or_unblocks_oneself() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    for word in ["block", "unblock"] {
        let message = "Blocking/Unblocking of self account is not allowed";
        assert_refused(&call(&house, &ada, word, "ada").await, 400, message);
    }
}

#[actix_web::test]
async fn a_second_block_and_an_unblock_without_a_block_are_refused() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    let bob = made(&house, "bob", &[]).await;
    assert_refused(&call(&house, &ada, "unblock", "bob").await, 400, "User is not in blocked list");
    assert_eq!(call(&house, &ada, "block", "bob").await.status, 200);
    assert_refused(&call(&house, &ada, "block", "bob").await, 400, "User is already in blocked list");
    assert_refused(&call(&house, &bob, "unblock", "ada").await, 400, "User is not in blocked list");
    assert_eq!(call(&house, &bob, "block", "ada").await.status, 200, "each has a list of its own");
    assert_eq!(call(&house, &ada, "unblock", "bob").await.status, 200);
    assert_refused(&call(&house, &ada, "unblock", "bob").await, 400, "User is not in blocked list");
}

#[actix_web::test]
async fn a_block_survives_a_restart() {
    let mut house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "bob", &[]).await;
    assert_eq!(call(&house, &ada, "block", "bob").await.status, 200);
    house.kill();
    house.restart();
    assert_refused(&call(&house, &ada, "block", "bob").await, 400, "User is already in blocked list");
}

#[actix_web::test]
async fn a_new_user_of_a_blocked_and_deleted_ones_id_is_not_blocked() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "bob", &[]).await;
    assert_eq!(call(&house, &ada, "block", "bob").await.status, 200);
    house.command(&["user", "delete", "bob"]);
    assert_refused(&call(&house, &ada, "unblock", "bob").await, 400, "Invalid user id.");
    made(&house, "bob", &[]).await;
    assert_refused(&call(&house, &ada, "unblock", "bob").await, 400, "User is not in blocked list");
}

#[actix_web::test]
async fn an_id_with_an_at_sign_is_read_in_every_spelling() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    house.login_or_register(json!({ "user_id": "guest@qiscus.com", "username": "Guest", "password": "p" })).await;
    assert_eq!(call(&house, &ada, "block", "guest=40qiscus.com").await.status, 200, "made at one wire, blocked here");
    assert_eq!(call(&house, &ada, "unblock", r"guest\40qiscus.com").await.status, 200, "the former spelling");
    assert_eq!(call(&house, &ada, "block", "guest@qiscus.com").await.status, 200);
    assert_refused(&call(&house, &ada, "block", "guest=40qiscus.com").await, 400, "User is already in blocked list");
}

#[actix_web::test]
async fn a_suspended_user_can_be_blocked() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "bob", &[]).await;
    house.command(&["user", "set", "bob", "--state", "suspended"]);
    assert_eq!(call(&house, &ada, "block", "bob").await.status, 200);
}

#[actix_web::test]
async fn another_apps_user_is_nobody() {
    let house = Standin::fresh().await;
    let (license_key, foreign) = two_apps::second(&house).await;
    let form = reqwest::multipart::Form::new()
        .text("deviceType", "web")
        .text("licenseKey", license_key)
        .text("userIdentifier", "bob");
    assert_eq!(house.create_user_with(&foreign, form).await.status, 200);
    let ada = made(&house, "ada", &[]).await;
    assert_refused(&call(&house, &ada, "block", "bob").await, 400, "Invalid user id.");
}
