use super::*;

const CALLS: [(Method, &str); 9] = [
    (Method::POST, "login_or_register"),
    (Method::GET, "user_profile?user_id=a"),
    (Method::GET, "get_user_token?user_id=a"),
    (Method::POST, "reset_user_token"),
    (Method::GET, "get_user_list"),
    (Method::DELETE, "deactivate_users"),
    (Method::POST, "reactivate_users"),
    (Method::GET, "get_unread_users"),
    (Method::GET, "get_user_unread_count?user_ids=a"),
];

#[actix_web::test]
async fn promise_39_a_wrong_a_missing_and_a_foreign_secret_and_an_unknown_app_look_alike() {
    let server = Standin::fresh().await;
    let foreign = second_app(&server, &[]);
    for (method, call) in CALLS {
        for (app, secret) in [
            (APP_ID, Some(foreign.as_str())),
            ("second", Some(SECRET)),
            (APP_ID, Some("wrong")),
            (APP_ID, Some("")),
            (APP_ID, None),
            ("nosuchapp", Some(SECRET)),
            ("no such app!", Some(SECRET)),
            ("HOUSEAPP", Some(SECRET)),
        ] {
            let mut request =
                server.call(method.clone(), &format!("/api/v2.1/rest/{call}")).header("QISCUS-SDK-APP-ID", app);
            if let Some(secret) = secret {
                request = request.header("QISCUS-SDK-SECRET", secret);
            }
            let answer = send(request.json(&guest("a"))).await;
            golden::same(&server, "qiscus/error_wrong_secret", &answer);
            assert_refused(&answer, 401, "Unauthorized");
        }
    }
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
}

#[actix_web::test]
async fn a_missing_app_id_is_said() {
    let server = Standin::fresh().await;
    for (method, call) in CALLS {
        let request = server.call(method, &format!("/api/v2.1/rest/{call}")).header("QISCUS-SDK-SECRET", SECRET);
        let message = "The header QISCUS-SDK-APP-ID is required";
        let answer = send(request.json(&guest("a"))).await;
        golden::same(&server, "qiscus/error_missing_app_id", &answer);
        assert_refused(&answer, 400, message);
    }
}

#[actix_web::test]
async fn a_token_of_the_other_vendor_is_not_a_secret() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for (method, call) in CALLS {
        let request = server.call(method, &format!("/api/v2.1/rest/{call}")).header("QISCUS-SDK-APP-ID", APP_ID);
        let with_both = request.try_clone().unwrap().header("Authorization", &token);
        assert_refused(&send(with_both.json(&guest("a"))).await, 401, "Unauthorized");
        assert_refused(&send(request.header("QISCUS-SDK-SECRET", &token)).await, 401, "Unauthorized");
    }
}

#[actix_web::test]
async fn an_app_that_has_the_dialect_switched_off_refuses_every_call() {
    let server = Standin::fresh().await;
    server.command(&["app", "set", "--dialects", "mirrorfly"]);
    for (method, call) in CALLS {
        let answer = send(server.qiscus(method, call).json(&guest("a"))).await;
        golden::same(&server, "qiscus/error_switched_off", &answer);
    }
}
