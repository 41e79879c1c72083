use super::*;

#[actix_web::test]
async fn answers_a_new_token_each_time() {
    let server = Standin::fresh().await;
    server.login_or_register(guest("guest2@qiscus.com")).await;
    let reset = async || {
        let call = server.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": "guest2@qiscus.com" }));
        let answer = send(call).await;
        golden::same(&server, "qiscus/reset_user_token", &answer);
        answer.json()["results"]["token"].as_str().unwrap().to_owned()
    };
    let (first, second) = (reset().await, reset().await);
    assert_ne!(first, second);
    for token in [first, second] {
        assert!(token.len() >= 22 && token.bytes().all(|b| b.is_ascii_alphanumeric()), "{token}");
    }
}

#[actix_web::test]
async fn refuses_an_unknown_user_and_a_missing_id_as_validation_errors() {
    let server = Standin::fresh().await;
    let reset = |body: Value| send(server.qiscus(Method::POST, "reset_user_token").json(&body));
    let sentence = "user_id must be the id of a user that exists";
    assert_invalid(&reset(json!({ "user_id": "nobody" })).await, "user_id", sentence);
    assert_invalid(&reset(json!({})).await, "user_id", "user_id is required");
    let sentence = "user_id must be made of letters, digits and . - _ @ only";
    assert_invalid(&reset(json!({ "user_id": "guest\\40qiscus.com" })).await, "user_id", sentence);
}
