//! Users by our own API: walked, searched, filtered, changed at the version one has seen, signed off, shown with what hangs on them.

use reqwest::{Method, multipart};
use serde_json::{Value, json};

use super::{
    admin::Page,
    photo,
    standin::{ACCOUNT_PASSWORD, APP_ID, Answer, SECRET, Standin, send},
};

/// A server, and a page of its administrator.
struct AdminClient {
    server: Standin,
    page: Page,
}

impl AdminClient {
    async fn new() -> Self {
        let server = Standin::with(&[("STANDIN_ADMIN_PASSWORD", "correct horse")]).await;
        let page = Page::signed_in(&server).await;
        Self { server, page }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        send(self.page.call(&self.server, method, &format!("/apps/{APP_ID}{path}")).json(&body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.page.get(&self.server, &format!("/apps/{APP_ID}{path}")).await
    }

    async fn create(&self, body: Value) -> Value {
        let made = self.call(Method::POST, "/users", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json()
    }

    /// The ids of all stretches of a walk, each stretch a list.
    async fn walk(&self, query: &str) -> Vec<Vec<String>> {
        let (mut stretches, mut after) = (Vec::new(), String::new());
        loop {
            let answer = self.get(&format!("/users?{query}{after}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let answer = answer.json();
            let id = |user: &Value| user["id"].as_str().unwrap().to_owned();
            stretches.push(answer["users"].as_array().unwrap().iter().map(id).collect());
            let Some(next) = answer["next"].as_str() else { return stretches };
            after = format!("&after={next}");
        }
    }
}

#[actix_web::test]
async fn paging_returns_every_user_once_in_creation_order_also_with_deletions_meanwhile() {
    let client = AdminClient::new().await;
    for n in 0..7 {
        client.create(json!({ "id": format!("u{n}") })).await;
    }
    assert_eq!(client.walk("limit=3").await, [vec!["u0", "u1", "u2"], vec!["u3", "u4", "u5"], vec!["u6"]]);
    assert_eq!(client.walk("limit=7").await, [["u0", "u1", "u2", "u3", "u4", "u5", "u6"]]);
    let first = client.get("/users?limit=3").await.json();
    assert_eq!((&first["total"], first["next"].is_string()), (&json!(7), true));
    client.call(Method::DELETE, "/users/u2", json!({})).await;
    let second = client.get(&format!("/users?limit=3&after={}", first["next"].as_str().unwrap())).await.json();
    assert_eq!(second["users"][0]["id"], "u3");
    for (limit, status) in [(0, 422), (1, 200), (100, 200), (101, 422)] {
        assert_eq!(client.get(&format!("/users?limit={limit}")).await.status, status, "{limit}");
    }
}

#[actix_web::test]
async fn a_search_finds_parts_of_names_and_ids_in_any_case_stretch_by_stretch() {
    let client = AdminClient::new().await;
    for (id, name) in
        [("ada@example.com", "Ada Lovelace"), ("grace", "Grace Hopper"), ("x1", "\u{c4}da"), ("ada2", "Someone")]
    {
        client.create(json!({ "id": id, "name": name })).await;
    }
    assert_eq!(client.walk("search=ADA").await, [["ada@example.com", "ada2"]]);
    assert_eq!(client.walk("search=ada&limit=1").await, [["ada@example.com"], ["ada2"]]);
    assert_eq!(client.walk("search=%C3%A4da").await, [["x1"]]);
    assert_eq!(client.walk("search=ac").await, [["ada@example.com", "grace"]], "two characters are in no index");
    assert_eq!(client.walk("search=hopper").await, [["grace"]]);
    assert_eq!(client.walk("search=nobody%20at%20all").await, [Vec::<String>::new()]);
    assert_eq!(client.get("/users?search=ada").await.json()["total"], Value::Null);
}

#[actix_web::test]
async fn a_declared_field_is_a_filter_and_follows_every_change() {
    let client = AdminClient::new().await;
    for name in ["City", "Team"] {
        assert_eq!(client.call(Method::PUT, &format!("/fields/{name}"), json!({})).await.status, 200);
    }
    for (id, city) in [("ada", "Rome"), ("bob", "Oslo"), ("cyd", "Rome")] {
        client.create(json!({ "id": id, "custom": { "City": city, "Team": "one" } })).await;
    }
    client.create(json!({ "id": "dan" })).await;
    assert_eq!(client.walk("field=City&value=Rome").await, [["ada", "cyd"]]);
    assert_eq!(client.walk("field=City&value=Rome&limit=1").await, [["ada"], ["cyd"]]);
    assert_eq!(client.walk("field=City&value=rome").await, [Vec::<String>::new()], "exactly");
    assert_eq!(client.walk("field=Team&value=one&search=CYD").await, [["cyd"]]);
    client.call(Method::PATCH, "/users/ada", json!({ "custom": { "City": null } })).await;
    client.call(Method::PATCH, "/users/dan", json!({ "custom": { "City": "Rome" } })).await;
    client.call(Method::DELETE, "/users/cyd", json!({})).await;
    assert_eq!(client.walk("field=City&value=Rome").await, [["dan"]]);
    for (query, field) in [("field=Shoe&value=1", "field"), ("field=City", "value"), ("value=Rome", "field")] {
        let refused = client.get(&format!("/users?{query}")).await;
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(refused.status == 422 && detail.starts_with(field), "{query}: {detail}");
    }
}

#[actix_web::test]
async fn a_change_for_a_version_that_is_past_changes_nothing() {
    let client = AdminClient::new().await;
    client.create(json!({ "id": "u1", "name": "One" })).await;
    let seen = client.get("/users/u1").await;
    let etag = seen.header("etag").unwrap().to_owned();
    assert_eq!(etag, format!("\"{}\"", seen.json()["version"]));
    let change = async |etag: &str, name: &str| {
        let call = client.page.call(&client.server, Method::PATCH, &format!("/apps/{APP_ID}/users/u1"));
        send(call.header("If-Match", etag).json(&json!({ "name": name }))).await
    };
    let changed = change(&etag, "Two").await;
    assert_eq!((changed.status, &changed.json()["name"]), (200, &json!("Two")));
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
    for past in [etag.as_str(), "\"somebody's\""] {
        let refused = change(past, "Three").await;
        assert_eq!((refused.status, refused.json()["status"].as_i64()), (412, Some(412)));
    }
    assert_eq!(client.get("/users/u1").await.json()["name"], "Two");
    assert_eq!(change("*", "Four").await.status, 200);
    let known = client.get("/users/u1").await.header("etag").unwrap().to_owned();
    client.server.login_or_register(json!({ "user_id": "u1", "username": "Five", "password": "p" })).await;
    assert_eq!(change(&known, "Six").await.status, 412, "a vendor's call has changed it in between");
}

#[actix_web::test]
async fn the_fields_of_every_vendor_are_shown_and_changed() {
    let client = AdminClient::new().await;
    client.call(Method::PUT, "/fields/City", json!({ "read": "back-end", "write": "back-end" })).await;
    client.create(json!({ "id": "u1" })).await;
    let change = json!({
        "name": "U", "extras": { "a": 1 }, "metadata": { "k": "v" }, "custom": { "City": "Rome" },
        "tencent_profile": { "gender": "female", "birthday": 20_000_101, "level": 3 },
    });
    let changed = client.call(Method::PATCH, "/users/u1", change.clone()).await.json();
    for (field, value) in change.as_object().unwrap() {
        assert_eq!(&changed[field], value, "{field}");
    }
    let cleared = client.call(Method::PATCH, "/users/u1", json!({ "custom": { "City": null }, "name": null })).await;
    assert_eq!((&cleared.json()["custom"], &cleared.json()["name"]), (&json!({}), &Value::Null));
    for wrong in [
        json!({ "custom": { "Shoe": "44" } }),
        json!({ "custom": { "City": "x".repeat(501) } }),
        json!({ "tencent_profile": { "hair": "red" } }),
        json!({ "tencent_profile": { "gender": "other" } }),
    ] {
        assert_eq!(client.call(Method::PATCH, "/users/u1", wrong.clone()).await.status, 422, "{wrong}");
    }
}

#[actix_web::test]
async fn the_sessions_of_a_user_are_shown_and_ended() {
    let client = AdminClient::new().await;
    let login = json!({ "user_id": "u1", "username": "U", "password": "secret" });
    client.server.login_or_register(login).await;
    let ticket = client.server.sign_in("u1", "secret").await.json()["data"]["token"].as_str().unwrap().to_owned();
    let shown = client.get("/users/u1/sessions").await.json();
    assert_eq!(
        shown["sockets"],
        json!(["qiscus", "mirrorfly", "tencent"].map(|vendor| json!({ "vendor": vendor, "open": 0 })))
    );
    assert_eq!((shown["tickets"].as_array().unwrap().len(), &shown["tickets"][0]["vendor"]), (1, &json!("mirrorfly")));
    assert_eq!(shown["sessions"], json!([]));
    assert!(!shown.to_string().contains(&ticket));
    let contacts = "/api/v1/contacts/contactsList";
    let called = async || send(client.server.call(Method::GET, contacts).header("Authorization", &ticket)).await.status;
    assert_eq!(called().await, 200);
    assert_eq!(client.call(Method::DELETE, "/users/u1/sessions", json!({})).await.status, 204);
    assert_eq!(called().await, 401);
    assert_eq!(client.get("/users/u1/sessions").await.json()["tickets"], json!([]));
    assert_eq!(client.server.sign_in("u1", "secret").await.json()["status"], 200, "the password still signs in");
}

#[actix_web::test]
async fn a_picture_comes_as_it_is_or_in_a_form_and_goes_again() {
    let client = AdminClient::new().await;
    let tile = client.create(json!({ "id": "u1" })).await["avatar_url"].clone();
    let path = format!("/apps/{APP_ID}/users/u1/picture");
    let raw = client.page.call(&client.server, Method::PUT, &path).header("Content-Type", "image/png");
    let first = send(raw.body(photo::png(60, 60))).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_ne!(first.json()["avatar_url"], tile);
    let part = multipart::Part::bytes(photo::png(50, 50)).file_name("a.png");
    let form = multipart::Form::new().part("picture", part);
    let second = send(client.page.call(&client.server, Method::PUT, &path).multipart(form)).await;
    assert_ne!((second.status, &second.json()["avatar_url"]), (200, &first.json()["avatar_url"]));
    for wrong in [b"no picture".to_vec(), Vec::new()] {
        let refused = send(client.page.call(&client.server, Method::PUT, &path).body(wrong)).await;
        assert_eq!((refused.status, &refused.json()["detail"].as_str().unwrap()[..7]), (422, "picture"));
    }
    let part = multipart::Part::bytes(Vec::new()).file_name("a.png");
    let form = multipart::Form::new().part("picture", part);
    let empty = send(client.page.call(&client.server, Method::PUT, &path).multipart(form)).await;
    let said = "picture is an empty file (0 bytes): send the file's content";
    assert_eq!((empty.status, &empty.json()["detail"]), (422, &json!(said)));
    let removed = client.call(Method::DELETE, "/users/u1/picture", json!({})).await;
    assert_eq!(removed.json()["avatar_url"], tile);
}

#[actix_web::test]
async fn a_locked_picture_cannot_be_changed_until_it_is_unlocked() {
    let client = AdminClient::new().await;
    client.create(json!({ "id": "u1" })).await;
    let path = format!("/apps/{APP_ID}/users/u1/picture");
    send(client.page.call(&client.server, Method::PUT, &path).body(photo::png(60, 60))).await;
    let lock = json!({ "locked": true });
    assert_eq!(client.call(Method::PUT, "/users/u1/picture-lock", lock).await.status, 422, "a reason is asked for");
    let lock = json!({ "locked": true, "reason": "Not a face" });
    let locked = client.call(Method::PUT, "/users/u1/picture-lock", lock).await.json();
    assert_eq!(locked["picture_lock"], "Not a face");
    let avatar =
        json!({ "user_id": "u1", "username": "No", "password": "p", "avatar_url": "https://example.com/a.png" });
    assert_eq!(client.server.login_or_register(avatar).await.status, 403);
    let back_end = client.server.sign_in("administrator", ACCOUNT_PASSWORD).await.json();
    let back_end = back_end["data"]["token"].as_str().unwrap();
    let upload = client.server.create_user_with_picture(back_end, "u1", "a.png", photo::png(70, 70)).await;
    assert_eq!(upload.status, 403, "{upload:?}");
    assert_eq!(client.call(Method::DELETE, "/users/u1/picture", json!({})).await.status, 403);
    let shown = client.get("/users/u1").await.json();
    assert_eq!((&shown["avatar_url"], &shown["name"]), (&locked["avatar_url"], &Value::Null), "all or nothing");
    let renamed = json!({ "user_id": "u1", "username": "Renamed", "password": "p" });
    assert_eq!(client.server.login_or_register(renamed).await.status, 200);
    assert_eq!(client.server.pictures_on_disk().len(), 1, "what was refused left nothing");
    client.call(Method::PUT, "/users/u1/picture-lock", json!({ "locked": false })).await;
    assert_eq!(client.call(Method::DELETE, "/users/u1/picture", json!({})).await.status, 200);
}

#[actix_web::test]
async fn contacts_are_listed_added_and_taken_off() {
    let client = AdminClient::new().await;
    for id in ["u1", "u2", "u3", "u4"] {
        client.create(json!({ "id": id })).await;
    }
    for other in ["u3", "u2", "u4", "u2"] {
        assert_eq!(client.call(Method::PUT, &format!("/users/u1/contacts/{other}"), json!({})).await.status, 204);
    }
    let first = client.get("/users/u1/contacts?limit=2").await.json();
    let ids = |page: &Value| -> Vec<String> {
        page["contacts"].as_array().unwrap().iter().map(|c| c["user"]["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((ids(&first), &first["total"], &first["next"]), (vec!["u2".into(), "u3".into()], &json!(3), &json!(2)));
    let second = client.get("/users/u1/contacts?limit=2&after=2").await.json();
    assert_eq!((ids(&second), &second["next"]), (vec!["u4".into()], &Value::Null));
    assert_eq!(client.get("/users/u2/contacts").await.json()["total"], 0, "rows are one's own");
    assert_eq!(client.call(Method::DELETE, "/users/u1/contacts/u3", json!({})).await.status, 204);
    assert_eq!(client.get("/users/u1/contacts").await.json()["total"], 2);
    assert_eq!(client.call(Method::PUT, "/users/u1/contacts/nobody", json!({})).await.status, 404);
}

#[actix_web::test]
async fn two_secrets_are_good_side_by_side_for_as_long_as_was_said() {
    let client = AdminClient::new().await;
    let with = async |secret: &str| {
        let call = client.server.call(Method::GET, "/api/v2.1/rest/get_user_list").header("QISCUS-SDK-APP-ID", APP_ID);
        send(call.header("QISCUS-SDK-SECRET", secret)).await.status
    };
    let rotate = async |body: Value| {
        let answer = client.call(Method::POST, "/rotate-secret", body).await;
        answer.json()["secret"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    };
    let second = rotate(json!({ "former_valid_s": 3600 })).await;
    assert_eq!((with(SECRET).await, with(&second).await), (200, 200));
    assert!(client.get("").await.json()["former_secret_until"].is_string());
    let third = rotate(json!({ "former_valid_s": 1 })).await;
    assert_eq!((with(SECRET).await, with(&third).await), (401, 200), "there are never three");
    let begun = std::time::Instant::now();
    while with(&second).await == 200 {
        assert!(begun.elapsed().as_secs() < 10, "it does not end");
        actix_web::rt::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let fourth = rotate(json!({})).await;
    assert_eq!((with(&third).await, with(&fourth).await), (401, 200));
    let refused = client.call(Method::POST, "/rotate-secret", json!({ "former_valid_s": 604_801 })).await;
    assert_eq!((refused.status, with(&fourth).await), (422, 200));
}

/// Extras of this many levels, objects and lists in turn.
fn nested(levels: usize) -> Value {
    (2..=levels).fold(json!({ "k": 1 }), |inner, level| match level.is_multiple_of(2) && level < levels {
        true => json!([inner]),
        false => json!({ "k": inner }),
    })
}

#[actix_web::test]
async fn every_endpoint_accepts_extras_of_64_levels_and_refuses_65() {
    let client = AdminClient::new().await;
    let server = &client.server;
    server.login_or_register(json!({ "user_id": "ada", "username": "Ada", "password": "key" })).await;
    let sdk = async |form: &[(&str, &str)]| {
        let call = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
        send(call.form(form)).await
    };
    for levels in [63, 64, 65] {
        let (extras, is_good) = (nested(levels), levels <= 64);
        let text = extras.to_string();
        let kept = async |endpoint: &str| {
            let shown = server.user_profile("ada").await.json()["results"]["user"]["extras"].clone();
            assert_eq!(shown == extras, is_good, "{endpoint}, {levels}: {shown}");
            let listed = server.user_list().await.json()["results"]["users"][0]["extras"].clone();
            assert_eq!(listed, shown, "{endpoint}, {levels}");
            let native = client.get("/users/ada").await.json()["extras"].clone();
            assert_eq!(native, shown, "{endpoint}, {levels}");
            let command: Value = serde_json::from_str(&server.command(&["user", "show", "ada", "--json"])).unwrap();
            assert_eq!(command["extras"], shown, "{endpoint}, {levels}");
            let cleared = client.call(Method::PATCH, "/users/ada", json!({ "extras": null })).await;
            assert_eq!(cleared.status, 200, "{cleared:?}");
        };
        for given in [extras.clone(), json!(text)] {
            let body = json!({ "user_id": "ada", "username": "Ada", "password": "key", "extras": given });
            assert_eq!(server.login_or_register(body).await.status == 200, is_good, "REST, {levels}");
            kept("REST").await;
        }
        assert_eq!(sdk(&[("email", "ada"), ("password", "key"), ("extras", &text)]).await.status == 200, is_good);
        kept("SDK").await;
        let changed = client.call(Method::PATCH, "/users/ada", json!({ "extras": extras })).await;
        assert_eq!(changed.status == 200, is_good, "{changed:?}");
        kept("native").await;
        let command = super::standin::standin(&server.data()).args(["user", "set", "ada", "--extras", &text]).output();
        assert_eq!(command.unwrap().status.success(), is_good, "command, {levels}");
        kept("command").await;
    }
}
