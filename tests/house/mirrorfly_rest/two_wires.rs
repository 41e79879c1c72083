//! One user, seen through both vendors' APIs.

use super::*;

#[actix_web::test]
async fn a_user_created_through_mirrorfly_is_read_through_qiscus_with_the_picture() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let part = multipart::Part::bytes(photo::png(400, 300)).file_name("a.png");
    let fields = [("userIdentifier", "u1"), ("nickname", "Ada"), ("metadataKey1", "k"), ("metadataValue1", "v")];
    data(&server.create_user_with(&token, form(&fields).part("profileFile", part)).await);
    let user = server.user_profile("u1").await.json()["results"]["user"].clone();
    assert_eq!((&user["username"], &user["extras"]), (&json!("Ada"), &json!({})));
    let address = user["avatar_url"].as_str().unwrap().strip_prefix(server.base()).unwrap().to_owned();
    let picture = server.get(&address).await;
    assert_eq!((picture.status, image::load_from_memory(&picture.bytes).unwrap().width()), (200, 400));
}

#[actix_web::test]
async fn a_user_made_at_qiscus_is_brought_up_to_date_at_mirrorfly() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let body = json!({ "user_id": "u1", "username": "Ada", "password": "chosen", "extras": { "k": 1 } });
    server.login_or_register(body).await;
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1"), ("email", "a@b")]).await);
    assert_eq!((&made["nickname"], &made["isProfileUpdated"]), (&json!("Ada"), &json!(true)));
    data(&server.sign_in("u1", "chosen").await);
    data(&server.sign_in("u1", made["password"].as_str().unwrap()).await);
    assert_eq!(server.user_profile("u1").await.json()["results"]["user"]["extras"], json!({ "k": 1 }));
}

#[actix_web::test]
async fn a_tile_shown_for_a_private_picture_and_set_back_leaves_the_picture_alone() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    server.command(&["app", "set", "--public-pictures", "false"]);
    let made = data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(80, 80)).await);
    let shown = server.user_profile("u1").await.json()["results"]["user"]["avatar_url"].clone();
    assert!(shown.as_str().unwrap().contains("/tile-"), "{shown}");
    let body = json!({ "user_id": "u1", "username": "U", "password": "p", "avatar_url": shown });
    server.login_or_register(body).await;
    let after = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    assert_eq!(after["profileUrl"], made["profileUrl"]);
    let path = made["profileUrl"].as_str().unwrap().strip_prefix(server.base()).unwrap().to_owned();
    assert_eq!(send(server.call(Method::GET, &path).header("Authorization", &token)).await.status, 200);
    let public = path.replace("/api/v1/media/", "/pictures/upload/") + "/full.jpg";
    assert_eq!(server.get(&public).await.status, 404);
}

#[actix_web::test]
async fn a_users_own_stable_address_set_as_avatar_keeps_the_picture() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let made = data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(80, 80)).await);
    let shown: Value = serde_json::from_str(&server.command(&["user", "show", "u1", "--json"])).unwrap();
    let stable = shown["picture_url"].as_str().unwrap();
    server.command(&["user", "set", "u1", "--avatar-url", stable]);
    let after = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    assert_eq!(after["profileUrl"], made["profileUrl"]);
}

#[actix_web::test]
async fn a_picture_set_back_by_its_own_address_stays_that_picture() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user_with_picture(&token, "u1", "a.png", photo::png(80, 80)).await);
    let address = server.user_profile("u1").await.json()["results"]["user"]["avatar_url"].clone();
    let body = json!({ "user_id": "u1", "username": "U", "password": "p", "avatar_url": address });
    assert_eq!(server.login_or_register(body).await.json()["results"]["user"]["avatar_url"], address);
    let made = data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    assert!(made["profileUrl"].as_str().unwrap().contains("/api/v1/media/"), "still ours: {made}");
}

#[actix_web::test]
async fn a_user_blocked_through_mirrorfly_is_inactive_in_qiscus() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user(&token, &[("userIdentifier", "u1")]).await);
    for (block, active) in [(true, false), (false, true)] {
        let body = json!({ "blockStatus": block, "id": ["u1"], "type": "user" });
        assert_eq!(send(back_end_call(&server, &token, "/api/v1/moderation/block").json(&body)).await.status, 200);
        assert_eq!(server.user_list().await.json()["results"]["users"][0]["active"], active);
    }
}

#[actix_web::test]
async fn a_user_deleted_through_mirrorfly_is_deleted_in_qiscus_with_the_picture() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    data(&server.create_user_with_picture(&token, "guest@qiscus.com", "a.png", photo::png(60, 60)).await);
    let shown = server.user_profile("guest@qiscus.com").await.json()["results"]["user"]["avatar_url"].clone();
    let address = shown.as_str().unwrap().strip_prefix(server.base()).unwrap();
    assert_eq!(server.get(address).await.status, 200);
    let body = json!({ "userId": r"guest\40qiscus.com", "reason": "moved" });
    data(&send(back_end_call(&server, &token, "/api/v1/users/deleteUserAccount").json(&body)).await);
    assert_eq!(server.user_profile("guest@qiscus.com").await.status, 404);
    assert_eq!(server.user_list().await.json()["results"]["meta"]["total_data"], 0);
    assert_eq!(server.get(address).await.status, 404);
}

#[actix_web::test]
async fn metadata_and_extras_never_overwrite_each_other() {
    let server = Standin::fresh().await;
    let token = server.back_end_token().await;
    let body = json!({ "user_id": "u1", "username": "U", "password": "p", "extras": { "k": 1 } });
    server.login_or_register(body).await;
    let call = server.call(Method::PUT, "/api/v1/users/updateMetaData/u1").header("Authorization", &token);
    data(&send(call.json(&json!({ "team": "red" }))).await);
    assert_eq!(server.user_profile("u1").await.json()["results"]["user"]["extras"], json!({ "k": 1 }));
    let body = json!({ "user_id": "u1", "username": "U", "password": "p", "extras": {} });
    server.login_or_register(body).await;
    let seen = user(&server, &token, "u1").await.json();
    assert_eq!((&seen["metaData"], &seen["data"]["nickName"]), (&json!({ "team": "red" }), &json!("U")));
}
