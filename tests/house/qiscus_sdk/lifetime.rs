use super::*;

/// A server whose tokens are valid for an hour.
async fn hourly() -> Standin {
    let server = Standin::fresh().await;
    server.command(&["app", "set", "--token-lifetime", "3600"]);
    server
}

/// Makes every token of a login expired, and their sessions renewed long ago.
fn expire(server: &Standin) {
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    database.execute("UPDATE session SET token_expires_at = 1, renewed_at = 1", []).unwrap();
}

async fn refresh(server: &Standin, token: &str, id: &str, refresh_token: &str) -> Answer {
    post(server, token, "refresh_user_token", &[("user_id", id), ("refresh_token", refresh_token)]).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

#[actix_web::test]
async fn each_login_has_a_token_of_its_own_that_says_when_it_expires() {
    let server = hourly().await;
    let answer = log_in(&server, &[("email", "ada"), ("password", "key")]).await;
    golden::same(&server, "qiscus/sdk_login_or_register_lifetime", &answer);
    let one = token(&answer);
    let other = entered(&server, "ada").await;
    assert_ne!(one, other);
    assert!(is_good(&server, &one).await && is_good(&server, &other).await);
    let shared = send(server.qiscus(Method::GET, "get_user_token?user_id=ada")).await;
    assert!(is_good(&server, &text(&shared.json()["results"]["token"])).await, "the back end's own token has no end");
}

#[actix_web::test]
async fn an_expired_token_gets_the_error_that_the_sdk_expects_and_is_renewed() {
    let server = hourly().await;
    let made = user(&log_in(&server, &[("email", "ada"), ("password", "key")]).await);
    let (former, refresh_token) = (text(&made["token"]), text(&made["refresh_token"]));
    expire(&server);
    for (method, path) in OF_MEMBERS {
        golden::same(&server, "qiscus/sdk_error_expired", &send(call(&server, &former, method, path)).await);
    }
    let answer = refresh(&server, &former, "ada", &refresh_token).await;
    golden::same(&server, "qiscus/sdk_refresh_user_token", &answer);
    let renewed = answer.json()["results"].clone();
    assert!(is_good(&server, &text(&renewed["token"])).await);
    let asked_twice = refresh(&server, &former, "ada", &refresh_token).await.json()["results"].clone();
    assert_eq!(asked_twice, renewed, "several calls meet the expired token at once");
    assert_said(&get(&server, &former, "my_profile").await, 403, Some(401_302), "Unauthorized. Token is expired");
    expire(&server);
    assert_said(&refresh(&server, &former, "ada", &refresh_token).await, 401, None, "refresh token invalid");
    let again = refresh(&server, "", "ada", &text(&renewed["refresh_token"])).await;
    assert!(is_good(&server, &text(&again.json()["results"]["token"])).await);
}

#[actix_web::test]
async fn a_refresh_token_is_its_owners_and_not_a_token() {
    let server = hourly().await;
    let made = user(&log_in(&server, &[("email", "ada"), ("password", "key")]).await);
    let (token, refresh_token) = (text(&made["token"]), text(&made["refresh_token"]));
    entered(&server, "bob").await;
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
        let answer = refresh(&server, &token, id, refresh_token).await;
        golden::same(&server, "qiscus/sdk_error_refresh_token", &answer);
    }
    assert!(!is_good(&server, &refresh_token).await);
    let plain = Standin::fresh().await;
    let shared = entered(&plain, "ada").await;
    assert_said(&refresh(&plain, &shared, "ada", &shared).await, 401, None, "refresh token invalid");
}

#[actix_web::test]
async fn logout_reset_suspension_and_deletion_end_it() {
    let server = hourly().await;
    let (one, other) = (entered(&server, "ada").await, entered(&server, "ada").await);
    post(&server, &one, "logout", &[]).await;
    assert!(!is_good(&server, &one).await && is_good(&server, &other).await, "one session, not the user's others");
    send(server.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": "ada" }))).await;
    assert_said(&get(&server, &other, "my_profile").await, 403, Some(401_301), "Unauthorized");
    let made = user(&log_in(&server, &[("email", "ada"), ("password", "key")]).await);
    server.command(&["user", "set", "ada", "--state", "suspended"]);
    assert_said(&get(&server, &text(&made["token"]), "my_profile").await, 403, Some(401_301), "Unauthorized");
    server.command(&["user", "set", "ada", "--state", "active"]);
    let refused = refresh(&server, "", "ada", &text(&made["refresh_token"])).await;
    assert_said(&refused, 401, None, "refresh token invalid");
    let gone = entered(&server, "ada").await;
    server.command(&["user", "delete", "ada"]);
    assert!(!is_good(&server, &gone).await);
    let bob = user(&log_in(&server, &[("email", "bob"), ("password", "key")]).await);
    expire(&server);
    post(&server, &text(&bob["token"]), "logout", &[]).await;
    let refused = refresh(&server, "", "bob", &text(&bob["refresh_token"])).await;
    assert_said(&refused, 401, None, "refresh token invalid");
}

#[actix_web::test]
async fn promise_59_a_changed_password_ends_sessions_and_refresh_tokens() {
    let server = hourly().await;
    for (id, change) in [("ada", "chosen"), ("bob", "issued")] {
        let made = user(&log_in(&server, &[("email", id), ("password", "key")]).await);
        let (token, refresh_token) = (text(&made["token"]), text(&made["refresh_token"]));
        let shared = send(server.qiscus(Method::GET, "get_user_token").query(&[("user_id", id)])).await;
        let shared = text(&shared.json()["results"]["token"]);
        match change {
            "chosen" => {
                let body = json!({ "user_id": id, "username": id, "password": "another" });
                assert_eq!(server.login_or_register(body).await.status, 200);
            }
            _ => {
                let back_end = server.back_end_token().await;
                let call = server.call(Method::POST, "/api/v1/users/resetPassword").header("Authorization", back_end);
                assert_eq!(send(call.query(&[("userId", id), ("deviceType", "web")])).await.status, 200);
            }
        }
        assert_said(&get(&server, &token, "my_profile").await, 403, Some(401_301), "Unauthorized");
        assert!(!is_good(&server, &shared).await, "{change}");
        assert_said(&refresh(&server, "", id, &refresh_token).await, 401, None, "refresh token invalid");
    }
}

#[actix_web::test]
async fn twenty_sessions_a_user_and_no_more() {
    let server = hourly().await;
    let first = entered(&server, "ada").await;
    let second = entered(&server, "ada").await;
    for _ in 0..18 {
        entered(&server, "ada").await;
    }
    assert!(is_good(&server, &first).await);
    entered(&server, "ada").await;
    assert!(!is_good(&server, &first).await && is_good(&server, &second).await, "the oldest ends");
}

#[actix_web::test]
async fn sessions_outlive_a_restart_and_a_lifetime_taken_back() {
    let mut server = hourly().await;
    let made = user(&log_in(&server, &[("email", "ada"), ("password", "key")]).await);
    server.terminate();
    server.restart();
    assert!(is_good(&server, &text(&made["token"])).await);
    server.command(&["app", "set", "--token-lifetime", "0"]);
    expire(&server);
    let renewed = refresh(&server, "", "ada", &text(&made["refresh_token"])).await.json()["results"].clone();
    assert_eq!(renewed.as_object().unwrap().keys().collect::<Vec<_>>(), ["token"], "one without an end");
    assert_eq!(text(&renewed["token"]), entered(&server, "ada").await);
}

#[actix_web::test]
async fn a_lifetime_is_sixty_seconds_to_24_days_because_the_sdks_timer_overflows() {
    let server = Standin::fresh().await;
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
            crate::standin::standin(&server.data()).args(["app", "set", "--token-lifetime", seconds]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), taken, "{seconds}: {said}");
        assert_eq!(said.contains("from 60 to 2073600 seconds (24 days)"), !taken, "{seconds}: {said}");
    }
}
