//! README.md is true: its settings, its commands, its tour, and the tests it names.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::{Method, RequestBuilder, multipart};
use serde_json::{Value, json};
use standin::settings::SETTINGS;

use super::{
    photo,
    standin::{Standin, send, standin},
    user_sig,
};

const README: &str = include_str!("../../README.md");

/// Where the tour's calls go in README.
const TOUR: &str = "http://127.0.0.1:8080";

/// The shell blocks, each command in one line.
fn shell_blocks() -> Vec<String> {
    let blocks = README.split("```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks.map(|block| block.replace("\\\n", " ")).collect()
}

fn words(line: &str) -> Vec<String> {
    shlex::split(line).unwrap_or_else(|| panic!("no shell would read {line:?}"))
}

#[test]
fn its_settings_table_is_the_one_in_the_code() {
    let mut table = String::new();
    for (place, setting) in SETTINGS.iter().enumerate() {
        if place == 0 || SETTINGS[place - 1].group != setting.group {
            table += &format!("### {}\n\n| setting | default | what it does |\n|---|---|---|\n", setting.group);
        }
        table += &format!("| `{}` | {} | {} |\n", setting.name, setting.default(), setting.help);
        if SETTINGS.get(place + 1).is_some_and(|next| next.group != setting.group) {
            table.push('\n');
        }
    }
    let (_, section) = README.split_once("## Settings\n").unwrap();
    assert!(section.contains(&table), "it must read:\n{table}");
    let rows = |text: &str| text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows(section.split("\n## ").next().unwrap()), SETTINGS.len(), "a row too many");
}

/// Where the benchmarks are listed by name.
const BENCHMARKS: &str = include_str!("../bench/main.rs");

/// Every command that README names, in a block or in a line: the words behind the program's name.
fn commands() -> BTreeSet<Vec<String>> {
    let inline = README.split('`').skip(1).step_by(2).map(str::to_owned);
    let lines = shell_blocks().into_iter().flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
    let named = lines.chain(inline).filter(|line| line.starts_with("standin ") || line.starts_with("cargo "));
    named.map(|line| words(line.split(" < ").next().unwrap())).collect()
}

#[test]
fn every_command_it_names_exists() {
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    let folder = tempfile::tempdir().unwrap();
    for command in commands {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let words = match words.as_slice() {
            ["standin", words @ ..] | ["cargo", "run", "--release", "--", words @ ..] => words,
            ["cargo", "test"] | ["cargo", "run", "--release"] | ["cargo", "build", "--profile", "dist"] => continue,
            ["cargo", "test", promise] if promise.starts_with("promise_") => {
                assert!(
                    tests_of_promises().iter().any(|test| test.starts_with(promise)),
                    "no test is called {promise}"
                );
                continue;
            }
            ["cargo", "bench", "--", name, ..] => {
                assert!(BENCHMARKS.contains(&format!("\n    (\"{name}")), "no benchmark is called {name}");
                continue;
            }
            unknown => panic!("who has seen {unknown:?}?"),
        };
        let help = standin(&folder.path().join("data")).args(words).arg("--help").output().unwrap();
        assert_eq!(help.status.code(), Some(0), "standin {words:?}: {help:?}");
    }
}

/// The names of all tests that bear the number of a promise.
fn tests_of_promises() -> BTreeSet<String> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut found) = (vec![top.join("src"), top.join("tests/house")], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).unwrap();
                let named = text.split("fn promise_").skip(1).filter_map(|rest| rest.split('(').next());
                found.extend(named.map(|name| format!("promise_{name}")));
            }
        }
    }
    found
}

/// The promises of the first release, all of which have a row. Later ones have theirs from when they are kept.
const PROMISES: usize = 55;

#[test]
fn every_promise_has_a_row_with_what_shows_it_and_a_figure() {
    let (_, section) = README.split_once("## Reliability\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split(" | ").collect())
        .filter(|row: &Vec<&str>| row[0] != "promise")
        .collect();
    let tests = tests_of_promises();
    let numbers: Vec<usize> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    assert!(numbers.iter().copied().take(PROMISES).eq(1..=PROMISES), "{numbers:?}");
    for (number, row) in numbers.into_iter().zip(&rows) {
        let [_, what, shown_by, figure] = row[..] else { panic!("{row:?}") };
        assert!(what.len() > 10 && figure.len() > 3, "vague: {row:?}");
        let name = format!("promise_{number:02}");
        assert!(tests.iter().any(|test| test.starts_with(&format!("{name}_"))), "{name}");
        assert!(shown_by.contains(&format!("`{name}`")), "{row:?}");
    }
}

#[test]
fn every_test_it_names_exists() {
    let is_path = |span: &&str| {
        span.contains("::") && span.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_:".contains(&b))
    };
    let named: Vec<&str> = README.split('`').filter(is_path).collect();
    assert!(named.len() >= 40, "{named:?}");
    for test in named {
        let (file, room, name) = match test.split("::").collect::<Vec<_>>()[..] {
            [file, name] => (file, None, name),
            [file, room, name] => (file, Some(room), name),
            _ => panic!("{test}"),
        };
        let source = |path: String| {
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/house").join(path)).ok()
        };
        // A room is a file of its own, or a part of its file; who has no room stands in the file itself.
        let whole = || source(format!("{file}.rs")).or_else(|| source(format!("{file}/mod.rs")));
        let room = match room {
            None => whole(),
            Some(room) => source(format!("{file}/{room}.rs")).or_else(|| {
                let file = whole()?;
                Some(file.split_once(&format!("\nmod {room} {{"))?.1.split("\n}").next()?.to_owned())
            }),
        };
        let room = room.unwrap_or_else(|| panic!("no room for {test}"));
        assert!(room.contains(&format!("fn {name}()")), "{test} is nowhere");
    }
}

/// The calls of the tour: what stands between `curl` and the end of its command.
fn calls() -> Vec<Vec<String>> {
    let curl = |block: String| Some(block.split_once("curl ")?.1.split(" | ").next()?.to_owned());
    shell_blocks().into_iter().filter_map(curl).map(|call| words(&call)).collect()
}

/// Makes a call as curl would. Reads `-s`, `-X`, `-H`, `-d`, `-F` and an address, and nothing else.
fn call(house: &Standin, words: &[String], token: &str) -> RequestBuilder {
    let (mut method, mut path, mut body, mut form) = (None, None, None, None::<multipart::Form>);
    let mut headers = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("nothing behind {word}"));
        match word.as_str() {
            "-s" => {}
            "-X" => method = Some(Method::from_bytes(value().as_bytes()).unwrap()),
            "-H" => headers.push(value().replace("$TOKEN", token)),
            "-d" => body = Some(value().clone()),
            "-F" => form = Some(with_part(form.unwrap_or_default(), value())),
            address => {
                let address = address.strip_prefix(TOUR).unwrap_or_else(|| panic!("what is {address}?"));
                path = Some(address.replace("$USERSIG", &demo_sig()));
            }
        }
    }
    let method = method.unwrap_or(Method::GET);
    assert_eq!(method == Method::POST, body.is_some() || form.is_some(), "what has a body says -X POST");
    let mut call = house.call(method, &path.expect("it has an address"));
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        call = call.header(name, value);
    }
    match (body, form) {
        (Some(body), None) => call.body(body),
        (None, Some(form)) => call.multipart(form),
        (None, None) => call,
        (Some(_), Some(_)) => panic!("one body is enough"),
    }
}

/// What `standin app usersig --user administrator` prints for the demo.
fn demo_sig() -> String {
    user_sig::signed("2820ae9dfc5362f7f3a10381fb89afc7", user_sig::SDK_APP_ID, "administrator", user_sig::now_s(), 3600)
}

/// `name=value`, and `name=@photo.jpg` as a photo.
fn with_part(form: multipart::Form, field: &str) -> multipart::Form {
    match field.split_once('=').unwrap() {
        (name, "@photo.jpg") => {
            let photo = multipart::Part::bytes(photo::phone_jpeg(400, 300, 6)).file_name("photo.jpg");
            form.part(name.to_owned(), photo)
        }
        (name, value) => form.text(name.to_owned(), value.to_owned()),
    }
}

/// What stands in quotes in the line that begins so.
fn quoted(line: &str) -> Vec<&'static str> {
    let line = README.lines().find(|known| known.starts_with(line)).unwrap_or_else(|| panic!("no line {line}"));
    line.split('\'').skip(1).step_by(2).collect()
}

#[actix_web::test]
async fn the_lines_of_the_qiscus_sdk_log_in_to_the_demo() {
    let house = Standin::demo().await;
    let [app_id, TOUR] = quoted("await sdk.init(")[..] else { panic!("not the demo's address") };
    let [id, key, name] = quoted("await sdk.setUser(")[..] else { panic!("not an id, a key and a name") };
    let call = house.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", app_id);
    let answer = send(call.form(&[("email", id), ("password", key), ("username", name)])).await;
    assert_eq!((answer.status, &answer.json()["results"]["user"]["username"]), (200, &json!(name)), "{answer:?}");
}

#[actix_web::test]
async fn its_tour_runs_as_it_is_printed() {
    let house = Standin::demo().await;
    let mut answers: Vec<Value> = Vec::new();
    for words in calls() {
        let token = answers.last().and_then(|answer| answer["data"]["token"].as_str()).unwrap_or_default();
        let answer = send(call(&house, &words, token)).await;
        let json = answer.json();
        let is_right = json["status"] == 200 || json["ActionStatus"] == "OK";
        assert!(answer.status == 200 && is_right, "{words:?}: {answer:?}");
        answers.push(json);
    }
    let [registered, profile, reset, listed, _signed_in, created, seen, portrait] = &answers[..] else {
        panic!("{answers:?}")
    };
    let user = json!({
        "avatar_url": "https://image.url/image.jpeg", "extras": {}, "user_id": "guest99@qiscus.com",
        "username": "QISCUS demo user"
    });
    assert_eq!(registered["results"]["user"], user);
    assert_eq!(profile["results"]["user"]["user_id"], "guest@qiscus.com");
    assert!(!reset["results"]["token"].as_str().unwrap().is_empty());
    assert_eq!(listed["results"]["users"].as_array().unwrap().len(), 2);
    assert_eq!((&created["data"]["userId"], &created["data"]["nickname"]), (&json!("ada"), &json!("Ada Lovelace")));
    assert!(created["data"]["profileUrl"].as_str().unwrap().contains("/api/v1/media/"));

    let shown = portrait["UserProfileItem"][0]["ProfileItem"].as_array().unwrap();
    assert_eq!(shown[0], json!({ "Tag": "Tag_Profile_IM_Nick", "Value": "User One" }));
    assert!(shown[1]["Value"].as_str().unwrap().starts_with(house.base()), "a picture of the demo: {shown:?}");

    let seen = &seen["results"]["user"];
    assert_eq!((&seen["user_id"], &seen["username"]), (&json!("ada"), &json!("Ada Lovelace")));
    let address = seen["avatar_url"].as_str().unwrap().strip_prefix(house.base()).unwrap();
    for (file, size) in [("full.jpg", (300, 400)), ("96.jpg", (96, 96))] {
        let picture = house.get(&address.replace("full.jpg", file)).await;
        let picture = image::load_from_memory(&picture.bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), size, "upright: the photo lies on its side in the file");
    }
}
