//! Recalls, edits, deletions and mutes.

use super::*;

const RECALL: &str = "openim.msgwithdraw";
const MODIFY: &str = "openim.modify_c2c_msg";
const DELETE: &str = "openim.delete_c2c_msg_ramble";

#[actix_web::test]
async fn a_recall_wipes_the_text_keeps_the_place_and_is_told_to_all_but_the_acting_session() {
    let server = server().await;
    server.command(&["app", "set", "--tencent-sessions", "2"]);
    let (mut ada, mut bob) = two(&server).await;
    let mut second = Chatter::of(&server, "ada").await;
    let sent = ada.says("bob", "secret").await;
    ada.says("bob", "two").await;
    let tiny_id = bob.gets().await["TinyId"].clone();
    bob.gets_text("two").await;
    for _ in 0..2 {
        second.gets().await;
    }
    assert_eq!(ada.does(RECALL, json!({ "MsgInfo": sent })).await, ok(json!({})));
    let info = json!({
        "From_Account": "ada", "To_Account": "bob", "MsgSeq": sent["MsgSeq"], "MsgRand": sent["MsgRandom"],
        "MsgTime": sent["MsgTime"], "MsgClientTime": sent["MsgClientTime"], "TinyId": tiny_id,
        "RevokerInfo": { "Revoker_Account": "ada", "Reason": "" },
    });
    let push =
        json!({ "Event": 10, "C2cNotifyMsgArray": [{ "WithdrawC2cMsgNotify": { "C2cWithdrawInfoArray": [info] } }] });
    assert_eq!((bob.told().await, second.told().await), (push.clone(), push));
    ada.hears_nothing().await;
    let (texts, page) = bob.history("ada", json!({})).await;
    assert_eq!(texts, ["", "two"], "never without an element: the SDK skips that");
    assert_eq!((&page["MsgList"][0]["MsgFlagBits"], &page["MsgList"][1]["MsgFlagBits"]), (&json!(8), &json!(0)));
    assert_eq!(page["MsgList"][0]["RevokerInfo"]["Revoker_Account"], "ada");
    assert_eq!(bob.history("ada", json!({ "WithRecalledMsg": 0 })).await.0, ["two"]);
    assert_eq!(bob.unread().await, of("ada", 1), "it leaves the unread ones");
    assert!(!page.to_string().contains("secret"));
}

#[actix_web::test]
async fn only_ones_own_message_is_recalled_once_and_within_two_minutes() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let sent = ada.says("bob", "one").await;
    bob.gets_text("one").await;
    bob.is_refused(RECALL, json!({ "MsgInfo": sent }), 40004).await;
    let mut as_own = sent.clone();
    (as_own["From_Account"], as_own["To_Account"]) = (json!("bob"), json!("ada"));
    bob.is_refused(RECALL, json!({ "MsgInfo": as_own }), 20022).await;
    let mut other = sent.clone();
    other["MsgSeq"] = 9.into();
    ada.is_refused(RECALL, json!({ "MsgInfo": other }), 20022).await;
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    let second = ada.says("bob", "two").await;
    bob.gets_text("two").await;
    // A message of 117 seconds ago is recalled, one of 122 is not.
    let sent_before = |message: &Value, what: &str, seconds: i64| {
        let earlier = "UPDATE message SET at = at - ?1 * 1000000 WHERE text = ?2";
        database.execute(earlier, rusqlite::params![seconds, what]).unwrap();
        let mut message = message.clone();
        message["MsgTimeStamp"] = json!(message["MsgTimeStamp"].as_i64().unwrap() - seconds);
        message
    };
    let (old, young) = (sent_before(&sent, "one", 122), sent_before(&second, "two", 117));
    ada.does(RECALL, json!({ "MsgInfo": young })).await;
    assert!(bob.told().await.to_string().contains("WithdrawC2cMsgNotify"));
    ada.is_refused(RECALL, json!({ "MsgInfo": old }), 20016).await;
    bob.hears_nothing().await;
    let now = ada.says("bob", "three").await;
    ada.does(RECALL, json!({ "MsgInfo": now })).await;
    ada.is_refused(RECALL, json!({ "MsgInfo": now }), 20023).await;
}

#[actix_web::test]
async fn a_change_by_either_user_raises_the_version_and_an_old_version_is_20027_with_the_present_content() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let sent = ada.says("bob", "one").await;
    bob.gets_text("one").await;
    let change = |version: u32, what: &str| {
        let mut change = sent.clone();
        (change["MsgVersion"], change["MsgBody"], change["CloudCustomData"]) = (version.into(), text(what), json!("c"));
        change
    };
    let said = bob.does(MODIFY, change(0, "two")).await;
    assert_eq!(said, ok(json!({ "MsgBody": text("two"), "MsgVersion": 1, "CloudCustomData": "c" })));
    assert_eq!(
        ada.told().await,
        json!({ "Event": 15, "C2cMsgModNotifys": [{
            "From_Account": "ada", "To_Account": "bob", "MsgSeq": sent["MsgSeq"], "MsgRandom": sent["MsgRandom"],
            "MsgTimeStamp": sent["MsgTime"], "MsgVersion": 1, "MsgBody": text("two"), "CloudCustomData": "c",
        }] })
    );
    bob.hears_nothing().await;
    let said = ada.ask(MODIFY, change(0, "three")).await;
    assert_eq!(
        (&said["ErrorCode"], &said["MsgVersion"], &said["MsgBody"], &said["CloudCustomData"]),
        (&json!(20027), &json!(1), &text("two"), &json!("c"))
    );
    let (texts, page) = bob.history("ada", json!({})).await;
    assert_eq!((texts, &page["MsgList"][0]["MsgVersion"]), (vec!["two".to_owned()], &json!(1)));
    import(&server, &["eve"]).await;
    let mut eve = Chatter::of(&server, "eve").await;
    eve.is_refused(MODIFY, change(1, "four"), 40004).await;
    let mut own = change(1, "four");
    own["To_Account"] = "eve".into();
    eve.is_refused(MODIFY, own, 20022).await;
    ada.does(RECALL, json!({ "MsgInfo": sent })).await;
    ada.is_refused(MODIFY, change(1, "five"), 20022).await;
}

#[actix_web::test]
async fn a_message_of_another_vendors_user_is_changed_by_its_sender_alone() {
    let server = server().await;
    let qiscus = crate::qiscus_messages::Chatter::of(&server, "quin").await;
    let mut bob = Chatter::of(&server, "bob").await;
    let room = qiscus.room("bob").await;
    qiscus.says(room, "I pay 10").await;
    bob.gets_text("I pay 10").await;
    let (_, page) = bob.history("quin", json!({})).await;
    let mut change = page["MsgList"][0].clone();
    (change["MsgBody"], change["MsgVersion"]) = (text("I pay 1000"), json!(0));
    bob.is_refused(MODIFY, change, 20022).await;
    assert_eq!(qiscus.page(room, "&limit=20").await[0]["message"], "I pay 10");
}

#[actix_web::test]
async fn a_deletion_is_for_the_caller_alone_and_stays_after_a_restart() {
    let mut server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let one = ada.says("bob", "one").await;
    ada.says("bob", "two").await;
    for what in ["one", "two"] {
        bob.gets_text(what).await;
    }
    let keys = json!({ "To_Account": "ada", "MsgKeyList": [one["MsgKey"], "1_2_3"] });
    assert_eq!(bob.does(DELETE, keys).await, ok(json!({})));
    assert_eq!(bob.unread().await, of("ada", 1));
    for who in [&mut ada, &mut bob] {
        who.hears_nothing().await;
    }
    bob.is_refused(DELETE, json!({ "To_Account": "ada", "MsgKeyList": ["no key"] }), 90054).await;
    let many: Vec<&str> = vec!["1_2_3"; 31];
    bob.is_refused(DELETE, json!({ "To_Account": "ada", "MsgKeyList": many }), 90001).await;
    bob.does(DELETE, json!({ "To_Account": "ada", "MsgKeyList": many[..30] })).await;
    server.kill();
    server.restart();
    for who in [&mut ada, &mut bob] {
        who.again(&server).await;
    }
    assert_eq!(bob.history("ada", json!({})).await.0, ["two"]);
    assert_eq!(ada.history("bob", json!({})).await.0, ["one", "two"]);
}

#[actix_web::test]
async fn changes_that_were_missed_are_pushed_after_a_reconnect() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let (one, two) = (ada.says("bob", "one").await, ada.says("bob", "two").await);
    for what in ["one", "two"] {
        bob.gets_text(what).await;
    }
    bob.socket.socket.close(None).await.unwrap();
    ada.does(RECALL, json!({ "MsgInfo": one })).await;
    let mut change = two;
    (change["MsgVersion"], change["MsgBody"]) = (json!(0), text("three"));
    ada.does(MODIFY, change).await;
    bob.again(&server).await;
    let (recall, edit) = (bob.told().await, bob.told().await);
    assert!(recall["C2cNotifyMsgArray"][0].get("WithdrawC2cMsgNotify").is_some(), "{recall}");
    assert_eq!(edit["C2cMsgModNotifys"][0]["MsgBody"], text("three"), "{edit}");
}

#[actix_web::test]
async fn mutes_are_kept_by_their_numbers() {
    let server = server().await;
    let (mut ada, _bob) = two(&server).await;
    import(&server, &["eve"]).await;
    const GET: &str = "openim.get_c2c_peer_mute_notifications";
    const SET: &str = "openim.set_c2c_peer_mute_notifications";
    let list = |pairs: &[(&str, u32)]| {
        let list: Vec<Value> =
            pairs.iter().map(|(peer, level)| json!({ "Peer_Account": peer, "MuteNotifications": level })).collect();
        ok(json!({ "MuteNotificationsList": list }))
    };
    assert_eq!(ada.does(GET, json!({})).await, list(&[]));
    let said = ada.does(SET, json!({ "Peer_Account": ["bob", "nobody"], "Mute_Notifications": 2 })).await;
    assert_eq!(
        (&said["ErrorList"][0]["To_Account"], &said["ErrorList"][0]["ErrorCode"]),
        (&json!("nobody"), &json!(70107))
    );
    ada.does(SET, json!({ "Peer_Account": ["eve"], "Mute_Notifications": 1 })).await;
    assert_eq!(ada.does(GET, json!({})).await, list(&[("bob", 2), ("eve", 1)]));
    ada.does(SET, json!({ "Peer_Account": ["bob"], "Mute_Notifications": 0 })).await;
    assert_eq!(ada.does(GET, json!({ "Peer_Account": ["bob", "eve"] })).await, list(&[("bob", 0), ("eve", 1)]));
    ada.is_refused(SET, json!({ "Peer_Account": ["bob"], "Mute_Notifications": 3 }), 90001).await;
}
