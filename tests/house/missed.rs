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

/// A server with several sessions a user on each wire, where `listeners` list Ada.
async fn house(listeners: &[&str]) -> Standin {
    let house = Standin::with(&[WITH_SDK_APP_ID]).await;
    house.command(&["app", "set", "--tencent-sessions", "5"]);
    mirrorfly_socket::person(&house, ADA).await;
    for listener in listeners {
        mirrorfly_socket::person(&house, listener).await;
        tencent_socket::befriend(&house, listener, ADA).await;
    }
    house
}

/// Changes what every wire shows of a user: its name, and its status where a wire has one.
async fn change(house: &Standin, id: &str, to: &str) {
    let items = json!([
        { "Tag": "Tag_Profile_IM_Nick", "Value": to },
        { "Tag": "Tag_Profile_IM_SelfSignature", "Value": to },
    ]);
    tencent_socket::by_rest(house, "profile/portrait_set", json!({ "From_Account": id, "ProfileItem": items })).await;
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

/// The wires, by what a test calls them.
const WIRES: [&str; 3] = ["mirrorfly", "tencent", "qiscus"];

/// A client's first login; `base` is where it connects.
async fn log_in(house: &Standin, base: &str, wire: &str, id: &str) -> (Client, Kept) {
    match wire {
        "mirrorfly" => {
            let person = mirrorfly_socket::person(house, id).await;
            let socket = mirrorfly_socket::Socket::bound_at(base, &person, mirrorfly_socket::HOST).await;
            (Client::MirrorFly(Box::new(socket)), Kept::MirrorFly(person))
        }
        "tencent" => {
            let (socket, ticket) = tencent_socket::Socket::of_at(base, id).await;
            (Client::Tencent(Box::new(socket)), Kept::Tencent { ticket })
        }
        "qiscus" => {
            let call = house.qiscus(Method::GET, "get_user_token").query(&[("user_id", id)]);
            let token = send(call).await.json()["results"]["token"].as_str().unwrap().to_owned();
            let now = sync(house.base(), &token, 0).await.expect("it answers");
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

/// One poll; none where nobody answers.
async fn sync(base: &str, token: &str, received: i64) -> Option<Value> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let call = client.get(format!("{base}/api/v2/sdk/sync?last_received_comment_id={received}"));
    let call = call.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-TOKEN", token);
    let mut said: Value = call.send().await.ok()?.json().await.ok()?;
    Some(said["results"].take())
}

impl Client {
    /// The text of what is told next; none once the connection is over.
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

    /// Waits until something is told that holds these words.
    async fn hears(&mut self, words: &str) {
        let until = async {
            loop {
                let heard = self.hear().await.unwrap_or_else(|| panic!("the connection is over before {words:?}"));
                if heard.contains(words) {
                    return;
                }
            }
        };
        tokio::time::timeout(WAIT, until).await.unwrap_or_else(|_| panic!("{words:?} was never heard"));
    }
}

#[actix_web::test]
async fn promise_61_a_client_that_vanished_without_a_word_hears_what_it_missed() {
    for wire in WIRES {
        let house = house(&["bob", "eve"]).await;
        let proxy = Proxy::to(house.base()).await;
        let (mut bob, kept) = log_in(&house, proxy.base(), wire, "bob").await;
        let (mut eve, _) = log_in(&house, house.base(), wire, "eve").await;
        change(&house, ADA, "heard").await;
        bob.hears("heard").await;
        // The connection stays open: the server writes into it, and nothing arrives.
        proxy.freeze();
        change(&house, ADA, "missed").await;
        eve.hears("missed").await;
        let mut back = come_back(house.base(), &kept).await;
        back.hears("missed").await;
        // And goes on from there.
        change(&house, ADA, "later").await;
        back.hears("later").await;
        drop(bob);
    }
}

#[actix_web::test]
async fn promise_61_a_client_that_was_reset_with_a_change_under_way_hears_it() {
    for wire in WIRES {
        let house = house(&["bob", "eve"]).await;
        let proxy = Proxy::to(house.base()).await;
        let (mut bob, kept) = log_in(&house, proxy.base(), wire, "bob").await;
        let (mut eve, _) = log_in(&house, house.base(), wire, "eve").await;
        change(&house, ADA, "heard").await;
        bob.hears("heard").await;
        proxy.freeze();
        change(&house, ADA, "under way").await;
        eve.hears("under way").await;
        proxy.reset();
        drop(bob);
        come_back(house.base(), &kept).await.hears("under way").await;
    }
}

#[actix_web::test]
async fn promise_61_a_restart_loses_no_change_whether_it_was_asked_for_or_not() {
    for wire in WIRES {
        for is_killed in [false, true] {
            let mut house = house(&["bob", "eve"]).await;
            let proxy = Proxy::to(house.base()).await;
            let (mut bob, kept) = log_in(&house, proxy.base(), wire, "bob").await;
            let (mut eve, eves) = log_in(&house, house.base(), wire, "eve").await;
            change(&house, ADA, "heard").await;
            bob.hears("heard").await;
            eve.hears("heard").await;
            proxy.freeze();
            change(&house, ADA, "missed").await;
            eve.hears("missed").await;
            if is_killed {
                house.kill();
            } else {
                assert_eq!(house.terminate(), Some(0));
            }
            house.restart();
            change(&house, ADA, "while away").await;
            come_back(house.base(), &kept).await.hears("while away").await;
            come_back(house.base(), &eves).await.hears("while away").await;
            // Once more, with nothing since but what the first stop interrupted.
            house.kill();
            house.restart();
            drop((bob, eve));
            come_back(house.base(), &kept).await.hears("while away").await;
        }
    }
}

#[actix_web::test]
async fn promise_61_a_kill_right_after_a_first_login_loses_nothing() {
    for wire in WIRES {
        let mut house = house(&["bob"]).await;
        let (bob, kept) = log_in(&house, house.base(), wire, "bob").await;
        change(&house, ADA, "at once").await;
        house.kill();
        house.restart();
        drop(bob);
        come_back(house.base(), &kept).await.hears("at once").await;
    }
}

#[actix_web::test]
async fn promise_61_one_session_does_not_hide_what_another_of_the_same_user_missed() {
    for wire in WIRES {
        let house = house(&["bob"]).await;
        let proxy = Proxy::to(house.base()).await;
        let (mut dropped, kept) = log_in(&house, proxy.base(), wire, "bob").await;
        let (mut stays, _) = log_in(&house, house.base(), wire, "bob").await;
        change(&house, ADA, "heard").await;
        dropped.hears("heard").await;
        stays.hears("heard").await;
        proxy.freeze();
        for missed in ["missed", "missed too"] {
            change(&house, ADA, missed).await;
            stays.hears(missed).await;
        }
        proxy.reset();
        // A third one comes first, from a new page, and is no reason to forget the one that was dropped.
        let (mut newcomer, _) = log_in(&house, house.base(), wire, "bob").await;
        come_back(house.base(), &kept).await.hears("missed too").await;
        change(&house, ADA, "to all").await;
        stays.hears("to all").await;
        newcomer.hears("to all").await;
    }
}

#[actix_web::test]
async fn promise_61_who_takes_a_deleted_users_id_hears_nothing_of_the_former_one() {
    for wire in WIRES {
        let house = house(&["bob"]).await;
        let (bob, _) = log_in(&house, house.base(), wire, "bob").await;
        change(&house, "bob", "the former one").await;
        change(&house, ADA, "of the former one's friend").await;
        drop(bob);
        house.command(&["user", "delete", "bob"]);
        mirrorfly_socket::person(&house, "bob").await;
        let (mut new, _) = log_in(&house, house.base(), wire, "bob").await;
        change(&house, ADA, "no friend of the new one").await;
        change(&house, "bob", "the new one").await;
        let heard = tokio::time::timeout(WAIT, new.hear()).await.expect("its own change").unwrap();
        assert!(heard.contains("the new one") && !heard.contains("former"), "{wire}: {heard}");
    }
}

#[actix_web::test]
async fn promise_61_every_kind_of_change_is_told_to_a_tencent_client_that_comes_back() {
    let house = house(&["bob"]).await;
    tencent_socket::import(&house, &["carol", "dan", "eve", "frank"]).await;
    tencent_socket::befriend(&house, "bob", "dan").await;
    let (bob, kept) = log_in(&house, house.base(), "tencent", "bob").await;
    drop(bob);
    let rest = async |command: &str, body: Value| tencent_socket::by_rest(&house, command, body).await;
    tencent_socket::befriend(&house, "bob", "carol").await;
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
    // Both are told of it, each from its own side.
    for (follower, followed) in [("carol", "bob"), ("bob", "dan")] {
        rest("follow/follow_add", json!({ "From_Account": follower, "FollowItem": [{ "To_Account": followed }] }))
            .await;
    }
    change(&house, ADA, "changed").await;
    let mut back = come_back(house.base(), &kept).await;
    let mut heard = String::new();
    for words in [
        r#""FriendAdd_Account":["carol"]"#,
        r#""FriendDel_Account":["dan"]"#,
        r#""BlackListAdd_Account":["eve"]"#,
        "hello",
        r#""FollowType":1"#,
        r#""FollowType":2"#,
        "changed",
    ] {
        while !heard.contains(words) {
            let next = tokio::time::timeout(WAIT, back.hear()).await;
            heard += &next.unwrap_or_else(|_| panic!("{words} is missing in {heard}")).unwrap();
        }
    }
}
