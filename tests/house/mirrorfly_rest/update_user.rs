//! "Update User": the fields of createUser, for a user that exists.

use super::*;

async fn update(server: &Standin, token: &str, id: &str, fields: &[(&str, &str)]) -> Answer {
    update_with(server, token, id, form(fields)).await
}

async fn update_with(server: &Standin, token: &str, id: &str, form: multipart::Form) -> Answer {
    let call = server.call(Method::POST, &format!("/api/v1/users/{id}")).header("Authorization", token);
    send(call.multipart(form)).await
}

#[actix_web::test]
async fn replaces_the_given_fields_and_answers_the_user_resource() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let before = [("userIdentifier", "u1"), ("nickname", "Before"), ("email", "a@b"), ("mobileNumber", "1")];
    data(&server.create_user(&token, &before).await);
    let after = [
        ("userId", "u1"),
        ("nickname", "After"),
        ("email", ""),
        ("profileUrl", "https://image.url/a.png"),
        ("metadataKey1", "team"),
        ("metadataValue1", "red"),
    ];
    let answer = update(&server, &token, "u1", &after).await;
    golden::same(&server, "mirrorfly/update_user", &answer);
    assert_eq!(user(&server, &token, "u1").await.json()["data"], answer.json()["data"], "as it is read afterwards");
}

#[actix_web::test]
async fn device_type_and_license_key_are_still_required() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    let key = || multipart::Form::new().text("licenseKey", LICENSE_KEY);
    let device = || multipart::Form::new().text("deviceType", "web");
    for (form, message) in [
        (key(), "deviceType is required"),
        (key().text("deviceType", "tv"), "deviceType must be one of web, ios, android"),
        (device(), "licenseKey is required"),
        (device().text("licenseKey", "wrong"), "licenseKey must be the licence key of this app"),
    ] {
        assert_refused(&update_with(&server, &token, "u1", form).await, 400, message);
    }
    let no_body = server.call(Method::POST, "/api/v1/users/u1").header("Authorization", &token);
    assert_refused(&send(no_body).await, 400, "deviceType is required");
}

#[actix_web::test]
async fn a_user_id_in_the_form_that_differs_from_the_path_is_refused() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    for id in ["guest@qiscus.com", "u2"] {
        data(&server.create_user(&token, &[("userIdentifier", id)]).await);
    }
    for (path, form) in [
        ("guest%40qiscus.com", "guest@qiscus.com"),
        ("guest%40qiscus.com", r"guest\40qiscus.com"),
        ("guest=40qiscus.com", "guest=40qiscus.com"),
        ("guest%5C40qiscus.com", "guest@qiscus.com"),
        ("u2", ""),
    ] {
        data(&update(&server, &token, path, &[("userId", form), ("nickname", "Same")]).await);
    }
    let answer = update(&server, &token, "u2", &[("userId", "guest@qiscus.com"), ("nickname", "Other")]).await;
    assert_refused(&answer, 400, "userId must be the id in the path, or left out");
    let answer = update(&server, &token, "u2", &[("userId", "a b")]).await;
    assert_refused(&answer, 400, "userId must be made of letters, digits and . - _ @ only");
    for id in ["u2", "guest@qiscus.com"] {
        assert_eq!(data(&user(&server, &token, id).await)["nickName"], "Same");
    }
}

#[actix_web::test]
async fn an_update_creates_no_user() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let part = multipart::Part::bytes(photo::png(20, 20)).file_name("a.png");
    let answer = update_with(&server, &token, "u1", form(&[("nickname", "N")]).part("profileFile", part)).await;
    assert_refused(&answer, 400, "Invalid user id.");
    no_user_was_created(&server).await;
}

#[actix_web::test]
async fn a_picture_file_takes_precedence_over_a_picture_url_and_replaces_the_former_picture() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(30, 30)).await);
    let part = multipart::Part::bytes(photo::png(50, 40)).file_name("a.png");
    let form = form(&[("profileUrl", "https://x/y")]).part("profileFile", part);
    let seen = data(&update_with(&server, &token, "u1", form).await);
    assert_ne!(seen["profileUrl"], made["profileUrl"]);
    let path = seen["profileUrl"].as_str().unwrap().strip_prefix(server.base()).unwrap();
    let picture = send(server.call(Method::GET, path).header("Authorization", &token)).await;
    assert_eq!(image::load_from_memory(&picture.bytes).unwrap().width(), 50);
}

#[actix_web::test]
async fn a_refused_upload_or_field_leaves_nothing() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "u1"), ("nickname", "Before")]).await);
    let gif = multipart::Part::bytes(photo::animated_gif(20, 20, 2)).file_name("a.png");
    let answer = update_with(&server, &token, "u1", form(&[("nickname", "After")]).part("profileFile", gif)).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.json()["message"].as_str().unwrap().starts_with("profileFile must be "), "{answer:?}");
    let png = || multipart::Part::bytes(photo::png(20, 20)).file_name("a.png");
    for (fields, message) in [
        ([("nickname", "n".repeat(31)), ("email", String::new())], "nickname must be at most 30 characters"),
        ([("mobileNumber", "9".repeat(16)), ("email", String::new())], "mobileNumber must be at most 15 characters"),
        (
            [("email", "nobody".to_owned()), ("nickname", "After".to_owned())],
            "email must be an e-mail address such as user@example.com",
        ),
        ([("metadataKey1", "k".to_owned()), ("nickname", "After".to_owned())], "metadataValue1 is required"),
        (
            [("profileUrl", "ftp://x/y".to_owned()), ("nickname", "After".to_owned())],
            "profileUrl must be an http or https address",
        ),
    ] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = update_with(&server, &token, "u1", form(&fields).part("profileFile", png())).await;
        assert_refused(&answer, 400, message);
    }
    let seen = data(&user(&server, &token, "u1").await);
    assert_eq!((&seen["nickName"], &seen["profileUrl"]), (&json!("Before"), &json!("")));
    assert_eq!((server.pictures_on_disk().len(), server.incoming_on_disk().len()), (0, 0));
}

#[actix_web::test]
async fn the_token_of_another_users_picture_is_refused() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(30, 30)).await);
    data(&server.create_user(&token, &[("userIdentifier", "u2")]).await);
    let bare = made["profileUrl"].as_str().unwrap().rsplit('/').next().unwrap();
    data(&update(&server, &token, "u1", &[("profileUrl", bare)]).await);
    let answer = update(&server, &token, "u2", &[("profileUrl", bare)]).await;
    let message = "profileUrl must be an http or https address, or the token of a picture of this user";
    assert_refused(&answer, 400, message);
}

#[actix_web::test]
async fn a_suspended_user_may_be_updated_and_stays_suspended() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    server.command(&["user", "set", "u1", "--state", "suspended"]);
    assert_eq!(data(&update(&server, &token, "u1", &[("nickname", "After")]).await)["nickName"], "After");
    let answer = server.create_user(&token, &[("userIdentifier", "u1")]).await;
    assert_refused(&answer, 403, "User is suspended");
}

#[actix_web::test]
async fn tokens_and_passwords_stay() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    data(&update(&server, &token, "u1", &[("nickname", "After"), ("deviceToken", "push")]).await);
    data(&server.sign_in("u1", made["password"].as_str().unwrap()).await);
    data(&own_metadata(&server, made["token"].as_str().unwrap()).await);
}

#[actix_web::test]
async fn takes_urlencoded_and_json_bodies_too() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    let call = || server.call(Method::POST, "/api/v1/users/u1").header("Authorization", &token);
    let fields = [("deviceType", "web"), ("licenseKey", LICENSE_KEY), ("nickname", "Form")];
    assert_eq!(data(&send(call().form(&fields)).await)["nickName"], "Form");
    let body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "nickname": "JSON" });
    assert_eq!(data(&send(call().json(&body)).await)["nickName"], "JSON");
    let body = json!({ "deviceType": "web", "licenseKey": LICENSE_KEY, "nickname": 7 });
    assert_refused(&send(call().json(&body)).await, 400, "nickname must be text, in quotes");
}
