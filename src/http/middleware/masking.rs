//! What the inspector shows of an exchange: the parts that are understood and hold no secrets. Of the rest only type
//! and size.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::http::{
    json,
    showing::{MASK, has_escape, is_name, is_plain, is_secret, unescaped},
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

/// Headers with visible values, and prefixes of such headers: they describe the client. Of others only the size is
/// shown.
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

/// Fields that the Qiscus SDK sends as a bare name if they are null. Any other bare name may be a token.
const NULL_FIELDS: [&str; 4] = ["avatar_url", "extras", "name", "username"];

/// Returns headers as they may be shown, in their order.
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

/// Returns a known type of bodies, without its parameters.
fn kind_of(declared: &str) -> Option<&'static str> {
    let kind = declared.split(';').next().unwrap_or_default().trim();
    KINDS.into_iter().find(|known| known.eq_ignore_ascii_case(kind))
}

fn size(bytes: usize) -> String {
    format!("[{bytes} bytes]")
}

/// Returns a body as it may be shown. If it is no form or JSON object, is damaged or too large, only its size and
/// type.
pub(super) fn body(headers: &HeaderMap, kept: &[u8], bytes: u64) -> Option<String> {
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
    if let Ok(value @ (Value::Object(_) | Value::Array(_))) = json::parse(kept) {
        return Some(masked(value, false).to_string());
    }
    let form = str::from_utf8(kept).ok().filter(|_| kind == FORM).and_then(form);
    Some(form.unwrap_or_else(unknown))
}

/// Returns a form if all its names look like names; None otherwise, for example for JSON that is sent as a form.
fn form(text: &str) -> Option<String> {
    let pairs: Option<Vec<String>> = text.split('&').map(pair).collect();
    pairs.map(|pairs| pairs.join("&"))
}

fn pair(pair: &str) -> Option<String> {
    let Some((name, value)) = pair.split_once('=') else {
        return Some(if pair.is_empty() || NULL_FIELDS.contains(&pair) { pair.to_owned() } else { size(pair.len()) });
    };
    let known = unescaped(name).filter(|known| is_name(known))?;
    if is_secret(&known) {
        return Some(format!("{name}={MASK}"));
    }
    let spaced = value.replace('+', " ");
    let shown = match unescaped(&spaced) {
        Some(text) if is_plain(&text) => value.to_owned(),
        Some(text) => structure(&text).unwrap_or_else(|| size(value.len())),
        None => size(value.len()),
    };
    Some(format!("{name}={shown}"))
}

/// JSON inside a text, as some clients send extras: masked, if it is an object or a list.
fn structure(text: &str) -> Option<String> {
    match json::parse(text.as_bytes()) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Some(masked(value, false).to_string()),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | Err(_) => None,
    }
}

/// Returns a value as it may be shown. A value without a name, in a list or alone, is shown by its size.
fn masked(value: Value, is_named: bool) -> Value {
    match value {
        Value::Object(object) => Value::Object(masked_object(object)),
        Value::Array(list) => Value::Array(list.into_iter().map(|value| masked(value, is_named)).collect()),
        Value::String(text) if is_named && is_plain(&text) => Value::String(text),
        Value::String(text) => {
            let inner = structure(&text).or_else(|| structure(&unescaped(&text).filter(|_| has_escape(&text))?));
            Value::String(inner.unwrap_or_else(|| format!("[{} characters]", text.chars().count())))
        }
        Value::Number(number) if !is_named => Value::String(size(number.to_string().len())),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn masked_object(object: Map<String, Value>) -> Map<String, Value> {
    let names_secret = |(name, value): (&String, &Value)| {
        NAMING.contains(&name.to_ascii_lowercase().as_str()) && value.as_str().is_some_and(is_secret)
    };
    let is_of_secret = object.iter().any(names_secret);
    let shown = |(name, value): (String, Value)| {
        let is_hidden = is_secret(&name) || (is_of_secret && name.eq_ignore_ascii_case("value"));
        let value = match is_hidden && !value.is_null() {
            true => MASK.into(),
            false => masked(value, true),
        };
        (if is_name(&name) { name } else { size(name.len()) }, value)
    };
    object.into_iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "tell-nobody";

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
            ("application/json", r#"{"e":"%7B%22UserSig%22%3A%22x%22%7D"}"#, r#"{"e":"{\"UserSig\":\"***\"}"}"#),
            ("application/json", r#"{"ErrorCode":0,"statusCode":200}"#, r#"{"ErrorCode":0,"statusCode":200}"#),
            ("application/json", r#"{"name":"token","value":"x"}"#, r#"{"name":"token","value":"***"}"#),
            ("application/x-www-form-urlencoded", "a=1&user_token=x&to%6Ben=y", "a=1&user_token=***&to%6Ben=***"),
            ("application/x-www-form-urlencoded", "name=A+B&avatar_url&extras", "name=A+B&avatar_url&extras"),
            (
                "application/x-www-form-urlencoded",
                "registerData=%7B%22password%22%3A%22x%22%7D",
                r#"registerData={"password":"***"}"#,
            ),
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
    fn of_a_body_that_is_not_understood_nothing_but_size_and_type_is_shown() {
        let json = format!(r#"{{"password":"{MARK}"}}"#);
        let encoded = percent_encoding::utf8_percent_encode(&json, percent_encoding::NON_ALPHANUMERIC).to_string();
        let twice = percent_encoding::utf8_percent_encode(&encoded, percent_encoding::NON_ALPHANUMERIC).to_string();
        for text in [
            format!(r#"{{"password":"{MARK}",}}"#),
            format!(r#"{{"password":"{MARK}","password":"{MARK}"}}"#),
            format!(r#"{{"password":"{MARK}"}}{{}}"#),
            format!(r#"{{"a":"=","password":"{MARK}","#),
            format!(r#"{{"password":"{MARK}=","a&b":1,"#),
            format!("\"{MARK}\""),
            format!("[\"{MARK}\", [\"{MARK}\"]]"),
            format!(r#"{{"{{\"password\":\"{MARK}\"": 1}}"#),
            format!(r#"{{"a":"{{\"password\":\"{MARK}\",}}"}}"#),
            format!(r#"{{"a":"password={MARK}"}}"#),
            format!(r#"{{"a":"password: {MARK}"}}"#),
            format!(r#"{{"a":"https://ada:{MARK}@example.com/"}}"#),
            format!(r#"{{"registerData":"{twice}"}}"#),
            format!("registerData={twice}"),
            format!("to%256Ben={MARK}"),
            format!("a=token%253D{MARK}"),
            format!("a=token%3D{MARK}"),
            MARK.to_owned(),
            format!("a=1&{MARK}"),
            format!("token:{MARK}"),
            format!("<auth password='{MARK}'>{MARK}</auth>"),
            format!("--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{MARK}"),
        ] {
            for kind in [
                "application/json",
                FORM,
                "multipart/form-data; boundary=x",
                "text/plain",
                "text/xml",
                "tell-nobody/tell-nobody",
            ] {
                let shown = shown(kind, &text);
                assert!(!shown.contains(MARK), "{text} as {kind}: {shown}");
            }
        }
    }

    #[test]
    fn headers_that_are_not_known_are_shown_by_their_size() {
        for (name, value, expected) in [
            ("authorization", "x", "***"),
            ("qiscus-sdk-secret", "x", "***"),
            ("qiscus_sdk_token", "x", "***"),
            ("cookie", "x", "***"),
            ("set-cookie", "x", "***"),
            ("x-api-key", "x", "***"),
            ("x-anything", MARK, "[11 bytes]"),
            ("referer", "http://x/?token=x", "[17 bytes]"),
            ("user-agent", "curl/8", "curl/8"),
            ("sec-fetch-mode", "cors", "cors"),
            ("content-type", "application/json; charset=tell-nobody", "application/json"),
            ("content-type", "tell-nobody", "another type"),
        ] {
            let given = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            assert_eq!(headers(&given).get(name), Some(&Value::from(expected)), "{name}");
        }
    }
}
