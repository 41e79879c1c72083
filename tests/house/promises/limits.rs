//! Failed logins: counted over all vendors together, forgiven up to the bound, and no way around the wait.

use reqwest::Method;
use serde_json::json;

use crate::{
    mirrorfly_socket,
    standin::{ACCOUNT_PASSWORD, APP_ID, Answer, Standin, send},
    tencent_socket::Socket,
    user_sig::{WITH_SDK_APP_ID, user_sig},
};

async fn qiscus(server: &Standin, id: &str, key: &str) -> Answer {
    let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
    send(call.form(&[("email", id), ("password", key)])).await
}

/// A try on MirrorFly's socket: how its stream ends, or `success`.
async fn on_the_socket(server: &Standin, id: &str, password: &str) -> &'static str {
    let received = mirrorfly_socket::knock(server, id, password).await;
    let words = ["success", "not-authorized", "temporary-auth-failure"];
    words.into_iter().find(|word| received.contains(word)).unwrap_or_else(|| panic!("{received}"))
}

async fn mirrorfly(server: &Standin, id: &str, password: &str) -> u64 {
    server.sign_in(id, password).await.json()["status"].as_u64().unwrap()
}

#[actix_web::test]
async fn promise_43_failures_of_all_vendors_count_together_and_after_ten_every_login_of_the_user_waits() {
    let server = Standin::fresh().await;
    assert_eq!(qiscus(&server, "ada", "key").await.status, 200);
    for _ in 0..3 {
        assert_eq!(qiscus(&server, "ada", "guess").await.status, 401);
        assert_eq!(mirrorfly(&server, "ada", "guess").await, 400);
        assert_eq!(on_the_socket(&server, "ada", "guess").await, "not-authorized");
    }
    assert_eq!(on_the_socket(&server, "ada", "key").await, "success", "nine are forgiven, and forgotten");
    for _ in 0..3 {
        assert_eq!(qiscus(&server, "ada", "guess").await.status, 401);
        assert_eq!(mirrorfly(&server, "ada", "guess").await, 400);
        assert_eq!(on_the_socket(&server, "ada", "guess").await, "not-authorized");
    }
    assert_eq!(mirrorfly(&server, "ada", "guess").await, 400, "the tenth is checked");
    for key in ["guess", "key"] {
        let waits = qiscus(&server, "ada", key).await;
        let seconds: u64 = waits.header("retry-after").unwrap().parse().unwrap();
        assert!(waits.status == 429 && (1..=60).contains(&seconds), "{waits:?}");
        let waits = server.sign_in("ada", key).await;
        assert_eq!((waits.json()["status"].as_u64(), waits.header("retry-after").is_some()), (Some(429), true));
        assert_eq!(on_the_socket(&server, "ada", key).await, "temporary-auth-failure");
    }
}

#[actix_web::test]
async fn promise_43_a_login_signed_with_the_apps_secret_is_not_throttled() {
    let server = Standin::with(&[WITH_SDK_APP_ID]).await;
    assert_eq!(qiscus(&server, "ada", "key").await.status, 200);
    for n in 0..60 {
        let id = if n % 6 == 0 { "ada".to_owned() } else { format!("u{n}") };
        assert_eq!(mirrorfly(&server, &id, "guess").await, 400);
    }
    assert_eq!(mirrorfly(&server, "bob", "guess").await, 429, "the address waits");
    assert_eq!(qiscus(&server, "ada", "key").await.status, 429, "and so does the user");
    let (_, ticket) = Socket::of(&server, "ada").await;
    assert!(!ticket.is_empty(), "a UserSig lets it in");
    for _ in 0..70 {
        let path = format!("/v4/profile/portrait_get?sdkappid=1400000001&identifier=administrator&usersig={}", "x");
        assert_ne!(send(server.call(Method::POST, &path).json(&json!({}))).await.json()["ErrorCode"], 0);
        let call = server.call(Method::GET, "/api/v2.1/rest/get_user_list").header("QISCUS-SDK-APP-ID", APP_ID);
        assert_eq!(send(call.header("QISCUS-SDK-SECRET", "wrong")).await.status, 401);
    }
    assert_eq!(server.user_profile("ada").await.status, 200, "a secret is too long to guess, so nobody counts");
    let good = format!(
        "/v4/profile/portrait_get?sdkappid=1400000001&identifier=administrator&usersig={}",
        user_sig("administrator")
    );
    let body = json!({ "To_Account": ["ada"], "TagList": ["Tag_Profile_IM_Nick"] });
    assert_eq!(send(server.call(Method::POST, &good).json(&body)).await.json()["ErrorCode"], 0);
}

#[actix_web::test]
async fn promise_43_an_address_may_fail_sixty_times_and_not_sixty_one() {
    let server = Standin::fresh().await;
    for n in 0..59 {
        assert_eq!(mirrorfly(&server, &format!("u{n}"), "guess").await, 400);
    }
    assert_eq!(mirrorfly(&server, "administrator", ACCOUNT_PASSWORD).await, 200, "59 are forgiven, not forgotten");
    assert_eq!(mirrorfly(&server, "u59", "guess").await, 400);
    assert_eq!(mirrorfly(&server, "administrator", ACCOUNT_PASSWORD).await, 429);
}
