//! What may be shown of an exchange: everything but what opens something.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value};

use super::access;

/// Bytes kept of a body.
pub(super) const BODY_BYTES_MAX: usize = 16 * 1024;

/// Characters shown of one header.
const HEADER_CHARS_MAX: usize = 1024;

/// Headers shown of one message.
const HEADERS_MAX: usize = 64;

/// Ends of names, in lower case and without marks between words, whose values are not shown.
const SECRET_ENDINGS: [&str; 12] = [
    "authorization",
    "cookie",
    "jwt",
    "key",
    "nonce",
    "passwd",
    "password",
    "secret",
    "sig",
    "ticket",
    "token",
    "tokenv2",
];

/// Texts this long of the letters of base64 alone are packed or ciphered: nobody reads them, and what is in them is not known. An address
/// has other signs in it.
const OPAQUE_CHARS_MIN: usize = 40;

const MASK: &str = "***";

fn is_secret(name: &str) -> bool {
    let bare: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRET_ENDINGS.iter().any(|ending| bare.ends_with(ending))
}

/// Headers as they may be shown, in their order.
pub(super) fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let shown = |(name, value): (&actix_web::http::header::HeaderName, &actix_web::http::header::HeaderValue)| {
        let value = match is_secret(name.as_str()) {
            true => MASK.to_owned(),
            false => String::from_utf8_lossy(value.as_bytes()).chars().take(HEADER_CHARS_MAX).collect(),
        };
        (name.as_str().to_owned(), Value::String(value))
    };
    headers.iter().take(HEADERS_MAX).map(shown).collect()
}

/// A body as it may be shown; of one that is no form or JSON, and of one too large to be read, the size alone.
pub(super) fn body(headers: &HeaderMap, kept: &[u8], bytes: u64) -> Option<String> {
    if bytes == 0 {
        return None;
    }
    let declared = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = declared.split(';').next().unwrap_or_default().trim();
    if bytes > BODY_BYTES_MAX as u64 {
        return Some(format!("[{bytes} bytes {kind}]"));
    }
    if let Ok(mut value) = super::json::parse(kept) {
        mask(&mut value);
        return Some(value.to_string());
    }
    match kind.eq_ignore_ascii_case("application/x-www-form-urlencoded").then(|| str::from_utf8(kept).ok()).flatten() {
        Some(form) => Some(form.split('&').map(pair).collect::<Vec<_>>().join("&")),
        None => Some(format!("[{bytes} bytes {kind}]")),
    }
}

fn pair(pair: &str) -> String {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    match access::is_secret(name) || is_secret(name) || name.contains('%') {
        true => format!("{name}={MASK}"),
        false => pair.to_owned(),
    }
}

fn is_opaque(text: &str) -> bool {
    let is_of_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b'*');
    text.len() >= OPAQUE_CHARS_MIN && text.bytes().all(is_of_base64)
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                match is_secret(name) && !value.is_null() {
                    true => *value = MASK.into(),
                    false => mask(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask),
        Value::String(text) => {
            // An object within a text, as some clients send extras, is looked into as well.
            if let Ok(mut inner @ (Value::Object(_) | Value::Array(_))) = super::json::parse(text.as_bytes()) {
                mask(&mut inner);
                *text = inner.to_string();
            } else if is_opaque(text) {
                *text = format!("[{} characters]", text.len());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn shown(kind: &'static str, text: &str) -> String {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        body(&headers, text.as_bytes(), text.len() as u64).unwrap()
    }

    #[test]
    fn what_opens_something_is_masked_wherever_it_stands() {
        for (kind, text, expected) in [
            ("application/json", r#"{"a":1,"password":"x"}"#, r#"{"a":1,"password":"***"}"#),
            (
                "text/plain",
                r#"[{"authToken":"x","refresh_token":null}]"#,
                r#"[{"authToken":"***","refresh_token":null}]"#,
            ),
            ("application/json", r#"{"e":"{\"UserSig\":\"x\"}"}"#, r#"{"e":"{\"UserSig\":\"***\"}"}"#),
            ("application/json", r#"{"ErrorCode":0,"statusCode":200}"#, r#"{"ErrorCode":0,"statusCode":200}"#),
            ("application/x-www-form-urlencoded", "a=1&user_token=x&to%6Ben=y", "a=1&user_token=***&to%6Ben=***"),
            ("multipart/form-data; boundary=x", "--x password", "[12 bytes multipart/form-data]"),
            ("application/json", r#"{"password": "cut o"#, "[19 bytes application/json]"),
        ] {
            assert_eq!(shown(kind, text), expected);
        }
        for (chars, expected) in [(39, "a".repeat(39)), (40, "[40 characters]".to_owned())] {
            let packed = format!(r#"{{"data":"{}"}}"#, "a".repeat(chars));
            assert_eq!(shown("application/json", &packed), format!(r#"{{"data":"{expected}"}}"#));
        }
        let address = r#"{"avatar_url":"http://127.0.0.1:8080/pictures/upload/abcdefgh/full.jpg"}"#;
        assert_eq!(shown("application/json", address), address);
    }

    #[test]
    fn secret_headers_are_masked() {
        for name in ["authorization", "qiscus-sdk-secret", "qiscus_sdk_token", "cookie", "set-cookie", "x-api-key"] {
            let name = HeaderName::from_static(name);
            let given = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static("x"))]);
            assert_eq!(headers(&given).get(name.as_str()), Some(&Value::from("***")));
        }
    }
}
