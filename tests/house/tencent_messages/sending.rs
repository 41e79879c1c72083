//! `openim.sendmsg` and the pushes of messages.

use super::*;

/// Both names of a message, the vendor's numbers and the MsgKey, lead to one message.
#[actix_web::test]
async fn messages_of_equal_numbers_in_one_second_get_keys_of_their_own() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let mut same = ada.draft("bob", "x");
    // All three within one second: it is waited for until it begins.
    let second = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    while second().subsec_millis() > 100 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut sent = Vec::new();
    for what in ["one", "two", "three"] {
        same["MsgBody"] = text(what);
        sent.push(ada.does(SEND, same.clone()).await);
        bob.gets_text(what).await;
    }
    assert!(sent.iter().all(|said| said["MsgTime"] == sent[0]["MsgTime"]), "in one second: {sent:?}");
    assert_eq!(sent[0]["MsgSeq"], same["MsgSeq"]);
    let keys: std::collections::BTreeSet<&str> = sent.iter().map(|said| said["MsgKey"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 3, "{sent:?}");
    for said in &sent {
        let key = format!("{}_{}_{}", said["MsgSeq"], same["MsgRandom"], said["MsgTime"]);
        assert_eq!(said["MsgKey"], json!(key), "the answer has the numbers that the server gave");
    }
    // The same again is the same message, whichever it is.
    for (what, said) in ["one", "two", "three"].iter().zip(&sent) {
        same["MsgBody"] = text(what);
        assert_eq!(ada.does(SEND, same.clone()).await["MsgKey"], said["MsgKey"]);
    }
    bob.hears_nothing().await;
    // Pages go through all of them.
    let (mut seen, mut key) = (Vec::new(), String::new());
    while seen.len() < 3 {
        let (texts, said) = bob.history("ada", json!({ "MaxCnt": 1, "MsgKey": key })).await;
        seen.extend(texts);
        key = said["MsgKey"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen, ["three", "two", "one"]);
    // A recall is of the one that it names.
    let message = json!({
        "From_Account": "ada", "To_Account": "bob", "MsgSeq": sent[1]["MsgSeq"], "MsgRandom": same["MsgRandom"],
        "MsgTimeStamp": sent[1]["MsgTime"],
    });
    ada.does("openim.msgwithdraw", json!({ "MsgInfo": message })).await;
    assert_eq!(bob.history("ada", json!({})).await.0, ["one", "", "three"]);
}

#[actix_web::test]
async fn a_message_is_answered_with_its_time_and_key_and_pushed_to_the_recipient() {
    let server = server().await;
    import(&server, &["ada"]).await;
    set(
        &server,
        "ada",
        &[("Tag_Profile_IM_Nick", json!("Ada")), ("Tag_Profile_IM_Image", json!("https://a.example/a.png"))],
    )
    .await;
    let (mut ada, mut bob) = two(&server).await;
    let mut draft = ada.draft("bob", "Hello \u{1F600}");
    draft["CloudCustomData"] = "{\"a\":1}".into();
    draft["IsNeedReadReceipt"] = 1.into();
    let said = ada.does(SEND, draft.clone()).await;
    let (seq, random, at) = (&draft["MsgSeq"], &draft["MsgRandom"], &said["MsgTime"]);
    assert_eq!(said["MsgKey"], format!("{seq}_{random}_{at}"));
    let item = bob.gets().await;
    let expected = json!({
        "From_Account": "ada", "To_Account": "bob", "MsgSeq": seq, "MsgRandom": random, "MsgTimeStamp": at,
        "MsgClientTime": 1_700_000_000, "TinyId": item["TinyId"], "From_AccountNick": "Ada",
        "From_AccountHeadurl": "https://a.example/a.png", "MsgBody": text("Hello \u{1F600}"), "CloudCustomData": "{\"a\":1}",
        "IsNeedReadReceipt": 1, "IsPeerRead": 0, "MsgFlagBits": 0, "MsgKey": said["MsgKey"],
    });
    assert_eq!(item, expected);
    assert_eq!(said["MsgId"], format!("{}-1700000000-{random}", item["TinyId"].as_str().unwrap()));
    // History and synchronization have the same item.
    let (_, page) = bob.history("ada", json!({})).await;
    assert_eq!(page["MsgList"][0], item);
    ada.hears_nothing().await;
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn the_senders_number_is_that_of_its_login() {
    let server = server().await;
    import(&server, &["ada", "bob"]).await;
    let mut socket = Socket::connect(&server).await;
    let login = socket.log_in("ada", &user_sig("ada")).await;
    let ticket = login["A2Key"].as_str().unwrap().to_owned();
    let mut ada = Chatter { socket, ticket, id: "ada".to_owned(), seq: 1 };
    let mut bob = Chatter::of(&server, "bob").await;
    ada.says("bob", "one").await;
    assert_eq!(bob.gets().await["TinyId"], login["TinyId"]);
}

#[actix_web::test]
async fn the_other_sessions_of_the_sender_get_the_message_and_the_sending_one_does_not() {
    let server = server().await;
    server.command(&["app", "set", "--tencent-sessions", "2"]);
    let (mut ada, mut bob) = two(&server).await;
    let mut second = Chatter::of(&server, "ada").await;
    ada.says("bob", "one").await;
    bob.gets_text("one").await;
    let item = second.gets().await;
    assert_eq!((&item["From_Account"], &item["To_Account"]), (&json!("ada"), &json!("bob")));
    assert!(item.get("IsSyncMsg").is_none(), "with it the SDK exchanges the two accounts");
    ada.hears_nothing().await;
}

#[actix_web::test]
async fn the_same_numbers_and_content_are_the_same_message_and_another_text_is_another_one() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let draft = ada.draft("bob", "one");
    let first = ada.does(SEND, draft.clone()).await;
    assert_eq!(ada.does(SEND, draft.clone()).await, first, "the first answer again");
    bob.gets_text("one").await;
    bob.hears_nothing().await;
    let mut other = draft.clone();
    other["MsgBody"] = text("two");
    ada.does(SEND, other).await;
    bob.gets_text("two").await;
    let mut from_bob = draft;
    from_bob["To_Account"] = "ada".into();
    bob.does(SEND, from_bob).await;
    ada.gets_text("one").await;
    assert_eq!(ada.history("bob", json!({})).await.0, ["one", "two", "one"]);
}

#[actix_web::test]
async fn an_online_only_message_is_pushed_and_not_kept() {
    let server = server().await;
    server.command(&["app", "set", "--tencent-sessions", "2"]);
    let (mut ada, mut bob) = two(&server).await;
    let mut second = Chatter::of(&server, "ada").await;
    let mut draft = ada.draft("bob", "typing");
    draft["MsgLifeTime"] = 0.into();
    ada.does(SEND, draft).await;
    for who in [&mut bob, &mut second] {
        let item = who.gets().await;
        assert_eq!((&item["MsgBody"], &item["MsgLifeTime"]), (&text("typing"), &json!(0)));
    }
    ada.hears_nothing().await;
    assert_eq!(bob.history("ada", json!({})).await.0, [""; 0]);
    assert_eq!((bob.unread().await, bob.list().await), (vec![], vec![]));
}

#[actix_web::test]
async fn kinds_that_are_served_come_back_as_they_were_sent_and_others_are_90010() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    for elements in [
        json!([{ "MsgType": "TIMCustomElem", "MsgContent": { "Data": "{\"x\":1}", "Desc": "", "Ext": "e" } }]),
        json!([{ "MsgType": "TIMFaceElem", "MsgContent": { "Index": 1, "Data": "smile" } }]),
        json!([{ "MsgType": "TIMLocationElem", "MsgContent": { "Desc": "here", "Latitude": 1.5, "Longitude": -2 } }]),
        json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "a" } }, { "MsgType": "TIMFaceElem", "MsgContent": { "Index": 2 } }]),
    ] {
        let mut draft = ada.draft("bob", "");
        draft["MsgBody"] = elements.clone();
        ada.does(SEND, draft).await;
        assert_eq!(bob.gets().await["MsgBody"], elements);
    }
    let (_, page) = bob.history("ada", json!({})).await;
    assert_eq!(page["MsgList"][1]["MsgBody"][0]["MsgContent"]["Data"], "smile");
    for (elements, code) in [
        (json!([{ "MsgType": "TIMImageElem", "MsgContent": { "UUID": "u" } }]), 90010),
        (json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "" } }]), 90010),
        (json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": 1 } }]), 90010),
        (json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "a\u{0}" } }]), 90010),
        (json!([{ "MsgType": "TIMTextElem" }]), 90010),
        (json!([{ "MsgType": "TIMFaceElem", "MsgContent": {} }]), 90010),
        (json!([{ "MsgType": "TIMLocationElem", "MsgContent": { "Latitude": 1 } }]), 90010),
        (json!([]), 90007),
        (json!("text"), 90007),
        (Value::Null, 90007),
    ] {
        let mut draft = ada.draft("bob", "");
        draft["MsgBody"] = elements;
        ada.is_refused(SEND, draft, code).await;
    }
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn a_message_has_at_most_12288_bytes_and_its_custom_data_too() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let frame = text("").to_string().len();
    for (bytes, is_taken) in [(12_287, true), (12_288, true), (12_289, false)] {
        let draft = ada.draft("bob", &"x".repeat(bytes - frame));
        match is_taken {
            true => {
                ada.does(SEND, draft).await;
                assert_eq!(bob.gets().await["MsgBody"].to_string().len(), bytes);
            }
            false => ada.is_refused(SEND, draft, 80002).await,
        }
        let mut draft = ada.draft("bob", "x");
        draft["CloudCustomData"] = "y".repeat(bytes).into();
        match is_taken {
            true => {
                ada.does(SEND, draft).await;
                assert_eq!(bob.gets().await["CloudCustomData"].as_str().unwrap().len(), bytes);
            }
            false => ada.is_refused(SEND, draft, 80002).await,
        }
    }
}

#[actix_web::test]
async fn a_client_sends_for_itself_alone_and_to_users_that_exist() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let mut draft = ada.draft("ada", "x");
    draft["From_Account"] = "bob".into();
    ada.is_refused(SEND, draft, 40004).await;
    let draft = ada.draft("nobody", "x");
    ada.is_refused(SEND, draft, 20003).await;
    let draft = ada.draft("no id", "x");
    ada.is_refused(SEND, draft, 20003).await;
    let draft = ada.draft("ada", "x");
    ada.is_refused(SEND, draft, 20001).await;
    let mut draft = ada.draft("bob", "x");
    draft["To_Account"] = Value::Null;
    ada.is_refused(SEND, draft, 90003).await;
    let mut draft = ada.draft("bob", "x");
    draft["MsgRandom"] = "7".into();
    ada.is_refused(SEND, draft, 90005).await;
    for command in
        ["openim.batchsendmsg", "openim.admin_getroammsg", "openim.admin_msgwithdraw", "recentcontact.get_list"]
    {
        ada.is_refused(command, json!({ "To_Account": "bob" }), 90009).await;
    }
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn a_block_in_either_direction_keeps_a_message_from_the_recipient_for_ever() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    for (who, whom) in [("bob", "ada"), ("ada", "bob")] {
        block(&server, who, whom).await;
        ada.does(SEND, json!({
            "To_Account": "bob", "MsgSeq": 1, "MsgRandom": whom.len() * 3 + who.len(), "MsgBody": text(who), "MsgClientTime": 1,
        }))
        .await;
        by_rest(&server, "sns/black_list_delete", json!({ "From_Account": who, "To_Account": [whom] })).await;
    }
    assert_eq!(ada.history("bob", json!({})).await.0, ["bob", "ada"], "its sender has it");
    assert_eq!(bob.history("ada", json!({})).await.0, [""; 0]);
    assert_eq!((bob.unread().await, bob.list().await), (vec![], vec![]));
    let mut passing = ada.draft("bob", "typing");
    passing["MsgLifeTime"] = 0.into();
    block(&server, "bob", "ada").await;
    ada.does(SEND, passing).await;
    bob.socket.hears("BlackListAdd_Account").await;
    while let Ok(event) = tokio::time::timeout(SILENCE, bob.told()).await {
        assert!(event.get("C2cMsgArray").is_none(), "{event}");
    }
}

#[actix_web::test]
async fn a_block_is_20007_if_the_app_says_so() {
    let server = server().await;
    server.command(&["app", "set", "--refuses-blocked-senders", "true"]);
    let (mut ada, mut bob) = two(&server).await;
    block(&server, "bob", "ada").await;
    let draft = ada.draft("bob", "one");
    ada.is_refused(SEND, draft, 20007).await;
    let draft = bob.draft("ada", "two");
    bob.is_refused(SEND, draft, 20007).await;
    assert_eq!(ada.history("bob", json!({})).await.0, [""; 0]);
    server.command(&["app", "set", "--refuses-blocked-senders", "false"]);
    ada.says("bob", "three").await;
    assert_eq!(ada.history("bob", json!({})).await.0, ["three"]);
}

#[actix_web::test]
async fn a_message_to_a_suspended_user_waits_and_a_suspended_one_cannot_send() {
    let server = server().await;
    import(&server, &["ada", "bob"]).await;
    let mut ada = Chatter::of(&server, "ada").await;
    server.command(&["user", "suspend", "bob"]);
    ada.says("bob", "one").await;
    server.command(&["user", "reactivate", "bob"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut bob = Chatter::of(&server, "bob").await;
    assert_eq!(bob.unread().await, of("ada", 1));
    assert_eq!(bob.history("ada", json!({})).await.0, ["one"]);
    server.command(&["user", "suspend", "bob"]);
    let ticket = bob.ticket.clone();
    let mut other = Socket::connect(&server).await;
    let draft = bob.draft("ada", "two");
    assert_eq!(other.ask(SEND, &ticket, draft).await["ErrorCode"], 70001);
    assert_eq!(ada.history("bob", json!({})).await.0, ["one"]);
}

#[actix_web::test]
async fn two_hundred_messages_at_once_keep_one_order_and_come_once_each() {
    let server = server().await;
    server.command(&["app", "set", "--tencent-sessions", "20"]);
    let (mut ada, mut bob) = two(&server).await;
    let mut senders = Vec::new();
    for _ in 0..10 {
        senders.push(Chatter::of(&server, "ada").await);
    }
    let sends = senders.iter_mut().enumerate().map(|(number, sender)| async move {
        for turn in 0..20 {
            let mut draft = sender.draft("bob", &format!("{number}-{turn}"));
            draft["MsgRandom"] = (number * 100 + turn).into();
            sender.does(SEND, draft).await;
        }
    });
    futures_util::future::join_all(sends).await;
    let mut pushed = Vec::new();
    for _ in 0..200 {
        pushed.push(text_of(&bob.gets().await));
    }
    bob.hears_nothing().await;
    let (newest, page) = bob.history("ada", json!({ "MaxCnt": 100 })).await;
    assert_eq!((newest.len(), &page["Complete"]), (100, &json!(0)));
    let before = json!({ "MaxCnt": 100, "MsgKey": page["MsgKey"], "LastMsgTime": page["LastMsgTime"] });
    let (oldest, page) = bob.history("ada", before).await;
    assert_eq!((oldest.len(), &page["Complete"]), (100, &json!(1)));
    let read = [oldest, newest].concat();
    assert_eq!(read, pushed, "the order of history is the order of the pushes");
    let mut all = read.clone();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 200);
    assert_eq!(ada.history("bob", json!({ "MaxCnt": 100 })).await.0, read[100..], "both see the same order");
    assert_eq!(bob.unread().await, of("ada", 200));
    // Each of Ada's sessions heard the other sessions' messages and none of its own.
    for (number, sender) in senders.iter_mut().enumerate() {
        for _ in 0..180 {
            let what = text_of(&sender.gets().await);
            assert!(!what.starts_with(&format!("{number}-")), "{what} came back to its session");
        }
        sender.hears_nothing().await;
    }
}

#[actix_web::test]
async fn no_unread_and_no_last_message_are_kept_as_asked() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    ada.says("bob", "one").await;
    bob.gets_text("one").await;
    let mut draft = ada.draft("bob", "two");
    draft["SendMsgControl"] = json!(["NoUnread", "NoLastMsg", "NoMsgCheck"]);
    ada.does(SEND, draft).await;
    assert_eq!(bob.gets().await["SendMsgControl"], json!({ "NoUnread": 1, "NoLastMsg": 1 }));
    assert_eq!(bob.unread().await, of("ada", 1));
    assert_eq!(bob.list().await[0]["LastMsg"]["MsgBody"], text("one"));
}

#[actix_web::test]
async fn users_with_long_ids_are_left_out_on_this_wire() {
    let server = server().await;
    import(&server, &["ada"]).await;
    let long = "x".repeat(33);
    server.command(&["user", "create", &long]);
    let mut ada = Chatter::of(&server, "ada").await;
    let body = json!({ "From_Account": long, "To_Account": "ada", "MsgRandom": 1, "MsgBody": text("one") });
    by_rest(&server, "openim/sendmsg", body).await;
    ada.hears_nothing().await;
    assert_eq!((ada.unread().await, ada.list().await), (vec![], vec![]));
    assert_eq!(
        by_rest(&server, "openim/get_c2c_unread_msg_num", json!({ "To_Account": "ada" })).await["AllC2CUnreadMsgNum"],
        0
    );
}

#[actix_web::test]
async fn a_deleted_and_recreated_account_starts_without_messages() {
    let server = server().await;
    let (mut ada, bob) = two(&server).await;
    ada.says("bob", "one").await;
    drop(bob);
    by_rest(&server, "im_open_login_svc/account_delete", json!({ "DeleteItem": [{ "UserID": "bob" }] })).await;
    let draft = ada.draft("bob", "two");
    ada.is_refused(SEND, draft, 20003).await;
    assert_eq!(ada.list().await, [Value::Null; 0]);
    import(&server, &["bob"]).await;
    let mut bob = Chatter::of(&server, "bob").await;
    assert_eq!((bob.unread().await, bob.history("ada", json!({})).await.0), (vec![], vec![]));
    ada.says("bob", "three").await;
    bob.gets_text("three").await;
    assert_eq!(ada.history("bob", json!({})).await.0, ["three"]);
}
