use super::*;

/// What the sample apps of the SDKs ask right after a login, as each client asks it, and what its parser reads.
const QUESTIONS: [(&str, &str, &str, &str); 15] = [
    ("GET", "user_rooms?page=1&limit=20&show_participants=true&show_empty=false", "", "qiscus/sdk_user_rooms"),
    ("GET", "user_rooms?page=1&limit=20&show_removed=false&room_type=all", "", "qiscus/sdk_user_rooms"),
    ("POST", "rooms_info", r#"{"room_id":[],"room_unique_id":null,"show_participants":true}"#, "qiscus/sdk_rooms_info"),
    ("GET", "room_participants", "", "qiscus/sdk_room_participants"),
    ("GET", "room_participants?room_unique_id=&sorting=asc", "", "qiscus/sdk_room_participants"),
    ("GET", "total_unread_count", "", "qiscus/sdk_no_unread_count"),
    ("GET", "get_room_unread_count?token=unused", "", "qiscus/sdk_no_unread_count"),
    ("POST", "search", r#"{"query":"hello","room_ids":[],"page":1,"limit":20}"#, "qiscus/sdk_search"),
    ("POST", "search_messages", r#"{"query":"hello","room_id":1}"#, "qiscus/sdk_search"),
    ("POST", "file_list", r#"{"room_ids":["1"],"file_type":"media"}"#, "qiscus/sdk_search"),
    ("GET", "channels", "", "qiscus/sdk_channels"),
    ("POST", "channels/info", r#"{"unique_ids":["abc"]}"#, "qiscus/sdk_channels"),
    ("GET", "mqtt_config", "", "qiscus/sdk_mqtt_config"),
    ("POST", "realtime", r#"{"topic":"token/c"}"#, "qiscus/sdk_realtime"),
    (
        "POST",
        "event_report",
        r#"{"module_name":"MQTT","event":"DISCONNECTED","message":"m"}"#,
        "qiscus/sdk_event_report",
    ),
];

#[actix_web::test]
async fn issue_14_the_sdks_requests_after_a_login_get_empty_results_in_their_own_shape() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    for (method, path, body, golden) in QUESTIONS {
        let call = call(&server, &token, method.parse().unwrap(), path).header("Content-Type", "application/json");
        let answer = send(call.body(body)).await;
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!(200)), "{method} {path}: {answer:?}");
        golden::same(&server, golden, &answer);
    }
    let page = get(&server, &token, "user_rooms?page=7&limit=3").await.json();
    assert_eq!(page["results"]["meta"]["current_page"], 7, "the page that was asked for");
    let page = get(&server, &token, "room_participants?page=7&limit=3").await.json();
    assert_eq!(page["results"]["meta"], json!({ "current_offset": 18, "current_page": 7, "per_page": 3, "total": 0 }));
}
