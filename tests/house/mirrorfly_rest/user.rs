//! "Get User": one user, for the back end.

use super::*;

#[actix_web::test]
async fn answers_the_user_resource_with_metadata_beside_it() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let fields = [
        ("userIdentifier", "99XXXXXX11"),
        ("nickname", "User A"),
        ("mobileNumber", "99XXXXXXX00"),
        ("email", "user@gmail.com"),
        ("profileUrl", "https://image.url/a.png"),
        ("metadataKey1", "team"),
        ("metadataValue1", "red"),
    ];
    data(&server.create_user(&token, &fields).await);
    golden::same(&server, "mirrorfly/user", &user(&server, &token, "99XXXXXX11").await);
}

#[actix_web::test]
async fn is_empty_where_nothing_is_set() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    golden::same(&server, "mirrorfly/user_bare", &user(&server, &token, "u1").await);
}

#[actix_web::test]
async fn pictures_are_the_addresses_create_user_answered() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(300, 200)).await);
    let seen = data(&user(&server, &token, "u1").await);
    for field in ["profileUrl", "profileUrlThumb"] {
        assert_eq!(seen[field], made[field]);
        let path = seen[field].as_str().unwrap().strip_prefix(server.base()).unwrap();
        assert_eq!(send(server.call(Method::GET, path).header("Authorization", &token)).await.status, 200);
    }
}

#[actix_web::test]
async fn the_id_is_read_in_every_spelling_and_answered_escaped() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "guest@qiscus.com")]).await);
    for spelling in [
        "guest@qiscus.com",
        "guest=40qiscus.com",
        "guest%3D40qiscus.com",
        "guest%40qiscus.com",
        "guest%5C40qiscus.com",
        "guest%5c%34%30qiscus.com",
    ] {
        let seen = data(&user(&server, &token, spelling).await);
        let escaped = json!("guest=40qiscus.com");
        assert_eq!((&seen["userId"], &seen["username"]), (&escaped, &escaped), "{spelling}");
    }
    let raw = format!(
        "GET /api/v1/users/guest\\40qiscus.com HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
    );
    let answer = raw_call(&server, &raw);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""userId":"guest=40qiscus.com""#), "{answer}");
}

#[actix_web::test]
async fn an_unknown_id_gets_the_invalid_user_id_error() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for nobody in ["nobody", "administrator", "a".repeat(191).as_str()] {
        assert_refused(&user(&server, &token, nobody).await, 400, "Invalid user id.");
    }
    let answer = user(&server, &token, &"a".repeat(192)).await;
    assert_refused(&answer, 400, "userId must be at most 191 characters");
    for illegal in ["a%20b", "a%2Fb", "%C3%BC", "%FF", "%00", "%5C", "..%2Fu1", "'%3B--"] {
        let answer = user(&server, &token, illegal).await;
        assert_refused(&answer, 400, "userId must be made of letters, digits and . - _ @ only");
    }
}

#[actix_web::test]
async fn a_suspended_user_is_read_as_before() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "N")]).await);
    server.command(&["user", "set", "u1", "--state", "suspended"]);
    assert_eq!(data(&user(&server, &token, "u1").await)["nickName"], "N");
}

#[actix_web::test]
async fn the_name_of_an_endpoint_is_not_a_user_id() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for (method, word) in
        [(Method::POST, "config"), (Method::GET, "deleteMyAccount"), (Method::POST, "presence"), (Method::GET, "block")]
    {
        let call = server.call(method, &format!("/api/v1/users/{word}")).header("Authorization", &token);
        assert_refused(&send(call).await, 405, "This call is not made by this method");
    }
}
