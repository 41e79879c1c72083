use super::*;

const TEST1: &str = "Tag_Profile_Custom_Test1";

/// A server whose app has declared `Test1`, and a user.
async fn declared() -> Standin {
    let server = server().await;
    server.command(&["app", "field", "add", "Test1"]);
    import(&server, "u1").await;
    server
}

#[actix_web::test]
async fn a_declared_field_is_set_and_listed_after_the_standard_ones() {
    let mut server = declared().await;
    server.command(&["app", "field", "add", "888888_Test"]);
    let items = [
        (TEST1, json!("My custom profile 1")),
        ("Tag_Profile_Custom_888888_Test", json!("8")),
        ("Tag_Profile_IM_Nick", json!("Ada")),
    ];
    let answer = set(&server, "u1", &items).await;
    assert_eq!(answer.json()["ErrorCode"], 0, "{answer:?}");
    server.kill();
    server.restart();
    let answer = call(&server, "profile/portrait_get", json!({ "To_Account": ["u1"] })).await;
    golden::same(&server, "tencent/portrait_get_custom", &answer);
    let tags = json!([TEST1]);
    let answer = done(&server, "profile/portrait_get", json!({ "To_Account": ["u1"], "TagList": tags })).await;
    assert_eq!(answer["UserProfileItem"][0]["ProfileItem"], items_of(&items[..1]));
}

#[actix_web::test]
async fn a_field_without_a_value_is_not_shown() {
    let server = declared().await;
    assert_eq!(shown(&server, "u1").await, json!({}));
    set(&server, "u1", &[(TEST1, json!("x"))]).await;
    set(&server, "u1", &[(TEST1, json!(""))]).await;
    assert_eq!(shown(&server, "u1").await, json!({}));
}

#[actix_web::test]
async fn a_value_has_500_bytes_at_the_most() {
    let server = declared().await;
    for text in ["a".repeat(499), "a".repeat(500), "é".repeat(250), "two\nlines".to_owned()] {
        set(&server, "u1", &[(TEST1, json!(text))]).await;
        assert_eq!(shown(&server, "u1").await, json!({ TEST1: text }));
    }
    for text in ["a".repeat(501), "é".repeat(251)] {
        let info = "Tag_Profile_Custom_Test1 must be at most 500 bytes";
        assert_refused(&set(&server, "u1", &[(TEST1, json!(text))]).await, 40601, info);
    }
}

#[actix_web::test]
async fn a_value_is_readable_text() {
    let server = declared().await;
    for other in [json!(1), json!(null), json!({}), json!(true)] {
        let info = "Tag_Profile_Custom_Test1 must be text, in quotes";
        assert_refused(&set(&server, "u1", &[(TEST1, other)]).await, 40610, info);
    }
    let info = "Tag_Profile_Custom_Test1 must be free of control and text-direction characters";
    assert_refused(&set(&server, "u1", &[(TEST1, json!("a\u{202E}b"))]).await, 40001, info);
}

#[actix_web::test]
async fn the_back_end_reads_and_writes_every_field() {
    let server = declared().await;
    server.command(&["app", "field", "add", "Secret", "--read", "back-end", "--write", "back-end"]);
    let items = [("Tag_Profile_Custom_Secret", json!("x"))];
    let answer = set(&server, "u1", &items).await;
    assert_eq!(answer.json()["ErrorCode"], 0, "{answer:?}");
    assert_eq!(shown(&server, "u1").await, json!({ "Tag_Profile_Custom_Secret": "x" }));
}

#[actix_web::test]
async fn one_call_may_set_every_standard_tag_and_all_twenty_custom_ones() {
    let server = server().await;
    import(&server, "u1").await;
    let mut items: Vec<(String, Value)> = (0..20).map(|n| (format!("Tag_Profile_Custom_F{n}"), json!("x"))).collect();
    for (tag, _) in &items {
        server.command(&["app", "field", "add", tag]);
    }
    let texts = ["Nick", "Image", "Location", "SelfSignature"].map(|tag| (tag, json!("x")));
    let numbers = ["BirthDay", "Language", "MsgSettings", "Level", "Role"].map(|tag| (tag, json!(1)));
    let words = [
        ("Gender", json!("Gender_Type_Male")),
        ("AllowType", json!("AllowType_Type_DenyAny")),
        ("AdminForbidType", json!("AdminForbid_Type_SendOut")),
    ];
    let standard = texts.into_iter().chain(numbers).chain(words);
    items.extend(standard.map(|(tag, value)| (format!("Tag_Profile_IM_{tag}"), value)));
    let items: Vec<(&str, Value)> = items.iter().map(|(tag, value)| (tag.as_str(), value.clone())).collect();
    let answer = set(&server, "u1", &items).await;
    assert_eq!(answer.json()["ErrorCode"], 0, "{answer:?}");
    assert_eq!(shown(&server, "u1").await.as_object().unwrap().len(), 32);
}

#[actix_web::test]
async fn a_field_belongs_to_one_app_only() {
    let server = declared().await;
    server.command(&["app", "create", "--app-id", "second", "--sdk-app-id", "1400000002"]);
    let sig = server.command(&["app", "usersig", "--app", "second", "--user", "administrator"]);
    let path = |command: &str| {
        format!("/v4/{command}?sdkappid=1400000002&identifier=administrator&usersig={}", sig.trim_end())
    };
    let call = async |command: &str, body: Value| send(server.call(Method::POST, &path(command)).json(&body)).await;
    call("im_open_login_svc/account_import", json!({ "UserID": "u1" })).await;
    let items = json!([{ "Tag": TEST1, "Value": "x" }]);
    let answer = call("profile/portrait_set", json!({ "From_Account": "u1", "ProfileItem": items })).await;
    let info = "Tag_Profile_Custom_Test1 is not declared: declare it by `standin app field add`";
    assert_refused(&answer, 40009, info);
}
