//! Tests of `src/http/body/form/part_heads.rs`.

use futures_util::{StreamExt as _, stream};

use super::*;

/// Returns what the parser receives of a body that arrives in pieces of this size.
async fn passed(body: &[u8], piece_bytes: usize) -> String {
    let pieces: Vec<_> = body.chunks(piece_bytes).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let heads = PartHeads::new(stream::iter(pieces), "BB", 256);
    let passed: Vec<_> = heads.map(Result::unwrap).collect().await;
    String::from_utf8(passed.concat()).unwrap()
}

#[actix_web::test]
async fn lengths_and_padding_go_from_heads_alone_however_a_body_arrives() {
    let file = "Content-Length: 7\r\n\r\n--BBC\r\nContent-Length: 9\r\n\r\n x--BB--\r\nContent-Length: 9\r\n\r\n";
    let body = format!(
        "--BB \t\r\nA: b\r\ncontent-LENGTH : 3\r\n\r\n{file}\r\n--BB\r\nContent-Length: 1\r\n\r\n\r\n--BB\r\n\r\nc\r\n--BB--\r\nafter"
    );
    let wanted = format!(
        "--BB\r\nA: b\r\nxontent-LENGTH : 3\r\n\r\n{file}\r\n--BB\r\nxontent-Length: 1\r\n\r\n\r\n--BB\r\n\r\nc\r\n--BB--\r\nafter"
    );
    for piece_bytes in 1..=body.len() {
        assert_eq!(passed(body.as_bytes(), piece_bytes).await, wanted, "in pieces of {piece_bytes}");
    }
}

#[actix_web::test]
async fn truncated_and_overlong_heads_arrive_unchanged() {
    let long = format!("--BB\r\nA: {}\r\n\r\nx", "a".repeat(500));
    for body in ["", "--B", "--BB", "--BB \t", "--BB\r\nA: b\r\n", "x", long.as_str()] {
        assert_eq!(passed(body.as_bytes(), 3).await, body);
    }
}
