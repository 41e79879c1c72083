//! How a backup becomes a data folder: equal to what it was made of, with its key, and never over something without a word.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    super::standin::{ACCOUNT_PASSWORD, Standin, send, standin},
    Fixture, digests, done, json_of, lived_in, rows, run,
};

/// The server's responses at three endpoints, without its address.
async fn answers(server: &Standin) -> Vec<String> {
    let mut said = vec![server.user_list().await];
    for user in ["ada", "bob", "grace"] {
        said.push(server.user_profile(user).await);
        // Made again from the server key and the salt in the row.
        said.push(send(server.qiscus(Method::GET, "get_user_token").query(&[("user_id", user)])).await);
    }
    let said: Vec<String> = said
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{answer:?}");
            String::from_utf8_lossy(&answer.bytes).replace(server.base(), "")
        })
        .collect();
    assert_eq!(server.sign_in("administrator", ACCOUNT_PASSWORD).await.json()["status"], 200);
    said
}

fn without_lock(folder: &Path) -> BTreeMap<String, String> {
    digests(folder).into_iter().filter(|(name, _)| !name.starts_with("standin.")).collect()
}

#[actix_web::test]
async fn promise_10_restored_data_is_equal_by_digest_and_gives_the_same_responses() {
    let (mut server, fixture) = (lived_in().await, Fixture::new());
    done(&server.data(), &["backup", fixture.file()]);
    let before = answers(&server).await;
    server.terminate();
    done(&fixture.elsewhere(), &["restore", fixture.file()]);
    assert_eq!(without_lock(&fixture.elsewhere()), without_lock(&server.data()), "pictures and key");
    let but_later_ones = |mut rows: BTreeMap<String, String>| {
        // The server continued: the audit log has the backup itself, and the requests made tickets.
        rows.retain(|table, _| !["ticket", "audit", "sqlite_sequence", "event"].contains(&table.as_str()));
        rows
    };
    // The restored database has one event more, which says so: promise 61.
    let restored = rusqlite::Connection::open(fixture.elsewhere().join("standin.db")).unwrap();
    let marks = r#"DELETE FROM event WHERE kind = '{"kind":"restored"}'"#;
    assert_eq!(restored.execute(marks, []).unwrap(), 1);
    drop(restored);
    assert_eq!(rows(&fixture.elsewhere())["event"], rows(&server.data())["event"]);
    assert_eq!(but_later_ones(rows(&fixture.elsewhere())), but_later_ones(rows(&server.data())));

    // And served: the same folder emptied and filled again.
    fs::remove_dir_all(server.data()).unwrap();
    let reported = json_of(&server.data(), &["restore", fixture.file()]);
    let nothing = json!({ "apps": 0, "users": 0, "pictures": 0, "contacts": 0, "administrators": 0, "messages": 0 });
    assert_eq!((&reported["before"], &reported["after"]), (&nothing, &reported["manifest"]["counts"]));
    assert_eq!(reported["after"]["users"], 3);
    server.restart();
    assert_eq!(answers(&server).await, before);
}

#[actix_web::test]
async fn the_content_of_a_folder_stays_unless_replace_is_given_and_is_then_moved_aside() {
    let (mut server, fixture) = (lived_in().await, Fixture::new());
    done(&server.data(), &["backup", fixture.file()]);
    let (code, said) = run(&server.data(), &["restore", fixture.file(), "--replace"], &[]);
    assert_eq!((code, said.contains("in use by another standin")), (Some(3), true), "{said}");
    done(&server.data(), &["user", "delete", "bob"]);
    server.terminate();
    let former = digests(&server.data());
    let (code, said) = run(&server.data(), &["restore", fixture.file()], &[]);
    assert_eq!((code, said.contains("2 users") && said.contains("--replace")), (Some(1), true), "{said}");
    assert_eq!(digests(&server.data()), former, "nothing was touched");

    let reported = json_of(&server.data(), &["restore", fixture.file(), "--replace"]);
    assert_eq!((&reported["before"]["users"], &reported["after"]["users"]), (&json!(2), &json!(3)));
    let aside = digests(&server.data().join(reported["former"].as_str().unwrap()));
    assert_eq!(aside["standin.db"], former["standin.db"]);
    server.restart();
    assert_eq!(server.user_profile("bob").await.status, 200);
}

#[test]
fn a_folder_of_other_things_is_not_filled() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.elsewhere()).unwrap();
    fs::write(fixture.elsewhere().join("letters.txt"), "dear").unwrap();
    fs::write(&fixture.file, "").unwrap();
    let (code, said) = run(&fixture.elsewhere(), &["restore", fixture.file(), "--replace"], &[]);
    assert_eq!((code, said.contains("holds files that do not belong")), (Some(3), true), "{said}");
}

#[actix_web::test]
#[ignore = "needs pictures on a file system of their own: tests/small_disk.sh"]
async fn pictures_on_a_true_file_system_of_their_own_are_refused_before_anything_is_moved() {
    let (server, fixture) = (lived_in().await, Fixture::new());
    done(&server.data(), &["backup", fixture.file()]);
    let apart = PathBuf::from(std::env::var("STANDIN_PICTURES_APART").unwrap());
    let (code, said) = run(&apart, &["restore", fixture.file(), "--replace"], &[]);
    assert_eq!((code, said.contains("pictures in it is a mount of its own")), (Some(3), true), "{said}");
    assert!(without_lock(&apart).is_empty(), "nothing was left there");
}

#[actix_web::test]
async fn a_missing_or_wrong_key_is_refused_and_the_right_one_is_found() {
    let (server, fixture) = (lived_in().await, Fixture::new());
    let restore = ["restore", fixture.file()];
    let key = fs::read_to_string(server.data().join("server.key")).unwrap();
    let wrong = "f".repeat(64);
    done(&server.data(), &["backup", fixture.file(), "--without-key"]);
    let (code, said) = run(&fixture.elsewhere(), &restore, &[]);
    assert_eq!((code, said.contains("made without its server key")), (Some(1), true), "{said}");
    let (code, said) = run(&fixture.elsewhere(), &restore, &[("STANDIN_SERVER_KEY", &wrong)]);
    assert_eq!((code, said.contains("STANDIN_SERVER_KEY is not the server key")), (Some(1), true), "{said}");
    assert!(!fixture.elsewhere().exists());

    // Kept elsewhere, it stays there.
    let (code, said) = run(&fixture.elsewhere(), &restore, &[("STANDIN_SERVER_KEY", &key)]);
    assert_eq!((code, fixture.elsewhere().join("server.key").exists()), (Some(0), false), "{said}");
    fs::remove_dir_all(fixture.elsewhere()).unwrap();

    // Put into the folder beforehand.
    fs::create_dir(fixture.elsewhere()).unwrap();
    fs::write(fixture.elsewhere().join("server.key"), &wrong).unwrap();
    let (code, said) = run(&fixture.elsewhere(), &restore, &[]);
    assert_eq!((code, said.contains("The server key in the data folder is not the one")), (Some(1), true), "{said}");
    fs::write(fixture.elsewhere().join("server.key"), &key).unwrap();
    done(&fixture.elsewhere(), &restore);

    // Inside, but another is given: whichever the next start would take must be the right one.
    fs::remove_dir_all(fixture.elsewhere()).unwrap();
    done(&server.data(), &["backup", fixture.file(), "--overwrite"]);
    let (code, said) = run(&fixture.elsewhere(), &restore, &[("STANDIN_SERVER_KEY", &wrong)]);
    assert_eq!((code, fixture.elsewhere().exists()), (Some(1), false), "{said}");
}

#[actix_web::test]
async fn a_new_key_replaces_the_secrets_of_the_former_key_and_keeps_the_rest() {
    let (mut server, fixture) = (lived_in().await, Fixture::new());
    done(&server.data(), &["app", "create", "--app-id", "second"]);
    done(&server.data(), &["backup", fixture.file(), "--without-key"]);
    let secrets = json_of(&server.data(), &["app", "show", "--app", "second", "--secrets"]);
    let token = async |server: &Standin| {
        let answer = send(server.qiscus(Method::GET, "get_user_token").query(&[("user_id", "ada")])).await;
        answer.json()["results"]["user"]["token"]
            .as_str()
            .or(answer.json()["results"]["token"].as_str())
            .unwrap()
            .to_owned()
    };
    let former = token(&server).await;
    server.terminate();
    fs::remove_dir_all(server.data()).unwrap();
    let reported = done(&server.data(), &["restore", fixture.file(), "--new-key"]);
    assert!(reported.contains("These were lost with the former key"), "{reported}");
    server.restart();

    let my_profile = async |token: &str| {
        let call = server.call(Method::GET, "/api/v2/sdk/my_profile").header("QISCUS-SDK-APP-ID", "houseapp");
        send(call.header("QISCUS-SDK-TOKEN", token).header("QISCUS-SDK-USER-ID", "ada")).await.status
    };
    assert_ne!(my_profile(&former).await, 200, "the former token is dead");
    assert_eq!(my_profile(&token(&server).await).await, 200, "the one that is shown now opens");
    let grace = json!({ "user_id": "grace", "username": "Grace", "password": "a key of hers" });
    assert_eq!(server.login_or_register(grace).await.status, 200, "chosen passwords stay");
    let renewed = json_of(&server.data(), &["app", "show", "--app", "second", "--secrets"]);
    for secret in ["secret", "license_key", "account_password"] {
        assert_ne!(renewed[secret], secrets[secret], "{secret}");
        assert!(renewed[secret].is_string(), "{secret}");
    }
    let signed_in: Value = server.sign_in("administrator", ACCOUNT_PASSWORD).await.json();
    assert_eq!(signed_in["status"], 200, "what settings say of the first app is said again at each start");
}

#[actix_web::test]
async fn two_keys_at_once_are_too_many() {
    let (server, fixture) = (Standin::fresh().await, Fixture::new());
    done(&server.data(), &["backup", fixture.file()]);
    let mut command = standin(&fixture.elsewhere());
    command.args(["restore", fixture.file(), "--new-key"]).env("STANDIN_SERVER_KEY", "a".repeat(64));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
