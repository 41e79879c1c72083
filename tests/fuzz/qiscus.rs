//! Qiscus: bodies and queries of back ends and SDKs.

use reqwest::Method;

use crate::{
    front_door::{APP_ID, Call, FORM, JSON, QUERY_ALONE, RunningServer, SECRET, fuzz_calls, seed},
    strange::Target,
};

const LOGIN: &str = "/api/v2.1/rest/login_or_register";
const LOGIN_V20: &str = "/api/v2/rest/login_or_register";
const SDK_LOGIN: &str = "/api/v2/sdk/login_or_register";
const PROFILE: &str = "/api/v2/sdk/my_profile";
const VERIFY: &str = "/api/v2/sdk/auth/verify_identity_token";

const CALLS: &[Call] = &[
    (Method::POST, LOGIN, JSON),
    (Method::POST, LOGIN, FORM),
    (Method::POST, LOGIN_V20, JSON),
    (Method::POST, LOGIN_V20, FORM),
    (Method::POST, "/api/v2.1/rest/reset_user_token", JSON),
    (Method::DELETE, "/api/v2.1/rest/deactivate_users", JSON),
    (Method::POST, "/api/v2.1/rest/reactivate_users", FORM),
    (Method::GET, "/api/v2.1/rest/user_profile?", QUERY_ALONE),
    (Method::GET, "/api/v2.1/rest/get_user_list?", QUERY_ALONE),
    (Method::GET, "/api/v2.1/rest/get_user_unread_count?", QUERY_ALONE),
    (Method::GET, "/api/v2/rest/get_user_token?", QUERY_ALONE),
    (Method::POST, SDK_LOGIN, FORM),
    (Method::POST, SDK_LOGIN, JSON),
    (Method::PATCH, PROFILE, JSON),
    (Method::POST, VERIFY, JSON),
    (Method::POST, "/api/v2/sdk/block_user", FORM),
    (Method::POST, "/api/v2/sdk/users/status", JSON),
    (Method::POST, "/api/v2/sdk/refresh_user_token", JSON),
    (Method::GET, "/api/v2/sdk/sync_event?", QUERY_ALONE),
    (Method::GET, "/api/v2/sdk/get_user_list?", QUERY_ALONE),
    (Method::POST, "/api/v2/sdk/set_user_device_token", FORM),
];

#[test]
fn qiscus() {
    let server = RunningServer::open();
    let user = r#"{"user_id":"ada","username":"Ada","password":"key","avatar_url":"https://a.example/a.png","extras":{"a":[1]}}"#;
    let form = "email=ada&user_id=ada&username=Ada&password=key&extras=%7B%22a%22%3A1%7D&avatar_url=&device_token=x";
    let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsInZlciI6InYyIn0";
    let token = format!(r#"{{"identity_token":"{header}.eyJpc3MiOiJhIn0.c2ln"}}"#);
    let seeds = vec![
        seed(CALLS, LOGIN, JSON, user),
        seed(CALLS, LOGIN, FORM, form),
        seed(
            CALLS,
            LOGIN_V20,
            JSON,
            r#"{"email":"bob","username":"Bob","password":"key","device_platform":"ios","device_token":"t"}"#,
        ),
        seed(CALLS, LOGIN_V20, FORM, form),
        seed(CALLS, "/api/v2.1/rest/reset_user_token", JSON, r#"{"user_id":"ada"}"#),
        seed(CALLS, "/api/v2.1/rest/deactivate_users", JSON, r#"{"user_ids":["cyd"]}"#),
        seed(CALLS, "/api/v2.1/rest/reactivate_users", FORM, "user_ids[]=ada&user_ids[]=bob"),
        seed(CALLS, "/api/v2.1/rest/user_profile?", QUERY_ALONE, "user_id=ada"),
        seed(CALLS, "/api/v2.1/rest/get_user_list?", QUERY_ALONE, "page=1&limit=2&show_all=true&order_query=x"),
        seed(
            CALLS,
            "/api/v2.1/rest/get_user_unread_count?",
            QUERY_ALONE,
            "user_ids[]=ada&start_time=2020-01-01&end_time=1",
        ),
        seed(CALLS, "/api/v2/rest/get_user_token?", QUERY_ALONE, "user_email=ada"),
        seed(CALLS, SDK_LOGIN, FORM, form),
        seed(CALLS, PROFILE, JSON, r#"{"name":"Ada","avatar_url":null,"extras":"{}"}"#),
        seed(CALLS, VERIFY, JSON, &token),
        seed(CALLS, "/api/v2/sdk/block_user", FORM, "user_email=bob"),
        seed(CALLS, "/api/v2/sdk/users/status", JSON, r#"{"user_ids":["ada","bob"]}"#),
        seed(CALLS, "/api/v2/sdk/refresh_user_token", JSON, r#"{"user_id":"ada","refresh_token":"1-abc"}"#),
        seed(CALLS, "/api/v2/sdk/sync_event?", QUERY_ALONE, "start_event_id=7"),
        seed(CALLS, "/api/v2/sdk/get_user_list?", QUERY_ALONE, "query=a&page=1&limit=20&order_query=username"),
        seed(CALLS, "/api/v2/sdk/set_user_device_token", FORM, "device_token=x&device_platform=rn&is_development=true"),
    ];
    let words = &[
        "user_id",
        "user_ids[]=",
        "email",
        "password",
        "extras",
        "page=",
        "limit=",
        "&",
        "=",
        "%00",
        "%",
        "+",
        "{",
        "[",
        "\\ud800",
        "9e99",
    ];
    let target = Target { name: "qiscus", seeds, words, head_bytes: 1 };
    let login = server.request(Method::POST, SDK_LOGIN).header("QISCUS-SDK-APP-ID", APP_ID);
    let (_, said) = server.answer(login.form(&[("email", "fuzz"), ("password", "fuzz's own key")])).unwrap();
    let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
    let token = said["results"]["user"]["token"].as_str().unwrap().to_owned();
    let headers = [
        ("QISCUS-SDK-APP-ID", APP_ID.to_owned()),
        ("QISCUS-SDK-SECRET", SECRET.to_owned()),
        ("QISCUS-SDK-TOKEN", token),
    ];
    fuzz_calls(&server, &target, CALLS, &headers);
    server.ends_well();
}
