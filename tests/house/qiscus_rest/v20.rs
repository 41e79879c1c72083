//! What is its own in `/api/v2/rest`.

use super::*;

fn login(server: &Standin, body: &Value) -> RequestBuilder {
    v20(server, Method::POST, "login_or_register").json(body)
}

fn johnny() -> Value {
    json!({ "email": "johnny@cage.com", "password": "password", "username": "Johnny Cage" })
}

/// The keys of an object in the order they were sent.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[actix_web::test]
async fn login_answers_the_full_user_with_its_token() {
    let server = Standin::fresh().await;
    let with_all = json!({
        "email": "johnny@cage.com", "password": "password", "username": "Johnny Cage",
        "avatar_url": "https://image.url/image.jpg", "extras": "{\"belt\":\"black\"}"
    });
    let answer = send(login(&server, &with_all)).await;
    golden::same(&server, "qiscus/login_or_register_v20", &answer);
    let full = user(&answer);
    assert_eq!(
        keys(&full),
        [
            "active",
            "app",
            "avatar",
            "avatar_url",
            "email",
            "extras",
            "id",
            "id_str",
            "last_comment_id",
            "last_comment_id_str",
            "last_sync_event_id",
            "pn_android_configured",
            "pn_ios_configured",
            "rtKey",
            "token",
            "username",
        ]
    );
    let listed = server.user_list().await.json()["results"]["users"][0].clone();
    assert_eq!((&full["id"], &full["id_str"]), (&listed["id"], &json!(listed["id"].to_string())));
    assert_eq!(full["app"]["id_str"], full["app"]["id"].to_string());
    let token = send(server.qiscus(Method::GET, "get_user_token?user_id=johnny@cage.com")).await.json();
    assert_eq!(full["token"], token["results"]["token"]);
}

#[actix_web::test]
async fn takes_urlencoded_and_multipart_bodies_too() {
    let server = Standin::fresh().await;
    let fields = [("email", "johnny@cage.com"), ("username", "Johnny Cage"), ("password", "p"), ("avatar_url", "")];
    let call = || v20(&server, Method::POST, "login_or_register");
    let urlencoded = user(&send(call().form(&fields)).await);
    let multipart = fields.iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| form.text(*name, *value));
    assert_eq!(user(&send(call().multipart(multipart)).await), urlencoded);
}

#[actix_web::test]
async fn profile_answers_the_same_full_user() {
    let server = Standin::fresh().await;
    let made = user(&send(login(&server, &johnny())).await);
    let answer = send(v20(&server, Method::GET, "user_profile?user_email=johnny@cage.com")).await;
    golden::same(&server, "qiscus/user_profile_v20", &answer);
    assert_eq!(user(&answer), made);
}

#[actix_web::test]
async fn reset_answers_the_full_user_with_a_new_token() {
    let server = Standin::fresh().await;
    let mut made = user(&send(login(&server, &johnny())).await);
    let call = v20(&server, Method::POST, "reset_user_token").form(&[("user_email", "johnny@cage.com")]);
    let answer = send(call).await;
    golden::same(&server, "qiscus/reset_user_token_v20", &answer);
    let reset = user(&answer);
    assert_ne!(reset["token"], made["token"]);
    made["token"] = reset["token"].clone();
    assert_eq!(reset, made);
}

#[actix_web::test]
async fn lists_are_those_of_v21() {
    let server = Standin::fresh().await;
    send(login(&server, &johnny())).await;
    let older = send(v20(&server, Method::GET, "get_user_list")).await;
    assert_eq!(older.bytes, send(server.qiscus(Method::GET, "get_user_list")).await.bytes);
}

#[actix_web::test]
async fn each_version_names_the_user_by_its_own_field() {
    let server = Standin::fresh().await;
    send(login(&server, &johnny())).await;
    assert_invalid(&send(login(&server, &guest("a"))).await, "email", "email is required");
    assert_invalid(&server.login_or_register(johnny()).await, "user_id", "user_id is required");
    let answer = send(v20(&server, Method::GET, "user_profile?user_id=johnny@cage.com")).await;
    assert_invalid(&answer, "user_email", "user_email is required");
    let answer = send(server.qiscus(Method::GET, "user_profile?user_email=johnny@cage.com")).await;
    assert_invalid(&answer, "user_id", "user_id is required");
    let answer = send(v20(&server, Method::POST, "reset_user_token").json(&json!({ "user_id": "a" }))).await;
    assert_invalid(&answer, "user_email", "user_email is required");
}

#[actix_web::test]
async fn refusals_are_those_of_v21_in_its_own_field_names() {
    let server = Standin::fresh().await;
    let with = |email: &str| json!({ "email": email, "username": "A", "password": "p" });
    let sentence = "email must be made of letters, digits and . - _ @ only";
    assert_invalid(&send(login(&server, &with("guest\\40qiscus.com"))).await, "email", sentence);
    let sentence = "email is reserved by the server, choose another";
    assert_invalid(&send(login(&server, &with("administrator"))).await, "email", sentence);
    assert_invalid(&send(login(&server, &json!({ "email": "a" }))).await, "username", "username is required");
    send(login(&server, &johnny())).await;
    let without = json!({ "email": "johnny@cage.com", "username": "Changed" });
    let sentence = "password must be given for a user that exists already";
    assert_invalid(&send(login(&server, &without)).await, "password", sentence);
    let answer = send(v20(&server, Method::GET, "user_profile?user_email=nobody")).await;
    assert_refused(&answer, 404, "User not found");
    let answer = send(v20(&server, Method::POST, "reset_user_token").json(&json!({ "user_email": "nobody" }))).await;
    assert_invalid(&answer, "user_email", "user_email must be the id of a user that exists");
}

#[actix_web::test]
async fn login_takes_a_device() {
    let server = Standin::fresh().await;
    let with = |token: Value, platform: Value| {
        let mut body = johnny();
        body["device_token"] = token;
        body["device_platform"] = platform;
        send(login(&server, &body))
    };
    for platform in ["ios", "android"] {
        assert_eq!(with(json!("d".repeat(4096)), json!(platform)).await.status, 200);
    }
    for nothing in [json!(""), json!(null)] {
        assert_eq!(with(nothing.clone(), nothing).await.status, 200);
    }
    assert_eq!(with(json!(""), json!("ios")).await.status, 200);
    for platform in [json!(""), json!(null)] {
        assert_invalid(&with(json!("t"), platform).await, "device_platform", "device_platform is required");
    }
    for (token, platform) in [("t", "web"), ("t", "IOS"), ("", "symbian")] {
        let sentence = "device_platform must be one of ios, android";
        assert_invalid(&with(json!(token), json!(platform)).await, "device_platform", sentence);
    }
    let sentence = "device_token must be at most 4096 bytes";
    assert_invalid(&with(json!("d".repeat(4097)), json!("ios")).await, "device_token", sentence);
    let sentence = "device_token must be free of control characters";
    assert_invalid(&with(json!("a\nb"), json!("ios")).await, "device_token", sentence);
}

/// Whether the folder's database holds this text.
fn is_stored(server: &Standin, text: &str) -> bool {
    let files = ["standin.db", "standin.db-wal"].map(|name| std::fs::read(server.data().join(name)).unwrap());
    files.iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[actix_web::test]
async fn the_device_is_stored_in_v20_only() {
    let server = Standin::fresh().await;
    let mut body = johnny();
    (body["device_token"], body["device_platform"]) = (json!("a-push-token"), json!("ios"));
    assert_eq!(send(login(&server, &body)).await.status, 200);
    assert!(is_stored(&server, "a-push-token"));
    let mut body = guest("a");
    (body["device_token"], body["device_platform"]) = (json!("another-token"), json!("palm"));
    user(&server.login_or_register(body).await);
    assert!(!is_stored(&server, "another-token"));
}

#[actix_web::test]
async fn the_device_of_a_refused_login_is_not_the_reason_a_user_exists() {
    let server = Standin::fresh().await;
    let mut body = johnny();
    body["device_token"] = json!("t");
    assert_eq!(send(login(&server, &body)).await.status, 400);
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
}

#[actix_web::test]
async fn promise_39_a_wrong_and_a_missing_secret_and_an_unknown_app_look_alike_in_http_400() {
    let server = Standin::fresh().await;
    for call in ["user_profile?user_email=a", "get_user_list", "get_user_token", "get_unread_users"] {
        for (app, secret) in [(APP_ID, "wrong"), (APP_ID, ""), ("nosuchapp", SECRET), ("no such app!", SECRET)] {
            let call = server.call(Method::GET, &format!("/api/v2/rest/{call}"));
            let answer = send(call.header("QISCUS_SDK_APP_ID", app).header("QISCUS_SDK_SECRET", secret)).await;
            golden::same(&server, "qiscus/error_wrong_secret_v20", &answer);
        }
    }
}

/// The list of the app that a call without app id is for, or the refusal.
async fn list_at(server: &Standin, host: &str, secret: &str) -> Answer {
    let call = server.call(Method::GET, "/api/v2/rest/get_user_list").header("Host", host);
    send(call.header("QISCUS_SDK_SECRET", secret)).await
}

#[actix_web::test]
async fn without_an_app_id_the_host_names_the_app() {
    let server = Standin::fresh().await;
    let secret = second_app(&server, &["--hosts", "chat.example"]);
    server.command(&["user", "create", "u1", "--app", "second"]);
    for host in
        ["chat.example", "chat.example:8080", "CHAT.example", "second.chat.test", "SECOND.chat.test:80", "second"]
    {
        let answer = list_at(&server, host, &secret).await;
        assert_eq!((answer.status, &answer.json()["results"]["meta"]["total_data"]), (200, &json!(1)), "{host}");
    }
    let answer = list_at(&server, "houseapp.localhost:8080", SECRET).await;
    assert_eq!(answer.json()["results"]["meta"]["total_data"], 0);
}

#[actix_web::test]
async fn a_header_beats_the_host() {
    let server = Standin::fresh().await;
    second_app(&server, &["--hosts", "chat.example"]);
    let answer = send(v20(&server, Method::GET, "get_user_list").header("Host", "chat.example")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[actix_web::test]
async fn without_an_app_id_an_unknown_host_and_a_wrong_secret_look_alike() {
    let server = Standin::fresh().await;
    let secret = second_app(&server, &["--hosts", "chat.example"]);
    for (host, secret) in [
        ("chat.example", "wrong"),
        ("chat.example", ""),
        ("chat.example", SECRET),
        ("second.test", "wrong"),
        ("nosuchapp.test", &secret),
        ("127.0.0.1:8080", &secret),
        ("chat.example.test", &secret),
        (".second", &secret),
    ] {
        golden::same(&server, "qiscus/error_unknown_host", &list_at(&server, host, secret).await);
    }
    // v2.1 asks for the header whatever the host.
    let call = server.call(Method::GET, "/api/v2.1/rest/get_user_list").header("Host", "chat.example");
    let answer = send(call.header("QISCUS-SDK-SECRET", secret)).await;
    assert_refused(&answer, 400, "The header QISCUS-SDK-APP-ID is required");
}
