//! The REST API's commands on messages, and messages of other vendors.

use super::*;

const TO: &str = "openim/sendmsg";

/// The answer to a command of the REST API, whatever it is.
async fn rest(server: &Standin, command: &str, body: Value) -> Value {
    let sig = user_sig("administrator");
    let path = format!("/v4/{command}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}");
    send(server.call(Method::POST, &path).json(&body)).await.json()
}

async fn code(server: &Standin, command: &str, body: Value) -> Value {
    rest(server, command, body).await["ErrorCode"].clone()
}

fn message(more: Value) -> Value {
    let mut message = json!({
        "From_Account": "ada", "To_Account": "bob", "MsgSeq": 93847, "MsgRandom": 1_287_657, "MsgBody": text("hi"),
    });
    let Value::Object(more) = more else { panic!("no object") };
    message.as_object_mut().unwrap().extend(more);
    message
}

fn golden(server: &Standin, name: &str, said: &Value) {
    let mut said = said.clone();
    hide_times(&mut said);
    same(server, name, &said);
}

/// Times differ on each run.
fn hide_times(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match key.as_str() {
                    "MsgTime" | "MsgTimeStamp" | "LastMsgTime" | "MsgClientTime" => *value = json!("<time>"),
                    "MsgKey" | "LastMsgKey" => *value = json!("<key>"),
                    "MsgId" => *value = json!("<id>"),
                    _ => hide_times(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_times),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[actix_web::test]
async fn a_back_end_sends_in_the_name_of_a_user_past_a_block_to_both_or_to_the_recipient_alone() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    block(&server, "bob", "ada").await;
    bob.socket.hears("BlackListAdd_Account").await;
    let said = by_rest(&server, TO, message(json!({ "SyncOtherMachine": 1 }))).await;
    golden(&server, "tencent/sendmsg", &said);
    for who in [&mut ada, &mut bob] {
        who.gets_text("hi").await;
    }
    by_rest(&server, TO, message(json!({ "SyncOtherMachine": 2, "MsgRandom": 2, "MsgBody": text("hidden") }))).await;
    bob.gets_text("hidden").await;
    ada.hears_nothing().await;
    assert_eq!(ada.history("bob", json!({})).await.0, ["hi"]);
    assert_eq!(bob.history("ada", json!({})).await.0, ["hi", "hidden"]);
    let mut unnumbered = message(json!({ "MsgBody": text("hi") }));
    unnumbered.as_object_mut().unwrap().remove("MsgSeq");
    for _ in 0..2 {
        by_rest(&server, TO, unnumbered.clone()).await;
        bob.gets_text("hi").await;
    }
}

#[actix_web::test]
async fn a_message_that_cannot_be_sent_is_refused_by_the_vendors_numbers() {
    let server = server().await;
    import(&server, &["ada", "bob"]).await;
    let frame = text("").to_string().len();
    for (more, expected) in [
        (json!({ "To_Account": null }), 90003),
        (json!({ "To_Account": "nobody" }), 20003),
        (json!({ "From_Account": "nobody" }), 20003),
        (json!({ "From_Account": null }), 20003),
        (json!({ "To_Account": "ada" }), 20001),
        (json!({ "MsgRandom": null }), 90005),
        (json!({ "MsgRandom": "1" }), 90005),
        (json!({ "MsgBody": "x" }), 90007),
        (json!({ "MsgBody": [] }), 90007),
        (json!({ "MsgBody": [{ "MsgType": "TIMSoundElem", "MsgContent": {} }] }), 90010),
        (json!({ "SyncOtherMachine": "1" }), 90031),
        (json!({ "MsgLifeTime": "1" }), 90044),
        (json!({ "MsgLifeTime": 604_801 }), 90026),
        (json!({ "MsgBody": text(&"x".repeat(12_289 - frame)) }), 93000),
        (json!({ "CloudCustomData": "x".repeat(12_289) }), 93000),
        (
            json!({ "MsgBody": text(&"x".repeat(12_288 - frame)), "CloudCustomData": "x".repeat(12_288), "MsgLifeTime": 604_800 }),
            0,
        ),
    ] {
        let said = rest(&server, TO, message(more.clone())).await;
        assert_eq!(said["ErrorCode"], expected, "{said}");
    }
    server.command(&["user", "suspend", "ada"]);
    assert_eq!(code(&server, TO, message(json!({}))).await, 70051);
}

/// A number in quotes is refused, but where the vendor's page shows both.
#[actix_web::test]
async fn a_count_in_quotes_is_90001() {
    let server = server().await;
    let (mut ada, _bob) = two(&server).await;
    let history = |count: Value| json!({ "Operator_Account": "ada", "Peer_Account": "bob", "MaxCnt": count });
    for (count, expected) in [(json!(10), 0), (json!("10"), 90001), (json!(-1), 90001), (json!(1.5), 90001)] {
        assert_eq!(code(&server, "openim/admin_getroammsg", history(count)).await, expected);
    }
    ada.is_refused(HISTORY, json!({ "Peer_Account": "bob", "MaxCnt": "15" }), 90001).await;
}

#[actix_web::test]
async fn a_back_end_changes_and_recalls_a_message_that_it_hid_from_its_sender() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let hidden = json!({ "SyncOtherMachine": 2, "MsgRandom": 2, "MsgBody": text("hidden") });
    let key = by_rest(&server, TO, message(hidden)).await["MsgKey"].clone();
    bob.gets_text("hidden").await;
    let named = |more: Value| {
        let mut body = json!({ "From_Account": "ada", "To_Account": "bob", "MsgKey": key });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let said = by_rest(&server, "openim/modify_c2c_msg", named(json!({ "MsgBody": text("changed") }))).await;
    assert_eq!((&said["MsgVersion"], &said["MsgBody"]), (&json!(1), &text("changed")));
    assert_eq!(bob.told().await["C2cMsgModNotifys"][0]["MsgBody"], text("changed"));
    assert_eq!(by_rest(&server, "openim/admin_msgwithdraw", named(json!({}))).await["ErrorCode"], 0);
    assert!(bob.told().await.to_string().contains("WithdrawC2cMsgNotify"));
    ada.hears_nothing().await;
    assert_eq!(ada.history("bob", json!({})).await.0, Vec::<String>::new());
}

#[actix_web::test]
async fn a_change_without_content_changes_nothing() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let key = by_rest(&server, TO, message(json!({ "MsgBody": text("hi") }))).await["MsgKey"].clone();
    for who in [&mut ada, &mut bob] {
        who.gets_text("hi").await;
    }
    let body = json!({ "From_Account": "ada", "To_Account": "bob", "MsgKey": key });
    let said = by_rest(&server, "openim/modify_c2c_msg", body).await;
    assert_eq!((&said["MsgVersion"], &said["MsgBody"]), (&json!(0), &text("hi")));
    for who in [&mut ada, &mut bob] {
        who.hears_nothing().await;
    }
}

#[actix_web::test]
async fn a_recall_whose_accounts_are_exchanged_is_20022() {
    let server = server().await;
    let (_ada, mut bob) = two(&server).await;
    let key = by_rest(&server, TO, message(json!({ "MsgBody": text("hi") }))).await["MsgKey"].clone();
    bob.gets_text("hi").await;
    let recall = |from: &str, to: &str| json!({ "From_Account": from, "To_Account": to, "MsgKey": key });
    assert_eq!(code(&server, "openim/admin_msgwithdraw", recall("bob", "ada")).await, 20022);
    bob.hears_nothing().await;
    assert_eq!(code(&server, "openim/admin_msgwithdraw", recall("ada", "bob")).await, 0);
}

#[actix_web::test]
async fn unread_messages_of_1500_conversations_are_counted_and_read_together() {
    let server = server().await;
    let senders: Vec<String> = (0..1500).map(|n| format!("s{n}")).collect();
    for some in senders.chunks(100) {
        import(&server, &some.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    import(&server, &["bob"]).await;
    for some in senders.chunks(50) {
        let sent = some.iter().map(|from| by_rest(&server, TO, message(json!({ "From_Account": from }))));
        futures_util::future::join_all(sent).await;
    }
    let all = async || {
        let said = by_rest(&server, "openim/get_c2c_unread_msg_num", json!({ "To_Account": "bob" })).await;
        let qiscus = server.qiscus(Method::GET, "get_user_unread_count").query(&[("user_ids[]", "bob")]);
        (said["AllC2CUnreadMsgNum"].as_u64(), send(qiscus).await.json())
    };
    let (unread, elsewhere) = all().await;
    assert_eq!(unread, Some(1500));
    assert!(elsewhere.to_string().contains("1500"), "the same by Qiscus: {elsewhere}");
    let mut bob = Chatter::of(&server, "bob").await;
    bob.does("openim.read_all_unread_msg", json!({ "C2CReadAllMsg": 1 })).await;
    assert_eq!(all().await.0, Some(0));
}

#[actix_web::test]
async fn a_batch_reaches_all_that_exist() {
    let server = server().await;
    let (_ada, mut bob) = two(&server).await;
    let batch = |to: Value| message(json!({ "To_Account": to }));
    let said = by_rest(&server, "openim/batchsendmsg", batch(json!(["bob", "nobody"]))).await;
    golden(&server, "tencent/batchsendmsg", &said);
    bob.gets_text("hi").await;
    for (count, expected) in [(499, 0), (500, 0), (501, 90011)] {
        let to: Vec<String> = (0..count).map(|number| format!("nobody{number}")).collect();
        assert_eq!(code(&server, "openim/batchsendmsg", batch(json!(to))).await, expected, "{count}");
    }
    assert_eq!(code(&server, "openim/batchsendmsg", batch(json!([]))).await, 90003);
    let mut unknown = batch(json!(["bob"]));
    unknown["From_Account"] = "nobody".into();
    assert_eq!(code(&server, "openim/batchsendmsg", unknown).await, 20003);
}

#[actix_web::test]
async fn a_back_end_reads_a_conversation_newest_page_first() {
    let server = server().await;
    let (mut ada, _bob) = two(&server).await;
    for what in ["one", "two", "three"] {
        ada.says("bob", what).await;
    }
    let ask = |more: Value| {
        let mut body = json!({ "Operator_Account": "bob", "Peer_Account": "ada", "MaxCnt": 2, "MinTime": 0, "MaxTime": 4_000_000_000_u32 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let page = by_rest(&server, "openim/admin_getroammsg", ask(json!({}))).await;
    golden(&server, "tencent/admin_getroammsg", &page);
    let texts = |page: &Value| page["MsgList"].as_array().unwrap().iter().map(text_of).collect::<Vec<_>>();
    assert_eq!((texts(&page), &page["Complete"]), (vec!["two".to_owned(), "three".to_owned()], &json!(0)));
    assert!(page["MsgList"][0].get("TinyId").is_none());
    let page = by_rest(&server, "openim/admin_getroammsg", ask(json!({ "LastMsgKey": page["LastMsgKey"] }))).await;
    assert_eq!((texts(&page), &page["Complete"]), (vec!["one".to_owned()], &json!(1)));
    let page = by_rest(&server, "openim/admin_getroammsg", ask(json!({ "MinTime": 3_900_000_000_u32 }))).await;
    assert_eq!((texts(&page), &page["Complete"]), (vec![], &json!(1)));
    let page = by_rest(&server, "openim/admin_getroammsg", ask(json!({ "MaxTime": 1_000 }))).await;
    assert_eq!(texts(&page), [""; 0]);
    for (key, value) in [("Operator_Account", "nobody"), ("Peer_Account", "nobody")] {
        let body = ask(json!({ key: value }));
        assert_eq!(code(&server, "openim/admin_getroammsg", body).await, 90048, "{key}");
    }
}

#[actix_web::test]
async fn a_back_end_recalls_changes_and_marks_as_read_without_limits() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let one = ada.says("bob", "one").await;
    bob.gets_text("one").await;
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    database.execute("UPDATE message SET at = at - 1000000000", []).unwrap();
    let at = one["MsgTimeStamp"].as_i64().unwrap() - 1000;
    let key = format!("{}_{}_{at}", one["MsgSeq"], one["MsgRandom"]);
    let modify = json!({ "From_Account": "ada", "To_Account": "bob", "MsgKey": key, "MsgBody": text("two") });
    golden(&server, "tencent/modify_c2c_msg", &by_rest(&server, "openim/modify_c2c_msg", modify.clone()).await);
    for who in [&mut ada, &mut bob] {
        assert_eq!(who.told().await["C2cMsgModNotifys"][0]["MsgBody"], text("two"));
    }
    let unread = json!({ "To_Account": "bob" });
    golden(
        &server,
        "tencent/get_c2c_unread_msg_num",
        &by_rest(&server, "openim/get_c2c_unread_msg_num", unread.clone()).await,
    );
    let of_peers = json!({ "To_Account": "bob", "Peer_Account": ["ada", "nobody"] });
    let said = by_rest(&server, "openim/get_c2c_unread_msg_num", of_peers).await;
    assert_eq!(said["C2CUnreadMsgNumList"], json!([{ "Peer_Account": "ada", "C2CUnreadMsgNum": 1 }]));
    assert_eq!(
        (&said["ErrorList"][0]["To_Account"], &said["ErrorList"][0]["ErrorCode"]),
        (&json!("nobody"), &json!(70107))
    );
    let eleven: Vec<&str> = vec!["ada"; 11];
    let body = json!({ "To_Account": "bob", "Peer_Account": eleven });
    assert_eq!(code(&server, "openim/get_c2c_unread_msg_num", body).await, 90001);
    for time in [json!(at.to_string()), json!(at), Value::Null] {
        let body = json!({ "Report_Account": "bob", "Peer_Account": "ada", "MsgReadTime": time });
        by_rest(&server, "openim/admin_set_msg_read", body).await;
    }
    assert_eq!(by_rest(&server, "openim/get_c2c_unread_msg_num", unread).await["AllC2CUnreadMsgNum"], 0);
    assert_eq!(ada.told().await["C2cNotifyMsgArray"][0]["C2cReadedReceipt"]["To_Account"], "bob");
    let body = json!({ "Report_Account": "bob", "Peer_Account": "nobody" });
    assert_eq!(code(&server, "openim/admin_set_msg_read", body).await, 90048);
    let recall = |key: &str| json!({ "From_Account": "ada", "To_Account": "bob", "MsgKey": key });
    assert_eq!(code(&server, "openim/admin_msgwithdraw", recall("1_2_3")).await, 20022);
    assert_eq!(code(&server, "openim/admin_msgwithdraw", recall("x")).await, 90054);
    assert_eq!(code(&server, "openim/admin_msgwithdraw", recall(&key)).await, 0);
    assert_eq!(code(&server, "openim/admin_msgwithdraw", recall(&key)).await, 20023);
    assert_eq!(code(&server, "openim/modify_c2c_msg", modify).await, 20022);
    assert_eq!(bob.history("ada", json!({})).await.0, [""]);
}

#[actix_web::test]
async fn a_back_end_lists_and_deletes_conversations() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    ada.says("bob", "one").await;
    ada.does(
        "recentcontact.top",
        json!({ "OperationType": 1, "RecentContactItem": [{ "Type": 1, "To_Account": "bob" }] }),
    )
    .await;
    let list = json!({ "From_Account": "ada", "TimeStamp": 0, "StartIndex": 0, "Count": 100, "TopTimeStamp": 0, "TopStartIndex": 0, "AssistFlags": 7 });
    golden(&server, "tencent/get_list", &by_rest(&server, "recentcontact/get_list", list.clone()).await);
    let delete =
        |kind: u32, to: &str| json!({ "From_Account": "ada", "Type": kind, "To_Account": to, "ClearRamble": 1 });
    assert_eq!(code(&server, "recentcontact/delete", delete(2, "bob")).await, 90001);
    assert_eq!(code(&server, "recentcontact/delete", delete(1, "nobody")).await, 20003);
    by_rest(&server, "recentcontact/delete", delete(1, "bob")).await;
    assert!(ada.told().await.to_string().contains("RecentContactDeleteItem"));
    assert_eq!(by_rest(&server, "recentcontact/get_list", list).await["SessionItem"], json!([]));
    assert_eq!(ada.history("bob", json!({})).await.0, [""; 0]);
    assert_eq!(bob.history("ada", json!({})).await.0, ["one"]);
}
