//! Repeated failed logins, over HTTP.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::standin::{ACCOUNT_PASSWORD, Answer, LICENSE_KEY, Standin, send};

fn sign_in(server: &Standin, username: &str, password: &str) -> RequestBuilder {
    let body = json!({ "username": username, "password": password });
    server.call(Method::POST, "/api/v1/login").json(&body)
}

fn from(call: RequestBuilder, address: &str) -> RequestBuilder {
    call.header("X-Forwarded-For", address)
}

fn status(answer: &Answer) -> u64 {
    answer.json()["status"].as_u64().unwrap()
}

#[actix_web::test]
async fn promise_43_after_ten_failures_in_a_row_a_users_logins_wait_and_its_session_goes_on() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let created = server.create_user(&token, &[("userIdentifier", "ada")]).await.json();
    let (own, password) = (created["data"]["token"].as_str().unwrap(), created["data"]["password"].as_str().unwrap());
    for _ in 0..9 {
        assert_eq!(status(&server.sign_in("ada", "wrong").await), 400);
    }
    assert_eq!(status(&server.sign_in("ada", password).await), 200, "nine are forgiven");
    for _ in 0..10 {
        assert_eq!(status(&server.sign_in("ada", "wrong").await), 400);
    }
    let waits = server.sign_in("ada", password).await;
    assert_eq!((waits.status, status(&waits)), (200, 429));
    let message = waits.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("Too many failed logins, try again in "), "{message}");
    let wait: u32 = waits.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let media = server.call(Method::GET, "/api/v1/users/getMetaData").header("Authorization", own);
    assert_eq!(send(media).await.status, 200, "existing sessions stay");
    assert_eq!(status(&server.sign_in("administrator", ACCOUNT_PASSWORD).await), 200, "others are not concerned");
    let fields = json!({ "user_id": "ada", "username": "Ada", "password": "another" });
    assert_eq!(server.login_or_register(fields).await.status, 200, "the app's secret is exempt");
}

#[actix_web::test]
async fn promise_43_logins_of_an_unknown_user_wait_after_ten_failures_too() {
    let server = Standin::fresh().await;
    for _ in 0..10 {
        assert_eq!(status(&server.sign_in("nobody", "wrong").await), 400);
    }
    assert_eq!(status(&server.sign_in("nobody", "wrong").await), 429);
}

#[actix_web::test]
async fn promise_43_an_address_waits_after_sixty_failures_for_any_users() {
    let server = Standin::with(&[("STANDIN_TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.1")]).await;
    let fail = async |n: u32, forwarded: &str| {
        status(&send(from(sign_in(&server, &format!("u{n}"), "wrong"), forwarded)).await)
    };
    for n in 0..60 {
        assert_eq!(fail(n, "192.0.2.7").await, 400);
    }
    assert_eq!(fail(60, "192.0.2.7").await, 429);
    assert_eq!(fail(61, "192.0.2.7, 10.0.0.1").await, 429, "a second proxy of ours is looked through");
    assert_eq!(fail(62, "192.0.2.7, 192.0.2.8").await, 400, "a claim in front of the proxy is not believed");
    assert_eq!(fail(63, "192.0.2.8").await, 400);
    for same in
        ["192.0.2.7:5678", "\"192.0.2.7\"", "203.0.113.1, 192.0.2.7:443, , 10.0.0.1:80,", "[::ffff:192.0.2.7]:9"]
    {
        assert_eq!(fail(64, same).await, 429, "{same}");
    }
    assert_eq!(status(&server.sign_in("administrator", ACCOUNT_PASSWORD).await), 200);
}

#[actix_web::test]
async fn promise_43_a_forwarded_header_of_an_untrusted_client_is_ignored() {
    let server = Standin::fresh().await;
    for n in 0..60_u32 {
        let call = from(sign_in(&server, &format!("u{n}"), "wrong"), &format!("192.0.2.{n}"));
        assert_eq!(status(&send(call).await), 400);
    }
    assert_eq!(status(&send(from(sign_in(&server, "u60", "wrong"), "192.0.2.200")).await), 429);
    let body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": "eve" });
    let register = send(server.call(Method::POST, "/api/v1/sandbox/register").json(&body)).await;
    assert_eq!(status(&register), 200, "what asks for no password is not a login");
}
