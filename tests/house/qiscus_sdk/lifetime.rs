use super::*;

/// A house whose tokens live an hour.
async fn hourly() -> Standin {
    let house = Standin::fresh().await;
    house.command(&["app", "set", "--token-lifetime", "3600"]);
    house
}

/// Makes every token of a login expired, and their sessions renewed long ago.
fn expire(house: &Standin) {
    let database = rusqlite::Connection::open(house.data().join("standin.db")).unwrap();
    database.execute("UPDATE session SET token_expires_at = 1, renewed_at = 1", []).unwrap();
}

async fn refresh(house: &Standin, token: &str, id: &str, refresh_token: &str) -> Answer {
    post(house, token, "refresh_user_token", &[("user_id", id), ("refresh_token", refresh_token)]).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

#[actix_web::test]
async fn each_login_has_a_token_of_its_own_that_says_when_it_expires() {
    let house = hourly().await;
    let answer = log_in(&house, &[("email", "ada"), ("password", "key")]).await;
    golden::same(&house, "qiscus/sdk_login_or_register_lifetime", &answer);
    let one = token(&answer);
    let other = entered(&house, "ada").await;
    assert_ne!(one, other);
    assert!(is_good(&house, &one).await && is_good(&house, &other).await);
    let shared = send(house.qiscus(Method::GET, "get_user_token?user_id=ada")).await;
    assert!(is_good(&house, &text(&shared.json()["results"]["token"])).await, "the back end's own token has no end");
}

#[actix_web::test]
async fn an_expired_token_is_said_in_the_words_the_sdk_waits_for_and_renewed() {
    let house = hourly().await;
    let made = user(&log_in(&house, &[("email", "ada"), ("password", "key")]).await);
    let (former, refresh_token) = (text(&made["token"]), text(&made["refresh_token"]));
    expire(&house);
    for (method, path) in OF_MEMBERS {
        golden::same(&house, "qiscus/sdk_error_expired", &send(call(&house, &former, method, path)).await);
    }
    let answer = refresh(&house, &former, "ada", &refresh_token).await;
    golden::same(&house, "qiscus/sdk_refresh_user_token", &answer);
    let renewed = answer.json()["results"].clone();
    assert!(is_good(&house, &text(&renewed["token"])).await);
    let asked_twice = refresh(&house, &former, "ada", &refresh_token).await.json()["results"].clone();
    assert_eq!(asked_twice, renewed, "several calls meet the expired token at once");
    assert_said(&get(&house, &former, "my_profile").await, 403, Some(401_302), "Unauthorized. Token is expired");
    expire(&house);
    assert_said(&refresh(&house, &former, "ada", &refresh_token).await, 401, None, "refresh token invalid");
    let again = refresh(&house, "", "ada", &text(&renewed["refresh_token"])).await;
    assert!(is_good(&house, &text(&again.json()["results"]["token"])).await);
}

#[actix_web::test]
async fn a_refresh_token_is_its_owners_and_not_a_token() {
    let house = hourly().await;
    let made = user(&log_in(&house, &[("email", "ada"), ("password", "key")]).await);
    let (token, refresh_token) = (text(&made["token"]), text(&made["refresh_token"]));
    entered(&house, "bob").await;
    for (id, refresh_token) in [
        ("bob", refresh_token.as_str()),
        ("", &refresh_token),
        ("no body", &refresh_token),
        ("ada", &token),
        ("ada", ""),
        ("ada", "unknown"),
        ("ada", "1-unknown"),
        ("ada", "9223372036854775808-x"),
    ] {
        let answer = refresh(&house, &token, id, refresh_token).await;
        golden::same(&house, "qiscus/sdk_error_refresh_token", &answer);
    }
    assert!(!is_good(&house, &refresh_token).await);
    let plain = Standin::fresh().await;
    let shared = entered(&plain, "ada").await;
    assert_said(&refresh(&plain, &shared, "ada", &shared).await, 401, None, "refresh token invalid");
}

#[actix_web::test]
async fn logout_reset_suspension_and_deletion_end_it() {
    let house = hourly().await;
    let (one, other) = (entered(&house, "ada").await, entered(&house, "ada").await);
    post(&house, &one, "logout", &[]).await;
    assert!(!is_good(&house, &one).await && is_good(&house, &other).await, "one session, not the user's others");
    send(house.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": "ada" }))).await;
    assert_said(&get(&house, &other, "my_profile").await, 403, Some(401_301), "Unauthorized");
    let made = user(&log_in(&house, &[("email", "ada"), ("password", "key")]).await);
    house.command(&["user", "set", "ada", "--state", "suspended"]);
    assert_said(&get(&house, &text(&made["token"]), "my_profile").await, 403, Some(401_301), "Unauthorized");
    house.command(&["user", "set", "ada", "--state", "active"]);
    let refused = refresh(&house, "", "ada", &text(&made["refresh_token"])).await;
    assert_said(&refused, 401, None, "refresh token invalid");
    let gone = entered(&house, "ada").await;
    house.command(&["user", "delete", "ada"]);
    assert!(!is_good(&house, &gone).await);
    let bob = user(&log_in(&house, &[("email", "bob"), ("password", "key")]).await);
    expire(&house);
    post(&house, &text(&bob["token"]), "logout", &[]).await;
    let refused = refresh(&house, "", "bob", &text(&bob["refresh_token"])).await;
    assert_said(&refused, 401, None, "refresh token invalid");
}

#[actix_web::test]
async fn promise_59_a_changed_password_ends_sessions_and_refresh_tokens() {
    let house = hourly().await;
    for (id, change) in [("ada", "chosen"), ("bob", "issued")] {
        let made = user(&log_in(&house, &[("email", id), ("password", "key")]).await);
        let (token, refresh_token) = (text(&made["token"]), text(&made["refresh_token"]));
        let shared = send(house.qiscus(Method::GET, "get_user_token").query(&[("user_id", id)])).await;
        let shared = text(&shared.json()["results"]["token"]);
        match change {
            "chosen" => {
                let body = json!({ "user_id": id, "username": id, "password": "another" });
                assert_eq!(house.login_or_register(body).await.status, 200);
            }
            _ => {
                let back_end = house.back_end_token().await;
                let call = house.call(Method::POST, "/api/v1/users/resetPassword").header("Authorization", back_end);
                assert_eq!(send(call.query(&[("userId", id), ("deviceType", "web")])).await.status, 200);
            }
        }
        assert_said(&get(&house, &token, "my_profile").await, 403, Some(401_301), "Unauthorized");
        assert!(!is_good(&house, &shared).await, "{change}");
        assert_said(&refresh(&house, "", id, &refresh_token).await, 401, None, "refresh token invalid");
    }
}

#[actix_web::test]
async fn twenty_sessions_a_user_and_no_more() {
    let house = hourly().await;
    let first = entered(&house, "ada").await;
    let second = entered(&house, "ada").await;
    for _ in 0..18 {
        entered(&house, "ada").await;
    }
    assert!(is_good(&house, &first).await);
    entered(&house, "ada").await;
    assert!(!is_good(&house, &first).await && is_good(&house, &second).await, "the oldest ends");
}

#[actix_web::test]
async fn sessions_outlive_a_restart_and_a_lifetime_taken_back() {
    let mut house = hourly().await;
    let made = user(&log_in(&house, &[("email", "ada"), ("password", "key")]).await);
    house.terminate();
    house.restart();
    assert!(is_good(&house, &text(&made["token"])).await);
    house.command(&["app", "set", "--token-lifetime", "0"]);
    expire(&house);
    let renewed = refresh(&house, "", "ada", &text(&made["refresh_token"])).await.json()["results"].clone();
    assert_eq!(renewed.as_object().unwrap().keys().collect::<Vec<_>>(), ["token"], "one without an end");
    assert_eq!(text(&renewed["token"]), entered(&house, "ada").await);
}

#[actix_web::test]
async fn a_lifetime_is_sixty_seconds_to_24_days_because_the_sdks_timer_overflows() {
    let house = Standin::fresh().await;
    for (seconds, taken) in [
        ("0", true),
        ("1", false),
        ("59", false),
        ("60", true),
        ("2073600", true),
        ("2073601", false),
        ("4294967295", false),
    ] {
        let output =
            crate::standin::standin(&house.data()).args(["app", "set", "--token-lifetime", seconds]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), taken, "{seconds}: {said}");
        assert_eq!(said.contains("from 60 to 2073600 seconds (24 days)"), !taken, "{seconds}: {said}");
    }
}
