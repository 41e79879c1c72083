use super::*;

#[actix_web::test]
async fn answers_an_empty_list_without_unread_messages() {
    let server = Standin::fresh().await;
    server.login_or_register(guest("a")).await;
    let answer = send(server.qiscus(Method::GET, "get_unread_users")).await;
    golden::same(&server, "qiscus/get_unread_users", &answer);
    assert_eq!(send(v20(&server, Method::GET, "get_unread_users")).await.bytes, answer.bytes);
}

#[actix_web::test]
async fn any_page_and_limit_will_do() {
    let server = Standin::fresh().await;
    for (page, limit) in [("1", "100"), ("0", "0"), ("-1", "-1"), ("x", "x"), ("", ""), ("2", "101")] {
        let call = server.qiscus(Method::GET, "get_unread_users").query(&[("page", page), ("limit", limit)]);
        assert_eq!(send(call).await.json(), json!({ "results": { "user_ids": [] }, "status": 200 }), "{page} {limit}");
    }
}

#[actix_web::test]
async fn start_time_and_end_time_are_times() {
    let server = Standin::fresh().await;
    for field in ["start_time", "end_time"] {
        let get = |time: &str| send(server.qiscus(Method::GET, "get_unread_users").query(&[(field, time)]));
        for time in ["2019-10-30 07:47:01", "2020-02-29 00:00:00", "1969-12-31 23:59:59", ""] {
            assert_eq!(get(time).await.status, 200, "{time}");
        }
        for time in [
            "2019-10-30",
            "yesterday",
            "2019-02-29 00:00:00",
            "2019-10-30 24:00:00",
            "2019-10-30T07:47:01",
            "2019-10-30 7:47:01",
            "2019-10-30 07:47:01Z",
            "2019-10-30 07:47:01.5",
            "+02019-10-30 07:47",
            "-002019-10-30 07:47",
        ] {
            let sentence = format!("{field} must be a time such as 2019-10-30 07:47:01");
            assert_invalid(&get(time).await, field, &sentence);
        }
    }
}
