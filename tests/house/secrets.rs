//! Secrets: nothing readable at rest or in the log, invalid when they should be, and a server that does not start with another key.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    admin::Page,
    photo,
    standin::{ACCOUNT_PASSWORD, APP_ID, Answer, LICENSE_KEY, SECRET, Standin, send, standin},
};

/// The password of the server's administrator.
const ADMIN_PASSWORD: &str = "an administrator's password";

/// How long a start that has to be refused may take.
const REFUSAL_WAIT: Duration = Duration::from_secs(10);

fn data(answer: &Answer) -> Value {
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(200)), "{answer:?}");
    answer.json()["data"].clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn reset_token(server: &Standin, id: &str) -> String {
    let answer = send(server.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": id }))).await;
    text(&answer.json()["results"]["token"])
}

/// Makes every kind of secret there is. By name, so that a finding says what was found.
async fn every_kind_of_secret(server: &Standin) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    let mut keep = |name: &str, secret: String| assert!(secrets.insert(name.to_owned(), secret).is_none());
    for (name, given) in [("app secret", SECRET), ("licence key", LICENSE_KEY), ("account password", ACCOUNT_PASSWORD)]
    {
        keep(name, given.to_owned());
    }
    let key = fs::read_to_string(server.data().join("server.key")).unwrap();
    keep("server key", key.trim_end().to_owned());

    let back_end = server.back_end_token().await;
    keep("back-end ticket", back_end.clone());
    for (name, chosen) in [("first password", "chosen p\u{e4}ssword / one"), ("second password", "chosen+password=two")]
    {
        server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": chosen })).await;
        keep(name, chosen.to_owned());
    }
    keep("user's ticket", text(&data(&server.sign_in("u1", "chosen+password=two").await)["token"]));
    let made = data(&server.create_user_with_picture(&back_end, "u2", "a.png", photo::png(60, 60)).await);
    keep("issued password", text(&made["password"]));
    keep("new user's ticket", text(&made["token"]));
    keep("first token", reset_token(server, "u1").await);
    keep("second token", reset_token(server, "u1").await);

    for wrong in ["a wrong password of u1", "a wrong password of nobody"] {
        server.sign_in(wrong.rsplit(' ').next().unwrap(), wrong).await;
        keep(wrong, wrong.to_owned());
    }
    let wrong = "wrongsecret0123456789wrongsecret".to_owned();
    send(server.call(Method::GET, "/api/v2.1/rest/get_user_list").header("QISCUS-SDK-APP-ID", "houseapp")).await;
    send(
        server
            .call(Method::GET, &format!("/api/v2.1/rest/get_user_list?secret={wrong}&user_token={wrong}"))
            .header("QISCUS-SDK-APP-ID", "houseapp")
            .header("QISCUS-SDK-SECRET", &wrong),
    )
    .await;
    server.create_user(&wrong, &[("userIdentifier", "u3")]).await;
    keep("wrong secret", wrong);

    server.command(&["app", "create", "--app-id", "second"]);
    let second = server.command(&["app", "show", "--app", "second", "--secrets", "--json"]);
    let second: Value = serde_json::from_str(&second).unwrap();
    for name in ["secret", "license_key", "account_password"] {
        keep(&format!("second app's {name}"), text(&second[name]));
    }
    let rotated = server.command(&["app", "rotate-secret", "--app", "second", "--json"]);
    let rotated: Value = serde_json::from_str(&rotated).unwrap();
    keep("rotated secret", text(&rotated["secret"]));
    let session = json!({ "name": "admin", "password": ADMIN_PASSWORD });
    let session = send(server.call(Method::POST, "/standin/v1/session").json(&session)).await;
    keep("administrator's password", ADMIN_PASSWORD.to_owned());
    keep("administrator's csrf", text(&session.json()["csrf"]));
    let cookie = session.header("set-cookie").and_then(|cookie| cookie.split(['=', ';']).nth(1));
    keep("administrator's ticket", cookie.unwrap().to_owned());
    let added = server.command(&["user", "create", "u4", "--app", APP_ID, "--json"]);
    let added: Value = serde_json::from_str(&added).unwrap();
    for name in ["token", "issued_password"] {
        keep(&format!("added user's {name}"), text(&added[name]));
    }
    secrets
}

/// A secret as it is, and as codes that hide nothing write it.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let mut all = vec![secret.to_owned(), hex.to_uppercase(), hex, percent.replace("%20", "+"), percent];
    all.extend(base64(secret.as_bytes()));
    let mut all: Vec<Vec<u8>> = all.into_iter().map(String::into_bytes).collect();
    // The server key is written as hexadecimal digits, and used as the bytes they stand for.
    let digits = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = secret.as_bytes().chunks(2).map(digits).collect();
    all.extend(bytes.filter(|_| secret.len() >= 32));
    all
}

/// The part of a text in base64 that is the same whatever stands before and behind, for each of its three alignments and both alphabets.
fn base64(bytes: &[u8]) -> Vec<String> {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let aligned = |before: usize| {
        let bits: Vec<u8> = [&vec![0; before], bytes]
            .concat()
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
            .collect();
        let whole = bits.chunks_exact(6).skip((before * 8).div_ceil(6));
        whole.map(|six| alphabet[six.iter().fold(0, |index, bit| index << 1 | usize::from(*bit))]).collect::<String>()
    };
    (0..3).map(aligned).flat_map(|text| [text.replace('+', "-").replace('/', "_"), text]).collect()
}

fn assert_nowhere(secrets: &BTreeMap<String, String>, places: &[(String, Vec<u8>)]) {
    for (name, secret) in secrets {
        for spelling in spellings(secret) {
            for (place, bytes) in places {
                let found = bytes.windows(spelling.len()).any(|window| window == spelling);
                assert!(!found, "{name} stands in {place} as {}", spelling.escape_ascii());
            }
        }
    }
}

/// Everything in a folder, deep down.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(entries(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Every file of the data folder but the key's own, and the log.
fn places(server: &Standin) -> Vec<(String, Vec<u8>)> {
    let files = entries(&server.data()).into_iter().filter(|path| path.is_file() && !path.ends_with("server.key"));
    let files = files.map(|path| (path.display().to_string(), fs::read(&path).unwrap()));
    files.chain([("the log".to_owned(), server.log().into_bytes())]).collect()
}

#[actix_web::test]
async fn promise_44_no_secret_stands_in_the_data_folder_or_the_log() {
    let mut server = Standin::with(&[("STANDIN_LOG", "debug"), ("STANDIN_ADMIN_PASSWORD", ADMIN_PASSWORD)]).await;
    let secrets = every_kind_of_secret(&server).await;
    server.kill();
    let with_its_log = places(&server);
    assert!(with_its_log.iter().any(|(place, bytes)| place.ends_with("standin.db-wal") && !bytes.is_empty()));
    assert_nowhere(&secrets, &with_its_log);
    server.restart();
    assert_eq!(server.terminate(), Some(0));
    assert_nowhere(&secrets, &places(&server));
}

#[test]
fn a_secret_would_be_found_in_every_spelling() {
    let secrets = BTreeMap::from([("it".to_owned(), "tell nobody?".to_owned())]);
    for text in
        ["a tell nobody? b", "74656C6C206E6F626F64793F", "tell%20nobody%3F", "tell+nobody%3F", "xdGVsbCBub2JvZHk_"]
    {
        let found = spellings(&secrets["it"])
            .iter()
            .any(|spelling| text.as_bytes().windows(spelling.len()).any(|window| window == spelling));
        assert!(found, "{text}");
    }
}

#[actix_web::test]
async fn promise_45_files_are_their_owners_alone() {
    let server = Standin::with(&[("STANDIN_ADMIN_PASSWORD", ADMIN_PASSWORD)]).await;
    every_kind_of_secret(&server).await;
    for path in entries(&server.data()) {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{} has mode {mode:o}", path.display());
    }
}

/// Starts a server that has to refuse: its exit code and its words.
fn refusal(server: &Standin, server_key: Option<&str>) -> (Option<i32>, String) {
    let mut command = standin(&server.data());
    command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.envs(server_key.map(|key| ("STANDIN_SERVER_KEY", key))).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > REFUSAL_WAIT {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[actix_web::test]
async fn without_its_server_key_the_server_does_not_start_and_changes_nothing() {
    let mut server = Standin::fresh().await;
    server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "p" })).await;
    server.terminate();
    let path = server.data().join("server.key");
    let key = fs::read_to_string(&path).unwrap();
    let shut = |said: (Option<i32>, String), why: &str| {
        assert_eq!(said.0, Some(3), "{}", said.1);
        assert!(said.1.contains(why) && said.1.trim_end().lines().count() == 1, "{}", said.1);
        assert!(!said.1.contains(key.trim_end()), "{}", said.1);
    };
    shut(refusal(&server, Some(&"5a".repeat(32))), "STANDIN_SERVER_KEY");
    fs::write(&path, "5a".repeat(32)).unwrap();
    shut(refusal(&server, None), "server.key");
    fs::write(&path, &key[..40]).unwrap();
    shut(refusal(&server, None), "put the right one back");
    fs::remove_file(&path).unwrap();
    shut(refusal(&server, None), "is gone");
    assert!(!path.exists(), "no new key is made over an old database");
    fs::write(&path, key).unwrap();
    server.restart();
    assert_eq!(
        data(&server.sign_in("u1", "p").await)["token"]
            .as_str()
            .and_then(|token| token.rsplit('.').next())
            .map(str::len),
        Some(27)
    );
}

/// Whether any living user has this token: no endpoint accepts one yet, so the look-up of the digest decides.
fn is_anybodys_token(server: &Standin, token: &str) -> bool {
    let path = server.data().join("standin.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let digest = <[u8; 32]>::from(Sha256::digest(token));
    database.prepare("SELECT 1 FROM user WHERE token_digest = ?1").unwrap().exists([digest]).unwrap()
}

#[actix_web::test]
async fn promise_40_a_reset_ends_the_former_token_at_once() {
    let server = Standin::fresh().await;
    server.login_or_register(json!({ "user_id": "u1", "username": "U" })).await;
    let first = reset_token(&server, "u1").await;
    assert!(is_anybodys_token(&server, &first));
    let second = reset_token(&server, "u1").await;
    assert!(!is_anybodys_token(&server, &first) && is_anybodys_token(&server, &second));
}

/// The HTTP status of a user's picture, requested with a ticket.
async fn with_ticket(server: &Standin, picture: &str, ticket: &str) -> u16 {
    send(server.call(Method::GET, picture).header("Authorization", ticket)).await.status
}

/// A picture that every ticket of the app opens.
async fn picture_of_the_app(server: &Standin, back_end: &str) -> String {
    let made = data(&server.create_user_with_picture(back_end, "owner", "a.png", photo::png(60, 60)).await);
    text(&made["profileUrl"]).strip_prefix(server.base()).unwrap().to_owned()
}

#[actix_web::test]
async fn promise_40_a_deleted_users_secrets_stay_invalid_for_a_new_user_with_its_id() {
    let server = Standin::fresh().await;
    let back_end = server.back_end_token().await;
    let picture = picture_of_the_app(&server, &back_end).await;
    let create = async || {
        let made = data(&server.create_user(&back_end, &[("userIdentifier", "u1")]).await);
        let key: Value = serde_json::from_str(&server.command(&["user", "show", "u1", "--json"])).unwrap();
        (text(&made["token"]), text(&made["password"]), key["key"].as_i64().unwrap())
    };
    let (ticket, issued, key) = create().await;
    let token = reset_token(&server, "u1").await;
    server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "chosen" })).await;
    let signed_in = text(&data(&server.sign_in("u1", "chosen").await)["token"]);
    assert_eq!(with_ticket(&server, &picture, &signed_in).await, 200);
    assert_eq!(with_ticket(&server, &picture, &ticket).await, 401, "ended by the new password");

    server.command(&["user", "delete", "u1"]);
    assert_eq!(with_ticket(&server, &picture, &signed_in).await, 401);
    let (new_ticket, new_issued, new_key) = create().await;
    assert!(new_key > key && new_issued != issued && new_ticket != ticket);
    assert!(!is_anybodys_token(&server, &token));
    assert_ne!(reset_token(&server, "u1").await, token);
    for dead in [&ticket, &signed_in] {
        assert_eq!(with_ticket(&server, &picture, dead).await, 401);
    }
    for dead in [issued.as_str(), "chosen"] {
        assert_eq!(server.sign_in("u1", dead).await.json()["message"], "Invalid Credentials");
    }
    assert_eq!(with_ticket(&server, &picture, &new_ticket).await, 200);
}

#[actix_web::test]
async fn promise_40_a_suspended_user_holds_and_gets_no_living_ticket() {
    let server = Standin::fresh().await;
    let back_end = server.back_end_token().await;
    let picture = picture_of_the_app(&server, &back_end).await;
    let made = data(&server.create_user(&back_end, &[("userIdentifier", "u1"), ("nickname", "Before")]).await);
    let (ticket, issued) = (text(&made["token"]), text(&made["password"]));
    server.command(&["user", "set", "u1", "--state", "suspended"]);
    assert_eq!(with_ticket(&server, &picture, &ticket).await, 401);
    assert_eq!(server.sign_in("u1", &issued).await.json()["status"], 403);
    let answer = server.create_user_with_picture(&back_end, "u1", "a.png", photo::png(60, 60)).await;
    assert_eq!((answer.status, answer.json()), (403, json!({ "status": 403, "message": "User is suspended" })));
    assert_eq!(server.pictures_on_disk().len(), 1, "the owner's alone");
    server.command(&["user", "set", "u1", "--state", "active"]);
    assert_eq!(with_ticket(&server, &picture, &ticket).await, 401, "what was dead stays dead");
    assert_eq!(server.create_user(&back_end, &[("userIdentifier", "u1")]).await.json()["data"]["nickname"], "Before");
}

#[actix_web::test]
async fn promise_42_an_unknown_user_and_a_wrong_password_are_refused_alike() {
    let server = Standin::fresh().await;
    server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "p" })).await;
    let refused = async |user: &str| {
        let answer = server.sign_in(user, "wrong").await;
        let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        (answer.status, answer.bytes, names)
    };
    assert_eq!(refused("u1").await, refused("nobody").await);
}

/// Calls whose answers carry a token, a password, a ticket, a signature or another secret, with what was answered.
async fn answers_with_secrets(server: &Standin) -> Vec<(&'static str, &'static str, Answer)> {
    let mut all = Vec::new();
    server.login_or_register(json!({ "user_id": "u1", "username": "U", "password": "p" })).await;
    let v20 = |method: Method, call: &str| {
        let call = server.call(method, &format!("/api/v2/rest/{call}"));
        call.header("QISCUS_SDK_APP_ID", APP_ID).header("QISCUS_SDK_SECRET", SECRET)
    };
    let v20_user = json!({ "user_id": "u9", "email": "u9", "username": "U", "password": "p" });
    all.push(("login_or_register, v2.0", "token", send(v20(Method::POST, "login_or_register").json(&v20_user)).await));
    all.push(("get_user_token", "token", send(server.qiscus(Method::GET, "get_user_token?user_id=u1")).await));
    all.push(("get_user_token, v2.0", "token", send(v20(Method::GET, "get_user_token?user_email=u1")).await));
    let reset = server.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": "u1" }));
    all.push(("reset_user_token", "token", send(reset).await));
    let sdk = |method: Method, call: &str| {
        server.call(method, &format!("/api/v2/sdk/{call}")).header("QISCUS-SDK-APP-ID", APP_ID)
    };
    let entered = send(sdk(Method::POST, "login_or_register").form(&[("email", "u2"), ("password", "p")])).await;
    let user = &entered.json()["results"]["user"];
    let (token, refresh) = (text(&user["token"]), text(&user["refresh_token"]));
    all.push(("SDK login_or_register", "token", entered));
    all.push(("my_profile", "token", send(sdk(Method::GET, "my_profile").header("QISCUS-SDK-TOKEN", &token)).await));
    let renamed = sdk(Method::PATCH, "my_profile").header("QISCUS-SDK-TOKEN", &token).form(&[("name", "N")]);
    all.push(("my_profile, changed", "token", send(renamed).await));
    all.push(("auth/nonce", "nonce", send(sdk(Method::POST, "auth/nonce")).await));
    let form = [("user_id", "u2"), ("refresh_token", &refresh)];
    let renewed = sdk(Method::POST, "refresh_user_token").header("QISCUS-SDK-TOKEN", &token).form(&form);
    all.push(("refresh_user_token", "token", send(renewed).await));

    all.push(("MirrorFly login", "token", server.sign_in("administrator", ACCOUNT_PASSWORD).await));
    let back_end = server.back_end_token().await;
    all.push(("createUser", "password", server.create_user(&back_end, &[("userIdentifier", "u3")]).await));
    let reset = server.call(Method::POST, "/api/v1/users/resetPassword?userId=u3&deviceType=web");
    all.push(("resetPassword", "password", send(reset.header("Authorization", &back_end)).await));
    let register = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": "u4" });
    let registered = send(server.call(Method::POST, "/api/v1/sandbox/register").json(&register)).await;
    all.push(("sandbox/register", "token", registered));

    let page = Page::signed_in(server).await;
    let sign_in = json!({ "name": "admin", "password": "correct horse" });
    let begun = send(server.call(Method::POST, "/standin/v1/session").json(&sign_in)).await;
    all.push(("session, begun", "csrf", begun));
    all.push(("session", "csrf", page.get(server, "/session").await));
    let native =
        async |method: Method, path: &str, body: Value| send(page.call(server, method, path).json(&body)).await;
    let app = format!("/apps/{APP_ID}");
    all.push(("secrets", "secret", page.get(server, &format!("{app}/secrets")).await));
    let added = native(Method::POST, &format!("{app}/users"), json!({ "id": "u5" })).await;
    all.push(("user created", "token", added));
    let reset = native(Method::POST, &format!("{app}/users/u5/reset-token"), json!({})).await;
    all.push(("reset-token", "token", reset));
    let signed = native(Method::POST, &format!("{app}/usersig"), json!({ "user": "u5" })).await;
    all.push(("usersig", "user_sig", signed));
    let rotated = native(Method::POST, &format!("{app}/rotate-secret"), json!({})).await;
    all.push(("rotate-secret", "secret", rotated));
    all
}

/// The texts in an answer that stand under this name, however deep.
fn under<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                found.extend(value.as_str().filter(|_| key.eq_ignore_ascii_case(name)));
                under(value, name, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| under(value, name, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[actix_web::test]
async fn promise_44_no_cache_keeps_an_answer_that_carries_a_secret() {
    let server = Standin::with(&[("STANDIN_ADMIN_PASSWORD", "correct horse")]).await;
    server.command(&["app", "set", "--token-lifetime", "3600"]);
    let answers = answers_with_secrets(&server).await;
    assert_eq!(answers.len(), 20);
    for (call, name, answer) in answers {
        assert!((200..300).contains(&answer.status), "{call}: {answer:?}");
        let (body, mut found) = (answer.json(), Vec::new());
        under(&body, name, &mut found);
        assert!(found.iter().any(|secret| secret.len() >= 20), "{call} carries no {name}: {body}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{call}");
    }
    for path in ["/", "/api/v1/nothing", "/api/v2.1/rest/user_profile", "/v4/x", "/standin/v1/apps", "/nothing"] {
        let answer = server.get(path).await;
        assert!(answer.header("cache-control").is_some(), "{path}: {answer:?}");
    }
}

#[test]
fn promise_44_only_pictures_and_pages_may_say_that_a_cache_keeps_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let may = [
        "http/endpoints/console.rs",
        "http/endpoints/documents.rs",
        "http/endpoints/pictures.rs",
        "http/middleware/mod.rs",
    ];
    let files = entries(&source).into_iter().filter(|path| path.is_file());
    let says: Vec<String> = files
        .filter(|path| fs::read_to_string(path).is_ok_and(|text| text.to_lowercase().contains("cache_control")))
        .map(|path| path.strip_prefix(&source).unwrap().display().to_string())
        .collect();
    assert_eq!(says.iter().filter(|path| !may.contains(&path.as_str())).count(), 0, "{says:?}");
    assert_eq!(says.len(), may.len(), "{says:?}");
}
