//! What the Web SDK calls over HTTP, beside registration.

use reqwest::{Method, multipart};
use serde_json::{Value, json};
use standin::dialect::mirrorfly::codec::Codec;

use super::{assert_refused, data, made};
use crate::{
    golden, photo,
    standin::{Answer, LICENSE_KEY, Standin, send},
};

const PUBLIC: &[(&str, &str)] = &[("STANDIN_PUBLIC_URL", "https://chat.example.test")];

async fn get(server: &Standin, token: &str, path: &str) -> Answer {
    send(server.call(Method::GET, &format!("/api/v1/{path}")).header("Authorization", token)).await
}

async fn post(server: &Standin, token: &str, path: &str, body: &Value) -> Answer {
    send(server.call(Method::POST, &format!("/api/v1/{path}")).header("Authorization", token).json(body)).await
}

/// HTTP 200, and the body says what happened: the SDK reads no other.
fn assert_refused_in_body(answer: &Answer, status: u16, message: &str) {
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": status, "message": message })));
}

#[actix_web::test]
async fn a_live_login_requires_the_password_encrypted_with_the_time_and_a_trial_login_plain() {
    let server = Standin::fresh().await;
    let back_end = server.back_end_token().await;
    let password = data(&server.create_user(&back_end, &[("userIdentifier", "ada")]).await)["password"].clone();
    let password = password.as_str().unwrap();
    let codec = Codec::of_license(LICENSE_KEY);
    // However old: it is shifted by the client's time zone, and no secret.
    for at in [json!(1_700_000_000_000_i64), json!(0), Value::Null] {
        let blob = json!({ "password": password, "currentTimestamp": at }).to_string();
        assert_eq!(server.sign_in("ada", &codec.encrypt(&blob)).await.json()["status"], 200);
    }
    assert_eq!(server.sign_in("ada", password).await.json()["status"], 200);
    let wrong = json!({ "password": "wrong", "currentTimestamp": 1 }).to_string();
    for sent in [codec.encrypt(&wrong), codec.encrypt(password), codec.encrypt("{}"), "wrong".to_owned()] {
        assert_refused_in_body(&server.sign_in("ada", &sent).await, 400, "Invalid Credentials");
    }
}

#[actix_web::test]
async fn a_logout_ends_the_token() {
    let server = Standin::fresh().await;
    let token = made(&server, "ada", &[]).await;
    golden::same(&server, "mirrorfly/logout", &get(&server, &token, "logout").await);
    assert_refused(&get(&server, &token, "logout").await, 401, "Token Expired");
    assert_refused(&get(&server, &token, "users/config").await, 401, "Token Expired");
}

#[actix_web::test]
async fn the_config_is_encrypted_with_the_name_that_the_client_signed_in_by_and_names_both_vectors() {
    let server = Standin::with(PUBLIC).await;
    let back_end = server.back_end_token().await;
    for (id, username) in [
        ("alice", "alice"),
        ("guest@qiscus.com", "guest=40qiscus.com"),
        ("guest@qiscus.com", r"guest\40qiscus.com"), // kept from a former release
    ] {
        let password = data(&server.create_user(&back_end, &[("userIdentifier", id)]).await)["password"].clone();
        let signed_in = server.sign_in(username, password.as_str().unwrap()).await;
        let token = data(&signed_in)["token"].as_str().unwrap().to_owned();
        let answer = get(&server, &token, "users/config").await;
        let text = Codec::of_username(username).decrypt(data(&answer).as_str().unwrap()).expect(username);
        let config: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&config["xmppHost"], &config["xmppPortWeb"]), (&json!("chat.example.test"), &json!("443")));
        assert_eq!((&config["iv"], &config["ivProfile"]), (&json!("ddc0f15cc2c90fca"), &json!(LICENSE_KEY)));
        assert_eq!(get(&server, &token, "logout").await.json()["status"], 200);
        assert_refused(&get(&server, &token, "users/config").await, 401, "Token Expired");
    }
    let token = made(&server, "alice", &[]).await;
    let mut answer = get(&server, &token, "users/config").await;
    let mut shown = answer.json();
    shown["data"] = json!(Codec::of_username("alice").decrypt(data(&answer).as_str().unwrap()).unwrap());
    answer.bytes = shown.to_string().into_bytes();
    golden::same(&server, "mirrorfly/config", &answer);
}

#[actix_web::test]
async fn a_vcard_is_encrypted_with_the_id_of_the_request() {
    let server = Standin::fresh().await;
    let fields = [
        ("nickname", "Älice Ω <1>"),
        ("mobileNumber", "+62 812"),
        ("email", "a@x.example"),
        ("profileUrl", "https://x/y.png"),
    ];
    let token = made(&server, "guest@qiscus.com", &fields).await;
    golden::same(&server, "mirrorfly/vcard", &get(&server, &token, "contacts/vcard?userId=guest%40qiscus.com").await);
    for (sent, key) in [
        ("guest=40qiscus.com", "guest=40qiscus.com"),
        ("guest%3D40qiscus.com", "guest=40qiscus.com"),
        (r"guest\40qiscus.com", r"guest\40qiscus.com"),
        ("guest%40qiscus.com", "guest@qiscus.com"),
    ] {
        let shown = data(&get(&server, &token, &format!("contacts/vcard?userId={sent}")).await);
        let codec = Codec::of_profile(key, LICENSE_KEY);
        for (field, clear) in [("nickName", fields[0].1), ("mobileNumber", fields[1].1), ("email", fields[2].1)] {
            assert_eq!(codec.decrypt(shown[field].as_str().unwrap()).unwrap(), clear, "{sent} {field}");
        }
        assert_eq!(shown["userId"], key);
    }
    for nobody in ["nobody", "not%20an%20id"] {
        let answer = get(&server, &token, &format!("contacts/vcard?userId={nobody}")).await;
        assert_refused_in_body(&answer, 204, "User not available");
    }
    assert_refused_in_body(&get(&server, &token, "contacts/vcard").await, 400, "userId is required");
}

#[actix_web::test]
async fn lists_are_paged_searched_and_filtered() {
    let server = Standin::fresh().await;
    let token = made(&server, "u00", &[("nickname", "Grace Hopper")]).await;
    for n in 1..41 {
        server
            .login_or_register(json!({ "user_id": format!("u{n:02}"), "username": format!("N{n}"), "password": "p" }))
            .await;
    }
    for (id, city) in [("u01", "Bandung"), ("u02", "Jakarta"), ("u03", "Medan")] {
        made(&server, id, &[("metadataKey1", "city"), ("metadataValue1", city)]).await;
    }
    for (query, rows, pages, total) in [
        ("", 20, 3, 41),
        ("?name=&page=1&size=30&metadataKey=&metadataValues=", 30, 2, 41),
        ("?page=2&size=30", 11, 2, 41),
        ("?page=3&size=30", 0, 2, 41),
        ("?size=41", 41, 1, 41),
        ("?name=ce%20HOP", 1, 1, 1),
        ("?name=ce%2520hop", 1, 1, 1),
        ("?name=nobody", 0, 0, 0),
        ("?metadataKey=city&metadataValues=Bandung&metadataValues=Medan", 2, 1, 2),
    ] {
        let shown = data(&get(&server, &token, &format!("contacts/userList{query}")).await);
        assert_eq!(shown["userList"].as_array().unwrap().len(), rows, "{query}");
        assert_eq!((&shown["totalPages"], &shown["totalRecords"]), (&json!(pages), &json!(total)), "{query}");
    }
    golden::same(&server, "mirrorfly/user_list", &get(&server, &token, "contacts/userList?name=grace").await);
    for (query, message) in [
        ("page=0", "page must be a number from 1 to 4294967295"),
        ("size=101", "size must be a number from 1 to 100"),
        ("metadataKey=city", "metadataValues is required"),
        ("metadataValues=x", "metadataKey is required"),
        (&format!("name={}", "x".repeat(501)), "name must be at most 500 characters"),
    ] {
        assert_refused_in_body(&get(&server, &token, &format!("contacts/userList?{query}")).await, 400, message);
    }
}

#[actix_web::test]
async fn sync_contacts_lists_the_user_it_names() {
    let server = Standin::fresh().await;
    let token = made(&server, "ada", &[]).await;
    made(&server, "bob@x", &[]).await;
    let path = "contacts/sandbox/syncContacts";
    let body = |username: &str| json!({ "username": username, "licenseKey": LICENSE_KEY });
    golden::same(&server, "mirrorfly/sync_contacts", &post(&server, &token, path, &body(r"bob\40x")).await);
    for spelling in ["bob@x", "bob=40x"] {
        assert_eq!(post(&server, &token, path, &body(spelling)).await.json()["status"], 200);
    }
    assert_eq!(post(&server, &token, path, &body("ada")).await.json()["status"], 200);
    assert_eq!(super::ids(&server, &token, "").await, ["bob=40x"]);
    for username in ["nobody", "", "not an id"] {
        assert_refused_in_body(&post(&server, &token, path, &body(username)).await, 400, "Invalid user id.");
    }
    let wrong = json!({ "username": "bob@x", "licenseKey": "wrong" });
    let message = "licenseKey must be the licence key of this app";
    assert_refused_in_body(&post(&server, &token, path, &wrong).await, 400, message);
}

#[actix_web::test]
async fn an_upload_returns_its_tokens_and_a_file_that_is_no_picture_is_refused() {
    let server = Standin::fresh().await;
    let token = made(&server, "ada", &[]).await;
    let upload = async |path: &str, kind: &str, bytes: Vec<u8>| {
        let form = multipart::Form::new()
            .text("type", kind.to_owned())
            .text("toUser", "ada")
            .text("messageId", "")
            .part("file", multipart::Part::bytes(bytes).file_name("a.png"));
        let call = server.call(Method::POST, &format!("/api/v1/{path}")).header("Authorization", &token);
        send(call.multipart(form)).await
    };
    let answer = upload("media/", "profile", photo::png(300, 300)).await;
    golden::same(&server, "mirrorfly/media_upload", &answer);
    let tokens = data(&answer);
    for (field, side_px) in [("fileToken", 300), ("fileTokenThumb", 192)] {
        let picture = get(&server, &token, &format!("media/{}", tokens[field].as_str().unwrap())).await;
        assert_eq!(image::load_from_memory(&picture.bytes).unwrap().width(), side_px, "{field}");
    }
    assert_eq!(upload("media", "profile", photo::png(9, 9)).await.json()["status"], 200);
    let other = upload("media/", "image", photo::png(9, 9)).await;
    assert_refused_in_body(&other, 400, "type must be profile, no other media are served here");
    assert_eq!(upload("media/", "profile", b"GIF89a".to_vec()).await.json()["status"], 400);
    let empty = upload("media/", "profile", Vec::new()).await;
    assert_refused_in_body(&empty, 400, "file is an empty file (0 bytes): send the file's content");
    let call = server.call(Method::POST, "/api/v1/media/").header("Authorization", &token);
    assert_refused_in_body(&send(call.form(&[("type", "profile")])).await, 400, "file is required");
}

#[actix_web::test]
async fn an_account_deletes_itself() {
    let server = Standin::fresh().await;
    let token = made(&server, "ada", &[]).await;
    let body = json!({ "reason": "x".repeat(1025), "feedback": "" });
    let refused = post(&server, &token, "users/deleteMyAccount", &body).await;
    assert_refused_in_body(&refused, 400, "reason must be at most 1024 characters");
    let body = json!({ "reason": "done", "feedback": "" });
    golden::same(&server, "mirrorfly/delete_my_account", &post(&server, &token, "users/deleteMyAccount", &body).await);
    assert_eq!(server.user_profile("ada").await.status, 404);
    assert_refused(&get(&server, &token, "users/config").await, 401, "Token Expired");
}

#[actix_web::test]
async fn the_back_end_reads_the_presence_of_users() {
    let server = Standin::fresh().await;
    let token = made(&server, "ada@x", &[]).await;
    let back_end = server.back_end_token().await;
    let answer = get(&server, &back_end, "users/presence?userIds=ada@x&userIds=nobody&userIds=not%20an%20id").await;
    golden::same(&server, "mirrorfly/presence", &answer);
    let ids: String = (0..11).map(|n| format!("userIds=n{n}&")).collect();
    let paged = data(&get(&server, &back_end, &format!("users/presence?{ids}page=2")).await);
    assert_eq!((&paged["totalPages"], paged["invalid"].as_array().unwrap().len()), (&json!(2), 1));
    assert_refused(&get(&server, &back_end, "users/presence").await, 400, "userIds is required");
    let many: String = (0..101).map(|n| format!("userIds=n{n}&")).collect();
    let message = "userIds must have at most 100 ids, this one has 101";
    assert_refused(&get(&server, &back_end, &format!("users/presence?{many}")).await, 400, message);
    assert_refused(&get(&server, &token, "users/presence?userIds=ada@x").await, 401, "Token Expired");
}

#[actix_web::test]
async fn sdk_calls_require_a_valid_token_and_an_invalid_one_gets_http_401() {
    let server = Standin::fresh().await;
    for (method, path) in [
        (Method::GET, "logout"),
        (Method::GET, "users/config"),
        (Method::GET, "contacts/vcard?userId=a"),
        (Method::GET, "contacts/userList"),
        (Method::POST, "contacts/sandbox/syncContacts"),
        (Method::POST, "media/"),
        (Method::POST, "users/deleteMyAccount"),
    ] {
        for token in ["", "unknown"] {
            let call = server.call(method.clone(), &format!("/api/v1/{path}")).header("Authorization", token);
            assert_refused(&send(call).await, 401, "Token Expired");
        }
    }
}

#[actix_web::test]
async fn the_config_switches_off_what_is_not_served() {
    let house = Standin::with(PUBLIC).await;
    let token = made(&house, "alice", &[]).await;
    let answer = get(&house, &token, "users/config").await;
    let text = Codec::of_username("alice").decrypt(data(&answer).as_str().unwrap()).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    for feature in [
        "groupChat",
        "attachment",
        "imageAttachment",
        "videoAttachment",
        "audioAttachment",
        "documentAttachment",
        "one2oneCall",
        "groupCall",
        "starMessage",
        "translation",
        "viewAllMedias",
    ] {
        assert_eq!(config[feature], json!(false), "{feature}");
    }
    for served in ["block", "clearChat", "deleteMessage", "recallMessage", "reportUser"] {
        assert_eq!(config[served], Value::Null, "{served}: on unless the config says no");
    }
}

#[actix_web::test]
async fn a_token_has_the_shape_of_a_jwt_and_its_last_part_alone_is_one() {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let house = Standin::fresh().await;
    let back_end = house.back_end_token().await;
    let made = data(&house.create_user(&back_end, &[("userIdentifier", "guest@x")]).await);
    let password = made["password"].as_str().unwrap().to_owned();
    let signed_in = data(&house.sign_in("guest=40x", &password).await);
    let older = data(&house.sign_in(r"guest\40x", &password).await);
    for token in [&made["token"], &signed_in["token"], &older["token"]].map(|token| token.as_str().unwrap()) {
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3, "{token}");
        let part = |at: usize| -> Value {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap()
        };
        assert_eq!(part(0), json!({ "alg": "none", "typ": "JWT" }));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let left = part(1)["exp"].as_u64().unwrap() - now;
        assert!((3590..=3600).contains(&left), "{left}");
        for sent in [token, parts[2]] {
            assert_eq!(get(&house, sent, "users/muted").await.json()["status"], 200, "{sent}");
        }
        for wrong in
            [format!("{}.{}.", parts[0], parts[1]), format!("{}.{}.x", parts[0], parts[1]), parts[..2].join(".")]
        {
            assert_refused(&get(&house, &wrong, "users/muted").await, 401, "Token Expired");
        }
    }
}
