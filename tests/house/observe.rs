//! Monitoring: liveness, readiness, metrics, and ids of requests.

use std::{
    collections::BTreeMap,
    fs,
    process::Output,
    time::{Duration, Instant},
};

use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{
    photo,
    standin::{Answer, Standin, send, standin},
};

/// How long a judgement of readiness holds, and some more.
const JUDGED_ANEW_WAIT: Duration = Duration::from_secs(10);

/// `/readyz` when it first answers with this status.
async fn ready_with(server: &Standin, status: u16) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = server.get("/readyz").await;
        if answer.status == status {
            return answer;
        }
        assert!(begun.elapsed() < JUDGED_ANEW_WAIT, "{answer:?}");
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

fn missing(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!((&problem["status"], &problem["title"]), (&json!(503), &json!("Service Unavailable")), "{problem}");
    problem["missing"].clone()
}

/// Every figure by its name and labels.
async fn figures(server: &Standin) -> BTreeMap<String, f64> {
    let answer = server.get("/metrics").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(answer.bytes).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

fn healthcheck(server: &Standin, words: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = standin(&server.data()).arg("healthcheck").args(words).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[actix_web::test]
async fn it_lives_while_it_answers_by_get_and_head_and_is_not_in_the_log() {
    let server = Standin::fresh().await;
    for path in ["/healthz", "/readyz"] {
        for method in [Method::GET, Method::HEAD] {
            let answer = send(server.call(method.clone(), path)).await;
            assert_eq!(answer.status, 200, "{method} {path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.bytes.is_empty(), method == Method::HEAD, "{answer:?}");
        }
        assert_eq!(send(server.call(Method::POST, path)).await.status, 405);
    }
    assert_eq!(server.get("/healthz").await.json(), json!({ "status": "alive" }));
    assert_eq!(server.get("/readyz").await.json(), json!({ "status": "ready" }));
    server.get("/the-last-one").await;
    server.logged("/the-last-one").await;
    assert!(!server.log().contains("GET /healthz") && !server.log().contains("GET /readyz"), "{}", server.log());
}

#[actix_web::test]
async fn a_server_whose_picture_folder_is_not_writable_is_not_ready_until_it_is() {
    let server = Standin::fresh().await;
    let (pictures, aside) = (server.data().join("pictures"), server.data().join("aside"));
    ready_with(&server, 200).await;
    assert_eq!(fs::read_dir(&pictures).unwrap().count(), 0, "what was tried out is gone again");
    fs::rename(&pictures, &aside).unwrap();
    let answer = ready_with(&server, 503).await;
    assert_eq!(missing(&answer), json!(["pictures"]));
    assert_eq!(answer.json()["detail"], "Not ready: the picture folder accepts no file");
    assert_eq!(server.get("/healthz").await.status, 200, "it lives all the same");
    server.logged("not ready: Pictures").await;
    let (code, said, complained) = healthcheck(&server, &[]);
    let expected = "standin: Not ready: the picture folder accepts no file\n";
    assert_eq!((code, said.as_str(), complained.as_str()), (Some(1), "", expected));
    fs::rename(&aside, &pictures).unwrap();
    ready_with(&server, 200).await;
}

#[actix_web::test]
async fn a_database_of_another_schema_is_not_ready() {
    let server = Standin::fresh().await;
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    let version: u32 = database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    database.pragma_update(None, "user_version", version + 1).unwrap();
    assert_eq!(missing(&ready_with(&server, 503).await), json!(["schema"]));
    database.pragma_update(None, "user_version", version).unwrap();
    ready_with(&server, 200).await;
}

#[actix_web::test]
async fn a_database_that_takes_no_write_is_said_within_two_seconds_and_some() {
    let server = Standin::fresh().await;
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    let answer = server.get("/readyz").await;
    assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert_eq!(missing(&answer), json!(["time"]));
    // Whatever locks it, SQLite gives up after five seconds, and then the writer itself says so.
    assert_eq!(missing(&ready_with_missing(&server, "database").await), json!(["database"]));
    database.execute_batch("ROLLBACK").unwrap();
    ready_with(&server, 200).await;
}

async fn ready_with_missing(server: &Standin, need: &str) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = server.get("/readyz").await;
        if answer.status == 503 && missing(&answer) == json!([need]) {
            return answer;
        }
        assert!(begun.elapsed() < JUDGED_ANEW_WAIT * 3, "{answer:?}");
    }
}

#[actix_web::test]
async fn frequent_readiness_checks_write_at_most_once_a_second() {
    let server = Standin::fresh().await;
    let commits = async || figures(&server).await["standin_commits_total"];
    let (before, begun) = (commits().await, Instant::now());
    for _ in 0..200 {
        assert_eq!(server.get("/readyz").await.status, 200);
    }
    let written = commits().await - before;
    assert!(written >= 1.0 && written <= begun.elapsed().as_secs_f64() + 1.0, "{written} in {:?}", begun.elapsed());
}

#[actix_web::test]
async fn a_supervisor_asks_by_a_command_that_ends_with_0_or_1() {
    let mut server = Standin::fresh().await;
    assert_eq!(healthcheck(&server, &[]), (Some(0), "ready\n".to_owned(), String::new()));
    server.terminate();
    let (code, said, complained) = healthcheck(&server, &[]);
    assert_eq!((code, said.as_str(), complained.lines().count()), (Some(1), "", 1), "{complained}");
    assert!(complained.starts_with("standin: No server runs on the data folder "), "{complained}");
    let unknown = standin(&server.data()).env("STANDIN_LOGG", "x").arg("healthcheck").output().unwrap();
    assert_eq!(unknown.status.code(), Some(1), "wrong settings are no health either");
}

#[actix_web::test]
async fn metrics_name_the_pattern_of_a_path_and_never_client_input() {
    let server = Standin::fresh().await;
    server.login_or_register(json!({ "user_id": "ada", "password": "a key", "username": "Ada" })).await;
    server.user_profile("ada").await;
    server.user_profile("nobody-knows-her").await;
    for n in 0..50 {
        server.get(&format!("/wp-admin/{n}")).await;
        server.get(&format!("/pictures/upload/{n}/full.jpg")).await;
        send(server.call(Method::from_bytes(format!("BREW{n}").as_bytes()).unwrap(), "/pot")).await;
    }
    let figures = figures(&server).await;
    let requests = |route: &str, method: &str, status: &str| {
        let name = format!("standin_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}");
        figures.get(&name).copied().unwrap_or_default()
    };
    let rest = r"/api/{version:v2\\.1|v2}/rest";
    assert_eq!(requests(&format!("{rest}/login_or_register"), "POST", "2xx"), 1.0, "{figures:#?}");
    assert_eq!(requests(&format!("{rest}/user_profile"), "GET", "2xx"), 1.0);
    assert_eq!(requests(&format!("{rest}/user_profile"), "GET", "4xx"), 1.0);
    assert_eq!((requests("none", "GET", "4xx"), requests("none", "other", "4xx")), (50.0, 50.0), "{figures:#?}");
    let name = format!("standin_http_request_duration_seconds_count{{route=\"{rest}/user_profile\"}}");
    assert_eq!(figures[&name], 2.0);
    for written in ["ada", "nobody-knows-her", "wp-admin", "BREW", "pot", "full.jpg"] {
        assert!(!figures.keys().any(|name| name.contains(written)), "{written}");
    }
    assert!(figures.keys().filter(|name| name.starts_with("standin_http_requests_total")).count() < 10, "{figures:#?}");
    assert!(figures.contains_key("standin_http_requests_in_flight"));
}

#[actix_web::test]
async fn metrics_cover_the_store_the_pictures_and_the_process() {
    let server = Standin::with(&[("STANDIN_DECODE_BUDGET_BYTES", "64MiB")]).await;
    let before = figures(&server).await;
    let token = server.back_end_token().await;
    server.create_user_with_picture(&token, "ada", "photo.jpg", photo::jpeg(640, 480)).await;
    let figures = figures(&server).await;
    let key = server.pictures_on_disk().remove(0);
    let files = fs::read_dir(server.data().join("pictures").join(&key[..2]).join(&key)).unwrap();
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert_eq!((figures["standin_pictures"], figures["standin_pictures_bytes"]), (1.0, bytes as f64));
    let more = figures["standin_commits_total"] - before["standin_commits_total"];
    assert!(more >= 1.0, "{figures:#?}");
    assert_eq!(figures["standin_commit_writes_count"], figures["standin_commits_total"]);
    assert_eq!(figures["standin_commit_writes_bucket{le=\"+Inf\"}"], figures["standin_commits_total"]);
    assert!(figures["standin_commit_writes_sum"] >= figures["standin_commits_total"]);
    assert_eq!(
        (figures["standin_decode_budget_bytes"], figures["standin_decode_budget_used_bytes"]),
        (67_108_864.0, 0.0)
    );
    for wire in ["mirrorfly", "tencent"] {
        assert_eq!(figures[&format!("standin_sockets_open{{vendor=\"{wire}\"}}")], 0.0);
    }
    assert_eq!(figures["standin_writes_waiting"], 0.0);
    for many in
        ["standin_database_bytes", "standin_disk_free_bytes", "process_resident_memory_bytes", "process_open_fds"]
    {
        assert!(figures[many] > 10.0, "{many}");
    }
    assert_eq!(figures[&format!("standin_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))], 1.0);
}

#[actix_web::test]
async fn metrics_are_for_programs_on_this_machine_and_not_for_clients_behind_its_proxy() {
    let server = Standin::fresh().await;
    let port = server.base().rsplit_once(':').unwrap().1.to_owned();
    for (name, value) in [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-Host", "127.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Real-IP", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1"),
        ("Via", "1.1 proxy"),
        ("Host", "chat.example.com"),
        ("Host", "127.0.0.1.example.com"),
        ("Origin", "https://evil.example"),
    ] {
        let answer = send(server.call(Method::GET, "/metrics").header(name, value)).await;
        assert_eq!((answer.status, answer.json()["status"].clone()), (403, json!(403)), "{name}: {value}");
    }
    let old = send(server.call(Method::GET, "/metrics").version(reqwest::Version::HTTP_10)).await;
    assert_eq!(old.status, 403, "as a bare proxy_pass of nginx spoke before 1.29.7");
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        assert_eq!(send(server.call(Method::GET, "/metrics").header("Host", &host)).await.status, 200, "{host}");
    }
    assert_eq!(send(server.call(Method::HEAD, "/metrics")).await.status, 200);
}

#[actix_web::test]
async fn the_setting_opens_metrics_to_every_client_or_to_none() {
    let far = |server: &Standin| server.call(Method::GET, "/metrics").header("X-Forwarded-For", "203.0.113.9");
    let server = Standin::with(&[("STANDIN_METRICS", "everybody")]).await;
    assert_eq!(send(far(&server)).await.status, 200);
    let server = Standin::with(&[("STANDIN_METRICS", "off")]).await;
    assert_eq!((server.get("/metrics").await.status, send(far(&server)).await.status), (404, 404));
}

#[actix_web::test]
async fn a_caller_may_bring_an_id_of_8_to_64_plain_characters() {
    let server = Standin::fresh().await;
    let long = "a".repeat(64);
    for (id, is_taken) in [
        ("a-b_c.7", false),
        ("a-b_c.78", true),
        (long.as_str(), true),
        (&format!("{long}a"), false),
        ("with blank", false),
        ("semi;colon", false),
        ("\"quoted\"-id", false),
    ] {
        let answer = send(server.call(Method::GET, "/marked").header("X-Request-Id", id)).await;
        let given = answer.header("x-request-id").unwrap();
        assert_eq!(given == id, is_taken, "{id}: {given}");
        server.logged(&format!(" ms {given} 127.0.0.1:")).await;
    }
    assert!(!server.log().contains("quoted") && !server.log().contains("semi;"), "{}", server.log());
}

#[actix_web::test]
async fn lines_for_programs_have_their_parts_by_name() {
    let server = Standin::with(&[("STANDIN_LOG_FORMAT", "json")]).await;
    let answer = send(server.call(Method::GET, "/parts?token=x&a=1").header("X-Request-Id", "parts-by-name")).await;
    server.logged("parts-by-name").await;
    let log = server.log();
    let line: Value = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|line: &Value| line["request"] == "parts-by-name")
        .unwrap();
    assert_eq!((&line["level"], &line["module"]), (&json!("info"), &json!("standin::access")));
    assert_eq!((&line["method"], &line["target"]), (&json!("GET"), &json!("/parts?token=***&a=1")));
    assert_eq!((&line["status"], &line["bytes"]), (&json!(404), &json!(answer.bytes.len())));
    assert!(line["ms"].as_f64().unwrap() > 0.0 && line["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
}

#[actix_web::test]
async fn the_bytes_of_pictures_are_counted_at_upload_and_measured_after_an_upgrade() {
    let mut server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for user in ["ada", "bob"] {
        server.create_user_with_picture(&token, user, "photo.jpg", photo::jpeg(320, 240)).await;
    }
    let kept = async |server: &Standin| {
        let figures = figures(server).await;
        (figures["standin_pictures"], figures["standin_pictures_bytes"])
    };
    let before = kept(&server).await;
    assert_eq!(before.0, 2.0);
    server.terminate();
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    let former = concat!(
        "DROP TRIGGER user_text_added; DROP TRIGGER user_text_changed; DROP TRIGGER user_text_removed; DROP TABLE user_text;
        ALTER TABLE user DROP COLUMN folded_name;",
        include_str!("../../src/store/sqlite/schema/0003_search.sql"),
        "DROP TABLE message; DROP TABLE participant; DROP TABLE conversation; DROP TABLE mute; DROP TABLE report; ALTER TABLE user DROP COLUMN mutes_all; ALTER TABLE user DROP COLUMN keeps_archived;
        DROP INDEX event_by_other; ALTER TABLE event DROP COLUMN other; DROP INDEX event_by_user; DROP TABLE session_place;
        DROP TABLE dead_signature; DROP TABLE follow; ALTER TABLE user DROP COLUMN custom_status; ALTER TABLE user DROP COLUMN has_logged_in;
        DROP TRIGGER picture_counted; DROP TRIGGER picture_measured; DROP TRIGGER picture_uncounted;
        DROP INDEX picture_unmeasured; DROP TABLE picture_room; ALTER TABLE picture DROP COLUMN bytes;
        PRAGMA user_version = 6;"
    );
    database.execute_batch(former).unwrap();
    drop(database);
    server.restart();
    assert_eq!(kept(&server).await, before);
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    database.execute("DELETE FROM picture WHERE owner = (SELECT key FROM user WHERE id = 'bob')", []).unwrap();
    let left: f64 =
        database.query_row("SELECT sum(bytes) FROM picture", [], |row| row.get::<_, i64>(0)).unwrap() as f64;
    assert_eq!(kept(&server).await, (1.0, left));
}
