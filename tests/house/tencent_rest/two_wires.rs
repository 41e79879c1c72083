use super::{
    super::{photo, standin::LICENSE_KEY},
    *,
};

#[actix_web::test]
async fn a_portrait_set_here_shows_at_qiscus_and_at_mirrorfly() {
    let house = house().await;
    import(&house, "u1").await;
    let items = [
        ("Tag_Profile_IM_Nick", json!("Ada")),
        ("Tag_Profile_IM_Image", json!("https://example.com/a.png")),
        ("Tag_Profile_IM_SelfSignature", json!("First of all")),
    ];
    set(&house, "u1", &items).await;
    let user = house.user_profile("u1").await.json()["results"]["user"].clone();
    assert_eq!((&user["username"], &user["avatar_url"]), (&json!("Ada"), &json!("https://example.com/a.png")));
    let token = house.back_end_token().await;
    let user =
        send(house.call(Method::GET, "/api/v1/users/u1").header("Authorization", token)).await.json()["data"].clone();
    assert_eq!((&user["nickName"], &user["profileUrl"]), (&json!("Ada"), &json!("https://example.com/a.png")));
}

#[actix_web::test]
async fn a_picture_uploaded_at_mirrorfly_is_the_image_here() {
    let house = house().await;
    let token = house.back_end_token().await;
    house.create_user_with_picture(&token, "u1", "a.png", photo::png(80, 80)).await;
    let image = shown(&house, "u1").await["Tag_Profile_IM_Image"].clone();
    let path = image.as_str().unwrap().strip_prefix(house.base()).unwrap().to_owned();
    let picture = house.get(&path).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/jpeg")));
    // Set back as it came, it stays that picture; over MirrorFly it is still behind a token.
    set(&house, "u1", &[("Tag_Profile_IM_Image", image.clone()), ("Tag_Profile_IM_Nick", json!("Ada"))]).await;
    assert_eq!(shown(&house, "u1").await, json!({ "Tag_Profile_IM_Nick": "Ada", "Tag_Profile_IM_Image": image }));
    let user = send(house.call(Method::GET, "/api/v1/users/u1").header("Authorization", &token)).await.json();
    assert!(user["data"]["profileUrl"].as_str().unwrap().contains("/api/v1/media/"), "{user}");
    set(&house, "u1", &[("Tag_Profile_IM_Image", json!(""))]).await;
    assert_eq!(shown(&house, "u1").await, json!({ "Tag_Profile_IM_Nick": "Ada" }));
}

#[actix_web::test]
async fn a_picture_of_another_user_is_shown_by_its_address_and_does_not_change_hands() {
    let house = house().await;
    let token = house.back_end_token().await;
    house.create_user_with_picture(&token, "u1", "a.png", photo::png(80, 80)).await;
    let image = shown(&house, "u1").await["Tag_Profile_IM_Image"].clone();
    import(&house, "u2").await;
    set(&house, "u2", &[("Tag_Profile_IM_Image", image.clone())]).await;
    assert_eq!(shown(&house, "u2").await["Tag_Profile_IM_Image"], image);
    set(&house, "u2", &[("Tag_Profile_IM_Image", json!(""))]).await;
    assert_eq!(shown(&house, "u1").await["Tag_Profile_IM_Image"], image);
}

#[actix_web::test]
async fn a_picture_that_is_not_public_is_not_shown_here_and_not_lost() {
    let house = house().await;
    let token = house.back_end_token().await;
    house.create_user_with_picture(&token, "u1", "a.png", photo::png(80, 80)).await;
    house.command(&["app", "set", "--public-pictures", "false"]);
    set(&house, "u1", &[("Tag_Profile_IM_Nick", json!("Ada"))]).await;
    assert_eq!(shown(&house, "u1").await, json!({ "Tag_Profile_IM_Nick": "Ada" }));
    house.command(&["app", "set", "--public-pictures", "true"]);
    assert!(shown(&house, "u1").await["Tag_Profile_IM_Image"].is_string());
}

#[actix_web::test]
async fn an_avatar_that_is_no_address_is_a_tile_elsewhere() {
    let house = house().await;
    import(&house, "u1").await;
    set(&house, "u1", &[("Tag_Profile_IM_Image", json!("http(s)://url/to/image.jpg"))]).await;
    assert_eq!(shown(&house, "u1").await["Tag_Profile_IM_Image"], "http(s)://url/to/image.jpg");
    let seen = house.user_profile("u1").await.json()["results"]["user"]["avatar_url"].clone();
    assert!(seen.as_str().unwrap().contains("/tile-"), "{seen}");
    let token = house.back_end_token().await;
    let user = send(house.call(Method::GET, "/api/v1/users/u1").header("Authorization", token)).await.json();
    assert_eq!(user["data"]["profileUrl"], "");
}

#[actix_web::test]
async fn a_tile_is_no_image_and_set_back_is_none_either() {
    let house = house().await;
    import(&house, "u1").await;
    assert_eq!(shown(&house, "u1").await, json!({}));
    let tile = house.user_profile("u1").await.json()["results"]["user"]["avatar_url"].clone();
    set(&house, "u1", &[("Tag_Profile_IM_Image", tile)]).await;
    assert_eq!(shown(&house, "u1").await, json!({}));
}

#[actix_web::test]
async fn an_address_that_another_wire_set_longer_than_this_one_may_comes_back_unchanged() {
    let house = house().await;
    let long = format!("https://example.com/{}", "a".repeat(600));
    let body = json!({ "user_id": "u1", "username": "U", "password": "p", "avatar_url": long });
    house.login_or_register(body).await;
    assert_eq!(shown(&house, "u1").await["Tag_Profile_IM_Image"], long);
    let answer = set(&house, "u1", &[("Tag_Profile_IM_Image", json!(long)), ("Tag_Profile_IM_Level", json!(1))]).await;
    assert_eq!(answer.json()["ErrorCode"], 0, "{answer:?}");
    assert_eq!(shown(&house, "u1").await["Tag_Profile_IM_Image"], long);
}

#[actix_web::test]
async fn what_another_wire_keeps_with_a_user_is_left_alone() {
    let house = house().await;
    let body = json!({ "user_id": "u1", "username": "U", "password": "p", "extras": { "k": 1 } });
    house.login_or_register(body).await;
    set(&house, "u1", &[("Tag_Profile_IM_Nick", json!("Ada")), ("Tag_Profile_IM_Role", json!(2))]).await;
    done(&house, "im_open_login_svc/account_import", json!({ "UserID": "u1", "Nick": "Ada L." })).await;
    assert_eq!(house.user_profile("u1").await.json()["results"]["user"]["extras"], json!({ "k": 1 }));
    assert_eq!(shown(&house, "u1").await["Tag_Profile_IM_Role"], 2);
    assert_eq!(house.sign_in("u1", "p").await.status, 200);
}

#[actix_web::test]
async fn an_id_longer_than_this_wire_makes_is_found_all_the_same() {
    let house = house().await;
    let id = "x".repeat(40);
    house.login_or_register(json!({ "user_id": id, "username": "U", "password": "p" })).await;
    assert_eq!(shown(&house, &id).await["Tag_Profile_IM_Nick"], "U");
}

#[actix_web::test]
async fn who_is_deleted_here_is_gone_everywhere() {
    let house = house().await;
    let token = house.back_end_token().await;
    house.create_user(&token, &[("userIdentifier", "u1"), ("licenseKey", LICENSE_KEY)]).await;
    done(&house, "im_open_login_svc/account_delete", json!({ "DeleteItem": [{ "UserID": "u1" }] })).await;
    assert_eq!(house.user_profile("u1").await.status, 404);
}
