//! Blocks, strangers, suspended and deleted users.

use super::*;

const BLOCKING: &str = "urn:xmpp:blocking";

async fn block(socket: &mut Chatter, word: &str, whom: &str) {
    let answer =
        socket.ask("set", &format!(r#"<{word} xmlns="{BLOCKING}"><item jid="{whom}@{HOST}"/></{word}>"#)).await;
    assert_eq!(answer.attribute("type"), Some("result"));
}

fn typing(to: &str) -> String {
    format!(
        r#"<message xmlns="jabber:client" type="chat" id="t1" to="{to}@{HOST}"><composing xmlns="https://jabber.org/protocol/chatstates"/></message>"#
    )
}

/// In either direction: the sender hears what it always hears, and the other one nothing, not later either.
#[actix_web::test]
async fn a_block_withholds_messages_receipts_and_typing_for_ever() {
    for is_senders in [true, false] {
        let mut house = Standin::fresh().await;
        let (ada, bob) = pair(&house).await;
        let (mut adas, mut bobs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
        adas.send("bob", "m0", "before").await;
        bobs.hear().await;
        let set = async |adas: &mut Chatter, bobs: &mut Chatter, word: &str| {
            if is_senders {
                block(adas, word, "bob").await;
                assert!(bobs.hear_text().await.contains("userblocked"));
            } else {
                block(bobs, word, "ada").await;
                assert!(adas.hear_text().await.contains("userblocked"));
            }
        };
        set(&mut adas, &mut bobs, "block").await;
        adas.send("bob", "m1", "withheld").await;
        adas.say(&typing("bob")).await;
        bobs.say(&about("seen", "ada", "m0")).await;
        assert_eq!(acknowledged(&bobs.hear().await).0, "seen");
        adas.hears_nothing().await;
        bobs.hears_nothing().await;
        set(&mut adas, &mut bobs, "unblock").await;
        bobs.hears_nothing().await;
        // A change or a recall of it is nothing to the other one either.
        adas.say(&edit("bob", "m1", "e1", "still withheld")).await;
        adas.hear().await;
        adas.say(&about("recall", "bob", "m1")).await;
        assert_eq!(acknowledged(&adas.hear().await).0, "recall");
        bobs.hears_nothing().await;
        bobs.say(&about("seen", "ada", "m1")).await;
        assert_eq!(refused(&bobs.hear_text().await, "r1"), "item-not-found");
        house.kill();
        house.restart();
        let mut bobs = Chatter::of(&house, &bob).await;
        bobs.hears_no_message().await;
        let ids = |rows: Vec<XmlElement>| rows.iter().map(|row| row.text_of("msgid").to_owned()).collect::<Vec<_>>();
        assert_eq!(ids(bobs.rows(r#"status="single_chat" to_user="ada""#, "history", "chat").await), ["m0"]);
        let chats = bobs.rows(r#"status="recent_chat""#, "participants", "participant").await;
        assert_eq!((chats[0].text_of("msgid"), chats[0].text_of("unread")), ("m0", "0"));
        let mut adas = Chatter::of(&house, &ada).await;
        adas.hears_no_message().await;
        assert_eq!(ids(adas.rows(r#"status="single_chat" to_user="bob""#, "history", "chat").await), ["m1", "m0"]);
    }
}

#[actix_web::test]
async fn a_stranger_moves_no_mark_recalls_nothing_and_reads_nothing_of_others() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let eve = person(&house, "eve").await;
    let (mut adas, mut bobs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    let mut eves = Chatter::of(&house, &eve).await;
    adas.send("bob", "m1", "between two").await;
    bobs.hear().await;
    for to in ["ada", "bob"] {
        for word in ["delivered", "seen", "recall"] {
            eves.say(&about(word, to, "m1")).await;
            assert_eq!(refused(&eves.hear_text().await, "r1"), "item-not-found");
        }
        eves.say(&edit(to, "m1", "e1", "mine")).await;
        assert_eq!(refused(&eves.hear_text().await, "m1"), "item-not-found");
        eves.change(&format!(r#"status="delete_message" to_user="{to}@{HOST}" message_ids="m1""#)).await;
        assert_eq!(eves.rows(&format!(r#"status="single_chat" to_user="{to}@{HOST}""#), "history", "chat").await, []);
    }
    assert_eq!(eves.rows(r#"status="reply_message" reply_id="m1""#, "replymessage", "chat").await, []);
    // The recipient may not report its own message, nor the author the recipient's.
    adas.say(&about("seen", "bob", "m1")).await;
    assert_eq!(refused(&adas.hear_text().await, "r1"), "item-not-found");
    bobs.say(&about("recall", "ada", "m1")).await;
    assert_eq!(refused(&bobs.hear_text().await, "r1"), "item-not-found");
    for socket in [&mut adas, &mut bobs] {
        socket.hears_nothing().await;
    }
}

/// The server names the sender itself.
#[actix_web::test]
async fn a_forged_sender_is_ignored() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let eve = person(&house, "eve").await;
    let (mut adas, mut bobs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    let mut eves = Chatter::of(&house, &eve).await;
    adas.send("bob", "m1", "from ada").await;
    bobs.hear().await;
    let as_ada = |stanza: String| stanza.replacen(" to=", &format!(r#" from="ada@{HOST}/Web-1" to="#), 1);
    eves.say(&as_ada(message("bob", "m2", "from eve"))).await;
    assert_eq!(acknowledged(&eves.hear().await).1, "m2");
    assert_eq!(bobs.hear_message().await, (format!("eve@{HOST}"), "m2".into(), "from eve".into()));
    for (forged, id) in [(about("recall", "bob", "m1"), "r1"), (edit("bob", "m1", "e1", "forged"), "m1")] {
        eves.say(&as_ada(forged)).await;
        assert_eq!(refused(&eves.hear_text().await, id), "item-not-found");
    }
    bobs.hears_nothing().await;
    adas.hears_nothing().await;
}

#[actix_web::test]
async fn a_suspended_user_sends_nothing_and_what_it_is_sent_waits() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut adas, mut bobs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    house.command(&["user", "set", "bob", "--state", "suspended"]);
    bobs.0.until_the_end().await;
    adas.send("bob", "m1", "for later").await;
    house.command(&["user", "set", "bob", "--state", "active"]);
    let mut again = Chatter::of(&house, &bob).await;
    assert_eq!(again.hear_message().await.2, "for later");
}

#[actix_web::test]
async fn a_deleted_user_takes_its_chats_along_and_who_takes_its_id_starts_anew() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let mut adas = Chatter::of(&house, &ada).await;
    adas.send("bob", "m1", "to the first bob").await;
    drop(bob);
    house.command(&["user", "delete", "bob"]);
    assert!(adas.hear_text().await.contains(r#"<user_deleted user="bob@"#));
    assert_eq!(adas.rows(r#"status="recent_chat""#, "participants", "participant").await, []);
    adas.say(&message("bob", "m2", "nobody")).await;
    assert_eq!(refused(&adas.hear_text().await, "m2"), "item-not-found");
    let second = person(&house, "bob").await;
    let mut theirs = Chatter::of(&house, &second).await;
    theirs.hears_nothing().await;
    assert_eq!(theirs.rows(r#"status="single_chat" to_user="ada""#, "history", "chat").await, []);
    adas.send("bob", "m1", "to the second bob").await;
    assert_eq!(theirs.hear_message().await.2, "to the second bob");
    assert_eq!(adas.rows(r#"status="recent_chat""#, "participants", "participant").await.len(), 1);
}
