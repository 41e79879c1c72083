//! Input of clients with public keys: ids, names and addresses for every vendor, fields that they may not set, and headers that name no host.

use std::{fs, io::ErrorKind, net::TcpListener, path::Path};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    admin::Page,
    mirrorfly_users::made,
    standin::{APP_ID, Answer, LICENSE_KEY, SECRET, Standin, form, send},
    user_sig::{SDK_APP_ID, WITH_SDK_APP_ID, user_sig},
};

async fn server() -> (Standin, Page) {
    let server = Standin::with(&[WITH_SDK_APP_ID, ("STANDIN_ADMIN_PASSWORD", "correct horse")]).await;
    let page = Page::signed_in(&server).await;
    (server, page)
}

fn tencent(server: &Standin, command: &str) -> RequestBuilder {
    let sig = user_sig("administrator");
    let path = format!("/v4/{command}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}");
    server.call(Method::POST, &path)
}

fn own(server: &Standin, page: &Page, method: Method, below: &str) -> RequestBuilder {
    page.call(server, method, &format!("/apps/{APP_ID}/users{below}"))
}

/// A user as the command line shows it: everything there is of it.
fn shown(server: &Standin, id: &str) -> Value {
    serde_json::from_str(&server.command(&["user", "show", id, "--json"])).unwrap()
}

#[actix_web::test]
async fn promise_46_an_id_has_one_to_191_letters_digits_and_four_marks_for_every_vendor() {
    let (server, page) = server().await;
    let back_end = server.back_end_token().await;
    let long = |chars: usize| "a".repeat(chars);
    for (at, (id, good)) in [
        ("a".to_owned(), true),
        ("A.b-C_9@x".to_owned(), true),
        (long(191), true),
        (long(192), false),
        (String::new(), false),
        ("a b".to_owned(), false),
        ("a/b".to_owned(), false),
        ("a\u{e9}".to_owned(), false),
        ("a\u{0}".to_owned(), false),
        ("\u{430}da".to_owned(), false),
        ("a'--".to_owned(), false),
        ("../a".to_owned(), false),
    ]
    .into_iter()
    .enumerate()
    {
        let expect = |vendor: &str, is_made: bool| assert_eq!(is_made, good, "{vendor} {at}: {id:?}");
        let rest = server.login_or_register(json!({ "user_id": id, "username": "N", "password": "p" })).await;
        expect("qiscus", rest.status == 200);
        let form = [("email", id.as_str()), ("password", "p")];
        let sdk = server.call(Method::POST, "/api/v2/sdk/login_or_register").header("QISCUS-SDK-APP-ID", APP_ID);
        expect("qiscus sdk", send(sdk.form(&form)).await.status == 200);
        expect("mirrorfly", server.create_user(&back_end, &[("userIdentifier", &id)]).await.status == 200);
        let again = server.command(&["app", "show", "--json"]);
        assert!(!again.is_empty());
        if good {
            server.command(&["user", "delete", &id]);
        }
        let made = send(own(&server, &page, Method::POST, "").json(&json!({ "id": id }))).await;
        expect("our own", made.status == 201);
        // This vendor's limit is narrower: 32 bytes.
        let import = send(tencent(&server, "im_open_login_svc/account_import").json(&json!({ "UserID": id }))).await;
        assert_eq!(import.json()["ErrorCode"] == 0, good && id.len() <= 32, "tencent {at}: {id:?}");
    }
}

/// The call of each vendor that sets a name.
fn named(server: &Standin, page: &Page, back_end: &str, name: &str) -> [(&'static str, RequestBuilder); 4] {
    let tag = json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": name }]);
    let create = server.call(Method::POST, "/api/v1/users/createUser").header("Authorization", back_end);
    [
        (
            "qiscus",
            server
                .qiscus(Method::POST, "login_or_register")
                .json(&json!({ "user_id": "ada", "username": name, "password": "p" })),
        ),
        ("mirrorfly", create.multipart(form(&[("userIdentifier", "ada"), ("nickname", name)]))),
        (
            "tencent",
            tencent(server, "profile/portrait_set").json(&json!({ "From_Account": "ada", "ProfileItem": tag })),
        ),
        ("our own", own(server, page, Method::PATCH, "/ada").json(&json!({ "name": name }))),
    ]
}

fn is_done(answer: &Answer) -> bool {
    let code = answer.json()["ErrorCode"].as_i64();
    answer.status == 200 && code.unwrap_or(0) == 0
}

#[actix_web::test]
async fn promise_47_names_are_returned_byte_for_byte_and_deceptive_ones_refused_for_every_vendor() {
    let (server, page) = server().await;
    let back_end = server.back_end_token().await;
    server.command(&["user", "create", "ada"]);
    for name in [
        " two  spaces ",
        "e\u{301}",
        "\u{e9}",
        "<b>&\"'",
        "\u{1F469}\u{200D}\u{1F4BB}",
        "\u{200f}\u{5e2}",
        "\u{FEFF}x",
        "\u{fb01}",
    ] {
        for (vendor, call) in named(&server, &page, &back_end, name) {
            let answer = send(call).await;
            assert!(is_done(&answer), "{vendor} {name:?}: {answer:?}");
            assert_eq!(shown(&server, "ada")["name"], name, "{vendor}");
            server.command(&["user", "set", "ada", "--name", "between"]);
        }
    }
    for name in ["a\u{0}b", "a\nb", "a\tb", "a\u{7f}", "a\u{85}", "a\u{202a}", "a\u{202e}b", "a\u{2066}b", "a\u{2069}"]
    {
        for (vendor, call) in named(&server, &page, &back_end, name) {
            let answer = send(call).await;
            assert!(!is_done(&answer) && answer.status < 500, "{vendor} {name:?}: {answer:?}");
            assert_eq!(shown(&server, "ada")["name"], "between", "{vendor}");
        }
    }
}

#[actix_web::test]
async fn promise_47_half_a_character_is_refused_for_every_vendor() {
    let (server, page) = server().await;
    server.command(&["user", "create", "ada"]);
    let lone = r#""\ud800""#;
    let json = |call: RequestBuilder, body: String| call.header("Content-Type", "application/json").body(body);
    let profile = format!(r#"{{"From_Account":"ada","ProfileItem":[{{"Tag":"Tag_Profile_IM_Nick","Value":{lone}}}]}}"#);
    let create = server.call(Method::POST, "/api/v1/users/createUser");
    let create = create.header("Authorization", server.back_end_token().await);
    let fields =
        format!(r#"{{"deviceType":"web","licenseKey":"{LICENSE_KEY}","userIdentifier":"ada","nickname":{lone}}}"#);
    for (vendor, call) in [
        (
            "qiscus",
            json(
                server.qiscus(Method::POST, "login_or_register"),
                format!(r#"{{"user_id":"ada","username":{lone},"password":"p"}}"#),
            ),
        ),
        ("mirrorfly", json(create, fields)),
        ("tencent", json(tencent(&server, "profile/portrait_set"), profile)),
        ("our own", json(own(&server, &page, Method::PATCH, "/ada"), format!(r#"{{"name":{lone}}}"#))),
        (
            "bytes that are no text",
            server
                .qiscus(Method::POST, "login_or_register")
                .header("Content-Type", "application/json")
                .body(b"{\"user_id\":\"ada\",\"username\":\"\xed\xa0\x80\",\"password\":\"p\"}".to_vec()),
        ),
    ] {
        let answer = send(call).await;
        assert!(!is_done(&answer) && answer.status < 500, "{vendor}: {answer:?}");
    }
    assert_eq!(shown(&server, "ada")["name"], Value::Null);
}

#[actix_web::test]
async fn promise_48_an_address_that_a_client_gives_is_kept_and_never_called() {
    let (server, page) = server().await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let address = |vendor: &str| format!("http://{}/{vendor}.png", elsewhere.local_addr().unwrap());
    let back_end = server.back_end_token().await;
    let image = json!([{ "Tag": "Tag_Profile_IM_Image", "Value": address("tencent") }]);
    let (user, ada) = (
        |vendor: &str| json!({ "user_id": "ada", "username": "A", "password": "p", "avatar_url": address(vendor) }),
        "ada",
    );
    assert_eq!(
        server.login_or_register(user("qiscus")).await.json()["results"]["user"]["avatar_url"],
        address("qiscus")
    );
    let created =
        server.create_user(&back_end, &[("userIdentifier", ada), ("profileUrl", &address("mirrorfly"))]).await;
    assert_eq!(created.json()["data"]["profileUrl"], address("mirrorfly"));
    let portrait = json!({ "From_Account": ada, "ProfileItem": image });
    assert!(is_done(&send(tencent(&server, "profile/portrait_set").json(&portrait)).await));
    let own = send(own(&server, &page, Method::PATCH, "/ada").json(&json!({ "avatar_url": address("own") }))).await;
    assert_eq!((own.status, &own.json()["avatar_url"]), (200, &json!(address("own"))));
    for path in ["full", "96"] {
        let handle = shown(&server, ada)["avatar_url"].clone();
        assert_eq!(handle, address("own"), "{path}");
    }
    assert_eq!(server.user_profile(ada).await.json()["results"]["user"]["avatar_url"], address("own"));
    for wrong in
        ["javascript:alert(1)", "file:///etc/passwd", "ftp://a.example/a", "data:,x", "//a.example/a", "gopher://a"]
    {
        let mut body = user("x");
        body["avatar_url"] = json!(wrong);
        assert_eq!(server.login_or_register(body).await.status, 400, "{wrong}");
        let fields = [("userIdentifier", ada), ("profileUrl", wrong)];
        assert_eq!(server.create_user(&back_end, &fields).await.status, 400, "{wrong}");
        let call = page.call(&server, Method::PATCH, &format!("/apps/{APP_ID}/users/ada"));
        assert_eq!(send(call.json(&json!({ "avatar_url": wrong }))).await.status, 422, "{wrong}");
    }
    let called = elsewhere.accept().map(|(_, from)| from).map_err(|error| error.kind());
    assert_eq!(called, Err(ErrorKind::WouldBlock));
}

#[actix_web::test]
async fn promise_49_no_header_of_a_request_takes_part_in_an_address() {
    const EVIL: &str = "evil.example";
    let public = ("STANDIN_PUBLIC_URL", "https://chat.example.com/base");
    let server = Standin::with(&[WITH_SDK_APP_ID, ("STANDIN_ADMIN_PASSWORD", "correct horse"), public]).await;
    let (back_end, ada) = (server.back_end_token().await, made(&server, "ada", &[("profileUrl", "")]).await);
    let part = reqwest::multipart::Part::bytes(crate::photo::png(60, 60)).file_name("a.png");
    let create = server.call(Method::POST, "/api/v1/users/createUser").header("Authorization", &back_end);
    let picture = form(&[("userIdentifier", "ada")]).part("profileFile", part);
    let body = json!({ "user_id": "new", "username": "N", "password": "p" });
    let register = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "userIdentifier": "eve" });
    let own = |path: &str| server.call(Method::GET, path).header("QISCUS-SDK-APP-ID", APP_ID);
    let portrait = json!({ "To_Account": ["ada"], "TagList": ["Tag_Profile_IM_Image"] });
    let calls = [
        create.multipart(picture),
        server.qiscus(Method::POST, "login_or_register").json(&body),
        server.qiscus(Method::GET, "user_profile?user_id=ada"),
        server.qiscus(Method::GET, "get_user_list"),
        own("/api/v2/sdk/config"),
        server.call(Method::POST, "/api/v1/sandbox/register").json(&register),
        server.call(Method::GET, "/api/v1/users/config").header("Authorization", &ada),
        server.call(Method::GET, "/api/v1/users/ada").header("Authorization", &back_end),
        tencent(&server, "profile/portrait_get").json(&portrait),
        server.call(Method::GET, "/"),
        server.call(Method::GET, "/").header("Accept", "text/html"),
        server.call(Method::GET, "/console"),
        server.call(Method::GET, "/nothing/here"),
    ];
    let mut ours = 0;
    for call in calls {
        let call = call.header("Host", EVIL).header("X-Forwarded-Host", EVIL).header("X-Forwarded-Proto", "gopher");
        let answer = send(call.header("Forwarded", format!("host={EVIL};proto=gopher")).header("X-Host", EVIL)).await;
        let heads = answer.headers.values().any(|value| value.to_str().unwrap_or("").contains(EVIL));
        let text = String::from_utf8_lossy(&answer.bytes);
        assert!(!heads && !text.contains(EVIL) && !text.contains("gopher"), "{answer:?}");
        ours += text.matches("https://chat.example.com/base/").count();
    }
    assert!(ours >= 6, "addresses were made: {ours}");
}

#[actix_web::test]
async fn promise_50_a_field_that_the_caller_may_not_set_is_ignored_for_every_vendor() {
    let (server, page) = server().await;
    let back_end = server.back_end_token().await;
    let hidden = [
        ("token", "mine0123456789mine0123456789"),
        ("role", "admin"),
        ("tenant", "second"),
        ("app", "second"),
        ("app_id", "second"),
        ("key", "7"),
        ("version", "99"),
        ("state", "suspended"),
        ("active", "false"),
        ("is_admin", "true"),
        ("issued_password", "mine"),
        ("created_at", "2001-01-01T00:00:00Z"),
        ("__proto__", "x"),
    ];
    let with = |mut body: Value| {
        for (name, value) in hidden {
            body[name] = value.into();
        }
        body
    };
    // Each user is made without such fields and again with them: apart from what is drawn, nothing differs.
    let plain = json!({ "user_id": "q", "username": "Q", "password": "p" });
    server.login_or_register(plain.clone()).await;
    let before = shown(&server, "q");
    assert_eq!(server.login_or_register(with(plain)).await.status, 200);
    assert_eq!(shown(&server, "q"), before, "qiscus");

    let mine = [("userIdentifier", "m")];
    server.create_user(&back_end, &mine).await;
    let before = shown(&server, "m");
    assert_eq!(server.create_user(&back_end, &[&mine[..], &hidden].concat()).await.status, 200);
    assert_eq!(shown(&server, "m"), before, "mirrorfly");

    let import = |body: Value| send(tencent(&server, "im_open_login_svc/account_import").json(&body));
    import(json!({ "UserID": "t" })).await;
    let before = shown(&server, "t");
    assert!(is_done(&import(with(json!({ "UserID": "t" }))).await));
    let set = tencent(&server, "profile/portrait_set").json(&with(json!({ "From_Account": "t", "ProfileItem": [] })));
    assert!(send(set).await.status < 500);
    assert_eq!(shown(&server, "t"), before, "tencent");

    send(own(&server, &page, Method::POST, "").json(&json!({ "id": "o" }))).await;
    let before = shown(&server, "o");
    for (name, value) in hidden.into_iter().filter(|(name, _)| *name != "state") {
        let answer = send(own(&server, &page, Method::PATCH, "/o").json(&json!({ name: value }))).await;
        assert!(answer.status < 500, "{answer:?}");
        assert_eq!(shown(&server, "o"), before, "our own: {name}");
    }
    let moved = send(own(&server, &page, Method::PATCH, "/o").json(&json!({ "id": "other" }))).await;
    assert!(moved.status < 500 && shown(&server, "o") == before, "{moved:?}");
    let token = server.call(Method::GET, "/api/v2/sdk/my_profile").header("QISCUS-SDK-APP-ID", APP_ID);
    assert_eq!(send(token.header("QISCUS-SDK-TOKEN", hidden[0].1)).await.status, 403);
    let again = server.call(Method::GET, "/api/v2.1/rest/get_user_list").header("QISCUS-SDK-APP-ID", APP_ID);
    assert_eq!(send(again.header("QISCUS-SDK-SECRET", SECRET)).await.json()["results"]["meta"]["total_data"], 4);
}

#[test]
fn promise_51_no_script_of_the_console_takes_text_for_markup_or_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/console");
    let mut scripts = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "srcdoc",
            "DOMParser",
            "createContextualFragment",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
        if path.extension().is_some_and(|end| end == "html") {
            let is_inline = |script: &str| !script.split('>').next().unwrap().contains("src=");
            assert!(!text.split("<script").skip(1).any(is_inline), "{}", path.display());
            assert!(
                !text.contains(" style=") && !text.contains(" on") || !text.contains("onclick="),
                "{}",
                path.display()
            );
        }
        scripts += usize::from(path.extension().is_some_and(|end| end == "js"));
    }
    assert!(scripts > 5);
}
