//! The vendor's page "User" of the Qiscus server API, sentence by sentence, and its limits.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    golden,
    standin::{APP_ID, SECRET, Standin, send},
};

fn guest(user_id: &str) -> Value {
    json!({ "user_id": user_id, "password": "password", "username": "QISCUS demo user" })
}

fn user(answer: &super::standin::Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["results"]["user"].clone()
}

/// The validation form names one field and one sentence.
fn assert_invalid(answer: &super::standin::Answer, field: &str, sentence: &str) {
    let expected = json!({
        "error": {
            "detailed_messages": [sentence],
            "errors": { field: [sentence] },
            "message": "Validation error",
        },
        "status": 400,
    });
    assert_eq!((answer.status, answer.json()), (400, expected));
}

fn assert_refused(answer: &super::standin::Answer, status: u16, message: &str) {
    let expected = json!({ "error": { "message": message }, "status": status });
    assert_eq!((answer.status, answer.json()), (status, expected));
}

mod login_or_register {
    use super::*;

    #[actix_web::test]
    async fn creates_a_new_user_if_it_does_not_exist_yet() {
        let house = Standin::fresh().await;
        let answer = house
            .login_or_register(json!({
                "user_id": "guest99@qiscus.com",
                "password": "password",
                "username": "QISCUS demo user",
                "avatar_url": "https://image.url/image.jpeg"
            }))
            .await;
        let expected = r#"{"results":{"user":{"avatar_url":"https://image.url/image.jpeg","extras":{},"user_id":"guest99@qiscus.com","username":"QISCUS demo user"}},"status":200}"#;
        assert_eq!((answer.status, String::from_utf8(answer.bytes).unwrap().as_str()), (200, expected));
    }

    #[actix_web::test]
    async fn logs_in_a_user_that_does_exist_and_updates_its_data() {
        let house = Standin::fresh().await;
        house.login_or_register(guest("a")).await;
        let changed = json!({
            "user_id": "a", "password": "password", "username": "Anna",
            "avatar_url": "https://image.url/a.png", "extras": { "user_type": "vip" }
        });
        let expected = json!({
            "avatar_url": "https://image.url/a.png", "extras": { "user_type": "vip" }, "user_id": "a", "username": "Anna"
        });
        assert_eq!(user(&house.login_or_register(changed).await), expected);
        assert_eq!(user(&house.user_profile("a").await), expected);
        assert_eq!(house.user_list().await.json()["results"]["meta"]["total_data"], 1);
    }

    #[actix_web::test]
    async fn updates_the_password_of_a_user_that_exists() {
        let house = Standin::fresh().await;
        house.login_or_register(guest("a")).await;
        assert_eq!(house.sign_in("a", "password").await.json()["status"], 200);
        house.login_or_register(json!({ "user_id": "a", "password": "new", "username": "A" })).await;
        assert_eq!(house.sign_in("a", "new").await.json()["status"], 200);
        assert_eq!(house.sign_in("a", "password").await.json()["status"], 400);
    }

    #[actix_web::test]
    async fn keeps_what_is_not_given() {
        let house = Standin::fresh().await;
        let full = json!({
            "user_id": "a", "password": "p", "username": "A",
            "avatar_url": "https://image.url/a.png", "extras": { "k": [1, null, "x"] }
        });
        let before = user(&house.login_or_register(full).await);
        let empty = json!({ "user_id": "a", "password": "p", "username": "A", "avatar_url": "", "extras": "" });
        assert_eq!(user(&house.login_or_register(empty).await), before);
        let nulls = json!({ "user_id": "a", "password": "p", "username": "A", "avatar_url": null, "extras": null });
        assert_eq!(user(&house.login_or_register(nulls).await), before);
    }

    #[actix_web::test]
    async fn takes_extras_as_json_text_too_and_replaces_them_whole() {
        let house = Standin::fresh().await;
        let first = json!({ "user_id": "a", "password": "p", "username": "A", "extras": { "z": 1, "a": 2 } });
        let answer = house.login_or_register(first).await;
        assert!(String::from_utf8_lossy(&answer.bytes).contains(r#""extras":{"z":1,"a":2}"#), "order kept: {answer:?}");
        let second = json!({ "user_id": "a", "password": "p", "username": "A", "extras": "{\"b\":12345678901234567}" });
        assert_eq!(user(&house.login_or_register(second).await)["extras"], json!({ "b": 12_345_678_901_234_567_i64 }));
    }

    #[actix_web::test]
    async fn takes_json_urlencoded_and_multipart_bodies() {
        let house = Standin::fresh().await;
        let fields = [("user_id", "form@x"), ("password", "p"), ("username", "Zoë & Co"), ("extras", r#"{"a":1}"#)];
        let call = || house.qiscus(Method::POST, "login_or_register");
        let expected = json!({ "a": 1 });
        let urlencoded = user(&send(call().form(&fields)).await);
        assert_eq!((&urlencoded["username"], &urlencoded["extras"]), (&json!("Zoë & Co"), &expected));
        let multipart =
            fields.iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| form.text(*name, *value));
        assert_eq!(user(&send(call().multipart(multipart)).await), urlencoded);
    }

    #[actix_web::test]
    async fn takes_both_spellings_of_the_headers_in_any_mix() {
        let house = Standin::fresh().await;
        for (app, secret) in [
            ("QISCUS-SDK-APP-ID", "QISCUS_SDK_SECRET"),
            ("QISCUS_SDK_APP_ID", "QISCUS-SDK-SECRET"),
            ("qiscus_sdk_app_id", "qiscus_sdk_secret"),
        ] {
            let call = house.call(Method::POST, "/api/v2.1/rest/login_or_register").header(app, APP_ID);
            user(&send(call.header(secret, SECRET).json(&guest("a"))).await);
        }
    }

    #[actix_web::test]
    async fn makes_a_random_password_where_none_is_given() {
        let house = Standin::fresh().await;
        let answer = house.login_or_register(json!({ "user_id": "a", "username": "A" })).await;
        assert_eq!(user(&answer)["user_id"], "a");
        assert_eq!(house.sign_in("a", "").await.json()["status"], 400);
    }

    #[actix_web::test]
    async fn is_refused_without_a_password_for_a_user_already_created() {
        let house = Standin::fresh().await;
        house.login_or_register(guest("a")).await;
        for body in [
            json!({ "user_id": "a", "username": "Changed" }),
            json!({ "user_id": "a", "username": "Changed", "password": "" }),
        ] {
            let answer = house.login_or_register(body).await;
            assert_invalid(&answer, "password", "password must be given for a user that exists already");
        }
        assert_eq!(user(&house.user_profile("a").await)["username"], "QISCUS demo user");
    }

    #[actix_web::test]
    async fn user_id_and_username_are_required() {
        let house = Standin::fresh().await;
        for body in [json!({ "username": "A" }), json!({ "user_id": "", "username": "A" })] {
            assert_invalid(&house.login_or_register(body).await, "user_id", "user_id is required");
        }
        for body in [json!({ "user_id": "a" }), json!({ "user_id": "a", "username": "" })] {
            assert_invalid(&house.login_or_register(body).await, "username", "username is required");
        }
        assert_eq!(house.user_list().await.json()["results"]["meta"]["total_data"], 0);
    }

    #[actix_web::test]
    async fn user_id_cannot_contain_symbols_except_four() {
        let house = Standin::fresh().await;
        assert_eq!(user(&house.login_or_register(guest("a.B-c_9@x")).await)["user_id"], "a.B-c_9@x");
        for bad in ["a b", "a/b", "a+b", "ü", "a\u{202e}b", "a\nb", "a%b", "{a}"] {
            let sentence = "user_id must be made of letters, digits and . - _ @ only";
            assert_invalid(&house.login_or_register(guest(bad)).await, "user_id", sentence);
        }
    }

    #[actix_web::test]
    async fn user_id_is_at_most_191_characters() {
        let house = Standin::fresh().await;
        for chars in [190, 191] {
            user(&house.login_or_register(guest(&"a".repeat(chars))).await);
        }
        let answer = house.login_or_register(guest(&"a".repeat(192))).await;
        assert_invalid(&answer, "user_id", "user_id must be at most 191 characters");
    }

    #[actix_web::test]
    async fn reserved_ids_cannot_be_created() {
        let house = Standin::fresh().await;
        for id in ["administrator", "createUser", "config", "block"] {
            let sentence = "user_id is reserved by the server, choose another";
            assert_invalid(&house.login_or_register(guest(id)).await, "user_id", sentence);
        }
    }

    #[actix_web::test]
    async fn a_username_equal_to_the_id_is_a_name_like_any_other() {
        let house = Standin::fresh().await;
        house.command(&["user", "create", "ada"]);
        house.login_or_register(json!({ "user_id": "ada", "username": "ada", "password": "p" })).await;
        let shown: Value = serde_json::from_str(&house.command(&["user", "show", "ada", "--json"])).unwrap();
        assert_eq!(shown["name"], "ada");
    }

    #[actix_web::test]
    async fn username_is_at_most_255_characters_and_500_bytes() {
        let house = Standin::fresh().await;
        let named = |name: String| json!({ "user_id": "a", "password": "p", "username": name });
        for name in ["n".repeat(254), "n".repeat(255), "é".repeat(250)] {
            assert_eq!(user(&house.login_or_register(named(name.clone())).await)["username"], name);
        }
        let answer = house.login_or_register(named("n".repeat(256))).await;
        assert_invalid(&answer, "username", "username must be at most 255 characters");
        let answer = house.login_or_register(named("é".repeat(251))).await;
        assert_invalid(&answer, "username", "username must be at most 500 bytes");
    }

    #[actix_web::test]
    async fn names_are_kept_byte_for_byte_and_free_of_control_characters() {
        let house = Standin::fresh().await;
        let named = |name: &str| json!({ "user_id": "a", "password": "p", "username": name });
        for name in [" two  spaces ", "e\u{301}", "\u{e9}", "<b>&\"'", "👩‍👩‍👧", "\u{200f}עברית"] {
            assert_eq!(user(&house.login_or_register(named(name)).await)["username"], name);
        }
        for name in ["a\u{0}b", "a\nb", "a\u{7f}", "a\u{202e}b", "a\u{2066}b", "a\u{85}b"] {
            let sentence = "username must be free of control and text-direction characters";
            assert_invalid(&house.login_or_register(named(name)).await, "username", sentence);
        }
    }

    #[actix_web::test]
    async fn a_password_is_1_to_1024_characters_of_any_kind() {
        let house = Standin::fresh().await;
        let with = |password: String| json!({ "user_id": "a", "username": "A", "password": password });
        for password in ["x".to_owned(), "p w ü 👍".repeat(8), "x".repeat(1023), "x".repeat(1024)] {
            user(&house.login_or_register(with(password.clone())).await);
            assert_eq!(house.sign_in("a", &password).await.json()["status"], 200, "{password}");
        }
        let answer = house.login_or_register(with("x".repeat(1025))).await;
        assert_invalid(&answer, "password", "password must be at most 1024 characters");
    }

    #[actix_web::test]
    async fn avatar_url_is_an_http_address_of_at_most_2048_characters() {
        let house = Standin::fresh().await;
        let with = |address: String| json!({ "user_id": "a", "username": "A", "password": "p", "avatar_url": address });
        let long = |chars: usize| format!("https://image.url/{}", "x".repeat(chars - 18));
        for address in [long(2047), long(2048), "http://x/y?z=1#f".to_owned()] {
            assert_eq!(user(&house.login_or_register(with(address.clone())).await)["avatar_url"], address);
        }
        let answer = house.login_or_register(with(long(2049))).await;
        assert_invalid(&answer, "avatar_url", "avatar_url must be at most 2048 characters");
        for bad in ["javascript:alert(1)", "file:///etc/passwd", "nonsense", "https://", "https://a b/c", "data:,x"] {
            let answer = house.login_or_register(with(bad.to_owned())).await;
            assert_invalid(&answer, "avatar_url", "avatar_url must be an http or https address");
        }
    }

    #[actix_web::test]
    async fn extras_are_a_json_object_of_at_most_16_kib_and_8_levels() {
        let house = Standin::fresh().await;
        let with = |extras: Value| json!({ "user_id": "a", "username": "A", "password": "p", "extras": extras });
        // {"k":"..."} is 8 bytes around the text.
        for bytes in [16_383, 16_384] {
            user(&house.login_or_register(with(json!({ "k": "x".repeat(bytes - 8) }))).await);
        }
        let answer = house.login_or_register(with(json!({ "k": "x".repeat(16_385 - 8) }))).await;
        assert_invalid(&answer, "extras", "extras must be at most 16384 bytes");
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "k": inner }));
        for levels in [7, 8] {
            user(&house.login_or_register(with(nested(levels))).await);
        }
        let answer = house.login_or_register(with(nested(9))).await;
        assert_invalid(&answer, "extras", "extras must be a JSON object nested at most 8 deep");
        for bad in [json!([1]), json!(7), json!(true), json!("[1]")] {
            assert_invalid(&house.login_or_register(with(bad)).await, "extras", "extras must be a JSON object");
        }
        assert_invalid(&house.login_or_register(with(json!("{oops"))).await, "extras", "extras must be valid JSON");
    }

    #[actix_web::test]
    async fn a_user_without_an_avatar_gets_a_default_picture_that_is_served() {
        let house = Standin::fresh().await;
        let address = user(&house.login_or_register(guest("a")).await)["avatar_url"].as_str().unwrap().to_owned();
        let picture = house.get(address.strip_prefix(house.base()).unwrap()).await;
        assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
        let again = json!({ "user_id": "a", "username": "A", "password": "p", "avatar_url": address });
        assert_eq!(user(&house.login_or_register(again).await)["avatar_url"], address);
    }

    #[actix_web::test]
    async fn unknown_fields_are_ignored_and_cannot_set_anything() {
        let house = Standin::fresh().await;
        let body = json!({
            "user_id": "a", "username": "A", "password": "p", "id": 7, "token": "mine", "role": "admin", "active": false
        });
        user(&house.login_or_register(body).await);
        let listed = house.user_list().await.json()["results"]["users"][0].clone();
        assert_eq!((&listed["active"], listed.get("token"), listed.get("role")), (&json!(true), None, None));
    }
}

mod user_profile {
    use super::*;

    #[actix_web::test]
    async fn gets_a_users_profile_data() {
        let house = Standin::fresh().await;
        let made = user(&house.login_or_register(guest("guest@qiscus.com")).await);
        let answer = house.user_profile("guest@qiscus.com").await;
        golden::same(&house, "qiscus/user_profile", &answer);
        assert_eq!(answer.json(), json!({ "results": { "user": made }, "status": 200 }));
        let raw = house.qiscus(Method::GET, "user_profile?user_id=guest@qiscus.com");
        assert_eq!(user(&send(raw).await), made);
    }

    #[actix_web::test]
    async fn user_id_is_required_and_of_its_alphabet() {
        let house = Standin::fresh().await;
        for call in ["user_profile", "user_profile?user_id=", "user_profile?user_id"] {
            assert_invalid(&send(house.qiscus(Method::GET, call)).await, "user_id", "user_id is required");
        }
        let sentence = "user_id must be made of letters, digits and . - _ @ only";
        assert_invalid(&house.user_profile("a b").await, "user_id", sentence);
    }

    #[actix_web::test]
    async fn an_unknown_user_is_not_found() {
        let house = Standin::fresh().await;
        assert_refused(&house.user_profile("nobody").await, 404, "User not found");
    }
}

mod reset_user_token {
    use super::*;

    #[actix_web::test]
    async fn answers_a_new_token_each_time() {
        let house = Standin::fresh().await;
        house.login_or_register(guest("guest2@qiscus.com")).await;
        let reset = async || {
            let call = house.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": "guest2@qiscus.com" }));
            let answer = send(call).await.json();
            assert_eq!(answer["status"], 200);
            answer["results"]["token"].as_str().unwrap().to_owned()
        };
        let (first, second) = (reset().await, reset().await);
        assert_ne!(first, second);
        for token in [first, second] {
            assert!(token.len() >= 22 && token.bytes().all(|b| b.is_ascii_alphanumeric()), "{token}");
        }
    }

    #[actix_web::test]
    async fn refuses_an_unknown_user_and_a_missing_id_as_validation_errors() {
        let house = Standin::fresh().await;
        let reset = |body: Value| send(house.qiscus(Method::POST, "reset_user_token").json(&body));
        let sentence = "user_id must be the id of a user that exists";
        assert_invalid(&reset(json!({ "user_id": "nobody" })).await, "user_id", sentence);
        assert_invalid(&reset(json!({})).await, "user_id", "user_id is required");
    }
}

mod get_user_list {
    use super::*;

    async fn house_of(users: usize) -> Standin {
        let house = Standin::fresh().await;
        for number in 0..users {
            house
                .login_or_register(json!({ "user_id": format!("u{number}"), "username": format!("User {number}") }))
                .await;
        }
        house
    }

    async fn list(house: &Standin, query: &str) -> (Vec<String>, Value) {
        let answer = send(house.qiscus(Method::GET, &format!("get_user_list{query}"))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let results = answer.json()["results"].clone();
        let ids = results["users"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned());
        (ids.collect(), results["meta"].clone())
    }

    #[actix_web::test]
    async fn lists_users_in_creation_order_page_by_page() {
        let house = house_of(5).await;
        let (ids, meta) = list(&house, "?page=1&limit=2").await;
        assert_eq!((ids, meta), (vec!["u0".into(), "u1".into()], json!({ "total_data": 5, "total_page": 2 })));
        assert_eq!(list(&house, "?page=3&limit=2").await.0, ["u4"]);
        assert_eq!(list(&house, "?page=4&limit=2").await.0, Vec::<String>::new());
    }

    #[actix_web::test]
    async fn an_item_has_every_field_of_the_page() {
        let house = Standin::fresh().await;
        let full = json!({
            "user_id": "rere", "username": "Rere", "avatar_url": "https://image.url/r.png", "extras": { "a": 1 }
        });
        house.login_or_register(full).await;
        let item = house.user_list().await.json()["results"]["users"][0].clone();
        let keys: Vec<&String> = item.as_object().unwrap().keys().collect();
        let expected =
            ["active", "avatar_url", "created_at", "email", "extras", "id", "name", "updated_at", "username"];
        assert_eq!(keys, expected);
        assert_eq!(item["active"], true);
        assert_eq!(item["avatar_url"], "https://image.url/r.png");
        assert_eq!(
            (&item["email"], &item["name"], &item["username"]),
            (&json!("rere"), &json!("Rere"), &json!("Rere"))
        );
        assert_eq!(item["extras"], json!({ "a": 1 }));
        assert!(item["id"].as_i64().unwrap() > 0);
        for time in ["created_at", "updated_at"] {
            let time = item[time].as_str().unwrap();
            assert!(time.len() <= 27 && time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
        }
    }

    #[actix_web::test]
    async fn page_defaults_to_1_and_limit_to_20() {
        let house = house_of(21).await;
        let (ids, meta) = list(&house, "").await;
        assert_eq!((ids.len(), ids[0].as_str(), &meta["total_page"]), (20, "u0", &json!(1)));
        for page in ["0", "-1", "x", ""] {
            assert_eq!(list(&house, &format!("?page={page}&limit=1")).await.0, ["u0"], "page {page}");
        }
        for page in ["5000000000", "99999999999999999999999999"] {
            assert_eq!(list(&house, &format!("?page={page}")).await.0.len(), 0, "page {page}");
        }
        for limit in ["0", "-1", "x", "", "101", "1000000"] {
            assert_eq!(list(&house, &format!("?limit={limit}")).await.0.len(), 20, "limit {limit}");
        }
        for limit in ["99", "100"] {
            assert_eq!(list(&house, &format!("?limit={limit}")).await.0.len(), 21, "limit {limit}");
        }
    }

    #[actix_web::test]
    async fn runs_in_creation_order_either_way_and_in_no_other() {
        let house = house_of(2).await;
        assert_eq!(list(&house, "?order_query=created_at%20desc%20nulls%20last").await.0, ["u1", "u0"]);
        assert_eq!(list(&house, "?order_query=created_at%20asc").await.0, ["u0", "u1"]);
        for order in ["username", "created_at%20desc%20banana", "created_at%20up"] {
            let answer = send(house.qiscus(Method::GET, &format!("get_user_list?order_query={order}"))).await;
            assert_invalid(&answer, "order_query", "order_query must be one of created_at asc, created_at desc");
        }
    }
}

mod credentials {
    use super::*;

    const CALLS: [(Method, &str); 4] = [
        (Method::POST, "login_or_register"),
        (Method::GET, "user_profile?user_id=a"),
        (Method::POST, "reset_user_token"),
        (Method::GET, "get_user_list"),
    ];

    #[actix_web::test]
    async fn a_wrong_a_missing_and_a_foreign_secret_and_an_unknown_app_look_alike() {
        let house = Standin::fresh().await;
        for (method, call) in CALLS {
            for (app, secret) in [
                (APP_ID, Some("wrong")),
                (APP_ID, Some("")),
                (APP_ID, None),
                ("nosuchapp", Some(SECRET)),
                ("no such app!", Some(SECRET)),
                ("HOUSEAPP", Some(SECRET)),
            ] {
                let mut request =
                    house.call(method.clone(), &format!("/api/v2.1/rest/{call}")).header("QISCUS-SDK-APP-ID", app);
                if let Some(secret) = secret {
                    request = request.header("QISCUS-SDK-SECRET", secret);
                }
                assert_refused(&send(request.json(&guest("a"))).await, 401, "Unauthorized");
            }
        }
        assert_eq!(house.user_list().await.json()["results"]["meta"]["total_data"], 0);
    }

    #[actix_web::test]
    async fn a_missing_app_id_is_said() {
        let house = Standin::fresh().await;
        for (method, call) in CALLS {
            let request = house.call(method, &format!("/api/v2.1/rest/{call}")).header("QISCUS-SDK-SECRET", SECRET);
            let message = "The header QISCUS-SDK-APP-ID is required";
            assert_refused(&send(request.json(&guest("a"))).await, 400, message);
        }
    }
}

mod envelope {
    use super::*;

    #[actix_web::test]
    async fn unknown_calls_and_wrong_methods_answer_in_it() {
        let house = Standin::fresh().await;
        let answer = send(house.qiscus(Method::POST, "create_room")).await;
        assert_refused(&answer, 404, "This call is not part of Standin");
        let answer = send(house.qiscus(Method::GET, "login_or_register")).await;
        assert_refused(&answer, 405, "This call is not made by this method");
        let answer = send(house.qiscus(Method::DELETE, "get_user_list")).await;
        assert_refused(&answer, 405, "This call is not made by this method");
    }

    #[actix_web::test]
    async fn broken_json_answers_in_it_and_leaves_nothing_behind() {
        let house = Standin::fresh().await;
        for body in [
            &b"{"[..],
            b"[1]",
            b"{\"user_id\":\"a\",\"user_id\":\"b\",\"username\":\"x\"}",
            b"{\"user_id\":\"a\",\"username\":\"x\"}{}",
            b"{\"user_id\":\"\xff\",\"username\":\"x\"}",
            b"{\"user_id\":\"a\",\"username\":\"\\ud800\"}",
            b"{\"user_id\":\"a\",\"username\":\"x\",\"extras\":{\"n\":NaN}}",
            b"{\"user_id\":\"a\",\"username\":\"x\",\"extras\":{\"n\":123456789012345678901234567890}}",
        ] {
            let call = house.qiscus(Method::POST, "login_or_register").header("Content-Type", "application/json");
            let answer = send(call.body(body.to_vec())).await;
            assert_eq!((answer.status, &answer.json()["status"]), (400, &json!(400)), "{answer:?}");
            assert!(answer.json()["error"]["message"].as_str().unwrap().len() > 10, "{answer:?}");
        }
        assert_eq!(house.user_list().await.json()["results"]["meta"]["total_data"], 0);
    }

    #[actix_web::test]
    async fn a_body_above_1_mib_answers_in_it() {
        let house = Standin::fresh().await;
        let call = |bytes: usize| {
            let mut body = guest("a").to_string();
            body.push_str(&" ".repeat(bytes - body.len()));
            let call = house.qiscus(Method::POST, "login_or_register").header("Content-Type", "application/json");
            send(call.body(body))
        };
        for bytes in [1024 * 1024 - 1, 1024 * 1024] {
            user(&call(bytes).await);
        }
        let answer = call(1024 * 1024 + 1).await;
        assert_eq!((answer.status, &answer.json()["status"]), (413, &json!(413)));
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("1048576 bytes"), "{answer:?}");
    }

    #[actix_web::test]
    async fn an_encoded_body_and_an_unknown_type_answer_in_it() {
        let house = Standin::fresh().await;
        let call = || house.qiscus(Method::POST, "login_or_register");
        let answer = send(call().header("Content-Encoding", "gzip").json(&guest("a"))).await;
        assert_eq!((answer.status, &answer.json()["status"]), (415, &json!(415)), "{answer:?}");
        let answer = send(call().header("Content-Type", "text/xml").body("<user/>")).await;
        assert_eq!((answer.status, &answer.json()["status"]), (415, &json!(415)), "{answer:?}");
    }
}
