//! black_list_add, black_list_delete, black_list_get, black_list_check.

use super::*;

fn body(owner: &str, whom: &[&str]) -> Value {
    json!({ "From_Account": owner, "To_Account": whom })
}

#[actix_web::test]
async fn a_user_on_the_black_list_is_no_longer_a_friend() {
    let server = people(&["ann", "bob", "eve"]).await;
    befriend(&server, "ann", "bob").await;
    let answer = call(&server, "sns/black_list_add", body("ann", &["bob", "bob", "ann", "nobody"])).await;
    golden::same(&server, "tencent/black_list_add", &answer);
    assert_eq!((names(&server, "ann").await.len(), names(&server, "bob").await.len()), (0, 0));
    let answer = call(&server, "sns/black_list_delete", body("ann", &["bob", "bob", "nobody"])).await;
    golden::same(&server, "tencent/black_list_delete", &answer);
    assert_eq!(names(&server, "ann").await, Vec::<String>::new(), "the friendship does not come back");
    assert_eq!(add(&server, "bob", wish("ann")).await, well());
    refused(&server, "sns/black_list_add", body("nobody", &["bob"]), 30003, NO_ACCOUNT).await;
}

#[actix_web::test]
async fn a_black_list_is_read_page_by_page_until_the_start_index_is_zero() {
    let server = people(&["ann", "a", "b", "c"]).await;
    done(&server, "sns/black_list_add", body("ann", &["c", "a", "b"])).await;
    let page = |start: u32, limit: Value| json!({ "From_Account": "ann", "StartIndex": start, "MaxLimited": limit, "LastSequence": 12 });
    golden::same(&server, "tencent/black_list_get", &call(&server, "sns/black_list_get", page(0, json!(2))).await);
    for (start, limit, expected, next) in [
        (2, json!(2), vec!["c"], 0),
        (0, json!(3), vec!["a", "b", "c"], 0),
        (1, json!(1), vec!["b"], 2),
        (0, Value::Null, vec!["a", "b", "c"], 0),
        (0, json!(0), vec!["a"], 1),
        (9, json!(9), vec![], 0),
    ] {
        let answer = done(&server, "sns/black_list_get", page(start, limit)).await;
        let items = answer["BlackListItem"].as_array().unwrap().iter();
        assert_eq!(items.map(|item| item["To_Account"].as_str().unwrap()).collect::<Vec<_>>(), expected);
        assert_eq!(answer["StartIndex"], next);
    }
}

#[actix_web::test]
async fn blocks_are_checked_from_one_side_or_both() {
    let server = people(&["ann", "bob", "eve", "kim", "zoe"]).await;
    for (owner, whom) in [("ann", "bob"), ("bob", "ann"), ("ann", "eve"), ("kim", "ann")] {
        done(&server, "sns/black_list_add", body(owner, &[whom])).await;
    }
    let check = |kind: &str| {
        let accounts = ["bob", "eve", "kim", "zoe", "nobody"];
        json!({ "From_Account": "ann", "To_Account": accounts, "CheckType": kind })
    };
    let answer = call(&server, "sns/black_list_check", check("BlackCheckResult_Type_Both")).await;
    golden::same(&server, "tencent/black_list_check", &answer);
    let single = done(&server, "sns/black_list_check", check("BlackCheckResult_Type_Single")).await;
    let items = single["BlackListCheckItem"].as_array().unwrap().iter();
    let [mine, none] = ["BlackCheckResult_Type_AWithB", "BlackCheckResult_Type_NO"];
    assert_eq!(items.map(|item| item["Relation"].clone()).collect::<Vec<_>>(), [mine, mine, none, none, none]);
    let info = "CheckType must be one of BlackCheckResult_Type_Both, BlackCheckResult_Type_Single";
    refused(&server, "sns/black_list_check", check("CheckResult_Type_Both"), 30001, info).await;
    refused(&server, "sns/black_list_check", check(""), 30001, "CheckType is required").await;
}
