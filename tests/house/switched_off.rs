//! A dialect that is switched off at run time: its open sockets end at once, and those alone.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, protocol::frame::coding::CloseCode},
};

use super::{
    mirrorfly_socket::{self, knock, person, person_of},
    standin::{APP_ID, Standin, send},
    tencent_socket,
    user_sig::{SDK_APP_ID, WITH_SDK_APP_ID, now_s, signed, user_sig},
};

/// The longest wait for what must come.
const WAIT: Duration = Duration::from_secs(20);

const OTHER_HOST: &str = "other.example.test";
const OTHER_NUMBER: u32 = 1_400_000_009;
const OTHER_SECRET: &str = "abcdefabcdefabcdefabcdefabcdefab";
const CLOSE: &str = r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#;

/// A server with a second app that has a host and a number of its own.
async fn two_apps() -> Standin {
    let server = Standin::with(&[WITH_SDK_APP_ID]).await;
    let number = OTHER_NUMBER.to_string();
    let file = server.data().join("secret-of-the-other-app");
    std::fs::write(&file, OTHER_SECRET).unwrap();
    let names = ["app", "create", "--app-id", "other", "--hosts", OTHER_HOST, "--sdk-app-id", &number];
    server.command(&[&names[..], &["--secret-file", file.to_str().unwrap(), "--registration", "open"]].concat());
    server
}

fn serve(server: &Standin, dialects: &str) {
    server.command(&["app", "set", "--app", APP_ID, "--dialects", dialects]);
}

async fn tencent_at(server: &Standin, number: u32) -> tencent_socket::Socket {
    tencent_socket::Socket::connect_at(server, &format!("/binfo?sdkappid={number}")).await
}

#[actix_web::test]
async fn a_dialect_that_is_switched_off_ends_its_open_sockets_at_once_and_no_others() {
    let server = two_apps().await;
    let ann = person(&server, "ann").await;
    let shown: Value =
        serde_json::from_str(&server.command(&["app", "show", "--app", "other", "--secrets", "--json"])).unwrap();
    let licence = &shown["license_key"];
    let registration = json!({ "userIdentifier": "bob", "deviceType": "web", "licenseKey": licence });
    let call = server.call(reqwest::Method::POST, "/api/v1/sandbox/register").header("Host", OTHER_HOST);
    let register = send(call.json(&registration)).await;
    let bob = person_of(&beside(register));
    let mut signed_in = mirrorfly_socket::Socket::bound(&server, &ann).await;
    let mut stranger = mirrorfly_socket::Socket::opened(&server).await;
    let mut of_other_app = mirrorfly_socket::Socket::bound_at(server.base(), &bob, OTHER_HOST).await;
    let (mut tencent, _) = tencent_socket::Socket::of(&server, "ann").await;
    let mut tencent_stranger = tencent_at(&server, SDK_APP_ID).await;
    let mut tencent_of_other_app = tencent_at(&server, OTHER_NUMBER).await;
    let sig = signed(OTHER_SECRET, OTHER_NUMBER, "bob", now_s(), 3600);
    assert_eq!(tencent_of_other_app.log_in("bob", &sig).await["ErrorCode"], 0);

    serve(&server, "qiscus,tencent");
    assert_eq!(signed_in.until_the_end().await, [CLOSE]);
    assert_eq!(stranger.until_the_end().await, [CLOSE]);
    assert!(knock(&server, &ann.id, &ann.password).await.contains("<account-disabled"), "it gets in no more");
    of_other_app.still_answers().await;
    tencent.still_answers().await;
    tencent_stranger.still_answers().await;

    serve(&server, "qiscus,mirrorfly");
    assert_eq!(tencent.closes().await, Some(CloseCode::Policy));
    assert_eq!(tencent_stranger.closes().await, Some(CloseCode::Policy));
    let mut again = tencent_at(&server, SDK_APP_ID).await;
    assert_eq!(again.log_in("ann", &user_sig("ann")).await["ErrorCode"], 60006);
    tencent_of_other_app.still_answers().await;
    of_other_app.still_answers().await;
    mirrorfly_socket::Socket::bound(&server, &ann).await.still_answers().await;

    serve(&server, "qiscus,mirrorfly,tencent");
    assert_eq!(again.log_in("ann", &user_sig("ann")).await["ErrorCode"], 0, "a socket that was never served may wait");
}

/// A trial's registration has the fields beside its text.
fn beside(mut answer: super::standin::Answer) -> super::standin::Answer {
    let body = answer.json();
    answer.bytes = json!({ "status": 200, "data": body }).to_string().into_bytes();
    answer
}

#[actix_web::test]
async fn an_origin_that_leaves_the_list_ends_the_open_sockets_of_its_pages_and_no_others() {
    let server = Standin::with(&[WITH_SDK_APP_ID]).await;
    let allow = |origins: &str| server.command(&["app", "set", "--app", APP_ID, "--allowed-origins", origins]);
    allow("https://a.example,https://b.example");
    let page = async |path: &str, origin: &str| {
        let mut request = format!("{}{path}", server.base().replace("http", "ws")).into_client_request().unwrap();
        if path == "/websocket" {
            request.headers_mut().insert("Sec-WebSocket-Protocol", "xmpp".parse().unwrap());
        }
        request.headers_mut().insert("Origin", origin.parse().unwrap());
        connect_async(request).await.unwrap().0
    };
    for path in ["/websocket", &format!("/binfo?sdkappid={SDK_APP_ID}")] {
        allow("https://a.example,https://b.example");
        let (mut gone, mut stays) = (page(path, "https://a.example").await, page(path, "https://b.example").await);
        allow("https://b.example");
        loop {
            match tokio::time::timeout(WAIT, gone.next()).await.expect("it goes on") {
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            }
        }
        futures_util::SinkExt::send(&mut stays, Message::Ping("x".into())).await.unwrap();
        let answer = tokio::time::timeout(WAIT, stays.next()).await.unwrap();
        assert!(matches!(answer, Some(Ok(Message::Pong(_)))), "{path}: {answer:?}");
    }
}
