//! "Get MetaData" and "Update MetaData", of the user's and the admin API.

use super::*;

async fn get(server: &Standin, token: &str, query: &[(&str, &str)]) -> Answer {
    let call = server.call(Method::GET, "/api/v1/users/getMetaData").header("Authorization", token);
    send(call.query(query)).await
}

/// Updates the metadata of the user who calls, or of the one named behind a slash.
async fn put(server: &Standin, token: &str, whose: &str, pairs: &Value) -> Answer {
    let call = server.call(Method::PUT, &format!("/api/v1/users/updateMetaData{whose}"));
    send(call.header("Authorization", token).json(pairs)).await
}

/// Refused where the SDK calls: HTTP says 200.
fn assert_refused_in_body(answer: &Answer, message: &str) {
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": 400, "message": message })));
}

async fn with_user(id: &str) -> (Standin, String, String) {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", id)]).await);
    (server, token, made["token"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn a_user_reads_and_writes_its_own_metadata() {
    let (server, _, own) = with_user("u1").await;
    golden::same(&server, "mirrorfly/get_metadata_none", &get(&server, &own, &[]).await);
    let answer = put(&server, &own, "", &json!({ "z": "1", "a": 2.5, "on": true })).await;
    golden::same(&server, "mirrorfly/update_metadata", &answer);
    golden::same(&server, "mirrorfly/get_metadata", &get(&server, &own, &[]).await);
}

#[actix_web::test]
async fn the_back_end_names_the_user() {
    let (server, token, own) = with_user("guest@qiscus.com").await;
    data(&put(&server, &own, "", &json!({ "k": "v" })).await);
    for spelling in ["guest@qiscus.com", "guest=40qiscus.com", r"guest\40qiscus.com"] {
        assert_eq!(data(&get(&server, &token, &[("userId", spelling)]).await)["metaData"], json!({ "k": "v" }));
    }
    for (spelling, n) in [("guest@qiscus.com", 1), ("guest%40qiscus.com", 2), ("guest%5C40qiscus.com", 3)] {
        let answer = data(&put(&server, &token, &format!("/{spelling}"), &json!({ "n": n })).await);
        assert_eq!(answer["metaData"], json!({ "n": n }));
        assert_eq!(data(&get(&server, &own, &[]).await)["metaData"], json!({ "n": n }));
    }
    assert_refused_in_body(&get(&server, &token, &[]).await, "userId is required");
    assert_refused_in_body(&get(&server, &token, &[("userId", "")]).await, "userId is required");
    assert_refused_in_body(&put(&server, &token, "", &json!({ "k": "v" })).await, "userId is required");
    assert_refused_in_body(&get(&server, &token, &[("userId", "nobody")]).await, "Invalid user id.");
    assert_refused_in_body(&put(&server, &token, "/nobody", &json!({ "k": "v" })).await, "Invalid user id.");
    let illegal = "userId must be made of letters, digits and . - _ @ only";
    assert_refused_in_body(&get(&server, &token, &[("userId", "a b")]).await, illegal);
    assert_refused_in_body(&put(&server, &token, "/a%20b", &json!({ "k": "v" })).await, illegal);
}

#[actix_web::test]
async fn a_user_cannot_read_or_write_the_metadata_of_others() {
    let (server, token, own) = with_user("u1").await;
    data(&server.create_user(&token, &[("userIdentifier", "u2")]).await);
    data(&get(&server, &own, &[("userId", "u1")]).await);
    for other in ["u2", "nobody", "a b"] {
        assert_refused(&get(&server, &own, &[("userId", other)]).await, 401, "Token Expired");
    }
    for whose in ["/u1", "/u2", "/nobody"] {
        assert_refused(&put(&server, &own, whose, &json!({ "k": "v" })).await, 401, "Token Expired");
    }
    assert_eq!(data(&get(&server, &token, &[("userId", "u2")]).await)["metaData"], json!({}));
}

#[actix_web::test]
async fn without_a_token_the_sdk_gets_the_error_that_makes_it_log_in_again() {
    let (server, ..) = with_user("u1").await;
    let call = |method: Method, path: &str| server.call(method, path);
    for (method, path) in [
        (Method::GET, "/api/v1/users/getMetaData"),
        (Method::PUT, "/api/v1/users/updateMetaData"),
        (Method::PUT, "/api/v1/users/updateMetaData/u1"),
    ] {
        assert_refused(&send(call(method.clone(), path)).await, 401, "Token Expired");
        let wrong = call(method, path).header("Authorization", "wrong");
        golden::same(&server, "mirrorfly/token_expired", &send(wrong).await);
    }
}

#[actix_web::test]
async fn the_pairs_are_replaced_whole_and_an_empty_object_clears_them() {
    let (server, _, own) = with_user("u1").await;
    for pairs in [json!({ "a": "1", "b": "2" }), json!({ "b": "3" }), json!({})] {
        assert_eq!(data(&put(&server, &own, "", &pairs).await)["metaData"], pairs);
        assert_eq!(data(&get(&server, &own, &[]).await)["metaData"], pairs);
    }
}

#[actix_web::test]
async fn the_body_is_read_as_an_object_under_any_content_type() {
    let (server, _, own) = with_user("u1").await;
    let call = || server.call(Method::PUT, "/api/v1/users/updateMetaData").header("Authorization", &own);
    for declared in ["application/x-www-form-urlencoded", "text/plain", "application/json"] {
        let body = format!(r#"{{"declared":"{declared}"}}"#);
        let answer = send(call().header("Content-Type", declared).body(body)).await;
        assert_eq!(data(&answer)["metaData"]["declared"], declared);
    }
    data(&send(call().body(r#"{"declared":"not at all"}"#)).await);

    assert_refused_in_body(&send(call()).await, "The request body is required");
    for (body, message) in [
        ("[1]", "The request body must be a JSON object, in braces"),
        ("k=v", "The request body is not valid JSON: expected value, at line 1, column 1"),
        (r#"{"k":"v""#, "The request body is not valid JSON: it ends too early, at line 1, column 8"),
    ] {
        assert_refused_in_body(&send(call().body(body)).await, message);
    }
    let twice = send(call().body(r#"{"k":"v","k":"w"}"#)).await.json();
    assert!(twice["message"].as_str().unwrap().contains(r#"gives the key "k" twice"#), "{twice}");
    assert_eq!(data(&get(&server, &own, &[]).await)["metaData"], json!({ "declared": "not at all" }));
}

#[actix_web::test]
async fn there_are_at_most_3_pairs_of_text_number_or_boolean() {
    let (server, _, own) = with_user("u1").await;
    data(&put(&server, &own, "", &json!({ "a": "1", "b": "2" })).await);
    let kept = json!({ "a": "1", "b": -2, "c": "" });
    assert_eq!(data(&put(&server, &own, "", &kept).await)["metaData"], kept);
    let four = json!({ "a": "1", "b": "2", "c": "3", "d": "4" });
    assert_refused_in_body(&put(&server, &own, "", &four).await, "metaData must be at most 3 pairs");
    for value in [json!(null), json!([1]), json!({ "k": "v" })] {
        let answer = put(&server, &own, "", &json!({ "k": value })).await;
        assert_refused_in_body(
            &answer,
            r#"metaData must be pairs of a key and a text, number or boolean, such as {"key": "value"}"#,
        );
    }
    for key in ["", "a\nb", "a\u{202e}b"] {
        let answer = put(&server, &own, "", &json!({ key: "v" })).await;
        let message = "metaData must be pairs whose keys are not empty and free of control characters";
        assert_refused_in_body(&answer, message);
    }
    assert_eq!(data(&get(&server, &own, &[]).await)["metaData"], kept, "nothing half done");
}

#[actix_web::test]
async fn keys_are_at_most_255_and_values_at_most_8192_bytes() {
    let (server, _, own) = with_user("u1").await;
    let keys = |bytes: usize| json!({ "k".repeat(bytes): "v" });
    let values = |bytes: usize| json!({ "k": "v".repeat(bytes) });
    for pairs in [keys(254), keys(255), values(8191), values(8192)] {
        assert_eq!(data(&put(&server, &own, "", &pairs).await)["metaData"], pairs);
    }
    let answer = put(&server, &own, "", &keys(256)).await;
    assert_refused_in_body(&answer, "metaData must be pairs whose keys have at most 255 bytes");
    let answer = put(&server, &own, "", &values(8193)).await;
    assert_refused_in_body(&answer, "metaData must be pairs whose values have at most 8192 bytes");
}

#[actix_web::test]
async fn a_suspended_users_are_the_back_ends_to_change() {
    let (server, token, own) = with_user("u1").await;
    server.command(&["user", "set", "u1", "--state", "suspended"]);
    assert_refused(&get(&server, &own, &[]).await, 401, "Token Expired");
    data(&put(&server, &token, "/u1", &json!({ "k": "v" })).await);
    assert_eq!(data(&get(&server, &token, &[("userId", "u1")]).await)["metaData"], json!({ "k": "v" }));
}
