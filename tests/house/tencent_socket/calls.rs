//! Commands on the socket: each frame is judged by its own head.

use super::*;

fn asks(from: &str, accounts: &[&str]) -> Value {
    let items: Value = accounts
        .iter()
        .map(|account| json!({ "To_Account": account, "StandardSequence": 0, "CustomSequence": 0 }))
        .collect();
    json!({ "From_Account": from, "UserItem": items })
}

fn accounts(said: &Value) -> Vec<&str> {
    said["UserProfileItem"].as_array().unwrap().iter().map(|item| item["To_Account"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_ticket_is_valid_on_a_socket_without_a_login() {
    let server = server().await;
    let (first, ticket) = Socket::of(&server, "alice").await;
    drop(first);
    let mut socket = Socket::connect(&server).await;
    let said = socket.ask(GET_ALL, &ticket, asks("alice", &["alice", "nobody"])).await;
    assert_eq!((&said["ErrorCode"], accounts(&said)), (&json!(0), vec!["alice"]), "{said}");
}

#[actix_web::test]
async fn the_ticket_of_a_frame_decides_the_caller_which_may_act_only_for_itself() {
    let server = server().await;
    let (mut of_alice, ticket_of_alice) = Socket::of(&server, "alice").await;
    let (_of_bob, ticket_of_bob) = Socket::of(&server, "bob").await;
    let info = "From_Account must be the account that has signed in";
    for (ticket, from) in [(&ticket_of_alice, "bob"), (&ticket_of_bob, "alice"), (&ticket_of_alice, "administrator")] {
        assert_eq!(of_alice.ask(GET_ALL, ticket, asks(from, &["alice"])).await, refused(40004, info), "{from}");
        let items = json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": "x" }]);
        let body = json!({ "From_Account": from, "ProfileItem": items });
        assert_eq!(of_alice.ask(SET, ticket, body).await, refused(40004, info), "{from}");
        let body = json!({ "From_Account": from, "StartIndex": 0 });
        assert_eq!(of_alice.ask("sns.friend_get", ticket, body).await, refused(30004, info), "{from}");
    }
    let said = of_alice.ask(GET_ALL, &ticket_of_bob, asks("bob", &["alice"])).await;
    assert_eq!(accounts(&said), ["alice"], "bob is the caller");
}

#[actix_web::test]
async fn without_a_good_ticket_no_command_runs() {
    let server = server().await;
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    let no_ticket = refused(60005, "head.a2 is missing: log in first");
    let sig = json!({ "identifier": "alice", "usersig": user_sig("alice") });
    for head in [json!({}), json!({ "a2": "" }), json!({ "tinyid": "144115188075855873" }), sig] {
        assert_eq!(socket.ask_as(GET_ALL, head.clone(), asks("alice", &["alice"])).await, no_ticket, "{head}");
    }
    let back_end = server.back_end_token().await;
    let of_mirrorfly = server.create_user(&back_end, &[("userIdentifier", "alice")]).await.json();
    let of_mirrorfly = of_mirrorfly["data"]["token"].as_str().unwrap().to_owned();
    for wrong in ["x", &ticket[1..], &back_end, &of_mirrorfly] {
        assert_eq!(socket.ask(GET_ALL, wrong, asks("alice", &["alice"])).await, refused(70001, SIGN_ANEW), "{wrong}");
    }
    assert_eq!(socket.ask(GET_ALL, &ticket, asks("alice", &["alice"])).await["ErrorCode"], 0);
}

#[actix_web::test]
async fn a_ticket_of_another_app_is_invalid() {
    let server = server().await;
    let (_, ticket) = Socket::of(&server, "alice").await;
    server.command(&["app", "create", "--app-id", "other", "--sdk-app-id", "1400000002"]);
    let mut socket = Socket::connect_at(&server, "/binfo?sdkappid=1400000002").await;
    assert_eq!(socket.ask(GET_ALL, &ticket, asks("alice", &["alice"])).await, refused(70001, SIGN_ANEW));
    assert_eq!(socket.ask(LOGIN, &ticket, json!({})).await, refused(70001, SIGN_ANEW));
}

#[actix_web::test]
async fn back_end_commands_are_refused_to_users() {
    let server = server().await;
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    let info = "Only the app's administrator calls this, by the REST API";
    for command in ["account_import", "multiaccount_import", "account_check", "account_delete", "kick"] {
        let said = socket.ask(&format!("im_open_login_svc.{command}"), &ticket, json!({ "UserID": "alice" })).await;
        assert_eq!(said, refused(70403, info), "{command}");
    }
}

#[actix_web::test]
async fn of_more_than_a_hundred_profiles_the_first_hundred_are_answered() {
    let server = server().await;
    let ids: Vec<String> = (0..101).map(|n| format!("u{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    import(&server, &ids[..100]).await;
    import(&server, &ids[100..]).await;
    let (mut socket, ticket) = Socket::of(&server, "u0").await;
    for count in [99, 100, 101] {
        let said = socket.ask(GET_ALL, &ticket, asks("u0", &ids[..count])).await;
        assert_eq!(accounts(&said), ids[..count.min(100)]);
    }
}

#[actix_web::test]
async fn lengths_that_the_sdk_does_not_check_are_checked_and_all_or_nothing_is_set() {
    let server = server().await;
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    for (tag, value, code) in [
        ("Tag_Profile_IM_Nick", json!("爱".repeat(167)), 40601),
        ("Tag_Profile_IM_SelfSignature", json!("x".repeat(501)), 40601),
        ("Tag_Profile_IM_Image", json!("x".repeat(501)), 40601),
        ("Tag_Profile_IM_Location", json!("x".repeat(17)), 40605),
        ("Tag_Profile_IM_Level", json!(-1), 40610),
        ("Tag_Profile_IM_BirthDay", json!(1.5), 40610),
        ("Tag_Profile_Custom_Undeclared", json!("x"), 40009),
    ] {
        let items = json!([{ "Tag": "Tag_Profile_IM_Role", "Value": 1 }, { "Tag": tag, "Value": value }]);
        let said = socket.ask(SET, &ticket, json!({ "From_Account": "alice", "ProfileItem": items })).await;
        assert_eq!(said["ErrorCode"], code, "{tag}: {said}");
    }
    let said = socket.ask(GET_ALL, &ticket, asks("alice", &["alice"])).await;
    assert_eq!(said["UserProfileItem"][0]["ProfileItem"], json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": "" }]));
}
