//! The operator's commands against the true server, and against a folder that nobody serves.

use serde_json::{Value, json};

use super::standin::{APP_ID, SECRET, Standin, standin};

fn json_of(house: &Standin, words: &[&str]) -> Value {
    serde_json::from_str(&house.command(&[words, &["--json"]].concat())).unwrap()
}

/// Runs a command that is to fail: its exit code and what it said.
fn refused(house: &Standin, words: &[&str]) -> (Option<i32>, String) {
    let output = standin(&house.data()).args(words).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{words:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Made, listed, shown, changed, its token drawn anew, deleted: whoever answers the socket.
fn a_user_from_first_to_last(house: &Standin) {
    let made = json_of(house, &["user", "create", "ada@example.com", "--name", "Ada", "--email", "ada@example.com"]);
    assert_eq!(
        (&made["id"], &made["name"], &made["state"]),
        (&json!("ada@example.com"), &json!("Ada"), &json!("active"))
    );
    for secret in ["token", "issued_password"] {
        assert!(made[secret].as_str().unwrap().len() >= 22, "{made}");
    }
    assert_eq!(json_of(house, &["user", "list"])["total"], 1);
    let set = ["user", "set", "ada@example.com", "--name", "", "--status", "Away", "--extras", r#"{"a":1}"#];
    let changed = json_of(house, &set);
    assert_eq!(
        (&changed["name"], &changed["status"], &changed["extras"]),
        (&Value::Null, &json!("Away"), &json!({ "a": 1 }))
    );
    assert_eq!(json_of(house, &["user", "show", "ada@example.com"]), changed);
    let reset = json_of(house, &["user", "reset-token", "ada@example.com"]);
    assert_ne!(reset["token"], made["token"]);
    house.command(&["user", "delete", "ada@example.com"]);
    assert_eq!(json_of(house, &["user", "list"])["total"], 0);
    let again = json_of(house, &["user", "create", "ada@example.com"]);
    assert_ne!(again["key"], made["key"], "an integer id is never used twice");
    for secret in ["token", "issued_password"] {
        assert_ne!(again[secret], made[secret]);
    }
}

#[actix_web::test]
async fn users_are_kept_through_a_running_server() {
    a_user_from_first_to_last(&Standin::fresh().await);
}

#[actix_web::test]
async fn users_are_kept_on_a_folder_that_nobody_serves() {
    let mut house = Standin::fresh().await;
    house.terminate();
    a_user_from_first_to_last(&house);
    house.kill();
    a_command_leaves_the_folder_free(&house);
}

fn a_command_leaves_the_folder_free(house: &Standin) {
    assert_eq!(json_of(house, &["user", "list"])["total"], 1);
    assert!(!house.data().join("standin.sock").exists());
}

#[actix_web::test]
async fn apps_are_made_and_changed_and_do_not_see_each_others_users() {
    let house = Standin::fresh().await;
    let made = json_of(&house, &["app", "create", "--app-id", "second", "--name", "Second"]);
    assert_eq!((&made["app_id"], &made["registration"]), (&json!("second"), &json!("new")));
    house.command(&["user", "create", "u1", "--app", "second"]);
    assert_eq!(house.user_profile("u1").await.status, 404);
    let set = json_of(&house, &["app", "set", "--app", "second", "--registration", "closed", "--password-min", "8"]);
    assert_eq!((&set["registration"], &set["password_min"]), (&json!("closed"), &json!(8)));
    assert_eq!(json_of(&house, &["app", "list"])["apps"].as_array().unwrap().len(), 2);
    let (code, said) = refused(&house, &["app", "create", "--app-id", "second"]);
    assert_eq!(code, Some(1), "{said}");
}

#[actix_web::test]
async fn with_several_apps_each_command_about_one_wants_it_named() {
    let house = Standin::fresh().await;
    house.command(&["user", "create", "u1"]);
    house.command(&["app", "create", "--app-id", "second"]);
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
        assert_eq!(refused(&house, words), (Some(2), which.clone()), "{words:?}");
    }
    for app in [APP_ID, "second"] {
        house.command(&["user", "create", "u2", "--app", app]);
    }
    for number in 3..=25 {
        house.command(&["app", "create", "--app-id", &format!("app{number}")]);
    }
    let (_, said) = refused(&house, &["user", "list"]);
    assert!(said.ends_with(", app20 and 5 more, which `standin app list` shows.\n"), "{said}");
}

#[actix_web::test]
async fn an_app_that_mirrorflys_login_does_not_find_is_made_with_a_hint() {
    let house = Standin::fresh().await;
    let hint = "`standin app set --app second --hosts HOST`.\n";
    let said = house.command(&["app", "create", "--app-id", "second"]);
    assert!(said.ends_with(hint), "{said}");
    for words in [&["--hosts", "chat.example"][..], &["--dialects", "qiscus"]] {
        let said = house.command(&[&["app", "create"], words].concat());
        assert!(said.ends_with(" shows its secrets.\n"), "{words:?}: {said}");
    }
}

#[actix_web::test]
async fn a_host_selects_one_app_alone() {
    let house = Standin::fresh().await;
    house.command(&["app", "create", "--app-id", "second", "--hosts", "chat.example"]);
    house.command(&["app", "set", "--app", "second", "--hosts", "chat.example,other.example"]);
    let (code, said) = refused(&house, &["app", "set", "--app", APP_ID, "--hosts", "Chat.example"]);
    assert_eq!((code, said.contains("hosts must be names that no other app lists")), (Some(1), true), "{said}");
}

#[actix_web::test]
async fn two_changes_of_an_app_at_once_do_not_undo_one_another() {
    let house = Standin::fresh().await;
    let file = house.data().join("password");
    for round in 0..5 {
        std::fs::write(&file, format!("password {round}")).unwrap();
        let words = ["app", "set", "--account-password-file", file.to_str().unwrap()];
        let mut slow = standin(&house.data()).args(words).stdout(std::process::Stdio::null()).spawn().unwrap();
        let rotated = json_of(&house, &["app", "rotate-secret"])["secret"].clone();
        assert!(slow.wait().unwrap().success());
        assert_eq!(json_of(&house, &["app", "show", "--secrets"])["secret"], rotated, "round {round}");
    }
}

#[actix_web::test]
async fn a_rotated_secret_is_the_only_one_at_once() {
    let house = Standin::fresh().await;
    let rotated = json_of(&house, &["app", "rotate-secret"])["secret"].as_str().unwrap().to_owned();
    assert_eq!(house.user_list().await.status, 401, "the former one");
    let call = house.call(reqwest::Method::GET, "/api/v2.1/rest/get_user_list").header("QISCUS-SDK-APP-ID", APP_ID);
    assert_eq!(super::standin::send(call.header("QISCUS-SDK-SECRET", &rotated)).await.status, 200);
    assert_ne!(rotated, SECRET);
}

#[actix_web::test]
async fn a_former_secret_may_stay_valid_for_a_while() {
    let house = Standin::fresh().await;
    let said = house.command(&["app", "rotate-secret", "--former-ends", "1h"]);
    let until = json_of(&house, &["app", "show"])["former_secret_until"].as_str().unwrap().to_owned();
    assert!(said.contains(&format!("\nformer secret: is valid until {until}\n")), "{said}");
    assert_eq!(house.user_list().await.status, 200, "the former one");
    let (code, said) = refused(&house, &["app", "rotate-secret", "--former-ends", "8d"]);
    assert_eq!((code, said.contains("from 0 to 604800 seconds (a week)")), (Some(1), true), "{said}");
}

#[actix_web::test]
async fn a_user_is_suspended_and_befriended_by_command() {
    let house = Standin::fresh().await;
    for user in ["ada", "bob"] {
        house.command(&["user", "create", user, "--name", "N"]);
    }
    assert!(house.command(&["user", "list"]).ends_with("\nPage 1 of 1, 2 users in all.\n"));
    house.command(&["user", "contact", "add", "ada", "bob"]);
    let listed = json_of(&house, &["user", "contact", "list", "ada"]);
    assert_eq!((&listed["total"], &listed["contacts"][0]["user"]["id"]), (&json!(1), &json!("bob")));
    house.command(&["user", "contact", "remove", "ada", "bob"]);
    assert_eq!(json_of(&house, &["user", "contact", "list", "ada"])["total"], 0);
    house.command(&["user", "suspend", "bob"]);
    assert_eq!(json_of(&house, &["user", "show", "bob"])["state"], "suspended");
    house.command(&["user", "reactivate", "bob"]);
    assert_eq!(json_of(&house, &["user", "show", "bob"])["state"], "active");
    house.command(&["user", "delete", "bob"]);
    assert!(house.command(&["user", "list"]).ends_with("\nPage 1 of 1, 1 user in all.\n"));
    let backup = house.data().with_file_name("one.tar");
    let said = house.command(&["backup", backup.to_str().unwrap()]);
    assert!(said.contains("1 app, 1 user, 0 pictures, 0 contacts, 0 administrators\n"), "{said}");
}

#[actix_web::test]
async fn an_apps_password_floor_holds_on_every_wire() {
    let house = Standin::fresh().await;
    house.command(&["app", "set", "--password-min", "8"]);
    for (password, status) in [("1234567", 400), ("12345678", 200), ("123456789", 200)] {
        let body = json!({ "user_id": "u1", "username": "U", "password": password });
        assert_eq!(house.login_or_register(body).await.status, status, "{password}");
    }
}

#[actix_web::test]
async fn a_wire_that_is_switched_off_says_so() {
    let house = Standin::fresh().await;
    let token = house.back_end_token().await;
    house.command(&["app", "set", "--dialects", "qiscus"]);
    let answer = house.create_user(&token, &[("userIdentifier", "u1")]).await;
    assert_eq!((answer.status, &answer.json()["message"]), (403, &json!("This app does not serve MirrorFly calls")));
    assert_eq!(house.user_list().await.status, 200);
    house.command(&["app", "set", "--dialects", "mirrorfly"]);
    assert_eq!(house.user_list().await.status, 403);
}

#[actix_web::test]
async fn refusals_are_one_sentence_with_a_code() {
    let house = Standin::fresh().await;
    house.command(&["user", "create", "u1"]);
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
        let (code, sentence) = refused(&house, words);
        assert_eq!(code, Some(1), "{words:?}: {sentence}");
        assert!(sentence.contains(said) && sentence.trim_end().lines().count() == 1, "{words:?}: {sentence}");
    }
}
