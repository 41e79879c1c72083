use super::*;

#[actix_web::test]
async fn gets_a_users_profile_data() {
    let server = Standin::fresh().await;
    let made = user(&server.login_or_register(guest("guest@qiscus.com")).await);
    let answer = server.user_profile("guest@qiscus.com").await;
    golden::same(&server, "qiscus/user_profile", &answer);
    assert_eq!(answer.json(), json!({ "results": { "user": made }, "status": 200 }));
    let raw = server.qiscus(Method::GET, "user_profile?user_id=guest@qiscus.com");
    assert_eq!(user(&send(raw).await), made);
}

#[actix_web::test]
async fn user_id_is_required_and_of_its_alphabet() {
    let server = Standin::fresh().await;
    for call in ["user_profile", "user_profile?user_id=", "user_profile?user_id"] {
        assert_invalid(&send(server.qiscus(Method::GET, call)).await, "user_id", "user_id is required");
    }
    let sentence = "user_id must be made of letters, digits and . - _ @ only";
    for id in ["a b", "guest\\40qiscus.com"] {
        assert_invalid(&server.user_profile(id).await, "user_id", sentence);
    }
}

#[actix_web::test]
async fn an_unknown_user_is_not_found() {
    let server = Standin::fresh().await;
    let answer = server.user_profile("nobody").await;
    golden::same(&server, "qiscus/error_unknown_user", &answer);
    assert_refused(&answer, 404, "User not found");
}
