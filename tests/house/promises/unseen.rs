//! Promise 63, and 44 where a request is damaged: what is not understood is shown and logged by its size and type alone.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use serde_json::{Value, json};

use super::{Standin, send};
use crate::{
    admin::Page,
    tencent_socket::{by_rest, import},
    user_sig::{SDK_APP_ID, WITH_SDK_APP_ID, user_sig},
};

/// Stands for a secret in every request here.
const MARK: &str = "tell-nobody-0";

const FORM: &str = "application/x-www-form-urlencoded";

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Bodies that no strict reader understands as what they are declared to be, or that hide a secret in a layer of their own.
fn bodies() -> Vec<String> {
    let json = format!(r#"{{"user_id":"u1","password":"{MARK}"}}"#);
    let once = encoded(&json);
    vec![
        json.clone(),
        format!(r#"{{"password":"{MARK}",}}"#),
        format!(r#"{{"password":"{MARK}","password":"{MARK}"}}"#),
        format!(r#"{{"password":"{MARK}"#),
        format!(r#"{{"password":"{MARK}"}} {{}}"#),
        format!(r#"{{"password":"{MARK}","x":"%ff=%ff"}}"#),
        format!("\"{MARK}\""),
        format!("[\"{MARK}\"]"),
        format!("{{\"a\": '{MARK}', password: {MARK}}}"),
        format!("registerData={once}"),
        format!("registerData={}", encoded(&once)),
        format!("registerData={}", encoded(&format!("{json},"))),
        format!(r#"{{"registerData":"{once}"}}"#),
        format!(r#"{{"registerData":"{}"}}"#, encoded(&once)),
        format!("email=u1&password={MARK}&password={MARK}"),
        format!("email=u1&pass%77ord={MARK}"),
        format!("email=u1&pass%2577ord={MARK}"),
        format!("email=u1&back=%2Fx%3Ftoken%3D{MARK}"),
        format!("email=u1&back=%252Fx%253Ftoken%253D{MARK}"),
        format!("email=u1&{MARK}"),
        MARK.to_owned(),
        format!("token: {MARK}"),
        format!("<iq><query password='{MARK}'>{MARK}</query></iq>"),
        format!("--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{MARK}\r\n--b--\r\n"),
        format!("--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{MARK}"),
        format!("--b\r\nContent-Disposition: form-data; name=\"{{'token':'{MARK}'}}\"\r\n\r\n\u{0}\r\n--b--\r\n"),
    ]
}

const KINDS: [&str; 6] = [
    "application/json",
    FORM,
    "multipart/form-data; boundary=b",
    "text/plain",
    "text/xml",
    "tell-nobody-0/tell-nobody-0",
];

const DOORS: [&str; 7] = [
    "/api/v2.1/rest/login_or_register",
    "/api/v2/sdk/login_or_register",
    "/api/v2/sdk/auth/verify_identity_token",
    "/api/v1/login",
    "/api/v1/sandbox/register",
    "/api/v1/users/createUser",
    "/v4/profile/portrait_set",
];

/// Targets with the secret in a path or a query, as it is or in a layer of its own.
fn targets() -> Vec<String> {
    let mut targets: Vec<String> = [
        "/websocket?token=M",
        "/websocket?to%6Ben=M",
        "/websocket?to%256Ben=M",
        "/websocket?%2574oken=M",
        "/v4/profile/portrait_get?sdkappid=1&identifier=administrator&usersig=M",
        "/binfo?sdkappid=1&sig=M",
        "/x/binfo?sdkappid=1&user_sig=M",
        "/api/v1/users/config?next=%2Fx%3Ftoken%3DM",
        "/api/v1/users/config?next=%252Fx%253Ftoken%253DM",
        "/api/v1/users/config?next=/x?token=M",
        "/api/v1/users/config?a=https://ada:M@example.com/",
        "/api/v1/users/config?%7B%22token%22%3A%22M%22%7D",
        "/api/v1/users/config?{%22token%22:%22M%22}",
        "/api/v1/users/config?a=%7B%22token%22%3A%22M%22%7D",
        "/api/v1/users/config?M",
        "/api/v1/media/M",
        "/api/v1/medi%61/M",
        "/api/v1//media//M",
        "/api%2Fv1%2Fmedia%2FM",
        "/api/v1/media/%74ell-nobody-0",
        "/api/v1/users/token=M",
        "/api/v1/users/;jsessionid=M",
        "/api/v1/token/M",
        "/pictures/upload/M/full.jpg",
        "/pictures/of/M/full.jpg",
    ]
    .iter()
    .map(|target| target.replace('M', MARK))
    .collect();
    targets.push(format!("/api/v2/sdk/my_profile?back={}", encoded(&encoded(&format!("?token={MARK}")))));
    targets
}

#[actix_web::test]
async fn promise_63_unknown_content_is_shown_and_logged_by_size_and_type_only() {
    let variables =
        [("STANDIN_ADMIN_PASSWORD", "correct horse"), ("STANDIN_INSPECT", "true"), ("STANDIN_LOG", "debug")];
    for format in ["text", "json"] {
        let server = Standin::with(&[&variables[..], &[("STANDIN_LOG_FORMAT", format)]].concat()).await;
        let page = Page::signed_in(&server).await;
        let mut seen = 0;
        let looked_at = async |seen: i64| {
            let answer = page.get(&server, &format!("/requests?after={seen}")).await.json();
            let shown = answer.to_string();
            assert!(!shown.contains("tell-nobody") && !shown.contains("%74ell-nobody"), "{shown}");
            let exchanges = answer["requests"].as_array().unwrap();
            assert!(!exchanges.is_empty());
            exchanges.last().unwrap()["n"].as_i64().unwrap()
        };
        for door in DOORS {
            for kind in KINDS {
                for body in bodies() {
                    let call = server.call(Method::POST, door).header("Content-Type", kind);
                    let call = call.header("QISCUS-SDK-APP-ID", "houseapp").header("QISCUS-SDK-SECRET", MARK);
                    let call = call.header("Authorization", MARK).header("X-Anything", MARK).header("Referer", MARK);
                    assert!(send(call.body(body.clone())).await.status < 500, "{door} {kind} {body}");
                }
            }
            seen = looked_at(seen).await;
        }
        for target in targets() {
            for method in [Method::GET, Method::POST] {
                send(server.call(method, &target)).await;
            }
        }
        looked_at(seen).await;
        let last = send(server.call(Method::GET, "/the-last-one")).await;
        server.logged(last.header("x-request-id").unwrap()).await;
        let log = server.log();
        assert!(!log.contains("tell-nobody") && !log.contains("%74ell-nobody"), "{log}");
        let asked = DOORS.len() * KINDS.len() * bodies().len() + 2 * targets().len();
        let lines = log.lines().filter(|line| line.contains("POST") || line.contains("GET")).count();
        assert!(lines > asked, "{lines} lines of {asked} requests");
    }
}

#[actix_web::test]
async fn promise_63_known_content_is_shown() {
    let server = Standin::with(&[("STANDIN_ADMIN_PASSWORD", "correct horse"), ("STANDIN_INSPECT", "true")]).await;
    let page = Page::signed_in(&server).await;
    let form = [("email", "ada"), ("password", MARK), ("username", "Ada L."), ("extras", r#"{"token":"x","a":1}"#)];
    let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", "houseapp");
    assert_eq!(send(call.form(&form)).await.status, 200);
    server.get("/api/v2.1/rest/get_user_list?page=2&limit=5").await;
    let shown = page.get(&server, "/requests").await.json();
    let first = &shown["requests"][0]["request"];
    assert_eq!(first["body"], r#"email=ada&password=***&username=Ada+L.&extras={"token":"***","a":1}"#);
    assert_eq!(first["headers"]["content-type"], FORM);
    assert_eq!(shown["requests"][1]["path"], "/api/v2.1/rest/get_user_list?page=2&limit=5");
    server.logged("GET /api/v2.1/rest/get_user_list?page=2&limit=5 400").await;
}

/// Words that a user writes to another one.
const WORDS: &str = "tell nobody of it";

/// Calls of each vendor's clients and back ends that carry [`WORDS`]: path, type, body.
fn calls_with_texts() -> Vec<(String, &'static str, String)> {
    let json = "application/json";
    let words = utf8_percent_encode(WORDS, NON_ALPHANUMERIC).to_string();
    let free = json!({ "type": "x", "content": { "of": WORDS } });
    let sig = user_sig("administrator");
    let tencent =
        |command: &str| format!("/v4/openim/{command}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}");
    let elements = json!([
        { "MsgType": "TIMTextElem", "MsgContent": { "Text": WORDS } },
        { "MsgType": "TIMCustomElem", "MsgContent": { "Data": WORDS, "Desc": WORDS, "Ext": WORDS } },
    ]);
    let message = |more: Value| {
        let mut message = json!({
            "From_Account": "ada", "To_Account": "bob", "MsgRandom": 7, "MsgBody": elements, "CloudCustomData": WORDS,
            "OfflinePushInfo": { "Title": WORDS, "Desc": WORDS, "Ext": WORDS },
        });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        message.to_string()
    };
    let post = json!({ "comment": WORDS, "topic_id": "7", "unique_temp_id": "a", "type": "custom", "payload": free, "extras": { "of": WORDS } });
    let edit =
        json!({ "comment": WORDS, "unique_id": "a", "payload": { "text": WORDS, "replied_comment_message": WORDS } });
    let rest =
        json!({ "user_id": "ada", "room_id": "7", "message": WORDS, "payload": free, "extras": { "of": WORDS } });
    let report = json!({ "from": "ada", "to": "bob", "data": json!([{ "message": WORDS }]).to_string() });
    vec![
        (tencent("sendmsg"), json, message(json!({}))),
        (tencent("batchsendmsg"), json, message(json!({ "To_Account": ["bob"], "MsgRandom": 8 }))),
        (tencent("modify_c2c_msg"), json, message(json!({ "MsgKey": "1_7_3" }))),
        ("/api/v2/sdk/post_comment".to_owned(), json, post.to_string()),
        ("/api/v2/mobile/post_comment".to_owned(), FORM, format!("comment={words}&topic_id=7&extras={words}")),
        ("/api/v2/sdk/update_message".to_owned(), json, edit.to_string()),
        ("/api/v2/sdk/search".to_owned(), json, json!({ "query": WORDS }).to_string()),
        ("/api/v2.1/rest/post_comment".to_owned(), json, rest.to_string()),
        (format!("/api/v2.1/rest/post_comment?message={words}"), json, "{}".to_owned()),
        ("/api/v2.1/rest/post_system_event_message".to_owned(), json, rest.to_string()),
        ("/api/v1/chat/sendmessage".to_owned(), FORM, format!("chatType=chat&toUser=bob&message={words}")),
        (
            "/api/v1/chat/sendmessage".to_owned(),
            json,
            json!({ "message": WORDS, "metaData": { "of": WORDS } }).to_string(),
        ),
        ("/api/v1/moderation/report".to_owned(), json, report.to_string()),
    ]
}

#[actix_web::test]
async fn promise_69_the_text_of_a_message_is_shown_by_its_size_outside_a_demo_and_never_logged() {
    for is_demo in [false, true] {
        let server = Standin::with(&[
            WITH_SDK_APP_ID,
            ("STANDIN_ADMIN_PASSWORD", "correct horse"),
            ("STANDIN_INSPECT", "true"),
            ("STANDIN_LOG", "debug"),
            ("STANDIN_DEMO", if is_demo { "true" } else { "false" }),
        ])
        .await;
        let page = if is_demo { Page::of_demo(&server).await } else { Page::signed_in(&server).await };
        import(&server, &["ada", "bob"]).await;
        let calls = calls_with_texts();
        for (path, kind, body) in &calls {
            let call = server.call(Method::POST, path).header("Content-Type", *kind);
            let call = call.header("QISCUS-SDK-APP-ID", "houseapp").header("Authorization", "x");
            assert!(send(call.body(body.clone())).await.status < 500, "{path}");
        }
        let history = json!({ "Operator_Account": "bob", "Peer_Account": "ada", "MaxCnt": 9, "MinTime": 1, "MaxTime": 9_999_999_999_u64 });
        let answer = by_rest(&server, "openim/admin_getroammsg", history).await;
        assert!(answer.to_string().contains(WORDS), "{answer}");
        let shown = page.get(&server, "/requests").await.json();
        let exchanges = shown["requests"].as_array().unwrap();
        assert_eq!(exchanges.len(), calls.len() + 2);
        assert_eq!(shown.to_string().contains(WORDS), is_demo, "{shown}");
        if !is_demo {
            for exchange in exchanges {
                assert!(!exchange.to_string().contains("nobody"), "{exchange}");
            }
            let page_of_messages = exchanges.last().unwrap()["answer"]["body"].as_str().unwrap();
            assert!(
                page_of_messages.contains(r#""From_Account":"ada""#),
                "what is no text is shown: {page_of_messages}"
            );
            assert!(page_of_messages.contains(r#""MsgBody":"["#), "{page_of_messages}");
        }
        let last = send(server.call(Method::GET, "/the-last-one")).await;
        server.logged(last.header("x-request-id").unwrap()).await;
        assert!(!server.log().contains("nobody"), "{}", server.log());
    }
}
