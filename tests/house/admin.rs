//! Administrators: none by default, created by a terminal's link, a command or a setting; signed in by a cookie that no other page can use.

use std::{
    io::Read as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Method, RequestBuilder};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::standin::{APP_ID, Answer, Standin, send, standin};

const PASSWORD: &str = "correct horse";

const V1: &str = "/standin/v1";

async fn server() -> Standin {
    Standin::with(&[("STANDIN_ADMIN_PASSWORD", PASSWORD)]).await
}

/// What a browser keeps of a sign-in.
pub(crate) struct Page {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Page {
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Self { cookie, csrf: answer.json()["csrf"].as_str().unwrap().to_owned() }
    }

    pub(crate) async fn signed_in(server: &Standin) -> Self {
        Self::of(&sign_in(server, "admin", PASSWORD).await)
    }

    /// The page of a demo, which needs no password.
    pub(crate) async fn of_demo(server: &Standin) -> Self {
        Self::of(&send(server.call(Method::POST, &format!("{V1}/session/demo"))).await)
    }

    /// A call as our own page makes it.
    pub(crate) fn call(&self, server: &Standin, method: Method, path: &str) -> RequestBuilder {
        self.reading(server, method, path).header("X-Standin-CSRF", &self.csrf)
    }

    /// A call as any page could make it.
    fn reading(&self, server: &Standin, method: Method, path: &str) -> RequestBuilder {
        server.call(method, &format!("{V1}{path}")).header("Cookie", &self.cookie)
    }

    pub(crate) async fn get(&self, server: &Standin, path: &str) -> Answer {
        send(self.reading(server, Method::GET, path)).await
    }
}

async fn sign_in(server: &Standin, name: &str, password: &str) -> Answer {
    let body = json!({ "name": name, "password": password });
    send(server.call(Method::POST, &format!("{V1}/session")).json(&body)).await
}

pub(crate) fn database(server: &Standin) -> Connection {
    Connection::open(server.data().join("standin.db")).unwrap()
}

/// Lets time pass for all sessions.
fn age(server: &Standin, column: &str, by: Duration) {
    let micros = i64::try_from(by.as_micros()).unwrap();
    let aged = database(server).execute(&format!("UPDATE admin_session SET {column} = {column} - ?1"), [micros]);
    assert_eq!(aged.unwrap(), 1);
}

/// Runs `standin admin` with a password on its standard input.
pub(crate) fn admin(server: &Standin, words: &[&str], password: &str) -> (Option<i32>, String) {
    use std::io::Write as _;
    let mut command = standin(&server.data());
    command.arg("admin").args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[actix_web::test]
async fn promise_51_no_login_works_by_default() {
    let server = Standin::fresh().await;
    let session = server.get(&format!("{V1}/session")).await;
    assert_eq!((session.status, session.header("content-type")), (401, Some("application/problem+json")));
    assert_eq!((&session.json()["setup"], &session.json()["demo"]), (&json!(false), &json!(false)));
    for path in ["/apps", &format!("/apps/{APP_ID}/secrets"), "/admins", "/audit", "/server", "/nothing/here"] {
        let answer = server.get(&format!("{V1}{path}")).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    for name in ["admin", "administrator", "root", "demo"] {
        for password in ["", "admin", "password", "standin-demo"] {
            assert!([401, 429].contains(&sign_in(&server, name, password).await.status), "{name} {password}");
        }
    }
    let demo = send(server.call(Method::POST, &format!("{V1}/session/demo"))).await;
    assert_eq!((demo.status, demo.header("content-type")), (404, Some("application/problem+json")));
}

#[actix_web::test]
async fn an_administrator_signs_in_reads_changes_and_signs_out() {
    let server = server().await;
    assert_eq!(server.get(&format!("{V1}/session")).await.json()["setup"], true);
    let answer = sign_in(&server, "admin", PASSWORD).await;
    assert_eq!(answer.json()["admin"], json!({ "name": "admin" }));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("standin_session=") && !cookie.contains("Secure"), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"), "{cookie}");
    let page = Page::of(&answer);
    let session = page.get(&server, "/session").await;
    assert_eq!((session.json()["csrf"].as_str(), session.status), (Some(page.csrf.as_str()), 200));
    assert_eq!(page.get(&server, "/apps").await.json()["apps"][0]["app_id"], APP_ID);
    let data = page.get(&server, "/server").await.json()["data"].clone();
    assert_eq!(data, json!(server.data()), "for the commands that the console shows");
    let users = format!("/apps/{APP_ID}/users");
    let made = send(page.call(&server, Method::POST, &users).json(&json!({ "id": "u1", "name": "U" }))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let out = send(page.call(&server, Method::DELETE, "/session")).await;
    assert_eq!(out.status, 200);
    assert!(out.header("set-cookie").unwrap().starts_with("standin_session=; Path=/; Max-Age=0;"), "{out:?}");
    assert_eq!(page.get(&server, "/apps").await.status, 401);
}

#[actix_web::test]
async fn promise_51_the_cookie_is_for_tls_alone_where_our_address_is() {
    let variables = [("STANDIN_ADMIN_PASSWORD", PASSWORD), ("STANDIN_PUBLIC_URL", "https://chat.example.com/x")];
    let server = Standin::with(&variables).await;
    let answer = sign_in(&server, "admin", PASSWORD).await;
    assert!(answer.header("set-cookie").unwrap().ends_with("; SameSite=Strict; Secure"), "{answer:?}");
    let page = Page::of(&answer);
    for (origin, status) in [("https://chat.example.com", 201), ("http://chat.example.com", 403)] {
        let body = json!({ "name": format!("ada{status}"), "password": PASSWORD });
        let call = page.call(&server, Method::POST, "/admins").header("Origin", origin).json(&body);
        assert_eq!(send(call).await.status, status, "{origin}");
    }
}

#[actix_web::test]
async fn promise_51_the_third_failure_from_an_address_makes_it_wait_and_an_unknown_name_reads_like_a_wrong_password() {
    let server = server().await;
    let wrong = sign_in(&server, "admin", "wrong password").await;
    let unknown = sign_in(&server, "nobody", "wrong password").await;
    assert_eq!((wrong.status, wrong.json()), (401, unknown.json()));
    assert_eq!(sign_in(&server, "admin", "wrong again").await.status, 401);
    let waits = sign_in(&server, "admin", PASSWORD).await;
    let seconds: u64 = waits.header("retry-after").unwrap().parse().unwrap();
    assert!(waits.status == 429 && (55..=60).contains(&seconds), "{waits:?}");
    let body = json!({ "code": "x", "name": "a", "password": PASSWORD });
    let setup = send(server.call(Method::POST, &format!("{V1}/session/setup")).json(&body)).await;
    assert_eq!(setup.status, 429, "codes are not guessed either");
    let login = json!({ "user_id": "u1", "username": "U", "password": "p" });
    assert_eq!(server.login_or_register(login).await.status, 200, "apps are not concerned");
}

#[actix_web::test]
async fn promise_51_a_change_needs_the_csrf_token_and_no_foreign_origin() {
    let server = server().await;
    let page = Page::signed_in(&server).await;
    let create = |name: &str| json!({ "name": name, "password": PASSWORD });
    let plain = send(page.reading(&server, Method::POST, "/admins").json(&create("a"))).await;
    assert_eq!(plain.status, 403);
    assert!(plain.json()["detail"].as_str().unwrap().contains("X-Standin-CSRF"), "{plain:?}");
    let call = page.reading(&server, Method::POST, "/admins").header("X-Standin-CSRF", "0123456789012345678901");
    assert_eq!(send(call.json(&create("a"))).await.status, 403);
    for origin in ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1"] {
        let call = page.call(&server, Method::POST, "/admins").header("Origin", origin);
        assert_eq!(send(call.json(&create("a"))).await.status, 403, "{origin}");
        let login = server.call(Method::POST, &format!("{V1}/session")).header("Origin", origin);
        let login = login.json(&json!({ "name": "admin", "password": PASSWORD }));
        assert_eq!(send(login).await.status, 403, "{origin}: no session of another user begins");
    }
    assert_eq!(page.get(&server, "/admins").await.json()["admins"].as_array().unwrap().len(), 1);
    let own = page.call(&server, Method::POST, "/admins").header("Origin", server.base()).json(&create("a"));
    assert_eq!(send(own).await.status, 201);
    let out = page.reading(&server, Method::DELETE, "/session");
    assert_eq!(send(out).await.status, 403);
}

#[actix_web::test]
async fn promise_51_a_session_ends_when_it_is_not_used_for_twenty_minutes_and_after_twelve_hours_in_any_case() {
    let server = server().await;
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let page = Page::signed_in(&server).await;
    age(&server, "seen_at", minutes(19));
    assert_eq!(page.get(&server, "/apps").await.status, 200);
    age(&server, "seen_at", minutes(19));
    assert_eq!(page.get(&server, "/apps").await.status, 200, "it was used in between");
    age(&server, "seen_at", minutes(20));
    assert_eq!(page.get(&server, "/apps").await.status, 401);
    let page = Page::signed_in(&server).await;
    age(&server, "began_at", minutes(12 * 60 - 1));
    assert_eq!(page.get(&server, "/apps").await.status, 200);
    age(&server, "began_at", minutes(1));
    let answer = page.get(&server, "/apps").await;
    assert_eq!((answer.status, answer.json()["detail"].as_str()), (401, Some("Unauthorized. Token is expired")));
}

#[actix_web::test]
async fn commands_make_list_and_delete_administrators_and_another_password_ends_sessions() {
    let server = server().await;
    assert_eq!(admin(&server, &["create", "ada", "--password-stdin"], "eleven char").0, Some(1), "11 characters");
    let (code, said) = admin(&server, &["create", "ada", "--password-stdin"], "twelve chars\n");
    assert_eq!((code, said.as_str()), (Some(0), "ada can sign in to the console now.\n"));
    assert_eq!(admin(&server, &["create", "ada", "--password-stdin"], "twelve chars").0, Some(1), "taken");
    assert_eq!(admin(&server, &["create", "no such name", "--password-stdin"], "twelve chars").0, Some(1));
    assert_eq!(admin(&server, &["create", "eve"], "").0, Some(2), "no password");
    let (_, list) = admin(&server, &["list", "--json"], "");
    let list: Value = serde_json::from_str(&list).unwrap();
    let names: Vec<&str> = list["admins"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["admin", "ada"]);

    let page = Page::of(&sign_in(&server, "ada", "twelve chars").await);
    assert_eq!(admin(&server, &["set-password", "ada", "--password-stdin"], "another password").0, Some(0));
    assert_eq!(page.get(&server, "/apps").await.status, 401);
    assert_eq!(sign_in(&server, "ada", "twelve chars").await.status, 401);
    let page = Page::of(&sign_in(&server, "ada", "another password").await);
    assert_eq!(admin(&server, &["delete", "ada"], "").0, Some(0));
    assert_eq!(page.get(&server, "/apps").await.status, 401);
    assert_eq!(admin(&server, &["delete", "ada"], "").0, Some(1));
}

#[actix_web::test]
async fn the_setting_brings_its_administrator_to_its_password_at_each_start() {
    let mut server = server().await;
    let page = Page::signed_in(&server).await;
    server.terminate();
    server.restart();
    assert_eq!(page.get(&server, "/apps").await.status, 200, "the same password ends nothing");
    admin(&server, &["set-password", "admin", "--password-stdin"], "changed by somebody");
    assert_eq!(sign_in(&server, "admin", PASSWORD).await.status, 401);
    server.terminate();
    server.restart();
    assert_eq!(sign_in(&server, "admin", PASSWORD).await.status, 200);
}

/// A server on a terminal, and what it has shown there so far.
fn on_a_terminal(server: &Standin, flags: &str) -> (Child, String) {
    let mut command = Command::new("script");
    let serve = format!("{} serve --listen 127.0.0.1:0{flags}", env!("CARGO_BIN_EXE_standin"));
    command.args(["-qfec", &serve, "/dev/null"]).env("STANDIN_DATA", server.data());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut shown, mut byte) = (Vec::new(), [0]);
    let out = child.stdout.as_mut().unwrap();
    while !shown.ends_with(b"Ctrl-C") {
        out.read_exact(&mut byte).unwrap();
        shown.extend(byte);
    }
    (child, String::from_utf8(shown).unwrap())
}

fn stop(mut child: Child, server: &Standin) {
    let begun = Instant::now();
    child.kill().unwrap();
    child.wait().unwrap();
    // Its control socket is closed before the folder is free for the next server.
    while std::fs::File::open(server.data()).unwrap().try_lock().is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the server outlives its terminal");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[actix_web::test]
async fn a_terminal_shows_a_link_that_makes_the_first_administrator_once() {
    let mut server = Standin::fresh().await;
    assert!(!server.log().contains("setup"), "a log shows none");
    server.terminate();
    let (child, shown) = on_a_terminal(&server, "");
    let link = shown.lines().find(|line| line.contains("Console ")).unwrap_or_else(|| panic!("{shown}"));
    let link = link.split_whitespace().nth(1).unwrap();
    let (base, code) = link.split_once("/#setup=").unwrap();
    let set_up = async |code: &str, name: &str| {
        let body = json!({ "code": code, "name": name, "password": PASSWORD });
        let call = reqwest::Client::new().post(format!("{base}{V1}/session/setup")).json(&body);
        send(call).await
    };
    assert_eq!(set_up("0123456789abcdefghijklmnopq", "ada").await.status, 401);
    assert_eq!(set_up(code, "not a name").await.status, 422, "the code is good still");
    let first = set_up(code, "ada").await;
    assert_eq!((first.status, &first.json()["admin"]["name"]), (200, &json!("ada")));
    assert_eq!(set_up(code, "eve").await.status, 401, "it is used up");
    stop(child, &server);
    let (child, shown) = on_a_terminal(&server, "");
    assert!(!shown.contains("setup"), "there is an administrator: {shown}");
    assert!(shown.contains("\n  Console     http://127.0.0.1:"), "{shown}");
    stop(child, &server);
}

#[actix_web::test]
async fn a_demo_shows_on_a_terminal_where_its_console_is() {
    let mut server = Standin::demo().await;
    server.terminate();
    let (child, shown) = on_a_terminal(&server, " --demo");
    let line = shown.lines().find(|line| line.contains("  Console ")).unwrap_or_else(|| panic!("{shown}"));
    assert!(line.trim_end().ends_with("/  (in a demo, every user of this machine is an administrator)"), "{line}");
    stop(child, &server);
}

#[actix_web::test]
async fn a_page_learns_without_an_error_whether_an_administrator_is_signed_in() {
    let status = format!("{V1}/session/status");
    let server = server().await;
    let stranger = server.get(&status).await;
    assert_eq!(stranger.status, 200);
    assert_eq!(stranger.json(), json!({ "session": null, "setup": true, "demo": false }));
    let page = Page::signed_in(&server).await;
    let known = page.get(&server, "/session/status").await.json();
    assert_eq!((&known["session"]["admin"]["name"], &known["demo"]), (&json!("admin"), &json!(false)));
}

#[actix_web::test]
async fn a_change_through_a_vendors_api_is_put_on_record_by_the_page_that_makes_it() {
    let server = server().await;
    let page = Page::signed_in(&server).await;
    let path = format!("/apps/{APP_ID}/users/u1/vendor-changes");
    let body = json!({ "vendor": "mirrorfly", "change": "name" });
    assert_eq!(send(page.call(&server, Method::POST, &path).json(&body)).await.status, 204);
    let newest = &audit_entries(&page, &server).await[0];
    assert_eq!(
        (&newest["action"], &newest["target"], &newest["detail"]),
        (&json!("user.change_through_vendor"), &json!("u1"), &json!("name, through the API of MirrorFly"))
    );
    let unfit = json!({ "vendor": "icq", "change": "name" });
    assert_eq!(send(page.call(&server, Method::POST, &path).json(&unfit)).await.status, 422);
}

#[actix_web::test]
async fn a_demo_admits_every_user_of_its_machine() {
    let server = Standin::demo().await;
    let ways = server.get(&format!("{V1}/session")).await.json();
    assert_eq!((&ways["demo"], &ways["setup"]), (&json!(true), &json!(false)));
    let (one, two) = (Page::of_demo(&server).await, Page::of_demo(&server).await);
    for page in [one, two] {
        assert_eq!(page.get(&server, "/apps").await.json()["apps"][0]["app_id"], "sdksample");
        let secrets = page.get(&server, "/apps/sdksample/secrets").await.json();
        assert_eq!(
            secrets["account_password"], "standin-demo",
            "what is documented is shown, though only its hash is kept"
        );
    }
    let foreign = server.call(Method::POST, &format!("{V1}/session/demo")).header("Origin", "http://localhost:1");
    assert_eq!(send(foreign).await.status, 403);
}

pub(crate) async fn audit_entries(page: &Page, server: &Standin) -> Vec<Value> {
    page.get(server, "/audit").await.json()["entries"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn promise_51_every_change_has_an_audit_entry_with_its_fields_and_without_their_values() {
    let server = server().await;
    let page = Page::signed_in(&server).await;
    let users = format!("/apps/{APP_ID}/users");
    let user = format!("{users}/u1");
    let secret = "tell nobody of it";
    let calls = [
        (Method::POST, users.as_str(), json!({ "id": "u1", "name": secret, "password": secret }), "user.create"),
        (Method::PATCH, &user, json!({ "status": secret }), "user.change"),
        (Method::POST, &format!("{user}/reset-token"), json!({}), "user.reset_token"),
        (Method::DELETE, &user, json!({}), "user.delete"),
    ];
    for (method, path, body, action) in calls {
        let answer = send(page.call(&server, method, path).json(&body)).await;
        assert!(answer.status < 300, "{action}: {answer:?}");
        let newest = &audit_entries(&page, &server).await[0];
        let reported = (&newest["action"], &newest["app"], &newest["target"], &newest["who"]);
        assert_eq!(reported, (&json!(action), &json!(APP_ID), &json!("u1"), &json!({ "admin": "admin" })));
    }
    let refused = send(page.call(&server, Method::PATCH, &user).json(&json!({ "status": "x" }))).await;
    assert_eq!(refused.status, 404);
    server.command(&["app", "set", "--registration", "closed"]);
    let entries = audit_entries(&page, &server).await;
    let newest = (&entries[0]["action"], &entries[0]["who"], &entries[0]["detail"], &entries[0]["app"]);
    assert_eq!(newest, (&json!("app.change"), &json!("socket"), &json!("registration"), &json!(APP_ID)));
    assert_eq!(entries[1]["action"], "user.delete", "what was refused is no change");
    assert_eq!(entries[4]["detail"], "id, name, password");
    assert_eq!((&entries[5]["action"], &entries[5]["target"]), (&json!("session.begin"), &json!("admin")));
    assert!(!json!(entries).to_string().contains(secret));
}

#[actix_web::test]
async fn the_record_is_read_page_by_page_newest_first() {
    let server = server().await;
    let page = Page::signed_in(&server).await;
    for n in 0..4 {
        server.command(&["user", "create", &format!("u{n}")]);
    }
    let (mut seen, mut path) = (Vec::new(), "/audit?limit=2".to_owned());
    loop {
        let answer = page.get(&server, &path).await.json();
        seen.extend(answer["entries"].as_array().unwrap().iter().map(|deed| deed["seq"].as_i64().unwrap()));
        let Some(next) = answer["next"].as_i64() else { break };
        path = format!("/audit?limit=2&after={next}");
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    for wrong in ["/audit?limit=0", "/audit?limit=101", "/audit?after=x"] {
        assert_eq!(page.get(&server, wrong).await.status, 422, "{wrong}");
    }
}
