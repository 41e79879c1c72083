use super::*;

async fn server_of(users: &[String]) -> Standin {
    let server = Standin::fresh().await;
    for id in users {
        server.login_or_register(json!({ "user_id": id, "username": "A" })).await;
    }
    server
}

fn count(server: &Standin, users: &[String]) -> RequestBuilder {
    let fields: Vec<_> = users.iter().map(|id| ("user_ids[]", id)).collect();
    server.qiscus(Method::GET, "get_user_unread_count").query(&fields)
}

#[actix_web::test]
async fn answers_for_each_user_in_the_order_given() {
    let server = server_of(&ids(3)).await;
    let answer = send(count(&server, &["u2".to_owned(), "u0".to_owned()])).await;
    golden::same(&server, "qiscus/get_user_unread_count", &answer);
    let plain = send(server.qiscus(Method::GET, "get_user_unread_count?user_ids=u2&user_ids=u0")).await;
    assert_eq!(plain.bytes, answer.bytes);
    let older = send(v20(&server, Method::GET, "get_user_unread_count?user_ids[]=u2&user_ids[]=u0")).await;
    assert_eq!(older.bytes, answer.bytes);
}

#[actix_web::test]
async fn names_1_to_100_users_that_exist() {
    let server = server_of(&ids(100)).await;
    for n in [1, 99, 100] {
        let answer = send(count(&server, &ids(n))).await.json();
        assert_eq!(answer["results"]["user_unread_count"].as_array().unwrap().len(), n);
    }
    let answer = send(count(&server, &ids(101))).await;
    assert_invalid(&answer, "user_ids", "user_ids must have at most 100 ids, this one has 101");
    assert_invalid(&send(count(&server, &[])).await, "user_ids", "user_ids is required");
    let answer = send(count(&server, &["u1".to_owned(), "nobody".to_owned()])).await;
    assert_invalid(&answer, "user_ids", "user_ids names a user that does not exist: nobody");
}

#[actix_web::test]
async fn start_time_and_end_time_are_times() {
    let server = server_of(&ids(1)).await;
    let get = |time: &str| send(count(&server, &ids(1)).query(&[("end_time", time)]));
    assert_eq!(get("2019-10-30 07:47:01").await.status, 200);
    assert_invalid(&get("soon").await, "end_time", "end_time must be a time such as 2019-10-30 07:47:01");
}
