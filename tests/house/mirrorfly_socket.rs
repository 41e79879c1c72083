//! MirrorFly's socket: the conversation alone, its stanzas, and the true socket of a true server.

mod blocks;
mod conversation;
mod door;
mod faults;
mod recorded;
mod replaced;
mod stanzas;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};

use super::{
    mirrorfly_rest::data,
    standin::{Answer, Standin, send},
};

/// What clients of these tests call the server.
pub(crate) const HOST: &str = "chat.example.test";

pub(crate) const CLOSE: &str = r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#;

const SET: &str = r#"<iq xmlns="jabber:client" type="set" id="s1"><vCard xmlns="vcard-temp">"#;

/// The longest wait for what must come.
const WAIT: Duration = Duration::from_secs(20);

/// How long nothing may come.
const SILENCE: Duration = Duration::from_millis(300);

/// A user, with what it needs to come in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    token: String,
    pub(crate) password: String,
}

impl Person {
    /// Its own ticket.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

pub(crate) async fn person(server: &Standin, id: &str) -> Person {
    let back_end = server.back_end_token().await;
    person_of(&server.create_user(&back_end, &[("userIdentifier", id)]).await)
}

/// The user of an answer to createUser or register.
pub(crate) fn person_of(answer: &Answer) -> Person {
    let made = data(answer);
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    Person { id: text("username"), token: text("token"), password: text("password") }
}

/// Lists one user as the other's contact.
pub(crate) async fn list(server: &Standin, owner: &Person, whom: &Person) {
    let body = json!({ "username": whom.id, "licenseKey": super::standin::LICENSE_KEY });
    let call = server.call(Method::POST, "/api/v1/contacts/sandbox/syncContacts").header("Authorization", &owner.token);
    assert_eq!(send(call.json(&body)).await.json()["status"], 200);
}

/// A WebSocket to the server, as a browser opens it.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

pub(crate) fn auth(username: &str, password: &str) -> String {
    let message = STANDARD.encode(format!("\0{username}\0{password}"));
    format!(r#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">{message}</auth>"#)
}

fn open() -> String {
    format!(r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="{HOST}" version="1.0" />"#)
}

/// A login attempt: everything received until the login succeeds or the stream ends.
pub(crate) async fn knock(server: &Standin, username: &str, password: &str) -> String {
    let mut socket = Socket::opened(server).await;
    socket.say(&auth(username, password)).await;
    let first = socket.hear().await;
    match first.starts_with("<success") {
        true => first,
        false => first + &socket.until_the_end().await.concat(),
    }
}

const BIND: &str = concat!(
    r#"<iq xmlns="jabber:client" type="set" id="_bind_auth_2"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind">"#,
    "<resource>Web-1</resource></bind></iq>"
);

impl Socket {
    async fn connect(server: &Standin) -> Self {
        Self::connect_at(server.base()).await
    }

    async fn connect_at(base: &str) -> Self {
        let mut request = format!("{}/websocket", base.replace("http", "ws")).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "xmpp".parse().unwrap());
        let (socket, answer) = connect_async(request).await.unwrap();
        assert_eq!(answer.headers().get("Sec-WebSocket-Protocol").unwrap(), "xmpp");
        Self(socket)
    }

    /// A stream that is open and asks for a password.
    pub(crate) async fn opened(server: &Standin) -> Self {
        Self::opened_at(server.base(), HOST).await
    }

    /// The same at an address of its own, addressed to this host.
    async fn opened_at(base: &str, host: &str) -> Self {
        let mut socket = Self::connect_at(base).await;
        socket.say(&open().replace(HOST, host)).await;
        assert!(socket.hear().await.starts_with("<open "));
        assert!(socket.hear().await.contains("<mechanism>PLAIN</mechanism>"));
        socket
    }

    /// A client that is in.
    pub(crate) async fn bound(server: &Standin, person: &Person) -> Self {
        Self::bound_at(server.base(), person, HOST).await
    }

    /// The same at an address of its own, addressed to this host.
    pub(crate) async fn bound_at(base: &str, person: &Person, host: &str) -> Self {
        let mut socket = Self::opened_at(base, host).await;
        socket.say(&auth(&person.id, &person.password)).await;
        assert_eq!(socket.hear().await, r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl" />"#);
        socket.say(&open()).await;
        socket.hear().await;
        assert!(socket.hear().await.contains("xmpp-bind"));
        socket.say(BIND).await;
        assert!(socket.hear().await.contains("<jid>"));
        socket
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Sends a frame of text, if the connection still stands.
    pub(crate) async fn try_say(&mut self, text: &str) -> bool {
        self.0.send(Message::text(text)).await.is_ok()
    }

    async fn next(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        loop {
            match tokio::time::timeout(WAIT, self.0.next()).await.expect("nothing came") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => return other,
            }
        }
    }

    /// The next frame of text; none at the end, however it comes.
    pub(crate) async fn hear_if_any(&mut self) -> Option<String> {
        match self.next().await {
            Some(Ok(Message::Text(text))) => Some(text.to_string()),
            Some(Ok(_) | Err(_)) | None => None,
        }
    }

    /// The next frame of text.
    pub(crate) async fn hear(&mut self) -> String {
        match self.next().await {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("no text: {other:?}"),
        }
    }

    /// All frames of text until the end.
    pub(crate) async fn until_the_end(&mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(Ok(message)) = self.next().await {
            if message.is_close() {
                break;
            }
            frames.push(message.into_text().unwrap().to_string());
        }
        frames
    }

    /// The code of the frame that closes the socket, after whatever is said before it.
    pub(crate) async fn closes(&mut self) -> Option<tungstenite::protocol::frame::coding::CloseCode> {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(reason))) => return reason.map(|reason| reason.code),
                None | Some(Err(_)) => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Nothing comes for a while.
    pub(crate) async fn hears_nothing(&mut self) {
        if let Ok(received) = tokio::time::timeout(SILENCE, self.next()).await {
            panic!("heard {received:?}");
        }
    }

    /// Asks what changes nothing, and is answered.
    pub(crate) async fn still_answers(&mut self) {
        self.say(r#"<iq xmlns="jabber:client" type="get" id="p1"><ping xmlns="urn:xmpp:ping"/></iq>"#).await;
        let received = self.hear().await;
        assert!(received.contains(r#"id="p1""#), "{received}");
    }

    /// Replaces one's own profile: a status alone.
    pub(crate) async fn set_status(&mut self, status: &str) {
        self.say(&format!("{SET}<status>{status}</status></vCard></iq>")).await;
        assert_eq!(self.hear().await, r#"<iq xmlns="jabber:client" type="result" id="s1" />"#);
    }
}
