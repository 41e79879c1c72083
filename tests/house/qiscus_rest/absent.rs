use super::*;

#[actix_web::test]
async fn calls_about_rooms_and_messages_say_so_to_anybody() {
    let server = Standin::fresh().await;
    for call in [
        "create_room",
        "update_room",
        "get_or_create_room_with_target",
        "get_or_create_channel",
        "get_rooms_info",
        "get_user_rooms",
        "get_room_participants",
        "add_room_participants",
        "remove_room_participants",
        "post_comment",
        "load_comments",
        "search_messages",
        "delete_messages",
        "post_system_event_message",
    ] {
        for base in ["/api/v2.1/rest", "/api/v2/rest"] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = send(server.call(method, &format!("{base}/{call}?user_id=a"))).await;
                assert_refused(&answer, 404, "Rooms and messages are not part of Standin");
            }
        }
    }
    golden::same(&server, "qiscus/error_rooms_and_messages", &send(server.qiscus(Method::POST, "create_room")).await);
}

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
