//! One-to-one text messages on MirrorFly's wire: the stanzas of the vendor's SDK, its queries, and its HTTP calls.

mod accounts;
mod carbons;
mod http;
mod offline;
mod queries;
mod rights;
mod sending;

use serde_json::{Value, json};
use standin::dialect::mirrorfly::{codec::Codec, xmpp::stanza::XmlElement};

use super::{
    mirrorfly_socket::{HOST, Person, Socket, person},
    standin::Standin,
};

/// The namespaces of the stanzas.
const CLIENT: &str = "jabber:client";
const CONTENT: &str = "urn:xmpp:content";
pub(crate) const RECEIPTS: &str = "urn:xmpp:receipts";
pub(crate) const ACTIVITIES: &str = "jabber:iq:user_activities";
const CARBONS: &str = "urn:xmpp:carbons:2";
const FORWARD: &str = "urn:xmpp:forward:0";

/// A client that receives messages, and hears of no presence.
pub(crate) struct Chatter(Socket);

impl Chatter {
    pub(crate) async fn of(house: &Standin, person: &Person) -> Self {
        let mut socket = Self(Socket::bound(house, person).await);
        socket.say(r#"<presence xmlns="jabber:client"><priority>1</priority></presence>"#).await;
        socket
    }

    pub(crate) async fn say(&mut self, stanza: &str) {
        self.0.say(stanza).await;
    }

    /// The next stanza but presence, as text.
    pub(crate) async fn hear_text(&mut self) -> String {
        loop {
            let heard = self.0.hear().await;
            if !heard.starts_with("<presence ") {
                return heard;
            }
        }
    }

    pub(crate) async fn hear(&mut self) -> XmlElement {
        let heard = self.hear_text().await;
        XmlElement::read(&heard).unwrap_or_else(|fault| panic!("{fault:?}: {heard}"))
    }

    /// Nothing came but presence: a question is answered next.
    pub(crate) async fn hears_nothing(&mut self) {
        self.say(r#"<iq xmlns="jabber:client" type="get" id="p1"><ping xmlns="urn:xmpp:ping"/></iq>"#).await;
        assert_eq!(self.hear_text().await, r#"<iq xmlns="jabber:client" type="result" id="p1" />"#);
    }

    /// As [`Chatter::hears_nothing`], but for blocks, which are told again after a lost connection.
    pub(crate) async fn hears_no_message(&mut self) {
        self.say(r#"<iq xmlns="jabber:client" type="get" id="p1"><ping xmlns="urn:xmpp:ping"/></iq>"#).await;
        loop {
            let heard = self.hear_text().await;
            if heard.contains(r#"id="p1""#) {
                return;
            }
            assert!(heard.contains("block"), "{heard}");
        }
    }

    /// Sends a text, and hears that it was taken.
    pub(crate) async fn send(&mut self, to: &str, id: &str, text: &str) {
        self.say(&message(to, id, text)).await;
        assert_eq!(acknowledged(&self.hear().await), ("acknowledge".into(), id.into(), format!("{to}@{HOST}")));
    }

    /// Hears a message: its author's JID, its id and its text.
    pub(crate) async fn hear_message(&mut self) -> (String, String, String) {
        let heard = self.hear().await;
        let (id, body) = body(&heard);
        (attribute(&heard, "from"), id, text(&body["message"]))
    }

    /// Asks a question, and hears its answer.
    pub(crate) async fn ask(&mut self, kind: &str, content: &str) -> XmlElement {
        self.say(&format!(r#"<iq xmlns="jabber:client" type="{kind}" id="q">{content}</iq>"#)).await;
        let heard = self.hear().await;
        assert_eq!(heard.attribute("id"), Some("q"), "{heard:?}");
        heard
    }

    /// The rows of a list that a query answers with: the fields of each.
    pub(crate) async fn rows(&mut self, attributes: &str, list: &str, row: &str) -> Vec<XmlElement> {
        let answer = self.ask("get", &query(attributes)).await;
        let list = answer.find("query", ACTIVITIES).and_then(|query| query.find(list, ACTIVITIES));
        list.unwrap_or_else(|| panic!("{answer:?}")).all(row, ACTIVITIES).cloned().collect()
    }

    /// Changes something by a query, and hears that it is done.
    pub(crate) async fn change(&mut self, attributes: &str) {
        let answer = self.ask("set", &query(attributes)).await;
        assert_eq!(answer.write(), r#"<iq xmlns="jabber:client" type="result" id="q" />"#);
    }
}

pub(crate) fn query(attributes: &str) -> String {
    format!(r#"<query xmlns="{ACTIVITIES}" {attributes}/>"#)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

pub(crate) fn attribute(element: &XmlElement, name: &str) -> String {
    element.attribute(name).unwrap_or_else(|| panic!("no {name}: {element:?}")).to_owned()
}

/// A message's body as the SDK encrypts it.
fn sealed(id: &str, body: &Value) -> String {
    Codec::of_message(id).encrypt(&body.to_string())
}

fn stanza(to: &str, id: &str, edit: &str, meta_data: &str, cipher: &str) -> String {
    let meta_data = meta_data.replace('"', "&quot;");
    format!(
        r#"<message xmlns="jabber:client" type="chat" id="{id}" to="{to}@{HOST}"><chatcontent xmlns="{CONTENT}" message_type="text" broadcast_id="" topic_id="" meta_data="{meta_data}" edit_msg_id="{edit}"/><body message_type="text">{cipher}</body></message>"#
    )
}

fn content(text: &str) -> Value {
    json!({ "message": text, "message_type": "text", "mentionedUsersIds": [], "nickName": "" })
}

pub(crate) fn message(to: &str, id: &str, text: &str) -> String {
    stanza(to, id, id, "{}", &sealed(id, &content(text)))
}

fn edit(to: &str, id: &str, edit: &str, text: &str) -> String {
    stanza(to, id, edit, "null", &sealed(id, &content(text)))
}

/// What a client reports or asks about messages: `delivered`, `seen` or `recall`.
pub(crate) fn about(word: &str, to: &str, ids: &str) -> String {
    format!(
        r#"<message xmlns="jabber:client" type="chat" id="r1" to="{to}@{HOST}"><{word} xmlns="{RECEIPTS}" id="{ids}" chat_type="chat"/></message>"#
    )
}

/// The id and the body of a message stanza.
pub(crate) fn body(stanza: &XmlElement) -> (String, Value) {
    let id = attribute(stanza, "id");
    let cipher = stanza.text_of("body");
    let plain = Codec::of_message(&id).decrypt(cipher).unwrap_or_else(|_| panic!("{stanza:?}"));
    (id, serde_json::from_str(&plain).unwrap())
}

/// The text of a row's cipher, by the fields that hold its id and its cipher.
pub(crate) fn row_text(row: &XmlElement, id: &str, cipher: &str) -> String {
    let plain = Codec::of_message(row.text_of(id)).decrypt(row.text_of(cipher)).unwrap();
    text(&serde_json::from_str::<Value>(&plain).unwrap()["message"])
}

/// The kind, id and addressee of an acknowledgement.
fn acknowledged(stanza: &XmlElement) -> (String, String, String) {
    let acknowledge = stanza.find("acknowledge", CLIENT).unwrap_or_else(|| panic!("{stanza:?}"));
    (attribute(acknowledge, "type"), attribute(acknowledge, "id"), attribute(acknowledge, "sent_to"))
}

/// The sender, id and status of a receipt of this kind.
pub(crate) fn receipt(stanza: &XmlElement, word: &str) -> (String, String, String) {
    let receipt = stanza.find(word, RECEIPTS).unwrap_or_else(|| panic!("{stanza:?}"));
    (attribute(stanza, "from"), attribute(receipt, "id"), attribute(receipt, "message_status"))
}

/// What a copy for another own session is about: `sent` or `received`, and the stanza within.
fn copied(stanza: &XmlElement) -> (String, XmlElement) {
    for word in ["sent", "received"] {
        let inner = stanza.find(word, CARBONS).and_then(|carbon| carbon.find("forwarded", FORWARD));
        if let Some(inner) = inner.and_then(|forwarded| forwarded.find("message", CLIENT)) {
            return (word.to_owned(), inner.clone());
        }
    }
    panic!("no copy: {stanza:?}")
}

/// The condition of a message's error. Says in a text what is wrong.
fn refused(heard: &str, id: &str) -> String {
    refused_with(heard, id).0
}

/// The condition of a message's error, and its text.
fn refused_with(heard: &str, id: &str) -> (String, String) {
    let stanza = XmlElement::read(heard).unwrap_or_else(|fault| panic!("{fault:?}: {heard}"));
    assert!(heard.starts_with(&format!(r#"<message xmlns="jabber:client" type="error" id="{id}""#)), "{heard}");
    let rest = heard.split_once("><").unwrap().1.split_once("><").unwrap().1;
    let error = stanza.find("error", CLIENT).unwrap();
    let text = error.find("text", "urn:ietf:params:xml:ns:xmpp-stanzas").unwrap();
    assert!(text.attribute("xml:lang") == Some("en") && !text.text().is_empty(), "{heard}");
    (rest.split_once(' ').unwrap().0.to_owned(), text.text().to_owned())
}

async fn pair(house: &Standin) -> (Person, Person) {
    (person(house, "ada").await, person(house, "bob").await)
}
