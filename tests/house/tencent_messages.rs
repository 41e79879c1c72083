//! Messages of two users on the socket.

mod changes;
mod history;
mod lists;
mod reading;
mod rest;
mod sending;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    standin::{Standin, send},
    tencent_socket::{SILENCE, Socket, befriend, by_rest, import, ok, same, server, set},
    user_sig::{SDK_APP_ID, user_sig},
};

/// A user that has logged in on a socket.
pub(crate) struct Chatter {
    socket: Socket,
    ticket: String,
    id: String,
    seq: u32,
}

const SEND: &str = "openim.sendmsg";
const HISTORY: &str = "openim.getroammsg";
const SYNC: &str = "openim.getmsg";
const PAGE: &str = "recentcontact.page_get";

pub(crate) fn text(text: &str) -> Value {
    json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }])
}

impl Chatter {
    pub(crate) async fn of(server: &Standin, id: &str) -> Self {
        let (socket, ticket) = Socket::of(server, id).await;
        Self { socket, ticket, id: id.to_owned(), seq: 100 }
    }

    /// The same session on a new socket, as after a cut.
    pub(crate) async fn again(&mut self, server: &Standin) {
        self.socket = Socket::again(server, &self.ticket).await;
    }

    /// The answer to a command, whatever it is.
    pub(crate) async fn ask(&mut self, command: &str, mut body: Value) -> Value {
        if body["From_Account"].is_null() {
            body["From_Account"] = self.id.as_str().into();
        }
        self.socket.ask(command, &self.ticket, body).await
    }

    /// The answer to a command that succeeds.
    pub(crate) async fn does(&mut self, command: &str, body: Value) -> Value {
        let said = self.ask(command, body).await;
        assert_eq!(said["ErrorCode"], 0, "{command}: {said}");
        said
    }

    pub(crate) async fn is_refused(&mut self, command: &str, body: Value, code: u32) {
        let said = self.ask(command, body).await;
        assert_eq!((&said["ActionStatus"], &said["ErrorCode"]), (&json!("FAIL"), &json!(code)), "{command}: {said}");
    }

    /// A message as the SDK sends it, with numbers of its own.
    fn draft(&mut self, to: &str, what: &str) -> Value {
        self.seq += 1;
        json!({
            "To_Account": to, "MsgSeq": self.seq, "MsgRandom": self.seq * 7, "MsgBody": text(what),
            "MsgClientTime": 1_700_000_000, "CloudCustomData": "", "IsNeedReadReceipt": 0, "SendMsgControl": [],
        })
    }

    /// Sends a text; returns the message as commands name it.
    pub(crate) async fn says(&mut self, to: &str, what: &str) -> Value {
        let draft = self.draft(to, what);
        let said = self.does(SEND, draft.clone()).await;
        json!({
            "From_Account": self.id, "To_Account": to, "MsgSeq": said["MsgSeq"], "MsgRandom": draft["MsgRandom"],
            "MsgTimeStamp": said["MsgTime"], "MsgTime": said["MsgTime"], "MsgKey": said["MsgKey"],
            "MsgClientTime": draft["MsgClientTime"],
        })
    }

    pub(crate) async fn told(&mut self) -> Value {
        self.socket.reported().await
    }

    /// The next push is a message; returns it.
    pub(crate) async fn gets(&mut self) -> Value {
        let mut event = self.told().await;
        assert_eq!((&event["Event"], event["C2cMsgArray"].as_array().map(Vec::len)), (&json!(9), Some(1)), "{event}");
        event["C2cMsgArray"][0].take()
    }

    /// The next push is a message with this text.
    pub(crate) async fn gets_text(&mut self, what: &str) {
        let item = self.gets().await;
        assert_eq!(item["MsgBody"], text(what), "{item}");
    }

    /// The texts of a page of history.
    pub(crate) async fn history(&mut self, peer: &str, more: Value) -> (Vec<String>, Value) {
        let mut body =
            json!({ "Peer_Account": peer, "MaxCnt": 15, "LastMsgTime": 0, "MsgKey": "", "WithRecalledMsg": 1 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = self.does(HISTORY, body).await;
        let items = said["MsgList"].as_array().unwrap();
        assert_eq!(said["MsgCnt"], items.len());
        (items.iter().map(text_of).collect(), said.clone())
    }

    /// The unread messages by the other user.
    pub(crate) async fn unread(&mut self) -> Vec<(String, u64)> {
        let said = self.does(SYNC, json!({ "Cookie": "" })).await;
        assert_eq!((&said["MsgList"], &said["SyncFlag"]), (&json!([]), &json!(2)));
        assert_ne!(said["Cookie"], "", "the SDK drops such an answer");
        unread_of(&said)
    }

    pub(crate) async fn list(&mut self) -> Vec<Value> {
        let said = self.does(PAGE, json!({ "TimeStamp": 0, "StartIndex": 0 })).await;
        assert_eq!(said["CompleteFlag"], 1);
        said["SessionItem"].as_array().unwrap().clone()
    }

    /// Says that it has read everything of a user.
    pub(crate) async fn reads(&mut self, peer: &str, upto: &Value) {
        let read = json!({ "C2CMsgReadedItem": [{ "To_Account": peer, "LastedMsgTime": upto }] });
        self.does("openim.msgreaded", json!({ "C2CMsgReaded": read })).await;
    }

    pub(crate) async fn hears_nothing(&mut self) {
        self.socket.hears_nothing().await;
    }
}

pub(crate) fn text_of(item: &Value) -> String {
    item["MsgBody"][0]["MsgContent"]["Text"].as_str().unwrap_or("?").to_owned()
}

pub(crate) fn unread_of(said: &Value) -> Vec<(String, u64)> {
    let pairs = said["C2CPairUnreadCount"].as_array().unwrap().iter();
    let mut pairs: Vec<(String, u64)> = pairs
        .map(|pair| (pair["From_Account"].as_str().unwrap().to_owned(), pair["UnreadCount"].as_u64().unwrap()))
        .collect();
    pairs.sort();
    pairs
}

pub(crate) fn of(peer: &str, count: u64) -> Vec<(String, u64)> {
    vec![(peer.to_owned(), count)]
}

/// Ada and Bob, each on a socket.
async fn two(server: &Standin) -> (Chatter, Chatter) {
    import(server, &["ada", "bob"]).await;
    (Chatter::of(server, "ada").await, Chatter::of(server, "bob").await)
}

async fn block(server: &Standin, who: &str, whom: &str) {
    by_rest(server, "sns/black_list_add", json!({ "From_Account": who, "To_Account": [whom] })).await;
}
