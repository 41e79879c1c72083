//! Our own API, as an administrator's page calls it.

use reqwest::Method;

use crate::{
    front_door::{Call, JSON, QUERY_ALONE, RunningServer, fuzz_calls, seed},
    strange::Target,
};

const USERS: &str = "/standin/v1/apps/houseapp/users";
const ADA: &str = "/standin/v1/apps/houseapp/users/ada";
const APP: &str = "/standin/v1/apps/houseapp";
const FIELD: &str = "/standin/v1/apps/houseapp/fields/City";
const LOCK: &str = "/standin/v1/apps/houseapp/users/ada/picture-lock";

const CALLS: &[Call] = &[
    (Method::POST, USERS, JSON),
    (Method::PATCH, ADA, JSON),
    (Method::PATCH, APP, JSON),
    (Method::PUT, FIELD, JSON),
    (Method::PUT, LOCK, JSON),
    (Method::POST, "/standin/v1/apps/houseapp/usersig", JSON),
    (Method::GET, "/standin/v1/apps/houseapp/users?", QUERY_ALONE),
    (Method::GET, "/standin/v1/apps/houseapp/users/ada/contacts?", QUERY_ALONE),
    (Method::GET, "/standin/v1/audit?", QUERY_ALONE),
    (Method::GET, "/standin/v1/events?", QUERY_ALONE),
    (Method::GET, "/standin/v1/apps/", QUERY_ALONE),
];

#[test]
fn native() {
    let server = RunningServer::open();
    let change = r#"{"name":"Ada","email":"a@b","extras":{"a":1},"metadata":{"k":"v"},"custom":{"City":"Rome"},"tencent_profile":{"gender":"female","birthday":20000101}}"#;
    let seeds = vec![
        seed(CALLS, USERS, JSON, r#"{"id":"ada","name":"Ada","password":"key"}"#),
        seed(CALLS, FIELD, JSON, r#"{"read":"friends","write":"owner"}"#),
        seed(CALLS, ADA, JSON, change),
        seed(
            CALLS,
            APP,
            JSON,
            r#"{"name":"House","registration":"new","password_min":1,"hosts":["a.example"],"allowed_origins":[]}"#,
        ),
        seed(CALLS, LOCK, JSON, r#"{"locked":true,"reason":"x"}"#),
        seed(CALLS, "/standin/v1/apps/houseapp/usersig", JSON, r#"{"user":"ada","expire_s":60}"#),
        seed(
            CALLS,
            "/standin/v1/apps/houseapp/users?",
            QUERY_ALONE,
            "limit=2&search=ada&field=City&value=Rome&after=x",
        ),
        seed(CALLS, "/standin/v1/apps/houseapp/users/ada/contacts?", QUERY_ALONE, "limit=2&after=1"),
        seed(CALLS, "/standin/v1/audit?", QUERY_ALONE, "limit=2&after=9"),
        seed(CALLS, "/standin/v1/events?", QUERY_ALONE, "after=1&limit=5"),
        seed(CALLS, "/standin/v1/apps/", QUERY_ALONE, "houseapp/users/ada/sessions"),
    ];
    let words = &[
        "id", "name", "custom", "after=", "limit=", "search=", "field=", "&", "%00", "%c3", "..", "/", "[", "{",
        "\\ud800", "\"",
    ];
    let target = Target { name: "native", seeds, words, head_bytes: 1 };
    fuzz_calls(&server, &target, CALLS, &server.administrator());
    server.ends_well();
}
