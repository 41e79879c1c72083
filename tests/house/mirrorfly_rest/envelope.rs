//! What is no call at all answers in the envelope too.

use super::*;

#[actix_web::test]
async fn unknown_calls_and_wrong_methods_answer_in_it() {
    let server = Standin::fresh().await;
    for absent in
        ["groups", "groups/list", "messages/send", "calls/logs", "users", "users/", "users/u1/devices", "moderation"]
    {
        let answer = server.get(&format!("/api/v1/{absent}")).await;
        assert_refused(&answer, 404, "This call is not part of Standin");
    }
    assert_refused(&server.get("/api/v1/login").await, 405, "This call is not made by this method");
    for (method, path) in [
        (Method::GET, "users/createUser"),
        (Method::PUT, "users/u1"),
        (Method::DELETE, "users/u1"),
        (Method::GET, "users/deleteUserAccount"),
        (Method::GET, "users/resetPassword"),
        (Method::POST, "users/getMetaData"),
        (Method::GET, "users/updateMetaData"),
        (Method::POST, "users/updateMetaData/u1"),
        (Method::GET, "moderation/block"),
    ] {
        let answer = send(server.call(method, &format!("/api/v1/{path}"))).await;
        assert_refused(&answer, 405, "This call is not made by this method");
    }
}

#[actix_web::test]
async fn an_app_with_mirrorfly_switched_off_answers_that_error_at_every_endpoint() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    server.command(&["app", "set", "--dialects", "qiscus"]);
    let message = "This app does not serve MirrorFly calls";
    assert_refused(&user(&server, &token, "u1").await, 403, message);
    for answer in
        [own_metadata(&server, made["token"].as_str().unwrap()).await, server.sign_in("administrator", "any").await]
    {
        assert_eq!((answer.status, answer.json()), (200, json!({ "status": 403, "message": message })));
    }
}
