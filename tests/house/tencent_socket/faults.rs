//! Bad frames, and clients that do not log in.

use std::time::Instant;

use super::*;

const NO_HEAD: (u64, &str) = (0, "");

fn head(read: (u64, &str)) -> Value {
    json!({ "seq": read.0, "servcmd": read.1 })
}

#[actix_web::test]
async fn an_invalid_call_is_answered_with_the_reason_and_the_next_call_works() {
    let server = server().await;
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    for (said, read, code, info) in [
        ("", NO_HEAD, 60003, "The frame is not valid JSON: it ends too early, at line 1, column 0"),
        ("no JSON", NO_HEAD, 60003, "The frame is not valid JSON: expected ident, at line 1, column 2"),
        ("[]", NO_HEAD, 60003, "The frame must be a JSON object, in braces"),
        (r#"{"body":{}}"#, NO_HEAD, 60002, "head must be an object"),
        (r#"{"head":7}"#, NO_HEAD, 60002, "head must be an object"),
        (r#"{"head":{"seq":3}}"#, (3, ""), 60002, "head.servcmd must name a command, as service.command"),
        (
            r#"{"head":{"seq":"3","servcmd":"heartbeat.alive"}}"#,
            (0, HEARTBEAT),
            60002,
            "head.seq must be a whole number, without quotes",
        ),
        (
            r#"{"head":{"seq":-3,"servcmd":"heartbeat.alive"}}"#,
            (0, HEARTBEAT),
            60002,
            "head.seq must be a whole number, without quotes",
        ),
    ] {
        for message in [Message::text(said), Message::binary(said)] {
            socket.say(message).await;
            assert_eq!(socket.answer(head(read)).await, refused(code, info), "{said}");
        }
    }
    socket.say(Message::binary(vec![0x78, 0x9c, 0xff])).await;
    let info = "The frame is not valid UTF-8: the first 1 bytes are, the next is not";
    assert_eq!(socket.answer(head(NO_HEAD)).await, refused(60003, info));
    // Bodies that are none are as empty ones.
    for body in ["", r#","body":null"#, r#","body":[]"#, r#","body":"x""#] {
        let frame = format!(r#"{{"head":{{"seq":9,"servcmd":"{GET_ALL}","a2":"{ticket}"}}{body}}}"#);
        socket.say(Message::binary(frame)).await;
        assert_eq!(socket.answer(head((9, GET_ALL))).await, refused(40001, "From_Account is required"), "{body}");
    }
    socket.still_answers().await;
}

#[actix_web::test]
async fn a_repeated_sequence_number_is_answered_each_time() {
    let server = server().await;
    let mut socket = Socket::connect(&server).await;
    for seq in [5, 5, 4, 0, u64::MAX] {
        let frame = json!({ "head": { "seq": seq, "servcmd": HEARTBEAT } });
        socket.say(Message::binary(frame.to_string())).await;
        assert_eq!(socket.answer(head((seq, HEARTBEAT))).await, ok(json!({})));
    }
}

#[actix_web::test]
async fn text_frames_are_accepted_and_answered_in_binary_frames() {
    let server = server().await;
    let mut socket = Socket::connect(&server).await;
    let head_of = json!({ "seq": 1, "servcmd": LOGIN, "identifier": "alice", "usersig": user_sig("alice") });
    socket.say(Message::text(json!({ "head": head_of, "body": {} }).to_string())).await;
    assert_eq!(socket.answer(head((1, LOGIN))).await["ErrorCode"], 0);
}

#[actix_web::test]
async fn promise_36_frames_of_64_kib_are_accepted_and_longer_ones_end_their_own_socket_only() {
    let server = server().await;
    let (mut other, _) = Socket::of(&server, "bob").await;
    let of_bytes = |length: usize| {
        let frame = |filling: &str| format!(r#"{{"head":{{"seq":1,"servcmd":"{HEARTBEAT}"}},"body":"{filling}"}}"#);
        frame(&"x".repeat(length - frame("").len()))
    };
    let most = 64 * 1024;
    for (length, is_received) in [(most - 1, true), (most, true), (most + 1, false), (1024 * 1024, false)] {
        for is_text in [false, true] {
            let (mut socket, _) = Socket::of(&server, "alice").await;
            let frame = of_bytes(length);
            // A socket that ends while it is written to may say so to the writer.
            let sent = socket.socket.send(if is_text { Message::text(frame) } else { Message::binary(frame) }).await;
            match is_received {
                true => assert_eq!(socket.answer(head((1, HEARTBEAT))).await, ok(json!({}))),
                false if sent.is_ok() => {
                    assert!(matches!(socket.is_closed().await, Some(CloseCode::Size) | None), "{length}");
                }
                false => {}
            }
        }
    }
    other.still_answers().await;
}

#[actix_web::test]
async fn promise_36_a_silent_socket_without_a_login_ends_after_ten_seconds_and_after_a_heartbeat_or_logout_after_thirty()
 {
    let server = server().await;
    let mut silent = Socket::connect(&server).await;
    let mut refused = Socket::connect(&server).await;
    assert_eq!(refused.log_in("alice", "x").await["ErrorCode"], 70003);
    let (mut gone, ticket) = Socket::of(&server, "alice").await;
    gone.ask(LOGOUT, &ticket, json!({})).await;
    let mut beats = Socket::connect(&server).await;
    beats.still_answers().await;
    let opened = Instant::now();
    assert_eq!(silent.is_closed().await, Some(CloseCode::Policy));
    assert!((Duration::from_secs(9)..Duration::from_secs(15)).contains(&opened.elapsed()), "{:?}", opened.elapsed());
    tokio::time::sleep(Duration::from_secs(10)).await;
    beats.still_answers().await;
    for socket in [&mut refused, &mut gone] {
        assert_eq!(socket.is_closed().await, Some(CloseCode::Policy));
    }
    assert!((Duration::from_secs(29)..Duration::from_secs(35)).contains(&opened.elapsed()), "{:?}", opened.elapsed());
    beats.still_answers().await;
}
