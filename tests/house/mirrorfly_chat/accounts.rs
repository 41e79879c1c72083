//! What clients hear when the back end blocks, unblocks or deletes a user.

use reqwest::Method;

use super::{super::standin::send, *};

async fn by_back_end(house: &Standin, path: &str, body: Value) {
    let token = house.back_end_token().await;
    let call = house.call(Method::POST, &format!("/api/v1/{path}")).header("Authorization", token);
    assert_eq!(send(call.json(&body)).await.json()["status"], 200);
}

/// The next stanza that is no presence, without the words that every one has.
async fn hears(chatter: &mut Chatter, user: &str) -> String {
    let heard = chatter.hear_text().await;
    let head = format!(r#"<message xmlns="jabber:client" from="{user}@{HOST}" to="ada@{HOST}/Web-1">"#);
    heard
        .strip_prefix(&head)
        .and_then(|rest| rest.strip_suffix("</message>"))
        .unwrap_or_else(|| panic!("{heard}"))
        .into()
}

#[actix_web::test]
async fn partners_and_contacts_learn_that_a_user_is_blocked_unblocked_and_deleted() {
    let house = Standin::fresh().await;
    let ada = person(&house, "ada").await;
    let (bob, guest) = (person(&house, "bob").await, person(&house, "guest@x").await);
    let stranger = person(&house, "stranger").await;
    super::super::mirrorfly_socket::list(&house, &ada, &guest).await;
    let mut adas = Chatter::of(&house, &ada).await;
    // A conversation partner, by its first message; and a contact.
    adas.send("bob", "m1", "Hi").await;
    let mut strangers = Chatter::of(&house, &stranger).await;
    strangers.hears_nothing().await;
    adas.hears_nothing().await;
    for (person, escaped) in [(&bob, "bob"), (&guest, "guest=40x")] {
        for (status, is_blocked) in [("1", true), ("0", false)] {
            let body = json!({ "blockStatus": is_blocked, "id": [person.id], "type": "user" });
            by_back_end(&house, "moderation/block", body).await;
            assert_eq!(
                hears(&mut adas, escaped).await,
                format!(r#"<admin_block block_status="{status}" jid="{escaped}@{HOST}" chat_type="chat" />"#)
            );
        }
        by_back_end(&house, "users/deleteUserAccount", json!({ "userId": person.id, "reason": "r", "feedback": "f" }))
            .await;
        assert_eq!(hears(&mut adas, escaped).await, format!(r#"<user_deleted user="{escaped}@{HOST}" />"#));
    }
    adas.hears_nothing().await;
    strangers.hears_nothing().await;
}

#[actix_web::test]
async fn a_deleted_user_that_was_online_goes_offline() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    super::super::mirrorfly_socket::list(&house, &ada, &bob).await;
    let mut adas = Chatter::of(&house, &ada).await;
    let _bobs = Chatter::of(&house, &bob).await;
    assert!(adas.0.hear().await.starts_with(&format!(r#"<presence xmlns="jabber:client" from="bob@{HOST}/"#)));
    by_back_end(&house, "users/deleteUserAccount", json!({ "userId": "bob", "reason": "r", "feedback": "f" })).await;
    let (mut is_deleted, mut is_gone) = (false, false);
    while !(is_deleted && is_gone) {
        let heard = adas.0.hear().await;
        is_deleted |= heard.contains("<user_deleted ");
        is_gone |= heard.starts_with("<presence ") && heard.contains(r#"type="unavailable""#);
    }
    adas.hears_nothing().await;
}

/// A block between two users hides the one from the other.
#[actix_web::test]
async fn a_user_that_blocks_another_does_not_learn_of_its_account() {
    let house = Standin::fresh().await;
    let (ada, bob) = pair(&house).await;
    super::super::mirrorfly_socket::list(&house, &ada, &bob).await;
    let call = house.call(Method::POST, "/api/v1/users/block").header("Authorization", ada.token());
    assert_eq!(send(call.json(&json!({ "userId": "bob" }))).await.status, 200);
    let mut adas = Chatter::of(&house, &ada).await;
    adas.hears_no_message().await;
    by_back_end(&house, "moderation/block", json!({ "blockStatus": true, "id": ["bob"], "type": "user" })).await;
    by_back_end(&house, "users/deleteUserAccount", json!({ "userId": "bob", "reason": "r", "feedback": "f" })).await;
    adas.hears_nothing().await;
}
