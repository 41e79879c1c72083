//! Clients that stall and drip, and what others notice of them.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failure,
    process::{self, Serving},
    table,
};

/// Slow clients at one time.
const COUNT: usize = 400;

/// What is asked beside them.
const ASKED: usize = 400;

/// No slow client may last longer.
const LAST_MAX: Duration = Duration::from_secs(65);

const APP: [(&str, &str); 2] =
    [("STANDIN_APP_ID", "bench"), ("STANDIN_APP_SECRET", "0123456789abcdef0123456789abcdef")];

/// What a slow client begins with, and the byte it sends each second from then on.
fn beginnings() -> Vec<(String, Option<u8>)> {
    let head = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
    let answered = "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
    let [(_, app), (_, secret)] = APP;
    let body = |framing: &str| {
        format!(
            "POST /api/v2.1/rest/login_or_register HTTP/1.1\r\nHost: x\r\nQISCUS-SDK-APP-ID: {app}\r\n\
             QISCUS-SDK-SECRET: {secret}\r\nContent-Type: application/json\r\n{framing}"
        )
    };
    vec![
        (String::new(), None),
        (head.to_owned(), None),
        (head.to_owned(), Some(b'a')),
        (format!("{answered}{head}"), Some(b'a')),
        (body("Content-Length: 100000\r\n\r\n{"), None),
        (body("Content-Length: 100000\r\n\r\n{"), Some(b' ')),
        (body("Transfer-Encoding: chunked\r\n\r\nffff\r\n{"), Some(b' ')),
        (body("Transfer-Encoding: chunked\r\n\r\n2;"), Some(b'a')),
    ]
}

/// Slow clients of every kind, and one that asks for the front page again and again: `slow [COUNT]`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let count = words.first().map_or(Ok(COUNT), |word| word.parse())?;
    rlimit::increase_nofile_limit(u64::MAX)?;
    let folder = tempfile::tempdir()?;
    let server = Serving::standin(&folder.path().join("data"), "warn", &APP)?;
    let alone = waits_ms(server.address)?;
    let before_kib = process::memory_kib(server.id(), "VmRSS")?;
    let clients: Vec<_> = beginnings()
        .into_iter()
        .cycle()
        .take(count)
        .map(|(begun, byte)| {
            let address = server.address;
            thread::spawn(move || lasted(address, &begun, byte).map_err(|failure| failure.to_string()))
        })
        .collect();
    // All of them are there, and none is cut off yet.
    thread::sleep(Duration::from_secs(2));
    let beside = waits_ms(server.address)?;
    let grown_kib = process::memory_kib(server.id(), "VmRSS")?.saturating_sub(before_kib);
    let mut longest = Duration::ZERO;
    for client in clients {
        longest = longest.max(client.join().map_err(|_| "a client broke down")??);
    }
    let rows = [
        ["slow clients".to_owned(), count.to_string()],
        ["the last one was cut off after".to_owned(), format!("{:.1} s", longest.as_secs_f64())],
        ["memory for all of them".to_owned(), format!("{:.1} MiB", grown_kib as f64 / 1024.0)],
        ["others, alone".to_owned(), alone.to_string()],
        ["others, beside them".to_owned(), beside.to_string()],
    ];
    println!("{}", table::aligned(["slow clients", "figure"], &rows));
    match longest > LAST_MAX {
        true => Err(format!("a slow client lasted more than {} s", LAST_MAX.as_secs()).into()),
        false => Ok(()),
    }
}

/// How long the server puts up with a client.
fn lasted(address: SocketAddr, begun: &str, byte: Option<u8>) -> Result<Duration, Failure> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    socket.write_all(begun.as_bytes())?;
    let (start, mut chunk) = (Instant::now(), [0; 4096]);
    while start.elapsed() < 2 * LAST_MAX {
        match socket.read(&mut chunk) {
            Ok(1..) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if byte.is_some_and(|byte| socket.write_all(&[byte]).is_err()) {
                    break;
                }
            }
            Ok(0) | Err(_) => break,
        }
    }
    Ok(start.elapsed())
}

/// Waits for an answer, one after the other.
pub(crate) struct Waits {
    median_ms: f64,
    p99_ms: f64,
}

impl std::fmt::Display for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ms, p99 {:.2} ms", self.median_ms, self.p99_ms)
    }
}

/// Asks for the front page over one connection.
pub(crate) fn waits_ms(address: SocketAddr) -> Result<Waits, Failure> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    let (mut waits_ms, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
    for _ in 0..ASKED {
        let asked = Instant::now();
        socket.write_all(b"HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")?;
        if socket.read(&mut chunk)? == 0 {
            return Err("the server closed the connection of a client that is not slow".into());
        }
        waits_ms.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    waits_ms.sort_by(f64::total_cmp);
    let p99_ms = waits_ms.get(waits_ms.len() * 99 / 100).copied().unwrap_or_default();
    Ok(Waits { median_ms: table::median(waits_ms), p99_ms })
}
