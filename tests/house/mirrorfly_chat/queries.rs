//! Lists of chats, history, and what a user changes for itself, by queries.

use super::*;

async fn history(socket: &mut Chatter, attributes: &str) -> Vec<(String, String)> {
    let rows = socket.rows(&format!(r#"status="single_chat" {attributes}"#), "history", "chat").await;
    rows.iter().map(|row| (row.text_of("row_id").to_owned(), row.text_of("msgid").to_owned())).collect()
}

async fn ids(socket: &mut Chatter, attributes: &str) -> Vec<String> {
    history(socket, attributes).await.into_iter().map(|(_, id)| id).collect()
}

async fn chats(socket: &mut Chatter) -> Vec<XmlElement> {
    socket.rows(r#"status="recent_chat" limit="0""#, "participants", "participant").await
}

/// The only chat's last message, its text, and how many are unread.
async fn chat(socket: &mut Chatter) -> (String, String, String) {
    let [chat] = <[_; 1]>::try_from(chats(socket).await).unwrap();
    (chat.text_of("msgid").to_owned(), row_text(&chat, "msgid", "message"), chat.text_of("unread").to_owned())
}

/// Sends five messages from bob to ada, which ada has not read.
async fn five(house: &Standin) -> (Chatter, Chatter) {
    let (ada, bob) = pair(house).await;
    let (mut adas, mut bobs) = (Chatter::of(house, &ada).await, Chatter::of(house, &bob).await);
    for id in ["m1", "m2", "m3", "m4", "m5"] {
        bobs.send("ada", id, &format!("text of {id}")).await;
        adas.hear().await;
    }
    (adas, bobs)
}

#[actix_web::test]
async fn chats_are_listed_latest_first_with_their_last_message() {
    let house = Standin::fresh().await;
    let (mut adas, mut bobs) = five(&house).await;
    let eve = person(&house, "eve@x").await;
    let mut eves = Chatter::of(&house, &eve).await;
    adas.send("eve=40x", "a1", "Hi eve").await;
    eves.hear().await;
    eves.say(&about("delivered", "ada", "a1")).await;
    eves.hear().await;
    adas.hear().await;
    let rows = chats(&mut adas).await;
    let fields = [
        "user",
        "msgfrom",
        "publisher",
        "chattype",
        "Message_type",
        "msgid",
        "status",
        "recallstatus",
        "unread",
        "mute_status",
        "archive_status",
        "topic_id",
        "meta_data",
        "Notification_to",
    ];
    let shown: Vec<Vec<&str>> = rows.iter().map(|row| fields.map(|field| row.text_of(field)).to_vec()).collect();
    assert_eq!(
        shown,
        [
            ["ada", "eve=40x", "ada", "chat", "text", "a1", "1", "0", "0", "0", "0", "", "{}", ""],
            ["ada", "bob", "bob", "chat", "text", "m5", "0", "0", "5", "0", "0", "", "{}", ""],
        ]
    );
    assert_eq!(
        [row_text(&rows[0], "msgid", "message"), row_text(&rows[1], "msgid", "message")],
        ["Hi eve", "text of m5"]
    );
    for field in ["time", "updated_at"] {
        let time = rows[0].text_of(field);
        let form: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(form, "0000-00-00 00:00:00.000000", "{time}");
    }
    bobs.send("ada", "m6", "later").await;
    adas.hear().await;
    let order: Vec<_> = chats(&mut adas).await.iter().map(|row| row.text_of("msgfrom").to_owned()).collect();
    assert_eq!(order, ["bob", "eve=40x"]);
}

#[actix_web::test]
async fn history_is_paged_by_rows_in_both_directions_newest_first() {
    let house = Standin::fresh().await;
    let (mut adas, _bobs) = five(&house).await;
    let all = history(&mut adas, r#"to_user="bob@chat.example.test" position="up" limit="10""#).await;
    let rows: Vec<i64> = all.iter().map(|(row, _)| row.parse().unwrap()).collect();
    assert!(rows.is_sorted_by(|one, other| one > other), "{rows:?}");
    for (attributes, expected) in [
        (r#"position="up" row_id="" limit="2""#.to_owned(), vec!["m5", "m4"]),
        (r#"position="up" row_id="0" limit="2""#.to_owned(), vec!["m5", "m4"]),
        (format!(r#"position="up" row_id="{}" limit="2""#, rows[1]), vec!["m3", "m2"]),
        (format!(r#"position="down" row_id="{}" limit="2""#, rows[3]), vec!["m4", "m3"]),
        (format!(r#"position="up" row_id="{}" limit="9""#, rows[4]), vec![]),
        (format!(r#"position="down" row_id="{}" limit="9""#, rows[0]), vec![]),
        (r#"position="up" limit="4000000000""#.to_owned(), vec!["m5", "m4", "m3", "m2", "m1"]),
    ] {
        assert_eq!(ids(&mut adas, &format!(r#"to_user="bob" {attributes}"#)).await, expected, "{attributes}");
    }
    assert_eq!(ids(&mut adas, r#"to_user="bob""#).await.len(), 5);
    for wrong in [r#"to_user="bob" row_id="x""#, r#"to_user="bob" limit="-1""#, r#"to_user="nobody""#, r#"to_user="""#]
    {
        let answer = adas.ask("get", &query(&format!(r#"status="single_chat" {wrong}"#))).await;
        assert_eq!(answer.attribute("type"), Some("error"), "{wrong}");
    }
    let row = adas.rows(r#"status="single_chat" to_user="bob" limit="1""#, "history", "chat").await.remove(0);
    let fields = [
        "user",
        "status",
        "recallstatus",
        "favouritestatus",
        "favouriteby",
        "meta_data",
        "topic_id",
        "edit_msg_status",
        "editmsgid",
    ];
    assert_eq!(fields.map(|field| row.text_of(field)), ["bob", "0", "0", "0", "0", "{}", "", "0", "m5"]);
    assert_eq!((row_text(&row, "msgid", "message").as_str(), row.text_of("message_time").len()), ("text of m5", 16));
}

#[actix_web::test]
async fn a_page_has_at_most_100_messages() {
    let house = Standin::fresh().await;
    let (ada, _) = pair(&house).await;
    let mut adas = Chatter::of(&house, &ada).await;
    for n in 0..101 {
        adas.send("bob", &format!("m{n}"), "x").await;
    }
    // The test's own reader takes no stanza of so many elements.
    for (limit, count) in [(r#"limit="99""#, 99), (r#"limit="100""#, 100), (r#"limit="101""#, 100), ("", 20)] {
        let asked = query(&format!(r#"status="single_chat" to_user="bob" {limit}"#));
        adas.say(&format!(r#"<iq xmlns="jabber:client" type="get" id="q">{asked}</iq>"#)).await;
        assert_eq!(adas.hear_text().await.matches("<row_id>").count(), count, "{limit}");
    }
}

#[actix_web::test]
async fn a_message_is_shown_by_its_id_to_both_of_its_users() {
    let house = Standin::fresh().await;
    let (mut adas, mut bobs) = five(&house).await;
    let asked = r#"status="reply_message" reply_id="m2" message_id="""#;
    for socket in [&mut adas, &mut bobs] {
        let row = socket.rows(asked, "replymessage", "chat").await.remove(0);
        let fields = [
            "chat_type",
            "msgid",
            "replyfromuser",
            "to_user",
            "status",
            "deleted_by",
            "deleted_status",
            "recall_status",
            "message_notification",
            "to_notification",
            "meta_data",
            "topic_id",
            "edit_msg_status",
            "editmsgid",
        ];
        assert_eq!(
            fields.map(|field| row.text_of(field)),
            ["chat", "m2", "bob", "ada", "0", "", "0", "0", "0", "", "{}", "", "0", "m2"]
        );
        assert_eq!(row_text(&row, "msgid", "body"), "text of m2");
    }
    assert_eq!(adas.rows(r#"status="reply_message" reply_id="m9""#, "replymessage", "chat").await, []);
}

#[actix_web::test]
async fn unread_counts_what_came_and_was_not_seen() {
    let house = Standin::fresh().await;
    let (mut adas, mut bobs) = five(&house).await;
    let unread = async |socket: &mut Chatter| chat(socket).await.2;
    assert_eq!(unread(&mut adas).await, "5");
    for (word, id, left) in [("delivered", "m5", "5"), ("seen", "m2", "3"), ("seen", "m1", "3")] {
        adas.say(&about(word, "bob", id)).await;
        adas.hear().await;
        assert_eq!(unread(&mut adas).await, left, "{word} {id}");
    }
    while receipt_of(&bobs.hear().await) != "m2 2" {}
    adas.change(r#"status="delete_message" to_user="bob" message_ids="m3""#).await;
    assert_eq!(unread(&mut adas).await, "2");
    bobs.say(&about("recall", "ada", "m5")).await;
    bobs.hear().await;
    adas.hear().await;
    assert_eq!(unread(&mut adas).await, "1");
    adas.change(r#"status="update_unread_count" to_user="bob@chat.example.test""#).await;
    assert_eq!(unread(&mut adas).await, "0");
    // That is no receipt.
    bobs.hears_nothing().await;
    bobs.send("ada", "m6", "x").await;
    adas.hear().await;
    assert_eq!(unread(&mut adas).await, "1");
    adas.change(r#"status="clear_message" remove_user="bob" delete_type="1" last_msg_id="""#).await;
    assert_eq!(unread(&mut adas).await, "0");
}

fn receipt_of(stanza: &XmlElement) -> String {
    for word in ["delivered", "seen"] {
        if let Some(receipt) = stanza.find(word, RECEIPTS) {
            return format!("{} {}", attribute(receipt, "id"), attribute(receipt, "message_status"));
        }
    }
    panic!("{stanza:?}")
}

#[actix_web::test]
async fn what_is_deleted_or_cleared_is_gone_for_its_user_alone() {
    let mut house = Standin::fresh().await;
    let (mut adas, mut bobs) = five(&house).await;
    adas.change(r#"status="delete_message" to_user="bob@chat.example.test" message_ids="m5,m3,m9""#).await;
    assert_eq!(ids(&mut adas, r#"to_user="bob""#).await, ["m4", "m2", "m1"]);
    assert_eq!(chat(&mut adas).await, ("m4".into(), "text of m4".into(), "3".into()));
    adas.change(r#"status="clear_message" remove_user="bob" delete_type="1" last_msg_id="m2""#).await;
    assert_eq!(ids(&mut adas, r#"to_user="bob""#).await, ["m4"]);
    adas.change(r#"status="clear_message" remove_user="bob" delete_type="1" last_msg_id="""#).await;
    assert_eq!(ids(&mut adas, r#"to_user="bob""#).await, [""; 0]);
    let (id, text, unread) = chat(&mut adas).await;
    assert_eq!((id.len(), text.as_str(), unread.as_str()), (32, "", "0"), "it stays on the list, without a message");
    adas.change(r#"status="clear_message" remove_user="bob" delete_type="0" last_msg_id="""#).await;
    assert_eq!(chats(&mut adas).await, []);
    assert_eq!(ids(&mut bobs, r#"to_user="ada""#).await, ["m5", "m4", "m3", "m2", "m1"]);
    house.terminate();
    house.restart();
    let (ada, bob) = pair(&house).await;
    let (mut adas, mut bobs) = (Chatter::of(&house, &ada).await, Chatter::of(&house, &bob).await);
    adas.hears_nothing().await;
    assert_eq!(chats(&mut adas).await, []);
    // The next message brings the chat back, and nothing else.
    bobs.send("ada", "m6", "again").await;
    assert_eq!(adas.hear_message().await.1, "m6");
    assert_eq!(chat(&mut adas).await, ("m6".into(), "again".into(), "1".into()));
    assert_eq!(ids(&mut adas, r#"to_user="bob""#).await, ["m6"]);
}

#[actix_web::test]
async fn all_chats_are_cleared_or_deleted_together() {
    let house = Standin::fresh().await;
    let (mut adas, _bobs) = five(&house).await;
    person(&house, "eve").await;
    adas.send("eve", "a1", "x").await;
    adas.change(r#"status="clear_all" delete_type="1""#).await;
    let shown: Vec<_> = chats(&mut adas).await.iter().map(|row| row_text(row, "msgid", "message")).collect();
    assert_eq!(shown, ["", ""]);
    adas.change(r#"status="clear_all" delete_type="0""#).await;
    assert_eq!(chats(&mut adas).await, []);
    for wrong in [r#"status="clear_all" delete_type="2""#, r#"status="clear_message" remove_user="bob""#] {
        assert_eq!(adas.ask("set", &query(wrong)).await.attribute("type"), Some("error"), "{wrong}");
    }
}

/// More changes than a session's queue has room for, in steps: both sessions stay, and the request is answered once.
#[actix_web::test]
async fn three_hundred_chats_are_cleared_together_in_steps() {
    const CHATS: usize = 300;
    let house = Standin::fresh().await;
    let ada = person(&house, "ada").await;
    let back_end = house.back_end_token().await;
    let mut adas = Chatter::of(&house, &ada).await;
    for n in 0..CHATS {
        house.create_user(&back_end, &[("userIdentifier", &format!("u{n}"))]).await;
        adas.send(&format!("u{n}"), "m1", "x").await;
    }
    let mut others = Chatter(Socket::bound(&house, &ada).await);
    adas.say(&format!(
        r#"<iq xmlns="jabber:client" type="set" id="all">{}</iq>"#,
        query(r#"status="clear_all" delete_type="1""#)
    ))
    .await;
    // The same request meanwhile is refused, and others are answered.
    adas.say(&format!(
        r#"<iq xmlns="jabber:client" type="set" id="all2">{}</iq>"#,
        query(r#"status="clear_all" delete_type="1""#)
    ))
    .await;
    let mut answers = Vec::new();
    while answers.len() < 2 {
        let heard = adas.hear().await;
        answers.push((attribute(&heard, "id"), attribute(&heard, "type")));
    }
    answers.sort_unstable();
    assert_eq!(answers[0], ("all".into(), "result".into()));
    assert_eq!(answers[1].0, "all2");
    for n in [0, CHATS / 2, CHATS - 1] {
        assert_eq!(ids(&mut adas, &format!(r#"to_user="u{n}""#)).await, Vec::<String>::new());
    }
    let mut cleared = Vec::new();
    for _ in 0..CHATS {
        let (_, inner) = copied(&others.hear().await);
        cleared.push(attribute(inner.find("messageclear", CLIENT).unwrap(), "remove_message_user"));
    }
    cleared.sort_unstable();
    cleared.dedup();
    assert_eq!(cleared.len(), CHATS);
    for socket in [&mut adas, &mut others] {
        socket.hears_nothing().await;
    }
}

#[actix_web::test]
async fn an_archived_chat_comes_back_with_a_message_unless_its_user_keeps_it_archived() {
    let house = Standin::fresh().await;
    let (mut adas, mut bobs) = five(&house).await;
    let archived = async |socket: &mut Chatter| {
        let rows = socket.rows(r#"status="all_archived_chats""#, "archived_chats", "chat").await;
        let listed: Vec<_> = rows.iter().map(|row| (attribute(row, "chat_type"), row.text().to_owned())).collect();
        (listed, chats(socket).await[0].text_of("archive_status").to_owned())
    };
    let bob = || vec![("chat".to_owned(), "bob".to_owned())];
    assert_eq!(archived(&mut adas).await, (vec![], "0".into()));
    for (keeps, id, after) in [("0", "m6", (vec![], "0")), ("1", "m7", (bob(), "1"))] {
        adas.change(&format!(r#"status="user_settings" archive="{keeps}""#)).await;
        adas.change(r#"status="update_archive_chat" to_user="bob@chat.example.test" archive_status="1""#).await;
        assert_eq!(archived(&mut adas).await, (bob(), "1".into()));
        bobs.send("ada", id, "x").await;
        adas.hear().await;
        assert_eq!(archived(&mut adas).await, (after.0, after.1.to_owned()));
    }
    adas.change(r#"status="update_archive_chat" to_user="bob@chat.example.test" archive_status="0""#).await;
    assert_eq!(archived(&mut adas).await, (vec![], "0".into()));
    let wrong = adas.ask("set", &query(r#"status="update_archive_chat" to_user="bob" archive_status="x""#)).await;
    assert_eq!(wrong.attribute("type"), Some("error"));
}

#[actix_web::test]
async fn conversation_partners_are_on_the_roster_and_are_no_contacts() {
    let house = Standin::fresh().await;
    let (mut adas, _bobs) = five(&house).await;
    let roster = adas.ask("get", r#"<query xmlns="jabber:iq:roster"/>"#).await.write();
    assert!(roster.contains(r#"jid="bob@chat.example.test""#), "{roster}");
    let database = rusqlite::Connection::open(house.data().join("standin.db")).unwrap();
    assert_eq!(database.query_row("SELECT count(*) FROM contact", [], |row| row.get::<_, u32>(0)).unwrap(), 0);
}

#[actix_web::test]
async fn what_is_not_served_is_an_empty_list() {
    let house = Standin::fresh().await;
    let (ada, _) = pair(&house).await;
    let mut adas = Chatter::of(&house, &ada).await;
    for (status, list) in
        [("single_chat_media", "mediamessages"), ("recent_topic_chat", "participants"), ("group_chat", "history")]
    {
        assert_eq!(adas.rows(&format!(r#"status="{status}""#), list, "chat").await, []);
    }
    let favourites = |status: &str| format!(r#"<query xmlns="jabber:iq:user_fav" status="{status}"/>"#);
    let empty =
        r#"<iq xmlns="jabber:client" type="result" id="q"><query xmlns="jabber:iq:user_fav"><history /></query></iq>"#;
    assert_eq!(adas.ask("get", &favourites("get_favourite_message")).await.write(), empty);
    let done = r#"<iq xmlns="jabber:client" type="result" id="q" />"#;
    assert_eq!(adas.ask("set", &favourites("clearall_favourite_message")).await.write(), done);
    for (kind, status) in [("get", "anything"), ("set", "anything"), ("get", "clear_all"), ("set", "recent_chat")] {
        let answer = adas.ask(kind, &query(&format!(r#"status="{status}""#))).await;
        assert!(answer.write().contains("feature-not-implemented"), "{kind} {status}");
    }
}
