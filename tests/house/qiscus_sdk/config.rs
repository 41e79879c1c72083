use super::*;

#[actix_web::test]
async fn it_is_answered_with_every_key_and_none_of_them_null() {
    let public = Standin::with(&[("STANDIN_PUBLIC_URL", "http://chat.example.com")]).await;
    golden::same(&public, "qiscus/sdk_config", &send(sdk(&public, Method::GET, "config")).await);
    let house = Standin::fresh().await;
    let answer = send(sdk(&house, Method::GET, "config")).await;
    let host = house.base().strip_prefix("http://").unwrap();
    assert_eq!(answer.json()["results"]["broker_url"], format!("ws://{host}/mqtt?x=wss://"));
}

#[actix_web::test]
async fn whatever_app_it_names_the_sdk_is_kept_away_from_the_vendors_realtime_server() {
    let house = Standin::fresh().await;
    house.command(&["app", "set", "--dialects", "mirrorfly"]);
    for app in [None, Some("nosuchapp"), Some("no such app!"), Some(APP_ID)] {
        let request = house.call(Method::GET, "/api/v2/sdk/config");
        let answer = send(match app {
            Some(app) => request.header("QISCUS-SDK-APP-ID", app),
            None => request,
        });
        assert_ne!(answer.await.json()["results"]["broker_url"], "");
    }
}

#[actix_web::test]
async fn behind_tls_the_realtime_server_is_looked_for_below_the_public_base() {
    for (base, broker) in [
        ("https://chat.example.com", "wss://chat.example.com/mqtt"),
        ("https://chat.example.com:8443/standin", "wss://chat.example.com:8443/standin/mqtt"),
        ("http://chat.example.com", "ws://chat.example.com/mqtt?x=wss://"),
    ] {
        let house = Standin::with(&[("STANDIN_PUBLIC_URL", base)]).await;
        assert_eq!(send(sdk(&house, Method::GET, "config")).await.json()["results"]["broker_url"], broker);
    }
}

#[actix_web::test]
async fn issue_14_telephones_are_told_a_bare_host_and_to_poll() {
    for (base, host) in [
        ("https://chat.example.com", "chat.example.com"),
        ("http://chat.example.com:8080/standin", "chat.example.com"),
        ("http://[::1]:8080", "[::1]"),
    ] {
        let house = Standin::with(&[("STANDIN_PUBLIC_URL", base)]).await;
        let mobile = send(house.call(Method::GET, "/api/v2/mobile/config")).await.json()["results"].clone();
        assert_eq!((&mobile["broker_url"], &mobile["enable_realtime"]), (&json!(host), &json!(false)), "{base}");
        let mut script = send(sdk(&house, Method::GET, "config")).await.json()["results"].clone();
        assert_eq!(script["enable_realtime"], true);
        script["broker_url"] = mobile["broker_url"].clone();
        script["enable_realtime"] = json!(false);
        assert_eq!(mobile, script, "all the rest is the same");
    }
}

#[actix_web::test]
async fn where_the_realtime_server_would_be_is_a_404_that_is_not_logged() {
    let house = Standin::fresh().await;
    let upgrade =
        house.call(Method::GET, "/mqtt?x=wss://").header("Connection", "Upgrade").header("Upgrade", "websocket");
    golden::same(&house, "qiscus/sdk_error_no_broker", &send(upgrade).await);
    house.get("/api/v2/sdk/after").await;
    house.logged("GET /api/v2/sdk/after").await;
    assert!(!house.log().contains("/mqtt"), "{}", house.log());
}

#[actix_web::test]
async fn telephones_call_the_same_under_another_name() {
    let house = Standin::fresh().await;
    let call =
        |method, path: &str| house.call(method, &format!("/api/v2/mobile/{path}")).header("QISCUS-SDK-APP-ID", APP_ID);
    let body = json!({ "email": "ada", "password": "key", "username": "Ada", "extras": { "a": 1 } });
    let token = token(&send(call(Method::POST, "login_or_register").json(&body)).await);
    let body = json!({ "name": "Ada L." });
    let changed = send(call(Method::PATCH, "my_profile").header("QISCUS-SDK-TOKEN", &token).json(&body)).await;
    assert_eq!((&user(&changed)["username"], &user(&changed)["extras"]), (&json!("Ada L."), &json!({ "a": 1 })));
}
