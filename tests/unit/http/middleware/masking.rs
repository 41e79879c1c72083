//! Tests of `src/http/middleware/masking.rs`.

use super::*;

const MARK: &str = "tell-nobody";

fn shown(kind: &'static str, text: &str) -> String {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
    body(&headers, text.as_bytes(), text.len() as u64).unwrap()
}

#[test]
fn secrets_are_masked_everywhere() {
    for (kind, text, expected) in [
        ("application/json", r#"{"a":1,"password":"x"}"#, r#"{"a":1,"password":"***"}"#),
        ("text/plain", r#"[{"authToken":"x","refresh_token":null}]"#, r#"[{"authToken":"***","refresh_token":null}]"#),
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
fn an_unknown_body_is_shown_by_size_and_type_only() {
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
