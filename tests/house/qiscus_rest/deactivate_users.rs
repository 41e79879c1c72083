use super::*;

fn deactivate(server: &Standin) -> RequestBuilder {
    server.qiscus(Method::DELETE, "deactivate_users")
}

async fn server_with_three() -> Standin {
    let server = Standin::fresh().await;
    for id in ["a", "b", "c"] {
        server.login_or_register(guest(id)).await;
    }
    server
}

#[actix_web::test]
async fn suspends_all_that_are_named() {
    let server = server_with_three().await;
    let answer = send(deactivate(&server).json(&json!({ "user_ids": ["a", "c", "a"] }))).await;
    golden::same(&server, "qiscus/deactivate_users", &answer);
    assert_eq!(active(&server).await, ["b"]);
    let again = send(deactivate(&server).json(&json!({ "user_ids": ["a"] }))).await;
    assert_eq!((again.status, active(&server).await), (200, vec!["b".to_owned()]));
    assert_eq!(server.sign_in("a", "password").await.json()["status"], 403);
}

#[actix_web::test]
async fn takes_json_repeated_fields_and_the_query_because_proxies_drop_its_body() {
    let server = server_with_three().await;
    let fields = [("user_ids[]", "a"), ("user_ids[]", "b")];
    assert_eq!(send(deactivate(&server).form(&fields)).await.status, 200);
    assert_eq!(active(&server).await, ["c"]);
    let server = server_with_three().await;
    assert_eq!(send(deactivate(&server).form(&[("user_ids", "a"), ("user_ids", "b")])).await.status, 200);
    assert_eq!(active(&server).await, ["c"]);
    // As PHP's http_build_query and axios write a list.
    let server = server_with_three().await;
    assert_eq!(send(deactivate(&server).form(&[("user_ids[0]", "a"), ("user_ids[1]", "b")])).await.status, 200);
    assert_eq!(active(&server).await, ["c"]);
    let server = server_with_three().await;
    assert_eq!(send(deactivate(&server).query(&fields)).await.status, 200);
    assert_eq!(active(&server).await, ["c"]);
    let server = server_with_three().await;
    assert_eq!(send(deactivate(&server).query(&[("user_ids", "a"), ("user_ids", "b")])).await.status, 200);
    assert_eq!(active(&server).await, ["c"]);
}

#[actix_web::test]
async fn ids_of_body_and_query_are_combined() {
    let server = server_with_three().await;
    let call = deactivate(&server).query(&[("user_ids[]", "a")]).json(&json!({ "user_ids": ["b"] }));
    assert_eq!(send(call).await.status, 200);
    assert_eq!(active(&server).await, ["c"]);
    let call = deactivate(&server).query(&[("user_ids[]", "c")]).json(&json!({ "user_ids": ids(100) }));
    assert_invalid(&send(call).await, "user_ids", "user_ids must have at most 100 ids, this one has 101");
}

#[actix_web::test]
async fn an_unknown_user_is_named_and_nothing_is_done() {
    let server = server_with_three().await;
    let answer = send(deactivate(&server).json(&json!({ "user_ids": ["a", "nobody", "no-one"] }))).await;
    assert_invalid(&answer, "user_ids", "user_ids names a user that does not exist: nobody");
    assert_eq!(active(&server).await, ["a", "b", "c"]);
}

#[actix_web::test]
async fn ends_the_user_token_for_good() {
    let server = server_with_three().await;
    let token = async || send(server.qiscus(Method::GET, "get_user_token?user_id=a")).await.json()["results"].clone();
    let before = token().await;
    send(deactivate(&server).json(&json!({ "user_ids": ["a"] }))).await;
    assert_ne!(token().await, before);
}

#[actix_web::test]
async fn names_1_to_100_users() {
    let server = Standin::fresh().await;
    let named = |users: Vec<String>| send(deactivate(&server).json(&json!({ "user_ids": users })));
    for id in ids(100) {
        server.login_or_register(json!({ "user_id": id, "username": "A" })).await;
    }
    assert_eq!(named(ids(99)).await.status, 200);
    assert_eq!(active(&server).await, ["u99"]);
    assert_eq!(named(ids(100)).await.status, 200);
    assert_eq!(active(&server).await, Vec::<String>::new());
    let answer = named(ids(101)).await;
    assert_invalid(&answer, "user_ids", "user_ids must have at most 100 ids, this one has 101");
    golden::same(&server, "qiscus/error_too_many_ids", &answer);
    for body in [json!({}), json!({ "user_ids": [] }), json!({ "user_ids": null }), json!({ "user_ids": "" })] {
        assert_invalid(&send(deactivate(&server).json(&body)).await, "user_ids", "user_ids is required");
    }
    assert_invalid(&send(deactivate(&server)).await, "user_ids", "user_ids is required");
}

#[actix_web::test]
async fn ids_have_only_the_allowed_characters() {
    let server = server_with_three().await;
    let named = |id: Value| send(deactivate(&server).json(&json!({ "user_ids": ["a", id] })));
    assert_invalid(&named(json!(7)).await, "user_ids", "user_ids must be text, in quotes");
    let sentence = "user_ids must be made of letters, digits and . - _ @ only";
    assert_invalid(&named(json!("guest\\40qiscus.com")).await, "user_ids", sentence);
    assert_eq!(active(&server).await, ["a", "b", "c"]);
}

#[actix_web::test]
async fn a_suspended_user_is_shown_as_inactive_and_its_back_end_may_still_update_it() {
    let server = server_with_three().await;
    send(deactivate(&server).json(&json!({ "user_ids": ["a"] }))).await;
    let changed = json!({ "user_id": "a", "password": "new", "username": "Anna" });
    assert_eq!(user(&server.login_or_register(changed).await)["username"], "Anna");
    assert_eq!(user(&server.user_profile("a").await)["username"], "Anna");
    let full = user(&send(v20(&server, Method::GET, "user_profile?user_email=a")).await);
    assert_eq!((&full["active"], &full["username"]), (&json!(false), &json!("Anna")));
    assert_eq!(active(&server).await, ["b", "c"], "an update is no reactivation");
}

#[actix_web::test]
async fn is_served_in_v20_under_the_same_names() {
    let server = server_with_three().await;
    let call = v20(&server, Method::DELETE, "deactivate_users").json(&json!({ "user_ids": ["a"] }));
    assert_eq!(send(call).await.status, 200);
    assert_eq!(active(&server).await, ["b", "c"]);
}

#[actix_web::test]
async fn users_of_another_app_do_not_exist() {
    let server = server_with_three().await;
    let secret = second_app(&server, &[]);
    let call = server.call(Method::DELETE, "/api/v2.1/rest/deactivate_users").header("QISCUS-SDK-APP-ID", "second");
    let answer = send(call.header("QISCUS-SDK-SECRET", secret).json(&json!({ "user_ids": ["a"] }))).await;
    assert_invalid(&answer, "user_ids", "user_ids names a user that does not exist: a");
    assert_eq!(active(&server).await, ["a", "b", "c"]);
}
