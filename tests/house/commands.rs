//! The operator's commands against the true server, and against a folder without a server.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::standin::{APP_ID, SECRET, Standin, standin};

fn json_of(server: &Standin, words: &[&str]) -> Value {
    serde_json::from_str(&server.command(&[words, &["--json"]].concat())).unwrap()
}

/// Runs a command that is to fail: its exit code and what it said.
fn refused(server: &Standin, words: &[&str]) -> (Option<i32>, String) {
    let output = standin(&server.data()).args(words).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{words:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Creates, lists, shows, changes, resets the token of and deletes a user, with and without a running server.
fn a_user_from_first_to_last(server: &Standin) {
    let made = json_of(server, &["user", "create", "ada@example.com", "--name", "Ada", "--email", "ada@example.com"]);
    assert_eq!(
        (&made["id"], &made["name"], &made["state"]),
        (&json!("ada@example.com"), &json!("Ada"), &json!("active"))
    );
    for secret in ["token", "issued_password"] {
        assert!(made[secret].as_str().unwrap().len() >= 22, "{made}");
    }
    assert_eq!(json_of(server, &["user", "list"])["total"], 1);
    let set = ["user", "set", "ada@example.com", "--name", "", "--status", "Away", "--extras", r#"{"a":1}"#];
    let changed = json_of(server, &set);
    assert_eq!(
        (&changed["name"], &changed["status"], &changed["extras"]),
        (&Value::Null, &json!("Away"), &json!({ "a": 1 }))
    );
    assert_eq!(json_of(server, &["user", "show", "ada@example.com"]), changed);
    let reset = json_of(server, &["user", "reset-token", "ada@example.com"]);
    assert_ne!(reset["token"], made["token"]);
    server.command(&["user", "delete", "ada@example.com"]);
    assert_eq!(json_of(server, &["user", "list"])["total"], 0);
    let again = json_of(server, &["user", "create", "ada@example.com"]);
    assert_ne!(again["key"], made["key"], "an integer id is never used twice");
    for secret in ["token", "issued_password"] {
        assert_ne!(again[secret], made[secret]);
    }
}

/// Another process that holds a data folder and does not answer, as a server does at the beginning of its start.
fn held(data: &std::path::Path) -> std::fs::File {
    let folder = std::fs::File::open(data).unwrap();
    folder.try_lock().unwrap();
    folder
}

#[actix_web::test]
async fn a_command_right_after_a_start_waits_until_the_server_answers() {
    let mut server = Standin::fresh().await;
    server.terminate();
    // One that holds the folder for a moment: the command runs afterwards.
    let lock = held(&server.data());
    let command =
        standin(&server.data()).args(["user", "list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    drop(lock);
    let output = command.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    // One that goes on holding it: the command says so after two seconds.
    let lock = held(&server.data());
    let begun = Instant::now();
    let output = standin(&server.data()).args(["user", "list"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.contains("is in use by another standin")), (Some(3), true), "{said}");
    assert!((Duration::from_secs(2)..Duration::from_secs(10)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    drop(lock);
    // A true start: the first command after it reaches the server.
    for _ in 0..3 {
        let mut serve =
            standin(&server.data()).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).spawn().unwrap();
        let output = standin(&server.data()).args(["user", "list"]).output().unwrap();
        serve.kill().unwrap();
        serve.wait().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

#[actix_web::test]
async fn commands_create_change_and_delete_users_on_a_running_server() {
    a_user_from_first_to_last(&Standin::fresh().await);
}

#[actix_web::test]
async fn commands_create_change_and_delete_users_without_a_running_server() {
    let mut server = Standin::fresh().await;
    server.terminate();
    a_user_from_first_to_last(&server);
    server.kill();
    a_command_leaves_the_folder_free(&server);
}

fn a_command_leaves_the_folder_free(server: &Standin) {
    assert_eq!(json_of(server, &["user", "list"])["total"], 1);
    assert!(!server.data().join("standin.sock").exists());
}

#[actix_web::test]
async fn apps_are_made_and_changed_and_do_not_see_each_others_users() {
    let server = Standin::fresh().await;
    let made = json_of(&server, &["app", "create", "--app-id", "second", "--name", "Second"]);
    assert_eq!((&made["app_id"], &made["registration"]), (&json!("second"), &json!("new")));
    server.command(&["user", "create", "u1", "--app", "second"]);
    assert_eq!(server.user_profile("u1").await.status, 404);
    let set = json_of(&server, &["app", "set", "--app", "second", "--registration", "closed", "--password-min", "8"]);
    assert_eq!((&set["registration"], &set["password_min"]), (&json!("closed"), &json!(8)));
    assert_eq!(json_of(&server, &["app", "list"])["apps"].as_array().unwrap().len(), 2);
    let (code, said) = refused(&server, &["app", "create", "--app-id", "second"]);
    assert_eq!(code, Some(1), "{said}");
}

#[actix_web::test]
async fn with_several_apps_a_command_requires_the_name_of_the_app() {
    let server = Standin::fresh().await;
    server.command(&["user", "create", "u1"]);
    server.command(&["app", "create", "--app-id", "second"]);
    let which = format!("standin: There are several apps, so say which one with --app APP_ID: {APP_ID}, second.\n");
    for words in [
        &["user", "create", "u2"][..],
        &["user", "list"],
        &["user", "show", "u1"],
        &["user", "set", "u1", "--name", "U"],
        &["user", "reset-token", "u1"],
        &["user", "suspend", "u1"],
        &["user", "contact", "list", "u1"],
        &["user", "delete", "u1"],
        &["app", "show", "--secrets"],
        &["app", "set", "--password-min", "9"],
        &["app", "rotate-secret"],
        &["app", "usersig", "--user", "u1"],
        &["app", "field", "add", "Test1"],
        &["app", "field", "list"],
    ] {
        assert_eq!(refused(&server, words), (Some(2), which.clone()), "{words:?}");
    }
    for app in [APP_ID, "second"] {
        server.command(&["user", "create", "u2", "--app", app]);
    }
    for number in 3..=25 {
        server.command(&["app", "create", "--app-id", &format!("app{number}")]);
    }
    let (_, said) = refused(&server, &["user", "list"]);
    assert!(said.ends_with(", app20 and 5 more, which `standin app list` shows.\n"), "{said}");
}

#[actix_web::test]
async fn an_app_that_mirrorflys_login_does_not_find_is_made_with_a_hint() {
    let server = Standin::fresh().await;
    let hint = "`standin app set --app second --hosts HOST`.\n";
    let said = server.command(&["app", "create", "--app-id", "second"]);
    assert!(said.ends_with(hint), "{said}");
    for words in [&["--hosts", "chat.example"][..], &["--dialects", "qiscus"]] {
        let said = server.command(&[&["app", "create"], words].concat());
        assert!(said.ends_with(" shows its secrets.\n"), "{words:?}: {said}");
    }
}

#[actix_web::test]
async fn a_host_selects_one_app_alone() {
    let server = Standin::fresh().await;
    server.command(&["app", "create", "--app-id", "second", "--hosts", "chat.example"]);
    server.command(&["app", "set", "--app", "second", "--hosts", "chat.example,other.example"]);
    let (code, said) = refused(&server, &["app", "set", "--app", APP_ID, "--hosts", "Chat.example"]);
    assert_eq!((code, said.contains("hosts must be names that no other app lists")), (Some(1), true), "{said}");
}

#[actix_web::test]
async fn two_concurrent_changes_of_an_app_do_not_undo_each_other() {
    let server = Standin::fresh().await;
    let file = server.data().join("password");
    for round in 0..5 {
        std::fs::write(&file, format!("password {round}")).unwrap();
        let words = ["app", "set", "--account-password-file", file.to_str().unwrap()];
        let mut slow = standin(&server.data()).args(words).stdout(Stdio::null()).spawn().unwrap();
        let rotated = json_of(&server, &["app", "rotate-secret"])["secret"].clone();
        assert!(slow.wait().unwrap().success());
        assert_eq!(json_of(&server, &["app", "show", "--secrets"])["secret"], rotated, "round {round}");
    }
}

#[actix_web::test]
async fn a_rotated_secret_is_at_once_the_only_valid_one() {
    let server = Standin::fresh().await;
    let rotated = json_of(&server, &["app", "rotate-secret"])["secret"].as_str().unwrap().to_owned();
    assert_eq!(server.user_list().await.status, 401, "the former one");
    let call = server.call(reqwest::Method::GET, "/api/v2.1/rest/get_user_list").header("QISCUS-SDK-APP-ID", APP_ID);
    assert_eq!(super::standin::send(call.header("QISCUS-SDK-SECRET", &rotated)).await.status, 200);
    assert_ne!(rotated, SECRET);
}

#[actix_web::test]
async fn a_former_secret_may_stay_valid_for_a_while() {
    let server = Standin::fresh().await;
    let said = server.command(&["app", "rotate-secret", "--former-ends", "1h"]);
    let until = json_of(&server, &["app", "show"])["former_secret_until"].as_str().unwrap().to_owned();
    assert!(said.contains(&format!("\nformer secret: is valid until {until}\n")), "{said}");
    assert_eq!(server.user_list().await.status, 200, "the former one");
    let (code, said) = refused(&server, &["app", "rotate-secret", "--former-ends", "8d"]);
    assert_eq!((code, said.contains("from 0 to 604800 seconds (a week)")), (Some(1), true), "{said}");
}

#[actix_web::test]
async fn a_user_is_suspended_and_befriended_by_command() {
    let server = Standin::fresh().await;
    for user in ["ada", "bob"] {
        server.command(&["user", "create", user, "--name", "N"]);
    }
    assert!(server.command(&["user", "list"]).ends_with("\nPage 1 of 1, 2 users in all.\n"));
    server.command(&["user", "contact", "add", "ada", "bob"]);
    let listed = json_of(&server, &["user", "contact", "list", "ada"]);
    assert_eq!((&listed["total"], &listed["contacts"][0]["user"]["id"]), (&json!(1), &json!("bob")));
    server.command(&["user", "contact", "remove", "ada", "bob"]);
    assert_eq!(json_of(&server, &["user", "contact", "list", "ada"])["total"], 0);
    server.command(&["user", "suspend", "bob"]);
    assert_eq!(json_of(&server, &["user", "show", "bob"])["state"], "suspended");
    server.command(&["user", "reactivate", "bob"]);
    assert_eq!(json_of(&server, &["user", "show", "bob"])["state"], "active");
    server.command(&["user", "delete", "bob"]);
    assert!(server.command(&["user", "list"]).ends_with("\nPage 1 of 1, 1 user in all.\n"));
    let backup = server.data().with_file_name("one.tar");
    let said = server.command(&["backup", backup.to_str().unwrap()]);
    assert!(said.contains("1 app, 1 user, 0 pictures, 0 contacts, 0 messages, 0 administrators\n"), "{said}");
}

#[actix_web::test]
async fn an_apps_shortest_password_holds_for_every_vendor() {
    let server = Standin::fresh().await;
    server.command(&["app", "set", "--password-min", "8"]);
    for (password, status) in [("1234567", 400), ("12345678", 200), ("123456789", 200)] {
        let body = json!({ "user_id": "u1", "username": "U", "password": password });
        assert_eq!(server.login_or_register(body).await.status, status, "{password}");
    }
}

#[actix_web::test]
async fn a_dialect_that_is_switched_off_answers_with_its_error() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    server.command(&["app", "set", "--dialects", "qiscus"]);
    let answer = server.create_user(&token, &[("userIdentifier", "u1")]).await;
    assert_eq!((answer.status, &answer.json()["message"]), (403, &json!("This app does not serve MirrorFly calls")));
    assert_eq!(server.user_list().await.status, 200);
    server.command(&["app", "set", "--dialects", "mirrorfly"]);
    assert_eq!(server.user_list().await.status, 403);
}

#[actix_web::test]
async fn a_refusal_is_one_sentence_and_an_exit_code() {
    let server = Standin::fresh().await;
    server.command(&["user", "create", "u1"]);
    for (words, said) in [
        (&["user", "show", "nobody"][..], "User nobody not found"),
        (&["user", "set", "nobody", "--name", "N"], "User nobody not found"),
        (&["user", "delete", "nobody"], "User nobody not found"),
        (&["user", "reset-token", "nobody"], "User nobody not found"),
        (&["user", "suspend", "nobody"], "User nobody not found"),
        (&["user", "contact", "list", "nobody"], "User nobody not found"),
        (&["user", "contact", "add", "u1", "nobody"], "User nobody not found"),
        (&["user", "create", "u1"], "User u1 already exists"),
        (&["user", "create", "a b"], "id must be made of letters, digits and . - _ @ only"),
        (&["user", "set", "u1", "--email", "nonsense"], "email must be an e-mail address"),
        (&["user", "create", "administrator"], "is reserved by the server"),
        (&["user", "list", "--app", "nosuchapp"], "App not found"),
    ] {
        let (code, sentence) = refused(&server, words);
        assert_eq!(code, Some(1), "{words:?}: {sentence}");
        assert!(sentence.contains(said) && sentence.trim_end().lines().count() == 1, "{words:?}: {sentence}");
    }
}
