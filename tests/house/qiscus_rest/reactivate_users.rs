use super::*;

async fn with_all_suspended() -> Standin {
    let server = Standin::fresh().await;
    for id in ["a", "b"] {
        server.login_or_register(guest(id)).await;
    }
    send(server.qiscus(Method::DELETE, "deactivate_users").json(&json!({ "user_ids": ["a", "b"] }))).await;
    server
}

#[actix_web::test]
async fn lets_suspended_users_act_again() {
    let server = with_all_suspended().await;
    let reactivate = |body: Value| send(server.qiscus(Method::POST, "reactivate_users").json(&body));
    golden::same(&server, "qiscus/reactivate_users", &reactivate(json!({ "user_ids": ["a"] })).await);
    assert_eq!(active(&server).await, ["a"]);
    assert_eq!(server.sign_in("a", "password").await.json()["status"], 200);
    assert_eq!(reactivate(json!({ "user_ids": ["a", "b"] })).await.status, 200);
    assert_eq!(active(&server).await, ["a", "b"]);
}

#[actix_web::test]
async fn takes_repeated_fields_too() {
    let server = with_all_suspended().await;
    let fields = [("user_ids[]", "a"), ("user_ids[]", "b")];
    assert_eq!(send(server.qiscus(Method::POST, "reactivate_users").form(&fields)).await.status, 200);
    assert_eq!(active(&server).await, ["a", "b"]);
}

#[actix_web::test]
async fn refuses_unknown_users_101_ids_and_an_empty_list_and_changes_nothing() {
    let server = with_all_suspended().await;
    let reactivate =
        |users: Vec<String>| send(server.qiscus(Method::POST, "reactivate_users").json(&json!({ "user_ids": users })));
    let answer = reactivate(vec!["a".to_owned(), "nobody".to_owned()]).await;
    assert_invalid(&answer, "user_ids", "user_ids names a user that does not exist: nobody");
    let answer = reactivate(ids(100)).await;
    assert_invalid(&answer, "user_ids", "user_ids names a user that does not exist: u0");
    let answer = reactivate(ids(101)).await;
    assert_invalid(&answer, "user_ids", "user_ids must have at most 100 ids, this one has 101");
    assert_invalid(&reactivate(Vec::new()).await, "user_ids", "user_ids is required");
    let answer = send(server.qiscus(Method::POST, "reactivate_users?user_ids=a")).await;
    assert_invalid(&answer, "user_ids", "user_ids is required");
    assert_eq!(active(&server).await, Vec::<String>::new());
}
