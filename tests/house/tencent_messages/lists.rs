//! Lists of conversations.

use super::*;

fn pair(peer: &str) -> Value {
    json!([{ "Type": 1, "To_Account": peer }])
}

fn peers(list: &[Value]) -> Vec<&str> {
    list.iter().map(|item| item["To_Account"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_conversation_is_listed_with_its_last_message_and_the_other_user() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    set(&server, "bob", &[("Tag_Profile_IM_Nick", json!("Bob"))]).await;
    befriend(&server, "ada", "bob").await;
    let update = json!({ "From_Account": "ada", "UpdateItem": [{ "To_Account": "bob", "SnsItem": [{ "Tag": "Tag_SNS_IM_Remark", "Value": "Bobby" }] }] });
    by_rest(&server, "sns/friend_update", update).await;
    ada.says("bob", "one").await;
    let sent = bob.says("ada", "two").await;
    let list = ada.list().await;
    assert_eq!(
        list,
        [json!({
            "Type": 1, "To_Account": "bob", "MsgTimeStamp": sent["MsgTime"], "MsgSeq": sent["MsgSeq"],
            "MsgRandom": sent["MsgRandom"], "UnreadMsgCount": 1, "LastC2cMsgFrom_Account": "bob",
            "LastMsg": { "MsgBody": text("two"), "CloudCustomData": "" }, "LastMsgFlags": 0, "C2cPeerReadTime": 0,
            "TopFlags": 0, "C2cNick": "Bob", "C2cImage": "", "C2cRemark": "Bobby", "MsgRecvOption": 0,
            "StandardMark": "", "CustomMark": "", "ContactGroupId": [],
        })]
    );
    assert_eq!(bob.list().await[0]["LastC2cMsgFrom_Account"], "bob");
    bob.does("openim.msgwithdraw", json!({ "MsgInfo": sent })).await;
    let recalled = &ada.list().await[0];
    assert_eq!(
        (&recalled["LastMsgFlags"], &recalled["LastMsg"]["RevokerInfo"]["Revoker_Account"]),
        (&json!(8), &json!("bob"))
    );
}

#[actix_web::test]
async fn pinned_conversations_come_first_then_those_with_the_newest_message() {
    let server = server().await;
    server.command(&["app", "set", "--tencent-sessions", "2"]);
    import(&server, &["ada", "bob", "cem", "dan"]).await;
    let mut ada = Chatter::of(&server, "ada").await;
    let mut second = Chatter::of(&server, "ada").await;
    for peer in ["bob", "cem", "dan"] {
        ada.says(peer, "one").await;
        second.gets().await;
    }
    assert_eq!(peers(&ada.list().await), ["dan", "cem", "bob"]);
    ada.does("recentcontact.top", json!({ "OperationType": 1, "RecentContactItem": pair("bob") })).await;
    let push = |kind: u32, key: &str| {
        let contact = json!({ "Type": 1, "Peer_Account": "bob", "To_Account": "bob" });
        json!({ "RecentContactMod": [{ "PushType": kind, key: { "RecentContactList": [contact] } }] })
    };
    assert_eq!(second.told().await, push(2, "RecentContactTopItem"));
    let list = ada.list().await;
    assert_eq!((peers(&list), &list[0]["TopFlags"]), (vec!["bob", "dan", "cem"], &json!(1)));
    ada.does("recentcontact.top", json!({ "OperationType": 2, "RecentContactItem": pair("bob") })).await;
    assert_eq!(second.told().await, push(3, "RecentContactTopItem"));
    assert_eq!(peers(&ada.list().await), ["dan", "cem", "bob"]);
    ada.does("recentcontact.batch_delete", json!({ "ContactItem": pair("bob") })).await;
    assert_eq!(second.told().await, push(1, "RecentContactDeleteItem"));
    ada.hears_nothing().await;
    ada.is_refused("recentcontact.top", json!({ "OperationType": 3, "RecentContactItem": pair("bob") }), 90001).await;
}

#[actix_web::test]
async fn a_deleted_conversation_leaves_the_list_until_its_next_message_and_its_history_as_asked() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    ada.says("bob", "one").await;
    bob.gets_text("one").await;
    let said = bob.does("recentcontact.batch_delete", json!({ "ContactItem": pair("ada"), "ClearRamble": 0 })).await;
    assert_eq!(said["ResultItem"], json!([{ "Type": 1, "To_Account": "ada", "ResultCode": 0, "ResultInfo": "" }]));
    assert_eq!((bob.list().await, bob.unread().await), (vec![], vec![]));
    assert_eq!(bob.history("ada", json!({})).await.0, ["one"]);
    ada.says("bob", "two").await;
    bob.gets_text("two").await;
    assert_eq!((peers(&bob.list().await), bob.unread().await), (vec!["ada"], of("ada", 1)));
    bob.does("recentcontact.batch_delete", json!({ "ContactItem": pair("ada"), "ClearRamble": 1 })).await;
    assert_eq!(bob.history("ada", json!({})).await.0, [""; 0]);
    assert_eq!(ada.history("bob", json!({})).await.0, ["one", "two"], "the other keeps it");
    assert_eq!(peers(&ada.list().await), ["bob"]);
    let said = bob.does("recentcontact.batch_delete", json!({ "ContactItem": pair("nobody") })).await;
    assert_eq!(said["ResultItem"][0]["ResultCode"], 20003);
}

#[actix_web::test]
async fn cleared_messages_are_gone_for_the_caller_and_the_conversation_stays_listed() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    ada.says("bob", "one").await;
    bob.gets_text("one").await;
    bob.does("recentcontact.clear_msg", json!({ "Type": 1, "To_Account": "ada" })).await;
    bob.does("recentcontact.clear_msg", json!({ "Type": 1, "To_Account": "nobody" })).await;
    let list = bob.list().await;
    assert_eq!((peers(&list), list[0].get("LastMsg")), (vec!["ada"], None));
    assert_eq!((bob.history("ada", json!({})).await.0, bob.unread().await), (vec![], vec![]));
    assert_eq!(ada.history("bob", json!({})).await.0, ["one"]);
}

#[actix_web::test]
async fn a_list_of_more_than_a_hundred_comes_in_pages() {
    let server = server().await;
    let others: Vec<String> = (0..101).map(|number| format!("u{number:03}")).collect();
    for some in others.chunks(100) {
        import(&server, &some.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    import(&server, &["ada"]).await;
    let mut ada = Chatter::of(&server, "ada").await;
    for other in &others {
        ada.says(other, "one").await;
    }
    let first = ada.does(PAGE, json!({ "TimeStamp": 0, "StartIndex": 0, "TopTimeStamp": 0, "TopStartIndex": 0 })).await;
    let listed = first["SessionItem"].as_array().unwrap();
    assert_eq!((listed.len(), &first["CompleteFlag"], peers(listed)[0]), (100, &json!(0), "u100"));
    let place = ["TimeStamp", "StartIndex", "TopTimeStamp", "TopStartIndex"];
    let next: Value =
        place.iter().map(|key| ((*key).to_owned(), first[*key].clone())).collect::<serde_json::Map<_, _>>().into();
    let second = ada.does(PAGE, next).await;
    assert_eq!((peers(second["SessionItem"].as_array().unwrap()), &second["CompleteFlag"]), (vec!["u000"], &json!(1)));
}

#[actix_web::test]
async fn after_a_cut_only_conversations_with_news_are_listed() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    import(&server, &["eve"]).await;
    let mut eve = Chatter::of(&server, "eve").await;
    ada.says("bob", "old").await;
    bob.gets_text("old").await;
    eve.says("bob", "older").await;
    bob.gets_text("older").await;
    bob.socket.still_answers().await;
    // Answers the ping by which the server learns what the client has received.
    for _ in 0..12 {
        bob.hears_nothing().await;
    }
    bob.socket.socket.close(None).await.unwrap();
    bob.again(&server).await;
    assert_eq!(bob.list().await, [Value::Null; 0]);
    bob.socket.socket.close(None).await.unwrap();
    ada.says("bob", "new").await;
    bob.again(&server).await;
    let list = bob.list().await;
    assert_eq!(
        (peers(&list), &list[0]["LastMsg"]["MsgBody"], &list[0]["UnreadMsgCount"]),
        (vec!["ada"], &text("new"), &json!(2))
    );
    let mut anew = Chatter::of(&server, "bob").await;
    assert_eq!(peers(&anew.list().await), ["ada", "eve"]);
}
