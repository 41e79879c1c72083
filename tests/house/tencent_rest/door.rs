use super::*;

/// Calls `account_check` with this query.
async fn with_query(server: &Standin, query: &str) -> Answer {
    let path = format!("/v4/im_open_login_svc/account_check?{query}");
    send(server.call(Method::POST, &path).json(&json!({ "CheckItem": [{ "UserID": "u1" }] }))).await
}

#[actix_web::test]
async fn a_call_signed_by_the_administrator_is_answered_in_the_vendors_envelope() {
    let server = server().await;
    golden::same(
        &server,
        "tencent/account_import",
        &call(&server, "im_open_login_svc/account_import", json!({ "UserID": "u1" })).await,
    );
}

#[actix_web::test]
async fn a_missing_query_parameter_is_named_with_the_vendors_code() {
    let server = server().await;
    let sig = user_sig("administrator");
    let required = |name: &str| format!("{name} is required in the query, behind the command's address");
    assert_refused(&with_query(&server, "").await, 60012, &required("sdkappid"));
    assert_refused(&with_query(&server, "sdkappid=&identifier=a&usersig=b").await, 60012, &required("sdkappid"));
    let query = format!("sdkappid={SDK_APP_ID}&usersig={sig}");
    assert_refused(&with_query(&server, &query).await, 60004, &required("identifier"));
    let query = format!("sdkappid={SDK_APP_ID}&identifier=administrator");
    assert_refused(&with_query(&server, &query).await, 60005, &required("usersig"));
    let query = format!("sdkappid={SDK_APP_ID}&identifier=administrator&identifier=x&usersig={sig}");
    assert_refused(&with_query(&server, &query).await, 60002, "identifier must be given once, not twice");
}

#[actix_web::test]
async fn random_and_contenttype_are_not_asked_for() {
    let server = server().await;
    let query = format!("sdkappid={SDK_APP_ID}&identifier=administrator&usersig={}", user_sig("administrator"));
    assert_eq!(with_query(&server, &query).await.json()["ErrorCode"], 0);
}

#[actix_web::test]
async fn an_unknown_sdkappid_is_60006() {
    let server = server().await;
    let info = "sdkappid must be the SDKAppID of an app that serves Tencent calls: see `standin app list`";
    for number in ["1400000002", "0", "-1", "4294967296", "1400000001x", "99999999999999999999"] {
        let query = format!("sdkappid={number}&identifier=administrator&usersig={}", user_sig("administrator"));
        assert_refused(&with_query(&server, &query).await, 60006, info);
    }
}

#[actix_web::test]
async fn a_valid_usersig_of_a_user_is_not_an_administrators() {
    let server = server().await;
    import(&server, "u1").await;
    for id in ["u1", "nobody"] {
        let query = format!("sdkappid={SDK_APP_ID}&identifier={id}&usersig={}", user_sig(id));
        let info = "The REST API is for the app's administrator: sign for the identifier administrator";
        assert_refused(&with_query(&server, &query).await, 60010, info);
    }
}

#[actix_web::test]
async fn a_body_that_is_not_a_json_object_is_60003() {
    let server = server().await;
    let address = address("im_open_login_svc/account_check");
    for (body, info) in [
        ("", "The request body is empty: send a JSON object"),
        ("{", "The request body is not valid JSON: it ends too early, at line 1, column 1"),
        ("UserID=u1", "The request body is not valid JSON: expected value, at line 1, column 1"),
        ("[]", "The request body must be a JSON object, in braces"),
        ("{} {}", "The request body holds more than one JSON value: line 1, column 4"),
        (r#"{"a":1,"a":2}"#, "The request body gives the key \"a\" twice in one object at line 1 column 10"),
    ] {
        let answer = send(server.call(Method::POST, &address).body(body)).await;
        assert_refused(&answer, 60003, info);
    }
}

#[actix_web::test]
async fn the_content_type_does_not_matter() {
    let server = server().await;
    let address = address("im_open_login_svc/account_check");
    for declared in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8", "nonsense"] {
        let call = server.call(Method::POST, &address).header("Content-Type", declared);
        let answer = send(call.body(r#"{"CheckItem":[{"UserID":"u1"}]}"#)).await;
        assert_eq!(answer.json()["ErrorCode"], 0, "{declared}: {answer:?}");
    }
}

#[actix_web::test]
async fn a_body_beyond_the_bound_is_60002() {
    let server = server().await;
    let of = |bytes: usize| format!("{{\"a\":\"{}\"}}", "a".repeat(bytes - 8));
    let address = address("im_open_login_svc/account_check");
    let most = send(server.call(Method::POST, &address).body(of(1024 * 1024))).await;
    assert_refused(&most, 70402, "CheckItem is required");
    let more = send(server.call(Method::POST, &address).body(of(1024 * 1024 + 1))).await;
    assert_refused(&more, 60002, "The request body is too large: send at most 1048576 bytes");
}

#[actix_web::test]
async fn a_packed_body_is_60002() {
    let server = server().await;
    let call =
        server.call(Method::POST, &address("im_open_login_svc/account_check")).header("Content-Encoding", "gzip");
    let info = "The body must be sent as it is, without a Content-Encoding";
    assert_refused(&send(call.body("{}")).await, 60002, info);
}

#[actix_web::test]
async fn an_unknown_command_is_60009() {
    let server = server().await;
    let info =
        "This command is not part of Standin, which has those of accounts, profiles, friends and messages of two users";
    for command in [
        "group_open_http_svc/create_group",
        "profile/portrait_got",
        "im_open_login_svc/portrait_get",
        "a.b/c",
        "profile.portrait_get/x",
    ] {
        refused(&server, command, json!({}), 60009, info).await;
    }
    for path in ["/v4", "/v4/", "/v4/profile", "/v4/profile/portrait_get/more"] {
        assert_refused(&send(server.call(Method::POST, path)).await, 60009, info);
    }
}

#[actix_web::test]
async fn another_method_is_60002() {
    let server = server().await;
    for (method, command) in [
        (Method::PUT, "profile/portrait_get"),
        (Method::DELETE, "profile/portrait_get"),
        (Method::GET, "profile/portrait_set"),
        (Method::GET, "im_open_login_svc/kick"),
        (Method::GET, "sns/friend_add"),
    ] {
        let answer = send(server.call(method, &address(command)).json(&json!({}))).await;
        assert_refused(&answer, 60002, "Call this by POST");
    }
}

/// As timsdk of PyPI sends `account_check`.
#[actix_web::test]
async fn issue_14_number_7_reading_commands_accept_a_get_with_a_body() {
    let server = server().await;
    for id in ["u1", "u2"] {
        import(&server, id).await;
    }
    let of = |more: Value| {
        let mut body = more;
        body["From_Account"] = "u1".into();
        body
    };
    for (command, body) in [
        ("im_open_login_svc/account_check", json!({ "CheckItem": [{ "UserID": "u1" }] })),
        ("profile/portrait_get", json!({ "To_Account": ["u1"] })),
        ("sns/friend_get", of(json!({ "StartIndex": 0 }))),
        ("sns/friend_check", of(json!({ "To_Account": ["u2"], "CheckType": "CheckResult_Type_Both" }))),
        ("sns/black_list_get", of(json!({ "StartIndex": 0 }))),
        ("sns/group_get", of(json!({}))),
    ] {
        let by_post = call(&server, command, body.clone()).await;
        let by_get = send(server.call(Method::GET, &address(command)).json(&body)).await;
        assert_eq!(by_post.json()["ErrorCode"], 0, "{command}: {by_post:?}");
        assert_eq!((by_get.status, by_get.json()), (by_post.status, by_post.json()), "{command}");
    }
    let empty = send(server.call(Method::GET, &address("im_open_login_svc/account_check"))).await;
    assert_refused(&empty, 60003, "The request body is empty: send a JSON object");
    let unsigned = send(server.call(Method::GET, "/v4/im_open_login_svc/account_check").json(&json!({}))).await;
    assert_eq!(unsigned.json()["ErrorCode"], 60012, "a GET is signed like a POST");
}

#[actix_web::test]
async fn issue_14_number_11_a_trailing_slash_is_ignored() {
    let server = server().await;
    import(&server, "u1").await;
    let (path, query) =
        address("im_open_login_svc/account_check").split_once('?').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let body = json!({ "CheckItem": [{ "UserID": "u1" }] });
    let answer = send(server.call(Method::POST, &format!("{path}/?{query}")).json(&body)).await;
    assert_eq!(answer.json()["ResultItem"][0]["AccountStatus"], "Imported", "{answer:?}");
    let more = send(server.call(Method::POST, &format!("{path}/more?{query}")).json(&body)).await;
    assert_eq!(more.json()["ErrorCode"], 60009);
}

#[actix_web::test]
async fn of_several_faults_the_first_in_the_vendors_order_is_reported() {
    let server = server().await;
    let post = |query: String| server.call(Method::POST, &format!("/v4/no/command?{query}")).body("no json");
    let code = async |query: String| send(post(query)).await.json()["ErrorCode"].clone();
    assert_eq!(code("sdkappid=1&identifier=x&usersig=y".to_owned()).await, 60006);
    assert_eq!(code(format!("sdkappid={SDK_APP_ID}&identifier=x&usersig=y")).await, 70003);
    assert_eq!(code(format!("sdkappid={SDK_APP_ID}&identifier=x&usersig={}", user_sig("x"))).await, 60010);
    let sig = user_sig("administrator");
    assert_eq!(code(format!("sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}")).await, 60003);
}

#[actix_web::test]
async fn a_signature_never_reaches_the_log() {
    let server = server().await;
    import(&server, "u1").await;
    server.logged("/v4/im_open_login_svc/account_import?").await;
    let log = server.log();
    assert!(log.contains("usersig=***"), "{log}");
    assert!(!log.contains("eJ"), "{log}");
}
