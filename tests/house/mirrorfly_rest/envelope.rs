//! What is no call at all answers in the envelope too.

use super::*;

#[actix_web::test]
async fn unknown_calls_and_wrong_methods_answer_in_it() {
    let house = Standin::fresh().await;
    assert_refused(&house.get("/api/v1/groups/list").await, 404, "This call is not part of Standin");
    assert_refused(&house.get("/api/v1/login").await, 405, "This call is not made by this method");
    let answer = house.get("/api/v1/users/createUser").await;
    assert_refused(&answer, 405, "This call is not made by this method");
}
