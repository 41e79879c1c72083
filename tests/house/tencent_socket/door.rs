//! Where the socket opens, and a whole session on it.

use super::*;
use crate::user_sig::now_s;

/// Everything the SDK asks in the course of a session, in its order.
fn session() -> Vec<(&'static str, Value)> {
    let own = json!({ "To_Account": "alice", "StandardSequence": 0, "CustomSequence": 0 });
    let from = |more: Value| {
        let mut body = more;
        body["From_Account"] = "alice".into();
        body
    };
    vec![
        (HEARTBEAT, json!({})),
        (GET_ALL, from(json!({ "UserItem": [own] }))),
        ("sns.black_list_get", from(json!({ "StartIndex": 0, "MaxLimited": 1000 }))),
        ("recentcontact.page_get", from(json!({ "TimeStamp": 0, "StartIndex": 0 }))),
        ("group_open_http_svc.get_joined_group_list", json!({ "Member_Account": "alice" })),
        ("million_group_open_http_svc.get_joined_group_list", json!({ "Member_Account": "alice" })),
        ("openim.getmsg", json!({ "Cookie": "", "SyncFlag": 0 })),
        ("sns.friend_get", from(json!({ "StartIndex": 0, "StandardSequence": 0, "CustomSequence": 0 }))),
        ("sns.group_get", from(json!({ "LastSequence": 0, "NeedFriend": "Need_Friend_Type_Yes" }))),
        (
            "sns.pendency_get",
            from(json!({
                "PendencyType": "Pendency_Type_Both", "StartTime": 0, "MaxLimited": 100, "LastSequence": 0,
            })),
        ),
        ("im_sdk_config_mgr.fetch_config", json!({})),
        (SET, from(json!({ "ProfileItem": [{ "Tag": "Tag_Profile_IM_Nick", "Value": "Al2" }] }))),
        ("im_open_status.wshello", json!({ "is_web_uniapp": 0 })),
        (LOGOUT, json!({ "wslogout_type": 0, "is_web_uniapp": 0 })),
    ]
}

#[actix_web::test]
async fn a_whole_session() {
    let server = server().await;
    import(&server, &["alice"]).await;
    set(&server, "alice", &[("Tag_Profile_IM_Nick", json!("Al")), ("Tag_Profile_IM_Level", json!(5))]).await;
    let mut socket = Socket::connect(&server).await;
    let mut login = socket.log_in("alice", &user_sig("alice")).await;
    let ticket = login["A2Key"].as_str().unwrap().to_owned();
    let at_s = login["TimeStamp"].as_u64().unwrap();
    assert!(at_s.abs_diff(now_s()) < 60, "{login}");
    login["TimeStamp"] = json!("<now>");
    let mut received = vec![json!({ LOGIN: login })];
    for (command, body) in session() {
        received.push(json!({ command: socket.ask(command, &ticket, body).await }));
        if command == SET {
            received.push(json!({ "a push": socket.reported().await }));
        }
    }
    same(&server, "tencent/socket_session", &json!(received));
    let said = socket.ask(GET_ALL, &ticket, json!({ "From_Account": "alice", "UserItem": [] })).await;
    assert_eq!(said, refused(70001, SIGN_ANEW), "the ticket ended with the logout");
}

#[actix_web::test]
async fn the_socket_opens_behind_any_path() {
    let server = server().await;
    for prefix in ["", "/tencent", "/a/b", "/", "/tencent/"] {
        let mut socket = Socket::connect_at(&server, &format!("{prefix}/binfo?{}", query())).await;
        let said = socket.log_in("alice", &user_sig("alice")).await;
        assert_eq!(said["ErrorCode"], 0, "{prefix}: {said}");
    }
    assert_eq!(server.get("/binfo2").await.status, 404);
    assert_eq!(server.get("/api/v1/binfo").await.status, 404, "other vendors' endpoints are not affected");
}

#[actix_web::test]
async fn a_client_gets_the_same_number_at_each_connection() {
    let server = server().await;
    for (instance, number) in [
        ("0000002a89abcdef0123456789abcdef", 42),
        ("ffffffff", 0x7fff_ffff),
        ("00000000", 1),
        ("%C3%A9%C3%A9%C3%A9%C3%A9", 1),
        ("", 1),
    ] {
        let path = format!("/binfo?sdkappid={SDK_APP_ID}&instanceid={instance}");
        let mut socket = Socket::connect_at(&server, &path).await;
        assert_eq!(socket.log_in("alice", &user_sig("alice")).await["InstId"], number, "{instance}");
    }
}

#[actix_web::test]
async fn an_unknown_sdkappid_is_reported_to_every_call_but_heartbeats() {
    let server = server().await;
    let info = "sdkappid must be the SDKAppID of an app that serves Tencent calls: see `standin app list`";
    for query in ["", "?", "?sdkappid=", "?sdkappid=1", "?sdkappid=x", "?sdkappid=1400000001&sdkappid=1400000001"] {
        let mut socket = Socket::connect_at(&server, &format!("/binfo{query}")).await;
        assert_eq!(socket.log_in("alice", &user_sig("alice")).await, refused(60006, info), "{query}");
        assert_eq!(socket.ask(GET_ALL, "ticket", json!({})).await, refused(60006, info), "{query}");
        socket.still_answers().await;
    }
}

#[actix_web::test]
async fn switching_tencents_dialect_off_ends_its_sessions_and_refuses_sockets() {
    let server = server().await;
    let (mut socket, ticket) = Socket::of(&server, "alice").await;
    server.command(&["app", "set", "--dialects", "qiscus,mirrorfly"]);
    assert_eq!(socket.reported().await, json!({ "C2cNotifyMsgArray": [{ "KickoutMsgNotify": { "KickType": 3 } }] }));
    assert_eq!(socket.is_closed().await, Some(CloseCode::Policy));
    let mut socket = Socket::connect(&server).await;
    let said = socket.ask(GET_ALL, &ticket, json!({ "From_Account": "alice" })).await;
    assert_eq!(said["ErrorCode"], 60006);
    server.command(&["app", "set", "--dialects", "tencent"]);
    let item = json!([{ "To_Account": "alice" }]);
    let said = socket.ask(GET_ALL, &ticket, json!({ "From_Account": "alice", "UserItem": item })).await;
    assert_eq!(said["ErrorCode"], 0);
}

#[actix_web::test]
async fn a_request_that_is_no_websocket_is_refused() {
    let server = server().await;
    let reported = refused(60002, "This is the socket of the SDK: open a WebSocket here");
    for (method, status) in [(Method::GET, 400), (Method::POST, 405)] {
        let answer = send(server.call(method, &format!("/binfo?{}", query()))).await;
        assert_eq!((answer.status, answer.json()), (status, reported.clone()));
    }
}

#[actix_web::test]
async fn a_page_of_an_origin_that_is_not_allowed_opens_no_socket() {
    use tungstenite::client::IntoClientRequest as _;

    let server = server().await;
    let open = async |origin: Option<&str>| {
        let address = format!("{}/binfo?{}", server.base().replace("http", "ws"), query());
        let mut request = address.into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok(_) => 101,
            Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    for origin in [None, Some("https://shop.example"), Some("null"), Some("")] {
        assert_eq!(open(origin).await, 101, "{origin:?}");
    }
    server.command(&["app", "set", "--allowed-origins", "https://shop.example"]);
    for (origin, status) in [
        (None, 101),
        (Some("https://shop.example"), 101),
        (Some("https://other.example"), 403),
        (Some("http://shop.example"), 403),
        (Some("null"), 403),
        (Some(""), 403),
    ] {
        assert_eq!(open(origin).await, status, "{origin:?}");
    }
}
