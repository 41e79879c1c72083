use reqwest::Method;
use serde_json::{Value, json};

use super::{assert_refused, data, ids, made, sync, sync_with, two_apps};
use crate::{
    golden,
    standin::{Standin, send},
};

#[actix_web::test]
async fn answers_the_added_entries_that_are_users_as_they_were_given() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "99XXXXXX11", &[("nickname", "Own name"), ("mobileNumber", "+62 812-3456")]).await;
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
    let answer = sync_with(&house, &ada, body).await;
    golden::same(&house, "mirrorfly/sync_contacts_new", &answer);
    assert_eq!(ids(&house, &ada, "").await, ["99XXXXXX11"], "once, however often it is found");
}

#[actix_web::test]
async fn a_number_is_found_in_any_notation_and_an_id_by_itself() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "bob", &[("mobileNumber", "+62 812-3456")]).await;
    for number in ["628123456", "+62 812-3456", "(62) 812.3456", "62/8123456", "bob"] {
        assert_eq!(sync(&house, &ada, &[number], &[], true).await, [number]);
        assert_eq!(ids(&house, &ada, "").await, ["bob"], "{number}");
    }
    for number in ["8123456", "6281234567", "Bob"] {
        assert_eq!(sync(&house, &ada, &[number], &[], true).await, [""; 0], "{number}");
    }
}

#[actix_web::test]
async fn force_delete_ends_the_former_contacts_and_delete_contacts_those_it_names() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    for (id, number) in [("b1", "111"), ("b2", "222"), ("b3", "333")] {
        made(&house, id, &[("mobileNumber", number)]).await;
    }
    sync(&house, &ada, &["111"], &[], false).await;
    sync(&house, &ada, &["222", "333"], &[], false).await;
    assert_eq!(ids(&house, &ada, "").await, ["b1", "b2", "b3"]);
    assert_eq!(sync(&house, &ada, &[], &["+22-2", "nobody's"], false).await, [""; 0]);
    assert_eq!(ids(&house, &ada, "").await, ["b1", "b3"]);
    sync(&house, &ada, &["222"], &[], true).await;
    assert_eq!(ids(&house, &ada, "").await, ["b2"]);
    sync(&house, &ada, &[], &[], true).await;
    assert_eq!(ids(&house, &ada, "").await, [""; 0]);
}

#[actix_web::test]
async fn contacts_are_ones_own_and_never_oneself() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[("mobileNumber", "111")]).await;
    let bob = made(&house, "bob", &[("mobileNumber", "222")]).await;
    assert_eq!(sync(&house, &ada, &["111", "222"], &[], false).await, ["222"]);
    assert_eq!(ids(&house, &ada, "").await, ["bob"]);
    assert_eq!(ids(&house, &bob, "").await, [""; 0]);
}

#[actix_web::test]
async fn another_apps_users_are_unknown() {
    let house = Standin::fresh().await;
    let (license_key, foreign) = two_apps::second(&house).await;
    let form = reqwest::multipart::Form::new()
        .text("deviceType", "web")
        .text("licenseKey", license_key)
        .text("userIdentifier", "bob")
        .text("mobileNumber", "222");
    assert_eq!(house.create_user_with(&foreign, form).await.status, 200);
    let ada = made(&house, "ada", &[]).await;
    assert_eq!(sync(&house, &ada, &["222", "bob"], &[], false).await, [""; 0]);
}

#[actix_web::test]
async fn all_four_fields_are_required_in_their_types() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    let full = json!({ "addContacts": [], "deleteContacts": [], "contactPermission": true, "forceDelete": false });
    data(&sync_with(&house, &ada, full.clone()).await);
    let with = |field: &str, value: Value| {
        let mut body = full.clone();
        body[field] = value;
        body
    };
    for field in ["addContacts", "deleteContacts", "contactPermission", "forceDelete"] {
        let mut body = full.clone();
        body.as_object_mut().unwrap().remove(field);
        for body in [body, with(field, Value::Null)] {
            assert_refused(&sync_with(&house, &ada, body).await, 400, &format!("{field} is required"));
        }
    }
    for (field, wrong, must) in [
        ("addContacts", json!("111"), "a list of objects with mobileNumber and name"),
        ("deleteContacts", json!({}), "a list of objects with mobileNumber and name"),
        ("contactPermission", json!("true"), "true or false, without quotes"),
        ("forceDelete", json!(1), "true or false, without quotes"),
    ] {
        let answer = sync_with(&house, &ada, with(field, wrong)).await;
        assert_refused(&answer, 400, &format!("{field} must be {must}"));
    }
}

#[actix_web::test]
async fn the_body_is_read_as_json_whatever_it_is_declared_to_be() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    let call = || house.call(Method::POST, "/api/v1/contacts/syncContactsNew").header("Authorization", &ada);
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
async fn a_faulty_entry_refuses_the_whole_and_is_told_by_its_place() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "bob", &[("mobileNumber", "111")]).await;
    let good = json!({ "mobileNumber": "111", "name": "Bob" });
    for (entry, place, must) in [
        (json!("111"), "", "an object with mobileNumber and name"),
        (json!({ "mobileNumber": 111 }), ".mobileNumber", "text, in quotes"),
        (json!({ "mobileNumber": "1".repeat(61) }), ".mobileNumber", "at most 60 bytes"),
        (json!({ "mobileNumber": "1", "name": ["x"] }), ".name", "text, in quotes"),
        (json!({ "mobileNumber": "1", "name": "n".repeat(501) }), ".name", "at most 500 bytes"),
        (json!({ "name": "a\u{202e}b" }), ".name", "free of control and text-direction characters"),
    ] {
        for (field, other) in [("addContacts", "deleteContacts"), ("deleteContacts", "addContacts")] {
            let body = json!({
                field: [good, good, good, entry], other: [good], "contactPermission": true, "forceDelete": true,
            });
            let answer = sync_with(&house, &ada, body).await;
            assert_refused(&answer, 400, &format!("{field}[3]{place} must be {must}"));
        }
    }
    assert_eq!(ids(&house, &ada, "").await, [""; 0], "nothing half done");
}

#[actix_web::test]
async fn a_number_is_at_most_60_bytes_and_a_name_at_most_500() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    for (number, name) in [(59, 499), (60, 500)] {
        let entry = json!({ "mobileNumber": "1".repeat(number), "name": "n".repeat(name) });
        let body = json!({
            "addContacts": [entry], "deleteContacts": [entry], "contactPermission": true, "forceDelete": false,
        });
        data(&sync_with(&house, &ada, body).await);
    }
}

#[actix_web::test]
async fn an_entry_without_a_number_is_nobodys() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "bob", &[("mobileNumber", "111")]).await;
    let add =
        json!([{ "name": "No number" }, { "mobileNumber": "", "name": "" }, { "mobileNumber": "111", "name": "" }]);
    let body = json!({ "addContacts": add, "deleteContacts": [{}], "contactPermission": true, "forceDelete": false });
    let live = data(&sync_with(&house, &ada, body).await)["liveContacts"].clone();
    assert_eq!(live, json!([{ "name": "", "mobileNumber": "111" }]));
}

#[actix_web::test]
async fn each_list_has_at_most_10_000_entries() {
    let house = Standin::fresh().await;
    let ada = made(&house, "ada", &[]).await;
    made(&house, "bob", &[("mobileNumber", "5555")]).await;
    let entries =
        |count: usize| -> Vec<Value> { (0..count).map(|n| json!({ "mobileNumber": n.to_string() })).collect() };
    for count in [9_999, 10_000] {
        let body = json!({
            "addContacts": entries(count), "deleteContacts": [], "contactPermission": true, "forceDelete": false,
        });
        let live = data(&sync_with(&house, &ada, body).await)["liveContacts"].clone();
        assert_eq!(live, json!([{ "name": "", "mobileNumber": "5555" }]));
    }
    for (field, other) in [("addContacts", "deleteContacts"), ("deleteContacts", "addContacts")] {
        let body = json!({ field: entries(10_001), other: [], "contactPermission": true, "forceDelete": true });
        let message = format!("{field} must have at most 10000 entries, this one has 10001");
        assert_refused(&sync_with(&house, &ada, body).await, 400, &message);
    }
    assert_eq!(ids(&house, &ada, "").await, ["bob"]);
}
