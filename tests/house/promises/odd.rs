//! Whatever is asked: never a failure, and never a word about the inside.

use std::{collections::BTreeMap, thread};

use super::*;
use crate::standin::{APP_ID, LICENSE_KEY, SECRET};

const DOORS: [&str; 26] = [
    "/",
    "/api/v2.1/rest/user_profile",
    "/api/v2.1/rest/login_or_register",
    "/api/v2.1/rest/get_user_list",
    "/api/v2/rest/get_or_create_room_with_target",
    "/api/v2/sdk/login_or_register",
    "/api/v2/sdk/my_profile",
    "/api/v2/sdk/upload",
    "/api/v2/sdk/sync",
    "/mqtt",
    "/api/v1/login",
    "/api/v1/register",
    "/api/v1/users/createUser",
    "/api/v1/users/u1",
    "/api/v1/users/presence",
    "/api/v1/media/x",
    "/api/v1/contacts/syncContactsNew",
    "/websocket",
    "/binfo",
    "/v4/profile/portrait_get",
    "/v4/sns/friend_add",
    "/standin/v1/users",
    "/standin/v1/session",
    "/standin/v1/events",
    "/pictures/upload/x/full.jpg",
    "/pictures/of/x/full",
];

const PIECES: [&str; 24] = [
    "/..",
    "%2e%2e%2f",
    "//",
    "%00",
    "%",
    "%zz",
    "%ff%fe",
    "'",
    "\"",
    ";--",
    "' OR 1=1",
    "{{7*7}}",
    "$(id)",
    "<script>",
    "%0d%0aX: y",
    "\\",
    "?",
    "#",
    "*",
    "\u{202e}",
    "\u{0}",
    "%F0%9F%98%80",
    "0",
    "-1",
];

const METHODS: [&str; 12] = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "get",
    "X",
    "GETGETGETGETGETGETGET",
];

const FIELDS: [&str; 12] = [
    "user_id",
    "username",
    "password",
    "page",
    "limit",
    "sdkappid",
    "usersig",
    "identifier",
    "contenttype",
    "token",
    "after",
    "userIds",
];

const KINDS: [&str; 8] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=XX",
    "multipart/form-data",
    "text/plain",
    "application/json; charset=utf-7",
    "",
    "\u{ff}",
];

const BODIES: [&str; 10] = [
    "",
    "{}",
    "[]",
    "{\"user_id\":{}}",
    "{\"user_id\":[],\"extras\":\"x\",\"From_Account\":7,\"To_Account\":{}}",
    "user_id=%ff&username=",
    "--XX\r\n\r\n--XX--",
    "\u{0}\u{1}\u{2}",
    "null",
    "{\"name\":1e308,\"limit\":-1}",
];

/// Headers that endpoints read: right, wrong and unusual.
fn headers() -> Vec<String> {
    let right = [
        format!("QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-SECRET: {SECRET}\r\n"),
        format!("QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-TOKEN: x\r\n"),
        "Authorization: x\r\n".to_owned(),
        format!("licenseKey: {LICENSE_KEY}\r\n"),
    ];
    let odd = [
        "QISCUS-SDK-APP-ID: '\r\n",
        "Authorization: Bearer \u{e4}\r\n",
        "Cookie: standin_session=%00; standin_session=x\r\n",
        "If-None-Match: \"\r\nRange: bytes=9-0\r\n",
        "Accept: text/event-stream\r\nLast-Event-ID: -9223372036854775808\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n",
        "Origin: null\r\nAccess-Control-Request-Method: X\r\n",
        "X-Forwarded-For: ::1, x\r\nX-Forwarded-Host: evil.example\r\n",
        "Expect: 200-ok\r\n",
        "Content-Encoding: x\r\n",
        "",
    ];
    right.into_iter().chain(odd.map(str::to_owned)).collect()
}

/// Asks all sorts of things, the same in every run; how often each status came.
fn ask(server: &Standin, seed: u64, rounds: usize) -> BTreeMap<u16, usize> {
    let data = server.data().to_str().unwrap().to_owned();
    let version = env!("CARGO_PKG_VERSION");
    let inside: [&str; 10] =
        [&data, "/src/", ".rs:", "SELECT ", "INSERT ", "sqlite", "panicked", "rusqlite", "actix", version];
    let (mut dice, headers) = (Dice(seed), headers());
    let mut seen = BTreeMap::<u16, usize>::new();
    for round in 0..rounds {
        let mut target = dice.pick(&DOORS).to_owned();
        for _ in 0..dice.roll(3) {
            target.push_str(dice.pick(&PIECES));
        }
        for number in 0..dice.roll(3) {
            let sign = if number == 0 { '?' } else { '&' };
            target = format!("{target}{sign}{}={}", dice.pick(&FIELDS), dice.pick(&PIECES));
        }
        let (method, kind, body) = (dice.pick(&METHODS), dice.pick(&KINDS), dice.pick(&BODIES));
        let more = &headers[dice.roll(headers.len())];
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: x\r\n{more}Content-Type: {kind}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let received = raw(server, request.as_bytes(), Duration::from_millis(200));
        let statuses = received.statuses();
        // A socket that opens goes on; everything else is one answer.
        assert!(statuses.iter().all(|status| *status < 500), "{round} of {seed}: {request:?} {received:?}");
        let reported = inside.iter().find(|word| received.text.contains(*word));
        assert_eq!(reported, None, "{round} of {seed}: {request:?} {}", received.text);
        *seen.entry(*statuses.first().expect(&request)).or_default() += 1;
    }
    seen
}

#[actix_web::test]
async fn promise_37_no_request_causes_a_server_error_or_reveals_internals() {
    const ROUNDS: usize = 200;
    let server = Standin::fresh().await;
    thread::scope(|scope| {
        let server = &server;
        let askers: Vec<_> = (1..=6).map(|seed| scope.spawn(move || ask(server, seed * 0x5851_F42D, ROUNDS))).collect();
        for asker in askers {
            let seen = asker.join().unwrap();
            assert!(seen.len() > 4, "all sorts of answers: {seen:?}");
        }
    });
    assert!(!server.log().contains("panicked"), "{}", server.log());
}
