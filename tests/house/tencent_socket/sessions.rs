//! Sessions: how they begin, what ends them, and what goes on over a restart.

use super::*;
use crate::{
    standin::SECRET,
    user_sig::{now_s, signed},
};

const NO_ACCOUNT: &str = "This account does not exist: import it first";

fn kick(kind: u8) -> Value {
    json!({ "C2cNotifyMsgArray": [{ "KickoutMsgNotify": { "KickType": kind } }] })
}

/// The code of asking for one's own profile.
async fn asks_for_itself(socket: &mut Socket, id: &str, ticket: &str) -> Value {
    let body = json!({ "From_Account": id, "UserItem": [{ "To_Account": id }] });
    socket.ask(GET_ALL, ticket, body).await["ErrorCode"].take()
}

#[actix_web::test]
async fn a_refused_login_gets_the_vendors_error_code() {
    let server = server().await;
    import(&server, &["alice", "gone"]).await;
    server.command(&["user", "set", "gone", "--state", "suspended"]);
    let day = 24 * 3600;
    let long = "x".repeat(33);
    let identifier = "identifier must be made of letters, digits and . - _ @ only";
    for (who, sig, code, info) in [
        ("alice", signed(SECRET, SDK_APP_ID, "alice", now_s() - 20, 10), 70001, SIGN_ANEW),
        (
            "alice",
            user_sig("alice")[..40].to_owned(),
            70003,
            "usersig cannot be read: send it whole, as the library made it",
        ),
        (
            "alice",
            signed(&SECRET.replace('0', "1"), SDK_APP_ID, "alice", now_s(), day),
            70009,
            "usersig is not signed with this app's secret: see `standin app show --secrets`",
        ),
        ("alice", user_sig("bob"), 70013, "usersig names another account than the identifier"),
        (
            "alice",
            signed(SECRET, SDK_APP_ID + 1, "alice", now_s(), day),
            70014,
            "usersig is of another app than the sdkappid",
        ),
        ("gone", user_sig("gone"), 70051, "User is suspended"),
        ("no id", user_sig("no id"), 70402, identifier),
        (&long, user_sig(&long), 70402, "identifier must be at most 32 bytes"),
    ] {
        let mut socket = Socket::connect(&server).await;
        let said = socket.log_in(who, &sig).await;
        assert_eq!(said, refused(code, info), "{who}");
        socket.still_answers().await;
    }
    let mut socket = Socket::connect(&server).await;
    let said = socket.log_in("administrator", &user_sig("administrator")).await;
    assert_eq!(said["ErrorCode"], 70402, "{said}");
    let nothing = refused(60005, "head must carry identifier and usersig, or the a2 of a former login");
    for head in [json!({}), json!({ "identifier": "alice" }), json!({ "usersig": user_sig("alice") })] {
        assert_eq!(socket.ask_as(LOGIN, head, json!({})).await, nothing);
    }
    assert_eq!(socket.ask(LOGIN, "no ticket", json!({})).await, refused(70001, SIGN_ANEW));
}

#[actix_web::test]
async fn a_valid_usersig_creates_an_unknown_user_unless_the_app_forbids_it() {
    let server = server().await;
    assert_eq!(server.user_profile("alice").await.status, 404);
    Socket::of(&server, "alice").await;
    assert_eq!(server.user_profile("alice").await.status, 200);
    server.command(&["app", "set", "--import-at-login", "false"]);
    let mut socket = Socket::connect(&server).await;
    assert_eq!(socket.log_in("bob", &user_sig("bob")).await, refused(70107, NO_ACCOUNT));
    assert_eq!(server.user_profile("bob").await.status, 404);
    assert_eq!(socket.log_in("alice", &user_sig("alice")).await["ErrorCode"], 0);
}

#[actix_web::test]
async fn a_longer_id_of_another_vendor_may_log_in() {
    let server = server().await;
    let long = "x".repeat(33);
    server.login_or_register(json!({ "user_id": long, "username": "X", "password": "p" })).await;
    let (mut socket, ticket) = Socket::of(&server, &long).await;
    assert_eq!(asks_for_itself(&mut socket, &long, &ticket).await, 0);
}

#[actix_web::test]
async fn a_client_resumes_with_its_ticket_after_a_restart() {
    let mut server = server().await;
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    server.terminate();
    assert_eq!(socket.is_closed().await, Some(CloseCode::Away), "without a kick: the SDK is to come back");
    server.restart();
    let mut early = Socket::connect(&server).await;
    assert_eq!(asks_for_itself(&mut early, "alice", &ticket).await, 0, "before it logs in again");
    Socket::again(&server, &ticket).await;
    server.kill();
    server.restart();
    let mut socket = Socket::again(&server, &ticket).await;
    assert_eq!(asks_for_itself(&mut socket, "alice", &ticket).await, 0);
    socket.hears_nothing().await;
}

#[actix_web::test]
async fn a_second_session_ends_the_first_with_the_kick_message() {
    let server = server().await;
    let (mut first, ticket) = Socket::of(&server, "alice").await;
    let (mut second, newer) = Socket::of(&server, "alice").await;
    assert_eq!(first.reported().await, kick(1));
    assert_eq!(first.ask(LOGOUT, &ticket, json!({ "wslogout_type": 1 })).await, ok(json!({})));
    assert_eq!(first.ask(LOGIN, &ticket, json!({})).await, refused(70001, SIGN_ANEW), "the two do not go on for ever");
    assert_eq!(asks_for_itself(&mut second, "alice", &newer).await, 0);
    second.hears_nothing().await;
    assert_eq!(first.log_in("alice", &user_sig("alice")).await["ErrorCode"], 0);
    assert_eq!(second.reported().await, kick(1));
}

#[actix_web::test]
async fn a_client_that_logs_in_twice_on_one_socket_does_not_replace_itself() {
    let server = server().await;
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    assert_eq!(socket.ask(LOGIN, &ticket, json!({})).await["ErrorCode"], 0);
    assert_eq!(socket.log_in("alice", &user_sig("alice")).await["ErrorCode"], 0);
    socket.hears_nothing().await;
    assert_eq!(socket.log_in("bob", &user_sig("bob")).await["ErrorCode"], 0);
    set(&server, "alice", &[("Tag_Profile_IM_Nick", json!("A"))]).await;
    socket.hears_nothing().await;
    set(&server, "bob", &[("Tag_Profile_IM_Nick", json!("B"))]).await;
    assert_eq!(socket.reported().await["ProfileDataMod"][0]["Profile_Account"], "bob");
}

#[actix_web::test]
async fn promise_36_as_many_sessions_as_the_app_allows_stay() {
    let server = server().await;
    server.command(&["app", "set", "--tencent-sessions", "2"]);
    let (mut first, oldest) = Socket::of(&server, "alice").await;
    let (mut second, older) = Socket::of(&server, "alice").await;
    first.hears_nothing().await;
    let (mut third, newest) = Socket::of(&server, "alice").await;
    assert_eq!(first.reported().await, kick(1));
    second.hears_nothing().await;
    for (ticket, code) in [(oldest, 70001), (older, 0), (newest, 0)] {
        assert_eq!(asks_for_itself(&mut third, "alice", &ticket).await, code);
    }
}

#[actix_web::test]
async fn promise_40_a_kick_by_the_back_end_ends_sessions_tickets_and_signatures_from_before() {
    let server = server().await;
    let before = user_sig("alice");
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    let (mut other, _) = Socket::of(&server, "bob").await;
    by_rest(&server, "im_open_login_svc/kick", json!({ "UserID": "alice" })).await;
    assert_eq!(socket.reported().await, kick(3));
    assert_eq!(socket.is_closed().await, Some(CloseCode::Policy));
    let mut socket = Socket::connect(&server).await;
    assert_eq!(socket.ask(LOGIN, &ticket, json!({})).await, refused(70001, SIGN_ANEW));
    assert_eq!(socket.log_in("alice", &before).await, refused(70001, KICKED));
    assert_eq!(socket.log_in("alice", &user_sig("alice")).await["ErrorCode"], 0);
    other.hears_nothing().await;
}

#[actix_web::test]
async fn usersigs_made_after_a_kick_are_valid_at_once_and_earlier_ones_invalid() {
    /// Kicks that share the wait for the end of a second.
    const KICKS: usize = 50;
    let server = &server().await;
    let round = async |n: usize| {
        let id = format!("u{n}");
        import(server, &[&id]).await;
        let before = user_sig(&id);
        by_rest(server, "im_open_login_svc/kick", json!({ "UserID": id })).await;
        let after = user_sig(&id);
        let mut socket = Socket::connect(server).await;
        assert_eq!(socket.log_in(&id, &before).await, refused(70001, KICKED));
        assert_eq!(socket.log_in(&id, &after).await["ErrorCode"], 0);
    };
    futures_util::future::join_all((0..KICKS).map(round)).await;
}

#[actix_web::test]
async fn promise_60_a_usersig_from_before_a_kick_or_a_deletion_stays_invalid_for_a_new_account() {
    let mut server = server().await;
    let back_end = server.back_end_token().await;
    let by_mirrorfly = json!({ "userId": "alice", "reason": "gone" });
    let kicked = user_sig("alice");
    Socket::of(&server, "alice").await;
    by_rest(&server, "im_open_login_svc/kick", json!({ "UserID": "alice" })).await;
    by_rest(&server, "im_open_login_svc/account_delete", json!({ "DeleteItem": [{ "UserID": "alice" }] })).await;
    assert_eq!(Socket::connect(&server).await.log_in("alice", &kicked).await, refused(70001, KICKED), "nor imported");
    import(&server, &["alice"]).await;
    assert_eq!(Socket::connect(&server).await.log_in("alice", &kicked).await, refused(70001, KICKED));

    let live = user_sig("alice");
    assert_eq!(Socket::connect(&server).await.log_in("alice", &live).await["ErrorCode"], 0);
    let call = server.call(Method::POST, "/api/v1/users/deleteUserAccount").header("Authorization", &back_end);
    assert_eq!(send(call.json(&by_mirrorfly)).await.json()["status"], 200);
    import(&server, &["alice"]).await;
    let after = user_sig("alice");
    server.terminate();
    server.restart();
    for dead in [&kicked, &live] {
        assert_eq!(Socket::connect(&server).await.log_in("alice", dead).await, refused(70001, KICKED));
    }
    assert_eq!(Socket::connect(&server).await.log_in("alice", &after).await["ErrorCode"], 0);
}

#[actix_web::test]
async fn promise_40_a_user_that_loses_its_access_is_notified_and_disconnected() {
    let server = server().await;
    for (id, words, code) in [
        ("suspended", &["user", "set", "suspended", "--state", "suspended"][..], 70051),
        ("deleted", &["user", "delete", "deleted"], 70001),
    ] {
        let (mut socket, ticket) = Socket::of(&server, id).await;
        server.command(words);
        assert_eq!(socket.reported().await, kick(3), "{id}");
        assert_eq!(socket.is_closed().await, Some(CloseCode::Policy), "{id}");
        let mut socket = Socket::connect(&server).await;
        let said = asks_for_itself(&mut socket, id, &ticket).await;
        assert!(said == code || said == 70001, "{id}: {said}");
    }
    assert_eq!(
        Socket::connect(&server).await.log_in("suspended", &user_sig("suspended")).await,
        refused(70051, "User is suspended")
    );
    let (mut socket, ticket) = Socket::of(&server, "changed").await;
    server.login_or_register(json!({ "user_id": "changed", "username": "C", "password": "chosen" })).await;
    while socket.reported().await != kick(3) {}
    assert_eq!(socket.is_closed().await, Some(CloseCode::Policy));
    assert_eq!(asks_for_itself(&mut Socket::connect(&server).await, "changed", &ticket).await, 70001);
}

#[actix_web::test]
async fn a_user_with_a_socket_is_online() {
    let server = server().await;
    let back_end = server.back_end_token().await;
    let is_online = async || {
        let call = server.call(Method::GET, "/api/v1/users/presence?userIds=alice").header("Authorization", &back_end);
        send(call).await.json()["data"]["valid"][0]["presence"] == 1
    };
    import(&server, &["alice"]).await;
    assert!(!is_online().await);
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    assert!(is_online().await);
    socket.ask(LOGOUT, &ticket, json!({})).await;
    assert!(!is_online().await);
}
