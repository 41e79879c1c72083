//! MirrorFly's REST API over HTTP: a file for each call, its sentences and its limits.

mod create_user;
mod delete_user;
mod envelope;
mod login;
mod media;
mod metadata;
mod moderation;
mod reset_password;
mod tokens;
pub(super) mod two_apps;
mod two_wires;
mod update_user;
mod user;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use reqwest::{Method, RequestBuilder, multipart};
use serde_json::{Value, json};

use super::{
    golden, photo,
    standin::{ACCOUNT_PASSWORD, Answer, LICENSE_KEY, Standin, form, send},
};

pub(super) fn data(answer: &Answer) -> Value {
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(200)), "{answer:?}");
    answer.json()["data"].clone()
}

pub(super) fn assert_refused(answer: &Answer, status: u16, message: &str) {
    assert_eq!((answer.status, answer.json()), (status, json!({ "status": status, "message": message })));
}

async fn no_user_was_created(server: &Standin) {
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
    assert_eq!((server.pictures_on_disk().len(), server.incoming_on_disk().len()), (0, 0));
}

/// A POST with this token.
fn back_end_call(server: &Standin, token: &str, path: &str) -> RequestBuilder {
    server.call(Method::POST, path).header("Authorization", token)
}

/// "Get User".
async fn user(server: &Standin, token: &str, id: &str) -> Answer {
    send(server.call(Method::GET, &format!("/api/v1/users/{id}")).header("Authorization", token)).await
}

/// A user's own metadata: what a live token of its opens.
async fn own_metadata(server: &Standin, token: &str) -> Answer {
    send(server.call(Method::GET, "/api/v1/users/getMetaData").header("Authorization", token)).await
}

/// Sends bytes as they are, where a client would tidy them up, and takes the whole answer.
fn raw_call(server: &Standin, request: &str) -> String {
    let mut connection = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}
