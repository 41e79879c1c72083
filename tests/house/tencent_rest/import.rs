use super::*;

const IMPORT: &str = "im_open_login_svc/account_import";
const IMPORT_MANY: &str = "im_open_login_svc/multiaccount_import";

#[actix_web::test]
async fn an_account_has_the_nick_and_the_face_it_was_imported_with() {
    let server = server().await;
    let body = json!({ "UserID": "u1", "Nick": "Ada", "FaceUrl": "https://example.com/a.png" });
    done(&server, IMPORT, body).await;
    let expected = json!({ "Tag_Profile_IM_Nick": "Ada", "Tag_Profile_IM_Image": "https://example.com/a.png" });
    assert_eq!(shown(&server, "u1").await, expected);
}

#[actix_web::test]
async fn an_account_imported_again_keeps_fields_that_are_not_given() {
    let server = server().await;
    done(&server, IMPORT, json!({ "UserID": "u1", "Nick": "Ada", "FaceUrl": "ada.png" })).await;
    done(&server, IMPORT, json!({ "UserID": "u1" })).await;
    done(&server, IMPORT, json!({ "UserID": "u1", "Nick": "", "FaceUrl": null })).await;
    done(&server, IMPORT, json!({ "UserID": "u1", "Nick": "Ada L." })).await;
    let expected = json!({ "Tag_Profile_IM_Nick": "Ada L.", "Tag_Profile_IM_Image": "ada.png" });
    assert_eq!(shown(&server, "u1").await, expected);
}

#[actix_web::test]
async fn promise_46_an_id_has_one_to_32_bytes_of_letters_digits_and_four_marks() {
    let server = server().await;
    for id in ["u", "a.b_c@d-e", &"x".repeat(31), &"x".repeat(32)] {
        import(&server, id).await;
    }
    let form = "UserID must be made of letters, digits and . - _ @ only";
    let too_long = "x".repeat(33);
    for (id, info) in [
        ("", "UserID is required"),
        ("a b", form),
        ("é", form),
        (too_long.as_str(), "UserID must be at most 32 bytes"),
        ("administrator", "UserID is reserved by the server, choose another"),
        ("createUser", "UserID is reserved by the server, choose another"),
    ] {
        refused(&server, IMPORT, json!({ "UserID": id }), 70402, info).await;
    }
    refused(&server, IMPORT, json!({}), 70402, "UserID is required").await;
}

#[actix_web::test]
async fn an_id_that_is_not_text_is_60015() {
    let server = server().await;
    for id in [json!(1), json!(["u1"]), json!({}), json!(true)] {
        refused(&server, IMPORT, json!({ "UserID": id }), 60015, "UserID must be text, in quotes").await;
    }
}

#[actix_web::test]
async fn nick_and_face_have_500_bytes_at_the_most() {
    let server = server().await;
    for (field, tag) in [("Nick", "Tag_Profile_IM_Nick"), ("FaceUrl", "Tag_Profile_IM_Image")] {
        for bytes in [499, 500] {
            done(&server, IMPORT, json!({ "UserID": "u1", field: "a".repeat(bytes) })).await;
            assert_eq!(shown(&server, "u1").await[tag], "a".repeat(bytes));
        }
        let info = format!("{field} must be at most 500 bytes");
        refused(&server, IMPORT, json!({ "UserID": "u1", field: "a".repeat(501) }), 70402, &info).await;
        let info = format!("{field} must be free of control and text-direction characters");
        refused(&server, IMPORT, json!({ "UserID": "u1", field: "a\u{202E}b" }), 70402, &info).await;
        refused(
            &server,
            IMPORT,
            json!({ "UserID": "u1", field: 7 }),
            70402,
            &format!("{field} must be text, in quotes"),
        )
        .await;
    }
}

#[actix_web::test]
async fn a_refused_account_is_not_created() {
    let server = server().await;
    call(&server, IMPORT, json!({ "UserID": "u1", "Nick": "a".repeat(501) })).await;
    let answer = done(&server, "im_open_login_svc/account_check", json!({ "CheckItem": [{ "UserID": "u1" }] })).await;
    assert_eq!(answer["ResultItem"][0]["AccountStatus"], "NotImported");
}

#[actix_web::test]
async fn many_are_imported_by_bare_names() {
    let server = server().await;
    let answer = call(&server, IMPORT_MANY, json!({ "Accounts": ["u1", "u2", "u1"] })).await;
    golden::same(&server, "tencent/multiaccount_import", &answer);
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 2);
}

#[actix_web::test]
async fn many_are_imported_with_nicks_and_faces() {
    let server = server().await;
    import(&server, "u2").await;
    let list = json!([{ "UserID": "u1", "Nick": "One" }, { "UserID": "u2", "Nick": "Two", "FaceUrl": "two.png" }]);
    done(&server, IMPORT_MANY, json!({ "AccountList": list })).await;
    assert_eq!(shown(&server, "u1").await, json!({ "Tag_Profile_IM_Nick": "One" }));
    assert_eq!(shown(&server, "u2").await, json!({ "Tag_Profile_IM_Nick": "Two", "Tag_Profile_IM_Image": "two.png" }));
}

#[actix_web::test]
async fn of_many_accounts_the_failed_ones_are_named_and_the_others_imported() {
    let server = server().await;
    let long = "x".repeat(33);
    let list =
        json!([{ "UserID": long }, { "UserID": "u1" }, { "UserID": "u2", "Nick": "a".repeat(501) }, { "UserID": "" }]);
    let answer = call(&server, IMPORT_MANY, json!({ "AccountList": list })).await;
    golden::same(&server, "tencent/multiaccount_import_failed", &answer);
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 1);
}

#[actix_web::test]
async fn one_call_imports_at_most_a_hundred_accounts() {
    let server = server().await;
    let ids = |n: usize| (0..n).map(|number| format!("u{number}")).collect::<Vec<_>>();
    for count in [99, 100] {
        done(&server, IMPORT_MANY, json!({ "Accounts": ids(count) })).await;
    }
    let info = |field: &str| format!("{field} must have at most 100 items, this one has 101");
    refused(&server, IMPORT_MANY, json!({ "Accounts": ids(101) }), 70402, &info("Accounts")).await;
    let list: Vec<_> = ids(101).into_iter().map(|id| json!({ "UserID": id })).collect();
    refused(&server, IMPORT_MANY, json!({ "AccountList": list }), 70402, &info("AccountList")).await;
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 100);
}

#[actix_web::test]
async fn a_malformed_list_imports_no_account() {
    let server = server().await;
    for (body, code, info) in [
        (json!({}), 70402, "AccountList is required"),
        (json!({ "Accounts": [] }), 70402, "Accounts is required"),
        (json!({ "Accounts": "u1" }), 70402, "Accounts must be a list"),
        (json!({ "AccountList": { "UserID": "u1" } }), 70402, "AccountList must be a list"),
        (
            json!({ "Accounts": ["u1"], "AccountList": [{ "UserID": "u2" }] }),
            70402,
            "Give Accounts or AccountList, not both",
        ),
        (json!({ "Accounts": ["u1", 2] }), 60015, "UserID must be text, in quotes"),
        (json!({ "AccountList": [{ "UserID": "u1" }, "u2"] }), 60015, "UserID must be text, in quotes"),
    ] {
        refused(&server, IMPORT_MANY, body, code, info).await;
    }
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
}
