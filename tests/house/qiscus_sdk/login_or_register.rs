use super::*;

#[actix_web::test]
async fn the_first_login_makes_the_user_and_takes_the_key_for_its_password() {
    let server = Standin::fresh().await;
    let form = [
        ("email", "guest@qiscus.com"),
        ("password", "key"),
        ("username", "Guest"),
        ("extras", r#"{"role":"guest"}"#),
        ("avatar_url", "https://image.url/image.jpg"),
    ];
    golden::same(&server, "qiscus/sdk_login_or_register", &log_in(&server, &form).await);
    assert_eq!(
        server.sign_in("guest@qiscus.com", "key").await.json()["status"],
        200,
        "the other vendor's login accepts it"
    );
    let rest = server.user_profile("guest@qiscus.com").await.json()["results"]["user"].clone();
    assert_eq!((&rest["username"], &rest["extras"]), (&json!("Guest"), &json!({ "role": "guest" })));
}

#[actix_web::test]
async fn keys_without_a_value_mean_not_given() {
    let server = Standin::fresh().await;
    let post = |body: &'static str| {
        let call = sdk(&server, Method::POST, "login_or_register");
        send(call.header("Content-Type", "application/x-www-form-urlencoded").body(body))
    };
    let made = user(&post("email=ada&password=key&extras").await);
    assert_eq!((&made["username"], &made["extras"]), (&json!("ada"), &json!({})), "the id stands for a missing name");
    post("email=ada&password=key&username=Ada&extras=%7B%22a%22%3A1%7D&avatar_url=https%3A%2F%2Fimage.url%2Fa.png")
        .await;
    for body in [
        "email=ada&password=key",
        "email=ada&password=key&username&extras&avatar_url",
        "email=ada&password=key&username=&extras=",
    ] {
        let kept = user(&post(body).await);
        let seen = (&kept["username"], &kept["extras"], &kept["avatar_url"]);
        assert_eq!(seen, (&json!("Ada"), &json!({ "a": 1 }), &json!("https://image.url/a.png")), "{body}");
    }
}

#[actix_web::test]
async fn a_wrong_key_is_refused_and_never_replaces_the_right_one() {
    let server = Standin::fresh().await;
    let former = entered(&server, "ada").await;
    for key in ["wrong", "Key", "key ", SECRET] {
        let answer = log_in(&server, &[("email", "ada"), ("password", key), ("username", "Eve")]).await;
        golden::same(&server, "qiscus/sdk_error_wrong_password", &answer);
    }
    let again = user(&log_in(&server, &[("email", "ada"), ("password", "key")]).await);
    assert_eq!((&again["username"], &again["token"]), (&json!("ada"), &json!(former)), "one token, on every device");
}

#[actix_web::test]
async fn the_password_of_the_back_end_and_the_issued_one_open_it_too() {
    let server = Standin::fresh().await;
    server.login_or_register(json!({ "user_id": "ada", "username": "Ada", "password": "given" })).await;
    let by_rest = log_in(&server, &[("email", "ada"), ("password", "given")]).await;
    assert_eq!(user(&by_rest)["username"], "Ada");
    let added = server.command(&["user", "create", "bob", "--json"]);
    let added: Value = serde_json::from_str(&added).unwrap();
    let issued = added["issued_password"].as_str().unwrap();
    assert_eq!(user(&log_in(&server, &[("email", "bob"), ("password", issued)]).await)["email"], "bob");
    server.login_or_register(json!({ "user_id": "ada", "username": "Ada", "password": "changed" })).await;
    assert!(!is_good(&server, &token(&by_rest)).await, "a changed password ends what was issued before");
    assert_eq!(log_in(&server, &[("email", "ada"), ("password", "given")]).await.status, 401);
}

#[actix_web::test]
async fn fields_are_required_and_bounded() {
    let server = Standin::fresh().await;
    let of = |form: &[(&'static str, &str)]| {
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let call = sdk(&server, Method::POST, "login_or_register").form(&form);
        send(call)
    };
    assert_invalid(&of(&[("password", "key")]).await, "email", "email is required");
    assert_invalid(&of(&[("email", "ada")]).await, "password", "password is required");
    assert_invalid(&of(&[("email", "ada"), ("password", "")]).await, "password", "password is required");
    let characters = "email must be made of letters, digits and . - _ @ only";
    assert_invalid(&of(&[("email", "a da"), ("password", "key")]).await, "email", characters);
    let (most, more) = ("a".repeat(191), "a".repeat(192));
    assert_eq!(of(&[("email", &most), ("password", "key")]).await.status, 200);
    assert_invalid(
        &of(&[("email", &more), ("password", "key")]).await,
        "email",
        "email must be at most 191 characters",
    );
    let reserved = "email is reserved by the server, choose another";
    assert_invalid(&of(&[("email", "administrator"), ("password", "key")]).await, "email", reserved);
    let (most, more) = ("n".repeat(255), "n".repeat(256));
    let of_name = |name| [("email", "ada"), ("password", "key"), ("username", name)];
    assert_eq!(of(&of_name(most.as_str())).await.status, 200);
    assert_invalid(&of(&of_name(more.as_str())).await, "username", "username must be at most 255 characters");
    let of_extras = |extras| [("email", "ada"), ("password", "key"), ("extras", extras)];
    assert_invalid(&of(&of_extras("{")).await, "extras", "extras must be valid JSON");
    assert_eq!(of(&of_extras("[1]")).await.status, 400);
    let of_avatar = [("email", "ada"), ("password", "key"), ("avatar_url", "nowhere")];
    assert_eq!(of(&of_avatar).await.status, 400);
    server.command(&["app", "set", "--password-min", "8"]);
    let short = "password must be at least 8 characters";
    assert_invalid(&of(&[("email", "new"), ("password", "1234567")]).await, "password", short);
    assert_eq!(of(&[("email", "new"), ("password", "12345678")]).await.status, 200);
    assert_eq!(
        of(&[("email", "ada"), ("password", "key")]).await.status,
        200,
        "an existing shorter password stays valid"
    );
}

#[actix_web::test]
async fn the_registration_setting_decides_about_new_users_and_never_gives_away_an_account() {
    let server = Standin::fresh().await;
    for registration in ["open", "new", "closed"] {
        server.command(&["app", "set", "--registration", registration]);
        let id = format!("by-{registration}");
        let answer = log_in(&server, &[("email", &id), ("password", "key")]).await;
        assert_eq!(answer.status, if registration == "closed" { 401 } else { 200 }, "{registration}");
        let known = log_in(&server, &[("email", "by-open"), ("password", "key")]).await;
        assert_eq!(known.status, 200, "an existing user signs in");
        let guessed = log_in(&server, &[("email", "by-open"), ("password", "guess")]).await;
        assert_eq!(guessed.status, 401, "{registration}");
    }
}

#[actix_web::test]
async fn a_suspended_user_gets_that_error_only_with_the_right_key() {
    let server = Standin::fresh().await;
    entered(&server, "ada").await;
    server.command(&["user", "set", "ada", "--state", "suspended"]);
    golden::same(
        &server,
        "qiscus/sdk_error_suspended",
        &log_in(&server, &[("email", "ada"), ("password", "key")]).await,
    );
    let guessed = log_in(&server, &[("email", "ada"), ("password", "guess")]).await;
    assert_said(&guessed, 401, Some(401_306), "wrong password");
    server.command(&["user", "set", "ada", "--state", "active"]);
    let back = entered(&server, "ada").await;
    assert!(is_good(&server, &back).await);
}

#[actix_web::test]
async fn two_first_logins_at_once_make_one_user() {
    let server = Standin::fresh().await;
    let form = [("email", "ada"), ("password", "key")];
    let (one, other) = tokio::join!(log_in(&server, &form), log_in(&server, &form));
    assert_eq!(token(&one), token(&other));
    let other = [("email", "bob"), ("password", "other")];
    let form = [("email", "bob"), ("password", "key")];
    let (one, other) = tokio::join!(log_in(&server, &form), log_in(&server, &other));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "of two keys one is the password");
}

#[actix_web::test]
async fn logout_is_answered_200_for_any_token_and_keeps_the_shared_one() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    golden::same(
        &server,
        "qiscus/sdk_logout",
        &post(&server, &token, "logout", &[("user_id", "ada"), ("token", &token)]).await,
    );
    for dead in ["", "unknown", "1-unknown"] {
        assert_eq!(post(&server, dead, "logout", &[("user_id", "ada"), ("token", dead)]).await.status, 200);
    }
    assert_eq!(send(sdk(&server, Method::POST, "logout")).await.status, 200, "without any");
    assert!(is_good(&server, &token).await, "another device may have the same token");
}

#[actix_web::test]
async fn promise_43_after_ten_wrong_keys_the_next_one_must_wait() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    for _ in 0..10 {
        assert_eq!(log_in(&server, &[("email", "ada"), ("password", "guess")]).await.status, 401);
    }
    let answer = log_in(&server, &[("email", "ada"), ("password", "key")]).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (429, Some(429)), "{answer:?}");
    assert!(answer.header("retry-after").is_some());
    assert!(is_good(&server, &token).await, "existing sessions stay");
}
