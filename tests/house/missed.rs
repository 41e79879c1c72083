//! Missed changes: a client that comes back is told, or can read, every change it missed, however its connection ended.

mod kills;
mod places;
mod proxy;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use self::proxy::Proxy;
use super::{
    mirrorfly_socket::{self, Person},
    standin::{APP_ID, Standin, send},
    tencent_socket,
    user_sig::WITH_SDK_APP_ID,
};

/// The longest wait for what must come.
const WAIT: Duration = Duration::from_secs(20);

/// Whose changes the others hear.
const ADA: &str = "ada";

/// A server with several sessions per user and vendor, where `listeners` list Ada.
async fn server(listeners: &[&str]) -> Standin {
    let server = Standin::with(&[WITH_SDK_APP_ID]).await;
    server.command(&["app", "set", "--tencent-sessions", "5"]);
    mirrorfly_socket::person(&server, ADA).await;
    for listener in listeners {
        mirrorfly_socket::person(&server, listener).await;
        tencent_socket::befriend(&server, listener, ADA).await;
    }
    server
}

/// Changes a user's name, and its status for vendors that have one.
async fn change(server: &Standin, id: &str, to: &str) {
    let items = json!([
        { "Tag": "Tag_Profile_IM_Nick", "Value": to },
        { "Tag": "Tag_Profile_IM_SelfSignature", "Value": to },
    ]);
    tencent_socket::by_rest(server, "profile/portrait_set", json!({ "From_Account": id, "ProfileItem": items })).await;
}

/// What brings a client back: what its SDK keeps in memory while the connection is away.
#[derive(Clone)]
enum Kept {
    MirrorFly(Person),
    Tencent { ticket: String },
    Qiscus { token: String, received: i64 },
}

/// A client that is there.
enum Client {
    MirrorFly(Box<mirrorfly_socket::Socket>),
    Tencent(Box<tencent_socket::Socket>),
    /// It polls.
    Qiscus {
        base: String,
        token: String,
        received: i64,
    },
}

/// The vendors, by their names in tests.
const WIRES: [&str; 3] = ["mirrorfly", "tencent", "qiscus"];

/// A client's first login; `base` is where it connects.
async fn log_in(server: &Standin, base: &str, wire: &str, id: &str) -> (Client, Kept) {
    match wire {
        "mirrorfly" => {
            let person = mirrorfly_socket::person(server, id).await;
            let socket = mirrorfly_socket::Socket::bound_at(base, &person, mirrorfly_socket::HOST).await;
            (Client::MirrorFly(Box::new(socket)), Kept::MirrorFly(person))
        }
        "tencent" => {
            let (socket, ticket) = tencent_socket::Socket::of_at(base, id).await;
            (Client::Tencent(Box::new(socket)), Kept::Tencent { ticket })
        }
        "qiscus" => {
            let call = server.qiscus(Method::GET, "get_user_token").query(&[("user_id", id)]);
            let token = send(call).await.json()["results"]["token"].as_str().unwrap().to_owned();
            let now = sync(server.base(), &token, 0).await.expect("it answers");
            let received = now["meta"]["last_received_comment_id"].as_i64().unwrap();
            (Client::Qiscus { base: base.to_owned(), token: token.clone(), received }, Kept::Qiscus { token, received })
        }
        other => panic!("{other}"),
    }
}

/// A client that comes back with what it kept.
async fn come_back(base: &str, kept: &Kept) -> Client {
    match kept {
        Kept::MirrorFly(person) => {
            Client::MirrorFly(Box::new(mirrorfly_socket::Socket::bound_at(base, person, mirrorfly_socket::HOST).await))
        }
        Kept::Tencent { ticket } => {
            let (socket, said) = tencent_socket::Socket::tries_again(base, ticket).await;
            assert_eq!(said["ErrorCode"], 0, "{said}");
            Client::Tencent(Box::new(socket))
        }
        Kept::Qiscus { token, received } => {
            Client::Qiscus { base: base.to_owned(), token: token.clone(), received: *received }
        }
    }
}

/// One poll; None if the server does not respond.
async fn sync(base: &str, token: &str, received: i64) -> Option<Value> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let call = client.get(format!("{base}/api/v2/sdk/sync?last_received_comment_id={received}"));
    let call = call.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-TOKEN", token);
    let mut said: Value = call.send().await.ok()?.json().await.ok()?;
    Some(said["results"].take())
}

impl Client {
    /// The next notification as text; None when the connection has ended.
    async fn hear(&mut self) -> Option<String> {
        match self {
            Self::MirrorFly(socket) => socket.hear_if_any().await,
            Self::Tencent(socket) => Some(socket.push_if_any().await?.to_string()),
            Self::Qiscus { base, token, received } => loop {
                let said = sync(base, token, *received).await?;
                *received = said["meta"]["last_received_comment_id"].as_i64()?;
                if said["comments"].as_array().is_some_and(|comments| !comments.is_empty()) {
                    return Some(said["comments"].to_string());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            },
        }
    }

    /// Waits for a notification that contains these words.
    async fn hears(&mut self, words: &str) {
        let until = async {
            loop {
                let arrived = self.hear().await.unwrap_or_else(|| panic!("the connection is over before {words:?}"));
                if arrived.contains(words) {
                    return;
                }
            }
        };
        tokio::time::timeout(WAIT, until).await.unwrap_or_else(|_| panic!("{words:?} was never received"));
    }
}

#[actix_web::test]
async fn promise_61_a_client_that_vanished_without_closing_receives_missed_events() {
    for wire in WIRES {
        let server = server(&["bob", "eve"]).await;
        let proxy = Proxy::to(server.base()).await;
        let (mut bob, kept) = log_in(&server, proxy.base(), wire, "bob").await;
        let (mut eve, _) = log_in(&server, server.base(), wire, "eve").await;
        change(&server, ADA, "heard").await;
        bob.hears("heard").await;
        // The connection stays open: the server writes into it, and nothing arrives.
        proxy.freeze();
        change(&server, ADA, "missed").await;
        eve.hears("missed").await;
        let mut back = come_back(server.base(), &kept).await;
        back.hears("missed").await;
        // And goes on from there.
        change(&server, ADA, "later").await;
        back.hears("later").await;
        drop(bob);
    }
}

#[actix_web::test]
async fn promise_61_a_client_whose_connection_was_reset_during_a_change_receives_it() {
    for wire in WIRES {
        let server = server(&["bob", "eve"]).await;
        let proxy = Proxy::to(server.base()).await;
        let (mut bob, kept) = log_in(&server, proxy.base(), wire, "bob").await;
        let (mut eve, _) = log_in(&server, server.base(), wire, "eve").await;
        change(&server, ADA, "heard").await;
        bob.hears("heard").await;
        proxy.freeze();
        change(&server, ADA, "under way").await;
        eve.hears("under way").await;
        proxy.reset();
        drop(bob);
        come_back(server.base(), &kept).await.hears("under way").await;
    }
}

#[actix_web::test]
async fn promise_61_a_restart_loses_no_change_whether_it_was_asked_for_or_not() {
    for wire in WIRES {
        for is_killed in [false, true] {
            let mut server = server(&["bob", "eve"]).await;
            let proxy = Proxy::to(server.base()).await;
            let (mut bob, kept) = log_in(&server, proxy.base(), wire, "bob").await;
            let (mut eve, eves) = log_in(&server, server.base(), wire, "eve").await;
            change(&server, ADA, "heard").await;
            bob.hears("heard").await;
            eve.hears("heard").await;
            proxy.freeze();
            change(&server, ADA, "missed").await;
            eve.hears("missed").await;
            if is_killed {
                server.kill();
            } else {
                assert_eq!(server.terminate(), Some(0));
            }
            server.restart();
            change(&server, ADA, "while away").await;
            come_back(server.base(), &kept).await.hears("while away").await;
            come_back(server.base(), &eves).await.hears("while away").await;
            // Once more, with nothing since but what the first stop interrupted.
            server.kill();
            server.restart();
            drop((bob, eve));
            come_back(server.base(), &kept).await.hears("while away").await;
        }
    }
}

#[actix_web::test]
async fn promise_61_a_kill_right_after_a_first_login_loses_nothing() {
    for wire in WIRES {
        let mut server = server(&["bob"]).await;
        let (bob, kept) = log_in(&server, server.base(), wire, "bob").await;
        change(&server, ADA, "at once").await;
        server.kill();
        server.restart();
        drop(bob);
        come_back(server.base(), &kept).await.hears("at once").await;
    }
}

#[actix_web::test]
async fn promise_61_a_session_does_not_hide_events_that_another_session_of_the_user_missed() {
    for wire in WIRES {
        let server = server(&["bob"]).await;
        let proxy = Proxy::to(server.base()).await;
        let (mut dropped, kept) = log_in(&server, proxy.base(), wire, "bob").await;
        let (mut stays, _) = log_in(&server, server.base(), wire, "bob").await;
        change(&server, ADA, "heard").await;
        dropped.hears("heard").await;
        stays.hears("heard").await;
        proxy.freeze();
        for missed in ["missed", "missed too"] {
            change(&server, ADA, missed).await;
            stays.hears(missed).await;
        }
        proxy.reset();
        // A third one comes first, from a new page, and is no reason to forget the one that was dropped.
        let (mut newcomer, _) = log_in(&server, server.base(), wire, "bob").await;
        come_back(server.base(), &kept).await.hears("missed too").await;
        change(&server, ADA, "to all").await;
        stays.hears("to all").await;
        newcomer.hears("to all").await;
    }
}

#[actix_web::test]
async fn promise_61_a_new_user_with_a_deleted_users_id_receives_no_events_of_the_former_user() {
    for wire in WIRES {
        let server = server(&["bob"]).await;
        let (bob, _) = log_in(&server, server.base(), wire, "bob").await;
        change(&server, "bob", "the former one").await;
        change(&server, ADA, "of the former one's friend").await;
        drop(bob);
        server.command(&["user", "delete", "bob"]);
        mirrorfly_socket::person(&server, "bob").await;
        let (mut new, _) = log_in(&server, server.base(), wire, "bob").await;
        change(&server, ADA, "no friend of the new one").await;
        change(&server, "bob", "the new one").await;
        let arrived = tokio::time::timeout(WAIT, new.hear()).await.expect("its own change").unwrap();
        assert!(arrived.contains("the new one") && !arrived.contains("former"), "{wire}: {arrived}");
    }
}

#[actix_web::test]
async fn promise_61_a_returning_tencent_client_receives_every_kind_of_change() {
    let server = server(&["bob"]).await;
    tencent_socket::import(&server, &["carol", "dan", "eve", "frank"]).await;
    tencent_socket::befriend(&server, "bob", "dan").await;
    let (bob, kept) = log_in(&server, server.base(), "tencent", "bob").await;
    drop(bob);
    let rest = async |command: &str, body: Value| tencent_socket::by_rest(&server, command, body).await;
    tencent_socket::befriend(&server, "bob", "carol").await;
    let pair = |whom: &str| json!({ "From_Account": "bob", "To_Account": [whom] });
    rest(
        "sns/friend_delete",
        json!({ "From_Account": "bob", "To_Account": ["dan"], "DeleteType": "Delete_Type_Single" }),
    )
    .await;
    rest("sns/black_list_add", pair("eve")).await;
    let ask = json!([{ "To_Account": "bob", "AddSource": "AddSource_Type_Web", "AddWording": "hello" }]);
    let allow = json!([{ "Tag": "Tag_Profile_IM_AllowType", "Value": "AllowType_Type_NeedConfirm" }]);
    rest("profile/portrait_set", json!({ "From_Account": "bob", "ProfileItem": allow })).await;
    let asked =
        json!({ "From_Account": "frank", "AddFriendItem": ask, "AddType": "Add_Type_Both", "ForceAddFlags": 0 });
    rest("sns/friend_add", asked).await;
    // Both are notified, each from its own side.
    for (follower, followed) in [("carol", "bob"), ("bob", "dan")] {
        rest("follow/follow_add", json!({ "From_Account": follower, "FollowItem": [{ "To_Account": followed }] }))
            .await;
    }
    change(&server, ADA, "changed").await;
    let mut back = come_back(server.base(), &kept).await;
    let mut arrived = String::new();
    for words in [
        r#""FriendAdd_Account":["carol"]"#,
        r#""FriendDel_Account":["dan"]"#,
        r#""BlackListAdd_Account":["eve"]"#,
        "hello",
        r#""FollowType":1"#,
        r#""FollowType":2"#,
        "changed",
    ] {
        while !arrived.contains(words) {
            let next = tokio::time::timeout(WAIT, back.hear()).await;
            arrived += &next.unwrap_or_else(|_| panic!("{words} is missing in {arrived}")).unwrap();
        }
    }
}
