use super::*;

async fn server_of(users: usize) -> Standin {
    let server = Standin::fresh().await;
    for number in 0..users {
        server
            .login_or_register(json!({ "user_id": format!("u{number}"), "username": format!("User {number}") }))
            .await;
    }
    server
}

async fn list(server: &Standin, query: &str) -> (Vec<String>, Value) {
    let answer = send(server.qiscus(Method::GET, &format!("get_user_list{query}"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let results = answer.json()["results"].clone();
    let ids = results["users"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned());
    (ids.collect(), results["meta"].clone())
}

#[actix_web::test]
async fn lists_users_in_creation_order_page_by_page() {
    let server = server_of(5).await;
    let (ids, meta) = list(&server, "?page=1&limit=2").await;
    assert_eq!((ids, meta), (vec!["u0".into(), "u1".into()], json!({ "total_data": 5, "total_page": 2 })));
    assert_eq!(list(&server, "?page=3&limit=2").await.0, ["u4"]);
    assert_eq!(list(&server, "?page=4&limit=2").await.0, Vec::<String>::new());
}

#[actix_web::test]
async fn an_item_has_every_field_of_the_page() {
    let server = Standin::fresh().await;
    let full = json!({
        "user_id": "rere", "username": "Rere", "avatar_url": "https://image.url/r.png", "extras": { "a": 1 }
    });
    server.login_or_register(full).await;
    golden::same(&server, "qiscus/get_user_list", &server.user_list().await);
    let item = server.user_list().await.json()["results"]["users"][0].clone();
    let keys: Vec<&String> = item.as_object().unwrap().keys().collect();
    let expected = ["active", "avatar_url", "created_at", "email", "extras", "id", "name", "updated_at", "username"];
    assert_eq!(keys, expected);
    assert_eq!(item["active"], true);
    assert_eq!(item["avatar_url"], "https://image.url/r.png");
    assert_eq!((&item["email"], &item["name"], &item["username"]), (&json!("rere"), &json!("Rere"), &json!("Rere")));
    assert_eq!(item["extras"], json!({ "a": 1 }));
    assert!(item["id"].as_i64().unwrap() > 0);
    for time in ["created_at", "updated_at"] {
        let time = item[time].as_str().unwrap();
        assert!(time.len() <= 27 && time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
    }
}

#[actix_web::test]
async fn page_defaults_to_1_and_limit_to_20() {
    let server = server_of(21).await;
    let (ids, meta) = list(&server, "").await;
    assert_eq!((ids.len(), ids[0].as_str(), &meta["total_page"]), (20, "u0", &json!(1)));
    for page in ["0", "-1", ""] {
        assert_eq!(list(&server, &format!("?page={page}&limit=1")).await.0, ["u0"], "page {page}");
    }
    for page in ["5000000000", "99999999999999999999999999"] {
        assert_eq!(list(&server, &format!("?page={page}")).await.0.len(), 0, "page {page}");
    }
    for limit in ["0", "-1", "x", "", "101", "1000000"] {
        assert_eq!(list(&server, &format!("?limit={limit}")).await.0.len(), 20, "limit {limit}");
    }
    for limit in ["99", "100"] {
        assert_eq!(list(&server, &format!("?limit={limit}")).await.0.len(), 21, "limit {limit}");
    }
}

#[actix_web::test]
async fn a_page_that_is_not_a_number_is_refused_in_query_and_body() {
    let server = server_of(1).await;
    for page in ["x", "1.5", "-", "1-2", "%20", "0x1", "null"] {
        let answer = send(server.qiscus(Method::GET, &format!("get_user_list?limit=1&page={page}"))).await;
        assert_invalid(&answer, "page", "page must be a number from 1");
        assert_invalid(
            &send(v20(&server, Method::GET, &format!("get_user_list?page={page}"))).await,
            "page",
            "page must be a number from 1",
        );
    }
    let body = |page: Value| server.qiscus(Method::GET, "get_user_list").json(&json!({ "page": page }));
    for page in [json!("x"), json!(1.5)] {
        assert_invalid(&send(body(page)).await, "page", "page must be a number from 1");
    }
    for page in [json!(1), json!("1"), json!(""), Value::Null] {
        assert_eq!(send(body(page.clone())).await.status, 200, "{page}");
    }
}

#[actix_web::test]
async fn runs_in_creation_order_or_by_name_either_way_and_in_no_other() {
    let server = server_of(2).await;
    assert_eq!(list(&server, "?order_query=created_at%20desc%20nulls%20last").await.0, ["u1", "u0"]);
    assert_eq!(list(&server, "?order_query=created_at%20asc").await.0, ["u0", "u1"]);
    assert_eq!(list(&server, "?order_query=username%20desc").await.0, ["u1", "u0"]);
    for order in ["updated_at", "username%20up", "created_at%20desc%20banana", "created_at%20up"] {
        let answer = send(server.qiscus(Method::GET, &format!("get_user_list?order_query={order}"))).await;
        assert_invalid(
            &answer,
            "order_query",
            "order_query must be one of created_at asc, created_at desc, username asc, username desc",
        );
    }
}
