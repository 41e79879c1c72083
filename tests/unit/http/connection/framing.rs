//! Tests of `src/http/connection/framing.rs`.

use super::*;

const HEAD: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Reads whole, and byte by byte; both must agree.
fn read(text: &str) -> (Read, bool) {
    let (mut whole, mut piecewise) = (Framing::default(), Framing::default());
    let read = whole.read(text.as_bytes(), usize::MAX, &mut |_, _| {});
    let mut of_pieces = Read::Fine;
    for (at, byte) in text.bytes().enumerate() {
        if let Read::Refused(0) = piecewise.read(&[byte], usize::MAX, &mut |_, _| {}) {
            of_pieces = Read::Refused(at);
            break;
        }
    }
    assert_eq!((&read, whole.is_in_head()), (&of_pieces, piecewise.is_in_head()), "{text:?}");
    (read, whole.is_in_head())
}

#[test]
fn the_next_head_is_found_behind_every_kind_of_body() {
    for body in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-LENGTH:  7 \r\n\r\n\n\n\n\n\n\n\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\n\n\n\n\r\nA \r\n\n\n\n\n\n\n\n\n\n\n\r\n0\r\nX: y\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        assert_eq!(read(&format!("{body}{HEAD}")), (Read::Fine, false));
        assert_eq!(read(&format!("{body}{HEAD}GET")), (Read::Fine, true), "the beginning of the next one");
        let at = body.len() + HEAD.len() + 3;
        assert_eq!(read(&format!("{body}{HEAD}GET\n")).0, Read::Refused(at));
    }
}

#[test]
fn a_bare_line_feed_is_found_anywhere_in_a_head() {
    for (text, at) in [("\n", 0), ("GET / HTTP/1.1\nHost: x\r\n\r\n", 14), ("GET / HTTP/1.1\r\nX: a\nY: b\r\n\r\n", 20)]
    {
        assert_eq!(read(text).0, Read::Refused(at));
    }
    assert_eq!(read("GET / HTTP/1.1\r\nHost: x\r\n\n").0, Read::Refused(25));
}

#[test]
fn bytes_after_an_upgrade_wait_for_the_response_and_a_refused_upgrade_stays_http() {
    let asks = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    for (answer, next) in [("HTTP/1.1 100 ", Read::Stopped(0)), ("HTTP/1.1 400 ", Read::Fine)] {
        let mut framing = Framing::default();
        assert_eq!(framing.read(asks, usize::MAX, &mut |_, _| {}), Read::Fine);
        framing.written(answer.as_bytes());
        assert_eq!(framing.read(HEAD.as_bytes(), usize::MAX, &mut |_, _| {}), next);
    }
}

#[test]
fn an_empty_line_alone_is_waited_behind_no_longer_than_a_head() {
    assert_eq!(read("\r\n"), (Read::Fine, true));
    assert_eq!(read(&format!("{HEAD}\r\n")), (Read::Fine, true));
    assert_eq!(read(&format!("\r\n{HEAD}")), (Read::Fine, false));
}

#[test]
fn a_chunked_body_is_read_also_with_an_upgrade() {
    let head = "POST / HTTP/1.1\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
    let mut framing = Framing::default();
    assert_eq!(framing.read(head.as_bytes(), usize::MAX, &mut |_, _| {}), Read::Fine);
    framing.written(b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(framing.read(b"1\r\n\n\r\n0\r\n\r\nGET / HTTP/1.1\n", usize::MAX, &mut |_, _| {}), Read::Refused(25));
}

#[test]
fn an_endless_line_between_chunks_is_refused() {
    let chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ";
    let mut framing = Framing::default();
    assert_eq!(framing.read(chunks.as_bytes(), usize::MAX, &mut |_, _| {}), Read::Fine);
    assert!(matches!(framing.read(&vec![b'a'; LINE_BYTES_MAX + 1], usize::MAX, &mut |_, _| {}), Read::Refused(_)));
}
