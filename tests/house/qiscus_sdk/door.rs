use super::*;

#[actix_web::test]
async fn promise_40_missing_unknown_foreign_and_expired_tokens_get_the_same_response() {
    let server = Standin::fresh().await;
    let other = second_app(&server, &[]);
    let registered = server
        .call(Method::POST, "/api/v2.1/rest/login_or_register")
        .header("QISCUS-SDK-APP-ID", "second")
        .header("QISCUS-SDK-SECRET", &other)
        .json(&json!({ "user_id": "ada", "username": "Ada", "password": "key" }));
    assert_eq!(send(registered).await.status, 200);
    let foreign = server
        .call(Method::GET, "/api/v2.1/rest/get_user_token?user_id=ada")
        .header("QISCUS-SDK-APP-ID", "second")
        .header("QISCUS-SDK-SECRET", &other);
    let foreign = send(foreign).await.json()["results"]["token"].as_str().unwrap().to_owned();
    let reset = entered(&server, "reset").await;
    send(server.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": "reset" }))).await;
    let suspended = entered(&server, "suspended").await;
    server.command(&["user", "set", "suspended", "--app", APP_ID, "--state", "suspended"]);
    let gone = entered(&server, "gone").await;
    server.command(&["user", "delete", "gone", "--app", APP_ID]);
    for (method, path) in OF_MEMBERS {
        let without = send(sdk(&server, method.clone(), path)).await;
        assert_said(&without, 403, Some(401_301), "Unauthorized");
        for token in ["", "unknown", "1-unknown", "-", "ü", &foreign, &reset, &suspended, &gone, SECRET] {
            let answer = send(call(&server, token, method.clone(), path)).await;
            golden::same(&server, "qiscus/sdk_error_token", &answer);
        }
    }
}

#[actix_web::test]
async fn an_app_must_be_named_and_be_there() {
    let server = Standin::fresh().await;
    for (method, path) in OF_MEMBERS.into_iter().chain(OF_VISITORS) {
        let path = format!("/api/v2/sdk/{path}");
        let answer = send(server.call(method.clone(), &path)).await;
        assert_said(&answer, 400, None, "The header QISCUS-SDK-APP-ID is required");
        for app in ["nosuchapp", "no such app!", "HOUSEAPP"] {
            let answer = send(server.call(method.clone(), &path).header("QISCUS-SDK-APP-ID", app)).await;
            golden::same(&server, "qiscus/sdk_error_unknown_app", &answer);
        }
    }
    server.command(&["app", "set", "--dialects", "mirrorfly"]);
    let answer = log_in(&server, &[("email", "ada"), ("password", "key")]).await;
    assert_said(&answer, 403, None, "This app does not serve Qiscus calls");
}

#[actix_web::test]
async fn headers_are_read_in_either_spelling() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let call = server.call(Method::GET, "/api/v2/sdk/my_profile");
    let call = call.header("qiscus_sdk_app_id", APP_ID).header("qiscus_sdk_token", &token);
    assert_eq!(user(&send(call).await)["email"], "ada");
}

#[actix_web::test]
async fn a_wrong_method_and_a_mistyped_name_get_different_errors() {
    let server = Standin::fresh().await;
    for (method, path) in OF_MEMBERS.into_iter().chain(OF_VISITORS).filter(|(_, path)| *path != "my_profile") {
        let other = if method == Method::GET { Method::POST } else { Method::GET };
        let answer = send(sdk(&server, other, path)).await;
        assert_said(&answer, 405, None, "This call is not made by this method");
    }
    for (path, said) in [
        ("my_profil", "There is no such call, the nearest one is my_profile"),
        ("users/stats", "There is no such call, the nearest one is users/status"),
        ("anything/else/at/all", "There is no such call"),
        ("post_comments", "There is no such call, the nearest one is post_comment"),
    ] {
        assert_said(&send(sdk(&server, Method::POST, path)).await, 404, None, said);
    }
}

#[actix_web::test]
async fn bodies_that_cannot_be_read_are_refused_in_json() {
    let server = Standin::fresh().await;
    for (kind, body, status) in [
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
        ("text/plain", "email=ada", 415),
        ("application/x-www-form-urlencoded", "{\"email\": \"ada\"}", 415),
        ("application/x-www-form-urlencoded", "email=%FF", 400),
        ("application/x-www-form-urlencoded", "email=ada&email=bob&password=key", 400),
        ("multipart/form-data", "", 400),
    ] {
        let call = sdk(&server, Method::POST, "login_or_register").header("Content-Type", kind).body(body);
        let answer = send(call).await;
        assert_eq!((answer.status, answer.json()["status"].as_u64()), (status, Some(status.into())), "{kind} {body}");
        assert!(answer.json()["error"]["message"].is_string());
    }
    let long = "x".repeat(2 << 20);
    assert_eq!(log_in(&server, &[("email", "ada"), ("password", &long)]).await.status, 413);
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
}
