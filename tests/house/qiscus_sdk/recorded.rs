//! What the published SDK said to the server and heard from it, replayed without it: `tests/house/recorded/qiscus-*.json`.
//!
//! Each file is one run of `tests/sdk/qiscus.mjs`, exchange by exchange, the back end's own calls among them. What is drawn at random has
//! a name there (`<r1>`), learnt anew from the answers of each replay. To record anew: `RECORD=1 node tests/sdk/run.mjs target/debug/standin
//! qiscus`; the difference is then for a person to read.

use std::{collections::HashMap, fs};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::*;

/// The values of the names, as this run drew them.
#[derive(Default)]
struct Learnt(HashMap<String, String>);

impl Learnt {
    fn fill(&self, house: &Standin, text: &str) -> String {
        let escaped = house.base().replace(':', "%3A").replace('/', "%2F");
        let text = text.replace("<base>", house.base()).replace("<base%>", &escaped).replace("<host>", host(house));
        self.0.iter().fold(text, |text, (name, value)| text.replace(name, value))
    }

    /// Holds an answer against the recorded one; what they may differ in is learnt.
    fn compare(&mut self, at: &str, recorded: &Value, seen: &Value) {
        match (recorded, seen) {
            (Value::Object(recorded), Value::Object(seen)) => {
                let keys = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
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
            (Value::Number(_), Value::Number(_)) => {}
            (recorded, seen) => assert_eq!(recorded, seen, "{at}"),
        }
    }

    fn text(&mut self, at: &str, recorded: &str, seen: &str) {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if recorded == "<time>" || (is_number(recorded) && is_number(seen)) {
            return;
        }
        let Some((before, rest)) = recorded.split_once("<r") else {
            return assert_eq!(recorded, seen, "{at}");
        };
        let (number, after) = rest.split_once('>').unwrap();
        let value = seen.strip_prefix(before).and_then(|seen| seen.strip_suffix(after));
        let value = value.unwrap_or_else(|| panic!("{at}: {recorded} is now {seen}"));
        let known = self.0.entry(format!("<r{number}>")).or_insert_with(|| value.to_owned());
        assert_eq!(known, value, "{at}: what was the same is the same");
    }
}

fn host(house: &Standin) -> &str {
    house.base().strip_prefix("http://").unwrap()
}

async fn replay(name: &str) {
    let path = format!("{}/tests/house/recorded/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let exchanges: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(exchanges.len() > 40, "{path} holds a whole run");
    let house = Standin::fresh().await;
    let mut learnt = Learnt::default();
    for (number, exchange) in exchanges.iter().enumerate() {
        let text = |key: &str| learnt.fill(&house, exchange[key].as_str().unwrap());
        let method: Method = text("method").parse().unwrap();
        let at = format!("{name}, exchange {number}: {method} {}", text("path"));
        let mut request = house.call(method, &text("path"));
        for (header, value) in exchange["headers"].as_object().unwrap() {
            request = request.header(header, learnt.fill(&house, value.as_str().unwrap()));
        }
        if exchange["body"].is_string() {
            request = request.body(text("body"));
        } else if exchange["body_base64"].is_string() {
            request = request.body(BASE64_STANDARD.decode(text("body_base64")).unwrap());
        }
        let answer = send(request).await;
        assert_eq!(json!(answer.status), exchange["status"], "{at}: {answer:?}");
        let seen = answer.json().to_string().replace(house.base(), "<base>").replace(host(&house), "<host>");
        learnt.compare(&at, &exchange["answer"], &serde_json::from_str(&seen).unwrap());
    }
}

#[actix_web::test]
async fn what_the_sdk_hears_in_node_is_what_it_heard_then() {
    replay("qiscus-node").await;
}

#[actix_web::test]
async fn what_the_sdk_hears_in_a_page_is_what_it_heard_then() {
    replay("qiscus-page").await;
}
