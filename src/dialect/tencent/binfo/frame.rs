//! Frames of the socket: JSON objects of a head and a body, in binary messages. The SDK's compression and checksums are
//! optional and not used. Source: wire/tencent.md section 2, verified with the published SDK.

use serde_json::{Map, Value, json};

use crate::{
    domain::Secret,
    http::{
        json::{self, JsonError},
        socket::Frame,
    },
};

#[derive(Debug, Clone, PartialEq)]
pub struct RequestFrame {
    pub call: CallId,
    pub credential: FrameCredential,
    /// Null if the frame has no body.
    pub body: Value,
}

/// The part of a request's head that the response repeats, so that the SDK finds its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallId {
    pub command: String,
    pub seq: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameCredential {
    Ticket(Secret),
    Sig {
        identifier: String,
        user_sig: Secret,
    },
    /// Nothing: the SDK reports its state even before its login.
    None,
}

/// Why a frame cannot be handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameError {
    NoJson(JsonError),
    /// The head is missing or lacks a field; holds what can be read of it.
    NoHead(CallId, &'static str),
}

impl RequestFrame {
    /// Parses a binary or a text message.
    pub fn read(message: &Frame) -> Result<Self, FrameError> {
        let text = match message {
            Frame::Text(text) => text.as_bytes(),
            Frame::Binary(bytes) => bytes,
        };
        let mut frame = json::parse_object(text).map_err(FrameError::NoJson)?;
        let head = frame.get("head").and_then(Value::as_object);
        let (seq, command) = (head.and_then(seq_of), head.map(|head| text_of(head, "servcmd")).unwrap_or_default());
        let call = CallId { command: command.to_owned(), seq: seq.unwrap_or_default() };
        let Some(head) = head else { return Err(FrameError::NoHead(call, "head must be an object")) };
        if call.command.is_empty() {
            return Err(FrameError::NoHead(call, "head.servcmd must name a command, as service.command"));
        }
        if seq.is_none() {
            return Err(FrameError::NoHead(call, "head.seq must be a whole number, without quotes"));
        }
        let credential = credential_of(head);
        Ok(Self { call, credential, body: frame.remove("body").unwrap_or_default() })
    }
}

fn seq_of(head: &Map<String, Value>) -> Option<u64> {
    head.get("seq").and_then(Value::as_u64)
}

fn text_of<'a>(head: &'a Map<String, Value>, name: &str) -> &'a str {
    head.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A ticket wins over a UserSig, because only a client that has logged in has one.
fn credential_of(head: &Map<String, Value>) -> FrameCredential {
    match (text_of(head, "a2"), text_of(head, "identifier"), text_of(head, "usersig")) {
        ("", "", _) | ("", _, "") => FrameCredential::None,
        ("", identifier, user_sig) => {
            FrameCredential::Sig { identifier: identifier.to_owned(), user_sig: Secret::new(user_sig) }
        }
        (ticket, ..) => FrameCredential::Ticket(Secret::new(ticket)),
    }
}

pub fn answer(call: &CallId, body: &str) -> Frame {
    written(&json!({ "seq": call.seq, "servcmd": call.command }), body)
}

/// Returns a push. The head has no number of the event, because the SDK does not read it.
pub fn push(event: &Value) -> Frame {
    written(&json!({ "servcmd": "im_open_push.msg_push" }), &json!({ "EventArray": [event] }).to_string())
}

/// Returns a binary message, because the SDK accepts no text messages.
fn written(head: &Value, body: &str) -> Frame {
    Frame::Binary(format!(r#"{{"head":{head},"body":{body}}}"#).into())
}
