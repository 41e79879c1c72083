use super::*;

/// The comments behind `received`, and up to where that looked.
async fn sync(server: &Standin, token: &str, received: i64) -> (Vec<Value>, i64) {
    let answer = get(server, token, &format!("sync?last_received_comment_id={received}")).await;
    let results = answer.json()["results"].clone();
    let comments = results["comments"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone();
    (comments, results["meta"]["last_received_comment_id"].as_i64().unwrap())
}

/// Logs in; the token and where this client begins.
async fn begun(server: &Standin, id: &str) -> (String, i64) {
    let user = user(&log_in(server, &[("email", id), ("password", "key")]).await);
    assert_eq!(user["last_comment_id"].as_i64().unwrap().to_string(), user["last_comment_id_str"].as_str().unwrap());
    (user["token"].as_str().unwrap().to_owned(), user["last_comment_id"].as_i64().unwrap())
}

/// Puts `whom` on the list of `id`.
async fn befriend(server: &Standin, id: &str, whom: &str) {
    let ticket = server.sign_in(id, "key").await.json()["data"]["token"].as_str().unwrap().to_owned();
    let call = server.call(Method::POST, "/api/v1/contacts/syncContactsNew").header("Authorization", ticket);
    let body = json!({
        "addContacts": [{ "mobileNumber": whom }], "deleteContacts": [], "contactPermission": true, "forceDelete": false,
    });
    assert_eq!(send(call.json(&body)).await.json()["status"], 200);
}

async fn rename(server: &Standin, id: &str, name: &str) {
    let body = json!({ "user_id": id, "username": name, "password": "key" });
    assert_eq!(server.login_or_register(body).await.status, 200);
}

fn names(comments: &[Value]) -> Vec<&str> {
    comments.iter().map(|comment| comment["username"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_contacts_change_arrives_once_as_a_custom_comment_and_only_at_contacts() {
    let server = Standin::fresh().await;
    entered(&server, "bob").await;
    let (ada, _) = begun(&server, "ada").await;
    befriend(&server, "ada", "bob").await;
    let (ada_again, from) = begun(&server, "ada").await;
    let (eve, eves) = begun(&server, "eve").await;
    assert_eq!((ada_again, sync(&server, &ada, eves).await), (ada.clone(), (vec![], eves)), "nothing happened");
    rename(&server, "bob", "Robert").await;
    let answer = get(&server, &ada, &format!("sync?last_received_comment_id={from}")).await;
    golden::same(&server, "qiscus/sdk_sync", &answer);
    let (comments, seen) = sync(&server, &ada, from).await;
    assert_eq!((comments.len(), &comments[0]["id"]), (1, &json!(seen)));
    assert_eq!(sync(&server, &ada, seen).await, (vec![], seen), "not a second time");
    assert_eq!(sync(&server, &eve, eves).await.0, [] as [Value; 0], "a user that is no contact receives nothing");
}

#[actix_web::test]
async fn a_login_receives_no_history() {
    let server = Standin::fresh().await;
    let (_, first) = begun(&server, "ada").await;
    for name in ["A", "B", "C"] {
        rename(&server, "ada", name).await;
    }
    let (ada, from) = begun(&server, "ada").await;
    assert!(from > first);
    assert_eq!(sync(&server, &ada, from).await, (vec![], from));
    for none in [
        "sync",
        "sync?last_received_comment_id=0",
        "sync?last_received_comment_id=undefined",
        "sync?last_received_comment_id=-1",
    ] {
        let results = get(&server, &ada, none).await.json()["results"].clone();
        let expected = json!({ "comments": [], "meta": { "last_received_comment_id": from, "need_clear": false } });
        assert_eq!(results, expected, "{none} begins now");
    }
}

#[actix_web::test]
async fn several_changes_of_one_user_are_one_comment_with_all_that_changed() {
    let server = Standin::fresh().await;
    let (ada, from) = begun(&server, "ada").await;
    rename(&server, "ada", "A").await;
    send(call(&server, &ada, Method::PATCH, "my_profile").form(&[("extras", "{\"a\":1}")])).await;
    rename(&server, "ada", "B").await;
    let (comments, _) = sync(&server, &ada, from).await;
    assert_eq!(names(&comments), ["B"], "one's own, as it is by now");
    assert_eq!(comments[0]["payload"]["content"]["changed"], json!(["extras", "username"]));
    assert_eq!(comments[0]["payload"]["content"]["user"]["extras"], json!({ "a": 1 }));
}

#[actix_web::test]
async fn a_block_ends_it_in_both_directions() {
    let server = Standin::fresh().await;
    let (bob, _) = begun(&server, "bob").await;
    let (ada, _) = begun(&server, "ada").await;
    befriend(&server, "ada", "bob").await;
    let (_, from) = begun(&server, "ada").await;
    rename(&server, "ada", "Ada L.").await;
    assert_eq!(names(&sync(&server, &bob, from).await.0), ["Ada L."], "the listed user is notified, too");
    assert_eq!(post(&server, &bob, "block_user", &[("user_email", "ada")]).await.status, 200);
    let (_, from) = begun(&server, "ada").await;
    rename(&server, "ada", "A").await;
    rename(&server, "bob", "B").await;
    assert_eq!(names(&sync(&server, &ada, from).await.0), ["A"], "only one's own");
    assert_eq!(names(&sync(&server, &bob, from).await.0), ["B"], "only one's own");
}

#[actix_web::test]
async fn a_change_through_the_other_vendor_arrives_if_this_one_has_the_field() {
    let server = Standin::fresh().await;
    let (ada, from) = begun(&server, "ada").await;
    let back_end = server.back_end_token().await;
    server.create_user(&back_end, &[("userIdentifier", "ada"), ("email", "ada@example.com")]).await;
    let (comments, seen) = sync(&server, &ada, from).await;
    assert_eq!((names(&comments), seen > from), (vec![], true), "this vendor has no e-mail address");
    server.create_user(&back_end, &[("userIdentifier", "ada"), ("nickname", "Ada M.")]).await;
    assert_eq!(names(&sync(&server, &ada, seen).await.0), ["Ada M."]);
}
