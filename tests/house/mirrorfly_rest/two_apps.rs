//! Two apps of one server: neither sees the other's users.

use super::*;

/// A second app reached as second.example: its licence key and a token of its back end.
pub(crate) async fn second(server: &Standin) -> (String, String) {
    server.command(&["app", "create", "--app-id", "second", "--hosts", "second.example"]);
    let secrets = server.command(&["app", "show", "--app", "second", "--secrets", "--json"]);
    let secrets: Value = serde_json::from_str(&secrets).unwrap();
    let body = json!({ "username": "administrator", "password": secrets["account_password"] });
    let login = server.call(Method::POST, "/api/v1/login").header("Host", "second.example:8080").json(&body);
    let token = data(&send(login).await)["token"].as_str().unwrap().to_owned();
    (secrets["license_key"].as_str().unwrap().to_owned(), token)
}

#[actix_web::test]
async fn the_host_selects_the_app_that_lists_it() {
    let server = Standin::fresh().await;
    let (_, token) = second(&server).await;
    assert_refused(
        &server.create_user(&token, &[("userIdentifier", "u1")]).await,
        400,
        "licenseKey must be the licence key of this app",
    );
    let body = json!({ "username": "administrator", "password": ACCOUNT_PASSWORD });
    let login = server.call(Method::POST, "/api/v1/login").header("Host", "second.example").json(&body);
    assert_eq!(send(login).await.json()["status"], 400, "the first app's account is nobody there");
}

#[actix_web::test]
async fn a_user_of_one_app_does_not_exist_in_the_other_and_its_pictures_are_not_served_there() {
    let server = Standin::fresh().await;
    let (license_key, foreign) = second(&server).await;
    let own = server.back_end_token().await;
    let part = multipart::Part::bytes(photo::png(60, 60)).file_name("a.png");
    let form = multipart::Form::new()
        .text("deviceType", "web")
        .text("licenseKey", license_key)
        .text("userIdentifier", "u1")
        .part("profileFile", part);
    let made = data(&server.create_user_with(&foreign, form).await);
    assert_eq!(server.user_profile("u1").await.status, 404);
    let path = made["profileUrl"].as_str().unwrap().strip_prefix(server.base()).unwrap().to_owned();
    let fetch = |token: String| send(server.call(Method::GET, &path).header("Authorization", token));
    assert_eq!(fetch(foreign).await.status, 200);
    assert_refused(&fetch(own).await, 404, "Picture not found");
}

#[actix_web::test]
async fn promise_38_a_back_end_cannot_reach_users_of_another_app() {
    let server = Standin::fresh().await;
    let (license_key, foreign) = second(&server).await;
    let own = server.back_end_token().await;
    let made = data(&server.create_user(&own, &[("userIdentifier", "u1"), ("nickname", "N")]).await);

    let invalid = "Invalid user id.";
    assert_refused(&user(&server, &foreign, "u1").await, 400, invalid);
    let fields = [("deviceType", "web"), ("licenseKey", license_key.as_str()), ("nickname", "Changed")];
    let call = |path: &str| back_end_call(&server, &foreign, path);
    assert_refused(&send(call("/api/v1/users/u1").form(&fields)).await, 400, invalid);
    let body = json!({ "userId": "u1", "reason": "moved" });
    assert_refused(&send(call("/api/v1/users/deleteUserAccount").json(&body)).await, 400, invalid);
    let body = json!({ "userId": "u1", "deviceType": "web" });
    assert_refused(&send(call("/api/v1/users/resetPassword").json(&body)).await, 400, invalid);
    let body = json!({ "blockStatus": true, "id": ["u1"], "type": "user" });
    let answer = send(call("/api/v1/moderation/block").json(&body)).await;
    assert_refused(&answer, 400, "id names a user that does not exist: u1");
    let read = server.call(Method::GET, "/api/v1/users/getMetaData?userId=u1").header("Authorization", &foreign);
    let write = server.call(Method::PUT, "/api/v1/users/updateMetaData/u1").header("Authorization", &foreign);
    for answer in [send(read).await, send(write.json(&json!({ "k": "v" }))).await] {
        assert_eq!((answer.status, answer.json()), (200, json!({ "status": 400, "message": invalid })));
    }

    let seen = user(&server, &own, "u1").await.json();
    assert_eq!((&seen["data"]["nickName"], &seen["metaData"]), (&json!("N"), &json!({})));
    data(&own_metadata(&server, made["token"].as_str().unwrap()).await);
    data(&server.sign_in("u1", made["password"].as_str().unwrap()).await);
}
