//! Promise 63, and 44 where a request is damaged: what is not understood is shown and logged by its size and type alone.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use super::{Standin, send};
use crate::admin::Page;

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
