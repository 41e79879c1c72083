//! The realtime server of the Qiscus SDKs, MQTT 3.1.1 over a WebSocket, through a small client of its own.

mod attacks;
mod bounds;
mod cut;
mod door;
mod ends;
mod messages;
mod presence;
mod rooms;
mod tokens;

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, protocol::frame::coding::CloseCode},
};

use super::{
    golden,
    qiscus_messages::{Chatter, id, results, two},
    qiscus_rest::second_app,
    standin::{APP_ID, Standin, send},
};

/// The longest wait for what must come.
const WAIT: Duration = Duration::from_secs(20);

/// How long nothing may come.
const SILENCE: Duration = Duration::from_millis(400);

const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;
const UNSUBSCRIBE: u8 = 0xa2;
const UNSUBACK: u8 = 0xb0;
const PINGREQ: u8 = 0xc0;
const PINGRESP: u8 = 0xd0;

/// What a refused topic is answered.
const REFUSED: u8 = 0x80;

/// A packet: its first byte, and what follows its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet(u8, Vec<u8>);

impl Packet {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.0];
        let mut left = self.1.len();
        loop {
            let more = if left > 127 { 0x80 } else { 0 };
            bytes.push(more | u8::try_from(left % 128).unwrap());
            left /= 128;
            if left == 0 {
                break;
            }
        }
        bytes.extend(&self.1);
        bytes
    }

    /// Takes a whole packet from the front of these bytes.
    fn taken(bytes: &mut Vec<u8>) -> Option<Self> {
        let (mut length, mut at) = (0_usize, 1);
        loop {
            let byte = *bytes.get(at)?;
            length |= usize::from(byte & 0x7f) << (7 * (at - 1));
            at += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        if bytes.len() < at + length {
            return None;
        }
        let rest = bytes.split_off(at + length);
        let packet = std::mem::replace(bytes, rest);
        Some(Self(packet[0], packet[at..].to_vec()))
    }

    fn connect(client: &str, level: u8) -> Self {
        Self(CONNECT, [&text("MQTT")[..], &[level, 2, 0, 60], &text(client)].concat())
    }

    /// With a keep-alive in seconds.
    fn connect_alive(seconds: u8) -> Self {
        Self(CONNECT, [&text("MQTT")[..], &[4, 2, 0, seconds], &text("x")].concat())
    }

    fn subscribe(id: u16, topics: &[&str]) -> Self {
        let topics = topics.iter().flat_map(|topic| [&text(topic)[..], &[0]].concat());
        Self(SUBSCRIBE, id.to_be_bytes().into_iter().chain(topics).collect())
    }

    fn publish(topic: &str, payload: &[u8]) -> Self {
        Self(PUBLISH, [&text(topic), payload].concat())
    }
}

fn text(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// A message of the server: its topic, and what it says.
pub(crate) type Heard = (String, String);

/// A connection of a client.
pub(crate) struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    read: Vec<u8>,
    subscriptions: u16,
    heard: VecDeque<Heard>,
}

impl Socket {
    /// A WebSocket, without a packet.
    pub(crate) async fn opened(server: &Standin) -> Self {
        let (socket, answer) = Self::with(server, &[("Sec-WebSocket-Protocol", "mqtt")]).await.unwrap();
        assert_eq!(answer.as_deref(), Some("mqtt"));
        socket
    }

    /// A WebSocket whose handshake has these headers, and the sub-protocol that is answered; else the status of the refusal.
    async fn with(server: &Standin, headers: &[(&'static str, &str)]) -> Result<(Self, Option<String>), u16> {
        let address = format!("{}/mqtt?x=wss://", server.base().replace("http", "ws"));
        let mut request = address.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, answer)) => {
                let protocol = answer.headers().get("sec-websocket-protocol");
                let protocol = protocol.map(|protocol| protocol.to_str().unwrap().to_owned());
                Ok((Self { socket, read: Vec::new(), subscriptions: 0, heard: VecDeque::new() }, protocol))
            }
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A client of a page of this origin that has connected; else the status of the refusal.
    async fn of_page(server: &Standin, origin: &str) -> Result<Self, u16> {
        let (mut socket, _) = Self::with(server, &[("Origin", origin)]).await?;
        socket.say(&Packet::connect("x", 4)).await;
        assert_eq!(socket.packet().await, Some(Packet(CONNACK, vec![0, 0])));
        Ok(socket)
    }

    /// A client that has connected, and subscribed to nothing.
    pub(crate) async fn connected(server: &Standin) -> Self {
        static CLIENTS: AtomicU64 = AtomicU64::new(1);
        let number = CLIENTS.fetch_add(1, Ordering::Relaxed);
        Self::named(server, &format!("{APP_ID}_ada_{number}")).await
    }

    async fn named(server: &Standin, client: &str) -> Self {
        let mut socket = Self::opened(server).await;
        socket.say(&Packet::connect(client, 4)).await;
        assert_eq!(socket.packet().await, Some(Packet(CONNACK, vec![0, 0])));
        socket
    }

    /// A client that has subscribed to its user's own topics.
    pub(crate) async fn of(chatter: &Chatter<'_>) -> Self {
        let mut socket = Self::connected(chatter.server).await;
        assert_eq!(socket.logs_in(&chatter.token).await, [0, 0, 0]);
        socket
    }

    async fn logs_in(&mut self, token: &str) -> Vec<u8> {
        let topics = ["c", "n", "update"].map(|kind| format!("{token}/{kind}"));
        self.subscribes(&topics.each_ref().map(String::as_str)).await
    }

    async fn say(&mut self, packet: &Packet) {
        self.say_bytes(&packet.bytes()).await;
    }

    async fn say_bytes(&mut self, bytes: &[u8]) {
        self.socket.send(Message::binary(bytes.to_vec())).await.unwrap();
    }

    /// The next packet; none when the connection ends.
    async fn packet(&mut self) -> Option<Packet> {
        loop {
            if let Some(packet) = Packet::taken(&mut self.read) {
                return Some(packet);
            }
            match timeout(WAIT, self.socket.next()).await.expect("a packet") {
                Some(Ok(Message::Binary(bytes))) => self.read.extend(bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(other)) => panic!("{other:?}"),
            }
        }
    }

    /// The next packet that is no message; messages wait to be heard.
    async fn answer(&mut self) -> Packet {
        loop {
            match self.packet().await.expect("an answer") {
                Packet(PUBLISH, content) => self.heard.push_back(message(&content)),
                other => return other,
            }
        }
    }

    /// The codes of the answer.
    pub(crate) async fn subscribes(&mut self, topics: &[&str]) -> Vec<u8> {
        self.subscriptions += 1;
        let id = self.subscriptions;
        self.say(&Packet::subscribe(id, topics)).await;
        let Packet(kind, content) = self.answer().await;
        assert_eq!((kind, &content[..2]), (SUBACK, &id.to_be_bytes()[..]));
        content[2..].to_vec()
    }

    async fn unsubscribes(&mut self, topics: &[&str]) {
        let topics: Vec<u8> = topics.iter().flat_map(|topic| text(topic)).collect();
        self.say(&Packet(UNSUBSCRIBE, [&[0, 9], &topics[..]].concat())).await;
        assert_eq!(self.answer().await, Packet(UNSUBACK, vec![0, 9]));
    }

    pub(crate) async fn publishes(&mut self, topic: &str, payload: &str) {
        self.say(&Packet::publish(topic, payload.as_bytes())).await;
    }

    /// The next message of the server.
    pub(crate) async fn hears(&mut self) -> Heard {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return heard;
            }
            match self.packet().await.expect("a message") {
                Packet(PUBLISH, content) => self.heard.push_back(message(&content)),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message, which is an object; its topic without the token, and what it says.
    async fn hears_object(&mut self) -> (String, Value) {
        let (topic, said) = self.hears().await;
        (topic.rsplit('/').next().unwrap().to_owned(), serde_json::from_str(&said).unwrap())
    }

    /// Cuts the connection, as a network that fails: no close frame.
    async fn cut(self) {
        drop(self.socket);
    }

    /// Waits until the server has handled everything that was sent.
    async fn pings(&mut self) {
        self.say(&Packet(PINGREQ, vec![])).await;
        assert_eq!(self.answer().await, Packet(PINGRESP, vec![]));
    }

    pub(crate) async fn hears_nothing(&mut self) {
        self.pings().await;
        tokio::time::sleep(SILENCE).await;
        self.pings().await;
        assert_eq!(self.heard, VecDeque::new());
    }

    /// Whether the server closes the connection without another packet, and with which code.
    async fn closed(&mut self) -> Option<CloseCode> {
        self.closed_with_reason().await.map(|(code, _)| code)
    }

    async fn closed_with_reason(&mut self) -> Option<(CloseCode, String)> {
        loop {
            match timeout(WAIT, self.socket.next()).await.expect("the end") {
                Some(Ok(Message::Close(frame))) => {
                    return frame.map(|frame| (frame.code, frame.reason.as_str().to_owned()));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Err(_)) | None => return None,
                Some(Ok(other)) => panic!("{other:?}"),
            }
        }
    }
}

fn message(content: &[u8]) -> Heard {
    let length = usize::from(u16::from_be_bytes([content[0], content[1]]));
    let (topic, said) = content[2..].split_at(length);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(topic), text(said))
}

fn typing(room: i64, user: &str) -> String {
    format!("r/{room}/{room}/{user}/t")
}

/// The topics of a room, as the SDK subscribes to them.
fn topics_of(room: i64) -> [String; 4] {
    [format!("r/{room}/typing"), typing(room, "+"), format!("r/{room}/{room}/+/d"), format!("r/{room}/{room}/+/r")]
}

pub(super) async fn enters(socket: &mut Socket, room: i64) -> Vec<u8> {
    socket.subscribes(&topics_of(room).each_ref().map(String::as_str)).await
}

fn said(topic: &str, payload: &str) -> Heard {
    (topic.to_owned(), payload.to_owned())
}
