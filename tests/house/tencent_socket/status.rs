//! User status: connections, custom statuses, subscriptions, and the push. Issue 14, number 9.

use super::*;

const GET: &str = "im_open_status.ws_get_user_status";
const CUSTOM: &str = "im_open_status.ws_set_custom_status";
const SUBSCRIBE: &str = "im_open_status.ws_status_subscribe";
const UNSUBSCRIBE: &str = "im_open_status.ws_status_unsubscribe";
const NO_ACCOUNT: &str = "This account does not exist: import it first";

/// "busy" as the SDK reads it.
const BUSY: &str = "YnVzeQ==";

fn status(account: &str, status: u8, custom: &str) -> Value {
    json!({ "To_Account": account, "Status": status, "CustomStatus": custom })
}

fn reported(items: &Value) -> Value {
    json!({ "UserStatusList": items })
}

fn to(accounts: &[&str]) -> Value {
    json!({ "To_Account": accounts })
}

fn missing(account: &str) -> Value {
    json!({ "To_Account": account, "ErrorCode": 70107, "ErrorInfo": NO_ACCOUNT })
}

async fn subscribe(socket: &mut Socket, ticket: &str, accounts: &[&str]) {
    assert_eq!(socket.ask(SUBSCRIBE, ticket, to(accounts)).await, ok(json!({ "ErrorList": [] })));
}

/// What bob's session receives about alice after something that may have changed it; asked of the server until its end has arrived there.
async fn status_of(socket: &mut Socket, ticket: &str, account: &str) -> Value {
    socket.ask(GET, ticket, to(&[account])).await["UserStatusList"][0]["Status"].clone()
}

#[actix_web::test]
async fn a_status_is_online_offline_or_never_logged_in() {
    let server = server().await;
    import(&server, &["never"]).await;
    let (mut alice, ticket) = Socket::of(&server, "alice").await;
    let (bob, _) = Socket::of(&server, "bob").await;
    let said = alice.ask(GET, &ticket, to(&["bob", "never", "nobody", "no id", "alice"])).await;
    let found = json!([status("bob", 1, ""), status("never", 3, ""), status("alice", 1, "")]);
    let errors = json!([missing("nobody"), missing("no id")]);
    assert_eq!(said, ok(json!({ "UserStatusList": found, "ErrorList": errors })));
    drop(bob);
    while status_of(&mut alice, &ticket, "bob").await != 2 {}
    let mut again = server;
    assert_eq!(again.terminate(), Some(0));
    again.restart();
    let mut alice = Socket::again(&again, &ticket).await;
    let said = alice.ask(GET, &ticket, to(&["bob", "never"])).await;
    assert_eq!(said["UserStatusList"], json!([status("bob", 2, ""), status("never", 3, "")]), "after a restart");
}

#[actix_web::test]
async fn a_custom_status_is_stored_shown_announced_and_cleared() {
    let server = server().await;
    let (mut alice, ticket) = Socket::of(&server, "alice").await;
    let (mut bob, of_bob) = Socket::of(&server, "bob").await;
    subscribe(&mut bob, &of_bob, &["alice"]).await;
    assert_eq!(alice.ask(CUSTOM, &ticket, json!({ "CustomStatus": "busy" })).await, ok(json!({})));
    assert_eq!(bob.reported().await, reported(&json!([status("alice", 1, BUSY)])));
    assert_eq!(
        alice.reported().await,
        reported(&json!([status("alice", 1, BUSY)])),
        "the user's own sessions hear of it"
    );
    let login = Socket::connect(&server).await.log_in("alice", &user_sig("alice")).await;
    assert_eq!((&login["CustomStatus"], &login["PurchaseBits"]), (&json!(BUSY), &json!(purchase_bits())), "{login}");
    for bytes in [255, 256] {
        let text = "a".repeat(bytes);
        assert_eq!(bob.ask(CUSTOM, &of_bob, json!({ "CustomStatus": text })).await["ErrorCode"], 0, "{bytes}");
    }
    let too_long = json!({ "CustomStatus": "a".repeat(257) });
    assert_eq!(bob.ask(CUSTOM, &of_bob, too_long).await, refused(70402, "CustomStatus must be at most 256 bytes"));
    let no_text = json!({ "CustomStatus": 7 });
    assert_eq!(bob.ask(CUSTOM, &of_bob, no_text).await, refused(70402, "CustomStatus must be text, in quotes"));
    assert_eq!(bob.ask(CUSTOM, &of_bob, json!({ "CustomStatus": "" })).await, ok(json!({})));
    let said = bob.ask(GET, &of_bob, to(&["bob"])).await;
    assert_eq!(said["UserStatusList"], json!([status("bob", 1, "")]));
}

/// Bits 7 and 52, the last digit is bit 0.
fn purchase_bits() -> String {
    format!("1{}1{}", "0".repeat(44), "0".repeat(7))
}

#[actix_web::test]
async fn the_bits_that_unlock_status_and_following_are_sent_where_each_sdk_reads_them() {
    let server = server().await;
    let mut socket = Socket::connect(&server).await;
    let said = socket.ask_as("im_sdk_config_mgr.fetch_imsdk_purchase_bitsv2", json!({}), json!({})).await;
    let bits = json!({
        "int32_error_code": 0, "str_error_message": "", "str_purchase_bits": purchase_bits(),
        "uint32_expired_time": 86400,
    });
    let mut expected = bits.clone();
    expected["body"] = bits;
    assert_eq!(said, ok(expected));
}

#[actix_web::test]
async fn subscribers_are_notified_of_the_first_session_and_of_the_end_of_the_last() {
    let server = Standin::with(&[WITH_SDK_APP_ID]).await;
    server.command(&["app", "set", "--tencent-sessions", "2"]);
    import(&server, &["alice"]).await;
    let (mut bob, of_bob) = Socket::of(&server, "bob").await;
    let (mut eve, _) = Socket::of(&server, "eve").await;
    subscribe(&mut bob, &of_bob, &["alice"]).await;
    let (first, _) = Socket::of(&server, "alice").await;
    assert_eq!(bob.reported().await, reported(&json!([status("alice", 1, "")])));
    let (second, _) = Socket::of(&server, "alice").await;
    drop(first);
    bob.hears_nothing().await;
    drop(second);
    assert_eq!(bob.reported().await, reported(&json!([status("alice", 2, "")])));
    eve.hears_nothing().await;
}

#[actix_web::test]
async fn a_subscription_ends_when_it_is_ended_and_with_a_logout_and_not_with_a_lost_connection() {
    let server = server().await;
    import(&server, &["alice", "carol"]).await;
    let (mut bob, of_bob) = Socket::of(&server, "bob").await;
    let unknown = bob.ask(SUBSCRIBE, &of_bob, to(&["alice", "nobody", "carol"])).await;
    assert_eq!(unknown, ok(json!({ "ErrorList": [missing("nobody")] })));
    assert_eq!(bob.ask(UNSUBSCRIBE, &of_bob, to(&["carol", "alice"])).await, ok(json!({ "ErrorList": [] })));
    let (alice, _) = Socket::of(&server, "alice").await;
    bob.hears_nothing().await;

    subscribe(&mut bob, &of_bob, &["alice", "carol"]).await;
    drop(bob);
    let (mut eve, of_eve) = Socket::of(&server, "eve").await;
    while status_of(&mut eve, &of_eve, "bob").await != 2 {}
    drop(alice);
    while status_of(&mut eve, &of_eve, "alice").await != 2 {}
    let mut bob = Socket::again(&server, &of_bob).await;
    let mut now = bob.reported().await["UserStatusList"].as_array().unwrap().clone();
    now.sort_by_key(|status| status["To_Account"].to_string());
    assert_eq!(now, [status("alice", 2, ""), status("carol", 3, "")], "what it missed is what is true now");

    assert_eq!(bob.ask(UNSUBSCRIBE, &of_bob, json!({ "UnsubscribeAll": 1 })).await, ok(json!({ "ErrorList": [] })));
    let (alice, _) = Socket::of(&server, "alice").await;
    bob.hears_nothing().await;
    subscribe(&mut bob, &of_bob, &["alice"]).await;
    assert_eq!(bob.ask(LOGOUT, &of_bob, json!({})).await["ErrorCode"], 0);
    let (mut bob, _) = Socket::of(&server, "bob").await;
    drop(alice);
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn a_block_stops_status_notifications() {
    let server = server().await;
    import(&server, &["alice"]).await;
    let (mut bob, of_bob) = Socket::of(&server, "bob").await;
    subscribe(&mut bob, &of_bob, &["alice"]).await;
    by_rest(&server, "sns/black_list_add", json!({ "From_Account": "alice", "To_Account": ["bob"] })).await;
    let (_alice, _) = Socket::of(&server, "alice").await;
    bob.hears_nothing().await;
}

#[actix_web::test]
async fn calls_name_at_most_the_vendors_number_of_accounts() {
    let server = server().await;
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    let named = |count: usize| json!({ "To_Account": (0..count).map(|n| format!("u{n}")).collect::<Vec<_>>() });
    for (command, most) in [(GET, 500), (SUBSCRIBE, 100), (UNSUBSCRIBE, 100)] {
        for count in [most - 1, most] {
            let said = socket.ask(command, &ticket, named(count)).await;
            assert_eq!(said["ErrorList"].as_array().map(Vec::len), Some(count), "{command}");
        }
        let info = format!("To_Account must have at most {most} items, this one has {}", most + 1);
        assert_eq!(socket.ask(command, &ticket, named(most + 1)).await, refused(70402, &info));
        assert_eq!(socket.ask(command, &ticket, json!({})).await, refused(70402, "To_Account is required"));
    }
    let both = json!({ "To_Account": ["bob"], "UnsubscribeAll": 1 });
    let info = "Give To_Account or UnsubscribeAll, not both";
    assert_eq!(socket.ask(UNSUBSCRIBE, &ticket, both).await, refused(70402, info));
}

#[actix_web::test]
async fn back_ends_ask_for_the_online_status_by_either_name() {
    let server = server().await;
    import(&server, &["bob"]).await;
    let (_alice, _) = Socket::of(&server, "alice").await;
    let online = |account: &str, status: &str| json!({ "To_Account": account, "Status": status, "State": status });
    for command in ["openim/query_online_status", "openim/querystate"] {
        let said = by_rest(&server, command, to(&["alice", "bob"])).await;
        assert_eq!(said, ok(json!({ "QueryResult": [online("alice", "Online"), online("bob", "Offline")] })));
        let body = json!({ "To_Account": ["alice", "bob", "nobody"], "IsNeedDetail": 1 });
        let said = by_rest(&server, command, body).await;
        let mut items = [online("alice", "Online"), online("bob", "Offline")];
        items[0]["Detail"] = json!([{ "Platform": "Web", "Status": "Online" }]);
        items[1]["Detail"] = json!([]);
        assert_eq!(said, ok(json!({ "QueryResult": items, "ErrorList": [missing("nobody")] })));
        let sig = user_sig("administrator");
        let path = format!("/v4/{command}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}");
        let more: Vec<String> = (0..501).map(|n| format!("u{n}")).collect();
        let answer = send(server.call(Method::POST, &path).json(&json!({ "To_Account": more }))).await.json();
        assert_eq!(answer, refused(90001, "To_Account must have at most 500 items, this one has 501"));
    }
    let sig = user_sig("administrator");
    let path =
        format!("/v4/im_open_status/ws_get_user_status?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}");
    let of_the_socket = send(server.call(Method::POST, &path).json(&to(&["alice"]))).await.json();
    assert_eq!(of_the_socket["ErrorCode"], 60009, "what only the SDK calls is no command of the REST API");
}
