use super::*;

#[actix_web::test]
async fn creates_a_new_user_if_it_does_not_exist_yet() {
    let server = Standin::fresh().await;
    let answer = server
        .login_or_register(json!({
            "user_id": "guest99@qiscus.com",
            "password": "password",
            "username": "QISCUS demo user",
            "avatar_url": "https://image.url/image.jpeg"
        }))
        .await;
    let expected = r#"{"results":{"user":{"avatar_url":"https://image.url/image.jpeg","extras":{},"user_id":"guest99@qiscus.com","username":"QISCUS demo user"}},"status":200}"#;
    golden::same(&server, "qiscus/login_or_register", &answer);
    assert_eq!((answer.status, String::from_utf8(answer.bytes).unwrap().as_str()), (200, expected));
}

#[actix_web::test]
async fn logs_in_a_user_that_does_exist_and_updates_its_data() {
    let server = Standin::fresh().await;
    server.login_or_register(guest("a")).await;
    let changed = json!({
        "user_id": "a", "password": "password", "username": "Anna",
        "avatar_url": "https://image.url/a.png", "extras": { "user_type": "vip" }
    });
    let expected = json!({
        "avatar_url": "https://image.url/a.png", "extras": { "user_type": "vip" }, "user_id": "a", "username": "Anna"
    });
    assert_eq!(user(&server.login_or_register(changed).await), expected);
    assert_eq!(user(&server.user_profile("a").await), expected);
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 1);
}

#[actix_web::test]
async fn updates_the_password_of_a_user_that_exists() {
    let server = Standin::fresh().await;
    server.login_or_register(guest("a")).await;
    assert_eq!(server.sign_in("a", "password").await.json()["status"], 200);
    server.login_or_register(json!({ "user_id": "a", "password": "new", "username": "A" })).await;
    assert_eq!(server.sign_in("a", "new").await.json()["status"], 200);
    assert_eq!(server.sign_in("a", "password").await.json()["status"], 400);
}

#[actix_web::test]
async fn keeps_fields_that_are_not_given() {
    let server = Standin::fresh().await;
    let full = json!({
        "user_id": "a", "password": "p", "username": "A",
        "avatar_url": "https://image.url/a.png", "extras": { "k": [1, null, "x"] }
    });
    let before = user(&server.login_or_register(full).await);
    let empty = json!({ "user_id": "a", "password": "p", "username": "A", "avatar_url": "", "extras": "" });
    assert_eq!(user(&server.login_or_register(empty).await), before);
    let nulls = json!({ "user_id": "a", "password": "p", "username": "A", "avatar_url": null, "extras": null });
    assert_eq!(user(&server.login_or_register(nulls).await), before);
}

#[actix_web::test]
async fn an_empty_list_of_php_is_an_empty_object() {
    let server = Standin::fresh().await;
    for empty in [json!([]), json!("[]"), json!({})] {
        let body = |extras: &Value| json!({ "user_id": "a", "password": "p", "username": "A", "extras": extras });
        assert_eq!(user(&server.login_or_register(body(&json!({ "k": 1 }))).await)["extras"], json!({ "k": 1 }));
        assert_eq!(user(&server.login_or_register(body(&empty)).await)["extras"], json!({}), "{empty}");
    }
    let wrong = json!({ "user_id": "a", "password": "p", "username": "A", "extras": [1] });
    assert_invalid(&server.login_or_register(wrong).await, "extras", "extras must be a JSON object");
}

#[actix_web::test]
async fn takes_extras_as_json_text_too_and_replaces_them_whole() {
    let server = Standin::fresh().await;
    let first = json!({ "user_id": "a", "password": "p", "username": "A", "extras": { "z": 1, "a": 2 } });
    let answer = server.login_or_register(first).await;
    assert!(String::from_utf8_lossy(&answer.bytes).contains(r#""extras":{"z":1,"a":2}"#), "order kept: {answer:?}");
    let second = json!({ "user_id": "a", "password": "p", "username": "A", "extras": "{\"b\":12345678901234567}" });
    assert_eq!(user(&server.login_or_register(second).await)["extras"], json!({ "b": 12_345_678_901_234_567_i64 }));
}

/// PHP's http_build_query and its like divide an object so.
#[actix_web::test]
async fn extras_divided_into_fields_with_brackets_are_refused_and_not_passed_over() {
    let server = Standin::fresh().await;
    let fields = [("user_id", "php"), ("password", "p"), ("username", "P"), ("extras[a]", "1")];
    let answer = send(server.qiscus(Method::POST, "login_or_register").form(&fields)).await;
    assert_eq!(answer.status, 400);
    let said = String::from_utf8_lossy(&answer.bytes);
    assert!(said.contains("extras must be JSON text in one field, not divided into fields with brackets"), "{said}");
    assert_eq!(server.user_profile("php").await.status, 404, "nothing is half done");
}

#[actix_web::test]
async fn takes_json_urlencoded_and_multipart_bodies() {
    let server = Standin::fresh().await;
    let fields = [("user_id", "form@x"), ("password", "p"), ("username", "Zoë & Co"), ("extras", r#"{"a":1}"#)];
    let call = || server.qiscus(Method::POST, "login_or_register");
    let expected = json!({ "a": 1 });
    let urlencoded = user(&send(call().form(&fields)).await);
    assert_eq!((&urlencoded["username"], &urlencoded["extras"]), (&json!("Zoë & Co"), &expected));
    let multipart = fields.iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| form.text(*name, *value));
    assert_eq!(user(&send(call().multipart(multipart)).await), urlencoded);
}

#[actix_web::test]
async fn takes_both_spellings_of_the_headers_in_any_mix() {
    let server = Standin::fresh().await;
    for (app, secret) in [
        ("QISCUS-SDK-APP-ID", "QISCUS_SDK_SECRET"),
        ("QISCUS_SDK_APP_ID", "QISCUS-SDK-SECRET"),
        ("qiscus_sdk_app_id", "qiscus_sdk_secret"),
    ] {
        let call = server.call(Method::POST, "/api/v2.1/rest/login_or_register").header(app, APP_ID);
        user(&send(call.header(secret, SECRET).json(&guest("a"))).await);
    }
}

#[actix_web::test]
async fn makes_a_random_password_if_none_is_given() {
    let server = Standin::fresh().await;
    let answer = server.login_or_register(json!({ "user_id": "a", "username": "A" })).await;
    assert_eq!(user(&answer)["user_id"], "a");
    assert_eq!(server.sign_in("a", "").await.json()["status"], 400);
}

#[actix_web::test]
async fn is_refused_without_a_password_for_a_user_already_created() {
    let server = Standin::fresh().await;
    server.login_or_register(guest("a")).await;
    for body in [
        json!({ "user_id": "a", "username": "Changed" }),
        json!({ "user_id": "a", "username": "Changed", "password": "" }),
    ] {
        let answer = server.login_or_register(body).await;
        assert_invalid(&answer, "password", "password must be given for a user that exists already");
    }
    assert_eq!(user(&server.user_profile("a").await)["username"], "QISCUS demo user");
}

#[actix_web::test]
async fn user_id_and_username_are_required() {
    let server = Standin::fresh().await;
    golden::same(&server, "qiscus/error_validation", &server.login_or_register(json!({})).await);
    for body in [json!({ "username": "A" }), json!({ "user_id": "", "username": "A" })] {
        assert_invalid(&server.login_or_register(body).await, "user_id", "user_id is required");
    }
    for body in [json!({ "user_id": "a" }), json!({ "user_id": "a", "username": "" })] {
        assert_invalid(&server.login_or_register(body).await, "username", "username is required");
    }
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
}

#[actix_web::test]
async fn promise_46_user_id_cannot_contain_symbols_except_four() {
    let server = Standin::fresh().await;
    assert_eq!(user(&server.login_or_register(guest("a.B-c_9@x")).await)["user_id"], "a.B-c_9@x");
    for bad in ["a b", "a/b", "a+b", "ü", "a\u{202e}b", "a\nb", "a%b", "{a}", "guest\\40qiscus.com"] {
        let sentence = "user_id must be made of letters, digits and . - _ @ only";
        assert_invalid(&server.login_or_register(guest(bad)).await, "user_id", sentence);
    }
}

#[actix_web::test]
async fn promise_46_user_id_is_at_most_191_characters() {
    let server = Standin::fresh().await;
    for chars in [190, 191] {
        user(&server.login_or_register(guest(&"a".repeat(chars))).await);
    }
    let answer = server.login_or_register(guest(&"a".repeat(192))).await;
    assert_invalid(&answer, "user_id", "user_id must be at most 191 characters");
}

#[actix_web::test]
async fn reserved_ids_cannot_be_created() {
    let server = Standin::fresh().await;
    for id in ["administrator", "createUser", "config", "block"] {
        let sentence = "user_id is reserved by the server, choose another";
        assert_invalid(&server.login_or_register(guest(id)).await, "user_id", sentence);
    }
}

#[actix_web::test]
async fn a_username_equal_to_the_id_is_a_name_like_any_other() {
    let server = Standin::fresh().await;
    server.command(&["user", "create", "ada"]);
    server.login_or_register(json!({ "user_id": "ada", "username": "ada", "password": "p" })).await;
    let shown: Value = serde_json::from_str(&server.command(&["user", "show", "ada", "--json"])).unwrap();
    assert_eq!(shown["name"], "ada");
}

#[actix_web::test]
async fn username_is_at_most_255_characters_and_500_bytes() {
    let server = Standin::fresh().await;
    let named = |name: String| json!({ "user_id": "a", "password": "p", "username": name });
    for name in ["n".repeat(254), "n".repeat(255), "é".repeat(250)] {
        assert_eq!(user(&server.login_or_register(named(name.clone())).await)["username"], name);
    }
    let answer = server.login_or_register(named("n".repeat(256))).await;
    assert_invalid(&answer, "username", "username must be at most 255 characters");
    let answer = server.login_or_register(named("é".repeat(251))).await;
    assert_invalid(&answer, "username", "username must be at most 500 bytes");
}

#[actix_web::test]
async fn promise_47_names_are_kept_byte_for_byte_and_free_of_control_characters() {
    let server = Standin::fresh().await;
    let named = |name: &str| json!({ "user_id": "a", "password": "p", "username": name });
    for name in [" two  spaces ", "e\u{301}", "\u{e9}", "<b>&\"'", "👩‍👩‍👧", "\u{200f}עברית"] {
        assert_eq!(user(&server.login_or_register(named(name)).await)["username"], name);
    }
    for name in ["a\u{0}b", "a\nb", "a\u{7f}", "a\u{202e}b", "a\u{2066}b", "a\u{85}b"] {
        let sentence = "username must be free of control and text-direction characters";
        assert_invalid(&server.login_or_register(named(name)).await, "username", sentence);
    }
}

#[actix_web::test]
async fn promise_41_a_password_is_1_to_1024_characters_of_any_kind() {
    let server = Standin::fresh().await;
    let with = |password: String| json!({ "user_id": "a", "username": "A", "password": password });
    for password in ["x".to_owned(), "p w ü 👍".repeat(8), "x".repeat(1023), "x".repeat(1024)] {
        user(&server.login_or_register(with(password.clone())).await);
        assert_eq!(server.sign_in("a", &password).await.json()["status"], 200, "{password}");
    }
    let answer = server.login_or_register(with("x".repeat(1025))).await;
    assert_invalid(&answer, "password", "password must be at most 1024 characters");
}

#[actix_web::test]
async fn promise_48_avatar_url_is_an_http_address_of_at_most_2048_characters() {
    let server = Standin::fresh().await;
    let with = |address: String| json!({ "user_id": "a", "username": "A", "password": "p", "avatar_url": address });
    let long = |chars: usize| format!("https://image.url/{}", "x".repeat(chars - 18));
    for address in [long(2047), long(2048), "http://x/y?z=1#f".to_owned()] {
        assert_eq!(user(&server.login_or_register(with(address.clone())).await)["avatar_url"], address);
    }
    let answer = server.login_or_register(with(long(2049))).await;
    assert_invalid(&answer, "avatar_url", "avatar_url must be at most 2048 characters");
    for bad in ["javascript:alert(1)", "file:///etc/passwd", "nonsense", "https://", "https://a b/c", "data:,x"] {
        let answer = server.login_or_register(with(bad.to_owned())).await;
        assert_invalid(&answer, "avatar_url", "avatar_url must be an http or https address");
    }
}

#[actix_web::test]
async fn extras_are_a_json_object_of_at_most_16_kib_and_64_levels() {
    let server = Standin::fresh().await;
    let with = |extras: Value| json!({ "user_id": "a", "username": "A", "password": "p", "extras": extras });
    // {"k":"..."} is 8 bytes around the text.
    for bytes in [16_383, 16_384] {
        user(&server.login_or_register(with(json!({ "k": "x".repeat(bytes - 8) }))).await);
    }
    let answer = server.login_or_register(with(json!({ "k": "x".repeat(16_385 - 8) }))).await;
    assert_invalid(&answer, "extras", "extras must be at most 16384 bytes");
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "k": inner }));
    for levels in [63, 64] {
        user(&server.login_or_register(with(nested(levels))).await);
    }
    let answer = server.login_or_register(with(nested(65))).await;
    assert_invalid(&answer, "extras", "extras must be a JSON object nested at most 64 deep");
    for bad in [json!([1]), json!(7), json!(true), json!("[1]")] {
        assert_invalid(&server.login_or_register(with(bad)).await, "extras", "extras must be a JSON object");
    }
    assert_invalid(&server.login_or_register(with(json!("{oops"))).await, "extras", "extras must be valid JSON");
}

#[actix_web::test]
async fn a_user_without_an_avatar_gets_a_default_picture_that_is_served() {
    let server = Standin::fresh().await;
    let address = user(&server.login_or_register(guest("a")).await)["avatar_url"].as_str().unwrap().to_owned();
    let picture = server.get(address.strip_prefix(server.base()).unwrap()).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
    let again = json!({ "user_id": "a", "username": "A", "password": "p", "avatar_url": address });
    assert_eq!(user(&server.login_or_register(again).await)["avatar_url"], address);
}

#[actix_web::test]
async fn promise_50_unknown_fields_are_ignored_and_cannot_set_anything() {
    let server = Standin::fresh().await;
    let body = json!({
        "user_id": "a", "username": "A", "password": "p", "id": 7, "token": "mine", "role": "admin", "active": false
    });
    user(&server.login_or_register(body).await);
    let listed = server.user_list().await.json()["results"]["users"][0].clone();
    assert_eq!((&listed["active"], listed.get("token"), listed.get("role")), (&json!(true), None, None));
}
