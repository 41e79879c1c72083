//! Clients that take their time, and clients that are many.

use std::{thread, time::Instant};

use super::*;
use crate::standin::{APP_ID, SECRET};

/// What a request head or a body may take, and what a loaded machine may add to it.
const BOUND: Duration = Duration::from_secs(10);
const SLACK: Duration = Duration::from_secs(8);

/// Begins a request, then sends a byte a second until the server closes; how long it let that go on.
fn dripped(mut socket: TcpStream, begun: &str, drop: Option<u8>) -> Duration {
    socket.write_all(begun.as_bytes()).unwrap();
    let start = Instant::now();
    socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut chunk = [0; 4096];
    while start.elapsed() < Duration::from_secs(60) {
        match socket.read(&mut chunk) {
            Ok(1..) => {}
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                if let Some(byte) = drop
                    && socket.write_all(&[byte]).is_err()
                {
                    break;
                }
            }
            Ok(0) | Err(_) => break,
        }
    }
    start.elapsed()
}

#[actix_web::test]
async fn promise_34_stalled_or_slow_heads_and_bodies_end_after_ten_seconds_and_delay_no_other() {
    let server = Standin::fresh().await;
    let whole = "GET /standin/v1/users HTTP/1.1\r\nHost: x\r\n\r\n";
    let head = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
    let body = |framing: &str| {
        format!(
            "POST /api/v2.1/rest/login_or_register HTTP/1.1\r\nHost: x\r\nQISCUS-SDK-APP-ID: {APP_ID}\r\n\
             QISCUS-SDK-SECRET: {SECRET}\r\nContent-Type: application/json\r\n{framing}"
        )
    };
    let slow: Vec<(&str, String, Option<u8>)> = vec![
        ("nothing at all", String::new(), None),
        ("a head that stalls", head.to_owned(), None),
        ("a head that drips", head.to_owned(), Some(b'a')),
        ("a second head that stalls", format!("{whole}{head}"), None),
        ("a second head that drips", format!("{whole}{head}"), Some(b'a')),
        ("a body that stalls", body("Content-Length: 1000\r\n\r\n{"), None),
        ("a body that drips", body("Content-Length: 1000\r\n\r\n{"), Some(b' ')),
        ("a chunk that drips", body("Transfer-Encoding: chunked\r\n\r\nfff\r\n{"), Some(b' ')),
        ("a chunk's size that drips", body("Transfer-Encoding: chunked\r\n\r\n2;"), Some(b'a')),
    ];
    let clients = slow.into_iter().map(|(name, begun, drop)| {
        let socket = connect(&server);
        (name, thread::spawn(move || dripped(socket, &begun, drop)))
    });
    let clients: Vec<_> = clients.collect();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let asked = Instant::now();
        assert_eq!(server.get("/").await.status, 200);
        slowest = slowest.max(asked.elapsed());
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(slowest < Duration::from_secs(2), "others waited {slowest:?}");
    for (name, client) in clients {
        let lasted = client.join().unwrap();
        assert!((BOUND - Duration::from_secs(2)..BOUND + SLACK).contains(&lasted), "{name}: {lasted:?}");
    }
}

#[actix_web::test]
async fn promise_35_an_address_has_as_many_connections_as_the_setting_says_and_gets_one_back_for_one() {
    let server = Standin::with(&[("STANDIN_CONNECTIONS_PER_ADDRESS", "3")]).await;
    let front = "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
    let is_served = |socket: &mut TcpStream| {
        let _ = socket.write_all(front.as_bytes());
        matches!(socket.read(&mut [0; 4096]), Ok(1..))
    };
    let mut open: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
    assert!(open.iter_mut().all(is_served), "three are served");
    assert!(!is_served(&mut connect(&server)), "the fourth is not");
    server.logged("are cut off: it has 3 open, the most of one address").await;
    assert!(open.iter_mut().all(is_served), "and takes nobody's place");
    open.pop();
    let begun = Instant::now();
    while !is_served(&mut connect(&server)) {
        assert!(begun.elapsed() < WAIT, "a place that was given back stays taken");
        thread::sleep(Duration::from_millis(20));
    }
}

#[actix_web::test]
async fn promise_35_a_trusted_proxy_has_as_many_connections_as_it_likes() {
    let settings = [("STANDIN_CONNECTIONS_PER_ADDRESS", "1"), ("STANDIN_TRUSTED_PROXIES", "127.0.0.1")];
    let server = Standin::with(&settings).await;
    let mut open: Vec<TcpStream> = (0..5).map(|_| connect(&server)).collect();
    for socket in &mut open {
        socket.write_all(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(matches!(socket.read(&mut [0; 4096]), Ok(1..)));
    }
}

#[actix_web::test]
async fn promise_35_idle_connections_cost_16_kib_each_at_the_most() {
    const COUNT: u64 = 1_000;
    rlimit::increase_nofile_limit(8192).unwrap();
    let server = Standin::fresh().await;
    assert_eq!(server.get("/nowhere").await.status, 404);
    let kib = || {
        let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap()
    };
    let before = kib();
    let mut idle: Vec<TcpStream> = (0..COUNT).map(|_| connect(&server)).collect();
    for socket in &mut idle {
        socket.write_all(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(matches!(socket.read(&mut [0; 4096]), Ok(1..)));
    }
    let each = kib().saturating_sub(before) / COUNT;
    assert!(each <= 16, "{each} KiB each");
}
