//! Bodies at the endpoints of every dialect: strict, bounded, never unpacked.

use std::{thread, time::Instant};

use flate2::{Compression, write::GzEncoder};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::*;
use crate::{
    admin::Page,
    standin::{APP_ID, Answer, LICENSE_KEY, send},
    user_sig::{SDK_APP_ID, WITH_SDK_APP_ID, user_sig},
};

struct Endpoints {
    server: Standin,
    page: Page,
    back_end: String,
}

impl Endpoints {
    async fn open() -> Self {
        let server = Standin::with(&[WITH_SDK_APP_ID, ("STANDIN_ADMIN_PASSWORD", "correct horse")]).await;
        let (page, back_end) = (Page::signed_in(&server).await, server.back_end_token().await);
        Self { server, page, back_end }
    }

    /// A call that reads JSON at each endpoint, without its body.
    fn calls(&self) -> Vec<(&'static str, RequestBuilder)> {
        let sig = user_sig("administrator");
        let v4 = format!(
            "/v4/im_open_login_svc/account_import?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}&random=9&contenttype=json"
        );
        let post = |path: &str| self.server.call(Method::POST, path);
        vec![
            ("Qiscus REST", self.server.qiscus(Method::POST, "login_or_register")),
            ("Qiscus SDK", post("/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID)),
            ("MirrorFly login", post("/api/v1/login")),
            ("MirrorFly REST", post("/api/v1/users/createUser").header("Authorization", &self.back_end)),
            ("MirrorFly SDK", post("/api/v1/sandbox/register")),
            ("Tencent REST", post(&v4)),
            ("native", self.page.call(&self.server, Method::POST, "/apps")),
        ]
    }
}

/// Whether a call was refused, by an HTTP status or by the vendor's own code, and not with a server error.
fn is_refused(answer: &Answer) -> bool {
    let body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    match answer.status {
        400..=499 => true,
        200 => {
            body["status"].as_u64().is_some_and(|status| (400..500).contains(&status))
                || body["ErrorCode"].as_u64().is_some_and(|code| code != 0)
        }
        _ => false,
    }
}

#[actix_web::test]
async fn promise_31_ambiguous_json_is_refused_at_every_endpoint() {
    let doors = Endpoints::open().await;
    let nested = |depth: usize| format!("{{\"extras\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("a key twice", b"{\"user_id\":\"a\",\"user_id\":\"b\"}".to_vec()),
        ("a key twice within", b"{\"extras\":{\"a\":1,\"a\":1}}".to_vec()),
        ("invalid UTF-8", b"{\"user_id\":\"\xff\"}".to_vec()),
        ("a lone surrogate", br#"{"user_id":"\ud800"}"#.to_vec()),
        ("NaN", b"{\"level\":NaN}".to_vec()),
        ("infinity", b"{\"level\":1e999}".to_vec()),
        ("two documents", b"{}{}".to_vec()),
        ("a comma too many", b"{\"user_id\":\"a\",}".to_vec()),
        ("129 levels", nested(129).into_bytes()),
        ("no object", b"[]".to_vec()),
        ("half of one", b"{\"user_id\":".to_vec()),
    ];
    for (what, body) in &bodies {
        for (door, call) in doors.calls() {
            let answer = send(call.header("Content-Type", "application/json").body(body.clone())).await;
            assert!(is_refused(&answer), "{what} at {door}: {answer:?}");
        }
    }
    let kept = json!({ "big": 9_007_199_254_740_993_u64, "low": -9_007_199_254_740_993_i64, "most": u64::MAX });
    let body = json!({ "user_id": "exact", "username": "E", "password": "p", "extras": kept });
    assert_eq!(doors.server.login_or_register(body).await.status, 200);
    let shown = doors.server.user_profile("exact").await.json();
    let extras = &shown["results"]["user"]["extras"];
    let extras = extras.as_str().map_or_else(|| extras.clone(), |text| serde_json::from_str(text).unwrap());
    assert_eq!(extras, kept, "integers beyond 2^53 come back as they were sent");
}

#[actix_web::test]
async fn promise_30_a_compressed_body_is_refused_at_every_endpoint_and_never_unpacked() {
    let doors = Endpoints::open().await;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b' '; 1 << 20];
    (0..200).for_each(|_| bomb.write_all(&zeros).unwrap());
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 1 << 20, "small enough to be read");
    let before = memory_mib(&doors.server, "VmHWM");
    for coding in ["gzip", "br", "deflate", "zstd", "identity, gzip"] {
        for (door, call) in doors.calls() {
            let call = call.header("Content-Type", "application/json").header("Content-Encoding", coding);
            let answer = send(call.body(bomb.clone())).await;
            assert!(is_refused(&answer), "{coding} at {door}: {answer:?}");
            let says = String::from_utf8_lossy(&answer.bytes);
            assert!(says.contains("without a Content-Encoding"), "{coding} at {door}: {says}");
        }
    }
    let grown = memory_mib(&doors.server, "VmHWM") - before;
    assert!(grown < 64, "{grown} MiB");
}

/// The head of a createUser call.
fn create_user(token: &str, framing: &str) -> String {
    format!(
        "POST /api/v1/users/createUser HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\
         Content-Type: multipart/form-data; boundary=XX\r\n{framing}\r\n\r\n"
    )
}

#[actix_web::test]
async fn promise_29_an_announced_10_gib_is_refused_unread_and_endless_chunks_are_cut_in_little_memory() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let begun = Instant::now();
    let received = raw(&server, create_user(&token, "Content-Length: 10737418240").as_bytes(), WAIT);
    assert_eq!(received.statuses(), [413], "before a byte of it: {received:?}");
    assert!(begun.elapsed() < WAIT);
    let before = memory_mib(&server, "VmHWM");
    let file = "--XX\r\nContent-Disposition: form-data; name=\"profileFile\"; filename=\"x\"\r\n\r\n";
    let chunk = [b"10000\r\n".as_slice(), &[b'a'; 65_536], b"\r\n"].concat();
    let senders: Vec<_> = (0..4)
        .map(|_| {
            let (mut socket, chunk) = (connect(&server), chunk.clone());
            let head = create_user(&token, "Transfer-Encoding: chunked");
            let begun = format!("{head}{:x}\r\n{file}\r\n", file.len());
            thread::spawn(move || {
                socket.write_all(begun.as_bytes()).unwrap();
                let mut sent = 0;
                while sent < 1 << 30 && socket.write_all(&chunk).is_ok() {
                    sent += chunk.len();
                }
                sent >> 20
            })
        })
        .collect();
    for sender in senders {
        let sent_mib = sender.join().unwrap();
        assert!((10..=10 + 8).contains(&sent_mib), "{sent_mib} MiB were sent of a file of 10 at the most");
    }
    let grown = memory_mib(&server, "VmHWM") - before;
    assert!(grown < 128, "{grown} MiB");
    assert_eq!(server.incoming_on_disk().len(), 0);
}

/// How many damaged bodies: 200, or what the environment says. A release is tried with ten thousand.
fn rounds() -> usize {
    std::env::var("STANDIN_MULTIPART_ROUNDS").map_or(200, |rounds| rounds.parse().expect("a whole number"))
}

#[actix_web::test]
async fn promise_32_damaged_uploads_are_answered_at_once_and_never_by_a_failure() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let part = |head: &str, body: &[u8]| {
        [format!("--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(), body, b"\r\n"].concat()
    };
    let good = [
        part("name=\"deviceType\"", b"web"),
        part("name=\"licenseKey\"", LICENSE_KEY.as_bytes()),
        part("name=\"userIdentifier\"", b"u1"),
        part("name=\"metaData\"", b"{\"a\":1}"),
        part("name=\"profileFile\"; filename=\"f.png\"\r\nContent-Type: image/png", &photo::png(8, 8)),
        b"--XX--\r\n".to_vec(),
    ]
    .concat();
    let pieces: [&[u8]; 10] =
        [b"\r\n", b"--XX", b"--XX--", b"\r", b"\n--XX\r\n", b"\"", b"\0", b"; name=\"", b"\xff", b"\r\n\r\n"];
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for round in 0..rounds() {
        let mut body = good.clone();
        for _ in 0..=dice.roll(5) {
            let at = dice.roll(body.len());
            match dice.roll(5) {
                0 => body.truncate(at.max(1)),
                1 => body[at] = u8::try_from(dice.roll(256)).unwrap(),
                2 => drop(body.splice(at..at, dice.pick(&pieces).iter().copied())),
                3 => drop(body.splice(at..at, body[at..(at + 60).min(body.len())].to_vec())),
                _ => drop(body.drain(at..(at + dice.roll(40)).min(body.len()))),
            }
            if body.is_empty() {
                body.push(b'-');
            }
        }
        let head = create_user(&token, &format!("Connection: close\r\nContent-Length: {}", body.len()));
        let begun = Instant::now();
        let received = raw(&server, &[head.as_bytes(), &body].concat(), WAIT);
        let is_fine = matches!(received.statuses()[..], [200..=499]);
        assert!(is_fine && received.is_closed, "round {round}: {received:?} {}", String::from_utf8_lossy(&body));
        assert!(begun.elapsed() < Duration::from_secs(2), "round {round} took {:?}", begun.elapsed());
    }
    assert_eq!(server.incoming_on_disk().len(), 0);
}
