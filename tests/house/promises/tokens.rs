//! Tokens: too many to guess, and invalid at once, for every vendor.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    admin::Page,
    mirrorfly_users::made,
    standin::{APP_ID, Standin, send},
    tencent_socket::Socket,
    user_sig::WITH_SDK_APP_ID,
};

/// Characters of 62 that hold 128 bits.
const CHARS_MIN: usize = 22;

async fn server() -> Standin {
    Standin::with(&[WITH_SDK_APP_ID, ("STANDIN_ADMIN_PASSWORD", "correct horse")]).await
}

/// A login of Qiscus' SDK: its token, and what renews it where tokens have a lifetime.
async fn qiscus(server: &Standin, id: &str) -> Value {
    let form = [("email", id), ("password", "key"), ("username", id)];
    let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
    send(call.form(&form)).await.json()["results"]["user"].clone()
}

#[actix_web::test]
async fn promise_40_tokens_of_every_vendor_have_128_random_bits_and_never_repeat() {
    let server = server().await;
    let mut tokens = Vec::new();
    for n in 0..8 {
        let id = format!("u{n}");
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned();
        tokens.push(text(&qiscus(&server, &id).await["token"]));
        let reset = send(server.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": id }))).await;
        tokens.push(text(&reset.json()["results"]["token"]));
        for token in [server.back_end_token().await, made(&server, &format!("m{n}"), &[]).await] {
            // Of the shape of a JWT: the last part is the secret.
            tokens.push(token.rsplit('.').next().unwrap().to_owned());
        }
        tokens.push(Socket::of(&server, &format!("t{n}")).await.1);
        let page = Page::signed_in(&server).await;
        tokens.push(page.cookie.strip_prefix("standin_session=").unwrap().to_owned());
        tokens.push(page.csrf);
    }
    server.command(&["app", "set", "--token-lifetime", "60"]);
    for n in 0..8 {
        let renewed = qiscus(&server, &format!("u{n}")).await;
        for name in ["token", "refresh_token"] {
            // The number in front names the session.
            tokens.push(renewed[name].as_str().unwrap().split_once('-').unwrap().1.to_owned());
        }
    }
    for token in &tokens {
        let alphabet = token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        assert!(alphabet && token.len() >= CHARS_MIN, "{token}");
    }
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), tokens.len());
}

#[actix_web::test]
async fn promise_40_every_credential_of_a_user_is_invalid_at_once_when_it_is_suspended_or_deleted() {
    let server = server().await;
    for (id, words) in [
        ("suspended", &["user", "set", "suspended", "--state", "suspended"][..]),
        ("deleted", &["user", "delete", "deleted"]),
    ] {
        let entered = qiscus(&server, id).await;
        let token = entered["token"].as_str().unwrap();
        let ticket = server.sign_in(id, "key").await.json()["data"]["token"].as_str().unwrap().to_owned();
        assert_eq!((contacts(&server, &ticket).await, profile(&server, token).await), (200, 200));
        server.command(words);
        assert_eq!((contacts(&server, &ticket).await, profile(&server, token).await), (401, 403), "{id}");
    }
}

async fn contacts(server: &Standin, ticket: &str) -> u64 {
    let call = server.call(Method::GET, "/api/v1/contacts/contactsList").header("Authorization", ticket);
    send(call).await.status.into()
}

async fn profile(server: &Standin, token: &str) -> u64 {
    let call = server.call(Method::GET, "/api/v2/sdk/my_profile").header("QISCUS-SDK-APP-ID", APP_ID);
    send(call.header("QISCUS-SDK-TOKEN", token)).await.status.into()
}
