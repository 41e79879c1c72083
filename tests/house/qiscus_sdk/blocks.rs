use super::*;

async fn blocked(server: &Standin, token: &str, query: &str) -> (Vec<String>, u64) {
    let results = get(server, token, &format!("get_blocked_users{query}")).await.json()["results"].clone();
    let users = results["blocked_users"].as_array().unwrap().clone();
    (users.iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect(), results["total"].as_u64().unwrap())
}

#[actix_web::test]
async fn a_blocked_user_is_shown_without_a_token_and_listed() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    for id in ["bob", "eve", "joe"] {
        entered(&server, id).await;
        assert_eq!(post(&server, &token, "block_user", &[("user_email", id)]).await.status, 200);
    }
    golden::same(
        &server,
        "qiscus/sdk_block_user",
        &post(&server, &token, "block_user", &[("user_email", "bob")]).await,
    );
    golden::same(
        &server,
        "qiscus/sdk_get_blocked_users",
        &get(&server, &token, "get_blocked_users?page=1&limit=1").await,
    );
    assert_eq!(
        blocked(&server, &token, "").await,
        (vec!["bob".into(), "eve".into(), "joe".into()], 3),
        "twice is once"
    );
    assert_eq!(blocked(&server, &token, "?page=2&limit=2").await, (vec!["joe".into()], 3));
    let unblock = [("user_email", "bob")];
    golden::same(&server, "qiscus/sdk_unblock_user", &post(&server, &token, "unblock_user", &unblock).await);
    assert_eq!(post(&server, &token, "unblock_user", &unblock).await.status, 200, "twice is once");
    assert_eq!(blocked(&server, &token, "").await.1, 2);
    let other = entered(&server, "bob").await;
    assert_eq!(blocked(&server, &other, "").await.1, 0, "blocks are one's own");
}

#[actix_web::test]
async fn issue_14_the_blocked_are_listed_under_every_name_that_clients_read() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    for id in ["bob", "eve"] {
        entered(&server, id).await;
        post(&server, &token, "block_user", &[("user_email", id)]).await;
    }
    for (path, shown) in [
        ("get_blocked_users", &["bob", "eve"][..]),
        ("get_blocked_users?page=0&limit=100", &["bob", "eve"]),
        ("get_blocked_users?page=2&limit=1", &["eve"]),
        ("get_blocked_users?page=3&limit=1", &[]),
    ] {
        let results = get(&server, &token, path).await.json()["results"].clone();
        for name in ["blocked_users", "blocked_user", "users"] {
            let ids: Vec<_> = results[name].as_array().unwrap().iter().map(|user| &user["email"]).collect();
            assert_eq!(ids, shown, "{path}: {name}");
        }
    }
}

#[actix_web::test]
async fn unknown_own_and_malformed_ids_are_refused() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    for path in ["block_user", "unblock_user"] {
        assert_said(&post(&server, &token, path, &[("user_email", "nobody")]).await, 404, None, "User not found");
        let oneself = "user_email must be another user than the caller";
        assert_invalid(&post(&server, &token, path, &[("user_email", "ada")]).await, "user_email", oneself);
        assert_invalid(&post(&server, &token, path, &[]).await, "user_email", "user_email is required");
        let form = "user_email must be made of letters, digits and . - _ @ only";
        assert_invalid(&post(&server, &token, path, &[("user_email", "no body")]).await, "user_email", form);
    }
}
