use super::*;

#[actix_web::test]
async fn the_config_has_every_key_and_no_null() {
    let public = Standin::with(&[("STANDIN_PUBLIC_URL", "http://chat.example.com")]).await;
    golden::same(&public, "qiscus/sdk_config", &send(sdk(&public, Method::GET, "config")).await);
    let server = Standin::fresh().await;
    let answer = send(sdk(&server, Method::GET, "config")).await;
    let host = server.base().strip_prefix("http://").unwrap();
    assert_eq!(answer.json()["results"]["broker_url"], format!("ws://{host}/mqtt?x=wss://"));
}

#[actix_web::test]
async fn for_any_app_the_config_keeps_the_sdk_from_the_vendors_realtime_server() {
    let server = Standin::fresh().await;
    server.command(&["app", "set", "--dialects", "mirrorfly"]);
    for app in [None, Some("nosuchapp"), Some("no such app!"), Some(APP_ID)] {
        let request = server.call(Method::GET, "/api/v2/sdk/config");
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
        let server = Standin::with(&[("STANDIN_PUBLIC_URL", base)]).await;
        assert_eq!(send(sdk(&server, Method::GET, "config")).await.json()["results"]["broker_url"], broker);
    }
}

#[actix_web::test]
async fn issue_14_mobile_sdks_get_a_bare_host_and_must_poll() {
    for (base, host) in [
        ("https://chat.example.com", "chat.example.com"),
        ("http://chat.example.com:8080/standin", "chat.example.com"),
        ("http://[::1]:8080", "[::1]"),
    ] {
        let server = Standin::with(&[("STANDIN_PUBLIC_URL", base)]).await;
        let mobile = send(server.call(Method::GET, "/api/v2/mobile/config")).await.json()["results"].clone();
        assert_eq!((&mobile["broker_url"], &mobile["enable_realtime"]), (&json!(host), &json!(false)), "{base}");
        let mut script = send(sdk(&server, Method::GET, "config")).await.json()["results"].clone();
        assert_eq!(script["enable_realtime"], true);
        script["broker_url"] = mobile["broker_url"].clone();
        script["enable_realtime"] = json!(false);
        assert_eq!(mobile, script, "all the rest is the same");
    }
}

#[actix_web::test]
async fn telephones_call_the_same_under_another_name() {
    let server = Standin::fresh().await;
    let call =
        |method, path: &str| server.call(method, &format!("/api/v2/mobile/{path}")).header("QISCUS-SDK-APP-ID", APP_ID);
    let body = json!({ "email": "ada", "password": "key", "username": "Ada", "extras": { "a": 1 } });
    let token = token(&send(call(Method::POST, "login_or_register").json(&body)).await);
    let body = json!({ "name": "Ada L." });
    let changed = send(call(Method::PATCH, "my_profile").header("QISCUS-SDK-TOKEN", &token).json(&body)).await;
    assert_eq!((&user(&changed)["username"], &user(&changed)["extras"]), (&json!("Ada L."), &json!({ "a": 1 })));
}
