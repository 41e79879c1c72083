//! The guard: ids, the access log, one header.

use std::sync::{Mutex, OnceLock};

use log::{LevelFilter, Log, Metadata, Record};
use standin::http::middleware::ACCESS;

use super::*;

static LINES: OnceLock<Mutex<Vec<String>>> = OnceLock::new();

struct Listening;

impl Log for Listening {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.target() == ACCESS {
            LINES.get_or_init(Mutex::default).lock().unwrap().push(format!("{} {}", record.level(), record.args()));
        }
    }

    fn flush(&self) {}
}

/// The lines of requests whose path holds `marker`.
fn lines(marker: &str) -> Vec<String> {
    let lines = LINES.get_or_init(Mutex::default).lock().unwrap();
    lines.iter().filter(|line| line.contains(marker)).cloned().collect()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

#[test]
fn every_answer_has_an_id_of_its_own_and_nosniff() {
    let server = TestServer::open();
    let mut ids = Vec::new();
    for request in ["GET /form", "GET /nowhere", "POST /form", "DELETE /deaf", "GET /form?name=%ff", "GET /refused/x"] {
        let answer = server.raw(format!("{request} HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n").as_bytes());
        assert_eq!(header(&answer, "X-Content-Type-Options"), Some("nosniff"), "{request}");
        ids.push(header(&answer, "X-Request-Id").unwrap().to_owned());
    }
    assert_eq!(ids, ["1000-1", "1000-2", "1000-3", "1000-4", "1000-5", "1000-6"]);
}

#[test]
fn each_request_has_one_log_line_without_secrets_and_line_breaks() {
    let _ = log::set_logger(&Listening);
    log::set_max_level(LevelFilter::Info);
    let server = TestServer::open();
    let query = "name=seen&token=t1&Secret=t2&a.password=t3&usersig=t4&refresh_token=t5&code=t6&nonce=t7&to%6Ben=t8&tokens=t10&token&x=%0d%0aINFO";
    let answer = server.raw(format!("GET /form/line-one?{query} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    let id = header(&answer, "X-Request-Id").unwrap();
    let seen = lines("line-one");
    let masked = "name=seen&token=***&Secret=***&a.password=***&usersig=***&refresh_token=***&code=***&nonce=***&to%6Ben=***&tokens=***&[5 bytes]&x=%0d%0aINFO";
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].starts_with(&format!("INFO GET /form/line-one?{masked} 404 24 B ")), "{}", seen[0]);
    assert!(seen[0].contains(&format!(" ms {id} 127.0.0.1:")), "{}", seen[0]);

    server.raw(b"POST http://user:hidden@x/form/line-two/{\"x\":1} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    let seen = lines("line-two");
    assert!(seen[0].starts_with("INFO POST /form/line-two/[7 bytes] 404"), "{seen:?}");

    server.raw(
        format!("GET /line-three{}?token={} HTTP/1.1\r\nHost: x\r\n\r\n", "~a".repeat(4500), "b".repeat(9000))
            .as_bytes(),
    );
    let seen = lines("line-three");
    assert!(seen[0].len() < 1300 && seen[0].contains("a...?token=*** 404"), "{seen:?}");

    server.raw(format!("GET /line-four?a={}&token=t9 HTTP/1.1\r\nHost: x\r\n\r\n", "b".repeat(9000)).as_bytes());
    assert!(!lines("line-four")[0].contains("t9"));

    for bytes in [
        b"GET /line-five\x7f HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(),
        b"GET /line-five?\x1b[31m HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        server.raw(bytes);
    }
    assert!(lines("line-five").iter().all(|line| line.chars().all(|c| c == ' ' || c.is_ascii_graphic())));
}

#[test]
fn an_unread_body_closes_the_connection_and_a_read_one_does_not() {
    let server = TestServer::open();
    let read = server.post("/form", "application/json", b"{}");
    assert_eq!(header(&read, "Connection"), None);
    let unread = server.post("/deaf", "application/json", b"{}");
    assert_eq!((unread.status, header(&unread, "Connection")), (200, Some("close")));
    let refused = server.post("/refused/x", "application/json", b"{}");
    assert_eq!((refused.status, header(&refused, "Connection")), (403, Some("close")));
}

#[test]
fn a_request_that_ends_without_an_answer_has_its_line_too() {
    let _ = log::set_logger(&Listening);
    log::set_max_level(LevelFilter::Info);
    let server = TestServer::open();
    let mut stream = connect(server.addr);
    stream.write_all(b"GET /never?line=gone HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let begun = Instant::now();
    let soon = || assert!(begun.elapsed() < Duration::from_secs(20), "not seen");
    while !IS_WAITED_FOR.load(Ordering::SeqCst) {
        soon();
        thread::sleep(Duration::from_millis(5));
    }
    drop(server);
    while lines("line=gone").is_empty() {
        soon();
        thread::sleep(Duration::from_millis(5));
    }
    let seen = lines("line=gone");
    assert!(seen.len() == 1 && seen[0].starts_with("INFO GET /never?line=gone gone 0 B "), "{seen:?}");
    assert!(seen[0].contains(" ms 1000-1 127.0.0.1:"), "{seen:?}");
}
