use super::*;

const GET_ALL: &str = "profile/portrait_get_all";

fn asked(ids: &[String]) -> Value {
    let item = |id: &String| json!({ "To_Account": id, "StandardSequence": 0, "CustomSequence": 0 });
    json!({ "From_Account": "u0", "UserItem": ids.iter().map(item).collect::<Vec<_>>() })
}

#[actix_web::test]
async fn an_unknown_account_is_left_out() {
    let server = server().await;
    done(&server, "im_open_login_svc/account_import", json!({ "UserID": "u0", "Nick": "Ada" })).await;
    let ids = ["nobody", "u0", "no id"].map(str::to_owned);
    golden::same(&server, "tencent/portrait_get_all", &call(&server, GET_ALL, asked(&ids)).await);
    let nobody = done(&server, GET_ALL, asked(&["nobody".to_owned()])).await;
    assert_eq!(nobody["UserProfileItem"], json!([]));
}

#[actix_web::test]
async fn of_more_than_a_hundred_the_first_are_answered() {
    let server = server().await;
    let ids: Vec<String> = (0..102).map(|number| format!("u{number}")).collect();
    for ids in [&ids[..100], &ids[100..]] {
        done(&server, "im_open_login_svc/multiaccount_import", json!({ "Accounts": ids })).await;
    }
    for (count, answered) in [(99, 99), (100, 100), (101, 100)] {
        let answer = done(&server, GET_ALL, asked(&ids[..count])).await;
        let items = answer["UserProfileItem"].as_array().unwrap();
        let of: Vec<&str> = items.iter().map(|item| item["To_Account"].as_str().unwrap()).collect();
        assert_eq!(of, ids[..answered]);
    }
}

#[actix_web::test]
async fn a_malformed_call_is_refused_with_the_field() {
    let server = server().await;
    for (body, code, info) in [
        (json!({}), 40001, "From_Account is required"),
        (json!({ "From_Account": 1 }), 60015, "From_Account must be text, in quotes"),
        (json!({ "From_Account": "u0" }), 40001, "UserItem is required"),
        (json!({ "From_Account": "u0", "UserItem": [{}] }), 60015, "To_Account in UserItem must be text, in quotes"),
        (json!({ "From_Account": "u0", "UserItem": ["u0"] }), 60015, "To_Account in UserItem must be text, in quotes"),
    ] {
        refused(&server, GET_ALL, body, code, info).await;
    }
}

/// lite-chat treats a profile without tags as a user that does not exist.
#[actix_web::test]
async fn issue_14_number_8_a_profile_in_which_nothing_is_set_has_a_tag_all_the_same() {
    let server = server().await;
    import(&server, "u0").await;
    let answer = done(&server, GET_ALL, asked(&["u0".to_owned()])).await;
    let item = json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": "" }]);
    assert_eq!(answer["UserProfileItem"][0]["ProfileItem"], item);
}
