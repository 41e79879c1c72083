use super::*;

async fn token(server: &Standin, user_id: &str) -> String {
    let answer = send(server.qiscus(Method::GET, "get_user_token").query(&[("user_id", user_id)])).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["results"]["token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn answers_the_token_and_does_not_change_it() {
    let server = Standin::fresh().await;
    server.login_or_register(guest("a")).await;
    server.login_or_register(guest("b")).await;
    let first = token(&server, "a").await;
    let login = async |password: &str| {
        server.login_or_register(json!({ "user_id": "a", "password": password, "username": "A" })).await;
    };
    login("new").await;
    let second = token(&server, "a").await;
    assert_ne!(second, first, "another password replaces it");
    login("new").await;
    assert_eq!(token(&server, "a").await, second, "the same password again does not");
    assert_ne!(token(&server, "b").await, second);
    let reset = send(server.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": "a" }))).await;
    assert_ne!(token(&server, "a").await, second);
    assert_eq!(token(&server, "a").await, reset.json()["results"]["token"]);
    golden::same(&server, "qiscus/get_user_token", &send(server.qiscus(Method::GET, "get_user_token?user_id=a")).await);
}

#[actix_web::test]
async fn in_v20_the_user_is_named_by_user_email() {
    let server = Standin::fresh().await;
    server.login_or_register(guest("a")).await;
    let answer = send(v20(&server, Method::GET, "get_user_token?user_email=a")).await;
    assert_eq!(answer.json(), json!({ "results": { "token": token(&server, "a").await }, "status": 200 }));
    let answer = send(v20(&server, Method::GET, "get_user_token?user_id=a")).await;
    assert_invalid(&answer, "user_email", "user_email is required");
}

#[actix_web::test]
async fn refuses_a_missing_a_malformed_and_an_unknown_id() {
    let server = Standin::fresh().await;
    let get = |query: &str| send(server.qiscus(Method::GET, &format!("get_user_token{query}")));
    for query in ["", "?user_id=", "?user_id", "?user_email=a"] {
        assert_invalid(&get(query).await, "user_id", "user_id is required");
    }
    let sentence = "user_id must be made of letters, digits and . - _ @ only";
    assert_invalid(&get("?user_id=guest%5C40qiscus.com").await, "user_id", sentence);
    assert_invalid(&get("?user_id=a&user_id=b").await, "user_id", "user_id must be given once, not twice");
    assert_refused(&get("?user_id=nobody").await, 404, "User not found");
}
