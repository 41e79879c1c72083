//! Tencent's relation chains over its REST API: friends, requests, groups and black lists, every field and every number.

mod adding;
mod black_list;
mod by_socket;
mod groups;
mod limits;
mod listing;
mod requests;
mod two_wires;

use serde_json::{Value, json};

use super::{
    golden,
    standin::Standin,
    tencent_rest::{NO_ACCOUNT, call, done, refused, server, set},
};

/// A server with these users.
async fn people(ids: &[&str]) -> Standin {
    let server = server().await;
    done(&server, "im_open_login_svc/multiaccount_import", json!({ "Accounts": ids })).await;
    server
}

/// Two users that list each other.
async fn befriend(server: &Standin, one: &str, other: &str) {
    let body = json!({ "From_Account": one, "AddFriendItem": [wish(other)], "ForceAddFlags": 1 });
    assert_eq!(codes(&done(server, "sns/friend_add", body).await), [(other.to_owned(), 0)]);
}

fn wish(whom: &str) -> Value {
    json!({ "To_Account": whom, "AddSource": "AddSource_Type_Web" })
}

/// The result of one friend request.
async fn add(server: &Standin, owner: &str, item: Value) -> (u64, String) {
    one(server, "sns/friend_add", json!({ "From_Account": owner, "AddFriendItem": [item] })).await
}

/// What came of the one account that a call names.
async fn one(server: &Standin, command: &str, body: Value) -> (u64, String) {
    let answer = done(server, command, body).await;
    let item = &answer["ResultItem"][0];
    let is_failed = answer.get("Fail_Account").is_some_and(|failed| failed[0] == item["To_Account"]);
    let code = item["ResultCode"].as_u64().unwrap();
    assert_eq!(is_failed, !matches!(code, 0 | 30539), "{answer}");
    (code, item["ResultInfo"].as_str().unwrap().to_owned())
}

fn well() -> (u64, String) {
    said(0, "")
}

fn said(code: u64, info: &str) -> (u64, String) {
    (code, info.to_owned())
}

const WAITING: &str = "This account is asked first: the request waits for its answer";

/// The accounts of an answer, each with its code.
fn codes(answer: &Value) -> Vec<(String, u64)> {
    let items = answer["ResultItem"].as_array().unwrap().iter();
    items.map(|item| (item["To_Account"].as_str().unwrap().to_owned(), item["ResultCode"].as_u64().unwrap())).collect()
}

/// Who is on a user's list, each with its tags and their values; without the times.
async fn friends(server: &Standin, owner: &str) -> Value {
    let answer = done(server, "sns/friend_get", json!({ "From_Account": owner, "StartIndex": 0 })).await;
    let tags = |item: &Value| -> Value {
        let tags = item["ValueItem"].as_array().unwrap().iter();
        let timeless = tags.filter(|tag| tag["Tag"] != "Tag_SNS_IM_AddTime");
        timeless.map(|tag| (tag["Tag"].as_str().unwrap().replace("Tag_SNS_IM_", ""), tag["Value"].clone())).collect()
    };
    let friends = answer["UserDataItem"].as_array().unwrap().iter();
    friends.map(|friend| (friend["To_Account"].as_str().unwrap().to_owned(), tags(friend))).collect()
}

/// The ids of a user's friends.
async fn names(server: &Standin, owner: &str) -> Vec<String> {
    friends(server, owner).await.as_object().unwrap().keys().cloned().collect()
}

/// How a user lets others become friends.
async fn allow(server: &Standin, id: &str, allow: &str) {
    set(server, id, &[("Tag_Profile_IM_AllowType", json!(format!("AllowType_Type_{allow}")))]).await;
}
