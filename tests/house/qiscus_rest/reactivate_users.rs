use super::*;

async fn with_all_suspended() -> Standin {
    let house = Standin::fresh().await;
    for id in ["a", "b"] {
        house.login_or_register(guest(id)).await;
    }
    send(house.qiscus(Method::DELETE, "deactivate_users").json(&json!({ "user_ids": ["a", "b"] }))).await;
    house
}

#[actix_web::test]
async fn lets_suspended_users_act_again() {
    let house = with_all_suspended().await;
    let reactivate = |body: Value| send(house.qiscus(Method::POST, "reactivate_users").json(&body));
    golden::same(&house, "qiscus/reactivate_users", &reactivate(json!({ "user_ids": ["a"] })).await);
    assert_eq!(active(&house).await, ["a"]);
    assert_eq!(house.sign_in("a", "password").await.json()["status"], 200);
    assert_eq!(reactivate(json!({ "user_ids": ["a", "b"] })).await.status, 200);
    assert_eq!(active(&house).await, ["a", "b"]);
}

#[actix_web::test]
async fn takes_repeated_fields_too() {
    let house = with_all_suspended().await;
    let fields = [("user_ids[]", "a"), ("user_ids[]", "b")];
    assert_eq!(send(house.qiscus(Method::POST, "reactivate_users").form(&fields)).await.status, 200);
    assert_eq!(active(&house).await, ["a", "b"]);
}

#[actix_web::test]
async fn refuses_unknown_users_101_and_none_and_does_nothing() {
    let house = with_all_suspended().await;
    let reactivate =
        |users: Vec<String>| send(house.qiscus(Method::POST, "reactivate_users").json(&json!({ "user_ids": users })));
    let answer = reactivate(vec!["a".to_owned(), "nobody".to_owned()]).await;
    assert_invalid(&answer, "user_ids", "user_ids names a user that does not exist: nobody");
    let answer = reactivate(ids(100)).await;
    assert_invalid(&answer, "user_ids", "user_ids names a user that does not exist: u0");
    let answer = reactivate(ids(101)).await;
    assert_invalid(&answer, "user_ids", "user_ids must have at most 100 ids, this one has 101");
    assert_invalid(&reactivate(Vec::new()).await, "user_ids", "user_ids is required");
    let answer = send(house.qiscus(Method::POST, "reactivate_users?user_ids=a")).await;
    assert_invalid(&answer, "user_ids", "user_ids is required");
    assert_eq!(active(&house).await, Vec::<String>::new());
}
