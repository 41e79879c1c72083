//! The live channels: no data before authentication, and no more channels than the limit.

use std::time::Instant;

use reqwest::{Method, Response};
use serde_json::json;

use super::*;
use crate::{admin::Page, mirrorfly_socket, standin::send, tencent_socket};

async fn opened(server: &Standin, page: &Page, path: &str) -> Response {
    let call = page.call(server, Method::GET, path).header("Accept", "text/event-stream");
    call.send().await.unwrap()
}

#[actix_web::test]
async fn promise_36_an_administrator_has_twenty_streams_and_gets_one_back_for_one() {
    let settings = [("STANDIN_ADMIN_PASSWORD", "correct horse"), ("STANDIN_INSPECT", "true")];
    let server = Standin::with(&settings).await;
    let page = Page::signed_in(&server).await;
    let mut streams = Vec::new();
    for number in 0..20 {
        let path = if number % 2 == 0 { "/events" } else { "/requests" };
        let stream = opened(&server, &page, path).await;
        assert_eq!(stream.status(), 200, "stream {number}");
        streams.push(stream);
    }
    let refused = send(page.call(&server, Method::GET, "/events").header("Accept", "text/event-stream")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("15")), "{refused:?}");
    assert!(refused.json().to_string().contains("Too many open streams"), "{refused:?}");
    assert_eq!(page.get(&server, "/events").await.status, 200, "a page of them is no stream");
    streams.pop();
    let begun = Instant::now();
    loop {
        // The server learns that a listener has gone when it has something to tell.
        let body = json!({ "user_id": "u1", "username": format!("U{:?}", begun.elapsed()), "password": "p" });
        assert_eq!(server.login_or_register(body).await.status, 200);
        if opened(&server, &page, "/requests").await.status() == 200 {
            break;
        }
        assert!(begun.elapsed() < 2 * WAIT, "a place that was given back stays taken");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[actix_web::test]
async fn promise_36_no_channel_sends_data_before_authentication() {
    let server = Standin::with(&[user_sig::WITH_SDK_APP_ID]).await;
    let ada = mirrorfly_socket::person(&server, "ada").await;
    let mut own = mirrorfly_socket::Socket::bound(&server, &ada).await;
    let (mut xmpp, mut binfo) =
        (mirrorfly_socket::Socket::opened(&server).await, tencent_socket::Socket::connect(&server).await);
    own.set_status("heard by nobody else").await;
    xmpp.hears_nothing().await;
    binfo.hears_nothing().await;
    xmpp.say(r#"<iq xmlns="jabber:client" type="get" id="1" to="ada"><vCard xmlns="vcard-temp"/></iq>"#).await;
    let said = xmpp.until_the_end().await.concat();
    assert!(said.contains("not-authorized") && !said.contains("heard by nobody"), "{said}");
    let body = json!({ "From_Account": "ada", "To_Account": ["ada"], "TagList": ["Tag_Profile_IM_SelfSignature"] });
    let said = binfo.ask("profile.portrait_get", "", body).await;
    assert!(said["ErrorCode"] != 0 && !said.to_string().contains("heard by nobody"), "{said}");
    for path in ["/standin/v1/events", "/standin/v1/requests"] {
        let answer = send(server.call(Method::GET, path).header("Accept", "text/event-stream")).await;
        assert_eq!(answer.status, 401, "{path}");
    }
}
