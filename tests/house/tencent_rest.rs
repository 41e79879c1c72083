//! Tencent's REST API, `POST /v4/{service}/{command}`: what a back end calls about accounts and profiles, and every number that tells why
//! not. A room for each matter.

mod accounts;
mod custom_fields;
mod door;
mod import;
mod portrait_get;
mod portrait_get_all;
mod portrait_set;
mod two_wires;
mod user_sigs;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    golden,
    standin::{Answer, Standin, send},
    user_sig::{SDK_APP_ID, WITH_SDK_APP_ID, user_sig},
};

/// A server whose app has a number that tests know.
pub(crate) async fn server() -> Standin {
    Standin::with(&[WITH_SDK_APP_ID]).await
}

/// The address of a command with a good signature of the app's administrator.
pub(crate) fn address(command: &str) -> String {
    let sig = user_sig("administrator");
    format!("/v4/{command}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}&random=99&contenttype=json")
}

/// A command as the administrator calls it.
pub(crate) async fn call(server: &Standin, command: &str, body: Value) -> Answer {
    send(server.call(Method::POST, &address(command)).json(&body)).await
}

/// A command that must go well: its answer.
pub(crate) async fn done(server: &Standin, command: &str, body: Value) -> Value {
    let answer = call(server, command, body).await;
    let said = answer.json();
    assert_eq!((answer.status, &said["ActionStatus"], &said["ErrorCode"]), (200, &json!("OK"), &json!(0)), "{said}");
    said
}

/// A command that must be refused, in these words.
pub(crate) async fn refused(server: &Standin, command: &str, body: Value, code: u32, info: &str) {
    assert_refused(&call(server, command, body).await, code, info);
}

fn assert_refused(answer: &Answer, code: u32, info: &str) {
    let expected = json!({ "ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": info, "ErrorDisplay": "" });
    assert_eq!((answer.status, answer.json()), (200, expected));
}

async fn import(server: &Standin, id: &str) {
    done(server, "im_open_login_svc/account_import", json!({ "UserID": id })).await;
}

/// Sets these tags of a user.
pub(crate) async fn set(server: &Standin, id: &str, items: &[(&str, Value)]) -> Answer {
    call(server, "profile/portrait_set", json!({ "From_Account": id, "ProfileItem": items_of(items) })).await
}

fn items_of(items: &[(&str, Value)]) -> Value {
    items.iter().map(|(tag, value)| json!({ "Tag": tag, "Value": value })).collect()
}

/// All that a user shows, as tags and values.
async fn shown(server: &Standin, id: &str) -> Value {
    let answer = done(server, "profile/portrait_get", json!({ "To_Account": [id] })).await;
    let items = answer["UserProfileItem"][0]["ProfileItem"].as_array().unwrap();
    items.iter().map(|item| (item["Tag"].as_str().unwrap().to_owned(), item["Value"].clone())).collect()
}

pub(crate) const NO_ACCOUNT: &str = "This account does not exist: import it first";
