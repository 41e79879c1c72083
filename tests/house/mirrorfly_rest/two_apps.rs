//! Two apps of one server: neither sees the other's users.

use super::*;

/// A second app reached as second.example: its licence key and a token of its back end.
async fn second(house: &Standin) -> (String, String) {
    house.command(&["app", "create", "--app-id", "second", "--hosts", "second.example"]);
    let secrets = house.command(&["app", "show", "--app", "second", "--secrets", "--json"]);
    let secrets: Value = serde_json::from_str(&secrets).unwrap();
    let body = json!({ "username": "administrator", "password": secrets["account_password"] });
    let login = house.call(Method::POST, "/api/v1/login").header("Host", "second.example:8080").json(&body);
    let token = data(&send(login).await)["token"].as_str().unwrap().to_owned();
    (secrets["license_key"].as_str().unwrap().to_owned(), token)
}

#[actix_web::test]
async fn the_host_selects_the_app_that_lists_it() {
    let house = Standin::fresh().await;
    let (_, token) = second(&house).await;
    assert_refused(
        &house.create_user(&token, &[("userIdentifier", "u1")]).await,
        400,
        "licenseKey must be the licence key of this app",
    );
    let body = json!({ "username": "administrator", "password": ACCOUNT_PASSWORD });
    let login = house.call(Method::POST, "/api/v1/login").header("Host", "second.example").json(&body);
    assert_eq!(send(login).await.json()["status"], 400, "the first app's account is nobody there");
}

#[actix_web::test]
async fn a_user_of_one_app_is_nobody_in_the_other_and_its_pictures_are_not_served_there() {
    let house = Standin::fresh().await;
    let (license_key, foreign) = second(&house).await;
    let own = house.back_end_token().await;
    let part = reqwest::multipart::Part::bytes(photo::png(60, 60)).file_name("a.png");
    let form = reqwest::multipart::Form::new()
        .text("deviceType", "web")
        .text("licenseKey", license_key)
        .text("userIdentifier", "u1")
        .part("profileFile", part);
    let made = data(&house.create_user_with(&foreign, form).await);
    assert_eq!(house.user_profile("u1").await.status, 404);
    let path = made["profileUrl"].as_str().unwrap().strip_prefix(house.base()).unwrap().to_owned();
    let fetch = |token: String| send(house.call(Method::GET, &path).header("Authorization", token));
    assert_eq!(fetch(foreign).await.status, 200);
    assert_refused(&fetch(own).await, 404, "Picture not found");
}
