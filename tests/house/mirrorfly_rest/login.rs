//! `/login`, for the back end and for users.

use super::*;

#[actix_web::test]
async fn a_suspended_user_gets_no_token_from_create_user_either() {
    let house = Standin::fresh().await;
    let token = house.back_end_token().await;
    house.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "Before")]).await;
    house.command(&["user", "set", "u1", "--state", "suspended"]);
    let answer = house.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "After")]).await;
    assert_refused(&answer, 403, "User is suspended");
    assert_eq!(house.user_profile("u1").await.json()["results"]["user"]["username"], "Before", "nothing half done");
}

#[actix_web::test]
async fn another_account_password_ends_the_back_ends_tokens() {
    let house = Standin::fresh().await;
    let token = house.back_end_token().await;
    let file = house.data().join("password");
    std::fs::write(&file, "another one").unwrap();
    house.command(&["app", "set", "--account-password-file", file.to_str().unwrap()]);
    assert_refused(&house.create_user(&token, &[("userIdentifier", "u1")]).await, 401, "Token Expired");
    data(&house.sign_in("administrator", "another one").await);
}

#[actix_web::test]
async fn gives_the_back_end_account_and_users_a_token() {
    let house = Standin::fresh().await;
    let answer = house.sign_in("administrator", ACCOUNT_PASSWORD).await;
    let token = data(&answer)["token"].as_str().unwrap().to_owned();
    assert!(token.len() >= 22 && token.bytes().all(|b| b.is_ascii_alphanumeric()), "{token}");
    golden::same(&house, "mirrorfly/login", &answer);
    house.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "chosen" })).await;
    data(&house.sign_in("u1", "chosen").await);
}

#[actix_web::test]
async fn refuses_in_the_body_with_the_words_the_sdk_knows() {
    let house = Standin::fresh().await;
    house.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "chosen" })).await;
    for (username, password) in
        [("u1", "wrong"), ("nobody", "chosen"), ("administrator", "wrong"), ("not an id", "x"), ("u1", "Chosen")]
    {
        let answer = house.sign_in(username, password).await;
        let expected = json!({ "status": 400, "message": "Invalid Credentials" });
        assert_eq!((answer.status, answer.json()), (200, expected), "{username}");
    }
}

#[actix_web::test]
async fn username_and_password_are_required() {
    let house = Standin::fresh().await;
    for (username, password, message) in [("", "x", "username is required"), ("u1", "", "password is required")] {
        let answer = house.sign_in(username, password).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "status": 400, "message": message })));
    }
    let broken = house.call(Method::POST, "/api/v1/login").header("Content-Type", "application/json").body("{");
    let answer = send(broken).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(400)));
}

#[actix_web::test]
async fn a_suspended_user_is_told_so_only_with_the_right_password() {
    let house = Standin::fresh().await;
    house.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "chosen" })).await;
    house.command(&["user", "set", "u1", "--state", "suspended"]);
    assert_eq!(house.sign_in("u1", "wrong").await.json()["message"], "Invalid Credentials");
    let answer = house.sign_in("u1", "chosen").await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(403)));
}
