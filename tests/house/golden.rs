//! The shape of every answer, as files: `golden/<dialect>/<call>.json` holds the HTTP status, the type and the body, keys in their order.
//!
//! `UPDATE_GOLDEN=1 cargo test` writes what the server answers instead of comparing; the difference is then for a person to read.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::{Value, json};

use super::standin::{Answer, Standin};

/// Characters of what is drawn at random: derived secrets and picture names, tickets, unique ids of rooms, nonces.
const RANDOM_CHARS: [usize; 4] = [22, 27, 32, 40];

/// How the time in a token of MirrorFly begins.
const CLAIMS: &str = "eyJleHAi";

/// Texts that are a time.
const TIMES: [&str; 3] = ["sentTime", "updatedAt", "createdAt"];

/// Numbers that are another each time: integer ids and times.
const NUMBERS: [&str; 10] = [
    "id",
    "user_id",
    "expired_at",
    "timestamp",
    "unix_timestamp",
    "unix_nano_timestamp",
    "AddTime",
    "AddBlackTimeStamp",
    "messageTime",
    "epochTimestamp",
];

/// Of Tencent's tags, the one whose value is such a number.
const TAG: (&str, &str) = ("Tag", "Tag_SNS_IM_AddTime");

/// The same as text.
const DIGITS: [&str; 2] = ["id_str", "user_id_str"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/house/golden")
}

/// Holds an answer against `golden/<name>.json`; the test ends here when they differ. What varies from run to run is replaced by
/// words: the server's address, random names and secrets, times, integer ids.
pub(crate) fn same(server: &Standin, name: &str, answer: &Answer) {
    let seen = json!({
        "status": answer.status,
        "type": answer.header("content-type"),
        "body": steady(server, "", answer.json()),
    });
    let seen = format!("{seen:#}\n");
    let path = folder().join(format!("{name}.json"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &seen).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_else(|_| panic!("UPDATE_GOLDEN=1 makes {}", path.display()));
    assert_eq!(seen, golden, "{name}: UPDATE_GOLDEN=1 rewrites it");
}

fn steady(server: &Standin, key: &str, value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let is_time = object.get(TAG.0).is_some_and(|tag| tag == TAG.1);
            let named = |key: &str| if is_time && key == "Value" { "timestamp" } else { key }.to_owned();
            object.into_iter().map(|(key, value)| (key.clone(), steady(server, &named(&key), value))).collect()
        }
        Value::Array(items) => items.into_iter().map(|item| steady(server, key, item)).collect(),
        Value::Number(number) if NUMBERS.contains(&key) && number.is_u64() => json!("<integer>"),
        Value::String(_) if TIMES.contains(&key) => json!("<time>"),
        Value::String(text) if DIGITS.contains(&key) && text.bytes().all(|b| b.is_ascii_digit()) => json!("<digits>"),
        Value::String(text) => json!(words(&text.replace(server.base(), "<base>"))),
        value @ (Value::Null | Value::Bool(_) | Value::Number(_)) => value,
    }
}

fn words(text: &str) -> String {
    let is_time = text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
    if is_time {
        return "<time>".to_owned();
    }
    let runs = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).map(|run| {
        let random = run.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if random.starts_with(CLAIMS) {
            run.replace(random, "<claims>")
        } else if RANDOM_CHARS.contains(&random.len()) {
            run.replace(random, &format!("<{} random>", random.len()))
        } else {
            run.to_owned()
        }
    });
    runs.collect()
}

#[test]
fn only_varying_values_are_replaced() {
    let same = "tile-0123456789abcdef/full.png, 21 characters: 012345678901234567890";
    assert_eq!(words(same), same);
    assert_eq!(words("/upload/0123456789abcdefghijkL/full.jpg"), "/upload/<22 random>/full.jpg");
    assert_eq!(words("0123456789abcdefghijkL-192"), "<22 random>-192");
    assert_eq!(words("0123456789abcdefghijkLmnopq"), "<27 random>");
    assert_eq!(words("2017-10-12T04:07:10.926973Z"), "<time>");
}

#[test]
fn every_golden_file_is_held_against_an_answer() {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/house");
    let (mut folders, mut sources, mut golden) = (vec![top], String::new(), BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("rs") => sources.push_str(&fs::read_to_string(path).unwrap()),
                Some("json") => {
                    if let Ok(name) = path.strip_prefix(self::folder()) {
                        golden.insert(name.with_extension("").to_str().unwrap().to_owned());
                    }
                }
                Some(_) | None => {}
            }
        }
    }
    let unheld: Vec<_> = golden.iter().filter(|name| !sources.contains(&format!("\"{name}\""))).collect();
    assert!(unheld.is_empty(), "no test names {unheld:?}");
}
