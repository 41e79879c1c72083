//! Tokens: too many to guess, and dead at once, on every wire.

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

async fn house() -> Standin {
    Standin::with(&[WITH_SDK_APP_ID, ("STANDIN_ADMIN_PASSWORD", "correct horse")]).await
}

/// A login of Qiscus' SDK: its token, and what renews it where tokens have a lifetime.
async fn qiscus(house: &Standin, id: &str) -> Value {
    let form = [("email", id), ("password", "key"), ("username", id)];
    let call = house.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
    send(call.form(&form)).await.json()["results"]["user"].clone()
}

#[actix_web::test]
async fn promise_40_a_token_of_any_wire_holds_128_bits_and_none_is_given_twice() {
    let house = house().await;
    let mut tokens = Vec::new();
    for n in 0..8 {
        let id = format!("u{n}");
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned();
        tokens.push(text(&qiscus(&house, &id).await["token"]));
        let reset = send(house.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": id }))).await;
        tokens.push(text(&reset.json()["results"]["token"]));
        tokens.push(house.back_end_token().await);
        tokens.push(made(&house, &format!("m{n}"), &[]).await);
        tokens.push(Socket::of(&house, &format!("t{n}")).await.1);
        let page = Page::signed_in(&house).await;
        tokens.push(page.cookie.strip_prefix("standin_session=").unwrap().to_owned());
        tokens.push(page.csrf);
    }
    house.command(&["app", "set", "--token-lifetime", "60"]);
    for n in 0..8 {
        let renewed = qiscus(&house, &format!("u{n}")).await;
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
async fn promise_40_what_signed_a_user_in_on_any_wire_is_dead_at_once_when_it_is_suspended_or_deleted() {
    let house = house().await;
    for (id, words) in [
        ("suspended", &["user", "set", "suspended", "--state", "suspended"][..]),
        ("deleted", &["user", "delete", "deleted"]),
    ] {
        let entered = qiscus(&house, id).await;
        let token = entered["token"].as_str().unwrap();
        let ticket = house.sign_in(id, "key").await.json()["data"]["token"].as_str().unwrap().to_owned();
        assert_eq!((contacts(&house, &ticket).await, profile(&house, token).await), (200, 200));
        house.command(words);
        assert_eq!((contacts(&house, &ticket).await, profile(&house, token).await), (401, 403), "{id}");
    }
}

async fn contacts(house: &Standin, ticket: &str) -> u64 {
    let call = house.call(Method::GET, "/api/v1/contacts/contactsList").header("Authorization", ticket);
    send(call).await.status.into()
}

async fn profile(house: &Standin, token: &str) -> u64 {
    let call = house.call(Method::GET, "/api/v2/sdk/my_profile").header("QISCUS-SDK-APP-ID", APP_ID);
    send(call.header("QISCUS-SDK-TOKEN", token)).await.status.into()
}
