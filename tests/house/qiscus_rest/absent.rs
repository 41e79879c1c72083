use super::*;

#[actix_web::test]
async fn a_mistyped_path_gets_the_nearest_path() {
    let server = Standin::fresh().await;
    for (mistyped, meant) in [
        ("login_or_regster", "login_or_register"),
        ("user_profiles", "user_profile"),
        ("get_users_list", "get_user_list"),
        ("deactivate_user", "deactivate_users"),
        ("Get_User_Token", "get_user_token"),
    ] {
        let answer = send(server.qiscus(Method::GET, mistyped)).await;
        assert_refused(&answer, 404, &format!("There is no such call, the nearest one is {meant}"));
    }
    let answer = send(v20(&server, Method::GET, "get_user_tokn")).await;
    golden::same(&server, "qiscus/error_mistyped_call", &answer);
}

#[actix_web::test]
async fn a_name_unlike_any_endpoint_gets_a_plain_error() {
    let server = Standin::fresh().await;
    for name in ["", "/", "weather", "login_or_register/now", &"user_profile".repeat(300)] {
        let answer = send(server.call(Method::GET, &format!("/api/v2.1/rest/{name}"))).await;
        assert_refused(&answer, 404, "There is no such call");
    }
    golden::same(&server, "qiscus/error_unknown_call", &send(server.qiscus(Method::GET, "weather")).await);
}
