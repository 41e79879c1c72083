//! Pages of other origins: which may call from a browser, and the CORS headers of every response.

use reqwest::{Method, RequestBuilder};

use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, client::IntoClientRequest as _},
};

use super::{
    standin::{APP_ID, Answer, LICENSE_KEY, SECRET, Standin, send},
    user_sig::{SDK_APP_ID, WITH_SDK_APP_ID},
};

/// The headers that Qiscus' SDK asks for, and one that an app added by `setCustomHeader`.
const QISCUS_HEADERS: &str = "content-type,qiscus-sdk-app-id,qiscus-sdk-platform,qiscus-sdk-token,qiscus-sdk-user-id,qiscus-sdk-version,qiscus_sdk_app_id,x-of-the-app";

/// What a browser may read of the permission, in the order of the tests' wishes.
fn allowed(answer: &Answer) -> Option<&str> {
    assert_eq!(answer.header("access-control-allow-credentials"), None, "never with credentials: {answer:?}");
    answer.header("access-control-allow-origin")
}

fn from(call: RequestBuilder, origin: &str) -> RequestBuilder {
    call.header("Origin", origin)
}

async fn preflight(server: &Standin, path: &str, origin: &str, method: &str, headers: &str) -> Answer {
    let call = from(server.call(Method::OPTIONS, path), origin).header("Access-Control-Request-Method", method);
    send(call.header("Access-Control-Request-Headers", headers)).await
}

fn list(server: &Standin, app: &str, origins: &str) {
    server.command(&["app", "set", "--app", app, "--allowed-origins", origins]);
}

#[actix_web::test]
async fn promise_52_a_preflight_of_either_sdk_is_answered_for_any_origin_and_any_headers() {
    let server = Standin::fresh().await;
    for (path, method, headers) in [
        ("/api/v2/sdk/login_or_register", "POST", QISCUS_HEADERS),
        ("/api/v2/sdk/my_profile", "PATCH", QISCUS_HEADERS),
        ("/api/v1/users/updateMetaData", "PUT", "authorization,content-type"),
        ("/api/v1/users/config", "GET", "authorization"),
        ("/license/details", "GET", "x-of-the-app"),
        ("/pictures/upload/x/full.jpg", "GET", "x-of-the-app"),
        ("/websocket", "GET", "x-of-the-app"),
    ] {
        for origin in ["https://shop.example", "http://localhost:3000", "capacitor://localhost", "null"] {
            let answer = preflight(&server, path, origin, method, headers).await;
            assert_eq!((answer.status, allowed(&answer)), (200, Some(origin)), "{path}: {answer:?}");
            assert_eq!(answer.header("access-control-allow-headers"), Some(headers));
            assert_eq!(answer.header("access-control-max-age"), Some("7200"));
            let mut methods: Vec<_> = answer.header("access-control-allow-methods").unwrap().split(", ").collect();
            methods.sort_unstable();
            assert_eq!(methods, ["DELETE", "GET", "PATCH", "POST", "PUT"]);
            assert!(answer.header("vary").unwrap().contains("Origin"), "caches keep them apart: {answer:?}");
            assert!(answer.header("x-request-id").is_some(), "the guard sees it: {answer:?}");
        }
    }
}

#[actix_web::test]
async fn promise_52_successes_and_errors_of_both_vendors_are_readable_from_any_origin() {
    let server = Standin::fresh().await;
    let (page, get, post) = ("https://shop.example", Method::GET, Method::POST);
    let stranger = server.call(get.clone(), "/api/v2.1/rest/get_user_list").header("QISCUS-SDK-APP-ID", APP_ID);
    let calls = [
        (200, server.qiscus(get.clone(), "get_user_list")),
        (400, server.call(get.clone(), "/api/v2.1/rest/get_user_list")),
        (401, stranger.header("QISCUS-SDK-SECRET", "wrong")),
        (404, server.call(get.clone(), "/api/v2.1/rest/no_such_call")),
        (405, server.call(post.clone(), "/api/v2.1/rest/get_user_list")),
        (401, server.call(post, "/api/v1/users/createUser")),
        (404, server.call(get.clone(), "/api/v1/no/such/call")),
        (405, server.call(get.clone(), "/api/v1/login")),
        (404, server.call(get.clone(), "/api/v99")),
        (200, server.call(get.clone(), &format!("/license/details?licenseKey={LICENSE_KEY}"))),
        (200, server.call(get.clone(), "/license/details?licenseKey=unknown")), // refused in the body
        (404, server.call(get, "/pictures/upload/nothing/full.jpg")),
    ];
    for (status, call) in calls {
        let answer = send(from(call, page)).await;
        assert_eq!((answer.status, allowed(&answer)), (status, Some(page)), "{answer:?}");
    }
}

#[actix_web::test]
async fn a_request_without_an_origin_gets_no_cors_headers() {
    let server = Standin::fresh().await;
    assert_eq!(allowed(&send(server.qiscus(Method::GET, "get_user_list")).await), None);
}

#[actix_web::test]
async fn promise_52_the_front_page_and_our_own_api_are_for_their_own_origin() {
    let server = Standin::fresh().await;
    for path in ["/", "/standin/v1/apps", "/elsewhere"] {
        let answer = send(from(server.call(Method::GET, path), "https://shop.example")).await;
        assert_eq!(allowed(&answer), None, "{path}");
        let answer = preflight(&server, path, "https://shop.example", "GET", "x-any").await;
        assert_eq!((answer.status, allowed(&answer)), (400, None), "{path}");
    }
}

#[actix_web::test]
async fn promise_52_an_origin_that_no_app_lists_is_refused_and_an_empty_list_means_any_again() {
    let server = Standin::fresh().await;
    list(&server, APP_ID, "https://A.example, https://b.example:8443/");
    let shown = server.command(&["app", "show", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["allowed_origins"], serde_json::json!(["https://a.example", "https://b.example:8443"]));
    for (origin, may) in [
        ("https://a.example", true),
        ("https://b.example:8443", true),
        ("https://b.example", false),
        ("http://a.example", false),
        ("https://x.a.example", false),
        ("null", false),
    ] {
        let expected = may.then_some(origin);
        let answer = preflight(&server, "/api/v1/login", origin, "POST", "content-type").await;
        assert_eq!((answer.status, allowed(&answer)), (if may { 200 } else { 400 }, expected), "{answer:?}");
        let answer = send(from(server.qiscus(Method::GET, "get_user_list"), origin)).await;
        assert_eq!(allowed(&answer), expected, "{origin}");
    }
    list(&server, APP_ID, "");
    let answer = preflight(&server, "/api/v1/login", "null", "POST", "content-type").await;
    assert_eq!(allowed(&answer), Some("null"));
}

#[actix_web::test]
async fn promise_52_a_call_that_names_its_app_is_held_to_that_apps_own_list() {
    let server = Standin::fresh().await;
    server.command(&["app", "create", "--app-id", "other", "--allowed-origins", "https://other.example"]);
    list(&server, APP_ID, "https://a.example");
    let token = server.back_end_token().await;
    for (origin, may) in [("https://a.example", true), ("https://other.example", false)] {
        let asked = preflight(&server, "/api/v2.1/rest/get_user_list", origin, "GET", QISCUS_HEADERS).await;
        assert_eq!(allowed(&asked), Some(origin), "a preflight names no app");
        let expected = may.then_some(origin);
        let answer = send(from(server.qiscus(Method::GET, "get_user_list"), origin)).await;
        assert_eq!((answer.status, allowed(&answer)), (200, expected));
        let underscored = server.call(Method::GET, "/api/v2.1/rest/get_user_list").header("QISCUS_SDK_APP_ID", APP_ID);
        let answer = send(from(underscored.header("QISCUS_SDK_SECRET", SECRET), origin)).await;
        assert_eq!((answer.status, allowed(&answer)), (200, expected));
        let create = server.call(Method::POST, "/api/v1/users/createUser").header("Authorization", &token);
        let create = create.form(&[("deviceType", "web"), ("licenseKey", LICENSE_KEY), ("userIdentifier", "u1")]);
        let answer = send(from(create, origin)).await;
        assert_eq!((answer.status, allowed(&answer)), (200, expected));
    }
}

/// The HTTP status that a page of this origin gets for opening a socket, and the words of a refusal; without an origin it is no page.
async fn handshake(server: &Standin, path: &str, origin: Option<&str>) -> (u16, String) {
    let mut request = format!("{}{path}", server.base().replace("http", "ws")).into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "xmpp".parse().unwrap());
    if let Some(origin) = origin {
        request.headers_mut().insert("Origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((_, answer)) => (answer.status().as_u16(), String::new()),
        Err(tungstenite::Error::Http(answer)) => {
            let body = answer.body().as_deref().unwrap_or_default();
            (answer.status().as_u16(), String::from_utf8_lossy(body).into_owned())
        }
        // Tencent's socket has no sub-protocol: the handshake went well, and the client finds its offer unanswered.
        Err(tungstenite::Error::Protocol(_)) => (101, String::new()),
        Err(other) => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn promise_52_no_socket_opens_to_a_page_whose_origin_its_app_does_not_list() {
    let server = Standin::with(&[WITH_SDK_APP_ID]).await;
    let binfo = format!("/binfo?sdkappid={SDK_APP_ID}");
    for path in ["/websocket", &binfo] {
        for origin in [None, Some("https://evil.example"), Some("null")] {
            assert_eq!(handshake(&server, path, origin).await.0, 101, "an empty list means any: {path}");
        }
    }
    server.command(&["app", "create", "--app-id", "other", "--allowed-origins", "https://evil.example"]);
    list(&server, APP_ID, "https://a.example");
    for path in ["/websocket", &binfo] {
        for origin in [None, Some("https://a.example")] {
            assert_eq!(handshake(&server, path, origin).await.0, 101, "{path} {origin:?}");
        }
        for origin in ["https://evil.example", "http://a.example", "https://a.example:8443", "null", "no origin"] {
            let (status, words) = handshake(&server, path, Some(origin)).await;
            assert_eq!(status, 403, "{path} {origin}");
            assert!(words.contains("This page's origin is none of the app's allowed_origins"), "{words}");
        }
    }
}

#[actix_web::test]
async fn promise_52_a_stream_of_events_does_not_open_to_a_page_of_another_origin() {
    let (server, page) = super::native_live::server("true").await;
    for path in ["/events", "/requests"] {
        let stream = |origin: &str| {
            let call = page.call(&server, Method::GET, path).header("Accept", "text/event-stream");
            call.header("Origin", origin.to_owned()).send()
        };
        assert_eq!(stream("https://evil.example").await.unwrap().status().as_u16(), 403, "{path}");
        assert_eq!(stream(server.base()).await.unwrap().status().as_u16(), 200, "{path}");
    }
}

#[test]
fn a_malformed_origin_is_refused_in_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let words = ["app", "create", "--allowed-origins"];
    assert!(!super::standin::standin(&data).args(words).arg("x").output().unwrap().status.success());
    use standin::domain::id::Origin;
    for raw in
        ["", "*", "shop.example", "https://a.example/path", "https://u@a.example", "https://a.example?x", "file:///"]
    {
        assert!(Origin::parse(raw).is_err(), "{raw}");
    }
    let origin = |host: usize| format!("https://{}", "a".repeat(host));
    assert!(Origin::parse(&origin(292)).is_ok() && Origin::parse(&origin(293)).is_err());
}

#[actix_web::test]
async fn a_demo_answers_pages_of_this_machine_alone() {
    let server = Standin::demo().await;
    let answer = preflight(&server, "/api/v1/login", "http://localhost:3000", "POST", "content-type").await;
    assert_eq!((answer.status, allowed(&answer)), (200, Some("http://localhost:3000")));
    let answer = preflight(&server, "/api/v1/login", "https://shop.example", "POST", "content-type").await;
    assert_eq!((answer.status, allowed(&answer)), (403, None));
}
