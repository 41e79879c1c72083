//! `/login`, for the back end and for users.

use super::*;

#[actix_web::test]
async fn a_suspended_user_gets_no_token_from_create_user_either() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "Before")]).await;
    server.command(&["user", "set", "u1", "--state", "suspended"]);
    let answer = server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "After")]).await;
    assert_refused(&answer, 403, "User is suspended");
    assert_eq!(server.user_profile("u1").await.json()["results"]["user"]["username"], "Before", "nothing half done");
}

#[actix_web::test]
async fn a_new_account_password_ends_the_back_ends_tokens() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let file = server.data().join("password");
    std::fs::write(&file, "another one").unwrap();
    server.command(&["app", "set", "--account-password-file", file.to_str().unwrap()]);
    assert_refused(&server.create_user(&token, &[("userIdentifier", "u1")]).await, 401, "Token Expired");
    data(&server.sign_in("administrator", "another one").await);
}

#[actix_web::test]
async fn gives_the_back_end_account_and_users_a_token() {
    let server = Standin::fresh().await;
    let answer = server.sign_in("administrator", ACCOUNT_PASSWORD).await;
    let token = data(&answer)["token"].as_str().unwrap().to_owned();
    let secret = token.rsplit('.').next().unwrap();
    assert!(secret.len() >= 22 && secret.bytes().all(|b| b.is_ascii_alphanumeric()), "{token}");
    golden::same(&server, "mirrorfly/login", &answer);
    server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "chosen" })).await;
    data(&server.sign_in("u1", "chosen").await);
}

#[actix_web::test]
async fn refuses_in_the_body_with_the_texts_that_the_sdk_knows() {
    let server = Standin::fresh().await;
    server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "chosen" })).await;
    for (username, password) in
        [("u1", "wrong"), ("nobody", "chosen"), ("administrator", "wrong"), ("not an id", "x"), ("u1", "Chosen")]
    {
        let answer = server.sign_in(username, password).await;
        let expected = json!({ "status": 400, "message": "Invalid Credentials" });
        assert_eq!((answer.status, answer.json()), (200, expected), "{username}");
    }
}

#[actix_web::test]
async fn username_and_password_are_required() {
    let server = Standin::fresh().await;
    for (username, password, message) in [("", "x", "username is required"), ("u1", "", "password is required")] {
        let answer = server.sign_in(username, password).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "status": 400, "message": message })));
    }
    let broken = server.call(Method::POST, "/api/v1/login").header("Content-Type", "application/json").body("{");
    let answer = send(broken).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(400)));
}

#[actix_web::test]
async fn a_suspended_user_gets_that_error_only_with_the_right_password() {
    let server = Standin::fresh().await;
    server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "chosen" })).await;
    server.command(&["user", "set", "u1", "--state", "suspended"]);
    assert_eq!(server.sign_in("u1", "wrong").await.json()["message"], "Invalid Credentials");
    let answer = server.sign_in("u1", "chosen").await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(403)));
}
