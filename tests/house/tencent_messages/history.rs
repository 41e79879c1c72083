//! `openim.getroammsg` and `openim.getmsg`.

use super::*;

#[actix_web::test]
async fn pages_go_back_by_key_without_repeats_and_end() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    for number in 1..=31 {
        ada.says("bob", &number.to_string()).await;
    }
    let (first, page) = bob.history("ada", json!({})).await;
    assert_eq!((first.len(), first[0].as_str(), first[14].as_str()), (15, "17", "31"), "oldest first");
    let oldest = &page["MsgList"][0];
    assert_eq!((&page["Complete"], &page["MsgKey"]), (&json!(0), &oldest["MsgKey"]));
    assert_eq!(page["LastMsgTime"], oldest["MsgTimeStamp"]);
    let before = |page: &Value| json!({ "MsgKey": page["MsgKey"], "LastMsgTime": page["LastMsgTime"] });
    let (second, page) = bob.history("ada", before(&page)).await;
    assert_eq!((second[0].as_str(), second[14].as_str(), &page["Complete"]), ("2", "16", &json!(0)));
    let (third, page) = bob.history("ada", before(&page)).await;
    assert_eq!((third, &page["Complete"]), (vec!["1".to_owned()], &json!(1)));
    for (asked, given) in [(0, 15), (1, 1), (30, 30), (31, 31), (32, 31), (1000, 31)] {
        assert_eq!(bob.history("ada", json!({ "MaxCnt": asked })).await.0.len(), given, "{asked}");
    }
}

#[actix_web::test]
async fn a_page_has_at_most_a_hundred_messages() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    for number in 0..101 {
        ada.says("bob", &number.to_string()).await;
    }
    for (asked, given) in [(99, 99), (100, 100), (101, 100)] {
        assert_eq!(bob.history("ada", json!({ "MaxCnt": asked })).await.0.len(), given);
    }
}

#[actix_web::test]
async fn a_page_forward_includes_the_second_that_it_begins_in_and_does_not_end_in_it() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    let mut sent = Vec::new();
    for number in 0..8 {
        sent.push(ada.says("bob", &number.to_string()).await);
    }
    let at = sent[0]["MsgTimeStamp"].clone();
    let in_second = sent.iter().filter(|message| message["MsgTimeStamp"] == at).count();
    let (found, page) = bob.history("ada", json!({ "GetDirection": 1, "LastMsgTime": at, "MaxCnt": 2 })).await;
    assert!(found.len() >= in_second && found[0] == "0", "{found:?} of {in_second}");
    let newest = page["MsgList"].as_array().unwrap().last().unwrap();
    assert_eq!((&page["MsgKey"], &page["LastMsgTime"]), (&newest["MsgKey"], &newest["MsgTimeStamp"]));
    let later = at.as_i64().unwrap() + 100;
    let (none, page) = bob.history("ada", json!({ "GetDirection": 1, "LastMsgTime": later })).await;
    assert_eq!((none.len(), &page["Complete"]), (0, &json!(1)));
}

#[actix_web::test]
async fn without_a_conversation_history_is_empty_and_complete() {
    let server = server().await;
    let (mut ada, _bob) = two(&server).await;
    for peer in ["bob", "nobody", "ada"] {
        let (texts, page) = ada.history(peer, json!({})).await;
        assert_eq!((texts.len(), &page["Complete"]), (0, &json!(1)), "{peer}");
    }
}

#[actix_web::test]
async fn a_stranger_reads_only_its_own_conversations() {
    let server = server().await;
    let (mut ada, _bob) = two(&server).await;
    ada.says("bob", "secret").await;
    import(&server, &["eve"]).await;
    let mut eve = Chatter::of(&server, "eve").await;
    eve.is_refused(HISTORY, json!({ "From_Account": "ada", "Peer_Account": "bob", "MaxCnt": 15 }), 40004).await;
    for peer in ["ada", "bob"] {
        assert_eq!(eve.history(peer, json!({})).await.0, [""; 0]);
    }
    let key = json!({ "MsgKey": ada.says("bob", "more").await["MsgKey"] });
    assert_eq!(eve.history("ada", key).await.0, [""; 0]);
    assert_eq!((eve.unread().await, eve.list().await), (vec![], vec![]));
}

#[actix_web::test]
async fn unread_counts_and_pushes_meet_without_gap_or_overlap() {
    let server = server().await;
    let (mut ada, mut bob) = two(&server).await;
    assert_eq!(bob.unread().await, vec![]);
    ada.says("bob", "one").await;
    bob.gets_text("one").await;
    assert_eq!(bob.unread().await, of("ada", 1));
    // Counts in the middle of a storm: what was pushed before the answer is counted, the rest is pushed after it.
    let storm = async {
        for number in 0..100 {
            ada.says("bob", &number.to_string()).await;
        }
    };
    let counts = async {
        for _ in 0..20 {
            bob.gets().await;
        }
        let counted = bob.unread().await[0].1;
        let before = u64::try_from(bob.socket.pushed.len()).unwrap() + 20;
        for _ in 20..100 {
            bob.gets().await;
        }
        (counted, before)
    };
    let ((), (counted, before)) = tokio::join!(storm, counts);
    assert_eq!(counted, 1 + before);
    bob.hears_nothing().await;
    assert_eq!(bob.unread().await, of("ada", 101));
}

#[actix_web::test]
async fn after_a_cut_the_cookie_brings_what_was_sent_and_received_once_and_counts_that_fit() {
    let server = server().await;
    server.command(&["app", "set", "--tencent-sessions", "2"]);
    let (mut ada, mut bob) = two(&server).await;
    ada.says("bob", "before").await;
    bob.gets_text("before").await;
    let cookie = bob.does(SYNC, json!({ "Cookie": "" })).await["Cookie"].clone();
    bob.socket.socket.close(None).await.unwrap();
    ada.says("bob", "missed").await;
    let mut other_way = Chatter::of(&server, "bob").await;
    other_way.says("ada", "from another session").await;
    drop(other_way);
    bob.again(&server).await;
    let said = bob.does(SYNC, json!({ "Cookie": cookie })).await;
    let texts: Vec<String> = said["MsgList"].as_array().unwrap().iter().map(text_of).collect();
    assert_eq!(texts, ["missed", "from another session"]);
    assert_eq!(unread_of(&said), of("ada", 2));
    ada.says("bob", "after").await;
    bob.gets_text("after").await;
    let said = bob.does(SYNC, json!({ "Cookie": said["Cookie"] })).await;
    assert_eq!((text_of(&said["MsgList"][0]), unread_of(&said)), ("after".to_owned(), of("ada", 3)));
}
