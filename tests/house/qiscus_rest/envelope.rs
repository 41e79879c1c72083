use super::*;

#[actix_web::test]
async fn unknown_calls_and_wrong_methods_answer_in_it() {
    let server = Standin::fresh().await;
    let answer = send(server.qiscus(Method::POST, "weather")).await;
    assert_refused(&answer, 404, "There is no such call");
    let answer = send(server.qiscus(Method::GET, "login_or_register")).await;
    golden::same(&server, "qiscus/error_wrong_method", &answer);
    assert_refused(&answer, 405, "This call is not made by this method");
    let answer = send(server.qiscus(Method::DELETE, "get_user_list")).await;
    assert_refused(&answer, 405, "This call is not made by this method");
}

#[actix_web::test]
async fn broken_json_answers_in_it_and_leaves_nothing_behind() {
    let server = Standin::fresh().await;
    for body in [
        &b"{"[..],
        b"[1]",
        b"{\"user_id\":\"a\",\"user_id\":\"b\",\"username\":\"x\"}",
        b"{\"user_id\":\"a\",\"username\":\"x\"}{}",
        b"{\"user_id\":\"\xff\",\"username\":\"x\"}",
        b"{\"user_id\":\"a\",\"username\":\"\\ud800\"}",
        b"{\"user_id\":\"a\",\"username\":\"x\",\"extras\":{\"n\":NaN}}",
        b"{\"user_id\":\"a\",\"username\":\"x\",\"extras\":{\"n\":123456789012345678901234567890}}",
    ] {
        let call = server.qiscus(Method::POST, "login_or_register").header("Content-Type", "application/json");
        let answer = send(call.body(body.to_vec())).await;
        assert_eq!((answer.status, &answer.json()["status"]), (400, &json!(400)), "{answer:?}");
        assert!(answer.json()["error"]["message"].as_str().unwrap().len() > 10, "{answer:?}");
    }
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
}

#[actix_web::test]
async fn a_body_above_1_mib_answers_in_it() {
    let server = Standin::fresh().await;
    let call = |bytes: usize| {
        let mut body = guest("a").to_string();
        body.push_str(&" ".repeat(bytes - body.len()));
        let call = server.qiscus(Method::POST, "login_or_register").header("Content-Type", "application/json");
        send(call.body(body))
    };
    for bytes in [1024 * 1024 - 1, 1024 * 1024] {
        user(&call(bytes).await);
    }
    let answer = call(1024 * 1024 + 1).await;
    assert_eq!((answer.status, &answer.json()["status"]), (413, &json!(413)));
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("1048576 bytes"), "{answer:?}");
}

#[actix_web::test]
async fn an_encoded_body_and_an_unknown_type_answer_in_it() {
    let server = Standin::fresh().await;
    let call = || server.qiscus(Method::POST, "login_or_register");
    let answer = send(call().header("Content-Encoding", "gzip").json(&guest("a"))).await;
    assert_eq!((answer.status, &answer.json()["status"]), (415, &json!(415)), "{answer:?}");
    let answer = send(call().header("Content-Type", "text/xml").body("<user/>")).await;
    assert_eq!((answer.status, &answer.json()["status"]), (415, &json!(415)), "{answer:?}");
}
