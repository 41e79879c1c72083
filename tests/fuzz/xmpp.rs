//! MirrorFly's socket: stanzas, and the conversation that session them before and after a password.

use standin::{
    dialect::mirrorfly::xmpp::{
        protocol::{Xmpp, XmppCommand, XmppResult},
        stanza::XmlElement,
    },
    domain::{
        avatar::PictureKey,
        id::{UserId, UserKey},
        profile::{Profile, State, User},
        time::Moment,
    },
    http::socket::{Frame, Protocol as _},
};

use crate::{recorded, strange::Target};

/// Frames of one conversation stand in an input one behind the other, apart by this.
const APART: &str = "\u{1e}";

fn alice() -> User {
    User {
        key: UserKey(7),
        id: UserId::parse("alice").unwrap(),
        state: State::Active,
        handle: PictureKey::parse("AAAAAAAAAAAAAAAAAAAAAA").unwrap(),
        profile: Profile::default(),
        created_at: Moment::from_micros(0),
        updated_at: Moment::from_micros(0),
        version: 1,
        picture_lock: None,
    }
}

/// What is read is written so that it reads the same.
fn reads_again(frame: &str) -> Result<(), String> {
    let Ok(element) = XmlElement::read(frame) else { return Ok(()) };
    let written = element.write();
    match XmlElement::read(&written) {
        Ok(again) if again == element => Ok(()),
        other => Err(format!("{written:?} reads as {other:?}")),
    }
}

#[test]
fn xmpp() {
    let said = [recorded::said("mirrorfly-trial"), recorded::said("mirrorfly-chat")].concat();
    let whole = said.iter().map(|frame| String::from_utf8_lossy(frame)).collect::<Vec<_>>().join(APART);
    let seeds = said.into_iter().chain([whole.into_bytes()]).collect();
    let words = &[
        "<iq",
        "/>",
        "</iq>",
        "xmlns=\"jabber:client\"",
        "xmlns:a='b'",
        "<![CDATA[",
        "]]>",
        "&#0;",
        "&#x10FFFF;",
        "&lt;",
        "<!DOCTYPE a [<!ENTITY b 'c'>]>",
        "<?xml version=\"1.0\"?>",
        "<!--",
        "<vCard xmlns=\"vcard-temp\">",
        "id=\"",
        "\u{1e}",
        "\u{0}",
        "xml:lang=\"en\"",
        "to=\"a@b/c\"",
    ];
    let target = Target { name: "xmpp", seeds, words, head_bytes: 0 };
    target.fuzz(|case| {
        let text = String::from_utf8_lossy(case);
        let mut protocol = Xmpp::new("chat.example");
        for frame in text.split(APART) {
            reads_again(frame)?;
            let step = protocol.receive(Frame::Text(frame.to_owned()));
            if let Some(XmppCommand::SignIn { .. }) = step.command {
                let iv_text = "LICENSEKEY0123456789abcd".to_owned();
                protocol.outcome(XmppResult::SignedIn { user: Box::new(alice()), iv_text, missed_since: None });
            }
            for frame in step.frames {
                let Frame::Text(answer) = frame else { return Err("an answer of bytes".to_owned()) };
                XmlElement::read(&answer).map_err(|fault| format!("{answer:?} is no stanza: {fault:?}"))?;
            }
            if step.is_over {
                break;
            }
        }
        Ok(())
    });
}
