//! Recorded traffic of the published SDKs, replayed without them: `tests/house/recorded/*.json`.
//!
//! Each file is one run of `tests/sdk/<vendor>.mjs`, step by step, the back end's own calls among them. What is drawn at random has a name
//! there (`<r1>`), and so has a time that a client repeats (`<t1>`): both are learnt again from the responses of each replay. To record again: `RECORD=1 node tests/sdk/run.mjs target/debug/standin`
//! (MirrorFly's needs port 80); the difference is then for a person to read.

use std::{collections::HashMap, fs};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::{Map, Number, Value, json};

use super::standin::{Standin, send};

/// Fewer steps are no whole run.
const STEPS_MIN: usize = 25;

/// How long what is drawn at random is, in characters: secrets and the names of pictures, tickets, the unique ids of
/// rooms.
const DRAWN: [usize; 3] = [22, 27, 32];

/// The steps of a recording.
pub(crate) fn steps(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/house/recorded/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let steps: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(steps.len() >= STEPS_MIN, "{path} holds a whole run");
    steps
}

/// How many digits a time in seconds has.
const TIME_DIGITS: usize = 10;

/// A replay against one server: the values of the names, as this server drew them.
pub(crate) struct Replay<'a> {
    server: &'a Standin,
    learnt: HashMap<String, String>,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(server: &'a Standin) -> Self {
        Self { server, learnt: HashMap::new() }
    }

    /// Makes a recorded call, and holds its answer against the recorded one.
    pub(crate) async fn exchange(&mut self, at: &str, exchange: &Value) {
        let text = |key: &str| self.fill(exchange[key].as_str().unwrap());
        let method: Method = text("method").parse().unwrap();
        let at = format!("{at}: {method} {}", text("path"));
        let mut request = self.server.call(method, &text("path"));
        for (header, value) in exchange["headers"].as_object().unwrap() {
            request = request.header(header, self.fill(value.as_str().unwrap()));
        }
        if exchange["body"].is_string() {
            request = request.body(text("body"));
        } else if exchange["body_base64"].is_string() {
            request = request.body(BASE64_STANDARD.decode(text("body_base64")).unwrap());
        }
        let answer = send(request).await;
        assert_eq!(json!(answer.status), exchange["status"], "{at}: {answer:?}");
        let seen = answer.json().to_string().replace(self.server.base(), "<base>").replace(self.host(), "<host>");
        self.compare(&at, &exchange["answer"], &serde_json::from_str(&seen).unwrap());
    }

    /// A recorded text as it is to be said to this server.
    pub(crate) fn fill(&self, text: &str) -> String {
        let escaped = self.server.base().replace(':', "%3A").replace('/', "%2F");
        let text =
            text.replace("<base>", self.server.base()).replace("<base%>", &escaped).replace("<host>", self.host());
        // A time is a number, or a part of a text.
        let with = |text: String, (name, value): (&String, &String)| match is_time(name) {
            true => text.replace(&format!("\"{name}\""), value).replace(name, value),
            false => text.replace(name, value),
        };
        let text = self.learnt.iter().fold(text, with);
        let Some((before, rest)) = text.split_once("<base64>") else { return text };
        let (plain, after) = rest.split_once("</base64>").unwrap();
        format!("{before}{}{after}", BASE64_STANDARD.encode(plain))
    }

    /// Compares the received data with the recording; values that may differ are learnt.
    pub(crate) fn compare(&mut self, at: &str, recorded: &Value, seen: &Value) {
        match (recorded, seen) {
            (Value::Object(recorded), Value::Object(seen)) => {
                let keys = |object: &Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
                assert_eq!(keys(recorded), keys(seen), "{at}");
                for (key, value) in recorded {
                    self.compare(&format!("{at}.{key}"), value, &seen[key]);
                }
            }
            (Value::Array(recorded), Value::Array(seen)) => {
                assert_eq!(recorded.len(), seen.len(), "{at}: {seen:?}");
                for (recorded, seen) in recorded.iter().zip(seen) {
                    self.compare(at, recorded, seen);
                }
            }
            (Value::String(recorded), Value::String(seen)) => self.text(at, recorded, seen),
            (Value::String(recorded), Value::Number(seen)) if is_time(recorded) => {
                self.text(at, recorded, &seen.to_string());
            }
            // How much had happened by then, unseen by the recording too.
            (Value::Number(_), Value::Number(_)) if at.ends_with("_comment_id") || at.ends_with("_event_id") => {}
            (Value::Number(recorded), Value::Number(seen)) if recorded.as_i64() == Some(0) && is_of_a_run(seen) => {}
            (recorded, seen) => assert_eq!(recorded, seen, "{at}"),
        }
    }

    fn text(&mut self, at: &str, recorded: &str, seen: &str) {
        if recorded == "<time>" || (is_number(recorded) && is_number(seen)) {
            return;
        }
        if recorded == "<encrypted>" {
            let bytes = BASE64_STANDARD.decode(seen).unwrap_or_else(|_| panic!("{at} is now {seen}"));
            assert!(!bytes.is_empty() && bytes.len().is_multiple_of(16), "{at} is now {seen}");
            return;
        }
        let seen = &without_claims(seen);
        let (mut expected, mut rest) = (recorded, seen.as_str());
        while let Some((before, name, after)) = first_name(expected) {
            let drawn = rest.strip_prefix(before).unwrap_or_else(|| panic!("{at}: {recorded} is now {seen}"));
            let end = drawn.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(drawn.len());
            let value = &drawn[..end];
            let is_drawn = if is_time(name) { end == TIME_DIGITS && is_number(value) } else { DRAWN.contains(&end) };
            assert!(is_drawn, "{at}: {recorded} is now {seen}");
            let known = self.learnt.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            assert_eq!(known, value, "{at}: what was the same is the same");
            (expected, rest) = (after, &drawn[end..]);
        }
        assert_eq!(expected, rest, "{at}: {recorded} is now {seen}");
    }

    fn host(&self) -> &str {
        self.server.base().strip_prefix("http://").unwrap()
    }
}

/// Replaces the second part of a token of MirrorFly, which is a time. The server reads the third one alone.
fn without_claims(text: &str) -> String {
    let parts: Vec<_> =
        text.split('.').map(|part| if part.starts_with("eyJleHA") { "<claims>" } else { part }).collect();
    parts.join(".")
}

/// A time since 1970, in seconds or finer, or an app's number: all above a million are recorded as 0, all others are the same in every run.
fn is_of_a_run(number: &Number) -> bool {
    number.as_i64().is_some_and(|number| number > 1_000_000)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a name is that of a time.
fn is_time(name: &str) -> bool {
    name.strip_prefix("<t").and_then(|rest| rest.strip_suffix('>')).is_some_and(is_number)
}

/// The first name in a recorded text, between what is before it and what is after it.
fn first_name(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices(['r', 't']).filter_map(|(letter, _)| letter.checked_sub(1)).find_map(|start| {
        text[start..].strip_prefix('<')?;
        let end = start + text[start..].find('>')?;
        is_number(&text[start + 2..end]).then(|| (&text[..start], &text[start..=end], &text[end + 1..]))
    })
}
