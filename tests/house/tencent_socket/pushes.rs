//! Push notifications over the socket.

use super::*;

fn nick(name: &str) -> [(&'static str, Value); 1] {
    [("Tag_Profile_IM_Nick", json!(name))]
}

fn profile(account: &str, items: &Value) -> Value {
    json!({ "ProfileDataMod": [{ "Profile_Account": account, "ProfileList": items }] })
}

fn text(tag: &str, value: &str) -> Value {
    json!({ "Tag": tag, "ValueBytes": value })
}

fn friends(change: &Value) -> Value {
    json!({ "FriendListMod": [change] })
}

#[actix_web::test]
async fn a_changed_profile_is_announced_to_the_user_and_its_friends_only() {
    let server = server().await;
    import(&server, &["alice", "bob", "eve", "dan"]).await;
    befriend(&server, "alice", "bob").await;
    befriend(&server, "alice", "dan").await;
    by_rest(&server, "sns/black_list_add", json!({ "From_Account": "dan", "To_Account": ["alice"] })).await;
    let (mut alice, ticket) = Socket::of(&server, "alice").await;
    let (mut bob, _) = Socket::of(&server, "bob").await;
    let (mut eve, _) = Socket::of(&server, "eve").await;
    let (mut dan, _) = Socket::of(&server, "dan").await;
    let items = json!([
        { "Tag": "Tag_Profile_IM_Nick", "Value": "Al2" },
        { "Tag": "Tag_Profile_IM_Level", "Value": 5 },
        { "Tag": "Tag_Profile_IM_AllowType", "Value": "AllowType_Type_NeedConfirm" },
    ]);
    let said = alice.ask(SET, &ticket, json!({ "From_Account": "alice", "ProfileItem": items })).await;
    assert_eq!(said, ok(json!({})));
    for socket in [&mut alice, &mut bob] {
        same(&server, "tencent/socket_profile_changed", &socket.reported().await);
    }
    eve.hears_nothing().await;
    dan.hears_nothing().await;
}

#[actix_web::test]
async fn changes_through_another_vendor_are_announced_for_tencents_fields() {
    let server = server().await;
    import(&server, &["alice", "bob"]).await;
    befriend(&server, "alice", "bob").await;
    let (mut bob, _) = Socket::of(&server, "bob").await;
    let back_end = server.back_end_token().await;
    let fields = [("userIdentifier", "alice"), ("mobileNumber", "+62 812"), ("email", "a@x.example")];
    assert_eq!(server.create_user(&back_end, &fields).await.status, 200);
    bob.hears_nothing().await;
    server.create_user(&back_end, &[("userIdentifier", "alice"), ("nickname", "Ada"), ("mobileNumber", "1")]).await;
    assert_eq!(bob.reported().await, profile("alice", &json!([text("Tag_Profile_IM_Nick", "Ada")])));
    let image = crate::photo::png(64, 64);
    server.create_user_with_picture(&back_end, "alice", "a.png", image).await;
    let reported = bob.reported().await;
    let shown = by_rest(
        &server,
        "profile/portrait_get",
        json!({ "To_Account": ["alice"], "TagList": ["Tag_Profile_IM_Image"] }),
    )
    .await;
    let image = shown["UserProfileItem"][0]["ProfileItem"][0]["Value"].as_str().unwrap();
    assert!(image.starts_with(server.base()), "{image}");
    assert_eq!(reported, profile("alice", &json!([text("Tag_Profile_IM_Image", image)])));
}

#[actix_web::test]
async fn a_removed_value_is_announced_as_the_default_value() {
    let server = server().await;
    server.command(&["app", "field", "add", "Test1"]);
    import(&server, &["alice"]).await;
    let tags =
        ["Tag_Profile_IM_Nick", "Tag_Profile_IM_SelfSignature", "Tag_Profile_IM_Image", "Tag_Profile_Custom_Test1"];
    set(&server, "alice", &tags.map(|tag| (tag, json!("x")))).await;
    let (mut alice, _) = Socket::of(&server, "alice").await;
    for tag in tags {
        set(&server, "alice", &[(tag, json!(""))]).await;
        assert_eq!(alice.reported().await, profile("alice", &json!([text(tag, "")])));
    }
}

#[actix_web::test]
async fn custom_fields_are_announced_to_their_readers() {
    let server = server().await;
    for (name, readers) in [("all", "everyone"), ("near", "friends"), ("own", "owner"), ("none", "back-end")] {
        server.command(&["app", "field", "add", name, "--read", readers]);
    }
    import(&server, &["alice", "bob", "eve"]).await;
    befriend(&server, "alice", "bob").await;
    // Eve lists Alice, and Alice does not list Eve.
    let item = json!([{ "To_Account": "alice", "AddSource": "AddSource_Type_Test" }]);
    let body = json!({ "From_Account": "eve", "AddFriendItem": item, "AddType": "Add_Type_Single" });
    by_rest(&server, "sns/friend_add", body).await;
    let (mut alice, _) = Socket::of(&server, "alice").await;
    let (mut bob, _) = Socket::of(&server, "bob").await;
    let (mut eve, _) = Socket::of(&server, "eve").await;
    let tag = |name: &str| format!("Tag_Profile_Custom_{name}");
    for value in ["x", ""] {
        let tags = ["all", "near", "none", "own"].map(tag);
        let items: Vec<(&str, Value)> = tags.iter().map(|tag| (tag.as_str(), json!(value))).collect();
        set(&server, "alice", &items).await;
        for (socket, seen) in
            [(&mut alice, &["all", "near", "own"][..]), (&mut bob, &["all", "near"]), (&mut eve, &["all"])]
        {
            let items: Value = seen.iter().map(|name| text(&tag(name), value)).collect();
            assert_eq!(socket.reported().await, profile("alice", &items));
        }
    }
    set(&server, "alice", &[(&tag("own"), json!("y"))]).await;
    assert_eq!(alice.reported().await, profile("alice", &json!([text(&tag("own"), "y")])));
    bob.hears_nothing().await;
    eve.hears_nothing().await;
}

#[actix_web::test]
async fn both_users_are_notified_when_a_friendship_begins_changes_and_ends() {
    let server = server().await;
    let (mut alice, ticket) = Socket::of(&server, "alice").await;
    let (mut bob, _) = Socket::of(&server, "bob").await;
    let item = json!([{ "To_Account": "bob", "AddSource": "AddSource_Type_Web" }]);
    let body = json!({ "From_Account": "alice", "AddFriendItem": item, "AddType": "Add_Type_Both" });
    let said = alice.ask("sns.friend_add", &ticket, body).await;
    assert_eq!(said["ResultItem"][0]["ResultCode"], 0, "{said}");
    assert_eq!(alice.reported().await, friends(&json!({ "PushType": 1, "FriendAdd_Account": ["bob"] })));
    assert_eq!(bob.reported().await, friends(&json!({ "PushType": 1, "FriendAdd_Account": ["alice"] })));
    let items = json!([
        { "Tag": "Tag_SNS_IM_Remark", "Value": "Bobby" },
        { "Tag": "Tag_SNS_IM_Group", "Value": ["work"] },
    ]);
    for items in [items, json!([{ "Tag": "Tag_SNS_IM_Remark", "Value": "" }])] {
        let items = json!([{ "To_Account": "bob", "SnsItem": items }]);
        let body = json!({ "From_Account": "alice", "UpdateItem": items });
        assert_eq!(alice.ask("sns.friend_update", &ticket, body).await["ErrorCode"], 0);
        let (remark, reported) = (items[0]["SnsItem"][0]["Value"].clone(), alice.reported().await);
        let sns = json!([
            { "Tag": "Tag_SNS_IM_Remark", "Value": remark },
            { "Tag": "Tag_SNS_IM_Group", "Value": ["work"] },
        ]);
        let info = json!([{ "Friend_Account": "bob", "SNS": sns }]);
        assert_eq!(reported, friends(&json!({ "PushType": 5, "FriendUpInfo": info })));
    }
    let body = json!({ "From_Account": "alice", "To_Account": ["bob"], "DeleteType": "Delete_Type_Both" });
    assert_eq!(alice.ask("sns.friend_delete", &ticket, body).await["ErrorCode"], 0);
    assert_eq!(alice.reported().await, friends(&json!({ "PushType": 2, "FriendDel_Account": ["bob"] })));
    assert_eq!(bob.reported().await, friends(&json!({ "PushType": 2, "FriendDel_Account": ["alice"] })));
    alice.hears_nothing().await;
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn a_black_list_is_announced_to_its_owner_only_and_ends_the_friendship_for_both() {
    let server = server().await;
    import(&server, &["alice", "bob"]).await;
    befriend(&server, "alice", "bob").await;
    let (mut alice, ticket) = Socket::of(&server, "alice").await;
    let (mut bob, _) = Socket::of(&server, "bob").await;
    let body = json!({ "From_Account": "alice", "To_Account": ["bob"] });
    assert_eq!(alice.ask("sns.black_list_add", &ticket, body.clone()).await["ErrorCode"], 0);
    let mut reported = [alice.reported().await, alice.reported().await];
    reported.sort_by_key(|event| event["FriendListMod"][0].get("PushType").is_some());
    let expected = [
        friends(&json!({ "BlackListAdd_Account": ["bob"] })),
        friends(&json!({ "PushType": 2, "FriendDel_Account": ["bob"] })),
    ];
    assert_eq!(reported, expected);
    assert_eq!(bob.reported().await, friends(&json!({ "PushType": 2, "FriendDel_Account": ["alice"] })));
    assert_eq!(alice.ask("sns.black_list_delete", &ticket, body).await["ErrorCode"], 0);
    assert_eq!(alice.reported().await, friends(&json!({ "BlackListDel_Account": ["bob"] })));
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn a_request_is_announced_to_both_users_when_it_begins_and_ends() {
    let server = server().await;
    import(&server, &["alice", "bob"]).await;
    set(&server, "bob", &[("Tag_Profile_IM_AllowType", json!("AllowType_Type_NeedConfirm"))]).await;
    set(&server, "alice", &nick("Al")).await;
    let (mut alice, ticket) = Socket::of(&server, "alice").await;
    let (mut bob, of_bob) = Socket::of(&server, "bob").await;
    let mut received = Vec::new();
    for answer in ["Response_Action_Reject", "Response_Action_AgreeAndAdd"] {
        let item = json!([{ "To_Account": "bob", "AddSource": "AddSource_Type_Web", "AddWording": "hi" }]);
        let body = json!({ "From_Account": "alice", "AddFriendItem": item, "AddType": "Add_Type_Both" });
        let said = alice.ask("sns.friend_add", &ticket, body).await;
        assert_eq!(said["ResultItem"][0]["ResultCode"], 30539, "{said}");
        for socket in [&mut alice, &mut bob] {
            let mut reported = socket.reported().await;
            let at_s = &mut reported["FriendListMod"][0]["PendencyAdd"][0]["AddTime"];
            assert!(at_s.as_u64().unwrap().abs_diff(crate::user_sig::now_s()) < 60, "{at_s}");
            *at_s = json!("<now>");
            received.push(reported);
        }
        let items = json!([{ "To_Account": "alice", "ResponseAction": answer }]);
        let body = json!({ "From_Account": "bob", "ResponseFriendItem": items });
        let said = bob.ask("sns.friend_response", &of_bob, body).await;
        assert_eq!(said["ResultItem"][0]["ResultCode"], 0, "{said}");
        let events = if answer == "Response_Action_Reject" { 1 } else { 2 };
        for socket in [&mut alice, &mut bob] {
            let mut reported = Vec::new();
            for _ in 0..events {
                reported.push(socket.reported().await);
            }
            reported.sort_by_key(|event| event["FriendListMod"][0]["PushType"].as_u64());
            received.extend(reported);
        }
    }
    same(&server, "tencent/socket_request", &json!(received));
    alice.hears_nothing().await;
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn a_contact_of_another_vendor_is_a_friend_here() {
    let server = server().await;
    import(&server, &["alice", "bob"]).await;
    let back_end = server.back_end_token().await;
    let made = server.create_user(&back_end, &[("userIdentifier", "alice")]).await.json();
    let (mut alice, _) = Socket::of(&server, "alice").await;
    let body = json!({ "username": "bob", "licenseKey": crate::standin::LICENSE_KEY });
    let call = server.call(Method::POST, "/api/v1/contacts/sandbox/syncContacts");
    let call = call.header("Authorization", made["data"]["token"].as_str().unwrap());
    assert_eq!(send(call.json(&body)).await.json()["status"], 200);
    assert_eq!(alice.reported().await, friends(&json!({ "PushType": 1, "FriendAdd_Account": ["bob"] })));
}

#[actix_web::test]
async fn a_returning_client_receives_missed_events_and_a_new_login_reads_the_state() {
    let server = server().await;
    import(&server, &["alice", "bob"]).await;
    befriend(&server, "alice", "bob").await;
    let (mut bob, ticket) = Socket::of(&server, "bob").await;
    set(&server, "alice", &nick("heard")).await;
    bob.reported().await;
    for (name, role) in [("one", 1), ("two", 2)] {
        bob.socket.close(None).await.unwrap();
        assert_eq!(bob.is_closed().await, None);
        set(&server, "alice", &nick("soon something else")).await;
        set(&server, "alice", &nick(name)).await;
        set(&server, "alice", &[("Tag_Profile_IM_Role", json!(role))]).await;
        bob = Socket::again(&server, &ticket).await;
        let items = json!([text("Tag_Profile_IM_Nick", name), { "Tag": "Tag_Profile_IM_Role", "ValueNum": role }]);
        assert_eq!(bob.reported().await, profile("alice", &items));
        bob.hears_nothing().await;
    }
    bob.socket.close(None).await.unwrap();
    assert_eq!(bob.is_closed().await, None);
    set(&server, "alice", &nick("three")).await;
    let (mut bob, _) = Socket::of(&server, "bob").await;
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn a_returning_client_receives_its_black_list() {
    let server = server().await;
    import(&server, &["alice", "bob", "eve"]).await;
    let lists = async |command: &str, whom: &str| {
        let body = json!({ "From_Account": "alice", "To_Account": [whom] });
        by_rest(&server, &format!("sns/black_list_{command}"), body).await;
    };
    lists("add", "bob").await;
    let (mut alice, ticket) = Socket::of(&server, "alice").await;
    alice.socket.close(None).await.unwrap();
    assert_eq!(alice.is_closed().await, None);
    for (command, whom) in [("add", "eve"), ("delete", "bob"), ("delete", "eve"), ("add", "eve")] {
        lists(command, whom).await;
    }
    let mut alice = Socket::again(&server, &ticket).await;
    assert_eq!(alice.reported().await, friends(&json!({ "BlackListDel_Account": ["bob"] })));
    assert_eq!(alice.reported().await, friends(&json!({ "BlackListAdd_Account": ["eve"] })));
    alice.hears_nothing().await;
}

#[actix_web::test]
async fn promise_36_a_client_that_stops_reading_delays_no_other() {
    let server = server().await;
    import(&server, &["alice", "bob"]).await;
    befriend(&server, "alice", "bob").await;
    let (_unread, _) = Socket::of(&server, "bob").await;
    let (mut alice, _) = Socket::of(&server, "alice").await;
    for n in 0..50 {
        set(&server, "alice", &nick(&n.to_string())).await;
        assert_eq!(alice.reported().await, profile("alice", &json!([text("Tag_Profile_IM_Nick", &n.to_string())])));
    }
}
