//! Text as editors, platforms and libraries write it: in bodies, in names, in searches.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    standin::{APP_ID, Answer, LICENSE_KEY, Standin, send},
    user_sig,
};

/// A call of each vendor that reads JSON, with a valid body and the text of a successful response.
async fn told_of(server: &Standin, kind: &str, before: &[u8]) -> [Answer; 3] {
    let body = |body: Value| [before, body.to_string().as_bytes()].concat();
    let sig = user_sig::user_sig("administrator");
    let tencent = format!(
        "/v4/im_open_login_svc/account_import?sdkappid={}&identifier=administrator&usersig={sig}&random=1&contenttype=json",
        user_sig::SDK_APP_ID
    );
    let qiscus = body(json!({ "user_id": "ada", "username": "Ada", "password": "key" }));
    let mirrorfly = body(json!({ "username": "administrator", "password": "correct horse battery staple" }));
    [
        send(server.qiscus(Method::POST, "login_or_register").header("Content-Type", kind).body(qiscus)).await,
        send(server.call(Method::POST, "/api/v1/login").header("Content-Type", kind).body(mirrorfly)).await,
        send(server.call(Method::POST, &tencent).body(body(json!({ "UserID": "bob" })))).await,
    ]
}

fn is_good(answers: &[Answer; 3]) -> bool {
    answers[..2].iter().all(|answer| answer.status == 200) && answers[2].json()["ErrorCode"] == 0
}

#[actix_web::test]
async fn issue_14_json_is_read_by_all_its_names_and_behind_a_byte_order_mark() {
    let server = Standin::with(&[user_sig::WITH_SDK_APP_ID]).await;
    for kind in [
        "application/json",
        "Application/JSON; Charset=Utf-8",
        "application/json; charset=\"UTF-8\"",
        "application/json; charset='utf-8'",
        "application/json;charset=UTF_8",
        "application/json; charset=",
        "application/json;",
        "text/json",
        "application/vnd.api+json",
        "application/problem+json; charset=utf-8",
    ] {
        for before in [&b""[..], b"\xEF\xBB\xBF", b"\xEF\xBB\xBF\r\n "] {
            let answers = told_of(&server, kind, before).await;
            assert!(is_good(&answers), "{kind}, {before:?}: {answers:?}");
        }
    }
    for (kind, said) in [
        ("application/json; charset=utf-16", "The charset must be UTF-8"),
        ("application/json; charset=iso-8859-1", "The charset must be UTF-8"),
        (
            "text/plain;charset=UTF-8",
            "The Content-Type must be application/json, application/x-www-form-urlencoded or multipart/form-data",
        ),
    ] {
        let call = server.qiscus(Method::POST, "login_or_register").header("Content-Type", kind).body("{}");
        assert_eq!(send(call).await.json(), json!({ "error": { "message": said }, "status": 415 }), "{kind}");
    }
}

#[actix_web::test]
async fn issue_14_an_unreadable_body_is_refused_with_its_fault_by_every_vendor() {
    let server = Standin::with(&[user_sig::WITH_SDK_APP_ID]).await;
    let wide: Vec<u8> = "\u{FEFF}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (before, said) in [
        (&wide[..], "The request body must be UTF-8, and is UTF-16 or UTF-32"),
        (b"{\"a\":\"\\ude00\",", "The request body is not valid JSON: half of a surrogate pair, at line 1, column 12"),
        (b"{\"a\":1,},", "The request body is not valid JSON: trailing comma, at line 1, column 8"),
        (b"\xE4", "The request body is not valid UTF-8: the first 0 bytes are, the next is not"),
    ] {
        let [qiscus, mirrorfly, tencent] = told_of(&server, "application/json", before).await;
        assert_eq!((qiscus.status, &qiscus.json()["error"]["message"]), (400, &json!(said)));
        assert_eq!((&mirrorfly.json()["status"], &mirrorfly.json()["message"]), (&json!(400), &json!(said)));
        assert_eq!(tencent.json()["ErrorInfo"], said);
    }
}

#[actix_web::test]
async fn issue_14_forms_are_read_as_browsers_and_old_libraries_write_them() {
    let server = Standin::fresh().await;
    for (id, body, name) in [
        ("f1", "user_id=f1&username=a+b%2Bc&password=key", "a b+c"),
        ("f2", "\u{FEFF}user_id=f2&username=a%20b&password=key", "a b"),
        ("f3", "user_id=f%33&username=%F0%9F%98%80&password=key", "😀"),
        ("f4", "&user_id=f4&&username=100%25+%&password=key&", "100% %"),
        ("f5", "user_id=f5&username=%E2%82%AC=%3D&password=key&extras", "€=="),
    ] {
        let call = server.qiscus(Method::POST, "login_or_register");
        let call = call.header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
        assert_eq!(send(call.body(body)).await.status, 200, "{body}");
        assert_eq!(server.user_profile(id).await.json()["results"]["user"]["username"], name, "{body}");
    }
    for (body, said) in [
        ("user_id=f6&username=%E4&password=key", "The field username is not valid UTF-8"),
        ("user_id=f6&username=%ED%A0%BD%ED%B8%80&password=key", "The field username is not valid UTF-8"),
    ] {
        let call = server.qiscus(Method::POST, "login_or_register");
        let call = call.header("Content-Type", "application/x-www-form-urlencoded").body(body);
        assert_eq!(send(call).await.json(), json!({ "error": { "message": said }, "status": 400 }));
    }
}

/// Names as people write them.
const NAMES: [&str; 14] = [
    "José",
    "Jose\u{301} Maria",
    "Straße 7",
    "STRASSE 8",
    "İstanbul",
    "Σίσυφος",
    "ＡＢＣ",
    "ﬁsher",
    "\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}",
    "O’Brien",
    "\u{200F}שלום\u{200E}",
    "👨\u{200D}👩\u{200D}👧",
    "ｶﾀｶﾅ",
    "Jean–Luc\u{A0}Picard",
];

/// What is looked for, and the places of the names that are found.
const SEARCHES: [(&str, &[usize]); 19] = [
    ("josé", &[0, 1]),
    ("JOSE\u{301}", &[0, 1]),
    ("jose", &[]),
    ("strasse", &[2, 3]),
    ("STRAẞE", &[2, 3]),
    ("ß", &[2, 3]),
    ("istanbul", &[4]),
    ("ISTANBUL", &[4]),
    ("ΣΊΣ", &[5]),
    ("σίσυφοσ", &[5]),
    ("abc", &[6]),
    ("FISH", &[7]),
    ("한국", &[8]),
    ("한", &[8]),
    ("o'brien", &[9]),
    ("שלום", &[10]),
    ("\u{FEFF}👩👧", &[11]),
    ("カタカナ", &[12]),
    ("jean-luc picard", &[13]),
];

#[actix_web::test]
async fn issue_14_names_come_back_byte_for_byte_and_are_found_as_people_type_them() {
    let server = Standin::fresh().await;
    for (place, name) in NAMES.iter().enumerate() {
        let body = json!({ "user_id": format!("u{place}"), "username": name, "password": "key" });
        assert_eq!(server.login_or_register(body).await.json()["results"]["user"]["username"], *name);
    }
    let shown = server.user_list().await.json()["results"]["users"].clone();
    let shown: Vec<&str> = shown.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
    assert_eq!(shown, NAMES);
    let token = send(server.qiscus(Method::GET, "get_user_token").query(&[("user_id", "u0")])).await.json();
    let token = token["results"]["token"].as_str().unwrap();
    let mirrorfly =
        send(server.call(Method::POST, "/api/v1/login").json(&json!({ "username": "u0", "password": "key" })));
    let mirrorfly = mirrorfly.await.json()["data"]["token"].as_str().unwrap().to_owned();
    for (wanted, places) in SEARCHES {
        let found: Vec<String> = places.iter().map(|place| format!("u{place}")).collect();
        let call = server.call(Method::GET, "/api/v2/sdk/get_user_list").query(&[("query", wanted), ("limit", "100")]);
        let answer = send(call.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-TOKEN", token)).await.json();
        let users = answer["results"]["users"].as_array().unwrap();
        let ids: Vec<&str> = users.iter().map(|user| user["email"].as_str().unwrap()).collect();
        assert_eq!(ids, found, "{wanted}");
        let call = server.call(Method::GET, "/api/v1/contacts/userList").query(&[("name", wanted)]);
        let call = call.header("Authorization", &mirrorfly).header("licenseKey", LICENSE_KEY);
        let answer = send(call).await.json();
        let users = answer["data"]["userList"].as_array().unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(users.len(), found.len(), "{wanted}: {answer}");
    }
}

#[actix_web::test]
async fn issue_14_a_changed_name_is_found_by_its_new_text_alone() {
    let server = Standin::fresh().await;
    let named = |name: &str| json!({ "user_id": "ada", "username": name, "password": "key" });
    server.login_or_register(named("Straße")).await;
    server.login_or_register(named("Ｗｅｇ")).await;
    let token = send(server.qiscus(Method::GET, "get_user_token").query(&[("user_id", "ada")])).await.json();
    let token = token["results"]["token"].as_str().unwrap().to_owned();
    for (wanted, total) in [("strasse", 0), ("WEG", 1), ("we", 1)] {
        let call = server.call(Method::GET, "/api/v2/sdk/get_user_list").query(&[("query", wanted)]);
        let answer = send(call.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-TOKEN", &token)).await.json();
        assert_eq!(answer["results"]["meta"]["total_data"], total, "{wanted}");
    }
}
