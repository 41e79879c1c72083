//! The true socket.

use reqwest::{Method, header::HeaderMap};
use serde_json::json;
use standin::dialect::mirrorfly::codec::Codec;

use super::*;
use crate::{
    golden,
    mirrorfly_rest::assert_refused,
    standin::{Answer, LICENSE_KEY},
};

#[actix_web::test]
async fn promise_57_a_hundred_messages_at_once_are_all_answered_in_their_order() {
    let server = Standin::fresh().await;
    let ann = person(&server, "ann").await;
    let mut socket = Socket::bound(&server, &ann).await;
    let ping = |n: u32| format!(r#"<iq xmlns="jabber:client" type="get" id="p{n}"><ping xmlns="urn:xmpp:ping"/></iq>"#);
    for n in 0..100 {
        socket.0.feed(Message::text(ping(n))).await.unwrap();
    }
    socket.0.flush().await.unwrap();
    for n in 0..100 {
        let received = socket.hear().await;
        assert!(received.contains(&format!(r#"id="p{n}""#)), "{n}: {received}");
    }
}

/// Holds frames against a golden file.
fn same(server: &Standin, name: &str, frames: &[String]) {
    let answer = Answer { status: 101, headers: HeaderMap::new(), bytes: json!(frames).to_string().into_bytes() };
    golden::same(server, name, &answer);
}

fn vcard(owner: &str, name: &str, status: &str) -> String {
    let codec = Codec::of_profile(owner, LICENSE_KEY);
    format!(
        "<vCard xmlns=\"vcard-temp\"><nickName>{}</nickName><image>https://x/y.png</image><thumbImage>https://x/y.png</thumbImage>\
         <email>{}</email><mobileNumber>{}</mobileNumber><status>{status}</status></vCard>",
        codec.encrypt(name),
        codec.encrypt("a@x.example"),
        codec.encrypt("+62 812")
    )
}

#[actix_web::test]
async fn a_whole_conversation() {
    let server = Standin::fresh().await;
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob@x").await);
    list(&server, &ada, &bob).await;
    let mut socket = Socket::connect(&server).await;
    let mut received = Vec::new();
    let unknown = r#"<iq xmlns="jabber:client" type="get" id="6"><query xmlns="jabber:iq:private"/></iq>"#;
    for (says, answers) in [
        (open().as_str(), 2),
        (&auth("ada", &ada.password), 1),
        (&open(), 2),
        (BIND, 1),
        (r#"<presence xmlns="jabber:client"><priority>1</priority></presence>"#, 0),
        (r#"<iq xmlns="jabber:client" type="set" id="2"><enable xmlns="urn:xmpp:carbons:2"/></iq>"#, 1),
        (&format!(r#"<iq xmlns="jabber:client" type="set" id="3">{}</iq>"#, vcard("ada", "Älice", "a &amp; b")), 2),
        (r#"<iq xmlns="jabber:client" type="get" id="4"><vCard xmlns="vcard-temp"/></iq>"#, 1),
        (
            r#"<iq xmlns="jabber:client" type="get" id="5" to="bob=40x@chat.example.test"><vCard xmlns="vcard-temp"/></iq>"#,
            1,
        ),
        (
            r#"<iq xmlns="jabber:client" type="get" id="5b" to="nobody@chat.example.test"><vCard xmlns="vcard-temp"/></iq>"#,
            1,
        ),
        (unknown, 1),
        (r#"<iq xmlns="jabber:client" type="get" id="7"><query xmlns="jabber:iq:roster"/></iq>"#, 1),
        (r#"<message xmlns="jabber:client" id="8" to="bob=40x@chat.example.test"><body>x</body></message>"#, 1),
    ] {
        socket.say(says).await;
        for _ in 0..answers {
            received.push(socket.hear().await);
        }
    }
    list(&server, &ada, &ada).await;
    let body = json!({ "addContacts": [], "deleteContacts": [], "contactPermission": true, "forceDelete": true });
    let call = server.call(Method::POST, "/api/v1/contacts/syncContactsNew").header("Authorization", &ada.token);
    assert_eq!(send(call.json(&body)).await.json()["status"], 200);
    received.push(socket.hear().await);
    socket.say(&CLOSE.replace(" />", "/>")).await;
    received.extend(socket.until_the_end().await);
    same(&server, "mirrorfly/socket", &received);
}

#[actix_web::test]
async fn an_upgrade_without_the_sub_protocol_is_refused_with_a_sentence() {
    let server = Standin::fresh().await;
    for protocol in [None, Some("mqtt"), Some("xmppx, chat")] {
        let mut call = server
            .call(Method::GET, "/websocket")
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        if let Some(protocol) = protocol {
            call = call.header("Sec-WebSocket-Protocol", protocol);
        }
        golden::same(&server, "mirrorfly/socket_without_protocol", &send(call).await);
    }
}

#[actix_web::test]
async fn a_request_that_is_no_handshake_gets_an_error_in_the_envelope() {
    let server = Standin::fresh().await;
    let call = server.call(Method::GET, "/websocket").header("Sec-WebSocket-Protocol", "xmpp");
    assert_refused(&send(call).await, 400, "Open this address as a WebSocket, version 13");
}

#[actix_web::test]
async fn a_refused_login_is_answered_and_ends_the_stream() {
    let server = Standin::fresh().await;
    let ada = person(&server, "ada").await;
    let gone = person(&server, "gone").await;
    server.command(&["user", "set", "gone", "--state", "suspended"]);
    let failure = |condition: &str| {
        vec![
            format!(r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><{condition} /></failure>"#),
            CLOSE.to_owned(),
        ]
    };
    for (username, password, condition) in [
        ("ada", "wrong", "not-authorized"),
        ("nobody", &ada.password, "not-authorized"),
        ("not an id", &ada.password, "not-authorized"),
        ("administrator", crate::standin::ACCOUNT_PASSWORD, "not-authorized"),
        ("gone", "wrong", "not-authorized"),
        ("gone", &gone.password, "account-disabled"),
    ] {
        let mut socket = Socket::opened(&server).await;
        socket.say(&auth(username, password)).await;
        assert_eq!(socket.until_the_end().await, failure(condition), "{username}");
    }
}

#[actix_web::test]
async fn the_encrypted_password_of_a_live_app_opens_the_socket_too() {
    let server = Standin::fresh().await;
    let ada = person(&server, "ada").await;
    let blob = json!({ "password": ada.password, "currentTimestamp": 1_700_000_000_000_i64 }).to_string();
    let password = Codec::of_license(LICENSE_KEY).encrypt(&blob);
    Socket::bound(&server, &Person { password, ..ada }).await;
}

#[actix_web::test]
async fn a_change_notifies_the_user_and_its_friends_only() {
    let server = Standin::fresh().await;
    let [ada, bob, eve, dan] = [
        person(&server, "ada").await,
        person(&server, "bob").await,
        person(&server, "eve").await,
        person(&server, "dan").await,
    ];
    list(&server, &ada, &bob).await;
    list(&server, &dan, &ada).await;
    let call = server.call(Method::POST, "/api/v1/users/block").header("Authorization", &dan.token);
    assert_eq!(send(call.form(&[("userId", "ada")])).await.json()["status"], 200);
    let (mut own, mut own_too) = (Socket::bound(&server, &ada).await, Socket::bound(&server, &ada).await);
    let mut friend = Socket::bound(&server, &bob).await;
    let (mut stranger, mut behind_block) = (Socket::bound(&server, &eve).await, Socket::bound(&server, &dan).await);
    own.set_status("one").await;
    server.login_or_register(json!({ "user_id": "ada", "username": "Ada", "password": "p" })).await;
    for socket in [&mut own, &mut own_too, &mut friend] {
        for status in ["one", "one"] {
            let pushed = socket.hear().await;
            assert!(pushed.contains(r#"from="ada@chat.example.test""#), "{pushed}");
            assert!(pushed.contains(&format!("<status>{status}</status>")), "{pushed}");
        }
    }
    stranger.hears_nothing().await;
    behind_block.hears_nothing().await;
}

#[actix_web::test]
async fn concurrent_changes_of_two_users_arrive_in_commit_order() {
    let server = Standin::fresh().await;
    let [ada, bob, eve] = [person(&server, "ada").await, person(&server, "bob").await, person(&server, "eve").await];
    list(&server, &eve, &ada).await;
    list(&server, &eve, &bob).await;
    let mut listener = Socket::bound(&server, &eve).await;
    let changes = async |person: &Person| {
        for n in 0..20 {
            let fields = [("userIdentifier", person.id.as_str()), ("mobileNumber", &n.to_string())];
            assert_eq!(server.create_user(&server.back_end_token().await, &fields).await.status, 200);
        }
    };
    tokio::join!(changes(&ada), changes(&bob));
    let mut last = [None::<u32>, None];
    while last != [Some(19), Some(19)] {
        let pushed = listener.hear().await;
        let (at, owner) = if pushed.contains(r#"from="ada@"#) { (0, "ada") } else { (1, "bob") };
        let sent = pushed.split("<mobileNumber>").nth(1).unwrap().split('<').next().unwrap();
        let number = Codec::of_profile(owner, LICENSE_KEY).decrypt(sent).unwrap().parse().unwrap();
        assert!(last[at] <= Some(number), "{owner}: {number} after {last:?}");
        last[at] = Some(number);
    }
}

#[actix_web::test]
async fn a_user_that_loses_its_access_is_disconnected() {
    let server = Standin::fresh().await;
    for (id, words) in [
        ("suspended", &["user", "set", "suspended", "--state", "suspended"][..]),
        ("deleted", &["user", "delete", "deleted"]),
    ] {
        let person = person(&server, id).await;
        let mut socket = Socket::bound(&server, &person).await;
        server.command(words);
        assert_eq!(socket.until_the_end().await, [CLOSE], "{id}");
    }
    let person = person(&server, "changed").await;
    let mut socket = Socket::bound(&server, &person).await;
    server.login_or_register(json!({ "user_id": "changed", "username": "C", "password": "chosen" })).await;
    let received = socket.until_the_end().await;
    assert_eq!(received.last().map(String::as_str), Some(CLOSE));
}

#[actix_web::test]
async fn a_returning_client_receives_missed_events_and_a_restart_disconnects_all() {
    let mut server = Standin::fresh().await;
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    list(&server, &bob, &ada).await;
    let mut own = Socket::bound(&server, &ada).await;
    let mut friend = Socket::bound(&server, &bob).await;
    own.set_status("seen").await;
    friend.hear().await;
    friend.say(CLOSE).await;
    friend.until_the_end().await;
    own.hear().await;
    own.set_status("missed").await;
    let mut friend = Socket::bound(&server, &bob).await;
    assert!(friend.hear().await.contains("<status>missed</status>"));
    friend.hears_nothing().await;
    server.terminate();
    assert_eq!(friend.until_the_end().await, [CLOSE]);
    server.restart();
    Socket::bound(&server, &bob).await;
}

#[actix_web::test]
async fn a_returning_client_receives_its_own_contacts_too_also_after_a_thousand_events_of_others() {
    let server = Standin::fresh().await;
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    list(&server, &bob, &ada).await;
    let back_end = server.back_end_token().await;
    let mut crowd = Vec::new();
    for n in 0..100 {
        crowd.push(person_id(&server, &back_end, &format!("crowd{n}")).await);
    }
    let mut friend = Socket::bound(&server, &bob).await;
    friend.say(CLOSE).await;
    friend.until_the_end().await;
    list(&server, &bob, &Person { id: "crowd0".to_owned(), ..person(&server, "eve").await }).await;
    for n in 0..12 {
        let body = json!({ "blockStatus": n % 2 == 0, "id": crowd, "type": "user" });
        let call = server.call(Method::POST, "/api/v1/moderation/block").header("Authorization", &back_end);
        assert_eq!(send(call.json(&body)).await.json()["status"], 200);
    }
    Socket::bound(&server, &ada).await.set_status("missed").await;
    let mut friend = Socket::bound(&server, &bob).await;
    assert!(friend.hear().await.contains("<register_update />"), "bob's own contacts");
    assert!(friend.hear().await.contains("<status>missed</status>"), "1,200 events later");
    friend.hears_nothing().await;
}

async fn person_id(server: &Standin, back_end: &str, id: &str) -> String {
    assert_eq!(server.create_user(back_end, &[("userIdentifier", id)]).await.status, 200);
    id.to_owned()
}

#[actix_web::test]
async fn promise_36_a_client_that_asks_not_to_end_the_oldest_session_gets_the_session_limit() {
    let server = Standin::with(&[("STANDIN_APP_REGISTRATION", "open")]).await;
    let ada = person(&server, "ada").await;
    let register = async |force: Option<bool>| {
        let mut body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": "ada" });
        if let Some(force) = force {
            body["forceRegister"] = json!(force);
        }
        send(server.call(Method::POST, "/api/v1/sandbox/register").json(&body)).await.json()
    };
    let mut sockets = Vec::new();
    for _ in 0..20 {
        assert_eq!(register(Some(false)).await["status"], 200);
        sockets.push(Socket::bound(&server, &ada).await);
    }
    let refused = json!({ "status": 403, "message": "You have reached maximum sessions allowed." });
    assert_eq!(register(Some(false)).await, refused);
    for force in [Some(true), None] {
        assert_eq!(register(force).await["status"], 200);
    }
    let _newest = Socket::bound(&server, &ada).await;
    let begun = std::time::Instant::now();
    assert_eq!(sockets.remove(0).until_the_end().await, [CLOSE]);
    assert!(begun.elapsed().as_secs() >= 4, "at once it would come back and end another one's, for ever");
    sockets.remove(0).set_status("still there").await;
}

/// The SDK makes the key of its own profile of the name that it signed in by, so a name kept from a former release goes on working.
#[actix_web::test]
async fn a_client_is_served_under_the_spelling_of_its_name_that_it_signed_in_by() {
    for username in ["guest=40x", r"guest\40x"] {
        let server = Standin::fresh().await;
        let guest = person(&server, "guest@x").await;
        assert_eq!(guest.id, "guest=40x");
        let known_as = Person { id: username.to_owned(), ..guest.clone() };
        let mut socket = Socket::opened(&server).await;
        socket.say(&auth(username, &known_as.password)).await;
        assert!(socket.hear().await.starts_with("<success"));
        socket.say(&open()).await;
        socket.hear().await;
        socket.hear().await;
        socket.say(BIND).await;
        assert!(socket.hear().await.contains(&format!("<jid>{username}@{HOST}/Web-1</jid>")));
        let set = format!(r#"<iq xmlns="jabber:client" type="set" id="1">{}</iq>"#, vcard(username, "Älice", ""));
        socket.say(&set).await;
        let received = [socket.hear().await, socket.hear().await];
        assert!(received.iter().any(|frame| frame.contains(r#"type="result" id="1""#)), "{received:?}");
        let pushed = received.iter().find(|frame| frame.contains(r#"id="new""#)).unwrap();
        assert!(pushed.contains(&format!(r#" from="{username}@{HOST}""#)), "{pushed}");
        let sealed = Codec::of_profile(username, LICENSE_KEY).encrypt("Älice");
        assert!(pushed.contains(&format!("<nickName>{sealed}</nickName>")), "{pushed}");
        assert_eq!(server.user_profile("guest@x").await.json()["results"]["user"]["username"], "Älice");
    }
}

/// A client finds the answer by the address it asked at, and makes the key of it.
#[actix_web::test]
async fn a_profile_is_answered_from_the_address_it_was_asked_at() {
    let server = Standin::fresh().await;
    let (ada, guest) = (person(&server, "ada").await, person(&server, "guest@x").await);
    let mut theirs = Socket::bound(&server, &guest).await;
    theirs.say(&format!(r#"<iq xmlns="jabber:client" type="set" id="1">{}</iq>"#, vcard(&guest.id, "Guest", ""))).await;
    theirs.hear().await;
    theirs.hear().await;
    let mut socket = Socket::bound(&server, &ada).await;
    for node in ["guest=40x", r"guest\40x"] {
        let ask = format!(
            r#"<iq xmlns="jabber:client" type="get" id="2" to="{node}@{HOST}"><vCard xmlns="vcard-temp"/></iq>"#
        );
        socket.say(&ask).await;
        let received = socket.hear().await;
        assert!(received.contains(&format!(r#" from="{node}@{HOST}""#)), "{received}");
        assert!(received.contains(&Codec::of_profile(node, LICENSE_KEY).encrypt("Guest")), "{received}");
    }
}
