//! Failed logins: counted over all wires together, forgiven up to the bound, and no way around for whoever waits.

use reqwest::Method;
use serde_json::json;

use crate::{
    mirrorfly_socket,
    standin::{ACCOUNT_PASSWORD, APP_ID, Answer, Standin, send},
    tencent_socket::Socket,
    user_sig::{WITH_SDK_APP_ID, user_sig},
};

async fn qiscus(house: &Standin, id: &str, key: &str) -> Answer {
    let call = house.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
    send(call.form(&[("email", id), ("password", key)])).await
}

/// A try on MirrorFly's socket: how its stream ends, or `success`.
async fn on_the_socket(house: &Standin, id: &str, password: &str) -> &'static str {
    let heard = mirrorfly_socket::knock(house, id, password).await;
    let words = ["success", "not-authorized", "temporary-auth-failure"];
    words.into_iter().find(|word| heard.contains(word)).unwrap_or_else(|| panic!("{heard}"))
}

async fn mirrorfly(house: &Standin, id: &str, password: &str) -> u64 {
    house.sign_in(id, password).await.json()["status"].as_u64().unwrap()
}

#[actix_web::test]
async fn promise_43_failures_of_all_wires_count_together_and_ten_make_every_login_of_the_user_wait() {
    let house = Standin::fresh().await;
    assert_eq!(qiscus(&house, "ada", "key").await.status, 200);
    for _ in 0..3 {
        assert_eq!(qiscus(&house, "ada", "guess").await.status, 401);
        assert_eq!(mirrorfly(&house, "ada", "guess").await, 400);
        assert_eq!(on_the_socket(&house, "ada", "guess").await, "not-authorized");
    }
    assert_eq!(on_the_socket(&house, "ada", "key").await, "success", "nine are forgiven, and forgotten");
    for _ in 0..3 {
        assert_eq!(qiscus(&house, "ada", "guess").await.status, 401);
        assert_eq!(mirrorfly(&house, "ada", "guess").await, 400);
        assert_eq!(on_the_socket(&house, "ada", "guess").await, "not-authorized");
    }
    assert_eq!(mirrorfly(&house, "ada", "guess").await, 400, "the tenth is heard");
    for key in ["guess", "key"] {
        let waits = qiscus(&house, "ada", key).await;
        let seconds: u64 = waits.header("retry-after").unwrap().parse().unwrap();
        assert!(waits.status == 429 && (1..=60).contains(&seconds), "{waits:?}");
        let waits = house.sign_in("ada", key).await;
        assert_eq!((waits.json()["status"].as_u64(), waits.header("retry-after").is_some()), (Some(429), true));
        assert_eq!(on_the_socket(&house, "ada", key).await, "temporary-auth-failure");
    }
}

#[actix_web::test]
async fn promise_43_what_an_apps_secret_has_signed_is_no_guess_and_waits_for_nothing() {
    let house = Standin::with(&[WITH_SDK_APP_ID]).await;
    assert_eq!(qiscus(&house, "ada", "key").await.status, 200);
    for n in 0..60 {
        let id = if n % 6 == 0 { "ada".to_owned() } else { format!("u{n}") };
        assert_eq!(mirrorfly(&house, &id, "guess").await, 400);
    }
    assert_eq!(mirrorfly(&house, "bob", "guess").await, 429, "the address waits");
    assert_eq!(qiscus(&house, "ada", "key").await.status, 429, "and so does the user");
    let (_, ticket) = Socket::of(&house, "ada").await;
    assert!(!ticket.is_empty(), "a UserSig lets it in");
    for _ in 0..70 {
        let path = format!("/v4/profile/portrait_get?sdkappid=1400000001&identifier=administrator&usersig={}", "x");
        assert_ne!(send(house.call(Method::POST, &path).json(&json!({}))).await.json()["ErrorCode"], 0);
        let call = house.call(Method::GET, "/api/v2.1/rest/get_user_list").header("QISCUS-SDK-APP-ID", APP_ID);
        assert_eq!(send(call.header("QISCUS-SDK-SECRET", "wrong")).await.status, 401);
    }
    assert_eq!(house.user_profile("ada").await.status, 200, "a secret is too long to guess, so nobody counts");
    let good = format!(
        "/v4/profile/portrait_get?sdkappid=1400000001&identifier=administrator&usersig={}",
        user_sig("administrator")
    );
    let body = json!({ "To_Account": ["ada"], "TagList": ["Tag_Profile_IM_Nick"] });
    assert_eq!(send(house.call(Method::POST, &good).json(&body)).await.json()["ErrorCode"], 0);
}

#[actix_web::test]
async fn promise_43_an_address_is_heard_sixty_times_and_not_sixty_one() {
    let house = Standin::fresh().await;
    for n in 0..59 {
        assert_eq!(mirrorfly(&house, &format!("u{n}"), "guess").await, 400);
    }
    assert_eq!(mirrorfly(&house, "administrator", ACCOUNT_PASSWORD).await, 200, "59 are forgiven, not forgotten");
    assert_eq!(mirrorfly(&house, "u59", "guess").await, 400);
    assert_eq!(mirrorfly(&house, "administrator", ACCOUNT_PASSWORD).await, 429);
}
