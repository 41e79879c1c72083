//! Requests as clients with other base addresses, proxies and monitors write them, for every vendor.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use reqwest::Method;
use serde_json::json;

use super::{
    standin::{APP_ID, SECRET, Standin, send},
    user_sig,
};

/// What a server says to these bytes, until it closes the connection.
fn said(server: &Standin, request: &str) -> String {
    let mut stream = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// Each call in the ways in which a base address or a library may write it; the first one is the right one.
fn spellings(base: &str, call: &str) -> [String; 6] {
    [
        format!("{base}/{call}"),
        format!("/{base}/{call}"),
        format!("{base}//{call}"),
        format!("{base}/{call}/"),
        format!("//{}///{call}//", &base[1..]),
        format!("{}//{call}", base.replacen('/', "//", 1)),
    ]
}

#[actix_web::test]
async fn issue_14_a_base_address_or_a_call_that_ends_in_a_slash_is_served_over_rest() {
    let server = Standin::with(&[user_sig::WITH_SDK_APP_ID]).await;
    let sig = user_sig::user_sig("administrator");
    let query = format!("sdkappid=1400000001&identifier=administrator&usersig={sig}&random=1&contenttype=json");
    let token = server.back_end_token().await;
    server.create_user(&token, &[("userIdentifier", "9911")]).await;
    let check = json!({ "CheckItem": [{ "UserID": "nobody" }] });
    for (method, base, call, query, body) in [
        (Method::GET, "/api/v2.1/rest", "get_user_list", "", None),
        (Method::GET, "/api/v2/rest", "get_user_list", "limit=1", None),
        (Method::GET, "/api/v2/sdk", "config", "", None),
        (Method::GET, "/api/v2/mobile", "config", "", None),
        (Method::POST, "/api/v2/sdk", "auth/nonce", "", None),
        (Method::GET, "/api/v1", "users/9911", "", None),
        (Method::POST, "/v4", "im_open_login_svc/account_check", query.as_str(), Some(check)),
        (Method::GET, "/standin/v1", "apps", "", None),
    ] {
        let mut first = None;
        for spelling in spellings(base, call) {
            let call = server
                .call(method.clone(), &format!("{spelling}?{query}"))
                .header("QISCUS-SDK-APP-ID", APP_ID)
                .header("QISCUS-SDK-SECRET", SECRET)
                .header("Authorization", &token);
            let answer = send(body.iter().fold(call, reqwest::RequestBuilder::json)).await;
            let mut said = answer.json();
            said["results"]["nonce"].take();
            said["results"]["expired_at"].take();
            let seen = (answer.status, said);
            let expected = if base == "/standin/v1" { 401 } else { 200 };
            assert_eq!(seen.0, expected, "{spelling}: {seen:?}");
            assert_eq!(*first.get_or_insert_with(|| seen.clone()), seen, "{spelling}");
        }
    }
}

#[actix_web::test]
async fn issue_14_a_socket_behind_a_slash_too_many_opens() {
    let server = Standin::fresh().await;
    for (paths, expected) in [
        (["/websocket", "//websocket", "/websocket/"], 101),
        (["/binfo?sdkappid=1&instanceid=1&random=1&platform=10", "//binfo/?sdkappid=1", "/binfo/?sdkappid=1"], 101),
        (["/mqtt", "//mqtt", "/mqtt/"], 101),
    ] {
        for path in paths {
            let answer = upgraded(&server, path);
            assert_eq!(status(&answer), expected, "{path}: {answer}");
        }
    }
}

/// The head of the answer to a client that asks for a WebSocket.
fn upgraded(server: &Standin, path: &str) -> String {
    let mut stream = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp, mqtt\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut said = [0; 2048];
    let bytes = stream.read(&mut said).unwrap();
    String::from_utf8_lossy(&said[..bytes]).into_owned()
}

#[actix_web::test]
async fn issue_14_an_empty_name_within_a_path_means_no_other_call() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    server.create_user(&token, &[("userIdentifier", "9911")]).await;
    let call = |method, path: &str| server.call(method, path).header("Authorization", &token);
    for path in ["/api/v1/users//9911", "/api/v1/users/updateUser//", "/api/v1/media//x"] {
        let answer = send(call(Method::PUT, path)).await;
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
    }
    assert_eq!(server.user_list().await.json()["results"]["users"].as_array().unwrap().len(), 1);
}

/// What monitors read by HEAD.
const READ: [&str; 7] =
    ["/", "/healthz", "/readyz", "/api/v2/sdk/config", "/api/v2.1/rest/get_user_list", "/openapi.json", "/docs/"];

#[actix_web::test]
async fn issue_14_head_is_answered_like_get_without_a_body() {
    let server = Standin::fresh().await;
    let headers =
        format!("Host: x\r\nConnection: close\r\nQISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-SECRET: {SECRET}\r\n\r\n");
    let length = |answer: &str| {
        let lines = answer.split("\r\n").map(str::to_ascii_lowercase);
        lines.filter_map(|line| Some(line.strip_prefix("content-length: ")?.to_owned())).next()
    };
    for path in READ {
        let of_get = said(&server, &format!("GET {path} HTTP/1.1\r\n{headers}"));
        let of_head = said(&server, &format!("HEAD {path} HTTP/1.1\r\n{headers}"));
        assert_eq!((status(&of_head), status(&of_get)), (200, 200), "{path}: {of_head}");
        assert_eq!(length(&of_head), length(&of_get), "{path}");
        assert!(of_head.ends_with("\r\n\r\n") && of_head.matches("\r\n\r\n").count() == 1, "{path}: {of_head}");
    }
    let two = format!("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nHEAD /nothing HTTP/1.1\r\n{headers}");
    let both = said(&server, &two);
    assert_eq!(both.matches("HTTP/1.1 ").count(), 2, "the connection goes on behind it: {both}");
    assert!(both.contains("HTTP/1.1 404"), "{both}");
    assert_eq!(send(server.call(Method::HEAD, "/api/v2/sdk/logout")).await.status, 405, "as GET is");
}

/// RFC 9110, section 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
#[actix_web::test]
async fn a_wrong_method_is_answered_with_the_allowed_methods() {
    let server = Standin::fresh().await;
    for (method, path, allowed) in [
        (Method::GET, "/api/v2.1/rest/login_or_register", "POST"),
        (Method::POST, "/api/v2/rest/user_profile", "GET, HEAD"),
        (Method::POST, "/api/v2.1/rest/deactivate_users", "DELETE"),
        (Method::PUT, "/api/v2/sdk/my_profile", "GET, HEAD, PATCH"),
        (Method::PUT, "/api/v2/mobile/my_profile", "GET, HEAD, PATCH"),
        (Method::HEAD, "/api/v2/sdk/logout", "POST"),
        (Method::GET, "/api/v1/login", "POST"),
        (Method::DELETE, "/api/v1/users/u1", "GET, HEAD, POST"),
        (Method::POST, "/api/v1/users/updateMetaData", "PUT"),
        (Method::POST, "/license/details", "GET, HEAD"),
        (Method::POST, "/binfo", "GET, HEAD"),
        (Method::POST, "/any/path/binfo", "GET, HEAD"),
        (Method::POST, "/openapi.json", "GET, HEAD"),
        (Method::POST, "/", "GET, HEAD"),
        (Method::PUT, "/standin/v1/session", "GET, HEAD, POST, DELETE"),
        (Method::POST, "/healthz", "GET, HEAD"),
        (Method::DELETE, "/metrics", "GET, HEAD"),
    ] {
        let answer = send(server.call(method.clone(), path)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{method} {path}");
    }
    for path in ["/api/v1/login", "/api/v2/sdk/nothing", "/api/v1/nothing", "/nothing"] {
        let answer = send(server.call(Method::POST, path)).await;
        assert!(answer.status != 405 && answer.header("allow").is_none(), "{path}: {answer:?}");
    }
}

#[actix_web::test]
async fn issue_14_options_outside_of_cors_are_answered() {
    let server = Standin::fresh().await;
    assert_eq!(status(&said(&server, "OPTIONS / HTTP/1.0\r\n\r\n")), 204, "HAProxy's check, as it is by default");
    for target in ["*", "/", "/api/v2/sdk/config", "/v4/im_open_login_svc/account_import", "/api/v1/login", "/healthz"]
    {
        let answer = said(&server, &format!("OPTIONS {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        assert_eq!(status(&answer), 204, "{target}");
        assert!(answer.contains("allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"), "{answer}");
    }
    let preflight = server.call(Method::OPTIONS, "/api/v2/sdk/config").header("Origin", "https://app.example.com");
    let preflight = send(preflight.header("Access-Control-Request-Method", "GET")).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin").is_some()), (200, true));
}

/// One way to write a request, and what a server says to it.
fn written() -> Vec<(&'static str, String, u16)> {
    let body = r#"{"user_id":"ada","username":"Ada","password":"key"}"#;
    let keys = format!("QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-SECRET: {SECRET}\r\nConnection: close\r\n");
    let get = |target: &str, version: &str, more: &str| format!("GET {target} {version}\r\n{more}{keys}\r\n");
    let post = |version: &str, more: &str, body: &str| {
        let json = "Host: chat.example.com:8080\r\nContent-Type: application/json\r\n";
        format!("POST /api/v2.1/rest/login_or_register {version}\r\n{json}{keys}{more}\r\n{body}")
    };
    let length = format!("Content-Length: {}\r\n", body.len());
    let list = "/api/v2.1/rest/get_user_list";
    let pieces = format!("{:x};name=value\r\n{body}\r\n0\r\nDigest: x\r\nX-Checksum: y\r\n\r\n", body.len());
    let chunked = "Transfer-Encoding: chunked\r\nTrailer: Digest, X-Checksum\r\n";
    let forwarded = "Host: x\r\nX-Forwarded-For: 192.0.2.1, 10.0.0.1\r\nX-Forwarded-Host: evil.example.com\r\n\
                     X-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /x\r\n\
                     Forwarded: for=192.0.2.1;host=evil.example.com;proto=https\r\nVia: 1.1 proxy\r\n";
    vec![
        ("a host with a port", get(list, "HTTP/1.1", "Host: chat.example.com:8080\r\n"), 200),
        ("a whole address", get(&format!("http://chat.example.com:8080{list}"), "HTTP/1.1", "Host: y\r\n"), 200),
        ("a whole address with two slashes", get(&format!("http://x/{list}"), "HTTP/1.1", "Host: x\r\n"), 200),
        ("HTTP/1.0 without a host", get(list, "HTTP/1.0", ""), 200),
        ("an empty query", get(&format!("{list}?"), "HTTP/1.1", "Host: x\r\n"), 200),
        ("an empty pair in a query", get(&format!("{list}?&&limit=1&"), "HTTP/1.1", "Host: x\r\n"), 200),
        ("letters as percent signs", get("/%61pi/v2%2E1/rest/%67et%5Fuser_list", "HTTP/1.1", "Host: x\r\n"), 200),
        ("what proxies say of the caller", get(list, "HTTP/1.1", forwarded), 200),
        ("a body of HTTP/1.0", post("HTTP/1.0", &length, body), 200),
        ("a body in pieces, with trailers", post("HTTP/1.1", chunked, &pieces), 200),
        ("a body announced", post("HTTP/1.1", &format!("{length}Expect: 100-continue\r\n"), body), 100),
        ("the same in other letters", post("HTTP/1.1", &format!("{length}Expect: 100-Continue\r\n"), body), 100),
    ]
}

#[actix_web::test]
async fn issue_14_http_of_proxies_and_old_clients_is_understood() {
    let server = Standin::fresh().await;
    for (name, request, expected) in written() {
        let answer = said(&server, &request);
        assert_eq!(status(&answer), expected, "{name}: {answer}");
        let last = answer.rsplit("HTTP/1.").next().unwrap();
        assert!(last.contains(" 200 OK\r\n") && !answer.contains("evil"), "{name}: {answer}");
    }
}
