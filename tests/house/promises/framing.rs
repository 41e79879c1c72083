//! Request smuggling: a message whose end could be read in two ways is refused, and what hides behind it is never answered.

use super::*;
use crate::standin::{APP_ID, SECRET};

/// What hides in a body or behind it: the server would answer it with 401.
const HIDDEN: &str = "GET /standin/v1/users HTTP/1.1\r\nHost: x\r\n\r\n";

/// Heads and bodies, each by its name. `{}` would be a whole body, and the request whole with it.
fn framings() -> Vec<(&'static str, String)> {
    let post = |version: &str, rest: &str| {
        format!(
            "POST /api/v2.1/rest/login_or_register HTTP/{version}\r\nHost: x\r\nQISCUS-SDK-APP-ID: {APP_ID}\r\n\
             QISCUS-SDK-SECRET: {SECRET}\r\nContent-Type: application/json\r\n{rest}"
        )
    };
    let size = HIDDEN.len();
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    let framings = [
        ("CL.TE", format!("Content-Length: {}\r\n{chunked}0\r\n\r\n", size + 5)),
        ("TE.CL", format!("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{size:x}\r\n")),
        ("TE.TE", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n".to_owned()),
        ("TE of another kind", "Transfer-Encoding: xchunked\r\n\r\n".to_owned()),
        ("TE with more before", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_owned()),
        ("TE twice in one line", "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n".to_owned()),
        (
            "TE behind a vertical tab",
            "Transfer-Encoding: \u{b}chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n".to_owned(),
        ),
        (
            "TE with a blank before its colon",
            "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n".to_owned(),
        ),
        ("TE on a folded line", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n".to_owned()),
        ("TE behind a bare line feed", format!("X: a\n{chunked}0\r\n\r\n")),
        ("TE behind a bare carriage return", format!("X: a\r{chunked}0\r\n\r\n")),
        ("two lengths", format!("Content-Length: 0\r\nContent-Length: {size}\r\n\r\n")),
        ("one length twice", "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}".to_owned()),
        ("two lengths in one line", format!("Content-Length: 0, {size}\r\n\r\n")),
        ("a length below nothing", "Content-Length: -1\r\n\r\n".to_owned()),
        ("a length with a plus", "Content-Length: +2\r\n\r\n{}".to_owned()),
        ("a length in base 16", "Content-Length: 0x2\r\n\r\n{}".to_owned()),
        ("a length beyond 64 bits", "Content-Length: 18446744073709551618\r\n\r\n{}".to_owned()),
        ("a length on a folded line", format!("X: a\r\n Content-Length: {size}\r\n\r\n")),
        ("a length with a blank before its colon", "Content-Length : 2\r\n\r\n{}".to_owned()),
        ("a line feed at the end of the head", "Content-Length: 2\r\n\n{}".to_owned()),
        ("a chunk size below nothing", format!("{chunked}-2\r\n{{}}\r\n0\r\n\r\n")),
        ("a chunk size with a plus", format!("{chunked}+2\r\n{{}}\r\n0\r\n\r\n")),
        ("a chunk size with 0x", format!("{chunked}0x2\r\n{{}}\r\n0\r\n\r\n")),
        ("a chunk size beyond 64 bits", format!("{chunked}10000000000000002\r\n{{}}\r\n0\r\n\r\n")),
        ("no chunk size", format!("{chunked}\r\n{{}}\r\n0\r\n\r\n")),
        ("a line feed behind a chunk size", format!("{chunked}2\n{{}}\r\n0\r\n\r\n")),
        ("a line feed in a chunk extension", format!("{chunked}2;\nxx\r\n{{}}\r\n0\r\n\r\n")),
        ("a chunk longer than it says", format!("{chunked}2\r\n{{}}xx0\r\n\r\n")),
        ("a chunk without the end of its line", format!("{chunked}2\r\n{{}}0\r\n\r\n")),
    ];
    let mut framings: Vec<_> = framings.into_iter().map(|(name, rest)| (name, post("1.1", &rest))).collect();
    framings.push(("HTTP/1.0 with TE", post("1.0", &format!("Connection: keep-alive\r\n{chunked}0\r\n\r\n"))));
    framings.push(("HTTP/1.2", post("1.2", "Content-Length: 2\r\n\r\n{}")));
    framings.push(("two hosts", post("1.1", "Host: y\r\nContent-Length: 2\r\n\r\n{}")));
    framings
}

#[actix_web::test]
async fn promise_33_thirty_three_ambiguous_framings_are_refused_and_a_hidden_request_is_never_answered() {
    let server = Standin::fresh().await;
    let framings = framings();
    assert_eq!(framings.len(), 33);
    for (name, framing) in framings {
        let received = raw(&server, format!("{framing}{HIDDEN}").as_bytes(), WAIT);
        assert!(matches!(received.statuses()[..], [400..=499]) && received.is_closed, "{name}: {received:?}");
    }
    // The same two requests, framed as they should be, are two.
    let body = "{\"user_id\":\"u1\",\"username\":\"U\",\"password\":\"p\"}";
    let (_, head) = framings_head();
    let fine = format!("{head}Content-Length: {}\r\n\r\n{body}{HIDDEN}", body.len());
    assert_eq!(raw(&server, fine.as_bytes(), Duration::from_secs(2)).statuses(), [200, 401]);
    let chunks = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x};a=b\r\n{body}\r\n0\r\n\r\n{HIDDEN}", body.len());
    assert_eq!(raw(&server, chunks.as_bytes(), Duration::from_secs(2)).statuses(), [200, 401]);
}

fn framings_head() -> (&'static str, String) {
    let (name, first) = framings().swap_remove(0);
    let (head, _) = first.split_once("Content-Length").unwrap();
    (name, head.to_owned())
}

/// RFC 9112, section 9.6: a server that will close a connection says so.
#[actix_web::test]
async fn promise_33_a_connection_that_another_protocol_was_asked_for_on_is_closed_with_notice() {
    let server = Standin::fresh().await;
    for path in ["/healthz", "/api/v1/nowhere"] {
        for offer in [
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
            "Connection: keep-alive, Upgrade\r\nUpgrade: foo",
        ] {
            let received = raw(&server, format!("GET {path} HTTP/1.1\r\nHost: x\r\n{offer}\r\n\r\n").as_bytes(), WAIT);
            let text = format!("{received:?}").to_ascii_lowercase();
            assert!(
                received.is_closed && text.contains("connection: close") && !text.contains("upgrade"),
                "{received:?}"
            );
        }
    }
}

#[actix_web::test]
async fn promise_33_a_head_without_its_end_swallows_no_second_request() {
    let server = Standin::fresh().await;
    let (_, head) = framings_head();
    // The last chunk lacks the empty line behind it: what follows is its trailer, not a request.
    let received = raw(
        &server,
        format!("{head}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n{HIDDEN}").as_bytes(),
        Duration::from_secs(2),
    );
    assert!(matches!(received.statuses()[..], [] | [400..=499]), "{received:?}");
    // A WebSocket is asked for, and something else follows before the answer.
    let asks = "GET /websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let received = raw(&server, format!("{asks}{HIDDEN}").as_bytes(), WAIT);
    assert!(
        received.statuses().len() <= 2 && !received.statuses().contains(&401) && received.is_closed,
        "{received:?}"
    );
}

/// The head of a handshake on Tencent's socket, with more lines.
fn handshake(version: &str, more: &str) -> String {
    format!(
        "GET /binfo?sdkappid=1400000001 HTTP/{version}\r\nHost: x\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{more}\r\n"
    )
}

/// RFC 9110, section 7.8; RFC 6455, section 4.1.
#[actix_web::test]
async fn promise_33_a_handshake_with_an_ambiguous_end_is_refused() {
    let server = Standin::fresh().await;
    let asks = "Upgrade: websocket\r\n";
    for (name, head) in [
        ("of an old version", handshake("1.0", asks)),
        ("with another protocol", handshake("1.1", "Upgrade: websocket, h2c\r\n")),
        ("with two lines", handshake("1.1", "Upgrade: websocket\r\nUpgrade: websocket\r\n")),
        ("with chunks", handshake("1.1", "Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n"),
        ("with a body", handshake("1.1", "Upgrade: websocket\r\nContent-Length: 5\r\n") + "hello"),
    ] {
        let mut received = raw(&server, head.as_bytes(), WAIT);
        received.text = received.text.replace("HTTP/1.0 ", "HTTP/1.1 ");
        assert!(matches!(received.statuses()[..], [400..=499]) && received.is_closed, "{name}: {received:?}");
    }
}

/// A client must wait for the answer; what comes earlier is neither lost nor taken for a request.
#[actix_web::test]
async fn promise_33_frames_sent_with_the_handshake_are_served_in_their_order() {
    let server = Standin::fresh().await;
    let head = handshake("1.1", "Upgrade: websocket\r\n");
    let ping = [0x89, 0x82, 0, 0, 0, 0, b'h', b'i'];
    for cut in [ping.len(), 3] {
        let mut client = connect(&server);
        client.set_read_timeout(Some(WAIT)).unwrap();
        client.write_all(&[head.as_bytes(), &ping[..cut]].concat()).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        client.write_all(&ping[cut..]).unwrap();
        let mut received = Vec::new();
        while !received.ends_with(b"\r\n\r\n\x8a\x02hi") {
            let mut more = [0; 1024];
            let bytes = client.read(&mut more).unwrap();
            assert!(bytes > 0, "{}", String::from_utf8_lossy(&received));
            received.extend_from_slice(&more[..bytes]);
        }
        assert!(received.starts_with(b"HTTP/1.1 101 "));
    }
}

/// A header that declares too much is enough; nothing of it is waited for. Source: RFC 6455, section 7.4.1.
#[actix_web::test]
async fn promise_36_a_frame_that_declares_more_than_64_kib_is_refused_by_its_header() {
    let server = Standin::fresh().await;
    let head = handshake("1.1", "Upgrade: websocket\r\n");
    for (declared, is_refused) in [(65_536_u64, false), (65_537, true), (1 << 40, true)] {
        let mut client = connect(&server);
        client.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        client.write_all(&[head.as_bytes(), &[0x82, 0xFF], &declared.to_be_bytes(), &[0; 4]].concat()).unwrap();
        let (mut received, mut more) = (Vec::new(), [0; 1024]);
        while let Ok(bytes @ 1..) = client.read(&mut more) {
            received.extend_from_slice(&more[..bytes]);
        }
        let closed = received.windows(4).any(|frame| frame[0] == 0x88 && frame[2..] == 1009_u16.to_be_bytes());
        assert_eq!(closed, is_refused, "{declared}");
    }
}
