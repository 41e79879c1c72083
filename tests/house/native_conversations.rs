//! Conversations by our own API: lists and messages without texts, texts on record, recalls.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    admin::{Page, audit_entries, database},
    standin::{APP_ID, Answer, Standin, send},
    tencent_socket::{by_rest, import},
    user_sig::WITH_SDK_APP_ID,
};

/// Stands for what an administrator must not see by the way.
const TEXT: &str = "meet me at the old mill";

struct Chats {
    server: Standin,
    page: Page,
}

impl Chats {
    /// Ada, Bob and Cyd on a server with an administrator.
    async fn new() -> Self {
        let server = Standin::with(&[WITH_SDK_APP_ID, ("STANDIN_ADMIN_PASSWORD", "correct horse")]).await;
        import(&server, &["ada", "bob", "cyd"]).await;
        let page = Page::signed_in(&server).await;
        Self { server, page }
    }

    async fn says(&self, from: &str, to: &str, n: u32, text: &str) {
        let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]);
        let message = json!({
            "SyncOtherMachine": 1, "From_Account": from, "To_Account": to, "MsgSeq": n, "MsgRandom": n, "MsgBody": body,
        });
        by_rest(&self.server, "openim/sendmsg", message).await;
    }

    fn path(path: &str) -> String {
        format!("/apps/{APP_ID}/users/{path}")
    }

    async fn get(&self, path: &str) -> Answer {
        self.page.get(&self.server, &Self::path(path)).await
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        send(self.page.call(&self.server, method, &Self::path(path)).json(&body)).await
    }

    /// The ids of the other users on each page of a list.
    async fn pages(&self, user: &str, limit: u32) -> Vec<Vec<String>> {
        let (mut pages, mut after) = (Vec::new(), String::new());
        loop {
            let answer = self.get(&format!("{user}/conversations?limit={limit}{after}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let answer = answer.json();
            let id = |row: &Value| row["user"]["id"].as_str().unwrap().to_owned();
            pages.push(answer["conversations"].as_array().unwrap().iter().map(id).collect());
            let Some(next) = answer["next"].as_i64() else { return pages };
            after = format!("&after={next}");
        }
    }
}

#[actix_web::test]
async fn conversations_are_listed_by_metadata_and_never_by_their_texts() {
    let chats = Chats::new().await;
    for (n, from, to) in [(1, "bob", "ada"), (2, "ada", "bob"), (3, "bob", "ada"), (4, "cyd", "ada")] {
        chats.says(from, to, n, TEXT).await;
    }
    by_rest(&chats.server, "openim/admin_set_msg_read", json!({ "Report_Account": "bob", "Peer_Account": "ada" }))
        .await;
    let answer = chats.get("ada/conversations").await;
    assert!(!String::from_utf8(answer.bytes.clone()).unwrap().contains("mill"), "{answer:?}");
    let list = answer.json();
    let rows = list["conversations"].as_array().unwrap();
    let who = |row: &Value| (row["user"]["id"].clone(), row["messages"].clone(), row["unread"].clone());
    let expected = [(json!("cyd"), json!(1), json!(1)), (json!("bob"), json!(3), json!(2))];
    assert_eq!((rows.iter().map(who).collect::<Vec<_>>().as_slice(), &list["unread"]), (&expected[..], &json!(3)));
    let bob = &rows[1];
    assert_eq!((&bob["marks"]["read"], &bob["marks"]["read_at"]), (&json!(0), &Value::Null));
    let read = &bob["marks_of_other"]["read"];
    assert!(read.as_i64().unwrap() > 0 && bob["marks_of_other"]["delivered"] == *read, "{bob}");
    assert!(bob["last_at"].is_string() && bob["marks_of_other"]["read_at"].is_string(), "{bob}");
    for flag in ["is_pinned", "is_archived", "is_hidden"] {
        assert_eq!(bob[flag], false, "{flag}");
    }
    assert_eq!((&bob["mute"], &list["next"]), (&Value::Null, &Value::Null));
    assert_eq!(chats.get("bob/conversations").await.json()["conversations"][0]["unread"], 0);
    assert_eq!(chats.get("nobody/conversations").await.status, 404);
    for wrong in ["limit=0", "limit=101", "after=x"] {
        assert_eq!(chats.get(&format!("ada/conversations?{wrong}")).await.status, 422, "{wrong}");
    }
}

#[actix_web::test]
async fn each_conversation_is_on_one_page_also_without_messages_in_the_list_or_off_the_list() {
    let chats = Chats::new().await;
    let others: Vec<String> = (0..5).map(|n| format!("u{n}")).collect();
    import(&chats.server, &others.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (n, other) in (1..).zip(&others) {
        chats.says(other, "ada", n, TEXT).await;
    }
    let delete = json!({ "From_Account": "ada", "Type": 1, "To_Account": "u4", "ClearRamble": 1 });
    by_rest(&chats.server, "recentcontact/delete", delete).await;
    assert_eq!(chats.pages("ada", 2).await, [vec!["u4", "u3"], vec!["u2", "u1"], vec!["u0"]]);
    assert_eq!(chats.get("ada/conversations").await.json()["conversations"][0]["is_hidden"], true);
    // As after messages that no list shows.
    let unlisted =
        "UPDATE participant SET listed = 0 WHERE peer IN (SELECT key FROM user WHERE id IN ('u0', 'u1', 'u2'))";
    assert_eq!(database(&chats.server).execute(unlisted, []).unwrap(), 3);
    for limit in 1..=5 {
        let pages = chats.pages("ada", limit).await;
        let mut seen = pages.concat();
        assert_eq!(seen[..2], ["u4", "u3"], "pages of {limit}: {pages:?}");
        seen.sort();
        assert_eq!(seen, others, "pages of {limit}: {pages:?}");
    }
}

#[actix_web::test]
async fn messages_have_no_texts_unless_they_are_read_on_record() {
    let chats = Chats::new().await;
    for n in 1..=3 {
        chats.says("ada", "bob", n, &format!("{TEXT} {n}")).await;
    }
    chats.says("bob", "ada", 4, TEXT).await;
    let shown = chats.get("ada/conversations/bob/messages").await;
    assert!(!String::from_utf8(shown.bytes.clone()).unwrap().contains("mill"), "{shown:?}");
    let shown = shown.json();
    let facts = |n: usize, name: &str| shown["messages"][n][name].clone();
    assert_eq!((shown["has_texts"].clone(), facts(0, "from"), facts(0, "seq")), (json!(false), json!("bob"), json!(4)));
    assert_eq!((facts(3, "from"), facts(3, "seq"), facts(3, "state")), (json!("ada"), json!(1), json!("sent")));
    assert_eq!((facts(0, "bytes"), facts(0, "kind"), facts(0, "origin")), (json!(23), json!("text"), json!("tencent")));
    assert_eq!((facts(0, "text"), facts(0, "recalled_at")), (Value::Null, Value::Null));
    let newest = &audit_entries(&chats.page, &chats.server).await[0];
    assert_eq!(newest["action"], "session.begin", "metadata leaves no entry");

    let path = "ada/conversations/bob/texts";
    let read = chats.call(Method::POST, path, json!({ "limit": 3 })).await.json();
    let texts = |page: &Value| -> Vec<String> {
        page["messages"].as_array().unwrap().iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&read), [TEXT.to_owned(), format!("{TEXT} 3"), format!("{TEXT} 2")]);
    assert_eq!(read["has_texts"], true);
    let rest = chats.call(Method::POST, path, json!({ "limit": 3, "before": read["next"] })).await.json();
    assert_eq!((texts(&rest), &rest["next"]), (vec![format!("{TEXT} 1")], &Value::Null));
    let entries = audit_entries(&chats.page, &chats.server).await;
    for (entry, detail) in entries.iter().zip(["1 messages with bob", "3 messages with bob"]) {
        assert_eq!(
            (&entry["action"], &entry["target"], &entry["detail"], &entry["who"], &entry["app"]),
            (&json!("user.read_messages"), &json!("ada"), &json!(detail), &json!({ "admin": "admin" }), &json!(APP_ID))
        );
    }
    assert_eq!(entries[2]["action"], "session.begin", "one entry a call");
    assert!(!json!(entries).to_string().contains("mill"));
}

#[actix_web::test]
async fn no_text_is_shown_to_a_caller_that_leaves_no_entry() {
    let chats = Chats::new().await;
    chats.says("ada", "bob", 1, TEXT).await;
    let path = Chats::path("ada/conversations/bob/texts");
    let unmarked = chats.server.call(Method::POST, &format!("/standin/v1{path}")).json(&json!({}));
    assert_eq!(send(unmarked.header("Cookie", &chats.page.cookie)).await.status, 403);
    assert_eq!(send(chats.server.call(Method::POST, &format!("/standin/v1{path}")).json(&json!({}))).await.status, 401);
    assert_eq!(chats.get("ada/conversations/bob/texts").await.status, 405);
    for (body, status) in [
        (json!({ "limit": 0 }), 422),
        (json!({ "limit": 101 }), 422),
        (json!({ "before": 0 }), 422),
        (json!({ "x": 1 }), 422),
    ] {
        assert_eq!(chats.call(Method::POST, "ada/conversations/bob/texts", body).await.status, status);
    }
    for unknown in ["nobody/conversations/bob/texts", "ada/conversations/nobody/texts"] {
        assert_eq!(chats.call(Method::POST, unknown, json!({})).await.status, 404, "{unknown}");
    }
    assert_eq!(audit_entries(&chats.page, &chats.server).await[0]["action"], "session.begin");
    database(&chats.server).execute("ALTER TABLE audit RENAME TO lost", []).unwrap();
    let refused = chats.call(Method::POST, "ada/conversations/bob/texts", json!({})).await;
    let said = String::from_utf8(refused.bytes.clone()).unwrap();
    assert!(refused.status == 500 && !said.contains("mill"), "{said}");
}

#[actix_web::test]
async fn a_demo_shows_the_texts_of_its_sample_users_at_once() {
    let server = Standin::with(&[("STANDIN_DEMO", "true"), WITH_SDK_APP_ID]).await;
    let chats = Chats { page: Page::of_demo(&server).await, server };
    chats.says("user1", "user2", 1, TEXT).await;
    let shown = chats.get("user2/conversations/user1/messages").await.json();
    assert_eq!((&shown["has_texts"], &shown["messages"][0]["text"]), (&json!(true), &json!(TEXT)));
    let none = chats.get("user2/conversations/guest@qiscus.com/messages").await.json();
    assert_eq!(none, json!({ "messages": [], "next": null, "has_texts": true }));
}

#[actix_web::test]
async fn an_administrator_recalls_a_message_for_both_users_on_record() {
    let chats = Chats::new().await;
    for n in 1..=2 {
        chats.says("bob", "ada", n, TEXT).await;
    }
    let messages = async |user: &str, other: &str| {
        chats.call(Method::POST, &format!("{user}/conversations/{other}/texts"), json!({})).await.json()["messages"]
            .clone()
    };
    let id = messages("ada", "bob").await[0]["id"].clone();
    for _ in 0..2 {
        let path = format!("ada/conversations/bob/messages/{id}");
        assert_eq!(chats.call(Method::DELETE, &path, json!({})).await.status, 204);
    }
    for (user, other) in [("ada", "bob"), ("bob", "ada")] {
        let left = messages(user, other).await;
        assert_eq!((&left[0]["text"], &left[0]["bytes"], &left[1]["text"]), (&json!(""), &json!(0), &json!(TEXT)));
        assert!(left[0]["recalled_at"].is_string(), "{left}");
    }
    assert_eq!(chats.get("ada/conversations").await.json()["unread"], 1);
    let entries = audit_entries(&chats.page, &chats.server).await;
    let entry = entries.iter().find(|entry| entry["action"] == "user.recall_message").unwrap();
    assert_eq!((&entry["target"], &entry["detail"]), (&json!("ada"), &json!(format!("message {id} with bob"))));
    for unknown in [
        format!("ada/conversations/cyd/messages/{id}"),
        "ada/conversations/bob/messages/1".to_owned(),
        "ada/conversations/bob/messages/x".to_owned(),
    ] {
        assert_eq!(chats.call(Method::DELETE, &unknown, json!({})).await.status, 404, "{unknown}");
    }
}
