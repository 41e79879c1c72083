//! README.md and docs/ agree with the code: settings, commands, calls, promises, links, and the tests that they name.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use reqwest::{Method, RequestBuilder, multipart};
use serde_json::{Value, json};
use standin::settings::SETTINGS;

use super::{
    photo,
    standin::{Answer, Standin, send, standin},
    user_sig,
};

const README: &str = include_str!("../../README.md");
const QUICKSTARTS: &str = include_str!("../../docs/quickstarts.md");
const OPERATIONS: &str = include_str!("../../docs/operations.md");
const SETTINGS_PAGE: &str = include_str!("../../docs/settings.md");
const RELIABILITY: &str = include_str!("../../docs/reliability.md");

/// Every document, by its path from the top of the tree.
const DOCUMENTS: [(&str, &str); 7] = [
    ("README.md", README),
    ("docs/compatibility.md", include_str!("../../docs/compatibility.md")),
    ("docs/operations.md", OPERATIONS),
    ("docs/performance.md", include_str!("../../docs/performance.md")),
    ("docs/quickstarts.md", QUICKSTARTS),
    ("docs/reliability.md", RELIABILITY),
    ("docs/settings.md", SETTINGS_PAGE),
];

/// Bytes of the longest README that a newcomer reads to its end.
const README_BYTES_MAX: usize = 12_288;

/// The secret of the demo's app.
const DEMO_SECRET: &str = "2820ae9dfc5362f7f3a10381fb89afc7";

/// The address in the documents' calls.
const BASE: &str = "http://127.0.0.1:8080";

#[test]
fn readme_is_short() {
    assert!(README.len() <= README_BYTES_MAX, "README.md has {} of {README_BYTES_MAX} bytes", README.len());
}

#[test]
fn docs_holds_the_documents_checked_here_and_no_other() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = fs::read_dir(top.join("docs")).unwrap();
    let found: BTreeSet<String> = found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let known = DOCUMENTS.iter().map(|(path, _)| *path).chain([CONSOLE_PICTURE]);
    assert_eq!(found, known.filter_map(|path| path.strip_prefix("docs/")).map(str::to_owned).collect());
}

/// The picture of the console in README, made by `node tests/console/run.mjs target/debug/standin --screenshot`.
const CONSOLE_PICTURE: &str = "docs/console.png";

/// Bytes of a picture that does not slow README down.
const CONSOLE_PICTURE_BYTES_MAX: usize = 120 * 1024;

#[test]
fn readme_shows_a_small_picture_of_the_console() {
    let file = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(CONSOLE_PICTURE)).unwrap();
    assert!(file.len() <= CONSOLE_PICTURE_BYTES_MAX, "{} of {CONSOLE_PICTURE_BYTES_MAX} bytes", file.len());
    let size =
        image::load_from_memory_with_format(&file, image::ImageFormat::Png).map(|png| (png.width(), png.height()));
    assert_eq!(size.unwrap(), (1200, 720));
    assert!(README.contains(&format!("]({CONSOLE_PICTURE})")), "README.md shows it");
}

/// Splits a document into its lines outside code blocks and those inside.
fn lines(text: &str) -> (Vec<&str>, Vec<&str>) {
    let mut is_code = false;
    text.lines().partition(|line| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The anchors of a document's headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = lines(text).0.into_iter().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_exist() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    for (path, text) in DOCUMENTS {
        let own = anchors(text);
        assert_eq!(own.iter().collect::<BTreeSet<_>>().len(), own.len(), "{path}: two headings have one anchor");
        // Joined, because a link may span two lines.
        let prose = lines(text).0.join("\n");
        for link in prose.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
            let target = top.join(path).parent().unwrap().join(file);
            let target = if file.is_empty() { top.join(path) } else { target };
            if file.ends_with(".png") {
                assert!(target.is_file(), "{path}: {link}: there is no such file");
                continue;
            }
            let target = fs::read_to_string(&target).unwrap_or_else(|error| panic!("{path}: {link}: {error}"));
            let is_there = heading.is_none_or(|heading| anchors(&target).iter().any(|anchor| anchor == heading));
            assert!(is_there, "{path}: {link}: there is no such heading");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked} links");
}

/// The shell blocks of a document, each command in one line.
fn shell_blocks(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks.map(|block| block.replace("\\\n", " ")).collect()
}

fn words(line: &str) -> Vec<String> {
    shlex::split(line).unwrap_or_else(|| panic!("no shell would read {line:?}"))
}

/// The rows of the tables of a section, heading rows and rules left out, by their cells.
fn rows<'a>(text: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, section) = text.split_once(&format!("{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    cells.map(|row| row.split(" | ").collect()).filter(|row: &Vec<&str>| row[0].starts_with('`')).collect()
}

#[test]
fn the_settings_table_is_the_one_in_the_code() {
    let mut table = String::new();
    for (place, setting) in SETTINGS.iter().enumerate() {
        if place == 0 || SETTINGS[place - 1].group != setting.group {
            table += &format!("### {}\n\n| setting | default | what it does |\n|---|---|---|\n", setting.group);
        }
        table += &format!("| `{}` | {} | {} |\n", setting.name, setting.default_in_words(), setting.help);
        if SETTINGS.get(place + 1).is_some_and(|next| next.group != setting.group) {
            table.push('\n');
        }
    }
    let (_, section) = SETTINGS_PAGE.split_once("## Settings\n").unwrap();
    assert!(section.contains(&table), "it must read:\n{table}");
    assert_eq!(rows(SETTINGS_PAGE, "## Settings").len(), SETTINGS.len(), "a row too many");
}

#[test]
fn the_settings_in_readme_exist_and_have_these_defaults() {
    let rows = rows(README, "## Settings");
    assert!(rows.len() >= 5, "{rows:?}");
    for row in rows {
        let name = row[0].trim_matches('`');
        let setting = SETTINGS.iter().find(|setting| setting.name == name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(row[1], setting.default_in_words(), "{name}");
    }
}

#[test]
fn every_setting_of_an_app_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let help = standin(&folder.path().join("data")).args(["app", "set", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let flags = help.lines().filter_map(|line| line.trim_start().strip_prefix("--")?.split(' ').next());
    let is_flag = |flag: &&str| flag.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let flags: BTreeSet<String> = flags.filter(is_flag).map(|flag| format!("--{flag}")).collect();
    let rows = rows(SETTINGS_PAGE, "## Settings of an app");
    let described: BTreeSet<String> =
        rows.iter().flat_map(|row| row[0].split(", ")).map(|flag| flag.trim_matches('`').to_owned()).collect();
    let elsewhere = ["--app", "--config", "--data", "--json"].map(str::to_owned);
    assert_eq!(flags.difference(&elsewhere.into()).cloned().collect::<BTreeSet<_>>(), described);
}

/// The list of the benchmarks by name.
const BENCHMARKS: &str = include_str!("../bench/main.rs");

/// The list of the fuzz targets by name.
const FUZZ_TARGETS: &str = include_str!("../fuzz/main.rs");

/// Every command that a document names, in a block or in a line.
fn commands(text: &str) -> BTreeSet<Vec<String>> {
    let prose = lines(text).0.join(" ");
    let inline = prose.split('`').skip(1).step_by(2).map(str::to_owned);
    // A command may stand behind a variable: `STANDIN_KILL_ROUNDS=100 cargo test promise_01`.
    let inline = inline.map(|span| match span.split_once(" cargo ") {
        Some((variable, command)) if variable.starts_with("STANDIN_") => format!("cargo {command}"),
        _ => span,
    });
    let blocks = shell_blocks(text);
    let lines = blocks.iter().flat_map(|block| block.lines()).map(str::to_owned);
    let named = lines.chain(inline).filter(|line| line.starts_with("standin ") || line.starts_with("cargo "));
    named.map(|line| words(line.split(" < ").next().unwrap())).collect()
}

#[test]
fn every_command_they_name_exists() {
    let commands: BTreeSet<Vec<String>> = DOCUMENTS.iter().flat_map(|(_, text)| commands(text)).collect();
    assert!(commands.len() > 50, "{commands:?}");
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
            ["cargo", "test", "--test", "fuzz", target] => {
                assert!(
                    *target == "TARGET" || FUZZ_TARGETS.contains(&format!("\nmod {target};")),
                    "no target {target}"
                );
                continue;
            }
            ["cargo", "bench"] => continue,
            ["cargo", "bench", "--", name, ..] => {
                assert!(BENCHMARKS.contains(&format!("\n    (\"{name}")), "no benchmark is called {name}");
                continue;
            }
            unknown => panic!("no check is known for {unknown:?}"),
        };
        let help = standin(&folder.path().join("data")).args(words).arg("--help").output().unwrap();
        assert_eq!(help.status.code(), Some(0), "standin {words:?}: {help:?}");
    }
}

/// The names of all tests whose names begin with the number of a promise.
fn tests_of_promises() -> Vec<String> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests/unit", "tests/house", "tests/fuzz"];
    let (mut folders, mut found) = (folders.map(|folder| top.join(folder)).to_vec(), Vec::new());
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

/// The promises of the first release, all of which have a row. A later promise has a row once it is kept.
const PROMISES: usize = 55;

#[test]
fn every_promise_has_a_row_with_its_tests_their_number_and_a_figure() {
    let rows: Vec<Vec<&str>> = RELIABILITY
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
        let count = tests.iter().filter(|test| test.starts_with(&format!("{name}_"))).count();
        assert!(count > 0, "{name}");
        let counted = if count == 1 { format!("`{name}`") } else { format!("`{name}` ({count} tests)") };
        assert!(shown_by.split(", ").any(|shows| shows == counted), "{row:?} must say {counted}");
    }
}

#[test]
fn every_test_they_name_exists() {
    let is_path = |span: &&str| {
        span.contains("::") && span.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_:".contains(&b))
    };
    let named: Vec<&str> = DOCUMENTS.iter().flat_map(|(_, text)| text.split('`')).filter(is_path).collect();
    assert!(named.len() >= 150, "{named:?}");
    for test in named {
        let (file, module, name) = match test.split("::").collect::<Vec<_>>()[..] {
            [file, name] => (file, None, name),
            [file, module, name] => (file, Some(module), name),
            _ => panic!("{test}"),
        };
        let source = |path: String| {
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/house").join(path)).ok()
        };
        // A module is a file, or a part of its file.
        let whole = || source(format!("{file}.rs")).or_else(|| source(format!("{file}/mod.rs")));
        let module = match module {
            None => whole(),
            Some(module) => source(format!("{file}/{module}.rs")).or_else(|| {
                let file = whole()?;
                Some(file.split_once(&format!("\nmod {module} {{"))?.1.split("\n}").next()?.to_owned())
            }),
        };
        let module = module.unwrap_or_else(|| panic!("no module of {test}"));
        assert!(module.contains(&format!("fn {name}()")), "{test} does not exist");
    }
}

/// The calls of a document: the words between `curl` and the end of its command.
fn calls(text: &str) -> Vec<Vec<String>> {
    let curl = |block: String| Some(block.split_once("curl ")?.1.split(" | ").next()?.to_owned());
    shell_blocks(text).into_iter().filter_map(curl).map(|call| words(&call)).collect()
}

/// Makes a call as curl would. Reads `-s`, `-X`, `-H`, `-d`, `-F` and an address, and nothing else.
fn call(server: &Standin, words: &[String], token: &str) -> RequestBuilder {
    let (mut method, mut path, mut body, mut form) = (None, None, None, None::<multipart::Form>);
    let mut headers = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("no value after {word}"));
        match word.as_str() {
            "-s" => {}
            "-X" => method = Some(Method::from_bytes(value().as_bytes()).unwrap()),
            "-H" => headers.push(value().replace("$TOKEN", token)),
            "-d" => body = Some(value().clone()),
            "-F" => form = Some(with_part(form.unwrap_or_default(), value())),
            address => {
                let address = address.strip_prefix(BASE).unwrap_or_else(|| panic!("{address} is no address of a demo"));
                path = Some(address.replace("$USERSIG", &demo_sig()));
            }
        }
    }
    let method = method.unwrap_or(Method::GET);
    assert_eq!(method == Method::POST, body.is_some() || form.is_some(), "a call with a body says -X POST");
    let mut call = server.call(method, &path.expect("a call has an address"));
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        call = call.header(name, value);
    }
    match (body, form) {
        (Some(body), None) => call.body(body),
        (None, Some(form)) => call.multipart(form),
        (None, None) => call,
        (Some(_), Some(_)) => panic!("a call has one body"),
    }
}

/// What `standin app usersig --user administrator` prints for the demo.
fn demo_sig() -> String {
    user_sig::signed(DEMO_SECRET, user_sig::SDK_APP_ID, "administrator", user_sig::now_s(), 3600)
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

/// The quoted texts of every line of a document that begins so.
fn quoted<'a>(text: &'a str, line: &str) -> Vec<Vec<&'a str>> {
    let lines = text.lines().filter(|known| known.starts_with(line));
    let quoted: Vec<Vec<&str>> = lines.map(|line| line.split('\'').skip(1).step_by(2).collect()).collect();
    assert!(!quoted.is_empty(), "no line {line}");
    quoted
}

/// Signs in as `setUser` of Qiscus' SDK does.
async fn set_user(server: &Standin, app_id: &str, [id, key, name]: [&str; 3]) -> Answer {
    let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", app_id);
    send(call.form(&[("email", id), ("password", key), ("username", name)])).await
}

#[actix_web::test]
async fn the_lines_of_the_qiscus_sdk_log_in_to_the_demo() {
    let server = Standin::demo().await;
    for document in [README, QUICKSTARTS] {
        let clients = quoted(document, "await sdk.init(");
        for words in clients {
            let [app_id, BASE, ..] = words[..] else { panic!("not the demo's address: {words:?}") };
            for words in quoted(document, "await sdk.setUser(") {
                let [id, key, name] = words[..] else { panic!("not an id, a key and a name: {words:?}") };
                let answer = set_user(&server, app_id, [id, key, name]).await;
                let shown = &answer.json()["results"]["user"]["username"];
                assert_eq!((answer.status, shown), (200, &json!(name)), "{answer:?}");
            }
        }
    }
}

/// Runs the calls of a document in their order; the answers, each of which must be a success.
async fn answers(server: &Standin, document: &str) -> Vec<Value> {
    let (mut answers, mut token) = (Vec::new(), String::new());
    for words in calls(document) {
        let answer = send(call(server, &words, &token)).await;
        let json = answer.json();
        let is_right = json["status"] == 200 || json["ActionStatus"] == "OK";
        assert!(answer.status == 200 && is_right, "{words:?}: {answer:?}");
        if let Some(given) = json["data"]["token"].as_str() {
            token = given.to_owned();
        }
        answers.push(json);
    }
    answers
}

#[actix_web::test]
async fn the_calls_of_readme_run_as_printed() {
    let server = Standin::demo().await;
    let answers = answers(&server, README).await;
    let [registered, _signed_in, created, seen] = &answers[..] else { panic!("{answers:?}") };
    let user = json!({
        "avatar_url": "https://image.url/image.jpeg", "extras": {}, "user_id": "guest99@qiscus.com",
        "username": "QISCUS demo user"
    });
    assert_eq!(registered["results"]["user"], user);
    assert_eq!((&created["data"]["userId"], &created["data"]["nickname"]), (&json!("ada"), &json!("Ada Lovelace")));
    assert!(created["data"]["profileUrl"].as_str().unwrap().contains("/api/v1/media/"));

    let seen = &seen["results"]["user"];
    assert_eq!((&seen["user_id"], &seen["username"]), (&json!("ada"), &json!("Ada Lovelace")));
    let address = seen["avatar_url"].as_str().unwrap().strip_prefix(server.base()).unwrap();
    for (file, size) in [("full.jpg", (300, 400)), ("96.jpg", (96, 96))] {
        let picture = server.get(&address.replace("full.jpg", file)).await;
        let picture = image::load_from_memory(&picture.bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), size, "upright: the photo lies on its side in the file");
    }
}

#[actix_web::test]
async fn the_calls_of_the_quickstarts_run_as_printed() {
    let server = Standin::demo().await;
    // The user signs in by the SDK before the back end adds a contact.
    set_user(&server, "sdksample", ["grace@example.com", "a key of hers", "Grace"]).await;
    let answers = answers(&server, QUICKSTARTS).await;
    let [profile, reset, listed, _signed_in, pictured, portrait, befriended] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert_eq!(profile["results"]["user"]["user_id"], "guest@qiscus.com");
    assert!(!reset["results"]["token"].as_str().unwrap().is_empty());
    assert_eq!(listed["results"]["users"].as_array().unwrap().len(), 2);
    assert!(pictured["data"]["profileUrl"].as_str().unwrap().contains("/api/v1/media/"));

    let shown = portrait["UserProfileItem"][0]["ProfileItem"].as_array().unwrap();
    assert_eq!(shown[0], json!({ "Tag": "Tag_Profile_IM_Nick", "Value": "User One" }));
    assert!(shown[1]["Value"].as_str().unwrap().starts_with(server.base()), "a picture of the demo: {shown:?}");
    assert_eq!(befriended["ResultItem"][0]["ResultCode"], 0, "{befriended}");
}

/// Runs the script of docs/operations.md with a shell and curl, as an operator does, for some users of each kind.
#[actix_web::test]
async fn the_script_that_moves_users_creates_each_of_them() {
    let server = Standin::demo().await;
    let blocks = shell_blocks(OPERATIONS);
    let script = blocks.iter().find(|block| block.starts_with("while IFS=")).expect("the script is in the document");
    let folder = tempfile::tempdir().unwrap();
    let users: String = (0..40).map(|n| format!("moved{n},Name & <{n}> @ \u{e9},a password {n}\n")).collect();
    fs::write(folder.path().join("users.csv"), format!("{users}not an id,Refused,a password\n")).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).current_dir(folder.path()).env("STANDIN", server.base());
    shell.env("APP_ID", "sdksample").env("SECRET", DEMO_SECRET);
    let ended = shell.output().unwrap();
    let failed = fs::read_to_string(folder.path().join("failed.txt")).unwrap_or_default();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(failed, "not an id\n", "the ids to repeat: {ended:?}");
    for n in [0, 39] {
        let profile = server.call(Method::GET, &format!("/api/v2.1/rest/user_profile?user_id=moved{n}"));
        let profile = profile.header("QISCUS-SDK-APP-ID", "sdksample").header("QISCUS-SDK-SECRET", DEMO_SECRET);
        let user = send(profile).await.json();
        assert_eq!(user["results"]["user"]["username"], format!("Name & <{n}> @ \u{e9}"), "{user}");
    }
}
