use reqwest::Method;
use serde_json::{Value, json};

use super::{assert_refused, data, ids, made, sync, sync_with, two_apps};
use crate::{
    golden,
    standin::{Standin, send},
};

#[actix_web::test]
async fn answers_the_added_entries_that_are_users_as_sent() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "99XXXXXX11", &[("nickname", "Own name"), ("mobileNumber", "+62 812-3456")]).await;
    let body = json!({
        "addContacts": [
            { "mobileNumber": "0815", "name": "Nobody" },
            { "mobileNumber": "628123456", "name": "samplename" },
            { "mobileNumber": "99XXXXXX11" },
        ],
        "contactPermission": true,
        "deleteContacts": [],
        "forceDelete": true,
    });
    let answer = sync_with(&server, &ada, body).await;
    golden::same(&server, "mirrorfly/sync_contacts_new", &answer);
    assert_eq!(ids(&server, &ada, "").await, ["99XXXXXX11"], "once, however often it is found");
}

#[actix_web::test]
async fn a_number_is_found_in_any_notation_and_an_id_by_itself() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[("mobileNumber", "+62 812-3456")]).await;
    for number in ["628123456", "+62 812-3456", "(62) 812.3456", "62/8123456", "bob"] {
        assert_eq!(sync(&server, &ada, &[number], &[], true).await, [number]);
        assert_eq!(ids(&server, &ada, "").await, ["bob"], "{number}");
    }
    for number in ["8123456", "6281234567", "Bob"] {
        assert_eq!(sync(&server, &ada, &[number], &[], true).await, [""; 0], "{number}");
    }
}

#[actix_web::test]
async fn force_delete_ends_the_former_contacts_and_delete_contacts_those_it_names() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    for (id, number) in [("b1", "111"), ("b2", "222"), ("b3", "333")] {
        made(&server, id, &[("mobileNumber", number)]).await;
    }
    sync(&server, &ada, &["111"], &[], false).await;
    sync(&server, &ada, &["222", "333"], &[], false).await;
    assert_eq!(ids(&server, &ada, "").await, ["b1", "b2", "b3"]);
    assert_eq!(sync(&server, &ada, &[], &["+22-2", "nobody's"], false).await, [""; 0]);
    assert_eq!(ids(&server, &ada, "").await, ["b1", "b3"]);
    sync(&server, &ada, &["222"], &[], true).await;
    assert_eq!(ids(&server, &ada, "").await, ["b2"]);
    sync(&server, &ada, &[], &[], true).await;
    assert_eq!(ids(&server, &ada, "").await, [""; 0]);
}

#[actix_web::test]
async fn a_contact_list_belongs_to_its_user_and_never_contains_that_user() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[("mobileNumber", "111")]).await;
    let bob = made(&server, "bob", &[("mobileNumber", "222")]).await;
    assert_eq!(sync(&server, &ada, &["111", "222"], &[], false).await, ["222"]);
    assert_eq!(ids(&server, &ada, "").await, ["bob"]);
    assert_eq!(ids(&server, &bob, "").await, [""; 0]);
}

#[actix_web::test]
async fn another_apps_users_are_unknown() {
    let server = Standin::fresh().await;
    let (license_key, foreign) = two_apps::second(&server).await;
    let form = reqwest::multipart::Form::new()
        .text("deviceType", "web")
        .text("licenseKey", license_key)
        .text("userIdentifier", "bob")
        .text("mobileNumber", "222");
    assert_eq!(server.create_user_with(&foreign, form).await.status, 200);
    let ada = made(&server, "ada", &[]).await;
    assert_eq!(sync(&server, &ada, &["222", "bob"], &[], false).await, [""; 0]);
}

#[actix_web::test]
async fn all_four_fields_are_required_in_their_types() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    let full = json!({ "addContacts": [], "deleteContacts": [], "contactPermission": true, "forceDelete": false });
    data(&sync_with(&server, &ada, full.clone()).await);
    let with = |field: &str, value: Value| {
        let mut body = full.clone();
        body[field] = value;
        body
    };
    for field in ["addContacts", "deleteContacts", "contactPermission", "forceDelete"] {
        let mut body = full.clone();
        body.as_object_mut().unwrap().remove(field);
        for body in [body, with(field, Value::Null)] {
            assert_refused(&sync_with(&server, &ada, body).await, 400, &format!("{field} is required"));
        }
    }
    for (field, wrong, must) in [
        ("addContacts", json!("111"), "a list of objects with mobileNumber and name"),
        ("deleteContacts", json!({}), "a list of objects with mobileNumber and name"),
        ("contactPermission", json!("true"), "true or false, without quotes"),
        ("forceDelete", json!(1), "true or false, without quotes"),
    ] {
        let answer = sync_with(&server, &ada, with(field, wrong)).await;
        assert_refused(&answer, 400, &format!("{field} must be {must}"));
    }
}

#[actix_web::test]
async fn the_body_is_read_as_json_under_any_content_type() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    let call = || server.call(Method::POST, "/api/v1/contacts/syncContactsNew").header("Authorization", &ada);
    let body = r#"{"addContacts":[],"deleteContacts":[],"contactPermission":false,"forceDelete":true}"#;
    data(&send(call().header("Content-Type", "application/x-www-form-urlencoded").body(body)).await);
    data(&send(call().body(body)).await);
    assert_refused(&send(call()).await, 400, "addContacts is required");
    let answer = send(call().body("[]")).await;
    assert_refused(&answer, 400, "The request body must be a JSON object, in braces");
    let answer = send(call().body(format!("{body}{}", " ".repeat(1024 * 1024)))).await;
    assert_refused(&answer, 413, "The request body is too large: send at most 1048576 bytes");
}

#[actix_web::test]
async fn an_invalid_entry_rejects_the_phone_book_and_the_error_gives_its_index() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[("mobileNumber", "111")]).await;
    let good = json!({ "mobileNumber": "111", "name": "Bob" });
    for (entry, place, must) in [
        (json!("111"), "", "an object with mobileNumber and name"),
        (json!({ "mobileNumber": ["111"] }), ".mobileNumber", "text, in quotes"),
        (json!({ "mobileNumber": "1", "name": ["x"] }), ".name", "text, in quotes"),
    ] {
        for (field, other) in [("addContacts", "deleteContacts"), ("deleteContacts", "addContacts")] {
            let body = json!({
                field: [good, good, good, entry], other: [good], "contactPermission": true, "forceDelete": true,
            });
            let answer = sync_with(&server, &ada, body).await;
            assert_refused(&answer, 400, &format!("{field}[3]{place} must be {must}"));
        }
    }
    assert_eq!(ids(&server, &ada, "").await, [""; 0], "nothing half done");
}

/// Telephones and editors put marks into numbers and names, and people paste line breaks. One such line must not cost the whole book.
#[actix_web::test]
async fn a_line_with_pasted_marks_is_cleaned_or_skipped_and_the_rest_is_synced() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    for (id, number) in [("b1", "+62 812-3456"), ("b2", "*100#"), ("b3", "333")] {
        made(&server, id, &[("mobileNumber", number)]).await;
    }
    let long = "9".repeat(61);
    let add = json!([
        { "mobileNumber": "\u{202a}+62 812\u{2011}3456\u{202c}", "name": "\u{202e}B\none\r\n" },
        { "mobileNumber": "*100#\n", "name": "\u{0}\u{2066}\u{7}" },
        { "mobileNumber": "\t\u{7}\n", "name": "nothing left" },
        { "mobileNumber": long, "name": "too long" },
        { "mobileNumber": format!("{}628123456", "\u{200e}".repeat(61)), "name": "long by its marks" },
        { "mobileNumber": 333, "name": "n".repeat(499) + "ü" },
        { "name": "a\u{202e}b" },
    ]);
    let body = json!({ "addContacts": add, "deleteContacts": [{ "mobileNumber": "\u{202e}", "name": "\n" }],
        "contactPermission": true, "forceDelete": true });
    let live = data(&sync_with(&server, &ada, body).await)["liveContacts"].clone();
    assert_eq!(
        live,
        json!([
            { "mobileNumber": "\u{202a}+62 812\u{2011}3456\u{202c}", "name": "B one" },
            { "mobileNumber": "*100#\n", "name": "" },
            { "mobileNumber": format!("{}628123456", "\u{200e}".repeat(61)), "name": "long by its marks" },
            { "mobileNumber": "333", "name": "n".repeat(499) },
        ]),
        "each number as it was given: the client finds its line by it"
    );
    assert_eq!(ids(&server, &ada, "").await, ["b1", "b2", "b3"]);
    let named = async |part: &str| ids(&server, &ada, &format!("?name={part}")).await;
    assert_eq!((named("long%20by").await, named("nnnn").await), (vec!["b1".to_owned()], vec!["b3".to_owned()]));
}

#[actix_web::test]
async fn blanks_dashes_and_marks_of_every_kind_are_looked_through_and_digits_of_other_scripts_are_digits() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[("mobileNumber", "+62\u{a0}812\u{2013}3456")]).await;
    made(&server, "cyd", &[("mobileNumber", "٠١٢٣٤٥٦٧٨٩")]).await;
    made(&server, "dan", &[("mobileNumber", "no number")]).await;
    for mark in [
        '\u{a0}', '\u{1680}', '\u{2002}', '\u{2007}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{205f}', '\u{3000}',
        '\u{ad}', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}', '\u{fe58}',
        '\u{fe63}', '\u{ff0d}', '\u{30fb}', '\u{b7}', '\u{2022}', '\u{2043}', '\u{200b}', '\u{200c}', '\u{200d}',
        '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}', '\u{61c}', '\u{202a}', '\u{202c}', '\u{2068}', '\u{2069}',
        '\u{ff0b}', '\u{ff08}', '\u{ff09}', '~', '_', '\'', ',',
    ] {
        let number = format!("{mark}62{mark}812{mark}3456{mark}");
        assert_eq!(sync(&server, &ada, &[&number], &[], true).await, [number.as_str()], "U+{:04X}", u32::from(mark));
        assert_eq!(ids(&server, &ada, "").await, ["bob"]);
    }
    for digits in ["٦٢٨١٢٣٤٥٦", "۶۲۸۱۲۳۴۵۶", "६२८१२३४५६", "６２８１２３４５６", "๖๒๘๑๒๓๔๕๖", "𝟔𝟐𝟖𝟏𝟐𝟑𝟒𝟓𝟔"]
    {
        assert_eq!(sync(&server, &ada, &[digits], &[], true).await, [digits]);
        assert_eq!(ids(&server, &ada, "").await, ["bob"], "{digits}");
    }
    assert_eq!(sync(&server, &ada, &["0123456789"], &[], true).await, ["0123456789"]);
    for nobody in ["62812345", "6281234567", "x628123456", "²628123456²", "--", "()"] {
        let found = sync(&server, &ada, &[nobody], &[], true).await;
        assert_eq!(found.is_empty(), nobody != "²628123456²", "{nobody}");
    }
}

#[actix_web::test]
async fn a_number_is_at_most_60_bytes_and_of_a_name_the_first_500_count() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    for (id, digits) in [("b59", 59), ("b60", 60)] {
        made(&server, id, &[]).await;
        server.command(&["user", "set", id, "--mobile", &"1".repeat(digits)]);
    }
    let numbers: Vec<String> = [59, 60, 61].map(|digits| "1".repeat(digits)).to_vec();
    for (at, bytes) in [499, 500, 501].into_iter().enumerate() {
        let entry = json!({ "mobileNumber": numbers[at], "name": "n".repeat(bytes) });
        let body = json!({
            "addContacts": [entry], "deleteContacts": [entry], "contactPermission": true, "forceDelete": false,
        });
        let live = data(&sync_with(&server, &ada, body).await)["liveContacts"].clone();
        let expected = match at {
            2 => json!([]),
            _ => json!([{ "mobileNumber": numbers[at], "name": "n".repeat(bytes) }]),
        };
        assert_eq!(live, expected);
    }
}

#[actix_web::test]
async fn an_entry_without_a_number_is_nobodys() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[("mobileNumber", "111")]).await;
    let add =
        json!([{ "name": "No number" }, { "mobileNumber": "", "name": "" }, { "mobileNumber": "111", "name": "" }]);
    let body = json!({ "addContacts": add, "deleteContacts": [{}], "contactPermission": true, "forceDelete": false });
    let live = data(&sync_with(&server, &ada, body).await)["liveContacts"].clone();
    assert_eq!(live, json!([{ "name": "", "mobileNumber": "111" }]));
}

#[actix_web::test]
async fn each_list_has_at_most_10_000_entries() {
    let server = Standin::fresh().await;
    let ada = made(&server, "ada", &[]).await;
    made(&server, "bob", &[("mobileNumber", "5555")]).await;
    let entries =
        |count: usize| -> Vec<Value> { (0..count).map(|n| json!({ "mobileNumber": n.to_string() })).collect() };
    for count in [9_999, 10_000] {
        let body = json!({
            "addContacts": entries(count), "deleteContacts": [], "contactPermission": true, "forceDelete": false,
        });
        let live = data(&sync_with(&server, &ada, body).await)["liveContacts"].clone();
        assert_eq!(live, json!([{ "name": "", "mobileNumber": "5555" }]));
    }
    for (field, other) in [("addContacts", "deleteContacts"), ("deleteContacts", "addContacts")] {
        let body = json!({ field: entries(10_001), other: [], "contactPermission": true, "forceDelete": true });
        let message = format!("{field} must have at most 10000 entries, this one has 10001");
        assert_refused(&sync_with(&server, &ada, body).await, 400, &message);
    }
    assert_eq!(ids(&server, &ada, "").await, ["bob"]);
}
