use super::*;

async fn blocked(house: &Standin, token: &str, query: &str) -> (Vec<String>, u64) {
    let results = get(house, token, &format!("get_blocked_users{query}")).await.json()["results"].clone();
    let users = results["blocked_users"].as_array().unwrap().clone();
    (users.iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect(), results["total"].as_u64().unwrap())
}

#[actix_web::test]
async fn who_is_blocked_is_shown_without_a_token_and_listed() {
    let house = Standin::fresh().await;
    let token = entered(&house, "ada").await;
    for id in ["bob", "eve", "joe"] {
        entered(&house, id).await;
        assert_eq!(post(&house, &token, "block_user", &[("user_email", id)]).await.status, 200);
    }
    golden::same(&house, "qiscus/sdk_block_user", &post(&house, &token, "block_user", &[("user_email", "bob")]).await);
    golden::same(
        &house,
        "qiscus/sdk_get_blocked_users",
        &get(&house, &token, "get_blocked_users?page=1&limit=1").await,
    );
    assert_eq!(blocked(&house, &token, "").await, (vec!["bob".into(), "eve".into(), "joe".into()], 3), "twice is once");
    assert_eq!(blocked(&house, &token, "?page=2&limit=2").await, (vec!["joe".into()], 3));
    let unblock = [("user_email", "bob")];
    golden::same(&house, "qiscus/sdk_unblock_user", &post(&house, &token, "unblock_user", &unblock).await);
    assert_eq!(post(&house, &token, "unblock_user", &unblock).await.status, 200, "twice is once");
    assert_eq!(blocked(&house, &token, "").await.1, 2);
    let other = entered(&house, "bob").await;
    assert_eq!(blocked(&house, &other, "").await.1, 0, "blocks are one's own");
}

#[actix_web::test]
async fn issue_14_the_blocked_are_listed_under_every_name_that_clients_read() {
    let house = Standin::fresh().await;
    let token = entered(&house, "ada").await;
    for id in ["bob", "eve"] {
        entered(&house, id).await;
        post(&house, &token, "block_user", &[("user_email", id)]).await;
    }
    for (path, shown) in [
        ("get_blocked_users", &["bob", "eve"][..]),
        ("get_blocked_users?page=0&limit=100", &["bob", "eve"]),
        ("get_blocked_users?page=2&limit=1", &["eve"]),
        ("get_blocked_users?page=3&limit=1", &[]),
    ] {
        let results = get(&house, &token, path).await.json()["results"].clone();
        for name in ["blocked_users", "blocked_user", "users"] {
            let ids: Vec<_> = results[name].as_array().unwrap().iter().map(|user| &user["email"]).collect();
            assert_eq!(ids, shown, "{path}: {name}");
        }
    }
}

#[actix_web::test]
async fn nobody_oneself_and_ill_formed_ids_are_refused() {
    let house = Standin::fresh().await;
    let token = entered(&house, "ada").await;
    for path in ["block_user", "unblock_user"] {
        assert_said(&post(&house, &token, path, &[("user_email", "nobody")]).await, 404, None, "User not found");
        let oneself = "user_email must be another user than the caller";
        assert_invalid(&post(&house, &token, path, &[("user_email", "ada")]).await, "user_email", oneself);
        assert_invalid(&post(&house, &token, path, &[]).await, "user_email", "user_email is required");
        let form = "user_email must be made of letters, digits and . - _ @ only";
        assert_invalid(&post(&house, &token, path, &[("user_email", "no body")]).await, "user_email", form);
    }
}
