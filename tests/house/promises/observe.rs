//! What the log and the probes say, and what they never say.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
    time::Duration,
};

use reqwest::Method;
use serde_json::Value;

use crate::{
    photo,
    standin::{Answer, Standin, send, standin},
};

const FORMATS: [&str; 2] = ["text", "json"];

/// What one program or another takes for the end of a line.
const BREAKS: [char; 10] =
    ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

async fn server_that_logs(format: &str) -> Standin {
    Standin::with(&[("STANDIN_LOG_FORMAT", format), ("STANDIN_LOG", "debug")]).await
}

/// Sends these very bytes and reads what comes back until the server closes.
fn raw(server: &Standin, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(request); // a refusal may come before all is sent
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// How the log names a request in this format.
fn named(format: &str, id: &str) -> String {
    match format {
        "json" => format!("\"request\":\"{id}\""),
        _ => format!(" {id} "),
    }
}

#[actix_web::test]
async fn promise_55_each_request_has_one_line_with_its_id() {
    for format in FORMATS {
        let server = server_that_logs(format).await;
        let mut ids = Vec::new();
        for path in
            ["/", "/healthz", "/readyz", "/metrics", "/nowhere", "/api/v2.1/rest/user_profile", "/mqtt", "/v4/x"]
        {
            ids.push(server.get(path).await.header("x-request-id").unwrap().to_owned());
        }
        for (method, path) in [("DELETE", "/"), ("BREW", "/pot"), ("POST", "/api/v1/login")] {
            let answer = send(server.call(Method::from_bytes(method.as_bytes()).unwrap(), path)).await;
            ids.push(answer.header("x-request-id").unwrap().to_owned());
        }
        server.logged(&named(format, ids.last().unwrap())).await;
        let log = server.log();
        for id in &ids {
            let lines = log.lines().filter(|line| line.contains(&named(format, id))).count();
            assert_eq!(lines, 1, "{format} {id}: {log}");
        }
    }
}

#[actix_web::test]
async fn promise_55_no_input_of_a_request_breaks_a_line() {
    for format in FORMATS {
        let server = server_that_logs(format).await;
        let forged = "2026-01-01T00:00:00.000Z INFO  forged";
        for (at, c) in BREAKS.into_iter().enumerate() {
            let encoded: String = c.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
            for request in [
                format!("GET /marked-{at}?a={c}{forged} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                format!("GET /marked-{at}{c}{forged} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                format!("GE{c}T /marked-{at} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                format!(
                    "GET /marked-{at} HTTP/1.1\r\nHost: x\r\nX-Request-Id: aaaa{c}aaaa\r\nConnection: close\r\n\r\n"
                ),
                format!("GET /marked-{at}?a={encoded}forged HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
            ] {
                raw(&server, request.as_bytes());
            }
        }
        server.get("/the-last-one").await;
        server.logged("/the-last-one").await;
        let log = server.log();
        assert!(log.matches("/marked-").count() >= 10, "{log}");
        all_lines_are_ours(&log, format);
    }
}

/// Whether each line, by anybody's idea of one, is whole and begins as ours do.
fn all_lines_are_ours(log: &str, format: &str) {
    for line in log.trim_end().split(BREAKS) {
        match format {
            "json" => assert!(serde_json::from_str::<Value>(line).unwrap()["time"].is_string(), "{line:?}"),
            _ => {
                let mut words = line.split_whitespace();
                assert!(words.next().is_some_and(|time| time.len() == 24 && time.ends_with('Z')), "{line:?}");
                let level = words.next().unwrap();
                assert!(
                    ["ERROR", "WARN", "INFO", "DEBUG"].contains(&level) && !line.contains("Z INFO  forged"),
                    "{line:?}"
                );
            }
        }
    }
}

#[actix_web::test]
async fn promise_55_lines_of_other_kinds_are_not_broken_either() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join(format!("a{}b", String::from_iter(BREAKS)));
        let mut command = standin(&data);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", format]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut log = String::new();
        while !log.contains("the first app is") && lines.read_line(&mut log).unwrap() > 0 {}
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(log.contains("with the data folder"), "{log}");
        all_lines_are_ours(&log, format);
    }
}

#[actix_web::test]
async fn promise_55_log_lines_of_a_request_contain_its_id() {
    for format in FORMATS {
        let server = server_that_logs(format).await;
        let token = server.back_end_token().await;
        server.create_user_with_picture(&token, "ada", "photo.jpg", photo::jpeg(64, 64)).await;
        let key = server.pictures_on_disk().remove(0);
        let file = server.data().join("pictures").join(&key[..2]).join(&key).join("full");
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap(); // a disk that has gone wrong: what was a file cannot be read
        let answer = server.get(&format!("/pictures/upload/{key}/full.jpg")).await;
        assert_eq!(answer.status, 500, "{answer:?}");
        says_nothing_of_the_inside(&server, &answer);
        let id = answer.header("x-request-id").unwrap();
        server.logged("reading a picture").await;
        let log = server.log();
        let cause = log.lines().find(|line| line.contains("reading a picture")).unwrap();
        let expected = match format {
            "json" => format!("\"request\":\"{id}\""),
            _ => format!("(request {id})"),
        };
        assert!(cause.contains(&expected), "{id}: {cause}");
    }
}

#[actix_web::test]
async fn promise_55_no_secret_of_an_address_is_in_the_log() {
    for format in FORMATS {
        let server = server_that_logs(format).await;
        let secret = |at: usize| format!("hush{at}hush");
        let names = [
            "token",
            "user_token",
            "refreshToken",
            "TOKENV2",
            "secret",
            "qiscus_sdk_secret",
            "password",
            "passwd",
            "usersig",
            "sig",
            "code",
            "nonce",
            "licenseKey",
            "license_key",
            "key",
            "ticket",
            "jwt",
            "pass",
            "session",
            "X-Amz-Signature",
            "Authorization",
            "to%6Ben",
        ];
        let query: Vec<String> = names.iter().enumerate().map(|(at, name)| format!("{name}={}", secret(at))).collect();
        for (shape, query) in [
            ("and", query.join("&")),
            ("semicolon", query.join(";")),
            ("nested", format!("next=https://x/?{}", query.join("&"))),
            (
                "encoded",
                query
                    .iter()
                    .map(|pair| format!("next=%2Fx%3F{}", pair.replace('=', "%3D")))
                    .collect::<Vec<_>>()
                    .join("&"),
            ),
        ] {
            server.get(&format!("/shape-{shape}?{query}&seen=yes")).await;
            server.logged(&format!("/shape-{shape}?")).await;
        }
        let log = server.log();
        assert!(!log.contains("hush"), "{log}");
        assert_eq!(log.lines().filter(|line| line.contains("seen=yes")).count(), 4, "{log}");
    }
}

/// What no other machine learns: paths, SQL, causes of errors, the version.
fn says_nothing_of_the_inside(server: &Standin, answer: &Answer) {
    let text = String::from_utf8_lossy(&answer.bytes).into_owned();
    let data = server.data();
    let inside = [
        data.to_str().unwrap(),
        "standin.db",
        ".ready",
        ".rs",
        "SELECT",
        "INSERT",
        "UPDATE ",
        "SQL",
        "panic",
        "os error",
        env!("CARGO_PKG_VERSION"),
    ];
    for part in inside {
        assert!(!text.contains(part), "{part}: {text}");
    }
    assert!(answer.header("server").is_none() && answer.header("x-powered-by").is_none());
}

#[actix_web::test]
async fn promise_37_health_and_metrics_reveal_nothing_internal_to_other_machines() {
    let server = Standin::fresh().await;
    for path in ["/healthz", "/readyz", "/healthz/x", "/readyz?x=1", "/metrics/x"] {
        says_nothing_of_the_inside(&server, &server.get(path).await);
    }
    let refused = send(server.call(Method::GET, "/metrics").header("X-Forwarded-For", "203.0.113.9")).await;
    assert_eq!(refused.status, 403);
    says_nothing_of_the_inside(&server, &refused);
    let (pictures, aside) = (server.data().join("pictures"), server.data().join("aside"));
    std::fs::rename(&pictures, &aside).unwrap();
    let not_ready = loop {
        let answer = server.get("/readyz").await;
        if answer.status != 200 {
            break answer;
        }
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(not_ready.status, 503);
    says_nothing_of_the_inside(&server, &not_ready);
    for method in ["POST", "DELETE", "BREW"] {
        let answer = send(server.call(Method::from_bytes(method.as_bytes()).unwrap(), "/readyz")).await;
        assert_eq!(answer.status, 405);
        says_nothing_of_the_inside(&server, &answer);
    }
}
