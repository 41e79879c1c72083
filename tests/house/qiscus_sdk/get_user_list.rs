use super::*;

async fn ids(server: &Standin, token: &str, query: &str) -> Vec<String> {
    let answer = get(server, token, &format!("get_user_list{query}")).await;
    let users = answer.json()["results"]["users"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone();
    users.iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn users_are_listed_as_to_back_ends_and_found_by_a_part_of_name_or_id() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    for (id, name) in [("bob", "Robert"), ("eve", "Evelyn"), ("u4", "Bobby")] {
        server.login_or_register(json!({ "user_id": id, "username": name, "password": "key" })).await;
    }
    golden::same(
        &server,
        "qiscus/sdk_get_user_list",
        &get(&server, &token, "get_user_list?query=eve&page=1&limit=2").await,
    );
    assert_eq!(ids(&server, &token, "").await, ["ada", "bob", "eve", "u4"], "2.16.9 sends no query at all");
    assert_eq!(ids(&server, &token, "?query=&page=&limit=").await, ["ada", "bob", "eve", "u4"], "as 2.12.5 sends it");
    assert_eq!(ids(&server, &token, "?query=BOB").await, ["bob", "u4"]);
    assert_eq!(ids(&server, &token, "?query=nobody").await, [""; 0]);
    assert_eq!(ids(&server, &token, "?page=2&limit=3").await, ["u4"]);
    assert_eq!(ids(&server, &token, "?limit=2&order_query=created_at%20desc").await, ["u4", "eve"]);
    let answer = get(&server, &token, "get_user_list?order_query=mail").await;
    let sentence = "order_query must be one of created_at asc, created_at desc, username asc, username desc";
    assert_invalid(&answer, "order_query", sentence);
}

/// A GET with a body, as the SDK for Flutter sends it.
async fn of_body(server: &Standin, token: &str, query: &str, body: &Value) -> Vec<String> {
    let call = call(server, token, Method::GET, &format!("get_user_list{query}")).json(body);
    let answer = send(call).await;
    let users = answer.json()["results"]["users"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone();
    users.iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn issue_14_page_limit_and_query_may_stand_in_the_body_of_the_get() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    for id in ["bob", "eve", "guest"] {
        entered(&server, id).await;
    }
    let none = json!({ "page": null, "limit": null, "query": null });
    assert_eq!(of_body(&server, &token, "", &none).await, ["ada", "bob", "eve", "guest"]);
    assert_eq!(of_body(&server, &token, "", &json!({ "page": 2, "limit": 3, "query": null })).await, ["guest"]);
    assert_eq!(of_body(&server, &token, "", &json!({ "page": "2", "limit": "3" })).await, ["guest"], "as texts");
    assert_eq!(of_body(&server, &token, "", &json!({ "query": "UES" })).await, ["guest"]);
    assert_eq!(of_body(&server, &token, "?query=bob&page=", &json!({ "query": "eve", "limit": 5 })).await, ["bob"]);
    let empty = call(&server, &token, Method::GET, "get_user_list").header("Content-Type", "text/plain");
    assert_eq!(send(empty).await.status, 200, "a type that is declared for no body");
    let broken = call(&server, &token, Method::GET, "get_user_list").header("Content-Type", "application/json");
    assert_eq!(send(broken.body("{")).await.status, 400);
    let blocked = call(&server, &token, Method::GET, "get_blocked_users").json(&json!({ "page": 1, "limit": 20 }));
    assert_eq!(send(blocked).await.status, 200);
}

#[actix_web::test]
async fn issue_14_android_and_ios_list_users_in_the_order_of_their_names() {
    let server = Standin::fresh().await;
    let token = entered(&server, "zoe").await;
    for (id, name) in [("u1", "bob"), ("u2", "Ärne"), ("u3", "Alice"), ("u4", "Bob"), ("u5", "alan")] {
        server.login_or_register(json!({ "user_id": id, "username": name, "password": "key" })).await;
    }
    let by_name = ["u5", "u3", "u1", "u4", "zoe", "u2"];
    let asc = "order_query=username%20asc";
    assert_eq!(ids(&server, &token, &format!("?page=0&limit=100&{asc}&query=")).await, by_name, "Android");
    assert_eq!(ids(&server, &token, &format!("?{asc}")).await, by_name, "iOS");
    assert_eq!(ids(&server, &token, &format!("?page=2&limit=4&{asc}")).await, by_name[4..]);
    assert_eq!(ids(&server, &token, &format!("?query=B&{asc}")).await, ["u1", "u4"]);
    let reversed = ["u2", "zoe", "u1", "u4", "u3", "u5"];
    assert_eq!(ids(&server, &token, "?order_query=USERNAME%20desc%20nulls%20last").await, reversed);
    let listed = send(server.qiscus(Method::GET, "get_user_list").query(&[("order_query", "name asc")])).await;
    assert_eq!(listed.json()["results"]["users"][0]["email"], "u5", "to back ends, too");
}
