//! What a user's other sessions hear of what the user did by a query or over HTTP, and presence.

use reqwest::Method;

use super::{super::standin::send, *};

/// The element within a copy of what was done.
fn done(stanza: &XmlElement, name: &str) -> XmlElement {
    let (word, inner) = copied(stanza);
    assert_eq!((word.as_str(), attribute(&inner, "from")), ("received", format!("ada@{HOST}")));
    inner.find(name, CLIENT).unwrap_or_else(|| panic!("{stanza:?}")).clone()
}

fn has(element: &XmlElement, attributes: &[(&str, &str)]) {
    for (name, value) in attributes {
        assert_eq!(element.attribute(name), Some(*value), "{name} of {element:?}");
    }
}

#[actix_web::test]
async fn other_sessions_hear_of_changed_chats_and_the_peer_does_not() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut own, mut other) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &ada).await);
    let mut theirs = Chatter::of(&house, &bob).await;
    for id in ["m1", "m2", "m3", "m4"] {
        theirs.send("ada", id, id).await;
        own.hear().await;
        other.hear().await;
    }
    own.change(r#"status="update_unread_count" to_user="bob@chat.example.test""#).await;
    has(&done(&other.hear().await, "unread_count"), &[("to_user", "bob@chat.example.test")]);
    for status in ["1", "0"] {
        own.change(&format!(r#"status="update_archive_chat" to_user="bob@{HOST}" archive_status="{status}""#)).await;
        let archive = done(&other.hear().await, "archive");
        has(&archive, &[("archive_status", status), ("to_user", "bob@chat.example.test")]);
    }
    own.change(r#"status="delete_message" to_user="bob@chat.example.test" message_ids="m2,m4""#).await;
    let deleted = done(&other.hear().await, "messageclear");
    has(
        &deleted,
        &[
            ("type", "delete_message"),
            ("message_ids", "m2,m4"),
            ("last_message_id", "m3"),
            ("to_user", "bob"),
            ("chat_type", "chat"),
        ],
    );
    own.change(r#"status="clear_message" remove_user="bob" delete_type="1" last_msg_id="m1" chat_type="chat""#).await;
    let cleared = done(&other.hear().await, "messageclear");
    has(
        &cleared,
        &[
            ("type", "clear_message"),
            ("delete_type", "1"),
            ("remove_message_user", "bob"),
            ("last_msg_id", "m1"),
            ("chat_type", "chat"),
        ],
    );
    own.change(r#"status="clear_message" remove_user="bob" delete_type="0" chat_type="chat""#).await;
    has(
        &done(&other.hear().await, "messageclear"),
        &[("type", "clear_message"), ("delete_type", "0"), ("remove_message_user", "bob")],
    );
    for socket in [&mut own, &mut other, &mut theirs] {
        socket.hears_nothing().await;
    }
}

#[actix_web::test]
async fn other_sessions_hear_of_mutes_and_settings() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (mut own, mut other) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &ada).await);
    let mut theirs = Chatter::of(&house, &bob).await;
    let mute = async |action: u8, is_all: bool| {
        let users = if is_all { json!([]) } else { json!(["bob"]) };
        let body = json!({ "muteSetting": is_all, "action": action, "userIds": users, "groupIds": [] });
        let call = house.call(Method::POST, "/api/v1/users/mute").header("Authorization", ada.token());
        assert_eq!(send(call.json(&body)).await.json()["status"], 200);
    };
    for (action, is_all, list, setting) in [
        (1, false, "bob@chat.example.test", "false"),
        (0, false, "bob@chat.example.test", "false"),
        (1, true, "", "true"),
    ] {
        mute(action, is_all).await;
        for socket in [&mut own, &mut other] {
            let told = done(&socket.hear().await, "mute");
            has(&told, &[("action", &action.to_string()), ("user_list", list), ("mute_setting", setting)]);
        }
    }
    for archive in ["1", "0"] {
        own.change(&format!(r#"status="user_settings" archive="{archive}""#)).await;
        has(&done(&other.hear().await, "user_settings"), &[("archive", archive)]);
    }
    for socket in [&mut own, &mut other, &mut theirs] {
        socket.hears_nothing().await;
    }
}

/// The next presence: of whom, and whether it is there.
async fn presence(socket: &mut Socket) -> (String, bool) {
    let heard = XmlElement::read(&socket.hear().await).unwrap();
    assert!(heard.is("presence", CLIENT), "{heard:?}");
    (attribute(&heard, "from"), heard.attribute("type").is_none())
}

#[actix_web::test]
async fn presence_goes_to_contacts_of_either_direction_and_to_partners_and_to_no_stranger() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    let (eve, stranger) = (person(&house, "eve").await, person(&house, "stranger").await);
    super::super::mirrorfly_socket::list(&house, &ada, &bob).await;
    let mut sender = Chatter::of(&house, &eve).await;
    sender.send("ada", "m1", "Hi").await;
    let (mut bobs, mut strangers) = (Chatter::of(&house, &bob).await.0, Chatter::of(&house, &stranger).await);
    let mut evesdrop = sender.0;
    bobs.still_answers().await;
    let mut adas = Socket::bound(&house, &ada).await;
    adas.say(r#"<presence xmlns="jabber:client"/>"#).await;
    // Ada receives the message that she missed, and one presence stanza for each user that is online.
    assert!(adas.hear().await.contains(r#"id="m1""#));
    let mut here = [presence(&mut adas).await, presence(&mut adas).await];
    here.sort();
    assert_eq!(here, [(format!("bob@{HOST}/standin"), true), (format!("eve@{HOST}/standin"), true)]);
    for socket in [&mut bobs, &mut evesdrop] {
        assert_eq!(presence(socket).await, (format!("ada@{HOST}/standin"), true));
    }
    // A second session is no news, and neither is its end.
    let mut second = Socket::bound(&house, &ada).await;
    second.say(super::super::mirrorfly_socket::CLOSE).await;
    second.until_the_end().await;
    adas.say(super::super::mirrorfly_socket::CLOSE).await;
    adas.until_the_end().await;
    for socket in [&mut bobs, &mut evesdrop] {
        assert_eq!(presence(socket).await, (format!("ada@{HOST}/standin"), false));
        socket.still_answers().await;
    }
    strangers.0.still_answers().await;
}

#[actix_web::test]
async fn a_block_takes_presence_away_and_an_unblock_brings_it_back() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    super::super::mirrorfly_socket::list(&house, &ada, &bob).await;
    let mut adas = Chatter::of(&house, &ada).await.0;
    adas.still_answers().await;
    let mut bobs = Chatter::of(&house, &bob).await.0;
    assert_eq!(presence(&mut bobs).await, (format!("ada@{HOST}/standin"), true));
    assert_eq!(presence(&mut adas).await, (format!("bob@{HOST}/standin"), true));
    let set = |word: &str| {
        format!(
            r#"<iq xmlns="jabber:client" type="set" id="b"><{word} xmlns="urn:xmpp:blocking"><item jid="bob@{HOST}"/></{word}></iq>"#
        )
    };
    adas.say(&set("block")).await;
    assert!(bobs.hear().await.contains("block_user"));
    assert_eq!(presence(&mut bobs).await, (format!("ada@{HOST}/standin"), false));
    assert!(adas.hear().await.contains(r#"type="result" id="b""#));
    adas.say(&set("unblock")).await;
    assert!(bobs.hear().await.contains("unblock_user"));
    assert_eq!(presence(&mut bobs).await, (format!("ada@{HOST}/standin"), true));
    assert!(adas.hear().await.contains(r#"type="result" id="b""#));
    assert_eq!(presence(&mut adas).await, (format!("bob@{HOST}/standin"), true));
}
