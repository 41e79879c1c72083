//! Strict JSON, rule by rule.

use serde_json::{Value, json};
use standin::http::json::{DEPTH_MAX, VALUES_MAX, parse, parse_object};

fn refused(text: &str) -> String {
    parse(text.as_bytes()).expect_err(text).to_string()
}

#[test]
fn promise_31_depth_is_bounded_at_128_for_lists_and_objects() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| {
            let core = if open == "[" { "" } else { "0" };
            format!("{}{core}{}", open.repeat(depth), close.repeat(depth))
        };
        for depth in [1, DEPTH_MAX - 1, DEPTH_MAX] {
            assert!(parse(nested(depth).as_bytes()).is_ok(), "{depth}");
        }
        assert!(refused(&nested(DEPTH_MAX + 1)).starts_with("is nested more than 128 deep at line 1"));
    }
    assert!(refused(&"[".repeat(1_000_000)).starts_with("is nested more than 128 deep"));
    assert!(refused(&"{\"a\":".repeat(200_000)).starts_with("is nested more than 128 deep"));
}

#[test]
fn values_are_bounded() {
    let list = |values: usize| format!("[{}]", vec!["0"; values - 1].join(","));
    assert!(parse(list(VALUES_MAX).as_bytes()).is_ok());
    assert!(refused(&list(VALUES_MAX + 1)).starts_with("holds more than 65536 values"));
}

#[test]
fn promise_31_a_key_given_twice_is_refused_at_every_depth() {
    assert_eq!(refused(r#"{"a":1,"a":2}"#), r#"gives the key "a" twice in one object at line 1 column 10"#);
    assert!(refused(r#"{"x":[{"a":1,"b":2,"\u0061":1}]}"#).starts_with(r#"gives the key "a" twice"#));
    assert!(parse(br#"[{"a":1},{"a":1},{"a":{"a":1},"A":0}]"#).is_ok());
    let long = "k\\n".repeat(500);
    let said = refused(&format!(r#"{{"{long}":1,"{long}":2}}"#));
    assert!(said.len() < 200 && !said.contains('\n'), "{said}");
}

#[test]
fn promise_31_text_that_is_not_utf_8_is_refused() {
    assert_eq!(
        parse(b"{\"a\":\"\xff\"}").unwrap_err().to_string(),
        "is not valid UTF-8: the first 6 bytes are, the next is not"
    );
    for lone in [r#""\ud800""#, r#""\udc00x""#, r#""\ud800\u0041""#] {
        assert!(refused(lone).starts_with("is not valid JSON"));
    }
    assert_eq!(parse(br#""\ud83d\ude00""#).unwrap(), json!("\u{1F600}"));
}

#[test]
fn promise_31_malformed_numbers_are_refused() {
    for text in ["NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "1e400", "-", "{\"a\":NaN}"] {
        assert!(refused(text).starts_with("is not valid JSON"), "{text}");
    }
}

#[test]
fn promise_31_integers_are_kept_exactly_or_refused() {
    for exact in ["9007199254740991", "9007199254740993", "18446744073709551615", "-9223372036854775808", "0", "-1"] {
        assert_eq!(parse(exact.as_bytes()).unwrap().to_string(), exact);
    }
    let too_big = [
        "18446744073709551616",
        "-9223372036854775809",
        "9007199254740992.0",
        "-9007199254740993.5",
        "1e16",
        "1e308",
        "123456789012345678901234567890",
    ];
    for text in too_big {
        assert!(refused(text).starts_with("holds a number too big to be kept exactly, send it as text"), "{text}");
    }
    for float in ["0.1", "-1.5", "9007199254740991.0", "1e15", "1e-320", "0.30000000000000004"] {
        let value = parse(float.as_bytes()).unwrap();
        assert_eq!(value.as_f64().unwrap().to_bits(), float.parse::<f64>().unwrap().to_bits());
        assert_eq!(parse(value.to_string().as_bytes()).unwrap(), value, "stable when stored and read again");
    }
}

#[test]
fn promise_31_bytes_after_the_document_are_refused() {
    assert_eq!(refused("{}{}"), "holds more than one JSON value: line 1, column 3");
    for text in ["{} x", "1 2", "[],", "{}\0", "null null", "0x10"] {
        assert!(refused(text).starts_with("holds more than one JSON value"), "{text}");
    }
    assert!(parse(b" \r\n\t{} \n").is_ok());
}

#[test]
fn half_a_document_is_refused() {
    for text in ["", " ", "{", "{\"a\"", "{\"a\":", "[1,", "\"abc", "tru"] {
        assert!(refused(text).starts_with("is not valid JSON: it ends too early"), "{text}");
    }
    for text in ["{a:1}", "{'a':1}", "[1,]", "{\"a\":1,}", "/**/1", "\"a\nb\""] {
        assert!(refused(text).starts_with("is not valid JSON: "), "{text}");
    }
}

#[test]
fn issue_14_each_fault_is_named() {
    for (text, said) in [
        ("{\"a\":1,}", "is not valid JSON: trailing comma, at line 1, column 8"),
        ("{'a':1}", "is not valid JSON: key must be a string, at line 1, column 2"),
        ("{a:1}", "is not valid JSON: key must be a string, at line 1, column 2"),
        ("[NaN]", "is not valid JSON: expected value, at line 1, column 2"),
        ("[1e400]", "is not valid JSON: number out of range, at line 1, column 6"),
        ("[\"\\ud83d\"]", "is not valid JSON: half of a surrogate pair, at line 1, column 9"),
        ("[\"\\ude00\"]", "is not valid JSON: half of a surrogate pair, at line 1, column 8"),
        (
            "[\"a\nb\"]",
            "is not valid JSON: control character (\\u0000-\\u001F) found while parsing a string, at line 2, column 0",
        ),
        ("[\"\\x41\"]", "is not valid JSON: invalid escape, at line 1, column 4"),
    ] {
        assert_eq!(refused(text), said);
    }
    let wide = "must be UTF-8, and is UTF-16 or UTF-32";
    let little: Vec<u8> = "\u{FEFF}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let longest: Vec<u8> = "{}".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    for text in [little, big, longest] {
        assert_eq!(parse(&text).unwrap_err().to_string(), wide, "{text:?}");
    }
}

#[test]
fn issue_14_one_byte_order_mark_before_the_text_is_ignored() {
    assert_eq!(parse("\u{FEFF}{\"a\":\"\u{FEFF}b\"}".as_bytes()).unwrap(), json!({ "a": "\u{FEFF}b" }));
    assert!(parse("\u{FEFF}\u{FEFF}{}".as_bytes()).is_err());
    assert!(parse("{}\u{FEFF}".as_bytes()).is_err());
}

#[test]
fn keys_keep_their_order() {
    let text = r#"{"z":1,"a":{"y":[],"b":null},"m":"x"}"#;
    assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
}

#[test]
fn an_object_is_an_object() {
    assert_eq!(Value::Object(parse_object(b"{\"a\":1}").unwrap()), json!({ "a": 1 }));
    for text in ["[]", "1", "\"{}\"", "null", "true"] {
        assert_eq!(parse_object(text.as_bytes()).unwrap_err().to_string(), "must be a JSON object, in braces");
    }
}
