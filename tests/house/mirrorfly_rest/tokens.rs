//! Tokens: whose they are, and when they end.

use super::*;

const WITHOUT_BEARER: &str = "Token Expired: send the token alone in the header Authorization, without Bearer";

#[actix_web::test]
async fn a_token_not_given_or_wrong_is_said_to_be_expired() {
    let house = Standin::fresh().await;
    let answer =
        send(house.call(Method::POST, "/api/v1/users/createUser").multipart(form(&[("userIdentifier", "u1")]))).await;
    assert_refused(&answer, 401, "Token Expired");
    for token in ["x", "'; DROP TABLE user; --"] {
        let answer = house.create_user(token, &[("userIdentifier", "u1")]).await;
        assert_refused(&answer, 401, "Token Expired");
    }
    nobody_was_created(&house).await;
}

#[actix_web::test]
async fn a_token_behind_the_word_bearer_is_refused_with_what_to_send() {
    let house = Standin::fresh().await;
    let token = house.back_end_token().await;
    for sent in [format!("Bearer {token}"), format!("bearer {token}"), "Bearer x".to_owned()] {
        let answer = house.create_user(&sent, &[("userIdentifier", "u1")]).await;
        assert_refused(&answer, 401, WITHOUT_BEARER);
    }
    nobody_was_created(&house).await;
}

#[actix_web::test]
async fn a_users_token_does_not_create_users() {
    let house = Standin::fresh().await;
    let token = house.back_end_token().await;
    let made = data(&house.create_user(&token, &[("userIdentifier", "u1")]).await);
    let answer = house.create_user(made["token"].as_str().unwrap(), &[("userIdentifier", "u2")]).await;
    assert_refused(&answer, 401, "Token Expired");
}

#[actix_web::test]
async fn a_changed_password_ends_a_users_tokens() {
    let house = Standin::fresh().await;
    let token = house.back_end_token().await;
    let made = data(&house.create_user_with_picture(&token, "u1", "a.png", photo::png(60, 60)).await);
    let path = made["profileUrl"].as_str().unwrap().strip_prefix(house.base()).unwrap().to_owned();
    let own = made["token"].as_str().unwrap();
    let fetch = || send(house.call(Method::GET, &path).header("Authorization", own));
    let chosen = json!({ "user_id": "u1", "username": "U", "password": "first" });
    house.login_or_register(chosen.clone()).await;
    assert_refused(&fetch().await, 401, "Token Expired");
    let signed_in = data(&house.sign_in("u1", "first").await)["token"].as_str().unwrap().to_owned();
    house.login_or_register(chosen).await;
    let again = send(house.call(Method::GET, &path).header("Authorization", &signed_in)).await;
    assert_eq!(again.status, 200, "the same password again is no change");
}

#[actix_web::test]
async fn every_call_of_the_back_end_is_closed_to_users_and_strangers() {
    let house = Standin::fresh().await;
    let token = house.back_end_token().await;
    let made = data(&house.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "N")]).await);
    let own = made["token"].as_str().unwrap();
    for (method, path) in [
        (Method::POST, "/api/v1/users/createUser"),
        (Method::POST, "/api/v1/users/deleteUserAccount"),
        (Method::POST, "/api/v1/users/resetPassword?userId=u1&deviceType=web"),
        (Method::POST, "/api/v1/moderation/block"),
        (Method::PUT, "/api/v1/users/updateMetaData/u1"),
    ] {
        assert_refused(&send(house.call(method.clone(), path)).await, 401, "Token Expired");
        for token in ["", "wrong", own] {
            let call = house.call(method.clone(), path).header("Authorization", token);
            assert_refused(&send(call).await, 401, "Token Expired");
        }
        let call = house.call(method, path).header("Authorization", format!("Bearer {token}"));
        assert_refused(&send(call).await, 401, WITHOUT_BEARER);
    }
    // Below this path a user's client means a call of that name, which is none.
    for (method, path) in
        [(Method::GET, "/api/v1/users/u1"), (Method::GET, "/api/v1/users/nobody"), (Method::POST, "/api/v1/users/u1")]
    {
        let call = |token: &str| house.call(method.clone(), path).header("Authorization", token);
        assert_refused(&send(call(own)).await, 404, "This call is not part of Standin");
        for token in ["", "wrong"] {
            assert_refused(&send(call(token)).await, 401, "Token Expired");
        }
        assert_refused(&send(call(&format!("Bearer {token}"))).await, 401, WITHOUT_BEARER);
    }
    data(&own_metadata(&house, own).await);
    data(&house.sign_in("u1", made["password"].as_str().unwrap()).await);
}
