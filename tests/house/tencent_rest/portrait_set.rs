use super::*;

const SET: &str = "profile/portrait_set";

/// Sets one tag and is refused.
async fn refused_tag(server: &Standin, tag: &str, value: Value, code: u32, info: &str) {
    assert_refused(&set(server, "u1", &[(tag, value)]).await, code, info);
}

/// Sets one tag, which must go well, and answers what the profile shows of it then.
async fn after(server: &Standin, tag: &str, value: Value) -> Value {
    let answer = set(server, "u1", &[(tag, value)]).await;
    assert_eq!(answer.json()["ErrorCode"], 0, "{answer:?}");
    shown(server, "u1").await[tag].clone()
}

#[actix_web::test]
async fn given_tags_replace_and_others_stay() {
    let server = server().await;
    import(&server, "u1").await;
    let answer = set(&server, "u1", &[("Tag_Profile_IM_Nick", json!("Ada")), ("Tag_Profile_IM_Level", json!(1))]).await;
    golden::same(&server, "tencent/portrait_set", &answer);
    set(&server, "u1", &[("Tag_Profile_IM_Level", json!(2))]).await;
    assert_eq!(shown(&server, "u1").await, json!({ "Tag_Profile_IM_Nick": "Ada", "Tag_Profile_IM_Level": 2 }));
}

#[actix_web::test]
async fn an_empty_text_clears() {
    let server = server().await;
    import(&server, "u1").await;
    for tag in ["Nick", "Image", "SelfSignature", "Location"].map(|name| format!("Tag_Profile_IM_{name}")) {
        assert_eq!(after(&server, &tag, json!("text")).await, "text");
        assert_eq!(after(&server, &tag, json!("")).await, Value::Null);
        assert_eq!(after(&server, &tag, json!("")).await, Value::Null);
    }
}

#[actix_web::test]
async fn nick_avatar_and_signature_have_500_bytes_at_the_most() {
    let server = server().await;
    import(&server, "u1").await;
    for tag in ["Nick", "Image", "SelfSignature"].map(|name| format!("Tag_Profile_IM_{name}")) {
        for text in ["a".repeat(499), "a".repeat(500), "é".repeat(250)] {
            assert_eq!(after(&server, &tag, json!(text)).await, text);
        }
        let info = format!("{tag} must be at most 500 bytes");
        refused_tag(&server, &tag, json!("a".repeat(501)), 40601, &info).await;
        // What the SDK lets pass: it counts two bytes for each.
        refused_tag(&server, &tag, json!("漢".repeat(250)), 40601, &info).await;
    }
    let address = |bytes: usize| format!("https://example.com/{}", "a".repeat(bytes - 20));
    assert_eq!(after(&server, "Tag_Profile_IM_Image", json!(address(500))).await, address(500));
    let info = "Tag_Profile_IM_Image must be at most 500 bytes";
    refused_tag(&server, "Tag_Profile_IM_Image", json!(address(501)), 40601, info).await;
}

#[actix_web::test]
async fn a_location_has_at_most_16_bytes_of_any_kind() {
    let server = server().await;
    import(&server, "u1").await;
    for text in ["a".repeat(15), "a".repeat(16), "\0\0\0\u{1}".repeat(4), "é".repeat(8)] {
        assert_eq!(after(&server, "Tag_Profile_IM_Location", json!(text)).await, text);
    }
    for text in ["a".repeat(17), "é".repeat(9)] {
        let info = "Tag_Profile_IM_Location must be at most 16 bytes";
        refused_tag(&server, "Tag_Profile_IM_Location", json!(text), 40605, info).await;
    }
}

#[actix_web::test]
async fn control_characters_in_readable_texts_are_40605() {
    let server = server().await;
    import(&server, "u1").await;
    for tag in ["Nick", "Image", "SelfSignature"].map(|name| format!("Tag_Profile_IM_{name}")) {
        let info = format!("{tag} must be free of control and text-direction characters");
        for text in ["a\0b", "a\u{202E}b"] {
            refused_tag(&server, &tag, json!(text), 40605, &info).await;
        }
    }
    assert_eq!(after(&server, "Tag_Profile_IM_SelfSignature", json!("two\nlines")).await, "two\nlines");
}

#[actix_web::test]
async fn each_value_of_a_closed_list_is_accepted_and_no_other() {
    let server = server().await;
    import(&server, "u1").await;
    let lists: [(&str, &[&str]); 3] = [
        ("Tag_Profile_IM_Gender", &["Gender_Type_Unknown", "Gender_Type_Female", "Gender_Type_Male"]),
        (
            "Tag_Profile_IM_AllowType",
            &["AllowType_Type_AllowAny", "AllowType_Type_NeedConfirm", "AllowType_Type_DenyAny"],
        ),
        ("Tag_Profile_IM_AdminForbidType", &["AdminForbid_Type_None", "AdminForbid_Type_SendOut"]),
    ];
    for (tag, words) in lists {
        for word in words {
            assert_eq!(after(&server, tag, json!(word)).await, *word);
        }
        for other in ["", "gender_type_male", "Gender_Type_Other", " "] {
            let answer = set(&server, "u1", &[(tag, json!(other))]).await.json();
            assert_eq!(answer["ErrorCode"], 40605, "{answer}");
            let info = answer["ErrorInfo"].as_str().unwrap();
            assert!(info.starts_with(&format!("{tag} must be one of ")), "{info}");
            assert!(words.iter().all(|word| info.contains(word)), "{info}");
        }
        refused_tag(&server, tag, json!(1), 40610, &format!("{tag} must be text, in quotes")).await;
    }
}

#[actix_web::test]
async fn numbers_go_from_0_to_4294967295_without_fractions() {
    let server = server().await;
    import(&server, "u1").await;
    for tag in ["BirthDay", "Language", "MsgSettings", "Level", "Role"].map(|name| format!("Tag_Profile_IM_{name}")) {
        for number in [0_u32, 1, 20_000_101, u32::MAX - 1, u32::MAX] {
            assert_eq!(after(&server, &tag, json!(number)).await, number);
        }
        assert_eq!(after(&server, &tag, json!(7.0)).await, 7, "as some languages write a whole number");
        let info = format!("{tag} must be a number from 0 to 4294967295, without quotes");
        for other in [
            json!(4_294_967_296_u64),
            json!(-1),
            json!(1.5),
            json!(-0.5),
            json!("1"),
            json!(null),
            json!(true),
            json!([1]),
        ] {
            refused_tag(&server, &tag, other, 40610, &info).await;
        }
    }
}

#[actix_web::test]
async fn a_text_needs_quotes() {
    let server = server().await;
    import(&server, "u1").await;
    for tag in ["Nick", "Image", "SelfSignature", "Location"].map(|name| format!("Tag_Profile_IM_{name}")) {
        for other in [json!(1), json!(null), json!(["a"]), json!({ "a": 1 })] {
            refused_tag(&server, &tag, other, 40610, &format!("{tag} must be text, in quotes")).await;
        }
    }
}

#[actix_web::test]
async fn an_unknown_tag_is_40009_and_an_undeclared_one_is_named() {
    let server = server().await;
    import(&server, "u1").await;
    let info = "There is no tag Tag_Profile_IM_Phone: name one of Tag_Profile_IM_ or a declared Tag_Profile_Custom_";
    refused_tag(&server, "Tag_Profile_IM_Phone", json!("1"), 40009, info).await;
    let info = "Tag_Profile_Custom_Test1 is not declared: declare it by `standin app field add`";
    refused_tag(&server, "Tag_Profile_Custom_Test1", json!("1"), 40009, info).await;
}

#[actix_web::test]
async fn a_call_with_one_fault_changes_nothing() {
    let server = server().await;
    import(&server, "u1").await;
    for (tag, value) in [("Tag_Profile_IM_Level", json!("x")), ("Tag_Profile_Custom_No", json!("x")), ("Tag", json!(1))]
    {
        let answer = set(&server, "u1", &[("Tag_Profile_IM_Nick", json!("Ada")), (tag, value)]).await;
        assert_eq!(answer.json()["ActionStatus"], "FAIL");
    }
    assert_eq!(shown(&server, "u1").await, json!({}));
}

#[actix_web::test]
async fn a_malformed_portrait_is_refused_with_the_field() {
    let server = server().await;
    import(&server, "u1").await;
    let nick = json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": "Ada" }]);
    let twice = json!([nick[0], nick[0]]);
    let many = vec![nick[0].clone(); 33];
    for (body, code, info) in [
        (json!({}), 40001, "From_Account is required"),
        (json!({ "From_Account": 1, "ProfileItem": nick }), 60015, "From_Account must be text, in quotes"),
        (
            json!({ "From_Account": "no id", "ProfileItem": nick }),
            40001,
            "From_Account must be made of letters, digits and . - _ @ only",
        ),
        (json!({ "From_Account": "nobody", "ProfileItem": nick }), 40003, NO_ACCOUNT),
        (json!({ "From_Account": "u1" }), 40001, "ProfileItem is required"),
        (json!({ "From_Account": "u1", "ProfileItem": [] }), 40001, "ProfileItem is required"),
        (json!({ "From_Account": "u1", "ProfileItem": {} }), 40001, "ProfileItem must be a list"),
        (json!({ "From_Account": "u1", "ProfileItem": ["Nick"] }), 40001, "Tag in ProfileItem must be text, in quotes"),
        (
            json!({ "From_Account": "u1", "ProfileItem": [{ "Tag": 1, "Value": "a" }] }),
            40001,
            "Tag in ProfileItem must be text, in quotes",
        ),
        (
            json!({ "From_Account": "u1", "ProfileItem": twice }),
            40001,
            "Tag_Profile_IM_Nick must be given once, not twice",
        ),
        (
            json!({ "From_Account": "u1", "ProfileItem": many }),
            40001,
            "ProfileItem must have at most 32 items, this one has 33",
        ),
    ] {
        refused(&server, SET, body, code, info).await;
    }
    assert_eq!(shown(&server, "u1").await, json!({}));
}

/// As `@tencentcloud/lite-chat` writes them.
#[actix_web::test]
async fn issue_14_number_8_a_tag_and_its_value_are_accepted_in_lower_case_too() {
    let server = server().await;
    import(&server, "u1").await;
    let set = async |item: Value| call(&server, SET, json!({ "From_Account": "u1", "ProfileItem": [item] })).await;
    for item in [
        json!({ "tag": "Tag_Profile_IM_Nick", "value": "Ada" }),
        json!({ "Tag": "Tag_Profile_IM_Level", "value": 5 }),
        json!({ "tag": "Tag_Profile_IM_SelfSignature", "Value": "here", "value": "here" }),
    ] {
        assert_eq!(set(item).await.json()["ErrorCode"], 0);
    }
    let expected = json!({
        "Tag_Profile_IM_Nick": "Ada", "Tag_Profile_IM_Level": 5, "Tag_Profile_IM_SelfSignature": "here",
    });
    assert_eq!(shown(&server, "u1").await, expected);
    let two = json!({ "Tag": "Tag_Profile_IM_Nick", "Value": "Bea", "value": "Cat" });
    let info = "Value and value in ProfileItem say different things: give one of them";
    assert_refused(&set(two).await, 40001, info);
    let two = json!({ "Tag": "Tag_Profile_IM_Nick", "tag": "Tag_Profile_IM_Level", "value": 1 });
    let info = "Tag and tag in ProfileItem say different things: give one of them";
    assert_refused(&set(two).await, 40001, info);
    assert_refused(&set(json!({ "value": "Ada" })).await, 40001, "Tag in ProfileItem must be text, in quotes");
    assert_eq!(shown(&server, "u1").await, expected, "nothing of a refused call is done");
}
