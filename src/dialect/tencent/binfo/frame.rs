//! Frames of the socket: JSON objects of a head and a body, in messages of bytes. What the SDK compresses and sums up is optional, and
//! nothing here does.
//!
//! Source: wire/tencent.md section 2, run against the published SDK.

use serde_json::{Map, Value, json};

use crate::{
    domain::secret::Secret,
    http::{
        json::{self, Refused},
        socket::Frame,
    },
};

/// A frame of a client, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What is asked.
    pub name: Name,
    /// Who asks, as far as the frame says.
    pub proof: Proof,
    /// With what. Null where there is none.
    pub body: Value,
}

/// What an answer repeats of the frame that it answers: the SDK finds its call by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The command, `service.command`.
    pub command: String,
    /// The client's number of this call.
    pub seq: u64,
}

/// How a frame shows who sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// By the ticket that a login answered.
    Ticket(Secret),
    /// By a signature of the app's back end.
    Sig {
        /// For whom.
        identifier: String,
        /// The signature.
        user_sig: Secret,
    },
    /// Not at all: before its login the SDK already tells how it fares.
    None,
}

/// Why a frame is not answered as what it wanted to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is no JSON object.
    NoJson(Refused),
    /// It has no head that can be answered; as much of it as can be read.
    NoHead(Name, &'static str),
}

impl Asked {
    /// Reads a message, of bytes or of text.
    /// # Errors
    /// See [`Fault`].
    pub fn read(message: &Frame) -> Result<Self, Fault> {
        let text = match message {
            Frame::Text(text) => text.as_bytes(),
            Frame::Binary(bytes) => bytes,
        };
        let mut frame = json::parse_object(text).map_err(Fault::NoJson)?;
        let head = frame.get("head").and_then(Value::as_object);
        let (seq, command) = (head.and_then(seq_of), head.map(|head| text_of(head, "servcmd")).unwrap_or_default());
        let name = Name { command: command.to_owned(), seq: seq.unwrap_or_default() };
        let Some(head) = head else { return Err(Fault::NoHead(name, "head must be an object")) };
        if name.command.is_empty() {
            return Err(Fault::NoHead(name, "head.servcmd must name a command, as service.command"));
        }
        if seq.is_none() {
            return Err(Fault::NoHead(name, "head.seq must be a whole number, without quotes"));
        }
        let proof = proof_of(head);
        Ok(Self { name, proof, body: frame.remove("body").unwrap_or_default() })
    }
}

fn seq_of(head: &Map<String, Value>) -> Option<u64> {
    head.get("seq").and_then(Value::as_u64)
}

fn text_of<'a>(head: &'a Map<String, Value>, name: &str) -> &'a str {
    head.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A ticket counts before a signature: whoever has one has logged in.
fn proof_of(head: &Map<String, Value>) -> Proof {
    match (text_of(head, "a2"), text_of(head, "identifier"), text_of(head, "usersig")) {
        ("", "", _) | ("", _, "") => Proof::None,
        ("", identifier, user_sig) => Proof::Sig { identifier: identifier.to_owned(), user_sig: Secret::new(user_sig) },
        (ticket, ..) => Proof::Ticket(Secret::new(ticket)),
    }
}

/// The answer to a call: `body` is the text of a JSON object.
pub fn answer(name: &Name, body: &str) -> Frame {
    written(&json!({ "seq": name.seq, "servcmd": name.command }), body)
}

/// What is told unasked. The number of the event is the vendor's own, and the SDK does not read it.
pub fn push(event: &Value) -> Frame {
    written(&json!({ "servcmd": "im_open_push.msg_push" }), &json!({ "EventArray": [event] }).to_string())
}

/// A message of bytes: the SDK takes none of text.
fn written(head: &Value, body: &str) -> Frame {
    Frame::Binary(format!(r#"{{"head":{head},"body":{body}}}"#).into())
}
