//! Blocks, last seen and settings over the socket, as the SDK asks for them.

use serde_json::json;

use super::*;

fn iq(kind: &str, id: &str, content: &str) -> String {
    format!(r#"<iq xmlns="jabber:client" type="{kind}" id="{id}">{content}</iq>"#)
}

fn block(word: &str, whom: &str) -> String {
    format!(r#"<{word} xmlns="urn:xmpp:blocking"><item jid="{whom}@{HOST}"/></{word}>"#)
}

fn done(id: &str) -> String {
    format!(r#"<iq xmlns="jabber:client" type="result" id="{id}" />"#)
}

fn refused(id: &str, kind: &str, condition: &str) -> String {
    let text = match condition {
        "item-not-found" => "There is no such user, chat or message",
        "feature-not-implemented" => "This is not served here",
        other => panic!("{other} names its field"),
    };
    refused_for(id, kind, condition, text)
}

fn refused_for(id: &str, kind: &str, condition: &str, text: &str) -> String {
    format!(
        r#"<iq xmlns="jabber:client" type="error" id="{id}"><error type="{kind}"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" /><text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">{text}</text></error></iq>"#
    )
}

/// Sends a request and returns its response.
async fn ask(socket: &mut Socket, kind: &str, id: &str, content: &str) -> String {
    socket.say(&iq(kind, id, content)).await;
    socket.hear().await
}

const BLOCKLIST: &str = r#"<blocklist xmlns="urn:xmpp:blocking"/>"#;

fn activity(status: &str) -> String {
    format!(r#"<query xmlns="jabber:iq:user_activities" status="{status}"/>"#)
}

async fn blocked(socket: &mut Socket) -> String {
    ask(socket, "get", "l", BLOCKLIST).await
}

fn list(items: &[&str]) -> String {
    let items: String = items.iter().map(|user| format!(r#"<item jid="{user}@{HOST}" />"#)).collect();
    match items.is_empty() {
        true => {
            r#"<iq xmlns="jabber:client" type="result" id="l"><blocklist xmlns="urn:xmpp:blocking" /></iq>"#.to_owned()
        }
        false => format!(
            r#"<iq xmlns="jabber:client" type="result" id="l"><blocklist xmlns="urn:xmpp:blocking">{items}</blocklist></iq>"#
        ),
    }
}

#[actix_web::test]
async fn a_block_is_answered_listed_and_announced_to_the_other_sessions_and_the_blocked_user() {
    let server = Standin::fresh().await;
    let (ada, guest) = (person(&server, "ada").await, person(&server, "guest@x").await);
    let (mut here, mut there) = (Socket::bound(&server, &ada).await, Socket::bound(&server, &ada).await);
    let mut theirs = Socket::bound(&server, &guest).await;
    for (word, sign, listed, asked) in [
        ("block", "block_user", list(&["guest=40x"]), "guest=40x"),
        ("unblock", "unblock_user", list(&[]), r"guest\40x"),
    ] {
        assert_eq!(ask(&mut here, "set", "1", &block(word, asked)).await, done("1"));
        assert_eq!(
            there.hear().await,
            format!(
                r#"<iq xmlns="jabber:client" type="set" id="block" from="ada@{HOST}" to="ada@{HOST}/Web-1">{}</iq>"#,
                block(word, "guest=40x").replace("\"/>", "\" />")
            )
        );
        assert_eq!(
            theirs.hear().await,
            format!(
                r#"<message xmlns="jabber:client" from="ada@{HOST}" to="guest=40x@{HOST}/Web-1"><userblocked type="{sign}" blocked_user="ada" /></message>"#
            )
        );
        assert_eq!(blocked(&mut here).await, listed);
        let blocking = ask(&mut theirs, "get", "b", &activity("block_user")).await;
        assert_eq!(blocking.contains(&format!("<members>ada@{HOST}</members>")), word == "block", "{blocking}");
        assert_eq!(ask(&mut here, "set", "2", &block(word, asked)).await, done("2"), "it is so already");
        for socket in [&mut here, &mut there, &mut theirs] {
            socket.still_answers().await;
        }
    }
}

#[actix_web::test]
async fn a_block_that_is_made_elsewhere_reaches_every_session() {
    let server = Standin::fresh().await;
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    let (mut own, mut theirs) = (Socket::bound(&server, &ada).await, Socket::bound(&server, &bob).await);
    let call = server.call(Method::POST, "/api/v1/users/block").header("Authorization", ada.token());
    assert_eq!(send(call.json(&json!({ "userId": "bob" }))).await.status, 200);
    assert!(own.hear().await.contains(r#"<block xmlns="urn:xmpp:blocking"><item jid="bob@"#));
    assert!(theirs.hear().await.contains(r#"type="block_user" blocked_user="ada""#));
}

/// A returning client is notified.
#[actix_web::test]
async fn a_missed_block_is_announced_to_both_users_later() {
    let server = Standin::fresh().await;
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    for person in [&ada, &bob] {
        let mut socket = Socket::bound(&server, person).await;
        socket.say(CLOSE).await;
        socket.until_the_end().await;
    }
    let call = server.call(Method::POST, "/api/v1/users/block").header("Authorization", ada.token());
    assert_eq!(send(call.json(&json!({ "userId": "bob" }))).await.status, 200);
    let mut own = Socket::bound(&server, &ada).await;
    assert!(own.hear().await.contains(r#"<block xmlns="urn:xmpp:blocking"><item jid="bob@"#));
    let mut theirs = Socket::bound(&server, &bob).await;
    assert!(theirs.hear().await.contains(r#"type="block_user" blocked_user="ada""#));
}

#[actix_web::test]
async fn a_block_that_cannot_be_names_why() {
    let server = Standin::fresh().await;
    let ada = person(&server, "ada").await;
    person(&server, "bob").await;
    let mut socket = Socket::bound(&server, &ada).await;
    let two = format!(r#"<block xmlns="urn:xmpp:blocking"><item jid="bob@{HOST}"/><item jid="ada@{HOST}"/></block>"#);
    for content in [block("block", "nobody"), block("unblock", "nobody"), block("block", "a b")] {
        let answer = ask(&mut socket, "set", "1", &content).await;
        assert_eq!(answer, refused("1", "cancel", "item-not-found"), "{content}");
    }
    for (content, text) in [
        (block("block", "ada"), "to: must be another user"),
        (two, "item: exactly one"),
        (r#"<block xmlns="urn:xmpp:blocking"/>"#.to_owned(), "item: exactly one"),
    ] {
        let answer = ask(&mut socket, "set", "1", &content).await;
        assert_eq!(answer, refused_for("1", "modify", "bad-request", text), "{content}");
    }
    assert_eq!(blocked(&mut socket).await, list(&[]));
}

fn seconds(answer: &str, from: &str) -> u64 {
    let head = format!(
        r#"<iq xmlns="jabber:client" type="result" id="s" from="{from}@{HOST}"><query xmlns="jabber:iq:last" seconds=""#
    );
    let rest = answer.strip_prefix(&head).unwrap_or_else(|| panic!("{answer}"));
    rest.strip_suffix(r#"" /></iq>"#).unwrap().parse().unwrap()
}

async fn last_seen(socket: &mut Socket, whom: &str) -> u64 {
    let ask = format!(
        r#"<iq xmlns="jabber:client" type="get" id="s" to="{whom}@{HOST}"><query xmlns="jabber:iq:last"/></iq>"#
    );
    socket.say(&ask).await;
    seconds(&socket.hear().await, whom)
}

#[actix_web::test]
async fn last_seen_is_0_for_users_that_are_online_and_hidden_across_a_block() {
    let server = Standin::fresh().await;
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    person(&server, "guest@x").await;
    let mut socket = Socket::bound(&server, &ada).await;
    assert!(last_seen(&mut socket, "bob").await >= 1, "never here");
    let mut theirs = Socket::bound(&server, &bob).await;
    assert_eq!(last_seen(&mut socket, "bob").await, 0);
    assert_eq!(last_seen(&mut socket, "ada").await, 0, "oneself");
    for node in ["guest=40x", r"guest\40x"] {
        assert!(last_seen(&mut socket, node).await >= 1);
    }
    for (blocker, whom) in [(&ada, "bob"), (&bob, "ada")] {
        let call = |word: &str| {
            server.call(Method::POST, &format!("/api/v1/users/{word}")).header("Authorization", blocker.token())
        };
        assert_eq!(send(call("block").json(&json!({ "userId": whom }))).await.status, 200);
        socket.hear().await;
        theirs.hear().await;
        assert!(last_seen(&mut socket, "bob").await >= 1, "{} blocks {whom}", blocker.id);
        assert_eq!(send(call("unblock").json(&json!({ "userId": whom }))).await.status, 200);
        socket.hear().await;
        theirs.hear().await;
        assert_eq!(last_seen(&mut socket, "bob").await, 0);
    }
    theirs.say(CLOSE).await;
    theirs.until_the_end().await;
    let mut away = 0;
    for _ in 0..1000 {
        away = last_seen(&mut socket, "bob").await;
        if away > 0 {
            break;
        }
    }
    assert!(away >= 1, "gone");
    let unknown = format!(
        r#"<iq xmlns="jabber:client" type="get" id="s" to="nobody@{HOST}"><query xmlns="jabber:iq:last"/></iq>"#
    );
    socket.say(&unknown).await;
    assert_eq!(socket.hear().await, refused("s", "cancel", "item-not-found"));
}

#[actix_web::test]
async fn chat_settings_are_stored_and_the_sdks_queries_are_answered() {
    let server = Standin::fresh().await;
    let ada = person(&server, "ada").await;
    let mut socket = Socket::bound(&server, &ada).await;
    let settings = |archive: u8| {
        format!(
            r#"<iq xmlns="jabber:client" type="result" id="1"><query xmlns="jabber:iq:user_activities"><user_settings><archive>{archive}</archive></user_settings></query></iq>"#
        )
    };
    let set = |archive: &str| activity("user_settings").replace("/>", &format!(r#" archive="{archive}"/>"#));
    let child = activity("user_settings").replace("/>", "><archive>1</archive></query>");
    assert_eq!(ask(&mut socket, "get", "1", &activity("user_settings")).await, settings(0));
    for (content, archive) in [(set("1"), 1), (set("0"), 0), (child, 1)] {
        assert_eq!(ask(&mut socket, "set", "2", &content).await, done("2"));
        assert_eq!(ask(&mut socket, "get", "1", &activity("user_settings")).await, settings(archive));
    }
    for wrong in ["2", "", "true"] {
        assert_eq!(
            ask(&mut socket, "set", "3", &set(wrong)).await,
            refused_for("3", "modify", "bad-request", "archive: must be 0 or 1")
        );
    }
    let groups = |status: &str| format!(r#"<query xmlns="jabber:iq:mixgroupchat" status="{status}"/>"#);
    assert_eq!(ask(&mut socket, "set", "4", &activity("register_update")).await, done("4"));
    assert_eq!(ask(&mut socket, "get", "5", &groups("get_group_id")).await, done("5"));
    assert_eq!(
        ask(&mut socket, "get", "6", &groups("get_group_profile")).await,
        refused("6", "cancel", "item-not-found")
    );
    assert_eq!(
        ask(&mut socket, "get", "7", &activity("anything")).await,
        refused("7", "cancel", "feature-not-implemented")
    );
    let mut again = Socket::bound(&server, &ada).await;
    assert_eq!(ask(&mut again, "get", "1", &activity("user_settings")).await, settings(1));
}
