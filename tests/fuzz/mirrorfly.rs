//! MirrorFly: bodies of back ends and users, and its codec.

use reqwest::Method;
use standin::dialect::mirrorfly::codec::Codec;

use crate::{
    front_door::{Call, FORM, JSON, LICENSE_KEY, QUERY_ALONE, RunningServer, fuzz_calls, seed},
    strange::Target,
};

const CREATE: &str = "/api/v1/users/createUser";
const REGISTER: &str = "/api/v1/register";
const TRIAL: &str = "/api/v1/sandbox/register";
const SYNC: &str = "/api/v1/contacts/syncContactsNew";
const PROFILE: &str = "/api/v1/users/ada";
const METADATA: &str = "/api/v1/users/updateMetaData/ada";
const BLOCK: &str = "/api/v1/moderation/block";

const CALLS: &[Call] = &[
    (Method::POST, "/api/v1/login", JSON),
    (Method::POST, CREATE, JSON),
    (Method::POST, CREATE, FORM),
    (Method::POST, PROFILE, FORM),
    (Method::POST, "/api/v1/users/deleteUserAccount", JSON),
    (Method::POST, "/api/v1/users/resetPassword", JSON),
    (Method::POST, BLOCK, JSON),
    (Method::PUT, METADATA, JSON),
    (Method::GET, "/api/v1/users/getMetaData?", QUERY_ALONE),
    (Method::POST, REGISTER, JSON),
    (Method::POST, TRIAL, JSON),
    (Method::POST, SYNC, JSON),
    (Method::GET, "/api/v1/contacts/contactsList?", QUERY_ALONE),
    (Method::POST, "/api/v1/users/block", FORM),
    (Method::GET, "/api/v1/users/", QUERY_ALONE),
    (Method::GET, "/api/v1/media/", QUERY_ALONE),
];

#[test]
fn mirrorfly() {
    let server = RunningServer::open();
    let fields = format!(r#""deviceType":"web","licenseKey":"{LICENSE_KEY}","userIdentifier":"ada""#);
    let user = format!(
        r#"{{{fields},"nickname":"Ada","email":"a@b","mobileNumber":"123","metaData":[{{"key":"k","value":"v"}}],"mode":0}}"#
    );
    let form = format!("deviceType=web&licenseKey={LICENSE_KEY}&userIdentifier=ada&nickname=Ada&status=x&profileUrl=");
    let trial = format!(r#"{{{fields},"deviceId":"1","forceRegister":true,"metaData":{{}}}}"#);
    let live = format!(r#"{{"registerData":"{}"}}"#, Codec::of_license(LICENSE_KEY).encrypt(&trial));
    let sync = r#"{"addContacts":[{"mobileNumber":"123","name":"A"}],"deleteContacts":[],"contactPermission":true,"forceDelete":false}"#;
    let seeds = vec![
        seed(CALLS, "/api/v1/login", JSON, r#"{"username":"ada","password":"x","type":"web"}"#),
        seed(CALLS, CREATE, JSON, &user),
        seed(CALLS, CREATE, FORM, &form),
        seed(CALLS, PROFILE, FORM, &form),
        seed(CALLS, "/api/v1/users/deleteUserAccount", JSON, r#"{"userId":"cyd","reason":"moved","feedback":""}"#),
        seed(CALLS, "/api/v1/users/resetPassword", JSON, r#"{"userId":"ada","deviceType":"web"}"#),
        seed(CALLS, BLOCK, JSON, r#"{"blockStatus":true,"id":["cyd"],"type":"user"}"#),
        seed(CALLS, METADATA, JSON, r#"{"a":"b","n":1,"t":true}"#),
        seed(CALLS, "/api/v1/users/getMetaData?", QUERY_ALONE, "userId=ada"),
        seed(CALLS, REGISTER, JSON, &live),
        seed(CALLS, TRIAL, JSON, &trial),
        seed(CALLS, SYNC, JSON, sync),
        seed(CALLS, "/api/v1/contacts/contactsList?", QUERY_ALONE, "page=1&size=20&name=a"),
        seed(CALLS, "/api/v1/users/block", FORM, "userId=ada"),
        seed(CALLS, "/api/v1/users/", QUERY_ALONE, "guest%40x.com"),
        seed(CALLS, "/api/v1/media/", QUERY_ALONE, "3sAFuPebIrDpO5yG1VP872"),
    ];
    let words = &[
        "userIdentifier",
        "userId=",
        "metaData",
        "\\40",
        "=40",
        "%5C40",
        "page=",
        "size=",
        "&",
        "=",
        "%00",
        "..",
        "/",
        "[",
        "{",
        "\\ud800",
    ];
    let target = Target { name: "mirrorfly", seeds, words, head_bytes: 1 };
    fuzz_calls(&server, &target, CALLS, &[("Authorization", server.back_end())]);
    server.ends_well();
}

/// Decrypted input comes from any client that knows a public key: bytes of any kind.
#[test]
fn codec() {
    let codec = Codec::of_license(LICENSE_KEY);
    let texts = ["", "x", r#"{"password":"p","currentTimestamp":1}"#, "\u{1F469}\u{200D}\u{1F4BB} 100 %", "%%%41"];
    let seeds = texts.iter().flat_map(|text| [codec.encrypt(text), codec.encrypt_field(text), (*text).to_owned()]);
    let target = Target {
        name: "codec",
        seeds: seeds.map(String::into_bytes).collect(),
        words: &["=", "%", "+"],
        head_bytes: 0,
    };
    target.fuzz(|case| {
        let text = String::from_utf8_lossy(case);
        let opened = codec.decrypt(&text);
        codec.decrypt_field(&text);
        Codec::of_username(&text);
        Codec::of_profile(&text, &text);
        match codec.decrypt(&codec.encrypt(&text)) {
            Ok(again) if again == text => drop(opened),
            other => return Err(format!("{text:?} comes back as {other:?}")),
        }
        Ok(())
    });
}
