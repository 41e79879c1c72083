use super::{
    super::{photo, standin::LICENSE_KEY},
    *,
};

#[actix_web::test]
async fn a_portrait_set_here_is_visible_in_qiscus_and_mirrorfly() {
    let server = server().await;
    import(&server, "u1").await;
    let items = [
        ("Tag_Profile_IM_Nick", json!("Ada")),
        ("Tag_Profile_IM_Image", json!("https://example.com/a.png")),
        ("Tag_Profile_IM_SelfSignature", json!("First of all")),
    ];
    set(&server, "u1", &items).await;
    let user = server.user_profile("u1").await.json()["results"]["user"].clone();
    assert_eq!((&user["username"], &user["avatar_url"]), (&json!("Ada"), &json!("https://example.com/a.png")));
    let token = server.back_end_token().await;
    let user =
        send(server.call(Method::GET, "/api/v1/users/u1").header("Authorization", token)).await.json()["data"].clone();
    assert_eq!((&user["nickName"], &user["profileUrl"]), (&json!("Ada"), &json!("https://example.com/a.png")));
}

#[actix_web::test]
async fn a_picture_uploaded_through_mirrorfly_is_the_image_here() {
    let server = server().await;
    let token = server.back_end_token().await;
    server.create_user_with_picture(&token, "u1", "a.png", photo::png(80, 80)).await;
    let image = shown(&server, "u1").await["Tag_Profile_IM_Image"].clone();
    let path = image.as_str().unwrap().strip_prefix(server.base()).unwrap().to_owned();
    let picture = server.get(&path).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/jpeg")));
    // Set back as it came, it stays that picture; over MirrorFly it is still behind a token.
    set(&server, "u1", &[("Tag_Profile_IM_Image", image.clone()), ("Tag_Profile_IM_Nick", json!("Ada"))]).await;
    assert_eq!(shown(&server, "u1").await, json!({ "Tag_Profile_IM_Nick": "Ada", "Tag_Profile_IM_Image": image }));
    let user = send(server.call(Method::GET, "/api/v1/users/u1").header("Authorization", &token)).await.json();
    assert!(user["data"]["profileUrl"].as_str().unwrap().contains("/api/v1/media/"), "{user}");
    set(&server, "u1", &[("Tag_Profile_IM_Image", json!(""))]).await;
    assert_eq!(shown(&server, "u1").await, json!({ "Tag_Profile_IM_Nick": "Ada" }));
}

#[actix_web::test]
async fn the_address_of_another_users_picture_is_shown_and_does_not_change_its_owner() {
    let server = server().await;
    let token = server.back_end_token().await;
    server.create_user_with_picture(&token, "u1", "a.png", photo::png(80, 80)).await;
    let image = shown(&server, "u1").await["Tag_Profile_IM_Image"].clone();
    import(&server, "u2").await;
    set(&server, "u2", &[("Tag_Profile_IM_Image", image.clone())]).await;
    assert_eq!(shown(&server, "u2").await["Tag_Profile_IM_Image"], image);
    set(&server, "u2", &[("Tag_Profile_IM_Image", json!(""))]).await;
    assert_eq!(shown(&server, "u1").await["Tag_Profile_IM_Image"], image);
}

#[actix_web::test]
async fn a_picture_that_is_not_public_is_not_shown_here_and_not_lost() {
    let server = server().await;
    let token = server.back_end_token().await;
    server.create_user_with_picture(&token, "u1", "a.png", photo::png(80, 80)).await;
    server.command(&["app", "set", "--public-pictures", "false"]);
    set(&server, "u1", &[("Tag_Profile_IM_Nick", json!("Ada"))]).await;
    assert_eq!(shown(&server, "u1").await, json!({ "Tag_Profile_IM_Nick": "Ada" }));
    server.command(&["app", "set", "--public-pictures", "true"]);
    assert!(shown(&server, "u1").await["Tag_Profile_IM_Image"].is_string());
}

#[actix_web::test]
async fn an_avatar_that_is_not_an_address_is_a_default_picture_elsewhere() {
    let server = server().await;
    import(&server, "u1").await;
    set(&server, "u1", &[("Tag_Profile_IM_Image", json!("http(s)://url/to/image.jpg"))]).await;
    assert_eq!(shown(&server, "u1").await["Tag_Profile_IM_Image"], "http(s)://url/to/image.jpg");
    let seen = server.user_profile("u1").await.json()["results"]["user"]["avatar_url"].clone();
    assert!(seen.as_str().unwrap().contains("/tile-"), "{seen}");
    let token = server.back_end_token().await;
    let user = send(server.call(Method::GET, "/api/v1/users/u1").header("Authorization", token)).await.json();
    assert_eq!(user["data"]["profileUrl"], "");
}

#[actix_web::test]
async fn a_default_picture_is_no_image_also_when_set_again() {
    let server = server().await;
    import(&server, "u1").await;
    assert_eq!(shown(&server, "u1").await, json!({}));
    let tile = server.user_profile("u1").await.json()["results"]["user"]["avatar_url"].clone();
    set(&server, "u1", &[("Tag_Profile_IM_Image", tile)]).await;
    assert_eq!(shown(&server, "u1").await, json!({}));
}

#[actix_web::test]
async fn a_longer_address_of_another_vendor_is_returned_unchanged() {
    let server = server().await;
    let long = format!("https://example.com/{}", "a".repeat(600));
    let body = json!({ "user_id": "u1", "username": "U", "password": "p", "avatar_url": long });
    server.login_or_register(body).await;
    assert_eq!(shown(&server, "u1").await["Tag_Profile_IM_Image"], long);
    let answer = set(&server, "u1", &[("Tag_Profile_IM_Image", json!(long)), ("Tag_Profile_IM_Level", json!(1))]).await;
    assert_eq!(answer.json()["ErrorCode"], 0, "{answer:?}");
    assert_eq!(shown(&server, "u1").await["Tag_Profile_IM_Image"], long);
}

#[actix_web::test]
async fn fields_of_other_vendors_stay() {
    let server = server().await;
    let body = json!({ "user_id": "u1", "username": "U", "password": "p", "extras": { "k": 1 } });
    server.login_or_register(body).await;
    set(&server, "u1", &[("Tag_Profile_IM_Nick", json!("Ada")), ("Tag_Profile_IM_Role", json!(2))]).await;
    done(&server, "im_open_login_svc/account_import", json!({ "UserID": "u1", "Nick": "Ada L." })).await;
    assert_eq!(server.user_profile("u1").await.json()["results"]["user"]["extras"], json!({ "k": 1 }));
    assert_eq!(shown(&server, "u1").await["Tag_Profile_IM_Role"], 2);
    assert_eq!(server.sign_in("u1", "p").await.status, 200);
}

#[actix_web::test]
async fn an_id_longer_than_tencents_limit_is_found_too() {
    let server = server().await;
    let id = "x".repeat(40);
    server.login_or_register(json!({ "user_id": id, "username": "U", "password": "p" })).await;
    assert_eq!(shown(&server, &id).await["Tag_Profile_IM_Nick"], "U");
}

#[actix_web::test]
async fn an_account_deleted_here_is_deleted_for_every_vendor() {
    let server = server().await;
    let token = server.back_end_token().await;
    server.create_user(&token, &[("userIdentifier", "u1"), ("licenseKey", LICENSE_KEY)]).await;
    done(&server, "im_open_login_svc/account_delete", json!({ "DeleteItem": [{ "UserID": "u1" }] })).await;
    assert_eq!(server.user_profile("u1").await.status, 404);
}
