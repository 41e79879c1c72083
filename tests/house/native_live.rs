//! What happens, as it happens: events with resume, and the exchanges of the vendors' clients with their secrets masked.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{
    admin::Page,
    standin::{APP_ID, LICENSE_KEY, SECRET, Standin, send},
};

const WAIT: Duration = Duration::from_secs(20);

pub(crate) async fn server(inspect: &str) -> (Standin, Page) {
    let server = Standin::with(&[("STANDIN_ADMIN_PASSWORD", "correct horse"), ("STANDIN_INSPECT", inspect)]).await;
    let page = Page::signed_in(&server).await;
    (server, page)
}

/// A stream as a browser reads it.
struct Stream {
    answer: Response,
    text: String,
}

impl Stream {
    async fn open(server: &Standin, page: &Page, path: &str, last_seen: Option<i64>) -> Self {
        let call = page.call(server, Method::GET, path).header("Accept", "text/event-stream");
        let call = last_seen.iter().fold(call, |call, seen| call.header("Last-Event-ID", seen.to_string()));
        let answer = call.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        let mut stream = Self { answer, text: String::new() };
        assert_eq!(stream.block().await.unwrap(), "retry: 2000");
        stream
    }

    /// The next block of lines; none when the stream has ended.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let chunk = tokio::time::timeout(WAIT, self.answer.chunk()).await.expect("nothing comes").ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The number and the data of the next message, heartbeats passed over.
    async fn message(&mut self) -> (i64, Value) {
        loop {
            let block = self.block().await.expect("the stream has ended");
            if let Some((id, data)) = block.split_once('\n') {
                let id = id.strip_prefix("id: ").unwrap().parse().unwrap();
                return (id, serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap());
            }
        }
    }
}

async fn login(server: &Standin, id: &str, name: &str) {
    let body = json!({ "user_id": id, "username": name, "password": "secret" });
    assert_eq!(server.login_or_register(body).await.status, 200);
}

#[actix_web::test]
async fn events_are_read_page_by_page() {
    let (server, page) = server("false").await;
    login(&server, "u1", "One").await;
    login(&server, "u1", "Two").await;
    let first = page.get(&server, "/events?limit=1").await.json();
    let event = &first["events"][0];
    assert_eq!((&event["app"], &event["user"], &event["kind"]), (&json!(APP_ID), &json!("u1"), &json!("created")));
    let second = page.get(&server, &format!("/events?after={}", first["next"])).await.json();
    let changed = &second["events"][0];
    assert_eq!((&changed["kind"], &changed["fields"]), (&json!("profile_changed"), &json!(["display_name"])));
    assert_eq!(second["next"], Value::Null);
    for wrong in ["/events?limit=0", "/events?limit=501", "/events?after=-1"] {
        assert_eq!(page.get(&server, wrong).await.status, 422, "{wrong}");
    }
}

#[actix_web::test]
async fn an_event_stream_begins_now_and_resumes_where_it_ended_also_after_a_restart() {
    let (mut server, page) = server("false").await;
    login(&server, "before", "B").await;
    let mut stream = Stream::open(&server, &page, "/events", None).await;
    login(&server, "u1", "One").await;
    let (seen, event) = stream.message().await;
    assert_eq!((&event["user"], &event["kind"], event["seq"].as_i64()), (&json!("u1"), &json!("created"), Some(seen)));
    login(&server, "u2", "Two").await;
    assert_eq!(stream.message().await.1["user"], "u2");
    server.terminate();
    assert_eq!(stream.block().await, None, "a server that stops ends it");
    server.restart();
    login(&server, "u3", "Three").await;
    let mut stream = Stream::open(&server, &page, "/events", Some(seen)).await;
    assert_eq!([stream.message().await.1["user"].clone(), stream.message().await.1["user"].clone()], ["u2", "u3"]);
}

#[actix_web::test]
async fn a_stream_ends_with_the_session_it_was_opened_by() {
    let (server, page) = server("false").await;
    let mut stream = Stream::open(&server, &page, "/events", None).await;
    assert_eq!(send(page.call(&server, Method::DELETE, "/session")).await.status, 200);
    assert!(stream.block().await.is_none_or(|block| block == ":"));
    assert_eq!(stream.block().await, None);
}

#[actix_web::test]
async fn the_health_endpoint_returns_figures_of_the_server() {
    let (server, page) = server("false").await;
    login(&server, "u1", "One").await;
    for _ in 0..20 {
        server.get("/").await;
    }
    let health = page.get(&server, "/health").await.json();
    let minutes = health["minutes"].as_array().unwrap();
    let counted = |field: &str| -> i64 { minutes.iter().map(|minute| minute[field].as_i64().unwrap()).sum() };
    assert!(counted("requests") >= 22, "{health}");
    let busy = minutes.iter().find(|minute| minute["requests"].as_i64().unwrap() > 0).unwrap();
    assert!(busy["p50_us"].as_i64().unwrap() <= busy["p95_us"].as_i64().unwrap(), "{health}");
    let begun = std::time::Instant::now();
    while page.get(&server, "/health").await.json()["minutes"].as_array().unwrap().iter().all(|m| m["commits"] == 0) {
        assert!(begun.elapsed() < WAIT, "no commit is counted");
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        health["sockets"],
        json!(["qiscus", "mirrorfly", "tencent"].map(|vendor| json!({ "vendor": vendor, "open": 0 })))
    );
    assert_eq!((&health["version"], &health["writes_waiting"]), (&json!(env!("CARGO_PKG_VERSION")), &json!(0)));
    assert_eq!((&health["pictures"], &health["picture_bytes"]), (&json!(0), &json!(0)));
    for facts in ["database_bytes", "disk_free_bytes"] {
        assert!(health[facts].as_u64().unwrap() > 4096, "{health}");
    }
}

#[actix_web::test]
async fn the_inspector_is_off_unless_it_is_asked_for() {
    let (server, page) = server("false").await;
    login(&server, "u1", "One").await;
    assert_eq!(page.get(&server, "/requests").await.json(), json!({ "is_on": false, "requests": [] }));
}

#[actix_web::test]
async fn the_inspector_shows_each_exchange_of_a_dialect_without_secrets() {
    let (server, page) = server("true").await;
    let mut stream = Stream::open(&server, &page, "/requests", None).await;
    login(&server, "u1", "One").await;
    let (n, seen) = stream.message().await;
    assert_eq!(
        (n, &seen["dialect"], &seen["method"], &seen["status"]),
        (1, &json!("qiscus"), &json!("POST"), &json!(200))
    );
    assert_eq!(seen["path"], "/api/v2.1/rest/login_or_register");
    assert!(seen["took_us"].as_u64().unwrap() > 0);
    let (request, answer) = (&seen["request"], &seen["answer"]);
    assert_eq!(request["headers"]["qiscus-sdk-secret"], "***");
    assert_eq!(request["headers"]["qiscus-sdk-app-id"], APP_ID);
    let body = |side: &Value| -> Value { serde_json::from_str(side["body"].as_str().unwrap()).unwrap() };
    assert_eq!(body(request), json!({ "user_id": "u1", "username": "One", "password": "***" }));
    assert_eq!(body(answer)["results"]["user"]["username"], "One");

    let token = server.back_end_token().await;
    server.create_user(&token, &[("userIdentifier", "u2")]).await;
    server.get(&format!("/api/v1/users/config?token={token}&x=1")).await;
    server.get("/pictures/nothing").await;
    let kept = page.get(&server, "/requests?after=1").await.json();
    let paths: Vec<&str> = kept["requests"].as_array().unwrap().iter().map(|r| r["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/api/v1/login", "/api/v1/users/createUser", "/api/v1/users/config?token=***&x=1"]);
    let all = page.get(&server, "/requests").await.json().to_string();
    for secret in [SECRET, LICENSE_KEY, token.as_str(), "secret\\\"", "correct horse"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[actix_web::test]
async fn the_inspector_keeps_the_last_five_hundred() {
    let (server, page) = server("true").await;
    for _ in 0..502 {
        server.get("/api/v1/nothing").await;
    }
    let kept = page.get(&server, "/requests").await.json();
    let numbers: Vec<i64> = kept["requests"].as_array().unwrap().iter().map(|r| r["n"].as_i64().unwrap()).collect();
    assert_eq!((numbers.len(), numbers[0], numbers[499]), (500, 3, 502));
}
