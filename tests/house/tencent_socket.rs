//! The socket of Tencent's Web SDK: the conversation alone, its frames, and the true socket of a true server.

mod calls;
mod conversation;
mod custom_fields;
mod door;
mod faults;
mod follow;
mod frames;
mod pushes;
mod recorded;
mod replaced;
mod sessions;
mod status;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, protocol::frame::coding::CloseCode},
};

use super::{
    golden,
    standin::{Answer, Standin, send},
    user_sig::{SDK_APP_ID, WITH_SDK_APP_ID, user_sig},
};

const LOGIN: &str = "im_open_status.wslogin";
const LOGOUT: &str = "im_open_status.wslogout";
const HEARTBEAT: &str = "heartbeat.alive";
const GET_ALL: &str = "profile.portrait_get_all";
const SET: &str = "profile.portrait_set";

/// The longest wait for what must come.
const WAIT: Duration = Duration::from_secs(20);

/// How long nothing may come.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);

/// A server whose app has a number that tests know.
pub(crate) async fn server() -> Standin {
    Standin::with(&[WITH_SDK_APP_ID]).await
}

/// What the SDK says of itself when it opens its socket.
fn query() -> String {
    format!(
        "sdkappid={SDK_APP_ID}&instanceid=0000002a89abcdef0123456789abcdef&random=0.5&platform=7&host=unknown&version=-1&\
         sdkversion=3.6.6&compress=gzip"
    )
}

/// A command of the REST API, as the administrator calls it; it must go well.
pub(crate) async fn by_rest(server: &Standin, command: &str, body: Value) -> Value {
    let sig = user_sig("administrator");
    let path = format!("/v4/{command}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}");
    let said = send(server.call(Method::POST, &path).json(&body)).await.json();
    assert_eq!(said["ErrorCode"], 0, "{said}");
    said
}

pub(crate) async fn import(server: &Standin, ids: &[&str]) {
    by_rest(server, "im_open_login_svc/multiaccount_import", json!({ "Accounts": ids })).await;
}

/// Sets tags of a user by the REST API.
pub(crate) async fn set(server: &Standin, id: &str, items: &[(&str, Value)]) {
    let items: Value = items.iter().map(|(tag, value)| json!({ "Tag": tag, "Value": value })).collect();
    by_rest(server, "profile/portrait_set", json!({ "From_Account": id, "ProfileItem": items })).await;
}

/// Makes two users each other's friends.
pub(crate) async fn befriend(server: &Standin, one: &str, other: &str) {
    let item = json!([{ "To_Account": other, "AddSource": "AddSource_Type_Test" }]);
    let body = json!({ "From_Account": one, "AddFriendItem": item, "AddType": "Add_Type_Both", "ForceAddFlags": 1 });
    let said = by_rest(server, "sns/friend_add", body).await;
    assert_eq!(said["ResultItem"][0]["ResultCode"], 0, "{said}");
}

/// A WebSocket to the server, as the SDK opens it.
pub(crate) struct Socket {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
    seq: u64,
    /// What was pushed while an answer was waited for.
    pub(crate) pushed: Vec<Value>,
}

impl Socket {
    pub(crate) async fn connect(server: &Standin) -> Self {
        Self::connect_at(server, &format!("/binfo?{}", query())).await
    }

    /// A socket that a user has logged in on, and its ticket, at an address of its own.
    pub(crate) async fn of_at(base: &str, id: &str) -> (Self, String) {
        let mut socket = Self::connect_to(base, &format!("/binfo?{}", query())).await;
        let said = socket.log_in(id, &user_sig(id)).await;
        assert_eq!(said["ErrorCode"], 0, "{said}");
        (socket, said["A2Key"].as_str().unwrap().to_owned())
    }

    /// What a login with the ticket of a former one is answered.
    pub(crate) async fn tries_again(base: &str, ticket: &str) -> (Self, Value) {
        let mut socket = Self::connect_to(base, &format!("/binfo?{}", query())).await;
        let said = socket.ask(LOGIN, ticket, json!({ "State": "Online" })).await;
        (socket, said)
    }

    /// What is pushed next; none at the end, however it comes.
    pub(crate) async fn push_if_any(&mut self) -> Option<Value> {
        if !self.pushed.is_empty() {
            return Some(self.pushed.remove(0));
        }
        match self.next().await {
            Some(Ok(Message::Binary(bytes))) => Some(serde_json::from_slice(&bytes).unwrap()),
            Some(Ok(_) | Err(_)) | None => None,
        }
    }

    pub(crate) async fn connect_at(server: &Standin, path: &str) -> Self {
        Self::connect_to(server.base(), path).await
    }

    async fn connect_to(base: &str, path: &str) -> Self {
        let (socket, _) = connect_async(format!("{}{path}", base.replace("http", "ws"))).await.unwrap();
        Self { socket, seq: 47_647_951, pushed: Vec::new() }
    }

    /// A socket that a user has logged in on, and its ticket.
    pub(crate) async fn of(server: &Standin, id: &str) -> (Self, String) {
        let mut socket = Self::connect(server).await;
        let said = socket.log_in(id, &user_sig(id)).await;
        assert_eq!(said["ErrorCode"], 0, "{said}");
        (socket, said["A2Key"].as_str().unwrap().to_owned())
    }

    /// A socket that goes on with a session.
    pub(crate) async fn again(server: &Standin, ticket: &str) -> Self {
        let mut socket = Self::connect(server).await;
        let said = socket.ask(LOGIN, ticket, json!({ "State": "Online" })).await;
        assert_eq!((&said["ErrorCode"], &said["A2Key"]), (&json!(0), &json!(ticket)), "{said}");
        socket
    }

    pub(crate) async fn log_in(&mut self, identifier: &str, user_sig: &str) -> Value {
        let head = json!({ "identifier": identifier, "usersig": user_sig });
        let body = json!({ "State": "Online", "is_web_uniapp": 0, "InstType": 0, "CustomInfo": "" });
        self.ask_as(LOGIN, head, body).await
    }

    /// The body of the answer to a call that shows a ticket.
    pub(crate) async fn ask(&mut self, command: &str, ticket: &str, body: Value) -> Value {
        self.ask_as(command, json!({ "a2": ticket, "tinyid": "144115188075855873" }), body).await
    }

    /// The body of the answer to a call with a head of one's own, which repeats command and number.
    async fn ask_as(&mut self, command: &str, head: Value, body: Value) -> Value {
        self.seq += 1;
        let mut frame = json!({ "head": head, "body": body });
        frame["head"]["servcmd"] = command.into();
        frame["head"]["seq"] = self.seq.into();
        for (name, value) in [("ver", json!("v4")), ("platform", json!(7)), ("sdkappid", json!(SDK_APP_ID))] {
            frame["head"][name] = value;
        }
        self.say(Message::binary(frame.to_string())).await;
        self.answer(json!({ "seq": self.seq, "servcmd": command })).await
    }

    async fn say(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The body of the next answer, which must have this head.
    async fn answer(&mut self, head: Value) -> Value {
        loop {
            let mut frame = self.hear().await;
            match frame["head"]["servcmd"] == "im_open_push.msg_push" {
                true => self.pushed.push(frame["body"].take()),
                false => {
                    assert_eq!(frame["head"], head);
                    return frame["body"].take();
                }
            }
        }
    }

    /// The event of the next push.
    pub(crate) async fn reported(&mut self) -> Value {
        let mut body = match self.pushed.is_empty() {
            false => self.pushed.remove(0),
            true => {
                let mut frame = self.hear().await;
                assert_eq!(frame["head"], json!({ "servcmd": "im_open_push.msg_push" }), "{frame}");
                frame["body"].take()
            }
        };
        assert_eq!(body["EventArray"].as_array().map(Vec::len), Some(1), "{body}");
        body["EventArray"][0].take()
    }

    /// Waits for a push in which this text stands.
    pub(crate) async fn hears(&mut self, text: &str) {
        while !self.reported().await.to_string().contains(text) {}
    }

    /// Nothing is pushed for a while.
    pub(crate) async fn hears_nothing(&mut self) {
        assert_eq!(self.pushed, [Value::Null; 0]);
        if let Ok(received) = tokio::time::timeout(SILENCE, self.next()).await {
            panic!("heard {received:?}");
        }
    }

    async fn next(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        loop {
            match tokio::time::timeout(WAIT, self.socket.next()).await.expect("nothing came") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => return other,
            }
        }
    }

    /// The next frame. It is binary: the SDK reads no other frames.
    async fn hear(&mut self) -> Value {
        match self.next().await {
            Some(Ok(Message::Binary(bytes))) => serde_json::from_slice(&bytes).unwrap(),
            other => panic!("no bytes: {other:?}"),
        }
    }

    /// The server closes the socket, having said nothing more.
    async fn is_closed(&mut self) -> Option<CloseCode> {
        match self.next().await {
            Some(Ok(Message::Close(reason))) => reason.map(|reason| reason.code),
            None | Some(Err(_)) => None,
            Some(Ok(other)) => panic!("heard {other:?}"),
        }
    }

    /// The code of the frame that closes the socket, after whatever is said before it.
    pub(crate) async fn closes(&mut self) -> Option<CloseCode> {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(reason))) => return reason.map(|reason| reason.code),
                None | Some(Err(_)) => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The socket is good for a call.
    pub(crate) async fn still_answers(&mut self) {
        assert_eq!(self.ask_as(HEARTBEAT, json!({}), json!({})).await, ok(json!({})));
    }
}

/// A good answer: these fields, and the envelope.
pub(crate) fn ok(mut fields: Value) -> Value {
    for (name, value) in
        [("ActionStatus", json!("OK")), ("ErrorCode", json!(0)), ("ErrorInfo", json!("")), ("ErrorDisplay", json!(""))]
    {
        fields[name] = value;
    }
    fields
}

/// A refusal with this number, in these words.
fn refused(code: u32, info: &str) -> Value {
    json!({ "ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": info, "ErrorDisplay": "" })
}

const SIGN_ANEW: &str = "usersig has expired: sign a new one";
const KICKED: &str = "usersig was made before this account was kicked or deleted: sign a new one";

/// Compares the received data with a golden file.
pub(crate) fn same(server: &Standin, name: &str, received: &Value) {
    let answer =
        Answer { status: 101, headers: reqwest::header::HeaderMap::new(), bytes: received.to_string().into_bytes() };
    golden::same(server, name, &answer);
}
