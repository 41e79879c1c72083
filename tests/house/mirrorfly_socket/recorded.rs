//! Runs of the published SDK, replayed: its calls, and the stanzas it sent and received between them.

use standin::dialect::mirrorfly::codec::Codec;

use super::{
    super::recorded::{Replay, steps},
    *,
};

/// What the SDK took the server for when it was recorded.
const PUBLIC_URL: &str = "http://standin.localhost";

/// The text of a message's body in a recording, in place of what is encrypted.
const SEALED: (&str, &str) = ("<sealed>", "</sealed>");

const BODY: (&str, &str) = (r#"<body message_type="text">"#, "</body>");

/// From this length on, base64 is a body that is encrypted with an id.
const CIPHER_CHARS_MIN: usize = 100;

/// The id of a stanza.
fn id_of(stanza: &str) -> &str {
    stanza.split_once(r#" id=""#).and_then(|(_, rest)| rest.split_once('"')).unwrap_or_else(|| panic!("{stanza}")).0
}

/// A recorded stanza as the SDK sends it.
fn sealed(stanza: String) -> String {
    let Some((before, rest)) = stanza.split_once(SEALED.0) else { return stanza };
    let (body, after) = rest.split_once(SEALED.1).unwrap();
    format!("{before}{}{after}", Codec::of_message(id_of(before)).encrypt(body))
}

/// A received stanza without what differs with the ids and the time, as recordings have it.
fn steady(stanza: &str) -> String {
    let opened = match stanza.split_once(BODY.0) {
        Some((before, rest)) if stanza.starts_with("<message ") => {
            let (cipher, after) = rest.split_once(BODY.1).unwrap();
            let body = Codec::of_message(id_of(before)).decrypt(cipher).unwrap();
            format!("{before}{}{}{body}{}{}{after}", BODY.0, SEALED.0, SEALED.1, BODY.1)
        }
        Some(_) | None => stanza.to_owned(),
    };
    let parts = opened.split_inclusive('>').map(|part| match part.split_once('<') {
        Some((text, tag)) => format!("{}<{}", steady_text(text), without_micros(tag)),
        None => part.to_owned(),
    });
    parts.collect()
}

fn steady_text(text: &str) -> &str {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    match text {
        _ if text.len() >= CIPHER_CHARS_MIN && text.chars().all(is_base64) => "<encrypted/>",
        _ if shape == "0000-00-00 00:00:00.000000" => "<when/>",
        _ if shape == "0".repeat(16) => "0",
        text => text,
    }
}

/// A tag whose attribute is a time in microseconds.
fn without_micros(tag: &str) -> String {
    let attributes = tag.split('"').map(|part| if part.len() == 16 { steady_text(part) } else { part });
    attributes.collect::<Vec<_>>().join("\"")
}

async fn replay(name: &str) {
    let server = Standin::with(&[("STANDIN_PUBLIC_URL", PUBLIC_URL), ("STANDIN_APP_REGISTRATION", "open")]).await;
    let mut replay = Replay::new(&server);
    let mut socket = None;
    for (number, step) in steps(name).iter().enumerate() {
        let at = format!("step {number}");
        if step["opens"].is_string() {
            assert_eq!(step, &json!({ "opens": "/websocket", "protocol": "xmpp" }));
            socket = Some(Socket::connect(&server).await);
        } else if let Some(said) = step["said"].as_str() {
            socket.as_mut().unwrap().say(&sealed(replay.fill(said))).await;
        } else if step["heard"].is_string() {
            let received = socket.as_mut().unwrap().hear().await;
            replay.compare(&at, &step["heard"], &json!(steady(&received)));
        } else {
            replay.exchange(&at, step).await;
        }
    }
    assert_eq!(socket.unwrap().until_the_end().await, Vec::<String>::new(), "nothing was said beside it");
}

#[actix_web::test]
async fn the_sdk_receives_what_was_recorded() {
    replay("mirrorfly-trial").await;
}

#[actix_web::test]
async fn the_sdk_chats_as_it_was_recorded() {
    replay("mirrorfly-chat").await;
}
