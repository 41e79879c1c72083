use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha256, Sha384, Sha512};

use super::*;
use crate::promises::shim::Faults;

/// Signs as a back end does.
fn token_of(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = secret.as_bytes();
    let signature = match header["alg"].as_str() {
        Some("HS384") => {
            Hmac::<Sha384>::new_from_slice(key).unwrap().chain_update(&message).finalize().into_bytes().to_vec()
        }
        Some("HS512") => {
            Hmac::<Sha512>::new_from_slice(key).unwrap().chain_update(&message).finalize().into_bytes().to_vec()
        }
        Some("none") => Vec::new(),
        _ => Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(&message).finalize().into_bytes().to_vec(),
    };
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({ "alg": "HS256", "typ": "JWT", "ver": "v2" })
}

async fn nonce(server: &Standin) -> String {
    let answer = send(server.call(Method::POST, "/api/v2/sdk/auth/nonce").header("qiscus_sdk_app_id", APP_ID)).await;
    answer.json()["results"]["nonce"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Claims as the vendor's page lists them.
async fn claims(server: &Standin, prn: &str) -> Value {
    let now = now();
    json!({
        "iss": APP_ID, "iat": now, "nbf": now, "exp": now + 120, "nce": nonce(server).await, "prn": prn,
        "name": "Ada", "avatar_url": "",
    })
}

async fn verify(server: &Standin, token: &str) -> Answer {
    let call = server.call(Method::POST, "/api/v2/sdk/auth/verify_identity_token").header("qiscus_sdk_app_id", APP_ID);
    send(call.json(&json!({ "identity_token": token }))).await
}

async fn verify_claims(server: &Standin, claims: &Value) -> Answer {
    verify(server, &token_of(&header(), claims, SECRET)).await
}

fn assert_proves_nothing(answer: &Answer, why: &str) {
    assert_said(answer, 401, None, &format!("identity_token {why}"));
}

const NOT_OURS: &str = "must be signed with the secret of this app";
const NO_NONCE: &str = "must have a nonce (nce) of this server, used once";

#[actix_web::test]
async fn a_nonce_has_40_characters_and_lives_ten_minutes() {
    let server = Standin::fresh().await;
    let answer = send(sdk(&server, Method::POST, "auth/nonce")).await;
    golden::same(&server, "qiscus/sdk_nonce", &answer);
    let nonce = answer.json()["results"]["nonce"].as_str().unwrap().to_owned();
    assert!(nonce.len() == 40 && nonce.bytes().all(|b| b.is_ascii_alphanumeric()), "{nonce}");
    assert!(answer.json()["results"]["expired_at"].as_u64().unwrap().abs_diff(now() + 600) < 10);
    assert_ne!(nonce, self::nonce(&server).await);
}

#[actix_web::test]
async fn a_token_signed_with_the_apps_secret_is_a_login() {
    let server = Standin::fresh().await;
    server.command(&["app", "set", "--registration", "closed"]);
    let answer = verify_claims(&server, &claims(&server, "ada").await).await;
    golden::same(&server, "qiscus/sdk_verify_identity_token", &answer);
    assert!(is_good(&server, &token(&answer)).await, "an unknown one is made, whatever registration says");
    for (alg, name) in [("HS384", "A"), ("HS512", "B")] {
        let mut claims = claims(&server, "ada").await;
        claims["name"] = json!(name);
        let header = json!({ "alg": alg, "typ": "JWT" });
        let again = verify(&server, &token_of(&header, &claims, SECRET)).await;
        assert_eq!((&user(&again)["username"], token(&again)), (&json!(name), token(&answer)), "{alg}");
    }
    let mut bare = claims(&server, "ada").await;
    bare.as_object_mut().unwrap().retain(|claim, _| !["name", "avatar_url", "nbf", "iat"].contains(&claim.as_str()));
    assert_eq!(user(&verify_claims(&server, &bare).await)["username"], "B", "what is not given stays");
}

#[actix_web::test]
async fn no_other_algorithm_and_no_other_secret_proves_anything() {
    let server = Standin::fresh().await;
    let claims = claims(&server, "ada").await;
    for alg in [json!("none"), json!("RS256"), json!("ES256"), json!("hs256"), json!(256), Value::Null] {
        let token = token_of(&json!({ "alg": alg }), &claims, SECRET);
        assert_invalid(&verify(&server, &token).await, "alg", "alg must be one of HS256, HS384, HS512");
    }
    let foreign = second_app(&server, &[]);
    for secret in ["", "wrong", &foreign] {
        assert_proves_nothing(&verify(&server, &token_of(&header(), &claims, secret)).await, NOT_OURS);
    }
    let good = token_of(&header(), &claims, SECRET);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = token_of(&header(), &json!({ "prn": "eve" }), SECRET);
    for token in [
        format!("{message}."),
        format!("{message}.{}", &signature[..signature.len() - 3]),
        format!("{}.{signature}", other.rsplit_once('.').unwrap().0),
        token_of(&json!({ "alg": "HS512" }), &claims, SECRET).replace(
            &BASE64_URL_SAFE_NO_PAD.encode("{\"alg\":\"HS512\"}"),
            &BASE64_URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\"}"),
        ),
    ] {
        assert_proves_nothing(&verify(&server, &token).await, NOT_OURS);
    }
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
    assert_eq!(verify(&server, &good).await.status, 200, "none of it has spent the nonce");
}

#[actix_web::test]
async fn a_nonce_is_for_one_use_in_one_app_and_one_run() {
    let mut server = Standin::fresh().await;
    let spent = claims(&server, "ada").await;
    assert_eq!(verify_claims(&server, &spent).await.status, 200);
    assert_proves_nothing(&verify_claims(&server, &spent).await, NO_NONCE);
    second_app(&server, &[]);
    let foreign = send(server.call(Method::POST, "/api/v2/sdk/auth/nonce").header("QISCUS-SDK-APP-ID", "second")).await;
    let earlier = nonce(&server).await;
    server.terminate();
    server.restart();
    for nonce in [
        foreign.json()["results"]["nonce"].clone(),
        json!(earlier),
        json!("unknown"),
        json!("0".repeat(40)),
        json!("é".repeat(20)),
    ] {
        let mut claims = claims(&server, "ada").await;
        claims["nce"] = nonce;
        assert_proves_nothing(&verify_claims(&server, &claims).await, NO_NONCE);
    }
}

#[actix_web::test]
async fn of_one_token_sent_twice_at_once_one_is_good() {
    let server = Standin::fresh().await;
    let token = token_of(&header(), &claims(&server, "ada").await, SECRET);
    let (one, other) = tokio::join!(verify(&server, &token), verify(&server, &token));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[actix_web::test]
async fn it_is_for_this_app_and_for_now() {
    let server = Standin::fresh().await;
    let now = now();
    for (claim, value, why) in [
        ("iss", json!("another"), "must have the app id in iss"),
        ("iss", Value::Null, "must have the app id in iss"),
        ("exp", json!(now - 60), "is expired"),
        ("exp", json!(-1), "is expired"),
        ("nbf", json!(now + 90), "is not good yet (nbf)"),
    ] {
        let mut claims = claims(&server, "ada").await;
        claims[claim] = value;
        assert_proves_nothing(&verify_claims(&server, &claims).await, why);
    }
    for (claim, value) in
        [("exp", json!(now - 10)), ("exp", json!(now as f64 + 60.5)), ("nbf", json!(now + 10)), ("nbf", Value::Null)]
    {
        let mut claims = claims(&server, "ada").await;
        claims[claim] = value.clone();
        assert_eq!(
            verify_claims(&server, &claims).await.status,
            200,
            "{claim} {value}: clocks differ by half a minute"
        );
    }
}

#[actix_web::test]
async fn unreadable_parts_of_an_identity_token_are_named() {
    let server = Standin::fresh().await;
    for (claim, value, sentence) in [
        ("exp", Value::Null, "exp is required"),
        ("exp", json!("soon"), "exp must be a number of seconds since 1970"),
        ("prn", Value::Null, "prn is required"),
        ("prn", json!("a da"), "prn must be made of letters, digits and . - _ @ only"),
        ("prn", json!(7), "prn must be text, in quotes"),
        ("nce", Value::Null, "nce is required"),
        ("nce", json!(""), "nce is required"),
        ("name", json!("n".repeat(256)), "name must be at most 255 characters"),
    ] {
        let mut claims = claims(&server, "ada").await;
        claims[claim] = value;
        assert_invalid(&verify_claims(&server, &claims).await, claim, sentence);
    }
    let form = "identity_token must be a JSON Web Token: three parts in base64url with dots between them";
    for token in ["x", "a.b", "..", "a.b.c", "é.é.é", "eyJhbGciOiJIUzI1NiJ9.W10.", "W10.W10.W10"] {
        let answer = verify(&server, token).await;
        assert_eq!(answer.status, if token.starts_with("eyJ") { 401 } else { 400 }, "{token}");
    }
    assert_invalid(&verify(&server, "a.b.c").await, "identity_token", form);
    assert_invalid(&verify(&server, "").await, "identity_token", "identity_token is required");
}

#[actix_web::test]
async fn a_suspended_user_stays_outside() {
    let server = Standin::fresh().await;
    entered(&server, "ada").await;
    server.command(&["user", "set", "ada", "--state", "suspended"]);
    let answer = verify_claims(&server, &claims(&server, "ada").await).await;
    assert_said(&answer, 403, Some(401_300), "User is suspended");
}

#[actix_web::test]
async fn promise_13_a_nonce_is_valid_once_even_if_the_clock_jumps() {
    const TEN_YEARS_S: u64 = 3653 * 24 * 3600;
    let (server, faults) = Faults::server(&[]).await;
    let spent = claims(&server, "ada").await;
    let live = claims(&server, "bob").await;
    assert_eq!(verify_claims(&server, &spent).await.status, 200);
    faults.set_clock(i64::try_from(TEN_YEARS_S).unwrap());
    let mut later = claims(&server, "eve").await;
    for time in ["iat", "nbf", "exp"] {
        later[time] = (later[time].as_u64().unwrap() + TEN_YEARS_S).into();
    }
    assert_eq!(verify_claims(&server, &later).await.status, 200);
    faults.set_clock(0);
    assert_proves_nothing(&verify_claims(&server, &spent).await, NO_NONCE);
    assert_eq!(verify_claims(&server, &live).await.status, 200, "the leap has not ended it");
    assert_proves_nothing(&verify_claims(&server, &live).await, NO_NONCE);
}
