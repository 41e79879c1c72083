//! "Block Users" of moderation: whom the app lets in.

use super::*;

async fn moderate(server: &Standin, token: &str, body: Value) -> Answer {
    send(back_end_call(server, token, "/api/v1/moderation/block").json(&body)).await
}

fn block(status: bool, ids: &[&str]) -> Value {
    json!({ "blockStatus": status, "id": ids, "type": "user" })
}

#[actix_web::test]
async fn a_blocked_user_is_refused_everywhere_and_admitted_again_when_unblocked() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "guest@qiscus.com")]).await);
    let (own, password) = (made["token"].as_str().unwrap(), made["password"].as_str().unwrap());
    golden::same(
        &server,
        "mirrorfly/moderation_block",
        &moderate(&server, &token, block(true, &["guest@qiscus.com"])).await,
    );

    let login = server.sign_in("guest@qiscus.com", password).await;
    assert_eq!((login.status, login.json()), (200, json!({ "status": 403, "message": "User is suspended" })));
    assert_refused(&own_metadata(&server, own).await, 401, "Token Expired");
    let answer = server.create_user(&token, &[("userIdentifier", "guest@qiscus.com"), ("nickname", "N")]).await;
    assert_refused(&answer, 403, "User is suspended");

    assert_eq!(moderate(&server, &token, block(false, &[r"guest\40qiscus.com"])).await.status, 200);
    data(&server.sign_in("guest@qiscus.com", password).await);
    assert_refused(&own_metadata(&server, own).await, 401, "Token Expired");
}

#[actix_web::test]
async fn setting_the_same_state_again_is_no_error() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    assert_eq!(moderate(&server, &token, block(false, &["u1"])).await.status, 200);
    data(&own_metadata(&server, made["token"].as_str().unwrap()).await);
    for _ in 0..2 {
        assert_eq!(moderate(&server, &token, block(true, &["u1", "u1"])).await.status, 200);
    }
}

#[actix_web::test]
async fn an_unknown_id_is_named_and_no_user_is_blocked() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for id in ["u1", "u2"] {
        data(&server.create_user(&token, &[("userIdentifier", id)]).await);
    }
    for unknown in ["nobody", "administrator"] {
        let answer = moderate(&server, &token, block(true, &["u1", unknown, "u2"])).await;
        assert_refused(&answer, 400, &format!("id names a user that does not exist: {unknown}"));
    }
    for id in ["u1", "u2"] {
        data(&server.create_user(&token, &[("userIdentifier", id)]).await);
    }
}

#[actix_web::test]
async fn up_to_100_ids_are_accepted_at_once() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let ids: Vec<String> = (0..101).map(|n| format!("u{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for id in &ids {
        data(&server.create_user(&token, &[("userIdentifier", id)]).await);
    }
    let answer = moderate(&server, &token, block(true, &ids)).await;
    assert_refused(&answer, 400, "id must have at most 100 ids, this one has 101");
    for count in [99, 100] {
        assert_eq!(moderate(&server, &token, block(true, &ids[..count])).await.status, 200);
    }
    let answer = server.create_user(&token, &[("userIdentifier", "u99")]).await;
    assert_refused(&answer, 403, "User is suspended");
    data(&server.create_user(&token, &[("userIdentifier", "u100")]).await);
}

#[actix_web::test]
async fn every_field_is_required_and_of_its_type() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    let id_form = "id must be made of letters, digits and . - _ @ only";
    for (body, message) in [
        (json!({}), "blockStatus is required"),
        (json!({ "blockStatus": null, "id": ["u1"], "type": "user" }), "blockStatus is required"),
        (json!({ "blockStatus": "true", "id": ["u1"], "type": "user" }), "blockStatus must be true or false"),
        (json!({ "blockStatus": 1, "id": ["u1"], "type": "user" }), "blockStatus must be true or false"),
        (json!({ "blockStatus": true, "id": ["u1"] }), "type is required"),
        (
            json!({ "blockStatus": true, "id": ["u1"], "type": "group" }),
            "type must be user, no other type is served here",
        ),
        (json!({ "blockStatus": true, "id": ["u1"], "type": 1 }), "type must be user, no other type is served here"),
        (json!({ "blockStatus": true, "type": "user" }), "id is required"),
        (json!({ "blockStatus": true, "id": [], "type": "user" }), "id is required"),
        (json!({ "blockStatus": true, "id": "u1", "type": "user" }), "id must be a list of user ids"),
        (json!({ "blockStatus": true, "id": [7], "type": "user" }), "id must be a list of user ids, each in quotes"),
        (json!({ "blockStatus": true, "id": ["u1", "a b"], "type": "user" }), id_form),
        (json!({ "blockStatus": true, "id": ["u1", ""], "type": "user" }), "id is required"),
    ] {
        assert_refused(&moderate(&server, &token, body).await, 400, message);
    }
    let no_body = back_end_call(&server, &token, "/api/v1/moderation/block");
    assert_refused(&send(no_body).await, 400, "blockStatus is required");
    let list = moderate(&server, &token, json!(["u1"])).await;
    assert_refused(&list, 400, "The request body must be a JSON object, in braces");
    data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
}
