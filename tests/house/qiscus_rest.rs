//! The vendor's pages on users of the Qiscus server API, v2.1 and v2.0, sentence by sentence, and their limits. A room for each call.

mod absent;
mod credentials;
mod deactivate_users;
mod envelope;
mod get_unread_users;
mod get_user_list;
mod get_user_token;
mod get_user_unread_count;
mod login_or_register;
mod reactivate_users;
mod reset_user_token;
mod user_profile;
mod v20;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    golden,
    standin::{APP_ID, Answer, SECRET, Standin, send},
};

fn guest(user_id: &str) -> Value {
    json!({ "user_id": user_id, "password": "password", "username": "QISCUS demo user" })
}

fn user(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["results"]["user"].clone()
}

/// A v2.0 call with the app's id and secret, its headers spelt as the package for Python spells them.
pub(crate) fn v20(server: &Standin, method: Method, call: &str) -> RequestBuilder {
    let call = server.call(method, &format!("/api/v2/rest/{call}"));
    call.header("QISCUS_SDK_APP_ID", APP_ID).header("QISCUS_SDK_SECRET", SECRET)
}

/// A second app: its secret.
pub(crate) fn second_app(server: &Standin, words: &[&str]) -> String {
    server.command(&[&["app", "create", "--app-id", "second"][..], words].concat());
    let secrets = server.command(&["app", "show", "--app", "second", "--secrets", "--json"]);
    let secrets: Value = serde_json::from_str(&secrets).unwrap();
    secrets["secret"].as_str().unwrap().to_owned()
}

/// The ids of those that the list shows as active.
async fn active(server: &Standin) -> Vec<String> {
    let users = server.user_list().await.json()["results"]["users"].clone();
    let active = users.as_array().unwrap().iter().filter(|user| user["active"] == true);
    active.map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

/// `n` ids that no user has.
fn ids(n: usize) -> Vec<String> {
    (0..n).map(|number| format!("u{number}")).collect()
}

/// The validation form names one field and one sentence.
pub(crate) fn assert_invalid(answer: &Answer, field: &str, sentence: &str) {
    let expected = json!({
        "error": {
            "detailed_messages": [sentence],
            "errors": { field: [sentence] },
            "message": "Validation error",
        },
        "status": 400,
    });
    assert_eq!((answer.status, answer.json()), (400, expected));
}

fn assert_refused(answer: &Answer, status: u16, message: &str) {
    let expected = json!({ "error": { "message": message }, "status": status });
    assert_eq!((answer.status, answer.json()), (status, expected));
}
