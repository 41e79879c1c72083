use super::*;

/// How many devices are remembered of anybody.
fn devices(server: &Standin) -> i64 {
    let database = rusqlite::Connection::open(server.data().join("standin.db")).unwrap();
    database.query_row("SELECT count(*) FROM device", [], |row| row.get(0)).unwrap()
}

#[actix_web::test]
async fn a_push_token_is_kept_for_its_platform_and_forgotten() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let of = |platform: &'static str| {
        [("device_token", "a-push-token"), ("device_platform", platform), ("is_development", "false")]
    };
    let answer = post(&server, &token, "set_user_device_token", &of("rn")).await;
    golden::same(&server, "qiscus/sdk_set_user_device_token", &answer);
    for platform in ["ios", "android", "android"] {
        assert_eq!(post(&server, &token, "set_user_device_token", &of(platform)).await.status, 200);
    }
    assert_eq!(devices(&server), 3);
    let answer = post(&server, &token, "remove_user_device_token", &of("rn")).await;
    golden::same(&server, "qiscus/sdk_remove_user_device_token", &answer);
    assert_eq!(post(&server, &token, "remove_user_device_token", &of("rn")).await.status, 200, "twice is once");
    assert_eq!(devices(&server), 2);
    post(&server, &token, "logout", &[]).await;
    assert_eq!(devices(&server), 0, "logout forgets the rest");
}

#[actix_web::test]
async fn token_and_platform_are_required_and_the_platform_is_one_of_three() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let set = |form: &'static [(&'static str, &'static str)]| post(&server, &token, "set_user_device_token", form);
    assert_invalid(&set(&[("device_platform", "ios")]).await, "device_token", "device_token is required");
    assert_invalid(&set(&[("device_token", "t")]).await, "device_platform", "device_platform is required");
    let platforms = "device_platform must be one of ios, android, rn";
    let strange = set(&[("device_token", "t"), ("device_platform", "typewriter")]).await;
    assert_invalid(&strange, "device_platform", platforms);
    let strange = post(&server, &token, "remove_user_device_token", &[("device_platform", "typewriter")]).await;
    assert_invalid(&strange, "device_platform", platforms);
    assert_eq!(devices(&server), 0);
}
