use standin::{
    dialect::tencent::binfo::frame::{Asked, Fault, Name, Proof, answer, push},
    domain::secret::Secret,
    http::socket::Frame,
};

use super::*;

fn read(text: &str) -> Result<Asked, Fault> {
    let of_text = Asked::read(&Frame::Text(text.to_owned()));
    assert_eq!(Asked::read(&Frame::Binary(text.to_owned().into())), of_text, "both are read alike");
    of_text
}

fn name(command: &str, seq: u64) -> Name {
    Name { command: command.to_owned(), seq }
}

#[test]
fn a_frame_says_what_is_asked_by_whom_and_with_what() {
    let head = |more: &str| format!(r#"{{"head":{{"servcmd":"a.b","seq":7{more}}},"body":{{"c":1}}}}"#);
    let sig = Proof::Sig { identifier: "alice".to_owned(), user_sig: Secret::new("eJw") };
    for (more, proof) in [
        ("", Proof::None),
        (r#","identifier":"","usersig":"","a2":"""#, Proof::None),
        (r#","identifier":"alice""#, Proof::None),
        (r#","usersig":"eJw""#, Proof::None),
        (r#","identifier":"alice","usersig":"eJw","ver":"v4","cs":0"#, sig),
        (r#","a2":"ticket","tinyid":"1","status_instid":42"#, Proof::Ticket(Secret::new("ticket"))),
        (r#","a2":"ticket","identifier":"alice","usersig":"eJw""#, Proof::Ticket(Secret::new("ticket"))),
        (r#","a2":7,"identifier":[],"usersig":{}"#, Proof::None),
    ] {
        let expected = Asked { name: name("a.b", 7), proof, body: json!({ "c": 1 }) };
        assert_eq!(read(&head(more)), Ok(expected), "{more}");
    }
    let bare = read(r#"{"head":{"seq":18446744073709551615,"servcmd":"x"}}"#).unwrap();
    assert_eq!((bare.name, bare.body), (name("x", u64::MAX), Value::Null));
}

#[test]
fn what_cannot_be_answered_says_why_with_as_much_as_could_be_read() {
    for no_json in ["", "{", "[]", "1", "null", r#"{"head":1,"head":2}"#, "{} {}", "\u{0}"] {
        assert!(matches!(read(no_json), Err(Fault::NoJson(_))), "{no_json}");
    }
    let no_utf8 = Frame::Binary(vec![b'"', 0xff, b'"'].into());
    assert!(matches!(Asked::read(&no_utf8), Err(Fault::NoJson(_))));
    for (text, read_of_it, why) in [
        ("{}", name("", 0), "head must be an object"),
        (r#"{"head":[]}"#, name("", 0), "head must be an object"),
        (r#"{"head":{"seq":7}}"#, name("", 7), "head.servcmd must name a command, as service.command"),
        (r#"{"head":{"seq":7,"servcmd":8}}"#, name("", 7), "head.servcmd must name a command, as service.command"),
        (r#"{"head":{"servcmd":"a.b"}}"#, name("a.b", 0), "head.seq must be a whole number, without quotes"),
        (r#"{"head":{"servcmd":"a.b","seq":"7"}}"#, name("a.b", 0), "head.seq must be a whole number, without quotes"),
        (r#"{"head":{"servcmd":"a.b","seq":-1}}"#, name("a.b", 0), "head.seq must be a whole number, without quotes"),
        (r#"{"head":{"servcmd":"a.b","seq":1.5}}"#, name("a.b", 0), "head.seq must be a whole number, without quotes"),
    ] {
        assert_eq!(read(text), Err(Fault::NoHead(read_of_it, why)), "{text}");
    }
}

#[test]
fn what_is_said_is_bytes() {
    let said = answer(&name("a.b", 7), r#"{"ErrorCode":0}"#);
    let expected = r#"{"head":{"seq":7,"servcmd":"a.b"},"body":{"ErrorCode":0}}"#;
    assert_eq!(said, Frame::Binary(expected.into()));
    let expected = r#"{"head":{"servcmd":"im_open_push.msg_push"},"body":{"EventArray":[{"x":1}]}}"#;
    assert_eq!(push(&json!({ "x": 1 })), Frame::Binary(expected.into()));
}
