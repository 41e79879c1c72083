//! The laws of one-to-one messages: order, marks, counts, and what each of the two users sees.

use std::collections::BTreeSet;

use standin::{
    domain::message::{
        Conversation, ConversationChange, ConversationFilter, ConversationRef, Mark, Message, MessageBody, MessageData,
        MessageFlags, MessageId, MessageName, MessageNumbers, MessageOrigin, MessageRef, MessageText, PINS_MAX,
        Participant, Side,
    },
    service::conversations::{
        Drawn,
        changes::{EditOutcome, MessageChange, RecallOutcome, RecallRequest},
        marks::{MarkRequest, UpTo},
        sending::{BLOCKED, NewMessage, SendPolicy, SentMessage},
    },
    store::{HistoryFrom, HistoryPage},
};

use standin::{domain::chats::ChatSettingsChange, store::Touches};

use super::*;

fn text(text: &str) -> MessageText {
    MessageText::parse(text).unwrap()
}

fn message(body: &str) -> NewMessage {
    NewMessage {
        name: None,
        origin: MessageOrigin::Native,
        body: MessageBody { text: text(body), custom: None },
        data: MessageData::default(),
        reply_to: None,
        numbers: None,
        flags: MessageFlags::default(),
        policy: SendPolicy::default(),
    }
}

fn named(name: &str, body: &str) -> NewMessage {
    NewMessage { name: Some(MessageName::parse(name).unwrap()), ..message(body) }
}

fn drawn(seed: u32) -> Drawn {
    let numbers = MessageNumbers { seq: seed, random: seed, client_time_s: 1 };
    Drawn { unique_id: format!("{seed:032x}"), numbers }
}

fn with(id: &str) -> ConversationRef {
    ConversationRef::With(user_id(id))
}

fn read_upto(upto: UpTo) -> MarkRequest {
    MarkRequest { mark: Mark::Read, upto }
}

fn recall_of(messages: &[MessageId]) -> RecallRequest {
    let messages = messages.iter().map(|id| MessageRef::Id(*id)).collect();
    RecallRequest { messages, reason: String::new(), others_too: false, unseen_too: false, within: None }
}

impl Fixture {
    async fn with_users(ids: &[&str]) -> Self {
        let fixture = Self::fresh().await;
        for id in ids {
            fixture.register(id).await;
        }
        fixture
    }

    async fn try_send(&self, from: &str, to: &str, new: NewMessage, moment: i64) -> Result<SentMessage, Error> {
        self.store.send(self.app, by_id(from), with(to), new, drawn(u32::try_from(moment).unwrap()), at(moment)).await
    }

    async fn say(&self, from: &str, to: &str, body: &str, moment: i64) -> Message {
        self.try_send(from, to, message(body), moment).await.unwrap().message
    }

    fn conversation(&self, one: &str, other: &str) -> Conversation {
        let (one, other) = (self.user(one).unwrap().key, self.user(other).unwrap().key);
        self.store.reads(async |db| db.conversation_between(self.app, one, other).await).unwrap().unwrap()
    }

    /// The state of `one` in its conversation with `other`.
    fn state(&self, one: &str, other: &str) -> Participant {
        let (key, conversation) = (self.user(one).unwrap().key, self.conversation(one, other).key);
        self.store.reads(async |db| db.participant(key, conversation).await).unwrap().unwrap()
    }

    fn sees(&self, one: &str, other: &str, page: HistoryPage) -> Vec<Message> {
        let conversation = self.conversation(one, other);
        let side = conversation.side_of(self.user(one).unwrap().key).unwrap();
        self.store.reads(async |db| db.history(conversation.key, side, &page).await).unwrap()
    }

    /// The texts that `one` sees of its conversation with `other`, oldest first.
    fn texts(&self, one: &str, other: &str) -> Vec<String> {
        let above = self.state(one, other).cleared;
        let from = HistoryFrom::From(MessageId::NONE);
        let page = HistoryPage { from, above, with_recalled: true, limit: 1000 };
        self.sees(one, other, page).into_iter().map(|message| message.body.text.as_str().to_owned()).collect()
    }

    async fn read(&self, reader: &str, of: &str, upto: UpTo) -> Option<i64> {
        self.store.mark(self.app, by_id(reader), with(of), read_upto(upto), at(1_000_000)).await.unwrap().seq
    }

    /// Compares the kept unread count with a count of the rows.
    fn assert_counted(&self, one: &str, other: &str) {
        let (own, conversation) = (self.state(one, other), self.conversation(one, other));
        let side = conversation.side_of(own.user).unwrap();
        let counted = self.store.reads(async |db| {
            db.count_messages(conversation.key, side, own.peer, own.counted_from(), MessageId::MAX).await
        });
        assert_eq!(own.unread, counted.unwrap(), "{one} of {other}");
    }
}

#[actix_web::test]
async fn two_hundred_sends_at_once_from_both_sides_get_gapless_numbers_in_the_order_of_their_ids() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let sends = (0..200).map(|number| {
        let (from, to) = if number % 2 == 0 { ("ann", "bob") } else { ("bob", "ann") };
        fixture.try_send(from, to, message(&format!("{number}")), number + 1)
    });
    let sent: Vec<Message> = join_all(sends).await.into_iter().map(|sent| sent.unwrap().message).collect();
    let mut by_id = sent.clone();
    by_id.sort_by_key(|message| message.id);
    assert_eq!(by_id.iter().map(|message| message.seq).collect::<Vec<_>>(), (1..=200).collect::<Vec<_>>());
    assert!(by_id.is_sorted_by_key(|message| message.at), "a later message has an earlier time");
    assert_eq!(sent.iter().map(|message| message.conversation).collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(fixture.texts("ann", "bob").len(), 200);
    assert_eq!((fixture.state("ann", "bob").unread, fixture.state("bob", "ann").unread), (100, 100));
    assert_eq!(fixture.texts("ann", "bob"), fixture.texts("bob", "ann"));
}

#[actix_web::test]
async fn a_message_is_the_event_that_announced_it() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let sent = fixture.say("ann", "bob", "hello", 5).await;
    let event = fixture.events().pop().unwrap();
    let bob = fixture.user("bob").unwrap().key;
    assert_eq!(
        (event.seq, event.kind),
        (sent.id.0, EventKind::MessageSent { conversation: sent.conversation, to: Some(bob) })
    );
    assert_eq!(sent.name.as_str(), sent.id.0.to_string());
}

#[actix_web::test]
async fn a_repeated_name_is_the_first_message_whatever_its_text() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let first = fixture.try_send("ann", "bob", named("n", "first"), 1).await.unwrap();
    let events = fixture.events().len();
    let again = fixture.try_send("ann", "bob", named("n", "other"), 2).await.unwrap();
    assert_eq!((again.is_repeat, &again.message), (true, &first.message));
    assert_eq!(fixture.events().len(), events);
    let foreign = fixture.try_send("bob", "ann", named("n", "mine"), 3).await;
    assert_eq!(foreign.unwrap_err(), Error::Conflict(Resource::Message));
    assert_eq!(fixture.texts("bob", "ann"), ["first"]);
}

#[actix_web::test]
async fn equal_numbers_and_content_within_120_seconds_are_the_same_message() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let numbers = Some(MessageNumbers { seq: 7, random: 8, client_time_s: 9 });
    let numbered = |body: &str| NewMessage { numbers, ..message(body) };
    let first = fixture.try_send("ann", "bob", numbered("x"), 1).await.unwrap().message;
    let within = fixture.try_send("ann", "bob", numbered("x"), 120_999_999).await.unwrap();
    assert_eq!((within.is_repeat, within.message.id), (true, first.id));
    assert!(!fixture.try_send("ann", "bob", numbered("y"), 120_999_999).await.unwrap().is_repeat);
    assert!(!fixture.try_send("bob", "ann", numbered("x"), 120_999_999).await.unwrap().is_repeat);
    assert!(!fixture.try_send("ann", "bob", numbered("x"), 242_000_000).await.unwrap().is_repeat);
}

#[actix_web::test]
async fn times_do_not_fall_when_the_clock_is_set_back() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    assert_eq!(fixture.say("ann", "bob", "1", 500).await.at, at(500));
    assert_eq!(fixture.say("bob", "ann", "2", 100).await.at, at(500));
    assert_eq!(fixture.say("ann", "bob", "3", 501).await.at, at(501));
}

#[actix_web::test]
async fn a_block_in_either_direction_withholds_a_message_for_ever() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    fixture.say("ann", "bob", "before", 1).await;
    let bob = fixture.user("bob").unwrap().key;
    fixture.store.block(fixture.app, bob, user_id("ann"), at(2)).await.unwrap();
    fixture.say("ann", "bob", "to the blocker", 3).await;
    fixture.say("bob", "ann", "from the blocker", 4).await;
    let refusing =
        NewMessage { policy: SendPolicy { refuses_blocks: true, ..Default::default() }, ..message("refused") };
    assert_eq!(fixture.try_send("ann", "bob", refusing, 5).await.unwrap_err(), BLOCKED);
    let forced = NewMessage { policy: SendPolicy { ignores_blocks: true, ..Default::default() }, ..message("forced") };
    fixture.try_send("ann", "bob", forced, 6).await.unwrap();
    fixture.store.unblock(fixture.app, bob, user_id("ann"), at(7)).await.unwrap();
    fixture.say("ann", "bob", "after", 8).await;
    assert_eq!(fixture.texts("ann", "bob"), ["before", "to the blocker", "forced", "after"]);
    assert_eq!(fixture.texts("bob", "ann"), ["before", "from the blocker", "forced", "after"]);
    assert_eq!((fixture.state("bob", "ann").unread, fixture.state("ann", "bob").unread), (3, 0));
    let withheld =
        fixture.events().into_iter().filter(|event| matches!(event.kind, EventKind::MessageSent { to: None, .. }));
    assert_eq!(withheld.count(), 2);
}

#[actix_web::test]
async fn a_suspended_user_cannot_send_and_a_message_to_one_waits() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let suspend = vec![(user_id("ann"), StateChange::Suspend { token: derived(7) })];
    fixture.store.change_states(fixture.app, suspend, at(1)).await.unwrap();
    assert_eq!(fixture.try_send("ann", "bob", message("no"), 2).await.unwrap_err(), Error::SUSPENDED);
    fixture.say("bob", "ann", "waits", 3).await;
    assert_eq!((fixture.state("ann", "bob").unread, fixture.texts("ann", "bob")), (1, vec!["waits".to_owned()]));
}

#[actix_web::test]
async fn unknown_users_oneself_and_foreign_conversations_are_refused_before_anything_is_written() {
    let fixture = Fixture::with_users(&["ann", "bob", "eve"]).await;
    let nobody = fixture.try_send("ann", "nobody", message("x"), 1).await.unwrap_err();
    assert_eq!(nobody, Error::NotFound(Resource::User));
    assert!(matches!(fixture.try_send("ann", "ann", message("x"), 1).await.unwrap_err(), Error::Invalid { .. }));
    fixture.say("ann", "bob", "hi", 2).await;
    let key = ConversationRef::Key(fixture.conversation("ann", "bob").key);
    let events = fixture.events().len();
    let (app, store) = (fixture.app, &fixture.store);
    let gone = Error::NotFound(Resource::Conversation);
    assert_eq!(store.send(app, by_id("eve"), key.clone(), message("x"), drawn(3), at(3)).await.unwrap_err(), gone);
    assert_eq!(store.mark(app, by_id("eve"), key.clone(), read_upto(UpTo::Newest), at(3)).await.unwrap_err(), gone);
    assert_eq!(store.recall(app, by_id("eve"), key.clone(), recall_of(&[]), at(3)).await.unwrap_err(), gone);
    assert_eq!(store.hide(app, by_id("eve"), key.clone(), vec![], at(3)).await.unwrap_err(), gone);
    let pinned = store.change_conversation(app, by_id("eve"), key, ConversationChange::Pinned, at(3)).await;
    assert_eq!(pinned.unwrap_err(), gone);
    assert_eq!(fixture.events().len(), events);
}

#[actix_web::test]
async fn marks_rise_only_stop_at_the_newest_message_and_keep_the_unread_count() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let mut ids = Vec::new();
    for number in 1..=10 {
        ids.push(fixture.say("ann", "bob", "x", number).await.id);
        fixture.assert_counted("bob", "ann");
    }
    assert!(fixture.read("bob", "ann", UpTo::Message(ids[2])).await.is_some());
    assert_eq!(fixture.state("bob", "ann").unread, 7);
    assert_eq!(fixture.read("bob", "ann", UpTo::Message(ids[1])).await, None, "a mark moved back");
    assert!(fixture.read("bob", "ann", UpTo::Message(ids[8])).await.is_some());
    let state = fixture.state("bob", "ann");
    assert_eq!((state.unread, state.delivered, state.read_at), (1, ids[8], Some(at(9))), "read is delivered too");
    assert!(fixture.read("bob", "ann", UpTo::Message(MessageId(ids[9].0 + 1000))).await.is_some());
    assert_eq!((fixture.state("bob", "ann").read, fixture.state("bob", "ann").unread), (ids[9], 0));
    assert_eq!(fixture.read("bob", "ann", UpTo::Newest).await, None);
    // The next message is unread although the mark was asked ahead of it.
    fixture.say("ann", "bob", "y", 11).await;
    assert_eq!(fixture.state("bob", "ann").unread, 1);
    let own_name = fixture
        .store
        .mark(fixture.app, by_id("ann"), with("bob"), read_upto(UpTo::Named(MessageName::of(ids[0]))), at(12))
        .await;
    assert_eq!(own_name.unwrap_err(), Error::NotFound(Resource::Message), "a sender marked its own message");
}

#[actix_web::test]
async fn reading_up_to_a_time_keeps_later_messages_of_the_same_second_unread() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    fixture.say("ann", "bob", "1", 5_000_000).await;
    fixture.read("bob", "ann", UpTo::Time(at(5_999_999))).await;
    assert_eq!(fixture.state("bob", "ann").unread, 0);
    fixture.say("ann", "bob", "2", 5_500_000).await;
    assert_eq!(fixture.state("bob", "ann").unread, 1);
    fixture.say("ann", "bob", "3", 7_000_000).await;
    fixture.read("bob", "ann", UpTo::Time(at(5_999_999))).await;
    assert_eq!(fixture.state("bob", "ann").unread, 1);
}

#[actix_web::test]
async fn a_moved_mark_is_announced_to_the_sender_unless_there_is_a_block() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let sent = fixture.say("ann", "bob", "x", 1).await;
    fixture.read("bob", "ann", UpTo::Newest).await;
    let ann = fixture.user("ann").unwrap().key;
    let moved = |to| EventKind::MarkMoved {
        conversation: sent.conversation,
        mark: Mark::Read,
        from: MessageId::NONE,
        upto: sent.id,
        to,
    };
    assert_eq!(fixture.events().pop().unwrap().kind, moved(Some(ann)));
    // Nothing of the peer is covered by ann's own mark: no event.
    assert_eq!(fixture.read("ann", "bob", UpTo::Newest).await, None);
    let second = fixture.say("ann", "bob", "y", 2).await;
    fixture.store.block(fixture.app, fixture.user("bob").unwrap().key, user_id("ann"), at(3)).await.unwrap();
    fixture.read("bob", "ann", UpTo::Newest).await;
    let unannounced = EventKind::MarkMoved {
        conversation: sent.conversation,
        mark: Mark::Read,
        from: sent.id,
        upto: second.id,
        to: None,
    };
    assert_eq!(fixture.events().pop().unwrap().kind, unannounced);
}

#[actix_web::test]
async fn a_recall_wipes_the_text_for_both_keeps_the_place_and_leaves_the_unread_count() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let first = fixture.say("ann", "bob", "one", 1).await;
    fixture.say("ann", "bob", "two", 2).await;
    let (outcomes, seq) = fixture
        .store
        .recall(fixture.app, by_id("ann"), with("bob"), recall_of(&[first.id, first.id]), at(3))
        .await
        .unwrap();
    assert!(matches!(&outcomes[0], RecallOutcome::Recalled(message) if message.body.text.as_str().is_empty()));
    assert!(matches!(outcomes[1], RecallOutcome::NoSuchMessage));
    assert!(seq.is_some());
    assert_eq!(fixture.texts("bob", "ann"), ["", "two"]);
    assert_eq!(fixture.state("bob", "ann").unread, 1);
    fixture.assert_counted("bob", "ann");
    let (again, seq) =
        fixture.store.recall(fixture.app, by_id("ann"), with("bob"), recall_of(&[first.id]), at(4)).await.unwrap();
    assert!(matches!(again[0], RecallOutcome::Already(_)) && seq.is_none());
    let (foreign, _) = fixture
        .store
        .recall(fixture.app, by_id("bob"), with("ann"), recall_of(&[MessageId(first.id.0 + 1)]), at(4))
        .await
        .unwrap();
    assert_eq!(foreign, [RecallOutcome::NotOwn]);
    let late = RecallRequest { within: Some(Duration::from_micros(7)), ..recall_of(&[MessageId(first.id.0 + 1)]) };
    let (late, _) = fixture.store.recall(fixture.app, by_id("ann"), with("bob"), late, at(10)).await.unwrap();
    assert_eq!(late, [RecallOutcome::TooLate]);
    let raw = fixture.store.reads(async |db| db.message(first.id).await).unwrap().unwrap();
    assert_eq!((raw.body.text.as_str(), raw.data.is_empty(), raw.recall.is_some()), ("", true, true));
}

#[actix_web::test]
async fn an_edit_keeps_place_and_time_and_counts_versions() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let sent = fixture.say("ann", "bob", "old", 1).await;
    let change = MessageChange { body: Some(message("new").body), ..MessageChange::default() };
    let by = |id: &str, change: MessageChange| {
        let (from, to) = (by_id(id), with(if id == "ann" { "bob" } else { "ann" }));
        fixture.store.edit(fixture.app, from, to, MessageRef::Id(sent.id), change, at(9))
    };
    assert_eq!(by("bob", change.clone()).await.unwrap(), EditOutcome::NotOwn);
    let EditOutcome::Edited(edited, _) = by("ann", change.clone()).await.unwrap() else { panic!("not edited") };
    assert_eq!((edited.seq, edited.at, edited.version, edited.name.clone()), (sent.seq, sent.at, 1, sent.name.clone()));
    assert_eq!(fixture.texts("bob", "ann"), ["new"]);
    let stale = MessageChange { of_version: Some(0), ..change.clone() };
    assert!(matches!(by("ann", stale).await.unwrap(), EditOutcome::OtherVersion(_)));
    fixture.store.recall(fixture.app, by_id("ann"), with("bob"), recall_of(&[sent.id]), at(10)).await.unwrap();
    assert_eq!(by("ann", change).await.unwrap(), EditOutcome::Recalled);
}

#[actix_web::test]
async fn an_edit_by_a_client_does_not_pass_a_block_in_either_direction() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let (app, store) = (fixture.app, &fixture.store);
    let sent = fixture.say("ann", "bob", "harmless", 1).await;
    let key = |id: &str| fixture.user(id).unwrap().key;
    let edit = |by: Owner, text: &str| {
        let change = MessageChange { body: Some(message(text).body), ..MessageChange::default() };
        store.edit(app, by, with("bob"), MessageRef::Id(sent.id), change, at(9))
    };
    for (blocker, blocked) in [("bob", "ann"), ("ann", "bob")] {
        store.block(app, key(blocker), user_id(blocked), at(2)).await.unwrap();
        let edited = edit(Owner::Itself(key("ann")), "harmful").await.unwrap();
        assert_eq!((edited, fixture.texts("bob", "ann")), (EditOutcome::NoSuchMessage, vec!["harmless".to_owned()]));
        // A message that the other does not see can be changed, and a back end can change every one.
        let withheld = fixture.say("ann", "bob", "withheld", 3).await;
        let change = MessageChange { body: Some(message("changed").body), ..MessageChange::default() };
        let own =
            store.edit(app, Owner::Itself(key("ann")), with("bob"), MessageRef::Id(withheld.id), change, at(9)).await;
        assert!(matches!(own.unwrap(), EditOutcome::Edited(..)));
        assert!(matches!(edit(by_id("ann"), "harmless").await.unwrap(), EditOutcome::Edited(..)));
        store.unblock(app, key(blocker), user_id(blocked), at(4)).await.unwrap();
    }
    assert!(matches!(edit(Owner::Itself(key("ann")), "again").await.unwrap(), EditOutcome::Edited(..)));
}

#[actix_web::test]
async fn what_a_user_deletes_or_clears_for_itself_stays_for_the_other() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let (app, store) = (fixture.app, &fixture.store);
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(fixture.say("ann", "bob", &number.to_string(), number).await.id);
    }
    let hidden = vec![MessageRef::Id(ids[1]), MessageRef::Id(ids[1]), MessageRef::Id(MessageId(999))];
    assert!(store.hide(app, by_id("bob"), with("ann"), hidden.clone(), at(6)).await.unwrap().is_some());
    assert_eq!(store.hide(app, by_id("bob"), with("ann"), hidden, at(6)).await.unwrap(), None);
    assert_eq!(
        (fixture.texts("bob", "ann"), fixture.state("bob", "ann").unread),
        (["1", "3", "4", "5"].map(String::from).to_vec(), 4)
    );
    let clear = ConversationChange::Cleared { upto: ids[2] };
    assert!(store.change_conversation(app, by_id("bob"), with("ann"), clear, at(7)).await.unwrap().is_some());
    assert_eq!(
        (fixture.texts("bob", "ann"), fixture.state("bob", "ann").unread),
        (["4", "5"].map(String::from).to_vec(), 2)
    );
    fixture.assert_counted("bob", "ann");
    let delete = ConversationChange::Hidden { is_cleared: true };
    store.change_conversation(app, by_id("bob"), with("ann"), delete, at(8)).await.unwrap();
    let state = fixture.state("bob", "ann");
    assert!(fixture.texts("bob", "ann").is_empty() && state.is_hidden && state.unread == 0);
    assert_eq!(fixture.texts("ann", "bob").len(), 5);
    fixture.say("ann", "bob", "6", 9).await;
    let state = fixture.state("bob", "ann");
    assert_eq!((state.is_hidden, state.unread, fixture.texts("bob", "ann")), (false, 1, vec!["6".to_owned()]));
}

#[actix_web::test]
async fn an_unread_reset_changes_the_count_and_not_the_read_mark() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    fixture.say("ann", "bob", "1", 1).await;
    let reset = ConversationChange::UnreadReset;
    fixture.store.change_conversation(fixture.app, by_id("bob"), with("ann"), reset, at(2)).await.unwrap();
    let state = fixture.state("bob", "ann");
    assert_eq!((state.unread, state.read), (0, MessageId::NONE));
    fixture.say("ann", "bob", "2", 3).await;
    assert_eq!(fixture.state("bob", "ann").unread, 1);
    fixture.assert_counted("bob", "ann");
}

#[actix_web::test]
async fn a_user_pins_up_to_the_most_conversations() {
    let fixture = Fixture::with_users(&["ann"]).await;
    for number in 0..=PINS_MAX {
        let other = format!("u{number}");
        fixture.register(&other).await;
        fixture.say("ann", &other, "x", i64::from(number) + 1).await;
        let pin = ConversationChange::Pinned;
        let pinned = fixture.store.change_conversation(fixture.app, by_id("ann"), with(&other), pin, at(1)).await;
        assert_eq!(pinned.is_ok(), number < PINS_MAX, "{number}");
    }
    let ann = fixture.user("ann").unwrap().key;
    let listed = |filter| {
        let read =
            fixture.store.reads(async |db| db.participants(fixture.app, ann, filter, MessageId::MAX, 0, 1000).await);
        read.unwrap().len()
    };
    assert_eq!((listed(ConversationFilter::Pinned), listed(ConversationFilter::Unpinned)), (PINS_MAX as usize, 1));
}

#[actix_web::test]
async fn receipts_are_for_messages_of_the_other_that_asked_and_once() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let asks = NewMessage { flags: MessageFlags { wants_receipt: true, ..Default::default() }, ..message("asks") };
    let asked = fixture.try_send("ann", "bob", asks, 1).await.unwrap().message.id;
    let plain = fixture.say("ann", "bob", "plain", 2).await.id;
    let refs = vec![MessageRef::Id(asked), MessageRef::Id(plain), MessageRef::Id(asked)];
    let confirm =
        |who: &str, of: &str| fixture.store.send_receipts(fixture.app, by_id(who), with(of), refs.clone(), at(3));
    assert_eq!(confirm("ann", "bob").await.unwrap(), []);
    assert_eq!(confirm("bob", "ann").await.unwrap(), [asked]);
    assert_eq!(confirm("bob", "ann").await.unwrap(), []);
}

#[actix_web::test]
async fn history_pages_meet_without_gap_or_overlap_whatever_is_hidden_in_between() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let mut ids = Vec::new();
    for number in 1..=50 {
        let (from, to) = if number % 3 == 0 { ("bob", "ann") } else { ("ann", "bob") };
        ids.push(fixture.say(from, to, &number.to_string(), number * 1_000_000).await.id);
    }
    let own: Vec<MessageId> = fixture
        .sees(
            "ann",
            "bob",
            HistoryPage {
                from: HistoryFrom::From(MessageId::NONE),
                above: MessageId::NONE,
                with_recalled: true,
                limit: 100,
            },
        )
        .iter()
        .filter(|message| message.sender == fixture.user("ann").unwrap().key)
        .map(|message| message.id)
        .collect();
    fixture.store.recall(fixture.app, by_id("ann"), with("bob"), recall_of(&own[5..10]), at(60_000_000)).await.unwrap();
    let hide = own[15..20].iter().map(|id| MessageRef::Id(*id)).collect();
    fixture.store.hide(fixture.app, by_id("bob"), with("ann"), hide, at(60_000_000)).await.unwrap();
    for (viewer, other, with_recalled, expected) in
        [("ann", "bob", true, 50), ("ann", "bob", false, 45), ("bob", "ann", true, 45), ("bob", "ann", false, 40)]
    {
        let (mut back, mut before) = (Vec::new(), MessageId::MAX);
        loop {
            let page =
                HistoryPage { from: HistoryFrom::Before(before), above: MessageId::NONE, with_recalled, limit: 7 };
            let found = fixture.sees(viewer, other, page);
            let Some(last) = found.last() else { break };
            before = last.id;
            back.extend(found.into_iter().map(|message| message.id));
        }
        back.reverse();
        let (mut forth, mut from) = (Vec::new(), MessageId::NONE);
        loop {
            let page = HistoryPage { from: HistoryFrom::From(from), above: MessageId::NONE, with_recalled, limit: 7 };
            let found = fixture.sees(viewer, other, page);
            let Some(last) = found.last() else { break };
            from = MessageId(last.id.0 + 1);
            forth.extend(found.into_iter().map(|message| message.id));
        }
        assert_eq!((back.len(), &back), (expected, &forth), "{viewer} {with_recalled}");
        assert!(back.is_sorted());
    }
    let conversation = fixture.conversation("ann", "bob").key;
    let first_at =
        |time| fixture.store.reads(async |db| db.first_message_at(conversation, Side::First, at(time)).await).unwrap();
    for (number, id) in ids.iter().enumerate() {
        let time = (i64::try_from(number).unwrap() + 1) * 1_000_000;
        assert_eq!((first_at(time), first_at(time - 1)), (Some(*id), Some(*id)), "{number}");
    }
    assert_eq!(first_at(50_000_001), None);
}

#[actix_web::test]
async fn a_deleted_user_takes_its_conversations_along_for_both_in_steps() {
    let fixture = Fixture::with_users(&["ann", "bob", "cid"]).await;
    for number in 1..=300 {
        fixture.say("ann", "bob", "x", number).await;
    }
    fixture.say("cid", "bob", "stays", 400).await;
    let (bob, key) = (fixture.user("bob").unwrap().key, fixture.conversation("ann", "bob").key);
    fixture.store.delete_user(fixture.app, by_id("ann"), at(0), at(500)).await.unwrap();
    let seen = |filter| {
        let read = async |db: &LongReads<'_>| {
            Ok((
                db.participants(fixture.app, bob, filter, MessageId::MAX, 0, 1000).await?.len(),
                db.total_unread(fixture.app, bob).await?,
            ))
        };
        fixture.store.reads(read).unwrap()
    };
    assert_eq!(seen(ConversationFilter::HiddenToo), (1, 1), "before the rows are gone");
    fixture.register("ann").await;
    while fixture.store.forget_departed(50).await.unwrap() > 0 {}
    let gone = fixture.store.reads(async |db| db.conversation(fixture.app, key).await).unwrap();
    assert_eq!((gone, seen(ConversationFilter::HiddenToo)), (None, (1, 1)));
    let again = fixture.say("ann", "bob", "anew", 600).await;
    assert_eq!((again.seq, fixture.texts("bob", "ann")), (1, vec!["anew".to_owned()]));
}

#[actix_web::test]
async fn old_messages_are_swept_in_steps_with_their_share_of_the_unread_count() {
    let fixture = Fixture::with_users(&["ann", "bob", "cid"]).await;
    let (mut anns, mut cids) = (Vec::new(), Vec::new());
    for number in 1..=20 {
        anns.push(fixture.say("ann", "bob", &number.to_string(), 2 * number).await.id);
        cids.push(fixture.say("cid", "bob", &number.to_string(), 2 * number + 1).await.id);
    }
    // The index keeps messages apart that a side does not see; they are swept like the others.
    fixture.store.recall(fixture.app, by_id("ann"), with("bob"), recall_of(&anns[2..3]), at(50)).await.unwrap();
    let hidden = vec![MessageRef::Id(cids[4])];
    fixture.store.hide(fixture.app, by_id("bob"), with("cid"), hidden, at(51)).await.unwrap();
    let mut swept = 0;
    loop {
        let step = fixture.store.forget_expired_messages(fixture.app, at(32), 7).await.unwrap();
        swept += step;
        fixture.assert_counted("bob", "ann");
        fixture.assert_counted("bob", "cid");
        if step < 7 {
            break;
        }
    }
    assert_eq!(swept, 30);
    assert_eq!((fixture.texts("bob", "ann").len(), fixture.state("bob", "cid").unread), (5, 5));
    assert_eq!(fixture.say("ann", "bob", "next", 60).await.seq, 21);
}

#[actix_web::test]
async fn an_archived_conversation_comes_back_with_a_message_unless_its_user_keeps_it() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    fixture.say("ann", "bob", "1", 1).await;
    let archive = || {
        fixture.store.change_conversation(fixture.app, by_id("bob"), with("ann"), ConversationChange::Archived, at(2))
    };
    archive().await.unwrap();
    fixture.say("ann", "bob", "2", 3).await;
    assert!(!fixture.state("bob", "ann").is_archived);
    archive().await.unwrap();
    let bob = fixture.user("bob").unwrap().key;
    let keep = ChatSettingsChange { keeps_archived: Some(true), ..ChatSettingsChange::default() };
    fixture.store.write(Touches::All, async move |tx| tx.put_chat_settings(bob, &keep).await).await.unwrap();
    fixture.say("ann", "bob", "3", 4).await;
    assert!(fixture.state("bob", "ann").is_archived);
}

#[actix_web::test]
async fn one_conversation_comes_of_two_hundred_openings_at_once() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let opened = (0..200).map(|seed| {
        let (from, to) = if seed % 2 == 0 { ("ann", "bob") } else { ("bob", "ann") };
        fixture.store.open_conversation(fixture.app, by_id(from), with(to), "{}".to_owned(), drawn(seed), at(1))
    });
    let keys: BTreeSet<_> = join_all(opened).await.into_iter().map(|opened| opened.unwrap().unique_id).collect();
    assert_eq!(keys.len(), 1);
}

/// A small generator of numbers, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// One call of a user about its conversation with the other.
async fn act(fixture: &Fixture, dice: &mut Dice, sent: &mut Vec<MessageId>, moment: i64) {
    let (me, other) = if dice.roll(2) == 0 { ("ann", "bob") } else { ("bob", "ann") };
    let (store, app) = (&fixture.store, fixture.app);
    let some = |dice: &mut Dice| sent.get(dice.roll(sent.len().max(1))).copied().unwrap_or(MessageId(1));
    let change = async |change| {
        store.change_conversation(app, by_id(me), with(other), change, at(moment)).await.unwrap();
    };
    match dice.roll(14) {
        0..=5 => {
            let is_uncounted = dice.roll(6) == 0;
            let is_unlisted = dice.roll(6) == 0;
            let flags = MessageFlags { is_uncounted, is_unlisted, ..MessageFlags::default() };
            let policy = SendPolicy {
                reads: dice.roll(4) == 0,
                is_hidden_from_sender: dice.roll(8) == 0,
                ..SendPolicy::default()
            };
            let new = NewMessage { flags, policy, ..message("x") };
            sent.push(fixture.try_send(me, other, new, moment).await.unwrap().message.id);
        }
        6 => drop(fixture.read(me, other, UpTo::Message(some(dice))).await),
        7 => drop(fixture.read(me, other, UpTo::Newest).await),
        8 => {
            let messages = [some(dice), some(dice)];
            store.recall(app, by_id(me), with(other), recall_of(&messages), at(moment)).await.unwrap();
        }
        9 => {
            let messages = vec![MessageRef::Id(some(dice)), MessageRef::Id(some(dice))];
            store.hide(app, by_id(me), with(other), messages, at(moment)).await.unwrap();
        }
        10 => change(ConversationChange::Cleared { upto: some(dice) }).await,
        11 => change(ConversationChange::UnreadReset).await,
        12 => change(ConversationChange::Hidden { is_cleared: dice.roll(2) == 0 }).await,
        _ => {
            let (me, is_blocked) = (fixture.user(me).unwrap().key, dice.roll(3) == 0);
            let toggled = match is_blocked {
                true => store.block(app, me, user_id(other), at(moment)).await,
                false => store.unblock(app, me, user_id(other), at(moment)).await,
            };
            // The block may stand already, or not stand.
            drop(toggled);
        }
    }
}

#[actix_web::test]
async fn promise_68_unread_counts_equal_a_recount_of_the_rows_after_any_sequence_of_calls() {
    for seed in 1..=20 {
        let fixture = Fixture::with_users(&["ann", "bob"]).await;
        fixture.say("ann", "bob", "first", 1).await;
        let (mut dice, mut sent) = (Dice(seed), Vec::new());
        for moment in 2..=100 {
            act(&fixture, &mut dice, &mut sent, moment).await;
            fixture.assert_counted("ann", "bob");
            fixture.assert_counted("bob", "ann");
        }
        let total = fixture
            .store
            .reads(async |db| db.total_unread(fixture.app, fixture.user("ann").unwrap().key).await)
            .unwrap();
        assert_eq!(total, u64::from(fixture.state("ann", "bob").unread), "seed {seed}");
    }
}

#[actix_web::test]
async fn promise_67_a_wiped_text_is_in_no_file_once_the_log_is_cut() {
    let fixture = Fixture::with_users(&["ann", "bob"]).await;
    let text = |n: u32| format!("text {n} that must not be found again, ").repeat(300);
    let holds = |n: u32| {
        let (text, folder) = (text(n), fixture.folder.path());
        let part = &text.as_bytes()[..30];
        ["standin.db", "standin.db-wal"].map(|file| {
            let bytes = std::fs::read(folder.join(file)).unwrap_or_default();
            bytes.windows(part.len()).any(|window| window == part)
        })
    };
    let mut sent = Vec::new();
    for n in 0..3 {
        sent.push(fixture.say("ann", "bob", &text(n), i64::from(n)).await);
    }
    // One text is in the database file already when it is recalled, the others are only in the log.
    assert_eq!(fixture.store.cut_log(), Ok(true));
    let late = fixture.say("ann", "bob", &text(3), 3).await;
    assert_eq!((holds(0), holds(3)), ([true, false], [false, true]));
    let recalled = recall_of(&[sent[0].id, late.id]);
    fixture.store.recall(fixture.app, by_id("ann"), with("bob"), recalled, at(4)).await.unwrap();
    assert!(holds(3)[1], "the log has the text until it is cut");
    // A reader that began before holds the cut up, and it is tried again.
    let reader = rusqlite::Connection::open(fixture.folder.path().join("standin.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM message").unwrap();
    assert_eq!(fixture.store.cut_log(), Ok(false));
    fixture.say("ann", "bob", "writes go on", 5).await;
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(fixture.store.cut_log(), Ok(true));
    assert_eq!((holds(0), holds(3)), ([false, false], [false, false]));
    assert_eq!((holds(1)[0], holds(2)[0]), (true, true), "the other texts stay");
}

#[actix_web::test]
async fn promise_67_a_recalled_or_deleted_text_is_in_no_backup_made_later() {
    let fixture = Fixture::with_users(&["ann", "bob", "cid"]).await;
    let secret = "a text that must not be found again, ".repeat(500);
    let secret = secret.as_str();
    let sent = fixture.say("ann", "bob", secret, 1).await;
    fixture.say("cid", "bob", secret, 2).await;
    fixture.store.delete_user(fixture.app, by_id("cid"), at(0), at(3)).await.unwrap();
    while fixture.store.forget_departed(50).await.unwrap() > 0 {}
    fixture.store.recall(fixture.app, by_id("ann"), with("bob"), recall_of(&[sent.id]), at(2)).await.unwrap();
    let copy = fixture.folder.path().join("copy.db");
    fixture.store.reads(async |db| db.copy_to(&copy).await).unwrap();
    let part = &secret.as_bytes()[..36];
    let holds = |bytes: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(!holds(&std::fs::read(copy).unwrap()), "a backup made later has the text");
}
