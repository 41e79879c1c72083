use super::*;

const GET: &str = "profile/portrait_get";

#[actix_web::test]
async fn a_profile_shows_every_tag_that_is_set() {
    let server = server().await;
    import(&server, "u1").await;
    let items = json!([
        { "Tag": "Tag_Profile_IM_Nick", "Value": "Ada" },
        { "Tag": "Tag_Profile_IM_Image", "Value": "https://example.com/a.png" },
        { "Tag": "Tag_Profile_IM_Gender", "Value": "Gender_Type_Female" },
        { "Tag": "Tag_Profile_IM_BirthDay", "Value": 18_151_210 },
        { "Tag": "Tag_Profile_IM_Location", "Value": "London" },
        { "Tag": "Tag_Profile_IM_SelfSignature", "Value": "First of all" },
        { "Tag": "Tag_Profile_IM_AllowType", "Value": "AllowType_Type_NeedConfirm" },
        { "Tag": "Tag_Profile_IM_Language", "Value": 1 },
        { "Tag": "Tag_Profile_IM_MsgSettings", "Value": 1 },
        { "Tag": "Tag_Profile_IM_AdminForbidType", "Value": "AdminForbid_Type_None" },
        { "Tag": "Tag_Profile_IM_Level", "Value": 5 },
        { "Tag": "Tag_Profile_IM_Role", "Value": 4_294_967_295_u32 },
    ]);
    done(&server, "profile/portrait_set", json!({ "From_Account": "u1", "ProfileItem": items })).await;
    let answer = call(&server, GET, json!({ "To_Account": ["u1"] })).await;
    assert_eq!(answer.json()["UserProfileItem"][0]["ProfileItem"], items);
    golden::same(&server, "tencent/portrait_get", &answer);
}

#[actix_web::test]
async fn a_tag_list_selects_and_unset_tags_are_left_out() {
    let server = server().await;
    done(&server, "im_open_login_svc/account_import", json!({ "UserID": "u1", "Nick": "Ada", "FaceUrl": "a" })).await;
    let tags = json!(["Tag_Profile_IM_Image", "Tag_Profile_IM_Gender"]);
    let answer = done(&server, GET, json!({ "To_Account": ["u1"], "TagList": tags })).await;
    let expected = json!([{ "Tag": "Tag_Profile_IM_Image", "Value": "a" }]);
    assert_eq!(answer["UserProfileItem"][0]["ProfileItem"], expected);
}

#[actix_web::test]
async fn an_unknown_account_fails_alone() {
    let server = server().await;
    import(&server, "u1").await;
    let answer = call(&server, GET, json!({ "To_Account": ["nobody", "u1", "no id", ""] })).await;
    golden::same(&server, "tencent/portrait_get_failed", &answer);
}

#[actix_web::test]
async fn a_call_with_only_unknown_accounts_fails() {
    let server = server().await;
    let info = "None of these accounts exists: import them first";
    refused(&server, GET, json!({ "To_Account": ["u1", "u2"] }), 40003, info).await;
}

#[actix_web::test]
async fn the_same_account_asked_for_twice_is_answered_twice() {
    let server = server().await;
    import(&server, "u1").await;
    let answer = done(&server, GET, json!({ "To_Account": ["u1", "u1"] })).await;
    assert_eq!(answer["UserProfileItem"][0], answer["UserProfileItem"][1]);
}

#[actix_web::test]
async fn a_hundred_profiles_are_answered_at_once_and_no_more() {
    let server = server().await;
    import(&server, "u0").await;
    let ids = |n: usize| (0..n).map(|number| format!("u{number}")).collect::<Vec<_>>();
    for count in [99, 100] {
        let answer = done(&server, GET, json!({ "To_Account": ids(count) })).await;
        assert_eq!(answer["UserProfileItem"].as_array().unwrap().len(), count);
    }
    let info = "To_Account must have at most 100 items, this one has 101";
    refused(&server, GET, json!({ "To_Account": ids(101) }), 40001, info).await;
}

#[actix_web::test]
async fn a_malformed_call_is_refused_with_the_field() {
    let server = server().await;
    import(&server, "u1").await;
    let tags = vec!["Tag_Profile_IM_Nick"; 33];
    for (body, code, info) in [
        (json!({}), 40001, "To_Account is required"),
        (json!({ "To_Account": [] }), 40001, "To_Account is required"),
        (json!({ "To_Account": "u1" }), 40001, "To_Account must be a list"),
        (json!({ "To_Account": ["u1", 2] }), 60015, "To_Account must be text, in quotes"),
        (json!({ "To_Account": ["u1"], "TagList": [] }), 40001, "TagList is required"),
        (json!({ "To_Account": ["u1"], "TagList": [1] }), 40001, "TagList must be text, in quotes"),
        (
            json!({ "To_Account": ["u1"], "TagList": tags }),
            40001,
            "TagList must have at most 32 items, this one has 33",
        ),
    ] {
        refused(&server, GET, body, code, info).await;
    }
}

#[actix_web::test]
async fn an_unknown_tag_is_40009() {
    let server = server().await;
    import(&server, "u1").await;
    let no_such =
        |tag: &str| format!("There is no tag {tag}: name one of Tag_Profile_IM_ or a declared Tag_Profile_Custom_");
    for (tag, shown) in [
        ("Tag_Profile_IM_Nickname", "Tag_Profile_IM_Nickname"),
        ("tag_profile_im_nick", "tag_profile_im_nick"),
        ("Tag_Profile_Custom_", "Tag_Profile_Custom_"),
        ("Tag_Profile_Custom_a-b", "Tag_Profile_Custom_a-b"),
        ("a\nb", r"a\nb"),
        (&"x".repeat(100), &"x".repeat(64)),
        ("", ""),
    ] {
        refused(&server, GET, json!({ "To_Account": ["u1"], "TagList": [tag] }), 40009, &no_such(shown)).await;
    }
    let info = "Tag_Profile_Custom_Test1 is not declared: declare it by `standin app field add`";
    refused(&server, GET, json!({ "To_Account": ["u1"], "TagList": ["Tag_Profile_Custom_Test1"] }), 40009, info).await;
}

#[actix_web::test]
async fn a_suspended_user_still_has_a_profile() {
    let server = server().await;
    done(&server, "im_open_login_svc/account_import", json!({ "UserID": "u1", "Nick": "Ada" })).await;
    server.command(&["user", "set", "u1", "--state", "suspended"]);
    assert_eq!(shown(&server, "u1").await, json!({ "Tag_Profile_IM_Nick": "Ada" }));
}
