//! Rooms and messages of two users over the Qiscus SDKs' calls, and for back ends.

mod blocks;
mod changes;
mod history;
mod marks;
mod rest;
mod rooms;
mod sending;
mod strangers;
mod sync;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    golden,
    qiscus_rest::{assert_invalid, v20},
    standin::{APP_ID, Answer, Standin, send},
};

/// A user with its token, and the server that it calls.
pub(crate) struct Chatter<'a> {
    pub(super) server: &'a Standin,
    pub(crate) id: String,
    pub(crate) token: String,
    /// Its user object at login.
    pub(crate) user: Value,
}

pub(super) fn results(answer: &Answer) -> Value {
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(200)), "{answer:?}");
    answer.json()["results"].clone()
}

fn texts(comments: &Value) -> Vec<String> {
    comments.as_array().unwrap().iter().map(|comment| comment["message"].as_str().unwrap().to_owned()).collect()
}

pub(super) fn id(comment: &Value) -> i64 {
    comment["id"].as_i64().unwrap()
}

const NO_ROOM: &str = "must be the id of a room of the user";

impl<'a> Chatter<'a> {
    pub(crate) async fn of(server: &'a Standin, id: &str) -> Self {
        let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
        let answer = send(call.form(&[("email", id), ("password", "key")])).await;
        let user = results(&answer)["user"].clone();
        Self { server, id: id.to_owned(), token: user["token"].as_str().unwrap().to_owned(), user }
    }

    pub(super) fn call(&self, method: Method, call: &str) -> RequestBuilder {
        let call = self.server.call(method, &format!("/api/v2/sdk/{call}"));
        call.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-TOKEN", &self.token)
    }

    pub(crate) async fn answer(&self, path: &str) -> Answer {
        send(self.call(Method::GET, path)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        results(&self.answer(path).await)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.call(Method::POST, path).json(body)).await
    }

    pub(crate) async fn form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        send(self.call(Method::POST, path).form(form)).await
    }

    pub(crate) async fn delete(&self, path: &str, body: &Value) -> Answer {
        send(self.call(Method::DELETE, path).json(body)).await
    }

    /// The id of the room with another user.
    pub(crate) async fn room(&self, with: &str) -> i64 {
        id(&results(&self.form("get_or_create_room_with_target", &[("emails", with)]).await)["room"])
    }

    /// Sends a message; its comment.
    pub(crate) async fn posts(&self, room: i64, message: &Value) -> Value {
        let mut body = json!({ "topic_id": room.to_string(), "type": "text" });
        body.as_object_mut().unwrap().extend(message.as_object().unwrap().clone());
        results(&self.post("post_comment", &body).await)["comment"].clone()
    }

    /// Sends a text, whose client's id is `<id>-<text>`.
    pub(crate) async fn says(&self, room: i64, text: &str) -> Value {
        self.posts(room, &json!({ "comment": text, "unique_temp_id": format!("{}-{text}", self.id) })).await
    }

    pub(crate) async fn refused(&self, room: i64, message: &Value) -> Answer {
        let mut body = json!({ "topic_id": room.to_string(), "type": "text" });
        body.as_object_mut().unwrap().extend(message.as_object().unwrap().clone());
        self.post("post_comment", &body).await
    }

    pub(crate) async fn page(&self, room: i64, query: &str) -> Value {
        self.get(&format!("load_comments?topic_id={room}{query}")).await["comments"].clone()
    }

    pub(crate) async fn history(&self, room: i64) -> Vec<String> {
        texts(&self.page(room, "").await)
    }

    pub(crate) async fn sync(&self, after: i64) -> Vec<Value> {
        let results = self.get(&format!("sync?last_received_comment_id={after}")).await;
        results["comments"].as_array().unwrap().clone()
    }

    pub(crate) async fn events(&self, after: i64) -> Vec<Value> {
        let answer = self.answer(&format!("sync_event?start_event_id={after}")).await;
        assert_eq!((answer.status, &answer.json()["is_start_event_id_found"]), (200, &json!(true)), "{answer:?}");
        answer.json()["events"].as_array().unwrap().clone()
    }

    /// Says that it has received or read everything up to a message; whether that changed something.
    pub(crate) async fn marks(&self, room: i64, what: &str, upto: i64) -> bool {
        let (room, upto) = (room.to_string(), upto.to_string());
        let form = [("room_id", room.as_str()), (what, upto.as_str())];
        results(&self.form("update_comment_status", &form).await)["changed"].as_bool().unwrap()
    }

    pub(crate) async fn reads(&self, room: i64, upto: i64) -> bool {
        self.marks(room, "last_comment_read_id", upto).await
    }

    pub(crate) async fn receives(&self, room: i64, upto: i64) -> bool {
        self.marks(room, "last_comment_received_id", upto).await
    }

    /// How many messages and rooms it has not read.
    pub(crate) async fn unread(&self) -> (u64, u64) {
        let of = async |path| self.get(path).await["total_unread_count"].as_u64().unwrap();
        (of("total_unread_count").await, of("get_room_unread_count").await)
    }

    pub(crate) async fn rooms(&self, query: &str) -> Vec<Value> {
        self.get(&format!("user_rooms?page=1&limit=20{query}")).await["rooms_info"].as_array().unwrap().clone()
    }

    pub(crate) async fn blocks(&self, whom: &str) {
        results(&self.form("block_user", &[("user_email", whom)]).await);
    }

    pub(crate) async fn unblocks(&self, whom: &str) {
        results(&self.form("unblock_user", &[("user_email", whom)]).await);
    }
}

/// Two users and the id of their room.
pub(super) async fn two(server: &Standin) -> (Chatter<'_>, Chatter<'_>, i64) {
    let (ada, bob) = (Chatter::of(server, "ada").await, Chatter::of(server, "bob").await);
    let room = ada.room("bob").await;
    (ada, bob, room)
}
