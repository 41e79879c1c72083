use super::*;

async fn patch(server: &Standin, token: &str, body: &'static str) -> Answer {
    let call = call(server, token, Method::PATCH, "my_profile");
    send(call.header("Content-Type", "application/x-www-form-urlencoded").body(body)).await
}

#[actix_web::test]
async fn it_is_shown_with_the_token_that_asked() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let answer = get(&server, &token, "my_profile").await;
    golden::same(&server, "qiscus/sdk_my_profile", &answer);
    assert_eq!(user(&answer)["token"], token);
}

#[actix_web::test]
async fn three_fields_are_always_sent_and_empty_ones_stay() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let whole = "name=Ada+L.&avatar_url=https%3A%2F%2Fimage.url%2Fa.png&extras=%7B%22a%22%3A1%7D";
    let answer = patch(&server, &token, whole).await;
    golden::same(&server, "qiscus/sdk_my_profile_changed", &answer);
    assert_eq!(user(&answer)["token"], token, "the SDK takes it for its own from here");
    for body in ["name=&avatar_url=&extras=", "name&avatar_url&extras", ""] {
        let kept = user(&patch(&server, &token, body).await);
        let seen = (&kept["username"], &kept["avatar_url"], &kept["extras"]);
        assert_eq!(seen, (&json!("Ada L."), &json!("https://image.url/a.png"), &json!({ "a": 1 })), "{body}");
    }
    let named = user(&patch(&server, &token, "name=Web3&avatar_url&extras").await);
    assert_eq!((&named["username"], &named["extras"]), (&json!("Web3"), &json!({ "a": 1 })));
    let replaced = user(&patch(&server, &token, "extras=%7B%22b%22%3A2%7D").await);
    assert_eq!(replaced["extras"], json!({ "b": 2 }), "replaced whole");
}

#[actix_web::test]
async fn limits_are_reported_by_field() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    let patched = async |field: &str, value: &str| {
        send(call(&server, &token, Method::PATCH, "my_profile").form(&[(field, value)])).await
    };
    assert_eq!(user(&patched("name", &"é".repeat(250)).await)["username"], "é".repeat(250));
    assert_eq!(patched("name", &"n".repeat(255)).await.status, 200);
    let long = patched("name", &"n".repeat(256)).await;
    assert_invalid(&long, "name", "name must be at most 255 characters");
    assert_invalid(&patched("extras", "no JSON").await, "extras", "extras must be valid JSON");
    assert_eq!(patched("extras", "[1]").await.status, 400);
    assert_eq!(patched("extras", &format!("{{\"a\":\"{}\"}}", "x".repeat(17 << 10))).await.status, 400);
    assert_eq!(patched("avatar_url", "javascript:alert(1)").await.status, 400);
    assert_eq!(user(&get(&server, &token, "my_profile").await)["username"], "n".repeat(255), "nothing half done");
}

#[actix_web::test]
async fn a_change_here_is_visible_to_the_back_end_and_through_the_other_vendor() {
    let server = Standin::fresh().await;
    let token = entered(&server, "ada").await;
    patch(&server, &token, "name=Ada+L.").await;
    assert_eq!(server.user_profile("ada").await.json()["results"]["user"]["username"], "Ada L.");
}
