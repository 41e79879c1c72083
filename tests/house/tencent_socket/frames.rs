use standin::{
    dialect::tencent::binfo::frame::{CallId, FrameCredential, FrameError, RequestFrame, answer, push},
    domain::secret::Secret,
    http::socket::Frame,
};

use super::*;

fn read(text: &str) -> Result<RequestFrame, FrameError> {
    let of_text = RequestFrame::read(&Frame::Text(text.to_owned()));
    assert_eq!(RequestFrame::read(&Frame::Binary(text.to_owned().into())), of_text, "both are read alike");
    of_text
}

fn call(command: &str, seq: u64) -> CallId {
    CallId { command: command.to_owned(), seq }
}

#[test]
fn a_frame_has_a_command_a_credential_and_a_body() {
    let head = |more: &str| format!(r#"{{"head":{{"servcmd":"a.b","seq":7{more}}},"body":{{"c":1}}}}"#);
    let sig = FrameCredential::Sig { identifier: "alice".to_owned(), user_sig: Secret::new("eJw") };
    for (more, credential) in [
        ("", FrameCredential::None),
        (r#","identifier":"","usersig":"","a2":"""#, FrameCredential::None),
        (r#","identifier":"alice""#, FrameCredential::None),
        (r#","usersig":"eJw""#, FrameCredential::None),
        (r#","identifier":"alice","usersig":"eJw","ver":"v4","cs":0"#, sig),
        (r#","a2":"ticket","tinyid":"1","status_instid":42"#, FrameCredential::Ticket(Secret::new("ticket"))),
        (r#","a2":"ticket","identifier":"alice","usersig":"eJw""#, FrameCredential::Ticket(Secret::new("ticket"))),
        (r#","a2":7,"identifier":[],"usersig":{}"#, FrameCredential::None),
    ] {
        let expected = RequestFrame { call: call("a.b", 7), credential, body: json!({ "c": 1 }) };
        assert_eq!(read(&head(more)), Ok(expected), "{more}");
    }
    let bare = read(r#"{"head":{"seq":18446744073709551615,"servcmd":"x"}}"#).unwrap();
    assert_eq!((bare.call, bare.body), (call("x", u64::MAX), Value::Null));
}

#[test]
fn an_unanswerable_frame_gives_the_reason_and_the_readable_parts() {
    for no_json in ["", "{", "[]", "1", "null", r#"{"head":1,"head":2}"#, "{} {}", "\u{0}"] {
        assert!(matches!(read(no_json), Err(FrameError::NoJson(_))), "{no_json}");
    }
    let no_utf8 = Frame::Binary(vec![b'"', 0xff, b'"'].into());
    assert!(matches!(RequestFrame::read(&no_utf8), Err(FrameError::NoJson(_))));
    for (text, read_of_it, why) in [
        ("{}", call("", 0), "head must be an object"),
        (r#"{"head":[]}"#, call("", 0), "head must be an object"),
        (r#"{"head":{"seq":7}}"#, call("", 7), "head.servcmd must name a command, as service.command"),
        (r#"{"head":{"seq":7,"servcmd":8}}"#, call("", 7), "head.servcmd must name a command, as service.command"),
        (r#"{"head":{"servcmd":"a.b"}}"#, call("a.b", 0), "head.seq must be a whole number, without quotes"),
        (r#"{"head":{"servcmd":"a.b","seq":"7"}}"#, call("a.b", 0), "head.seq must be a whole number, without quotes"),
        (r#"{"head":{"servcmd":"a.b","seq":-1}}"#, call("a.b", 0), "head.seq must be a whole number, without quotes"),
        (r#"{"head":{"servcmd":"a.b","seq":1.5}}"#, call("a.b", 0), "head.seq must be a whole number, without quotes"),
    ] {
        assert_eq!(read(text), Err(FrameError::NoHead(read_of_it, why)), "{text}");
    }
}

#[test]
fn responses_are_binary_frames() {
    let said = answer(&call("a.b", 7), r#"{"ErrorCode":0}"#);
    let expected = r#"{"head":{"seq":7,"servcmd":"a.b"},"body":{"ErrorCode":0}}"#;
    assert_eq!(said, Frame::Binary(expected.into()));
    let expected = r#"{"head":{"servcmd":"im_open_push.msg_push"},"body":{"EventArray":[{"x":1}]}}"#;
    assert_eq!(push(&json!({ "x": 1 })), Frame::Binary(expected.into()));
}
