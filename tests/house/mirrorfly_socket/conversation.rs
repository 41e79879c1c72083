//! The state machine alone.

use standin::{
    dialect::mirrorfly::xmpp::protocol::{StanzaError, Xmpp, XmppCommand, XmppList, XmppResult},
    domain::{
        avatar::PictureKey,
        id::{UserId, UserKey},
        profile::{Profile, ProfileField, State, User},
        session::{EndReason, Notification},
        text::DisplayName,
        time::Moment,
    },
    http::socket::{Effects, Frame, Protocol as _},
};

use super::{BIND, CLOSE, HOST, SET, auth, open};

const UNKNOWN: &str = r#"<iq xmlns="jabber:client" type="get" id="q"><query xmlns="jabber:iq:private"/></iq>"#;

const REFUSED: &str = concat!(
    r#"<iq xmlns="jabber:client" type="error" id="q"><error type="cancel">"#,
    r#"<feature-not-implemented xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" />"#,
    r#"<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">This is not served here</text></error></iq>"#
);

fn user(id: &str) -> User {
    User {
        key: UserKey(7),
        id: UserId::parse(id).unwrap(),
        state: State::Active,
        handle: PictureKey::parse("AAAAAAAAAAAAAAAAAAAAAA").unwrap(),
        profile: Profile { display_name: Some(DisplayName::parse("Älice Ω <1>").unwrap()), ..Profile::default() },
        created_at: Moment::from_micros(0),
        updated_at: Moment::from_micros(0),
        version: 1,
        picture_lock: None,
    }
}

fn texts(step: &Effects<XmppCommand>) -> Vec<&str> {
    step.frames
        .iter()
        .map(|frame| match frame {
            Frame::Text(text) => text.as_str(),
            Frame::Binary(_) => panic!("binary"),
        })
        .collect()
}

fn hear(talk: &mut Xmpp, text: &str) -> Effects<XmppCommand> {
    talk.receive(Frame::Text(text.to_owned()))
}

/// One that was let in, and has not bound itself yet.
fn proved(missed_since: Option<i64>) -> Xmpp {
    proved_at(HOST, missed_since)
}

fn proved_at(host: &str, missed_since: Option<i64>) -> Xmpp {
    let mut talk = Xmpp::new("by.header");
    hear(&mut talk, &open().replace(HOST, host));
    let step = hear(&mut talk, &auth("alice", "p"));
    assert!(matches!(step.command, Some(XmppCommand::SignIn { .. })) && !talk.is_authenticated());
    let iv_text = "LICENSEKEY0123456789abcd".to_owned();
    let step = talk.outcome(XmppResult::SignedIn { user: Box::new(user("alice")), iv_text, missed_since });
    assert_eq!(texts(&step), [r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl" />"#]);
    assert!(talk.is_authenticated());
    talk
}

fn bound() -> Xmpp {
    let mut talk = proved(None);
    hear(&mut talk, &open());
    assert!(hear(&mut talk, BIND).command.is_none());
    talk
}

fn changed(seq: i64, fields: &[ProfileField]) -> Notification {
    Notification::ProfileChanged { seq, user: Box::new(user("guest@qiscus.com")), fields: fields.to_vec() }
}

fn assert_broken_off(step: &Effects<XmppCommand>, condition: &str) {
    let error = format!(
        concat!(
            r#"<stream:error xmlns:stream="http://etherx.jabber.org/streams">"#,
            r#"<{} xmlns="urn:ietf:params:xml:ns:xmpp-streams" /></stream:error>"#
        ),
        condition
    );
    assert_eq!((texts(step), step.is_over), (vec![error.as_str(), CLOSE], true));
}

#[test]
fn the_stream_uses_the_host_of_the_client_else_of_the_header() {
    for (opening, host) in [(open(), HOST), (open().replace(HOST, ""), "by.header")] {
        let mut talk = Xmpp::new("by.header");
        assert!(texts(&hear(&mut talk, &opening))[0].contains(&format!(r#"from="{host}""#)));
        let Some(XmppCommand::SignIn { host: asked, username, password }) = hear(&mut talk, &auth("u", "p")).command
        else {
            panic!("no sign-in");
        };
        assert_eq!((asked.as_str(), username.as_str(), password.expose()), (host, "u", "p"));
    }
    let mut talk = Xmpp::new(HOST);
    assert_broken_off(&hear(&mut talk, &open().replace(HOST, "a b")), "host-unknown");
}

#[test]
fn only_a_password_is_accepted_before_authentication() {
    for early in [UNKNOWN, BIND, r#"<presence xmlns="jabber:client"/>"#, &auth("u", "p")] {
        assert_broken_off(&hear(&mut Xmpp::new(HOST), early), "not-authorized");
    }
    let mut talk = Xmpp::new(HOST);
    hear(&mut talk, &open());
    assert_broken_off(&hear(&mut talk, UNKNOWN), "not-authorized");
}

#[test]
fn another_mechanism_and_a_malformed_plain_message_fail() {
    let plain = auth("u", "p");
    let message = |text: &str| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        format!(r#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">{}</auth>"#, STANDARD.encode(text))
    };
    for wrong in [
        plain.replace("PLAIN", "SCRAM-SHA-1"),
        plain.replace("mechanism", "m"),
        message(""),
        message("\0u"),
        message("\0\0p"),
        message("\0u\0"),
        message("\0u\0p\0"),
        r#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">%</auth>"#.to_owned(),
    ] {
        let mut talk = Xmpp::new(HOST);
        hear(&mut talk, &open());
        let step = hear(&mut talk, &wrong);
        let condition = if wrong.contains(r#" mechanism="PLAIN""#) { "not-authorized" } else { "invalid-mechanism" };
        let failure = format!(r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><{condition} /></failure>"#);
        assert_eq!((texts(&step), step.is_over), (vec![failure.as_str(), CLOSE], true), "{wrong}");
    }
}

#[test]
fn stanzas_before_the_bind_are_held_and_answered_after_it() {
    let mut talk = proved(None);
    assert_eq!(hear(&mut talk, UNKNOWN), Effects::default());
    hear(&mut talk, &open());
    assert_eq!(hear(&mut talk, UNKNOWN), Effects::default());
    let roster = r#"<iq xmlns="jabber:client" type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>"#;
    assert_eq!(hear(&mut talk, roster), Effects::default());
    assert_eq!(hear(&mut talk, UNKNOWN), Effects::default());
    let step = hear(&mut talk, BIND);
    assert_eq!(texts(&step)[1..], [REFUSED, REFUSED]);
    assert!(matches!(step.command, Some(XmppCommand::ReadList { list: XmppList::Roster, .. })));
    let empty = r#"<query xmlns="jabber:iq:roster" contact_permission="1" />"#;
    let step = talk.outcome(XmppResult::Listed(empty.to_owned()));
    let answer = format!(r#"<iq xmlns="jabber:client" type="result" id="r">{empty}</iq>"#);
    assert_eq!(texts(&step), [answer.as_str(), REFUSED]);
}

#[test]
fn sixteen_stanzas_are_held_and_no_more() {
    let mut talk = proved(None);
    (0..16).for_each(|_| assert_eq!(hear(&mut talk, UNKNOWN), Effects::default()));
    assert_broken_off(&hear(&mut talk, UNKNOWN), "policy-violation");
}

#[test]
fn missed_events_are_looked_up_at_the_bind() {
    for (missed_since, notifications, asked) in [
        (None, vec![], None),
        (Some(3), vec![], Some(XmppCommand::LookBack(3))),
        (None, vec![8, 9], Some(XmppCommand::LookBack(7))),
        (Some(3), vec![8], Some(XmppCommand::LookBack(3))),
    ] {
        let mut talk = proved(missed_since);
        for seq in notifications {
            assert_eq!(talk.notification(&changed(seq, &[ProfileField::Status])), Effects::default());
        }
        hear(&mut talk, &open());
        assert_eq!(hear(&mut talk, BIND).command, asked);
    }
    let mut talk = proved(Some(3));
    hear(&mut talk, &open());
    hear(&mut talk, UNKNOWN);
    hear(&mut talk, BIND);
    let more = XmppResult::Missed { notifications: vec![changed(4, &[ProfileField::Email])], rest: Some(1003) };
    let step = talk.outcome(more);
    assert_eq!(
        (texts(&step).len(), step.command),
        (1, Some(XmppCommand::LookBack(1003))),
        "what is held waits for all of it"
    );
    let step =
        talk.outcome(XmppResult::Missed { notifications: vec![changed(1004, &[ProfileField::Email])], rest: None });
    assert_eq!((texts(&step).len(), &step.command), (2, &None));
    assert_eq!(texts(&step)[1], REFUSED);
}

#[test]
fn a_change_is_pushed_from_its_owner_to_this_client_with_the_owners_key() {
    let mut talk = bound();
    let step = talk.notification(&changed(1, &[ProfileField::DisplayName]));
    let frame = texts(&step)[0].to_owned();
    let head = format!(
        r#"<iq xmlns="jabber:client" type="result" id="new" from="guest=40qiscus.com@{HOST}" to="alice@{HOST}/Web-1">"#
    );
    assert!(frame.starts_with(&head), "{frame}");
    let codec = standin::dialect::mirrorfly::codec::Codec::of_profile("guest=40qiscus.com", "LICENSEKEY0123456789abcd");
    assert!(frame.contains(&format!("<nickName>{}</nickName>", codec.encrypt("Älice Ω <1>"))), "{frame}");
    assert_eq!(talk.notification(&changed(2, &[ProfileField::Metadata, ProfileField::Extras])), Effects::default());
    let step = talk.notification(&Notification::ContactsChanged {
        seq: 3,
        added: Vec::new(),
        removed: Vec::new(),
        changed: Vec::new(),
    });
    let reported = format!(
        r#"<message xmlns="jabber:client" from="alice@{HOST}" to="alice@{HOST}/Web-1"><register_update /></message>"#
    );
    assert_eq!(texts(&step), [reported]);
}

#[test]
fn each_client_receives_a_change_with_its_own_name_and_host() {
    let news = changed(1, &[ProfileField::DisplayName]);
    let named = |host, resource: &str| {
        let mut talk = proved_at(host, None);
        hear(&mut talk, &open());
        hear(&mut talk, &BIND.replace("Web-1", resource));
        let step = talk.notification(&news);
        let frame = texts(&step)[0].to_owned();
        let (head, vcard) = frame.split_once("><").unwrap();
        (head.split_once(" from=").unwrap().1.to_owned(), vcard.to_owned())
    };
    let (web, vcard) = named(HOST, "Web-1");
    assert_eq!(web, format!(r#""guest=40qiscus.com@{HOST}" to="alice@{HOST}/Web-1""#));
    let odd = format!(r#""guest=40qiscus.com@{HOST}" to="alice@{HOST}/&lt;2&gt; &amp;#3; Ä&quot;""#);
    assert_eq!(named(HOST, "&lt;2&gt; &amp;#3; Ä&quot;"), (odd, vcard.clone()));
    let other = r#""guest=40qiscus.com@other.example" to="alice@other.example/Web-1""#;
    assert_eq!(named("other.example", "Web-1"), (other.to_owned(), vcard));
}

#[test]
fn every_question_is_answered() {
    let mut talk = bound();
    assert_eq!(texts(&hear(&mut talk, UNKNOWN)), [REFUSED]);
    for silent in [
        r#"<presence xmlns="jabber:client" type="subscribe" to="bob@h"/>"#,
        r#"<iq xmlns="jabber:client" type="result" id="x"/>"#,
        r#"<iq xmlns="jabber:client" type="error" id="x"/>"#,
        r#"<message xmlns="jabber:client" type="error"/>"#,
    ] {
        assert_eq!(hear(&mut talk, silent), Effects::default(), "{silent}");
    }
    let message = r#"<message xmlns="jabber:client" id="q" to="b@h"><body>x</body></message>"#;
    assert_eq!(
        texts(&hear(&mut talk, message)),
        [REFUSED.replace("iq", "message").replace(r#"id="q""#, r#"id="q" from="b@h""#)]
    );
    for (known, answer) in [
        (r#"<iq xmlns="jabber:client" type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>"#, "c"),
        (r#"<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>"#, "p"),
    ] {
        let result = format!(r#"<iq xmlns="jabber:client" type="result" id="{answer}" />"#);
        assert_eq!(texts(&hear(&mut talk, known)), [result]);
    }
    assert_broken_off(&hear(&mut talk, "<a/>"), "unsupported-stanza-type");
}

#[test]
fn a_profile_is_replaced_with_decrypted_fields_and_a_refusal_is_answered() {
    let mut talk = bound();
    let codec = standin::dialect::mirrorfly::codec::Codec::of_profile("alice", "LICENSEKEY0123456789abcd");
    let set = format!(
        "{SET}<nickName>{}</nickName><image>i</image><email/><mobileNumber>plain</mobileNumber><status>s</status></vCard></iq>",
        codec.encrypt("Älice")
    );
    let Some(XmppCommand::SetProfile(sent)) = hear(&mut talk, &set).command else { panic!("nothing to set") };
    let fields = [&sent.nickname, &sent.image, &sent.email, &sent.mobile_number, &sent.status];
    assert_eq!(fields, ["Älice", "i", "", "plain", "s"]);
    let step = talk.outcome(XmppResult::Refused(StanzaError::bad_request("nickName: at most 500 bytes")));
    assert!(texts(&step)[0].starts_with(r#"<iq xmlns="jabber:client" type="error" id="s1"><error type="modify">"#));
}

#[test]
fn a_vcard_of_other_fields_and_an_iq_of_no_kind_are_refused() {
    let mut talk = bound();
    let foreign = format!("{SET}<FN>Alice</FN><NICKNAME>Al</NICKNAME></vCard></iq>");
    let unkind = r#"<iq xmlns="jabber:client" type="foo" id="s1"><ping xmlns="urn:xmpp:ping"/></iq>"#;
    for odd in [foreign.as_str(), unkind] {
        let step = hear(&mut talk, odd);
        assert_eq!(step.command, None, "{odd}");
        assert!(texts(&step)[0].contains(r#" type="error" id="s1"><error type="modify"><bad-request "#), "{step:?}");
    }
    for answer in ["result", "error"] {
        assert_eq!(hear(&mut talk, &unkind.replace("foo", answer)), Effects::default());
    }
}

#[test]
fn binary_frames_invalid_xml_and_a_server_stop_end_the_stream() {
    let step = Xmpp::new(HOST).receive(Frame::Binary("<a/>".into()));
    assert_broken_off(&step, "not-well-formed");
    for (frame, condition) in [
        ("<", "not-well-formed".to_owned()),
        ("<!DOCTYPE a><a/>", "restricted-xml".to_owned()),
        (&"<a>".repeat(17), "policy-violation".to_owned()),
    ] {
        assert_broken_off(&hear(&mut bound(), frame), &condition);
    }
    for why in [EndReason::Slow, EndReason::Replaced, EndReason::Refused, EndReason::Withdrawn, EndReason::Closing] {
        assert_eq!(texts(&bound().close(why)), [CLOSE]);
    }
    let step = hear(&mut bound(), r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#);
    assert_eq!((texts(&step), step.is_over), (vec![CLOSE], true));
}
