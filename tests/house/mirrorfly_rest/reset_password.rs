//! "Reset Password", of the vendor's admin API.

use super::*;

const CALL: &str = "/api/v1/users/resetPassword";

fn reset(server: &Standin, token: &str, query: &[(&str, &str)]) -> RequestBuilder {
    back_end_call(server, token, CALL).query(query)
}

#[actix_web::test]
async fn promise_40_returns_a_new_user_password_and_ends_the_sessions_of_the_former_one() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    let query = [("userId", "u1"), ("deviceId", "phone"), ("deviceType", "web")];
    let answer = send(reset(&server, &token, &query)).await;
    golden::same(&server, "mirrorfly/reset_password", &answer);

    let password = data(&answer)["password"].as_str().unwrap().to_owned();
    assert_ne!(made["password"], password);
    assert_refused(&own_metadata(&server, made["token"].as_str().unwrap()).await, 401, "Token Expired");
    let former = server.sign_in("u1", made["password"].as_str().unwrap()).await;
    assert_eq!(former.json(), json!({ "status": 400, "message": "Invalid Credentials" }));
    data(&server.sign_in("u1", &password).await);
    let again = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    assert_eq!(again["password"], password, "createUser shows the new one from now on");
}

#[actix_web::test]
async fn a_password_the_user_chose_stays() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "chosen" })).await;
    let query = [("userId", "u1"), ("deviceType", "ios")];
    let password = data(&send(reset(&server, &token, &query)).await)["password"].as_str().unwrap().to_owned();
    for password in ["chosen", &password] {
        data(&server.sign_in("u1", password).await);
    }
}

#[actix_web::test]
async fn its_fields_stand_in_the_query_or_in_the_body() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "guest@qiscus.com")]).await);
    let id = [("userId", "guest@qiscus.com")];
    let body = json!({ "userId": r"guest\40qiscus.com", "deviceType": "android" });
    data(&send(reset(&server, &token, &[]).json(&body)).await);
    data(&send(reset(&server, &token, &[]).form(&[id[0], ("deviceType", "android")])).await);
    data(&send(reset(&server, &token, &id).form(&[("userId", ""), ("deviceType", "android")])).await);
    let both = send(reset(&server, &token, &id).json(&body)).await;
    assert_refused(&both, 400, "userId must be given once, in the query or in the body");
}

#[actix_web::test]
async fn user_id_and_device_type_are_required() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    let illegal = "userId must be made of letters, digits and . - _ @ only";
    for (query, message) in [
        (&[("deviceType", "web")][..], "userId is required"),
        (&[("userId", ""), ("deviceType", "web")], "userId is required"),
        (&[("userId", "u1")], "deviceType is required"),
        (&[("userId", "u1"), ("deviceType", "tv")], "deviceType must be one of web, ios, android"),
        (&[("userId", "u1"), ("userId", "u1"), ("deviceType", "web")], "userId must be given once, not twice"),
        (&[("userId", "a b"), ("deviceType", "web")], illegal),
        (&[("userId", "nobody"), ("deviceType", "web")], "Invalid user id."),
    ] {
        assert_refused(&send(reset(&server, &token, query)).await, 400, message);
    }
    let number = json!({ "userId": 7, "deviceType": "web" });
    assert_refused(&send(reset(&server, &token, &[]).json(&number)).await, 400, "userId must be text, in quotes");
    data(&server.sign_in("u1", made["password"].as_str().unwrap()).await);
}

#[actix_web::test]
async fn the_back_ends_own_account_is_not_reset_here() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let answer = send(reset(&server, &token, &[("userId", "administrator"), ("deviceType", "web")])).await;
    assert_refused(&answer, 401, "Operation restricted");
    data(&server.sign_in("administrator", ACCOUNT_PASSWORD).await);
}
