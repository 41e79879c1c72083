use reqwest::Method;
use serde_json::json;

use super::{assert_refused, made, two_apps};
use crate::{
    golden,
    standin::{Answer, Standin, send},
};

async fn call(server: &Standin, token: &str, call: &str, user_id: &str) -> Answer {
    let call = server.call(Method::POST, &format!("/api/v1/users/{call}")).header("Authorization", token);
    send(call.form(&[("userId", user_id)])).await
}

#[actix_web::test]
async fn block_and_unblock_answer_with_the_texts_of_the_vendors_pages() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    golden::same(&server, "mirrorfly/block", &call(&server, &ada, "block", "bob").await);
    golden::same(&server, "mirrorfly/unblock", &call(&server, &ada, "unblock", "bob").await);
}

#[actix_web::test]
async fn the_user_id_may_be_sent_as_json_too() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    let block = server.call(Method::POST, "/api/v1/users/block").header("Authorization", &ada);
    let answer = send(block.json(&json!({ "userId": "bob" }))).await;
    assert_eq!(answer.json(), json!({ "status": 200, "message": "User blockout requested" }));
    assert_refused(&call(&server, &ada, "block", "bob").await, 400, "User is already in blocked list");
}

#[actix_web::test]
async fn an_unknown_id_is_invalid_in_every_form() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    for id in ["nobody", "", "not an id", "administrator", "Ada", &"a".repeat(192)] {
        for word in ["block", "unblock"] {
            assert_refused(&call(&server, &ada, word, id).await, 400, "Invalid user id.");
        }
    }
    let without = server.call(Method::POST, "/api/v1/users/block").header("Authorization", &ada);
    assert_refused(&send(without).await, 400, "Invalid user id.");
}

#[actix_web::test]
async fn a_user_cannot_block_or_unblock_itself() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    for word in ["block", "unblock"] {
        let message = "Blocking/Unblocking of self account is not allowed";
        assert_refused(&call(&server, &ada, word, "ada").await, 400, message);
    }
}

#[actix_web::test]
async fn a_second_block_and_an_unblock_without_a_block_are_refused() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    let bob = made(&server, "bob", &[]).await;
    assert_refused(&call(&server, &ada, "unblock", "bob").await, 400, "User is not in blocked list");
    assert_eq!(call(&server, &ada, "block", "bob").await.status, 200);
    assert_refused(&call(&server, &ada, "block", "bob").await, 400, "User is already in blocked list");
    assert_refused(&call(&server, &bob, "unblock", "ada").await, 400, "User is not in blocked list");
    assert_eq!(call(&server, &bob, "block", "ada").await.status, 200, "each has a list of its own");
    assert_eq!(call(&server, &ada, "unblock", "bob").await.status, 200);
    assert_refused(&call(&server, &ada, "unblock", "bob").await, 400, "User is not in blocked list");
}

#[actix_web::test]
async fn a_block_survives_a_restart() {
    let mut server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    assert_eq!(call(&server, &ada, "block", "bob").await.status, 200);
    server.kill();
    server.restart();
    assert_refused(&call(&server, &ada, "block", "bob").await, 400, "User is already in blocked list");
}

#[actix_web::test]
async fn a_new_user_with_the_id_of_a_blocked_and_deleted_user_is_not_blocked() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    assert_eq!(call(&server, &ada, "block", "bob").await.status, 200);
    server.command(&["user", "delete", "bob"]);
    assert_refused(&call(&server, &ada, "unblock", "bob").await, 400, "Invalid user id.");
    made(&server, "bob", &[]).await;
    assert_refused(&call(&server, &ada, "unblock", "bob").await, 400, "User is not in blocked list");
}

#[actix_web::test]
async fn an_id_with_an_at_sign_is_read_in_every_spelling() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    server.login_or_register(json!({ "user_id": "guest@qiscus.com", "username": "Guest", "password": "p" })).await;
    assert_eq!(
        call(&server, &ada, "block", "guest=40qiscus.com").await.status,
        200,
        "created through one vendor, blocked here"
    );
    assert_eq!(call(&server, &ada, "unblock", r"guest\40qiscus.com").await.status, 200, "the former spelling");
    assert_eq!(call(&server, &ada, "block", "guest@qiscus.com").await.status, 200);
    assert_refused(&call(&server, &ada, "block", "guest=40qiscus.com").await, 400, "User is already in blocked list");
}

#[actix_web::test]
async fn a_suspended_user_can_be_blocked() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    server.command(&["user", "set", "bob", "--state", "suspended"]);
    assert_eq!(call(&server, &ada, "block", "bob").await.status, 200);
}

#[actix_web::test]
async fn a_user_of_another_app_does_not_exist() {
    let server = Standin::fresh().await;
    let (license_key, foreign) = two_apps::second(&server).await;
    let form = reqwest::multipart::Form::new()
        .text("deviceType", "web")
        .text("licenseKey", license_key)
        .text("userIdentifier", "bob");
    assert_eq!(server.create_user_with(&foreign, form).await.status, 200);
    let ada = made(&server, "ada", &[]).await;
    assert_refused(&call(&server, &ada, "block", "bob").await, 400, "Invalid user id.");
}
