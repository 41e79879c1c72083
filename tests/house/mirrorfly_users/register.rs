use reqwest::Method;
use serde_json::{Value, json};
use standin::dialect::mirrorfly::codec::Codec;

use super::{data, two_apps};
use crate::{
    golden,
    standin::{Answer, LICENSE_KEY, Standin, send},
};

/// Where clients of these tests find the server.
const PUBLIC: &[(&str, &str)] = &[("STANDIN_PUBLIC_URL", "https://chat.example.test")];

fn codec() -> Codec {
    Codec::of_license(LICENSE_KEY)
}

/// What the SDK sends of a user.
fn sdk(id: &str) -> Value {
    json!({
        "deviceType": "web",
        "deviceId": "1700000000000",
        "userIdentifier": id,
        "licenseKey": LICENSE_KEY,
        "forceRegister": true,
        "metaData": {},
    })
}

fn with(id: &str, field: &str, value: Value) -> Value {
    let mut body = sdk(id);
    body[field] = value;
    body
}

fn without(id: &str, field: &str) -> Value {
    let mut body = sdk(id);
    body.as_object_mut().unwrap().remove(field);
    body
}

/// A trial registration, its answer's `data` decrypted.
async fn trial(server: &Standin, body: &Value) -> Answer {
    decrypted(send(server.call(Method::POST, "/api/v1/sandbox/register").json(body)).await)
}

/// A live registration of this text, encrypted.
async fn live_text(server: &Standin, text: &str) -> Answer {
    let body = json!({ "registerData": codec().encrypt(text) });
    send(server.call(Method::POST, "/api/v1/register").json(&body)).await
}

/// A live registration, its answer's `data` decrypted.
async fn live(server: &Standin, body: &Value) -> Answer {
    decrypted(live_text(server, &body.to_string()).await)
}

fn decrypted(mut answer: Answer) -> Answer {
    let mut shown = answer.json();
    if let Some(data) = shown["data"].as_str() {
        shown["data"] = json!(codec().decrypt(data).unwrap());
        answer.bytes = shown.to_string().into_bytes();
    }
    answer
}

/// The register object of an answer.
fn registered(answer: &Answer) -> Value {
    serde_json::from_str(data(answer).as_str().expect("the SDK waits for ever for anything but a text")).unwrap()
}

/// HTTP 200, and the body says what happened.
fn assert_refused_in_body(answer: &Answer, status: u16, message: &str) {
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": status, "message": message })));
}

async fn assert_both_refuse(server: &Standin, body: &Value, status: u16, message: &str) {
    assert_refused_in_body(&trial(server, body).await, status, message);
    assert_refused_in_body(&live(server, body).await, status, message);
}

fn shown(server: &Standin, id: &str) -> Value {
    serde_json::from_str(&server.command(&["user", "show", id, "--json"])).unwrap()
}

fn set_registration(server: &Standin, word: &str) {
    server.command(&["app", "set", "--registration", word]);
}

#[actix_web::test]
async fn a_trial_registration_answers_the_object_encrypted_and_as_plain_fields() {
    let server = Standin::with(PUBLIC).await;
    let body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": "99xxxxxx11" });
    let answer = trial(&server, &body).await;
    golden::same(&server, "mirrorfly/sandbox_register", &answer);
    let beside = answer.json();
    for (field, value) in registered(&answer).as_object().unwrap() {
        assert_eq!(&beside[field], value, "{field}");
    }
}

#[actix_web::test]
async fn a_live_registration_answers_the_register_object_encrypted() {
    let server = Standin::with(PUBLIC).await;
    let answer = live(&server, &sdk("99xxxxxx11")).await;
    golden::same(&server, "mirrorfly/register", &answer);
    assert_eq!(registered(&answer)["username"], "99xxxxxx11");
}

#[actix_web::test]
async fn a_live_registration_accepts_plain_fields_too_and_answers_encrypted() {
    let server = Standin::fresh().await;
    let body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": "u1" });
    let answer = send(server.call(Method::POST, "/api/v1/register").json(&body)).await;
    let text = codec().decrypt(data(&answer).as_str().unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["username"], "u1");
}

#[actix_web::test]
async fn the_password_signs_in_and_the_token_is_the_users_own() {
    let server = Standin::fresh().await;
    for (id, answer) in [("u1", live(&server, &sdk("u1")).await), ("u2", trial(&server, &sdk("u2")).await)] {
        let made = registered(&answer);
        let signed_in = data(&server.sign_in(id, made["password"].as_str().unwrap()).await);
        for token in [&made["token"], &signed_in["token"]] {
            let call = server.call(Method::GET, "/api/v1/contacts/contactsList");
            data(&send(call.header("Authorization", token.as_str().unwrap())).await);
        }
    }
}

#[actix_web::test]
async fn config_names_the_host_and_port_of_the_public_address() {
    for (address, host, port) in [
        ("https://chat.example.test", "chat.example.test", "443"),
        ("http://standin.localhost/prefix", "standin.localhost", "80"),
        ("https://chat.example.test:8443", "chat.example.test", "8443"),
    ] {
        let server = Standin::with(&[("STANDIN_PUBLIC_URL", address)]).await;
        let config = registered(&trial(&server, &sdk("u1")).await)["config"].clone();
        assert_eq!((&config["xmppHost"], &config["xmppPortWeb"]), (&json!(host), &json!(port)));
        assert_eq!((&config["iv"], &config["ivProfile"]), (&json!("ddc0f15cc2c90fca"), &json!(LICENSE_KEY)));
    }
}

#[actix_web::test]
async fn a_new_app_registers_an_identifier_once() {
    let server = Standin::fresh().await;
    registered(&live(&server, &sdk("u1")).await);
    let message = "userIdentifier must be an id that no user has: this app's setting registration is new, so only new users can register";
    assert_both_refuse(&server, &sdk("u1"), 400, message).await;
}

#[actix_web::test]
async fn an_open_app_answers_a_known_identifier_with_the_same_password() {
    let server = Standin::fresh().await;
    set_registration(&server, "open");
    let first = registered(&live(&server, &sdk("u1")).await);
    for again in [registered(&live(&server, &sdk("u1")).await), registered(&trial(&server, &sdk("u1")).await)] {
        assert_eq!((&again["username"], &again["password"]), (&first["username"], &first["password"]));
        assert_ne!(again["token"], first["token"]);
        assert_eq!((&first["isExisting"], &again["isExisting"]), (&json!(false), &json!(true)));
    }
}

#[actix_web::test]
async fn a_closed_app_leaves_registration_to_its_back_end() {
    let server = Standin::fresh().await;
    set_registration(&server, "closed");
    let message = "This app's registration is closed: only its back end creates users (setting registration)";
    assert_both_refuse(&server, &sdk("u1"), 403, message).await;
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
}

#[actix_web::test]
async fn a_suspended_user_is_refused_in_an_open_app() {
    let server = Standin::fresh().await;
    set_registration(&server, "open");
    registered(&trial(&server, &sdk("u1")).await);
    server.command(&["user", "set", "u1", "--state", "suspended"]);
    assert_both_refuse(&server, &sdk("u1"), 403, "User is suspended").await;
}

#[actix_web::test]
async fn is_profile_updated_is_true_once_a_field_of_the_profile_is_there() {
    let server = Standin::fresh().await;
    set_registration(&server, "open");
    let is_updated = async |body: Value| registered(&trial(&server, &body).await)["isProfileUpdated"].clone();
    assert_eq!(is_updated(with("u1", "metaData", json!({ "k": "v" }))).await, false, "metadata are the app's");
    assert_eq!(is_updated(sdk("u1")).await, false, "known, and still without a profile");
    assert_eq!(is_updated(with("u2", "mobileNumber", json!("111"))).await, true);
    let back_end = server.back_end_token().await;
    for (field, value) in [("nickname", "N"), ("mobileNumber", "1"), ("email", "a@b"), ("profileUrl", "https://x/y")] {
        let fields = [("userIdentifier", field), (field, value)];
        data(&server.create_user(&back_end, &fields).await);
        assert_eq!(is_updated(sdk(field)).await, true, "{field}");
    }
    server.command(&["user", "create", "u3", "--status", "Busy"]);
    assert_eq!(is_updated(sdk("u3")).await, true, "status");
}

#[actix_web::test]
async fn a_mobile_number_equal_to_the_identifier_is_ignored_and_another_has_at_most_15_characters() {
    let server = Standin::fresh().await;
    for (id, number, stored) in [
        ("99xxxxxx11", "99xxxxxx11", Value::Null),
        ("a-rather-long-identifier", "a-rather-long-identifier", Value::Null),
        ("a@x.example", r"a\40x.example", Value::Null),
        ("b@x.example", "b=40x.example", Value::Null),
        ("u1", "", Value::Null),
        ("u2", "12345678901234", json!("12345678901234")),
        ("u3", "+49 151 2345678", json!("+49 151 2345678")),
    ] {
        registered(&trial(&server, &with(id, "mobileNumber", json!(number))).await);
        assert_eq!(shown(&server, id)["mobile"], stored, "{id}");
    }
    let body = with("u4", "mobileNumber", json!("1234567890123456"));
    assert_refused_in_body(&trial(&server, &body).await, 400, "mobileNumber must be at most 15 characters");
    assert_eq!(server.user_profile("u4").await.status, 404, "nothing half done");
}

#[actix_web::test]
async fn mode_is_0_or_1_as_a_text_or_a_number() {
    let server = Standin::fresh().await;
    set_registration(&server, "open");
    for mode in [json!("0"), json!("1"), json!(""), json!(0), json!(1), Value::Null] {
        registered(&live(&server, &with("u1", "mode", mode)).await);
    }
    for mode in [json!("sandbox"), json!(2), json!(true), json!(1.5), json!([])] {
        assert_both_refuse(&server, &with("u1", "mode", mode), 400, "mode must be one of 0, 1").await;
    }
}

#[actix_web::test]
async fn meta_data_has_at_most_3_pairs_and_an_empty_object_changes_nothing() {
    let server = Standin::fresh().await;
    set_registration(&server, "open");
    let three = json!({ "a": "text", "b": 1, "c": true });
    registered(&live(&server, &with("u1", "metaData", three.clone())).await);
    for nothing in [json!({}), json!([]), Value::Null, json!("")] {
        registered(&live(&server, &with("u1", "metaData", nothing)).await);
        assert_eq!(shown(&server, "u1")["metadata"], three);
    }
    for (wrong, must) in [
        (json!({ "a": 1, "b": 2, "c": 3, "d": 4 }), "at most 3 pairs"),
        (json!(["a"]), "an object of at most 3 pairs"),
        (json!({ "a": {} }), r#"pairs of a key and a text, number or boolean, such as {"key": "value"}"#),
    ] {
        assert_both_refuse(&server, &with("u1", "metaData", wrong), 400, &format!("metaData must be {must}")).await;
    }
}

#[actix_web::test]
async fn the_license_key_is_required_and_the_apps_own() {
    let server = Standin::fresh().await;
    assert_both_refuse(&server, &without("u1", "licenseKey"), 400, "licenseKey is required").await;
    let wrong = with("u1", "licenseKey", json!("another"));
    assert_both_refuse(&server, &wrong, 400, "licenseKey must be the licence key of this app").await;
    let sealed = json!({ "registerData": Codec::of_license("another").encrypt(&sdk("u1").to_string()) });
    let answer = send(server.call(Method::POST, "/api/v1/register").json(&sealed)).await;
    assert_refused_in_body(&answer, 400, "registerData must be encrypted with the licenseKey of this app");
}

#[actix_web::test]
async fn the_host_selects_the_app_of_the_license_key() {
    let server = Standin::fresh().await;
    let (license_key, _) = two_apps::second(&server).await;
    let at_second = |path: &str| server.call(Method::POST, path).header("Host", "second.example");
    let own = with("u1", "licenseKey", json!(license_key));
    let theirs = Codec::of_license(&license_key);
    let body = json!({ "registerData": theirs.encrypt(&own.to_string()) });
    let answer = send(at_second("/api/v1/register").json(&body)).await;
    let text = theirs.decrypt(data(&answer).as_str().unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["username"], "u1");
    assert_eq!(server.user_profile("u1").await.status, 404, "the first app knows nothing of it");
    let answer = send(at_second("/api/v1/sandbox/register").json(&sdk("u2"))).await;
    assert_refused_in_body(&answer, 400, "licenseKey must be the licence key of this app");
    assert_both_refuse(&server, &own, 400, "licenseKey must be the licence key of this app").await;
}

#[actix_web::test]
async fn an_app_without_this_dialect_registers_no_user() {
    let server = Standin::fresh().await;
    server.command(&["app", "set", "--dialects", "qiscus"]);
    assert_both_refuse(&server, &sdk("u1"), 403, "This app does not serve MirrorFly calls").await;
}

#[actix_web::test]
async fn device_type_is_required_and_is_web_ios_or_android() {
    let server = Standin::fresh().await;
    for device in ["web", "ios", "android"] {
        registered(&live(&server, &with(device, "deviceType", json!(device))).await);
    }
    assert_both_refuse(&server, &without("u1", "deviceType"), 400, "deviceType is required").await;
    let wrong = with("u1", "deviceType", json!("Web"));
    assert_both_refuse(&server, &wrong, 400, "deviceType must be one of web, ios, android").await;
}

#[actix_web::test]
async fn user_identifier_is_required_and_at_most_191_characters() {
    let server = Standin::fresh().await;
    for chars in [1, 190, 191] {
        let id = "a".repeat(chars);
        assert_eq!(registered(&live(&server, &sdk(&id)).await)["username"], id);
    }
    assert_both_refuse(&server, &sdk(&"a".repeat(192)), 400, "userIdentifier must be at most 191 characters").await;
    assert_both_refuse(&server, &without("", "userIdentifier"), 400, "userIdentifier is required").await;
    let message = "userIdentifier must be made of letters, digits and . - _ @ only";
    assert_both_refuse(&server, &sdk("a b"), 400, message).await;
    for reserved in ["administrator", "unblock"] {
        let message = "userIdentifier is reserved by the server, choose another";
        assert_both_refuse(&server, &sdk(reserved), 400, message).await;
    }
}

#[actix_web::test]
async fn an_identifier_with_an_at_sign_is_returned_in_the_sdks_spelling_and_read_in_every_spelling() {
    let server = Standin::fresh().await;
    set_registration(&server, "open");
    let first = registered(&trial(&server, &sdk("guest@qiscus.com")).await);
    assert_eq!((&first["username"], &first["isExisting"]), (&json!("guest=40qiscus.com"), &json!(false)));
    for spelling in [r"guest\40qiscus.com", "guest=40qiscus.com"] {
        let again = registered(&live(&server, &sdk(spelling)).await);
        assert_eq!((&again["username"], &again["isExisting"]), (&json!("guest=40qiscus.com"), &json!(true)));
    }
    for other in ["guest=41qiscus.com", "guest=4qiscus.com", "=", "guest=ä", r"guest\5aqiscus.com"] {
        let message = "userIdentifier must be made of letters, digits and . - _ @ only";
        assert_refused_in_body(&trial(&server, &sdk(other)).await, 400, message);
    }
}

#[actix_web::test]
async fn force_register_is_true_or_false() {
    let server = Standin::fresh().await;
    for (index, given) in
        [json!(true), json!(false), json!("true"), json!("false"), Value::Null].into_iter().enumerate()
    {
        registered(&live(&server, &with(&format!("u{index}"), "forceRegister", given)).await);
    }
    for wrong in [json!("yes"), json!(1), json!([true])] {
        let body = with("other", "forceRegister", wrong);
        assert_both_refuse(&server, &body, 400, "forceRegister must be one of true, false").await;
    }
}

#[actix_web::test]
async fn register_data_is_required_and_an_encrypted_object() {
    let server = Standin::fresh().await;
    for body in [json!({}), json!({ "registerData": "" }), json!({ "registerData": null })] {
        let answer = send(server.call(Method::POST, "/api/v1/register").json(&body)).await;
        assert_refused_in_body(&answer, 400, "registerData is required");
    }
    for garbage in ["x", "AAAA", &sdk("u1").to_string()] {
        let body = json!({ "registerData": garbage });
        let answer = send(server.call(Method::POST, "/api/v1/register").json(&body)).await;
        assert_refused_in_body(&answer, 400, "registerData must be encrypted with the licenseKey of this app");
    }
    for text in ["", "[]", "{", "{}{}", r#"{"deviceType":"web","deviceType":"ios"}"#] {
        let answer = live_text(&server, text).await;
        assert_refused_in_body(&answer, 400, "registerData must be a JSON object, encrypted");
    }
    let answer = send(server.call(Method::POST, "/api/v1/register").json(&json!({ "registerData": {} }))).await;
    assert_refused_in_body(&answer, 400, "registerData must be text, in quotes");
}

#[actix_web::test]
async fn register_data_is_at_most_64_kib() {
    let server = Standin::fresh().await;
    // Blocks of 16 bytes, of which base64 makes 64 KiB exactly: the escapes around the filling are counted by the codec itself.
    let of_length = |id: &str, chars: usize| {
        let beside = codec().encrypt(&with(id, "deviceId", json!("")).to_string()).len() / 4 * 3;
        let mut fill = chars / 4 * 3 - beside - 32;
        loop {
            let sealed = codec().encrypt(&with(id, "deviceId", json!("x".repeat(fill))).to_string());
            if sealed.len() >= chars {
                break sealed;
            }
            fill += 1;
        }
    };
    for (id, chars) in [("u1", 65_516), ("u2", 65_536)] {
        let sealed = of_length(id, chars);
        assert_eq!(sealed.len(), chars);
        let answer = send(server.call(Method::POST, "/api/v1/register").json(&json!({ "registerData": sealed }))).await;
        data(&answer);
        let answer = send(server.call(Method::POST, "/api/v1/register").form(&[("registerData", &sealed)])).await;
        assert!(
            answer.json()["message"].as_str().unwrap().starts_with("userIdentifier must be an id that no user has")
        );
    }
    let longer = format!("{}=", of_length("u3", 65_536));
    let answer = send(server.call(Method::POST, "/api/v1/register").json(&json!({ "registerData": longer }))).await;
    assert_refused_in_body(&answer, 400, "registerData must be at most 65536 bytes");
    let answer = send(server.call(Method::POST, "/api/v1/register").form(&[("registerData", &longer)])).await;
    assert_refused_in_body(&answer, 413, "The field registerData is too large: send at most 65536 bytes");
}

#[actix_web::test]
async fn a_user_registered_here_is_read_through_another_vendor() {
    let server = Standin::fresh().await;
    registered(&live(&server, &sdk("u1")).await);
    assert_eq!(server.user_profile("u1").await.json()["results"]["user"]["user_id"], "u1");
}
