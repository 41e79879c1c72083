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
    Shelf, digests, done, json_of, lived_in, rows, run,
};

/// What the house answers on three of its doors, its address left out.
async fn answers(house: &Standin) -> Vec<String> {
    let mut said = vec![house.user_list().await];
    for user in ["ada", "bob", "grace"] {
        said.push(house.user_profile(user).await);
        // Made again from the server key and the salt in the row.
        said.push(send(house.qiscus(Method::GET, "get_user_token").query(&[("user_id", user)])).await);
    }
    let said: Vec<String> = said
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{answer:?}");
            String::from_utf8_lossy(&answer.bytes).replace(house.base(), "")
        })
        .collect();
    assert_eq!(house.sign_in("administrator", ACCOUNT_PASSWORD).await.json()["status"], 200);
    said
}

fn without_lock(folder: &Path) -> BTreeMap<String, String> {
    digests(folder).into_iter().filter(|(name, _)| !name.starts_with("standin.")).collect()
}

#[actix_web::test]
async fn promise_10_what_is_restored_is_equal_by_digest_and_answers_alike() {
    let (mut house, shelf) = (lived_in().await, Shelf::new());
    done(&house.data(), &["backup", shelf.file()]);
    let before = answers(&house).await;
    house.terminate();
    done(&shelf.elsewhere(), &["restore", shelf.file()]);
    assert_eq!(without_lock(&shelf.elsewhere()), without_lock(&house.data()), "pictures and key");
    let but_later_ones = |mut rows: BTreeMap<String, String>| {
        // The house went on: the backup is on record behind itself, and signing in to ask made tickets.
        rows.retain(|table, _| !["ticket", "audit", "sqlite_sequence", "event"].contains(&table.as_str()));
        rows
    };
    // The restored database has one event more, which says so: promise 61.
    let restored = rusqlite::Connection::open(shelf.elsewhere().join("standin.db")).unwrap();
    let marks = r#"DELETE FROM event WHERE kind = '{"kind":"restored"}'"#;
    assert_eq!(restored.execute(marks, []).unwrap(), 1);
    drop(restored);
    assert_eq!(rows(&shelf.elsewhere())["event"], rows(&house.data())["event"]);
    assert_eq!(but_later_ones(rows(&shelf.elsewhere())), but_later_ones(rows(&house.data())));

    // And served: the same folder emptied and filled again.
    fs::remove_dir_all(house.data()).unwrap();
    let told = json_of(&house.data(), &["restore", shelf.file()]);
    let nothing = json!({ "apps": 0, "users": 0, "pictures": 0, "contacts": 0, "administrators": 0, "messages": 0 });
    assert_eq!((&told["before"], &told["after"]), (&nothing, &told["manifest"]["counts"]));
    assert_eq!(told["after"]["users"], 3);
    house.restart();
    assert_eq!(answers(&house).await, before);
}

#[actix_web::test]
async fn what_a_folder_holds_stays_unless_told_and_is_then_moved_aside() {
    let (mut house, shelf) = (lived_in().await, Shelf::new());
    done(&house.data(), &["backup", shelf.file()]);
    let (code, said) = run(&house.data(), &["restore", shelf.file(), "--replace"], &[]);
    assert_eq!((code, said.contains("in use by another standin")), (Some(3), true), "{said}");
    done(&house.data(), &["user", "delete", "bob"]);
    house.terminate();
    let former = digests(&house.data());
    let (code, said) = run(&house.data(), &["restore", shelf.file()], &[]);
    assert_eq!((code, said.contains("2 users") && said.contains("--replace")), (Some(1), true), "{said}");
    assert_eq!(digests(&house.data()), former, "nothing was touched");

    let told = json_of(&house.data(), &["restore", shelf.file(), "--replace"]);
    assert_eq!((&told["before"]["users"], &told["after"]["users"]), (&json!(2), &json!(3)));
    let aside = digests(&house.data().join(told["former"].as_str().unwrap()));
    assert_eq!(aside["standin.db"], former["standin.db"]);
    house.restart();
    assert_eq!(house.user_profile("bob").await.status, 200);
}

#[test]
fn a_folder_of_other_things_is_not_filled() {
    let shelf = Shelf::new();
    fs::create_dir(shelf.elsewhere()).unwrap();
    fs::write(shelf.elsewhere().join("letters.txt"), "dear").unwrap();
    fs::write(&shelf.file, "").unwrap();
    let (code, said) = run(&shelf.elsewhere(), &["restore", shelf.file(), "--replace"], &[]);
    assert_eq!((code, said.contains("holds other things")), (Some(3), true), "{said}");
}

#[actix_web::test]
#[ignore = "needs pictures on a file system of their own: tests/small_disk.sh"]
async fn pictures_on_a_true_file_system_of_their_own_are_refused_before_anything_is_moved() {
    let (house, shelf) = (lived_in().await, Shelf::new());
    done(&house.data(), &["backup", shelf.file()]);
    let apart = PathBuf::from(std::env::var("STANDIN_PICTURES_APART").unwrap());
    let (code, said) = run(&apart, &["restore", shelf.file(), "--replace"], &[]);
    assert_eq!((code, said.contains("pictures in it is a mount of its own")), (Some(3), true), "{said}");
    assert!(without_lock(&apart).is_empty(), "nothing was left there");
}

#[actix_web::test]
async fn a_key_that_is_missing_or_wrong_is_refused_and_the_right_one_is_taken_from_where_it_is() {
    let (house, shelf) = (lived_in().await, Shelf::new());
    let restore = ["restore", shelf.file()];
    let key = fs::read_to_string(house.data().join("server.key")).unwrap();
    let wrong = "f".repeat(64);
    done(&house.data(), &["backup", shelf.file(), "--without-key"]);
    let (code, said) = run(&shelf.elsewhere(), &restore, &[]);
    assert_eq!((code, said.contains("made without its server key")), (Some(1), true), "{said}");
    let (code, said) = run(&shelf.elsewhere(), &restore, &[("STANDIN_SERVER_KEY", &wrong)]);
    assert_eq!((code, said.contains("STANDIN_SERVER_KEY is not the server key")), (Some(1), true), "{said}");
    assert!(!shelf.elsewhere().exists());

    // Kept elsewhere, it stays there.
    let (code, said) = run(&shelf.elsewhere(), &restore, &[("STANDIN_SERVER_KEY", &key)]);
    assert_eq!((code, shelf.elsewhere().join("server.key").exists()), (Some(0), false), "{said}");
    fs::remove_dir_all(shelf.elsewhere()).unwrap();

    // Put into the folder beforehand.
    fs::create_dir(shelf.elsewhere()).unwrap();
    fs::write(shelf.elsewhere().join("server.key"), &wrong).unwrap();
    let (code, said) = run(&shelf.elsewhere(), &restore, &[]);
    assert_eq!((code, said.contains("The server key in the data folder is not the one")), (Some(1), true), "{said}");
    fs::write(shelf.elsewhere().join("server.key"), &key).unwrap();
    done(&shelf.elsewhere(), &restore);

    // Inside, but another is given: whichever the next start would take must be the right one.
    fs::remove_dir_all(shelf.elsewhere()).unwrap();
    done(&house.data(), &["backup", shelf.file(), "--overwrite"]);
    let (code, said) = run(&shelf.elsewhere(), &restore, &[("STANDIN_SERVER_KEY", &wrong)]);
    assert_eq!((code, shelf.elsewhere().exists()), (Some(1), false), "{said}");
}

#[actix_web::test]
async fn with_a_new_key_what_the_former_one_opened_is_drawn_anew_and_the_rest_stays() {
    let (mut house, shelf) = (lived_in().await, Shelf::new());
    done(&house.data(), &["app", "create", "--app-id", "second"]);
    done(&house.data(), &["backup", shelf.file(), "--without-key"]);
    let secrets = json_of(&house.data(), &["app", "show", "--app", "second", "--secrets"]);
    let token = async |house: &Standin| {
        let answer = send(house.qiscus(Method::GET, "get_user_token").query(&[("user_id", "ada")])).await;
        answer.json()["results"]["user"]["token"]
            .as_str()
            .or(answer.json()["results"]["token"].as_str())
            .unwrap()
            .to_owned()
    };
    let former = token(&house).await;
    house.terminate();
    fs::remove_dir_all(house.data()).unwrap();
    let told = done(&house.data(), &["restore", shelf.file(), "--new-key"]);
    assert!(told.contains("These were lost with the former key"), "{told}");
    house.restart();

    let my_profile = async |token: &str| {
        let call = house.call(Method::GET, "/api/v2/sdk/my_profile").header("QISCUS-SDK-APP-ID", "houseapp");
        send(call.header("QISCUS-SDK-TOKEN", token).header("QISCUS-SDK-USER-ID", "ada")).await.status
    };
    assert_ne!(my_profile(&former).await, 200, "the former token is dead");
    assert_eq!(my_profile(&token(&house).await).await, 200, "the one that is shown now opens");
    let grace = json!({ "user_id": "grace", "username": "Grace", "password": "a key of hers" });
    assert_eq!(house.login_or_register(grace).await.status, 200, "what somebody chose stays");
    let renewed = json_of(&house.data(), &["app", "show", "--app", "second", "--secrets"]);
    for secret in ["secret", "license_key", "account_password"] {
        assert_ne!(renewed[secret], secrets[secret], "{secret}");
        assert!(renewed[secret].is_string(), "{secret}");
    }
    let signed_in: Value = house.sign_in("administrator", ACCOUNT_PASSWORD).await.json();
    assert_eq!(signed_in["status"], 200, "what settings say of the first app is said again at each start");
}

#[actix_web::test]
async fn two_keys_at_once_are_too_many() {
    let (house, shelf) = (Standin::fresh().await, Shelf::new());
    done(&house.data(), &["backup", shelf.file()]);
    let mut command = standin(&shelf.elsewhere());
    command.args(["restore", shelf.file(), "--new-key"]).env("STANDIN_SERVER_KEY", "a".repeat(64));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
