//! Words below `/users/`, mutes, the list of blocked users, reports and the licence, as the vendor's SDKs call them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{assert_refused, data, made};
use crate::{
    admin::Page,
    golden,
    standin::{APP_ID, Answer, LICENSE_KEY, Standin, send},
};

const UNKNOWN: &str = "This call is not part of Standin";

async fn call(server: &Standin, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let call = server.call(method, &format!("/api/v1/{path}")).header("Authorization", token);
    send(match body {
        Some(body) => call.json(&body),
        None => call,
    })
    .await
}

async fn get(server: &Standin, token: &str, path: &str) -> Answer {
    call(server, token, Method::GET, path, None).await
}

async fn post(server: &Standin, token: &str, path: &str, body: Value) -> Answer {
    call(server, token, Method::POST, path, Some(body)).await
}

fn refusal(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json())
}

fn in_body(status: u16, message: &str) -> (u16, Value) {
    (200, json!({ "status": status, "message": message }))
}

/// A 401 would make the SDK sign in again, call again, and throw.
#[actix_web::test]
async fn an_unknown_path_below_users_is_a_404_for_a_user_and_an_id_for_the_back_end() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    for word in ["blockedUsers", "calls", "ada", "nobody", "a%20b", "Muted", "mutedx"] {
        for method in [Method::GET, Method::POST] {
            let answer = call(&server, &ada, method.clone(), &format!("users/{word}"), None).await;
            assert_refused(&answer, 404, UNKNOWN);
            for token in ["", "wrong"] {
                let answer = call(&server, token, method.clone(), &format!("users/{word}"), None).await;
                assert_refused(&answer, 401, "Token Expired");
            }
        }
    }
    for path in ["users/calls/createRoom", "users/muted/all", "moderation/anything", "chat/anything"] {
        assert_refused(&get(&server, &ada, path).await, 404, UNKNOWN);
    }
    let back_end = server.back_end_token().await;
    assert_eq!(get(&server, &back_end, "users/ada").await.status, 200);
    assert_refused(&get(&server, &back_end, "users/nobody").await, 400, "Invalid user id.");
    for word in ["muted", "mute", "blockUsersList", "callLogs", "delivered"] {
        let answer = server.create_user(&back_end, &[("userIdentifier", word)]).await;
        assert_refused(&answer, 400, "userIdentifier is reserved by the server, choose another");
    }
}

#[actix_web::test]
async fn muted_chats_are_stored_per_user_and_listed() {
    let server = Standin::fresh().await;
    let (ada, bob) = (made(&server, "ada", &[]).await, made(&server, "bob", &[]).await);
    made(&server, "guest@x", &[]).await;
    let muted = async |token: &str| data(&get(&server, token, "users/muted").await);
    golden::same(&server, "mirrorfly/muted_none", &get(&server, &ada, "users/muted").await);
    let mute = async |action: u8, ids: Value| {
        let body = json!({ "muteSetting": false, "action": action, "userIds": ids, "groupIds": [] });
        post(&server, &ada, "users/mute", body).await
    };
    golden::same(&server, "mirrorfly/mute", &mute(1, json!(["bob", "guest=40x"])).await);
    assert_eq!(mute(1, json!(["bob"])).await.json()["status"], 200, "twice");
    golden::same(&server, "mirrorfly/muted", &get(&server, &ada, "users/muted").await);
    assert_eq!(muted(&bob).await["mutedChats"], json!([]), "one's own");
    mute(0, json!(["bob", "ada"])).await;
    assert_eq!(muted(&ada).await["mutedChats"], json!([{ "chatId": "guest=40x", "chatType": "chat" }]));
    for (action, is_muted) in [(1, true), (0, false)] {
        let body = json!({ "muteSetting": true, "action": action, "userIds": [], "groupIds": [] });
        assert_eq!(post(&server, &ada, "users/mute", body).await.json()["status"], 200);
        let muted = muted(&ada).await;
        assert_eq!((&muted["muteSettingStatus"], muted["mutedChats"].as_array().unwrap().len()), (&json!(is_muted), 1));
    }
    server.command(&["user", "delete", "guest@x"]);
    assert_eq!(muted(&ada).await["mutedChats"], json!([]), "gone with its user");
}

#[actix_web::test]
async fn a_mute_that_is_refused_names_the_field_and_changes_nothing() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    let ids = |count: usize| vec!["bob"; count];
    for (body, message) in [
        (json!({ "muteSetting": "x", "action": 1 }), "muteSetting must be true or false, without quotes"),
        (json!({ "action": 2, "userIds": ["bob"] }), "action must be one of 0, 1"),
        (json!({ "userIds": ["bob"] }), "action must be one of 0, 1"),
        (json!({ "action": 1, "userIds": "bob" }), "userIds must be a list of ids"),
        (json!({ "action": 1, "userIds": [1] }), "userIds must be a list of ids, each in quotes"),
        (json!({ "action": 1, "userIds": ["a b"] }), "userIds must be made of letters, digits and . - _ @ only"),
        (
            json!({ "action": 1, "userIds": ["bob"], "groupIds": ["g"] }),
            "groupIds must be empty, groups are not served here",
        ),
        (json!({ "action": 1, "userIds": ["bob", "nobody"] }), "Invalid user id."),
        (json!({ "action": 1, "userIds": ids(1001) }), "userIds must have at most 1000 ids, this one has 1001"),
    ] {
        assert_eq!(refusal(&post(&server, &ada, "users/mute", body).await), in_body(400, message));
    }
    assert_eq!(data(&get(&server, &ada, "users/muted").await)["mutedChats"], json!([]));
    for count in [999, 1000] {
        let body = json!({ "action": 1, "userIds": ids(count) });
        assert_eq!(post(&server, &ada, "users/mute", body).await.json()["status"], 200);
    }
}

#[actix_web::test]
async fn the_list_of_blocked_users_is_the_callers_own() {
    let server = Standin::fresh().await;
    let (ada, bob) = (made(&server, "ada", &[]).await, made(&server, "bob", &[]).await);
    made(&server, "guest@x", &[]).await;
    for whom in ["guest=40x", "bob"] {
        assert_eq!(post(&server, &ada, "users/block", json!({ "userId": whom })).await.status, 200);
    }
    golden::same(&server, "mirrorfly/block_users_list", &get(&server, &ada, "users/blockUsersList").await);
    assert_eq!(data(&get(&server, &bob, "users/blockUsersList").await), json!({ "blockUsersList": [] }));
    assert_eq!(
        data(&get(&server, &bob, "users/callLogs?page=1&size=20").await),
        json!({ "callLogs": [], "totalPages": 0 })
    );
}

async fn server_with_operator() -> (Standin, Page) {
    let server = Standin::with(&[("STANDIN_ADMIN_PASSWORD", "correct horse")]).await;
    let page = Page::signed_in(&server).await;
    (server, page)
}

async fn reports(server: &Standin, page: &Page, query: &str) -> Value {
    page.get(server, &format!("/apps/{APP_ID}/reports{query}")).await.json()
}

#[actix_web::test]
async fn reports_and_feedback_are_stored_for_the_operator() {
    let (server, page) = server_with_operator().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    made(&server, "guest@x", &[]).await;
    let text = json!([{ "msgId": "1", "message": "Hi\n\"Ω\"", "publisherId": "bob" }]).to_string();
    for to in ["bob@chat.example.test", "guest@x", "guest=40x@chat.example.test"] {
        let body = json!({ "from": "ada", "to": to, "chatType": "chat", "data": text });
        golden::same(&server, "mirrorfly/report", &post(&server, &ada, "moderation/report", body).await);
    }
    let body = json!({ "title": "A title", "description": "Two\nlines" });
    assert_eq!(post(&server, &ada, "moderation/feedback", body).await.json()["status"], 200);
    let kept = reports(&server, &page, "").await;
    let rows = kept["reports"].as_array().unwrap().clone();
    let shown: Vec<_> = rows.iter().map(|row| (&row["by"], &row["about"], &row["text"])).collect();
    assert_eq!(
        shown,
        [
            (&json!("ada"), &json!({ "feedback": "A title" }), &json!("Two\nlines")),
            (&json!("ada"), &json!({ "chat": "guest@x" }), &json!(text)),
            (&json!("ada"), &json!({ "chat": "guest@x" }), &json!(text)),
            (&json!("ada"), &json!({ "chat": "bob" }), &json!(text)),
        ]
    );
    assert_eq!(kept["next"], Value::Null);
    let first = reports(&server, &page, "?limit=3").await;
    let rest = reports(&server, &page, &format!("?limit=3&after={}", first["next"])).await;
    assert_eq!((rest["reports"].as_array().unwrap().as_slice(), &rest["next"]), (&rows[3..], &Value::Null));
}

#[actix_web::test]
async fn a_report_that_is_refused_names_the_field() {
    let (server, page) = server_with_operator().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[]).await;
    let good = json!({ "from": "ada", "to": "bob@h", "chatType": "chat", "data": "[]" });
    for (field, value, message) in [
        ("from", json!("bob"), "from must be the caller's own id, or left out"),
        ("to", json!(""), "to is required"),
        ("to", json!("nobody@h"), "Invalid user id."),
        ("to", json!("a b@h"), "Invalid user id."),
        ("chatType", json!("groupchat"), "chatType must be chat, groups are not served here"),
        ("data", json!(""), "data is required"),
        ("data", json!("x".repeat(65_537)), "data must be at most 65536 bytes"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        assert_eq!(refusal(&post(&server, &ada, "moderation/report", body).await), in_body(400, message));
    }
    for (body, message) in [
        (json!({ "title": "", "description": "d" }), "title is required"),
        (json!({ "title": "t".repeat(201), "description": "d" }), "title must be at most 200 bytes"),
        (json!({ "title": "t" }), "description is required"),
    ] {
        assert_eq!(refusal(&post(&server, &ada, "moderation/feedback", body).await), in_body(400, message));
    }
    assert_eq!(reports(&server, &page, "").await["reports"], json!([]), "nothing half done");
    for bytes in [65_535, 65_536] {
        let mut body = good.clone();
        body["data"] = json!("x".repeat(bytes));
        assert_eq!(post(&server, &ada, "moderation/report", body).await.json()["status"], 200);
    }
}

/// 50 in a day of one user, with concurrent calls, and never one more.
#[actix_web::test]
async fn a_user_makes_at_most_50_reports_in_a_day() {
    let (server, page) = server_with_operator().await;
    let (ada, bob) = (made(&server, "ada", &[]).await, made(&server, "bob", &[]).await);
    let body = json!({ "title": "t", "description": "d" });
    let calls = (0..200).map(|_| post(&server, &ada, "moderation/feedback", body.clone()));
    let answers = futures_util::future::join_all(calls).await;
    let kept = answers.iter().filter(|answer| answer.json()["status"] == 200).count();
    assert_eq!(kept, 50);
    let refused = answers.iter().find(|answer| answer.json()["status"] == 429).unwrap();
    assert!(refused.json()["message"].as_str().unwrap().contains("reports in a day"), "{refused:?}");
    assert_eq!(post(&server, &bob, "moderation/feedback", body).await.json()["status"], 200, "each user for itself");
    assert_eq!(reports(&server, &page, "?limit=100").await["reports"].as_array().unwrap().len(), 51);
}

#[actix_web::test]
async fn the_newest_1000_reports_of_an_app_are_kept() {
    let (server, page) = server_with_operator().await;
    let mut users = Vec::new();
    for n in 0..21 {
        users.push(made(&server, &format!("u{n}"), &[]).await);
    }
    let body = json!({ "title": "t", "description": "d" });
    let send_50 = async |token: &str| {
        let calls = (0..50).map(|_| post(&server, token, "moderation/feedback", body.clone()));
        futures_util::future::join_all(calls).await;
    };
    let count = async || {
        let (mut found, mut oldest, mut after) = (0, Value::Null, String::new());
        loop {
            let listed = reports(&server, &page, &format!("?limit=100{after}")).await;
            let rows = listed["reports"].as_array().unwrap();
            found += rows.len();
            oldest = rows.last().map_or(oldest, |row| row["by"].clone());
            let Some(next) = listed["next"].as_i64() else { return (found, oldest) };
            after = format!("&after={next}");
        }
    };
    for user in &users[..20] {
        send_50(user).await;
    }
    assert_eq!(count().await, (1000, json!("u0")));
    send_50(&users[20]).await;
    assert_eq!(count().await, (1000, json!("u1")), "those of u0 are gone");
}

#[actix_web::test]
async fn the_licence_call_returns_the_servers_addresses() {
    let server = Standin::with(&[("STANDIN_PUBLIC_URL", "https://chat.example.test/x")]).await;
    let ask = async |key: &str| server.get(&format!("/license/details?licenseKey={key}")).await;
    golden::same(&server, "mirrorfly/license_details", &ask(LICENSE_KEY).await);
    // LICENSE_KEY as the SDK sends it: a vector made with OpenSSL.
    let sealed = "htmDdY3HOYvTO1rGU5qkYRRBAHIMRBsGJfzVuNETdqQ%3D";
    assert_eq!(data(&ask(sealed).await)["apiBaseUrl"], "https://chat.example.test/x/api/v1");
    let message = "licenseKey must be the licence key of an app of this server";
    assert_eq!(refusal(&ask("wrong").await), in_body(400, message));
    assert_eq!(refusal(&server.get("/license/details").await), in_body(400, "licenseKey is required"));
    server.command(&["app", "set", "--dialects", "qiscus"]);
    assert_eq!(refusal(&ask(LICENSE_KEY).await), in_body(403, "This app does not serve MirrorFly calls"));
}
