//! The paths the Qiscus SDKs call, as the published JavaScript SDK sends its calls and reads its answers. A room for each kind of call.

mod blocks;
mod config;
mod devices;
mod door;
mod get_user_list;
mod identity;
mod lifetime;
mod login_or_register;
mod my_profile;
mod recorded;
mod rooms;
mod sync;
mod upload;
mod users_status;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    golden,
    qiscus_rest::{assert_invalid, second_app},
    standin::{APP_ID, Answer, SECRET, Standin, send},
};

/// A call of the SDK before it has a token.
fn sdk(server: &Standin, method: Method, call: &str) -> RequestBuilder {
    server.call(method, &format!("/api/v2/sdk/{call}")).header("QISCUS-SDK-APP-ID", APP_ID)
}

/// `login_or_register` with this form.
async fn log_in(server: &Standin, form: &[(&str, &str)]) -> Answer {
    send(sdk(server, Method::POST, "login_or_register").form(form)).await
}

/// Logs a user in, or makes it; its token.
async fn entered(server: &Standin, id: &str) -> String {
    token(&log_in(server, &[("email", id), ("password", "key"), ("username", id), ("extras", "")]).await)
}

fn user(answer: &Answer) -> Value {
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(200)), "{answer:?}");
    answer.json()["results"]["user"].clone()
}

fn token(answer: &Answer) -> String {
    user(answer)["token"].as_str().unwrap().to_owned()
}

/// A call with a user's token.
fn call(server: &Standin, token: &str, method: Method, call: &str) -> RequestBuilder {
    sdk(server, method, call).header("QISCUS-SDK-TOKEN", token)
}

async fn get(server: &Standin, token: &str, path: &str) -> Answer {
    send(call(server, token, Method::GET, path)).await
}

async fn post(server: &Standin, token: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    send(call(server, token, Method::POST, path).form(form)).await
}

/// Whether a token is accepted.
async fn is_good(server: &Standin, token: &str) -> bool {
    get(server, token, "my_profile").await.status == 200
}

fn assert_said(answer: &Answer, status: u16, code: Option<u32>, message: &str) {
    let error = match code {
        Some(code) => json!({ "code": code, "message": message }),
        None => json!({ "message": message }),
    };
    assert_eq!((answer.status, answer.json()), (status, json!({ "error": error, "status": status })));
}

/// Every call that needs a user's token.
const OF_MEMBERS: [(Method, &str); 41] = [
    (Method::GET, "my_profile"),
    (Method::PATCH, "my_profile"),
    (Method::POST, "upload"),
    (Method::GET, "get_user_list"),
    (Method::POST, "block_user"),
    (Method::POST, "unblock_user"),
    (Method::GET, "get_blocked_users"),
    (Method::POST, "users/status"),
    (Method::POST, "set_user_device_token"),
    (Method::POST, "remove_user_device_token"),
    (Method::GET, "sync"),
    (Method::GET, "sync_event"),
    (Method::POST, "update_comment_status"),
    (Method::GET, "mqtt_config"),
    (Method::POST, "realtime"),
    (Method::POST, "event_report"),
    (Method::GET, "total_unread_count"),
    (Method::GET, "get_room_unread_count"),
    (Method::GET, "user_rooms"),
    (Method::POST, "rooms_info"),
    (Method::GET, "room_participants"),
    (Method::POST, "search"),
    (Method::POST, "search_messages"),
    (Method::POST, "file_list"),
    (Method::GET, "channels"),
    (Method::POST, "channels/info"),
    (Method::POST, "post_comment"),
    (Method::GET, "load_comments"),
    (Method::POST, "update_message"),
    (Method::DELETE, "delete_messages"),
    (Method::DELETE, "clear_room_messages"),
    (Method::GET, "comment_receipt"),
    (Method::POST, "get_or_create_room_with_target"),
    (Method::POST, "get_or_create_room_with_unique_id"),
    (Method::GET, "get_room_by_id"),
    (Method::POST, "create_room"),
    (Method::POST, "update_room"),
    (Method::POST, "add_room_participants"),
    (Method::POST, "remove_room_participants"),
    (Method::POST, "channels/join"),
    (Method::POST, "channels/leave"),
];

/// Every call that does not.
const OF_VISITORS: [(Method, &str); 5] = [
    (Method::POST, "login_or_register"),
    (Method::POST, "auth/nonce"),
    (Method::POST, "auth/verify_identity_token"),
    (Method::POST, "refresh_user_token"),
    (Method::POST, "logout"),
];
