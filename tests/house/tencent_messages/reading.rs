//! Read marks, confirmations and unread counts.

use super::*;

#[actix_web::test]
async fn what_is_read_is_told_to_the_peer_and_to_the_readers_other_sessions() {
    let server = server().await;
    server.command(&["app", "set", "--tencent-sessions", "2"]);
    let (mut ada, mut bob) = two(&server).await;
    let mut second = Chatter::of(&server, "bob").await;
    let sent = ada.says("bob", "one").await;
    for who in [&mut bob, &mut second] {
        who.gets_text("one").await;
    }
    let at = sent["MsgTimeStamp"].clone();
    assert_eq!(
        ada.does("openim.get_peer_read_time", json!({ "To_Account": ["bob", "nobody"] })).await["ReadTime"],
        json!([0, 0])
    );
    bob.reads("ada", &at).await;
    assert_eq!(
        ada.told().await,
        json!({ "Event": 10, "C2cNotifyMsgArray": [{ "C2cReadedReceipt": {
            "To_Account": "bob", "UinPairReadArray": [{ "LastReadTime": at }],
        } }] })
    );
    assert_eq!(
        second.told().await,
        json!({ "Event": 10, "C2cNotifyMsgArray": [{ "ReadC2cMsgNotify": {
            "UinPairReadArray": [{ "From_Account": "ada", "LastReadTime": at }],
        } }] })
    );
    assert_eq!(
        ada.does("openim.get_peer_read_time", json!({ "To_Account": ["nobody", "bob"] })).await["ReadTime"],
        json!([0, at])
    );
    assert_eq!((bob.unread().await, second.unread().await), (vec![], vec![]));
    bob.reads("ada", &at).await;
    for who in [&mut ada, &mut bob, &mut second] {
        who.hears_nothing().await;
    }
}

#[actix_web::test]
async fn a_mark_is_a_position_so_a_later_message_of_the_same_second_stays_unread() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let mut at = ada.says("bob", "one").await["MsgTimeStamp"].clone();
    bob.gets_text("one").await;
    bob.reads("ada", &at).await;
    assert_eq!(bob.unread().await, vec![]);
    ada.says("bob", "two").await;
    bob.gets_text("two").await;
    assert_eq!(bob.unread().await, of("ada", 1));
    // Ahead of everything, backwards, and of a user without a conversation.
    at = json!(at.as_i64().unwrap() - 1000);
    bob.reads("ada", &at).await;
    assert_eq!(bob.unread().await, of("ada", 1));
    bob.reads("nobody", &at).await;
    bob.reads("bob", &at).await;
    bob.reads("ada", &json!(4_000_000_000_u32)).await;
    assert_eq!(bob.unread().await, vec![]);
    ada.says("bob", "three").await;
    bob.gets_text("three").await;
    assert_eq!(bob.unread().await, of("ada", 1));
}

#[actix_web::test]
async fn all_conversations_are_read_at_once_and_told_for_each() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    import(&server, &["eve"]).await;
    let mut eve = Chatter::of(&server, "eve").await;
    for who in [&mut ada, &mut eve] {
        who.says("bob", "one").await;
        bob.gets_text("one").await;
    }
    assert_eq!(bob.unread().await, [("ada".to_owned(), 1), ("eve".to_owned(), 1)]);
    let said = bob.does("openim.read_all_unread_msg", json!({ "C2CReadAllMsg": 1 })).await;
    assert_eq!(said, ok(json!({ "C2CReadAllMsg": 1, "GroupReadInfoArray": [] })));
    for who in [&mut ada, &mut eve] {
        assert_eq!(who.told().await["C2cNotifyMsgArray"][0]["C2cReadedReceipt"]["To_Account"], "bob");
    }
    assert_eq!(bob.unread().await, vec![]);
}

#[actix_web::test]
async fn a_confirmation_reaches_the_sender_that_asked_for_it_once() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let mut draft = ada.draft("bob", "asked");
    draft["IsNeedReadReceipt"] = 1.into();
    ada.does(SEND, draft).await;
    ada.says("bob", "not asked").await;
    let (asked, other) = (bob.gets().await, bob.gets().await);
    let info = |item: &Value| {
        json!({
            "From_Account": "ada", "To_Account": "bob", "MsgSeq": item["MsgSeq"], "MsgRandom": item["MsgRandom"],
            "MsgTime": item["MsgTimeStamp"], "MsgClientTime": item["MsgClientTime"],
        })
    };
    let both = json!({ "Peer_Account": "ada", "C2CMsgInfo": [info(&asked), info(&other)] });
    bob.does("openim.c2c_msg_read_receipt", both.clone()).await;
    let event = ada.told().await;
    assert_eq!((&event["Event"], &event["Peer_Account"]), (&json!(16), &json!("bob")));
    assert!(event["PeerReadTime"].as_i64().unwrap() > 1_700_000_000);
    let told = event["C2cMsgInfo"].as_array().unwrap();
    assert_eq!(told.len(), 1);
    for key in ["TinyId", "MsgClientTime", "MsgRandom", "MsgSeq"] {
        assert_eq!(told[0][key], asked[key], "{key}");
    }
    bob.does("openim.c2c_msg_read_receipt", both).await;
    ada.hears_nothing().await;
    let (_, page) = ada.history("bob", json!({})).await;
    let read: Vec<&Value> = page["MsgList"].as_array().unwrap().iter().map(|item| &item["IsPeerRead"]).collect();
    assert_eq!(read, [1, 0]);
    // The sender cannot confirm its own message, and a stranger nothing.
    ada.does("openim.c2c_msg_read_receipt", json!({ "Peer_Account": "bob", "C2CMsgInfo": [info(&other)] })).await;
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn sending_reads_nothing() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    ada.says("bob", "one").await;
    bob.says("ada", "two").await;
    bob.gets_text("one").await;
    ada.gets_text("two").await;
    assert_eq!((ada.unread().await, bob.unread().await), (of("bob", 1), of("ada", 1)));
}

#[actix_web::test]
async fn a_peer_behind_a_block_does_not_hear_of_reads() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let sent = ada.says("bob", "one").await;
    block(&server, "bob", "ada").await;
    bob.reads("ada", &sent["MsgTimeStamp"]).await;
    ada.hears_nothing().await;
    assert_eq!(bob.unread().await, vec![]);
}

#[actix_web::test]
async fn reads_that_the_sender_missed_are_pushed_after_its_reconnect() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let sent = ada.says("bob", "one").await;
    ada.socket.socket.close(None).await.unwrap();
    bob.reads("ada", &sent["MsgTimeStamp"]).await;
    ada.again(&server).await;
    let event = ada.told().await;
    assert_eq!(event["C2cNotifyMsgArray"][0]["C2cReadedReceipt"]["To_Account"], "bob", "{event}");
}

#[actix_web::test]
async fn after_a_restart_history_counts_and_the_order_are_as_before() {
    let mut server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    ada.says("bob", "one").await;
    bob.says("ada", "two").await;
    bob.gets_text("one").await;
    let cookie = bob.does(SYNC, json!({ "Cookie": "" })).await["Cookie"].clone();
    server.kill();
    server.restart();
    ada.again(&server).await;
    ada.says("bob", "three").await;
    bob.again(&server).await;
    let said = bob.does(SYNC, json!({ "Cookie": cookie })).await;
    let last = said["MsgList"].as_array().unwrap().last().unwrap();
    assert_eq!((text_of(last), unread_of(&said)), ("three".to_owned(), of("ada", 2)));
    assert_eq!(bob.history("ada", json!({})).await.0, ["one", "two", "three"]);
}
