//! What the inspector shows of an exchange: what is understood and holds no secrets. Of the rest type and size. Outside a
//! demo the texts of messages are shown by their size, whichever vendor's call they are in.

use std::borrow::Cow;

use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::inspector::MessageTexts;
use crate::http::{
    json,
    masking::{MASK, bare, has_escape, is_message_text, is_name, is_plain, is_secret, unescaped},
};

pub(super) const BODY_BYTES_MAX: usize = 16 * 1024;

const HEADER_CHARS_MAX: usize = 1024;

const HEADERS_MAX: usize = 64;

/// Body types that are shown by name. Others are free text of the client.
const KINDS: [&str; 16] = [
    "application/json",
    "application/octet-stream",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "multipart/form-data",
    "text/css",
    "text/event-stream",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/xml",
];

const FORM: &str = "application/x-www-form-urlencoded";

/// Headers with visible values, and prefixes of such headers: they describe the client.
const SHOWN_HEADERS: [&str; 38] = [
    "accept",
    "accept-",
    "access-control-",
    "age",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-security-policy",
    "cross-origin-",
    "date",
    "dnt",
    "etag",
    "expect",
    "host",
    "if-match",
    "if-none-match",
    "keep-alive",
    "last-modified",
    "origin",
    "pragma",
    "priority",
    "qiscus-sdk-app-id",
    "qiscus-sdk-platform",
    "qiscus-sdk-version",
    "qiscus_sdk_app_id",
    "retry-after",
    "sec-ch-",
    "sec-fetch-",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "x-content-type-options",
    "x-request-id",
];

/// Names whose value can be the name of the value next to it: `{"name": "token", "value": ...}`.
const NAMING: [&str; 6] = ["field", "header", "key", "name", "param", "tag"];

/// Free data that a message carries, of Qiscus and MirrorFly. Users have data of these names too, which is shown.
const FREE_DATA: [&str; 2] = ["extras", "metadata"];

/// Names of texts of messages that only requests have: of a MirrorFly report, which encloses messages, and of a search.
const TEXTS_OF_REQUESTS: [&str; 2] = ["data", "query"];

/// The name of the sentence in MirrorFly's answers, and in Qiscus' errors.
const SENTENCE: &str = "message";

const ERROR: &str = "error";

const COMMENT: &str = "comment";

/// Fields that the Qiscus SDK sends as a bare name if they are null. Any other bare name may be a token.
const NULL_FIELDS: [&str; 4] = ["avatar_url", "extras", "name", "username"];

pub(super) fn headers(headers: &HeaderMap) -> Map<String, Value> {
    headers.iter().take(HEADERS_MAX).map(header).collect()
}

fn header((name, value): (&HeaderName, &HeaderValue)) -> (String, Value) {
    let name = name.as_str();
    let is_shown =
        SHOWN_HEADERS.iter().any(|shown| *shown == name || (shown.ends_with('-') && name.starts_with(*shown)));
    let shown = match value.to_str() {
        _ if is_secret(name) => MASK.to_owned(),
        Ok(text) if is_shown => text.chars().take(HEADER_CHARS_MAX).collect(),
        Ok(text) if name == CONTENT_TYPE.as_str() => kind_of(text).unwrap_or("another type").to_owned(),
        Ok(_) | Err(_) => size(value.as_bytes().len()),
    };
    let name = if is_name(name) { name.to_owned() } else { size(name.len()) };
    (name, Value::String(shown))
}

fn kind_of(declared: &str) -> Option<&'static str> {
    let kind = declared.split(';').next().unwrap_or_default().trim();
    KINDS.into_iter().find(|known| known.eq_ignore_ascii_case(kind))
}

fn size(bytes: usize) -> String {
    format!("[{bytes} bytes]")
}

/// Whether a body is of a request or of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodySide {
    Request,
    Answer,
}

/// What is shown of a body's values, and where a value stands in it.
#[derive(Debug, Clone, Copy)]
struct Rules {
    side: BodySide,
    texts: MessageTexts,
    /// Whether this is the outermost object of an answer, or its `error`: there `message` is the server's own sentence.
    is_envelope: bool,
}

impl Rules {
    fn inner(self) -> Self {
        Self { is_envelope: false, ..self }
    }

    /// Whether the value of this name is the text of a message, or free data beside one.
    fn hides(self, name: &str, has_text: bool) -> bool {
        let bare = bare(name);
        let is_beside = has_text && FREE_DATA.contains(&bare.as_str());
        let is_of_request = self.side == BodySide::Request && TEXTS_OF_REQUESTS.contains(&bare.as_str());
        self.texts == MessageTexts::BySize && (self.is_text(name) || is_beside || is_of_request)
    }

    fn is_text(self, name: &str) -> bool {
        is_message_text(name) && !(self.is_envelope && bare(name) == SENTENCE)
    }
}

/// Returns only size and type if the body is no form or JSON object, is damaged or too large.
pub(super) fn body(
    headers: &HeaderMap,
    kept: &[u8],
    bytes: u64,
    side: BodySide,
    texts: MessageTexts,
) -> Option<String> {
    if bytes == 0 {
        return None;
    }
    let kind = match headers.get(CONTENT_TYPE).map(|declared| declared.to_str().ok().and_then(kind_of)) {
        None => "",
        Some(None) => "of another type",
        Some(Some(kind)) => kind,
    };
    let unknown = || format!("[{}]", format!("{bytes} bytes {kind}").trim_end());
    if bytes > BODY_BYTES_MAX as u64 {
        return Some(unknown());
    }
    let rules = Rules { side, texts, is_envelope: side == BodySide::Answer };
    if let Ok(value @ (Value::Object(_) | Value::Array(_))) = json::parse(kept) {
        return Some(masked(value, rules, false).to_string());
    }
    let form = str::from_utf8(kept).ok().filter(|_| kind == FORM).and_then(|text| form(text, rules.inner()));
    Some(form.unwrap_or_else(unknown))
}

/// Returns a form if all its names look like names; None otherwise, for example for JSON that is sent as a form.
fn form(text: &str, rules: Rules) -> Option<String> {
    let name_of = |pair: &str| pair.split_once('=').and_then(|(name, _)| unescaped(name).map(Cow::into_owned));
    let has_text = text.split('&').filter_map(name_of).any(|name| rules.is_text(&name));
    let pairs: Option<Vec<String>> = text.split('&').map(|given| pair(given, rules, has_text)).collect();
    pairs.map(|pairs| pairs.join("&"))
}

fn pair(pair: &str, rules: Rules, has_text: bool) -> Option<String> {
    let Some((name, value)) = pair.split_once('=') else {
        return Some(if pair.is_empty() || NULL_FIELDS.contains(&pair) { pair.to_owned() } else { size(pair.len()) });
    };
    let known = unescaped(name).filter(|known| is_name(known))?;
    if is_secret(&known) {
        return Some(format!("{name}={MASK}"));
    }
    let spaced = value.replace('+', " ");
    let shown = match unescaped(&spaced) {
        Some(text) if rules.hides(&known, has_text) => characters(&text),
        Some(text) if is_plain(&text) => value.to_owned(),
        Some(text) => structure(&text, rules).unwrap_or_else(|| size(value.len())),
        None => size(value.len()),
    };
    Some(format!("{name}={shown}"))
}

fn characters(text: &str) -> String {
    format!("[{} characters]", text.chars().count())
}

/// JSON inside a text, as some clients send extras: masked, if it is an object or a list.
fn structure(text: &str, rules: Rules) -> Option<String> {
    match json::parse(text.as_bytes()) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Some(masked(value, rules.inner(), false).to_string()),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | Err(_) => None,
    }
}

/// Returns a value as it may be shown. A value without a name, in a list or alone, is shown by its size.
fn masked(value: Value, rules: Rules, is_named: bool) -> Value {
    match value {
        Value::Object(object) => Value::Object(masked_object(object, rules)),
        Value::Array(list) => {
            Value::Array(list.into_iter().map(|value| masked(value, rules.inner(), is_named)).collect())
        }
        Value::String(text) if is_named && is_plain(&text) => Value::String(text),
        Value::String(text) => {
            let escaped = || structure(&unescaped(&text).filter(|_| has_escape(&text))?, rules);
            Value::String(structure(&text, rules).or_else(escaped).unwrap_or_else(|| characters(&text)))
        }
        Value::Number(number) if !is_named => Value::String(size(number.to_string().len())),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn masked_object(object: Map<String, Value>, rules: Rules) -> Map<String, Value> {
    let names_secret = |(name, value): (&String, &Value)| {
        NAMING.contains(&name.to_ascii_lowercase().as_str()) && value.as_str().is_some_and(is_secret)
    };
    let is_of_secret = object.iter().any(names_secret);
    let has_text = object.keys().any(|name| rules.is_text(name));
    let shown = |(name, value): (String, Value)| {
        let is_hidden = is_secret(&name) || (is_of_secret && name.eq_ignore_ascii_case("value"));
        let below = Rules { is_envelope: rules.is_envelope && name == ERROR, ..rules };
        let value = match is_hidden && !value.is_null() {
            true => MASK.into(),
            false if rules.hides(&name, has_text) => text_by_size(value, below, &name),
            false => masked(value, below, true),
        };
        (if is_name(&name) { name } else { size(name.len()) }, value)
    };
    object.into_iter().map(shown).collect()
}

/// Qiscus' answers have whole messages under the name that its requests have a text under.
fn text_by_size(value: Value, rules: Rules, name: &str) -> Value {
    match value {
        Value::Null => value,
        Value::Object(_) if rules.side == BodySide::Answer && bare(name) == COMMENT => masked(value, rules, true),
        Value::String(text) => characters(&text).into(),
        Value::Object(_) | Value::Array(_) | Value::Number(_) | Value::Bool(_) => size(value.to_string().len()).into(),
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/http/middleware/masking.rs"]
mod tests;
