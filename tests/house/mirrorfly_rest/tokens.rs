//! Tokens: whose they are, and when they end.

use super::*;

const WITHOUT_BEARER: &str = "Token Expired: send the token alone in the header Authorization, without Bearer";

#[actix_web::test]
async fn a_missing_or_wrong_token_gets_the_error_for_an_expired_one() {
    let server = Standin::fresh().await;
    let answer =
        send(server.call(Method::POST, "/api/v1/users/createUser").multipart(form(&[("userIdentifier", "u1")]))).await;
    assert_refused(&answer, 401, "Token Expired");
    for token in ["x", "'; DROP TABLE user; --"] {
        let answer = server.create_user(token, &[("userIdentifier", "u1")]).await;
        assert_refused(&answer, 401, "Token Expired");
    }
    no_user_was_created(&server).await;
}

#[actix_web::test]
async fn a_token_after_the_word_bearer_is_refused_with_the_right_form() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for sent in [format!("Bearer {token}"), format!("bearer {token}"), "Bearer x".to_owned()] {
        let answer = server.create_user(&sent, &[("userIdentifier", "u1")]).await;
        assert_refused(&answer, 401, WITHOUT_BEARER);
    }
    no_user_was_created(&server).await;
}

#[actix_web::test]
async fn a_users_token_does_not_create_users() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    let answer = server.create_user(made["token"].as_str().unwrap(), &[("userIdentifier", "u2")]).await;
    assert_refused(&answer, 401, "Token Expired");
}

#[actix_web::test]
async fn a_changed_password_ends_a_users_tokens() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(60, 60)).await);
    let path = made["profileUrl"].as_str().unwrap().strip_prefix(server.base()).unwrap().to_owned();
    let own = made["token"].as_str().unwrap();
    let fetch = || send(server.call(Method::GET, &path).header("Authorization", own));
    let chosen = json!({ "user_id": "u1", "username": "U", "password": "first" });
    server.login_or_register(chosen.clone()).await;
    assert_refused(&fetch().await, 401, "Token Expired");
    let signed_in = data(&server.sign_in("u1", "first").await)["token"].as_str().unwrap().to_owned();
    server.login_or_register(chosen).await;
    let again = send(server.call(Method::GET, &path).header("Authorization", &signed_in)).await;
    assert_eq!(again.status, 200, "the same password again is no change");
}

#[actix_web::test]
async fn every_back_end_call_is_refused_to_users_and_unauthenticated_clients() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "N")]).await);
    let own = made["token"].as_str().unwrap();
    for (method, path) in [
        (Method::POST, "/api/v1/users/createUser"),
        (Method::POST, "/api/v1/users/deleteUserAccount"),
        (Method::POST, "/api/v1/users/resetPassword?userId=u1&deviceType=web"),
        (Method::POST, "/api/v1/moderation/block"),
        (Method::PUT, "/api/v1/users/updateMetaData/u1"),
    ] {
        assert_refused(&send(server.call(method.clone(), path)).await, 401, "Token Expired");
        for token in ["", "wrong", own] {
            let call = server.call(method.clone(), path).header("Authorization", token);
            assert_refused(&send(call).await, 401, "Token Expired");
        }
        let call = server.call(method, path).header("Authorization", format!("Bearer {token}"));
        assert_refused(&send(call).await, 401, WITHOUT_BEARER);
    }
    // Below this path a user's client means a call of that name, which is none.
    for (method, path) in
        [(Method::GET, "/api/v1/users/u1"), (Method::GET, "/api/v1/users/nobody"), (Method::POST, "/api/v1/users/u1")]
    {
        let call = |token: &str| server.call(method.clone(), path).header("Authorization", token);
        assert_refused(&send(call(own)).await, 404, "This call is not part of Standin");
        for token in ["", "wrong"] {
            assert_refused(&send(call(token)).await, 401, "Token Expired");
        }
        assert_refused(&send(call(&format!("Bearer {token}"))).await, 401, WITHOUT_BEARER);
    }
    data(&own_metadata(&server, own).await);
    data(&server.sign_in("u1", made["password"].as_str().unwrap()).await);
}
