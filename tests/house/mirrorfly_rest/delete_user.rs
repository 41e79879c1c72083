//! "Delete User Account", by the back end.

use super::*;

async fn delete(server: &Standin, token: &str, body: Value) -> Answer {
    send(back_end_call(server, token, "/api/v1/users/deleteUserAccount").json(&body)).await
}

#[actix_web::test]
async fn answers_success_and_deletes_the_user() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(60, 60)).await);
    let body = json!({ "userId": "u1", "reason": "moved", "feedback": "it was fine" });
    golden::same(&server, "mirrorfly/delete_user_account", &delete(&server, &token, body.clone()).await);

    assert_refused(&user(&server, &token, "u1").await, 400, "Invalid user id.");
    assert_refused(&delete(&server, &token, body).await, 400, "Invalid user id.");
    assert_refused(&own_metadata(&server, made["token"].as_str().unwrap()).await, 401, "Token Expired");
    let answer = server.sign_in("u1", made["password"].as_str().unwrap()).await;
    assert_eq!(answer.json(), json!({ "status": 400, "message": "Invalid Credentials" }));
    let path = made["profileUrl"].as_str().unwrap().strip_prefix(server.base()).unwrap();
    let picture = send(server.call(Method::GET, path).header("Authorization", &token)).await;
    assert_refused(&picture, 404, "Picture not found");
}

#[actix_web::test]
async fn a_new_user_with_the_id_has_no_data_of_the_former_user() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let key = async || server.user_list().await.json()["results"]["users"][0]["id"].as_i64().unwrap();
    let former = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "Former")]).await);
    let former_key = key().await;
    data(&delete(&server, &token, json!({ "userId": "u1", "reason": "moved" })).await);
    let new = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    assert_eq!((&new["nickname"], &new["isProfileUpdated"]), (&json!(""), &json!(false)));
    assert_ne!(new["password"], former["password"]);
    assert!(key().await > former_key);
    assert_refused(&own_metadata(&server, former["token"].as_str().unwrap()).await, 401, "Token Expired");
    let answer = server.sign_in("u1", former["password"].as_str().unwrap()).await;
    assert_eq!(answer.json()["message"], "Invalid Credentials");
}

#[actix_web::test]
async fn user_id_and_reason_are_required() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    for (body, message) in [
        (json!({}), "userId is required"),
        (json!({ "reason": "moved" }), "userId is required"),
        (json!({ "userId": "", "reason": "moved" }), "userId is required"),
        (json!({ "userId": 7, "reason": "moved" }), "userId must be text, in quotes"),
        (json!({ "userId": "a b", "reason": "moved" }), "userId must be made of letters, digits and . - _ @ only"),
        (json!({ "userId": "u1" }), "reason is required"),
        (json!({ "userId": "u1", "reason": null }), "reason is required"),
        (json!({ "userId": "u1", "reason": "" }), "reason is required"),
        (json!({ "userId": "u1", "reason": ["moved"] }), "reason must be text, in quotes"),
        (json!({ "userId": "u1", "reason": "moved", "feedback": 5 }), "feedback must be text, in quotes"),
        (json!({ "userId": "nobody", "reason": "moved" }), "Invalid user id."),
        (json!({ "userId": "administrator", "reason": "moved" }), "Invalid user id."),
    ] {
        assert_refused(&delete(&server, &token, body).await, 400, message);
    }
    let no_body = back_end_call(&server, &token, "/api/v1/users/deleteUserAccount");
    assert_refused(&send(no_body).await, 400, "userId is required");
    data(&user(&server, &token, "u1").await);
}

#[actix_web::test]
async fn reason_and_feedback_are_at_most_1024_characters() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let other = |field: &str| if field == "reason" { "feedback" } else { "reason" };
    for field in ["reason", "feedback"] {
        for text in ["x".repeat(1023), "x".repeat(1024), "👍".repeat(1024)] {
            data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
            data(&delete(&server, &token, json!({ "userId": "u1", field: text, other(field): "short" })).await);
        }
        data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
        let body = json!({ "userId": "u1", field: "x".repeat(1025), other(field): "short" });
        let answer = delete(&server, &token, body).await;
        assert_refused(&answer, 400, &format!("{field} must be at most 1024 characters"));
        data(&user(&server, &token, "u1").await);
    }
}

#[actix_web::test]
async fn takes_forms_too_and_the_id_in_either_spelling() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for spelling in ["guest@qiscus.com", "guest=40qiscus.com", r"guest\40qiscus.com"] {
        data(&server.create_user(&token, &[("userIdentifier", "guest@qiscus.com")]).await);
        let call = back_end_call(&server, &token, "/api/v1/users/deleteUserAccount");
        data(&send(call.form(&[("userId", spelling), ("reason", "moved")])).await);
    }
}
