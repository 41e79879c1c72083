//! Tests of `src/http/middleware/masking.rs`.

use super::*;

const MARK: &str = "tell-nobody";

fn shown(kind: &'static str, text: &str) -> String {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
    body(&headers, text.as_bytes(), text.len() as u64, BodySide::Request, MessageTexts::BySize).unwrap()
}

fn shown_in_answer(text: &str, texts: MessageTexts) -> String {
    body(&HeaderMap::new(), text.as_bytes(), text.len() as u64, BodySide::Answer, texts).unwrap()
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
        let packed = format!(r#"{{"note":"{}"}}"#, "a".repeat(chars));
        assert_eq!(shown("application/json", &packed), format!(r#"{{"note":"{expected}"}}"#));
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

/// Requests of each vendor with a text of a message, and what is shown of them.
#[test]
fn the_text_of_a_message_is_shown_by_its_size_in_every_vendors_request() {
    for (kind, text, expected) in [
        // Qiscus: posts, replies and edits of SDKs and back ends, and searches.
        (
            "application/json",
            r#"{"comment":"tell","topic_id":"7","unique_temp_id":"a-1","type":"custom","payload":{"type":"x","content":{"a":"tell"}},"extras":{"a":"tell"}}"#,
            r#"{"comment":"[4 characters]","topic_id":"7","unique_temp_id":"a-1","type":"custom","payload":"[35 bytes]","extras":"[12 bytes]"}"#,
        ),
        (
            "application/json",
            r#"{"user_id":"u","room_id":"7","message":"tell"}"#,
            r#"{"user_id":"u","room_id":"7","message":"[4 characters]"}"#,
        ),
        (
            FORM,
            "comment=tell+me&topic_id=7&extras=%7B%22a%22%3A1%7D",
            "comment=[7 characters]&topic_id=7&extras=[7 characters]",
        ),
        (FORM, "com%6Dent=tell&query=tell", "com%6Dent=[4 characters]&query=[4 characters]"),
        // MirrorFly: the message of a back end, with its free data, and a report, which encloses messages.
        (FORM, "chatType=chat&toUser=u&message=tell", "chatType=chat&toUser=u&message=[4 characters]"),
        (
            "application/json",
            r#"{"toUser":"u","message":"tell","metaData":{"a":"tell"}}"#,
            r#"{"toUser":"u","message":"[4 characters]","metaData":"[12 bytes]"}"#,
        ),
        (
            "application/json",
            r#"{"from":"u","to":"v","data":"[{\"message\":\"tell\"}]"}"#,
            r#"{"from":"u","to":"v","data":"[20 characters]"}"#,
        ),
        // Tencent: elements, custom data, and the notice that a telephone shows.
        (
            "application/json",
            r#"{"To_Account":"u","MsgRandom":1,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"tell"}}],"CloudCustomData":"tell","OfflinePushInfo":{"Desc":"tell"}}"#,
            r#"{"To_Account":"u","MsgRandom":1,"MsgBody":"[56 bytes]","CloudCustomData":"[4 characters]","OfflinePushInfo":"[15 bytes]"}"#,
        ),
        // In JSON inside a text, in another case, as another kind of value.
        ("application/json", r#"{"e":"{\"Msg_Body\":\"tell\"}"}"#, r#"{"e":"{\"Msg_Body\":\"[4 characters]\"}"}"#),
        (
            "application/json",
            r#"{"message":["tell"],"comment":{"a":"tell"}}"#,
            r#"{"message":"[8 bytes]","comment":"[12 bytes]"}"#,
        ),
    ] {
        assert_eq!(shown(kind, text), expected);
        assert!(!shown(kind, text).contains("tell"), "{text}");
    }
    let in_demo = body(&HeaderMap::new(), br#"{"message":"tell"}"#, 18, BodySide::Request, MessageTexts::Shown);
    assert_eq!(in_demo.unwrap(), r#"{"message":"tell"}"#, "a demo shows it");
}

#[test]
fn the_text_of_a_message_is_shown_by_its_size_in_every_vendors_answer() {
    for (text, expected) in [
        (
            r#"{"results":{"comment":{"id":4,"message":"tell","payload":{"text":"tell"},"extras":{"a":"tell"},"username":"Ada"}},"status":200}"#,
            r#"{"results":{"comment":{"id":4,"message":"[4 characters]","payload":"[15 bytes]","extras":"[12 bytes]","username":"Ada"}},"status":200}"#,
        ),
        (
            r#"{"results":{"rooms_info":[{"id":7,"last_comment":{"message":"tell"},"last_comment_message":"tell"}]},"status":200}"#,
            r#"{"results":{"rooms_info":[{"id":7,"last_comment":{"message":"[4 characters]"},"last_comment_message":"[4 characters]"}]},"status":200}"#,
        ),
        (
            r#"{"status":200,"message":"Done","data":{"chatList":[{"messageId":"a-1","message":"tell","metaData":{"a":"tell"}}]}}"#,
            r#"{"status":200,"message":"Done","data":{"chatList":[{"messageId":"a-1","message":"[4 characters]","metaData":"[12 bytes]"}]}}"#,
        ),
        (
            r#"{"status":200,"message":"Done","data":{"messageContent":"tell","parentMessageContent":null}}"#,
            r#"{"status":200,"message":"Done","data":{"messageContent":"[4 characters]","parentMessageContent":null}}"#,
        ),
        (
            r#"{"ActionStatus":"OK","ErrorCode":0,"MsgList":[{"MsgTime":3,"MsgBody":[{"MsgContent":{"Text":"tell"}}],"CloudCustomData":""}]}"#,
            r#"{"ActionStatus":"OK","ErrorCode":0,"MsgList":[{"MsgTime":3,"MsgBody":"[32 bytes]","CloudCustomData":"[0 characters]"}]}"#,
        ),
        // The server's own sentences, and the free data of users.
        (r#"{"status":400,"message":"Not so"}"#, r#"{"status":400,"message":"Not so"}"#),
        (r#"{"error":{"message":"Not so"},"status":400}"#, r#"{"error":{"message":"Not so"},"status":400}"#),
        (
            r#"{"results":{"user":{"username":"Ada","extras":{"a":"b"}}},"status":200}"#,
            r#"{"results":{"user":{"username":"Ada","extras":{"a":"b"}}},"status":200}"#,
        ),
    ] {
        assert_eq!(shown_in_answer(text, MessageTexts::BySize), expected);
        assert_eq!(shown_in_answer(text, MessageTexts::Shown), text, "a demo shows it");
    }
}
