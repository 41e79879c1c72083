//! Sending, changing and recalling; receipts, and typing.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use reqwest::Method;

use super::*;
use crate::standin::send;

fn now_micros() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// The SDK's vector of a body.
#[test]
fn a_body_is_encrypted_with_the_id_of_its_message() {
    let plain = r#"{"message":"Hi Ω","message_type":"text"}"#;
    let cipher =
        "qfLDCWPnVQMqN6jbdbMGNT6tBeD3leJrdBQ1e8pRaWWxohgGcQ3l+sbuuprCA9lKxA58hgonMm4pqXczKDtbCCczL/8dFLZIBvC0Kz892M8=";
    let codec = Codec::of_message("11111111-2222-4333-8444-555555555555");
    assert_eq!((codec.encrypt(plain).as_str(), codec.decrypt(cipher).unwrap().as_str()), (cipher, plain));
}

#[actix_web::test]
async fn a_message_is_acknowledged_and_reaches_every_session_of_the_recipient_and_the_senders_others() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut here, mut there) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &ada).await);
    let (mut phone, mut desk) = (Chatter::of(&house, &bob).await, Chatter::of(&house, &bob).await);
    let body = json!({ "message": "Hi Ω <1> 👋", "message_type": "text", "nickName": "ignored", "replyTo": "m0" });
    let before = now_micros();
    here.say(&stanza("bob", "m1", "m1", r#"{"k":"v"}"#, &sealed("m1", &body))).await;
    let heard = here.hear().await;
    assert_eq!(acknowledged(&heard), ("acknowledge".into(), "m1".into(), format!("bob@{HOST}")));
    let time = attribute(heard.find("timestamp", CLIENT).unwrap(), "time");
    let micros: i64 = time.parse().unwrap();
    assert_eq!((time.len(), (before..=now_micros()).contains(&micros)), (16, true), "{time}");
    let plain = json!({
        "message": "Hi Ω <1> 👋", "message_type": "text", "mentionedUsersIds": [], "nickName": "", "replyTo": "m0",
    });
    let expected = |head: &str| {
        format!(
            r#"<message {head} id="m1"><chatcontent xmlns="urn:xmpp:content" message_type="text" broadcast_id="" topic_id="" meta_data="{{&quot;k&quot;:&quot;v&quot;}}" edit_msg_id="m1" /><body message_type="text">{}</body><timestamp time="{time}" /></message>"#,
            sealed("m1", &plain)
        )
    };
    for socket in [&mut phone, &mut desk] {
        let head = format!(r#"xmlns="jabber:client" type="chat" from="ada@{HOST}" to="bob@{HOST}/Web-1""#);
        assert_eq!(socket.hear_text().await, expected(&head));
    }
    let inner = expected(&format!(r#"xmlns="jabber:client" type="chat" from="ada@{HOST}" to="bob@{HOST}""#));
    assert_eq!(
        there.hear_text().await,
        format!(
            r#"<message xmlns="jabber:client" from="ada@{HOST}" to="ada@{HOST}/Web-1"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">{inner}</forwarded></sent></message>"#
        )
    );
    for socket in [&mut here, &mut there, &mut phone, &mut desk] {
        socket.hears_nothing().await;
    }
}

#[actix_web::test]
async fn an_id_with_an_at_sign_is_written_to_and_heard_from() {
    let house = Standin::fresh().await;
    let (ada, guest) = (person(&house, "ada").await, person(&house, "guest@x").await);
    let (mut own, mut theirs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &guest).await);
    own.send("guest=40x", "m1", "Hi").await;
    assert_eq!(theirs.hear_message().await, (format!("ada@{HOST}"), "m1".into(), "Hi".into()));
    theirs.send("ada", "m2", "Hello").await;
    assert_eq!(own.hear_message().await, (format!("guest=40x@{HOST}"), "m2".into(), "Hello".into()));
}

#[actix_web::test]
async fn delivered_and_seen_reach_the_author_once_whoever_reports_them() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let mut author = Chatter::of(&house, &ada).await;
    let (mut phone, mut desk) = (Chatter::of(&house, &bob).await, Chatter::of(&house, &bob).await);
    for id in ["m1", "m2", "m3"] {
        author.send("bob", id, id).await;
        for socket in [&mut phone, &mut desk] {
            socket.hear().await;
        }
    }
    let told = |id: &str, status: &str| (format!("bob@{HOST}"), id.to_owned(), status.to_owned());
    phone.say(&about("delivered", "ada", "m1")).await;
    assert_eq!(acknowledged(&phone.hear().await), ("delivered".into(), "m1".into(), format!("ada@{HOST}")));
    assert_eq!(receipt(&author.hear().await, "delivered"), told("m1", "1"));
    let (word, inner) = copied(&desk.hear().await);
    assert_eq!(
        (word.as_str(), attribute(&inner, "from"), attribute(&inner, "to")),
        ("sent", format!("bob@{HOST}"), format!("ada@{HOST}"))
    );
    assert_eq!(attribute(inner.find("delivered", RECEIPTS).unwrap(), "id"), "m1");
    desk.say(&about("delivered", "ada", "m1")).await;
    assert_eq!(acknowledged(&desk.hear().await).0, "delivered");
    author.hears_nothing().await;
    // What is seen is delivered too, and what came before it is seen.
    desk.say(&about("seen", "ada", "m2")).await;
    assert_eq!(acknowledged(&desk.hear().await), ("seen".into(), "m2".into(), format!("ada@{HOST}")));
    for id in ["m1", "m2"] {
        assert_eq!(receipt(&author.hear().await, "seen"), told(id, "2"));
        assert_eq!(attribute(copied(&phone.hear().await).1.find("seen", RECEIPTS).unwrap(), "id"), id);
    }
    for (word, id) in [("seen", "m1"), ("seen", "m2"), ("delivered", "m2")] {
        phone.say(&about(word, "ada", id)).await;
        assert_eq!(acknowledged(&phone.hear().await).1, id);
    }
    for socket in [&mut author, &mut phone, &mut desk] {
        socket.hears_nothing().await;
    }
}

#[actix_web::test]
async fn a_repeated_id_is_acknowledged_and_nothing_else_and_the_other_sides_id_is_refused() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut own, mut theirs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    own.send("bob", "m1", "first").await;
    assert_eq!(theirs.hear_message().await.2, "first");
    own.send("bob", "m1", "another text").await;
    theirs.say(&message("ada", "m1", "mine")).await;
    assert_eq!(refused(&theirs.hear_text().await, "m1"), "conflict");
    theirs.hears_nothing().await;
    own.hears_nothing().await;
    let row = theirs.rows(r#"status="single_chat" to_user="ada""#, "history", "chat").await.remove(0);
    assert_eq!(row_text(&row, "msgid", "message"), "first");
    // The same id in another chat is another message.
    let eve = person(&house, "eve").await;
    own.send("eve", "m1", "to eve").await;
    assert_eq!(Chatter::of(&house, &eve).await.hear_message().await.2, "to eve");
}

#[actix_web::test]
async fn texts_of_1_to_10000_characters_are_sent_and_no_longer_ones() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut own, mut theirs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    for (id, text) in [("m1", "x".to_owned()), ("m2", "ä".repeat(9_999)), ("m3", "👋".repeat(10_000))] {
        own.send("bob", id, &text).await;
        assert_eq!(theirs.hear_message().await.2, text);
    }
    for (id, text) in [("m4", String::new()), ("m5", "x".repeat(10_001))] {
        own.say(&message("bob", id, &text)).await;
        assert_eq!(refused(&own.hear_text().await, id), "bad-request");
    }
    theirs.hears_nothing().await;
}

#[actix_web::test]
async fn what_is_no_message_to_a_user_is_refused_and_not_acknowledged() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut own, mut theirs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    let image = json!({ "message": "x", "message_type": "image" });
    let good = sealed("m1", &content("x"));
    for (said, id, condition) in [
        (stanza("bob", "m1", "m1", "{}", "plain"), "m1", "bad-request"),
        (stanza("bob", "m1", "m1", "{}", &sealed("m2", &content("x"))), "m1", "bad-request"),
        (stanza("bob", "m1", "m1", "{}", &sealed("m1", &image)), "m1", "bad-request"),
        (stanza("bob", "m1", "m1", "{}", &Codec::of_message("m1").encrypt("no JSON")), "m1", "bad-request"),
        (stanza("bob", "m1", "m1", "[]", &good), "m1", "bad-request"),
        (stanza("bob", "m1", "m1", r#"{"a":"1","b":"2","c":"3","d":"4"}"#, &good), "m1", "bad-request"),
        (message("nobody", "m1", "x"), "m1", "item-not-found"),
        (message("a b", "m1", "x"), "m1", "item-not-found"),
        (message("ada", "m1", "x"), "m1", "bad-request"),
        (message("bob", "a,b", "x"), "a,b", "bad-request"),
        (message("bob", "it's", "x"), "it's", "bad-request"),
        (message("bob", "", "x"), "", "bad-request"),
        (message("bob", &"i".repeat(192), "x"), &"i".repeat(192), "bad-request"),
        (message("bob", "m1", "x").replace(&format!(r#" to="bob@{HOST}""#), ""), "m1", "bad-request"),
        (
            format!(r#"<message xmlns="jabber:client" id="m1" to="bob@{HOST}"><body>x</body></message>"#),
            "m1",
            "feature-not-implemented",
        ),
    ] {
        own.say(&said).await;
        assert_eq!(refused(&own.hear_text().await, id), condition, "{said}");
    }
    own.send("bob", &"i".repeat(191), "the longest id").await;
    assert_eq!(theirs.hear_message().await.2, "the longest id");
    theirs.hears_nothing().await;
}

#[actix_web::test]
async fn an_edit_keeps_place_and_time_and_is_told_by_its_own_id() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut own, mut other) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &ada).await);
    let mut theirs = Chatter::of(&house, &bob).await;
    for id in ["m1", "m2"] {
        own.send("bob", id, "old").await;
        other.hear().await;
    }
    let first = theirs.hear().await;
    theirs.hear().await;
    for _ in ["once", "and again, by a client that heard no answer"] {
        own.say(&edit("bob", "m1", "e1", "new")).await;
        assert_eq!(acknowledged(&own.hear().await).1, "m1");
    }
    let heard = theirs.hear().await;
    assert_eq!(body(&heard), ("m1".into(), content("new")));
    assert_eq!(attribute(heard.find("chatcontent", CONTENT).unwrap(), "edit_msg_id"), "e1");
    assert_eq!(heard.find("timestamp", CLIENT), first.find("timestamp", CLIENT));
    let (_, inner) = copied(&other.hear().await);
    assert_eq!(attribute(inner.find("chatcontent", CONTENT).unwrap(), "edit_msg_id"), "e1");
    for socket in [&mut own, &mut other, &mut theirs] {
        socket.hears_nothing().await;
    }
    let rows = theirs.rows(r#"status="single_chat" to_user="ada""#, "history", "chat").await;
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.text_of("msgid"), row.text_of("edit_msg_status"), row.text_of("editmsgid")))
        .collect();
    assert_eq!(shown, [("m2", "0", "m2"), ("m1", "1", "e1")]);
    theirs.say(&edit("ada", "m1", "e2", "not mine")).await;
    assert_eq!(refused(&theirs.hear_text().await, "m1"), "item-not-found");
    for (id, text, condition) in [("m9", "x", "item-not-found"), ("m1", "", "bad-request")] {
        own.say(&edit("bob", id, "e3", text)).await;
        assert_eq!(refused(&own.hear_text().await, id), condition);
    }
    theirs.hears_nothing().await;
}

#[actix_web::test]
async fn a_topic_stays_with_its_message() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut own, mut theirs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    let about = |id: &str, edit_id: &str, topic: &str| {
        stanza("bob", id, edit_id, "{}", &sealed(id, &content("x")))
            .replace(r#"topic_id="""#, &format!(r#"topic_id="{topic}""#))
    };
    let longest = "t".repeat(191);
    for (id, topic) in [("m1", "topic-1"), ("m2", &longest)] {
        own.say(&about(id, id, topic)).await;
        acknowledged(&own.hear().await);
        assert_eq!(attribute(theirs.hear().await.find("chatcontent", CONTENT).unwrap(), "topic_id"), topic);
    }
    own.say(&about("m3", "m3", &format!("{longest}t"))).await;
    assert_eq!(refused(&own.hear_text().await, "m3"), "bad-request");
    own.say(&about("m2", "e1", "")).await;
    acknowledged(&own.hear().await);
    let edited = theirs.hear().await;
    assert_eq!(attribute(edited.find("chatcontent", CONTENT).unwrap(), "topic_id"), longest);
    let rows = theirs.rows(r#"status="single_chat" to_user="ada""#, "history", "chat").await;
    assert_eq!(rows.iter().map(|row| row.text_of("topic_id")).collect::<Vec<_>>(), [longest.as_str(), "topic-1"]);
    let listed = theirs.rows(r#"status="recent_chat""#, "participants", "participant").await;
    assert_eq!(listed[0].text_of("topic_id"), longest);
    let reply = theirs.rows(r#"status="reply_message" reply_id="m1""#, "replymessage", "chat").await;
    assert_eq!(reply[0].text_of("topic_id"), "topic-1");
    let path = "/api/v1/chat/chat-history?chatType=singlechat&participant=bob&size=1";
    let page = send(house.call(Method::GET, path).header("Authorization", ada.token())).await;
    assert_eq!(page.json()["data"]["chatList"][0]["topicId"], json!(longest));
}

#[actix_web::test]
async fn own_messages_are_recalled_and_their_text_is_gone_for_both() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut own, mut other) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &ada).await);
    let mut theirs = Chatter::of(&house, &bob).await;
    for id in ["m1", "m2", "m3"] {
        own.send("bob", id, "secret").await;
        theirs.hear().await;
        other.hear().await;
    }
    theirs.send("ada", "b1", "bob's").await;
    own.hear().await;
    other.hear().await;
    own.say(&about("recall", "bob", "m1,m3,b1,m9")).await;
    for id in ["m1", "m3"] {
        assert_eq!(acknowledged(&own.hear().await), ("recall".into(), id.into(), format!("bob@{HOST}")));
    }
    for id in ["m1", "m3"] {
        let heard = theirs.hear().await;
        let recall = heard.find("recall", RECEIPTS).unwrap();
        assert_eq!(
            (attribute(&heard, "from"), attribute(recall, "id"), attribute(recall, "chat_type")),
            (format!("ada@{HOST}"), id.into(), "chat".into())
        );
        assert_eq!(attribute(copied(&other.hear().await).1.find("recall", RECEIPTS).unwrap(), "id"), id);
    }
    for ids in ["b1", "m9"] {
        own.say(&about("recall", "bob", ids)).await;
        assert_eq!(refused(&own.hear_text().await, "r1"), "item-not-found");
    }
    own.say(&edit("bob", "m1", "e1", "back again")).await;
    assert_eq!(refused(&own.hear_text().await, "m1"), "item-not-found");
    for (socket, peer) in [(&mut own, "bob"), (&mut theirs, "ada")] {
        let rows = socket.rows(&format!(r#"status="single_chat" to_user="{peer}""#), "history", "chat").await;
        let shown: Vec<_> = rows
            .iter()
            .map(|row| (row.text_of("msgid"), row.text_of("recallstatus"), row_text(row, "msgid", "message")))
            .collect();
        let row = |id, recalled, text: &str| (id, recalled, text.to_owned());
        assert_eq!(shown, [row("b1", "0", "bob's"), row("m3", "1", ""), row("m2", "0", "secret"), row("m1", "1", "")]);
    }
    for count in [100, 101] {
        let ids: Vec<String> = (0..count).map(|n| format!("x{n}")).collect();
        own.say(&about("recall", "bob", &ids.join(","))).await;
        let condition = if count == 100 { "item-not-found" } else { "bad-request" };
        assert_eq!(refused(&own.hear_text().await, "r1"), condition);
    }
}

/// The clients of XEP-0085 have another namespace and more words.
#[actix_web::test]
async fn chat_states_of_the_standard_are_passed_on_as_those_of_the_sdk() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut own, mut theirs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    let state = |word: &str, space: &str| format!(r#"<{word} xmlns="{space}://jabber.org/protocol/chatstates"/>"#);
    for (word, heard_as) in [
        ("composing", "composing"),
        ("paused", "gone"),
        ("composing", "composing"),
        ("inactive", "gone"),
        ("active", "gone"),
    ] {
        for space in ["http", "https"] {
            let to = format!("bob@{}", HOST.to_uppercase());
            let state = state(word, space);
            own.say(&format!(r#"<message xmlns="jabber:client" type="chat" id="t1" to="{to}">{state}</message>"#))
                .await;
            let heard = theirs.hear().await;
            assert!(heard.find(heard_as, "https://jabber.org/protocol/chatstates").is_some(), "{word}: {heard:?}");
        }
    }
    // A message that says that its author is there is a message.
    let message =
        message("bob", "m1", "x").replace("<chatcontent", &format!("{}<chatcontent", state("active", "http")));
    own.say(&message).await;
    acknowledged(&own.hear().await);
    assert_eq!(theirs.hear_message().await.2, "x");
}

#[actix_web::test]
async fn a_refusal_names_its_stanza_the_field_and_the_limit() {
    let house = Standin::fresh().await;
    let (ada, _bob) = pair(&house).await;
    let mut own = Chatter::of(&house, &ada).await;
    let reply = |id: &str| sealed("m1", &json!({ "message": "x", "message_type": "text", "replyTo": id }));
    for (said, text) in [
        (message("bob", "m1", &"x".repeat(10_001)), "message must be at most 10000 characters"),
        (message("bob", "m1", ""), "message is required"),
        (stanza("bob", "m1", "m1", "[]", &reply("m0")), "meta_data must be the text of a JSON object"),
        (
            stanza("bob", "m1", "m1", "{}", &reply("m\u{202e}0")),
            "replyTo must be free of control characters and of characters that change the direction of text",
        ),
        (stanza("bob", "m1", "m1", "{}", "plain"), "body must be encrypted with the message's id"),
        (message("ada", "m1", "x"), "to: must be another user"),
    ] {
        own.say(&said).await;
        let heard = own.hear_text().await;
        assert_eq!(refused_with(&heard, "m1"), ("bad-request".into(), text.into()));
        let to = if said.contains("to=\"ada@") { "ada" } else { "bob" };
        assert!(heard.contains(&format!(r#" from="{to}@{HOST}""#)), "{heard}");
    }
    // Without an id of its own, a stanza is known by the message that it is about.
    own.say(&about("seen", "bob", "m9").replace(r#" id="r1""#, "")).await;
    assert_eq!(refused(&own.hear_text().await, "m9"), "item-not-found");
    own.say(&about("seen", "bob", "a,b")).await;
    let (condition, text) = refused_with(&own.hear_text().await, "r1");
    assert_eq!(condition, "bad-request");
    assert!(text.contains("191 characters"), "{text}");
}

/// What the server does by itself, in its own time.
#[actix_web::test]
async fn promise_67_a_recalled_and_a_changed_text_leave_every_file_within_one_minute() {
    let house = Standin::fresh().await;
    let (ada, _bob) = pair(&house).await;
    let mut own = Chatter::of(&house, &ada).await;
    let texts = ["the recalled text of this test", "the former text of this test"];
    for (id, text) in ["m1", "m2"].iter().zip(texts) {
        own.send("bob", id, text).await;
    }
    let holders = || {
        let files = std::fs::read_dir(house.data()).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|file| file.is_file());
        let holds =
            |bytes: &[u8]| texts.iter().any(|text| bytes.windows(text.len()).any(|part| part == text.as_bytes()));
        files.filter(|file| std::fs::read(file).is_ok_and(|bytes| holds(&bytes))).collect::<Vec<_>>()
    };
    assert!(!holders().is_empty());
    own.say(&about("recall", "bob", "m1")).await;
    own.hear().await;
    own.say(&edit("bob", "m2", "e1", "now")).await;
    own.hear().await;
    let begun = std::time::Instant::now();
    while !holders().is_empty() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", holders());
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

#[actix_web::test]
async fn typing_is_passed_on_and_not_stored() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let mut own = Chatter::of(&house, &ada).await;
    let (mut theirs, mut early) = (Chatter::of(&house, &bob).await, Socket::opened(&house).await);
    for word in ["composing", "gone"] {
        own.say(&format!(
            r#"<message xmlns="jabber:client" type="chat" id="t1" to="bob@{HOST}"><{word} xmlns="https://jabber.org/protocol/chatstates"><no-store/></{word}></message>"#
        ))
        .await;
        let heard = theirs.hear().await;
        assert_eq!(attribute(&heard, "from"), format!("ada@{HOST}"));
        assert!(heard.find(word, "https://jabber.org/protocol/chatstates").is_some(), "{heard:?}");
    }
    own.hears_nothing().await;
    // One that signs in meanwhile is not told later, and nothing breaks.
    early.say(&super::super::mirrorfly_socket::auth(&bob.id, &bob.password)).await;
    assert!(early.hear().await.starts_with("<success"));
    assert_eq!(own.rows(r#"status="recent_chat""#, "participants", "participant").await, []);
}

/// From eight sockets of two users, 200 messages: each once, for each in the same order.
#[actix_web::test]
async fn two_hundred_sends_at_once_keep_one_order_without_gaps() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let send = async |person: &Person, peer: &str, name: String| {
        let mut socket = Chatter(Socket::bound(&house, person).await);
        for n in 0..25 {
            socket.say(&message(peer, &format!("{name}-{n}"), "x")).await;
        }
        let mut left = 25;
        while left > 0 {
            left -= usize::from(socket.hear().await.find("acknowledge", CLIENT).is_some());
        }
    };
    join_all((0..8).map(|n| {
        let (person, peer) = if n % 2 == 0 { (&ada, "bob") } else { (&bob, "ada") };
        send(person, peer, format!("s{n}"))
    }))
    .await;
    let mut orders = Vec::new();
    for (person, peer) in [(&ada, "bob"), (&bob, "ada")] {
        let mut socket = Chatter(Socket::bound(&house, person).await);
        let (mut ids, mut row) = (Vec::new(), String::new());
        loop {
            let asked = format!(r#"status="single_chat" to_user="{peer}" position="up" row_id="{row}" limit="15""#);
            let page = socket.rows(&asked, "history", "chat").await;
            let Some(last) = page.last() else { break };
            row = last.text_of("row_id").to_owned();
            ids.extend(page.iter().map(|row| row.text_of("msgid").to_owned()));
        }
        orders.push(ids);
    }
    assert_eq!(orders[0], orders[1]);
    let mut ids = orders.remove(0);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 200);
    let database = rusqlite::Connection::open(house.data().join("standin.db")).unwrap();
    let gapless =
        "SELECT count(*) = 200 AND min(seq) = 1 AND max(seq) = 200 AND count(DISTINCT seq) = 200 FROM message";
    assert!(database.query_row(gapless, [], |row| row.get::<_, bool>(0)).unwrap());
}
