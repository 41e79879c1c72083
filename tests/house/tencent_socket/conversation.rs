//! The state machine alone.

use standin::{
    dialect::tencent::binfo::{
        frame::FrameCredential,
        protocol::{Binfo, BinfoCommand, BinfoOutcome, BinfoSession, SocketUser},
    },
    domain::{
        avatar::PictureKey,
        id::{UserId, UserKey},
        profile::{Profile, ProfileField, State, User},
        secret::Secret,
        session::{EndReason, Notification},
        text::CustomStatus,
        time::Moment,
    },
    http::socket::{Effects, Frame, Protocol as _},
};

use super::*;

const TICKET: &str = "ticket-of-alice";

fn id(raw: &str) -> UserId {
    UserId::parse(raw).unwrap()
}

fn user(raw: &str) -> User {
    User {
        key: UserKey(7),
        id: id(raw),
        state: State::Active,
        handle: PictureKey::parse("AAAAAAAAAAAAAAAAAAAAAA").unwrap(),
        profile: Profile::default(),
        created_at: Moment::from_micros(0),
        updated_at: Moment::from_micros(0),
        version: 1,
        picture_lock: None,
    }
}

fn alice() -> SocketUser {
    SocketUser { key: UserKey(7), id: id("alice") }
}

fn bodies(step: &Effects<BinfoCommand>) -> Vec<Value> {
    let body = |frame: &Frame| match frame {
        Frame::Binary(bytes) => serde_json::from_slice::<Value>(bytes).unwrap()["body"].take(),
        Frame::Text(_) => panic!("text"),
    };
    step.frames.iter().map(body).collect()
}

/// The events of pushes.
fn events(step: &Effects<BinfoCommand>) -> Vec<Value> {
    bodies(step).into_iter().map(|mut body| body["EventArray"][0].take()).collect()
}

fn hear(talk: &mut Binfo, command: &str, head: &Value) -> Effects<BinfoCommand> {
    let mut frame = json!({ "head": head, "body": { "From_Account": "alice" } });
    frame["head"]["servcmd"] = command.into();
    frame["head"]["seq"] = 5.into();
    talk.receive(Frame::Binary(frame.to_string().into()))
}

fn ticket() -> FrameCredential {
    FrameCredential::Ticket(Secret::new(TICKET))
}

fn logged_in(missed_since: Option<i64>) -> (Binfo, Effects<BinfoCommand>) {
    let mut talk = Binfo::new(42);
    let step = hear(&mut talk, LOGIN, &json!({ "a2": TICKET }));
    assert_eq!(
        (step.command, step.frames.len(), talk.is_authenticated()),
        (Some(BinfoCommand::LogIn(ticket())), 0, false)
    );
    let session = BinfoSession {
        user: user("alice"),
        ticket: Secret::new(TICKET),
        custom_status: CustomStatus::parse("busy").ok(),
        at: Moment::from_micros(1_795_330_859_999_999),
        missed_since,
        sent: 9,
        is_resumed: missed_since.is_some(),
    };
    let step = talk.outcome(BinfoOutcome::LoggedIn(Box::new(session)));
    assert!(talk.is_authenticated());
    (talk, step)
}

#[test]
fn a_login_is_answered_with_the_fields_that_the_sdk_needs() {
    let (_, step) = logged_in(None);
    let answer = json!({
        "A2Key": TICKET, "TinyId": "144115188075855879", "InstId": 42, "HelloInterval": 120, "TimeStamp": 1_795_330_859,
        "CustomStatus": "YnVzeQ==", "PurchaseBits": format!("1{}1{}", "0".repeat(44), "0".repeat(7)),
    });
    assert_eq!((bodies(&step), step.command), (vec![ok(answer)], None));
}

#[test]
fn missed_events_are_looked_up_after_the_login_until_none_is_left() {
    let (mut talk, step) = logged_in(Some(9));
    assert_eq!((step.frames.len(), step.command), (1, Some(BinfoCommand::PushMissed { own: alice(), seq: 9 })));
    let events_of = |name: &str| vec![json!({ "of": name })];
    let step = talk.outcome(BinfoOutcome::Events { events: events_of("a"), rest: Some(1009), seen_to: Some(1009) });
    assert_eq!(
        (events(&step), &step.command),
        (events_of("a"), &Some(BinfoCommand::PushMissed { own: alice(), seq: 1009 }))
    );
    let step = talk.outcome(BinfoOutcome::Events { events: events_of("b"), rest: None, seen_to: None });
    assert_eq!((events(&step), step.command), (events_of("b"), None));
}

#[test]
fn a_refused_login_is_answered_and_changes_nothing() {
    let mut talk = Binfo::new(1);
    let step = hear(&mut talk, LOGIN, &json!({ "identifier": "alice", "usersig": "eJ" }));
    let sig = FrameCredential::Sig { identifier: "alice".to_owned(), user_sig: Secret::new("eJ") };
    assert_eq!(step.command, Some(BinfoCommand::LogIn(sig)));
    let refusal = json!({ "ErrorCode": 70003 });
    let step = talk.outcome(BinfoOutcome::answer(refusal.to_string()));
    assert_eq!((bodies(&step), step.is_over, talk.is_authenticated()), (vec![refusal.clone()], false, false));
    let (mut talk, _) = logged_in(None);
    hear(&mut talk, LOGIN, &json!({ "a2": "another" }));
    assert_eq!(bodies(&talk.outcome(BinfoOutcome::answer(refusal.to_string()))), [refusal]);
    assert!(talk.is_authenticated(), "the session of before goes on");
}

#[test]
fn heartbeats_and_unserved_commands_are_answered_before_a_login_too() {
    let mut talk = Binfo::new(1);
    let groups = json!({ "TotalCount": 0, "GroupIdList": [] });
    let requests = json!({ "NextStartTime": 0, "PendencyList": [] });
    let contact_groups = json!({ "GroupItem": [], "ContactItem": [], "CompleteFlag": 1 });
    for (command, fields) in [
        (HEARTBEAT, json!({})),
        ("im_open_status.wshello", json!({})),
        ("imopenstat.tim_web_report_v2", json!({})),
        ("im_sdk_config_mgr.fetch_config", json!({})),
        ("openim.ws_msg_push_ack", json!({})),
        ("openim.authkey", json!({})),
        ("no.such.command", json!({})),
        ("recentcontact.get_contact_group", contact_groups),
        ("recentcontact.search_contact_group", json!({ "ContactResultItem": [], "GroupItem": [] })),
        ("group_open_http_svc.get_joined_group_list", groups.clone()),
        ("million_group_open_http_svc.get_joined_group_list", groups),
        ("group_open_http_svc.get_pendency", requests.clone()),
        ("million_group_open_http_svc.get_pendency", requests),
    ] {
        let step = hear(&mut talk, command, &json!({}));
        assert_eq!((bodies(&step), step.command, step.is_over), (vec![ok(fields)], None, false), "{command}");
    }
    assert!(!talk.is_authenticated());
}

#[test]
fn calls_about_groups_and_searches_are_refused_so_that_the_sdk_reports_failure() {
    let mut talk = Binfo::new(1);
    for command in [
        "openim.delete_c2c_msg",
        "recentcontact.mark_contact",
        "recentcontact.create_contact_group",
        "group_open_http_svc.create_group",
        "million_group_open_http_svc.create_topic",
        "message_search.query",
        "group_search.query",
    ] {
        let step = hear(&mut talk, command, &json!({}));
        let info = "This command is not part of Standin, which has those of accounts, profiles, friends and messages of two users";
        assert_eq!((bodies(&step), step.command, step.is_over), (vec![refused(60009, info)], None, false), "{command}");
    }
}

#[test]
fn a_command_runs_for_the_user_of_its_own_head_also_without_a_login() {
    for mut talk in [Binfo::new(1), logged_in(None).0] {
        let step = hear(&mut talk, GET_ALL, &json!({ "a2": "of-bob" }));
        let Some(BinfoCommand::Run { command, credential, body, .. }) = step.command else { panic!("no command") };
        assert_eq!((command.as_str(), body), (GET_ALL, json!({ "From_Account": "alice" })));
        assert_eq!(credential, FrameCredential::Ticket(Secret::new("of-bob")));
        let step = talk.outcome(BinfoOutcome::answer(r#"{"ErrorCode":0}"#.to_owned()));
        let [Frame::Binary(answer)] = &step.frames[..] else { panic!("no answer") };
        let expected = format!(r#"{{"head":{{"seq":5,"servcmd":"{GET_ALL}"}},"body":{{"ErrorCode":0}}}}"#);
        assert_eq!(str::from_utf8(answer), Ok(expected.as_str()));
    }
}

#[test]
fn an_invalid_frame_is_answered_and_ends_the_socket() {
    let mut talk = Binfo::new(1);
    let mut said = |text: &str| {
        let step = talk.receive(Frame::Text(text.to_owned()));
        assert_eq!((&step.command, step.is_over), (&None, false));
        bodies(&step).remove(0)
    };
    let eof = "The frame is not valid JSON: it ends too early, at line 1, column 1";
    assert_eq!(said("{"), refused(60003, eof));
    assert_eq!(said("{}"), refused(60002, "head must be an object"));
}

#[test]
fn after_a_logout_nothing_is_pushed() {
    let (mut talk, _) = logged_in(None);
    let step = hear(&mut talk, LOGOUT, &json!({ "a2": TICKET }));
    assert_eq!(step.command, Some(BinfoCommand::LogOut(ticket())));
    assert_eq!(bodies(&talk.outcome(BinfoOutcome::LoggedOut)), [ok(json!({}))]);
    assert!(!talk.is_authenticated());
    let notification = Notification::BlocksChanged { seq: 1, whom: id("bob"), is_blocked: true };
    assert_eq!(talk.notification(&notification), Effects::default());
}

fn contacts(added: &[UserId], removed: &[UserId], changed: &[UserId]) -> Notification {
    let [added, removed, changed] = [added, removed, changed].map(<[UserId]>::to_vec);
    Notification::ContactsChanged { seq: 3, added, removed, changed }
}

#[test]
fn friends_are_pushed_by_hundreds() {
    let (mut talk, _) = logged_in(None);
    let many: Vec<UserId> = (0..201).map(|n| id(&format!("u{n}"))).collect();
    for (count, chunks) in
        [(0, &[][..]), (1, &[1]), (99, &[99]), (100, &[100]), (101, &[100, 1]), (201, &[100, 100, 1])]
    {
        for (push_type, key) in [(1, "FriendAdd_Account"), (2, "FriendDel_Account")] {
            let some = &many[..count];
            let notification = if push_type == 1 { contacts(some, &[], &[]) } else { contacts(&[], some, &[]) };
            let step = talk.notification(&notification);
            let expected: Vec<Value> = some
                .chunks(100)
                .map(|ids| {
                    let ids: Vec<&str> = ids.iter().map(UserId::as_str).collect();
                    json!({ "FriendListMod": [{ "PushType": push_type, key: ids }] })
                })
                .collect();
            assert_eq!((events(&step).len(), &step.command), (chunks.len(), &None));
            assert_eq!(events(&step), expected);
        }
    }
}

#[test]
fn added_and_removed_contacts_are_announced_at_once_and_other_changes_looked_up() {
    let (mut talk, _) = logged_in(None);
    let notification = contacts(&[id("bob")], &[id("eve")], &[id("dan")]);
    let step = talk.notification(&notification);
    let reported = [
        json!({ "FriendListMod": [{ "PushType": 2, "FriendDel_Account": ["eve"] }] }),
        json!({ "FriendListMod": [{ "PushType": 1, "FriendAdd_Account": ["bob"] }] }),
    ];
    assert_eq!(events(&step), reported);
    assert_eq!(step.command, Some(BinfoCommand::PushNotice { own: alice(), notification: Box::new(notification) }));
    assert_eq!(talk.notification(&contacts(&[], &[], &[])), Effects::default());
}

#[test]
fn names_that_the_lists_leave_out_are_not_pushed_either() {
    let (mut talk, _) = logged_in(None);
    let (fits, longer) = (id(&"x".repeat(32)), id(&"x".repeat(33)));
    let step = talk.notification(&contacts(&[longer.clone(), fits.clone()], std::slice::from_ref(&longer), &[]));
    assert_eq!(events(&step), [json!({ "FriendListMod": [{ "PushType": 1, "FriendAdd_Account": [fits.as_str()] }] })]);
    for is_blocked in [true, false] {
        assert_eq!(
            talk.notification(&Notification::BlocksChanged { seq: 1, whom: longer.clone(), is_blocked }),
            Effects::default()
        );
    }
}

#[test]
fn blocks_and_requests_are_pushed() {
    let (mut talk, _) = logged_in(None);
    for (is_blocked, key) in [(true, "BlackListAdd_Account"), (false, "BlackListDel_Account")] {
        let step = talk.notification(&Notification::BlocksChanged { seq: 1, whom: id("zed"), is_blocked });
        assert_eq!(events(&step), [json!({ "FriendListMod": [{ key: ["zed"] }] })]);
    }
    for is_incoming in [true, false] {
        let notification =
            |is_waiting| Notification::RequestChanged { seq: 1, with: id("bob"), is_incoming, is_waiting };
        let step = talk.notification(&notification(false));
        let gone = json!({ "FriendListMod": [{ "PushType": 4, "FrienPencydDel_Account": ["bob"] }] });
        assert_eq!((events(&step), step.command), (vec![gone], None));
        let step = talk.notification(&notification(true));
        assert_eq!(
            step.command,
            Some(BinfoCommand::PushNotice { own: alice(), notification: Box::new(notification(true)) })
        );
    }
}

#[test]
fn a_changed_profile_is_looked_up_for_its_subscriber() {
    let notification =
        Notification::ProfileChanged { seq: 1, user: Box::new(user("bob")), fields: vec![ProfileField::DisplayName] };
    assert_eq!(Binfo::new(1).notification(&notification), Effects::default());
    let (mut talk, _) = logged_in(None);
    assert_eq!(
        talk.notification(&notification).command,
        Some(BinfoCommand::PushNotice { own: alice(), notification: Box::new(notification) })
    );
}

#[test]
fn the_end_of_a_session_is_announced_if_the_client_must_not_reconnect() {
    let kick = |kind: u8| vec![json!({ "C2cNotifyMsgArray": [{ "KickoutMsgNotify": { "KickType": kind } }] })];
    for (why, reported, is_over) in [
        (EndReason::Replaced, kick(1), false),
        (EndReason::Refused, kick(3), true),
        (EndReason::Withdrawn, kick(3), true),
        (EndReason::Slow, Vec::new(), true),
        (EndReason::Closing, Vec::new(), true),
    ] {
        let (mut talk, _) = logged_in(None);
        let step = talk.close(why);
        assert_eq!((events(&step), step.is_over, talk.is_authenticated()), (reported, is_over, false), "{why:?}");
    }
}
