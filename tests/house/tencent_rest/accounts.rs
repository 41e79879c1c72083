use super::*;

const CHECK: &str = "im_open_login_svc/account_check";
const DELETE: &str = "im_open_login_svc/account_delete";
const KICK: &str = "im_open_login_svc/kick";

fn named(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({ "UserID": id })).collect()
}

#[actix_web::test]
async fn a_check_reports_which_accounts_are_imported() {
    let server = server().await;
    import(&server, "u1").await;
    let answer = call(&server, CHECK, json!({ "CheckItem": named(&["u1", "u2", "no id", ""]) })).await;
    golden::same(&server, "tencent/account_check", &answer);
}

#[actix_web::test]
async fn a_deletion_has_one_result_for_each_account() {
    let server = server().await;
    import(&server, "u1").await;
    let answer = call(&server, DELETE, json!({ "DeleteItem": named(&["u1", "u2", "u1"]) })).await;
    golden::same(&server, "tencent/account_delete", &answer);
    assert_eq!(server.user_profile("u1").await.status, 404);
}

#[actix_web::test]
async fn a_new_account_with_a_deleted_id_has_no_former_profile() {
    let server = server().await;
    done(&server, "im_open_login_svc/account_import", json!({ "UserID": "u1", "Nick": "Ada" })).await;
    set(&server, "u1", &[("Tag_Profile_IM_Level", json!(3))]).await;
    done(&server, DELETE, json!({ "DeleteItem": named(&["u1"]) })).await;
    import(&server, "u1").await;
    assert_eq!(shown(&server, "u1").await, json!({}));
}

#[actix_web::test]
async fn a_hundred_accounts_are_checked_or_deleted_at_once_and_no_more() {
    let server = server().await;
    let ids: Vec<String> = (0..101).map(|number| format!("u{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for (command, field) in [(CHECK, "CheckItem"), (DELETE, "DeleteItem")] {
        for count in [99, 100] {
            let answer = done(&server, command, json!({ field: named(&ids[..count]) })).await;
            assert_eq!(answer["ResultItem"].as_array().unwrap().len(), count);
        }
        let info = format!("{field} must have at most 100 items, this one has 101");
        refused(&server, command, json!({ field: named(&ids) }), 70402, &info).await;
        refused(&server, command, json!({}), 70402, &format!("{field} is required")).await;
        refused(&server, command, json!({ field: [] }), 70402, &format!("{field} is required")).await;
        refused(&server, command, json!({ field: "u1" }), 70402, &format!("{field} must be a list")).await;
        for item in [json!("u1"), json!({}), json!({ "UserID": 1 })] {
            refused(&server, command, json!({ field: [item] }), 60015, "UserID must be text, in quotes").await;
        }
    }
}

#[actix_web::test]
async fn kick_needs_an_existing_account() {
    let server = server().await;
    import(&server, "u1").await;
    golden::same(&server, "tencent/kick", &call(&server, KICK, json!({ "UserID": "u1" })).await);
    done(&server, KICK, json!({ "UserID": "u1" })).await;
    refused(&server, KICK, json!({ "UserID": "u2" }), 70107, NO_ACCOUNT).await;
    refused(&server, KICK, json!({ "UserID": "no id" }), 70107, NO_ACCOUNT).await;
    refused(&server, KICK, json!({}), 70402, "UserID is required").await;
    refused(&server, KICK, json!({ "UserID": 1 }), 60015, "UserID must be text, in quotes").await;
}

/// An older edition of the vendor's page, and the libraries made by it, say `Identifier`.
#[actix_web::test]
async fn issue_14_number_7_an_account_is_named_by_user_id_or_by_identifier() {
    let server = server().await;
    const IMPORT: &str = "im_open_login_svc/account_import";
    done(&server, IMPORT, json!({ "Identifier": "u1", "Nick": "Ada", "FaceUrl": "ada.png" })).await;
    assert_eq!(shown(&server, "u1").await["Tag_Profile_IM_Nick"], "Ada");
    done(&server, IMPORT, json!({ "UserId": "u2" })).await;
    done(&server, IMPORT, json!({ "UserID": "u3", "Identifier": "u3", "UserId": null })).await;
    let many = json!({ "AccountList": [{ "Identifier": "u4", "Nick": "Dee" }, { "UserID": "u5" }] });
    assert_eq!(done(&server, "im_open_login_svc/multiaccount_import", many).await["FailAccounts"], json!([]));
    let check = json!({ "CheckItem": [{ "Identifier": "u1" }, { "UserId": "u2" }, { "UserID": "u4" }, { "Identifier": "u9" }] });
    let checked = done(&server, CHECK, check).await;
    let checked: Vec<_> = checked["ResultItem"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["UserID"], &item["AccountStatus"]))
        .collect();
    let expected = [("u1", "Imported"), ("u2", "Imported"), ("u4", "Imported"), ("u9", "NotImported")];
    let expected: Vec<_> = expected.map(|(id, status)| (json!(id), json!(status))).into_iter().collect();
    assert_eq!(checked, expected.iter().map(|(id, status)| (id, status)).collect::<Vec<_>>());
    done(&server, KICK, json!({ "Identifier": "u1" })).await;
    let deleted = done(&server, DELETE, json!({ "DeleteItem": [{ "Identifier": "u5" }] })).await;
    assert_eq!(deleted["ResultItem"][0], json!({ "UserID": "u5", "ResultCode": 0, "ResultInfo": "" }));
}

#[actix_web::test]
async fn issue_14_number_7_two_names_of_two_accounts_are_refused_and_the_field_at_fault_is_named() {
    let server = server().await;
    const IMPORT: &str = "im_open_login_svc/account_import";
    let two = json!({ "UserID": "u1", "Identifier": "u2" });
    let info = "UserID and Identifier name different accounts: give one of them";
    for (command, body) in [
        (IMPORT, two.clone()),
        (KICK, two.clone()),
        (CHECK, json!({ "CheckItem": [two] })),
        (DELETE, json!({ "DeleteItem": [two] })),
        ("im_open_login_svc/multiaccount_import", json!({ "AccountList": [two] })),
    ] {
        refused(&server, command, body, 70402, info).await;
    }
    assert_eq!(server.user_profile("u1").await.status, 404);
    let long = "x".repeat(33);
    refused(&server, IMPORT, json!({ "Identifier": long }), 70402, "Identifier must be at most 32 bytes").await;
    refused(&server, IMPORT, json!({ "Identifier": 7 }), 60015, "Identifier must be text, in quotes").await;
    let reserved = "Identifier is reserved by the server, choose another";
    refused(&server, IMPORT, json!({ "Identifier": "administrator" }), 70402, reserved).await;
    refused(&server, KICK, json!({ "Identifier": null }), 70402, "UserID is required").await;
}
